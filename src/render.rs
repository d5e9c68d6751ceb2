//! Data to text. Pure: whoever calls decides where the text goes.

pub mod attribute;
pub mod diagnostic;
pub mod drift;
pub mod duration;
pub mod events;
pub mod markdown;
pub mod module;
pub mod plan;
pub mod rehearsal;
pub mod repair;
pub mod state;
pub mod status;
pub mod style;
pub mod test;
pub mod value;
