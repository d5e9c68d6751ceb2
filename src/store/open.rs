//! A state as it is kept, without keys to what is encrypted in it, for moving it elsewhere.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use infra_engine::store::StateStore;

use super::Place;
use super::disk::{self, DiskStore};
use super::file::beside;
use super::shared::{self, SharedStore};
use crate::cloud::Gateway;
use crate::error::{CommandResult, file_error};

/// A state that is open for writing.
pub enum Opened {
    /// In a file.
    Disk(DiskStore, PathBuf),
    /// In S3.
    Shared(Box<SharedStore>),
}

/// Opens a state that may be moved, or that another is moved to, be it that it has moved away from there before.
///
/// # Errors
/// As [`Place::open`].
pub async fn open(place: &Place, command: &str, gateway: &Gateway<'_>) -> CommandResult<Opened> {
    Ok(match place {
        Place::Disk(path) => {
            Opened::Disk(disk::locked_in_time(path, command, gateway.settings())?, path.clone())
        }
        Place::Shared(place) => Opened::Shared(Box::new(shared::returned(place, command, gateway).await?)),
    })
}

/// Reads a state as it is kept, without its lock.
///
/// # Errors
/// As [`Place::open`].
pub async fn look(place: &Place, gateway: &Gateway<'_>) -> CommandResult<Box<dyn StateStore>> {
    Ok(match place {
        Place::Disk(path) => Box::new(DiskStore::read_only(path)),
        Place::Shared(place) => Box::new(shared::read_only(place, gateway).await?),
    })
}

impl Opened {
    /// What is in it.
    pub fn store(&self) -> &dyn StateStore {
        match self {
            Self::Disk(store, _) => store,
            Self::Shared(store) => &**store,
        }
    }

    /// Sees to it that it is used, wherever it was kept before.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn settle(&self) -> CommandResult<()> {
        match self {
            Self::Disk(..) => Ok(()),
            Self::Shared(store) => Ok(store.is_here().await?),
        }
    }

    /// Sees to it that it is not used any more, now that the state is elsewhere; tells what is left of it.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn retire(&self, elsewhere: &str) -> CommandResult<String> {
        match self {
            Self::Disk(_, path) => {
                for suffix in [".journal", ".backup", ""] {
                    set_aside(&beside(path, suffix))?;
                }
                Ok(format!("the file is now {}", beside(path, ".migrated").display()))
            }
            Self::Shared(store) => {
                store.move_to(elsewhere).await?;
                Ok("who still looks in S3 is told where it is".to_owned())
            }
        }
    }
}

fn set_aside(path: &Path) -> CommandResult<()> {
    match fs::rename(path, beside(path, ".migrated")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(file_error("cannot be renamed", path, &error).into())
        }
        _ => Ok(()),
    }
}
