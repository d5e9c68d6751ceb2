//! Desired resources to steps, and running them. Knows steps, not AWS.

pub mod change;
pub mod event;
pub mod id;
pub mod plan;
pub mod provider;
pub mod seal;
pub mod state;
pub mod steps;
