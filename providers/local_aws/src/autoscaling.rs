//! Auto Scaling.

mod actions;
mod activities;
mod balance;
mod balancers;
mod capacity;
mod configurations;
mod describe;
pub(crate) mod front;
mod groups;
mod health;
mod hooks;
mod launch;
mod launch_now;
mod lifecycle;
mod members;
mod mixed;
mod moves;
mod notifications;
mod policies;
mod processes;
mod refresh;
mod scale_in;
mod schedule;
mod settings;
mod sizes;
mod sources;
mod tags;
mod types;
mod warm;

use serde::{Deserialize, Serialize};

use crate::model::Model;
use crate::model::autoscaling::{Group, HookResult};
use crate::model::ec2::InstanceId;
use crate::service::{Context, unknown_action};
use crate::wire::{ApiError, Node, Params};

pub use groups::scale;
pub use health::{instance_changed, targets_changed};
pub use policies::{Breach, alarmed};

/// What Auto Scaling does by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AutoScalingEvent {
    /// A group compares what it has with what it wants.
    Reconcile(String),
    /// A group looks at a new instance that may be running by now.
    Arrive(String, InstanceId),
    /// A new instance is running and registered.
    Serve(String, InstanceId),
    /// An instance has left the load balancers.
    Drained(String, InstanceId),
    /// The heartbeat of a lifecycle action may have run out: group, instance, token.
    HookDue(String, InstanceId, String),
    /// The model's consumer of a hook answers: group, instance, token.
    HookAnswered(String, InstanceId, String, HookResult),
    /// A group looks whether a terminated instance is gone.
    Gone(String, InstanceId),
    /// The instances of a group are registered with a load balancer that was attached to it.
    Attached(String, String),
    /// All instances have left a load balancer that was detached.
    Detached(String, String),
    /// An instance that is on its way into the warm pool may have come to rest.
    Rest(String, InstanceId),
    /// A group looks at the health of its instances.
    Watch(String),
    /// A group looks whether instances have reached their maximum lifetime.
    Aged(String),
    /// The instance refresh of a group takes its next step.
    RefreshStep(String),
    /// The time of a scheduled action has come.
    Scheduled(String, String),
    /// A deleted group gives its name back, if its instances are gone.
    Deleted(String),
}

