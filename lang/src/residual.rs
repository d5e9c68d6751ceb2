//! What is left of an expression when all that is known has been put in: a small closed expression over other
//! objects' attributes. Residuals are data. They print, they stand in the plan file, and resolving finishes them
//! during apply, so apply never opens a source file.

mod display;
mod resolve;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::name::{AttributeName, Identifier};
use crate::schema::SchemaSet;
use crate::value::Value;

pub use display::Waiting;
pub use resolve::{Unresolved, ephemeral, kept, references, resolve, simplify, supplied};

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
    /// An ephemeral variable of the root: nothing of it may be kept, so whoever applies hands it in again.
    Ephemeral(Identifier),
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

/// The attribute name that stands, during evaluation only, for the object itself.
const WHOLE: &str = "";

impl Reference {
    /// A reference to the whole object, which conversion turns into one to its handle.
    pub(crate) fn whole(object: Address) -> Self {
        Self { object, attribute: AttributeName::new(WHOLE) }
    }

    /// Whether it is to the whole object.
    pub(crate) fn is_whole(&self) -> bool {
        self.attribute == *WHOLE
    }

    /// The reference to the attribute a whole object stands for.
    pub(crate) fn to_handle(&self, schemas: &SchemaSet) -> Self {
        let schema = schemas.kind(self.object.kind.as_str());
        let handle = schema.map_or_else(|| AttributeName::new("id"), |schema| schema.handle.clone());
        Self { object: self.object.clone(), attribute: handle }
    }
}

impl From<Value> for Residual {
    fn from(value: Value) -> Self {
        Self::Known(value)
    }
}

impl Residual {
    /// The value, if nothing in it waits.
    pub fn known(&self) -> Option<&Value> {
        match self {
            Self::Known(value) => Some(value),
            _ => None,
        }
    }

    /// A list; known if all of it is.
    pub fn list(items: Vec<Self>) -> Self {
        match all_known(&items) {
            Some(values) => Self::Known(Value::List(values)),
            None => Self::List(items),
        }
    }

    /// A set, in the order of its elements' spelling; known if all of it is. Equal elements are one.
    pub fn set(mut items: Vec<Self>) -> Self {
        if let Some(values) = all_known(&items) {
            return Self::Known(Value::Set(values.into_iter().collect()));
        }
        items.sort_by_cached_key(Self::to_string);
        items.dedup();
        Self::Set(items)
    }

    /// A map; known if all of it is.
    pub fn map(entries: BTreeMap<String, Self>) -> Self {
        let known: Option<BTreeMap<String, Value>> =
            entries.iter().map(|(key, value)| Some((key.clone(), value.known()?.clone()))).collect();
        known.map_or(Self::Map(entries), |known| Self::Known(Value::Map(known)))
    }

    /// The same, as a secret.
    pub fn concealed(self) -> Self {
        match self {
            Self::Known(Value::Sensitive(_)) | Self::Sensitive(_) => self,
            Self::Known(value) => Self::Known(Value::Sensitive(Box::new(value))),
            waiting => Self::Sensitive(Box::new(waiting)),
        }
    }

    /// The same without the label on the whole of it, and whether there was one.
    pub(crate) fn uncovered(self) -> (Self, bool) {
        match self {
            Self::Known(Value::Sensitive(inner)) => (Self::Known(*inner).uncovered().0, true),
            Self::Sensitive(inner) => (inner.uncovered().0, true),
            plain => (plain, false),
        }
    }

    /// Whether any part of it is secret.
    pub fn is_sensitive(&self) -> bool {
        match self {
            Self::Known(value) => value.is_sensitive(),
            Self::Sensitive(_) | Self::Ephemeral(_) => true,
            Self::List(items) | Self::Set(items) | Self::Call(_, items) => {
                items.iter().any(Self::is_sensitive)
            }
            Self::Map(entries) => entries.values().any(Self::is_sensitive),
            Self::Attribute(_) | Self::Variable(_) => false,
            Self::Index(of, key) => of.is_sensitive() || key.is_sensitive(),
            Self::Conditional(condition, yes, no) => {
                [condition, yes, no].iter().any(|part| part.is_sensitive())
            }
            Self::For(each) => each.collection.is_sensitive() || each.result.is_sensitive(),
        }
    }

