//! Load balancers and target groups of groups.

use std::time::Duration;

use crate::elbv2;
use crate::model::autoscaling::{Attachment, Group, MemberState};
use crate::model::ec2::InstanceId;
use crate::model::{Event, Model, Time};
use crate::wire::{ApiError, Node, Params};

use super::{AutoScalingEvent, capacity, front, health, named, refresh};

/// Refuses names that no load balancer has.
pub fn check(model: &Model, names: &[String]) -> Result<(), ApiError> {
    match names.iter().find(|name| !model.elb.balancers.contains_key(*name)) {
        None => Ok(()),
        Some(name) => Err(ApiError::validation(format!(
            "Provided Load Balancers may not be valid. Please ensure they exist and try again. There is no ACTIVE Load Balancer named '{name}'"
        ))),
    }
}

/// Refuses ARNs that no target group has.
pub fn check_targets(model: &mut Model, arns: &[String]) -> Result<(), ApiError> {
    match arns.iter().all(|arn| elbv2::is_group(model, arn)) {
        true => Ok(()),
        false => Err(ApiError::validation(
            "Provided Target Groups may not be valid. Please ensure they exist and try again.",
        )),
    }
}

/// A request names at most so many.
const MOST: usize = 10;

/// AttachLoadBalancers: the group's instances are registered soon.
pub fn attach(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let names = params.strings("LoadBalancerNames");
    check(model, &names)?;
    few("loadBalancerNames", &names)?;
    let group = named(model, params)?;
    refresh::refuse_during(group)?;
    group.balancers.extend(names.iter().map(|name| (name.clone(), Attachment::Attached)));
    let group = group.name.clone();
    register_soon(model, &group, names);
    Ok(Node::body())
}

/// AttachLoadBalancerTargetGroups: the same with target groups.
pub fn attach_targets(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let arns = params.strings("TargetGroupARNs");
    refresh::refuse_during(named(model, params)?)?;
    check_targets(model, &arns)?;
    few("targetGroupARNs", &arns)?;
    let group = named(model, params)?;
    group.detaching.retain(|arn| !arns.contains(arn));
    group.target_groups.extend(arns.iter().cloned());
    let group = group.name.clone();
    register_soon(model, &group, arns);
    Ok(Node::body())
}

fn few(list: &str, sources: &[String]) -> Result<(), ApiError> {
    if sources.len() <= MOST {
        return Ok(());
    }
    Err(ApiError::validation(format!(
        "1 validation error detected: Value '[{}]' at '{list}' failed to satisfy constraint: Member must have length less than or equal to {MOST}",
        sources.join(", ")
    )))
}

fn register_soon(model: &mut Model, group: &str, sources: Vec<String>) {
    for source in sources {
        let event = AutoScalingEvent::Attached(group.to_owned(), source);
        model.schedule(model.timing.autoscaling.register, Event::AutoScaling(event));
    }
    capacity::poke(model, group);
}

/// Registers the instances of a group with a load balancer or target group that was attached to it.
pub fn attached(model: &mut Model, group: &str, source: &str) {
    let Some(found) = model.autoscaling.groups.get(group).filter(|group| group.runs("AddToLoadBalancer"))
    else {
        return;
    };
    if !front::open(found).any(|open| open == source) {
        return;
    }
    let serving = found.members.iter().filter(|(_, member)| member.state == MemberState::InService);
    let serving: Vec<InstanceId> = serving.map(|(id, _)| id.clone()).collect();
    serving.iter().for_each(|id| front::enlist(model, source, id));
}

pub fn detach(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let names = params.strings("LoadBalancerNames");
    let group = named(model, params)?.clone();
    if let Some(name) = names.iter().find(|name| !group.balancers.contains_key(*name)) {
        return Err(ApiError::validation(format!(
            "Trying to remove Load Balancers that are not part of the group: {name}"
        )));
    }
    let leaving = named(model, params)?;
    leaving.balancers.extend(names.iter().map(|name| (name.clone(), Attachment::Removing)));
    leave(model, &group, names);
    Ok(Node::body())
}

/// DetachLoadBalancerTargetGroups.
pub fn detach_targets(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let arns = params.strings("TargetGroupARNs");
    let group = named(model, params)?.clone();
    if let Some(arn) = arns.iter().find(|arn| !group.target_groups.contains(*arn)) {
        return Err(ApiError::validation(format!(
            "Trying to remove Target Groups that are not part of the group: {arn}"
        )));
    }
    named(model, params)?.detaching.extend(arns.iter().cloned());
    leave(model, &group, arns);
    Ok(Node::body())
}

/// The instances of a group leave load balancers and target groups.
fn leave(model: &mut Model, group: &Group, sources: Vec<String>) {
    for source in sources {
        let gone = dismiss_all(model, group, &source);
        if let Some(leaving) = model.autoscaling.groups.get_mut(&group.name) {
            leaving.heard.remove(&source);
        }
        let event = AutoScalingEvent::Detached(group.name.clone(), source);
        model.schedule_in(gone.since(model.now) + LINGER, Event::AutoScaling(event));
    }
    health::wake(model, &group.name);
}

/// How long a detached load balancer is still shown as `Removed`.
const LINGER: Duration = Duration::from_millis(100);

/// Has all instances of a group leave; gives the moment the last has left.
fn dismiss_all(model: &mut Model, group: &Group, source: &str) -> Time {
    let left = group.members.keys().filter_map(|id| front::dismiss(model, source, id)).max();
    left.unwrap_or(model.now)
}

/// All instances have left.
pub fn detached(model: &mut Model, group: &str, source: &str) {
    let Some(group) = model.autoscaling.groups.get_mut(group) else { return };
    // It may have been attached again.
    if !front::open(group).any(|open| open == source) {
        group.balancers.remove(source);
        group.target_groups.remove(source);
        group.detaching.remove(source);
        group.heard.remove(source);
    }
}

/// `Adding`, `Added`, `InService` or `Removing` (DescribeLoadBalancers of Auto Scaling).
pub fn state(model: &Model, group: &Group, source: &str) -> &'static str {
    if !front::open(group).any(|open| open == source) {
        return "Removing";
    }
    let registered = |id| front::has(model, source, id);
    let mut serving = group.members.iter().filter(|(_, member)| member.state == MemberState::InService);
    match serving.all(|(id, _)| registered(id)) {
        true if group.heeds_balancers() && group.heard.contains(source) => "InService",
        true => "Added",
        false => "Adding",
    }
}

pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let group = named(model, params)?.clone();
    let states = group
        .balancers
        .keys()
        .map(|name| Node::body().field("LoadBalancerName", name).field("State", state(model, &group, name)));
    Ok(Node::body().members("LoadBalancers", states))
}

pub fn describe_targets(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let group = named(model, params)?.clone();
    let states = group.target_groups.iter().map(|arn| {
        Node::body().field("LoadBalancerTargetGroupARN", arn).field("State", state(model, &group, arn))
    });
    Ok(Node::body().members("LoadBalancerTargetGroups", states))
}
