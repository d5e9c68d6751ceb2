//! Answers of services that are spoken to in more than one protocol: typed, where XML knows text alone.

use std::collections::BTreeMap;

use super::Node;
use crate::model::Time;

/// A value of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// A text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A number.
    Number(f64),
    /// A switch.
    Bool(bool),
    /// A moment.
    Time(Time),
    /// A list.
    List(Vec<Data>),
    /// A structure, by the names of its members.
    Map(BTreeMap<&'static str, Data>),
    /// Values by names that are data themselves.
    Entries(BTreeMap<String, Data>),
}

impl Data {
    /// A structure without members.
    pub fn body() -> Self {
        Self::Map(BTreeMap::new())
    }

    /// Adds a member to a structure.
    pub fn with(mut self, name: &'static str, value: Self) -> Self {
        if let Self::Map(members) = &mut self {
            members.insert(name, value);
        }
        self
    }

    /// Adds a member if there is a value; SDKs want absent members left out.
    pub fn maybe(self, name: &'static str, value: Option<Self>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The value as the query protocol writes it.
    pub fn node(&self) -> Node {
        match self {
            Self::Text(text) => Node::value(text),
            Self::Int(number) => Node::value(number),
            Self::Number(number) => Node::value(number),
            Self::Bool(switch) => Node::value(switch),
            Self::Time(moment) => Node::value(moment.stamp()),
            Self::List(items) => {
                items.iter().fold(Node::body(), |node, item| node.child("member", item.node()))
            }
            Self::Map(members) => {
                members.iter().fold(Node::body(), |node, (name, value)| node.child(*name, value.node()))
            }
            Self::Entries(entries) => entries.iter().fold(Node::body(), |node, (key, value)| {
                node.child("entry", Node::body().field("key", key).child("value", value.node()))
            }),
        }
    }
}
