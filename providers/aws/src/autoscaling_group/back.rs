//! The way back of a swap. Each undo brings about everything the ones before it would have, in the one safe order:
//! the old group serves again before the new one leaves. So it does not matter which step failed, or how far it got.

use super::act::Act;
use super::blue_green::{REBALANCE, check_by, of, resize};
use super::end;
use super::group::{Group, Pinned};
use super::observed::Observed;
use super::phase::{Looks, Next, Phase, always};

type Stage = fn(&Observed, &Pinned) -> Next;

/// The stages in their order, each with the undo that ends with it.
const STAGES: [Stage; 6] = [repin, rejoin, leave, shrink, remove, unpin];

/// The ways back: each ends with the stage of its place.
pub(crate) const PHASES: [Phase; 6] = [
    // The new group is held at its size.
    Phase { name: "repin", looks: Looks::NOTHING, steady: always, next: |o| next(0, o) },
    // The old group joins its load balancers again.
    Phase { name: "return", looks: Looks::HEALTH, steady: always, next: |o| next(1, o) },
    // The new group leaves the load balancers.
    Phase { name: "leave", looks: Looks::HEALTH, steady: always, next: |o| next(2, o) },
    // The new group's instances end.
    Phase { name: "shrink", looks: Looks::HEALTH, steady: always, next: |o| next(3, o) },
    // The new group goes.
    Phase { name: "remove", looks: Looks::HEALTH, steady: always, next: |o| next(4, o) },
    // The old group is as it was.
    Phase { name: "unpin", looks: Looks::HEALTH, steady: always, next: |o| next(5, o) },
];

/// What the undo that ends with the stage `last` does next.
fn next(last: usize, o: &Observed) -> Next {
    // What was never written down was never changed.
    let Some(pinned) = &o.pinned else { return Next::Done };
    if let Some(reason) = too_late(o, pinned) {
        return Next::Stuck(reason.to_owned());
    }
    let stages = STAGES.iter().take(last + 1).map(|stage| stage(o, pinned));
    stages.into_iter().find(|next| *next != Next::Done).unwrap_or(Next::Done)
}

/// Once the old group has begun to end there is nothing to go back to; the new one serves.
fn too_late(o: &Observed, pinned: &Pinned) -> Option<&'static str> {
    match &o.old {
        None => Some("the old group is gone; the new one serves, so run apply again to finish"),
        Some(old) if old.deleting || (old.max == 0 && pinned.max > 0) => {
            Some("the old group has begun to end; the new one serves, so run apply again to finish")
        }
        Some(_) => None,
    }
}

fn repin(o: &Observed, _: &Pinned) -> Next {
    match &o.new {
        Some(new) if new.min < new.desired => resize(new, Some(new.desired), None, None),
        _ => Next::Done,
    }
}

fn rejoin(o: &Observed, pinned: &Pinned) -> Next {
    let Some(old) = &o.old else { return Next::Done };
    let missing: Vec<String> = pinned.balancers.difference(&old.balancers).cloned().collect();
    if !missing.is_empty() {
        return Next::Act(Act::Attach { group: old.name.clone(), balancers: missing });
    }
    let (serving, floor) = (o.old_serving(), o.floor());
    // Whoever does not send requests to the new group need not wait for the old one.
    let exposed = o.new.as_ref().is_some_and(|new| !new.balancers.is_empty());
    match serving >= floor || !exposed {
        true => Next::Done,
        false => Next::Wait(format!("{} old instances serve again", of(serving, floor))),
    }
}

fn leave(o: &Observed, _: &Pinned) -> Next {
    let Some(new) = &o.new else { return Next::Done };
    if new.balancers.is_empty() {
        return left(o, new);
    }
    match new.health_check_type.as_str() {
        "EC2" => Next::Act(Act::Detach {
            group: new.name.clone(),
            balancers: new.balancers.iter().cloned().collect(),
        }),
        _ => check_by(new, "EC2"),
    }
}

fn left(o: &Observed, new: &Group) -> Next {
    match new.registered(&o.wanted.balancers, &o.health) {
        0 => Next::Done,
        left => Next::Wait(format!("{left} new instances to finish their open connections")),
    }
}

fn shrink(o: &Observed, _: &Pinned) -> Next {
    o.new.as_ref().filter(|new| !new.deleting).map_or(Next::Done, end::empty)
}

fn remove(o: &Observed, _: &Pinned) -> Next {
    end::remove(o.new.as_ref())
}

/// The old group is as it was, the mark of the swap is gone.
pub(crate) fn unpin(o: &Observed, pinned: &Pinned) -> Next {
    let Some(old) = &o.old else { return Next::Done };
    if old.health_check_type != pinned.health_check_type {
        // The balancers' word would end instances that they do not know again yet.
        return match (o.old_serving(), o.floor()) {
            (serving, floor) if serving < floor => {
                Next::Wait(format!("{} old instances serve again", of(serving, floor)))
            }
            _ => check_by(old, &pinned.health_check_type),
        };
    }
    if (old.min, old.max) != (pinned.min, pinned.max) {
        return resize(old, Some(pinned.min), Some(pinned.max), None);
    }
    if let Some(grace) = Some(pinned.grace).filter(|grace| *grace != old.grace && pinned.claim.is_some()) {
        return Next::Act(Act::Spare { group: old.name.clone(), grace });
    }
    if old.suspended.contains_key(REBALANCE) && !pinned.suspended.contains(REBALANCE) {
        return Next::Act(Act::Resume { group: old.name.clone(), processes: vec![REBALANCE.to_owned()] });
    }
    match pinned.claim.is_some() && old.claim == pinned.claim {
        true => Next::Act(Act::Release { group: old.name.clone() }),
        false => Next::Done,
    }
}

#[cfg(test)]
mod tests;
