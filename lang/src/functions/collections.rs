//! Collections whose elements are compared, so that all of them must be known.

use std::collections::BTreeSet;

use super::{Arguments, Function, Returned, values};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    values("alltrue", "(items: list(bool)) -> bool", "Whether all are true.", |a| {
        Ok(Value::Bool(a.items(0)?.into_iter().all(|item| *item == Value::Bool(true))))
    }),
    values("anytrue", "(items: list(bool)) -> bool", "Whether at least one is true.", |a| {
        Ok(Value::Bool(a.items(0)?.into_iter().any(|item| *item == Value::Bool(true))))
    }),
    values(
        "contains",
        "(items: list(any), value: any) -> bool",
        "Whether the value is among the elements.",
        |a| {
            let value = a.value(1)?;
            Ok(Value::Bool(a.items(0)?.contains(&value)))
        },
    ),
    values(
        "distinct",
        "(items: list(any)) -> list(any)",
        "The list without repetitions, each where it comes first.",
        distinct,
    ),
    values(
        "index",
        "(items: list(any), value: any) -> int",
        "The index of the first element that equals the value.",
        index,
    ),
    values(
        "range",
        "(first: number, second?: number, step?: number) -> list(number)",
        "The numbers from `first`, or 0, to before the limit, by `step`.",
        range,
    ),
    values("setintersection", "(...sets: set(any)) -> set(any)", "What is in all of the sets.", |a| {
        combine(a, |all, set| all.intersection(&set).cloned().collect())
    }),
    values(
        "setproduct",
        "(...sets: list(any)) -> list(list(any))",
        "All combinations of one element of each.",
        setproduct,
    ),
    values(
        "setsubtract",
        "(set: set(any), without: set(any)) -> set(any)",
        "What is in the first and not in the second.",
        |a| combine(a, |all, set| all.difference(&set).cloned().collect()),
    ),
    values("setunion", "(...sets: set(any)) -> set(any)", "What is in any of the sets.", |a| {
        combine(a, |all, set| all.union(&set).cloned().collect())
    }),
    values(
        "sort",
        "(items: list(string)) -> list(string)",
        "The strings in the order of their characters.",
        |a| {
            let mut items: Vec<Value> = a.items(0)?.into_iter().cloned().collect();
            items.sort();
            Ok(Value::List(items))
        },
    ),
];

fn distinct(a: &Arguments) -> Returned {
    let mut seen = BTreeSet::new();
    let items = a.items(0)?.into_iter();
    Ok(Value::List(items.filter(|item| seen.insert(*item)).cloned().collect()))
}

fn index(a: &Arguments) -> Returned {
    let value = a.value(1)?;
    let position = a.items(0)?.into_iter().position(|item| item == value);
    position.map(|at| Value::int(at as i64)).ok_or_else(|| "the value is not among the elements".to_owned())
}

type Set = BTreeSet<Value>;

fn combine(a: &Arguments, join: fn(Set, Set) -> Set) -> Returned {
    let sets = (0..a.len()).map(|at| Ok(a.items(at)?.into_iter().cloned().collect::<Set>()));
    let sets: Vec<Set> = sets.collect::<Result<_, String>>()?;
    Ok(Value::Set(sets.into_iter().reduce(join).unwrap_or_default()))
}

/// More elements than this are a slip, and would fill the memory.
const LARGEST: usize = 100_000;

fn range(a: &Arguments) -> Returned {
    let zero = crate::number::Number::from(0);
    let (start, limit) = match a.len() {
        1 => (zero.clone(), a.number(0)?.clone()),
        _ => (a.number(0)?.clone(), a.number(1)?.clone()),
    };
    let step = match a.len() {
        3 => a.number(2)?.clone(),
        _ => crate::number::Number::from(if start <= limit { 1 } else { -1 }),
    };
    if step.is_zero() {
        return Err("the step is 0".to_owned());
    }
    let mut numbers = Vec::new();
    let mut next = start;
    while if step > zero { next < limit } else { next > limit } {
        if numbers.len() == LARGEST {
            return Err(format!("there would be more than {LARGEST} numbers"));
        }
        numbers.push(Value::Number(next.clone()));
        next = &next + &step;
    }
    Ok(Value::List(numbers))
}

fn setproduct(a: &Arguments) -> Returned {
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for at in 0..a.len() {
        let items = a.items(at)?;
        if rows.len().saturating_mul(items.len()) > LARGEST {
            return Err(format!("there would be more than {LARGEST} combinations"));
        }
        let extend = |row: &Vec<Value>| -> Vec<Vec<Value>> {
            items.iter().map(|item| row.iter().cloned().chain([(*item).clone()]).collect()).collect()
        };
        rows = rows.iter().flat_map(extend).collect();
    }
    Ok(Value::List(rows.into_iter().map(Value::List).collect()))
}
