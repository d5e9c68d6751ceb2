//! Which older objects stay for a rollback, and which go.

use std::collections::{BTreeMap, BTreeSet};

use infra_lang::address::Address;
use infra_lang::residual::Residual;
use infra_lang::value::Value;

use super::case::prior_of;
use super::draft::Draft;
use super::removed::{is_released, unwanted};
use crate::change::{Action, Change, Identity, Reason, ReplaceOrder};
use crate::id::RemoteId;
use crate::seal::each_known;
use crate::state::{Physical, Record};

/// What becomes of the objects that are no longer an address's own.
#[derive(Debug, Default)]
pub(super) struct Fates {
    going: BTreeMap<Address, BTreeSet<RemoteId>>,
    staying: BTreeMap<Address, BTreeSet<RemoteId>>,
}

impl Fates {
    /// Whether an older object, or one that a new one replaces, is left standing.
    pub(super) fn stays(&self, address: &Address, id: &RemoteId) -> bool {
        self.staying.get(address).is_some_and(|ids| ids.contains(id))
    }

    fn goes(&self, address: &Address, id: &RemoteId) -> bool {
        self.going.get(address).is_some_and(|ids| ids.contains(id))
    }
}

/// An object that is not, or will not be, its address's own.
struct Candidate<'a> {
    address: &'a Address,
    object: &'a Physical,
    goes: bool,
}

/// Decides on all older objects. One that an object still mentions which stays, by its id or its digest, stays too.
pub(super) fn fates(draft: &Draft<'_>) -> Fates {
    let records = draft.input.state.records.iter();
    let mut candidates: Vec<Candidate<'_>> =
        records.flat_map(|(address, record)| candidates(draft, address, record)).collect();
    let mut mentioned = mentioned_by_desired(draft);
    loop {
        let staying = candidates.iter().filter(|candidate| !candidate.goes);
        staying.for_each(|candidate| mention(candidate.object, &mut mentioned));
        let spared = candidates
            .iter_mut()
            .filter(|candidate| candidate.goes && is_mentioned(candidate.object, &mentioned));
        if spared.map(|candidate| candidate.goes = false).count() == 0 {
            break;
        }
    }
    let mut fates = Fates::default();
    for candidate in candidates {
        let side = if candidate.goes { &mut fates.going } else { &mut fates.staying };
        side.entry(candidate.address.clone()).or_default().insert(candidate.object.id.clone());
    }
    fates
}

fn candidates<'a>(draft: &Draft<'a>, address: &'a Address, record: &'a Record) -> Vec<Candidate<'a>> {
    let gone = draft.gone(address);
    let own = draft.changes.get(address).and_then(|change| change.prior.as_ref()).map(|prior| &prior.id);
    let adopted = |id: &RemoteId| {
        draft.changes.get(address).is_some_and(|change| change.action == Action::Adopt) && own == Some(id)
    };
    let demoted = record.current.iter().filter(|_| loses_its_place(draft, address, record));
    let older = record.former.iter().chain(demoted);
    let older: Vec<&Physical> =
        older.filter(|object| !gone.contains(&object.id) && !adopted(&object.id)).collect();
    let keep = how_many_stay(draft, address);
    let released = is_released(draft, address);
    let finished = |object: &Physical| !object.applied.is_empty();
    let newer = |at: usize| older[at + 1..].iter().filter(|object| finished(object)).count();
    let goes = |at: usize, object: &Physical| !released && (!finished(object) || newer(at) >= keep);
    older
        .iter()
        .enumerate()
        .map(|(at, object)| Candidate { address, object, goes: goes(at, object) })
        .collect()
}

/// Whether the current object is about to become an older one, and whether it then goes is decided here. The old
/// group of a swap, and what has to go first, always go.
fn loses_its_place(draft: &Draft<'_>, address: &Address, record: &Record) -> bool {
    let Some(change) = draft.changes.get(address) else { return false };
    match change.action {
        Action::Replace(ReplaceOrder::NewFirst) | Action::Adopt => true,
        // An image that is still needed is not deregistered because its block is gone.
        Action::Delete => record.current.as_ref().is_some_and(|current| current.identity.is_some()),
        _ => false,
    }
}

