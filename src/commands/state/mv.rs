//! `infra state mv`: another address for what is there.

use infra_engine::surgery::relocate;

use super::edit::{Edit, place};
use crate::args::MvArgs;
use crate::error::CommandResult;
use crate::settings::Settings;
use crate::terminal::Terminal;

pub async fn run(args: &MvArgs, settings: &Settings, terminal: &Terminal) -> CommandResult<()> {
    let (from, to) = (place(&args.from)?, place(&args.to)?);
    let edit = Edit::open("infra state mv", args.dry_run, settings).await?;
    let after = relocate(edit.state()?, &from, &to).map_err(|objection| edit.refused(&objection))?;
    edit.commit(after, settings, terminal).await
}
