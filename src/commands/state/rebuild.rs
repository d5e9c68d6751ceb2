//! `infra state rebuild`: a lost state, made anew of what is found in AWS. AWS is only read.

use infra_engine::rebuild::rebuild;
use infra_engine::state::State;
use infra_engine::state_file;
use infra_engine::store::{LoadError, StateStore, load_state};

use super::edit::{save, stamped};
use crate::args::RebuildArgs;
use crate::error::{CommandError, CommandResult, Complaint, unreadable};
use crate::render;
use crate::session::Session;
use crate::settings::Settings;
use crate::store::{self, Access};
use crate::terminal::Terminal;

pub async fn run(args: RebuildArgs, settings: &Settings, terminal: &Terminal) -> CommandResult<()> {
    let access = if args.dry_run { Access::Read } else { Access::Write("infra state rebuild") };
    let mut session = Session::anew(settings, &args.variables, access).await?;
    let before = known(&session, args.force).await?;
    let serial = before.as_ref().map_or(0, |before| before.serial);
    let fresh = State { serial, ..session.state.clone() };
    let rebuilt = rebuild(&session.desired, fresh, &session.discreet()).await?;
    if rebuilt.state.records.is_empty() {
        return Err(nothing(&rebuilt.state));
    }
    terminal.print(&render::state::rebuilt(&rebuilt));
    if args.dry_run {
        terminal.print("\nNothing was written: this was a dry run.\n");
        return Ok(());
    }
    terminal.print("\n");
    if before.is_none() {
        put_journal_aside(&*session.store, settings, terminal).await?;
    }
    session.state = save(&*session.store, before.as_ref(), rebuilt.state, settings, terminal).await?;
    let plan = session.plan(false).await?;
    terminal.print(&format!("\nThe next plan:\n\n{}", render::plan::plan(&plan, terminal.width())));
    Ok(())
}

/// The state that is there, if it can be read. One that knows something is given up only by force, and so is a backup
/// that can still be restored.
async fn known(session: &Session, force: bool) -> CommandResult<Option<State>> {
    let store = &*session.store;
    match load_state(store).await {
        Ok(Some(state)) => {
            if store::journal(store, &session.place).await?.is_some() {
                return Err(Complaint::new(
                    "an apply is unfinished, and the state is not yet what that makes of it",
                )
                .at(&session.place)
                .hint("`infra apply` finishes it; then run this again")
                .into());
            }
            match force || state.records.is_empty() {
                true => Ok(Some(state)),
                false => Err(Complaint::new(format!("there is a state, with {}", objects(&state)))
                    .at(&session.place)
                    .hint("`infra state list` shows it; `--force` gives up what it knows and AWS does not")
                    .into()),
            }
        }
        Ok(None) => {
            let backup = format!("{}.backup", session.place);
            let way = format!("`infra state push {backup}` puts it back, without what was done since");
            unless_restorable(session, force, &way).await
        }
        Err(LoadError::State(_)) => {
            unless_restorable(session, force, "`infra state repair` restores it, with what AWS cannot tell")
                .await
        }
        Err(error) => Err(unreadable(&error).at(&session.place).into()),
    }
}

/// Nothing, unless there is a backup that can be had back in some `way`.
async fn unless_restorable(session: &Session, force: bool, way: &str) -> CommandResult<Option<State>> {
    match restorable(&*session.store).await? {
        Some(backup) if !force => {
            let (serial, objects) = (backup.serial, objects(&backup));
            let what = format!("the state before the last save is still there: serial {serial}, {objects}");
            Err(Complaint::new(what)
                .at(&session.place)
                .hint(format!("{way}; `--force` rebuilds all the same"))
                .into())
        }
        _ => Ok(None),
    }
}

async fn restorable(store: &dyn StateStore) -> CommandResult<Option<State>> {
    let backup = store.backup().await?.and_then(|bytes| state_file::read(&bytes).ok());
    Ok(backup.filter(|backup| !backup.records.is_empty()))
}

/// A journal whose state is lost cannot be gone on with; what it has made carries our tags, too.
async fn put_journal_aside(
    store: &dyn StateStore,
    settings: &Settings,
    terminal: &Terminal,
) -> CommandResult<()> {
    if let Some(bytes) = store.journal_load().await? {
        let copy = store.keep(&stamped("journal", settings), &bytes).await?;
        store.journal_clear().await?;
        terminal.print(&format!("The journal of an unfinished apply of the lost state is kept in {copy}.\n"));
    }
    Ok(())
}

fn objects(state: &State) -> String {
    match state.records.len() {
        1 => "1 object".to_owned(),
        count => format!("{count} objects"),
    }
}

fn nothing(state: &State) -> CommandError {
    let State { project, region, account, .. } = state;
    Complaint::new(format!("nothing of the project {project} is in {region} (account {account})"))
        .hint("check the project's name and region, and the credentials")
        .into()
}
