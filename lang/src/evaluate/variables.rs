//! Variables: given from outside, by a module's caller, or their default.

use super::{Eval, Evaluator, Path, Scope, Stop, fail};
use crate::address::ModuleStep;
use crate::ast::Expr;
use crate::constant::constant;
use crate::desired::Moment;
use crate::diagnostic::{Diagnostic, nearest};
use crate::explain::codes;
use crate::inputs::Given;
use crate::name::Identifier;
use crate::program::{Condition, Variable};
use crate::residual::Residual;
use crate::span::{FileId, Span};
use crate::types::{Type, convert, convert_value};
use crate::value::Value;

impl Evaluator<'_> {
    /// The value of a variable of a module instance, its validations met.
    pub(super) fn variable(&self, path: &Path, name: &Identifier) -> Eval {
        self.remembered(
            |memo| &mut memo.variables,
            (path.to_vec(), name.clone()),
            || {
                let module = self.program.module(path).ok_or(Stop::Reported)?;
                let variable = module.variables.get(name).ok_or(Stop::Reported)?;
                let value = match path.split_last() {
                    None => self.given(name, variable)?,
                    Some((step, outer)) => self.argument_of_call(outer, step, name, variable)?,
                };
                let value = match (variable.ephemeral, variable.sensitive) {
                    (true, _) if path.is_empty() => self.kept_aside(name, value),
                    (true, _) | (_, true) => value.concealed(),
                    (false, false) => value,
                };
                for condition in &variable.validations {
                    self.validate(condition, path, name, &value, variable)?;
                }
                Ok(value)
            },
        )
    }

    /// In place of an ephemeral value, its name: the value goes no further than a condition. Null has nothing to hide.
    fn kept_aside(&self, name: &Identifier, value: Residual) -> Residual {
        match value.uncovered().0 {
            Residual::Known(Value::Null) => Value::Null.into(),
            Residual::Known(value) => {
                self.memo.borrow_mut().ephemeral.insert(name.clone(), Value::Sensitive(Box::new(value)));
                Residual::Ephemeral(name.clone()).concealed()
            }
            waiting => waiting.concealed(),
        }
    }

    /// The value of a root variable.
    fn given(&self, name: &Identifier, variable: &Variable) -> Eval {
        match self.inputs.variables.get(name) {
            Some(Given::Text { text, origin }) => self.read_text(text, origin, name, variable),
            Some(Given::Value { value, span }) => self.accept_value(value, *span, variable),
            None => self.default(name, variable),
        }
    }

    fn read_text(&self, text: &str, origin: &str, name: &Identifier, variable: &Variable) -> Eval {
        let wrong = |reason: &str| {
            let reason = if variable.is_hidden() { "the value does not fit" } else { reason };
            let message = format!("`{origin}`: {reason}");
            let ty = variable.ty.as_ref().map(|ty| format!("`{name}` is a `{ty}`"));
            let error = Diagnostic::global(codes::TYPE, message).label(variable.span, "declared here");
            fail(match ty {
                Some(ty) => error.hint(ty),
                None => error,
            })
        };
        let raw = variable.ty.as_ref().is_some_and(|ty| matches!(ty.core(), Type::String(_)));
        let untyped_text =
            variable.ty.is_none() && variable.default.as_ref().is_none_or(|expr| expr.as_string().is_some());
        let value = if raw || untyped_text {
            Value::string(text)
        } else {
            match crate::parse::parse_expression(FileId(u32::MAX), text).map(|expr| constant(&expr)) {
                Ok(Ok(value)) => value,
                // One of several types, or any, may be a string after all.
                _ if variable.ty.as_ref().is_none_or(takes_text) => Value::string(text),
                _ => return wrong("this is not a literal of the language"),
            }
        };
        match convert_value(&value, &variable.accepts(), &self.program.schemas) {
            Ok(value) => Ok(value.into()),
            Err(error) => wrong(&error.to_string()),
        }
    }

    fn accept_value(&self, value: &Value, span: Span, variable: &Variable) -> Eval {
        match convert_value(value, &variable.accepts(), &self.program.schemas) {
            Ok(value) => Ok(value.into()),
            Err(error) => {
                let message = if variable.is_hidden() {
                    "the value does not fit".to_owned()
                } else {
                    error.to_string()
                };
                fail(Diagnostic::error(codes::TYPE, span, message).label(variable.span, "declared here"))
            }
        }
    }

    fn default(&self, name: &Identifier, variable: &Variable) -> Eval {
        match &variable.default {
            Some(default) => self.wanted(default, &variable.accepts(), &Scope::of(&[])),
            None if self.open => Ok(self.question_of(name)),
            None => {
                let message = format!("the variable `{name}` has no value");
                let error = Diagnostic::error(codes::VARIABLE, variable.span, message);
                fail(error.hint(format!("give it: `--var {name}=…`, or a `default`")))
            }
        }
    }

    /// The value a module's caller gives.
    fn argument_of_call(
        &self,
        outer: &Path,
        step: &ModuleStep,
        name: &Identifier,
        variable: &Variable,
    ) -> Eval {
        let call = self
            .program
            .module(outer)
            .and_then(|module| module.calls.get(&step.name))
            .ok_or(Stop::Reported)?;
        let argument = call.arguments.iter().find(|argument| argument.name == *name.as_str());
        let Some(argument) = argument else {
            let scope = Scope::of(outer);
            let default: &Expr = variable.default.as_ref().ok_or(Stop::Reported)?;
            return self.wanted(default, &variable.accepts(), &scope);
        };
        let each = self.call_instances(outer, &step.name)?.each_of(step.key.as_ref());
        let value = self.evaluate(&argument.value, &Scope { each, ..Scope::of(outer) })?;
        convert(&value, &variable.accepts(), &self.program.schemas).or_else(|error| {
            fail(super::objects::mismatch(&argument.value, &error).label(variable.span, "declared here"))
        })
    }

    fn validate(
        &self,
        condition: &Condition,
        path: &Path,
        name: &Identifier,
        value: &Residual,
        variable: &Variable,
    ) -> Result<(), Stop> {
        // The variable itself is being evaluated, so it is handed in under its own name.
        let key = (path.to_vec(), name.clone());
        self.memo.borrow_mut().variables.insert(key, (Ok(value.clone()), self.read_so_far()));
        let open = self.met(condition, &Scope::of(path), Moment::Before, (variable.span, "declared here"))?;
        open.iter().for_each(|condition| self.hangs_on(condition));
        Ok(())
    }

    /// Names that are given and that no variable has. In the environment there may be any.
    pub(super) fn check_given_variables(&self) {
        let declared = &self.program.root().variables;
        for (name, given) in &self.inputs.variables {
            if declared.contains_key(name) {
                continue;
            }
            let message = format!("there is no variable `{name}`");
            let error = match given {
                Given::Text { origin, .. } if origin.starts_with("INFRA_VAR_") => continue,
                Given::Text { origin, .. } => {
                    Diagnostic::global(codes::VARIABLE, format!("`{origin}`: {message}"))
                }
                Given::Value { span, .. } => Diagnostic::error(codes::VARIABLE, *span, message),
            };
            let near = nearest(name.as_str(), declared.keys().map(|name| name.as_str()));
            self.report(match near {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error,
            });
        }
    }
}

/// Whether text that is no literal may be a value of the type.
fn takes_text(ty: &Type) -> bool {
    match ty.core() {
        Type::Any | Type::String(_) => true,
        Type::OneOf(types) => types.iter().any(takes_text),
        _ => false,
    }
}
