//! Where a project's state is kept, and opening it there.

pub mod disk;
pub mod plans;
pub mod vault;

use std::fmt;
use std::path::PathBuf;

use infra_engine::journal::Journal;
use infra_engine::state::State;
use infra_engine::store::{StateStore, load_journal, load_state};
use infra_lang::desired::Backend;

use crate::error::{CommandResult, Complaint, unreadable};
use crate::settings::Settings;
use disk::DiskStore;
use vault::Vault;
use vault::keys::Keys;

/// A state that is open. Whoever may write holds its lock for as long as this lives.
pub type Store = Box<Vault>;

/// Where a project's state is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a file.
    Disk(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk(path) => path.display().fmt(f),
        }
    }
}

/// The state that is kept at a place; none if there is none yet.
///
/// # Errors
/// It cannot be read; the error says where it is, and what to do.
pub async fn state(store: &dyn StateStore, place: &Place) -> CommandResult<Option<State>> {
    Ok(load_state(store).await.map_err(|error| unreadable(&error).at(place))?)
}

/// The journal of an unfinished apply of the state at a place.
///
/// # Errors
/// It cannot be read; the error says where it is, and what to do.
pub async fn journal(store: &dyn StateStore, place: &Place) -> CommandResult<Option<Journal>> {
    Ok(load_journal(store).await.map_err(|error| unreadable(&error).at(place))?)
}

/// Whether a command may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It only looks: no lock.
    Read,
    /// It writes: the state is locked until it ends. The command, as whoever waits is told.
    Write(&'static str),
}

impl Place {
    /// Where a backend is: with the embedded AWS it is kept apart from the real one.
    ///
    /// # Errors
    /// There is no such backend.
    pub fn of(backend: &Backend, settings: &Settings) -> CommandResult<Self> {
        match backend {
            Backend::Local { path } if settings.local => Ok(Self::Disk(settings.local_folder().join(path))),
            Backend::Local { path } => Ok(Self::Disk(settings.directory.join(path))),
            Backend::S3 { bucket, .. } => Err(Complaint::new("the backend \"s3\" is not there yet")
                .at(format!("s3://{bucket}"))
                .hint("use `backend \"local\" { path = … }`, the default")
                .into()),
        }
    }

    /// Opens it, with the keys that the settings name.
    ///
    /// # Errors
    /// Somebody else holds the lock (who, since when), it cannot be written, or a key is none.
    pub async fn open(&self, access: Access, settings: &Settings) -> CommandResult<Store> {
        let keys = Keys::gather(settings)?;
        let inner: Box<dyn StateStore> = match (self, access) {
            (Self::Disk(path), Access::Read) => Box::new(DiskStore::read_only(path)),
            (Self::Disk(path), Access::Write(command)) => {
                Box::new(DiskStore::locked(path, &settings.user, command, settings.now)?)
            }
        };
        Ok(Box::new(Vault::new(inner, keys, self.to_string())))
    }
}
