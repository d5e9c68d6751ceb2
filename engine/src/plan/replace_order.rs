//! Which comes first when objects that refer to one another are replaced.

use infra_lang::address::Address;

use super::draft::Draft;
use super::keep::Fates;
use crate::change::{Action, ReplaceOrder};
use crate::links::reach;

const NEW_FIRST: Action = Action::Replace(ReplaceOrder::NewFirst);
const OLD_FIRST: Action = Action::Replace(ReplaceOrder::OldFirst);

/// An object whose old one has to go first cannot go while another old one refers to it, whose new one needs the new
/// one: such another goes first too, if it is replaced as well. Objects that leave their old one standing are not
/// concerned.
pub(super) fn cascade(draft: &mut Draft<'_>, order: &[Address], fates: &Fates) {
    for address in order {
        let follows = draft.changes.get(address).is_some_and(|change| {
            let stays = change.prior.as_ref().is_some_and(|prior| fates.stays(address, &prior.id));
            change.action == NEW_FIRST && !stays
        });
        if follows
            && !going_below(draft, address).is_empty()
            && let Some(change) = draft.changes.get_mut(address)
        {
            change.action = OLD_FIRST;
        }
    }
    note_gaps(draft);
}

/// What an object referred to and needs again, at whatever distance, that goes before it comes again.
fn going_below(draft: &Draft<'_>, address: &Address) -> Vec<Address> {
    let before = draft.record(address).map(|record| &record.dependencies);
    let old_first =
        |other: &&Address| draft.changes.get(*other).is_some_and(|change| change.action == OLD_FIRST);
    let still = |other: &&Address| !reach(&draft.links, address, &|found| found == *other).is_empty();
    before.into_iter().flatten().filter(old_first).filter(still).cloned().collect()
}

/// Tells of every object that stands while what it uses goes and comes again: AWS may refuse it, users may notice.
fn note_gaps(draft: &mut Draft<'_>) {
    for address in draft.input.desired.objects.keys() {
        if draft.changes.get(address).is_some_and(|change| change.action == OLD_FIRST) {
            continue;
        }
        for other in going_below(draft, address) {
            let note = format!("`{other}` goes before its new one can come, while `{address}` still uses it");
            draft.notes.push(note);
        }
    }
}
