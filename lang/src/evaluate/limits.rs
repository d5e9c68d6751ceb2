//! How much one evaluation may make: a value that is made of itself again and again, or a `for` inside a `for` inside a
//! `for`, ends in an error long before memory or patience does.

use super::{Evaluator, Stop, fail};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::residual::Residual;
use crate::span::Span;
use crate::value::Value;

/// The most leaves of one value. The largest state known has some ten thousand objects of some ten attributes.
const MAX_PARTS: usize = 2_000_000;

/// The most steps of all `for` expressions together.
const MAX_STEPS: usize = 20_000_000;

impl Evaluator<'_> {
    /// Counts a step of a `for`.
    pub(super) fn step_of_for(&self, span: Span) -> Result<(), Stop> {
        self.steps.set(self.steps.get() + 1);
        match self.steps.get() > MAX_STEPS {
            true => too_much(span, "the `for` expressions take more than 20 million steps together"),
            false => Ok(()),
        }
    }

    /// Takes the parts of a value from what is `left`; with more than that it is an error.
    pub(super) fn measured(&self, value: &Residual, left: &mut usize, span: Span) -> Result<(), Stop> {
        match take(value, left) {
            true => Ok(()),
            false => too_much(span, "the value has more than 2 million parts"),
        }
    }
}

/// What a value may have to begin with.
pub(super) fn budget() -> usize {
    MAX_PARTS
}

fn too_much<T>(span: Span, message: &str) -> Result<T, Stop> {
    let error = Diagnostic::error(codes::FAILED, span, message);
    fail(error.hint("keep what is large in a file, or in several projects"))
}

/// Whether the value has no more leaves than are left, which are taken.
fn take(value: &Residual, left: &mut usize) -> bool {
    match value {
        Residual::Known(value) => take_known(value, left),
        Residual::List(items) | Residual::Set(items) => items.iter().all(|item| take(item, left)),
        Residual::Map(entries) => entries.values().all(|entry| take(entry, left)),
        Residual::Sensitive(inner) => take(inner, left),
        _ => take_one(left),
    }
}

fn take_known(value: &Value, left: &mut usize) -> bool {
    take_one(left)
        && match value {
            Value::List(items) => items.iter().all(|item| take_known(item, left)),
            Value::Set(items) => items.iter().all(|item| take_known(item, left)),
            Value::Map(entries) => entries.values().all(|entry| take_known(entry, left)),
            Value::Sensitive(inner) => take_known(inner, left),
            _ => true,
        }
}

fn take_one(left: &mut usize) -> bool {
    let enough = *left > 0;
    *left = left.saturating_sub(1);
    enough
}
