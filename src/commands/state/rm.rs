//! `infra state rm`: objects that are no longer ours to change.

use infra_engine::surgery::forget;

use super::edit::{Edit, place};
use crate::args::RmArgs;
use crate::error::CommandResult;
use crate::settings::Settings;
use crate::terminal::Terminal;

pub async fn run(args: &RmArgs, settings: &Settings, terminal: &Terminal) -> CommandResult<()> {
    let places = args.addresses.iter().map(|text| place(text)).collect::<CommandResult<Vec<_>>>()?;
    let edit = Edit::open("infra state rm", args.dry_run, settings).await?;
    let after = forget(edit.state()?, &places, args.force).map_err(|objection| edit.refused(&objection))?;
    edit.commit(after, settings, terminal).await?;
    terminal.print(
        "What is forgotten goes on existing in AWS. Where its block stays, the next plan makes another, unless an \
         `import` block names it.\n",
    );
    Ok(())
}
