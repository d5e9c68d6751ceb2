//! Alarms follow the cutover: what let the old group scale lets the new one scale from then on. Each alarm is changed
//! by one call, so there is no moment without it; and none is left that AWS would remove with the old group.

use std::collections::BTreeMap;

use aws_sdk_autoscaling::types::ScalingPolicy;
use aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmInputBuilder;
use aws_sdk_cloudwatch::types::{AlarmType, Dimension, MetricAlarm, MetricDataQuery};
use infra_engine::provider::{Progress, ProviderError, Task};

use super::{carry, run};
use crate::client::Aws;
use crate::error::{failed, permanent};

/// The operation that has alarms follow to the new group.
pub(crate) const SIGNAL: &str = "signal";
/// The way back.
pub(crate) const UNSIGNAL: &str = "unsignal";

/// The dimension that says of which group a metric is.
const GROUP: &str = "AutoScalingGroupName";

/// From one group to another: the names, and the ARN of each policy with that of its namesake.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Move {
    from: String,
    to: String,
    policies: BTreeMap<String, String>,
}

/// Moves the alarms that act on one of the groups to the other, all in one go.
///
/// # Errors
/// What AWS answers.
pub(crate) async fn advance(aws: &Aws, task: &Task, back: bool) -> Result<Progress, ProviderError> {
    let (Some(old), Some(new)) = (run::old_name(task), run::new_name(task)) else {
        return Err(permanent("moving alarms", "there are no two groups"));
    };
    let (from, to) = if back { (new, old) } else { (old, new) };
    let own = carry::policies(aws, &from).await?;
    // Most groups have none, and then nobody need look at the alarms of the account.
    if !own.iter().any(acts_on_alarms) {
        return Ok(Progress::Done(Default::default()));
    }
    let others = carry::policies(aws, &to).await?;
    let moving = Move { from, to, policies: namesakes(&own, &others) };
    let moved: Vec<MetricAlarm> = alarms(aws).await?.iter().filter_map(|alarm| moving.apply(alarm)).collect();
    // Written down before the first is changed, or a failure would not be taken back.
    if !back && !moved.is_empty() && !task.notes.contains_key(SIGNAL) {
        let names: Vec<&str> = moved.iter().filter_map(MetricAlarm::alarm_name).collect();
        return Ok(Progress::Note(serde_json::json!({ "alarms": names })));
    }
    for alarm in &moved {
        put(alarm).send_with(&aws.cloudwatch).await.map_err(failed("PutMetricAlarm"))?;
    }
    Ok(Progress::Done(Default::default()))
}

/// Target tracking has alarms of its own, which nobody else may touch.
fn acts_on_alarms(policy: &ScalingPolicy) -> bool {
    !matches!(policy.policy_type(), Some("TargetTrackingScaling" | "PredictiveScaling"))
}

fn namesakes(own: &[ScalingPolicy], others: &[ScalingPolicy]) -> BTreeMap<String, String> {
    let arn = |policy: &ScalingPolicy| policy.policy_arn().map(str::to_owned);
    let namesake = |policy: &ScalingPolicy| others.iter().find(|it| it.policy_name == policy.policy_name);
    let acting = own.iter().filter(|policy| acts_on_alarms(policy));
    acting.filter_map(|policy| arn(policy).zip(namesake(policy).and_then(arn))).collect()
}

async fn alarms(aws: &Aws) -> Result<Vec<MetricAlarm>, ProviderError> {
    let call = aws.cloudwatch.describe_alarms().alarm_types(AlarmType::MetricAlarm).max_records(100);
    let mut pages = call.into_paginator().send();
    let mut alarms = Vec::new();
    while let Some(page) = pages.next().await {
        alarms.extend(page.map_err(failed("DescribeAlarms"))?.metric_alarms.unwrap_or_default());
    }
    Ok(alarms)
}

impl Move {
    /// The alarm as it is to be; none if it acts on no policy that moves.
    fn apply(&self, alarm: &MetricAlarm) -> Option<MetricAlarm> {
        let lists = [alarm.alarm_actions(), alarm.ok_actions(), alarm.insufficient_data_actions()];
        lists.into_iter().flatten().find(|action| self.policies.contains_key(*action))?;
        let mut moved = alarm.clone();
        let lists = [&mut moved.alarm_actions, &mut moved.ok_actions, &mut moved.insufficient_data_actions];
        lists.into_iter().flatten().flatten().for_each(|action| self.action(action));
        moved.dimensions.iter_mut().flatten().for_each(|dimension| self.dimension(dimension));
        moved.metrics.iter_mut().flatten().for_each(|query| self.query(query));
        Some(moved)
    }

