//! What of a desired object is there already.

use infra_lang::address::Address;
use infra_lang::residual::{Attributes, Values};

use super::draft::Draft;
use super::imports;
use crate::change::{Identity, Reason};
use crate::provider::Observation;
use crate::state::Physical;

/// What of a desired object is there already; objects as AWS tells them now.
#[derive(Clone)]
pub(super) enum Standing {
    /// Nothing, and why.
    Nothing(Reason),
    /// Its object.
    Current(Physical),
    /// An object made from the same inputs that is not the address's now.
    Found(Physical),
    /// Its object, made from other inputs.
    Outdated(Physical),
    /// One that an `import` block names.
    Imported(Physical),
}

/// Finds an object by its id or, if it is content-addressed, by what it is made from.
pub(super) fn find(draft: &Draft<'_>, address: &Address, desired: &Attributes) -> Standing {
    let record = draft.record(address);
    let current = record.and_then(|record| record.current.as_ref());
    let live = current.and_then(|current| draft.live(address, current));
    if let Some(identity) = draft.identities.get(address) {
        if let Some(found) = by_identity(draft, address, identity) {
            let is_current = live.as_ref().is_some_and(|live| live.id == found.id);
            return if is_current { Standing::Current(found) } else { Standing::Found(found) };
        }
        if let Some(live) = live {
            return Standing::Outdated(live);
        }
    }
    if let Some(live) = live {
        return Standing::Current(live);
    }
    let reason = if current.is_some() { Reason::Vanished } else { Reason::New };
    imports::find(draft, address, desired).map_or(Standing::Nothing(reason), Standing::Imported)
}

/// The object made from these inputs: the current one, the newest older one, or one that the state does not have.
fn by_identity(draft: &Draft<'_>, address: &Address, identity: &Identity) -> Option<Physical> {
    let objects = draft
        .record(address)
        .into_iter()
        .flat_map(|record| record.current.iter().chain(record.former.iter().rev()));
    let same =
        |object: &&Physical| object.identity.as_ref().is_some_and(|made| made.digest == identity.digest);
    let recorded = objects.filter(same).find_map(|object| draft.live(address, object));
    recorded.or_else(|| match draft.input.observed.digest(address, &identity.digest)? {
        Observation::Present { id, values } => Some(Physical {
            id: id.clone(),
            applied: Values::new(),
            observed: draft.told(address, values),
            identity: Some(identity.clone()),
        }),
        Observation::Absent => None,
    })
}
