//! `infra validate`: check the configuration, without credentials or network.

use std::collections::BTreeMap;

use infra_lang::diagnostic::Diagnostic;
use infra_lang::span::SourceMap;

use super::Exit;
use crate::args::ValidateArgs;
use crate::error::{CommandError, CommandResult};
use crate::project::Project;
use crate::render::diagnostic;
use crate::settings::Settings;
use crate::terminal::Terminal;

pub fn run(args: &ValidateArgs, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    let checked = Project::load(settings, &args.variables, &infra_aws::schemas())
        .and_then(|project| project.evaluate(BTreeMap::new(), None).map(|_| project));
    match checked {
        Err(CommandError::Diagnostics(diagnostics, sources)) if args.json => {
            lines(&diagnostics, &sources, terminal);
            Ok(Exit::Error)
        }
        Err(error) => Err(error),
        Ok(project) if args.json => {
            lines(project.warnings(), &project.sources, terminal);
            Ok(Exit::Ok)
        }
        Ok(project) => {
            if !project.warnings().is_empty() {
                terminal.tell(&diagnostic::report(project.warnings(), &project.sources, terminal.width()));
            }
            terminal.print("The configuration is valid.\n");
            Ok(Exit::Ok)
        }
    }
}

fn lines(diagnostics: &[Diagnostic], sources: &SourceMap, terminal: &Terminal) {
    for one in diagnostics {
        terminal.print(&format!("{}\n", diagnostic::json(one, sources)));
    }
}
