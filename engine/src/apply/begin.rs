//! Opening the journal.

use super::{Apply, ApplyError};
use crate::journal_file::{self, Chain};
use crate::seal::seal_plan;
use crate::store::{StoreError, load_journal, save_state};

/// A journal that is ready for its next line.
pub(super) struct Opened {
    /// What that line is written behind.
    pub(super) chain: Chain,
    /// Whether there was one: what has been cut off at the end of a line cannot be seen, so that every step is looked
    /// at before it acts.
    pub(super) resumed: bool,
}

/// Makes the journal ready for the next event: a fresh one begins with the sealed plan, one that goes on gets an empty
/// line behind what a crash may have torn. A first state is saved before anything is done, so that its lineage and its
/// key outlive a crash.
pub(super) async fn begin(apply: &Apply<'_>) -> Result<Opened, ApplyError> {
    match load_journal(apply.store).await? {
        Some(journal) if !journal.events.is_empty() => {
            let goes_on = journal.plan.header == apply.plan.header && journal.events == apply.events;
            if !goes_on {
                return Err(ApplyError::Unfinished);
            }
            end_torn_line(apply).await?;
            Ok(Opened { chain: journal.chain, resumed: true })
        }
        // Nothing has been done under a journal without events.
        found if apply.events.is_empty() => {
            let resumed = found.is_some() || has_lost_its_head(apply).await?;
            Ok(Opened { chain: first_line(apply).await?, resumed })
        }
        _ => Err(ApplyError::Unfinished),
    }
}

/// Whether a journal is there of which not even the first line is whole: after a crash nothing had begun, but if it was
/// cut short later, much may have.
async fn has_lost_its_head(apply: &Apply<'_>) -> Result<bool, ApplyError> {
    let bytes = apply.store.journal_load().await?;
    Ok(bytes.is_some_and(|bytes| journal_file::extent(&bytes).journal.is_none()))
}

/// The first empty line ends a torn one, the second is the empty line after it.
async fn end_torn_line(apply: &Apply<'_>) -> Result<(), ApplyError> {
    apply.store.journal_append("").await?;
    Ok(apply.store.journal_append("").await?)
}

async fn first_line(apply: &Apply<'_>) -> Result<Chain, ApplyError> {
    if apply.store.load().await?.is_none() {
        save_state(apply.store, &apply.state).await?;
    }
    apply.store.journal_clear().await?;
    if apply.plan.steps.steps.is_empty() {
        return Ok(Chain::default());
    }
    let header = journal_file::header(&seal_plan(apply.plan, &apply.state.key));
    let (line, chain) = header.map_err(|error| StoreError::new(error.to_string()))?;
    apply.store.journal_append(&line).await?;
    Ok(chain)
}
