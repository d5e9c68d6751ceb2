//! Why a type may not stand where another is wanted: the first part that does not fit.

use std::collections::BTreeMap;

use super::convert::{Mismatch, check_length, step};
use super::{Field, Fit, Type, any_of, fit, spoken};
use crate::diagnostic::nearest;

/// The first part of a `found` that can never be what is `wanted`, with the types there.
#[derive(Debug)]
pub(crate) struct Difference {
    /// The way to it, and what is wrong there.
    pub(crate) mismatch: Mismatch,
    /// Its type.
    pub(crate) found: Type,
    /// The type wanted there.
    pub(crate) wanted: Type,
}

/// Where the types part, if no `found` may stand where a `wanted` is asked for.
pub(crate) fn difference(found: &Type, wanted: &Type) -> Option<Difference> {
    if fit(found, wanted) != Fit::No {
        return None;
    }
    let inside = match (found.core(), wanted.core()) {
        (Type::Tuple(items), Type::List(element, lengths)) => check_length(items.len(), *lengths)
            .err()
            .map(|mismatch| at_once(mismatch, found, wanted))
            .or_else(|| first(items.iter(), element)),
        (Type::Tuple(items), Type::Set(element)) => first(items.iter(), element),
        (Type::Tuple(items), Type::Tuple(wanted)) if items.len() == wanted.len() => {
            let pairs = items.iter().zip(wanted.iter()).enumerate();
            pairs.into_iter().find_map(|(at, (item, ty))| Some(difference(item, ty)?.at(format!("[{at}]"))))
        }
        (Type::List(a, _) | Type::Set(a), Type::List(b, _) | Type::Set(b)) | (Type::Map(a), Type::Map(b)) => {
            difference(a, b).map(|inside| inside.at("[*]".to_owned()))
        }
        (Type::Object(fields), Type::Map(element)) => {
            fields.iter().find_map(|(name, field)| Some(difference(&field.ty, element)?.at(step(name))))
        }
        (Type::Object(a), Type::Object(b)) => in_fields(a, b, found, wanted),
        (Type::OneOf(types), _) if any_of(types) != *found.core() => difference(&any_of(types), wanted),
        _ => None,
    };
    Some(inside.unwrap_or_else(|| {
        let message = format!("{} is wanted, not {}", spoken(wanted), spoken(found));
        at_once(Mismatch::new(message), found, wanted)
    }))
}

fn at_once(mismatch: Mismatch, found: &Type, wanted: &Type) -> Difference {
    Difference { mismatch, found: found.clone(), wanted: wanted.clone() }
}

fn first<'t>(mut items: impl Iterator<Item = &'t Type>, element: &Type) -> Option<Difference> {
    let mut at = 0..;
    items.find_map(|item| {
        let here = at.next()?;
        Some(difference(item, element)?.at(format!("[{here}]")))
    })
}

fn in_fields(
    found: &BTreeMap<String, Field>,
    wanted: &BTreeMap<String, Field>,
    whole: &Type,
    whole_wanted: &Type,
) -> Option<Difference> {
    if let Some(name) = found.keys().find(|name| !wanted.contains_key(*name)) {
        let near = nearest(name, wanted.keys().map(String::as_str)).map(str::to_owned);
        let mismatch =
            Mismatch { suggestion: near, ..Mismatch::new(format!("there is no field `{name}` there")) };
        return Some(at_once(mismatch, whole, whole_wanted));
    }
    wanted.iter().find_map(|(name, field)| match found.get(name) {
        Some(there) => {
            let wanted = if field.optional { field.ty.clone().nullable() } else { field.ty.clone() };
            Some(difference(&there.ty, &wanted)?.at(step(name)))
        }
        None if field.optional => None,
        None => Some(at_once(Mismatch::new(format!("the field `{name}` is missing")), whole, whole_wanted)),
    })
}

impl Difference {
    fn at(self, step: String) -> Self {
        Self { mismatch: self.mismatch.at(step), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_part_that_differs_is_named() {
        for (found, wanted, message) in [
            ("string", "int", "`int` is wanted, not `string`"),
            ("list(string)", "list(int)", "`[*]`: `int` is wanted, not `string`"),
            ("tuple([int, string])", "list(int)", "`[1]`: `int` is wanted, not `string`"),
            ("tuple([int])", "list(int, 2, null)", "1 elements are too few, at least 2 are wanted"),
            (
                "map(object({ a = string }))",
                "map(object({ a = object({ b = int }) }))",
                "`[*].a`: an object is wanted, not `string`",
            ),
            (
                "object({ a = int, bb = int })",
                "object({ a = int, b = optional(int) })",
                "there is no field `bb` there",
            ),
            ("object({ a = int })", "object({ a = int, b = int })", "the field `b` is missing"),
            (
                "object({ a = int, \"b c\" = vpc })",
                "map(int)",
                "`[\"b c\"]`: `int` is wanted, not a whole `vpc`",
            ),
            ("nullable(list(vpc))", "set(id(subnet))", "`[*]`: `id(subnet)` is wanted, not a whole `vpc`"),
        ] {
            let [found, wanted] = [found, wanted].map(|text| Type::parse(text).expect(text));
            let difference = difference(&found, &wanted).expect("they differ");
            assert_eq!(difference.mismatch.to_string(), message);
        }
    }
}
