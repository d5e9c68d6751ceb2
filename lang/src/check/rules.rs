//! Rules over several attributes, as far as they can be judged by what is written.

use super::Checker;
use crate::ast::{Expr, ExprKind};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::schema::{BlockSchema, Rule};
use crate::span::Span;
use crate::types::Type;

/// An attribute as it is written, and the type that was found for its value.
pub(super) struct Written<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a Expr,
    pub(super) ty: &'a Type,
}

impl Checker<'_> {
    /// The rules of a nested block, wherever it is written out.
    pub(super) fn block_rules(&mut self, block: &BlockSchema, value: &Expr, ty: &Type) {
        match (&value.bare().kind, ty) {
            (ExprKind::Tuple(items), Type::Tuple(types)) => {
                items.iter().zip(types.iter()).for_each(|(item, ty)| self.block_rules(block, item, ty));
            }
            (ExprKind::Object(_), _) => {
                let written = entries(value, ty);
                self.rules(&block.rules, &written, value.span);
                for Written { name, value, ty } in written {
                    let inner = block.attributes.iter().find(|attribute| attribute.name == *name);
                    if let Some(inner) = inner.and_then(|attribute| attribute.block.as_ref()) {
                        self.block_rules(inner, value, ty);
                    }
                }
            }
            _ => {}
        }
    }

    /// Rules as far as they can be judged by what is written: a value that may be null may be absent.
    pub(super) fn rules(&mut self, rules: &[Rule], written: &[Written<'_>], place: Span) {
        for rule in rules {
            let (names, exactly) = match rule {
                Rule::ExactlyOne(names) => (names, true),
                Rule::AtMostOne(names) => (names, false),
                Rule::NotAbove(..) => continue,
            };
            let meant = |written: &&Written<'_>| names.iter().any(|name| *name == *written.name);
            let given = written.iter().filter(meant).filter(|written| !is_null(written.value));
            let given: Vec<_> = given.collect();
            let certain: Vec<_> = given.iter().filter(|written| !written.ty.may_be_null()).collect();
            if let [first, second, ..] = certain.as_slice() {
                let message = format!("`{}` and `{}` exclude each other", first.name, second.name);
                let error = Diagnostic::error(codes::RULE, second.value.span, message);
                self.report(error.label(first.value.span, format!("`{}`", first.name)));
            } else if exactly && given.is_empty() {
                let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                let message = format!("one of {} must be written", names.join(", "));
                self.report(Diagnostic::error(codes::RULE, place, message));
            }
        }
    }
}

/// The entries of an object literal whose names can be read off; `ty` is the literal's.
pub(super) fn entries<'a>(value: &'a Expr, ty: &'a Type) -> Vec<Written<'a>> {
    let (ExprKind::Object(entries), Type::Object(fields)) = (&value.bare().kind, ty) else {
        return Vec::new();
    };
    let written = entries.iter().filter_map(|entry| {
        let name = entry.key.literal()?;
        Some(Written { name, value: &entry.value, ty: &fields.get(name)?.ty })
    });
    written.collect()
}

fn is_null(expr: &Expr) -> bool {
    expr.bare().kind == ExprKind::Null
}
