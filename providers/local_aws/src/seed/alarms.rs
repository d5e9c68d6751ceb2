//! Alarms, which CloudWatch tells of in CBOR.

use super::Seeding;
use super::answer::Said;

pub(super) fn alarms(seeding: &mut Seeding<'_>, said: &Said) {
    for alarm in said.members.list("MetricAlarms") {
        let name = alarm.text("AlarmName").unwrap_or_default().to_owned();
        if !seeding.cloudwatch("PutMetricAlarm", &name, alarm) {
            continue;
        }
        if let (Some(known), Some(arn)) =
            (seeding.model.cloudwatch.alarms.get_mut(&name), alarm.text("AlarmArn"))
        {
            known.arn = arn.to_owned();
        }
        // What it says, it says until it has looked for itself.
        seeding.cloudwatch("SetAlarmState", &name, alarm);
    }
}
