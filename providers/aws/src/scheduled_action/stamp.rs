//! Times as the language writes them and as the SDK takes them.

use std::time::SystemTime;

use aws_sdk_autoscaling::primitives::{DateTime, DateTimeFormat};

/// Reads a time in RFC 3339's form; `None` if it is not one.
pub(super) fn read(text: &str) -> Option<DateTime> {
    DateTime::from_str(text, DateTimeFormat::DateTimeWithOffset).ok()
}

/// A time in UTC.
pub(super) fn write(moment: &DateTime) -> Option<String> {
    moment.fmt(DateTimeFormat::DateTime).ok()
}

/// Whether a time is over.
pub(super) fn is_past(moment: &DateTime, now: SystemTime) -> bool {
    *moment < DateTime::from(now)
}
