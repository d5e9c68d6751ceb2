//! What an apply has done so far, as events. The journal is the truth while an apply runs: the state is what it adds
//! up to.

use infra_lang::address::Address;
use infra_lang::residual::Values;
use serde::{Deserialize, Serialize};

use crate::id::StepId;
use crate::journal_file::Chain;
use crate::plan::Plan;
use crate::provider::Outcome;
use crate::state::State;

/// One event, on disk before anything follows from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum JournalEvent {
    /// The step is about to act.
    Started {
        /// Which.
        step: StepId,
    },
    /// The step has something to remember; replaces what it noted before.
    Noted {
        /// Which.
        step: StepId,
        /// The operation's name, such as `create` or `pin`.
        name: String,
        /// What.
        note: serde_json::Value,
    },
    /// A lookup was answered; secrets are sealed.
    LookedUp {
        /// Which.
        lookup: Address,
        /// The answer.
        answer: Values,
    },
    /// The step is done; secrets in what was observed are sealed.
    Succeeded {
        /// Which.
        step: StepId,
        /// What it leaves behind.
        outcome: Outcome,
    },
    /// The step has failed for good.
    Failed {
        /// Which.
        step: StepId,
        /// Why.
        failure: String,
    },
    /// The step is done, and what must hold after it does not.
    Refused {
        /// Which.
        step: StepId,
        /// Why.
        failure: String,
    },
    /// The step had failed, its change waited as it was, and it is tried again.
    Retried {
        /// Which.
        step: StepId,
    },
    /// Somebody wants the change of the step back as it was before, whatever would still have come.
    GivenUp {
        /// The last one that had begun.
        step: StepId,
        /// Who or what wants it, in a few words.
        failure: String,
    },
    /// The step is about to be taken back.
    UndoStarted {
        /// Which.
        step: StepId,
    },
    /// The step has been taken back.
    UndoDone {
        /// Which.
        step: StepId,
    },
    /// The step could not be taken back.
    UndoFailed {
        /// Which.
        step: StepId,
        /// Why.
        failure: String,
    },
}

impl JournalEvent {
    /// The step it is about; none for a lookup.
    pub fn step(&self) -> Option<StepId> {
        match self {
            Self::Started { step }
            | Self::Noted { step, .. }
            | Self::Succeeded { step, .. }
            | Self::Failed { step, .. }
            | Self::Refused { step, .. }
            | Self::Retried { step }
            | Self::GivenUp { step, .. }
            | Self::UndoStarted { step }
            | Self::UndoDone { step }
            | Self::UndoFailed { step, .. } => Some(*step),
            Self::LookedUp { .. } => None,
        }
    }
}

/// An unfinished apply, as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    /// What is carried out; secrets are sealed.
    pub plan: Plan,
    /// What has happened so far.
    pub events: Vec<JournalEvent>,
    /// What the next line of its file is written behind.
    pub(crate) chain: Chain,
}

impl Journal {
    /// Whether the state has all of it already, so that only clearing the journal was left to do.
    pub fn is_settled(&self, state: &State) -> bool {
        state.lineage == self.plan.header.lineage && state.serial > self.plan.header.serial
    }
}

/// Where a step stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StepStatus {
    /// It has not begun.
    #[default]
    NeverStarted,
    /// It has begun; after a crash nobody knows how far it came.
    Started,
    /// It is done.
    Succeeded(Outcome),
    /// It has failed for good.
    Failed(String),
    /// It is being taken back.
    Undoing,
    /// It was taken back.
    Undone,
    /// It could not be taken back.
    UndoFailed(String),
}

/// An event that cannot follow what came before: the journal is not of this plan, or it is damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the journal cannot be right: {what}")]
pub struct IllegalEvent {
    /// Which event, and where the step stood.
    pub what: String,
}

impl StepStatus {
    /// The status after an event of the step.
    pub fn after(&self, event: &JournalEvent) -> Result<Self, IllegalEvent> {
        use JournalEvent as Event;
        match (self, event) {
            (Self::NeverStarted, Event::Started { .. }) => Ok(Self::Started),
            (Self::Started | Self::Undoing, Event::Noted { .. }) => Ok(self.clone()),
            (Self::Started, Event::Succeeded { outcome, .. }) => Ok(Self::Succeeded(outcome.clone())),
            (Self::Started, Event::Failed { failure, .. }) => Ok(Self::Failed(failure.clone())),
            (Self::Succeeded(_), Event::Refused { .. } | Event::Retried { .. }) => Ok(self.clone()),
            (Self::Failed(_), Event::Retried { .. }) => Ok(Self::Started),
            (Self::Started, Event::GivenUp { failure, .. }) => Ok(Self::Failed(failure.clone())),
            (Self::Succeeded(_) | Self::Failed(_), Event::GivenUp { .. }) => Ok(self.clone()),
            (Self::Succeeded(_) | Self::Failed(_), Event::UndoStarted { .. }) => Ok(Self::Undoing),
            (Self::Undoing, Event::UndoDone { .. }) => Ok(Self::Undone),
            (Self::Undoing, Event::UndoFailed { failure, .. }) => Ok(Self::UndoFailed(failure.clone())),
            (status, event) => {
                Err(IllegalEvent { what: format!("{event:?} of a step that is {}", status.word()) })
            }
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::NeverStarted => "not started",
            Self::Started => "started",
            Self::Succeeded(_) => "done",
            Self::Failed(_) => "failed",
            Self::Undoing => "being taken back",
            Self::Undone => "taken back",
            Self::UndoFailed(_) => "not to be taken back",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: StepId = StepId(0);

    fn events() -> Vec<JournalEvent> {
        let failure = || "no".to_owned();
        vec![
            JournalEvent::Started { step: STEP },
            JournalEvent::Noted { step: STEP, name: "create".to_owned(), note: serde_json::json!({}) },
            JournalEvent::Succeeded { step: STEP, outcome: Outcome::default() },
            JournalEvent::Failed { step: STEP, failure: failure() },
            JournalEvent::Refused { step: STEP, failure: failure() },
            JournalEvent::UndoStarted { step: STEP },
            JournalEvent::UndoDone { step: STEP },
            JournalEvent::UndoFailed { step: STEP, failure: failure() },
        ]
    }

    #[test]
    fn the_table_of_transitions() {
        let names = [
            "started",
            "noted",
            "succeeded",
            "failed",
            "refused",
            "undo started",
            "undo done",
            "undo failed",
        ];
        let statuses = [
            StepStatus::NeverStarted,
            StepStatus::Started,
            StepStatus::Succeeded(Outcome::default()),
            StepStatus::Failed("no".to_owned()),
            StepStatus::Undoing,
            StepStatus::Undone,
            StepStatus::UndoFailed("no".to_owned()),
        ];
        let mut table = String::new();
        for status in &statuses {
            for (name, event) in names.iter().zip(events()) {
                if let Ok(next) = status.after(&event) {
                    table += &format!("{} + {name} = {}\n", status.word(), next.word());
                }
            }
        }
        insta::assert_snapshot!(table, @r"
        not started + started = started
        started + noted = started
        started + succeeded = done
        started + failed = failed
        done + refused = done
        done + undo started = being taken back
        failed + undo started = being taken back
        being taken back + noted = being taken back
        being taken back + undo done = taken back
        being taken back + undo failed = not to be taken back
        ");
    }
}
