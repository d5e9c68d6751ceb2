//! Targets come and go.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::ec2::fleet;
use crate::model::ec2::InstanceId;
use crate::model::elb::{Registration, Standing};
use crate::model::elbv2::TargetGroup;
use crate::model::{Event, Model, Time};
use crate::wire::{ApiError, Node, Params};

use super::{Elbv2Event, GROUP, attributes, health, port};

/// Registers a target; one that is leaving comes back.
pub fn enlist(model: &mut Model, group: &str, id: &str, port: u16) {
    let first_probe = first_probe(model, group);
    let registration = Registration { since: model.now, first_probe, ..Registration::default() };
    let Some(found) = model.elbv2.groups.get_mut(group) else { return };
    let seats = found.targets.entry(id.to_owned()).or_default();
    if seats.get(&port).is_some_and(|old| old.leaves.is_none()) {
        return;
    }
    seats.insert(port, registration);
    model.queue.cancel(|event| is_left(event, group, id, Some(port)));
}

/// When a target registered now is probed for the first time: not before a load balancer is there to do it.
fn first_probe(model: &mut Model, group: &str) -> Time {
    let begin = model.now + model.random.delay(model.timing.elbv2.registration_lag);
    let users = model.elbv2.groups.get(group).map(|group| &group.balancers);
    let active = users.into_iter().flatten().filter_map(|arn| model.elbv2.balancers.get(arn));
    begin.max(active.map(|balancer| balancer.active).min().unwrap_or(begin))
}

/// Begins to take a target out; gives the moment it is gone, and nothing if it is not there. It is `draining` for the
/// whole deregistration delay, whether or not requests are open, unless nothing was sent to it anyway.
pub fn dismiss(model: &mut Model, group: &str, id: &str, port: u16) -> Option<Time> {
    let found = model.elbv2.groups.get(group)?;
    let seat = found.targets.get(id)?.get(&port)?;
    if seat.leaves.is_some() {
        return seat.leaves;
    }
    let used = health::judge(model, found, id, Some(seat)).is_used();
    let delay = if used { attributes::deregistration_delay(found) } else { 0 };
    let leaves = model.now + Duration::from_secs(delay);
    if delay == 0 {
        remove(model, group, id, port);
        return Some(leaves);
    }
    let seat = model.elbv2.groups.get_mut(group)?.targets.get_mut(id)?.get_mut(&port)?;
    seat.leaves = Some(leaves);
    let event = Elbv2Event::Left { group: group.to_owned(), target: id.to_owned(), port };
    model.schedule_in(Duration::from_secs(delay), Event::Elbv2(event));
    Some(leaves)
}

/// A target has finished leaving.
pub fn left(model: &mut Model, group: &str, id: &str, port: u16) {
    let seat = model.elbv2.groups.get(group).and_then(|group| group.targets.get(id)?.get(&port));
    if seat.is_some_and(|seat| seat.leaves.is_some()) {
        remove(model, group, id, port);
    }
}

fn remove(model: &mut Model, group: &str, id: &str, port: u16) {
    let Some(found) = model.elbv2.groups.get_mut(group) else { return };
    if let Some(seats) = found.targets.get_mut(id) {
        seats.remove(&port);
    }
    found.targets.retain(|_, seats| !seats.is_empty());
}

/// A terminated instance is no longer in any target group.
pub fn forget(model: &mut Model, id: &InstanceId) {
    for group in model.elbv2.groups.values_mut() {
        group.targets.remove(id.as_str());
    }
    model.queue.cancel(
        |event| matches!(event, Event::Elbv2(Elbv2Event::Left { target, .. }) if target == id.as_str()),
    );
}

/// Nothing leaves a group that is deleted.
pub fn forget_group(model: &mut Model, arn: &str) {
    model.queue.cancel(|event| matches!(event, Event::Elbv2(Elbv2Event::Left { group, .. }) if group == arn));
}

fn is_left(event: &Event, of: &str, id: &str, at: Option<u16>) -> bool {
    matches!(event, Event::Elbv2(Elbv2Event::Left { group, target, port })
        if group == of && target == id && at.is_none_or(|at| at == *port))
}

/// Keeps which load balancers use a group. In one that comes into use, checks begin.
pub fn used_by(model: &mut Model, arn: &str, users: BTreeSet<String>) {
    let Some(group) = model.elbv2.groups.get_mut(arn) else { return };
    let begins = group.balancers.is_empty() && !users.is_empty();
    group.balancers = users;
    if !begins {
        return;
    }
    let first_probe = first_probe(model, arn);
    for_each_seat(model, arn, |seat| (seat.first_probe, seat.standing) = (first_probe, Standing::New));
}

