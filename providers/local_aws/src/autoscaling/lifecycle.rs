//! How an instance joins a group and leaves it (EC2 Auto Scaling, "instance lifecycle").
//!
//! It is registered with the load balancers before it is `InService`, and on its way out it leaves them, draining,
//! before it is terminated.

use std::time::Duration;

use crate::ec2::fleet;
use crate::elb::health as elb;
use crate::model::autoscaling::{Attachment, Member, MemberState};
use crate::model::ec2::{InstanceId, InstanceState};
use crate::model::{Event, Model, Time};

use super::{AutoScalingEvent, activities, capacity, health};

/// How often a group looks whether an instance has reached a state that EC2 does not tell it of.
pub const LOOK: Duration = Duration::from_millis(500);

fn soon(model: &mut Model, wait: Duration, event: AutoScalingEvent) {
    model.schedule_in(wait, Event::AutoScaling(event));
}

fn member<'a>(model: &'a mut Model, group: &str, id: &InstanceId) -> Option<&'a mut Member> {
    model.autoscaling.groups.get_mut(group)?.members.get_mut(id)
}

fn is(model: &mut Model, group: &str, id: &InstanceId, state: MemberState) -> bool {
    member(model, group, id).is_some_and(|member| member.state == state)
}

/// A new instance is on its way.
pub fn expect(model: &mut Model, group: &str, id: &InstanceId) {
    soon(model, LOOK, AutoScalingEvent::Arrive(group.to_owned(), id.clone()));
}

/// Registers a new instance once it runs.
pub fn arrive(model: &mut Model, group: &str, id: &InstanceId) {
    if !is(model, group, id, MemberState::Pending) {
        return;
    }
    match fleet::instance(model, id.as_str()).map(|instance| instance.state) {
        Some(InstanceState::Pending) => expect(model, group, id),
        Some(InstanceState::Running) => {
            for balancer in attached(model, group) {
                elb::enlist(model, &balancer, id);
            }
            let event = AutoScalingEvent::Serve(group.to_owned(), id.clone());
            model.schedule(model.timing.autoscaling.register, Event::AutoScaling(event));
        }
        _ => lost(model, group, id),
    }
}

/// An instance has ended before it was ever in service.
fn lost(model: &mut Model, group: &str, id: &InstanceId) {
    activities::end(model, group, id, "Failed");
    forget(model, group, id);
    capacity::poke(model, group);
}

/// The load balancers of a group that take new instances.
pub fn attached(model: &Model, group: &str) -> Vec<String> {
    let Some(group) = model.autoscaling.groups.get(group).filter(|group| group.runs("AddToLoadBalancer"))
    else {
        return Vec::new();
    };
    let open = group.balancers.iter().filter(|(_, attachment)| **attachment == Attachment::Attached);
    open.map(|(name, _)| name.clone()).collect()
}

/// A registered instance becomes part of the capacity.
pub fn serve(model: &mut Model, group: &str, id: &InstanceId) {
    let now = model.now;
    let Some(member) = member(model, group, id).filter(|member| member.state == MemberState::Pending) else {
        return;
    };
    member.state = MemberState::InService;
    member.in_service = Some(now);
    activities::end(model, group, id, "Successful");
    health::wake(model, group);
    // A load balancer attached while this instance was on its way has not got it yet.
    for balancer in attached(model, group) {
        elb::enlist(model, &balancer, id);
    }
}

/// Begins to take an instance out: first out of the load balancers, `then` as the new state says.
pub fn leave(model: &mut Model, group: &str, id: &InstanceId, then: MemberState, cause: &str) {
    let Some(member) = member(model, group, id) else { return };
    member.state = then;
    let what = match then {
        MemberState::Terminating => "Terminating EC2 instance",
        MemberState::Detaching => "Detaching EC2 instance",
        _ => "Moving EC2 instance to Standby",
    };
    activities::begin(model, group, id, format!("{what}: {id}"), cause);
    let gone = drain(model, group, id);
    soon(model, gone.since(model.now), AutoScalingEvent::Drained(group.to_owned(), id.clone()));
}

/// Takes an instance out of all load balancers of the group; gives the moment it has left the last.
fn drain(model: &mut Model, group: &str, id: &InstanceId) -> Time {
    let all: Vec<String> = match model.autoscaling.groups.get(group) {
        Some(group) => group.balancers.keys().cloned().collect(),
        None => Vec::new(),
    };
    let left = all.iter().filter_map(|balancer| elb::dismiss(model, balancer, id)).max();
    left.unwrap_or(model.now)
}

/// An instance has left the load balancers.
pub fn drained(model: &mut Model, group: &str, id: &InstanceId) {
    let Some(member) = member(model, group, id) else { return };
    match member.state {
        MemberState::Terminating => {
            fleet::terminate(model, id.as_str());
            soon(model, LOOK, AutoScalingEvent::Gone(group.to_owned(), id.clone()));
        }
        MemberState::Detaching => {
            activities::end(model, group, id, "Successful");
            forget(model, group, id);
        }
        MemberState::EnteringStandby => {
            member.state = MemberState::Standby;
            activities::end(model, group, id, "Successful");
        }
        MemberState::Pending | MemberState::InService | MemberState::Standby => {}
    }
}

/// Ends an instance without letting it leave the load balancers first (ForceDelete, or one that is dead already).
pub fn kill(model: &mut Model, group: &str, id: &InstanceId) {
    let Some(member) = member(model, group, id) else { return };
    member.state = MemberState::Terminating;
    drain(model, group, id);
    fleet::terminate(model, id.as_str());
    soon(model, LOOK, AutoScalingEvent::Gone(group.to_owned(), id.clone()));
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
}

fn forget(model: &mut Model, group: &str, id: &InstanceId) {
    if let Some(group) = model.autoscaling.groups.get_mut(group) {
        group.members.remove(id);
    }
}
