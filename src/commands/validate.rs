//! `infra validate`: check the configuration, without credentials or network.

mod fix;

use infra_lang::diagnostic::Diagnostic;
use infra_lang::span::SourceMap;

use super::Exit;
use crate::args::ValidateArgs;
use crate::error::{CommandError, CommandResult};
use crate::project::{Project, read};
use crate::render::diagnostic;
use crate::settings::Settings;
use crate::sources::Sources;
use crate::terminal::Terminal;

pub fn run(args: &ValidateArgs, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    let mut map = SourceMap::default();
    let sources = read(settings, &mut map)?;
    let check = |sources: Sources, map: SourceMap| findings(sources, map, args, settings);
    let (found, map) = match args.fix {
        true => fix::run(sources, map, &check, args, settings, terminal)?,
        false => check(sources, map)?,
    };
    let valid = !found.iter().any(Diagnostic::is_error);
    if args.json {
        found.iter().for_each(|one| terminal.print(&format!("{}\n", diagnostic::json(one, &map))));
    } else if !found.is_empty() {
        terminal.tell(&diagnostic::report(&found, &map, terminal.width()));
    }
    if valid && !args.json {
        terminal.print("The configuration is valid.\n");
    }
    Ok(if valid { Exit::Ok } else { Exit::Error })
}

/// All that is wrong, or worth a warning, with the texts it points into.
fn findings(
    sources: Sources,
    map: SourceMap,
    args: &ValidateArgs,
    settings: &Settings,
) -> CommandResult<(Vec<Diagnostic>, SourceMap)> {
    match Project::of(sources, map, settings, &args.variables, &infra_aws::schemas()) {
        Ok(project) => {
            let found = project.warnings().iter().cloned().chain(project.validate()).collect();
            Ok((found, project.sources))
        }
        Err(CommandError::Diagnostics(found, map)) => Ok((found, *map)),
        Err(other) => Err(other),
    }
}
