//! Carrying a plan out: one loop, whatever it is for. An empty journal is a fresh apply, a longer one the same apply
//! later; destroying is another plan, rehearsing another provider.

mod begin;
mod conditions;
mod finish;
mod lookups;
mod run;
mod task;
mod turn;

use infra_lang::address::Address;
use infra_lang::name::Identifier;
use tokio_util::sync::CancellationToken;

use crate::assertion::Broken;
use crate::discreet::Discreet;
use crate::ephemeral::{Given, missing};
use crate::event::{StepFailure, Watch};
use crate::id::StepId;
use crate::journal::{IllegalEvent, JournalEvent};
use crate::plan::Plan;
use crate::provider::{Provider, ProviderError};
use crate::redact::Redactor;
use crate::seal::{secrets_of, still_sealed};
use crate::state::State;
use crate::store::{LoadError, StateStore, StoreError};

use run::Run;

/// How much is done at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Steps that run at the same time, waiting ones included.
    pub parallelism: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { parallelism: 10 }
    }
}

/// The two ways to stop.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    /// Start nothing new; what runs finishes.
    pub gentle: CancellationToken,
    /// Stop at once; the next apply looks what has been done.
    pub now: CancellationToken,
}

/// One apply.
pub struct Apply<'a> {
    /// What is to be done, secrets in the clear.
    pub plan: &'a Plan,
    /// What has been done already: of the journal of an unfinished apply, else nothing.
    pub events: Vec<JournalEvent>,
    /// The state the plan was made from.
    pub state: State,
    /// The ephemeral variables of this run.
    pub ephemeral: Given,
    /// AWS.
    pub provider: &'a dyn Provider,
    /// Where state and journal are kept.
    pub store: &'a dyn StateStore,
    /// Whoever watches.
    pub watch: &'a dyn Watch,
    /// How much at the same time.
    pub limits: Limits,
    /// How to stop.
    pub stop: Stop,
}

/// How an apply ended.
#[derive(Debug, Clone, PartialEq)]
pub struct ApplyReport {
    /// The state: saved, unless `stopped` or something has paused.
    pub state: State,
    /// How many steps are done, those of earlier runs included.
    pub succeeded: usize,
    /// The steps that failed.
    pub failed: Vec<FailedStep>,
    /// The steps that never started because of those.
    pub skipped: Vec<SkippedStep>,
    /// The steps that were taken back.
    pub undone: Vec<StepId>,
    /// The steps that could not be taken back.
    pub undo_failed: Vec<FailedStep>,
    /// The failed steps whose changes stay as they are; the journal stays, and the next apply tries them again.
    pub paused: Vec<StepId>,
    /// Conditions that apply had to decide and that do not hold; those of `check` blocks only warn.
    pub broken: Vec<Broken>,
    /// Whether it was stopped before its end; the journal stays, and the next apply goes on.
    pub stopped: bool,
}

impl ApplyReport {
    /// Whether all of the plan is done, and all that must hold does.
    pub fn is_success(&self) -> bool {
        self.failed.is_empty() && !self.stopped && self.broken.iter().all(Broken::is_warning)
    }
}

/// A step that failed.
#[derive(Debug, Clone, PartialEq)]
pub struct FailedStep {
    /// Which.
    pub step: StepId,
    /// Whose.
    pub address: Address,
    /// What it was to do.
    pub title: String,
    /// Why it failed.
    pub failure: StepFailure,
}

/// A step that never started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedStep {
    /// Which.
    pub step: StepId,
    /// Whose.
    pub address: Address,
    /// The object whose failure is to blame.
    pub because: Address,
}

/// Why an apply could not run, or not go on. Whatever has been done is in the journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// The state has changed since the plan was made.
    #[error("the plan was made from state {planned}, and the state is {found} now: make the plan again")]
    Stale {
        /// The serial the plan was made from.
        planned: u64,
        /// The serial of the state.
        found: u64,
    },
    /// The state has another history.
    #[error("the plan was made from another state than the one that is here")]
    OtherState,
    /// Another apply has begun and not come to its end.
    #[error("an apply was interrupted: it has to go on before another can begin")]
    Unfinished,
    /// Nothing can be done any more: the credentials have expired, or AWS is out of reach. No step counts as failed.
    #[error("{0}; the apply is interrupted, and the next one goes on where it stopped")]
    Interrupted(ProviderError),
    /// A secret is sealed that has to be given again.
    #[error("the secret in `{attribute}` is sealed, and has to be given again")]
    Sealed {
        /// The object; none for an output.
        address: Option<Address>,
        /// The attribute, or the output.
        attribute: String,
    },
    /// An ephemeral variable has no value.
    #[error(
        "the ephemeral variable `{0}` is not given: nothing of it is kept, so every apply takes it again"
    )]
    NotGiven(Identifier),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal is not of this plan, or it is damaged.
    #[error(transparent)]
    Journal(#[from] IllegalEvent),
    /// The state or the journal that is there cannot be read.
    #[error(transparent)]
    Load(LoadError),
}

impl From<LoadError> for ApplyError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Store(error) => Self::Store(error),
            error => Self::Load(error),
        }
    }
}

/// Carries a plan out as far as it can: when a step fails, what does not depend on it goes on. At the end the state
/// is saved and the journal cleared, unless it was stopped or a change has paused.
pub async fn apply(apply: Apply<'_>) -> Result<ApplyReport, ApplyError> {
    check(&apply)?;
    let opened = begin::begin(&apply).await?;
    let secrets = Redactor::of(secrets_of(apply.plan).iter().chain(apply.ephemeral.values()));
    let provider = Discreet::new(apply.provider, &secrets);
    let mut run = Run::new(Apply { provider: &provider, ..apply }, opened)?;
    run.drive().await?;
    if !finish::is_stopped(&run) {
        run.ask_what_is_left().await?;
    }
    finish::finish(run).await
}

fn check(apply: &Apply<'_>) -> Result<(), ApplyError> {
    let Apply { plan, state, .. } = apply;
    if plan.header.lineage != state.lineage {
        return Err(ApplyError::OtherState);
    }
    if plan.header.serial != state.serial {
        return Err(ApplyError::Stale { planned: plan.header.serial, found: state.serial });
    }
    if let Some(name) = missing(plan, &apply.ephemeral) {
        return Err(ApplyError::NotGiven(name));
    }
    match still_sealed(plan) {
        Some(place) => Err(ApplyError::Sealed { address: place.address, attribute: place.attribute }),
        None => Ok(()),
    }
}
