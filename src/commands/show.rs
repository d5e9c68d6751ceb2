//! `infra show`: the state, or a saved plan.

use infra_engine::state_file;

use super::{Exit, apply, state};
use crate::args::ShowArgs;
use crate::error::CommandResult;
use crate::render;
use crate::settings::Settings;
use crate::store::plans;
use crate::terminal::Terminal;

pub async fn run(args: ShowArgs, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    match &args.plan {
        Some(path) if args.json => {
            apply::read(path, settings)?;
            terminal.print(&String::from_utf8_lossy(&plans::read(path, settings)?));
        }
        Some(path) => {
            let (plan, rehearsal) = apply::read_rehearsed(path, settings)?;
            terminal.print(&render::plan::plan(&plan, terminal.width()));
            terminal.print(&super::plan::rehearsed(rehearsal.as_ref(), terminal));
        }
        None => {
            let state = state::current(settings).await?;
            if args.json {
                terminal.print(&String::from_utf8_lossy(&state_file::write(&state)));
            } else {
                let objects = state.records.iter();
                let text = objects
                    .map(|(address, record)| render::state::object(address, record, terminal.width()) + "\n");
                terminal.print(&text.collect::<String>());
            }
        }
    }
    Ok(Exit::Ok)
}
