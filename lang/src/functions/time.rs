//! Times, as RFC 3339 text in UTC.

use jiff::{SignedDuration, Timestamp};

use super::{Arguments, Function, Returned, reads, values};
use crate::value::{Dimension, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    values(
        "formatdate",
        "(format: string, time: string) -> string",
        "A time as text: `YYYY`, `MM`, `DD`, `hh`, `mm`, `ss`, `MMM`, `MMMM`, `EEE`, `EEEE`, `ZZZZ`; text in quotes stays.",
        formatdate,
    ),
    reads("plantimestamp", "() -> string", "The time of the plan.", |s, _| Ok(Value::string(s.timestamp))),
    values("timeadd", "(time: string, duration: duration) -> string", "The time so much later.", timeadd),
    values(
        "timecmp",
        "(a: string, b: string) -> int",
        "-1, 0 or 1, as the first is before, at or after the second.",
        |a| Ok(Value::int(time(a.text(0)?)?.cmp(&time(a.text(1)?)?) as i64)),
    ),
];

fn time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| format!("\"{text}\" is not a time like \"2026-11-21T08:00:00Z\""))
}

fn timeadd(a: &Arguments) -> Returned {
    let amount = match a.value(1)? {
        Value::Quantity(quantity) if quantity.dimension == Dimension::Duration => quantity.amount.to_f64(),
        _ => return Err("the second argument is not a duration".to_owned()),
    };
    let duration = SignedDuration::try_from_secs_f64(amount).map_err(|error| error.to_string())?;
    let later = time(a.text(0)?)?.checked_add(duration).map_err(|error| error.to_string())?;
    Ok(Value::string(later.to_string()))
}

fn formatdate(a: &Arguments) -> Returned {
    let time = time(a.text(1)?)?.to_zoned(jiff::tz::TimeZone::UTC);
    let mut out = String::new();
    let mut rest = a.text(0)?;
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            let end = rest[1..].find('\'').ok_or("a quote is not closed")?;
            out.push_str(if end == 0 { "'" } else { &rest[1..=end] });
            rest = &rest[end + 2..];
            continue;
        }
        let run = rest.len() - rest.trim_start_matches(first).len();
        let (verb, tail) = rest.split_at(run);
        rest = tail;
        match directive(verb) {
            Some(pattern) => out.push_str(&time.strftime(pattern).to_string()),
            None if first.is_alphabetic() => return Err(format!("`{verb}` is not part of a date format")),
            None => out.push_str(verb),
        }
    }
    Ok(Value::String(out))
}

fn directive(verb: &str) -> Option<&'static str> {
    Some(match verb {
        "YYYY" => "%Y",
        "YY" => "%y",
        "MMMM" => "%B",
        "MMM" => "%b",
        "MM" => "%m",
        "M" => "%-m",
        "DD" => "%d",
        "D" => "%-d",
        "EEEE" => "%A",
        "EEE" => "%a",
        "hh" => "%H",
        "h" => "%-H",
        "HH" => "%I",
        "H" => "%-I",
        "AA" => "%p",
        "aa" => "%P",
        "mm" => "%M",
        "m" => "%-M",
        "ss" => "%S",
        "s" => "%-S",
        "ZZZZZ" => "%:z",
        "ZZZZ" => "%z",
        "ZZZ" => "UTC",
        "Z" => "Z",
        _ => return None,
    })
}
