//! Opening the journal.

use super::{Apply, ApplyError};
use crate::journal_file;
use crate::seal::seal_plan;
use crate::store::{StoreError, load_journal, save_state};

/// Makes the journal ready for the next event: a fresh one begins with the sealed plan, one that goes on gets an empty
/// line behind what a crash may have torn. A first state is saved before anything is done, so that its lineage and its
/// key outlive a crash.
pub(super) async fn begin(apply: &Apply<'_>) -> Result<(), ApplyError> {
    match load_journal(apply.store).await? {
        Some(journal) if !journal.events.is_empty() => {
            let goes_on = journal.plan.header == apply.plan.header && journal.events == apply.events;
            if goes_on { end_torn_line(apply).await } else { Err(ApplyError::Unfinished) }
        }
        // Nothing has been done under a journal without events.
        _ if apply.events.is_empty() => first_line(apply).await,
        _ => Err(ApplyError::Unfinished),
    }
}

/// The first empty line ends a torn one, the second is the empty line after it.
async fn end_torn_line(apply: &Apply<'_>) -> Result<(), ApplyError> {
    apply.store.journal_append("").await?;
    Ok(apply.store.journal_append("").await?)
}

async fn first_line(apply: &Apply<'_>) -> Result<(), ApplyError> {
    if apply.store.load().await?.is_none() {
        save_state(apply.store, &apply.state).await?;
    }
    apply.store.journal_clear().await?;
    if apply.plan.steps.steps.is_empty() {
        return Ok(());
    }
    let header = journal_file::header(&seal_plan(apply.plan, &apply.state.key));
    let header = header.map_err(|error| StoreError::new(error.to_string()))?;
    Ok(apply.store.journal_append(&header).await?)
}
