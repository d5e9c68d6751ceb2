//! Types: what a value may be.

mod assign;
mod convert;
mod differ;
mod display;
mod label;
mod nouns;
mod prelude;
mod read;
mod text;
mod unify;
mod waiting;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::name::KindName;
use crate::number::Number;
use crate::value::{Dimension, Value};

pub use assign::{Fit, fit};
pub use convert::{Mismatch, convert_value};
pub(crate) use convert::{check_length, read_quantity};
pub(crate) use differ::difference;
pub(crate) use display::spoken;
pub use prelude::{PRELUDE, prelude};
pub(crate) use read::{TypeNames, read_type};
pub use unify::{Clash, type_of, unify, widened};
pub(crate) use unify::{any_of, unify_all};
pub use waiting::convert;

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

impl Field {
    /// A field that is always there.
    pub fn required(ty: Type) -> Self {
        Self { ty, optional: false, default: None }
    }
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
    Tuple(Arc<[Type]>),
    /// Named fields, each of its own type, and no others. Shared, for every reference to a wide object has its type.
    Object(Arc<BTreeMap<String, Field>>),
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

    /// Any whole number.
    pub fn int() -> Self {
        Self::Number { integer: true, bounds: Bounds::default() }
    }

    /// Any quantity of a dimension.
    pub fn quantity(dimension: Dimension) -> Self {
        Self::Quantity { dimension, bounds: Bounds::default() }
    }

    /// A list of any length.
    pub fn list(element: Self) -> Self {
        Self::List(Box::new(element), Lengths::default())
    }

    /// A set.
    pub fn set(element: Self) -> Self {
        Self::Set(Box::new(element))
    }

    /// A map.
    pub fn map(element: Self) -> Self {
        Self::Map(Box::new(element))
    }

    /// A list literal's type.
    pub fn tuple(items: impl IntoIterator<Item = Self>) -> Self {
        Self::Tuple(items.into_iter().collect())
    }

    /// An object with these fields.
    pub fn object(fields: impl IntoIterator<Item = (String, Field)>) -> Self {
        Self::Object(Arc::new(fields.into_iter().collect()))
    }

    /// The field of that name, if it is an object with one.
    pub fn field(&self, name: &str) -> Option<&Field> {
        match self {
            Self::Object(fields) => fields.get(name),
            _ => None,
        }
    }

    /// The type or null; not wrapped twice.
    pub fn nullable(self) -> Self {
        if self.may_be_null() { self } else { Self::Nullable(Box::new(self)) }
    }

    /// The type of `null` itself: no value but null.
    pub fn null() -> Self {
        Self::Nullable(Box::new(Self::never()))
    }

    /// The type without values: of the elements of an empty list, and of an expression whose error has been
    /// reported. It may stand anywhere, so that what depends on it is silent.
    pub fn never() -> Self {
        Self::OneOf(Vec::new())
    }

    /// Whether null is one of its values.
    pub fn may_be_null(&self) -> bool {
        match self {
            Self::Nullable(_) | Self::Any => true,
            Self::Sensitive(inner) => inner.may_be_null(),
            _ => false,
        }
    }

    /// The type without `nullable` and `sensitive` around it.
    pub fn core(&self) -> &Self {
        match self {
            Self::Nullable(inner) | Self::Sensitive(inner) => inner.core(),
            other => other,
        }
    }
}
