//! Values that are known.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::number::Number;

/// What a quantity measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dimension {
    /// Time; the amount is in seconds.
    Duration,
    /// Bytes; the amount is in bytes.
    Size,
    /// Hundredths; the amount is the percentage, 80 for `80%`.
    Percent,
}

/// A number with a unit, kept in the dimension's base unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity {
    /// What is measured.
    pub dimension: Dimension,
    /// Seconds, bytes or hundredths.
    pub amount: Number,
}

/// A known value of the language.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// No value; in a nullable type only.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string in Unicode's normal form C.
    String(String),
    /// A duration, size or percentage.
    Quantity(Quantity),
    /// A list or tuple.
    List(Vec<Value>),
    /// A set, in its values' order.
    Set(BTreeSet<Value>),
    /// A map or object, in its keys' order.
    Map(BTreeMap<String, Value>),
    /// A secret: it may be used, never shown or written.
    Sensitive(Box<Value>),
    /// What is left of a secret in files: a keyed hash, in hexadecimal, enough to see a change.
    Sealed(String),
}

impl Value {
    /// A string value.
    pub fn string(text: impl Into<String>) -> Self {
        Self::String(text.into())
    }

    /// A whole number.
    pub fn int(value: i64) -> Self {
        Self::Number(Number::from(value))
    }

    /// A duration of whole seconds.
    pub fn seconds(value: i64) -> Self {
        Self::Quantity(Quantity { dimension: Dimension::Duration, amount: Number::from(value) })
    }

    /// The text of a string, the secret ones too.
    pub fn as_str(&self) -> Option<&str> {
        match self.revealed() {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Calls `visit` with each labelled part, without its label.
    pub fn for_each_secret<'v>(&'v self, visit: &mut dyn FnMut(&'v Self)) {
        match self {
            Self::Sensitive(inner) => visit(inner.revealed()),
            Self::List(items) => items.iter().for_each(|item| item.for_each_secret(visit)),
            Self::Set(items) => items.iter().for_each(|item| item.for_each_secret(visit)),
            Self::Map(entries) => entries.values().for_each(|value| value.for_each_secret(visit)),
            Self::Null
            | Self::Bool(_)
            | Self::Number(_)
            | Self::String(_)
            | Self::Quantity(_)
            | Self::Sealed(_) => {}
        }
    }

    /// The value under the label of secrecy, one level.
    pub fn revealed(&self) -> &Self {
        match self {
            Self::Sensitive(inner) => inner.revealed(),
            other => other,
        }
    }

    /// Whether any part of it is secret.
    pub fn is_sensitive(&self) -> bool {
        match self {
            Self::Sensitive(_) | Self::Sealed(_) => true,
            Self::List(items) => items.iter().any(Self::is_sensitive),
            Self::Set(items) => items.iter().any(Self::is_sensitive),
            Self::Map(entries) => entries.values().any(Self::is_sensitive),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) | Self::Quantity(_) => false,
        }
    }
}

impl fmt::Display for Value {
    /// The value in the language's own spelling, on one line; secrets as `(sensitive)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::String(text) => write!(f, "{}", Quoted(text)),
            Self::Quantity(quantity) => write!(f, "{quantity}"),
            Self::List(items) => write_items(f, items.iter()),
            Self::Set(items) => write_items(f, items.iter()),
            Self::Map(entries) => write_entries(f, entries),
            Self::Sensitive(_) | Self::Sealed(_) => f.write_str("(sensitive)"),
        }
    }
}

/// Values are debugged as they are displayed, so that no `{:?}` shows a secret.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A string as a literal of the language.
pub struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escaped = serde_json::Value::from(self.0).to_string();
        f.write_str(&escaped.replace("${", "$${").replace("%{", "%%{"))
    }
}

fn write_items<'a>(f: &mut fmt::Formatter<'_>, items: impl Iterator<Item = &'a Value>) -> fmt::Result {
    let items: Vec<String> = items.map(Value::to_string).collect();
    write!(f, "[{}]", items.join(", "))
}

fn write_entries(f: &mut fmt::Formatter<'_>, entries: &BTreeMap<String, Value>) -> fmt::Result {
    if entries.is_empty() {
        return f.write_str("{}");
    }
    let entries: Vec<String> = entries.iter().map(|(key, value)| format!("{} = {value}", Key(key))).collect();
    write!(f, "{{ {} }}", entries.join(", "))
}

/// A map key as the language spells it: bare where an identifier may stand.
pub struct Key<'a>(pub &'a str);

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let starts = self.0.starts_with(|c: char| c.is_alphabetic() || c == '_');
        let bare = starts && self.0.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
        if bare { f.write_str(self.0) } else { write!(f, "{}", Quoted(self.0)) }
    }
}

impl fmt::Display for Quantity {
    /// In the largest unit that gives a whole number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units: &[(i64, &str)] = match self.dimension {
            Dimension::Duration => &[(604_800, "w"), (86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")],
            Dimension::Size => {
                &[(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"), (1, "B")]
            }
            Dimension::Percent => &[(1, "%")],
        };
        for (factor, unit) in units {
            let amount = &self.amount / &Number::from(*factor);
            if amount.is_integer() && (!amount.is_zero() || *factor == 1) {
                return write!(f, "{amount}{unit}");
            }
        }
        match self.dimension {
            Dimension::Duration => write!(f, "{}ms", &self.amount * &Number::from(1000)),
            Dimension::Size => write!(f, "{}B", self.amount),
            Dimension::Percent => write!(f, "{}%", self.amount),
        }
    }
}
