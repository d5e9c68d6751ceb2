//! An expression where a type is wanted: literals are looked into, so that the error stands at the part that is wrong.

use std::collections::{BTreeMap, BTreeSet};

use super::Checker;
use super::narrow::present;
use super::scope::Scope;
use crate::ast::{Entry, Expr, ExprKind, Key};
use crate::constant::constant;
use crate::diagnostic::{Diagnostic, Label, nearest};
use crate::explain::codes;
use crate::span::Span;
use crate::types::{
    Field, Lengths, Mismatch, Text, Type, any_of, check_length, convert_value, difference, unify,
};
use crate::value::{Quoted, Value};

impl Checker<'_> {
    /// Checks that `expr` may stand where a `wanted` is asked for; the type it has. Each part is looked at once, so
    /// that nested calls cost no more than their length.
    pub(super) fn expect(&mut self, expr: &Expr, wanted: &Type, scope: &Scope) -> Type {
        match (&expr.bare().kind, wanted.core()) {
            (_, Type::Any) => self.infer(expr, scope),
            (ExprKind::Tuple(items), Type::List(element, lengths)) => {
                self.length(expr, items.len(), *lengths);
                self.items(items, element, scope)
            }
            (ExprKind::Tuple(items), Type::Set(element)) => self.items(items, element, scope),
            (ExprKind::Object(entries), Type::Map(element)) => self.values(entries, element, scope),
            (ExprKind::Object(entries), Type::Object(fields)) => self.fields(entries, fields, expr, scope),
            (ExprKind::Conditional(conditional), _) => {
                let secret = self.condition(&conditional.condition, scope);
                let side = |truth| scope.knowing(present(&conditional.condition, truth));
                let yes = self.expect(&conditional.yes, wanted, &side(true));
                let no = self.expect(&conditional.no, wanted, &side(false));
                unify(&yes, &no).unwrap_or_else(|_| wanted.clone()).labelled(secret)
            }
            (ExprKind::Tuple(_) | ExprKind::Object(_), _) => self.inferred(expr, wanted, scope),
            _ => match constant(expr) {
                Ok(value) => self.literal(expr, &value, wanted, scope),
                Err(_) => self.inferred(expr, wanted, scope),
            },
        }
    }

    /// Checks that `expr` may stand where what is declared at `place` wants it; errors point there.
    pub(super) fn expect_declared(&mut self, expr: &Expr, wanted: &Type, place: Span, scope: &Scope) -> Type {
        let before = self.errors.len();
        let found = self.expect(expr, wanted, scope);
        for error in &mut self.errors[before..] {
            if error.code == codes::TYPE
                && error.labels.is_empty()
                && error.span.is_some_and(|span| within(span, expr))
            {
                error.labels.push(Label { span: place, text: "declared here".to_owned() });
            }
        }
        found
    }

    fn items(&mut self, items: &[Expr], element: &Type, scope: &Scope) -> Type {
        Type::Tuple(items.iter().map(|item| self.expect(item, element, scope)).collect())
    }

    fn length(&mut self, expr: &Expr, length: usize, lengths: Lengths) {
        if let Err(error) = check_length(length, lengths) {
            self.report(Diagnostic::error(codes::TYPE, expr.span, error.to_string()));
        }
    }

    /// The entries of a map, or of an object whose keys are computed.
    fn values(&mut self, entries: &[Entry], element: &Type, scope: &Scope) -> Type {
        self.keys(entries, scope);
        let types = entries.iter().map(|entry| self.expect(&entry.value, element, scope)).collect();
        object_of(entries, types)
    }

    /// A literal is checked by its value.
    fn literal(&mut self, expr: &Expr, value: &Value, wanted: &Type, scope: &Scope) -> Type {
        if let Err(error) = convert_value(value, wanted, self.schemas) {
            self.mismatch(expr, &error, wanted);
        }
        self.infer(expr, scope)
    }

    fn mismatch(&mut self, expr: &Expr, error: &Mismatch, wanted: &Type) {
        let code = if error.null { codes::NULL } else { codes::TYPE };
        let diagnostic = Diagnostic::error(code, expr.span, error.to_string());
        let diagnostic = match &error.suggestion {
            Some(near) if error.path.is_empty() && matches!(wanted.core(), Type::String(_)) => diagnostic
                .hint(format!("did you mean `{near}`?"))
                .suggest(expr.span, Quoted(near).to_string()),
            Some(near) => diagnostic.hint(format!("did you mean `{near}`?")),
            None => diagnostic,
        };
        self.report(diagnostic);
    }

    fn inferred(&mut self, expr: &Expr, wanted: &Type, scope: &Scope) -> Type {
        let found = self.infer(expr, scope);
        if let Some(difference) = difference(&found, wanted) {
            let error = Diagnostic::error(codes::TYPE, expr.span, difference.mismatch.to_string());
            let near = difference.mismatch.suggestion.map(|near| format!("did you mean `{near}`?"));
            self.report(match near.or_else(|| hint(&difference.found, &difference.wanted)) {
                Some(hint) => error.hint(hint),
                None => error,
            });
        }
        found
    }

    pub(super) fn keys(&mut self, entries: &[Entry], scope: &Scope) {
        for entry in entries {
            if let Key::Expr(key) = &entry.key {
                let ty = self.infer(key, scope);
                self.must_fit(&ty, &Type::string(), key.span);
            }
        }
    }

    fn fields(
        &mut self,
        entries: &[Entry],
        fields: &BTreeMap<String, Field>,
        expr: &Expr,
        scope: &Scope,
    ) -> Type {
        self.keys(entries, scope);
        let types = entries.iter().map(|entry| self.entry(entry, fields, scope)).collect();
        self.missing(entries, fields, expr.span);
        object_of(entries, types)
    }

    fn entry(&mut self, entry: &Entry, fields: &BTreeMap<String, Field>, scope: &Scope) -> Type {
        let Some(name) = entry.key.literal() else { return self.infer(&entry.value, scope) };
        match fields.get(name) {
            Some(field) if field.optional => self.expect(&entry.value, &field.ty.clone().nullable(), scope),
            Some(field) => self.expect(&entry.value, &field.ty, scope),
            None => {
                let ty = self.infer(&entry.value, scope);
                self.unexpected(name, fields, entry);
                ty
            }
        }
    }

    fn missing(&mut self, entries: &[Entry], fields: &BTreeMap<String, Field>, place: Span) {
        let given: Option<BTreeSet<&str>> = entries.iter().map(|entry| entry.key.literal()).collect();
        // A computed key may be any.
        let Some(given) = given else { return };
        let missing = fields.iter().filter(|(name, field)| !field.optional && !given.contains(name.as_str()));
        let missing: Vec<String> = missing.map(|(name, _)| format!("`{name}`")).collect();
        if !missing.is_empty() {
            let verb = if missing.len() == 1 { "is" } else { "are" };
            let message = format!("{} {verb} missing", missing.join(", "));
            self.report(Diagnostic::error(codes::MISSING, place, message));
        }
    }

    fn unexpected(&mut self, name: &str, fields: &BTreeMap<String, Field>, entry: &Entry) {
        let span = entry.key.span();
        let error =
            Diagnostic::error(codes::UNKNOWN_ATTRIBUTE, span, format!("there is no attribute `{name}` here"));
        self.report(match nearest(name, fields.keys().map(String::as_str)) {
            Some(near) => error.hint(format!("did you mean `{near}`?")).suggest(span, near),
            None => {
                let names: Vec<String> = fields.keys().map(|name| format!("`{name}`")).collect();
                if names.is_empty() { error } else { error.hint(format!("there are {}", names.join(", "))) }
            }
        });
    }
}

