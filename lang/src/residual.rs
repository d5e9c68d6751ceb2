//! What is left of an expression when all that is known has been put in: a small closed expression over other
//! objects' attributes. Residuals are data. They print, they stand in the plan file, and resolving finishes them
//! during apply, so apply never opens a source file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::name::AttributeName;
use crate::value::Value;

/// A value whose parts may have to wait for other objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Residual {
    /// Known now.
    Known(Value),
    /// A list of so many elements, some of them waiting.
    List(Vec<Residual>),
    /// A set, some of its elements waiting.
    Set(Vec<Residual>),
    /// A map or object with these keys, some of its values waiting.
    Map(BTreeMap<String, Residual>),
    /// A secret that waits.
    Sensitive(Box<Residual>),
    /// The attribute of another object.
    Attribute(Reference),
    /// The element of a collection that waits: by key, or by index from 0.
    Index(Box<Residual>, Box<Residual>),
    /// A call of a builtin function (or operator, by its function name) with waiting arguments.
    Call(String, Vec<Residual>),
    /// `condition ? yes : no`.
    Conditional(Box<Residual>, Box<Residual>, Box<Residual>),
    /// A `for` over a collection that waits.
    For(Box<Comprehension>),
    /// The variable of an enclosing [`Residual::For`].
    Variable(String),
}

/// The attribute of another object, managed or looked up.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reference {
    /// The object.
    pub object: Address,
    /// Its attribute.
    pub attribute: AttributeName,
}

/// A `for` expression over a collection that is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comprehension {
    /// The name of the key or index, if one is bound.
    pub key: Option<String>,
    /// The name of the element.
    pub value: String,
    /// What is run over.
    pub collection: Residual,
    /// For an object, what the key of each entry is.
    pub result_key: Option<Residual>,
    /// What each element becomes.
    pub result: Residual,
    /// Which elements are taken.
    pub condition: Option<Residual>,
    /// Whether values of equal keys are gathered into lists (`...`).
    pub grouped: bool,
}

/// The attributes of an object, each perhaps waiting.
pub type Attributes = BTreeMap<AttributeName, Residual>;

/// The attributes of an object, all known.
pub type Values = BTreeMap<AttributeName, Value>;
