//! Values and residuals on one line, no longer than there is room.

use infra_lang::residual::Residual;
use infra_lang::value::Value;

/// A value on one line.
pub fn value(of: &Value, room: usize) -> String {
    shorten(&of.to_string(), room)
}

/// A residual on one line; what waits shows for what.
pub fn residual(of: &Residual, room: usize) -> String {
    shorten(&of.to_string(), room)
}

/// Cuts text to `room` characters, with an ellipsis.
pub fn shorten(text: &str, room: usize) -> String {
    let line = text.replace('\n', "\\n");
    if line.chars().count() <= room {
        return line;
    }
    let kept: String = line.chars().take(room.saturating_sub(1)).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_and_says_so() {
        assert_eq!(shorten("abcdef", 6), "abcdef");
        assert_eq!(shorten("abcdefg", 6), "abcde…");
        assert_eq!(shorten("a\nb", 6), "a\\nb");
    }
}
