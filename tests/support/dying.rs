//! A store whose process dies while it writes.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use infra_engine::store::{MemoryStore, StateStore, StoreError};
use tokio_util::sync::CancellationToken;

/// When, as seen from a write, the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// In the middle: of a line of the journal half is kept, of anything else nothing.
    During,
    /// When all is kept, and before anything follows from it.
    After,
}

/// A store in memory that dies at one of its writes: that write never returns.
pub struct Dying<'a> {
    kept: &'a MemoryStore,
    at: usize,
    moment: Moment,
    writes: AtomicUsize,
    /// Cancelled when the process has died: whoever drives it drops it then.
    pub died: CancellationToken,
}

impl<'a> Dying<'a> {
    /// Dies at the write number `at`, which counts from 1.
    pub fn new(kept: &'a MemoryStore, at: usize, moment: Moment) -> Self {
        Self { kept, at, moment, writes: AtomicUsize::new(0), died: CancellationToken::new() }
    }

    /// How many writes there were.
    pub fn writes(&self) -> usize {
        self.writes.load(Ordering::Relaxed)
    }

    /// Whether this write is the last one, with the moment.
    fn end(&self) -> Option<Moment> {
        let number = self.writes.fetch_add(1, Ordering::Relaxed) + 1;
        (number == self.at).then_some(self.moment)
    }

    async fn die(&self) -> ! {
        self.died.cancel();
        pending().await
    }
}

#[async_trait]
impl StateStore for Dying<'_> {
    async fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.kept.load().await
    }

    async fn save(&self, state: &[u8]) -> Result<(), StoreError> {
        let end = self.end();
        if end != Some(Moment::During) {
            self.kept.save(state).await?;
        }
        if end.is_some() { self.die().await } else { Ok(()) }
    }

    async fn journal_append(&self, line: &str) -> Result<(), StoreError> {
        let end = self.end();
        match end {
            Some(Moment::During) => {
                let mut bytes = self.kept.journal_load().await?.unwrap_or_default();
                bytes.extend(&line.as_bytes()[..line.len() / 2]);
                self.kept.set_journal(Some(bytes));
            }
            _ => self.kept.journal_append(line).await?,
        }
        if end.is_some() { self.die().await } else { Ok(()) }
    }

    async fn journal_load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.kept.journal_load().await
    }

    async fn journal_clear(&self) -> Result<(), StoreError> {
        let end = self.end();
        if end != Some(Moment::During) {
            self.kept.journal_clear().await?;
        }
        if end.is_some() { self.die().await } else { Ok(()) }
    }
}
