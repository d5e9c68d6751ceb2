//! Collections whose shape alone matters: their elements may wait for other objects.

use std::collections::BTreeMap;

use unicode_segmentation::UnicodeSegmentation;

use super::{Function, shapes};
use crate::residual::Residual;
use crate::value::{Key, Value};

/// The result, or `None` if the call must wait.
type Shaped = Result<Option<Residual>, String>;

pub(super) const FUNCTIONS: &[Function] = &[
    shapes(
        "coalesce",
        "(first: any, ...rest: any) -> any",
        "The first argument that is neither null nor an empty string.",
        coalesce,
    ),
    shapes(
        "compact",
        "(items: list(any)) -> list(any)",
        "The list without nulls and empty strings.",
        compact,
    ),
    shapes("concat", "(...lists: list(any)) -> list(any)", "The lists one behind the other.", concat),
    shapes(
        "element",
        "(items: list(any), index: int) -> any",
        "The element at an index from 0, counting round.",
        element,
    ),
    shapes(
        "flatten",
        "(items: list(any)) -> list(any)",
        "The list with lists in it replaced by their elements, at any depth.",
        flatten,
    ),
    shapes("keys", "(map: any) -> list(string)", "The keys of a map or object, sorted.", |a| {
        Ok(a[0].entries().map(|entries| {
            Residual::list(entries.into_keys().map(|key| Value::String(key).into()).collect())
        }))
    }),
    shapes(
        "length",
        "(value: any) -> int",
        "How many elements or entries there are, or characters of a string.",
        length,
    ),
    shapes(
        "lookup",
        "(map: any, key: string, default?: any) -> any",
        "The value of a key, or the default if there is none.",
        lookup,
    ),
    shapes("merge", "(...maps: any) -> any", "All entries; of equal keys the last.", merge),
    shapes("one", "(items: any) -> any", "The only element of a list or set; null if it is empty.", one),
    shapes("reverse", "(items: list(any)) -> list(any)", "The list from its end to its start.", |a| {
        Ok(a[0].items().map(|items| Residual::list(items.into_iter().rev().collect())))
    }),
    shapes(
        "slice",
        "(items: list(any), start: int(0, null), end: int(0, null)) -> list(any)",
        "The elements from `start` to before `end`.",
        slice,
    ),
    shapes(
        "values",
        "(map: any) -> list(any)",
        "The values of a map or object, in the order of its keys.",
        |a| Ok(a[0].entries().map(|entries| Residual::list(entries.into_values().collect()))),
    ),
    shapes(
        "zipmap",
        "(keys: list(string), values: list(any)) -> map(any)",
        "The map of keys to values, side by side.",
        zipmap,
    ),
    shapes("tolist", "(items: any) -> list(any)", "As a list; a set's elements sorted.", |a| {
        sequence(&a[0], Residual::list)
    }),
    shapes("toset", "(items: any) -> set(any)", "As a set.", |a| sequence(&a[0], Residual::set)),
    shapes("tomap", "(object: any) -> map(any)", "As a map.", |a| match a[0].entries() {
        Some(entries) => Ok(Some(Residual::map(entries))),
        None if a[0].known().is_some() => Err("a map or object is wanted".to_owned()),
        None => Ok(None),
    }),
];

fn sequence(items: &Residual, build: fn(Vec<Residual>) -> Residual) -> Shaped {
    match items.items() {
        Some(items) => Ok(Some(build(items))),
        None if items.known().is_some() || matches!(items, Residual::Map(_)) => {
            Err("a list or set is wanted".to_owned())
        }
        None => Ok(None),
    }
}

fn is_empty(value: &Residual) -> bool {
    match value {
        Residual::Known(Value::Null) => true,
        Residual::Known(value) => value.as_str() == Some(""),
        _ => false,
    }
}

/// Whether it is there for certain, though what it is may wait.
fn is_there(value: &Residual) -> bool {
    match value {
        Residual::Known(_) | Residual::List(_) | Residual::Set(_) | Residual::Map(_) => true,
        Residual::Attribute(reference) => reference.is_whole(),
        _ => false,
    }
}

fn coalesce(arguments: &[Residual]) -> Shaped {
    match arguments.iter().find(|value| !is_empty(value)) {
        Some(value) if is_there(value) => Ok(Some(value.clone())),
        Some(_) => Ok(None),
        None => Err("all arguments are null or empty".to_owned()),
    }
}

fn compact(arguments: &[Residual]) -> Shaped {
    let Some(items) = arguments[0].items() else { return Ok(None) };
    if items.iter().any(|item| !is_there(item)) {
        return Ok(None);
    }
    Ok(Some(Residual::list(items.into_iter().filter(|item| !is_empty(item)).collect())))
}

