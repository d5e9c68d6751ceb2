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

    /// How long to wait before a call that failed is tried again: 1 s, doubled each time, 30 s at most.
    pub(super) fn back_off(&mut self) -> Duration {
        let seconds = 1_u64 << self.retries.min(5);
        self.retries += 1;
        Duration::from_secs(seconds.min(30))
    }
}
