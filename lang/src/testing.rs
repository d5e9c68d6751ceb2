//! Tests of a configuration, without AWS: what a `*.test.infra` file says, and what comes of it.
//!
//! ```text
//! test file ──test_file──► TestFile ─┐
//!                                    ├─► Suite ──run──► what does not hold
//! sources of what is tested ─────────┘
//! ```
//!
//! A project is tested as it stands, with other variables. A module, which is a directory without a `project`, is
//! called by a project made up for the test: the test file may hold that project, and whatever else the module is
//! handed.

mod answers;
mod judge;
mod read;
mod suite;

use crate::ast::{Attribute, Block, Expr};
use crate::span::Span;

pub use read::test_file;
pub use suite::Suite;

/// What a test file says.
#[derive(Debug, Clone)]
pub struct TestFile {
    /// Its tests, in the order written.
    pub tests: Vec<Test>,
    /// Its other blocks: the project that calls the module tested, and what else that project holds.
    pub(crate) around: Vec<Block>,
}

/// One `test` block.
#[derive(Debug, Clone)]
pub struct Test {
    /// Its label.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// What the variables are, those of the whole file first; the later wins.
    pub(crate) variables: Vec<Attribute>,
    pub(crate) answers: Vec<Answer>,
    pub(crate) assertions: Vec<Assertion>,
    pub(crate) expected: Option<Expected>,
}

/// What stands in for AWS: attributes of one object.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The address, seen from what is tested.
    pub(crate) key: Expr,
    pub(crate) value: Expr,
}

/// An `assert` block.
#[derive(Debug, Clone)]
pub(crate) struct Assertion {
    pub(crate) condition: Expr,
    pub(crate) message: Expr,
}

/// The error that a run must end in.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub(crate) code: String,
    /// Words of its message.
    pub(crate) text: Option<String>,
    pub(crate) span: Span,
}
