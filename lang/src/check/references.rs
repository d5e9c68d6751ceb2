//! What a reference names, and what it may have meant.

use super::cycles::Node;
use super::null::Need;
use super::scope::Scope;
use super::{Checker, habits};
use crate::address::Mode;
use crate::ast::{Expr, ExprKind, Ident};
use crate::diagnostic::{Diagnostic, nearest};
use crate::explain::codes;
use crate::name::KindName;
use crate::program::{Meta, ObjectKey};
use crate::reference::{ROOTS, Root, root};
use crate::span::Span;
use crate::types::Type;

impl Checker<'_> {
    /// A name, or something read from something.
    pub(super) fn reference(&mut self, expr: &Expr, scope: &Scope) -> Type {
        if let Some(root) = root(expr, |name| scope.get(name).is_some()) {
            return self.root(root, expr.span, scope);
        }
        match &expr.kind {
            ExprKind::Name(name) => match scope.get(name.as_str()) {
                Some(ty) => ty.clone(),
                None => self.unknown_name(name, scope),
            },
            ExprKind::Attribute(of, name) => {
                let ty = self.infer(of, scope);
                let ty = self.value(ty, of, Need::Field(name.as_str()), scope);
                self.read_any(&ty, of, expr);
                let read = self.field(&ty, name.as_str(), name.span, expr.span);
                match ty {
                    Type::Kind(_) => self.as_written(read, of, name.as_str(), scope),
                    _ => read,
                }
            }
            _ => Type::never(),
        }
    }

    fn root(&mut self, root: Root<'_>, span: Span, scope: &Scope) -> Type {
        match root {
            Root::Variable(name) => self.variable(name),
            Root::Local(name) => match self.module.locals.contains_key(&name.name) {
                true => {
                    self.edge(Node::Local(name.name.clone()), span);
                    self.local(&name.name.clone())
                }
                false => self.undeclared(
                    "local",
                    name,
                    self.module.locals.keys().map(|name| name.as_str()).collect(),
                ),
            },
            Root::Project(name) => self.project(name),
            Root::Path(name) => match name.as_str() {
                "module" | "root" => Type::string(),
                _ => self.undeclared("path", name, vec!["module", "root"]),
            },
            Root::Each(name) => match (&scope.each, name.as_str()) {
                (Some(_), "key") => Type::string(),
                (Some(value), "value") => value.clone(),
                (Some(_), _) => self.undeclared("each", name, vec!["key", "value"]),
                (None, _) => {
                    let error =
                        Diagnostic::error(codes::META, span, "`each` exists in blocks with `for_each` only");
                    self.report(error)
                }
            },
            Root::This => match &scope.this {
                Some(kind) => Type::Kind(kind.clone()),
                None => self.report(Diagnostic::error(
                    codes::META,
                    span,
                    "`self` exists in conditions of `lifecycle` only",
                )),
            },
            Root::Module(name) => self.module_outputs(name, span),
            Root::Object(mode, kind, name) => self.declared_object(mode, kind, name, span, scope),
        }
    }

    fn undeclared(&mut self, root: &str, name: &Ident, known: Vec<&str>) -> Type {
        if !self.module.complete {
            return Type::never();
        }
        let error = Diagnostic::error(codes::UNKNOWN_NAME, name.span, format!("there is no `{root}.{name}`"));
        let error = match nearest(name.as_str(), known.iter().copied()) {
            Some(near) => error.hint(format!("did you mean `{root}.{near}`?")).suggest(name.span, near),
            None => error,
        };
        self.report(error)
    }

    fn variable(&mut self, name: &Ident) -> Type {
        match self.variable_types.get(&name.name) {
            Some(ty) => ty.clone(),
            None => {
                self.undeclared("var", name, self.module.variables.keys().map(|name| name.as_str()).collect())
            }
        }
    }

    fn project(&mut self, name: &Ident) -> Type {
        if name.as_str() == "name" {
            // The block's label: it needs nothing else of the block.
            return Type::string();
        }
        self.edge(Node::Project, name.span);
        match name.as_str() {
            "region" | "account" => Type::string(),
            "tags" => Type::map(Type::string()),
            _ => self.undeclared("project", name, vec!["name", "region", "account", "tags"]),
        }
    }

    fn module_outputs(&mut self, name: &Ident, span: Span) -> Type {
        let Some(call) = self.module.calls.get(&name.name) else {
            return self.undeclared(
                "module",
                name,
                self.module.calls.keys().map(|name| name.as_str()).collect(),
            );
        };
        let one = self.call_outputs(&name.name);
        let ty = by_meta(&call.meta, one);
        self.edge(Node::Module(name.name.clone()), span);
        ty
    }

    fn declared_object(&mut self, mode: Mode, kind: &Ident, name: &Ident, span: Span, scope: &Scope) -> Type {
        let key = ObjectKey { mode, kind: KindName::new(kind.as_str()), name: name.name.clone() };
        if let Some(object) = self.module.objects.get(&key) {
            let ty = by_meta(&object.meta, Type::Kind(key.kind.clone()));
            self.edge(Node::Object(key), span);
            return ty;
        }
        match self.schemas.kind(kind.as_str()) {
            Some(_) => self.undeclared_object(&key, name),
            None => self.unknown_kind(kind, name, scope),
        }
    }

    /// A reference that starts with a word that is neither a root nor a kind.
    fn unknown_kind(&mut self, kind: &Ident, name: &Ident, scope: &Scope) -> Type {
        let text = kind.as_str();
        if !self.module.complete || self.module.unknown.contains(text) {
            return Type::never();
        }
        if let Some(new) = habits::kind_of(text, self.schemas) {
            let error = habits::habit(kind.span, &format!("`{kind}.{name}` is written `{new}.{name}`"));
            return self.report(error.fix(kind.span, new));
        }
        let kinds = self.schemas.iter().map(|schema| schema.name.as_str());
        let near = nearest(text, scope.names().chain(ROOTS.iter().copied()).chain(kinds)).map(str::to_owned);
        let error = Diagnostic::error(
            codes::UNKNOWN_NAME,
            kind.span,
            format!("there is no kind `{kind}`, and nothing of that name here"),
        );
        self.report(match near {
            Some(near) => error.hint(format!("did you mean `{near}`?")).suggest(kind.span, near),
            None => error,
        })
    }

    fn undeclared_object(&mut self, key: &ObjectKey, name: &Ident) -> Type {
        if !self.module.complete {
            return Type::never();
        }
        let data = if key.mode == Mode::Data { "data." } else { "" };
        let same: Vec<&ObjectKey> = self
            .module
            .objects
            .keys()
            .filter(|other| other.kind == key.kind && other.mode == key.mode)
            .collect();
        let error =
            Diagnostic::error(codes::UNKNOWN_NAME, name.span, format!("there is no `{key}` in this module"));
        let other = ObjectKey {
            mode: if key.mode == Mode::Data { Mode::Managed } else { Mode::Data },
            ..key.clone()
        };
        let error = match nearest(name.as_str(), same.iter().map(|other| other.name.as_str())) {
            Some(near) => {
                error.hint(format!("did you mean `{data}{}.{near}`?", key.kind)).suggest(name.span, near)
            }
            None if self.module.objects.contains_key(&other) => error.hint(format!("there is `{other}`")),
            None => match same.as_slice() {
                [] => error.hint(format!(
                    "declare it: `{}{} \"{name}\" {{ … }}`",
                    data.replace('.', " "),
                    key.kind
                )),
                same => error.hint(format!("there {}", listed(same))),
            },
        };
        self.report(error)
    }

    fn unknown_name(&mut self, name: &Ident, scope: &Scope) -> Type {
        let text = name.as_str();
        if ROOTS.contains(&text) || self.schemas.kind(text).is_some() {
            let error =
                Diagnostic::error(codes::UNKNOWN_NAME, name.span, format!("`{text}` alone names nothing"));
            return self.report(error.hint(format!("write `{text}.NAME`")));
        }
        let kinds = self.schemas.iter().map(|schema| schema.name.as_str());
        let near = nearest(text, scope.names().chain(ROOTS.iter().copied()).chain(kinds)).map(str::to_owned);
        let error =
            Diagnostic::error(codes::UNKNOWN_NAME, name.span, format!("nothing is called `{text}` here"));
        self.report(match near {
            Some(near) => error.hint(format!("did you mean `{near}`?")).suggest(name.span, near),
            None => error.hint(format!("text stands in quotes: `\"{text}\"`")),
        })
    }
}

/// The type of a reference to a block: a map under `for_each`, nullable under `when`.
fn by_meta(meta: &Meta, one: Type) -> Type {
    match meta {
        Meta { for_each: Some(_), .. } => Type::map(one),
        Meta { when: Some(_), .. } => one.nullable(),
        _ => one,
    }
}

fn listed(keys: &[&ObjectKey]) -> String {
    let names: Vec<String> = keys.iter().take(8).map(|key| format!("`{key}`")).collect();
    format!("{} {}", if names.len() == 1 { "is" } else { "are" }, names.join(", "))
}
