//! Conditions: validations, preconditions and postconditions, as soon as they are known.

use super::{Evaluator, Scope, Stop, at, fail};
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::partial;
use crate::program::Condition;
use crate::residual::{Residual, simplify, supplied};
use crate::span::Span;
use crate::value::Value;

impl Evaluator<'_> {
    /// Fails with the condition's own message if it is known not to hold. It makes no value, so what is read for
    /// it does not count.
    pub(super) fn met(
        &self,
        condition: &Condition,
        scope: &Scope,
        place: Span,
        label: &str,
    ) -> Result<(), Stop> {
        self.apart(|| self.holds(condition, scope, place, label)).0
    }

    fn holds(&self, condition: &Condition, scope: &Scope, place: Span, label: &str) -> Result<(), Stop> {
        let value = self.with_ephemeral(self.evaluate(&condition.condition, scope)?);
        match partial::condition(&value).map_err(at(condition.condition.span))?.0 {
            Some(false) => {}
            Some(true) => return Ok(()),
            None if self.open => return Ok(()),
            None => {
                // Said, for a condition that is not checked must not look as if it were.
                let message = "conditions on what is known only after apply are not supported yet";
                return fail(Diagnostic::error(codes::UNSUPPORTED, condition.condition.span, message));
            }
        }
        let message = self.evaluate(&condition.message, scope)?;
        match message {
            Residual::Known(Value::String(text)) => {
                let error = Diagnostic::error(
                    codes::CONDITION,
                    condition.condition.span,
                    text.trim_end_matches('.').to_owned(),
                );
                fail(error.label(place, label))
            }
            secret if secret.is_sensitive() => {
                let error = Diagnostic::error(
                    codes::SECRET,
                    condition.message.span,
                    "a message is shown, and this one is sensitive",
                );
                fail(error)
            }
            _ => fail(Diagnostic::error(
                codes::CONDITION,
                condition.condition.span,
                "this condition does not hold",
            )),
        }
    }

    /// A condition's value with the ephemeral variables it asks: what comes of it is not kept.
    fn with_ephemeral(&self, value: Residual) -> Residual {
        simplify(&supplied(value, &self.memo.borrow().ephemeral), &|_| None)
    }

    /// The conditions of an object's life cycle, as far as they are known now.
    pub(super) fn check_conditions(&self, object: &Address) {
        let Ok((block, scope)) = self.declaration(object) else { return };
        let scope = Scope { this: Some(object.clone()), ..scope };
        for condition in block.lifecycle.preconditions.iter().chain(&block.lifecycle.postconditions) {
            drop(self.reported(self.met(condition, &scope, block.header, "of this object")));
        }
    }
}
