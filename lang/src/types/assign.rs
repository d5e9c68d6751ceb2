//! Whether a value of one type may stand where another is wanted: yes, no, or to be checked once it is known.

use std::collections::{BTreeMap, BTreeSet};

use super::convert::convert_value;
use super::text::accept;
use super::{Bounds, Field, Lengths, Text, Type};
use crate::number::Number;
use crate::schema::SchemaSet;
use crate::value::{Dimension, Value};

/// The answer of [`fit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// No value fits.
    No,
    /// Some values fit: checked as soon as the value is known.
    Check,
    /// Every value fits.
    Yes,
}

/// Whether a `found` may stand where a `wanted` is asked for, with the conversions the language makes by itself.
pub fn fit(found: &Type, wanted: &Type) -> Fit {
    match (found, wanted) {
        (_, Type::Any) => Fit::Yes,
        (Type::Any, _) => Fit::Check,
        (Type::Sensitive(found), _) => fit(found, wanted),
        (_, Type::Sensitive(wanted)) => fit(found, wanted),
        (Type::OneOf(found), _) => all_of(found, wanted),
        (Type::Nullable(found), Type::Nullable(wanted)) => fit(found, wanted),
        (Type::Nullable(found), _) => at_most_check(null_only(found), fit(found, wanted)),
        (_, Type::Nullable(wanted)) => fit(found, wanted),
        // What is wanted could not be read, which has been reported.
        (_, Type::OneOf(wanted)) if wanted.is_empty() => Fit::Yes,
        (_, Type::OneOf(wanted)) => wanted.iter().map(|wanted| fit(found, wanted)).max().unwrap_or(Fit::No),
        _ => fit_plain(found, wanted),
    }
}

fn null_only(ty: &Type) -> bool {
    *ty == Type::never()
}

fn at_most_check(is_null: bool, fit: Fit) -> Fit {
    if is_null { Fit::No } else { fit.min(Fit::Check) }
}

/// A value that is one of several: fits if each does, perhaps if one does.
fn all_of(found: &[Type], wanted: &Type) -> Fit {
    let fits: Vec<Fit> = found.iter().map(|found| fit(found, wanted)).collect();
    match (fits.iter().min(), fits.iter().max()) {
        (Some(Fit::No), Some(Fit::No)) => Fit::No,
        (Some(Fit::No), _) => Fit::Check,
        (Some(least), _) => *least,
        (None, _) => Fit::Yes,
    }
}

fn fit_plain(found: &Type, wanted: &Type) -> Fit {
    match (found, wanted) {
        (Type::Bool, Type::Bool) => Fit::Yes,
        (Type::Bool | Type::Number { .. }, Type::String(text)) => convertible(text),
        (Type::String(found), Type::String(wanted)) => fit_text(found, wanted),
        (Type::String(text), Type::Quantity { .. } | Type::Number { .. } | Type::Bool) => {
            literal_only(text, wanted)
        }
        (Type::Kind(found), Type::Kind(wanted)) => yes_if(found == wanted),
        (Type::Kind(found), Type::String(Text::Id(wanted))) => yes_if(found == wanted),
        (Type::Number { integer, bounds }, Type::Number { integer: whole, bounds: within }) => {
            let exact = *integer || !*whole;
            fit_bounds(bounds, within).min(if exact { Fit::Yes } else { Fit::Check })
        }
        (Type::Number { .. }, Type::Quantity { bounds, .. }) => {
            if *bounds == Bounds::default() {
                Fit::Yes
            } else {
                Fit::Check
            }
        }
        (Type::Quantity { dimension: a, bounds }, Type::Quantity { dimension: b, bounds: within }) => {
            if a == b { fit_bounds(bounds, within) } else { Fit::No }
        }
        _ => fit_collection(found, wanted),
    }
}

