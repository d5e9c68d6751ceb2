//! `infra apply`: plan, ask, do it; or do a saved plan; or go on with what was interrupted.

use std::path::Path;
use std::time::Duration;

use infra_engine::apply::{self, Apply, ApplyReport, FailedStep, Limits, Stop};
use infra_engine::assertion::Broken;
use infra_engine::event::{Silent, StepFailure, Watch};
use infra_engine::journal::JournalEvent;
use infra_engine::plan::Plan;
use infra_engine::provider::Provider;
use infra_engine::rehearse::Rehearsal;
use infra_engine::{plan_file, seal};
use tokio::time::Instant;

use super::progress::Progress;
use super::{Exit, output, plan};
use crate::args::{ApplyArgs, RunArgs, VariableArgs};
use crate::error::{CommandError, CommandResult, Complaint, provider_complaint};
use crate::rehearsal;
use crate::render;
use crate::session::Session;
use crate::settings::Settings;
use crate::store::{Access, plans};
use crate::terminal::{Terminal, stop_on_interrupt};

pub async fn run(args: ApplyArgs, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    let goal = match args.plan.as_deref() {
        Some(path) => Goal::Saved { path, strict: args.strict, rehearsed: !args.no_rehearsal },
        None => Goal::Desired { strict: args.strict, rehearsed: !args.no_rehearsal },
    };
    drive(&args.variables, goal, &args.run, settings, terminal).await
}

/// What is to be brought about.
#[derive(Debug, Clone, Copy)]
pub enum Goal<'a> {
    /// What the configuration says.
    Desired {
        /// Whether broken checks count as errors.
        strict: bool,
        /// Whether a rehearsal may speak against it.
        rehearsed: bool,
    },
    /// What a saved plan says.
    Saved {
        /// The plan's file.
        path: &'a Path,
        /// As above.
        strict: bool,
        /// As above.
        rehearsed: bool,
    },
    /// That nothing is left.
    Nothing,
}

impl Goal<'_> {
    fn is_strict(self) -> bool {
        matches!(self, Self::Desired { strict: true, .. } | Self::Saved { strict: true, .. })
    }

    fn is_rehearsed(self) -> bool {
        matches!(self, Self::Desired { rehearsed: true, .. } | Self::Saved { rehearsed: true, .. })
    }
}

/// The whole of apply and destroy.
pub async fn drive(
    variables: &VariableArgs,
    goal: Goal<'_>,
    run: &RunArgs,
    settings: &Settings,
    terminal: &Terminal,
) -> CommandResult<Exit> {
    let destroy = matches!(goal, Goal::Nothing);
    let command = if destroy { "infra destroy" } else { "infra apply" };
    let mut session = Session::open(settings, variables, Access::Write(command)).await?;
    plan::warn(&session, terminal);
    if resume(&mut session, run, terminal).await? == Exit::Error {
        return Ok(Exit::Error);
    }
    let (plan, rehearsal) = match goal {
        Goal::Saved { path, .. } => {
            let (plan, rehearsal) = read_rehearsed(path, settings)?;
            (unsealed(&session, plan)?, rehearsal)
        }
        Goal::Desired { rehearsed: true, .. } => {
            let plan = session.plan(destroy).await?;
            let rehearsal = rehearsal::tried(&session, settings, &plan).await?;
            (plan, rehearsal)
        }
        Goal::Desired { .. } | Goal::Nothing => (session.plan(destroy).await?, None),
    };
    if !run.json {
        terminal.print(&render::plan::plan(&plan, terminal.width()));
        terminal.print(&plan::rehearsed(rehearsal.as_ref(), terminal));
    }
    if goal.is_rehearsed() {
        rehearsal::admit(&plan, rehearsal.as_ref())?;
    }
    if goal.is_strict() {
        plan::hold(&plan)?;
    }
    if plan.is_empty() {
        return note(&session, &plan, run).await;
    }
    if !run.yes && !terminal.confirm(question(destroy))? {
        return Err(Complaint::new("nothing was done: the plan was refused").into());
    }
    let ended = carry_out(&mut session, &plan, Vec::new(), run, terminal).await?;
    Ok(if goal.is_strict() && ended == Ended::Warned { Exit::Error } else { ended.into() })
}

/// How carrying a plan out has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// All is done.
    Well,
    /// A check does not hold.
    Warned,
    /// Something is not done.
    Badly,
}

impl From<Ended> for Exit {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Well | Ended::Warned => Self::Ok,
            Ended::Badly => Self::Error,
        }
    }
}

fn question(destroy: bool) -> &'static str {
    if destroy { "Destroy all of this?" } else { "Do this?" }
}

/// Brings the state up to a plan that asks nothing of AWS: what somebody else changed to the same, a protection lifted.
async fn note(session: &Session, plan: &Plan, run: &RunArgs) -> CommandResult<Exit> {
    let nobody = Silent;
    let provider = session.discreet();
    apply::apply(work(session, &provider, plan, Vec::new(), run, &nobody, Stop::default())).await?;
    Ok(Exit::Ok)
}

