//! What is in the state and no longer in the configuration.

use std::collections::BTreeMap;

use infra_lang::address::Address;
use infra_lang::residual::Attributes;

use super::RecordSketch;
use super::case::prior_of;
use super::draft::Draft;
use crate::change::{Action, Change, Prior, Reason};
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
        if let Some(current) = &record.current {
            let change = removal(draft, address, record, current);
            draft.changes.extend(change.map(|change| (address.clone(), change)));
        }
    }
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
        retires: Vec::new(),
        consequence: None,
        location: None,
        timeouts: BTreeMap::new(),
    }
}
