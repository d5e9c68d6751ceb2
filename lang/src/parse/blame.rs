//! Says what is wrong with tokens that the grammar refuses: walks them as the grammar would, up to the first that
//! cannot stand where it does. Brackets and quotes are known to be matched here.

use std::ops::Range;

use crate::diagnostic::Diagnostic;
use crate::span::Span;

use super::codes;
use super::tokens::{Kind, Scan};

mod brackets;
mod units;
mod walker;

use walker::{Walk, Walker};

/// For text that the grammar refuses and nothing here finds fault with.
pub(super) fn something(span: Span) -> Diagnostic {
    Diagnostic::error(codes::UNEXPECTED, span, "this cannot be read")
        .hint("take parts of it away until it can be, to find the cause")
}

/// What is wrong with a text that should be one expression.
pub(super) fn expression(scan: &Scan<'_>) -> Diagnostic {
    let mut walker = Walker::new(scan, 0..scan.tokens.len());
    let walked = walker.expr(true, "a value").and_then(|()| walker.end(true, "an operator or the end"));
    blamed(walked, scan, 0..scan.tokens.len())
}

/// What is wrong with the value of an attribute.
pub(super) fn value(scan: &Scan<'_>, range: Range<usize>) -> Diagnostic {
    let mut walker = Walker::new(scan, range.clone());
    let walked = walker.expr(false, "a value after `=`").and_then(|()| walker.end_of_attribute());
    blamed(walked, scan, range)
}

fn blamed(walked: Walk, scan: &Scan<'_>, range: Range<usize>) -> Diagnostic {
    let whole =
        match (scan.tokens.get(range.start), range.end.checked_sub(1).and_then(|at| scan.tokens.get(at))) {
            (Some(first), Some(last)) => Span::new(scan.file, first.start.min(last.start), last.end),
            _ => Span::new(scan.file, 0, scan.text.len()),
        };
    walked.err().map_or_else(|| something(whole), |problem| *problem)
}

/// What is wrong with something that begins neither like an attribute nor like a block.
pub(super) fn item(scan: &Scan<'_>, range: Range<usize>) -> Diagnostic {
    let (first, second) = (scan.span(range.start), range.start + 1);
    let word = scan.word(range.start);
    let error = |span: Span, message: String| Diagnostic::error(codes::UNEXPECTED, span, message);
    let next = if second < range.end { scan.word(second) } else { "" };
    match (scan.kind(range.start), next) {
        (Some(Kind::Ident), "") => error(first, format!("`{word}` stands alone"))
            .hint(format!("write `{word} = …` for an attribute, `{word} {{ … }}` for a block")),
        (Some(Kind::Ident), ":") => {
            error(scan.span(second), format!("expected `=` after `{word}`, found `:`"))
                .fix(scan.span(second), " =")
        }
        (Some(Kind::Ident), "." | "[") => {
            error(scan.span(second), format!("expected `=` after `{word}`, found `{next}`"))
                .hint("an attribute is set by its bare name; to set part of a value, write the whole value")
        }
        (Some(Kind::Ident), "(") => error(first, "a call cannot stand alone".to_owned())
            .hint("give its result a name, as in `locals { x = … }`"),
        (Some(Kind::Ident), sign) if scan.kind(second) == Some(Kind::Punct) && sign != "=" => {
            error(scan.span(second), format!("expected `=` after `{word}`, found `{sign}`"))
        }
        (Some(Kind::Ident), _) => Walker::new(scan, range).header(),
        (Some(Kind::Quote), _) => {
            error(first, "a name in quotes cannot begin an attribute or block".to_owned())
                .hint("write it without quotes")
        }
        (Some(Kind::Open), _) if word == "{" => error(first, "this `{` follows nothing".to_owned())
            .hint("a block is `kind \"name\" {`, all on one line"),
        (Some(Kind::Unknown), _) => unknown(scan, range.start),
        _ => error(first, format!("expected an attribute or a block, found `{word}`")),
    }
}

