//! `prevent_destroy`: it lives in the state, so that deleting a block does not lift it. Only applying
//! `prevent_destroy = false` does, which is a change of its own.

use std::collections::BTreeMap;

use infra_lang::address::Address;
use infra_lang::desired::Desired;

use super::draft::Draft;
use super::keep::Fates;
use super::{Problem, ProblemKind, Protection, RecordSketch};
use crate::change::{Action, Change};
use crate::moved::covers;
use crate::state::State;

/// Reports every protected object that would be destroyed, also when its block is gone. A swap is no destruction: the
/// group goes on under another name.
pub(super) fn check(draft: &mut Draft<'_>, fates: &Fates) {
    let problems: Vec<Problem> =
        draft.changes.values().filter_map(|change| refusal(draft, fates, change)).collect();
    draft.problems.extend(problems);
}

fn refusal(draft: &Draft<'_>, fates: &Fates, change: &Change) -> Option<Problem> {
    let address = &change.address;
    let prior = change.prior.as_ref()?;
    let problem = |message: String| {
        Problem::new(ProblemKind::Protected, message).of(address).at(change.location.clone())
    };
    match change.action {
        Action::Delete if draft.record(address)?.protected => {
            let message = format!("`{address}` is protected and would be destroyed");
            let about = |it: &&super::Renamed| covers(&it.from, address);
            let hint = match draft.renamed.iter().find(about) {
                Some(block) => format!("if it has another address now, say so:\n\n{block}\n"),
                None => "apply it with `prevent_destroy = false` first".to_owned(),
            };
            Some(problem(message).hint(hint))
        }
        Action::Replace(_) if !fates.stays(address, &prior.id) => {
            let object = draft.input.desired.objects.get(address)?;
            let message = format!("`{address}` is protected and would be destroyed to be made anew");
            match (object.lifecycle.prevent_destroy, draft.record(address)?.protected) {
                (false, false) => None,
                (false, true) => Some(problem(message).hint(
                    "apply `prevent_destroy = false` alone first, and then what makes a new one necessary",
                )),
                (true, _) => Some(
                    problem(message)
                        .hint("set `prevent_destroy = false`, or take back what makes a new one necessary"),
                ),
            }
        }
        _ => None,
    }
}

/// What becomes of the protection of objects that stand and are wanted.
pub(super) fn changes(
    state: &State,
    desired: &Desired,
    records: &BTreeMap<Address, RecordSketch>,
) -> BTreeMap<Address, Protection> {
    let wanted = records.iter().filter(|(address, _)| desired.objects.contains_key(*address));
    let changed = wanted.filter_map(|(address, sketch)| {
        match (state.records.get(address)?.protected, sketch.protected) {
            (false, true) => Some((address.clone(), Protection::Given)),
            (true, false) => Some((address.clone(), Protection::Lifted)),
            (true, true) | (false, false) => None,
        }
    });
    changed.collect()
}
