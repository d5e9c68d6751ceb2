//! `moved`, `removed` and `import` blocks: for each instance the addresses they name.

use std::collections::{BTreeMap, BTreeSet};

use super::access::address;
use super::instances::Instances;
use super::{Evaluator, Path, Scope, Stop, fail};
use crate::address::{Mode, ModuleStep};
use crate::ast::Expr;
use crate::desired::{Desired, Import, Move, Place, Removal};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::name::KindName;
use crate::program::{ImportBlock, Meta, MovedBlock, ObjectKey, RemovedBlock, WrittenPlace, WrittenStep};
use crate::residual::Residual;
use crate::span::Span;
use crate::types::{Text, Type};
use crate::value::Value;

impl Evaluator<'_> {
    /// Adds what the blocks of a module instance say of the state.
    pub(super) fn moves(&self, path: &Path, desired: &mut Desired) {
        let Some(module) = self.program.module(path) else { return };
        for block in &module.moves {
            self.each(&block.meta, path, |scope| self.moved(block, scope), &mut desired.moves);
        }
        for block in &module.removals {
            self.each(&block.meta, path, |scope| self.removed(block, scope), &mut desired.removals);
        }
        for block in &module.imports {
            self.each(&block.meta, path, |scope| self.import(block, scope), &mut desired.imports);
        }
    }

    /// What a block says in each of its instances.
    fn each<T>(&self, meta: &Meta, path: &Path, of: impl Fn(&Scope) -> Result<T, Stop>, found: &mut Vec<T>) {
        let instances = match self.reported(self.instances_by(meta, path)) {
            Ok(instances) => instances,
            Err(stop) => return self.left_out(&stop),
        };
        for key in instances.keys() {
            let scope = Scope { each: instances.each_of(key), ..Scope::of(path) };
            match self.reported(self.apart(|| of(&scope)).0) {
                Ok(one) => found.push(one),
                Err(stop) => self.left_out(&stop),
            }
        }
    }

    fn moved(&self, block: &MovedBlock, scope: &Scope) -> Result<Move, Stop> {
        let from = self.place(&block.from, scope)?;
        self.gone(&from, block.from.span)?;
        Ok(Move { from, to: self.place(&block.to, scope)?, span: block.span })
    }

    fn removed(&self, block: &RemovedBlock, scope: &Scope) -> Result<Removal, Stop> {
        let from = self.place(&block.from, scope)?;
        self.gone(&from, block.from.span)?;
        let destroy = block.destroy.as_ref().map(|destroy| self.decided(destroy, scope, "`destroy`"));
        Ok(Removal { from, destroy: destroy.transpose()?.unwrap_or(true), span: block.span })
    }

    fn import(&self, block: &ImportBlock, scope: &Scope) -> Result<Import, Stop> {
        let place = self.place(&block.to, scope)?;
        if !self.is_made(&place)? {
            return fail(not_made(&place, block.to.span));
        }
        let Place::Object(to) = place else { return Err(Stop::Reported) };
        let id = self.wanted(&block.id, &Type::String(Text::Id(to.kind.clone())), scope)?;
        let id = self.text(id, &block.id, "an import's `id`")?;
        Ok(Import { to, id, span: block.span })
    }

    /// The address that is meant, from the root on.
    fn place(&self, written: &WrittenPlace, scope: &Scope) -> Result<Place, Stop> {
        let mut module = scope.path.clone();
        for step in &written.modules {
            module.push(ModuleStep { name: step.name.name.clone(), key: self.instance_key(step, scope)? });
        }
        let Some((kind, object)) = &written.object else { return Ok(Place::Module(module)) };
        let key = ObjectKey {
            mode: Mode::Managed,
            kind: KindName::new(kind.as_str()),
            name: object.name.name.clone(),
        };
        Ok(Place::Object(address(&module, &key, self.instance_key(object, scope)?.as_deref())))
    }

    fn instance_key(&self, step: &WrittenStep, scope: &Scope) -> Result<Option<String>, Stop> {
        let Some(key) = &step.key else { return Ok(None) };
        let value = self.wanted(key, &Type::string(), scope)?;
        self.text(value, key, "the key of an address").map(Some)
    }

    /// A known string that may be shown.
    fn text(&self, value: Residual, expr: &Expr, what: &str) -> Result<String, Stop> {
        match value {
            Residual::Known(Value::String(text)) => Ok(text),
            secret if secret.is_sensitive() => {
                let message = format!("{what} is shown, and this is sensitive");
                fail(Diagnostic::error(codes::SECRET, expr.span, message))
            }
            waiting => Err(self.not_at_plan(&waiting, expr.span, what)),
        }
    }

    /// What is left behind must not be declared any more.
    fn gone(&self, from: &Place, span: Span) -> Result<(), Stop> {
        if !self.is_made(from)? {
            return Ok(());
        }
        let error = Diagnostic::error(codes::STILL_DECLARED, span, format!("`{from}` is still declared"));
        fail(error.hint("rename or delete its block, or take its key out of `for_each`, first"))
    }

    /// Whether the configuration makes exactly this object or module instance.
    fn is_made(&self, place: &Place) -> Result<bool, Stop> {
        let (path, object) = match place {
            Place::Object(address) => (&address.module, Some(address)),
            Place::Module(steps) => (steps, None),
        };
        for (depth, step) in path.iter().enumerate() {
            let outer = &path[..depth];
            let declared =
                self.program.module(outer).is_some_and(|module| module.calls.contains_key(&step.name));
            if !declared || !self.call_instances(outer, &step.name)?.has(step.key.as_ref()) {
                return Ok(false);
            }
        }
        let Some(object) = object else { return Ok(true) };
        let key = ObjectKey { mode: object.mode, kind: object.kind.clone(), name: object.name.clone() };
        let declared = self.program.module(path).is_some_and(|module| module.objects.contains_key(&key));
        Ok(declared && self.instances(path, &key)?.has(object.key.as_ref()))
    }

    /// Addresses that are named twice, and those that nothing is made at.
    pub(super) fn check_moves(&self, desired: &Desired) {
        let (moves, removals, imports) = (&desired.moves, &desired.removals, &desired.imports);
        let left = moves.iter().map(|step| (step.from.clone(), step.span));
        self.named_once(
            left.chain(removals.iter().map(|block| (block.from.clone(), block.span))),
            "moved or removed",
        );
        let taken = moves.iter().map(|step| (step.to.clone(), step.span));
        let imported = imports.iter().map(|block| (Place::Object(block.to.clone()), block.span));
        self.named_once(taken.chain(imported), "moved to or imported");
        let left: BTreeSet<String> = moves.iter().map(|step| step.from.to_string()).collect();
        for step in moves.iter().filter(|step| step.to.has_key()) {
            // A chain of moves goes on from there.
            if !left.contains(&step.to.to_string()) && matches!(self.is_made(&step.to), Ok(false)) {
                self.report(not_made(&step.to, step.span));
            }
        }
    }

    fn named_once(&self, places: impl Iterator<Item = (Place, Span)>, what: &str) {
        let mut seen = BTreeMap::new();
        for (place, span) in places {
            let message = format!("`{place}` is {what} twice");
            if let Some(first) = seen.insert(place.to_string(), span) {
                let error = Diagnostic::error(codes::MOVE, span, message);
                self.report(error.label(first, "the other block"));
            }
        }
    }
}

fn not_made(place: &Place, span: Span) -> Diagnostic {
    Diagnostic::error(codes::NO_ADDRESS, span, format!("the configuration makes no `{place}`"))
        .hint("its `for_each` has no such key, or its `when` says no")
}

impl Instances {
    /// Whether there is an instance of that key, or the one without.
    fn has(&self, key: Option<&String>) -> bool {
        match (self, key) {
            (Self::One, None) => true,
            (Self::Keyed(entries), Some(key)) => entries.contains_key(key),
            _ => false,
        }
    }
}
