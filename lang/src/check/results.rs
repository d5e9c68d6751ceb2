//! The types of builtin functions' results, as they follow from the arguments' types.

use std::collections::BTreeMap;

use crate::types::{Field, Text, Type, any_of};

/// The element type of a list, set or tuple.
fn element(ty: &Type) -> Type {
    match ty.core() {
        Type::List(element, _) | Type::Set(element) => (**element).clone(),
        Type::Tuple(items) => any_of(items.iter()),
        Type::OneOf(types) => any_of(&types.iter().map(element).collect::<Vec<_>>()),
        _ => Type::Any,
    }
}

/// The value type of a map or object.
fn value(ty: &Type) -> Type {
    match ty.core() {
        Type::Map(element) => (**element).clone(),
        Type::Object(fields) => any_of(fields.values().map(|field| &field.ty)),
        Type::OneOf(types) => any_of(&types.iter().map(value).collect::<Vec<_>>()),
        _ => Type::Any,
    }
}

/// The result's type where it follows from the arguments' types more narrowly than the signature says.
pub(super) fn result_type(name: &str, types: &[Type]) -> Option<Type> {
    let first = types.first()?;
    Some(match name {
        "values" => Type::list(value(first)),
        "tolist" | "reverse" | "distinct" | "compact" | "slice" => Type::list(element(first)),
        "toset" => Type::set(element(first)),
        "tomap" => Type::map(value(first)),
        "concat" => Type::list(any_of(&types.iter().map(element).collect::<Vec<_>>())),
        "setunion" | "setintersection" | "setsubtract" => Type::set(element(first)),
        "element" => element(first),
        "keys" => match first.core() {
            Type::Object(fields) if !fields.is_empty() => {
                Type::list(Type::String(Text::Enum(fields.keys().cloned().collect())))
            }
            _ => return None,
        },
        "setproduct" => Type::list(Type::tuple(types.iter().map(element))),
        "regex" => matched(first)?,
        "regexall" => Type::list(matched(first)?),
        "one" => element(first).nullable(),
        "lookup" => match types.get(2) {
            Some(default) => any_of([&value(first), default]),
            None => value(first),
        },
        "flatten" => Type::list(flat(first)),
        "coalesce" => {
            let present: Vec<Type> = types.iter().map(not_null).collect();
            any_of(&present)
        }
        "max" | "min" => crate::types::widened(&any_of(types)),
        "sum" => crate::types::widened(&element(first)),
        "merge" => types.iter().skip(1).fold(first.core().clone(), |all, ty| merged(&all, ty.core())),
        "inherit" => inherited(first.core(), types.get(1)?.core()),
        "zipmap" => Type::map(element(types.get(1)?)).labelled(first.holds_secret()),
        "sensitive" => first.clone().labelled(true),
        "nonsensitive" => first.revealed(),
        _ => return None,
    })
}

/// What a match of a regular expression gives: the text, a list of its groups, or a map if they have names.
fn matched(pattern: &Type) -> Option<Type> {
    let Type::String(Text::Enum(patterns)) = pattern else { return None };
    let [pattern] = patterns.as_slice() else { return None };
    let regex = regex::Regex::new(pattern).ok()?;
    let names: Vec<&str> = regex.capture_names().flatten().collect();
    // A group that may be passed over is null then.
    let optional = [")?", ")*", "){0", "|"].iter().any(|sign| pattern.contains(sign));
    let group = || if optional { Type::string().nullable() } else { Type::string() };
    Some(match (regex.captures_len(), names.is_empty()) {
        (1, _) => Type::string(),
        (groups, true) => Type::tuple((1..groups).map(|_| group())),
        (_, false) => Type::object(names.into_iter().map(|name| (name.to_owned(), Field::required(group())))),
    })
}

fn not_null(ty: &Type) -> Type {
    match ty {
        Type::Nullable(inner) => (**inner).clone(),
        other => other.clone(),
    }
}

fn flat(ty: &Type) -> Type {
    let items = match ty.core() {
        Type::Tuple(items) => items.to_vec(),
        other => vec![element(other)],
    };
    let flattened: Vec<Type> = items
        .iter()
        .map(|item| match item.core() {
            Type::List(..) | Type::Set(_) | Type::Tuple(_) => flat(item),
            _ => item.clone(),
        })
        .collect();
    any_of(&flattened)
}

fn merged(left: &Type, right: &Type) -> Type {
    match (left, right) {
        (Type::Object(a), Type::Object(b)) => {
            let mut fields = BTreeMap::clone(a);
            for (name, field) in b.iter() {
                let field = match (fields.get(name), field.optional) {
                    (Some(under), true) => either(under, field),
                    _ => field.clone(),
                };
                fields.insert(name.clone(), field);
            }
            Type::object(fields)
        }
        (Type::Object(_) | Type::Map(_), Type::Object(_) | Type::Map(_)) => {
            Type::map(any_of([&value(left), &value(right)]))
        }
        _ => Type::Any,
    }
}

/// A field that is the right side's if it is there, else the left side's.
fn either(left: &Field, right: &Field) -> Field {
    let ty = any_of([&left.ty, &right.ty]);
    Field { ty, optional: left.optional && right.optional, default: None }
}

/// The type of `inherit(base, child)`, field by field.
fn inherited(base: &Type, child: &Type) -> Type {
    let (Type::Object(a), Type::Object(b)) = (base, child) else { return merged(base, child) };
    let mut fields = BTreeMap::clone(a);
    for (name, field) in b.iter() {
        let field = match fields.get(name) {
            Some(under) => {
                let ty = combined(under.ty.core(), field.ty.core());
                if field.optional || under.optional {
                    either(under, field)
                } else {
                    Field { ty, ..field.clone() }
                }
            }
            None => field.clone(),
        };
        fields.insert(name.clone(), field);
    }
    Type::object(fields)
}

fn combined(base: &Type, child: &Type) -> Type {
    match (base, child) {
        (Type::List(..) | Type::Tuple(_), Type::List(..) | Type::Tuple(_)) => {
            Type::list(any_of([&element(base), &element(child)]))
        }
        (Type::Set(a), Type::Set(b)) => Type::set(any_of([&**a, &**b])),
        (Type::Object(_) | Type::Map(_), Type::Object(_) | Type::Map(_)) => merged(base, child),
        _ => child.clone(),
    }
}
