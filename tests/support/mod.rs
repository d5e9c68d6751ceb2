//! A project in a folder of its own, and the clouds it is applied to.

pub mod clouds;
pub mod project;
pub mod python;