fn work<'a>(
    session: &'a Session,
    provider: &'a dyn Provider,
    plan: &'a Plan,
    events: Vec<JournalEvent>,
    run: &RunArgs,
    watch: &'a dyn Watch,
    stop: Stop,
) -> Apply<'a> {
    Apply {
        plan,
        events,
        state: session.state.clone(),
        ephemeral: session.desired.ephemeral.clone(),
        provider,
        store: &*session.store,
        watch,
        limits: Limits { parallelism: usize::from(run.parallelism) },
        stop,
    }
}

/// Goes on with an apply that was interrupted, if there is one.
async fn resume(session: &mut Session, run: &RunArgs, terminal: &Terminal) -> CommandResult<Exit> {
    let Some(journal) = session.unfinished.take() else { return Ok(Exit::Ok) };
    let plan = unsealed(session, journal.plan)?;
    Ok(carry_out(session, &plan, journal.events, run, terminal).await?.into())
}

/// A plan from a file.
pub fn read(path: &Path, settings: &Settings) -> CommandResult<Plan> {
    Ok(read_rehearsed(path, settings)?.0)
}

/// A plan from a file, and what its rehearsal has shown.
pub fn read_rehearsed(path: &Path, settings: &Settings) -> CommandResult<(Plan, Option<Rehearsal>)> {
    let read = plan_file::read_rehearsed(&plans::read(path, settings)?);
    Ok(read.map_err(|error| Complaint::new(&error).at(path.display()))?)
}

/// The plan with the secrets of this run put back, each only if it is the one the plan was made with.
pub fn unsealed(session: &Session, plan: Plan) -> CommandResult<Plan> {
    Ok(seal::unseal(&plan, &session.state.key, seal::secrets_in(&session.desired))?)
}

async fn carry_out(
    session: &mut Session,
    plan: &Plan,
    events: Vec<JournalEvent>,
    run: &RunArgs,
    terminal: &Terminal,
) -> CommandResult<Ended> {
    let (report, took) = carried(session, plan, events, run, terminal).await?;
    Ok(conclude(&report, plan, took, run, terminal))
}

/// Carries a plan out, showing what happens; gives how it ended, and how long it took.
///
/// # Errors
/// It could not run to an end, of whatever kind.
pub async fn carried(
    session: &mut Session,
    plan: &Plan,
    events: Vec<JournalEvent>,
    run: &RunArgs,
    terminal: &Terminal,
) -> CommandResult<(ApplyReport, Duration)> {
    let progress = Progress::new(terminal, run.json);
    let stop = Stop::default();
    let signals = stop_on_interrupt(stop.clone());
    let begun = Instant::now();
    let provider = session.discreet();
    let report = apply::apply(work(session, &provider, plan, events, run, &progress, stop)).await;
    signals.abort();
    progress.finish();
    let report = report?;
    session.state = report.state.clone();
    Ok((report, begun.elapsed()))
}

/// Why a step failed, and where its object is written.
fn failure(failed: &FailedStep, plan: &Plan) -> Complaint {
    let change = plan.changes.iter().find(|change| change.address == failed.address);
    let place = match change.and_then(|change| change.location.as_ref()) {
        Some(location) => format!("{location}, {}", failed.address),
        None => failed.address.to_string(),
    };
    let complaint = match &failed.failure {
        StepFailure::Provider(error) => provider_complaint(error),
        other => Complaint::new(render::events::why(other)),
    };
    Complaint { message: format!("{}: {}", failed.title, complaint.message), ..complaint }.at(place)
}

/// Says how it ended.
pub fn conclude(
    report: &ApplyReport,
    plan: &Plan,
    took: Duration,
    run: &RunArgs,
    terminal: &Terminal,
) -> Ended {
    let (warnings, broken): (Vec<&Broken>, Vec<&Broken>) =
        report.broken.iter().partition(|broken| broken.is_warning());
    if run.json {
        report.broken.iter().for_each(|it| terminal.print(&format!("{}\n", render::events::broken(it))));
    } else {
        terminal.print(&format!("\n{}", render::events::summary(report, took)));
        warnings.iter().for_each(|it| terminal.print(&render::plan::warning(it)));
        terminal.print(&output::all(&report.state, terminal.width()));
    }
    let failures = report.failed.iter().chain(&report.undo_failed).map(|failed| failure(failed, plan));
    let complaints: Vec<Complaint> = failures.chain(broken.into_iter().map(Complaint::from)).collect();
    let bad = report.stopped || !complaints.is_empty();
    if !complaints.is_empty() {
        terminal.error(&CommandError::Complaints(complaints));
    }
    match (bad, warnings.is_empty()) {
        (true, _) => Ended::Badly,
        (false, true) => Ended::Well,
        (false, false) => Ended::Warned,
    }
}