    /// Calls `visit` with each leaf: what is known, references and variables.
    pub(crate) fn for_each_leaf<'r>(&'r self, visit: &mut impl FnMut(&'r Self)) {
        match self {
            Self::Known(_) | Self::Attribute(_) | Self::Variable(_) | Self::Ephemeral(_) => visit(self),
            Self::List(items) | Self::Set(items) | Self::Call(_, items) => {
                items.iter().for_each(|item| item.for_each_leaf(visit));
            }
            Self::Map(entries) => entries.values().for_each(|value| value.for_each_leaf(visit)),
            Self::Sensitive(inner) => inner.for_each_leaf(visit),
            Self::Index(of, key) => [of, key].into_iter().for_each(|part| part.for_each_leaf(visit)),
            Self::Conditional(condition, yes, no) => {
                [condition, yes, no].into_iter().for_each(|part| part.for_each_leaf(visit));
            }
            Self::For(each) => {
                let optional = each.result_key.iter().chain(&each.condition);
                let parts = [&each.collection, &each.result].into_iter().chain(optional);
                parts.for_each(|part| part.for_each_leaf(visit));
            }
        }
    }

    /// The same with each leaf replaced: what is known, references and variables.
    pub(crate) fn with_leaves(self, leaf: &impl Fn(Self) -> Self) -> Self {
        let all = |items: Vec<Self>| items.into_iter().map(|item| item.with_leaves(leaf)).collect();
        let boxed = |part: Box<Self>| Box::new(part.with_leaves(leaf));
        match self {
            Self::List(items) => Self::list(all(items)),
            Self::Set(items) => Self::set(all(items)),
            Self::Call(name, arguments) => Self::Call(name, all(arguments)),
            Self::Map(entries) => {
                Self::map(entries.into_iter().map(|(key, value)| (key, value.with_leaves(leaf))).collect())
            }
            Self::Sensitive(inner) => inner.with_leaves(leaf).concealed(),
            Self::Index(of, key) => Self::Index(boxed(of), boxed(key)),
            Self::Conditional(condition, yes, no) => {
                Self::Conditional(boxed(condition), boxed(yes), boxed(no))
            }
            Self::For(mut each) => {
                each.collection = each.collection.with_leaves(leaf);
                each.result = each.result.with_leaves(leaf);
                each.result_key = each.result_key.map(|key| key.with_leaves(leaf));
                each.condition = each.condition.map(|condition| condition.with_leaves(leaf));
                Self::For(each)
            }
            known_or_reference => leaf(known_or_reference),
        }
    }

    /// The elements of a list or set whose number is known.
    pub(crate) fn items(&self) -> Option<Vec<Self>> {
        match self {
            Self::Known(Value::List(items)) => Some(items.iter().cloned().map(Self::Known).collect()),
            Self::Known(Value::Set(items)) => Some(items.iter().cloned().map(Self::Known).collect()),
            Self::List(items) | Self::Set(items) => Some(items.clone()),
            _ => None,
        }
    }

    /// The entries of a map or object whose keys are known.
    pub(crate) fn entries(&self) -> Option<BTreeMap<String, Self>> {
        match self {
            Self::Known(Value::Map(entries)) => {
                Some(entries.iter().map(|(key, value)| (key.clone(), Self::Known(value.clone()))).collect())
            }
            Self::Map(entries) => Some(entries.clone()),
            _ => None,
        }
    }

    /// Whether it is a set, of known or waiting elements.
    pub(crate) fn is_set(&self) -> bool {
        matches!(self, Self::Known(Value::Set(_)) | Self::Set(_))
    }
}

fn all_known(items: &[Residual]) -> Option<Vec<Value>> {
    items.iter().map(|item| item.known().cloned()).collect()
}
