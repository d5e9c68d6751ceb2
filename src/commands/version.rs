//! `infra version`.

use super::Exit;
use crate::error::CommandResult;
use crate::terminal::Terminal;

pub fn run(terminal: &Terminal) -> CommandResult<Exit> {
    terminal.print(&format!("infra {}\n", env!("CARGO_PKG_VERSION")));
    Ok(Exit::Ok)
}