    fn action(&self, action: &mut String) {
        if let Some(namesake) = self.policies.get(action) {
            action.clone_from(namesake);
        }
    }

    fn dimension(&self, dimension: &mut Dimension) {
        if dimension.name() == Some(GROUP) && dimension.value() == Some(&self.from) {
            dimension.value = Some(self.to.clone());
        }
    }

    fn query(&self, query: &mut MetricDataQuery) {
        let metric = query.metric_stat.as_mut().and_then(|stat| stat.metric.as_mut());
        let dimensions = metric.and_then(|metric| metric.dimensions.as_mut());
        dimensions.into_iter().flatten().for_each(|dimension| self.dimension(dimension));
    }
}

/// The call that overwrites an alarm with what is described; AWS keeps nothing that is left out, but for tags.
fn put(alarm: &MetricAlarm) -> PutMetricAlarmInputBuilder {
    let alarm = alarm.clone();
    let some = |list: Option<Vec<String>>| list.filter(|list| !list.is_empty());
    PutMetricAlarmInputBuilder::default()
        .set_alarm_name(alarm.alarm_name)
        .set_alarm_description(alarm.alarm_description)
        .set_actions_enabled(alarm.actions_enabled)
        .set_alarm_actions(some(alarm.alarm_actions))
        .set_ok_actions(some(alarm.ok_actions))
        .set_insufficient_data_actions(some(alarm.insufficient_data_actions))
        .set_metric_name(alarm.metric_name)
        .set_namespace(alarm.namespace)
        .set_statistic(alarm.statistic)
        .set_extended_statistic(alarm.extended_statistic)
        .set_dimensions(alarm.dimensions.filter(|list| !list.is_empty()))
        .set_period(alarm.period)
        .set_unit(alarm.unit)
        .set_evaluation_periods(alarm.evaluation_periods)
        .set_datapoints_to_alarm(alarm.datapoints_to_alarm)
        .set_threshold(alarm.threshold)
        .set_threshold_metric_id(alarm.threshold_metric_id)
        .set_comparison_operator(alarm.comparison_operator)
        .set_treat_missing_data(alarm.treat_missing_data)
        .set_evaluate_low_sample_count_percentile(alarm.evaluate_low_sample_count_percentile)
        .set_metrics(alarm.metrics.filter(|list| !list.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(group: &str, name: &str, kind: &str) -> ScalingPolicy {
        let arn = format!("arn:{group}/{name}");
        ScalingPolicy::builder().policy_name(name).policy_arn(arn).policy_type(kind).build()
    }

    fn alarm(action: &str, group: &str) -> MetricAlarm {
        let dimension = Dimension::builder().name(GROUP).value(group).build();
        MetricAlarm::builder().alarm_actions(action).alarm_actions("arn:sns").dimensions(dimension).build()
    }

    fn moving() -> Move {
        let group = |name| [policy(name, "out", "StepScaling"), policy(name, "cpu", "TargetTrackingScaling")];
        Move { from: "one".into(), to: "two".into(), policies: namesakes(&group("one"), &group("two")) }
    }

    #[test]
    fn an_alarm_follows_with_its_actions_and_its_dimension() {
        let moved = moving().apply(&alarm("arn:one/out", "one")).expect("it acts on the group");
        assert_eq!(moved, alarm("arn:two/out", "two"));
        let back = Move {
            from: "two".into(),
            to: "one".into(),
            policies: [("arn:two/out".into(), "arn:one/out".into())].into(),
        };
        assert_eq!(back.apply(&moved), Some(alarm("arn:one/out", "one")));
    }

    #[test]
    fn alarms_of_target_tracking_and_of_other_groups_stay() {
        assert_eq!(moving().apply(&alarm("arn:one/cpu", "one")), None);
        assert_eq!(moving().apply(&alarm("arn:three/out", "one")), None);
    }

    #[test]
    fn an_alarm_watches_what_it_watched_if_that_is_not_the_group() {
        let moved = moving().apply(&alarm("arn:one/out", "three")).expect("it acts on the group");
        assert_eq!(moved, alarm("arn:two/out", "three"));
    }
}
