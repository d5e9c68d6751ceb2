//! Preconditions before the first step of a change, postconditions once all that is new of it stands.

use super::ApplyError;
use super::run::Run;
use crate::assertion::{Condition, Judgement};
use crate::event::{StepEvent, StepFailure};
use crate::id::{ChangeId, StepId};
use crate::journal::{JournalEvent, StepStatus};
use crate::steps::Part;

impl Run<'_> {
    /// Why a step may not begin. What takes the old away may come before all that a precondition needs is known; then
    /// it is decided before the new.
    pub(super) async fn unmet(&mut self, step: StepId) -> Result<Option<StepFailure>, ApplyError> {
        let it = &self.apply.plan.steps.steps[step.0];
        let conditions = &self.ledger.change_of(it).preconditions;
        if conditions.is_empty() || self.has_begun(it.change, step) {
            return Ok(None);
        }
        if it.part == Part::Retire {
            return Ok(self.broken(conditions));
        }
        self.judge(conditions).await
    }

    /// Whether anything new of the change has been begun by another step.
    fn has_begun(&self, change: ChangeId, but: StepId) -> bool {
        let schedule = &self.ledger.schedule;
        let establishes = |step: &StepId| self.apply.plan.steps.steps[step.0].part != Part::Retire;
        let mut others = schedule.of_change(change).filter(|step| *step != but && establishes(step));
        others.any(|step| *schedule.status(step) != StepStatus::NeverStarted)
    }

    /// Decides the postconditions of a change once it stands; a broken one fails its last step.
    pub(super) async fn judge_what_stands(&mut self, change: ChangeId) -> Result<(), ApplyError> {
        let conditions = &self.apply.plan.changes[change.0].postconditions;
        let schedule = &self.ledger.schedule;
        if conditions.is_empty() || !schedule.is_established(change) || schedule.is_broken(change) {
            return Ok(());
        }
        let done = |step: &StepId| matches!(schedule.status(*step), StepStatus::Succeeded(_));
        let Some(last) = schedule.of_change(change).rev().find(done) else { return Ok(()) };
        match self.judge(conditions).await? {
            Some(failure) => self.refuse(last, failure).await,
            None => Ok(()),
        }
    }

    /// The same for all changes: a crash may have come between a step and the conditions behind it.
    pub(super) async fn judge_all_that_stands(&mut self) -> Result<(), ApplyError> {
        for change in (0..self.apply.plan.changes.len()).map(ChangeId) {
            self.judge_what_stands(change).await?;
        }
        Ok(())
    }

    async fn refuse(&mut self, step: StepId, failure: StepFailure) -> Result<(), ApplyError> {
        self.write(&JournalEvent::Refused { step, failure: failure.to_string() }).await?;
        self.say(step, StepEvent::Failed(failure.clone()));
        self.failures.insert(step, failure);
        Ok(())
    }

    /// The first condition that does not hold, everything that they need being there.
    async fn judge(&mut self, conditions: &[Condition]) -> Result<Option<StepFailure>, ApplyError> {
        let parts = conditions.iter().flat_map(|it| [&it.condition, &it.message]);
        if let Err(failure) = self.ask_lookups(parts).await? {
            return Ok(Some(failure));
        }
        let known = &self.ledger.known;
        let open = conditions.iter().find(|it| it.judge(known) == Judgement::Open);
        let undecided = open
            .map(|it| StepFailure::Condition { message: it.undecided(known), location: it.location.clone() });
        Ok(self.broken(conditions).or(undecided))
    }

    fn broken(&self, conditions: &[Condition]) -> Option<StepFailure> {
        conditions.iter().find_map(|it| match it.judge(&self.ledger.known) {
            Judgement::Broken(message) => {
                Some(StepFailure::Condition { message, location: it.location.clone() })
            }
            Judgement::Holds | Judgement::Open => None,
        })
    }
}
