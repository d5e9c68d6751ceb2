//! The commands: one file each, one line each here.

mod apply;
mod completions;
mod console;
mod destroy;
mod docs;
mod drift;
pub mod explain;
mod fmt;
mod graph;
mod local;
mod output;
mod plan;
mod progress;
mod rehearse;
mod rollback;
mod show;
mod state;
mod status;
mod test;
mod validate;
mod version;

use std::future::Future;
use std::process::ExitCode;

use crate::args::Command;
use crate::cloud;
use crate::error::CommandResult;
use crate::settings::Settings;
use crate::store::lease;
use crate::terminal::Terminal;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All is well.
    Ok,
    /// It is not, and the user was told.
    Error,
    /// There are changes, and the user asked to be told by the exit code.
    Changes,
    /// What is live is not what was applied.
    Drift,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Ok => Self::SUCCESS,
            Exit::Error => Self::from(1),
            Exit::Changes => Self::from(2),
            Exit::Drift => Self::from(4),
        }
    }
}

/// Runs a command.
///
/// # Errors
/// Why it could not go on.
pub fn run(command: Command, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    match command {
        Command::Plan(args) => wait(settings, plan::run(args, settings, terminal)),
        Command::Apply(args) => wait(settings, apply::run(args, settings, terminal)),
        Command::Rollback(args) => wait(settings, rollback::run(args, settings, terminal)),
        Command::Status(args) => status::run(&args, settings, terminal),
        Command::Drift(args) => wait(settings, drift::run(args, settings, terminal)),
        Command::Destroy(args) => wait(settings, destroy::run(args, settings, terminal)),
        Command::Validate(args) => validate::run(&args, settings, terminal),
        Command::Test(args) => test::run(&args, settings, terminal),
        Command::Rehearse(args) => wait(settings, rehearse::run(args, settings, terminal)),
        Command::Fmt(args) => fmt::run(&args, settings, terminal),
        Command::Explain(args) => explain::run(&args, settings, terminal),
        Command::Docs(args) => docs::run(&args, settings, terminal),
        Command::Console(args) => wait(settings, console::run(args, settings, terminal)),
        Command::Show(args) => wait(settings, show::run(args, settings, terminal)),
        Command::Output(args) => wait(settings, output::run(args, settings, terminal)),
        Command::State(args) => wait(settings, state::run(args, settings, terminal)),
        Command::Graph(args) => graph::run(&args, settings, terminal),
        Command::Local(args) => local::run(args, settings, terminal),
        Command::Version => version::run(terminal),
        Command::Completions { shell } => completions::run(shell, terminal),
    }
}

/// Runs the asynchronous half of a command. However it ends, the lease of a shared state is let go of.
fn wait<T>(settings: &Settings, work: impl Future<Output = CommandResult<T>>) -> CommandResult<T> {
    cloud::runtime(settings)?.block_on(async {
        let done = work.await;
        lease::let_go().await;
        done
    })
}
