//! The calls about instance refreshes, and what they tell.

use aws_sdk_autoscaling::types::{
    AlarmSpecification, DesiredConfiguration, InstanceRefresh, InstanceRefreshStatus, RefreshPreferences,
    ScaleInProtectedInstances, StandbyInstances,
};
use infra_engine::provider::{ProviderError, Task};

use super::super::launching::Launching;
use super::super::pace::Pace;
use super::super::request;
use super::super::settings::{AutoscalingGroup, Launch};
use super::super::swap::Swap;
use crate::client::Aws;
use crate::error::failed;

/// A refresh.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refresh {
    /// AWS's id of it.
    pub(super) id: String,
    /// How far it is.
    pub(super) status: Status,
    /// So much of it is done.
    pub(super) percentage: i32,
    /// AWS's words about how it is, or how it ended.
    pub(super) reason: String,
    /// The settings it brings; none if the group's own count.
    pub(super) desired: Option<DesiredConfiguration>,
}

/// How far a refresh is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// It waits, replaces or bakes.
    Running,
    /// It is being cancelled or taken back.
    Stopping,
    /// It has replaced all.
    Successful,
    /// It has failed or was cancelled; instances may be of both settings.
    Failed,
    /// AWS has taken it back.
    Reverted,
}

impl Status {
    /// Whether nothing more happens.
    pub(super) fn is_over(self) -> bool {
        !matches!(self, Self::Running | Self::Stopping)
    }

    fn read(told: &InstanceRefreshStatus) -> Self {
        match told {
            InstanceRefreshStatus::Successful => Self::Successful,
            InstanceRefreshStatus::RollbackSuccessful => Self::Reverted,
            InstanceRefreshStatus::Cancelling | InstanceRefreshStatus::RollbackInProgress => Self::Stopping,
            InstanceRefreshStatus::Failed
            | InstanceRefreshStatus::Cancelled
            | InstanceRefreshStatus::RollbackFailed => Self::Failed,
            _ => Self::Running,
        }
    }
}

impl Refresh {
    /// How it ended, in a sentence.
    pub(super) fn ended(&self) -> String {
        let how = match self.status {
            Status::Reverted => "AWS has taken the refresh back",
            _ => "the refresh has ended before all was replaced",
        };
        match self.reason.is_empty() {
            true => how.to_owned(),
            false => format!("{how}: {}", self.reason),
        }
    }
}

/// The latest refreshes of a group.
///
/// # Errors
/// What `DescribeInstanceRefreshes` answers.
pub(super) async fn describe(aws: &Aws, group: &str) -> Result<Vec<Refresh>, ProviderError> {
    let call = aws.autoscaling.describe_instance_refreshes().auto_scaling_group_name(group);
    let told = call.send().await.map_err(failed("DescribeInstanceRefreshes"))?;
    Ok(told.instance_refreshes().iter().filter_map(refresh).collect())
}

fn refresh(told: &InstanceRefresh) -> Option<Refresh> {
    Some(Refresh {
        id: told.instance_refresh_id()?.to_owned(),
        status: told.status().map_or(Status::Running, Status::read),
        percentage: told.percentage_complete().unwrap_or(0),
        reason: told.status_reason().unwrap_or_default().to_owned(),
        desired: told.desired_configuration().cloned(),
    })
}

/// Whether a refresh may be the one that a call has begun whose answer was lost: it runs and brings just what is wanted;
/// or it has brought that, and the group launches from it.
pub(super) fn is_of(refresh: &Refresh, wanted: &AutoscalingGroup, launching: &Launching) -> bool {
    let stands = refresh.status == Status::Successful
        && refresh.desired.is_some()
        && *launching == Launching::of(wanted);
    let brings = refresh.desired.as_ref().and_then(template);
    brings == configuration(wanted).as_ref().and_then(template) && (!refresh.status.is_over() || stands)
}

/// The template that a refresh brings, and its version. AWS tells the template's name besides.
fn template(desired: &DesiredConfiguration) -> Option<Launch> {
    let mixed = || desired.mixed_instances_policy()?.launch_template()?.launch_template_specification();
    let told = desired.launch_template().or_else(mixed)?;
    let (id, version) = (told.launch_template_id()?.to_owned(), told.version()?.to_owned());
    Some(Launch::Template { id, version })
}

