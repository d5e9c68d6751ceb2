//! Load balancers of groups.

use std::time::Duration;

use crate::elb::health as elb;
use crate::model::autoscaling::{Attachment, Group, MemberState};
use crate::model::ec2::InstanceId;
use crate::model::{Event, Model, Time};
use crate::wire::{ApiError, Node, Params};

use super::{AutoScalingEvent, capacity, health, named, refresh};

/// Refuses names that no load balancer has.
pub fn check(model: &Model, names: &[String]) -> Result<(), ApiError> {
    match names.iter().find(|name| !model.elb.balancers.contains_key(*name)) {
        None => Ok(()),
        Some(name) => Err(ApiError::validation(format!(
            "Provided Load Balancers may not be valid. Please ensure they exist and try again. There is no ACTIVE Load Balancer named '{name}'"
        ))),
    }
}

/// A request names at most so many.
const MOST: usize = 10;

/// AttachLoadBalancers: the group's instances are registered soon.
pub fn attach(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let names = params.strings("LoadBalancerNames");
    check(model, &names)?;
    if names.len() > MOST {
        return Err(ApiError::validation(format!(
            "1 validation error detected: Value '[{}]' at 'loadBalancerNames' failed to satisfy constraint: Member must have length less than or equal to {MOST}",
            names.join(", ")
        )));
    }
    let group = named(model, params)?;
    refresh::refuse_during(group)?;
    group.balancers.extend(names.iter().map(|name| (name.clone(), Attachment::Attached)));
    let group = group.name.clone();
    for name in names {
        let event = AutoScalingEvent::Attached(group.clone(), name);
        model.schedule(model.timing.autoscaling.register, Event::AutoScaling(event));
    }
    capacity::poke(model, &group);
    Ok(Node::body())
}

/// Registers the instances of a group with a load balancer that was attached to it.
pub fn attached(model: &mut Model, group: &str, balancer: &str) {
    let Some(found) = model.autoscaling.groups.get(group).filter(|group| group.runs("AddToLoadBalancer"))
    else {
        return;
    };
    if found.balancers.get(balancer) != Some(&Attachment::Attached) {
        return;
    }
    let serving = found.members.iter().filter(|(_, member)| member.state == MemberState::InService);
    let serving: Vec<InstanceId> = serving.map(|(id, _)| id.clone()).collect();
    serving.iter().for_each(|id| elb::enlist(model, balancer, id));
}

pub fn detach(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let names = params.strings("LoadBalancerNames");
    let group = named(model, params)?.clone();
    if let Some(name) = names.iter().find(|name| !group.balancers.contains_key(*name)) {
        return Err(ApiError::validation(format!(
            "Trying to remove Load Balancers that are not part of the group: {name}"
        )));
    }
    for name in &names {
        let gone = dismiss_all(model, &group, name);
        let leaving = named(model, params)?;
        leaving.balancers.insert(name.clone(), Attachment::Removing);
        leaving.heard.remove(name);
        let event = AutoScalingEvent::Detached(group.name.clone(), name.clone());
        model.schedule_in(gone.since(model.now) + LINGER, Event::AutoScaling(event));
    }
    health::wake(model, &group.name);
    Ok(Node::body())
}

/// How long a detached load balancer is still shown as `Removed`.
const LINGER: Duration = Duration::from_millis(100);

/// Has all instances of a group leave a load balancer; gives the moment the last has left.
fn dismiss_all(model: &mut Model, group: &Group, balancer: &str) -> Time {
    let left = group.members.keys().filter_map(|id| elb::dismiss(model, balancer, id)).max();
    left.unwrap_or(model.now)
}

/// All instances have left.
pub fn detached(model: &mut Model, group: &str, balancer: &str) {
    if let Some(group) = model.autoscaling.groups.get_mut(group)
        && group.balancers.get(balancer) == Some(&Attachment::Removing)
    {
        group.balancers.remove(balancer);
        group.heard.remove(balancer);
    }
}

/// `Adding`, `Added`, `InService` or `Removing` (DescribeLoadBalancers of Auto Scaling).
pub fn state(model: &Model, group: &Group, name: &str, attachment: Attachment) -> &'static str {
    if attachment == Attachment::Removing {
        return "Removing";
    }
    let balancer = model.elb.balancers.get(name);
    let registered = |id| balancer.is_some_and(|balancer| balancer.registrations.contains_key(id));
    let mut serving = group.members.iter().filter(|(_, member)| member.state == MemberState::InService);
    match serving.all(|(id, _)| registered(id)) {
        true if group.heeds_balancers() && group.heard.contains(name) => "InService",
        true => "Added",
        false => "Adding",
    }
}

pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let group = named(model, params)?.clone();
    let states = group.balancers.iter().map(|(name, attachment)| {
        Node::body().field("LoadBalancerName", name).field("State", state(model, &group, name, *attachment))
    });
    Ok(Node::body().members("LoadBalancers", states))
}

pub fn attach_targets(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let arns = params.strings("TargetGroupARNs");
    let group = named(model, params)?;
    refresh::refuse_during(group)?;
    group.target_groups.extend(arns);
    Ok(Node::body())
}

pub fn detach_targets(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let arns = params.strings("TargetGroupARNs");
    named(model, params)?.target_groups.retain(|arn| !arns.contains(arn));
    Ok(Node::body())
}

pub fn describe_targets(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let group = named(model, params)?;
    let states = group
        .target_groups
        .iter()
        .map(|arn| Node::body().field("LoadBalancerTargetGroupARN", arn).field("State", "Added"));
    Ok(Node::body().members("LoadBalancerTargetGroups", states))
}
