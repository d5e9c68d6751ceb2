//! The text of strings: escapes, and Unicode's normal form C.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::diagnostic::Diagnostic;
use crate::span::Span;

use super::codes;
use super::tokens::MAX_PROBLEMS;

/// The text in normal form C.
pub(super) fn nfc(text: &str) -> Cow<'_, str> {
    match text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        true => Cow::Borrowed(text),
        false => Cow::Owned(text.nfc().collect()),
    }
}

/// The text of a quoted string at `span`, its escapes replaced; those that do not exist are reported and kept.
pub(super) fn unescape(raw: &str, span: Span, diagnostics: &mut Vec<Diagnostic>) -> String {
    let special = |rest: &str| rest.bytes().position(|byte| matches!(byte, b'\\' | b'$' | b'%'));
    if special(raw).is_none() {
        return nfc(raw).into_owned();
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = special(rest) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = match escape(rest) {
            Some((replacement, length)) => {
                text.push_str(&replacement);
                length
            }
            None => {
                let length = bad_escape_length(rest);
                let start = span.start as usize + raw.len() - rest.len();
                if diagnostics.len() < MAX_PROBLEMS {
                    let place = Span::new(span.file, start, start + length);
                    diagnostics.push(bad_escape(&rest[..length], place));
                }
                text.push_str(&rest[..length]);
                length
            }
        };
        rest = &rest[length..];
    }
    text.push_str(rest);
    nfc(&text).into_owned()
}

/// The text of a heredoc, where `$${` and `%%{` are the only escapes.
pub(super) fn unescape_heredoc(raw: &str) -> String {
    match raw.contains("$${") || raw.contains("%%{") {
        true => nfc(&raw.replace("$${", "${").replace("%%{", "%{")).into_owned(),
        false => nfc(raw).into_owned(),
    }
}

/// What the escape at the beginning of `rest` stands for, and its length.
fn escape(rest: &str) -> Option<(String, usize)> {
    if rest.starts_with("$${") || rest.starts_with("%%{") {
        return Some((rest[1..3].to_owned(), 3));
    }
    let simple = |text: &str| Some((text.to_owned(), 2));
    match rest.as_bytes() {
        [b'\\', b'n', ..] => simple("\n"),
        [b'\\', b'r', ..] => simple("\r"),
        [b'\\', b't', ..] => simple("\t"),
        [b'\\', b'"', ..] => simple("\""),
        [b'\\', b'\\', ..] => simple("\\"),
        [b'\\', b'u', ..] => unicode(rest, 4),
        [b'\\', b'U', ..] => unicode(rest, 8),
        [b'\\', ..] => None,
        _ => Some((rest[..1].to_owned(), 1)),
    }
}

fn unicode(rest: &str, digits: usize) -> Option<(String, usize)> {
    let hex = rest.get(2..2 + digits).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    let character = char::from_u32(u32::from_str_radix(hex, 16).ok()?)?;
    Some((character.to_string(), 2 + digits))
}

/// How much of `rest` is the escape that does not exist.
fn bad_escape_length(rest: &str) -> usize {
    let limit = match rest.as_bytes() {
        [_, b'u', ..] => 4,
        [_, b'U', ..] => 8,
        _ => return 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
    };
    2 + rest[2..].bytes().take(limit).take_while(u8::is_ascii_hexdigit).count()
}

fn bad_escape(written: &str, span: Span) -> Diagnostic {
    let message = format!("`{written}` is no escape");
    let diagnostic = Diagnostic::error(codes::BAD_ESCAPE, span, message);
    match written.as_bytes() {
        [_, b'u', ..] => diagnostic.hint("`\\u` takes four hexadecimal digits of a character"),
        [_, b'U', ..] => diagnostic.hint("`\\U` takes eight hexadecimal digits of a character"),
        _ => diagnostic
            .hint("the escapes are `\\n`, `\\r`, `\\t`, `\\\"`, `\\\\`, `\\uNNNN`, `\\UNNNNNNNN`, `$${` and `%%{`; a backslash itself is `\\\\`")
            .fix(Span::new(span.file, span.start as usize, span.start as usize + 1), "\\\\"),
    }
}
