//! What belongs to the old group is put on the new one before that boots: hooks, policies, schedules, notifications,
//! a warm pool; whoever made them. Every call says what is to be and can be repeated, so a killed step begins anew.
//!
//! Target tracking makes alarms of its own for the new group. Those that somebody else has made follow at the
//! cutover: see [`signal`](super::signal).

use std::time::SystemTime;

use aws_sdk_autoscaling::primitives::DateTime;
use aws_sdk_autoscaling::types::{
    LifecycleHook, NotificationConfiguration, ScalingPolicy, ScheduledUpdateGroupAction,
    ScheduledUpdateGroupActionRequest, WarmPoolConfiguration,
};
use infra_engine::provider::{Progress, ProviderError, Task};

use crate::client::Aws;
use crate::error::{failed, permanent};
use crate::kind::waiting;

use super::{read, run};

mod belongings;

pub(super) use belongings::policies;

/// The operation's name.
pub(crate) const CARRY: &str = "carry";

/// `BatchPutScheduledUpdateGroupAction` takes so many actions.
const ACTIONS: usize = 50;

/// What belongs to a group beside its instances and its settings, as AWS describes it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Belongings {
    hooks: Vec<LifecycleHook>,
    policies: Vec<ScalingPolicy>,
    schedule: Vec<ScheduledUpdateGroupAction>,
    notifications: Vec<NotificationConfiguration>,
    warm_pool: Option<WarmPoolConfiguration>,
}

/// Carries all over in one go.
///
/// # Errors
/// What AWS answers.
pub(crate) async fn advance(aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
    let (Some(old), Some(new)) = (run::old_name(task), run::new_name(task)) else {
        return Err(permanent("carrying over", "there are no two groups"));
    };
    let found = read::describe(aws, &[old.clone(), new.clone()].into()).await?;
    if !found.contains_key(&new) {
        return Ok(waiting(3, "the new group to become visible"));
    }
    if let Some(described) = found.get(&old) {
        let all = belongings::of(aws, described).await?;
        put(aws, &new, &all).await?;
    }
    Ok(Progress::Done(Default::default()))
}

async fn put(aws: &Aws, group: &str, all: &Belongings) -> Result<(), ProviderError> {
    for hook in &all.hooks {
        put_hook(aws, group, hook).await?;
    }
    for policy in &all.policies {
        put_policy(aws, group, policy).await?;
    }
    let actions = scheduled(&all.schedule, aws.now());
    for some in actions.chunks(ACTIONS) {
        let call = aws.autoscaling.batch_put_scheduled_update_group_action().auto_scaling_group_name(group);
        let call = call.set_scheduled_update_group_actions(Some(some.to_vec()));
        let told = call.send().await.map_err(failed("BatchPutScheduledUpdateGroupAction"))?;
        refused(told.failed_scheduled_update_group_actions())?;
    }
    for (topic, kinds) in topics(&all.notifications) {
        let call = aws.autoscaling.put_notification_configuration().auto_scaling_group_name(group);
        let call = call.topic_arn(topic).set_notification_types(Some(kinds));
        call.send().await.map_err(failed("PutNotificationConfiguration"))?;
    }
    match &all.warm_pool {
        Some(pool) => put_pool(aws, group, pool).await,
        None => Ok(()),
    }
}

async fn put_hook(aws: &Aws, group: &str, hook: &LifecycleHook) -> Result<(), ProviderError> {
    let call = aws
        .autoscaling
        .put_lifecycle_hook()
        .auto_scaling_group_name(group)
        .set_lifecycle_hook_name(hook.lifecycle_hook_name.clone())
        .set_lifecycle_transition(hook.lifecycle_transition.clone())
        .set_heartbeat_timeout(hook.heartbeat_timeout)
        .set_default_result(hook.default_result.clone())
        .set_notification_target_arn(hook.notification_target_arn.clone())
        .set_role_arn(hook.role_arn.clone())
        .set_notification_metadata(hook.notification_metadata.clone());
    call.send().await.map(drop).map_err(failed("PutLifecycleHook"))
}

async fn put_policy(aws: &Aws, group: &str, policy: &ScalingPolicy) -> Result<(), ProviderError> {
    let call = aws
        .autoscaling
        .put_scaling_policy()
        .auto_scaling_group_name(group)
        .set_policy_name(policy.policy_name.clone())
        .set_policy_type(policy.policy_type.clone())
        .set_adjustment_type(policy.adjustment_type.clone())
        .set_scaling_adjustment(policy.scaling_adjustment)
        .set_cooldown(policy.cooldown)
        .set_min_adjustment_step(policy.min_adjustment_step)
        .set_min_adjustment_magnitude(policy.min_adjustment_magnitude)
        .set_metric_aggregation_type(policy.metric_aggregation_type.clone())
        .set_estimated_instance_warmup(policy.estimated_instance_warmup)
        .set_step_adjustments(policy.step_adjustments.clone().filter(|steps| !steps.is_empty()))
        .set_target_tracking_configuration(policy.target_tracking_configuration.clone())
        .set_predictive_scaling_configuration(policy.predictive_scaling_configuration.clone())
        .set_enabled(policy.enabled);
    call.send().await.map(drop).map_err(failed("PutScalingPolicy"))
}

