//! Instances that join and leave groups, or step aside, without being launched or ended.

use crate::ec2::fleet;
use crate::model::autoscaling::{Group, Launch, Member, MemberState, TemplateChoice};
use crate::model::ec2::{Instance, InstanceId};
use crate::model::{Model, Time};
use crate::wire::{ApiError, Node, Params};

use super::members::{group_of, listed, within};
use super::{activities, capacity, lifecycle, named};

/// So many instances a request may name.
const MOST: usize = 20;

fn out_of_bounds(group: &Group, what: &str, count: u64) -> ApiError {
    let size = group.size;
    let instances = if count == 1 { "instance" } else { "instances" };
    ApiError::validation(format!(
        "AutoScalingGroup {} has min-size={}, max-size={}, and desired-size={}. To {what} {count} {instances}, please update the AutoScalingGroup sizes appropriately.",
        group.name, size.min, size.max, size.desired
    ))
}

/// Lowers the desired number with the instances that step out of it.
fn shrink(group: &mut Group, what: &str, by: u64) -> Result<(), ApiError> {
    match group.size.desired.checked_sub(by).filter(|desired| *desired >= group.size.min) {
        Some(desired) => group.size.desired = desired,
        None => return Err(out_of_bounds(group, what, by)),
    }
    Ok(())
}

fn grow(group: &mut Group, what: &str, by: u64) -> Result<(), ApiError> {
    let desired = group.size.desired + by;
    if desired > group.size.max {
        return Err(out_of_bounds(group, what, by));
    }
    group.size.desired = desired;
    Ok(())
}

/// Takes instances out: `then` is where they go, `what` AWS's word for it.
fn move_out(
    model: &mut Model,
    params: &Params,
    then: MemberState,
    (what, done): (&str, &str),
    from: (fn(MemberState) -> bool, &str),
) -> Result<Node, ApiError> {
    params.required("ShouldDecrementDesiredCapacity")?;
    let (decrement, now) = (params.bool("ShouldDecrementDesiredCapacity")?.unwrap_or(false), model.now);
    let group = named(model, params)?;
    let ids = listed(group, params, MOST, from)?;
    let counted = ids.iter().filter(|id| group.members.get(*id).is_some_and(|member| member.state.counts()));
    let counted = counted.count() as u64;
    if decrement {
        shrink(group, what, counted)?;
    }
    let name = group.name.clone();
    for id in &ids {
        let said = format!("instance {id} was {done} in response to a user request.");
        lifecycle::leave(model, &name, id, then, activities::at(now, &said));
    }
    capacity::poke(model, &name);
    Ok(Node::body().members("Activities", activities::newest(model, &name, ids.len())))
}

/// DetachInstances.
pub fn detach(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let from = |state| matches!(state, MemberState::InService | MemberState::Standby);
    let words = ("detach", "detached");
    move_out(model, params, MemberState::Detaching, words, (from, "InService or Standby"))
}

/// EnterStandby.
pub fn enter_standby(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let from = |state| state == MemberState::InService;
    let words = ("place into standby", "moved to standby");
    move_out(model, params, MemberState::EnteringStandby, words, (from, "InService"))
}

/// ExitStandby.
pub fn exit_standby(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let now = model.now;
    let group = named(model, params)?;
    let ids = listed(group, params, MOST, (|state| state == MemberState::Standby, "Standby"))?;
    grow(group, "take out of standby", ids.len() as u64)?;
    let name = group.name.clone();
    for id in &ids {
        if let Some(member) = lifecycle::member(model, &name, id) {
            member.state = MemberState::Pending;
        }
        let what = format!("instance {id} was moved out of standby in response to a user request.");
        let cause = activities::at(now, &what);
        activities::begin(model, &name, id, "Moving EC2 instance out of Standby", cause, "PreInService");
        lifecycle::expect(model, &name, id);
    }
    capacity::poke(model, &name);
    Ok(Node::body().members("Activities", activities::newest(model, &name, ids.len())))
}

/// AttachInstances: the group grows by instances that run already. No hook holds them.
pub fn attach(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let (ids, now) = (params.strings("InstanceIds"), model.now);
    within(&params.texts("InstanceIds"), MOST)?;
    let name = named(model, params)?.name.clone();
    let members: Vec<(InstanceId, Member)> =
        ids.iter().map(|id| candidate(model, &name, id)).collect::<Result<_, _>>()?;
    grow(named(model, params)?, "attach", ids.len() as u64)?;
    for (id, member) in members {
        if let Some(group) = model.autoscaling.groups.get_mut(&name) {
            group.members.insert(id.clone(), member);
        }
        let tags = model.ec2.tags.entry(id.to_string()).or_default();
        tags.insert("aws:autoscaling:groupName".to_owned(), name.clone());
        let what = format!("instance {id} was attached in response to a user request.");
        let cause = activities::at(now, &what);
        activities::begin(model, &name, &id, "Attaching an existing EC2 instance", cause, "PreInService");
        lifecycle::join(model, &name, &id);
    }
    Ok(Node::body())
}

/// An instance that may be attached: it runs, in one of the group's zones, and is in no group.
fn candidate(model: &Model, group: &str, id: &str) -> Result<(InstanceId, Member), ApiError> {
    let refused = |why: String| Err(ApiError::validation(why));
    let Some(instance) = fleet::instance(model, id) else {
        return refused(format!("Invalid Instance ID(s): [{id}] specified"));
    };
    if let Some(other) = group_of(model, id) {
        return refused(format!("Instance {id} is already part of AutoScalingGroup:{other}"));
    }
    if !fleet::is_running(model, id) {
        return refused(format!(
            "Instance {id} is not in correct state. Instance(s) must be in 'running' state"
        ));
    }
    let Some(group) = model.autoscaling.groups.get(group) else { return Err(super::not_found(group)) };
    if !group.zones.contains(&instance.zone) {
        return refused(format!(
            "The availability zone {} of instance {id} is not one of Auto Scaling group {}.",
            instance.zone, group.name
        ));
    }
    let protected = group.settings.protect_new;
    Ok((instance.id.clone(), Member { protected, ..adopted(instance, model.now) }))
}

fn adopted(instance: &Instance, now: Time) -> Member {
    let launch = match &instance.template {
        Some(template) => Launch::Template(TemplateChoice {
            id: template.id.clone(),
            name: template.name.clone(),
            version: template.version.to_string(),
        }),
        // It was not launched from a configuration, and is told to be from none.
        None => Launch::Configuration(String::new()),
    };
    Member::new(launch, &instance.zone, &instance.instance_type, now)
}
