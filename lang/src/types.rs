//! Types: what a value may be.

use std::collections::BTreeMap;

use crate::name::KindName;
use crate::number::Number;
use crate::value::{Dimension, Value};

/// A lowest and a highest value, each included; `None` is no bound.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bounds {
    /// The lowest value.
    pub min: Option<Number>,
    /// The highest value.
    pub max: Option<Number>,
}

/// How many elements a list may have, each end included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lengths {
    /// At least so many.
    pub min: Option<usize>,
    /// At most so many.
    pub max: Option<usize>,
}

/// Which strings are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// All.
    Any,
    /// One of these, in the order they were declared.
    Enum(Vec<String>),
    /// Those of a shape: the name it is known by (`cidr4`, `arn`), and the regular expression.
    Pattern {
        /// The name people know it by, if it has one.
        name: Option<String>,
        /// The regular expression the whole string must match.
        pattern: String,
    },
    /// The id, as AWS or we give it, of an object of a kind.
    Id(KindName),
}

/// A field of an object type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The type of the field when it is there.
    pub ty: Type,
    /// Whether it may be left out.
    pub optional: bool,
    /// What it then is; without one it reads as null.
    pub default: Option<Value>,
}

/// A type of the language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// Anything; known only when the value is.
    Any,
    /// `true` or `false`.
    Bool,
    /// A string.
    String(Text),
    /// A number, whole if `integer`.
    Number {
        /// Whether fractions are refused.
        integer: bool,
        /// The lowest and the highest.
        bounds: Bounds,
    },
    /// A number with a unit; bounds in the dimension's base unit.
    Quantity {
        /// What it measures.
        dimension: Dimension,
        /// The lowest and the highest.
        bounds: Bounds,
    },
    /// Elements of one type, in order.
    List(Box<Type>, Lengths),
    /// Different elements of one type, in no order.
    Set(Box<Type>),
    /// Values of one type by key.
    Map(Box<Type>),
    /// So many elements, each of its own type.
    Tuple(Vec<Type>),
    /// Named fields, each of its own type, and no others.
    Object(BTreeMap<String, Field>),
    /// The type, or null.
    Nullable(Box<Type>),
    /// The type, secret.
    Sensitive(Box<Type>),
    /// Any of these.
    OneOf(Vec<Type>),
    /// A whole object of a kind; stands for its id where one is wanted.
    Kind(KindName),
}

impl Type {
    /// Any string.
    pub fn string() -> Self {
        Self::String(Text::Any)
    }

    /// Any number.
    pub fn number() -> Self {
        Self::Number { integer: false, bounds: Bounds::default() }
    }

    /// The type without `nullable` and `sensitive` around it.
    pub fn core(&self) -> &Self {
        match self {
            Self::Nullable(inner) | Self::Sensitive(inner) => inner.core(),
            other => other,
        }
    }
}
