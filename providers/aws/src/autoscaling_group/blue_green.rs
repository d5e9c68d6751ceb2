//! The default way to roll a group: a second one boots, joins the load balancers and bakes; the old one leaves,
//! drains and goes.
//!
//! Each phase decides from what is observed now, whatever happened before, so a killed swap goes on where it stands.
//! Capacity is proven before it is removed: nothing leaves while what stays serves less than the floor.

use std::collections::BTreeSet;
use std::time::Duration;

use super::act::Act;
use super::end;
use super::group::{Activities, Group, Pinned};
use super::observed::Observed;
use super::phase::{Looks, Next, Phase, always};
use super::preflight::{claimed, unfit};
use super::strategy::{Strategy, no_problem, plainly};

pub(crate) mod steps;

/// The strategy.
pub(crate) const STRATEGY: Strategy = Strategy {
    name: "blue_green",
    uses: &["min_in_service", "bake", "drain", "timeout", "alarms", "on_failure"],
    second_group: true,
    rolls_back: true,
    problems: no_problem,
    manner: plainly,
    lower: steps::lower,
};

/// The process that moves instances between zones, launching before it ends: it would upset every count.
pub(crate) const REBALANCE: &str = "AZRebalance";

/// What the new group does not do before it has taken over.
pub(crate) const HELD_BACK: [&str; 2] = [REBALANCE, "ScheduledActions"];

/// So many looks in a row must agree before traffic is trusted to new instances.
pub(crate) const STABLE_POLLS: u32 = 2;

/// So many looks find fewer instances serving than the floor before that is taken for how the group is.
const PATIENCE: u32 = 6;

/// How long AWS may have no room for an instance before that is taken for how it is.
pub(crate) const HUNGER: Duration = Duration::from_secs(300);

/// The old group is held at its size.
pub(crate) const PIN: Phase = Phase { name: "pin", looks: Looks::BEFORE, steady: at_strength, next: pin };
/// The new group boots.
pub(crate) const SCALE: Phase =
    Phase { name: "scale", looks: Looks::ACTIVITIES, steady: new_ready, next: |o| with_new(o, scale) };
/// The new group joins the load balancers.
pub(crate) const ATTACH: Phase =
    Phase { name: "attach", looks: Looks::ARRIVAL, steady: new_serves, next: |o| with_new(o, attach) };
/// The new group catches up with what scaling did meanwhile.
pub(crate) const MATCH: Phase =
    Phase { name: "match", looks: Looks::ARRIVAL, steady: new_serves, next: |o| with_new(o, match_sizes) };
/// The old group leaves the load balancers: the cutover.
pub(crate) const DETACH: Phase = Phase { name: "detach", looks: Looks::HEALTH, steady: always, next: detach };
/// The new group serves alone while the old one stands by.
pub(crate) const BAKE: Phase =
    Phase { name: "bake", looks: Looks::BAKING, steady: |o| o.guard(true).is_ok(), next: bake };
/// The new group gets the sizes of the file.
pub(crate) const FINALISE: Phase =
    Phase { name: "finalise", looks: Looks::NOTHING, steady: always, next: |o| with_new(o, finalise) };
/// The old group's instances end.
pub(crate) const RETIRE: Phase =
    Phase { name: "retire", looks: Looks::NOTHING, steady: always, next: retire };

/// The phases of this strategy.
pub(crate) const PHASES: [Phase; 8] = [PIN, SCALE, ATTACH, MATCH, DETACH, BAKE, FINALISE, RETIRE];

/// Whether the old group serves with its floor, or has been written down already.
fn at_strength(o: &Observed) -> bool {
    o.pinned.is_some() || o.old_serving() >= o.share(o.carried())
}

/// Whether all of the new group is in service.
fn new_ready(o: &Observed) -> bool {
    o.new.as_ref().is_some_and(|new| super::group::count(new.ready().count()) >= new.desired)
}

/// Whether enough of the new group serves for the old one to leave.
pub(crate) fn new_serves(o: &Observed) -> bool {
    o.new.is_some() && o.new_serving() >= o.target()
}

