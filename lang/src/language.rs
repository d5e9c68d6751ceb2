//! The blocks of the language itself and its types, as data: the reference pages are made from these.

mod blocks;
mod types;

pub use blocks::blocks;
pub use types::types;

/// A block of the language, such as `variable`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockPage {
    /// The word it starts with.
    pub name: &'static str,
    /// How it begins: `variable "NAME"`.
    pub header: &'static str,
    /// What it is, in Markdown; the first sentence is the summary.
    pub doc: &'static str,
    /// What it may hold: names, types or forms, and meanings in Markdown.
    pub attributes: &'static [(&'static str, &'static str, &'static str)],
    /// A configuration that uses it, valid beside a `project`.
    pub example: &'static str,
}

/// A type, or a word that types are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypePage {
    /// Its name.
    pub name: &'static str,
    /// How it is written, with what it takes.
    pub form: &'static str,
    /// What its values are, in Markdown.
    pub doc: &'static str,
}
