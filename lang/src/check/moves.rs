//! `moved`, `removed` and `import` against what is declared: what is left behind is gone, and what is meant is there.

use super::Checker;
use super::scope::Scope;
use crate::address::Mode;
use crate::diagnostic::{Diagnostic, nearest};
use crate::explain::codes;
use crate::name::KindName;
use crate::program::{ImportBlock, Module, MovedBlock, ObjectKey, RemovedBlock, WrittenPlace, WrittenStep};
use crate::span::Span;
use crate::types::{Text, Type};

/// What a module declares at an address.
enum Found {
    /// Nothing.
    Absent,
    /// What cannot be told, since a file did not parse or a module has none; that has been reported.
    Unclear,
    /// A block, with or without `for_each`.
    Block { keyed: bool, span: Span },
}

impl Checker<'_> {
    pub(super) fn check_moves(&mut self) {
        let module = self.module;
        module.moves.iter().for_each(|block| self.check_moved(block));
        module.removals.iter().for_each(|block| self.check_removed(block));
        module.imports.iter().for_each(|block| self.check_import(block));
    }

    fn check_moved(&mut self, block: &MovedBlock) {
        let scope = self.meta(&block.meta);
        let kinds = self.place(&block.from, &scope) & self.place(&block.to, &scope);
        if !kinds {
            return;
        }
        match (&block.from.object, &block.to.object) {
            (Some((from, _)), Some((to, _))) if from.name != to.name => {
                let message = format!("a `{from}` cannot become a `{to}`");
                let error = Diagnostic::error(codes::MOVE, block.to.span, message);
                self.report(error.label(block.from.span, format!("a `{from}`")));
                return;
            }
            (Some(_), None) | (None, Some(_)) => {
                let message = "an object moves to an object's address, a module to a module's";
                let error = Diagnostic::error(codes::MOVE, block.to.span, message);
                self.report(error.label(block.from.span, "what moves"));
                return;
            }
            _ => {}
        }
        let whole = block.from.last_key().is_none();
        self.gone(&block.from, block.to.last_key().is_none());
        // In a chain of moves only the last address is declared.
        let pattern = block.to.pattern();
        let goes_on = self.module.moves.iter().any(|other| other.from.pattern() == pattern);
        if !goes_on || !matches!(self.find(&block.to), Found::Absent) {
            self.there(&block.to, whole);
        }
    }

    fn check_removed(&mut self, block: &RemovedBlock) {
        let scope = self.meta(&block.meta);
        if let Some(destroy) = &block.destroy {
            self.expect(destroy, &Type::Bool, &scope);
        }
        if self.place(&block.from, &scope) {
            self.gone(&block.from, true);
        }
    }

    fn check_import(&mut self, block: &ImportBlock) {
        let scope = self.meta(&block.meta);
        let Some((kind, _)) = &block.to.object else {
            let error =
                Diagnostic::error(codes::ADDRESS, block.to.span, "an object is imported, not a module");
            self.report(error.hint("name the object: `module.net.vpc.main`"));
            return;
        };
        if self.place(&block.to, &scope) {
            self.there(&block.to, false);
            let id = Type::String(Text::Id(KindName::new(kind.as_str())));
            let found = self.expect(&block.id, &id, &scope);
            self.shown(&found, &block.id, "an import's `id` is shown, and this is sensitive");
        }
    }

    /// Checks the keys of an address, and that its kind is one.
    fn place(&mut self, place: &WrittenPlace, scope: &Scope) -> bool {
        for key in place.keys() {
            let found = self.expect(key, &Type::string(), scope);
            self.shown(&found, key, "the key of an address is shown, and this is sensitive");
        }
        let Some((kind, object)) = &place.object else { return true };
        if self.schemas.kind(kind.as_str()).is_some() {
            return true;
        }
        if let Some(new) = super::habits::kind_of(kind.as_str(), self.schemas) {
            let name = &object.name;
            let error =
                super::habits::habit(kind.span, &format!("`{kind}.{name}` is written `{new}.{name}`"));
            self.report(error.suggest(kind.span, new));
            return false;
        }
        let error = Diagnostic::error(codes::UNKNOWN_KIND, kind.span, format!("there is no kind `{kind}`"));
        let near = nearest(kind.as_str(), self.schemas.iter().map(|schema| schema.name.as_str()));
        let error = match near {
            Some(near) => error.hint(format!("did you mean `{near}`?")).suggest(kind.span, near),
            None => error,
        };
        self.report(error);
        false
    }

    /// What was there must not be declared any more. An instance may be gone while its block stays; that is known
    /// once the keys are.
    fn gone(&mut self, place: &WrittenPlace, whole: bool) {
        let Found::Block { keyed, span } = self.find(place) else { return };
        let way = place.keys().next().is_none() && self.on_the_way(place).is_none();
        if way && (!keyed || whole) {
            let message = format!("`{}` is still declared", place.pattern());
            let error = Diagnostic::error(codes::STILL_DECLARED, place.span, message);
            self.report(error.label(span, "declared here").hint("rename or delete its block first"));
        }
    }

    /// What is there from now on must be declared, as one or as instances; `whole` allows all instances.
    fn there(&mut self, place: &WrittenPlace, whole: bool) {
        if let Some(error) = self.on_the_way(place) {
            self.report(error);
            return;
        }
        let pattern = place.pattern();
        match (self.find(place), place.last_key()) {
            (Found::Unclear, _) => {}
            (Found::Absent, _) => {
                let message = format!("`{pattern}` is not declared");
                let error = Diagnostic::error(codes::NO_ADDRESS, place.span, message);
                self.report(error.hint("write its block, with what the object is"));
            }
            (Found::Block { keyed: true, span }, None) if !whole => {
                self.report(which_instance(&pattern, place.span, span));
            }
            (Found::Block { keyed: false, span }, Some(_)) => {
                self.report(no_instances(&pattern, place.span, span));
            }
            (Found::Block { .. }, _) => {}
        }
    }

    /// The modules around what is meant, each as one or by its key.
    fn on_the_way(&self, place: &WrittenPlace) -> Option<Diagnostic> {
        let mut module: &Module = self.module;
        let around = place.modules.len() - usize::from(place.object.is_none());
        for (depth, step) in place.modules.iter().enumerate().take(around) {
            let call = module.calls.get(&step.name.name)?;
            let names = place.modules[..=depth].iter().map(|step| format!("module.{}", step.name));
            let pattern = names.collect::<Vec<_>>().join(".");
            match (call.meta.for_each.is_some(), &step.key) {
                (true, None) => return Some(which_instance(&pattern, place.span, call.span)),
                (false, Some(_)) => return Some(no_instances(&pattern, place.span, call.span)),
                _ => module = self.known.modules.get(&call.directory)?,
            }
        }
        None
    }

    fn find(&self, place: &WrittenPlace) -> Found {
        let mut module: &Module = self.module;
        let mut last = Found::Unclear;
        for WrittenStep { name, .. } in &place.modules {
            let Some(call) = module.calls.get(&name.name) else { return absent(module) };
            last = Found::Block { keyed: call.meta.for_each.is_some(), span: call.span };
            match self.known.modules.get(&call.directory) {
                Some(inner) => module = inner,
                None if place.object.is_some() => return Found::Unclear,
                None => {}
            }
        }
        let Some((kind, object)) = &place.object else { return last };
        let key = ObjectKey {
            mode: Mode::Managed,
            kind: KindName::new(kind.as_str()),
            name: object.name.name.clone(),
        };
        match module.objects.get(&key) {
            Some(block) => Found::Block { keyed: block.meta.for_each.is_some(), span: block.header },
            None => absent(module),
        }
    }
}

fn which_instance(pattern: &str, place: Span, declared: Span) -> Diagnostic {
    let message = format!("`{pattern}` has instances: say which one");
    let error = Diagnostic::error(codes::NO_ADDRESS, place, message);
    error.label(declared, "with `for_each`").hint(format!("write `{pattern}[\"key\"]`"))
}

fn no_instances(pattern: &str, place: Span, declared: Span) -> Diagnostic {
    let message = format!("`{pattern}` has no `for_each`, so it has no instance of that key");
    let error = Diagnostic::error(codes::NO_ADDRESS, place, message);
    error.label(declared, "declared here").hint(format!("write `{pattern}`"))
}

fn absent(module: &Module) -> Found {
    if module.complete { Found::Absent } else { Found::Unclear }
}