fn retire(o: &Observed) -> Next {
    o.old.as_ref().map_or(Next::Done, end::empty)
}

/// AWS may not show a group at once that it has just made.
pub(crate) fn with_new(o: &Observed, then: fn(&Observed, &Group) -> Next) -> Next {
    o.new
        .as_ref()
        .map_or_else(|| Next::Wait("the new group to become visible".to_owned()), |new| then(o, new))
}

/// Resizes a group.
pub(crate) fn resize(group: &Group, min: Option<i32>, max: Option<i32>, desired: Option<i32>) -> Next {
    Next::Act(Act::Resize { group: group.name.clone(), min, max, desired })
}

/// Says whose word counts about a group's health.
pub(crate) fn check_by(group: &Group, by: &str) -> Next {
    Next::Act(Act::CheckBy { group: group.name.clone(), by: by.to_owned() })
}

/// "2 of 3".
pub(crate) fn of(some: i32, all: i32) -> String {
    format!("{} of {all}", some.min(all))
}

/// The minimum keeps policies and schedules from shrinking the old group; growing stays possible.
fn pin(o: &Observed) -> Next {
    let Some(old) = &o.old else { return Next::Stuck("the group is gone".to_owned()) };
    match (&o.pinned, unfit(o, old)) {
        (Some(pinned), _) => hold(o, old, pinned),
        (None, Some(reason)) => Next::Stuck(reason),
        (None, None) if !at_strength(o) && o.held.broken < PATIENCE => Next::Wait(format!(
            "more of the old group: {} instances serve, and the floor becomes what serves",
            of(o.old_serving(), old.desired)
        )),
        (None, None) => Next::Act(Act::Note(Box::new(originals(o, old)))),
    }
}

/// The mark comes first: of two that begin at the same moment one sees the other's.
fn hold(o: &Observed, old: &Group, pinned: &Pinned) -> Next {
    let group = || old.name.clone();
    match (&pinned.claim, claimed(o, old)) {
        (Some(_), Some(other)) => Next::Stuck(other),
        (Some(by), None) if old.claim.is_none() => Next::Act(Act::Claim { group: group(), by: by.clone() }),
        _ if old.min < old.desired => resize(old, Some(old.desired), None, None),
        _ if !old.suspended.contains_key(REBALANCE) => {
            Next::Act(Act::Suspend { group: group(), processes: vec![REBALANCE.to_owned()] })
        }
        _ => Next::Done,
    }
}

/// How a group is, to be written down.
pub(crate) fn originals(o: &Observed, old: &Group) -> Pinned {
    Pinned {
        min: old.min,
        max: old.max,
        desired: old.desired,
        health_check_type: old.health_check_type.clone(),
        suspended: old.suspended.keys().cloned().collect(),
        balancers: old.balancers.clone(),
        serving: o.old_serving(),
        launching: old.launching.clone(),
        grace: old.grace,
        zoned: o.preflight.zoned,
        surge: o.surge(old),
        latest: o.preflight.latest.clone(),
        claim: Some(o.claim.clone()),
    }
}

fn scale(o: &Observed, new: &Group) -> Next {
    let target = o.target();
    if new.desired < target || new.min < target {
        return grow(o, new, target);
    }
    let ready = super::group::count(new.ready().count());
    match o.activities.given_up(new.desired).or_else(|| starved(o)) {
        _ if ready >= new.desired => Next::Done,
        Some(reason) => Next::Stuck(reason),
        None => {
            Next::Wait(because(format!("{} new instances in service", of(ready, new.desired)), &o.activities))
        }
    }
}

/// Why waiting for room does not help any more.
pub(crate) fn starved(o: &Observed) -> Option<String> {
    let failure = o.activities.failure.as_ref().filter(|_| o.activities.starved && o.held.lost >= HUNGER)?;
    Some(format!("AWS has had no capacity for {} minutes: {failure}", o.held.lost.as_secs() / 60))
}

fn grow(o: &Observed, new: &Group, target: i32) -> Next {
    let max = o.wanted.max.max(target);
    resize(new, Some(target), (new.max < max).then_some(max), Some(target.max(new.desired)))
}

