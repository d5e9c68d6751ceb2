//! `infra rollback`: an unfinished swap is taken back, and a finished one by another.

use infra_engine::rollback::{self, GivingUp, Refusal};
use infra_lang::address::Address;

use super::Exit;
use super::apply::{self, Ended};
use super::plan;
use crate::args::RollbackArgs;
use crate::error::{CommandResult, Complaint};
use crate::rehearsal;
use crate::render;
use crate::session::Session;
use crate::settings::Settings;
use crate::store::Access;
use crate::terminal::Terminal;

pub async fn run(args: RollbackArgs, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    let address = address(&args.group)?;
    let mut session = Session::open(settings, &args.variables, Access::Write("infra rollback")).await?;
    match &session.unfinished {
        Some(journal) => {
            let giving_up = rollback::give_up(journal, &address).map_err(refused)?;
            take_back(&mut session, giving_up, &address, &args, terminal).await
        }
        None => swap_back(&mut session, &address, &args, settings, terminal).await,
    }
}

/// The object that a text names.
///
/// # Errors
/// It is no address.
pub fn address(text: &str) -> CommandResult<Address> {
    let bad = || {
        Complaint::new(format!("`{text}` is not an address"))
            .hint("such as autoscaling_group.web or module.shop.autoscaling_group.web")
    };
    Ok(Address::parse(text).ok_or_else(bad)?)
}

/// What is unfinished goes back to where it began, without booting anything.
async fn take_back(
    session: &mut Session,
    giving_up: GivingUp,
    address: &Address,
    args: &RollbackArgs,
    terminal: &Terminal,
) -> CommandResult<Exit> {
    if args.out.is_some() {
        return Err(Complaint::new(format!(
            "the change of {address} is unfinished, and is taken back at once"
        ))
        .hint("leave `--out` out: there is no plan to save")
        .into());
    }
    if !args.run.json {
        terminal.print(&render::status::taking_back(address, &giving_up.titles));
    }
    if !args.run.yes && !terminal.confirm("Take this back?")? {
        return Err(Complaint::new("nothing was done: taking back was refused").into());
    }
    let Some(mut journal) = session.unfinished.take() else { return Ok(Exit::Ok) };
    rollback::record(&*session.store, &mut journal, giving_up.event).await?;
    let unsealed = apply::unsealed(session, journal.plan)?;
    let (report, took) = apply::carried(session, &unsealed, journal.events, &args.run, terminal).await?;
    // What was given up counts as failed; that it was taken back is what was asked for.
    let others = report.failed.iter().any(|failed| failed.address != *address);
    if others || report.stopped || !report.undo_failed.is_empty() || !report.paused.is_empty() {
        return Ok(apply::conclude(&report, &unsealed, took, &args.run, terminal).into());
    }
    if !args.run.json {
        terminal.print(&render::status::taken_back(address, report.undone.len(), took));
    }
    Ok(Exit::Ok)
}

/// Another swap, to how the group was launched before.
async fn swap_back(
    session: &mut Session,
    address: &Address,
    args: &RollbackArgs,
    settings: &Settings,
    terminal: &Terminal,
) -> CommandResult<Exit> {
    let plan = session.plan_return(address).await?;
    if plan.is_empty() {
        terminal.print(&format!("{address} is launched as before its last swap already: nothing to do.\n"));
        return Ok(Exit::Ok);
    }
    let rehearsal = rehearsal::tried(session, settings, &plan).await?;
    if !args.run.json {
        terminal.print(&render::plan::plan(&plan, terminal.width()));
        terminal.print(&plan::rehearsed(rehearsal.as_ref(), terminal));
        terminal.print(&render::status::rolls_forward_again(address));
    }
    rehearsal::admit(&plan, rehearsal.as_ref())?;
    if let Some(path) = &args.out {
        plan::save(&plan, rehearsal.as_ref(), &session.state, path, settings)?;
        terminal.print(&format!("\nSaved: `infra apply {}` does exactly this.\n", path.display()));
        return Ok(Exit::Ok);
    }
    if !args.run.yes && !terminal.confirm("Do this?")? {
        return Err(Complaint::new("nothing was done: the plan was refused").into());
    }
    let (report, took) = apply::carried(session, &plan, Vec::new(), &args.run, terminal).await?;
    let ended = apply::conclude(&report, &plan, took, &args.run, terminal);
    if ended != Ended::Badly && !args.run.json {
        terminal.print(&render::status::rolls_forward_again(address));
    }
    Ok(ended.into())
}

fn refused(refusal: Refusal) -> Complaint {
    let hint = match &refusal {
        Refusal::Unchanged(_) | Refusal::NotBegun(_) => {
            "`infra apply` finishes what is unfinished; then a rollback is a plan of its own"
        }
        Refusal::TooLate(..) => "`infra apply` finishes it; then `infra rollback` swaps back to how it was",
        Refusal::Journal(_) => "the journal was changed by hand, or by another version",
    };
    Complaint::new(refusal.to_string()).hint(hint)
}
