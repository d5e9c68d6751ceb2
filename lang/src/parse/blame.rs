//! Says what is wrong with tokens that the grammar refuses: walks them as the grammar would, up to the first that
//! cannot stand where it does. Brackets and quotes are known to be matched here.

use std::ops::Range;

use crate::ast::Unit;
use crate::diagnostic::{Diagnostic, nearest};
use crate::span::Span;

use super::lower::too_deep;
use super::tokens::{Kind, Scan};
use super::{MAX_DEPTH, codes};

/// The binary operators.
const OPERATORS: &[&str] = &["||", "&&", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%"];

/// Done, or the first thing that is wrong.
type Walk = Result<(), Box<Diagnostic>>;

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
                .suggest(scan.span(second), " =")
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
                error(range.start, "a block on one line holds an attribute at most, no blocks")
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

/// Walks tokens.
struct Walker<'s> {
    scan: &'s Scan<'s>,
    at: usize,
    end: usize,
    depth: usize,
}

impl<'s> Walker<'s> {
    fn new(scan: &'s Scan<'s>, range: Range<usize>) -> Self {
        Self { scan, at: range.start, end: range.end, depth: 0 }
    }

    /// Skips comments, and newlines where they are blanks.
    fn skip(&mut self, newlines: bool) {
        while let Some(kind) = self.kind() {
            match kind {
                Kind::BlockComment => self.at += 1,
                Kind::Newline | Kind::LineComment if newlines => self.at += 1,
                _ => return,
            }
        }
    }

    fn kind(&self) -> Option<Kind> {
        if self.at < self.end { self.scan.kind(self.at) } else { None }
    }

