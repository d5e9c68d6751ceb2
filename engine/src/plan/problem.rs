//! Why there is no plan.

use std::fmt;

use infra_lang::address::Address;
use infra_lang::name::AttributeName;

use super::PlanInput;
use crate::graph::Ring;
use crate::moved::Conflict;

/// What sort of problem it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// Objects depend on one another in a ring.
    Cycle,
    /// Something protected would be destroyed.
    Protected,
    /// A kind refuses the attributes.
    Invalid,
    /// The state holds an object of a kind nobody knows.
    UnknownKind,
    /// The state belongs to another account or region.
    OtherProject,
    /// Two objects of the state would have one address.
    Moved,
    /// A condition does not hold.
    Condition,
    /// A lookup finds nothing, or too much.
    Lookup,
    /// What exists cannot be taken over.
    Import,
}

/// One problem, in a sentence without a final period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What sort it is.
    pub what: ProblemKind,
    /// The object.
    pub address: Option<Address>,
    /// The attribute.
    pub attribute: Option<AttributeName>,
    /// Where it is written, as `path:line`.
    pub location: Option<String>,
    /// What is wrong.
    pub message: String,
    /// The next step.
    pub hint: Option<String>,
}

impl Problem {
    pub(super) fn new(what: ProblemKind, message: impl Into<String>) -> Self {
        Self { what, address: None, attribute: None, location: None, message: message.into(), hint: None }
    }

    pub(super) fn of(self, address: &Address) -> Self {
        Self { address: Some(address.clone()), ..self }
    }

    pub(super) fn at(self, location: Option<String>) -> Self {
        Self { location, ..self }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// Why there is no plan: at least one problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanError {
    /// The problems, in the order they were met.
    pub problems: Vec<Problem>,
}

impl PlanError {
    pub(super) fn cycle(ring: Ring<Address>) -> Self {
        let message = format!("these depend on one another in a ring: {ring}");
        let problem = Problem::new(ProblemKind::Cycle, message).hint("take one of the references out");
        Self { problems: vec![problem] }
    }
}

impl From<Problem> for PlanError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

impl fmt::Display for PlanError {
    /// A line for each problem.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.problems.iter().map(Problem::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for PlanError {}

/// Two objects of the state would have one address.
pub(super) fn moved(input: &PlanInput<'_>, conflict: &Conflict) -> Problem {
    let Conflict { from, other, to, span } = conflict;
    let message = match other == to {
        true => format!("`{from}` cannot become `{to}`: the state has a `{to}` already"),
        false => format!("`{from}` and `{other}` cannot both become `{to}`"),
    };
    Problem::new(ProblemKind::Moved, message)
        .of(from)
        .at(Some((input.location)(*span)))
        .hint("forget one of them first: `removed { from = …, lifecycle { destroy = false } }`")
}

/// Refuses a state of another account or region, in which everything would look as if it were gone.
pub(super) fn check_project(input: &PlanInput<'_>) -> Result<(), PlanError> {
    let (project, state) = (&input.desired.project, input.state);
    let account = project.account.as_ref().filter(|account| **account != state.account);
    let message = match account {
        Some(account) => {
            format!("the state is of account {}, the project of account {account}", state.account)
        }
        None if project.region != state.region => {
            format!("the state is of region {}, the project of region {}", state.region, project.region)
        }
        None => return Ok(()),
    };
    let problem = Problem::new(ProblemKind::OtherProject, message)
        .at(Some((input.location)(project.span)))
        .hint("destroy it where it is first, or give the project a state of its own");
    Err(problem.into())
}
