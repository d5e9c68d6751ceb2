//! A process that dies at one of its writes, to its store or to AWS.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use infra_engine::store::{MemoryStore, StateStore, StoreError};
use infra_local_aws::service::Access;
use tokio_util::sync::CancellationToken;

use super::in_process::{Cloud, Look};

/// When the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// In the middle of writing to its store: of a line of the journal half is kept, of anything else nothing.
    During,
    /// When its store has kept all, and before anything follows from it.
    After,
    /// When AWS has done what was asked, and before the answer arrives.
    Unanswered,
}

/// A store in memory that dies at one of its writes, or that of AWS: that write never returns.
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

    /// Looks at each request whether it is the one to die at.
    pub fn at_requests(&self, also: Option<Look>) -> Look {
        let (at, died) = (self.at as u64, self.died.clone());
        let mortal = self.moment == Moment::Unanswered;
        Arc::new(move |cloud| {
            if let Some(also) = &also {
                also(cloud);
            }
            if mortal && aws_writes(cloud) == at {
                died.cancel();
            }
        })
    }

    /// Whether this write is the last one, with the moment.
    fn end(&self) -> Option<Moment> {
        if self.moment == Moment::Unanswered {
            return None;
        }
        let number = self.writes.fetch_add(1, Ordering::Relaxed) + 1;
        (number == self.at).then_some(self.moment)
    }

    async fn die(&self) -> ! {
        self.died.cancel();
        pending().await
    }
}

/// How many calls have changed something.
fn aws_writes(cloud: &Cloud) -> u64 {
    let calls = cloud.aws.calls();
    calls.iter().filter(|((_, _, access), _)| *access == Access::Write).map(|(_, count)| count).sum()
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

    async fn backup(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.kept.backup().await
    }

    async fn keep(&self, label: &str, bytes: &[u8]) -> Result<String, StoreError> {
        self.kept.keep(label, bytes).await
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
