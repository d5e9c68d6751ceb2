//! Calls of modules, and the values their names stand for.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::instances::Instances;
use super::{Eval, Evaluator, Path, Scope, Stop};
use crate::address::ModuleStep;
use crate::ast::{Expr, ExprKind, Ident};
use crate::name::Identifier;
use crate::reference::{Root, root};
use crate::residual::Residual;
use crate::value::Value;

impl Evaluator<'_> {
    /// The instances of a module call.
    pub(super) fn call_instances(&self, path: &Path, name: &Identifier) -> Result<Rc<Instances>, Stop> {
        self.remembered(
            |memo| &mut memo.calls,
            (path.to_vec(), name.clone()),
            || {
                let call = self.program.module(path).and_then(|module| module.calls.get(name));
                call.map_or(Err(Stop::Reported), |call| self.instances_by(&call.meta, path)).map(Rc::new)
            },
        )
    }

    /// What `module.NAME` stands for: its outputs as an object, a map of such, or null.
    pub(super) fn module_value(&self, path: &Path, name: &Identifier) -> Eval {
        match &*self.call_instances(path, name)? {
            Instances::One => self.outputs_of(path, ModuleStep { name: name.clone(), key: None }),
            Instances::None => Ok(Value::Null.into()),
            Instances::Keyed(entries) => {
                let mut map = BTreeMap::new();
                for key in entries.keys() {
                    let step = ModuleStep { name: name.clone(), key: Some(key.clone()) };
                    map.insert(key.clone(), self.outputs_of(path, step)?);
                }
                Ok(Residual::map(map))
            }
        }
    }

    /// `module.NAME.OUTPUT` and `module.NAME[KEY].OUTPUT`: nothing else of the module is read for it. `None` if the
    /// expression is neither.
    pub(super) fn one_output(
        &self,
        of: &Expr,
        output: &Ident,
        scope: &Scope,
    ) -> Result<Option<Residual>, Stop> {
        let (call, key) = match &of.bare().kind {
            ExprKind::Index(call, key) => (call.bare(), Some(key)),
            _ => (of.bare(), None),
        };
        let Some(Root::Module(name)) = root(call, |name| scope.closed || scope.get(name).is_some()) else {
            return Ok(None);
        };
        let key = key.map(|key| self.evaluate(key, scope)).transpose()?;
        let key = match (&*self.call_instances(&scope.path, &name.name)?, &key) {
            (Instances::One, None) => None,
            (Instances::Keyed(entries), Some(Residual::Known(Value::String(key))))
                if entries.contains_key(key.as_str()) =>
            {
                Some(key.to_string())
            }
            _ => return Ok(None),
        };
        let step = ModuleStep { name: name.name.clone(), key };
        let inner: Vec<ModuleStep> = scope.path.iter().cloned().chain([step]).collect();
        let known =
            self.program.module(&inner).is_some_and(|module| module.outputs.contains_key(&output.name));
        known.then(|| self.output(&inner, &output.name)).transpose()
    }

    fn outputs_of(&self, path: &Path, step: ModuleStep) -> Eval {
        let inner: Vec<ModuleStep> = path.iter().cloned().chain([step]).collect();
        let module = self.program.module(&inner).ok_or(Stop::Reported)?;
        let mut outputs = BTreeMap::new();
        for name in module.outputs.keys() {
            outputs.insert(name.as_str().to_owned(), self.output(&inner, name)?);
        }
        Ok(Residual::map(outputs))
    }
}

/// The module a reference in `depends_on` names.
pub(super) fn called(expr: &Expr) -> Option<Identifier> {
    match root(expr.bare(), |_| false) {
        Some(Root::Module(name)) => Some(name.name.clone()),
        _ => match &expr.bare().kind {
            ExprKind::Index(of, _) => called(of),
            _ => None,
        },
    }
}