fn concat(arguments: &[Residual]) -> Shaped {
    let lists: Option<Vec<Vec<Residual>>> = arguments.iter().map(Residual::items).collect();
    Ok(lists.map(|lists| Residual::list(lists.concat())))
}

fn element(arguments: &[Residual]) -> Shaped {
    let (Some(items), Some(Value::Number(index))) = (arguments[0].items(), arguments[1].known()) else {
        return Ok(None);
    };
    let index = index.to_i64().ok_or("the index is too large")?;
    match items.len() as i64 {
        0 => Err("the list is empty".to_owned()),
        length => Ok(items.get(index.rem_euclid(length) as usize).cloned()),
    }
}

fn flatten(arguments: &[Residual]) -> Shaped {
    let Some(items) = arguments[0].items() else { return Ok(None) };
    let mut flat = Vec::new();
    let whole = items.into_iter().all(|item| flatten_into(item, &mut flat));
    Ok(whole.then(|| Residual::list(flat)))
}

/// False if an element waits that may turn out to be a list.
fn flatten_into(item: Residual, flat: &mut Vec<Residual>) -> bool {
    match item.items() {
        Some(items) => items.into_iter().all(|item| flatten_into(item, flat)),
        None if is_there(&item) => {
            flat.push(item);
            true
        }
        None => false,
    }
}

fn length(arguments: &[Residual]) -> Shaped {
    let value = &arguments[0];
    // Elements of a set that wait may turn out equal.
    let settled = !matches!(value, Residual::Set(_));
    let count = match value {
        Residual::Known(Value::String(text)) => Some(text.graphemes(true).count()),
        Residual::Known(Value::Map(_)) | Residual::Map(_) => value.entries().map(|entries| entries.len()),
        Residual::Known(Value::List(_) | Value::Set(_)) | Residual::List(_) | Residual::Set(_) => {
            value.items().map(|items| items.len()).filter(|_| settled)
        }
        Residual::Known(_) => return Err("a list, set, map, object or string is wanted".to_owned()),
        _ => None,
    };
    Ok(count.map(|count| Value::int(count as i64).into()))
}

fn lookup(arguments: &[Residual]) -> Shaped {
    let (Some(entries), Some(key)) = (arguments[0].entries(), arguments[1].known().and_then(Value::as_str))
    else {
        return Ok(None);
    };
    match entries.get(key).or(arguments.get(2)) {
        Some(value) => Ok(Some(value.clone())),
        None => Err(format!("there is no `{}` here, and no default", Key(key))),
    }
}

fn merge(arguments: &[Residual]) -> Shaped {
    let mut merged = BTreeMap::new();
    for argument in arguments {
        match (argument.entries(), argument) {
            (Some(entries), _) => merged.extend(entries),
            (None, Residual::Known(Value::Null)) => {}
            (None, Residual::Known(_)) => return Err("maps or objects are wanted".to_owned()),
            (None, _) => return Ok(None),
        }
    }
    Ok(Some(Residual::map(merged)))
}

fn one(arguments: &[Residual]) -> Shaped {
    let items = match (&arguments[0], arguments[0].items()) {
        (_, Some(items)) => items,
        (Residual::Known(Value::Null), None) => Vec::new(),
        (Residual::Known(_), None) => return Err("a list or set is wanted".to_owned()),
        (_, None) => return Ok(None),
    };
    match items.as_slice() {
        [] => Ok(Some(Value::Null.into())),
        [only] => Ok(Some(only.clone())),
        more => Err(format!("there are {} elements, not one or none", more.len())),
    }
}

fn slice(arguments: &[Residual]) -> Shaped {
    let Some(items) = arguments[0].items() else { return Ok(None) };
    let position = |at: usize| match arguments[at].known() {
        Some(Value::Number(number)) => Some(number.to_i64().and_then(|at| usize::try_from(at).ok())),
        _ => None,
    };
    match (position(1), position(2)) {
        (Some(start), Some(end)) => {
            let range = start.zip(end).and_then(|(start, end)| items.get(start..end));
            let range = range.ok_or_else(|| format!("the list has {} elements", items.len()))?;
            Ok(Some(Residual::list(range.to_vec())))
        }
        _ => Ok(None),
    }
}

fn zipmap(arguments: &[Residual]) -> Shaped {
    let (Some(keys), Some(values)) = (arguments[0].items(), arguments[1].items()) else { return Ok(None) };
    if keys.len() != values.len() {
        return Err(format!("there are {} keys and {} values", keys.len(), values.len()));
    }
    // A map shows its keys.
    let secret = keys.iter().any(Residual::is_sensitive);
    let keys: Option<Vec<String>> = keys.iter().map(|key| Some(key.known()?.as_str()?.to_owned())).collect();
    let map = keys.map(|keys| Residual::map(keys.into_iter().zip(values).collect()));
    Ok(map.map(|map| if secret { map.concealed() } else { map }))
}