/// Something follows a block on its line.
pub(super) fn behind_block(scan: &Scan<'_>, at: usize) -> Diagnostic {
    let message = format!("expected a newline after this block, found {}", found(scan, at));
    let place = scan.span(at);
    Diagnostic::error(codes::MISSING_NEWLINE, place, message).hint("every item ends with its line")
}

/// A closing brace stands behind the last item of a block of several lines.
pub(super) fn brace_behind_item(scan: &Scan<'_>, at: usize) -> Diagnostic {
    Diagnostic::error(codes::MISSING_NEWLINE, scan.span(at), "expected a newline before this `}`")
        .hint("the `}` of a block of several lines stands on a line of its own")
}

/// A template where only text may stand.
pub(super) fn template_label(scan: &Scan<'_>, at: usize) -> Diagnostic {
    let message = "a label is plain text, it cannot be computed";
    Diagnostic::error(codes::TEMPLATE_LABEL, scan.span(at), message)
        .hint("for several objects use `for_each`; for the characters themselves write `$${`")
}

/// What is wrong between braces on one line.
pub(super) fn one_line(scan: &Scan<'_>, range: Range<usize>) -> Diagnostic {
    let hint = "put each item on a line of its own, and the braces on others";
    let error = |at: usize, message: &str| {
        Diagnostic::error(codes::ONE_LINE_BLOCK, scan.span(at), message).hint(hint)
    };
    let begins_attribute = scan.kind(range.start) == Some(Kind::Ident) && scan.word(range.start + 1) == "=";
    if !begins_attribute {
        return match scan.kind(range.start) {
            Some(Kind::Ident) if scan.word(range.start + 1) != ":" => {
                // The place is HCL's: from the word to what shows that it is no attribute.
                let shown = (range.start + 1).min(scan.tokens.len() - 1);
                let place = scan.span(range.start).to(scan.span(shown));
                let message = "a block on one line holds an attribute at most, no blocks";
                Diagnostic::error(codes::ONE_LINE_BLOCK, place, message).hint(hint)
            }
            _ => item(scan, range),
        };
    }
    let mut walker = Walker::new(scan, range.start + 2..range.end);
    if let Err(problem) = walker.expr(false, "a value after `=`") {
        return *problem;
    }
    walker.skip(false);
    match (scan.kind(walker.at), scan.word(walker.at)) {
        (Some(Kind::Newline | Kind::LineComment), _) => {
            error(walker.at, "a block that begins on the line of its `{` ends there too")
        }
        (_, ",") => error(walker.at, "a block on one line holds one attribute, and no commas"),
        (Some(Kind::Ident), _) => error(walker.at, "a block on one line holds one attribute"),
        _ => *walker.unexpected("an operator or `}`"),
    }
}

/// What a token is called in messages.
fn found(scan: &Scan<'_>, at: usize) -> String {
    match scan.kind(at) {
        None => "the end".to_owned(),
        Some(Kind::Newline | Kind::LineComment) => "the end of the line".to_owned(),
        Some(Kind::Quote) => "a string".to_owned(),
        Some(Kind::Heredoc) => "a heredoc".to_owned(),
        Some(_) => format!("`{}`", scan.word(at)),
    }
}

/// A character that no token begins with, and what may have been meant.
fn unknown(scan: &Scan<'_>, at: usize) -> Diagnostic {
    let (word, place) = (scan.word(at), scan.span(at));
    let error = Diagnostic::error(codes::UNKNOWN_CHARACTER, place, format!("`{word}` has no meaning here"));
    match word {
        "'" | "`" => error.hint("strings are written in double quotes"),
        "“" | "”" | "„" => error.hint("this is a typographic quote").suggest(place, "\""),
        ";" => error.hint("items end with their line, without `;`"),
        "&" => error.hint("and is `&&`"),
        "|" => error.hint("or is `||`"),
        "<<" => error.hint("a heredoc begins with `<<TAG`, and nothing behind the tag on that line"),
        "\\" => error.hint("an expression goes on over several lines inside `( )`"),
        _ => error,
    }
}
