//! The way back of a roll: the group launches from the old settings again, and the same loop ends what came of the
//! new ones. Instances have to boot, so it takes as long as the way forth.

use super::super::act::Act;
use super::super::back::unpin;
use super::super::group::{Group, Pinned, count};
use super::super::observed::Observed;
use super::super::phase::Next;
use super::fleet::Fleet;
use super::{before, relaunch};

/// The process that must rest while the size is taken back, so that nothing comes that would have to go at once.
const LAUNCH: &str = "Launch";

/// The fleet on its way back: what comes of the new settings is to go, whatever else there is.
fn fleet(o: &Observed) -> Option<Fleet<'_>> {
    Fleet::new(o, |member| o.wanted.launching.made(&member.launched)).map(Fleet::returning)
}

/// Whether nothing is about to come.
pub(super) fn all_back(o: &Observed) -> bool {
    fleet(o).is_some_and(|fleet| fleet.coming() == 0)
}

/// What the way back does next.
pub(super) fn unroll(o: &Observed) -> Next {
    // What was never written down was never changed.
    let Some(pinned) = &o.pinned else { return Next::Done };
    let (Some(group), Some(fleet)) = (&o.old, fleet(o)) else { return super::gone() };
    let rolled = before(o, pinned).is_some();
    if rolled && group.launching == o.wanted.launching {
        return turn(o, group, pinned, &fleet);
    }
    if group.suspended.contains_key(LAUNCH) && !pinned.suspended.contains(LAUNCH) {
        return Next::Act(Act::Resume { group: group.name.clone(), processes: vec![LAUNCH.to_owned()] });
    }
    match rolled && !fleet.wrong.is_empty() {
        true => fleet.next(),
        false if fleet.serving() < fleet.floor() => Next::Wait(fleet.progress()),
        false => unpin(o, pinned),
    }
}

/// Launches from the old settings again, with room for as many as have to be replaced at a time. If fewer have come
/// than were to come, the size shrinks with it; nothing may come just then.
fn turn(o: &Observed, group: &Group, pinned: &Pinned, back: &Fleet<'_>) -> Next {
    let surge = pinned.surge.min(group.desired);
    let (old, new) = (count(back.right.len()), count(back.wrong.len()));
    let size = (group.desired - surge.min(old) + surge.min(new)).max(old + new);
    match size < group.desired && !group.suspended.contains_key(LAUNCH) {
        true => Next::Act(Act::Suspend { group: group.name.clone(), processes: vec![LAUNCH.to_owned()] }),
        false => Next::Act(relaunch(o, group, pinned.launching.clone(), size)),
    }
}
