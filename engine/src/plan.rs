//! From what is wanted, what was applied and what is there to what will be done.

use std::collections::BTreeMap;

use infra_lang::name::Identifier;
use infra_lang::residual::Residual;
use infra_lang::value::Value;

use crate::change::Change;
use crate::steps::StepGraph;

/// What will be done: the changes with their reasons, and the steps as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Whose plan it is, and of which state.
    pub header: PlanHeader,
    /// The changes, in the order of their addresses.
    pub changes: Vec<Change>,
    /// The steps and their order.
    pub steps: StepGraph,
    /// Outputs after the apply; those that do not change too.
    pub outputs: BTreeMap<Identifier, OutputChange>,
    /// How many objects do not change.
    pub unchanged: usize,
    /// What a reader should know besides.
    pub notes: Vec<String>,
}

/// Whose plan it is, and of which state.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PlanHeader {
    /// The project's name.
    pub project: String,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// The state's lineage.
    pub lineage: String,
    /// The state's serial when the plan was made: apply refuses another.
    pub serial: u64,
    /// Whether it destroys everything.
    pub destroy: bool,
}

/// An output before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputChange {
    /// The value of the last apply, sealed if secret.
    pub before: Option<Value>,
    /// The value to come; none if the output is gone.
    pub after: Option<Residual>,
    /// Whether it is a secret.
    pub sensitive: bool,
}
