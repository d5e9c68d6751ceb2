//! How far things reach, and what lines look like.

use std::collections::HashMap;

use pest::unicode::{ID_CONTINUE, ID_START};

/// What cannot begin an operand, so that a `%` before it is a unit.
const NO_OPERAND: &[&str] =
    &[",", ")", "]", "}", "~}", "?", ":", "==", "!=", "<", ">", "&&", "||", "*", "/", "+", "#"];

/// The length of template text up to `${`, `%{` or one of `stops`.
pub(super) fn text_length(text: &str, stops: &str, escapes: bool) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        at += match bytes[at] {
            byte if stops.as_bytes().contains(&byte) => return at,
            b'$' | b'%' if rest.starts_with("$${") || rest.starts_with("%%{") => 3,
            b'$' | b'%' if bytes.get(at + 1) == Some(&b'{') => return at,
            b'\\' if escapes => 1 + rest[1..].chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8),
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
    }
    at
}

pub(super) fn opener_length(rest: &str) -> usize {
    if rest[2..].starts_with('~') { 3 } else { 2 }
}

pub(super) fn line_length(rest: &str) -> usize {
    let line = rest.split('\n').next().unwrap_or_default();
    line.strip_suffix('\r').filter(|_| line.len() < rest.len()).unwrap_or(line).len()
}

/// The length of the comment that the text begins with, if it ends.
pub(super) fn block_comment_length(text: &str) -> Option<usize> {
    text[2..].find("*/").map(|end| end + 4)
}

pub(super) fn ident_length(text: &str) -> usize {
    let starts = text.chars().next().is_some_and(|first| first == '_' || ID_START(first));
    let end = text.find(|c: char| !(c == '_' || c == '-' || ID_CONTINUE(c))).unwrap_or(text.len());
    if starts { end } else { 0 }
}

pub(super) fn decimal_length(text: &str) -> usize {
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let mut end = digits(0);
    if text[end..].starts_with('.') && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
        let exponent = digits(end + 1 + sign);
        end += if exponent > 0 { 1 + sign + exponent } else { 0 };
    }
    end
}

/// The text behind blanks and comments; newlines are among them or not.
pub(super) fn skip_blanks(text: &str, newlines: bool) -> &str {
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start_matches([' ', '\t']);
        let next = match trimmed.as_bytes() {
            [b'/', b'*', ..] => block_comment_length(trimmed).map(|length| &trimmed[length..]),
            [b'#', ..] | [b'/', b'/', ..] if newlines => trimmed.find('\n').map(|end| &trimmed[end..]),
            [b'\n', ..] if newlines => Some(&trimmed[1..]),
            [b'\r', b'\n', ..] if newlines => Some(&trimmed[2..]),
            _ => None,
        };
        match next {
            Some(next) => rest = next,
            None => return trimmed,
        }
    }
}

pub(super) fn no_operand_follows(text: &str, blank_newlines: bool) -> bool {
    let rest = skip_blanks(text, blank_newlines);
    let at_end = rest.is_empty() || rest.starts_with('\n') || rest.starts_with("\r\n");
    at_end || NO_OPERAND.iter().any(|sign| rest.starts_with(sign))
}

pub(super) fn starts_with_word(text: &str, word: &str) -> bool {
    text[..ident_length(text)] == *word
}

pub(super) fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

pub(super) fn is_end_line(text: &str, tag: &str) -> bool {
    let line = text.split('\n').next().unwrap_or_default();
    let line = if line.len() < text.len() { line.strip_suffix('\r').unwrap_or(line) } else { line };
    line.trim_matches([' ', '\t']) == tag
}

/// Where the last line begins that holds a word alone, as the end of a heredoc does, for each such word.
pub(super) fn lone_words(text: &str) -> HashMap<&str, usize> {
    let mut words = HashMap::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let word = line.trim_matches([' ', '\t', '\r', '\n']);
        if is_end_line(line, word) && !word.is_empty() && ident_length(word) == word.len() {
            words.insert(word, at);
        }
        at += line.len();
    }
    words
}

/// Whether a line reads like code around a heredoc whose first line is indented so far.
pub(super) fn looks_outside(rest: &str, indent: usize) -> bool {
    let closes = rest.trim_start_matches([' ', '\t']).starts_with('}');
    indent_of(rest) <= indent && (closes && indent_of(rest) < indent || is_item_head(rest))
}

/// Whether a line begins like `name =` or `name "label" {`.
pub(super) fn is_item_head(line: &str) -> bool {
    let line = line.split('\n').next().unwrap_or_default();
    let mut rest = line.trim_start_matches([' ', '\t']);
    let mut words = 0;
    loop {
        let word = match rest.strip_prefix('"').and_then(|quoted| quoted.find('"')) {
            Some(end) if words > 0 => end + 2,
            _ => ident_length(rest),
        };
        rest = rest[word..].trim_start_matches([' ', '\t']);
        if word == 0 {
            let assigns = rest.starts_with('=') && !rest.starts_with("==") && !rest.starts_with("=>");
            return words == 1 && assigns || words > 0 && rest.starts_with('{');
        }
        words += 1;
    }
}