fn how_many_stay(draft: &Draft<'_>, address: &Address) -> usize {
    match (draft.desired.get(address), draft.input.provider.kind(&address.kind)) {
        (Some(desired), Some(kind)) => kind.keep(desired),
        _ => 0,
    }
}

fn mentioned_by_desired(draft: &Draft<'_>) -> BTreeSet<String> {
    let mut mentioned = BTreeSet::new();
    for residual in draft.desired.values().flat_map(|attributes| attributes.values()) {
        texts_of(residual, &mut mentioned);
    }
    draft.identities.values().for_each(|identity| mention_inputs(identity, &mut mentioned));
    mentioned
}

fn mention(object: &Physical, mentioned: &mut BTreeSet<String>) {
    object.applied.values().for_each(|value| texts(value, mentioned));
    object.identity.iter().for_each(|identity| mention_inputs(identity, mentioned));
}

fn mention_inputs(identity: &Identity, mentioned: &mut BTreeSet<String>) {
    mentioned.extend(identity.inputs.values().cloned());
}

fn is_mentioned(object: &Physical, mentioned: &BTreeSet<String>) -> bool {
    let digest = object.identity.as_ref().map(|identity| &identity.digest);
    mentioned.contains(&object.id.0) || digest.is_some_and(|digest| mentioned.contains(digest))
}

fn texts_of(residual: &Residual, found: &mut BTreeSet<String>) {
    each_known(residual, &mut |value| texts(value, found));
}

/// All texts inside a value, secrets apart.
pub(crate) fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            found.insert(text.clone());
        }
        Value::List(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Set(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Map(entries) => entries.values().for_each(|value| texts(value, found)),
        Value::Sensitive(_)
        | Value::Sealed(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Quantity(_) => {}
    }
}

/// Writes the decision into the changes.
pub(super) fn carry_out(draft: &mut Draft<'_>, fates: &Fates) {
    for (address, record) in &draft.input.state.records {
        spare(draft, address, fates);
        let own = draft.changes.get(address).filter(|change| change.action != Action::Adopt);
        let own = own.and_then(|change| change.prior.as_ref()).map(|prior| prior.id.clone());
        let older = record.former.iter().chain(&record.current).map(|object| &object.id);
        let retires: Vec<RemoteId> =
            older.filter(|id| fates.goes(address, id) && own.as_ref() != Some(*id)).cloned().collect();
        if retires.is_empty() {
            continue;
        }
        if !draft.changes.contains_key(address) {
            let Some(change) = prune(draft, address, record) else { continue };
            draft.changes.insert(address.clone(), change);
        }
        draft.changes.entry(address.clone()).and_modify(|change| change.retires = retires);
    }
}

/// Takes the removal of an image back that something still needs.
fn spare(draft: &mut Draft<'_>, address: &Address, fates: &Fates) {
    let spared = draft.changes.get(address).is_some_and(|change| {
        let stays = change.prior.as_ref().is_some_and(|prior| fates.stays(address, &prior.id));
        change.action == Action::Delete && stays
    });
    if spared {
        draft.changes.remove(address);
        draft.notes.push(format!("`{address}` is kept, though its block is gone: something still needs it"));
    }
}

/// Nothing but older objects go.
fn prune(draft: &mut Draft<'_>, address: &Address, record: &Record) -> Option<Change> {
    let kind = draft.kind(address)?;
    let live = record.current.as_ref().and_then(|current| draft.live(address, current));
    let prior = live.map(|live| prior_of(draft, kind, &live));
    Some(unwanted(address, record, Action::Prune, vec![Reason::Superseded], prior))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_deep_inside_and_never_inside_secrets() {
        let secret = Value::Sensitive(Box::new(Value::string("ami-2")));
        let mut found = BTreeSet::new();
        texts(&Value::List(vec![Value::string("ami-1"), secret]), &mut found);
        assert_eq!(found, BTreeSet::from(["ami-1".to_owned()]));
    }
}
