//! `infra state push`: a state from a file takes the place of the one that is there.

use std::fs;
use std::path::Path;

use infra_engine::state::State;
use infra_engine::state_file;
use infra_engine::surgery::{Home, replace};

use super::edit::Edit;
use crate::args::PushArgs;
use crate::error::{CommandResult, Complaint, file_error};
use crate::settings::Settings;
use crate::store::vault::keys::Keys;
use crate::terminal::Terminal;

pub async fn run(args: &PushArgs, settings: &Settings, terminal: &Terminal) -> CommandResult<()> {
    let pushed = read(&settings.resolve(&args.file), settings)?;
    let edit = match args.force {
        true => Edit::over("infra state push", args.dry_run, settings).await?,
        false => Edit::open("infra state push", args.dry_run, settings).await?,
    };
    let name = edit.project.name.to_string();
    let home =
        Home { project: &name, account: edit.project.account.as_deref(), region: &edit.project.region };
    let after = replace(edit.state.as_ref(), pushed, &home, args.force);
    let after = after.map_err(|objection| edit.refused(&objection))?;
    edit.commit(after, settings, terminal).await
}

/// A state from a file, which may be encrypted, and may have been edited.
fn read(path: &Path, settings: &Settings) -> CommandResult<State> {
    let bytes = fs::read(path).map_err(|error| file_error("the state cannot be read", path, &error))?;
    let opened = Keys::gather(settings)?.open(bytes).map_err(|closed| {
        Complaint::new(format!("the state cannot be read: {closed}")).at(path.display()).hint(closed.hint())
    })?;
    let unfit = |error| {
        let hint = "what was edited on purpose is taken without its line `digest`";
        Complaint::new(error).at(path.display()).hint(hint)
    };
    Ok(state_file::read_edited(&opened).map_err(unfit)?)
}
