//! From what is wanted, what was applied and what is there to what will be done.

mod assertions;
mod case;
mod decide;
mod draft;
mod imports;
mod keep;
mod lower;
mod named;
mod outputs;
mod problem;
mod protect;
mod removed;
mod renamed;
mod replace_order;
mod rollouts;
mod standing;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use infra_lang::address::Address;
use infra_lang::desired::Desired;
use infra_lang::name::{Identifier, KindName};
use infra_lang::residual::{Attributes, Residual};
use infra_lang::span::Span;
use infra_lang::value::Value;
use serde::{Deserialize, Serialize};

use crate::assertion::{Assertion, Broken};
use crate::change::Change;
use crate::id::RemoteId;
use crate::known::Known;
use crate::links;
use crate::moved::{self, Moves};
use crate::observed::Observed;
use crate::provider::Provider;
use crate::state::{Physical, State};
use crate::steps::StepGraph;

pub use problem::{PlanError, Problem, ProblemKind};
pub use renamed::Renamed;

pub(crate) use keep::texts;

use draft::Draft;
use rollouts::Along;

/// What will be done: the changes with their reasons, and the steps as data. What it says of the past is sealed;
/// what it wants holds secrets in the clear until [`seal_plan`](crate::seal::seal_plan).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Whose plan it is, and of which state.
    pub header: PlanHeader,
    /// The changes, in the order of their addresses.
    pub changes: Vec<Change>,
    /// Where objects of the state have moved: what was applied before the plan has the old addresses.
    pub moves: Moves,
    /// What would be destroyed under one address and made anew under another, though it seems to be the same.
    pub renamed: Vec<Renamed>,
    /// Objects that are protected from now on, or no more.
    pub protections: BTreeMap<Address, Protection>,
    /// The steps and their order; in the order of the table every step comes after those it waits for.
    pub steps: StepGraph,
    /// Outputs after the apply; those that do not change too.
    pub outputs: BTreeMap<Identifier, OutputChange>,
    /// How many objects do not change.
    pub unchanged: usize,
    /// What a reader should know besides.
    pub notes: Vec<String>,
    /// Checks that are broken, and all other conditions that are still open and belong to no change.
    pub assertions: Vec<Assertion>,
    /// What the state is to say of each object besides what steps bring about.
    pub records: BTreeMap<Address, RecordSketch>,
    /// The lookups that can be asked only once something is made.
    pub lookups: BTreeMap<Address, PlannedLookup>,
}

/// Whose plan it is, and of which state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// What becomes of `prevent_destroy` of an object that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// Destroying it is refused from now on, even when its block is gone.
    Given,
    /// It may be destroyed from now on.
    Lifted,
}

/// What the state is to say of an object besides what steps bring about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordSketch {
    /// What it refers to.
    pub dependencies: BTreeSet<Address>,
    /// Whether destroying it is to be refused.
    pub protected: bool,
    /// Those of its objects that AWS no longer has.
    pub gone: BTreeSet<RemoteId>,
    /// The object as it is now, if nothing is done to it; secrets are sealed.
    pub refreshed: Option<Physical>,
}

/// A lookup that apply asks, once its arguments are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedLookup {
    /// The kind that is looked for.
    pub kind: KindName,
    /// What it is asked by.
    pub arguments: Attributes,
    /// The objects of the plan that must be there first, though no argument refers to them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub after: BTreeSet<Address>,
    /// Where it is written, as `path:line`.
    pub location: String,
}

/// What planning depends on.
#[derive(Clone, Copy)]
pub struct PlanInput<'a> {
    /// What is wanted.
    pub desired: &'a Desired,
    /// What was last applied.
    pub state: &'a State,
    /// What is there.
    pub observed: &'a Observed,
    /// The kinds; nothing is asked of AWS.
    pub provider: &'a dyn Provider,
    /// A place in the sources as `path:line`.
    pub location: &'a dyn Fn(Span) -> String,
}

/// Decides what has to be done. Pure: the same input gives the same plan.
pub fn plan(input: &PlanInput<'_>) -> Result<Plan, PlanError> {
    decide_on(input, None)
}

/// The same for some objects alone: all others stay as they are, whatever the configuration says of them.
pub fn plan_only(input: &PlanInput<'_>, scope: &BTreeSet<Address>) -> Result<Plan, PlanError> {
    decide_on(input, Some(scope))
}

fn decide_on(input: &PlanInput<'_>, scope: Option<&BTreeSet<Address>>) -> Result<Plan, PlanError> {
    problem::check_project(input)?;
    let moved = moved::follow(input.state, &input.desired.moves);
    let input = &PlanInput { state: &moved.state, ..*input };
    let order = links::order(input.desired).map_err(PlanError::cycle)?;
    let mut draft = decided(input, scope, &order, Along::new());
    let along = rollouts::taken_along(&draft);
    if !along.is_empty() {
        draft = decided(input, scope, &order, along);
    }
    draft.problems.extend(moved.conflicts.iter().map(|conflict| problem::moved(input, conflict)));
    assertions::of_the_rest(&mut draft);
    let fates = keep::fates(&draft);
    keep::carry_out(&mut draft, &fates);
    draft.leave_alone();
    replace_order::cascade(&mut draft, &order, &fates);
    rollouts::mark(&mut draft);
    renamed::check(&mut draft, &order);
    protect::check(&mut draft, &fates);
    draft.say_consequences();
    draft.be_discreet();
    if !draft.problems.is_empty() {
        return Err(PlanError { problems: draft.problems });
    }
    let steps = lower::lower(&draft, &fates)?;
    Ok(draft.finish(steps, moved.moves))
}

/// What happens to each object, if the ways in that swaps take `along` are replaced besides.
fn decided<'a>(
    input: &'a PlanInput<'a>,
    scope: Option<&'a BTreeSet<Address>>,
    order: &[Address],
    along: Along,
) -> Draft<'a> {
    let mut draft = Draft::new(input, scope, along);
    imports::check(&mut draft);
    for address in order {
        decide::decide(&mut draft, address);
    }
    if scope.is_none() {
        removed::remove(&mut draft);
    }
    draft
}

/// Decides how to remove everything: of what is desired only moves and what is to be left alone count.
pub fn destroy(input: &PlanInput<'_>) -> Result<Plan, PlanError> {
    let nothing = Desired {
        moves: input.desired.moves.clone(),
        removals: input.desired.removals.clone(),
        ..Desired::nothing(input.desired.project.clone())
    };
    let mut plan = plan(&PlanInput { desired: &nothing, ..*input })?;
    plan.header.destroy = true;
    Ok(plan)
}

impl Plan {
    /// Whether there is nothing to do, nothing moves, and neither an output nor a protection changes. Applying such a
    /// plan calls nobody, but still brings the state up to what was seen: what somebody else did already.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
            && self.moves.is_empty()
            && self.protections.is_empty()
            && !self.outputs.values().any(OutputChange::is_change)
    }

    /// The checks that do not hold, as far as that is known.
    pub fn broken_checks(&self) -> Vec<Broken> {
        let known = Known::default();
        self.assertions.iter().filter_map(|assertion| assertion.broken(&known)).collect()
    }

    /// The change of an object, if it has one.
    pub fn change(&self, address: &Address) -> Option<&Change> {
        self.changes.iter().find(|change| change.address == *address)
    }
}
