//! What can be done to single instances of groups.

use crate::model::Model;
use crate::model::autoscaling::{Group, MemberState};
use crate::model::ec2::InstanceId;
use crate::wire::{ApiError, Node, Params};

use super::{activities, balancers, capacity, health, lifecycle, named};

/// The name of the group an instance is in.
fn group_of(model: &Model, id: &str) -> Result<String, ApiError> {
    let groups = model.autoscaling.groups.values();
    let owner = groups.filter(|group| group.members.contains_key(id)).map(|group| group.name.clone()).next();
    owner.ok_or_else(|| {
        ApiError::validation(format!(
            "Instance Id not found - No managed instance found for instance ID: {id}"
        ))
    })
}

/// Lowers the desired number with the instances that leave, if the request asks for it.
fn shrink(group: &mut Group, by: u64, decrement: bool) -> Result<(), ApiError> {
    if !decrement {
        return Ok(());
    }
    let desired = group.size.desired.saturating_sub(by);
    if desired < group.size.min {
        let message = format!(
            "Currently, desiredSize equals minSize ({}). Terminating instance without replacement will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.",
            group.size.min
        );
        return Err(ApiError::validation(message));
    }
    group.size.desired = desired;
    Ok(())
}

pub fn terminate(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let id = InstanceId::from(params.required("InstanceId")?);
    params.required("ShouldDecrementDesiredCapacity")?;
    let decrement = params.bool("ShouldDecrementDesiredCapacity")?.unwrap_or(false);
    let name = group_of(model, id.as_str())?;
    if let Some(group) = model.autoscaling.groups.get_mut(&name) {
        shrink(group, 1, decrement)?;
    }
    let what = format!("instance {id} was taken out of service in response to a user request.");
    let cause = activities::at(model.now, &what);
    lifecycle::leave(model, &name, &id, MemberState::Terminating, cause);
    capacity::poke(model, &name);
    Ok(Node::body().child("Activity", activities::latest(model, &name)))
}

/// The instances of a request, all of them in the group.
fn listed(group: &Group, params: &Params) -> Result<Vec<InstanceId>, ApiError> {
    let ids = params.texts("InstanceIds").into_iter().map(|id| match group.members.contains_key(id) {
        true => Ok(InstanceId::from(id)),
        false => Err(ApiError::validation(format!(
            "The instance {id} is not part of Auto Scaling group {}.",
            group.name
        ))),
    });
    ids.collect()
}

pub fn protect(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    params.required("ProtectedFromScaleIn")?;
    let on = params.bool("ProtectedFromScaleIn")?.unwrap_or(false);
    let group = named(model, params)?;
    for id in listed(group, params)? {
        if let Some(member) = group.members.get_mut(&id) {
            member.protected = on;
        }
    }
    Ok(Node::body())
}

pub fn set_health(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let id = InstanceId::from(params.required("InstanceId")?);
    let name = group_of(model, id.as_str())?;
    match params.required("HealthStatus")? {
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

fn move_out(model: &mut Model, params: &Params, then: MemberState) -> Result<Node, ApiError> {
    params.required("ShouldDecrementDesiredCapacity")?;
    let decrement = params.bool("ShouldDecrementDesiredCapacity")?.unwrap_or(false);
    let group = named(model, params)?;
    let ids = listed(group, params)?;
    shrink(group, ids.len() as u64, decrement)?;
    let name = group.name.clone();
    let done = if then == MemberState::Detaching { "detached" } else { "moved to standby" };
    for id in &ids {
        let what = format!("instance {id} was {done} in response to a user request.");
        let cause = activities::at(model.now, &what);
        lifecycle::leave(model, &name, id, then, cause);
    }
    capacity::poke(model, &name);
    Ok(Node::body().members("Activities", activities::newest(model, &name, ids.len())))
}

pub fn detach(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    move_out(model, params, MemberState::Detaching)
}

pub fn enter_standby(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    move_out(model, params, MemberState::EnteringStandby)
}

pub fn exit_standby(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let group = named(model, params)?;
    let (ids, name) = (listed(group, params)?, group.name.clone());
    group.size.desired += ids.len() as u64;
    for id in &ids {
        if let Some(member) = group.members.get_mut(id) {
            member.state = MemberState::Pending;
        }
    }
    for id in &ids {
        let what = format!("instance {id} was moved out of standby in response to a user request.");
        let cause = activities::at(model.now, &what);
        activities::begin(model, &name, id, "Moving EC2 instance out of Standby", cause, "PreInService");
        balancers::rejoin(model, &name, id);
        lifecycle::expect(model, &name, id);
    }
    Ok(Node::body().members("Activities", activities::newest(model, &name, ids.len())))
}
