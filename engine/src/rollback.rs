//! The way back. A change that has begun is given up: what was done of it is taken back, in the order that its kind
//! wrote into the plan; it is an event of the journal, so a killed rollback goes on like any apply. A swap that is over
//! is taken back by another: a plan like any other, of one object and what refers to it.

use std::collections::BTreeSet;

use infra_lang::address::Address;
use infra_lang::desired::Desired;
use infra_lang::residual::{Attributes, Residual, Values};

use crate::id::{ChangeId, StepId};
use crate::journal::{IllegalEvent, Journal, JournalEvent};
use crate::journal_file;
use crate::links;
use crate::provider::Kind;
use crate::schedule::Schedule;
use crate::state::{Record, State};
use crate::store::{StateStore, StoreError};

/// A change that can be given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivingUp {
    /// What has the next apply take the change back.
    pub event: JournalEvent,
    /// The titles of the steps that it takes back, the last first.
    pub titles: Vec<String>,
}

/// Why a change cannot be given up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The apply that is unfinished does not change the object.
    #[error("the unfinished apply does not change `{0}`")]
    Unchanged(Address),
    /// Nothing of the change has begun.
    #[error("nothing of the change of `{0}` has begun yet")]
    NotBegun(Address),
    /// Something of the old is gone, or what was done cannot be taken back.
    #[error("the change of `{0}` cannot be taken back: `{1}` has begun")]
    TooLate(Address, String),
    /// The journal is not of its plan.
    #[error(transparent)]
    Journal(#[from] IllegalEvent),
}

/// How the change of an object in an unfinished apply is given up.
///
/// # Errors
/// There is no such change, or there is no way back from where it stands.
pub fn give_up(journal: &Journal, address: &Address) -> Result<GivingUp, Refusal> {
    let schedule = Schedule::replay(&journal.plan.steps, &journal.events)?;
    let position = journal.plan.changes.iter().position(|change| change.address == *address);
    let change = ChangeId(position.ok_or_else(|| Refusal::Unchanged(address.clone()))?);
    let begun: Vec<StepId> = schedule.of_change(change).filter(|step| schedule.has_begun(*step)).collect();
    let Some(last) = begun.last().copied() else { return Err(Refusal::NotBegun(address.clone())) };
    let steps = &journal.plan.steps.steps;
    let undone: Vec<StepId> = begun.into_iter().rev().filter(|step| steps[step.0].undo.is_some()).collect();
    if undone.is_empty() || schedule.is_retiring(change) {
        return Err(Refusal::TooLate(address.clone(), steps[last.0].title.clone()));
    }
    let failure = format!("`infra rollback {address}` takes it back");
    Ok(GivingUp {
        event: JournalEvent::GivenUp { step: last, failure },
        titles: undone.into_iter().map(|step| steps[step.0].title.clone()).collect(),
    })
}

/// Writes down that a change of an unfinished apply is given up, behind what a crash may have torn.
///
/// # Errors
/// The store cannot be written.
pub async fn record(
    store: &dyn StateStore,
    journal: &mut Journal,
    event: JournalEvent,
) -> Result<(), StoreError> {
    let line = journal_file::line(&event, &mut journal.chain);
    let line = line.map_err(|error| StoreError::new(error.to_string()))?;
    for line in ["", "", &line] {
        store.journal_append(line).await?;
    }
    journal.events.push(event);
    Ok(())
}

/// What a rollback wants, and of which objects.
#[derive(Debug, Clone)]
pub struct Return {
    /// The configuration, with the object as it was applied, and launched as it was before its last swap.
    pub desired: Desired,
    /// The object and all that refers to it: nothing else changes.
    pub scope: BTreeSet<Address>,
}

/// Why there is nothing to return to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoReturn {
    /// The configuration does not name it, or it has not been made.
    #[error("`{0}` is not in the configuration, or has not been made yet")]
    Unknown(Address),
    /// Its kind is not swapped.
    #[error("`{0}` is no group: only what is swapped can be rolled back")]
    NotSwapped(Address),
    /// It has not been swapped since the state remembers.
    #[error("the state remembers no swap of `{0}`: there is nothing to return to")]
    NoPrevious(Address),
}

/// What returns an object to how it was launched before its last swap. All else about it stays as it was applied.
///
/// # Errors
/// It is not there, its kind is not swapped, or it was never swapped.
pub fn returning(
    desired: &Desired,
    state: &State,
    kind: &dyn Kind,
    address: &Address,
) -> Result<Return, NoReturn> {
    let unknown = || NoReturn::Unknown(address.clone());
    let returned = kind.rolled_back();
    let mut desired = desired.clone();
    let object = desired.objects.get_mut(address).ok_or_else(unknown)?;
    let record = state.records.get(address).ok_or_else(unknown)?;
    if returned.is_empty() {
        return Err(NoReturn::NotSwapped(address.clone()));
    }
    let previous = record.previous.as_ref().ok_or_else(|| NoReturn::NoPrevious(address.clone()))?;
    object.attributes = as_before(&object.attributes, applied(record), previous, returned);
    let scope = dependents(&desired, address);
    Ok(Return { desired, scope })
}

fn applied(record: &Record) -> Values {
    record.current.as_ref().map(|current| current.applied.clone()).unwrap_or_default()
}

/// References stay, so that they still count; what is written plainly is as it was applied.
fn as_before(written: &Attributes, applied: Values, previous: &Values, returned: &[&str]) -> Attributes {
    let mut attributes: Attributes =
        applied.into_iter().map(|(name, value)| (name, Residual::Known(value))).collect();
    let refers = written.iter().filter(|(_, residual)| residual.known().is_none());
    attributes.extend(refers.map(|(name, residual)| (name.clone(), residual.clone())));
    attributes.retain(|name, _| !returned.contains(&name.as_str()));
    let before = previous.iter().filter(|(name, _)| returned.contains(&name.as_str()));
    attributes.extend(before.map(|(name, value)| (name.clone(), Residual::Known(value.clone()))));
    attributes
}

/// An object and all that refers to it, at any distance.
fn dependents(desired: &Desired, address: &Address) -> BTreeSet<Address> {
    let links = links::direct(desired);
    let mut found = BTreeSet::from([address.clone()]);
    loop {
        let more: Vec<Address> = links
            .iter()
            .filter(|(other, linked)| !found.contains(*other) && !linked.is_disjoint(&found))
            .map(|(other, _)| other.clone())
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}
