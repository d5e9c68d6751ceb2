//! Parts of objects.

use std::ops::Range;

/// What a `Range` header wants of so many bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of them.
    Whole,
    /// These.
    Part(Range<usize>),
    /// Some that are not there.
    Nothing,
}

/// Reads a `Range` header: `bytes=0-9`, `bytes=10-`, `bytes=-5`. What is none of these wants the whole, as several
/// ranges at once do.
pub fn wanted(header: Option<&str>, length: usize) -> Wanted {
    let Some((first, last)) = header.and_then(|header| header.strip_prefix("bytes=")?.split_once('-')) else {
        return Wanted::Whole;
    };
    let start = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Ok(first), Err(_)) if last.is_empty() => first..length,
        (Err(_), Ok(0)) if first.is_empty() => return Wanted::Nothing,
        (Err(_), Ok(last)) if first.is_empty() => length.saturating_sub(last)..length,
        _ => return Wanted::Whole,
    };
    match start.start < length {
        true => Wanted::Part(start),
        false => Wanted::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_what_there_is() {
        let table = [
            (None, Wanted::Whole),
            (Some("bytes=0-3"), Wanted::Part(0..4)),
            (Some("bytes=2-"), Wanted::Part(2..10)),
            (Some("bytes=-3"), Wanted::Part(7..10)),
            (Some("bytes=-30"), Wanted::Part(0..10)),
            (Some("bytes=8-99"), Wanted::Part(8..10)),
            (Some("bytes=10-"), Wanted::Nothing),
            (Some("bytes=-0"), Wanted::Nothing),
            (Some("bytes=3-1"), Wanted::Whole),
            (Some("bytes=0-1,3-4"), Wanted::Whole),
            (Some("lines=0-1"), Wanted::Whole),
        ];
        for (header, expected) in table {
            assert_eq!(wanted(header, 10), expected, "{header:?}");
        }
    }
}
