//! A group looks after the health of its instances ("health checks for instances in an Auto Scaling group").

use std::time::Duration;

use crate::ec2::fleet;
use crate::elb::health as elb;
use crate::model::autoscaling::{Attachment, Group, Member, MemberState};
use crate::model::ec2::InstanceId;
use crate::model::{Event, Model};

use super::{AutoScalingEvent, capacity, lifecycle};

/// EC2 has changed the state of an instance: the group it is in, if any, looks at it at its next check.
pub fn instance_changed(model: &mut Model, id: &InstanceId) {
    let groups = model.autoscaling.groups.values();
    let owner = groups.filter(|group| group.members.contains_key(id)).map(|group| group.name.clone()).next();
    if let Some(group) = owner {
        wake(model, &group);
    }
}

/// Puts the group's next check into the queue, unless it is there. A group in which nothing can change sleeps.
pub fn wake(model: &mut Model, name: &str) {
    let Some(group) = model.autoscaling.groups.get_mut(name).filter(|group| !group.watched) else { return };
    group.watched = true;
    let event = Event::AutoScaling(AutoScalingEvent::Watch(name.to_owned()));
    model.schedule(model.timing.autoscaling.health_check, event);
}

/// Marks instances that are dead or fail their load balancers' checks, and has them replaced.
pub fn watch(model: &mut Model, name: &str) {
    let Some(group) = model.autoscaling.groups.get_mut(name) else { return };
    group.watched = false;
    if group.deleting || !group.runs("HealthCheck") {
        return;
    }
    let group = group.clone();
    let sick: Vec<InstanceId> = group
        .members
        .iter()
        .filter(|(id, member)| is_sick(model, &group, id, member))
        .map(|(id, _)| id.clone())
        .collect();
    for id in &sick {
        mark(model, name, id);
    }
    replace(model, name);
    if !settled(model, name) {
        wake(model, name);
    }
}

fn is_sick(model: &Model, group: &Group, id: &InstanceId, member: &Member) -> bool {
    if member.state != MemberState::InService {
        return false;
    }
    !fleet::is_running(model, id.as_str())
        || (group.heeds_balancers() && fails_balancer(model, group, id, member))
}

/// Load balancers' checks count after the grace period, and from balancers that have had an instance in service.
fn fails_balancer(model: &Model, group: &Group, id: &InstanceId, member: &Member) -> bool {
    let grace = Duration::from_secs(group.settings.grace);
    let in_grace = member.in_service.is_some_and(|since| model.now.since(since) < grace);
    let judged = |name: &&String| heard(model, group, name) && !elb::takes_requests(model, name, id);
    !in_grace && open(group).any(|name| judged(&name))
}

fn open(group: &Group) -> impl Iterator<Item = &String> {
    group
        .balancers
        .iter()
        .filter(|(_, attachment)| **attachment == Attachment::Attached)
        .map(|(name, _)| name)
}

/// Whether one of the group's instances has passed the balancer's check.
pub fn heard(model: &Model, group: &Group, balancer: &str) -> bool {
    group.members.keys().any(|id| elb::takes_requests(model, balancer, id))
}

/// Marks an instance as unhealthy.
pub fn mark(model: &mut Model, group: &str, id: &InstanceId) {
    if let Some(member) = model.autoscaling.groups.get_mut(group).and_then(|group| group.members.get_mut(id))
    {
        member.healthy = false;
    }
}

/// Ends unhealthy instances, at most a tenth of the desired number at a time, at least one.
fn replace(model: &mut Model, name: &str) {
    let Some(group) = model.autoscaling.groups.get(name) else { return };
    if !group.runs("ReplaceUnhealthy") || !group.runs("Terminate") {
        return;
    }
    let limit = usize::try_from((group.size.desired / 10).max(1)).unwrap_or(1);
    let unhealthy =
        group.members.iter().filter(|(_, member)| !member.healthy && member.state == MemberState::InService);
    let chosen: Vec<InstanceId> = unhealthy.take(limit).map(|(id, _)| id.clone()).collect();
    for id in &chosen {
        let cause = "an instance was taken out of service in response to a health check failure.";
        lifecycle::leave(model, name, id, MemberState::Terminating, cause);
    }
    if !chosen.is_empty() {
        capacity::poke(model, name);
    }
}

/// Whether nothing can change any more without somebody's doing.
fn settled(model: &Model, name: &str) -> bool {
    let Some(group) = model.autoscaling.groups.get(name) else { return true };
    let well = |(id, member): (&InstanceId, &Member)| {
        member.healthy
            && member.state == MemberState::InService
            && fleet::is_running(model, id.as_str())
            && (!group.heeds_balancers() || open(group).all(|name| elb::stays(model, name, id)))
    };
    group.counted() == group.size.desired && group.members.iter().all(well)
}
