//! Types and values as errors speak of them.

use super::{Bounds, Text, Type};
use crate::residual::Residual;
use crate::value::{Dimension, Value};

/// What is wanted, as a sentence speaks of it.
pub(super) fn noun(wanted: &Type) -> String {
    match wanted {
        Type::Sensitive(inner) | Type::Nullable(inner) => noun(inner),
        Type::Bool => "`true` or `false`".to_owned(),
        Type::String(Text::Any) => "a string".to_owned(),
        Type::Number { integer: true, bounds } if *bounds == Bounds::default() => "a whole number".to_owned(),
        Type::Number { integer: false, bounds } if *bounds == Bounds::default() => "a number".to_owned(),
        Type::Quantity { dimension: Dimension::Duration, bounds } if *bounds == Bounds::default() => {
            "a duration, such as `30s`,".to_owned()
        }
        Type::Quantity { dimension: Dimension::Size, bounds } if *bounds == Bounds::default() => {
            "a size, such as `8GiB`,".to_owned()
        }
        Type::Quantity { dimension: Dimension::Percent, bounds } if *bounds == Bounds::default() => {
            "a percentage, such as `80%`,".to_owned()
        }
        Type::Object(_) => "an object".to_owned(),
        other => format!("`{other}`"),
    }
}

/// What is given; a secret is not quoted.
pub(super) fn value_noun(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) | Value::Number(_) | Value::Quantity(_) => format!("`{value}`"),
        Value::String(text) if text.chars().count() <= 60 => format!("the string `{value}`"),
        Value::String(_) => "a string".to_owned(),
        Value::List(_) => "a list".to_owned(),
        Value::Set(_) => "a set".to_owned(),
        Value::Map(_) => "an object".to_owned(),
        Value::Sensitive(_) | Value::Sealed(_) => "a sensitive value".to_owned(),
    }
}

/// What is given, though it may wait.
pub(super) fn residual_noun(residual: &Residual) -> String {
    match residual {
        Residual::Known(value) => value_noun(value),
        Residual::List(_) => "a list".to_owned(),
        Residual::Set(_) => "a set".to_owned(),
        Residual::Map(_) => "an object".to_owned(),
        Residual::Attribute(reference) if reference.is_whole() => format!("`{}`", reference.object),
        other => format!("`{other}`"),
    }
}
