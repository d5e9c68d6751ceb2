//! A store on a disk that is full at one moment: that write fails, and the process hears it.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use infra_engine::store::{MemoryStore, StateStore, StoreError};

/// What the disk says.
pub const FULL: &str = "No space left on device";

/// A store in memory whose write of a number fails, as all after it do until there is room again. Of a line of the
/// journal a part may have been written.
pub struct Full<'a> {
    kept: &'a MemoryStore,
    at: usize,
    writes: AtomicUsize,
}

impl<'a> Full<'a> {
    /// Full from the write number `at` on, which counts from 1.
    pub fn new(kept: &'a MemoryStore, at: usize) -> Self {
        Self { kept, at, writes: AtomicUsize::new(0) }
    }

    fn room(&self) -> Result<(), StoreError> {
        let number = self.writes.fetch_add(1, Ordering::Relaxed) + 1;
        if number < self.at { Ok(()) } else { Err(StoreError::new(FULL)) }
    }
}

#[async_trait]
impl StateStore for Full<'_> {
    async fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.kept.load().await
    }

    async fn save(&self, state: &[u8]) -> Result<(), StoreError> {
        self.room()?;
        self.kept.save(state).await
    }

    async fn backup(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.kept.backup().await
    }

    async fn keep(&self, label: &str, bytes: &[u8]) -> Result<String, StoreError> {
        self.room()?;
        self.kept.keep(label, bytes).await
    }

    async fn journal_append(&self, line: &str) -> Result<(), StoreError> {
        let room = self.room();
        if room.is_ok() {
            return self.kept.journal_append(line).await;
        }
        let mut bytes = self.kept.journal_load().await?.unwrap_or_default();
        bytes.extend(&line.as_bytes()[..line.len() / 2]);
        self.kept.set_journal(Some(bytes));
        room
    }

    async fn journal_load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.kept.journal_load().await
    }

    async fn journal_clear(&self) -> Result<(), StoreError> {
        self.room()?;
        self.kept.journal_clear().await
    }
}
