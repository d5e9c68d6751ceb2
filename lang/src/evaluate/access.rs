//! References, and reading attributes and elements.

use std::collections::BTreeMap;

use super::instances::Instances;
use super::{Eval, Evaluator, Path, Scope, Stop, at, fail};
use crate::address::{Address, Mode};
use crate::ast::{Expr, ExprKind, Ident};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::name::KindName;
use crate::partial;
use crate::program::{Module, ObjectKey};
use crate::reference::{Root, root};
use crate::residual::{Reference, Residual, references};
use crate::schema::Presence;
use crate::span::Span;
use crate::value::Value;

impl Evaluator<'_> {
    pub(super) fn reference(&self, expr: &Expr, scope: &Scope) -> Eval {
        if let Some(root) = root(expr, |name| scope.closed || scope.get(name).is_some()) {
            return self.root(root, scope);
        }
        match &expr.kind {
            ExprKind::Name(name) => match scope.get(name.as_str()) {
                Some(value) => Ok(value.clone()),
                None => {
                    let message = format!("nothing is called `{name}` here");
                    fail(Diagnostic::error(codes::UNKNOWN_NAME, name.span, message))
                }
            },
            ExprKind::Attribute(of, name) => {
                if let Some(part) = self.part(expr, scope) {
                    return Ok(part);
                }
                if let Some(output) = self.one_output(of, name, scope)? {
                    return Ok(output);
                }
                let of = self.evaluate(of, scope)?;
                self.element(of, Value::string(name.as_str()).into(), expr.span)
            }
            _ => Err(Stop::Reported),
        }
    }

    fn root(&self, root: Root<'_>, scope: &Scope) -> Eval {
        match root {
            Root::Variable(name) => self.variable(&scope.path, &name.name),
            Root::Local(name) => self.local(&scope.path, &name.name),
            Root::Project(name) => self.project_setting(name.as_str()),
            Root::Path(name) => Ok(self.path(name, scope)),
            Root::Each(name) => {
                let each = scope.each.as_ref().ok_or(Stop::Reported)?;
                self.uses(&each.sources);
                Ok(if name.as_str() == "key" { Value::string(&each.key).into() } else { each.value.clone() })
            }
            Root::This => match &scope.this {
                Some(address) => Ok(Residual::Attribute(Reference::whole(address.clone()))),
                None => Err(Stop::Reported),
            },
            Root::Module(name) => self.module_value(&scope.path, &name.name),
            Root::Object(mode, kind, name) => {
                let key = ObjectKey { mode, kind: KindName::new(kind.as_str()), name: name.name.clone() };
                self.object_value(&scope.path, &key)
            }
        }
    }

    fn path(&self, name: &Ident, scope: &Scope) -> Residual {
        let directory = self.program.module(&scope.path).map_or("", Module::root);
        match (name.as_str(), directory) {
            ("module", directory) if !directory.is_empty() => Value::string(directory).into(),
            _ => Value::string(".").into(),
        }
    }

    /// What a block's name stands for: the object, a map of objects, or null.
    fn object_value(&self, path: &Path, key: &ObjectKey) -> Eval {
        let whole =
            |instance: Option<&str>| Residual::Attribute(Reference::whole(address(path, key, instance)));
        Ok(match &*self.instances(path, key)? {
            Instances::One => whole(None),
            Instances::None => Value::Null.into(),
            Instances::Keyed(entries) => {
                let entries = entries.keys().map(|key| (key.clone(), whole(Some(key))));
                Residual::map(entries.collect::<BTreeMap<_, _>>())
            }
        })
    }

    /// `of[key]` and `of.key`.
    pub(super) fn element(&self, of: Residual, key: Residual, span: Span) -> Eval {
        if let (Residual::Attribute(reference), Some(Value::String(name))) = (&of, key.known())
            && reference.is_whole()
        {
            return self.attribute(&reference.object, name, span);
        }
        let name = key.known().and_then(Value::as_str).map(str::to_owned);
        if let Some(name) = name.filter(|_| self.may_be_absent(span)) {
            let (plain, hidden) = of.clone().uncovered();
            if plain.entries().is_some_and(|entries| !entries.contains_key(&name)) {
                return Ok(if hidden { Residual::from(Value::Null).concealed() } else { Value::Null.into() });
            }
        }
        partial::index(of, key).map_err(at(span))
    }

    /// Whether a field is read there that may be absent.
    fn may_be_absent(&self, span: Span) -> bool {
        self.program.optional_reads.contains(&span)
            || self.asked.is_some_and(|asked| asked.optional_reads.contains(&span))
    }

    /// An attribute of an object: what is written, its default, or what AWS tells.
    fn attribute(&self, object: &Address, name: &str, span: Span) -> Eval {
        match object.mode {
            Mode::Data => self.looked_up(object, name),
            Mode::Managed => {
                self.reads(object);
                self.managed(object, name, span)
            }
        }
    }

    fn managed(&self, object: &Address, name: &str, span: Span) -> Eval {
        let schema = self.program.schemas.kind(object.kind.as_str()).ok_or(Stop::Reported)?;
        let observed = || {
            let waiting = Residual::Attribute(Reference { object: object.clone(), attribute: name.into() });
            let secret = schema.attribute(name).is_some_and(|attribute| attribute.sensitive);
            if secret { waiting.concealed() } else { waiting }
        };
        let presence = schema.attribute(name).map(|attribute| &attribute.presence);
        if presence == Some(&Presence::Observed) {
            return Ok(observed());
        }
        match (self.object(object)?.attributes.get(name), presence) {
            (Some(value), _) => Ok(value.clone()),
            (None, Some(Presence::ObservedIfUnset)) => Ok(observed()),
            (None, _) if super::naming::generated(schema, name) => Ok(observed()),
            (None, Some(_)) => Ok(Value::Null.into()),
            (None, None) if name == "tags" && schema.tagged => Ok(Value::Map(BTreeMap::new()).into()),
            (None, None) => {
                let message = format!("`{}` has no attribute `{name}`", object.kind);
                fail(Diagnostic::error(codes::UNKNOWN_ATTRIBUTE, span, message))
            }
        }
    }

    /// The error for what must be known at plan and is not; undecided if answers to lookups may still tell it.
    pub(super) fn not_at_plan(&self, waiting: &Residual, span: Span, what: &str) -> Stop {
        if self.may_be_answered(waiting) {
            return Stop::Undecided;
        }
        let blocking = references(waiting).into_iter().find_map(|reference| self.blocking(&reference));
        let cause = blocking.map_or(waiting.to_string(), |reference| reference.to_string());
        let message = format!("{what} must be known at plan, and `{cause}` is known only after apply");
        let error = Diagnostic::error(codes::SHAPE, span, message);
        Stop::Error(Box::new(error.hint("use a key of your own, such as `{ main = vpc.main }`, or a value that is written in the configuration")))
    }

    /// Whether more will be known of a value when a lookup is answered that can be asked at plan. Perhaps not enough,
    /// but checking has seen to that.
    pub(super) fn may_be_answered(&self, waiting: &Residual) -> bool {
        references(waiting).iter().any(|reference| self.blocking(reference).is_none())
    }

    /// What of a reference is known only after apply: an object's attribute, or that which a lookup asks by.
    fn blocking(&self, reference: &Reference) -> Option<Reference> {
        if reference.object.mode == Mode::Managed {
            return Some(reference.clone());
        }
        let question = self.lookup(&reference.object).ok()?;
        if !question.lookup.depends_on.is_empty() {
            return Some(reference.clone());
        }
        let waiting = question.lookup.arguments.values().flat_map(references);
        waiting.into_iter().find_map(|reference| self.blocking(&reference))
    }
}

/// The address of an instance of a block.
pub(super) fn address(path: &Path, key: &ObjectKey, instance: Option<&str>) -> Address {
    Address {
        module: path.to_vec(),
        mode: key.mode,
        kind: key.kind.clone(),
        name: key.name.clone(),
        key: instance.map(str::to_owned),
    }
}
