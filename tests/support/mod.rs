//! A project in a folder of its own, and the clouds it is applied to.

pub mod capacity;
pub mod clouds;
pub mod dying;
pub mod in_process;
pub mod page;
pub mod project;
pub mod proxy;
pub mod python;
