//! How an instance joins a group and leaves it (EC2 Auto Scaling, "instance lifecycle").
//!
//! On its way in launch hooks hold it, and it is registered with the load balancers before it is `InService`. On its
//! way out it leaves them, draining, then termination hooks hold it, and only then it is terminated.

use std::time::Duration;

use crate::ec2::fleet;
use crate::model::autoscaling::{Member, MemberState, Transition};
use crate::model::ec2::{InstanceId, InstanceState};
use crate::model::{Event, Model, Time};

use super::{AutoScalingEvent, actions, activities, capacity, front, health, warm};

/// How often a group looks whether an instance has reached a state that EC2 does not tell it of.
pub const LOOK: Duration = Duration::from_millis(500);

fn soon(model: &mut Model, wait: Duration, event: AutoScalingEvent) {
    model.schedule_in(wait, Event::AutoScaling(event));
}

/// An instance of a group.
pub fn member<'a>(model: &'a mut Model, group: &str, id: &InstanceId) -> Option<&'a mut Member> {
    model.autoscaling.groups.get_mut(group)?.members.get_mut(id)
}

fn is(model: &mut Model, group: &str, id: &InstanceId, state: MemberState) -> bool {
    member(model, group, id).is_some_and(|member| member.state == state)
}

/// A new instance is on its way.
pub fn expect(model: &mut Model, group: &str, id: &InstanceId) {
    soon(model, LOOK, AutoScalingEvent::Arrive(group.to_owned(), id.clone()));
}

/// Once a new instance runs, its hooks hold it, or it joins.
pub fn arrive(model: &mut Model, group: &str, id: &InstanceId) {
    let warm = is(model, group, id, MemberState::WarmedPending);
    if !warm && !is(model, group, id, MemberState::Pending) {
        return;
    }
    match fleet::instance(model, id.as_str()).map(|instance| instance.state) {
        Some(InstanceState::Pending) => expect(model, group, id),
        Some(InstanceState::Running) => match actions::hold(model, group, id, Transition::Launching) {
            true => {}
            false if warm => warm::rest(model, group, id),
            false => join(model, group, id),
        },
        _ => lost(model, group, id),
    }
}

/// Registers an instance with the load balancers; soon it is in service.
pub fn join(model: &mut Model, group: &str, id: &InstanceId) {
    if !fleet::is_running(model, id.as_str()) {
        return lost(model, group, id);
    }
    if let Some(member) = member(model, group, id)
        && member.state == MemberState::PendingWait
    {
        member.state = MemberState::PendingProceed;
    }
    for balancer in attached(model, group) {
        front::enlist(model, &balancer, id);
    }
    let event = AutoScalingEvent::Serve(group.to_owned(), id.clone());
    model.schedule(model.timing.autoscaling.register, Event::AutoScaling(event));
}

/// An instance has ended before it was ever in service.
pub fn lost(model: &mut Model, group: &str, id: &InstanceId) {
    activities::end(model, group, id, "Failed");
    forget(model, group, id);
    capacity::poke(model, group);
}

/// A launch hook has given up on an instance: it is terminated, and another one launched.
pub fn abandon(model: &mut Model, group: &str, id: &InstanceId, message: &str) {
    activities::cancel(model, group, id, message);
    let cause = format!("instance {id} was taken out of service: its lifecycle action was abandoned.");
    let cause = activities::at(model.now, &cause);
    activities::begin(model, group, id, MemberState::Terminating.leaving(), cause, "InProgress");
    if let Some(member) = member(model, group, id) {
        member.state = MemberState::Terminating;
    }
    terminate(model, group, id);
    capacity::poke(model, group);
}

/// The load balancers and target groups of a group that take new instances.
pub fn attached(model: &Model, group: &str) -> Vec<String> {
    let Some(group) = model.autoscaling.groups.get(group).filter(|group| group.runs("AddToLoadBalancer"))
    else {
        return Vec::new();
    };
    front::open(group).cloned().collect()
}

/// A registered instance becomes part of the capacity.
pub fn serve(model: &mut Model, group: &str, id: &InstanceId) {
    let now = model.now;
    let Some(member) = member(model, group, id)
        .filter(|member| member.state.is_pending() && member.state != MemberState::PendingWait)
    else {
        return;
    };
    member.state = MemberState::InService;
    member.in_service = Some(now);
    activities::end(model, group, id, "Successful");
    health::wake(model, group);
    health::age(model, group);
    // A load balancer attached while this instance was on its way has not got it yet.
    for balancer in attached(model, group) {
        front::enlist(model, &balancer, id);
    }
    capacity::settle(model, group);
}

