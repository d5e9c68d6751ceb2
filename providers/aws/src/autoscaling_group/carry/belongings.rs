//! Reading what belongs to a group: a call for each sort, all at the same time.

use aws_sdk_autoscaling::types::{
    AutoScalingGroup, LifecycleHook, NotificationConfiguration, ScalingPolicy, ScheduledUpdateGroupAction,
};
use futures_util::try_join;
use infra_engine::provider::ProviderError;

use super::Belongings;
use crate::client::Aws;
use crate::error::failed;

/// All that belongs to a group. A warm pool stands in the description of the group itself.
///
/// # Errors
/// What AWS answers.
pub(super) async fn of(aws: &Aws, described: &AutoScalingGroup) -> Result<Belongings, ProviderError> {
    let group = described.auto_scaling_group_name().unwrap_or_default();
    let (hooks, policies, schedule, notifications) =
        try_join!(hooks(aws, group), policies(aws, group), schedule(aws, group), notifications(aws, group))?;
    // One that is on its way out has a status.
    let warm_pool = described.warm_pool_configuration().filter(|pool| pool.status().is_none()).cloned();
    Ok(Belongings { hooks, policies, schedule, notifications, warm_pool })
}

async fn hooks(aws: &Aws, group: &str) -> Result<Vec<LifecycleHook>, ProviderError> {
    let call = aws.autoscaling.describe_lifecycle_hooks().auto_scaling_group_name(group);
    let told = call.send().await.map_err(failed("DescribeLifecycleHooks"))?;
    Ok(told.lifecycle_hooks.unwrap_or_default())
}

/// The scaling policies of a group.
///
/// # Errors
/// What `DescribePolicies` answers.
pub(in crate::autoscaling_group) async fn policies(
    aws: &Aws,
    group: &str,
) -> Result<Vec<ScalingPolicy>, ProviderError> {
    let call = aws.autoscaling.describe_policies().auto_scaling_group_name(group);
    call.into_paginator().items().send().try_collect().await.map_err(failed("DescribePolicies"))
}

async fn schedule(aws: &Aws, group: &str) -> Result<Vec<ScheduledUpdateGroupAction>, ProviderError> {
    let call = aws.autoscaling.describe_scheduled_actions().auto_scaling_group_name(group);
    call.into_paginator().items().send().try_collect().await.map_err(failed("DescribeScheduledActions"))
}

async fn notifications(aws: &Aws, group: &str) -> Result<Vec<NotificationConfiguration>, ProviderError> {
    let call = aws.autoscaling.describe_notification_configurations().auto_scaling_group_names(group);
    let told = call.into_paginator().items().send().try_collect().await;
    told.map_err(failed("DescribeNotificationConfigurations"))
}
