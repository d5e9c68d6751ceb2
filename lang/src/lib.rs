//! Text to desired resources. Pure: no files, no network, no clock, no environment.
//!
//! ```text
//! text ──parse──► File ──check──► Program ──evaluate──► Desired ──(engine)──► resolve ──► Value
//!                           ▲ SchemaSet         ▲ Inputs
//! ```
//!
//! [`parse`](fn@parse) recovers, so that one run reports many errors. [`check`] resolves names and types against the
//! kinds there are. [`evaluate`] gives each object's attributes as [`Residual`](residual::Residual)s: known, or small
//! expressions over what other objects turn out to be, which [`resolve`] finishes during apply.

// The vocabulary that engine and providers share.
pub mod address;
pub mod desired;
pub mod diagnostic;
pub mod inputs;
pub mod interface;
pub mod name;
pub mod number;
pub mod residual;
pub mod schema;
pub mod span;
pub mod types;
pub mod value;
mod wire;

pub mod explain;
pub mod fix;
pub mod language;

// What the stages share among themselves.
mod constant;
pub mod functions;
mod partial;

// Syntax: text to trees, and text to tidier text.
pub mod ast;
pub mod format;
pub mod parse;

// Meaning: trees to programs, and programs to what they want.
mod check;
mod evaluate;
mod program;
mod reference;
pub mod tool;

// Tests of configurations, on top of all of it.
pub mod testing;

pub use check::{Expression, check, check_expression, check_for, module_directories};
pub use constant::values_file;
pub use evaluate::{evaluate, evaluate_expression, project, validate};
pub use format::format;
pub use parse::{parse, parse_expression};
pub use program::{Program, Source};
pub use residual::{ephemeral, kept, references, resolve, simplify, supplied};
