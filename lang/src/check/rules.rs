//! Rules over several attributes, as far as they can be judged by what is written.

use super::Checker;
use super::scope::Scope;
use crate::ast::{Expr, ExprKind};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::name::AttributeName;
use crate::schema::{BlockSchema, Rule};
use crate::span::Span;

impl Checker<'_> {
    /// The rules of a nested block, wherever it is written out.
    pub(super) fn block_rules(&mut self, block: &BlockSchema, value: &Expr, scope: &Scope) {
        match &value.bare().kind {
            ExprKind::Tuple(items) => items.iter().for_each(|item| self.block_rules(block, item, scope)),
            ExprKind::Object(_) => {
                let written = entries(value);
                self.rules(&block.rules, &written, value.span, scope);
                for (name, value) in written {
                    let inner = block.attributes.iter().find(|attribute| attribute.name == name);
                    if let Some(inner) = inner.and_then(|attribute| attribute.block.as_ref()) {
                        self.block_rules(inner, value, scope);
                    }
                }
            }
            _ => {}
        }
    }

    /// Rules as far as they can be judged by what is written: a value that may be null may be absent.
    pub(super) fn rules(
        &mut self,
        rules: &[Rule],
        written: &[(AttributeName, &Expr)],
        place: Span,
        scope: &Scope,
    ) {
        for rule in rules {
            let (names, exactly) = match rule {
                Rule::ExactlyOne(names) => (names, true),
                Rule::AtMostOne(names) => (names, false),
                Rule::NotAbove(..) => continue,
            };
            let given: Vec<_> =
                written.iter().filter(|(name, value)| names.contains(name) && !is_null(value)).collect();
            let certain = given.iter().filter(|(_, value)| !self.quietly(true, value, scope).may_be_null());
            let certain: Vec<_> = certain.collect();
            if let [first, second, ..] = certain.as_slice() {
                let message = format!("`{}` and `{}` exclude each other", first.0, second.0);
                let error = Diagnostic::error(codes::RULE, second.1.span, message);
                self.report(error.label(first.1.span, format!("`{}`", first.0)));
            } else if exactly && given.is_empty() {
                let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                let message = format!("one of {} must be written", names.join(", "));
                self.report(Diagnostic::error(codes::RULE, place, message));
            }
        }
    }
}

/// The entries of an object literal whose names can be read off.
pub(super) fn entries(value: &Expr) -> Vec<(AttributeName, &Expr)> {
    match &value.bare().kind {
        ExprKind::Object(entries) => entries
            .iter()
            .filter_map(|entry| Some((AttributeName::new(entry.key.literal()?), &entry.value)))
            .collect(),
        _ => Vec::new(),
    }
}

fn is_null(expr: &Expr) -> bool {
    expr.bare().kind == ExprKind::Null
}
