//! What evaluation is handed: variables, files and answers. `lang` reads nothing by itself.

use std::collections::BTreeMap;

use crate::address::Address;
use crate::desired::Content;
use crate::name::Identifier;
use crate::residual::Values;
use crate::span::Span;
use crate::value::Value;

/// A variable's value as it came from outside.
#[derive(Debug, Clone)]
pub enum Given {
    /// Text from the command line or the environment: raw where a string is wanted, else read as an expression.
    Text {
        /// What was given.
        text: String,
        /// How it was given, for errors: `--var min=2`, `INFRA_VAR_min`.
        origin: String,
    },
    /// A constant from a values file.
    Value {
        /// The value.
        value: Value,
        /// Where it stands.
        span: Span,
    },
}

/// Everything evaluation depends on besides the program.
pub struct Inputs<'a> {
    /// The root's variables, the last word on each.
    pub variables: BTreeMap<Identifier, Given>,
    /// The files of the project.
    pub files: &'a dyn Files,
    /// Answers to lookups so far.
    pub data: BTreeMap<Address, Values>,
    /// `plantimestamp()`, RFC 3339 in UTC.
    pub timestamp: String,
    /// The account, once it is known.
    pub account: Option<String>,
}

/// Why a file could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// There is none.
    #[error("there is no such file")]
    Missing,
    /// The path leaves the project.
    #[error("the path leads out of the project")]
    Outside,
    /// Anything else, in the system's words.
    #[error("{0}")]
    Other(String),
}

/// The files of a project, read by whoever may.
///
/// Paths are relative to the project's root, with `/`.
pub trait Files {
    /// The bytes of a file.
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError>;

    /// Where a symbolic link leads, as it is written.
    fn link(&self, path: &str) -> Result<String, FileError> {
        let _ = path;
        Err(FileError::Other("links cannot be read here".to_owned()))
    }

    /// What is in a file or a tree, without what `ignore` (in `.gitignore`'s syntax) leaves out.
    fn content(&self, path: &str, ignore: &[String]) -> Result<Content, FileError>;

    /// The files under `directory` whose path matches the glob `pattern`, sorted.
    fn matching(&self, directory: &str, pattern: &str) -> Result<Vec<String>, FileError>;
}