fn for_each_seat(model: &mut Model, arn: &str, change: impl Fn(&mut Registration)) {
    let group = model.elbv2.groups.get_mut(arn);
    group
        .into_iter()
        .flat_map(|group| group.targets.values_mut())
        .flat_map(|it| it.values_mut())
        .for_each(change);
}

/// Has the verdicts up to now stand, before the health check changes: from now on the new one is probed.
pub fn reseat(model: &mut Model, arn: &str, interval: u64) {
    let Some(group) = model.elbv2.groups.get(arn) else { return };
    let mut reseated = group.targets.clone();
    for (id, seats) in &mut reseated {
        for seat in seats.values_mut().filter(|seat| seat.first_probe <= model.now) {
            seat.standing = health::standing(model, group, id, seat);
            seat.first_probe = model.now + Duration::from_secs(interval);
        }
    }
    if let Some(group) = model.elbv2.groups.get_mut(arn) {
        group.targets = reseated;
    }
}

/// The targets of a request, each with its port.
pub fn read(group: &TargetGroup, params: &Params) -> Result<Vec<(String, u16)>, ApiError> {
    let one =
        |sent: &Params| Ok((sent.required("Id")?.to_owned(), port(sent, "Port")?.unwrap_or(group.port)));
    params.list("Targets").into_iter().map(one).collect()
}

pub fn register(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let arn = params.required("TargetGroupArn")?.to_owned();
    let group = GROUP.find(&model.elbv2.groups, &arn)?;
    let targets = some(read(group, params)?)?;
    fits(model, group, &targets)?;
    for (id, port) in targets {
        enlist(model, &arn, &id, port);
    }
    Ok(Node::body())
}

fn some(targets: Vec<(String, u16)>) -> Result<Vec<(String, u16)>, ApiError> {
    if targets.is_empty() { Err(ApiError::validation("Targets cannot be empty")) } else { Ok(targets) }
}

/// Instances must run, in the group's VPC (RegisterTargets).
fn fits(model: &Model, group: &TargetGroup, targets: &[(String, u16)]) -> Result<(), ApiError> {
    let ids = || targets.iter().map(|(id, _)| id.as_str());
    if group.target_type == "ip" {
        return match ids().find(|id| id.parse::<std::net::IpAddr>().is_err()) {
            Some(id) => Err(ApiError::validation(format!("The IP address '{id}' is not a valid IP address"))),
            None => Ok(()),
        };
    }
    let foreign = |id: &&str| fleet::instance(model, id).is_some_and(|it| it.vpc.as_str() != group.vpc);
    let idle = |id: &&str| fleet::instance(model, id).is_some() && !fleet::is_running(model, id);
    refuse("do not exist", ids().filter(|id| fleet::instance(model, id).is_none()))?;
    refuse(&format!("are not in the target group VPC '{}'", group.vpc), ids().filter(foreign))?;
    refuse("are not in a running state and cannot be registered", ids().filter(idle))
}

fn refuse<'a>(why: &str, ids: impl Iterator<Item = &'a str>) -> Result<(), ApiError> {
    let ids: Vec<String> = ids.map(|id| format!("'{id}'")).collect();
    if ids.is_empty() {
        return Ok(());
    }
    Err(ApiError::new("InvalidTarget", format!("The following targets {why}: {}", ids.join(", "))))
}

/// A target that is named without a port leaves with all of its ports (DeregisterTargets).
pub fn deregister(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let arn = params.required("TargetGroupArn")?.to_owned();
    let group = GROUP.find(&model.elbv2.groups, &arn)?;
    let targets = some(read(group, params)?)?;
    let portless = params.list("Targets").into_iter().map(|sent| sent.text("Port").is_none());
    let mut leaving = Vec::new();
    for ((id, port), portless) in targets.into_iter().zip(portless) {
        let seats = group.targets.get(&id).into_iter().flat_map(|seats| seats.keys());
        leaving.extend(seats.filter(|at| portless || **at == port).map(|at| (id.clone(), *at)));
    }
    for (id, port) in leaving {
        dismiss(model, &arn, &id, port);
    }
    Ok(Node::body())
}

/// What Auto Scaling does with an instance that comes: it is registered at the group's own port.
pub fn enlist_instance(model: &mut Model, arn: &str, id: &InstanceId) {
    if let Some(port) = model.elbv2.groups.get(arn).map(|group| group.port) {
        enlist(model, arn, id.as_str(), port);
    }
}

/// What Auto Scaling does with an instance that goes; gives the moment it has left.
pub fn dismiss_instance(model: &mut Model, arn: &str, id: &InstanceId) -> Option<Time> {
    let port = model.elbv2.groups.get(arn)?.port;
    dismiss(model, arn, id.as_str(), port)
}
