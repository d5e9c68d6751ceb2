//! A group looks after the health of its instances ("health checks for instances in an Auto Scaling group").

use std::time::Duration;

use crate::ec2::fleet;
use crate::model::autoscaling::{Group, Member, MemberState};
use crate::model::ec2::InstanceId;
use crate::model::{Event, Model};

use super::{AutoScalingEvent, activities, capacity, front, lifecycle};

/// EC2 has changed the state of an instance: the group it is in, if any, looks at it at its next check.
pub fn instance_changed(model: &mut Model, id: &InstanceId) {
    let groups = model.autoscaling.groups.values();
    let owner = groups.filter(|group| group.members.contains_key(id)).map(|group| group.name.clone()).next();
    if let Some(group) = owner {
        wake(model, &group);
    }
}

/// Something about target groups or their load balancers may have changed: the groups behind them look at their next
/// check.
pub fn targets_changed(model: &mut Model) {
    let behind = model.autoscaling.groups.values().filter(|group| !group.target_groups.is_empty());
    let names: Vec<String> = behind.map(|group| group.name.clone()).collect();
    names.iter().for_each(|name| wake(model, name));
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
    if group.deleting {
        return;
    }
    if group.runs("HealthCheck") {
        listen(model, name);
        for (id, complaint) in sick(model, name) {
            mark(model, name, &id, complaint);
        }
    }
    replace(model, name);
    if !settled(model, name) {
        wake(model, name);
    }
}

/// Instances that fail a check, and which.
fn sick(model: &Model, name: &str) -> Vec<(InstanceId, &'static str)> {
    let Some(group) = model.autoscaling.groups.get(name) else { return Vec::new() };
    let serving = group.members.iter().filter(|(_, member)| member.state == MemberState::InService);
    let check = |(id, member): (&InstanceId, &Member)| {
        if !fleet::is_running(model, id.as_str()) {
            return Some((id.clone(), DEAD));
        }
        let fails = group.heeds_balancers() && fails_balancer(model, group, id, member);
        fails.then(|| (id.clone(), FAILS_BALANCER))
    };
    serving.filter_map(check).collect()
}

const DEAD: &str = "an EC2 health check indicating it has been terminated or stopped";
const FAILS_BALANCER: &str = "an ELB system health check failure";
/// What SetInstanceHealth is called in the activity it leads to.
pub const USER: &str = "a user health-check";

/// Load balancers' checks count after the grace period, once the attachment is in service.
fn fails_balancer(model: &Model, group: &Group, id: &InstanceId, member: &Member) -> bool {
    let grace = Duration::from_secs(group.settings.grace);
    let in_grace = member.in_service.is_some_and(|since| model.now.since(since) < grace);
    let judged = |name: &&String| group.heard.contains(*name) && front::fails(model, name, id);
    !in_grace && front::open(group).any(|name| judged(&name))
}

/// Keeps which load balancers' checks count from now on: those that an instance of the group has passed.
fn listen(model: &mut Model, name: &str) {
    let Some(group) = model.autoscaling.groups.get(name).filter(|group| group.heeds_balancers()) else {
        return;
    };
    let passed =
        |balancer: &&String| group.members.keys().any(|id| front::takes_requests(model, balancer, id));
    let new = front::open(group).filter(|balancer| !group.heard.contains(*balancer)).filter(passed);
    let new: Vec<String> = new.cloned().collect();
    if let Some(group) = model.autoscaling.groups.get_mut(name) {
        group.heard.extend(new);
    }
}

/// Marks an instance as unhealthy.
pub fn mark(model: &mut Model, group: &str, id: &InstanceId, complaint: &str) {
    if let Some(member) = lifecycle::member(model, group, id).filter(|member| member.healthy) {
        member.healthy = false;
        member.complaint = complaint.to_owned();
    }
}

