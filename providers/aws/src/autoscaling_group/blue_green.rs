//! The default way to roll a group: a second one boots, joins the load balancers and bakes; the old one leaves,
//! drains and goes.
//!
//! [`next`] decides from what is observed now, whatever happened before, so a killed swap goes on where it stands.
//! Capacity is proven before it is removed: nothing leaves while what stays serves less than the floor.

use std::collections::BTreeSet;
use std::time::Duration;

use super::act::Act;
use super::group::{Activities, Group, Health, Pinned};
use super::memory::Held;
use super::phase::Phase;
use super::{back, end};

/// The process that moves instances between zones, launching before it ends: it would upset every count.
pub(crate) const REBALANCE: &str = "AZRebalance";

/// What the new group does not do before it has taken over.
pub(crate) const HELD_BACK: [&str; 2] = [REBALANCE, "ScheduledActions"];

/// So many looks in a row must agree before traffic is trusted to new instances.
const STABLE_POLLS: u32 = 2;

/// So many looks find fewer instances serving than the floor before that is taken for how the group is.
const PATIENCE: u32 = 6;

/// What the file wants of the new group.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Wanted {
    /// Never fewer instances.
    pub(crate) min: i32,
    /// Never more instances.
    pub(crate) max: i32,
    /// `EC2` or `ELB`.
    pub(crate) health_check_type: String,
    /// Its load balancers.
    pub(crate) balancers: BTreeSet<String>,
    /// Its suspended processes.
    pub(crate) suspended: BTreeSet<String>,
    /// The share of the live desired size that keeps serving, in percent.
    pub(crate) min_in_service: f64,
    /// How long the new must hold.
    pub(crate) bake: Duration,
}

/// Everything a phase decides from.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Observed {
    /// The old group, unless it is gone.
    pub(crate) old: Option<Group>,
    /// The new group, if it is there.
    pub(crate) new: Option<Group>,
    /// What load balancers say, if the phase asks.
    pub(crate) health: Health,
    /// What the new group has done, if the phase asks.
    pub(crate) activities: Activities,
    /// Whether a load balancer keeps to its zones, so that each zone has to serve by itself.
    pub(crate) zoned: bool,
    /// How the old group was, once that is written down.
    pub(crate) pinned: Option<Pinned>,
    /// What the file wants.
    pub(crate) wanted: Wanted,
    /// For how long [`steady`] has been true.
    pub(crate) held: Held,
}

/// What is to be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next<A = Act> {
    /// This.
    Act(A),
    /// Nothing but looking again: what is waited for.
    Wait(String),
    /// The phase is over.
    Done,
    /// The phase cannot be finished any more, and why.
    Stuck(String),
}

impl Observed {
    /// The live size that carries over: the old group's, never less than when it was pinned.
    pub(crate) fn carried(&self) -> i32 {
        let live = self.old.as_ref().map_or(0, |old| old.desired);
        live.max(self.pinned.as_ref().map_or(0, |pinned| pinned.desired))
    }

    /// How many instances the new group must have ready before the old one may leave.
    pub(crate) fn target(&self) -> i32 {
        self.carried().max(self.wanted.min)
    }

    fn share(&self, size: i32) -> i32 {
        // Sizes are small numbers, exact in a double.
        (f64::from(size) * self.wanted.min_in_service / 100.0).ceil() as i32
    }

    /// How many instances must serve at any time: the share of the live size; of a group that served less than
    /// that to begin with, what it served.
    pub(crate) fn floor(&self) -> i32 {
        match &self.pinned {
            Some(pinned) if pinned.serving < self.share(pinned.desired) => pinned.serving,
            _ => self.share(self.carried()),
        }
    }

    /// The floor once the old group has left: whatever that one scales to, the new one's own desired size is what
    /// counts, and it may be smaller than what was carried.
    pub(crate) fn floor_alone(&self) -> i32 {
        let own = self.new.as_ref().map_or(0, |new| self.share(new.desired));
        self.floor().min(own)
    }

    /// How many instances of the new group serve.
    pub(crate) fn new_serving(&self) -> i32 {
        self.new.as_ref().map_or(0, |new| new.serving(&self.wanted.balancers, &self.health))
    }

    /// How many instances of the old group serve, by the load balancers it had when it was pinned.
    pub(crate) fn old_serving(&self) -> i32 {
        let Some(old) = &self.old else { return 0 };
        let balancers = self.pinned.as_ref().map_or(&old.balancers, |pinned| &pinned.balancers);
        old.serving(balancers, &self.health)
    }

    /// Whether enough instances of the new group serve, with `alone` once the old one has left; otherwise what is
    /// missing.
    pub(crate) fn guard(&self, alone: bool) -> Result<(), String> {
        let floor = if alone { self.floor_alone() } else { self.floor() };
        let (serving, bare) = (self.new_serving(), self.bare_zones());
        if serving < floor {
            return Err(format!("the new group serves with {serving} instances, and the floor is {floor}"));
        }
        match !alone && self.zoned && !bare.is_empty() {
            true => Err(format!(
                "no instance of the new group serves in {}, and the load balancer keeps to its zones",
                bare.join(", ")
            )),
            false => Ok(()),
        }
    }