pub(crate) fn because(waiting: String, activities: &Activities) -> String {
    match &activities.failure {
        Some(failure) => format!("{waiting}; the last launch failed: {failure}"),
        None => waiting,
    }
}

fn attach(o: &Observed, new: &Group) -> Next {
    let missing: Vec<String> = o.wanted.balancers.difference(&new.balancers).cloned().collect();
    if !missing.is_empty() {
        return Next::Act(Act::Attach { group: new.name.clone(), balancers: missing });
    }
    settle(o, o.target())
}

/// Waits until enough instances of the new group serve, and go on serving.
fn settle(o: &Observed, target: i32) -> Next {
    let size = o.new.as_ref().map_or(target, |new| new.desired);
    match o.activities.given_up(size) {
        Some(reason) => Next::Stuck(reason),
        None if new_serves(o) && o.held.polls >= STABLE_POLLS => Next::Done,
        None => Next::Wait(format!("{} new instances serve steadily", of(o.new_serving(), target))),
    }
}

/// Scaling may have grown the old group meanwhile; and only now that all pass may the balancers' word cost an
/// instance its life.
fn match_sizes(o: &Observed, new: &Group) -> Next {
    let target = o.target();
    if new.desired < target || new.min < target {
        return grow(o, new, target);
    }
    if !new_serves(o) {
        return settle(o, target);
    }
    match new.health_check_type == o.wanted.health_check_type {
        true => settle(o, target),
        false => check_by(new, &o.wanted.health_check_type),
    }
}

/// The cutover. The old group stops listening to the balancers first, or it would end what they no longer know.
fn detach(o: &Observed) -> Next {
    let Some(old) = &o.old else { return Next::Done };
    if old.balancers.is_empty() {
        return drained(o, old);
    }
    match old.health_check_type.as_str() {
        "EC2" => Next::Act(Act::Detach {
            group: old.name.clone(),
            balancers: old.balancers.iter().cloned().collect(),
        }),
        _ => check_by(old, "EC2"),
    }
}

fn drained(o: &Observed, old: &Group) -> Next {
    let none = BTreeSet::new();
    let balancers = o.pinned.as_ref().map_or(&none, |pinned| &pinned.balancers);
    match old.registered(balancers, &o.health) {
        0 => Next::Done,
        left => Next::Wait(format!("{left} old instances to finish their open connections")),
    }
}

fn bake(o: &Observed) -> Next {
    let left = o.wanted.bake.saturating_sub(o.held.time);
    match o.guard(true) {
        Err(reason) if o.held.broken >= STABLE_POLLS => Next::Stuck(reason),
        Err(reason) => Next::Wait(format!("another look: {reason}")),
        Ok(()) if left.is_zero() => Next::Done,
        // A line a minute is enough for whoever watches.
        Ok(()) => Next::Wait(format!("the new group to hold for {} min more", left.as_secs().div_ceil(60))),
    }
}

/// Gives a group what the file says, and takes the mark of the swap from it.
pub(crate) fn finalise(o: &Observed, new: &Group) -> Next {
    let wanted = &o.wanted;
    if (new.min, new.max) != (wanted.min, wanted.max) {
        let desired = new.desired.clamp(wanted.min, wanted.max.max(wanted.min));
        return resize(new, Some(wanted.min), Some(wanted.max), Some(desired));
    }
    if new.grace != wanted.grace {
        return Next::Act(Act::Spare { group: new.name.clone(), grace: wanted.grace });
    }
    let resumed: Vec<String> =
        new.suspended.keys().filter(|name| !wanted.suspended.contains(*name)).cloned().collect();
    let missing = |name: &&String| !new.suspended.contains_key(*name);
    let suspended: Vec<String> = wanted.suspended.iter().filter(missing).cloned().collect();
    let group = new.name.clone();
    match (resumed.is_empty(), suspended.is_empty()) {
        (false, _) => Next::Act(Act::Resume { group, processes: resumed }),
        (true, false) => Next::Act(Act::Suspend { group, processes: suspended }),
        (true, true) if new.claim.is_some() => Next::Act(Act::Release { group }),
        (true, true) => Next::Done,
    }
}

#[cfg(test)]
mod tests;
