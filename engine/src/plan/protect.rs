//! `prevent_destroy`.

use super::draft::Draft;
use super::keep::Fates;
use super::{Problem, ProblemKind, Renamed};
use crate::change::{Action, Change};
use crate::moved::covers;

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
            let about = |it: &&Renamed| covers(&it.from, address);
            let hint = match draft.renamed.iter().find(about) {
                Some(block) => format!("if it has another address now, say so:\n\n{block}\n"),
                None => "apply it with `prevent_destroy = false` first".to_owned(),
            };
            Some(problem(message).hint(hint))
        }
        Action::Replace(_) if !fates.stays(address, &prior.id) => {
            let object = draft.input.desired.objects.get(address)?;
            let message = format!("`{address}` is protected and would be destroyed to be made anew");
            let hint = "set `prevent_destroy = false`, or take back what makes a new one necessary";
            object.lifecycle.prevent_destroy.then(|| problem(message).hint(hint))
        }
        _ => None,
    }
}
