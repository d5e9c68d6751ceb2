//! Where state and journal are kept. What they look like is decided here; where the bytes are, by whoever implements
//! [`StateStore`]: a file, an S3 object. Whoever opens a store holds its lock.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::journal::Journal;
use crate::journal_file::{self, JournalFileError};
use crate::state::State;
use crate::state_file::{self, StateFileError};

/// Why a store could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    /// What went wrong, with the place.
    pub message: String,
    /// The next step, if we know one.
    pub hint: Option<String>,
    /// Whether what is there is damaged, so that trying again is of no use.
    pub damaged: bool,
}

impl StoreError {
    /// An error in a sentence.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, damaged: false }
    }

    /// The same, about something that is there and damaged.
    pub fn damaged(self) -> Self {
        Self { damaged: true, ..self }
    }

    /// Adds the next step.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// The place of one project's state and journal, open and locked.
#[async_trait]
pub trait StateStore: Send + Sync {
    /// The state's bytes; `None` if there is no state yet.
    async fn load(&self) -> Result<Option<Vec<u8>>, StoreError>;

    /// Replaces the state, all of it or nothing. What it was before becomes the backup.
    async fn save(&self, state: &[u8]) -> Result<(), StoreError>;

    /// The state's bytes before the last save; `None` if it was saved once at most.
    async fn backup(&self) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps a copy of something beside the state for good, under a label such as its serial, and tells where it is.
    async fn keep(&self, label: &str, bytes: &[u8]) -> Result<String, StoreError>;

    /// Adds a line to the journal, given without its line feed. When this returns it survives a crash.
    async fn journal_append(&self, line: &str) -> Result<(), StoreError>;

    /// The journal's bytes as they are, a torn last line included; `None` if there is none.
    async fn journal_load(&self) -> Result<Option<Vec<u8>>, StoreError>;

    /// Removes the journal.
    async fn journal_clear(&self) -> Result<(), StoreError>;

    /// Waits until nothing may be done under the lock any more, because somebody else has it or may have it by now, and
    /// tells why. For ever, where a lock is held as long as the process lives.
    async fn lost(&self) -> StoreError {
        std::future::pending().await
    }

    /// Replaces the journal by these lines. If this is not done at once, a crash leaves a shorter one.
    async fn journal_replace(&self, lines: &[String]) -> Result<(), StoreError> {
        self.journal_clear().await?;
        for line in lines {
            self.journal_append(line).await?;
        }
        Ok(())
    }
}

/// Why state or journal could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is in the state.
    #[error(transparent)]
    State(#[from] StateFileError),
    /// What is in the journal.
    #[error(transparent)]
    Journal(#[from] JournalFileError),
}

/// The state of the store; `None` if there is none yet.
pub async fn load_state(store: &dyn StateStore) -> Result<Option<State>, LoadError> {
    let bytes = store.load().await?;
    Ok(bytes.map(|bytes| state_file::read(&bytes)).transpose()?)
}

/// Saves a state as it is; see [`State::next`] for its serial.
pub async fn save_state(store: &dyn StateStore, state: &State) -> Result<(), StoreError> {
    store.save(&state_file::write(state)).await
}

/// The journal of an unfinished apply, if there is one. One whose outcome the state has already, so that only
/// clearing it was left to do, is none.
pub async fn load_journal(store: &dyn StateStore) -> Result<Option<Journal>, LoadError> {
    let Some(bytes) = store.journal_load().await? else { return Ok(None) };
    let state = load_state(store).await?;
    let journal = journal_file::read(&bytes)?;
    Ok(journal.filter(|journal| !state.is_some_and(|state| journal.is_settled(&state))))
}

/// A store in memory, for tests and rehearsals.
#[derive(Debug, Default)]
pub struct MemoryStore {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default, Clone)]
struct Kept {
    state: Option<Vec<u8>>,
    backup: Option<Vec<u8>>,
    copies: BTreeMap<String, Vec<u8>>,
    journal: Option<Vec<u8>>,
}

impl MemoryStore {
    fn with<T>(&self, f: impl FnOnce(&mut Kept) -> T) -> T {
        f(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the journal's bytes, as if a crash had left them so.
    pub fn set_journal(&self, journal: Option<Vec<u8>>) {
        self.with(|kept| kept.journal = journal);
    }
}

#[async_trait]
impl StateStore for MemoryStore {
    async fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.with(|kept| kept.state.clone()))
    }

    async fn save(&self, state: &[u8]) -> Result<(), StoreError> {
        self.with(|kept| kept.backup = kept.state.replace(state.to_vec()));
        Ok(())
    }

    async fn backup(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.with(|kept| kept.backup.clone()))
    }

    async fn keep(&self, label: &str, bytes: &[u8]) -> Result<String, StoreError> {
        self.with(|kept| kept.copies.insert(label.to_owned(), bytes.to_vec()));
        Ok(label.to_owned())
    }

    async fn journal_append(&self, line: &str) -> Result<(), StoreError> {
        self.with(|kept| kept.journal.get_or_insert_default().extend(format!("{line}\n").bytes()));
        Ok(())
    }

    async fn journal_load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.with(|kept| kept.journal.clone()))
    }

    async fn journal_clear(&self) -> Result<(), StoreError> {
        self.with(|kept| kept.journal = None);
        Ok(())
    }
}
