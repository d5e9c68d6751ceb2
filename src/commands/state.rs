//! `infra state`: look into the state. A command each, one file and one line here.

mod show;

use infra_engine::state::{Record, State};
use infra_engine::store::load_state;
use infra_lang::address::Address;

use super::Exit;
use crate::args::{StateCommand, VariableArgs};
use crate::error::{CommandResult, Complaint};
use crate::project::Project;
use crate::render;
use crate::settings::Settings;
use crate::store::{Access, Place};
use crate::terminal::Terminal;

pub async fn run(command: StateCommand, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    let state = current(settings).await?;
    match command {
        StateCommand::List => terminal.print(&render::state::list(&state)),
        StateCommand::Show { address, json } => show::run(&state, &address, json, terminal)?,
    }
    Ok(Exit::Ok)
}

/// The project's state as it was last saved.
///
/// # Errors
/// There is none yet, it is damaged, or the project does not say where it is.
pub async fn current(settings: &Settings) -> CommandResult<State> {
    let project = Project::load(settings, &VariableArgs::default(), &infra_aws::schemas())?;
    let place = Place::of(&project.settings()?.backend, settings)?;
    let found = load_state(&*place.open(Access::Read, settings).await?).await?;
    let missing = || Complaint::new("there is no state yet").at(&place).hint("`infra apply` makes it");
    Ok(found.ok_or_else(missing)?)
}

/// The object of the state that a text names.
///
/// # Errors
/// It is no address, or there is nothing at it.
fn recorded<'a>(state: &'a State, text: &str) -> CommandResult<(Address, &'a Record)> {
    let bad = || {
        Complaint::new(format!("`{text}` is not an address")).hint("such as elb.web or subnet.public[\"a\"]")
    };
    let address = Address::parse(text).ok_or_else(bad)?;
    let missing =
        || Complaint::new(format!("{address} is not in the state")).hint("`infra state list` shows what is");
    let record = state.records.get(&address).ok_or_else(missing)?;
    Ok((address, record))
}
