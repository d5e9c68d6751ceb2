//! Which comes first when objects that refer to one another are replaced.

use infra_lang::address::Address;

use super::draft::Draft;
use super::keep::Fates;
use crate::change::{Action, ReplaceOrder};

const NEW_FIRST: Action = Action::Replace(ReplaceOrder::NewFirst);
const OLD_FIRST: Action = Action::Replace(ReplaceOrder::OldFirst);

/// An object whose old one has to go first cannot go while another old one refers to it: whatever refers to it and is
/// replaced as well goes first too. Objects that leave the old one standing are not concerned.
pub(super) fn cascade(draft: &mut Draft<'_>, order: &[Address], fates: &Fates) {
    for address in order {
        let follows = draft.changes.get(address).is_some_and(|change| {
            let stays = change.prior.as_ref().is_some_and(|prior| fates.stays(address, &prior.id));
            change.action == NEW_FIRST && !stays
        });
        if follows
            && refers_to_old_first(draft, address)
            && let Some(change) = draft.changes.get_mut(address)
        {
            change.action = OLD_FIRST;
        }
    }
}

fn refers_to_old_first(draft: &Draft<'_>, address: &Address) -> bool {
    let before = draft.record(address).map(|record| &record.dependencies);
    let mut referred = before.into_iter().flatten();
    referred.any(|other| draft.changes.get(other).is_some_and(|change| change.action == OLD_FIRST))
}
