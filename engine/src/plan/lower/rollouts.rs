//! The order in which users are moved: what serves does so behind the new way in before anything leads users there,
//! and nothing old ends before all that led users to it leads them elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use infra_lang::address::Address;

use super::After;
use super::parts::Parts;
use crate::change::{Action, Change};
use crate::id::ChangeId;
use crate::links::{Links, of_state, reach};
use crate::plan::draft::Draft;

/// Adds what this asks for to the order.
pub(super) fn order(parts: &BTreeMap<Address, Parts>, draft: &Draft<'_>, after: &mut After) {
    let before: Links = of_state(draft.input.state);
    let leading = draft.changes.values().filter(|change| leads(draft, change));
    for (leader, own) in leading.filter_map(|change| Some((change, parts.get(&change.address)?))) {
        for address in draft.changes.keys().filter(|address| serves_beside(draft, &before, leader, address)) {
            let Some(serving) = parts.get(address) else { continue };
            retire_after(&serving.late, own, after);
            if leader.rollout.is_some() && leader.rollout.as_ref().map(|it| &it.of) == of(draft, address) {
                own.first.iter().for_each(|first| after[*first].extend(&serving.last));
                for part in parts_of(parts, &before, address) {
                    retire_after(&part.late, own, after);
                }
            }
        }
    }
}

fn retire_after(retires: &[usize], leader: &Parts, after: &mut After) {
    retires.iter().for_each(|retire| after[*retire].extend(leader.last.iter().chain(&leader.late)));
}

/// Whether a change may lead users elsewhere.
fn leads(draft: &Draft<'_>, change: &Change) -> bool {
    let stays = !matches!(change.action, Action::Delete | Action::Forget | Action::Prune);
    stays && draft.input.provider.kind(&change.kind).is_some_and(|kind| kind.leads_users())
}

fn of<'d>(draft: &'d Draft<'_>, address: &Address) -> Option<&'d Address> {
    draft.changes.get(address)?.rollout.as_ref().map(|rollout| &rollout.of)
}

/// Whether an object serves, now or before, behind a way in that the leader leads, or led, users to.
fn serves_beside(draft: &Draft<'_>, before: &Links, leader: &Change, address: &Address) -> bool {
    let serves = draft.input.provider.kind(&address.kind).is_some_and(|kind| kind.serves_behind().is_some());
    let near = |from: &Address| -> BTreeSet<Address> {
        let linked = |links: &Links| links.get(from).cloned().unwrap_or_default();
        linked(&draft.links).into_iter().chain(linked(before)).collect()
    };
    serves && !near(&leader.address).is_disjoint(&near(address))
}

/// What belonged to an old object that serves on, such as its policies: it stays as long.
fn parts_of<'p>(
    parts: &'p BTreeMap<Address, Parts>,
    before: &Links,
    owner: &Address,
) -> impl Iterator<Item = &'p Parts> {
    let belongs = move |address: &Address| !reach(before, address, &|found| found == owner).is_empty();
    parts.iter().filter(move |(address, _)| belongs(address)).map(|(_, parts)| parts)
}

/// The changes of each rollout.
pub(super) fn together(draft: &Draft<'_>) -> Vec<BTreeSet<ChangeId>> {
    let mut together: BTreeMap<&Address, BTreeSet<ChangeId>> = BTreeMap::new();
    for (at, change) in draft.changes.values().enumerate() {
        if let Some(rollout) = &change.rollout {
            together.entry(&rollout.of).or_default().insert(ChangeId(at));
        }
    }
    together.into_values().filter(|changes| changes.len() > 1).collect()
}
