//! The colours.

use anstyle::{AnsiColor, Style};

/// What matters.
pub const BOLD: Style = Style::new().bold();
/// What matters less.
pub const DIM: Style = Style::new().dimmed();
/// What is typed as it stands.
pub const CODE: Style = AnsiColor::Cyan.on_default();
/// What is made.
pub const ADD: Style = AnsiColor::Green.on_default();
/// What is changed.
pub const CHANGE: Style = AnsiColor::Yellow.on_default();
/// What goes.
pub const REMOVE: Style = AnsiColor::Red.on_default();
/// What is swapped.
pub const SWAP: Style = AnsiColor::Magenta.on_default();
/// What went wrong.
pub const ERROR: Style = AnsiColor::Red.on_default().bold();
/// What to do about it.
pub const HINT: Style = AnsiColor::Cyan.on_default();
/// What went well.
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
/// What is worth a second look.
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
