//! An expression where a type is wanted: literals are looked into, so that the error stands at the part that is wrong.

use std::collections::BTreeMap;

use super::Checker;
use super::scope::Scope;
use crate::ast::{Entry, Expr, ExprKind};
use crate::constant::constant;
use crate::diagnostic::{Diagnostic, nearest};
use crate::explain::codes;
use crate::types::{Field, Fit, Mismatch, Text, Type, convert_value, fit, spoken};
use crate::value::{Quoted, Value};

impl Checker<'_> {
    /// Checks that `expr` may stand where a `wanted` is asked for.
    pub(super) fn expect(&mut self, expr: &Expr, wanted: &Type, scope: &Scope) {
        match (&expr.bare().kind, wanted.core()) {
            (ExprKind::Tuple(items), Type::List(element, _) | Type::Set(element)) => {
                items.iter().for_each(|item| self.expect(item, element, scope));
                self.literal(expr, wanted);
            }
            (ExprKind::Object(entries), Type::Map(element)) => {
                self.keys(entries, scope);
                entries.iter().for_each(|entry| self.expect(&entry.value, element, scope));
            }
            (ExprKind::Object(entries), Type::Object(fields)) => self.fields(entries, fields, expr, scope),
            (ExprKind::Conditional(conditional), _) => {
                self.condition(&conditional.condition, scope);
                self.expect(&conditional.yes, wanted, scope);
                self.expect(&conditional.no, wanted, scope);
            }
            (ExprKind::Tuple(_) | ExprKind::Object(_), _) => self.inferred(expr, wanted, scope),
            _ if self.literal(expr, wanted) => {}
            _ => self.inferred(expr, wanted, scope),
        }
    }

    /// Checks a literal by its value; false if it is none. Of collections only the length: their parts were checked.
    fn literal(&mut self, expr: &Expr, wanted: &Type) -> bool {
        let Ok(value) = constant(expr) else { return false };
        let lengths_only = matches!(value, Value::List(_));
        match convert_value(&value, wanted, self.schemas) {
            Err(error) if lengths_only && !error.path.is_empty() => {}
            Err(error) => self.mismatch(expr, &error, wanted),
            Ok(_) => {}
        }
        true
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

    fn inferred(&mut self, expr: &Expr, wanted: &Type, scope: &Scope) {
        let found = self.infer(expr, scope);
        if fit(&found, wanted) != Fit::No {
            return;
        }
        let error = Diagnostic::error(
            codes::TYPE,
            expr.span,
            format!("{} is wanted, not {}", spoken(wanted), spoken(&found)),
        );
        self.report(match hint(&found, wanted) {
            Some(hint) => error.hint(hint),
            None => error,
        });
    }

    fn keys(&mut self, entries: &[Entry], scope: &Scope) {
        for entry in entries {
            if let crate::ast::Key::Expr(key) = &entry.key {
                let ty = self.infer(key, scope);
                self.must_fit(&ty, &Type::string(), key.span);
            }
        }
    }

    fn fields(&mut self, entries: &[Entry], fields: &BTreeMap<String, Field>, expr: &Expr, scope: &Scope) {
        self.keys(entries, scope);
        let mut computed = false;
        for entry in entries {
            match entry.key.literal() {
                Some(name) => match fields.get(name) {
                    Some(field) if field.optional => {
                        self.expect(&entry.value, &field.ty.clone().nullable(), scope)
                    }
                    Some(field) => self.expect(&entry.value, &field.ty, scope),
                    None => {
                        self.infer(&entry.value, scope);
                        self.unexpected(name, fields, entry);
                    }
                },
                None => {
                    computed = true;
                    self.infer(&entry.value, scope);
                }
            }
        }
        let given = |name: &str| entries.iter().any(|entry| entry.key.literal() == Some(name));
        let missing = fields.iter().filter(|(name, field)| !field.optional && !given(name));
        let missing: Vec<String> = missing.map(|(name, _)| format!("`{name}`")).collect();
        if !computed && !missing.is_empty() {
            let message = match missing.as_slice() {
                [one] => format!("{one} is missing"),
                more => format!("{} are missing", more.join(", ")),
            };
            self.report(Diagnostic::error(codes::MISSING, expr.span, message));
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

fn hint(found: &Type, wanted: &Type) -> Option<String> {
    match (found.core(), wanted.core()) {
        (Type::String(_), Type::Number { .. }) => Some("use `tonumber(x)`".to_owned()),
        (Type::String(_), Type::Bool) => Some("use `tobool(x)`".to_owned()),
        (Type::Map(inner), Type::List(..) | Type::Set(_)) if matches!(**inner, Type::Kind(_)) => {
            Some("a block with `for_each` is a map of objects: use `values(x)`".to_owned())
        }
        (Type::Map(inner), Type::String(Text::Id(_))) if matches!(**inner, Type::Kind(_)) => Some(
            "a block with `for_each` is a map of objects: choose one by its key, `x[\"key\"]`".to_owned(),
        ),
        (found, Type::List(..) | Type::Set(_)) if !matches!(found, Type::Map(_) | Type::Object(_)) => {
            Some("put it in brackets: `[x]`".to_owned())
        }
        (Type::Kind(_), Type::String(Text::Id(_)) | Type::OneOf(_)) => None,
        (Type::Kind(_), _) => Some("say which attribute is meant".to_owned()),
        _ => None,
    }
}
