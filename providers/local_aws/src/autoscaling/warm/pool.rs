//! Instances come to rest in a warm pool, are taken from it, and go.

use crate::ec2::fleet;
use crate::model::autoscaling::{Group, MemberState};
use crate::model::ec2::{InstanceId, InstanceState};
use crate::model::{Event, Model};

use super::super::{AutoScalingEvent, activities, launch, lifecycle, refresh};

fn warm(group: &Group) -> impl Iterator<Item = &InstanceId> {
    let stays = |state: MemberState| state.is_warm() && !state.is_warm_terminating();
    group.members.iter().filter(move |(_, member)| stays(member.state)).map(|(id, _)| id)
}

/// Launches into the pool what it lacks, and ends what it has too much.
pub fn fill(model: &mut Model, name: &str) {
    let Some(group) = model.autoscaling.groups.get(name) else { return };
    let Some(pool) = group.warm.as_ref().filter(|_| !group.deleting) else { return };
    let (want, have) = (pool.size(group.size.desired, group.size.max), warm(group).count() as u64);
    if have < want && group.runs("Launch") {
        let cause = "an instance was started in response to a difference between desired and actual warm pool capacity";
        let cause = format!("{cause}, increasing the warm pool capacity from {have} to {want}.");
        launch::into_pool(model, name, want - have, &activities::at(model.now, &cause));
    } else if have > want && group.runs("Terminate") {
        let surplus = usize::try_from(have - want).unwrap_or(usize::MAX);
        let surplus: Vec<InstanceId> = warm(group).take(surplus).cloned().collect();
        surplus.iter().for_each(|id| end(model, name, id));
    }
}

fn end(model: &mut Model, name: &str, id: &InstanceId) {
    let what = format!("instance {id} was taken out of the warm pool.");
    let cause = activities::at(model.now, &what);
    lifecycle::leave(model, name, id, MemberState::WarmedTerminating, cause);
}

/// Ends all instances of a pool; by force without hooks.
pub fn empty(model: &mut Model, name: &str, force: bool) {
    let Some(group) = model.autoscaling.groups.get(name) else { return };
    let ids: Vec<InstanceId> = warm(group).cloned().collect();
    for id in ids {
        if force { lifecycle::kill(model, name, &id) } else { end(model, name, &id) }
    }
}

/// A pool that is being deleted is gone with its last instance.
pub fn settle(model: &mut Model, name: &str) {
    let Some(group) = model.autoscaling.groups.get_mut(name) else { return };
    if group.warm.as_ref().is_some_and(|pool| pool.deleting) && super::size(group) == 0 {
        group.warm = None;
    }
}

/// An instance that hooks no longer hold comes to rest: it is stopped, if that is how the pool waits.
pub fn rest(model: &mut Model, name: &str, id: &InstanceId) {
    let state = fleet::instance(model, id.as_str()).map(|instance| instance.state);
    let Some(group) = model.autoscaling.groups.get_mut(name) else { return };
    let Some(resting) = group.warm.as_ref().map(|pool| pool.state.resting()) else { return };
    let Some(member) = group.members.get_mut(id).filter(|member| member.state.is_warm_pending()) else {
        return;
    };
    let stops = resting != MemberState::WarmedRunning;
    if member.state == MemberState::WarmedPendingWait {
        member.state = MemberState::WarmedPendingProceed;
    }
    match state {
        Some(InstanceState::Running) if stops => fleet::stop(model, id.as_str()),
        Some(InstanceState::Running | InstanceState::Stopped) => {
            member.state = resting;
            member.in_service = None;
            return activities::end(model, name, id, "Successful");
        }
        Some(InstanceState::Stopping) => {}
        _ => return lifecycle::lost(model, name, id),
    }
    let event = AutoScalingEvent::Rest(name.to_owned(), id.clone());
    model.schedule_in(lifecycle::LOOK, Event::AutoScaling(event));
}

/// Takes an instance that is at rest into the group, if there is one; false if not.
pub fn take(model: &mut Model, name: &str, cause: &str) -> bool {
    let Some(id) = ready(model, name) else { return false };
    if let Some(member) = lifecycle::member(model, name, &id) {
        member.state = MemberState::Pending;
    }
    let what = "Launching a new EC2 instance from warm pool";
    activities::begin(model, name, &id, what, cause.to_owned(), "PreInService");
    fleet::start(model, id.as_str());
    lifecycle::expect(model, name, &id);
    true
}

/// While a refresh brings in something new, only what is launched from that.
fn ready(model: &Model, name: &str) -> Option<InstanceId> {
    let group = model.autoscaling.groups.get(name)?;
    let fresh = refresh::active(group).map(|_| launch::pinned(model, &refresh::blueprint(group).launch));
    let mut resting = group.members.iter().filter(|(_, member)| {
        member.state.is_resting() && fresh.as_ref().is_none_or(|fresh| *fresh == member.launch)
    });
    resting.next().map(|(id, _)| id.clone())
}

/// After a refresh, instances of the pool that are launched from something else are replaced, too.
pub fn renew(model: &mut Model, name: &str) {
    let Some(group) = model.autoscaling.groups.get(name) else { return };
    let now = launch::pinned(model, &group.launch);
    let stale = warm(group).filter(|id| group.members.get(*id).is_some_and(|member| member.launch != now));
    let stale: Vec<InstanceId> = stale.cloned().collect();
    stale.iter().for_each(|id| end(model, name, id));
}