/// What a refresh brings; nothing with a launch configuration.
fn configuration(wanted: &AutoscalingGroup) -> Option<DesiredConfiguration> {
    let Launch::Template { id, version } = wanted.launch() else { return None };
    let desired = match request::policy(wanted) {
        Some(policy) => DesiredConfiguration::builder().mixed_instances_policy(policy),
        None => DesiredConfiguration::builder().launch_template(request::specification(&id, &version)),
    };
    Some(desired.build())
}

/// Begins a refresh of a group of `size`, with `back` one to what the group itself launches from; gives its id.
///
/// # Errors
/// What `StartInstanceRefresh` answers.
pub(super) async fn start(
    aws: &Aws,
    group: &str,
    wanted: &AutoscalingGroup,
    (pace, size): (Pace, i32),
    back: bool,
) -> Result<String, ProviderError> {
    let desired = if back { None } else { configuration(wanted) };
    let swap = wanted.swap.clone().unwrap_or_default();
    let call = aws
        .autoscaling
        .start_instance_refresh()
        .auto_scaling_group_name(group)
        .preferences(preferences(&swap, pace, size, desired.is_some()))
        .set_desired_configuration(desired);
    let told = call.send().await.map_err(failed("StartInstanceRefresh"))?;
    Ok(told.instance_refresh_id.unwrap_or_default())
}

/// What the block says, in the refresh's words. AWS's defaults for protected and standby instances would have it wait
/// for an hour and then fail. Only a refresh that brings settings can be taken back by AWS.
pub(super) fn preferences(swap: &Swap, pace: Pace, size: i32, brings: bool) -> RefreshPreferences {
    let percent = |part: f64| part.round() as i32;
    let least = swap.min_in_service().ceil() as i32;
    let surge = pace.surge.of(size.max(1));
    let above = (f64::from(surge) * 100.0 / f64::from(size.max(1))).ceil() as i32;
    let most = (100 + above).min(200).min(least + 100);
    let preferences = RefreshPreferences::builder()
        .min_healthy_percentage(least)
        .max_healthy_percentage(most)
        .skip_matching(true)
        .auto_rollback(brings && swap.rolls_back(super::STRATEGY.rolls_back))
        .scale_in_protected_instances(ScaleInProtectedInstances::Refresh)
        .standby_instances(StandbyInstances::Ignore);
    let alarms = swap.alarms.clone().filter(|alarms| !alarms.is_empty());
    let preferences = preferences.set_alarm_specification(
        alarms.map(|alarms| AlarmSpecification::builder().set_alarms(Some(alarms)).build()),
    );
    let bake = i32::try_from(swap.bake()).unwrap_or(i32::MAX);
    let preferences = match &swap.stages {
        Some(stages) => preferences
            .set_checkpoint_percentages(Some(stages.iter().map(|stage| percent(*stage)).collect()))
            .checkpoint_delay(bake),
        None => preferences,
    };
    preferences.bake_time(bake).build()
}

/// Stops a refresh where it is.
///
/// # Errors
/// What `CancelInstanceRefresh` answers.
pub(super) async fn cancel(aws: &Aws, group: &str) -> Result<(), ProviderError> {
    let call = aws.autoscaling.cancel_instance_refresh().auto_scaling_group_name(group);
    call.send().await.map(drop).map_err(failed("CancelInstanceRefresh"))
}

/// Has AWS take a refresh back.
///
/// # Errors
/// What `RollbackInstanceRefresh` answers.
pub(super) async fn rollback(aws: &Aws, group: &str) -> Result<(), ProviderError> {
    let call = aws.autoscaling.rollback_instance_refresh().auto_scaling_group_name(group);
    call.send().await.map(drop).map_err(failed("RollbackInstanceRefresh"))
}

/// What the group launched from before the swap.
pub(super) fn before(task: &Task) -> Option<String> {
    task.prior.as_ref()?.observed.get("launch")?.as_str().map(str::to_owned)
}

/// Has a group launch from what it launched from before.
///
/// # Errors
/// What `UpdateAutoScalingGroup` answers.
pub(super) async fn relaunch(aws: &Aws, group: &str, launch: &str) -> Result<(), ProviderError> {
    let call = aws.autoscaling.update_auto_scaling_group().auto_scaling_group_name(group);
    let call = match Launch::parse(launch) {
        Launch::Configuration(name) => call.launch_configuration_name(name),
        Launch::Template { id, version } => call.launch_template(request::specification(&id, &version)),
    };
    call.send().await.map(drop).map_err(failed("UpdateAutoScalingGroup"))
}
