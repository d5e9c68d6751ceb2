//! Alarms are evaluated, and act.

use super::*;

const JOBS: &str = "Namespace=App&MetricName=Jobs&Statistic=Average&Period=60&Threshold=10&ComparisonOperator=GreaterThanThreshold";
const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:page";

fn alarm(local: &LocalAws, rest: &str) {
    let form = format!("Action=PutMetricAlarm&AlarmName=jobs&{JOBS}&{rest}");
    assert_eq!(outcome(&query(local, &form)), "200");
}

fn measure(local: &LocalAws, minute: u64, value: u64) {
    let form = format!(
        "Action=PutMetricData&Namespace=App&MetricData.member.1.MetricName=Jobs&MetricData.member.1.Value={value}"
    );
    assert_eq!(outcome(&call(local, at(minute * 60 + 5), "monitoring", &form)), "200");
}

fn told(local: &LocalAws, seconds: u64, name: &str) -> String {
    let (_, told) = call(local, at(seconds), "monitoring", "Action=DescribeAlarms");
    field(&told, name).unwrap_or_default().to_owned()
}

#[test]
fn an_alarm_goes_off_and_comes_to_rest() {
    let local = fast();
    alarm(&local, "EvaluationPeriods=3&DatapointsToAlarm=2");
    let states: Vec<String> = [(0, 5), (1, 20), (2, 5), (3, 30), (4, 5), (5, 5)]
        .into_iter()
        .map(|(minute, value)| {
            measure(&local, minute, value);
            told(&local, (minute + 1) * 60, "StateValue")
        })
        .collect();
    let (no, ok, alarm) = ("INSUFFICIENT_DATA", "OK", "ALARM");
    assert_eq!(states, [ok, ok, ok, alarm, ok, ok]);
    assert_eq!(told(&local, 1200, "StateValue"), no, "without data it does not know");
    let (_, history) = call(
        &local,
        at(1201),
        "monitoring",
        "Action=DescribeAlarmHistory&AlarmName=jobs&ScanBy=TimestampAscending",
    );
    insta::assert_snapshot!(fields(&history, "HistorySummary").join("\n"), @"
    Alarm &quot;jobs&quot; created
    Alarm updated from INSUFFICIENT_DATA to OK
    Alarm updated from OK to ALARM
    Alarm updated from ALARM to OK
    Alarm updated from OK to INSUFFICIENT_DATA
    ");
}

#[test]
fn an_alarm_says_why() {
    let local = fast();
    alarm(&local, "EvaluationPeriods=2&TreatMissingData=breaching");
    let mut said = Vec::new();
    for (minute, value) in [(0, 20), (1, 20), (2, 1)] {
        measure(&local, minute, value);
        said.push(told(&local, (minute + 1) * 60, "StateReason"));
    }
    said.push(told(&local, 900, "StateReason"));
    insta::assert_snapshot!(said.join("\n"), @"
    Threshold Crossed: 1 out of the last 2 datapoints [20.0 (21/11/26 07:00:00)] was greater than the threshold (10.0) (minimum 2 datapoints for OK -&gt; ALARM transition).
    Threshold Crossed: 1 out of the last 2 datapoints [20.0 (21/11/26 07:00:00)] was greater than the threshold (10.0) (minimum 2 datapoints for OK -&gt; ALARM transition).
    Threshold Crossed: 1 out of the last 2 datapoints [1.0 (21/11/26 07:02:00)] was not greater than the threshold (10.0) (minimum 1 datapoint for ALARM -&gt; OK transition).
    Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as [Breaching].
    ");
}

/// What alarms have sent by now: state and receiver.
fn sent(local: &LocalAws, seconds: u64) -> Vec<String> {
    local.with_model("123456789012", "us-east-1", at(seconds), |model| {
        let all = model.cloudwatch.notifications.iter();
        all.map(|sent| format!("{} {} {}", sent.alarm, sent.state.word(), sent.action)).collect()
    })
}

#[test]
fn an_alarm_tells_once_what_it_was_told_to_tell() {
    let local = fast();
    alarm(&local, &format!("EvaluationPeriods=1&AlarmActions.member.1={TOPIC}&OKActions.member.1={TOPIC}"));
    let set = |seconds: u64, state: &str| {
        let form = format!("Action=SetAlarmState&AlarmName=jobs&StateReason=drill&StateValue={state}");
        outcome(&call(&local, at(seconds), "monitoring", &form))
    };
    assert_eq!(set(1, "ALARM"), "200");
    assert_eq!(
        (told(&local, 2, "StateValue"), told(&local, 2, "StateReason")),
        ("ALARM".into(), "drill".into())
    );
    assert_eq!(sent(&local, 3), [format!("jobs ALARM {TOPIC}")]);
    assert_eq!(told(&local, 60, "StateValue"), "INSUFFICIENT_DATA", "it lasts until the next evaluation");
    let switch = |action: &str| query(&local, &format!("Action={action}&AlarmNames.member.1=jobs"));
    assert_eq!(outcome(&switch("DisableAlarmActions")), "200");
    assert_eq!((set(61, "ALARM"), sent(&local, 62).len()), ("200".into(), 1));
    assert_eq!(told(&local, 63, "ActionsEnabled"), "false");
    assert_eq!(outcome(&switch("EnableAlarmActions")), "200");
    assert_eq!((set(64, "OK"), sent(&local, 65).len()), ("200".into(), 2));
    assert_eq!(set(66, "RED"), "ValidationError 400");
    let unknown = "Action=SetAlarmState&AlarmName=nobody&StateReason=x&StateValue=OK";
    assert_eq!(outcome(&query(&local, unknown)), "ResourceNotFound 404");
}

#[test]
fn an_alarm_put_again_keeps_what_it_says() {
    let local = fast();
    alarm(&local, "EvaluationPeriods=1");
    measure(&local, 0, 99);
    assert_eq!(told(&local, 60, "StateValue"), "ALARM");
    let again = format!("Action=PutMetricAlarm&AlarmName=jobs&{JOBS}&EvaluationPeriods=2");
    assert_eq!(outcome(&call(&local, at(61), "monitoring", &again)), "200");
    assert_eq!(told(&local, 62, "StateValue"), "ALARM");
    let (_, told) = query(&local, "Action=DescribeAlarmsForMetric&Namespace=App&MetricName=Jobs");
    assert_eq!(fields(&told, "AlarmName"), ["jobs"]);
    let (_, told) = query(
        &local,
        "Action=DescribeAlarmsForMetric&Namespace=App&MetricName=Jobs&Dimensions.member.1.Name=a&Dimensions.member.1.Value=b",
    );
    assert_eq!(fields(&told, "AlarmName").len(), 0);
}

#[test]
fn an_alarm_on_arithmetic_and_one_of_ten_seconds() {
    let local = fast();
    let metric = |n: u32, id: &str, name: &str| {
        let at = format!("Metrics.member.{n}");
        format!(
            "{at}.Id={id}&{at}.ReturnData=false&{at}.MetricStat.Period=60&{at}.MetricStat.Stat=Sum&{at}.MetricStat.Metric.Namespace=App&{at}.MetricStat.Metric.MetricName={name}"
        )
    };
    let put = |name: &str, expression: &str| {
        let watched = format!("Metrics.member.3.Id=x&Metrics.member.3.Expression={expression}");
        let form = format!(
            "Action=PutMetricAlarm&AlarmName={name}&EvaluationPeriods=1&Threshold=2&ComparisonOperator=GreaterThanThreshold&{}&{}&{watched}",
            metric(1, "e", "Errors"),
            metric(2, "r", "Jobs"),
        );
        assert_eq!(outcome(&query(&local, &form)), "200");
    };
    put("share", "100*e/r");
    put("unknown", "IF(e,r)");
    let errors = "Action=PutMetricData&Namespace=App&MetricData.member.1.MetricName=Errors&MetricData.member.1.Value=3&MetricData.member.1.StorageResolution=1";
    assert_eq!(outcome(&query(&local, errors)), "200");
    measure(&local, 0, 100);
    let (_, told) = call(&local, at(60), "monitoring", "Action=DescribeAlarms");
    assert_eq!(fields(&told, "StateValue"), ["ALARM", "INSUFFICIENT_DATA"]);
    let quick = "Action=PutMetricAlarm&AlarmName=quick&Namespace=App&MetricName=Errors&Statistic=Sum&Period=10&EvaluationPeriods=1&Threshold=2&ComparisonOperator=GreaterThanThreshold";
    assert_eq!(outcome(&call(&local, at(61), "monitoring", quick)), "200");
    assert_eq!(outcome(&call(&local, at(122), "monitoring", errors)), "200");
    let (_, told) = call(&local, at(130), "monitoring", "Action=DescribeAlarms&AlarmNames.member.1=quick");
    assert_eq!(fields(&told, "StateValue"), ["ALARM"]);
}
