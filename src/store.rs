//! Where a project's state is kept, and opening it there.

mod address;
pub mod disk;
pub mod file;
pub mod lease;
pub mod open;
pub mod plans;
pub mod remembered;
pub mod shared;
pub mod vault;

use std::fmt;
use std::path::PathBuf;

use infra_engine::journal::Journal;
use infra_engine::state::State;
use infra_engine::store::{StateStore, load_journal, load_state};
use infra_lang::desired::{Backend, Project};

use crate::cloud::Gateway;
use crate::error::{CommandResult, unreadable};
use crate::settings::Settings;
use disk::DiskStore;
use shared::SharedPlace;
use vault::Vault;
use vault::keys::Keys;

/// A state that is open. Whoever may write holds its lock for as long as this lives.
pub type Store = Box<Vault>;

/// Where a project's state is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a file.
    Disk(PathBuf),
    /// In S3.
    Shared(SharedPlace),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk(path) => path.display().fmt(f),
            Self::Shared(place) => place.fmt(f),
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
    /// Where a project's state is: with the embedded AWS it is kept apart from the real one.
    pub fn of(project: &Project, settings: &Settings) -> Self {
        match &project.backend {
            Backend::Local { path } => Self::Disk(kept_in(settings).join(path)),
            Backend::S3 { bucket, key, region, kms_key_id } => {
                let region = region.as_ref().unwrap_or(&project.region);
                let place = SharedPlace::new(bucket, key, region, hidden(settings));
                Self::Shared(SharedPlace { kms_key_id: kms_key_id.clone(), ..place })
            }
        }
    }

    /// Opens it, with the keys that the settings name.
    ///
    /// # Errors
    /// Somebody else holds the lock (who, since when), it cannot be written, or a key is none.
    pub async fn open(&self, access: Access, settings: &Settings) -> CommandResult<Store> {
        self.open_through(access, &Gateway::new(settings)).await
    }

    /// Opens it, for whoever will work on the AWS behind the gateway.
    ///
    /// # Errors
    /// As [`Place::open`].
    pub async fn open_through(&self, access: Access, gateway: &Gateway<'_>) -> CommandResult<Store> {
        let settings = gateway.settings();
        let keys = Keys::gather(settings)?;
        let inner: Box<dyn StateStore> = match (self, access) {
            (Self::Disk(path), Access::Read) => Box::new(DiskStore::read_only(path)),
            (Self::Disk(path), Access::Write(command)) => {
                Box::new(disk::locked_in_time(path, command, settings)?)
            }
            (Self::Shared(place), Access::Read) => Box::new(shared::read_only(place, gateway).await?),
            (Self::Shared(place), Access::Write(command)) => {
                Box::new(shared::locked(place, command, gateway).await?)
            }
        };
        Ok(Box::new(Vault::new(inner, keys, self.to_string())))
    }
}

/// What paths of state files are relative to.
fn kept_in(settings: &Settings) -> PathBuf {
    if settings.local { settings.local_folder() } else { settings.directory.clone() }
}

/// Where the halves of shared states are that belong to this machine.
fn hidden(settings: &Settings) -> PathBuf {
    if settings.local { settings.local_folder() } else { settings.hidden() }
}
