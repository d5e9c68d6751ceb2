//! `infra completions SHELL`.

use clap::CommandFactory;
use clap_complete::Shell;

use super::Exit;
use crate::args::Args;
use crate::error::CommandResult;
use crate::terminal::Terminal;

pub fn run(shell: Shell, terminal: &Terminal) -> CommandResult<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "infra", &mut script);
    terminal.print(&String::from_utf8_lossy(&script));
    Ok(Exit::Ok)
}
