//! `infra state`: look into the state.

use infra_engine::state::State;
use infra_engine::store::load_state;
use infra_lang::address::Address;
use serde_json::json;

use super::Exit;
use crate::args::{StateCommand, VariableArgs};
use crate::error::{CommandResult, Complaint};
use crate::project::Project;
use crate::render;
use crate::session::state_path;
use crate::settings::Settings;
use crate::store::DiskStore;
use crate::terminal::Terminal;

pub async fn run(command: StateCommand, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    let state = current(settings).await?;
    match command {
        StateCommand::List => terminal.print(&render::state::list(&state)),
        StateCommand::Show { address, json } => show(&state, &address, json, terminal)?,
    }
    Ok(Exit::Ok)
}

/// The project's state as it was last saved.
///
/// # Errors
/// There is none yet, it is damaged, or the project does not say where it is.
pub async fn current(settings: &Settings) -> CommandResult<State> {
    let project = Project::load(settings, &VariableArgs::default(), &infra_aws::schemas())?;
    let path = state_path(settings, &project.settings()?.backend)?;
    let found = load_state(&DiskStore::read_only(&path)).await?;
    let missing =
        || Complaint::new("there is no state yet").at(path.display()).hint("`infra apply` makes it");
    Ok(found.ok_or_else(missing)?)
}

fn show(state: &State, text: &str, json: bool, terminal: &Terminal) -> CommandResult<()> {
    let bad = || {
        Complaint::new(format!("`{text}` is not an address")).hint("such as elb.web or subnet.public[\"a\"]")
    };
    let address = Address::parse(text).ok_or_else(bad)?;
    let missing =
        || Complaint::new(format!("{address} is not in the state")).hint("`infra state list` shows what is");
    let record = state.records.get(&address).ok_or_else(missing)?;
    if !json {
        terminal.print(&render::state::object(&address, record, terminal.width()));
        return Ok(());
    }
    let physical = record
        .current
        .as_ref()
        .map(|current| json!({ "id": current.id, "applied": current.applied, "observed": current.observed }));
    let former: Vec<_> = record.former.iter().map(|former| &former.id).collect();
    let whole = json!({
        "address": address, "kind": record.kind, "current": physical, "former": former,
        "dependencies": record.dependencies, "protected": record.protected,
    });
    terminal.print(&format!("{whole:#}\n"));
    Ok(())
}
