//! Durations as they are written in faults: `90s`, `1m30s`, `250ms`.

use std::time::Duration;

use jiff::SignedDuration;
use jiff::fmt::friendly::{Spacing, SpanPrinter};

use crate::timing::Delay;

/// Reads a duration that is not negative.
pub fn parse(text: &str) -> Option<Duration> {
    let starts_with_digit = text.starts_with(|first: char| first.is_ascii_digit());
    let span: SignedDuration = text.parse().ok().filter(|_| starts_with_digit)?;
    Duration::try_from(span).ok()
}

/// Writes a duration, to the millisecond.
pub fn print(span: Duration) -> String {
    let printer = SpanPrinter::new().spacing(Spacing::None);
    let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    printer.duration_to_string(&SignedDuration::from_millis(millis))
}

/// Reads `2m`, or `2m..3m`.
pub fn parse_delay(text: &str) -> Option<Delay> {
    let (low, high) = text.split_once("..").unwrap_or((text, text));
    let millis = |text| parse(text).and_then(|span| u64::try_from(span.as_millis()).ok());
    let (low, high) = (millis(low)?, millis(high)?);
    (low <= high).then_some(Delay::millis(low, high))
}

/// Writes a delay.
pub fn print_delay(delay: Delay) -> String {
    let [low, high] = [delay.low_ms, delay.high_ms].map(|millis| print(Duration::from_millis(millis)));
    if low == high { low } else { format!("{low}..{high}") }
}
