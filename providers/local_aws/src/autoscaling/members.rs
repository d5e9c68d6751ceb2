//! What can be done to single instances of groups: ending, protecting, judging them. Moving them is in
//! [`super::moves`].

use std::time::Duration;

use crate::model::Model;
use crate::model::autoscaling::{Group, MemberState};
use crate::model::ec2::InstanceId;
use crate::wire::{ApiError, Node, Params};

use super::{activities, capacity, health, lifecycle, named};

/// The name of the group an instance is in.
pub fn group_of(model: &Model, id: &str) -> Option<String> {
    let mut groups = model.autoscaling.groups.values();
    groups.find(|group| group.members.contains_key(id)).map(|group| group.name.clone())
}

fn owner(model: &Model, id: &InstanceId) -> Result<String, ApiError> {
    let missing = || {
        ApiError::validation(format!(
            "Instance Id not found - No managed instance found for instance ID: {id}"
        ))
    };
    group_of(model, id.as_str()).ok_or_else(missing)
}

/// The instances of a request, at most so many, all of them in the group and in one of the states; `what` says which.
pub fn listed(
    group: &Group,
    params: &Params,
    most: usize,
    (fits, what): (fn(MemberState) -> bool, &str),
) -> Result<Vec<InstanceId>, ApiError> {
    let ids = params.texts("InstanceIds");
    within(&ids, most)?;
    let refused = |id: &str, member: Option<MemberState>| match member {
        None => Some(format!("The instance {id} is not part of Auto Scaling group {}.", group.name)),
        Some(state) => (!fits(state)).then(|| format!("The instance {id} is not in {what}.")),
    };
    for id in &ids {
        let state = group.members.get(*id).map(|member| member.state);
        if let Some(why) = refused(id, state) {
            return Err(ApiError::validation(why));
        }
    }
    Ok(ids.into_iter().map(InstanceId::from).collect())
}

/// Refuses lists that are too long for the request.
pub fn within(ids: &[&str], most: usize) -> Result<(), ApiError> {
    if ids.len() <= most {
        return Ok(());
    }
    Err(ApiError::validation(format!(
        "1 validation error detected: Value '[{}]' at 'instanceIds' failed to satisfy constraint: Member must have length less than or equal to {most}",
        ids.join(", ")
    )))
}

/// TerminateInstanceInAutoScalingGroup. Asked for again, it answers with what is going on already.
pub fn terminate(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let id = InstanceId::from(params.required("InstanceId")?);
    params.required("ShouldDecrementDesiredCapacity")?;
    let decrement = params.bool("ShouldDecrementDesiredCapacity")?.unwrap_or(false);
    let (name, now) = (owner(model, &id)?, model.now);
    let Some(group) = model.autoscaling.groups.get_mut(&name) else { return Ok(Node::body()) };
    let state = group.members.get(&id).map(|member| member.state);
    if state.is_some_and(MemberState::is_terminating) {
        return Ok(Node::body().child("Activity", activities::of(model, &name, &id)));
    }
    if state.is_some_and(MemberState::is_warm) {
        return Err(ApiError::validation(format!(
            "The instance {id} is in the warm pool of Auto Scaling group {name} and cannot be terminated by this action."
        )));
    }
    let old = group.size.desired;
    // An instance in standby is not part of the desired number.
    if decrement && state.is_some_and(MemberState::counts) {
        decrement_one(group)?;
    }
    let shrunk = match group.size.desired < old {
        true => format!(", shrinking the capacity from {old} to {}", group.size.desired),
        false => String::new(),
    };
    let what = format!("instance {id} was taken out of service in response to a user request{shrunk}.");
    lifecycle::leave(model, &name, &id, MemberState::Terminating, activities::at(now, &what));
    capacity::poke(model, &name);
    Ok(Node::body().child("Activity", activities::of(model, &name, &id)))
}

fn decrement_one(group: &mut Group) -> Result<(), ApiError> {
    if group.size.desired <= group.size.min {
        let message = format!(
            "Currently, desiredSize equals minSize ({}). Terminating instance without replacement will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.",
            group.size.min
        );
        return Err(ApiError::validation(message));
    }
    group.size.desired -= 1;
    Ok(())
}

/// SetInstanceProtection.
pub fn protect(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    params.required("ProtectedFromScaleIn")?;
    let on = params.bool("ProtectedFromScaleIn")?.unwrap_or(false);
    let group = named(model, params)?;
    let stays =
        |state| matches!(state, MemberState::InService | MemberState::EnteringStandby | MemberState::Standby);
    for id in listed(group, params, 50, (stays, "InService or EnteringStandby or Standby"))? {
        if let Some(member) = group.members.get_mut(&id) {
            member.protected = on;
        }
    }
    Ok(Node::body())
}

/// SetInstanceHealth. In the grace period it does nothing, unless that is not to be respected.
pub fn set_health(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let id = InstanceId::from(params.required("InstanceId")?);
    let name = owner(model, &id)?;
    let respects = params.bool("ShouldRespectGracePeriod")?.unwrap_or(true);
    match params.required("HealthStatus")? {
        "Unhealthy" if respects && in_grace(model, &name, &id) => {}
        "Unhealthy" => health::mark(model, &name, &id, health::USER),
        "Healthy" => {
            if let Some(member) = lifecycle::member(model, &name, &id) {
                member.healthy = true;
                member.complaint.clear();
                member.outgoing = false;
            }
        }
        other => {
            return Err(ApiError::validation(format!("HealthStatus '{other}' must be Healthy or Unhealthy")));
        }
    }
    health::wake(model, &name);
    Ok(Node::body())
}

fn in_grace(model: &Model, group: &str, id: &InstanceId) -> bool {
    let Some(group) = model.autoscaling.groups.get(group) else { return false };
    let grace = Duration::from_secs(group.settings.grace);
    let since = group.members.get(id).and_then(|member| member.in_service);
    since.is_some_and(|since| model.now.since(since) < grace)
}