/// Replaces unhealthy instances: ends them, or, if the maintenance policy lets the group grow, launches others first.
fn replace(model: &mut Model, name: &str) {
    let Some(group) = model.autoscaling.groups.get_mut(name) else { return };
    if !group.runs("ReplaceUnhealthy") || !group.runs("Terminate") {
        return;
    }
    let chosen = to_replace(group);
    if chosen.is_empty() {
        return;
    }
    let grows = group.settings.maintenance.is_some_and(|policy| policy.max > 100);
    for (id, complaint) in chosen {
        if grows {
            lifecycle::member(model, name, &id).into_iter().for_each(|member| member.outgoing = true);
            continue;
        }
        let what = format!("an instance was taken out of service in response to {complaint}.");
        let cause = activities::at(model.now, &what);
        lifecycle::leave(model, name, &id, MemberState::Terminating, cause);
    }
    capacity::poke(model, name);
}

/// The instances that are unhealthy, or too old, and may be replaced now: at most a tenth of the desired number, at least one; none while
/// a tenth is missing and on its way; one if none is healthy.
fn to_replace(group: &Group) -> Vec<(InstanceId, String)> {
    let serving = || group.members.iter().filter(|(_, member)| member.state == MemberState::InService);
    let tenth = (group.size.desired / 10).max(1);
    let missing = group.size.desired.saturating_sub(serving().count() as u64);
    let launching = group.members.values().any(|member| member.state.is_pending());
    if launching && missing >= tenth {
        return Vec::new();
    }
    let replacing = serving().filter(|(_, member)| member.outgoing).count() as u64;
    let none_healthy = serving().all(|(_, member)| !member.healthy);
    let limit = if none_healthy { 1 } else { tenth }.saturating_sub(replacing);
    let unhealthy = serving().filter(|(_, member)| member.must_go() && !member.outgoing);
    let chosen = unhealthy.take(usize::try_from(limit).unwrap_or(usize::MAX));
    chosen.map(|(id, member)| (id.clone(), member.reason().to_owned())).collect()
}

/// Has a group look at the age of its instances when the next one reaches its maximum lifetime.
pub fn age(model: &mut Model, name: &str) {
    let Some(group) = model.autoscaling.groups.get(name) else { return };
    let Some(lifetime) = group.settings.max_lifetime.map(Duration::from_secs) else { return };
    let young = group.members.values().filter(|member| !member.must_go() && member.state.counts());
    let Some(due) = young.map(|member| member.launched + lifetime).min() else { return };
    let event = Event::AutoScaling(AutoScalingEvent::Aged(name.to_owned()));
    model.queue.cancel(|other| *other == event);
    model.schedule_in(due.since(model.now), event);
}

/// Marks instances that have reached their maximum lifetime.
pub fn aged(model: &mut Model, name: &str) {
    let now = model.now;
    let Some(group) = model.autoscaling.groups.get_mut(name).filter(|group| !group.deleting) else { return };
    let Some(lifetime) = group.settings.max_lifetime.map(Duration::from_secs) else { return };
    let old = group
        .members
        .values_mut()
        .filter(|member| member.state == MemberState::InService && now.since(member.launched) >= lifetime);
    old.for_each(|member| member.complaint = EXPIRED.to_owned());
    wake(model, name);
    age(model, name);
}

const EXPIRED: &str = "exceeding its maximum instance lifetime";

/// Whether nothing can change any more without somebody's doing.
fn settled(model: &Model, name: &str) -> bool {
    let Some(group) = model.autoscaling.groups.get(name) else { return true };
    let well = |(id, member): (&InstanceId, &Member)| {
        if member.state == MemberState::Standby || member.state.is_resting() {
            return true;
        }
        !member.must_go()
            && member.state == MemberState::InService
            && fleet::is_running(model, id.as_str())
            && (!group.heeds_balancers() || front::open(group).all(|name| front::stays(model, name, id)))
    };
    group.counted() == group.size.desired && group.members.iter().all(well)
}
