//! Expressions that need nothing around them: literals, and collections of literals.

use std::collections::BTreeMap;

use crate::ast::{Expr, ExprKind, File, Item, Key, UnaryOp};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::name::Identifier;
use crate::span::Span;
use crate::value::{Quantity, Value};

/// The value of a literal.
///
/// # Errors
/// A diagnostic at the part that is no literal; `None` where the expression did not parse, which has been reported.
pub(crate) fn constant(expr: &Expr) -> Result<Value, Option<Diagnostic>> {
    match &expr.kind {
        ExprKind::Invalid => Err(None),
        ExprKind::Null => Ok(Value::Null),
        ExprKind::Bool(value) => Ok(Value::Bool(*value)),
        ExprKind::Number(number) => Ok(Value::Number(number.value())),
        ExprKind::Quantity(quantity) => Ok(Value::Quantity(quantity.value())),
        ExprKind::String(text) => Ok(Value::String(text.clone())),
        ExprKind::Wrapped(_, inner) => constant(inner),
        ExprKind::Unary(UnaryOp::Negate, inner) => match constant(inner)? {
            Value::Number(number) => Ok(Value::Number(-&number)),
            Value::Quantity(quantity) => {
                Ok(Value::Quantity(Quantity { amount: -&quantity.amount, ..quantity }))
            }
            _ => Err(Some(not_constant(expr))),
        },
        ExprKind::Tuple(items) => Ok(Value::List(items.iter().map(constant).collect::<Result<_, _>>()?)),
        ExprKind::Object(entries) => {
            let mut map = BTreeMap::new();
            for entry in entries {
                map.insert(constant_key(&entry.key)?, constant(&entry.value)?);
            }
            Ok(Value::Map(map))
        }
        _ => Err(Some(not_constant(expr))),
    }
}

fn constant_key(key: &Key) -> Result<String, Option<Diagnostic>> {
    let Key::Expr(expr) = key else { return Ok(key.literal().unwrap_or_default().to_owned()) };
    match constant(expr)? {
        Value::String(text) => Ok(text),
        value @ (Value::Number(_) | Value::Bool(_)) => Ok(value.to_string()),
        _ => Err(Some(not_constant(expr))),
    }
}

fn not_constant(expr: &Expr) -> Diagnostic {
    Diagnostic::error(codes::CONSTANT, expr.span, "only literals may stand here: no references, no functions")
}

/// The attributes of a values file, each with the place of its value.
///
/// # Errors
/// A diagnostic for each block and each value that is no literal.
pub fn values_file(file: &File) -> Result<BTreeMap<Identifier, (Value, Span)>, Vec<Diagnostic>> {
    let mut values = BTreeMap::new();
    let mut errors = Vec::new();
    for item in &file.body.items {
        match item {
            Item::Attribute(attribute) => match constant(&attribute.value) {
                Ok(value) => {
                    values.insert(attribute.name.name.clone(), (value, attribute.value.span));
                }
                Err(error) => errors.extend(error),
            },
            Item::Block(block) => {
                let message = "a values file holds attributes only: `name = value`";
                errors.push(Diagnostic::error(codes::CONSTANT, block.header, message));
            }
        }
    }
    if errors.is_empty() { Ok(values) } else { Err(errors) }
}
