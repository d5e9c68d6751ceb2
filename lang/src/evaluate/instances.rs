//! Which instances a block has: `for_each` and `when`.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::scope::Each;
use super::{Evaluator, Path, Scope, Stop, at, fail};
use crate::address::ModuleStep;
use crate::ast::Expr;
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::name::Identifier;
use crate::partial::{self, kind_of};
use crate::program::{Meta, ObjectKey};
use crate::residual::Residual;
use crate::value::Value;

/// The instances of a block.
pub(super) enum Instances {
    /// One, without a key.
    One,
    /// None: `when` says no.
    None,
    /// One per key, with what `each` is there.
    Keyed(BTreeMap<String, Each>),
}

impl Instances {
    /// What `each` is in the instance of that key.
    pub(super) fn each_of(&self, key: Option<&String>) -> Option<Each> {
        match (self, key) {
            (Self::Keyed(entries), Some(key)) => entries.get(key).cloned(),
            _ => None,
        }
    }

    /// The keys of the instances.
    pub(super) fn keys(&self) -> Vec<Option<&String>> {
        match self {
            Self::One => vec![None],
            Self::None => Vec::new(),
            Self::Keyed(entries) => entries.keys().map(Some).collect(),
        }
    }

    /// The paths of the instances of a module.
    pub(super) fn steps(&self, path: &Path, name: &Identifier) -> Vec<Vec<ModuleStep>> {
        let step = |key: Option<String>| {
            let step = ModuleStep { name: name.clone(), key };
            path.iter().cloned().chain([step]).collect()
        };
        self.keys().into_iter().map(|key| step(key.cloned())).collect()
    }
}

impl Evaluator<'_> {
    /// The instances of a block of objects.
    pub(super) fn instances(&self, path: &Path, key: &ObjectKey) -> Result<Rc<Instances>, Stop> {
        self.remembered(
            |memo| &mut memo.instances,
            (path.to_vec(), key.clone()),
            || {
                let object = self.program.module(path).and_then(|module| module.objects.get(key));
                object
                    .map_or(Err(Stop::Reported), |object| self.instances_by(&object.meta, path))
                    .map(Rc::new)
            },
        )
    }

    /// The instances by `for_each` or `when`. What was read for them counts only where `each` is used.
    pub(super) fn instances_by(&self, meta: &Meta, path: &Path) -> Result<Instances, Stop> {
        match (&meta.for_each, &meta.when) {
            (Some(for_each), _) => {
                let (entries, sources) = self.apart(|| self.keyed(for_each, path));
                let each =
                    |(key, value): (String, _)| (key.clone(), Each { key, value, sources: sources.clone() });
                Ok(Instances::Keyed(entries?.into_iter().map(each).collect()))
            }
            (None, Some(when)) => match self.apart(|| self.decided(when, &Scope::of(path), "`when`")).0? {
                true => Ok(Instances::One),
                false => Ok(Instances::None),
            },
            (None, None) => Ok(Instances::One),
        }
    }

    /// A condition that must be known at plan.
    pub(super) fn decided(&self, expr: &Expr, scope: &Scope, what: &str) -> Result<bool, Stop> {
        let value = self.settled(self.evaluate(expr, scope)?);
        match partial::condition(&value).map_err(at(expr.span))? {
            (Some(_), true) => fail(Diagnostic::error(
                codes::SECRET,
                expr.span,
                format!("{what} would show a sensitive value"),
            )),
            (Some(value), false) => Ok(value),
            (None, _) => Err(self.not_at_plan(&value, expr.span, what)),
        }
    }

    fn keyed(&self, expr: &Expr, path: &Path) -> Result<BTreeMap<String, Residual>, Stop> {
        let (value, hidden) = self.evaluate(expr, &Scope::of(path))?.uncovered();
        if hidden {
            let error = Diagnostic::error(
                codes::SECRET,
                expr.span,
                "the keys of `for_each` are shown, and these are sensitive",
            );
            return fail(error.hint("take the keys from something that is no secret"));
        }
        if let Some(entries) = value.entries() {
            return Ok(entries);
        }
        let value = self.settled(value);
        if let Some(entries) = value.entries() {
            return Ok(entries);
        }
        match &value {
            Residual::Known(Value::Null) => {
                fail(Diagnostic::error(codes::NULL, expr.span, "`for_each` cannot be null"))
            }
            Residual::Known(Value::Set(_)) | Residual::Set(_) => self.keys_of_set(&value, expr),
            Residual::Known(_) | Residual::List(_) => {
                let message = format!("`for_each` takes a map or a set of strings, not {}", kind_of(&value));
                let error = Diagnostic::error(codes::META, expr.span, message);
                fail(error.hint("a list's positions are no identity: use `toset(…)`"))
            }
            waiting => Err(self.not_at_plan(waiting, expr.span, "the keys of `for_each`")),
        }
    }

    fn keys_of_set(&self, set: &Residual, expr: &Expr) -> Result<BTreeMap<String, Residual>, Stop> {
        let key = |item: Residual| match &item {
            Residual::Known(Value::String(text)) => Ok((text.clone(), item.clone())),
            Residual::Known(Value::Sensitive(_)) | Residual::Sensitive(_) => fail(Diagnostic::error(
                codes::SECRET,
                expr.span,
                "the keys of `for_each` are shown, and one is sensitive",
            )),
            Residual::Known(_) => {
                let message =
                    format!("`for_each` takes a set of strings, and this one holds {}", kind_of(&item));
                fail(Diagnostic::error(codes::META, expr.span, message))
            }
            waiting => Err(self.not_at_plan(waiting, expr.span, "the keys of `for_each`")),
        };
        set.items().unwrap_or_default().into_iter().map(key).collect()
    }
}
