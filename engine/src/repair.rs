//! What can be had again of a state or a journal that is damaged, and what of a state cannot be right. Decides; reads
//! and writes nothing.
//!
//! A state that cannot be read is restored from its backup. What came after the backup is found again: if an apply was
//! under way, its journal's plan knows the objects as they were when it began; else the next apply looks at every step
//! before it acts, and finds what the same step has made before.

mod flaws;

use std::collections::BTreeSet;

use infra_lang::address::Address;

pub use flaws::{Flaw, mended};

use crate::journal::Journal;
use crate::journal_file::{self, JournalFileError};
use crate::moved::rename;
use crate::plan::Plan;
use crate::state::{Physical, Record, State};
use crate::state_file;

/// What a store holds, as far as it can be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The state's bytes; or why not even those can be had, as of an encrypted file that is cut short.
    pub state: Result<Option<Vec<u8>>, String>,
    /// The backup's bytes.
    pub backup: Option<Vec<u8>>,
    /// The journal's bytes.
    pub journal: Option<Vec<u8>>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub struct Repair {
    /// About the state.
    pub state: StateRepair,
    /// About the journal.
    pub journal: JournalRepair,
}

/// What is to be done about a state.
#[derive(Debug, Clone, PartialEq)]
pub enum StateRepair {
    /// Nothing: it is sound, or there is none.
    None,
    /// It can be read, and something in it cannot be right.
    Mend {
        /// The state without what has one answer.
        state: State,
        /// What is wrong.
        flaws: Vec<Flaw>,
    },
    /// It cannot be read, and its backup can.
    Restore(Restore),
    /// It is of before the journal began, as if somebody had put the backup in its place: it is brought up to there.
    Advance(Restore),
    /// Neither it nor its backup can be read.
    Lost {
        /// Why not the state.
        why: String,
        /// Why not the backup.
        backup: String,
    },
}

/// A state from its backup.
#[derive(Debug, Clone, PartialEq)]
pub struct Restore {
    /// Why the state itself will not do.
    pub why: String,
    /// The serial of the backup.
    pub backup: u64,
    /// What is to be saved: the backup, brought up to where the journal's apply began, if there is one.
    pub state: State,
    /// What the damaged state seems to say otherwise; none if nothing can be made of it.
    pub differences: Option<Vec<Difference>>,
    /// Objects that there were when the journal's apply began, and of which nothing more is known.
    pub unknown: BTreeSet<Address>,
}

/// What a damaged state seems to say of an address, and its backup otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The address.
    pub address: Address,
    /// The ids of its objects in the backup.
    pub backup: Vec<String>,
    /// The ids of its objects in the damaged state.
    pub damaged: Vec<String>,
}

/// What is to be done about a journal.
#[derive(Debug, Clone, PartialEq)]
pub enum JournalRepair {
    /// Nothing: it is sound, or there is none.
    None,
    /// It is damaged: it ends where the damage begins, and the next apply looks at all that may have come after.
    Cut {
        /// Where and how.
        why: String,
        /// What is left: none if not even its plan can be read.
        journal: Option<Box<Journal>>,
    },
    /// It belongs to no state that is here: it is put away.
    PutAway,
    /// There is none, and the next apply is to look at every step before it acts.
    Begin,
}

impl Repair {
    /// Whether something is left that nobody but a person can decide.
    pub fn leaves_something(&self) -> bool {
        match &self.state {
            StateRepair::Lost { .. } => true,
            StateRepair::Mend { flaws, .. } => !flaws.iter().all(Flaw::has_one_answer),
            StateRepair::None | StateRepair::Restore(_) | StateRepair::Advance(_) => false,
        }
    }

    /// Whether there is nothing to do.
    pub fn is_none(&self) -> bool {
        self.state == StateRepair::None && self.journal == JournalRepair::None
    }

    /// The lines that the journal is to hold, if it is to hold others than now. One empty line is the journal of an
    /// apply of which nothing is known.
    pub fn journal_lines(&self) -> Option<Vec<String>> {
        match &self.journal {
            JournalRepair::None => None,
            JournalRepair::PutAway => Some(Vec::new()),
            JournalRepair::Begin => Some(vec![String::new()]),
            JournalRepair::Cut { journal, .. } => {
                let lines = journal.as_ref().and_then(|journal| journal_file::lines(journal).ok());
                Some(lines.unwrap_or_else(|| vec![String::new()]))
            }
        }
    }
}

/// Decides what is to be done.
///
/// # Errors
/// The journal is of another version of the program: only that can go on with it.
pub fn examine(found: &Found) -> Result<Repair, JournalFileError> {
    let extent = found.journal.as_deref().map(journal_file::extent);
    let (journal, damage) = extent.map_or((None, None), |extent| (extent.journal, extent.damage));
    if let Some(newer @ JournalFileError::Unknown(_)) = damage {
        return Err(newer);
    }
    let state = state_repair(found, journal.as_ref());
    let journal = journal_repair(&state, found, journal, damage);
    Ok(Repair { state, journal })
}

