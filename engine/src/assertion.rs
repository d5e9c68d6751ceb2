//! Conditions that evaluation could not decide: of life cycles, of outputs, of `check` blocks. They are data: the plan
//! decides what it can, and apply the rest.

use std::fmt;

use infra_lang::address::Address;
use infra_lang::name::Identifier;
use infra_lang::residual::{Residual, Unresolved, resolve};
use infra_lang::value::Value;
use serde::{Deserialize, Serialize};

use crate::known::Known;

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// What must hold, as far as it is known.
    pub condition: Residual,
    /// What is said when it does not.
    pub message: Residual,
    /// Where it is written, as `path:line`.
    pub location: String,
}

/// Whose condition it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A `check` block's: it warns.
    Check {
        /// The modules around the block, such as `module.m["k"]`; empty in the root.
        module: String,
        /// The block's label.
        name: String,
    },
    /// An output's: while it does not hold, the value is not recorded.
    Output(Identifier),
    /// That of an object that does not change, or of a lookup.
    Object(Address),
}

/// A condition that belongs to no change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assertion {
    /// Whose it is.
    pub subject: Subject,
    /// The condition.
    #[serde(flatten)]
    pub condition: Condition,
}

/// An assertion that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Whose it is.
    pub subject: Subject,
    /// In its author's words.
    pub message: String,
    /// Where it is written, as `path:line`.
    pub location: String,
}

/// What is known of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Judgement {
    Holds,
    /// It does not, and what is to be said.
    Broken(String),
    /// It needs something that is not known yet.
    Open,
}

impl Condition {
    /// The same with what is known put in.
    pub(crate) fn simplified(&self, known: &Known) -> Self {
        Self {
            condition: known.simplify(&self.condition),
            message: known.simplify(&self.message),
            location: self.location.clone(),
        }
    }

    /// Whether it holds.
    pub(crate) fn judge(&self, known: &Known) -> Judgement {
        match resolve(&self.condition, &|reference| known.lookup(reference)) {
            Ok(value) => match value.revealed() {
                Value::Bool(true) => Judgement::Holds,
                Value::Bool(false) => Judgement::Broken(self.said(known)),
                other => Judgement::Broken(format!("the condition is neither true nor false, but {other}")),
            },
            Err(Unresolved::Failed(why)) => {
                Judgement::Broken(format!("the condition cannot be computed: {why}"))
            }
            Err(Unresolved::Unknown(_) | Unresolved::NotGiven(_)) => Judgement::Open,
        }
    }

    /// What is said of one that cannot be decided.
    pub(crate) fn undecided(&self, known: &Known) -> String {
        format!("`{}` is not known", known.simplify(&self.condition))
    }

    /// The author's words; a message that is secret, or that needs what nobody knows, says nothing.
    fn said(&self, known: &Known) -> String {
        match known.simplify(&self.message) {
            Residual::Known(Value::String(text)) => text.trim_end_matches('.').to_owned(),
            _ => "the condition does not hold".to_owned(),
        }
    }
}

impl Assertion {
    /// Whether it is a check that only apply can decide.
    pub fn is_open_check(&self) -> bool {
        let open = self.condition.judge(&Known::default()) == Judgement::Open;
        open && matches!(self.subject, Subject::Check { .. })
    }

    /// What is to be said if it is known not to hold.
    pub(crate) fn broken(&self, known: &Known) -> Option<Broken> {
        match self.condition.judge(known) {
            Judgement::Broken(message) => {
                let location = self.condition.location.clone();
                Some(Broken { subject: self.subject.clone(), message, location })
            }
            Judgement::Holds | Judgement::Open => None,
        }
    }

    /// What is to be said if it cannot be decided.
    pub(crate) fn undecided(&self, known: &Known) -> Broken {
        let (subject, location) = (self.subject.clone(), self.condition.location.clone());
        Broken { subject, message: self.condition.undecided(known), location }
    }
}

impl Broken {
    /// Whether it only warns.
    pub fn is_warning(&self) -> bool {
        matches!(self.subject, Subject::Check { .. })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Check { module, name } => {
                write!(f, "check \"{name}\"")?;
                if module.is_empty() { Ok(()) } else { write!(f, " in {module}") }
            }
            Self::Output(name) => write!(f, "output.{name}"),
            Self::Object(address) => write!(f, "{address}"),
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.subject, self.message, self.location)
    }
}
