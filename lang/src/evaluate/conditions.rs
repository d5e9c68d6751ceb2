//! Conditions: validations, preconditions, postconditions and assertions, as soon as they are known.

use super::{Eval, Evaluator, Path, Scope, Stop, at, fail};
use crate::address::Address;
use crate::desired::{Check, Desired, Moment, OpenCondition};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::partial;
use crate::program::Condition;
use crate::residual::{Residual, simplify, supplied};
use crate::span::Span;
use crate::value::Value;

impl Evaluator<'_> {
    /// Fails with the condition's own message if it is known not to hold; what is not known stays open. It makes no
    /// value, so what is read for it does not count.
    pub(super) fn met(
        &self,
        condition: &Condition,
        scope: &Scope,
        moment: Moment,
        (place, label): (Span, &str),
    ) -> Result<Option<OpenCondition>, Stop> {
        self.apart(|| {
            let span = condition.condition.span;
            let value = self.outcome(condition, scope)?;
            match partial::condition(&value).map_err(at(span))?.0 {
                Some(true) => Ok(None),
                Some(false) => fail(self.broken(condition, scope)?.label(place, label)),
                None => {
                    let message = self.message(condition, scope)?;
                    Ok(Some(OpenCondition { moment, condition: value, message, span }))
                }
            }
        })
        .0
    }

    /// Whether it holds, as far as that is known. Ephemeral variables are put in: what comes of it is not kept.
    fn outcome(&self, condition: &Condition, scope: &Scope) -> Eval {
        let value = self.handles(self.evaluate(&condition.condition, scope)?);
        let value = simplify(&supplied(value, &self.memo.borrow().ephemeral), &|_| None);
        Ok(self.answered(&value))
    }

    fn message(&self, condition: &Condition, scope: &Scope) -> Eval {
        let message = self.evaluate(&condition.message, scope)?;
        if message.is_sensitive() {
            let message = "a message is shown, and this one is sensitive";
            return fail(Diagnostic::error(codes::SECRET, condition.message.span, message));
        }
        Ok(self.answered(&self.handles(message)))
    }

    /// The error for a condition that does not hold, in its own words if they are known.
    fn broken(&self, condition: &Condition, scope: &Scope) -> Result<Diagnostic, Stop> {
        let text = match self.message(condition, scope)? {
            Residual::Known(Value::String(text)) => text.trim_end_matches('.').to_owned(),
            _ => "this condition does not hold".to_owned(),
        };
        Ok(Diagnostic::error(codes::CONDITION, condition.condition.span, text))
    }

    /// The conditions of an object's life cycle that are open; those that are known not to hold are reported.
    pub(super) fn conditions(&self, object: &Address) -> Vec<OpenCondition> {
        let Ok((block, scope)) = self.declaration(object) else { return Vec::new() };
        let scope = Scope { this: Some(object.clone()), ..scope };
        let before = block.lifecycle.preconditions.iter().map(|condition| (Moment::Before, condition));
        let after = block.lifecycle.postconditions.iter().map(|condition| (Moment::After, condition));
        let open = |(moment, condition)| {
            let met = self.met(condition, &scope, moment, (block.header, "of this object"));
            self.reported(met).ok().flatten()
        };
        before.chain(after).filter_map(open).collect()
    }

    /// The assertions of a module instance's `check` blocks that are not known to hold.
    pub(super) fn checks(&self, path: &Path, desired: &mut Desired) {
        let scope = Scope::of(path);
        let blocks = self.program.module(path).map(|module| module.checks.as_slice()).unwrap_or_default();
        for (name, condition) in
            blocks.iter().flat_map(|block| block.assertions.iter().map(|condition| (&block.name, condition)))
        {
            match self.reported(self.apart(|| self.asserted(condition, &scope)).0) {
                Ok(None) => {}
                Ok(Some((value, message))) => desired.checks.push(Check {
                    name: name.clone(),
                    module: path.to_vec(),
                    condition: value,
                    message,
                    span: condition.condition.span,
                }),
                Err(stop) => self.left_out(&stop),
            }
        }
    }

    /// Condition and message, unless it is known to hold.
    fn asserted(&self, condition: &Condition, scope: &Scope) -> Result<Option<(Residual, Residual)>, Stop> {
        let value = self.outcome(condition, scope)?;
        match partial::condition(&value).map_err(at(condition.condition.span))?.0 {
            Some(true) => Ok(None),
            _ => Ok(Some((value, self.message(condition, scope)?))),
        }
    }
}
