//! Text to desired resources. Pure: no files, no network, no clock, no environment.

// The vocabulary that engine and providers share.
pub mod address;
pub mod desired;
pub mod diagnostic;
pub mod inputs;
pub mod name;
pub mod number;
pub mod residual;
pub mod schema;
pub mod span;
pub mod types;
pub mod value;
mod wire;

pub mod explain;

// What the stages share among themselves.
mod constant;
pub mod functions;
mod partial;

// Syntax: text to trees, and text to tidier text.
pub mod ast;
pub mod format;
pub mod parse;
