//! When a value is known, and why not earlier.

use std::rc::Rc;

use super::tree::Declared;
use crate::span::Span;

/// When a value is known at the latest, whatever the state is and whatever AWS answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// From the configuration alone.
    Config,
    /// When the plan is made and lookups are answered.
    Plan,
    /// Once other objects are made.
    Apply,
}

/// When something is known, with the reason if it is later than the configuration.
#[derive(Debug, Clone)]
pub(super) struct When {
    pub(super) phase: Phase,
    pub(super) why: Option<Rc<Why>>,
}

/// Why something is known late.
#[derive(Debug)]
pub(super) enum Why {
    /// What is read there is known late by itself.
    Source {
        /// The expression, such as `vpc.main.id`.
        what: String,
        /// What makes it late, such as `is assigned by AWS`.
        reason: String,
        /// Where it is read.
        span: Span,
        /// The block whose id it is: the whole object could stand in its place.
        object: Option<Rc<Declared>>,
    },
    /// It came by a name: a local, a variable, an output, a function.
    Through {
        /// The name, such as `local.vpcs`.
        name: String,
        /// Where the name stands.
        span: Span,
        /// What is behind it.
        behind: Rc<Why>,
        /// How many names there are from here on.
        length: usize,
    },
}

/// A way of more names than these is told in part.
const LONGEST: usize = 8;

impl When {
    pub(super) const CONFIG: Self = Self { phase: Phase::Config, why: None };

    /// Known late by itself.
    pub(super) fn late(phase: Phase, why: Why) -> Self {
        Self { phase, why: Some(Rc::new(why)) }
    }

    /// When both are known.
    pub(super) fn and(&self, other: &Self) -> Self {
        if other.phase > self.phase { other.clone() } else { self.clone() }
    }

    /// The same behind a name.
    pub(super) fn through(&self, name: &str, span: Span) -> Self {
        match &self.why {
            Some(why) if why.length() < LONGEST => {
                let length = why.length() + 1;
                let why = Why::Through { name: name.to_owned(), span, behind: why.clone(), length };
                Self::late(self.phase, why)
            }
            _ => self.clone(),
        }
    }
}

impl Why {
    fn length(&self) -> usize {
        match self {
            Self::Source { .. } => 0,
            Self::Through { length, .. } => *length,
        }
    }

    /// The beginning of the way, and the names on it, the nearest to the beginning first.
    pub(super) fn way(&self) -> (&Self, Vec<(&str, Span)>) {
        let mut names = Vec::new();
        let mut why = self;
        while let Self::Through { name, span, behind, .. } = why {
            names.push((name.as_str(), *span));
            why = behind;
        }
        names.reverse();
        (why, names)
    }
}
