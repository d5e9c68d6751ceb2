//! The operators, and templates: functions under their own signs.

use crate::ast::{BinaryOp, UnaryOp};
use crate::explain::codes;
use crate::number::Number;
use crate::partial::{Fault, Outcome, kind_of};
use crate::residual::Residual;
use crate::value::{Quantity, Value};

use super::strings::fits;

const OPERATORS: &[BinaryOp] = &[
    BinaryOp::Or,
    BinaryOp::And,
    BinaryOp::Equal,
    BinaryOp::NotEqual,
    BinaryOp::Less,
    BinaryOp::LessOrEqual,
    BinaryOp::Greater,
    BinaryOp::GreaterOrEqual,
    BinaryOp::Add,
    BinaryOp::Subtract,
    BinaryOp::Multiply,
    BinaryOp::Divide,
    BinaryOp::Remainder,
];

/// Carries out the operator or template of that name; `None` if it is a function's.
pub(super) fn apply(name: &str, operands: &[Residual]) -> Option<Outcome> {
    match operands {
        parts if name == "template" => Some(template(parts)),
        [operand] if name == "-" => Some(unary(UnaryOp::Negate, operand.clone())),
        [operand] if name == "!" => Some(unary(UnaryOp::Not, operand.clone())),
        [left, right] => {
            let op = OPERATORS.iter().find(|op| op.as_str() == name)?;
            Some(binary(*op, left.clone(), right.clone()))
        }
        _ => None,
    }
}

/// `left op right`; for `&&` and `||` whoever calls has seen to it that the right side is needed.
pub(crate) fn binary(op: BinaryOp, left: Residual, right: Residual) -> Outcome {
    let (left, hidden_left) = left.uncovered();
    let (right, hidden_right) = right.uncovered();
    let hidden = hidden_left || hidden_right;
    let result = match (&left, &right) {
        (Residual::Known(a), Residual::Known(b)) => {
            // Whether something is there tells nothing of the secrets in it.
            let null = *a == Value::Null || *b == Value::Null;
            let nested = !null && (a.is_sensitive() || b.is_sensitive());
            let value =
                compute(op, a, b).map_err(|fault| if hidden { quiet(op.as_str(), fault) } else { fault })?;
            let value = Residual::Known(value);
            if nested { value.concealed() } else { value }
        }
        _ => waiting(op, left, right)?,
    };
    Ok(if hidden { result.concealed() } else { result })
}

/// A failure that must not quote what is secret.
fn quiet(operator: &str, fault: Fault) -> Fault {
    Fault { message: format!("`{operator}` fails on a sensitive value"), ..fault }
}

/// One side waits; the other may decide, or be wrong already.
fn waiting(op: BinaryOp, left: Residual, right: Residual) -> Outcome {
    let known = |side: &Residual| match side {
        Residual::Known(Value::Bool(value)) => Some(*value),
        _ => None,
    };
    match (op, known(&left), known(&right)) {
        (BinaryOp::And, Some(true), _) => return Ok(right),
        (BinaryOp::And, _, Some(true)) => return Ok(left),
        (BinaryOp::And, Some(false), _) | (BinaryOp::And, _, Some(false)) => {
            return Ok(Value::Bool(false).into());
        }
        (BinaryOp::Or, Some(false), _) => return Ok(right),
        (BinaryOp::Or, _, Some(false)) => return Ok(left),
        (BinaryOp::Or, Some(true), _) | (BinaryOp::Or, _, Some(true)) => return Ok(Value::Bool(true).into()),
        (BinaryOp::Equal | BinaryOp::NotEqual, ..) => {
            if let Some(same) = same(&left, &right) {
                return Ok(Value::Bool(same == (op == BinaryOp::Equal)).into());
            }
        }
        _ => {
            for side in [&left, &right] {
                let wrong = matches!(side, Residual::List(_) | Residual::Set(_) | Residual::Map(_))
                    || matches!(side, Residual::Attribute(reference) if reference.is_whole());
                if wrong {
                    return Err(operand(op.as_str(), kind_of(side)));
                }
            }
        }
    }
    Ok(Residual::Call(op.as_str().to_owned(), vec![left, right]))
}