async fn put_pool(aws: &Aws, group: &str, pool: &WarmPoolConfiguration) -> Result<(), ProviderError> {
    let call = aws
        .autoscaling
        .put_warm_pool()
        .auto_scaling_group_name(group)
        .set_max_group_prepared_capacity(pool.max_group_prepared_capacity)
        .set_min_size(pool.min_size)
        .set_pool_state(pool.pool_state.clone())
        .set_instance_reuse_policy(pool.instance_reuse_policy.clone());
    call.send().await.map(drop).map_err(failed("PutWarmPool"))
}

/// The actions that have yet to run. AWS takes no start that is past; one that recurs goes on without.
fn scheduled(
    actions: &[ScheduledUpdateGroupAction],
    now: SystemTime,
) -> Vec<ScheduledUpdateGroupActionRequest> {
    let now = DateTime::from(now);
    let past = |moment: &Option<DateTime>| moment.is_some_and(|moment| moment <= now);
    let to_come = |action: &&ScheduledUpdateGroupAction| {
        !past(&action.end_time) && (action.recurrence.is_some() || !past(&action.start_time))
    };
    let request = |action: &ScheduledUpdateGroupAction| {
        ScheduledUpdateGroupActionRequest::builder()
            .set_scheduled_action_name(action.scheduled_action_name.clone())
            .set_start_time(action.start_time.filter(|start| *start > now))
            .set_end_time(action.end_time)
            .set_recurrence(action.recurrence.clone())
            .set_time_zone(action.time_zone.clone())
            .set_min_size(action.min_size)
            .set_max_size(action.max_size)
            .set_desired_capacity(action.desired_capacity)
            .build()
    };
    actions.iter().filter(to_come).map(request).collect()
}

/// AWS answers a batch with what it did not take.
fn refused(
    failed: &[aws_sdk_autoscaling::types::FailedScheduledUpdateGroupActionRequest],
) -> Result<(), ProviderError> {
    match failed.first() {
        None => Ok(()),
        Some(first) => {
            let name = first.scheduled_action_name().unwrap_or_default();
            let why = first.error_message().or(first.error_code()).unwrap_or("no reason is given");
            let operation = "BatchPutScheduledUpdateGroupAction";
            Err(permanent(operation, format!("the scheduled action {name} was not taken: {why}")))
        }
    }
}

/// AWS describes a pair of topic and type at a time, and is told the types of a topic.
fn topics(pairs: &[NotificationConfiguration]) -> Vec<(String, Vec<String>)> {
    let mut topics: Vec<(String, Vec<String>)> = Vec::new();
    for pair in pairs {
        let (Some(topic), Some(kind)) = (pair.topic_arn(), pair.notification_type()) else { continue };
        match topics.iter_mut().find(|(known, _)| known == topic) {
            Some((_, kinds)) => kinds.push(kind.to_owned()),
            None => topics.push((topic.to_owned(), vec![kind.to_owned()])),
        }
    }
    topics
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn action(
        name: &str,
        start: Option<i64>,
        recurrence: Option<&str>,
        end: Option<i64>,
    ) -> ScheduledUpdateGroupAction {
        ScheduledUpdateGroupAction::builder()
            .scheduled_action_name(name)
            .set_start_time(start.map(DateTime::from_secs))
            .set_end_time(end.map(DateTime::from_secs))
            .set_recurrence(recurrence.map(str::to_owned))
            .build()
    }

    #[test]
    fn what_has_run_for_the_last_time_is_not_carried() {
        let actions = [
            action("once, past", Some(50), None, None),
            action("once, to come", Some(150), None, None),
            action("nightly, begun", Some(50), Some("0 22 * * *"), None),
            action("nightly, to begin", Some(150), Some("0 22 * * *"), None),
            action("over", None, Some("0 22 * * *"), Some(90)),
        ];
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(100);
        let lines: Vec<String> = scheduled(&actions, now)
            .iter()
            .map(|one| {
                let name = one.scheduled_action_name().unwrap_or_default();
                format!("{name} from {:?}", one.start_time().map(DateTime::secs))
            })
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        once, to come from Some(150)
        nightly, begun from None
        nightly, to begin from Some(150)
        ");
    }

    #[test]
    fn a_topic_is_told_once_with_all_its_types() {
        let pair = |topic: &str, kind: &str| {
            NotificationConfiguration::builder().topic_arn(topic).notification_type(kind).build()
        };
        let told = topics(&[pair("a", "launch"), pair("b", "launch"), pair("a", "terminate")]);
        let both = vec!["launch".to_owned(), "terminate".to_owned()];
        assert_eq!(told, [("a".to_owned(), both), ("b".to_owned(), vec!["launch".to_owned()])]);
    }
}
