//! One type for several: of the elements of a list, of the two sides of a conditional.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::convert::step;
use super::{Bounds, Field, Fit, Lengths, Text, Type, fit, spoken};
use crate::value::Value;

/// Two types that have no common one, and where they part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// The way to the first part that differs, such as `.listener[*]`; empty for the whole.
    pub path: String,
    /// The type on the one side.
    pub left: Box<Type>,
    /// The type on the other.
    pub right: Box<Type>,
}

impl fmt::Display for Clash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.trim_start_matches('.') {
            "" => write!(f, "{} on one side, {} on the other", spoken(&self.left), spoken(&self.right)),
            path => write!(
                f,
                "`{path}` is {} on one side, {} on the other",
                spoken(&self.left),
                spoken(&self.right)
            ),
        }
    }
}

impl Clash {
    fn at(mut self, step: &str) -> Self {
        self.path.insert_str(0, step);
        self
    }
}

/// The narrowest common type. Objects unify field by field; a field missing on one side becomes optional.
pub fn unify(left: &Type, right: &Type) -> Result<Type, Clash> {
    Ok(match (left, right) {
        _ if left == right => left.clone(),
        (Type::Any, _) | (_, Type::Any) => Type::Any,
        (Type::OneOf(none), other) | (other, Type::OneOf(none)) if none.is_empty() => other.clone(),
        (Type::Sensitive(a), b) | (b, Type::Sensitive(a)) => Type::Sensitive(Box::new(unify(a, b)?)),
        (Type::Nullable(a), Type::Nullable(b)) => unify(a, b)?.nullable(),
        (Type::Nullable(a), b) | (b, Type::Nullable(a)) => unify(a, b)?.nullable(),
        (Type::String(a), Type::String(b)) => Type::String(unify_text(a, b)),
        (Type::Number { integer: a, bounds: x }, Type::Number { integer: b, bounds: y }) => {
            Type::Number { integer: *a && *b, bounds: wider(x, y) }
        }
        (Type::Quantity { dimension: a, bounds: x }, Type::Quantity { dimension: b, bounds: y })
            if a == b =>
        {
            Type::Quantity { dimension: *a, bounds: wider(x, y) }
        }
        (Type::Bool | Type::Number { .. }, Type::String(_))
        | (Type::String(_), Type::Bool | Type::Number { .. }) => Type::string(),
        (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => {
            let items = a.iter().zip(b.iter()).map(|(a, b)| unify(a, b).map_err(|clash| clash.at("[*]")));
            Type::Tuple(items.collect::<Result<_, _>>()?)
        }
        (Type::Tuple(_) | Type::List(..), Type::Tuple(_) | Type::List(..)) => {
            Type::List(Box::new(unify_elements(left, right)?), Lengths::default())
        }
        (Type::Set(_), Type::Set(_) | Type::Tuple(_) | Type::List(..))
        | (Type::Tuple(_) | Type::List(..), Type::Set(_)) => {
            Type::Set(Box::new(unify_elements(left, right)?))
        }
        (Type::Map(a), Type::Map(b)) => Type::map(unify(a, b).map_err(|clash| clash.at("[*]"))?),
        (Type::Object(a), Type::Object(b)) => Type::object(unify_objects(&[a, b])?),
        (Type::Object(fields), Type::Map(element)) | (Type::Map(element), Type::Object(fields)) => {
            let values = fields.values().try_fold((**element).clone(), |all, field| unify(&all, &field.ty));
            Type::map(values?)
        }
        _ if fit(left, right) == Fit::Yes => right.clone(),
        _ if fit(right, left) == Fit::Yes => left.clone(),
        _ => {
            return Err(Clash {
                path: String::new(),
                left: Box::new(left.clone()),
                right: Box::new(right.clone()),
            });
        }
    })
}

fn unify_text(left: &Text, right: &Text) -> Text {
    match (left, right) {
        (Text::Enum(a), Text::Enum(b)) => {
            let known: BTreeSet<&String> = a.iter().collect();
            let more = b.iter().filter(|name| !known.contains(name));
            Text::Enum(a.iter().chain(more).cloned().collect())
        }
        _ if left == right => left.clone(),
        _ => Text::Any,
    }
}

fn wider(left: &Bounds, right: &Bounds) -> Bounds {
    let min = left.min.clone().zip(right.min.clone()).map(|(a, b)| a.min(b));
    let max = left.max.clone().zip(right.max.clone()).map(|(a, b)| a.max(b));
    Bounds { min, max }
}

/// The type of the elements of any sequence.
fn unify_elements(left: &Type, right: &Type) -> Result<Type, Clash> {
    let items = |ty: &Type| match ty {
        Type::List(element, _) | Type::Set(element) => vec![(**element).clone()],
        Type::Tuple(items) => items.to_vec(),
        _ => Vec::new(),
    };
    unify_all(items(left).iter().chain(&items(right))).map_err(|clash| clash.at("[*]"))
}

/// The narrowest common type of all; of none, the type without values.
pub(crate) fn unify_all<'a>(types: impl IntoIterator<Item = &'a Type>) -> Result<Type, Clash> {
    let types: Vec<&Type> = types.into_iter().collect();
    if let Some(names) = literals(&types) {
        return Ok(Type::String(Text::Enum(names)));
    }
    match objects(&types) {
        Some(objects) => unify_objects(&objects).map(Type::object),
        None => types.into_iter().try_fold(Type::never(), |all, ty| unify(&all, ty)),
    }
}

