//! Desired resources to steps, and running them. Knows steps, not AWS.
pub mod change;
mod diff;
pub mod event;
pub mod graph;
pub mod id;
pub mod identify;
mod known;
mod links;
pub mod observed;
pub mod plan;
pub mod provider;
pub mod refresh;
pub mod seal;
pub mod state;
pub mod steps;