fn state_repair(found: &Found, journal: Option<&Journal>) -> StateRepair {
    let read = match &found.state {
        Ok(None) => return StateRepair::None,
        Ok(Some(bytes)) => state_file::read(bytes).map_err(|error| error.to_string()),
        Err(why) => Err(why.clone()),
    };
    match read {
        Ok(state) => match journal.filter(|journal| is_ahead(journal, &state)) {
            Some(journal) => StateRepair::Advance(advance(&state, &journal.plan)),
            None => {
                let (mended, flaws) = mended(state);
                // An unfinished apply goes on with the serial that it began with.
                let state = if journal.is_some() { mended } else { mended.next() };
                if flaws.is_empty() { StateRepair::None } else { StateRepair::Mend { state, flaws } }
            }
        },
        Err(why) => restore(found, why, journal),
    }
}

/// Whether a journal began with a later state of the same history.
fn is_ahead(journal: &Journal, state: &State) -> bool {
    journal.plan.header.lineage == state.lineage && journal.plan.header.serial > state.serial
}

fn restore(found: &Found, why: String, journal: Option<&Journal>) -> StateRepair {
    let missing = || "there is none".to_owned();
    let backup = found.backup.as_deref().ok_or_else(missing);
    let backup = backup.and_then(|bytes| state_file::read(bytes).map_err(|error| error.to_string()));
    let backup = match backup {
        Ok(backup) => backup,
        Err(backup) => return StateRepair::Lost { why, backup },
    };
    let seems = found.state.as_ref().ok().and_then(Option::as_deref).and_then(state_file::glimpse);
    let differences = seems.map(|seems| differences(&backup, &seems));
    let restored = match journal.filter(|journal| is_ahead(journal, &backup)) {
        Some(journal) => advance(&backup, &journal.plan),
        None => Restore {
            why: String::new(),
            backup: backup.serial,
            state: backup,
            differences: None,
            unknown: BTreeSet::new(),
        },
    };
    StateRepair::Restore(Restore { why, differences, ..restored })
}

fn differences(backup: &State, seems: &State) -> Vec<Difference> {
    let ids = |state: &State, address: &Address| -> Vec<String> {
        let record = state.records.get(address);
        record.into_iter().flat_map(Record::objects).map(|object| object.id.to_string()).collect()
    };
    let addresses: BTreeSet<&Address> = backup.records.keys().chain(seems.records.keys()).collect();
    let all = addresses.into_iter().map(|address| Difference {
        address: address.clone(),
        backup: ids(backup, address),
        damaged: ids(seems, address),
    });
    all.filter(|it| it.backup != it.damaged).collect()
}

/// A state brought up to where a plan was made. The plan says of every object what it was: of those it changes as
/// what was before, of the others as they are to stay. Only older objects that nobody touches are not in it.
fn advance(state: &State, plan: &Plan) -> Restore {
    let backup = state.serial;
    let mut state = rename(state, &plan.moves).into_owned();
    for (address, sketch) in &plan.records {
        if let Some(object) = &sketch.refreshed {
            let record = remember(&mut state, address, object.clone());
            record.dependencies = sketch.dependencies.clone();
            record.protected = sketch.protected;
        }
    }
    for change in &plan.changes {
        if let Some(prior) = change.prior.clone() {
            let object = Physical {
                id: prior.id,
                applied: prior.applied,
                observed: prior.observed,
                identity: prior.identity,
            };
            remember(&mut state, &change.address, object);
        }
    }
    let made = |address: &&Address| plan.changes.iter().any(|change| change.address == **address);
    let unknown =
        plan.records.keys().filter(|address| !state.records.contains_key(*address) && !made(address));
    let unknown = unknown.cloned().collect();
    state.serial = plan.header.serial;
    let why =
        format!("it is state {backup}, and an apply that began with state {} is unfinished", state.serial);
    Restore { why, backup, state, differences: None, unknown }
}

/// Makes an object the address's own, unless the address has it already.
fn remember<'s>(state: &'s mut State, address: &Address, object: Physical) -> &'s mut Record {
    let empty = || Record::empty(address.kind.clone());
    let record = state.records.entry(address.clone()).or_insert_with(empty);
    record.former.retain(|former| former.id != object.id);
    let replaced = record.current.replace(object);
    let new = record.current.as_ref().map(|object| &object.id);
    record.former.extend(replaced.filter(|old| Some(&old.id) != new));
    record
}

fn journal_repair(
    state: &StateRepair,
    found: &Found,
    journal: Option<Journal>,
    damage: Option<JournalFileError>,
) -> JournalRepair {
    if let Some(damage) = damage {
        return JournalRepair::Cut { why: damage.to_string(), journal: journal.map(Box::new) };
    }
    let here = match state {
        StateRepair::Restore(restore) | StateRepair::Advance(restore) => Some(restore.state.clone()),
        StateRepair::Mend { state, .. } => Some(state.clone()),
        StateRepair::Lost { .. } => return JournalRepair::None,
        StateRepair::None => {
            found.state.as_ref().ok().and_then(Option::as_deref).and_then(state_file::glimpse)
        }
    };
    match (&journal, here) {
        (Some(journal), Some(here)) if journal.plan.header.lineage != here.lineage => JournalRepair::PutAway,
        (Some(journal), Some(here)) if journal.plan.header.serial >= here.serial => JournalRepair::None,
        _ if matches!(state, StateRepair::Restore(_)) => JournalRepair::Begin,
        _ => JournalRepair::None,
    }
}

#[cfg(test)]
mod tests;
