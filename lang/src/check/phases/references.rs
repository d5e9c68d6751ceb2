//! When what a reference names is known.

use std::rc::Rc;

use super::Looker;
use super::known::{Phase, When, Why};
use super::scope::Scope;
use super::tree::{Declared, Tree, union_all};
use crate::address::Mode;
use crate::ast::{Expr, ExprKind, Ident};
use crate::name::KindName;
use crate::program::ObjectKey;
use crate::reference::{Root, root};
use crate::schema::{Naming, Presence};
use crate::span::Span;

impl<'a> Looker<'a, '_> {
    /// A name, or something read from something.
    pub(super) fn reference(&mut self, expr: &'a Expr, scope: &Scope) -> Tree {
        let before = self.read;
        let tree = match (root(expr, |name| scope.get(name).is_some()), &expr.kind) {
            (Some(root), _) => self.root(root, expr.span, scope),
            (None, ExprKind::Name(name)) => scope.get(name.as_str()).cloned().unwrap_or(Tree::CONFIG),
            (None, ExprKind::Attribute(of, name)) => {
                let of = self.tree(of, scope);
                self.field(&of, name.as_str(), expr.span)
            }
            _ => Tree::CONFIG,
        };
        // Of what is on the way only the part that is read counts.
        self.read = before;
        self.reads(&tree);
        tree
    }

    fn root(&mut self, root: Root<'a>, span: Span, scope: &Scope) -> Tree {
        match root {
            Root::Variable(name) => {
                let tree = self.variables.get(&name.name).cloned().unwrap_or(Tree::CONFIG);
                tree.through(&format!("var.{name}"), span)
            }
            Root::Local(name) => self.local(&name.name).through(&format!("local.{name}"), span),
            Root::Project(name) => self.project_setting(name, span),
            Root::Path(_) => Tree::CONFIG,
            Root::Each(name) => match &scope.each {
                Some((key, _)) if name.as_str() == "key" => key.clone(),
                Some((_, value)) => value.through("each.value", span),
                None => Tree::CONFIG,
            },
            Root::This => match &scope.this {
                Some(object) => Tree::whole(vec![object.clone()], When::CONFIG, span),
                None => Tree::CONFIG,
            },
            Root::Module(name) => self.called(&name.name).through(&format!("module.{name}"), span),
            Root::Object(mode, kind, name) => {
                let key = ObjectKey { mode, kind: KindName::new(kind.as_str()), name: name.name.clone() };
                self.object(&key, span)
            }
        }
    }

    fn project_setting(&self, name: &Ident, span: Span) -> Tree {
        if name.as_str() != "account" || self.run.account_is_written {
            return Tree::CONFIG;
        }
        let why = Why::Source {
            what: "project.account".to_owned(),
            reason: "is asked for at plan unless it is written".to_owned(),
            span,
            object: None,
        };
        Tree::Leaf(When::late(Phase::Plan, why))
    }

    /// `of.name`, and `of["name"]`.
    pub(super) fn field(&self, of: &Tree, name: &str, span: Span) -> Tree {
        match of.opened() {
            Tree::Whole(whole) => {
                let attributes: Vec<Tree> =
                    whole.objects.iter().map(|object| self.attribute(object, name, span)).collect();
                union_all(&attributes).delayed(&whole.at)
            }
            _ => of.field(name),
        }
    }

    /// An attribute of an object: when what is written is known, or what AWS tells.
    fn attribute(&self, object: &Rc<Declared>, name: &str, span: Span) -> Tree {
        let what = format!("{}.{name}", object.key);
        let written = object.attributes.get(name);
        let told = |reason: &str| {
            let object = (name == "id").then(|| object.clone());
            let why = Why::Source { what: what.clone(), reason: reason.to_owned(), span, object };
            Tree::Leaf(When::late(Phase::Apply, why))
        };
        if object.key.mode == Mode::Data {
            let open = object.lookup.phase == Phase::Apply;
            return written.filter(|_| open).cloned().unwrap_or_else(|| self.looked_up(object, what, span));
        }
        let schema = self.run.schemas.kind(object.key.kind.as_str());
        let presence = schema.and_then(|schema| schema.attribute(name)).map(|known| &known.presence);
        match presence {
            Some(Presence::Observed) => told("is assigned by AWS"),
            _ if !object.unset.contains(name) => {
                written.map_or(Tree::CONFIG, |written| written.through(&what, span))
            }
            Some(Presence::ObservedIfUnset) => told("is chosen by AWS unless it is written"),
            _ => told("is completed when the object is made"),
        }
    }

    fn looked_up(&self, object: &Declared, what: String, span: Span) -> Tree {
        let reason = match object.lookup.why.as_deref() {
            Some(Why::Source { reason, .. }) => reason.clone(),
            _ => "is looked up".to_owned(),
        };
        Tree::Leaf(When::late(object.lookup.phase, Why::Source { what, reason, span, object: None }))
    }
}

/// The attribute of a kind that completes a prefix.
pub(super) fn completed(naming: &Naming) -> Option<&crate::name::AttributeName> {
    match naming {
        Naming::Prefixed { attribute, .. } => Some(attribute),
        _ => None,
    }
}
