//! `infra state unlock`: the lease of a shared state is taken away from whoever holds it.

use super::place;
use crate::cloud::Gateway;
use crate::error::{CommandResult, Complaint};
use crate::render;
use crate::settings::Settings;
use crate::store::shared::{self, SharedPlace};
use crate::store::{self, Access, Place, disk};
use crate::terminal::Terminal;

/// What it is called where it is itself the holder.
const COMMAND: &str = "infra state unlock";

pub async fn run(yes: bool, settings: &Settings, terminal: &Terminal) -> CommandResult<()> {
    let place = place(settings)?;
    match &place {
        Place::Disk(path) => {
            let holder = disk::holder(path).map(|who| format!("{who}.\n")).unwrap_or_default();
            terminal.print(&format!(
                "{holder}The state is a file, {}: its lock goes with its process, so there is nothing to unlock.\n",
                path.display()
            ));
            Ok(())
        }
        Place::Shared(shared) => {
            let Some(who) = shared::holder(shared, &Gateway::new(settings)).await? else {
                terminal.print(&format!("Nobody holds the lease of {place}: there is nothing to unlock.\n"));
                return Ok(());
            };
            terminal.tell(&format!("The lease of {place} is held: {who}.\n"));
            let store = place.open(Access::Read, settings).await?;
            if let Some(journal) = store::journal(&*store, &place).await? {
                terminal.tell(&format!("An apply is unfinished: {}.\n", render::status::so_far(&journal)));
            }
            take_away(shared, yes, settings, terminal).await
        }
    }
}

async fn take_away(
    place: &SharedPlace,
    yes: bool,
    settings: &Settings,
    terminal: &Terminal,
) -> CommandResult<()> {
    let question = "Take it away? If that process lives, it can write nothing more, and stops.";
    if !yes && !terminal.confirm(question)? {
        return Err(Complaint::new("nothing was done: the lease stays").into());
    }
    // Whoever takes it next finds it free; until then it is ours, so that nobody sees what is half fenced off.
    drop(shared::unlock(place, COMMAND, &Gateway::new(settings)).await?);
    terminal.print(&format!("The lease of {place} is free.\n"));
    Ok(())
}
