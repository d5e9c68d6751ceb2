//! The command line: arguments in, exit code out. Every effect a user notices starts in this package.

mod args;
mod build_log;
mod cloud;
mod commands;
mod docs;
mod error;
mod project;
mod rehearsal;
mod render;
mod session;
mod settings;
mod sources;
mod standard;
mod store;
mod suites;
mod terminal;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = args::Args::parse();
    let terminal = terminal::Terminal::new(settings::color(&args.global));
    let settings = settings::Settings::gather(&args.global);
    match settings.and_then(|settings| commands::run(args.command, &settings, &terminal)) {
        Ok(exit) => exit.into(),
        Err(error) => {
            terminal.error(&error);
            commands::Exit::Error.into()
        }
    }
}