fn fit_collection(found: &Type, wanted: &Type) -> Fit {
    match (found, wanted) {
        (Type::List(a, _) | Type::Set(a), Type::Set(b)) => fit(a, b),
        (Type::Set(a), Type::List(b, wanted)) => fit(a, b).min(fit_lengths(Lengths::default(), *wanted)),
        (Type::List(a, found), Type::List(b, wanted)) => fit(a, b).min(fit_lengths(*found, *wanted)),
        (Type::Tuple(items), Type::List(element, lengths)) => {
            let inside = items.iter().map(|item| fit(item, element)).min().unwrap_or(Fit::Yes);
            inside.min(yes_if(length_in(items.len(), *lengths)))
        }
        (Type::Tuple(items), Type::Set(element)) => {
            items.iter().map(|item| fit(item, element)).min().unwrap_or(Fit::Yes)
        }
        (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => {
            a.iter().zip(b.iter()).map(|(a, b)| fit(a, b)).min().unwrap_or(Fit::Yes)
        }
        (Type::List(..), Type::Tuple(_)) => Fit::Check,
        (Type::Map(a), Type::Map(b)) => fit(a, b),
        (Type::Map(element), Type::Object(fields)) => {
            // Of the optional fields none may be there.
            let fits = fields.values().filter(|field| !field.optional).map(|field| fit(element, &field.ty));
            fits.min().unwrap_or(Fit::Check).min(Fit::Check)
        }
        (Type::Object(fields), Type::Map(element)) => {
            fields.values().map(|field| fit(&field.ty, element)).min().unwrap_or(Fit::Yes)
        }
        (Type::Object(found), Type::Object(wanted)) => fit_objects(found, wanted),
        _ => Fit::No,
    }
}

fn fit_objects(found: &BTreeMap<String, Field>, wanted: &BTreeMap<String, Field>) -> Fit {
    let unknown = found.keys().any(|name| !wanted.contains_key(name));
    let one = |(name, wanted): (&String, &Field)| match found.get(name) {
        Some(found) if found.optional && !wanted.optional => fit(&found.ty, &wanted.ty).min(Fit::Check),
        Some(found) if wanted.optional => fit(&found.ty, &wanted.ty.clone().nullable()),
        Some(found) => fit(&found.ty, &wanted.ty),
        None => yes_if(wanted.optional),
    };
    wanted.iter().map(one).min().unwrap_or(Fit::Yes).min(yes_if(!unknown))
}

fn yes_if(condition: bool) -> Fit {
    if condition { Fit::Yes } else { Fit::No }
}

/// Numbers and booleans become strings by themselves, but seldom have a wanted shape.
fn convertible(wanted: &Text) -> Fit {
    match wanted {
        Text::Any => Fit::Yes,
        Text::Enum(_) | Text::Pattern { .. } => Fit::Check,
        Text::Id(_) => Fit::No,
    }
}

/// Strings become numbers, booleans and quantities only when they are literals, whose type is an `enum`.
fn literal_only(text: &Text, wanted: &Type) -> Fit {
    let Text::Enum(names) = text else { return Fit::No };
    let schemas = SchemaSet::default();
    share(names, |name| convert_value(&Value::string(name), wanted, &schemas).is_ok())
}

/// How many of the names are taken.
fn share(names: &[String], takes: impl Fn(&String) -> bool) -> Fit {
    match names.iter().filter(|name| takes(name)).count() {
        0 => Fit::No,
        taken if taken == names.len() => Fit::Yes,
        _ => Fit::Check,
    }
}

fn fit_text(found: &Text, wanted: &Text) -> Fit {
    match (found, wanted) {
        (_, Text::Any) => Fit::Yes,
        (Text::Enum(a), Text::Enum(b)) => {
            let known: BTreeSet<&String> = b.iter().collect();
            share(a, |name| known.contains(name))
        }
        (Text::Enum(names), pattern @ Text::Pattern { .. }) => {
            share(names, |name| accept(pattern, name, &SchemaSet::default()).is_ok())
        }
        (Text::Id(a), Text::Id(b)) => yes_if(a == b),
        (Text::Pattern { name: Some(a), .. }, Text::Pattern { name: Some(b), .. }) => fit_named(a, b),
        (Text::Pattern { name: Some(name), .. }, Text::Id(_))
        | (Text::Id(_), Text::Pattern { name: Some(name), .. })
            if never_an_id(name) =>
        {
            Fit::No
        }
        (a, b) if a == b => Fit::Yes,
        _ => Fit::Check,
    }
}

/// Names of the prelude whose values are no object's id; an `arn` or a `hostname` may be one.
fn never_an_id(name: &str) -> bool {
    matches!(
        name,
        "cidr" | "cidr4" | "cidr6" | "ip" | "region" | "zone" | "instance_type" | "account_id" | "url"
    )
}

/// Two names of the prelude: the same shape, a narrower one, or shapes that share nothing.
fn fit_named(found: &str, wanted: &str) -> Fit {
    let apart = |name: &str| matches!(name, "cidr" | "cidr4" | "cidr6" | "ip" | "url" | "arn" | "account_id");
    match (found, wanted) {
        _ if found == wanted => Fit::Yes,
        ("cidr4" | "cidr6", "cidr") => Fit::Yes,
        ("cidr", "cidr4" | "cidr6") => Fit::Check,
        _ if apart(found) && apart(wanted) => Fit::No,
        _ => Fit::Check,
    }
}

fn fit_bounds(found: &Bounds, wanted: &Bounds) -> Fit {
    let below = |a: &Option<Number>, b: &Option<Number>| matches!((a, b), (Some(a), Some(b)) if a < b);
    let low_enough = wanted.min.is_none() || (found.min.is_some() && !below(&found.min, &wanted.min));
    let high_enough = wanted.max.is_none() || (found.max.is_some() && !below(&wanted.max, &found.max));
    match () {
        () if below(&found.max, &wanted.min) || below(&wanted.max, &found.min) => Fit::No,
        () if low_enough && high_enough => Fit::Yes,
        () => Fit::Check,
    }
}

fn length_in(length: usize, lengths: Lengths) -> bool {
    lengths.min.is_none_or(|min| length >= min) && lengths.max.is_none_or(|max| length <= max)
}

fn fit_lengths(found: Lengths, wanted: Lengths) -> Fit {
    let enough = wanted.min.is_none_or(|min| found.min.is_some_and(|found| found >= min));
    let few = wanted.max.is_none_or(|max| found.max.is_some_and(|found| found <= max));
    let apart = |a: Option<usize>, b: Option<usize>| matches!((a, b), (Some(a), Some(b)) if a < b);
    match () {
        () if apart(found.max, wanted.min) || apart(wanted.max, found.min) => Fit::No,
        () if enough && few => Fit::Yes,
        () => Fit::Check,
    }
}

/// What a bare number counts where a quantity is wanted: seconds, GiB, hundredths.
pub(super) fn bare_unit(dimension: Dimension) -> Number {
    match dimension {
        Dimension::Duration | Dimension::Percent => Number::from(1),
        Dimension::Size => Number::from(1 << 30),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_one_type_may_stand_where_another_is_wanted() {
        use Fit::{Check, No, Yes};
        for (found, wanted, answer) in [
            // A refinement stands for its base, narrow bounds for wide ones; the other way round it is checked.
            ("cidr4", "string", Yes),
            ("string", "cidr4", Check),
            ("cidr4", "cidr", Yes),
            ("cidr", "cidr4", Check),
            ("cidr4", "arn", No),
            ("int(1, 5)", "int(0, 10)", Yes),
            ("int(0, 10)", "int(1, 5)", Check),
            ("int(0, 1)", "int(2, 3)", No),
            ("int", "number", Yes),
            ("number", "int", Check),
            ("duration(1s, 1m)", "duration", Yes),
            ("duration", "size", No),
            ("enum(\"a\")", "enum(\"a\", \"b\")", Yes),
            ("enum(\"a\", \"b\")", "enum(\"b\", \"c\")", Check),
            ("enum(\"a\")", "enum(\"b\")", No),
            ("enum(\"a\")", "string", Yes),
            ("string", "enum(\"a\")", Check),
            ("enum(\"10.0.0.0/8\")", "cidr4", Yes),
            ("enum(\"a\")", "cidr4", No),
            // Null, secrets, alternatives, anything.
            ("string", "nullable(string)", Yes),
            ("nullable(string)", "string", Check),
            ("string", "sensitive(string)", Yes),
            ("sensitive(string)", "string", Yes),
            ("int", "one_of(string, bool, int)", Yes),
            ("one_of(int, vpc)", "int", Check),
            ("one_of(vpc, subnet)", "int", No),
            ("any", "int", Check),
            ("vpc", "any", Yes),
            // Collections.
            ("tuple([int, int])", "list(int)", Yes),
            ("tuple([int, vpc])", "list(int)", No),
            ("list(int)", "tuple([int])", Check),
            ("list(int, 0, 1)", "list(int, 2, null)", No),
            ("list(int)", "list(int, 1, null)", Check),
            ("set(int)", "list(int)", Yes),
            ("set(int)", "list(int, 1, null)", Check),
            ("list(int)", "set(int)", Yes),
            ("object({ a = int, b = int })", "map(int)", Yes),
            ("object({ a = int, b = vpc })", "map(int)", No),
            ("map(int)", "object({ a = int })", Check),
            ("map(vpc)", "object({ a = int })", No),
            ("object({ a = int })", "object({ a = int, b = optional(int) })", Yes),
            ("object({ a = optional(int) })", "object({ a = int })", Check),
            ("object({ a = int, b = int })", "object({ a = int })", No),
            ("object({})", "object({ a = int })", No),
            // Objects stand for their ids, inside collections too; ids of two kinds share nothing.
            ("vpc", "id(vpc)", Yes),
            ("set(vpc)", "list(id(vpc))", Yes),
            ("vpc", "id(subnet)", No),
            ("vpc", "string", No),
            ("id(vpc)", "string", Yes),
            ("string", "id(vpc)", Check),
            ("id(vpc)", "id(subnet)", No),
            ("cidr4", "id(vpc)", No),
            // Conversions: to strings always, from strings only as literals, bare numbers to quantities.
            ("int", "string", Yes),
            ("bool", "string", Yes),
            ("string", "int", No),
            ("string", "bool", No),
            ("enum(\"80\")", "int", Yes),
            ("enum(\"x\")", "int", No),
            ("enum(\"30s\")", "duration", Yes),
            ("int", "duration", Yes),
            ("int", "duration(1s, 5s)", Check),
            ("duration", "int", No),
        ] {
            let types = [found, wanted].map(|text| Type::parse(text).expect(text));
            assert_eq!(fit(&types[0], &types[1]), answer, "{found} where {wanted} is wanted");
        }
    }
}
