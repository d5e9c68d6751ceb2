//! Converting between types, and labels of secrecy.

use super::{Arguments, Function, Returned, labels, special, values};
use crate::residual::Residual;
use crate::schema::SchemaSet;
use crate::types::{Type, convert_value};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    special("can", "(expression: any) -> bool", "Whether the expression can be evaluated."),
    special(
        "convert",
        "(value: any, type: any) -> any",
        "The value as one of the type, with the defaults of optional fields.",
    ),
    labels("issensitive", "(value: any) -> bool", "Whether any part of the value is secret.", |a| {
        Value::Bool(a.is_sensitive()).into()
    }),
    labels("nonsensitive", "(value: any) -> any", "The value without its label of secrecy.", reveal),
    labels("sensitive", "(value: any) -> any", "The value as a secret.", Residual::concealed),
    values("tobool", "(value: any) -> bool", "`true` or `false` from a boolean or its text.", |a| {
        to(a, &Type::Bool)
    }),
    values("tonumber", "(value: any) -> number", "The number behind a text.", |a| to(a, &Type::number())),
    values("tostring", "(value: any) -> string", "The text of a number, boolean or quantity.", |a| {
        match a.value(0)? {
            Value::Quantity(quantity) => Ok(Value::string(quantity.to_string())),
            _ => to(a, &Type::string()),
        }
    }),
    special("try", "(...expressions: any) -> any", "The first expression that can be evaluated."),
];

fn to(a: &Arguments, wanted: &Type) -> Returned {
    match a.value(0)? {
        Value::Null => Ok(Value::Null),
        value => convert_value(value, wanted, &SchemaSet::default()).map_err(|error| error.to_string()),
    }
}

fn reveal(value: Residual) -> Residual {
    match value.uncovered().0 {
        Residual::Known(value) => super::deep_revealed(&value).into(),
        Residual::List(items) => Residual::List(items.into_iter().map(reveal).collect()),
        Residual::Set(items) => Residual::Set(items.into_iter().map(reveal).collect()),
        Residual::Map(entries) => {
            Residual::Map(entries.into_iter().map(|(key, value)| (key, reveal(value))).collect())
        }
        waiting => waiting,
    }
}
