//! State that several share: objects of an S3 bucket. For the key `K`, `K` is the state, `K.lock` the lease, `K.journal`
//! the journal, `K.events` what has come after it ([`shared_journal`]), `K.backup` the state before the last save.
//!
//! Every write is on the condition that the object is still as we know it, and carries the token of the lease, so that
//! one whose lease was taken over cannot write any of them. The journal is written on this machine first: what is
//! done while S3 is out of reach is sent up as soon as it can be.

mod open;
mod slot;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use infra_aws::bucket::{Bucket, Patience};
use infra_engine::fence::Fence;
use infra_engine::provider::ProviderError;
use infra_engine::shared_journal;
use infra_engine::store::{StateStore, StoreError};
use tokio::sync::Mutex;

use super::disk::DiskStore;
use super::lease::Held;
use crate::error::provider_complaint;
use slot::{Slot, Unwritten};

pub use open::{holder, locked, read_only, returned, unlock};

/// Where a shared state is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedPlace {
    /// The bucket.
    pub bucket: String,
    /// The key of the state; the other objects' begin with it.
    pub key: String,
    /// The bucket's region.
    pub region: String,
    /// The KMS key that all is encrypted with.
    pub kms_key_id: Option<String>,
    /// The state's place on this machine: what stands beside it is the journal that is written first.
    pub here: PathBuf,
}

impl SharedPlace {
    /// A place in a bucket of a region; `hidden` is the folder of this machine's half of it.
    pub fn new(bucket: &str, key: &str, region: &str, hidden: PathBuf) -> Self {
        Self {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            region: region.to_owned(),
            kms_key_id: None,
            here: hidden.join("shared").join(bucket).join(key),
        }
    }
}

impl fmt::Display for SharedPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

/// What S3 said of an object.
pub(super) fn out_of_reach(key: &str, error: &ProviderError) -> StoreError {
    let complaint = provider_complaint(error);
    StoreError { hint: complaint.hint, ..StoreError::new(format!("{key} in S3: {}", complaint.message)) }
}

/// What is wrong with an object.
pub(super) fn readable(key: &str, error: &dyn std::error::Error) -> StoreError {
    StoreError::new(format!("{key} in S3: {error}"))
        .hint("restore a former version of the object: the bucket keeps them, if versioning is on")
}

/// A shared state that is open.
#[derive(Debug)]
pub struct SharedStore {
    bucket: Arc<Bucket>,
    place: SharedPlace,
    /// Whoever may write has a lease, and the lock of this machine's journal.
    writer: Option<Writer>,
    objects: Mutex<Objects>,
}

#[derive(Debug)]
struct Writer {
    lease: Held,
    /// Its journal is written first.
    here: DiskStore,
}

#[derive(Debug)]
struct Objects {
    state: Slot,
    backup: Slot,
    journal: Slot,
    events: Slot,
    /// The whole journal, what S3 has not got yet included; empty if there is none.
    journaled: Vec<u8>,
    /// Up to where the first of its objects holds it.
    folded: usize,
    /// How many writes there were under this lease.
    writes: u64,
}

impl Objects {
    async fn read(bucket: &Arc<Bucket>, key: &str) -> Result<Self, StoreError> {
        let slot = |suffix: &str| Slot::read(bucket, format!("{key}{suffix}"));
        let (state, backup, journal, events) =
            tokio::try_join!(slot(""), slot(".backup"), slot(".journal"), slot(".events"))?;
        let (journaled, folded) = shared_journal::whole(&journal.body, &events.body);
        Ok(Self { state, backup, journal, events, journaled, folded, writes: 0 })
    }

    /// Puts the journal together again from what its objects hold.
    fn assemble(&mut self) {
        (self.journaled, self.folded) = shared_journal::whole(&self.journal.body, &self.events.body);
    }

    /// A fence that no write had before.
    fn fence(&mut self, token: u64) -> Fence {
        self.writes += 1;
        Fence { token, write: self.writes }
    }

    /// Sends up what S3 has not got yet of the journal.
    async fn catch_up(&mut self, token: u64, patience: Patience) -> Result<(), Unwritten> {
        if shared_journal::is_long(&self.journaled, self.folded) {
            let (fence, whole) = (self.fence(token), self.journaled.clone());
            self.journal.write(&fence, &whole, patience).await?;
            self.folded = whole.len();
        }
        let rest = shared_journal::rest(&self.journaled, self.folded);
        if rest == self.events.body {
            return Ok(());
        }
        let fence = self.fence(token);
        self.events.write(&fence, &rest, patience).await
    }
}

impl SharedStore {
    fn writer(&self) -> Result<&Writer, StoreError> {
        let no = || StoreError::new(format!("{} was opened for reading only", self.place));
        self.writer.as_ref().ok_or_else(no)
    }

