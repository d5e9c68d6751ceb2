//! Reading fields and elements.

use super::null::Need;
use super::scope::Scope;
use super::{Checker, settings};
use crate::address::Mode;
use crate::ast::Expr;
use crate::diagnostic::{Diagnostic, nearest};
use crate::explain::codes;
use crate::name::KindName;
use crate::schema::Presence;
use crate::span::Span;
use crate::types::{Field, Text, Type, any_of, spoken, unify_all};
use crate::value::Key;

impl Checker<'_> {
    /// The type of `of.name`.
    pub(super) fn field(&mut self, of: &Type, name: &str, span: Span, whole: Span) -> Type {
        match of {
            Type::Any => Type::Any,
            Type::OneOf(types) => {
                let reads: Vec<Type> = types.iter().map(|ty| self.field(ty, name, span, whole)).collect();
                any_of(&reads)
            }
            Type::Nullable(inner) => self.field(inner, name, span, whole),
            Type::Sensitive(inner) => self.field(inner, name, span, whole).labelled(true),
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
        let Some(schema) = self.schemas.kind(kind.as_str()) else { return Type::never() };
        let lookup = || settings::attribute_of(Mode::Data, schema, name);
        let Some(attribute) = schema.attribute(name).or_else(lookup) else {
            if let Some(ty) = super::objects::extra_type(Mode::Managed, schema, name) {
                return ty;
            }
            if let Some(error) = super::habits::read(kind.as_str(), name, span) {
                return self.report(error);
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
    pub(super) fn index(&mut self, of: &Expr, key: &Expr, whole: &Expr, scope: &Scope) -> Type {
        let ty = self.infer(of, scope);
        let ty = self.value(ty, of, Need::Element, scope);
        self.read_any(&ty, of, whole);
        let key_type = self.infer(key, scope);
        let element = self.element(ty.core(), &key_type, key, whole.span);
        element.labelled(ty.is_sensitive() || key_type.is_sensitive())
    }

    fn element(&mut self, of: &Type, key: &Type, key_expr: &Expr, span: Span) -> Type {
        let names = match key.core() {
            Type::String(Text::Enum(names)) => Some(names.clone()),
            _ => None,
        };
        match of {
            Type::Any => Type::Any,
            Type::OneOf(types) => {
                let reads: Vec<Type> =
                    types.iter().map(|ty| self.element(ty.core(), key, key_expr, span)).collect();
                any_of(&reads)
            }
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
                    || any_of(items.iter()),
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
