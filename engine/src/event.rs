//! What apply tells whoever watches.

use std::fmt;
use std::time::Duration;

use infra_lang::address::Address;

use crate::id::{RemoteId, StepId};
use crate::provider::ProviderError;

/// One thing that happened, with the time since the apply began on tokio's clock.
#[derive(Debug, Clone, PartialEq)]
pub struct ApplyEvent {
    /// Since the apply began.
    pub at: Duration,
    /// The step.
    pub step: StepId,
    /// Whose step it is.
    pub address: Address,
    /// What happened.
    pub what: StepEvent,
}

/// What happened to a step.
#[derive(Debug, Clone, PartialEq)]
pub enum StepEvent {
    /// It started: its title.
    Started(String),
    /// It did something: what.
    Acted(String),
    /// It waits: for what.
    Waiting(String),
    /// It succeeded; the id if it has one.
    Succeeded(Option<RemoteId>),
    /// It failed.
    Failed(StepFailure),
    /// It is being taken back.
    Undoing(String),
    /// It was taken back.
    Undone,
    /// It never started, because what it needs has failed.
    Skipped(Address),
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq)]
pub enum StepFailure {
    /// AWS or the way to it.
    Provider(ProviderError),
    /// The kind says it cannot succeed any more.
    Stuck(String),
    /// The guard did not hold.
    Guard(String),
    /// It took too long, waiting for this.
    TimedOut(String),
    /// A condition of its object's life cycle does not hold.
    Condition {
        /// In its author's words.
        message: String,
        /// Where it is written, as `path:line`.
        location: String,
    },
}

impl fmt::Display for StepFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Provider(error) => write!(f, "{error}"),
            Self::Stuck(why) => f.write_str(why),
            Self::Guard(why) => write!(f, "it was not safe to go on: {why}"),
            Self::Condition { message, location } => write!(f, "{message} ({location})"),
            Self::TimedOut(on) => write!(f, "it took too long, waiting for {on}"),
        }
    }
}

/// Whoever watches an apply.
pub trait Watch: Send + Sync {
    /// Called for every event, in order; must not block.
    fn event(&self, event: &ApplyEvent);
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Watch for Silent {
    fn event(&self, _: &ApplyEvent) {}
}
