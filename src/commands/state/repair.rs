//! `infra state repair`: what is damaged, from what is not. Copies of all that is replaced stay.

use infra_engine::repair::{Found, JournalRepair, Repair, StateRepair, examine};
use infra_engine::state::State;
use infra_engine::state_file;
use infra_engine::store::{LoadError, StateStore, StoreError};
use sha2::{Digest, Sha256};

use super::place;
use crate::commands::Exit;
use crate::error::{CommandResult, unreadable};
use crate::render;
use crate::settings::Settings;
use crate::store::{Access, Place};
use crate::terminal::Terminal;

pub async fn run(dry_run: bool, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    let place = place(settings)?;
    let access = if dry_run { Access::Read } else { Access::Write("infra state repair") };
    let store = place.open(access, settings).await?;
    let found = found(&*store).await?;
    let repair = examined(&found, &place)?;
    terminal.print(&render::repair::text(&repair, &place));
    match dry_run {
        true if !repair.is_none() => terminal.print("\nNothing was written: this was a dry run.\n"),
        true => {}
        false => {
            for copy in carry_out(&*store, &found, &repair).await? {
                terminal.print(&format!("A copy of what was there: {copy}\n"));
            }
        }
    }
    Ok(if repair.leaves_something() { Exit::Error } else { Exit::Ok })
}

/// What is there. What is not damaged but cannot be read, for want of a key or of the network, is an error.
async fn found(store: &dyn StateStore) -> Result<Found, StoreError> {
    let state = match store.load().await {
        Err(error) if error.damaged => Err(error.message),
        read => Ok(read?),
    };
    let backup = match store.backup().await {
        Err(error) if error.damaged => None,
        read => read?,
    };
    Ok(Found { state, backup, journal: store.journal_load().await? })
}

fn examined(found: &Found, place: &Place) -> CommandResult<Repair> {
    Ok(examine(found).map_err(|error| unreadable(&LoadError::from(error)).at(place))?)
}

/// Does it, and gives the places of the copies. The journal comes first: killed in between, the next repair finds the
/// state as it was.
async fn carry_out(
    store: &dyn StateStore,
    found: &Found,
    repair: &Repair,
) -> Result<Vec<String>, StoreError> {
    let mut copies = Vec::new();
    if let (JournalRepair::Cut { .. } | JournalRepair::PutAway, Some(journal)) =
        (&repair.journal, &found.journal)
    {
        copies.push(store.keep(&label("journal", journal), journal).await?);
    }
    if let Some(lines) = repair.journal_lines() {
        store.journal_replace(&lines).await?;
    }
    let Some(state) = state_of(repair) else { return Ok(copies) };
    if let Ok(Some(bytes)) = &found.state {
        copies.push(store.keep(&label("state", bytes), bytes).await?);
    }
    if let (StateRepair::Restore(restore), Some(backup)) = (&repair.state, &found.backup) {
        copies.push(store.keep(&restore.backup.to_string(), backup).await?);
    }
    store.save(&state_file::write(state)).await?;
    // What was damaged became the backup: now the state is its own.
    store.save(&state_file::write(state)).await?;
    Ok(copies)
}

/// The state that is to be saved.
fn state_of(repair: &Repair) -> Option<&State> {
    match &repair.state {
        StateRepair::Mend { state, flaws } if flaws.iter().any(|flaw| flaw.has_one_answer()) => Some(state),
        StateRepair::Restore(restore) | StateRepair::Advance(restore) => Some(&restore.state),
        StateRepair::None | StateRepair::Mend { .. } | StateRepair::Lost { .. } => None,
    }
}

/// A label by which copies of different things do not meet.
fn label(what: &str, bytes: &[u8]) -> String {
    format!("{what}-{}", &hex::encode(Sha256::digest(bytes))[..8])
}
