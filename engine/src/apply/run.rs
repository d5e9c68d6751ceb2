//! The loop: start what may start, look at what runs, write down what happened.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;

use super::begin::Opened;
use super::task::{guard, needs, task};
use super::turn::{Job, Turn, turn};
use super::{Apply, ApplyError};
use crate::assertion::Broken;
use crate::diff::concealed;
use crate::ephemeral::unread;
use crate::event::{ApplyEvent, StepEvent, StepFailure};
use crate::id::StepId;
use crate::journal::{JournalEvent, StepStatus};
use crate::journal_file::{self, Chain};
use crate::ledger::Ledger;
use crate::provider::{FailureClass, Outcome, Progress, ProviderError};
use crate::seal::seal_values;
use crate::steps::Effect;
use crate::store::StoreError;

/// How soon a guard that does not hold is judged again.
const GUARD_AGAIN: Duration = Duration::from_secs(5);

type Running<'a> = FuturesUnordered<Pin<Box<dyn Future<Output = (Job, Turn)> + Send + 'a>>>;

/// An apply on its way.
pub(super) struct Run<'a> {
    pub(super) apply: Apply<'a>,
    pub(super) ledger: Ledger<'a>,
    /// Failures of this run, with all that is known of them.
    pub(super) failures: BTreeMap<StepId, StepFailure>,
    /// Lookups that only outputs and conditions need, and that could not be answered.
    pub(super) unanswered: Vec<Broken>,
    began: Instant,
    running: Running<'a>,
    /// What the next line of the journal is written behind.
    chain: Chain,
    /// Whether an earlier run may have done more than its journal says.
    resumed: bool,
    /// The steps that an earlier run left in doubt and that have not been taken up again.
    in_doubt: BTreeSet<StepId>,
}

impl<'a> Run<'a> {
    /// The apply after what has been done already.
    pub(super) fn new(apply: Apply<'a>, opened: Opened) -> Result<Self, ApplyError> {
        let ledger = Ledger::replay(apply.plan, &apply.events)?;
        let in_doubt = ledger.schedule.in_doubt().into_iter().collect();
        let running = FuturesUnordered::new();
        let (failures, unanswered, began) = (BTreeMap::new(), Vec::new(), Instant::now());
        let Opened { chain, resumed } = opened;
        Ok(Self { apply, ledger, failures, unanswered, began, running, chain, resumed, in_doubt })
    }

    /// Runs until nothing is left to do, or until it is stopped.
    pub(super) async fn drive(&mut self) -> Result<(), ApplyError> {
        let now = self.apply.stop.now.clone();
        self.try_again().await?;
        self.judge_all_that_stands().await?;
        while !now.is_cancelled() {
            self.start_what_may().await?;
            let looked = tokio::select! {
                biased;
                () = now.cancelled() => return Ok(()),
                // Before any step is polled: who was stalled for long does nothing more.
                lost = self.apply.store.lost() => return Err(lost.into()),
                looked = self.running.next() => looked,
            };
            match looked {
                Some((job, turn)) => self.follow(job, turn).await?,
                None => return Ok(()),
            }
        }
        Ok(())
    }

    /// What an earlier run left as it was after a failure is tried again.
    async fn try_again(&mut self) -> Result<(), ApplyError> {
        for step in self.ledger.schedule.paused() {
            self.write(&JournalEvent::Retried { step }).await?;
            if *self.ledger.schedule.status(step) == StepStatus::Started {
                self.in_doubt.insert(step);
            }
        }
        Ok(())
    }

    async fn start_what_may(&mut self) -> Result<(), ApplyError> {
        while self.running.len() < self.apply.limits.parallelism.max(1) {
            let Some((step, undoing)) = self.next() else { break };
            self.start(step, undoing).await?;
        }
        Ok(())
    }

    /// The next step to run, and whether it is to be taken back. What an earlier run left in doubt comes first.
    fn next(&self) -> Option<(StepId, bool)> {
        if self.apply.stop.gentle.is_cancelled() {
            return None;
        }
        let undoing = |step: StepId| *self.ledger.schedule.status(step) == StepStatus::Undoing;
        if let Some(step) = self.in_doubt.first() {
            return Some((*step, undoing(*step)));
        }
        let undo = self.ledger.schedule.to_undo().into_iter().map(|step| (step, true));
        undo.chain(self.ledger.schedule.ready().map(|step| (step, false))).next()
    }

