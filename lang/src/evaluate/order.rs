//! What is written about order and replacement: `depends_on` of blocks and of the modules around them, `lifecycle`.

use std::collections::BTreeSet;

use super::access::address;
use super::{Eval, Evaluator, Path, Scope, Stop};
use crate::address::Address;
use crate::ast::{Expr, ExprKind};
use crate::desired::Lifecycle;
use crate::name::{AttributeName, Identifier};
use crate::program::Object;
use crate::residual::{Reference, Residual};

impl Evaluator<'_> {
    /// What an object comes after by `depends_on`: its own, and those of the calls of the modules around.
    pub(super) fn written_order(
        &self,
        object: &Address,
        block: &Object,
        scope: &Scope,
    ) -> Result<BTreeSet<Address>, Stop> {
        let mut found = self.depends_on(&block.meta.depends_on, scope)?;
        for (depth, step) in object.module.iter().enumerate() {
            let outer = &object.module[..depth];
            let call = self.program.module(outer).and_then(|module| module.calls.get(&step.name));
            let references = call.map(|call| call.meta.depends_on.as_slice());
            found.extend(self.depends_on(references.unwrap_or_default(), &Scope::of(outer))?);
        }
        Ok(found)
    }

    fn depends_on(&self, references: &[Expr], scope: &Scope) -> Result<BTreeSet<Address>, Stop> {
        let mut found = BTreeSet::new();
        for expr in references {
            if let Some(name) = super::modules::called(expr) {
                found.extend(self.module_objects(&scope.path, &name)?);
                continue;
            }
            let value = self.evaluate(expr, scope)?;
            found.extend(crate::residual::references(&value).into_iter().map(|reference| reference.object));
        }
        Ok(found)
    }

    /// The `lifecycle` block.
    pub(super) fn lifecycle(&self, block: &Object, scope: &Scope) -> Result<Lifecycle, Stop> {
        let written = &block.lifecycle;
        let mut triggers = BTreeSet::new();
        for expr in &written.replace_triggered_by {
            let value = self.handles(self.trigger(expr, scope)?);
            let references: BTreeSet<Reference> = crate::residual::references(&value);
            triggers.extend(references);
        }
        let names = written.ignore_changes.iter().filter_map(|expr| expr.bare().as_name());
        Ok(Lifecycle {
            prevent_destroy: match &written.prevent_destroy {
                Some(expr) => self.decided(expr, scope, "`prevent_destroy`")?,
                None => false,
            },
            ignore_changes: names.map(|name| AttributeName::new(name.as_str())).collect(),
            replace_triggered_by: triggers,
        })
    }

    /// What `replace_triggered_by` names, even where its value is known.
    fn trigger(&self, expr: &Expr, scope: &Scope) -> Eval {
        if let ExprKind::Attribute(of, name) = &expr.bare().kind
            && let Ok(Residual::Attribute(whole)) = self.evaluate(of, scope)
            && whole.is_whole()
        {
            return Ok(Residual::Attribute(Reference { attribute: name.as_str().into(), ..whole }));
        }
        self.evaluate(expr, scope)
    }

    /// The addresses of a module's objects, for `depends_on`.
    fn module_objects(&self, path: &Path, name: &Identifier) -> Result<Vec<Address>, Stop> {
        let mut found = Vec::new();
        for step in self.call_instances(path, name)?.steps(path, name) {
            let Some(module) = self.program.module(&step) else { continue };
            for key in module.objects.keys() {
                let instances = self.instances(&step, key)?;
                found.extend(
                    instances.keys().into_iter().map(|at| address(&step, key, at.map(String::as_str))),
                );
            }
            for inner in module.calls.keys() {
                found.extend(self.module_objects(&step, inner)?);
            }
        }
        Ok(found)
    }
}
