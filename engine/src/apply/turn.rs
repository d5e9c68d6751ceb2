//! One look at one step: the guard, then the kind. What comes out is data; the loop decides what follows.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::id::StepId;
use crate::provider::{Progress, Provider, ProviderError, Task, Verdict};
use crate::steps::Operation;
use infra_lang::residual::Values;

/// A step that runs.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) step: StepId,
    pub(super) task: Task,
    pub(super) guard: Option<(Operation, Values)>,
    pub(super) deadline: Instant,
    /// Whether the step is being taken back.
    pub(super) undoing: bool,
    /// What was last said about its waiting, so that it is said once.
    pub(super) said: Option<String>,
    /// How often in a row a call has failed.
    pub(super) retries: u32,
    /// How many refusals have been followed by another look.
    pub(super) refusals: u32,
    /// What was last done.
    pub(super) acted: Option<String>,
    /// How often in a row that was done again.
    pub(super) repeats: u32,
}

/// What a look at a step gave.
#[derive(Debug)]
pub(super) enum Turn {
    /// The guard does not hold, and why.
    Guarded(String),
    /// Where the step stands.
    Progress(Progress),
    /// A call failed.
    Failed(ProviderError),
}

/// Waits, judges the guard, and lets the kind do at most one thing.
pub(super) async fn turn(mut job: Job, wait: Duration, provider: &dyn Provider) -> (Job, Turn) {
    if !wait.is_zero() {
        sleep(wait.min(job.deadline.saturating_duration_since(Instant::now()))).await;
    }
    if let Some((guard, arguments)) = &job.guard {
        match provider.judge(guard, arguments, &job.task).await {
            Ok(Verdict::Holds) => {}
            Ok(Verdict::Broken(why)) => return (job, Turn::Guarded(why)),
            Err(error) => return (job, Turn::Failed(error)),
        }
    }
    let turn = match provider.advance(&job.task).await {
        Ok(progress) => Turn::Progress(progress),
        Err(error) => Turn::Failed(error),
    };
    if !matches!(turn, Turn::Failed(_)) {
        job.retries = 0;
    }
    (job, turn)
}

impl Job {
    /// Whether its time is over.
    pub(super) fn is_late(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// How long to wait before a call that failed is tried again.
    pub(super) fn back_off(&mut self) -> Duration {
        pause(&mut self.retries)
    }

    /// How soon to look after something was done: at once. If it is what was done just before, then that look knew
    /// nothing of it yet, and the next one may not either.
    pub(super) fn after_acting(&mut self, what: &str) -> Duration {
        if self.acted.as_deref() == Some(what) {
            return pause(&mut self.repeats);
        }
        (self.acted, self.repeats) = (Some(what.to_owned()), 0);
        Duration::ZERO
    }

    /// Whether a refusal may be because of what this step has done itself: a call was delivered twice, or a look knew
    /// nothing of what was done before it.
    pub(super) fn may_be_an_echo(&self) -> bool {
        let patience = if self.acted.is_some() { 5 } else { 1 };
        self.refusals < patience && !self.is_late()
    }

    /// How soon to look whether what was refused is there all the same.
    pub(super) fn after_refusal(&mut self) -> Duration {
        pause(&mut self.refusals)
    }
}

/// 1 s, doubled each time, 30 s at most.
fn pause(times: &mut u32) -> Duration {
    let seconds = 1_u64 << (*times).min(5);
    *times += 1;
    Duration::from_secs(seconds.min(30))
}
