//! Rolling within one group: it grows by `surge`, then instances of the old settings go one by one, each named, and
//! the group launches others in their place; the last `surge` of them are not replaced.
//!
//! The load balancers say who serves, not the group. What is on its way out counts for nothing, what comes counts once
//! it serves, and before each end the floor is looked at anew. An instance that dies while the last of the surge goes
//! may leave the group larger by one: never smaller.

use super::act::Act;
use super::blue_green::{STABLE_POLLS, because, finalise, of, starved};
use super::group::{Group, Pinned};
use super::observed::Observed;
use super::phase::{Looks, Next, Phase, always};
use super::strategy::Strategy;

mod back;
mod fleet;
mod steps;

use fleet::Fleet;

/// The strategy.
pub(crate) const STRATEGY: Strategy = Strategy {
    name: "rolling",
    uses: &["min_in_service", "surge", "batch", "bake", "drain", "timeout", "alarms", "on_failure"],
    second_group: false,
    rolls_back: false,
    problems: steps::problems,
    manner: steps::manner,
    lower: steps::lower,
};

/// The group grows by instances of the new settings.
const SURGE: Phase = Phase { name: "surge", looks: Looks::ARRIVAL, steady: all_there, next: surge };
/// Instances of the old settings are replaced.
const ROLL: Phase = Phase { name: "roll", looks: Looks::ARRIVAL, steady: all_there, next: roll };
/// The new instances serve alone for a while.
const WATCH: Phase = Phase { name: "watch", looks: Looks::BAKING, steady: holds, next: watch };
/// The group gets the sizes of the file.
const RESTORE: Phase = Phase { name: "restore", looks: Looks::NOTHING, steady: always, next: restore };
/// The way back: instances of the old settings take the place of the new ones.
const UNROLL: Phase =
    Phase { name: "unroll", looks: Looks::HEALTH, steady: back::all_back, next: back::unroll };

/// The phases of this strategy, and its way back.
pub(crate) const PHASES: [Phase; 5] = [SURGE, ROLL, WATCH, RESTORE, UNROLL];

/// The processes without which instances are not replaced, or never join the load balancers.
const NEEDED: [&str; 3] = ["Launch", "Terminate", "AddToLoadBalancer"];

fn fleet(o: &Observed) -> Option<Fleet<'_>> {
    Fleet::new(o, |member| !o.wanted.launching.made(&member.launched))
}

fn all_there(o: &Observed) -> bool {
    fleet(o).is_some_and(|fleet| fleet.coming() == 0)
}

fn holds(o: &Observed) -> bool {
    fleet(o).is_some_and(|fleet| fleet.right_serving() >= fleet.floor())
}

fn surge(o: &Observed) -> Next {
    let (Some(group), Some(pinned)) = (&o.old, &o.pinned) else { return gone() };
    if let Some(process) = NEEDED.into_iter().find(|name| group.suspended.contains_key(*name)) {
        let why = format!("{process} is suspended in {}, and rolling needs it; resume it first", group.name);
        return Next::Stuck(why);
    }
    if group.launching != o.wanted.launching {
        let size = group.desired + pinned.surge;
        return Next::Act(relaunch(o, group, o.wanted.launching.clone(), size));
    }
    let Some(fleet) = fleet(o) else { return gone() };
    let (serving, wanted) = (fleet.right_serving(), fleet.surge());
    match serving >= wanted && o.held.polls >= STABLE_POLLS {
        true => Next::Done,
        false => failing(o).map_or_else(
            || waiting(o, format!("{} new instances serve steadily", of(serving, wanted))),
            Next::Stuck,
        ),
    }
}

/// Has a group launch from something else at a size, and gives its instances the time they need: a slow one would
/// be ended and launched anew for ever.
fn relaunch(o: &Observed, group: &Group, from: super::launching::Launching, size: i32) -> Act {
    let patience = i32::try_from(o.wanted.budget.as_secs()).unwrap_or(i32::MAX);
    Act::Relaunch {
        group: group.name.clone(),
        from,
        size,
        max: group.max.max(size),
        grace: group.grace.max(patience),
    }
}

fn roll(o: &Observed) -> Next {
    let Some(fleet) = fleet(o) else { return gone() };
    if fleet.is_through() && o.held.polls >= STABLE_POLLS {
        return Next::Done;
    }
    match fleet.next() {
        Next::Wait(on) => failing(o).or_else(|| stalled(o)).map_or_else(|| waiting(o, on), Next::Stuck),
        next => next,
    }
}

/// Why new instances will not serve any more.
fn failing(o: &Observed) -> Option<String> {
    let late = || {
        let missing = fleet(o).map_or(0, |fleet| fleet.coming());
        (missing > 0 && o.held.lost >= o.wanted.budget).then(|| {
            format!(
                "{missing} of the new instances do not serve after {} minutes",
                o.held.lost.as_secs() / 60
            )
        })
    };
    o.activities.hopeless.clone().or_else(|| starved(o)).or_else(late)
}

/// Why nothing can be ended any more although nothing comes.
fn stalled(o: &Observed) -> Option<String> {
    let fleet = fleet(o).filter(|fleet| !fleet.is_through() && o.held.time >= o.wanted.budget)?;
    Some(format!("{} instances serve, and the floor is {}: none may go", fleet.serving(), fleet.floor()))
}

fn waiting(o: &Observed, on: String) -> Next {
    Next::Wait(because(on, &o.activities))
}

fn watch(o: &Observed) -> Next {
    let Some(fleet) = fleet(o) else { return gone() };
    let (serving, floor) = (fleet.right_serving(), fleet.floor());
    let why = || format!("the group serves with {serving} new instances, and the floor is {floor}");
    let left = o.wanted.bake.saturating_sub(o.held.time);
    match serving >= floor {
        false if o.held.broken >= STABLE_POLLS => Next::Stuck(why()),
        false => Next::Wait(format!("another look: {}", why())),
        true if left.is_zero() => Next::Done,
        true => Next::Wait(format!("the new instances to hold for {} min more", left.as_secs().div_ceil(60))),
    }
}

fn restore(o: &Observed) -> Next {
    o.old.as_ref().map_or_else(gone, |group| finalise(o, group))
}

fn gone() -> Next {
    Next::Stuck("the group is gone".to_owned())
}

/// What a group was launched from before, if it was something else.
fn before<'a>(o: &'a Observed, pinned: &'a Pinned) -> Option<&'a super::launching::Launching> {
    Some(&pinned.launching).filter(|before| **before != o.wanted.launching)
}

#[cfg(test)]
mod tests;
