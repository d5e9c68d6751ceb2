//! Labels of secrecy: where a type says that a value, or a part of it, is secret.

use std::collections::BTreeMap;

use super::{Field, Type, any_of};

impl Type {
    /// Whether any value of it is secret as a whole.
    pub fn is_sensitive(&self) -> bool {
        match self {
            Self::Sensitive(_) => true,
            Self::Nullable(inner) => inner.is_sensitive(),
            _ => false,
        }
    }

    /// Whether any part of a value of it is secret.
    pub fn holds_secret(&self) -> bool {
        match self {
            Self::Sensitive(_) => true,
            Self::List(inner, _) | Self::Set(inner) | Self::Map(inner) | Self::Nullable(inner) => {
                inner.holds_secret()
            }
            Self::Tuple(types) => types.iter().any(Self::holds_secret),
            Self::OneOf(types) => types.iter().any(Self::holds_secret),
            Self::Object(fields) => fields.values().any(|field| field.ty.holds_secret()),
            Self::Any | Self::Bool | Self::String(_) | Self::Number { .. } | Self::Quantity { .. } => false,
            Self::Kind(_) => false,
        }
    }

    /// The type as a secret, if it shall be; not labelled twice.
    pub fn labelled(self, secret: bool) -> Self {
        if secret && !self.is_sensitive() { Self::Sensitive(Box::new(self)) } else { self }
    }

    /// The type without any label in it.
    pub fn revealed(&self) -> Self {
        match self {
            Self::Sensitive(inner) => inner.revealed(),
            other if !other.holds_secret() => other.clone(),
            Self::Nullable(inner) => inner.revealed().nullable(),
            other => other.with_parts(Self::revealed),
        }
    }

    /// The type with each of the parts it is made of changed.
    fn with_parts(&self, change: impl Fn(&Self) -> Self) -> Self {
        match self {
            Self::List(element, lengths) => Self::List(Box::new(change(element)), *lengths),
            Self::Set(element) => Self::set(change(element)),
            Self::Map(element) => Self::map(change(element)),
            Self::Nullable(inner) => Self::Nullable(Box::new(change(inner))),
            Self::Sensitive(inner) => Self::Sensitive(Box::new(change(inner))),
            Self::Tuple(types) => Self::tuple(types.iter().map(change)),
            Self::OneOf(types) => Self::OneOf(types.iter().map(change).collect()),
            Self::Object(fields) => Self::object(
                fields
                    .iter()
                    .map(|(name, field)| (name.clone(), Field { ty: change(&field.ty), ..field.clone() })),
            ),
            other => other.clone(),
        }
    }

    /// This type with the labels of `found`, a type that may be assigned to it, part by part: what a `found` is after
    /// it has been made one of these.
    pub(crate) fn with_labels_of(&self, found: &Self) -> Self {
        if !found.holds_secret() {
            return self.clone();
        }
        match (self, found) {
            (wanted, Self::Sensitive(inner)) => wanted.with_labels_of(inner).labelled(true),
            (Self::Any, found) => found.clone(),
            (Self::Sensitive(_), _) => self.clone(),
            (Self::Nullable(wanted), found) => wanted.with_labels_of(found).nullable(),
            (wanted, Self::Nullable(inner)) => wanted.with_labels_of(inner),
            (Self::List(..) | Self::Set(_), _) => match elements(found) {
                Some(element) => self.with_parts(|wanted| wanted.with_labels_of(&element)),
                None => self.clone().labelled(true),
            },
            (Self::Map(_), Self::Map(_) | Self::Object(_)) => {
                let value = values(found);
                self.with_parts(|wanted| wanted.with_labels_of(&value))
            }
            (Self::Tuple(wanted), Self::Tuple(found)) if wanted.len() == found.len() => Self::tuple(
                wanted.iter().zip(found.iter()).map(|(wanted, found)| wanted.with_labels_of(found)),
            ),
            (Self::Object(wanted), Self::Object(found)) => Self::object(fields(wanted, found)),
            (Self::Object(_), Self::Map(value)) => self.with_parts(|wanted| wanted.with_labels_of(value)),
            _ => self.clone().labelled(true),
        }
    }
}

fn elements(ty: &Type) -> Option<Type> {
    match ty {
        Type::List(element, _) | Type::Set(element) => Some((**element).clone()),
        Type::Tuple(items) => Some(any_of(items.iter())),
        _ => None,
    }
}

fn values(ty: &Type) -> Type {
    match ty {
        Type::Map(element) => (**element).clone(),
        Type::Object(fields) => any_of(fields.values().map(|field| &field.ty)),
        other => other.clone(),
    }
}

fn fields(
    wanted: &BTreeMap<String, Field>,
    found: &BTreeMap<String, Field>,
) -> impl Iterator<Item = (String, Field)> {
    wanted.iter().map(|(name, field)| {
        let ty = match found.get(name) {
            Some(found) => field.ty.with_labels_of(&found.ty),
            None => field.ty.clone(),
        };
        (name.clone(), Field { ty, ..field.clone() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ty(text: &str) -> Type {
        Type::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn labels_go_with_the_parts_that_have_them() {
        for (wanted, found, labelled) in [
            ("string", "string", "string"),
            ("string", "sensitive(string)", "sensitive(string)"),
            ("nullable(string)", "sensitive(string)", "sensitive(nullable(string))"),
            ("list(string)", "tuple([string, sensitive(string)])", "list(sensitive(string))"),
            ("set(int)", "sensitive(list(int))", "sensitive(set(int))"),
            ("map(string)", "object({ a = sensitive(string), b = int })", "map(sensitive(string))"),
            (
                "object({ a = string, b = optional(int) })",
                "object({ a = sensitive(string) })",
                "object({ a = sensitive(string), b = optional(int) })",
            ),
            ("one_of(string, int)", "sensitive(int)", "sensitive(one_of(string, int))"),
            ("any", "list(sensitive(int))", "list(sensitive(int))"),
        ] {
            assert_eq!(ty(wanted).with_labels_of(&ty(found)).to_string(), labelled, "{wanted} of {found}");
        }
    }

    #[test]
    fn no_label_is_left() {
        let secret = ty("object({ a = list(sensitive(string)), b = nullable(sensitive(int)) })");
        assert_eq!(secret.revealed().to_string(), "object({ a = list(string), b = nullable(int) })");
    }
}