/// The fields of several objects; `None` if there is anything else.
fn objects<'a>(types: &[&'a Type]) -> Option<Vec<&'a BTreeMap<String, Field>>> {
    let fields = |ty: &&'a Type| match ty {
        Type::Object(fields) => Some(&**fields),
        _ => None,
    };
    types.iter().map(fields).collect::<Option<Vec<_>>>().filter(|objects| !objects.is_empty())
}

/// Field by field, so that the cost is that of the fields, however many objects there are.
fn unify_objects(objects: &[&BTreeMap<String, Field>]) -> Result<BTreeMap<String, Field>, Clash> {
    let mut columns: BTreeMap<&String, Vec<&Field>> = BTreeMap::new();
    for (name, field) in objects.iter().copied().flatten() {
        columns.entry(name).or_default().push(field);
    }
    let unified = columns.into_iter().map(|(name, fields)| {
        let ty = unify_all(fields.iter().map(|field| &field.ty)).map_err(|clash| clash.at(&step(name)))?;
        let optional = fields.len() < objects.len() || fields.iter().any(|field| field.optional);
        let default = fields[0].default.clone().filter(|_| objects.len() == 1);
        Ok((name.clone(), Field { ty, optional, default }))
    });
    unified.collect()
}

/// What a value of any of the types may be: their common type, or one of those that have none.
pub(crate) fn any_of<'a>(types: impl IntoIterator<Item = &'a Type>) -> Type {
    let types: Vec<&Type> = types.into_iter().collect();
    unify_all(types.iter().copied()).unwrap_or_else(|_| {
        let mut apart: Vec<Type> = Vec::new();
        for ty in types {
            match apart.iter_mut().find_map(|known| unify(known, ty).ok().map(|all| (known, all))) {
                Some((known, all)) => *known = all,
                None => apart.push(ty.clone()),
            }
        }
        Type::OneOf(apart)
    })
}

/// The distinct texts of string literals, as of a long list of names; `None` if there is anything else.
fn literals(types: &[&Type]) -> Option<Vec<String>> {
    let mut seen = BTreeSet::new();
    let mut names = Vec::new();
    for ty in types {
        let Type::String(Text::Enum(texts)) = ty else { return None };
        names.extend(texts.iter().filter(|text| seen.insert(text.as_str())).cloned());
    }
    (!names.is_empty()).then_some(names)
}

/// The type of a value, wide: of a string any string, of an object its fields'.
pub fn type_of(value: &Value) -> Type {
    let all =
        |items: Vec<Type>| unify_all(&items).ok().filter(|ty| *ty != Type::never()).unwrap_or(Type::Any);
    match value {
        Value::Null | Value::Sealed(_) => Type::Any,
        Value::Bool(_) => Type::Bool,
        Value::Number(_) => Type::number(),
        Value::String(_) => Type::string(),
        Value::Quantity(quantity) => Type::quantity(quantity.dimension),
        Value::List(items) => Type::list(all(items.iter().map(type_of).collect())),
        Value::Set(items) => Type::set(all(items.iter().map(type_of).collect())),
        Value::Map(entries) => {
            Type::object(entries.iter().map(|(name, value)| (name.clone(), Field::required(type_of(value)))))
        }
        Value::Sensitive(inner) => Type::Sensitive(Box::new(type_of(inner))),
    }
}

/// The type with literals' narrowness given up.
pub fn widened(ty: &Type) -> Type {
    match ty {
        Type::String(Text::Enum(_)) => Type::string(),
        Type::Number { .. } => Type::number(),
        Type::Quantity { dimension, .. } => Type::quantity(*dimension),
        Type::Tuple(items) => match unify_all(items.iter().map(widened).collect::<Vec<_>>().iter()) {
            Ok(Type::OneOf(none)) if none.is_empty() => Type::list(Type::Any),
            Ok(element) => Type::list(element),
            Err(_) => Type::Tuple(items.iter().map(widened).collect()),
        },
        Type::Object(fields) => {
            let widen = |(name, field): (&String, &Field)| {
                (name.clone(), Field { ty: widened(&field.ty), ..field.clone() })
            };
            Type::object(fields.iter().map(widen))
        }
        Type::Nullable(inner) if **inner == Type::never() => Type::Any,
        Type::Nullable(inner) => widened(inner).nullable(),
        Type::Sensitive(inner) => Type::Sensitive(Box::new(widened(inner))),
        other => other.clone(),
    }
}