    /// Writes the step's intent down and lets it run.
    async fn start(&mut self, step: StepId, undoing: bool) -> Result<(), ApplyError> {
        let in_doubt = self.in_doubt.remove(&step);
        let title = self.apply.plan.steps.steps[step.0].title.clone();
        if !in_doubt {
            let event =
                if undoing { JournalEvent::UndoStarted { step } } else { JournalEvent::Started { step } };
            self.write(&event).await?;
        }
        self.say(step, if undoing { StepEvent::Undoing(title) } else { StepEvent::Started(title) });
        if let Some(failure) = self.hindrance(step, undoing).await? {
            return self.fail(step, undoing, failure).await;
        }
        match self.job(step, undoing, in_doubt || self.resumed) {
            Ok(job) if !undoing && self.is_for_the_state_alone(step) => {
                self.succeed(job, Outcome::default()).await
            }
            Ok(job) => {
                self.look(job, Duration::ZERO);
                Ok(())
            }
            Err(why) => self.fail(step, undoing, StepFailure::Stuck(why)).await,
        }
    }

    /// Why a step cannot begin: a lookup that it needs fails, or a precondition does not hold.
    async fn hindrance(&mut self, step: StepId, undoing: bool) -> Result<Option<StepFailure>, ApplyError> {
        if let Err(failure) = self.ask_lookups(needs(self.apply.plan, step)).await? {
            return Ok(Some(failure));
        }
        if undoing { Ok(None) } else { self.unmet(step).await }
    }

    /// Forgetting is, and so is the deletion of an older object that has become the current one again.
    fn is_for_the_state_alone(&self, step: StepId) -> bool {
        let forgets = self.apply.plan.steps.steps[step.0].effect == Effect::Forget;
        forgets || self.ledger.schedule.is_kept_after_all(step)
    }

    fn job(&self, step: StepId, undoing: bool, in_doubt: bool) -> Result<Job, String> {
        Ok(Job {
            step,
            task: task(&self.ledger, &self.apply.ephemeral, step, undoing, in_doubt)?,
            guard: if undoing { None } else { guard(&self.ledger, step)? },
            deadline: Instant::now() + self.apply.plan.steps.steps[step.0].timeout,
            undoing,
            said: None,
            retries: 0,
            refusals: 0,
            acted: None,
            repeats: 0,
        })
    }

    fn look(&mut self, job: Job, wait: Duration) {
        self.running.push(Box::pin(turn(job, wait, self.apply.provider)));
    }

    /// Decides what follows from a look at a step.
    async fn follow(&mut self, mut job: Job, turn: Turn) -> Result<(), ApplyError> {
        let failure = match turn {
            Turn::Progress(Progress::Note(note)) => return self.note(job, note).await,
            Turn::Progress(Progress::Acted(what)) => {
                let again = job.after_acting(&what);
                self.say(job.step, StepEvent::Acted(what));
                job.said = None;
                self.look(job, again);
                return Ok(());
            }
            Turn::Progress(Progress::Done(outcome)) => return self.succeed(job, outcome).await,
            Turn::Progress(Progress::Waiting { on, again }) if !job.is_late() => {
                self.wait(job, on, again);
                return Ok(());
            }
            Turn::Guarded(why) if !job.is_late() => {
                self.wait(job, why, GUARD_AGAIN);
                return Ok(());
            }
            Turn::Failed(error) if is_passing(&error) && !job.is_late() => {
                // Nobody knows what was done.
                job.task.in_doubt = true;
                let again = job.back_off();
                self.wait(job, format!("{error}; trying again"), again);
                return Ok(());
            }
            Turn::Failed(error) if !is_outage(&error) && job.may_be_an_echo() => {
                job.task.in_doubt = true;
                let again = job.after_refusal();
                self.look(job, again);
                return Ok(());
            }
            // To fail the step would only take back, in vain, what goes well.
            Turn::Failed(error) if is_outage(&error) => return Err(ApplyError::Interrupted(error)),
            Turn::Progress(Progress::Waiting { on, .. }) => StepFailure::TimedOut(on),
            Turn::Progress(Progress::Stuck(why)) => StepFailure::Stuck(why),
            Turn::Guarded(why) => StepFailure::Guard(why),
            Turn::Failed(error) => StepFailure::Provider(error),
        };
        self.fail(job.step, job.undoing, failure).await
    }