/// Whether two values are the same, though some of it waits: what waits for the same is the same in the end, and
/// collections differ if their shapes or any two elements do. `None` if only apply will tell.
fn same(left: &Residual, right: &Residual) -> Option<bool> {
    let null = |side: &Residual| *side == Residual::Known(Value::Null);
    let there = |side: &Residual| match side {
        Residual::Attribute(reference) => reference.is_whole(),
        Residual::List(_) | Residual::Set(_) | Residual::Map(_) => true,
        _ => false,
    };
    match (left, right) {
        (Residual::Known(a), Residual::Known(b)) => Some(equal(a, b)),
        // An object or a collection is there, whatever it holds.
        _ if (null(left) && there(right)) || (there(left) && null(right)) => Some(false),
        // The variable of a `for` is another value in each step.
        (Residual::Attribute(a), Residual::Attribute(b)) if a == b => Some(true),
        (Residual::Set(a), Residual::Set(b)) if a == b && a.iter().all(is_leaf) => Some(true),
        _ if left.is_set() || right.is_set() => None,
        _ => match (left.items(), right.items(), left.entries(), right.entries()) {
            (Some(a), Some(b), ..) => all_same(a.len() == b.len(), a.iter().zip(&b)),
            (.., Some(a), Some(b)) => all_same(a.keys().eq(b.keys()), a.values().zip(b.values())),
            _ => None,
        },
    }
}

fn is_leaf(residual: &Residual) -> bool {
    matches!(residual, Residual::Known(_) | Residual::Attribute(_))
}

fn all_same<'a>(shape: bool, mut pairs: impl Iterator<Item = (&'a Residual, &'a Residual)>) -> Option<bool> {
    if !shape {
        return Some(false);
    }
    pairs
        .try_fold(Some(true), |all, (a, b)| match (same(a, b), all) {
            (Some(false), _) => Err(Some(false)),
            (Some(true), all) => Ok(all),
            (None, _) => Ok(None),
        })
        .unwrap_or_else(|different| different)
}

fn compute(op: BinaryOp, left: &Value, right: &Value) -> Result<Value, Fault> {
    use BinaryOp::*;
    match op {
        Equal => Ok(Value::Bool(equal(left, right))),
        NotEqual => Ok(Value::Bool(!equal(left, right))),
        And | Or => match (left, right) {
            (Value::Bool(a), Value::Bool(b)) => Ok(Value::Bool(if op == And { *a && *b } else { *a || *b })),
            (Value::Bool(_), other) | (other, _) => Err(wrong(op.as_str(), other)),
        },
        Less | LessOrEqual | Greater | GreaterOrEqual => {
            let order = compare(op, left, right)?;
            Ok(Value::Bool(match op {
                Less => order.is_lt(),
                LessOrEqual => order.is_le(),
                Greater => order.is_gt(),
                _ => order.is_ge(),
            }))
        }
        Add | Subtract | Multiply | Divide | Remainder => arithmetic(op, left, right),
    }
}

/// Equality of values; a set equals a set only, a list a list only, labels do not count.
fn equal(left: &Value, right: &Value) -> bool {
    super::deep_revealed(left) == super::deep_revealed(right)
}

fn compare(op: BinaryOp, left: &Value, right: &Value) -> Result<std::cmp::Ordering, Fault> {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => Ok(a.cmp(b)),
        (Value::Quantity(a), Value::Quantity(b)) if a.dimension == b.dimension => Ok(a.amount.cmp(&b.amount)),
        (Value::Quantity(_), Value::Number(_)) | (Value::Number(_), Value::Quantity(_)) => {
            Err(operand(op.as_str(), "a bare number beside a quantity").hint("give both a unit"))
        }
        (Value::Number(_) | Value::Quantity(_), other) | (other, _) => Err(wrong(op.as_str(), other)),
    }
}

fn arithmetic(op: BinaryOp, left: &Value, right: &Value) -> Result<Value, Fault> {
    use BinaryOp::*;
    let quantity =
        |like: &Quantity, amount| Ok(Value::Quantity(Quantity { dimension: like.dimension, amount }));
    match (op, left, right) {
        (_, Value::Number(a), Value::Number(b)) => Ok(Value::Number(calculate(op, a, b)?)),
        (Add | Subtract | Remainder, Value::Quantity(a), Value::Quantity(b))
            if a.dimension == b.dimension =>
        {
            quantity(a, calculate(op, &a.amount, &b.amount)?)
        }
        (Divide, Value::Quantity(a), Value::Quantity(b)) if a.dimension == b.dimension => {
            Ok(Value::Number(calculate(op, &a.amount, &b.amount)?))
        }
        (Multiply | Divide, Value::Quantity(a), Value::Number(b)) => {
            quantity(a, calculate(op, &a.amount, b)?)
        }
        (Multiply, Value::Number(a), Value::Quantity(b)) => quantity(b, calculate(op, a, &b.amount)?),
        (_, Value::Quantity(a), Value::Quantity(b)) => {
            Err(operand(op.as_str(), &format!("a {} and a {}", a.dimension, b.dimension)))
        }
        (_, Value::Quantity(_), Value::Number(_)) | (_, Value::Number(_), Value::Quantity(_)) => {
            Err(operand(op.as_str(), "a bare number beside a quantity").hint("give both a unit"))
        }
        (Add, Value::String(_), _) | (Add, _, Value::String(_)) => {
            Err(operand("+", "a string").hint("join strings in a template: `\"${a}${b}\"`"))
        }
        (Add, Value::List(_), _) | (Add, _, Value::List(_)) => {
            Err(operand("+", "a list").hint("use `concat(a, b)`"))
        }
        (_, Value::Number(_) | Value::Quantity(_), other) | (_, other, _) => Err(wrong(op.as_str(), other)),
    }
}

