//! Strings: cutting, joining, changing case.

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::{Arguments, Function, Returned, values};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    values("chomp", "(text: string) -> string", "The text without newlines at its end.", |a| {
        text(a.text(0)?.trim_end_matches(['\n', '\r']))
    }),
    values(
        "endswith",
        "(text: string, suffix: string) -> bool",
        "Whether the text ends with the suffix.",
        |a| Ok(Value::Bool(a.text(0)?.ends_with(a.text(1)?))),
    ),
    values(
        "indent",
        "(spaces: int(0, 1000), text: string) -> string",
        "Indents every line but the first.",
        indent,
    ),
    values(
        "join",
        "(separator: string, ...lists: list(string)) -> string",
        "The strings of all lists, with a separator between them.",
        join,
    ),
    values("lower", "(text: string) -> string", "In lower case.", |a| text(a.text(0)?.to_lowercase())),
    values(
        "split",
        "(separator: string, text: string) -> list(string)",
        "The pieces between separators.",
        split,
    ),
    values(
        "startswith",
        "(text: string, prefix: string) -> bool",
        "Whether the text starts with the prefix.",
        |a| Ok(Value::Bool(a.text(0)?.starts_with(a.text(1)?))),
    ),
    values(
        "strcontains",
        "(text: string, part: string) -> bool",
        "Whether the text contains the part.",
        |a| Ok(Value::Bool(a.text(0)?.contains(a.text(1)?))),
    ),
    values(
        "substr",
        "(text: string, offset: int, length: int(-1, null)) -> string",
        "A part of the text by characters; a negative offset counts from the end, length -1 is all the rest.",
        substr,
    ),
    values("title", "(text: string) -> string", "With the first letter of each word in upper case.", title),
    values(
        "trim",
        "(text: string, characters: string) -> string",
        "Without these characters at both ends.",
        |a| {
            let unwanted: Vec<char> = a.text(1)?.chars().collect();
            text(a.text(0)?.trim_matches(&unwanted[..]))
        },
    ),
    values("trimprefix", "(text: string, prefix: string) -> string", "Without the prefix.", |a| {
        let (whole, prefix) = (a.text(0)?, a.text(1)?);
        text(whole.strip_prefix(prefix).unwrap_or(whole))
    }),
    values("trimspace", "(text: string) -> string", "Without white space at both ends.", |a| {
        text(a.text(0)?.trim())
    }),
    values("trimsuffix", "(text: string, suffix: string) -> string", "Without the suffix.", |a| {
        let (whole, suffix) = (a.text(0)?, a.text(1)?);
        text(whole.strip_suffix(suffix).unwrap_or(whole))
    }),
    values("upper", "(text: string) -> string", "In upper case.", |a| text(a.text(0)?.to_uppercase())),
];

/// The longest text that is made, in bytes: a thousand times what any attribute of AWS takes. A text that is made of
/// itself again and again comes here long before memory ends.
const MAX_TEXT: usize = 16 << 20;

/// A string value in normal form C, as all strings of the language.
pub(super) fn text(text: impl AsRef<str>) -> Returned {
    let text = text.as_ref();
    fits(text.len())?;
    Ok(Value::String(text.nfc().collect()))
}

/// Refuses a text of so many bytes if it is longer than texts may be.
pub(super) fn fits(length: usize) -> Result<(), String> {
    match length > MAX_TEXT {
        true => Err(format!("the text would be longer than {} MiB", MAX_TEXT >> 20)),
        false => Ok(()),
    }
}

fn indent(a: &Arguments) -> Returned {
    let spaces = " ".repeat(usize::try_from(a.int(0)?).unwrap_or(0));
    fits(spaces.len().saturating_mul(a.text(1)?.matches('\n').count()))?;
    text(a.text(1)?.replace('\n', &format!("\n{spaces}")))
}

fn join(a: &Arguments) -> Returned {
    let mut pieces = Vec::new();
    for at in 1..a.len() {
        pieces.extend(a.texts(at)?);
    }
    text(pieces.join(a.text(0)?))
}

fn split(a: &Arguments) -> Returned {
    let (separator, whole) = (a.text(0)?, a.text(1)?);
    let pieces: Vec<Value> = match (separator, whole) {
        (_, "") => vec![Value::string("")],
        ("", whole) => whole.graphemes(true).map(Value::string).collect(),
        (separator, whole) => whole.split(separator).map(Value::string).collect(),
    };
    Ok(Value::List(pieces))
}

fn substr(a: &Arguments) -> Returned {
    let characters: Vec<&str> = a.text(0)?.graphemes(true).collect();
    let (offset, length) = (a.int(1)?, a.int(2)?);
    let count = characters.len() as i64;
    let start = if offset < 0 { (count + offset).max(0) } else { offset.min(count) };
    let end = if length < 0 { count } else { start.saturating_add(length).min(count) };
    text(characters[start as usize..end as usize].concat())
}

fn title(a: &Arguments) -> Returned {
    let mut titled = String::new();
    let mut inside = false;
    for c in a.text(0)?.chars() {
        if inside {
            titled.push(c)
        } else {
            titled.extend(c.to_uppercase())
        }
        inside = c.is_alphanumeric() || c == '\'' || c == '_';
    }
    text(titled)
}
