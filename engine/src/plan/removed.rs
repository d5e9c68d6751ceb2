//! What is in the state and no longer in the configuration: it goes, unless a `removed` block says that it is to be left
//! alone.

use std::collections::BTreeMap;

use infra_lang::address::Address;
use infra_lang::desired::Removal;
use infra_lang::residual::Attributes;

use super::RecordSketch;
use super::case::prior_of;
use super::draft::Draft;
use crate::change::{Action, Change, Prior, Reason};
use crate::moved::covers;
use crate::state::{Physical, Record};

/// Decides on every object of the state that nobody wants any more.
pub(super) fn remove(draft: &mut Draft<'_>) {
    let state = draft.input.state;
    let removed =
        state.records.iter().filter(|(address, _)| !draft.input.desired.objects.contains_key(*address));
    for (address, record) in removed {
        let sketch = RecordSketch {
            dependencies: record.dependencies.clone(),
            protected: record.protected,
            gone: draft.gone(address),
            refreshed: None,
        };
        draft.records.insert(address.clone(), sketch);
        let change = match (is_released(draft, address), &record.current) {
            (true, _) => release(draft, address, record),
            (false, Some(current)) => removal(draft, address, record, current),
            (false, None) => None,
        };
        let location = written(draft, address).map(|removal| (draft.input.location)(removal.span));
        draft.changes.extend(change.map(|change| (address.clone(), Change { location, ..change })));
    }
}

/// The `removed` block about an object; where two are, the one that leaves it alone.
fn written<'a>(draft: &Draft<'a>, address: &Address) -> Option<&'a Removal> {
    let about = draft.input.desired.removals.iter().filter(|removal| covers(&removal.from, address));
    about.min_by_key(|removal| removal.destroy)
}

/// Whether a `removed` block says that the objects of an address are to be left alone.
pub(super) fn is_released(draft: &Draft<'_>, address: &Address) -> bool {
    written(draft, address).is_some_and(|removal| !removal.destroy)
}

/// The objects are dropped from the state, the older ones too.
fn release(draft: &mut Draft<'_>, address: &Address, record: &Record) -> Option<Change> {
    let kind = draft.kind(address)?;
    let live = record.current.as_ref().map(|current| draft.live(address, current).unwrap_or(current.clone()));
    let prior = live.map(|live| prior_of(draft, kind, &live));
    let older = record.former.iter().map(|object| object.id.clone()).collect();
    let change = unwanted(address, record, Action::Forget, vec![Reason::Removed, Reason::Released], prior);
    Some(Change { retires: older, ..change })
}

/// The object goes; if AWS no longer has it, it is only forgotten.
fn removal(draft: &mut Draft<'_>, address: &Address, record: &Record, current: &Physical) -> Option<Change> {
    let kind = draft.kind(address)?;
    let (action, reasons, object) = match draft.live(address, current) {
        Some(live) => (Action::Delete, vec![Reason::Removed], live),
        None => (Action::Forget, vec![Reason::Removed, Reason::Vanished], current.clone()),
    };
    let prior = prior_of(draft, kind, &object);
    Some(unwanted(address, record, action, reasons, Some(prior)))
}

/// A change of an object for which nothing is wanted.
pub(super) fn unwanted(
    address: &Address,
    record: &Record,
    action: Action,
    reasons: Vec<Reason>,
    prior: Option<Prior>,
) -> Change {
    Change {
        address: address.clone(),
        kind: record.kind.clone(),
        action,
        reasons,
        attributes: Vec::new(),
        prior,
        desired: Attributes::new(),
        contents: BTreeMap::new(),
        identity: None,
        preconditions: Vec::new(),
        postconditions: Vec::new(),
        rollout: None,
        retires: Vec::new(),
        consequence: None,
        location: None,
        timeouts: BTreeMap::new(),
    }
}
