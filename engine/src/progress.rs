//! Where a change of an unfinished apply stands, for whoever looks from outside.

use std::time::Duration;

use infra_lang::address::Address;

use crate::id::{ChangeId, StepId};
use crate::journal::{IllegalEvent, Journal, StepStatus};
use crate::schedule::{Notes, Schedule};

/// Where a change stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// What the step does that counts now: the one that is taken back, has failed, runs, or was the last to run.
    pub title: String,
    /// Which of the change's steps it is; counts from 1.
    pub position: usize,
    /// How many steps the change has.
    pub steps: usize,
    /// How long that step may take.
    pub limit: Duration,
    /// How it is with the step.
    pub stage: Stage,
    /// Whether the change waits as it is for somebody to say how to go on.
    pub paused: bool,
    /// What the steps have written down, by operation name: originals before they were changed.
    pub notes: Notes,
}

/// How it is with a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// It runs, or did when the apply ended.
    Running,
    /// It is done, and the next has not begun.
    Done,
    /// It has failed, and why.
    Failed(String),
    /// It is being taken back.
    TakenBack,
}

/// Where the change of an object stands; none if the apply does not change it, or has not begun to.
///
/// # Errors
/// The journal is not of its plan.
pub fn standing(journal: &Journal, address: &Address) -> Result<Option<Standing>, IllegalEvent> {
    let schedule = Schedule::replay(&journal.plan.steps, &journal.events)?;
    let Some(at) = journal.plan.changes.iter().position(|change| change.address == *address) else {
        return Ok(None);
    };
    let steps: Vec<StepId> = schedule.of_change(ChangeId(at)).collect();
    Ok(current(&schedule, &steps).map(|(position, stage)| {
        let id = steps[position];
        let step = &journal.plan.steps.steps[id.0];
        Standing {
            title: step.title.clone(),
            position: position + 1,
            steps: steps.len(),
            limit: step.timeout,
            stage,
            paused: schedule.paused().iter().any(|paused| steps.contains(paused)),
            notes: schedule.notes(ChangeId(at), id),
        }
    }))
}

/// The step that counts now, and how it is with it.
fn current(schedule: &Schedule<'_>, steps: &[StepId]) -> Option<(usize, Stage)> {
    let find =
        |wanted: &dyn Fn(&StepStatus) -> bool| steps.iter().rposition(|step| wanted(schedule.status(*step)));
    let undoing = find(&|status| matches!(status, StepStatus::Undoing | StepStatus::Undone));
    let failed = steps.iter().position(|step| schedule.failures().contains_key(step));
    let running = find(&|status| *status == StepStatus::Started);
    let done = find(&|status| matches!(status, StepStatus::Succeeded(_)));
    let why = |at: usize| schedule.failures().get(&steps[at]).cloned().unwrap_or_default();
    undoing
        .map(|at| (at, Stage::TakenBack))
        .or_else(|| failed.map(|at| (at, Stage::Failed(why(at)))))
        .or_else(|| running.map(|at| (at, Stage::Running)))
        .or_else(|| done.map(|at| (at, Stage::Done)))
}
