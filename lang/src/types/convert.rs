//! Making a value of the type that is wanted: what the language converts by itself, and defaults of objects.

use std::collections::BTreeMap;
use std::fmt;

use super::assign::bare_unit;
use super::nouns::{noun, value_noun};
use super::text::accept;
use super::{Bounds, Field, Lengths, Text, Type};
use crate::ast::{NumberLiteral, QuantityLiteral, Unit};
use crate::diagnostic::nearest;
use crate::number::Number;
use crate::schema::SchemaSet;
use crate::value::{Dimension, Key, Quantity, Value};

/// Why a value is not of the type wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The way to the part that does not fit, such as `[0].port`; empty for the whole value.
    pub path: String,
    /// What is wrong with it, a sentence without its end. Secrets are not quoted.
    pub message: String,
    /// What is likely meant.
    pub suggestion: Option<String>,
    /// Whether null stands where there must be a value.
    pub null: bool,
}

impl Mismatch {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { path: String::new(), message: message.into(), suggestion: None, null: false }
    }

    pub(super) fn at(mut self, step: impl fmt::Display) -> Self {
        self.path.insert_str(0, &step.to_string());
        self
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.trim_start_matches('.') {
            "" => f.write_str(&self.message),
            path => write!(f, "`{path}`: {}", self.message),
        }
    }
}

impl std::error::Error for Mismatch {}

pub(crate) type Converted<T> = Result<T, Mismatch>;

/// Makes a `wanted` of a value, converting what the language converts by itself.
///
/// Strings become numbers and booleans here: that only literals may is checked before, where literals are seen.
/// A quantity's bare number is in seconds, GiB or percent. Optional fields of objects get their defaults.
pub fn convert_value(value: &Value, wanted: &Type, schemas: &SchemaSet) -> Converted<Value> {
    match (value, wanted) {
        (_, Type::Any) => Ok(value.clone()),
        (Value::Sensitive(inner), _) => convert_secret(inner, wanted, schemas),
        (_, Type::Sensitive(inner)) => Ok(Value::Sensitive(Box::new(convert_value(value, inner, schemas)?))),
        (Value::Sealed(_), _) => Ok(value.clone()),
        (Value::Null, Type::Nullable(_)) => Ok(Value::Null),
        (_, Type::Nullable(inner)) => convert_value(value, inner, schemas),
        (_, Type::OneOf(none)) if none.is_empty() => Ok(value.clone()),
        (_, Type::OneOf(types)) => convert_to_one(value, types, schemas),
        (Value::Null, _) => {
            Err(Mismatch { null: true, ..Mismatch::new(format!("null where {} is wanted", noun(wanted))) })
        }
        (_, Type::Bool) => to_bool(value),
        (_, Type::String(text)) => to_string(value, text, schemas),
        (_, Type::Number { integer, bounds }) => to_number(value, *integer, bounds, wanted),
        (_, Type::Quantity { dimension, bounds }) => to_quantity(value, *dimension, bounds, wanted),
        (Value::List(_) | Value::Set(_), Type::List(element, lengths)) => {
            let items = convert_items(elements(value), element, schemas)?;
            check_length(items.len(), *lengths)?;
            Ok(Value::List(items))
        }
        (Value::List(_) | Value::Set(_), Type::Set(element)) => {
            Ok(Value::Set(convert_items(elements(value), element, schemas)?.into_iter().collect()))
        }
        (Value::List(items), Type::Tuple(types)) if items.len() == types.len() => {
            let items = items.iter().zip(types.iter()).enumerate();
            let items = items.map(|(at, (item, ty))| {
                convert_value(item, ty, schemas).map_err(|error| error.at(format!("[{at}]")))
            });
            Ok(Value::List(items.collect::<Converted<_>>()?))
        }
        (Value::Map(entries), Type::Map(element)) => {
            let entries = entries.iter().map(|(key, value)| {
                let value = convert_value(value, element, schemas).map_err(|error| error.at(step(key)))?;
                Ok((key.clone(), value))
            });
            Ok(Value::Map(entries.collect::<Converted<_>>()?))
        }
        (Value::Map(entries), Type::Object(fields)) => convert_fields(
            entries,
            fields,
            |value, ty| convert_value(value, ty, schemas),
            |value| *value == Value::Null,
            Value::clone,
        )
        .map(Value::Map),
        (_, Type::Kind(kind)) => to_string(value, &Text::Id(kind.clone()), schemas),
        _ => Err(wrong(value, wanted)),
    }
}

pub(super) fn unlabelled(wanted: &Type) -> &Type {
    match wanted {
        Type::Sensitive(inner) => inner,
        other => other,
    }
}

/// A secret is converted like any value, but an error does not quote it.
fn convert_secret(inner: &Value, wanted: &Type, schemas: &SchemaSet) -> Converted<Value> {
    match convert_value(inner, unlabelled(wanted), schemas) {
        Ok(value) => Ok(Value::Sensitive(Box::new(value))),
        Err(error) => {
            let message = format!("the sensitive value is not {}", noun(wanted));
            Err(Mismatch { message, suggestion: None, ..error })
        }
    }
}

fn convert_to_one(value: &Value, types: &[Type], schemas: &SchemaSet) -> Converted<Value> {
    let mut first = None;
    for ty in types {
        match convert_value(value, ty, schemas) {
            Ok(value) => return Ok(value),
            Err(error) => first = first.or(Some(error)),
        }
    }
    match (first, types) {
        (Some(error), [_]) => Err(error),
        _ => Err(wrong(value, &Type::OneOf(types.to_vec()))),
    }
}

fn elements(value: &Value) -> Vec<&Value> {
    match value {
        Value::List(items) => items.iter().collect(),
        Value::Set(items) => items.iter().collect(),
        _ => Vec::new(),
    }
}

