//! Types as the language spells them.

use std::fmt;

use super::{Bounds, Field, Lengths, Text, Type};
use crate::number::Number;
use crate::value::{Dimension, Key, Quantity, Quoted};

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Bool => f.write_str("bool"),
            Self::String(text) => write!(f, "{text}"),
            Self::Number { integer, bounds } => {
                f.write_str(if *integer { "int" } else { "number" })?;
                write_bounds(f, bounds, Number::to_string)
            }
            Self::Quantity { dimension, bounds } => {
                write!(f, "{dimension}")?;
                let amount = |n: &Number| Quantity { dimension: *dimension, amount: n.clone() }.to_string();
                write_bounds(f, bounds, amount)
            }
            Self::List(element, lengths) => write_list(f, element, *lengths),
            Self::Set(element) => write!(f, "set({element})"),
            Self::Map(element) => write!(f, "map({element})"),
            Self::Tuple(elements) => write!(f, "tuple([{}])", joined(elements)),
            Self::Object(fields) => write_object(f, fields),
            Self::Nullable(inner) if **inner == Self::never() => f.write_str("null"),
            Self::Nullable(inner) => write!(f, "nullable({inner})"),
            Self::Sensitive(inner) => write!(f, "sensitive({inner})"),
            Self::OneOf(types) => write!(f, "one_of({})", joined(types)),
            Self::Kind(kind) => write!(f, "{kind}"),
        }
    }
}

/// A type as a sentence speaks of it: a literal's by its value, a long one by its form.
pub(crate) fn spoken(ty: &Type) -> String {
    match ty {
        Type::Nullable(inner) if **inner != Type::never() => spoken(inner),
        Type::Sensitive(inner) => spoken(inner),
        Type::String(Text::Enum(names)) if names.len() == 1 => format!("the string `{}`", Quoted(&names[0])),
        Type::Number { bounds: Bounds { min: Some(min), max: Some(max) }, .. } if min == max => {
            format!("`{min}`")
        }
        Type::Quantity { dimension, bounds: Bounds { min: Some(min), max: Some(max) } } if min == max => {
            format!("`{}`", Quantity { dimension: *dimension, amount: min.clone() })
        }
        Type::Tuple(_) => "a list".to_owned(),
        Type::Object(_) => "an object".to_owned(),
        Type::Kind(kind) => format!("a whole `{kind}`"),
        other => format!("`{other}`"),
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("string"),
            Self::Enum(names) => {
                let names: Vec<String> = names.iter().map(|name| Quoted(name).to_string()).collect();
                write!(f, "enum({})", names.join(", "))
            }
            Self::Pattern { name: Some(name), .. } => f.write_str(name),
            Self::Pattern { name: None, pattern } => write!(f, "string({})", Quoted(pattern)),
            Self::Id(kind) => write!(f, "id({kind})"),
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Duration => "duration",
            Self::Size => "size",
            Self::Percent => "percent",
        })
    }
}

fn joined(types: &[Type]) -> String {
    types.iter().map(Type::to_string).collect::<Vec<_>>().join(", ")
}

fn write_bounds(
    f: &mut fmt::Formatter<'_>,
    bounds: &Bounds,
    spell: impl Fn(&Number) -> String,
) -> fmt::Result {
    let end = |number: &Option<Number>| number.as_ref().map_or("null".to_owned(), &spell);
    match bounds {
        Bounds { min: None, max: None } => Ok(()),
        Bounds { min, max } => write!(f, "({}, {})", end(min), end(max)),
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, element: &Type, lengths: Lengths) -> fmt::Result {
    let end = |length: Option<usize>| length.map_or("null".to_owned(), |length| length.to_string());
    match lengths {
        Lengths { min: None, max: None } => write!(f, "list({element})"),
        Lengths { min, max } => write!(f, "list({element}, {}, {})", end(min), end(max)),
    }
}

fn write_object(
    f: &mut fmt::Formatter<'_>,
    fields: &std::collections::BTreeMap<String, Field>,
) -> fmt::Result {
    if fields.is_empty() {
        return f.write_str("object({})");
    }
    let spell = |field: &Field| match (field.optional, &field.default) {
        (false, _) => field.ty.to_string(),
        (true, None) => format!("optional({})", field.ty),
        (true, Some(default)) => format!("optional({}, {default})", field.ty),
    };
    let fields: Vec<String> =
        fields.iter().map(|(name, field)| format!("{} = {}", Key(name), spell(field))).collect();
    write!(f, "object({{ {} }})", fields.join(", "))
}