    /// The zones in which instances of the old group are in service and none of the new one serves.
    fn bare_zones(&self) -> Vec<&str> {
        let serves = |id: &str| self.wanted.balancers.iter().all(|name| self.health.passes(name, id));
        let old = self.old.iter().flat_map(Group::ready).map(|member| member.zone.as_str());
        let new = self.new.iter().flat_map(Group::ready).filter(|member| serves(&member.id));
        let covered: BTreeSet<&str> = new.map(|member| member.zone.as_str()).collect();
        old.collect::<BTreeSet<&str>>().difference(&covered).copied().collect()
    }
}

/// The condition that a phase wants to hold for a while.
pub(crate) fn steady(phase: Phase, o: &Observed) -> bool {
    match phase {
        Phase::Pin => o.pinned.is_some() || o.old_serving() >= o.share(o.carried()),
        Phase::Attach | Phase::Match => o.new.is_some() && o.new_serving() >= o.target(),
        Phase::Bake => o.guard(true).is_ok(),
        _ => true,
    }
}

/// What a phase does next.
pub(crate) fn next(phase: Phase, o: &Observed) -> Next {
    match phase {
        Phase::Pin => pin(o),
        Phase::Scale => with_new(o, scale),
        Phase::Attach => with_new(o, attach),
        Phase::Match => with_new(o, match_sizes),
        Phase::Detach => detach(o),
        Phase::Bake => bake(o),
        Phase::Finalise => with_new(o, finalise),
        Phase::Retire => o.old.as_ref().map_or(Next::Done, end::empty),
        Phase::Repin | Phase::Return | Phase::Leave | Phase::Shrink | Phase::Remove | Phase::Unpin => {
            back::next(phase, o)
        }
    }
}

/// AWS may not show a group at once that it has just made.
fn with_new(o: &Observed, then: fn(&Observed, &Group) -> Next) -> Next {
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
    // The reason is prose; AWS has no code for it.
    let by_aws = old.suspended.iter().find(|(_, reason)| reason.contains("dministratively"));
    match (&o.pinned, by_aws) {
        (None, Some((process, reason))) => {
            Next::Stuck(format!("AWS has suspended {process}: {reason}; resume it first"))
        }
        (None, None) if !steady(Phase::Pin, o) && o.held.broken < PATIENCE => Next::Wait(format!(
            "more of the old group: {} instances serve, and the floor becomes what serves",
            of(o.old_serving(), old.desired)
        )),
        (None, None) => Next::Act(Act::Note(originals(o, old))),
        _ if old.min < old.desired => resize(old, Some(old.desired), None, None),
        _ if !old.suspended.contains_key(REBALANCE) => {
            Next::Act(Act::Suspend { group: old.name.clone(), processes: vec![REBALANCE.to_owned()] })
        }
        _ => Next::Done,
    }
}

fn originals(o: &Observed, old: &Group) -> Pinned {
    Pinned {
        min: old.min,
        max: old.max,
        desired: old.desired,
        health_check_type: old.health_check_type.clone(),
        suspended: old.suspended.keys().cloned().collect(),
        balancers: old.balancers.clone(),
        serving: o.old_serving(),
    }
}

fn scale(o: &Observed, new: &Group) -> Next {
    let target = o.target();
    if new.desired < target || new.min < target {
        return grow(o, new, target);
    }
    let ready = super::group::count(new.ready().count());
    match o.activities.given_up(new.desired) {
        Some(reason) => Next::Stuck(reason),
        None if ready >= new.desired => Next::Done,
        None => {
            Next::Wait(because(format!("{} new instances in service", of(ready, new.desired)), &o.activities))
        }
    }
}

fn grow(o: &Observed, new: &Group, target: i32) -> Next {
    let max = o.wanted.max.max(target);
    resize(new, Some(target), (new.max < max).then_some(max), Some(target.max(new.desired)))
}

fn because(waiting: String, activities: &Activities) -> String {
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
        None if steady(Phase::Attach, o) && o.held.polls >= STABLE_POLLS => Next::Done,
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
    if !steady(Phase::Match, o) {
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

fn finalise(o: &Observed, new: &Group) -> Next {
    let wanted = &o.wanted;
    if (new.min, new.max) != (wanted.min, wanted.max) {
        let desired = new.desired.clamp(wanted.min, wanted.max.max(wanted.min));
        return resize(new, Some(wanted.min), Some(wanted.max), Some(desired));
    }
    let resumed: Vec<String> =
        new.suspended.keys().filter(|name| !wanted.suspended.contains(*name)).cloned().collect();
    let missing = |name: &&String| !new.suspended.contains_key(*name);
    let suspended: Vec<String> = wanted.suspended.iter().filter(missing).cloned().collect();
    let group = new.name.clone();
    match (resumed.is_empty(), suspended.is_empty()) {
        (false, _) => Next::Act(Act::Resume { group, processes: resumed }),
        (true, false) => Next::Act(Act::Suspend { group, processes: suspended }),
        (true, true) => Next::Done,
    }
}

#[cfg(test)]
mod tests;