/// Carries out an action.
///
/// # Errors
/// The service's refusal; `InvalidAction` if the action is not modelled.
pub fn dispatch(
    model: &mut Model,
    _context: &Context,
    action: &str,
    params: &Params,
) -> Result<Node, ApiError> {
    match action {
        "CreateLaunchConfiguration" => configurations::create(model, params),
        "DescribeLaunchConfigurations" => configurations::describe(model, params),
        "DeleteLaunchConfiguration" => configurations::delete(model, params),
        "CreateAutoScalingGroup" => groups::create(model, params),
        "UpdateAutoScalingGroup" => groups::update(model, params),
        "DeleteAutoScalingGroup" => groups::delete(model, params),
        "SetDesiredCapacity" => groups::set_desired(model, params),
        "DescribeAutoScalingGroups" => describe::groups(model, params),
        "DescribeAutoScalingInstances" => describe::instances(model, params),
        "DescribeScalingActivities" => activities::describe(model, params),
        "AttachLoadBalancers" => balancers::attach(model, params),
        "DetachLoadBalancers" => balancers::detach(model, params),
        "DescribeLoadBalancers" => balancers::describe(model, params),
        "AttachLoadBalancerTargetGroups" => balancers::attach_targets(model, params),
        "DetachLoadBalancerTargetGroups" => balancers::detach_targets(model, params),
        "DescribeLoadBalancerTargetGroups" => balancers::describe_targets(model, params),
        "SuspendProcesses" => processes::suspend(model, params),
        "ResumeProcesses" => processes::resume(model, params),
        "EnableMetricsCollection" => processes::enable_metrics(model, params),
        "DisableMetricsCollection" => processes::disable_metrics(model, params),
        "TerminateInstanceInAutoScalingGroup" => members::terminate(model, params),
        "SetInstanceProtection" => members::protect(model, params),
        "SetInstanceHealth" => members::set_health(model, params),
        "DetachInstances" => moves::detach(model, params),
        "EnterStandby" => moves::enter_standby(model, params),
        "ExitStandby" => moves::exit_standby(model, params),
        "LaunchInstances" => launch_now::launch(model, params),
        "AttachInstances" => moves::attach(model, params),
        "PutNotificationConfiguration" => notifications::put(model, params),
        "DescribeNotificationConfigurations" => notifications::describe(model, params),
        "DeleteNotificationConfiguration" => notifications::delete(model, params),
        "AttachTrafficSources" => sources::attach(model, params),
        "DetachTrafficSources" => sources::detach(model, params),
        "DescribeTrafficSources" => sources::describe(model, params),
        "PutScalingPolicy" => policies::put(model, params),
        "DescribePolicies" => policies::describe(model, params),
        "ExecutePolicy" => policies::execute(model, params),
        "DeletePolicy" => policies::delete(model, params),
        "PutScheduledUpdateGroupAction" => schedule::put(model, params),
        "DescribeScheduledActions" => schedule::describe(model, params),
        "BatchPutScheduledUpdateGroupAction" => schedule::put_all(model, params),
        "BatchDeleteScheduledAction" => schedule::delete_all(model, params),
        "DeleteScheduledAction" => schedule::delete(model, params),
        "PutLifecycleHook" => hooks::put(model, params),
        "DescribeLifecycleHooks" => hooks::describe(model, params),
        "DeleteLifecycleHook" => hooks::delete(model, params),
        "CompleteLifecycleAction" => actions::complete_asked(model, params),
        "RecordLifecycleActionHeartbeat" => actions::heartbeat(model, params),
        "PutWarmPool" => warm::put(model, params),
        "DescribeWarmPool" => warm::describe(model, params),
        "DeleteWarmPool" => warm::delete(model, params),
        "StartInstanceRefresh" => refresh::start(model, params),
        "DescribeInstanceRefreshes" => refresh::describe(model, params),
        "CancelInstanceRefresh" => refresh::cancel(model, params),
        "RollbackInstanceRefresh" => refresh::rollback(model, params),
        "CreateOrUpdateTags" => tags::create_or_update(model, params),
        "DeleteTags" => tags::delete(model, params),
        "DescribeTags" => tags::describe(model, params),
        "DescribeAccountLimits" => Ok(describe::limits(model)),
        _ => types::describe(action).ok_or_else(|| unknown_action(action)),
    }
}

/// Lets an event happen, at `model.now`.
pub fn apply(model: &mut Model, event: AutoScalingEvent) {
    match event {
        AutoScalingEvent::Reconcile(group) => capacity::reconcile(model, &group),
        AutoScalingEvent::Arrive(group, id) => lifecycle::arrive(model, &group, &id),
        AutoScalingEvent::Serve(group, id) => lifecycle::serve(model, &group, &id),
        AutoScalingEvent::Drained(group, id) => lifecycle::drained(model, &group, &id),
        AutoScalingEvent::HookDue(group, id, token) => actions::due(model, &group, &id, &token),
        AutoScalingEvent::HookAnswered(group, id, token, result) => {
            actions::answered(model, &group, &id, &token, result);
        }
        AutoScalingEvent::Gone(group, id) => lifecycle::gone(model, &group, &id),
        AutoScalingEvent::Attached(group, balancer) => balancers::attached(model, &group, &balancer),
        AutoScalingEvent::Detached(group, balancer) => balancers::detached(model, &group, &balancer),
        AutoScalingEvent::RefreshStep(group) => refresh::step(model, &group),
        AutoScalingEvent::Aged(group) => health::aged(model, &group),
        AutoScalingEvent::Rest(group, id) => warm::rest(model, &group, &id),
        AutoScalingEvent::Watch(group) => health::watch(model, &group),
        AutoScalingEvent::Scheduled(group, name) => schedule::due(model, &group, &name),
        AutoScalingEvent::Deleted(group) => groups::deleted(model, &group),
    }
}

/// The group a request names, as long as it is not being deleted.
fn named<'a>(model: &'a mut Model, params: &Params) -> Result<&'a mut Group, ApiError> {
    let name = params.required("AutoScalingGroupName")?;
    let group = model.autoscaling.groups.get_mut(name).ok_or_else(|| not_found(name))?;
    if group.deleting {
        let message = "The AutoScaling group may not be modified while it is pending delete";
        return Err(ApiError::validation(message));
    }
    Ok(group)
}

fn not_found(name: &str) -> ApiError {
    ApiError::validation(format!("AutoScalingGroup name not found - AutoScalingGroup '{name}' not found"))
}

#[cfg(test)]
mod tests;
