//! `infra state show`: one object.

use infra_engine::state::State;
use serde_json::json;

use super::recorded;
use crate::error::CommandResult;
use crate::render;
use crate::terminal::Terminal;

pub fn run(state: &State, text: &str, json: bool, terminal: &Terminal) -> CommandResult<()> {
    let (address, record) = recorded(state, text)?;
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
