//! References, and reading fields and elements.

use super::cycles::Node;
use super::scope::Scope;
use super::{Checker, habits, settings};
use crate::address::Mode;
use crate::ast::{Expr, ExprKind, Ident};
use crate::diagnostic::{Diagnostic, nearest};
use crate::explain::codes;
use crate::name::KindName;
use crate::program::{Meta, ObjectKey};
use crate::reference::{ROOTS, Root, root};
use crate::schema::Presence;
use crate::span::Span;
use crate::types::{Field, Text, Type, spoken, unify_all};
use crate::value::Key;

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
                self.field(&ty, name.as_str(), name.span, expr.span)
            }
            _ => Type::Any,
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
            return Type::Any;
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
        let one = self.outputs.get(&call.directory).cloned().unwrap_or(Type::Any);
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
            return Type::Any;
        }
        if let Some(new) = habits::kind_of(text, self.schemas) {
            let error = habits::habit(kind.span, &format!("`{kind}.{name}` is written `{new}.{name}`"));
            return self.report(error.suggest(kind.span, new));
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
            return Type::Any;
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

    /// The type of `of.name`.
    fn field(&mut self, of: &Type, name: &str, span: Span, whole: Span) -> Type {
        match of {
            Type::Any | Type::OneOf(_) => Type::Any,
            Type::Nullable(inner) => self.field(inner, name, span, whole),
            Type::Sensitive(inner) => match self.field(inner, name, span, whole) {
                secret @ (Type::Sensitive(_) | Type::Any) => secret,
                plain => Type::Sensitive(Box::new(plain)),
            },
            Type::Kind(kind) => self.attribute(kind, name, span),
            Type::Map(element) => (**element).clone(),
            Type::Object(fields) => match fields.get(name) {
                Some(field) => self.read(field, whole),
                None => self.no_field(name, fields.keys().map(String::as_str), span),
            },
            Type::List(..) | Type::Set(_) | Type::Tuple(_) => {
                let error = Diagnostic::error(
                    codes::KEY,
                    span,
                    format!("{} has no `{name}`: its elements may", spoken(of)),
                );
                self.report(error.hint(format!("of each element: `[*].{name}`")))
            }
            other => {
                let message = format!("nothing can be read from {}", spoken(other));
                self.report(Diagnostic::error(codes::KEY, span, message))
            }
        }
    }

    /// A field that may be absent reads as null there.
    fn read(&mut self, field: &Field, whole: Span) -> Type {
        if field.optional && field.default.is_none() {
            self.optional_reads.insert(whole);
            return field.ty.clone().nullable();
        }
        field.ty.clone()
    }

    fn no_field<'n>(&mut self, name: &str, known: impl Iterator<Item = &'n str> + Clone, span: Span) -> Type {
        let error = Diagnostic::error(codes::KEY, span, format!("there is no field `{}` here", Key(name)));
        let error = match nearest(name, known.clone()) {
            Some(near) => error.hint(format!("did you mean `{near}`?")).suggest(span, near),
            None => {
                let names: Vec<String> = known.take(12).map(|name| format!("`{name}`")).collect();
                if names.is_empty() { error } else { error.hint(format!("there are {}", names.join(", "))) }
            }
        };
        self.report(error)
    }

    fn has_attribute(&self, kind: &KindName, name: &str) -> bool {
        self.schemas.kind(kind.as_str()).is_some_and(|schema| schema.attribute(name).is_some())
    }

    /// The type of an attribute of an object.
    fn attribute(&mut self, kind: &KindName, name: &str, span: Span) -> Type {
        let Some(schema) = self.schemas.kind(kind.as_str()) else { return Type::Any };
        let lookup = || settings::attribute_of(Mode::Data, schema, name);
        let Some(attribute) = schema.attribute(name).or_else(lookup) else {
            if let Some(ty) = super::objects::extra_type(Mode::Managed, schema, name) {
                return ty;
            }
            let known: Vec<&str> =
                schema.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
            let error = Diagnostic::error(
                codes::UNKNOWN_ATTRIBUTE,
                span,
                format!("`{kind}` has no attribute `{name}`"),
            );
            return self.report(match nearest(name, known.iter().copied()) {
                Some(near) => error.hint(format!("did you mean `{near}`?")).suggest(span, near),
                None => error,
            });
        };
        let ty = super::objects::written_type(attribute);
        let ty = if attribute.presence == Presence::Optional { ty.nullable() } else { ty };
        if attribute.sensitive { Type::Sensitive(Box::new(ty)) } else { ty }
    }

    /// The type of `of[key]`.
    pub(super) fn index(&mut self, of: &Expr, key: &Expr, span: Span, scope: &Scope) -> Type {
        let ty = self.infer(of, scope);
        let key_type = self.infer(key, scope);
        let element = self.element(ty.core(), &key_type, key, span);
        if ty.is_sensitive() && !element.is_sensitive() {
            Type::Sensitive(Box::new(element))
        } else {
            element
        }
    }

    fn element(&mut self, of: &Type, key: &Type, key_expr: &Expr, span: Span) -> Type {
        let names = match key.core() {
            Type::String(Text::Enum(names)) => Some(names.clone()),
            _ => None,
        };
        match of {
            Type::Any | Type::OneOf(_) => Type::Any,
            Type::Map(element) => {
                self.must_fit(key, &Type::string(), key_expr.span);
                (**element).clone()
            }
            Type::List(element, _) => {
                self.must_fit(key, &Type::number(), key_expr.span);
                (**element).clone()
            }
            Type::Tuple(items) => {
                self.must_fit(key, &Type::number(), key_expr.span);
                position(key).map_or_else(
                    || unify_all(items).unwrap_or(Type::Any),
                    |at| match items.get(at) {
                        Some(item) => item.clone(),
                        None => {
                            let message = format!("there is no element {at}: the list has {}", items.len());
                            self.report(Diagnostic::error(codes::KEY, key_expr.span, message))
                        }
                    },
                )
            }
            Type::Object(fields) => match names.as_deref() {
                Some([name]) => match fields.get(name) {
                    Some(field) => self.read(field, span),
                    None => self.no_field(name, fields.keys().map(String::as_str), key_expr.span),
                },
                Some(names) if names.iter().all(|name| fields.contains_key(name)) => {
                    self.unified(names.iter().filter_map(|name| fields.get(name)).collect(), span)
                }
                Some(names) => {
                    let missing =
                        names.iter().find(|name| !fields.contains_key(*name)).cloned().unwrap_or_default();
                    let message = format!("the key may be `\"{missing}\"`, which the object does not have");
                    self.report(Diagnostic::error(codes::KEY, key_expr.span, message))
                }
                None => self.unified(fields.values().collect(), span),
            },
            Type::Set(_) => {
                let error = Diagnostic::error(codes::KEY, span, "a set has no positions");
                self.report(error.hint("use `one(…)`, `tolist(…)` or `contains(…)`"))
            }
            Type::Kind(kind) => match names.as_deref() {
                Some([name]) if self.has_attribute(kind, name) => self.attribute(kind, name, key_expr.span),
                _ => {
                    let message = format!("this is one `{kind}`, without `for_each`, so it has no key");
                    self.report(Diagnostic::error(codes::KEY, span, message))
                }
            },
            other => self.report(Diagnostic::error(
                codes::KEY,
                span,
                format!("nothing can be read from {}", spoken(other)),
            )),
        }
    }

    fn unified(&mut self, fields: Vec<&Field>, span: Span) -> Type {
        let optional = fields.iter().any(|field| field.optional);
        match unify_all(fields.iter().map(|field| &field.ty)) {
            Ok(ty) if optional => {
                self.optional_reads.insert(span);
                ty.nullable()
            }
            Ok(ty) => ty,
            Err(clash) => {
                let message = format!("the values have no common type: {clash}");
                self.report(Diagnostic::error(codes::CLASH, span, message))
            }
        }
    }
}

/// The position a literal names.
fn position(key: &Type) -> Option<usize> {
    match key.core() {
        Type::Number { bounds, .. } if bounds.min == bounds.max => {
            bounds.min.as_ref()?.to_i64().and_then(|at| usize::try_from(at).ok())
        }
        _ => None,
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
