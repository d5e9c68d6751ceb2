//! The types of what runs over collections: `for`, splats, and `for` in templates.

use std::collections::BTreeMap;

use super::Checker;
use super::narrow::present;
use super::null::Need;
use super::scope::Scope;
use crate::ast::{Expr, For, ForPart, ForResult, Ident, Splat};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::span::Span;
use crate::types::{Field, Lengths, Text, Type, any_of, spoken};

impl Checker<'_> {
    pub(super) fn comprehension(&mut self, each: &For, scope: &Scope) -> Type {
        let collection = self.infer(&each.collection, scope);
        let collection = self.value(collection, &each.collection, Need::Elements, scope);
        let (result, secret) = match (collection.core(), &each.result) {
            (Type::Object(fields), ForResult::Object { key, value, grouped: false })
                if names_key(each, key) =>
            {
                self.for_fields(each, fields, value, scope)
            }
            _ => {
                let (key, value) = self.elements(&collection, each.collection.span);
                self.for_result(each, &bind(scope, each.key.as_ref(), &each.value, key, value))
            }
        };
        result.labelled(secret || collection.is_sensitive())
    }

    /// The scope where the `if` of a `for` holds, and whether what it says is secret.
    fn filtered(&mut self, condition: Option<&Expr>, inner: Scope) -> (Scope, bool) {
        let Some(condition) = condition else { return (inner, false) };
        let secret = self.condition(condition, &inner);
        (inner.knowing(present(condition, true)), secret)
    }

    /// The type of the result, and whether its length or keys tell a secret.
    fn for_result(&mut self, each: &For, inner: &Scope) -> (Type, bool) {
        let (inner, secret) = self.filtered(each.condition.as_ref(), inner.clone());
        match &each.result {
            ForResult::Tuple(value) => (Type::list(self.infer(value, &inner)), secret),
            ForResult::Object { key, value, grouped } => {
                let ty = self.infer(key, &inner);
                self.must_fit(&ty, &Type::string(), key.span);
                let value = self.infer(value, &inner);
                let result = Type::map(if *grouped { Type::list(value) } else { value });
                (result, secret || ty.is_sensitive())
            }
        }
    }

    /// `{ for k, v in object : k => … }` keeps each field's own type.
    fn for_fields(
        &mut self,
        each: &For,
        fields: &BTreeMap<String, Field>,
        value: &Expr,
        scope: &Scope,
    ) -> (Type, bool) {
        let mut result = BTreeMap::new();
        let mut secret = false;
        for (name, field) in fields {
            let key = Type::String(Text::Enum(vec![name.clone()]));
            let inner = bind(scope, each.key.as_ref(), &each.value, key, field.ty.clone());
            let (inner, by_secret) = self.filtered(each.condition.as_ref(), inner);
            secret |= by_secret;
            let ty = self.infer(value, &inner);
            let optional = field.optional || each.condition.is_some();
            result.insert(name.clone(), Field { ty, optional, default: None });
        }
        (Type::object(result), secret)
    }

    /// Checks a `for` in a template; whether what it writes is secret.
    pub(super) fn for_part(&mut self, part: &ForPart, scope: &Scope) -> bool {
        let collection = self.infer(&part.collection, scope);
        let collection = self.value(collection, &part.collection, Need::Elements, scope);
        let (key, value) = self.elements(&collection, part.collection.span);
        let inner = bind(scope, part.key.as_ref(), &part.value, key, value);
        self.parts(&part.body, &inner) || collection.is_sensitive()
    }

    /// The types of key and element of what a `for` runs over.
    pub(super) fn elements(&mut self, collection: &Type, span: Span) -> (Type, Type) {
        match collection.core() {
            Type::List(element, _) => (Type::int(), (**element).clone()),
            Type::Set(element) => ((**element).clone(), (**element).clone()),
            Type::Map(element) => (Type::string(), (**element).clone()),
            Type::Tuple(items) => (Type::int(), any_of(items.iter())),
            Type::Object(fields) => {
                let all = any_of(fields.values().map(|field| &field.ty));
                (Type::String(Text::Enum(fields.keys().cloned().collect())), all)
            }
            Type::OneOf(types) => {
                let (keys, values): (Vec<Type>, Vec<Type>) =
                    types.iter().map(|ty| self.elements(ty, span)).unzip();
                (any_of(&keys), any_of(&values))
            }
            Type::Any => (Type::Any, Type::Any),
            other => {
                let message =
                    format!("`for` runs over lists, sets, maps and objects, not over {}", spoken(other));
                let nothing = self.report(Diagnostic::error(codes::TYPE, span, message));
                (nothing.clone(), nothing)
            }
        }
    }

    pub(super) fn splat(&mut self, splat: &Splat, scope: &Scope) -> Type {
        let source = self.infer(&splat.source, scope);
        let result = match source.core() {
            Type::Tuple(items) => {
                let each =
                    items.iter().map(|item| self.infer(&splat.each, &scope.with_element(item.clone())));
                Type::tuple(each)
            }
            Type::List(element, _) | Type::Set(element) => {
                Type::list(self.infer(&splat.each, &scope.with_element((**element).clone())))
            }
            Type::OneOf(none) if none.is_empty() => Type::never(),
            Type::Any => Type::list(self.infer(&splat.each, &scope.with_element(Type::Any))),
            // Of what is no list: one element, or none if it is null.
            single => {
                let each = self.infer(&splat.each, &scope.with_element(single.clone()));
                Type::List(Box::new(each), Lengths { min: None, max: Some(1) })
            }
        };
        result.labelled(source.is_sensitive())
    }
}

fn names_key(each: &For, key: &Expr) -> bool {
    let name = each.key.as_ref().map(|name| name.as_str());
    name.is_some() && key.bare().as_name().map(|key| key.as_str()) == name
}

fn bind(scope: &Scope, key_name: Option<&Ident>, value_name: &Ident, key: Type, value: Type) -> Scope {
    match key_name {
        Some(name) => scope.with(name.as_str(), key).with(value_name.as_str(), value),
        None => scope.with(value_name.as_str(), value),
    }
}