fn within(span: Span, expr: &Expr) -> bool {
    span.file == expr.span.file && span.start >= expr.span.start && span.end <= expr.span.end
}

/// The type of an object literal whose entries have these types: a map, if a key is computed.
pub(super) fn object_of(entries: &[Entry], types: Vec<Type>) -> Type {
    let names: Option<Vec<&str>> = entries.iter().map(|entry| entry.key.literal()).collect();
    let Some(names) = names else { return Type::map(any_of(&types)) };
    let fields = names.into_iter().zip(types);
    Type::object(fields.map(|(name, ty)| (name.to_owned(), Field::required(ty))))
}

fn hint(found: &Type, wanted: &Type) -> Option<String> {
    match (found.core(), wanted.core()) {
        (Type::String(Text::Enum(_)), Type::Number { .. } | Type::Bool) => None,
        (Type::String(_), Type::Number { .. }) => Some("use `tonumber(x)`".to_owned()),
        (Type::String(_), Type::Bool) => Some("use `tobool(x)`".to_owned()),
        (Type::Map(inner), Type::List(..) | Type::Set(_)) if matches!(**inner, Type::Kind(_)) => {
            Some("a block with `for_each` is a map of objects: use `values(x)`".to_owned())
        }
        (Type::Map(inner), Type::String(Text::Id(_))) if matches!(**inner, Type::Kind(_)) => Some(
            "a block with `for_each` is a map of objects: choose one by its key, `x[\"key\"]`".to_owned(),
        ),
        (Type::Map(_) | Type::Object(_), Type::List(..) | Type::Set(_)) => {
            Some("use `values(x)` or `keys(x)`".to_owned())
        }
        (Type::List(..) | Type::Set(_) | Type::Tuple(_), Type::List(..) | Type::Set(_)) => None,
        (_, Type::List(..) | Type::Set(_)) => Some("put it in brackets: `[x]`".to_owned()),
        (Type::Kind(_), Type::String(Text::Id(_)) | Type::OneOf(_)) => None,
        (Type::Kind(_), _) => Some("say which attribute is meant".to_owned()),
        _ => None,
    }
}
