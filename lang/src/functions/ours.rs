//! Functions that Terraform does not have.

use std::collections::BTreeMap;

use super::{Arguments, Function, Returned, shapes, values};
use crate::ast::Unit;
use crate::number::Number;
use crate::residual::Residual;
use crate::value::{Dimension, Quantity, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    shapes(
        "inherit",
        "(base: any, child: any) -> any",
        "The base's entries with the child's, key by key: lists append, sets unite, maps merge one level deep, anything else is the child's.",
        |a| inherit(&a[0], &a[1]),
    ),
    values(
        "ratio",
        "(percentage: percent) -> number",
        "A percentage as a number: `ratio(80%)` is 0.8.",
        |a| match a.value(0)? {
            Value::Quantity(quantity) => Ok(Value::Number(&quantity.amount / &Number::from(100))),
            _ => Err("a percentage is wanted".to_owned()),
        },
    ),
    values(
        "in_unit",
        "(quantity: any, unit: string) -> number",
        "A duration or size counted in a unit: `in_unit(90m, \"h\")` is 1.5.",
        in_unit,
    ),
];

fn in_unit(a: &Arguments) -> Returned {
    let unit = a.text(1)?;
    let Value::Quantity(quantity) = a.value(0)? else { return Err("a quantity is wanted".to_owned()) };
    let one = crate::types::read_quantity(&format!("1{unit}")).filter(|_| Unit::new(unit).is_some());
    match one {
        Some(Quantity { dimension, amount }) if dimension == quantity.dimension => {
            Ok(Value::Number(&quantity.amount / &amount))
        }
        Some(_) => Err(format!("a {} is not counted in `{unit}`", quantity.dimension)),
        None => Err(format!("`{unit}` is not a unit{}", example(quantity.dimension))),
    }
}

fn example(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Duration => ", such as \"s\" or \"h\"",
        Dimension::Size => ", such as \"MiB\" or \"GB\"",
        Dimension::Percent => ", such as \"%\"",
    }
}

/// One level of inheritance, for objects and maps.
fn inherit(base: &Residual, child: &Residual) -> Result<Option<Residual>, String> {
    let (Some(mut all), Some(entries)) = (base.entries(), child.entries()) else {
        let known = base.known().is_some() && child.known().is_some();
        return if known { Err("objects or maps are wanted".to_owned()) } else { Ok(None) };
    };
    for (key, value) in entries {
        let value = match all.remove(&key) {
            Some(of_base) => combine(of_base, value),
            None => value,
        };
        all.insert(key, value);
    }
    Ok(Some(Residual::map(all)))
}

/// What a key has that is on both sides.
fn combine(base: Residual, child: Residual) -> Residual {
    let (base, hidden_base) = base.uncovered();
    let (child, hidden_child) = child.uncovered();
    let combined = match (base.items(), child.items(), base.entries(), child.entries()) {
        (Some(a), Some(b), ..) if base.is_set() == child.is_set() => {
            let all: Vec<Residual> = a.into_iter().chain(b).collect();
            if base.is_set() { Residual::set(all) } else { Residual::list(all) }
        }
        (_, _, Some(a), Some(b)) => Residual::map(a.into_iter().chain(b).collect::<BTreeMap<_, _>>()),
        _ => return if hidden_child { child.concealed() } else { child },
    };
    if hidden_base || hidden_child { combined.concealed() } else { combined }
}