fn convert_items(items: Vec<&Value>, element: &Type, schemas: &SchemaSet) -> Converted<Vec<Value>> {
    let items = items.into_iter().enumerate();
    items
        .map(|(at, item)| convert_value(item, element, schemas).map_err(|error| error.at(format!("[{at}]"))))
        .collect()
}

/// The fields of an object: each converted, defaults filled in, null taken as left out, nothing else allowed.
pub(super) fn convert_fields<T>(
    entries: &BTreeMap<String, T>,
    fields: &BTreeMap<String, Field>,
    convert: impl Fn(&T, &Type) -> Converted<T>,
    is_null: impl Fn(&T) -> bool,
    known: impl Fn(&Value) -> T,
) -> Converted<BTreeMap<String, T>> {
    if let Some(name) = entries.keys().find(|name| !fields.contains_key(*name)) {
        return Err(unexpected_field(name, fields));
    }
    let mut converted = BTreeMap::new();
    for (name, field) in fields {
        let given =
            entries.get(name).filter(|value| !(field.optional && !field.ty.may_be_null() && is_null(value)));
        match (given, &field.default) {
            (Some(value), _) => {
                converted
                    .insert(name.clone(), convert(value, &field.ty).map_err(|error| error.at(step(name)))?);
            }
            (None, Some(default)) => {
                converted.insert(name.clone(), known(default));
            }
            (None, None) if field.optional => {}
            (None, None) => return Err(Mismatch::new(format!("the field `{name}` is missing"))),
        }
    }
    Ok(converted)
}

fn unexpected_field(name: &str, fields: &BTreeMap<String, Field>) -> Mismatch {
    let near = nearest(name, fields.keys().map(String::as_str)).map(str::to_owned);
    Mismatch { suggestion: near, ..Mismatch::new(format!("there is no field `{name}` here")) }
}

pub(super) fn step(key: &str) -> String {
    match Key(key).to_string() {
        quoted if quoted.starts_with('"') => format!("[{quoted}]"),
        word => format!(".{word}"),
    }
}

fn to_bool(value: &Value) -> Converted<Value> {
    match value {
        Value::Bool(_) => Ok(value.clone()),
        Value::String(text) if text == "true" || text == "false" => Ok(Value::Bool(text == "true")),
        _ => Err(wrong(value, &Type::Bool)),
    }
}

fn to_string(value: &Value, wanted: &Text, schemas: &SchemaSet) -> Converted<Value> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) if !matches!(wanted, Text::Id(_)) => value.to_string(),
        _ => return Err(wrong(value, &Type::String(wanted.clone()))),
    };
    match accept(wanted, &text, schemas) {
        Ok(()) => Ok(Value::String(text)),
        Err((message, suggestion)) => Err(Mismatch { suggestion, ..Mismatch::new(message) }),
    }
}

fn to_number(value: &Value, integer: bool, bounds: &Bounds, wanted: &Type) -> Converted<Value> {
    let number = match value {
        Value::Number(number) => number.clone(),
        Value::String(text) => match NumberLiteral::new(text.trim_start_matches('-')) {
            Some(literal) if text.starts_with('-') => -&literal.value(),
            Some(literal) => literal.value(),
            None => return Err(wrong(value, wanted)),
        },
        _ => return Err(wrong(value, wanted)),
    };
    if integer && !number.is_integer() {
        return Err(Mismatch::new(format!("{number} is not a whole number")));
    }
    check_bounds(&number, bounds, Number::to_string)?;
    Ok(Value::Number(number))
}

fn to_quantity(value: &Value, dimension: Dimension, bounds: &Bounds, wanted: &Type) -> Converted<Value> {
    let amount = match value {
        Value::Quantity(quantity) if quantity.dimension == dimension => quantity.amount.clone(),
        Value::Number(number) => number * &bare_unit(dimension),
        Value::String(text) => match read_quantity(text) {
            Some(quantity) if quantity.dimension == dimension => quantity.amount,
            _ => return Err(wrong(value, wanted)),
        },
        _ => return Err(wrong(value, wanted)),
    };
    check_bounds(&amount, bounds, |amount| Quantity { dimension, amount: amount.clone() }.to_string())?;
    Ok(Value::Quantity(Quantity { dimension, amount }))
}

/// Reads `30s`, `1.5GiB`, `80%`.
pub(crate) fn read_quantity(text: &str) -> Option<Quantity> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (amount, unit) = text.split_at(digits);
    Some(QuantityLiteral { amount: NumberLiteral::new(amount)?, unit: Unit::new(unit)? }.value())
}

fn check_bounds(number: &Number, bounds: &Bounds, spell: impl Fn(&Number) -> String) -> Converted<()> {
    match bounds {
        Bounds { min: Some(min), .. } if number < min => {
            Err(Mismatch::new(format!("{} is below the lowest allowed, {}", spell(number), spell(min))))
        }
        Bounds { max: Some(max), .. } if number > max => {
            Err(Mismatch::new(format!("{} is above the highest allowed, {}", spell(number), spell(max))))
        }
        _ => Ok(()),
    }
}

pub(crate) fn check_length(length: usize, lengths: Lengths) -> Converted<()> {
    match lengths {
        Lengths { min: Some(min), .. } if length < min => {
            Err(Mismatch::new(format!("{length} elements are too few, at least {min} are wanted")))
        }
        Lengths { max: Some(max), .. } if length > max => {
            Err(Mismatch::new(format!("{length} elements are too many, at most {max} are wanted")))
        }
        _ => Ok(()),
    }
}

fn wrong(value: &Value, wanted: &Type) -> Mismatch {
    Mismatch::new(format!("{} is wanted, not {}", noun(wanted), value_noun(value)))
}
