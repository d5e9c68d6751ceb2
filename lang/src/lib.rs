//! Text to desired resources. Pure: no files, no network, no clock, no environment.

pub mod diagnostic;
pub mod span;
