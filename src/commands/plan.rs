//! `infra plan`: show what would be done.

use std::path::Path;

use infra_engine::plan::Plan;
use infra_engine::rehearse::Rehearsal;
use infra_engine::state::State;
use infra_engine::store::save_state;
use infra_engine::{plan_file, seal};

use super::Exit;
use crate::args::PlanArgs;
use crate::error::{CommandError, CommandResult, Complaint};
use crate::rehearsal;
use crate::render;
use crate::session::Session;
use crate::settings::Settings;
use crate::store::{Access, plans};
use crate::terminal::Terminal;

pub async fn run(args: PlanArgs, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    let access = if args.out.is_some() { Access::Write("infra plan") } else { Access::Read };
    let session = Session::open(settings, &args.variables, access).await?;
    warn(&session, terminal);
    if args.out.is_some() && session.is_new {
        // A saved plan belongs to one state, so that state must be there when the plan is applied.
        save_state(&*session.store, &session.state).await?;
    }
    let plan = session.plan(args.destroy).await?;
    let rehearsal = match args.no_rehearsal {
        true => None,
        false => rehearsal::tried(&session, settings, &plan).await?,
    };
    if args.json {
        terminal.print(&json(&plan, rehearsal.as_ref(), &session.state)?);
    } else {
        terminal.print(&render::plan::plan(&plan, terminal.width()));
        terminal.print(&rehearsed(rehearsal.as_ref(), terminal));
    }
    if args.strict {
        hold(&plan)?;
    }
    if let Some(path) = &args.out {
        save(&plan, rehearsal.as_ref(), &session.state, path, settings)?;
    }
    if let Some(path) = args.out.as_ref().filter(|_| !args.json) {
        terminal.print(&format!("\nSaved: `infra apply {}` does exactly this.\n", path.display()));
    }
    rehearsal::admit(&plan, rehearsal.as_ref())?;
    let changes = args.detailed_exitcode && !plan.is_empty();
    Ok(if changes { Exit::Changes } else { Exit::Ok })
}

/// What a rehearsal has shown, as text; nothing if there was none.
pub fn rehearsed(rehearsal: Option<&Rehearsal>, terminal: &Terminal) -> String {
    let shown = |rehearsal| render::rehearsal::summary(rehearsal, terminal.width(), terminal.glyphs());
    rehearsal.map(shown).unwrap_or_default()
}

/// Refuses a plan with a broken check.
///
/// # Errors
/// The checks that do not hold.
pub fn hold(plan: &Plan) -> CommandResult<()> {
    let broken: Vec<Complaint> = plan.broken_checks().iter().map(Complaint::from).collect();
    if broken.is_empty() { Ok(()) } else { Err(CommandError::Complaints(broken)) }
}

/// Warnings of the configuration, and an apply that was interrupted.
pub fn warn(session: &Session, terminal: &Terminal) {
    let warnings = session.project.warnings();
    if !warnings.is_empty() {
        terminal.tell(&render::diagnostic::report(warnings, &session.project.sources, terminal.width()));
    }
    if session.store.is_turning() {
        terminal.tell(
            "The state stands in clear text: with the key that is given, its next save encrypts it.\n\n",
        );
    }
    if let Some(journal) = &session.unfinished {
        terminal.tell(&format!(
            "An apply of this project is unfinished ({}): `infra apply` goes on with it first, and `infra status` shows \
             where it stands.\n\n",
            render::status::so_far(journal)
        ));
    }
}

/// The plan as JSON, its secrets sealed.
fn json(plan: &Plan, rehearsal: Option<&Rehearsal>, state: &State) -> CommandResult<String> {
    let bytes = plan_file::write_rehearsed(&seal::seal_plan(plan, &state.key), rehearsal)?;
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned() + "\n")
}

/// Saves a plan, its secrets sealed, with its rehearsal.
///
/// # Errors
/// The file cannot be written.
pub fn save(
    plan: &Plan,
    rehearsal: Option<&Rehearsal>,
    state: &State,
    path: &Path,
    settings: &Settings,
) -> CommandResult<()> {
    let bytes = plan_file::write_rehearsed(&seal::seal_plan(plan, &state.key), rehearsal)?;
    plans::write(path, &bytes, settings)
}