    /// Why a write did not come about, in words.
    async fn told(&self, unwritten: Unwritten) -> StoreError {
        match (unwritten, &self.writer) {
            (Unwritten::Broken(error), _) => error,
            (Unwritten::Provider(error), _) => out_of_reach(&self.place.to_string(), &error),
            (Unwritten::Taken, Some(writer)) => writer.lease.taken().await,
            (Unwritten::Taken, None) => StoreError::new(format!("somebody else writes {}", self.place)),
        }
    }

    /// Leaves word that the state is kept elsewhere from now on, and empties it here; a copy of it stays.
    ///
    /// # Errors
    /// S3 is out of reach, or the lease was taken over.
    pub async fn move_to(&self, place: &str) -> Result<(), StoreError> {
        let lease = &self.writer()?.lease;
        if let Some(state) = self.load().await? {
            self.keep("migrated", &state).await?;
        }
        lease.leave_word(Some(place)).await?;
        self.journal_clear().await?;
        let mut objects = self.objects.lock().await;
        let fence = objects.fence(lease.token());
        let emptied = objects.state.write(&fence, b"", Patience::Long).await;
        drop(objects);
        match emptied {
            Ok(()) => Ok(()),
            Err(unwritten) => Err(self.told(unwritten).await),
        }
    }

    /// Takes word back that the state is kept elsewhere: it has come.
    ///
    /// # Errors
    /// S3 is out of reach, or the lease was taken over.
    pub async fn is_here(&self) -> Result<(), StoreError> {
        self.writer()?.lease.leave_word(None).await
    }

    async fn replace(&self, state: &[u8], token: u64) -> Result<(), Unwritten> {
        let mut objects = self.objects.lock().await;
        objects.catch_up(token, Patience::Long).await?;
        if let Some(before) = objects.state.content() {
            let fence = objects.fence(token);
            objects.backup.write(&fence, &before, Patience::Long).await?;
        }
        let fence = objects.fence(token);
        objects.state.write(&fence, state, Patience::Long).await
    }

    async fn clear(&self, token: u64) -> Result<(), Unwritten> {
        let mut objects = self.objects.lock().await;
        // Without its beginning there is no journal, whatever comes after.
        if !objects.journal.body.is_empty() {
            let fence = objects.fence(token);
            objects.journal.write(&fence, b"", Patience::Long).await?;
        }
        (objects.journaled, objects.folded) = (Vec::new(), 0);
        objects.catch_up(token, Patience::Long).await
    }

    /// Adds a line; the first must be in S3 before an apply begins, the others may come later.
    async fn append(&self, line: &str, token: u64) -> Result<(), Unwritten> {
        let mut objects = self.objects.lock().await;
        let bytes = format!("{line}\n").into_bytes();
        if objects.journal.body.is_empty() {
            // What came after the journal of before must not seem to come after this one.
            objects.catch_up(token, Patience::Long).await?;
            let fence = objects.fence(token);
            objects.journal.write(&fence, &bytes, Patience::Long).await?;
            (objects.folded, objects.journaled) = (bytes.len(), bytes);
            return Ok(());
        }
        objects.journaled.extend_from_slice(&bytes);
        match objects.catch_up(token, Patience::Short).await {
            Err(Unwritten::Provider(_)) => Ok(()),
            done => done,
        }
    }
}

#[async_trait]
impl StateStore for SharedStore {
    async fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.objects.lock().await.state.content())
    }

    async fn save(&self, state: &[u8]) -> Result<(), StoreError> {
        let lease = &self.writer()?.lease;
        lease.check()?;
        match self.replace(state, lease.token()).await {
            Ok(()) => Ok(()),
            Err(unwritten) => Err(self.told(unwritten).await),
        }
    }

    async fn backup(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.objects.lock().await.backup.content())
    }

    async fn keep(&self, label: &str, bytes: &[u8]) -> Result<String, StoreError> {
        self.writer()?.lease.check()?;
        let key = format!("{}.{label}.backup", self.place.key);
        let put = self.bucket.put(&key, bytes, None, Patience::Long).await;
        put.map_err(|error| out_of_reach(&key, &error))?;
        Ok(format!("s3://{}/{key}", self.place.bucket))
    }

    async fn journal_append(&self, line: &str) -> Result<(), StoreError> {
        let writer = self.writer()?;
        writer.lease.check()?;
        writer.here.journal_append(line).await?;
        match self.append(line, writer.lease.token()).await {
            Ok(()) => Ok(()),
            Err(unwritten) => Err(self.told(unwritten).await),
        }
    }

    async fn journal_load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let journal = self.objects.lock().await.journaled.clone();
        Ok((!journal.is_empty()).then_some(journal))
    }

    async fn journal_clear(&self) -> Result<(), StoreError> {
        let writer = self.writer()?;
        writer.lease.check()?;
        match self.clear(writer.lease.token()).await {
            Ok(()) => writer.here.journal_clear().await,
            Err(unwritten) => Err(self.told(unwritten).await),
        }
    }

    async fn lost(&self) -> StoreError {
        match &self.writer {
            Some(writer) => writer.lease.lost().await,
            None => super::lease::never().await,
        }
    }
}

#[cfg(test)]
mod tests;