fn calculate(op: BinaryOp, a: &Number, b: &Number) -> Result<Number, Fault> {
    let result = match op {
        BinaryOp::Divide | BinaryOp::Remainder if b.is_zero() => {
            return Err(Fault::new(codes::FAILED, "nothing can be divided by 0"));
        }
        BinaryOp::Subtract => a - b,
        BinaryOp::Multiply => a * b,
        BinaryOp::Divide => a / b,
        BinaryOp::Remainder => a % b,
        _ => a + b,
    };
    match result.is_workable() {
        true => Ok(result),
        false => Err(Fault::new(codes::FAILED, "the result is beyond all numbers that can be worked with")),
    }
}

/// `-operand` or `!operand`.
pub(crate) fn unary(op: UnaryOp, operand_value: Residual) -> Outcome {
    let (value, hidden) = operand_value.uncovered();
    let result = match (op, &value) {
        (UnaryOp::Negate, Residual::Known(Value::Number(number))) => Value::Number(-number).into(),
        (UnaryOp::Negate, Residual::Known(Value::Quantity(quantity))) => {
            Value::Quantity(Quantity { dimension: quantity.dimension, amount: -&quantity.amount }).into()
        }
        (UnaryOp::Not, Residual::Known(Value::Bool(value))) => Value::Bool(!value).into(),
        (_, Residual::Known(other)) => return Err(wrong(op.as_str(), other)),
        (_, Residual::List(_) | Residual::Set(_) | Residual::Map(_)) => {
            return Err(operand(op.as_str(), kind_of(&value)));
        }
        _ => Residual::Call(op.as_str().to_owned(), vec![value]),
    };
    Ok(if hidden { result.concealed() } else { result })
}

fn wrong(operator: &str, value: &Value) -> Fault {
    if *value == Value::Null {
        return Fault::new(codes::NULL, format!("`{operator}` cannot work with null"));
    }
    operand(operator, kind_of(&Residual::Known(value.clone())))
}

fn operand(operator: &str, given: &str) -> Fault {
    Fault::new(codes::OPERAND, format!("`{operator}` does not work on {given}"))
}

/// The text of a template's parts.
fn template(parts: &[Residual]) -> Outcome {
    let mut merged: Vec<Residual> = Vec::new();
    let mut hidden = false;
    for part in parts {
        let (part, secret) = part.clone().uncovered();
        hidden |= secret;
        match (part, merged.last_mut()) {
            (Residual::Known(value), Some(Residual::Known(Value::String(text)))) => {
                text.push_str(&text_of(&value)?);
                fits(text.len()).map_err(|problem| Fault::new(codes::FAILED, problem))?;
            }
            (Residual::Known(value), _) => merged.push(Value::String(text_of(&value)?).into()),
            (Residual::Attribute(reference), _) if reference.is_whole() => {
                return Err(whole(&reference.object.to_string()));
            }
            (Residual::Call(name, inner), _) if name == "template" => merged.extend(inner),
            (part @ (Residual::List(_) | Residual::Set(_) | Residual::Map(_)), _) => {
                return Err(Fault::new(
                    codes::TYPE,
                    format!("{} cannot be part of a string", kind_of(&part)),
                )
                .hint("use `join(\", \", x)` or `jsonencode(x)`"));
            }
            (part, _) => merged.push(part),
        }
    }
    merged.retain(|part| *part != Residual::Known(Value::string("")));
    let result = match merged.as_slice() {
        [] => Value::string("").into(),
        [Residual::Known(_)] => merged.remove(0),
        _ => Residual::Call("template".to_owned(), merged),
    };
    Ok(if hidden { result.concealed() } else { result })
}

fn whole(object: &str) -> Fault {
    Fault::new(codes::WHOLE, format!("`{object}` is a whole object and cannot be part of a string"))
        .hint(format!("say which attribute is meant: `{object}.id` or `{object}.name`"))
}

/// A value as a part of a string.
fn text_of(value: &Value) -> Result<String, Fault> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) | Value::Quantity(_) => Ok(value.to_string()),
        Value::Null => Err(Fault::new(codes::NULL, "null cannot be part of a string")),
        other => Err(Fault::new(
            codes::TYPE,
            format!("{} cannot be part of a string", kind_of(&Residual::Known(other.clone()))),
        )
        .hint("use `join(\", \", x)` or `jsonencode(x)`")),
    }
}