    async fn note(&mut self, mut job: Job, note: serde_json::Value) -> Result<(), ApplyError> {
        let name = job.task.effect.name().to_owned();
        job.task.notes.insert(name.clone(), note.clone());
        self.write(&JournalEvent::Noted { step: job.step, name, note }).await?;
        self.look(job, Duration::ZERO);
        Ok(())
    }

    /// Looks again later; says what for, unless that was said already.
    fn wait(&mut self, mut job: Job, on: String, again: Duration) {
        if job.said.as_ref() != Some(&on) {
            self.say(job.step, StepEvent::Waiting(on.clone()));
            job.said = Some(on);
        }
        self.look(job, again);
    }

    async fn succeed(&mut self, job: Job, outcome: Outcome) -> Result<(), ApplyError> {
        let step = job.step;
        if job.undoing {
            self.write(&JournalEvent::UndoDone { step }).await?;
            self.say(step, StepEvent::Undone);
            return Ok(());
        }
        let creates = job.task.effect == Effect::Create;
        if creates && outcome.id.is_none() && self.ledger.schedule.made(step).is_none() {
            let why = "the object was made, and its id was not told".to_owned();
            return self.fail(step, false, StepFailure::Stuck(why)).await;
        }
        let outcome = self.sealed(&job, outcome);
        let id = outcome.id.clone();
        self.write(&JournalEvent::Succeeded { step, outcome }).await?;
        self.say(step, StepEvent::Succeeded(id));
        self.judge_what_stands(self.apply.plan.steps.steps[step.0].change).await
    }

    /// What a step leaves behind as it may be written: what was applied as a secret is sealed, and what comes of
    /// ephemeral variables left out.
    fn sealed(&self, job: &Job, outcome: Outcome) -> Outcome {
        let key = &self.apply.state.key;
        let kind = self.apply.provider.kind(&job.task.kind);
        let wanted = &self.ledger.change_of(&self.apply.plan.steps.steps[job.step.0]).desired;
        let observed =
            outcome.observed.map(|observed| unread(&observed, wanted)).map(|observed| match kind {
                Some(kind) => concealed(kind, &observed, &job.task.desired, key),
                None => seal_values(&observed, key),
            });
        Outcome { id: outcome.id, observed }
    }

    async fn fail(&mut self, step: StepId, undoing: bool, failure: StepFailure) -> Result<(), ApplyError> {
        let text = failure.to_string();
        let event = match undoing {
            true => JournalEvent::UndoFailed { step, failure: text },
            false => JournalEvent::Failed { step, failure: text },
        };
        self.write(&event).await?;
        self.say(step, StepEvent::Failed(failure.clone()));
        self.failures.insert(step, failure);
        Ok(())
    }

    /// Writes an event down, and only then counts on it.
    pub(super) async fn write(&mut self, event: &JournalEvent) -> Result<(), ApplyError> {
        let line = journal_file::line(event, &mut self.chain);
        let line = line.map_err(|error| StoreError::new(error.to_string()))?;
        self.apply.store.journal_append(&line).await?;
        self.ledger.record(event)?;
        Ok(())
    }

    pub(super) fn say(&self, step: StepId, what: StepEvent) {
        let address = self.ledger.change_of(&self.apply.plan.steps.steps[step.0]).address.clone();
        self.apply.watch.event(&ApplyEvent { at: self.began.elapsed(), step, address, what });
    }
}

/// Whether trying again may help.
fn is_passing(error: &ProviderError) -> bool {
    matches!(error.class, FailureClass::Transient | FailureClass::Unreachable)
}

/// Whether no call at all can succeed.
pub(super) fn is_outage(error: &ProviderError) -> bool {
    matches!(error.class, FailureClass::Credentials | FailureClass::Unreachable)
}
