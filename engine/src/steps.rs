//! Steps are data: what apply will do and in which order, saved inside the plan.

use std::collections::BTreeSet;
use std::time::Duration;

use infra_lang::name::AttributeName;
use infra_lang::residual::Attributes;
use serde::{Deserialize, Serialize};

use crate::id::{ChangeId, RemoteId, StepId};

/// One externally visible effect, together with the state write it earns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// Make the object of the change.
    Create,
    /// Bring these attributes of an object to what is desired.
    Update(Vec<AttributeName>),
    /// Remove an object.
    Delete,
    /// Take an object that exists already into the state.
    Adopt,
    /// Drop an object from the state and leave it alone.
    Forget,
    /// A kind's own operation, such as "attach the load balancers".
    Operate(Operation),
}

impl Effect {
    /// What the effect is called where steps have names: its notes stand under it, and `--fail` takes it.
    pub fn name(&self) -> &str {
        match self {
            Self::Create => "create",
            Self::Update(_) => "update",
            Self::Delete => "delete",
            Self::Adopt => "adopt",
            Self::Forget => "forget",
            Self::Operate(operation) => &operation.name,
        }
    }
}

/// A kind's own operation, or a condition it can judge: a name that the kind knows, and arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Known to the kind, such as `attach`.
    pub name: String,
    /// What it needs beside the object's desired attributes; resolved before the step starts.
    pub arguments: Attributes,
}

/// Which physical object a step is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// One that exists when the plan is made.
    Existing(RemoteId),
    /// The one that a step of this plan makes.
    MadeBy(StepId),
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The change it is part of: address, kind, desired attributes and source line stand there.
    pub change: ChangeId,
    /// What it does.
    pub effect: Effect,
    /// To which object; none for `Create`.
    pub target: Option<Target>,
    /// Whether it brings the new about or takes the old away.
    pub part: Part,
    /// In the user's words, such as "attach the load balancers"; whose step it is stands beside it.
    pub title: String,
    /// What must hold immediately before every act of the step; judged by the kind.
    pub guard: Option<Operation>,
    /// What takes the step back if a later step of the change fails.
    pub undo: Option<Operation>,
    /// How long it may take, waiting included.
    pub timeout: Duration,
    /// Whether its change stays as it is if this step fails, until somebody says how to go on: nothing is taken back,
    /// and the journal is kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pauses: bool,
}

/// All steps of a plan and their order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StepGraph {
    /// The steps; a [`StepId`] is a position here.
    pub steps: Vec<Step>,
    /// For each step, those that must have succeeded before it may start.
    pub after: Vec<BTreeSet<StepId>>,
    /// Changes that are taken back together: if one of them fails, none goes on, and all that were begun go back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub together: Vec<BTreeSet<ChangeId>>,
}

/// Whether a step brings the new about or takes the old away: it decides the order between objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Part {
    /// Makes the object, not in use yet: its parts are made next, and only then it is put to use. Runs after
    /// everything the object refers to.
    Prepare,
    /// Runs after the same part of everything the object refers to.
    Establish,
    /// Runs after everything that referred to the old object has left it.
    Retire,
}

/// A step as a kind writes it, before it has its place in the plan's table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoweredStep {
    /// What it does.
    pub effect: Effect,
    /// To which object.
    pub target: LoweredTarget,
    /// New or old.
    pub part: Part,
    /// In the user's words.
    pub title: String,
    /// See [`Step::guard`].
    pub guard: Option<Operation>,
    /// See [`Step::undo`].
    pub undo: Option<Operation>,
    /// See [`Step::timeout`].
    pub timeout: Duration,
    /// The steps of the same lowering, by position, that come before it.
    pub after: Vec<usize>,
}

/// Which object a lowered step is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoweredTarget {
    /// None yet: the step makes it.
    None,
    /// One that exists.
    Existing(RemoteId),
    /// The one made by this step of the same lowering.
    MadeBy(usize),
}