    fn word(&self) -> &'s str {
        if self.at < self.end { self.scan.word(self.at) } else { "" }
    }

    /// Whether the next token is this operator, separator, bracket or word; strings are none of them.
    fn is(&self, word: &str) -> bool {
        self.word() == word && self.kind() != Some(Kind::Text)
    }

    fn take(&mut self, newlines: bool, word: &str) -> bool {
        self.skip(newlines);
        let taken = self.is(word);
        self.at += usize::from(taken);
        taken
    }

    fn expect(&mut self, newlines: bool, word: &str, expected: &str) -> Walk {
        if self.take(newlines, word) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    fn ident(&mut self, newlines: bool, expected: &str) -> Walk {
        self.skip(newlines);
        if self.kind() != Some(Kind::Ident) {
            return Err(self.unexpected(expected));
        }
        self.at += 1;
        Ok(())
    }

    fn end(&mut self, newlines: bool, expected: &str) -> Walk {
        self.skip(newlines);
        if self.at >= self.end { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    fn end_of_attribute(&mut self) -> Walk {
        self.skip(false);
        if !matches!(self.kind(), Some(Kind::Ident | Kind::Quote)) {
            return self.end(false, "an operator or the end of the line");
        }
        if spelt_out(self.word()).is_some() || self.lone_unit().is_some() {
            return Err(self.unexpected("an operator or the end of the line"));
        }
        let message = format!("expected a newline after this attribute, found {}", found(self.scan, self.at));
        let problem = Diagnostic::error(codes::MISSING_NEWLINE, self.scan.span(self.at), message);
        Err(problem.hint("every item ends with its line").into())
    }

    /// The next token, which cannot stand here.
    fn unexpected(&self, expected: &str) -> Box<Diagnostic> {
        if self.kind() == Some(Kind::Unknown) {
            return unknown(self.scan, self.at).into();
        }
        let at_end = self.at >= self.end;
        let found = match at_end && self.scan.kind(self.end).is_none_or(|kind| kind != Kind::Close) {
            true => {
                if self.scan.kind(self.end).is_some() {
                    "the end of the line".to_owned()
                } else {
                    "the end".to_owned()
                }
            }
            false => found(self.scan, self.at),
        };
        let last = self.scan.text.len();
        let span = match self.scan.tokens.get(self.at) {
            Some(token) => Span::new(self.scan.file, token.start, token.end),
            None => Span::new(self.scan.file, last, last),
        };
        let problem =
            Diagnostic::error(codes::UNEXPECTED, span, format!("expected {expected}, found {found}"));
        if let Some(gap) = self.lone_unit() {
            return problem.hint("a unit follows its number without a blank").suggest(gap, "").into();
        }
        match (self.word(), spelt_out(self.word())) {
            ("=", _) if expected.starts_with("an operator") => {
                problem.hint("two values are compared with `==`").into()
            }
            ("=>", _) => problem.hint("`=>` stands in `{ for … : key => value }` only").into(),
            (_, Some(operator)) => {
                problem.hint(format!("the operator is `{operator}`")).suggest(span, operator).into()
            }
            _ => problem.into(),
        }
    }

    /// The blanks between a number and the next token, if that is a unit.
    fn lone_unit(&self) -> Option<Span> {
        let number = self.at.checked_sub(1).and_then(|before| self.scan.tokens.get(before))?;
        let unit =
            self.scan.tokens.get(self.at).filter(|token| Unit::new(token.text(self.scan.text)).is_some())?;
        (number.kind == Kind::Number).then(|| Span::new(self.scan.file, number.end, unit.start))
    }

    // --- expressions

    /// An expression; `expected` is what messages call it.
    fn expr(&mut self, newlines: bool, expected: &str) -> Walk {
        self.depth += 1;
        if self.depth > 2 * MAX_DEPTH {
            return Err(too_deep(self.scan.span(self.at.min(self.scan.tokens.len() - 1))).into());
        }
        self.operands(newlines, expected)?;
        if self.take(newlines, "?") {
            self.expr(newlines, "a value after `?`")?;
            self.expect(newlines, ":", "an operator or the `:` of this conditional")?;
            self.expr(newlines, "a value after `:`")?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn operands(&mut self, newlines: bool, expected: &str) -> Walk {
        self.operand(newlines, expected)?;
        loop {
            self.skip(newlines);
            let operator = self.word();
            if self.kind() != Some(Kind::Punct) || !OPERATORS.contains(&operator) {
                return Ok(());
            }
            self.at += 1;
            self.operand(newlines, &format!("a value after `{operator}`"))?;
        }
    }

    fn operand(&mut self, newlines: bool, expected: &str) -> Walk {
        while self.take(newlines, "-") || self.take(newlines, "!") {}
        self.term(newlines, expected)?;
        loop {
            self.skip(newlines);
            match self.word() {
                "." => self.member(newlines)?,
                "[" => self.index()?,
                _ => return Ok(()),
            }
        }
    }

    fn term(&mut self, newlines: bool, expected: &str) -> Walk {
        self.skip(newlines);
        match self.kind() {
            Some(Kind::Ident) => self.named(newlines),
            Some(Kind::Number) => self.number(),
            Some(Kind::Quote | Kind::Heredoc) => self.template(),
            Some(Kind::Open) if self.is("(") => {
                self.at += 1;
                self.expr(true, "a value after `(`")?;
                self.expect(true, ")", "an operator or `)`")
            }
            Some(Kind::Open) if self.is("[") => self.tuple(),
            Some(Kind::Open) => self.object(),
            _ => Err(self.unexpected(expected)),
        }
    }

    fn named(&mut self, newlines: bool) -> Walk {
        let name = self.word();
        self.at += 1;
        let mut qualified = false;
        while self.take(newlines, "::") {
            qualified = true;
            self.ident(newlines, "the name of a function after `::`")?;
        }
        if self.take(newlines, "(") {
            return self.elements(")", &format!("`,` or `)` in the arguments of `{name}`"));
        }
        if qualified { Err(self.unexpected("`(` after the name of a function")) } else { Ok(()) }
    }

    fn number(&mut self) -> Walk {
        let number = self.scan.tokens[self.at];
        self.at += 1;
        let Some(next) =
            self.scan.tokens.get(self.at).filter(|next| next.start == number.end && self.at < self.end)
        else {
            return Ok(());
        };
        let digits = number.text(self.scan.text);
        let whole = self.scan.span(self.at - 1).to(self.scan.span(self.at));
        if next.kind == Kind::Ident {
            return Err(bad_unit(digits, next.text(self.scan.text), whole).into());
        }
        let dot = next.text(self.scan.text) == ".";
        let more = self
            .scan
            .tokens
            .get(self.at + 1)
            .filter(|more| more.start == next.end && more.kind == Kind::Number);
        match more {
            Some(more) if dot => {
                let whole = Span::new(self.scan.file, number.start, more.end);
                let text = &self.scan.text[number.start..more.end];
                let problem = Diagnostic::error(codes::BAD_NUMBER, whole, format!("`{text}` is no number"));
                Err(problem.hint(format!("a version is a string: `\"{text}\"`")).into())
            }
            _ => Ok(()),
        }
    }

    fn template(&mut self) -> Walk {
        let behind = self.scan.tokens[self.at].behind;
        self.at += 1;
        while self.at + 1 < behind {
            match self.kind() {
                Some(Kind::Interpolation) => {
                    self.at += 1;
                    self.expr(true, "a value after `${`")?;
                    self.template_end("an operator or `}`")?;
                }
                Some(Kind::Directive) => {
                    self.at += 1;
                    self.directive()?;
                    self.template_end("`}`")?;
                }
                _ => self.at += 1,
            }
        }
        self.at = behind;
        Ok(())
    }

    fn template_end(&mut self, expected: &str) -> Walk {
        self.skip(true);
        if self.kind() != Some(Kind::TemplateEnd) {
            return Err(self.unexpected(expected));
        }
        self.at += 1;
        Ok(())
    }

    fn directive(&mut self) -> Walk {
        self.skip(true);
        match self.word() {
            "if" => {
                self.at += 1;
                self.expr(true, "a value after `if`")
            }
            "for" => self.for_names(),
            "else" | "endif" | "endfor" => {
                self.at += 1;
                Ok(())
            }
            _ => {
                let problem = self.unexpected("`if`, `else`, `endif`, `for` or `endfor` after `%{`");
                Err(problem.hint("for the characters themselves write `%%{`").into())
            }
        }
    }

    // --- brackets

    /// The elements of a list, up to its closing bracket.
    fn elements(&mut self, closer: &str, expected: &str) -> Walk {
        while !self.take(true, closer) {
            self.expr(true, "a value in this list")?;
            if closer == ")" && self.take(true, "...") {
                return self.expect(true, ")", "`)` after `...`");
            }
            if self.begins_value() {
                return Err(self.missing_comma(expected));
            }
            if !self.take(true, ",") {
                return self.expect(true, closer, expected);
            }
        }
        Ok(())
    }

    fn begins_value(&mut self) -> bool {
        self.skip(true);
        let begins = matches!(
            self.kind(),
            Some(Kind::Ident | Kind::Number | Kind::Quote | Kind::Heredoc | Kind::Open)
        );
        begins && spelt_out(self.word()).is_none() && self.lone_unit().is_none()
    }

    fn missing_comma(&self, expected: &str) -> Box<Diagnostic> {
        let previous = self.scan.tokens[..self.at].iter().rfind(|token| token.is_code());
        let end = previous.map_or(0, |token| token.end);
        let place = Span::new(self.scan.file, end, end);
        self.unexpected(expected).hint("a comma is missing before it").suggest(place, ",").into()
    }

    fn tuple(&mut self) -> Walk {
        self.at += 1;
        self.skip(true);
        if !self.is("for") {
            return self.elements("]", "`,` or `]` in this list");
        }
        self.for_intro()?;
        self.expr(true, "a value after `:`")?;
        self.for_end("]")
    }

    fn object(&mut self) -> Walk {
        self.at += 1;
        self.skip(true);
        if self.is("for") {
            self.for_intro()?;
            self.expr(true, "a value after `:`")?;
            self.expect(true, "=>", "an operator, or `=>` and a value")?;
            self.expr(true, "a value after `=>`")?;
            self.take(true, "...");
            return self.for_end("}");
        }
        while !self.take(true, "}") {
            self.entry()?;
        }
        Ok(())
    }

    fn entry(&mut self) -> Walk {
        if self.is(",") {
            return Err(self
                .unexpected("an entry")
                .hint("one comma separates two entries, at the end of the line")
                .into());
        }
        self.expr(false, "a key or `}` in this object")?;
        if !self.take(false, "=") && !self.take(false, ":") {
            let problem = self.unexpected("`=` after the key of an entry");
            return Err(if self.is("{") {
                problem.hint("a block cannot stand in an object; write `name = {`").into()
            } else {
                problem
            });
        }
        self.expr(false, "a value after the key of an entry")?;
        self.skip(false);
        let ends = matches!(self.kind(), Some(Kind::Newline | Kind::LineComment)) || self.is("}");
        if ends || self.take(false, ",") {
            Ok(())
        } else {
            Err(self.unexpected("`,`, a newline or `}` after an entry"))
        }
    }

    fn member(&mut self, newlines: bool) -> Walk {
        self.at += 1;
        self.skip(newlines);
        let digits =
            self.kind() == Some(Kind::Number) && self.word().bytes().all(|byte| byte.is_ascii_digit());
        if digits || self.is("*") {
            self.at += 1;
            return Ok(());
        }
        if self.kind() == Some(Kind::Number) {
            return Err(self.unexpected("a name after `.`").hint("write an index in brackets: `[0]`").into());
        }
        self.ident(newlines, "a name after `.`")
    }

    fn index(&mut self) -> Walk {
        self.at += 1;
        if !self.take(true, "*") {
            self.expr(true, "a value after `[`")?;
        }
        self.expect(true, "]", "an operator or `]`")
    }

    // --- for

    /// `for key, value in collection`.
    fn for_names(&mut self) -> Walk {
        self.at += 1;
        self.ident(true, "a name after `for`")?;
        if self.take(true, ",") {
            self.ident(true, "a second name after `,`")?;
        }
        self.expect(true, "in", "`in` after the names of `for`")?;
        self.expr(true, "a value after `in`")
    }

    fn for_intro(&mut self) -> Walk {
        self.for_names()?;
        self.expect(true, ":", "an operator, or `:` and the result")
    }

    fn for_end(&mut self, closer: &str) -> Walk {
        if self.take(true, "if") {
            self.expr(true, "a value after `if`")?;
        }
        self.expect(true, closer, &format!("an operator, `if` or `{closer}`"))
    }

    // --- items

    /// The words before the brace of a block that has none, or not there.
    fn header(mut self) -> Diagnostic {
        let kind = self.word();
        while matches!(self.kind(), Some(Kind::Ident | Kind::Quote | Kind::BlockComment)) {
            self.at = self.scan.tokens[self.at].behind;
        }
        let problem = *self.unexpected(&format!("the `{{` of this `{kind}` block"));
        let below = (self.end..self.scan.tokens.len()).find(|at| self.scan.tokens[*at].is_code());
        match (self.word(), below.map_or("", |at| self.scan.word(at))) {
            ("=", _) => {
                Diagnostic { hint: None, ..problem }.hint("a block has no `=`; an attribute has no labels")
            }
            ("", "{") => problem.hint("put the `{` on the line of the labels"),
            _ => problem,
        }
    }
}

/// The operator that other languages spell out.
fn spelt_out(word: &str) -> Option<&'static str> {
    match word {
        "and" => Some("&&"),
        "or" => Some("||"),
        "mod" => Some("%"),
        _ => None,
    }
}

fn bad_unit(digits: &str, word: &str, whole: Span) -> Diagnostic {
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
