//! A group compares what it has with what it wants.

use crate::model::autoscaling::{Group, MemberState};
use crate::model::{Event, Model};

use super::{AutoScalingEvent, activities, balance, health, launch, lifecycle, refresh, scale_in, warm};

/// Has a group look at itself soon: something about it has changed.
pub fn poke(model: &mut Model, group: &str) {
    let event = Event::AutoScaling(AutoScalingEvent::Reconcile(group.to_owned()));
    model.schedule(model.timing.autoscaling.reconcile, event);
    health::wake(model, group);
}

/// Has a group look at itself soon if an instance that came into service allows others to go.
pub fn settle(model: &mut Model, name: &str) {
    let Some(group) = model.autoscaling.groups.get(name) else { return };
    if group.balancing > 0 || group.members.values().any(|member| member.outgoing) {
        poke(model, name);
    }
}

/// Says who changed the size and how, for the cause of the activities that follow from it.
pub fn because(model: &mut Model, name: &str, what: &str) {
    let sentence = activities::at(model.now, what);
    if let Some(group) = model.autoscaling.groups.get_mut(name) {
        group.occasion = format!("{sentence}  ");
    }
}

/// How many instances the group wants now: more than the desired number while some are replaced by others that must
/// come first.
pub fn wanted(group: &Group) -> u64 {
    let outgoing = group.members.values().filter(|member| member.outgoing && member.state.counts()).count();
    group.size.desired + group.balancing + outgoing as u64 + refresh::surge(group)
}

/// How many it has, as far as launching more is concerned.
fn held(model: &Model, group: &Group) -> u64 {
    let terminating = group.members.values().filter(|member| member.state.is_terminating()).count();
    let terminating = if model.timing.autoscaling.terminating_counts { terminating as u64 } else { 0 };
    group.counted() + terminating
}

/// Launches what is missing and ends what is too much.
pub fn reconcile(model: &mut Model, name: &str) {
    let Some(group) = model.autoscaling.groups.get(name).filter(|group| !group.deleting) else { return };
    let (have, counted, want) = (held(model, group), group.counted(), wanted(group));
    if have < want && group.runs("Launch") {
        launch::missing(model, name, have, want);
    } else if counted > want && group.runs("Terminate") {
        shrink(model, name, counted, want);
    }
    if let Some(group) = model.autoscaling.groups.get_mut(name) {
        group.occasion.clear();
    }
    retire(model, name);
    warm::fill(model, name);
    balance::even_out(model, name);
}

fn shrink(model: &mut Model, name: &str, have: u64, want: u64) {
    let Some(group) = model.autoscaling.groups.get(name) else { return };
    let occasion = group.occasion.clone();
    let reuse = group.warm.as_ref().is_some_and(|pool| pool.reuse && !pool.deleting);
    let then = if reuse { MemberState::WarmedPending } else { MemberState::Terminating };
    let change = format!(
        "an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from {have} to {want}."
    );
    for id in scale_in::victims(model, group, have - want) {
        let chosen = activities::at(model.now, &format!("instance {id} was selected for termination."));
        let cause = format!("{occasion}{}  {chosen}", activities::at(model.now, &change));
        lifecycle::leave(model, name, &id, then, cause);
    }
}

/// Ends instances whose replacements have come into service, and what balancing the zones has made too much.
fn retire(model: &mut Model, name: &str) {
    let Some(group) = model.autoscaling.groups.get_mut(name) else { return };
    let serving =
        group.members.values().filter(|member| member.state == MemberState::InService).count() as u64;
    let spare = usize::try_from(serving.saturating_sub(group.size.desired)).unwrap_or(usize::MAX);
    let outgoing = group.members.iter().filter(|(_, member)| member.outgoing && member.state.counts());
    let replaced: Vec<_> =
        outgoing.take(spare).map(|(id, member)| (id.clone(), member.reason().to_owned())).collect();
    if group.balancing > 0 && serving >= group.size.desired + group.balancing {
        group.balancing = 0;
        poke(model, name);
    }
    for (id, why) in replaced {
        let cause =
            activities::at(model.now, &format!("an instance was taken out of service in response to {why}."));
        lifecycle::leave(model, name, &id, MemberState::Terminating, cause);
    }
}
