//! A process that dies at one of its writes, to its store or to AWS.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use infra_aws::Wire;
use infra_engine::store::{MemoryStore, StateStore, StoreError};
use tokio_util::sync::CancellationToken;

use super::in_process::{Cloud, Look, may_write, operation_of};

/// When the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// In the middle of writing to its store: of a line of the journal half is kept, of anything else nothing.
    During,
    /// When its store has kept all, and before anything follows from it.
    After,
    /// When AWS has done what was asked, and before the answer arrives.
    Unanswered,
    /// When AWS has answered, and before anything is written to its store.
    Untouched,
    /// When AWS has answered, and half of what is written next to its store is there.
    Torn,
}

impl Moment {
    /// Whether it is found by counting the writes to AWS, and not those to the store.
    fn is_of_aws(self) -> bool {
        matches!(self, Self::Unanswered | Self::Untouched | Self::Torn)
    }
}

/// A store in memory whose process dies at one of its writes, or at one to AWS: that write never returns, and none
/// after it is done.
pub struct Dying<'a> {
    kept: &'a MemoryStore,
    at: usize,
    moment: Moment,
    writes: AtomicUsize,
    /// Whether the answer that it dies after is there.
    answered: Arc<AtomicBool>,
    /// Cancelled when the process has died: whoever drives it drops it then.
    pub died: CancellationToken,
}

impl<'a> Dying<'a> {
    /// Dies at the write number `at`, which counts from 1.
    pub fn new(kept: &'a MemoryStore, at: usize, moment: Moment) -> Self {
        let (writes, answered) = (AtomicUsize::new(0), Arc::default());
        Self { kept, at, moment, writes, answered, died: CancellationToken::new() }
    }

    /// Its way to AWS; somebody may look at each request.
    pub fn wire(&self, cloud: &Cloud, look: Option<Look>) -> Wire {
        let wire = cloud.wire(look);
        let (moment, last, count) = (self.moment, self.at, AtomicUsize::new(0));
        let (answered, died) = (Arc::clone(&self.answered), self.died.clone());
        Arc::new(move |request| {
            if died.is_cancelled() {
                return Box::pin(pending());
            }
            let writes = moment.is_of_aws() && may_write(&operation_of(&request));
            let answer = wire(request);
            if !writes || count.fetch_add(1, Ordering::Relaxed) + 1 != last {
                return answer;
            }
            if moment == Moment::Unanswered {
                died.cancel();
                return Box::pin(pending());
            }
            let answered = Arc::clone(&answered);
            Box::pin(async move {
                let answer = answer.await;
                answered.store(true, Ordering::Relaxed);
                answer
            })
        })
    }

    /// How this write to the store ends, if it is the last one. After the last one none begins.
    async fn end(&self) -> Option<Moment> {
        if self.died.is_cancelled() {
            pending().await
        }
        let is_last = match self.moment.is_of_aws() {
            true => self.answered.load(Ordering::Relaxed),
            false => self.writes.fetch_add(1, Ordering::Relaxed) + 1 == self.at,
        };
        is_last.then_some(self.moment)
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
        let end = self.end().await;
        if matches!(end, None | Some(Moment::After)) {
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
        let end = self.end().await;
        match end {
            Some(Moment::During | Moment::Torn) => {
                let mut bytes = self.kept.journal_load().await?.unwrap_or_default();
                bytes.extend(&line.as_bytes()[..line.len() / 2]);
                self.kept.set_journal(Some(bytes));
            }
            Some(Moment::Untouched) => {}
            _ => self.kept.journal_append(line).await?,
        }
        if end.is_some() { self.die().await } else { Ok(()) }
    }

    async fn journal_load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.kept.journal_load().await
    }

    async fn journal_clear(&self) -> Result<(), StoreError> {
        let end = self.end().await;
        if matches!(end, None | Some(Moment::After)) {
            self.kept.journal_clear().await?;
        }
        if end.is_some() { self.die().await } else { Ok(()) }
    }
}
