//! `moved`, `removed`, `import` and `check` blocks: addresses are known from the configuration, ids when the plan is made.

use super::Looker;
use super::scope::Scope;
use super::tree::Tree;
use crate::program::{Meta, WrittenPlace};

impl<'a> Looker<'a, '_> {
    pub(super) fn moves(&mut self) {
        let module = self.module;
        for block in &module.moves {
            let scope = self.written(&block.meta, "`moved` blocks");
            self.place(&block.from, &scope);
            self.place(&block.to, &scope);
        }
        for block in &module.removals {
            let scope = self.written(&block.meta, "`removed` blocks");
            self.place(&block.from, &scope);
            if let Some(destroy) = &block.destroy {
                let at = self.tree(destroy, &scope).all();
                self.demand_config(&at, destroy.span, "`destroy`");
            }
        }
        for block in &module.imports {
            let scope = self.around(&block.meta).scope;
            self.place(&block.to, &scope);
            let at = self.tree(&block.id, &scope).all();
            self.demand_at_plan(&at, block.id.span, "an import's `id`");
        }
        for condition in module.checks.iter().flat_map(|check| &check.assertions) {
            self.condition(condition, &Scope::default());
        }
    }

    /// The scope under a `for_each` that must be known from the configuration.
    fn written(&mut self, meta: &'a Meta, what: &str) -> Scope {
        let Some(for_each) = &meta.for_each else { return Scope::default() };
        let all = self.tree(for_each, &Scope::default());
        let known = self.demand_config(&all.shape(), for_each.span, &format!("`for_each` of {what}"));
        let value = if known { all.contents() } else { Tree::CONFIG };
        Scope { each: Some((Tree::CONFIG, value)), ..Scope::default() }
    }

    fn place(&mut self, place: &'a WrittenPlace, scope: &Scope) {
        for key in place.keys() {
            let at = self.tree(key, scope).all();
            self.demand_config(&at, key.span, "keys of addresses");
        }
    }
}
