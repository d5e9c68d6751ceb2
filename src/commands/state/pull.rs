//! `infra state pull`: the state as it is kept.

use std::path::Path;

use infra_engine::state::State;
use infra_engine::state_file;

use crate::error::{CommandResult, file_error};
use crate::settings::Settings;
use crate::store::file::write_atomically;
use crate::store::vault::keys::Keys;
use crate::terminal::Terminal;

/// Prints it, or writes it to a file: encrypted, if there is a key.
pub fn run(
    state: &State,
    file: Option<&Path>,
    settings: &Settings,
    terminal: &Terminal,
) -> CommandResult<()> {
    let bytes = state_file::write(state);
    let Some(file) = file else {
        terminal.print(&String::from_utf8_lossy(&bytes));
        return Ok(());
    };
    let path = settings.resolve(file);
    let written = Keys::gather(settings)?.seal(&bytes).and_then(|sealed| write_atomically(&path, &sealed));
    written.map_err(|error| file_error("the state cannot be written", &path, &error))?;
    terminal.print(&format!("State {} of {} is in {}.\n", state.serial, state.project, file.display()));
    Ok(())
}
