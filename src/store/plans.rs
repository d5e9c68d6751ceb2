//! Saved plans on disk: encrypted if there is a key, as the state is.

use std::fs;
use std::path::Path;

use super::file::write_atomically;
use super::vault::keys::Keys;
use crate::error::{CommandResult, Complaint, file_error};
use crate::settings::Settings;

/// Writes a plan's bytes to its file.
///
/// # Errors
/// The keys cannot be had, or the file cannot be written.
pub fn write(path: &Path, bytes: &[u8], settings: &Settings) -> CommandResult<()> {
    let sealed = Keys::gather(settings)?.seal(bytes);
    let written = sealed.and_then(|sealed| write_atomically(path, &sealed));
    Ok(written.map_err(|error| file_error("the plan cannot be saved", path, &error))?)
}

/// The bytes of a plan's file, opened.
///
/// # Errors
/// The file cannot be read, or no key opens it.
pub fn read(path: &Path, settings: &Settings) -> CommandResult<Vec<u8>> {
    let bytes = fs::read(path).map_err(|error| file_error("the plan cannot be read", path, &error))?;
    Keys::gather(settings)?.open(bytes).map_err(|closed| {
        Complaint::new(format!("the plan cannot be read: {closed}"))
            .at(path.display())
            .hint(closed.hint())
            .into()
    })
}
