//! What may be meant by letters behind a number.

use crate::ast::Unit;
use crate::diagnostic::{Diagnostic, nearest};
use crate::parse::codes;
use crate::span::Span;

/// A number with letters that are no unit; `whole` is both.
pub(super) fn bad_unit(digits: &str, word: &str, whole: Span) -> Diagnostic {
    let problem = Diagnostic::error(codes::BAD_UNIT, whole, format!("`{word}` is no unit"));
    let place = Span::new(whole.file, whole.start as usize + digits.len(), whole.end as usize);
    let same = |unit: &&str| unit.eq_ignore_ascii_case(word);
    let meant = Unit::all().find(same).or_else(|| long_unit(word)).or_else(|| nearest(word, Unit::all()));
    match meant {
        Some(unit) => problem.hint(format!("did you mean `{digits}{unit}`?")).suggest(place, unit),
        None if digits == "0" => problem.hint("numbers are written in decimal digits"),
        None if word.contains(|c: char| c.is_ascii_digit()) => {
            problem.hint("a quantity has one number and one unit: `90m`, not `1h30m`")
        }
        None => problem.hint("units are `ms s m min h d w`, `B kB MB GB TB KiB MiB GiB TiB` and `%`"),
    }
}

/// The unit that a longer word means.
fn long_unit(word: &str) -> Option<&'static str> {
    match word.to_ascii_lowercase().as_str() {
        "sec" | "secs" | "second" | "seconds" => Some("s"),
        "mins" | "minute" | "minutes" => Some("min"),
        "hr" | "hrs" | "hour" | "hours" => Some("h"),
        "day" | "days" => Some("d"),
        "week" | "weeks" => Some("w"),
        "k" | "ki" => Some("KiB"),
        "mi" => Some("MiB"),
        "g" | "gi" => Some("GiB"),
        "t" | "ti" => Some("TiB"),
        "percent" => Some("%"),
        _ => None,
    }
}
