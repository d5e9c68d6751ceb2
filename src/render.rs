//! Data to text. Pure: whoever calls decides where the text goes.

pub mod attribute;
pub mod diagnostic;
pub mod duration;
pub mod events;
pub mod markdown;
#[cfg_attr(not(test), expect(dead_code, reason = "`infra docs` comes to show it"))]
pub mod module;
pub mod plan;
pub mod state;
pub mod style;
pub mod test;
pub mod value;
