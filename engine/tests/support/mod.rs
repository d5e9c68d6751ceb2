//! What the engine's tests stand on: a strict cloud in memory, and configurations in a line per object.
#![allow(dead_code, reason = "each test file uses its own part")]

pub mod kinds;
pub mod memory;
pub mod movers;
pub mod text;
pub mod world;