/// Begins to take an instance out: first out of the load balancers, `then` as the new state says. `cause` is the whole
/// cause of the activity.
pub fn leave(model: &mut Model, group: &str, id: &InstanceId, then: MemberState, cause: String) {
    let Some(member) = member(model, group, id) else { return };
    member.state = then;
    member.actions.clear();
    activities::end(model, group, id, "Cancelled");
    activities::begin(model, group, id, then.leaving(), cause, "InProgress");
    let gone = drain(model, group, id);
    if gone > model.now {
        activities::turn(model, group, id, "WaitingForELBConnectionDraining");
    }
    soon(model, gone.since(model.now), AutoScalingEvent::Drained(group.to_owned(), id.clone()));
}

/// Takes an instance out of all load balancers and target groups of the group; gives the moment it has left the last.
fn drain(model: &mut Model, group: &str, id: &InstanceId) -> Time {
    let all: Vec<String> = match model.autoscaling.groups.get(group) {
        Some(group) => front::all(group).cloned().collect(),
        None => Vec::new(),
    };
    let left = all.iter().filter_map(|balancer| front::dismiss(model, balancer, id)).max();
    left.unwrap_or(model.now)
}

/// An instance has left the load balancers.
pub fn drained(model: &mut Model, group: &str, id: &InstanceId) {
    let Some(member) = member(model, group, id) else { return };
    match member.state {
        MemberState::Terminating | MemberState::WarmedTerminating => unless_held(model, group, id),
        MemberState::WarmedPending => warm::rest(model, group, id),
        MemberState::Detaching => {
            activities::end(model, group, id, "Successful");
            forget(model, group, id);
            if let Some(tags) = model.ec2.tags.get_mut(id.as_str()) {
                tags.remove("aws:autoscaling:groupName");
            }
        }
        MemberState::EnteringStandby => {
            member.state = MemberState::Standby;
            activities::end(model, group, id, "Successful");
        }
        _ => {}
    }
}

fn unless_held(model: &mut Model, group: &str, id: &InstanceId) {
    if !actions::hold(model, group, id, Transition::Terminating) {
        terminate(model, group, id);
    }
}

/// Nothing holds an instance any more: it is terminated.
pub fn terminate(model: &mut Model, group: &str, id: &InstanceId) {
    if let Some(member) = member(model, group, id) {
        member.state = match member.state {
            MemberState::TerminatingWait => MemberState::TerminatingProceed,
            MemberState::WarmedTerminatingWait => MemberState::WarmedTerminatingProceed,
            other => other,
        };
    }
    activities::turn(model, group, id, "InProgress");
    fleet::terminate(model, id.as_str());
    soon(model, LOOK, AutoScalingEvent::Gone(group.to_owned(), id.clone()));
}

/// Ends an instance without hooks, and without letting it leave the load balancers first unless the parameter says so
/// (ForceDelete).
pub fn kill(model: &mut Model, group: &str, id: &InstanceId) {
    let drains = model.timing.autoscaling.force_delete_drains;
    let Some(member) = member(model, group, id) else { return };
    member.state = match member.state.is_warm() {
        true => MemberState::WarmedTerminating,
        false => MemberState::Terminating,
    };
    member.actions.clear();
    let gone = drain(model, group, id);
    if drains && gone > model.now {
        soon(model, gone.since(model.now), AutoScalingEvent::Drained(group.to_owned(), id.clone()));
    } else {
        terminate(model, group, id);
    }
}

/// Drops an instance from the group once EC2 has terminated it.
pub fn gone(model: &mut Model, group: &str, id: &InstanceId) {
    if member(model, group, id).is_none() {
        return;
    }
    let state = fleet::instance(model, id.as_str()).map(|instance| instance.state);
    if state.is_some_and(|state| state != InstanceState::Terminated) {
        soon(model, LOOK, AutoScalingEvent::Gone(group.to_owned(), id.clone()));
        return;
    }
    activities::end(model, group, id, "Successful");
    forget(model, group, id);
    if model.timing.autoscaling.terminating_counts {
        capacity::poke(model, group);
    }
}

/// The group no longer has the instance.
fn forget(model: &mut Model, name: &str, id: &InstanceId) {
    if let Some(group) = model.autoscaling.groups.get_mut(name) {
        group.members.remove(id);
    }
    warm::settle(model, name);
}
