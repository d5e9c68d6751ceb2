//! What the tests of meaning share: a few kinds, files in memory, and the cases' format.

pub mod case;
pub mod files;
pub mod kinds;
