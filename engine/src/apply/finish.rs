//! The end of an apply: what is left of it, and the state.

use super::run::Run;
use super::{ApplyError, ApplyReport, FailedStep, SkippedStep};
use crate::assertion::{Assertion, Broken, Judgement};
use crate::event::{StepEvent, StepFailure};
use crate::id::{ChangeId, StepId};
use crate::journal::StepStatus;
use crate::known::Known;
use crate::settle::Settling;
use crate::state::State;
use crate::store::save_state;

/// Saves the state and clears the journal if everything is accounted for, and reports.
pub(super) async fn finish(run: Run<'_>) -> Result<ApplyReport, ApplyError> {
    let stopped = is_stopped(&run);
    let unfinished = stopped || !run.ledger.schedule.paused().is_empty();
    let settled = Settling { ledger: &run.ledger, key: &run.apply.state.key }.run(&run.apply.state);
    let changed = settled != run.apply.state || !run.apply.plan.steps.steps.is_empty();
    let state = if changed && !unfinished { settled.next() } else { settled };
    let report = report(&run, state, stopped);
    if !stopped {
        say_skipped(&run, &report);
    }
    if !unfinished {
        if changed {
            save_state(run.apply.store, &report.state).await?;
        }
        run.apply.store.journal_clear().await?;
    }
    Ok(report)
}

/// Whether something is left to do that would have been done.
pub(super) fn is_stopped(run: &Run<'_>) -> bool {
    let schedule = &run.ledger.schedule;
    !schedule.in_doubt().is_empty() || schedule.ready().next().is_some() || !schedule.to_undo().is_empty()
}

fn report(run: &Run<'_>, state: State, stopped: bool) -> ApplyReport {
    let schedule = &run.ledger.schedule;
    let steps = || (0..run.apply.plan.steps.steps.len()).map(StepId);
    let with_status =
        |wanted: fn(&StepStatus) -> bool| steps().filter(move |step| wanted(schedule.status(*step)));
    let undo_failed = steps().filter_map(|step| match schedule.status(step) {
        StepStatus::UndoFailed(text) => Some(failed(run, step, text)),
        _ => None,
    });
    let address = |change: ChangeId| run.apply.plan.changes[change.0].address.clone();
    let skipped = if stopped { Vec::new() } else { schedule.skipped() };
    let skipped = skipped.into_iter().map(|(step, because)| SkippedStep {
        step,
        address: address(run.apply.plan.steps.steps[step.0].change),
        because: address(because),
    });
    ApplyReport {
        succeeded: steps().filter(|step| schedule.is_done(*step)).count(),
        failed: schedule.failures().iter().map(|(step, text)| failed(run, *step, text)).collect(),
        skipped: skipped.collect(),
        undone: with_status(|status| *status == StepStatus::Undone).collect(),
        undo_failed: undo_failed.collect(),
        paused: schedule.paused(),
        broken: if stopped { Vec::new() } else { broken(run, schedule.failures().is_empty()) },
        stopped,
        state,
    }
}

/// What was open when the plan was made and does not hold now. What is still open is told if `all` of the plan is done.
fn broken(run: &Run<'_>, all: bool) -> Vec<Broken> {
    let known = &run.ledger.known;
    let was_open = |it: &&Assertion| it.condition.judge(&Known::default()) == Judgement::Open;
    let open = run.apply.plan.assertions.iter().filter(was_open);
    let undecided = |it: &Assertion| match it.condition.judge(known) {
        Judgement::Open if all => Some(it.undecided(known)),
        _ => None,
    };
    let found = open.filter_map(|it| it.broken(known).or_else(|| undecided(it)));
    found.chain(run.unanswered.iter().cloned()).collect()
}

/// A failure with all that is known of it; of an earlier run only its words are left.
fn failed(run: &Run<'_>, step: StepId, text: &str) -> FailedStep {
    let it = &run.apply.plan.steps.steps[step.0];
    let seen = run.failures.get(&step).filter(|failure| failure.to_string() == text);
    FailedStep {
        step,
        address: run.ledger.change_of(it).address.clone(),
        title: it.title.clone(),
        failure: seen.cloned().unwrap_or_else(|| StepFailure::Stuck(text.to_owned())),
    }
}

fn say_skipped(run: &Run<'_>, report: &ApplyReport) {
    for skipped in &report.skipped {
        run.say(skipped.step, StepEvent::Skipped(skipped.because.clone()));
    }
}
