//! Walks the tokens of expressions, outside brackets.

use std::ops::Range;

use super::units::bad_unit;
use super::{found, unknown};
use crate::ast::Unit;
use crate::diagnostic::Diagnostic;
use crate::parse::lower::too_deep;
use crate::parse::tokens::{Kind, Scan};
use crate::parse::{MAX_DEPTH, codes};
use crate::span::Span;

/// The binary operators.
const OPERATORS: &[&str] = &["||", "&&", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%"];

/// Done, or the first thing that is wrong.
pub(super) type Walk = Result<(), Box<Diagnostic>>;

/// Walks tokens.
pub(super) struct Walker<'s> {
    pub(super) scan: &'s Scan<'s>,
    pub(super) at: usize,
    pub(super) end: usize,
    pub(super) depth: usize,
}

impl<'s> Walker<'s> {
    pub(super) fn new(scan: &'s Scan<'s>, range: Range<usize>) -> Self {
        Self { scan, at: range.start, end: range.end, depth: 0 }
    }

    /// Skips comments, and newlines where they are blanks.
    pub(super) fn skip(&mut self, newlines: bool) {
        while let Some(kind) = self.kind() {
            match kind {
                Kind::BlockComment => self.at += 1,
                Kind::Newline | Kind::LineComment if newlines => self.at += 1,
                _ => return,
            }
        }
    }

    pub(super) fn kind(&self) -> Option<Kind> {
        if self.at < self.end { self.scan.kind(self.at) } else { None }
    }

    pub(super) fn word(&self) -> &'s str {
        if self.at < self.end { self.scan.word(self.at) } else { "" }
    }

    /// Whether the next token is this operator, separator, bracket or word; strings are none of them.
    pub(super) fn is(&self, word: &str) -> bool {
        self.word() == word && self.kind() != Some(Kind::Text)
    }

    pub(super) fn take(&mut self, newlines: bool, word: &str) -> bool {
        self.skip(newlines);
        let taken = self.is(word);
        self.at += usize::from(taken);
        taken
    }

    pub(super) fn expect(&mut self, newlines: bool, word: &str, expected: &str) -> Walk {
        if self.take(newlines, word) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    pub(super) fn ident(&mut self, newlines: bool, expected: &str) -> Walk {
        self.skip(newlines);
        if self.kind() != Some(Kind::Ident) {
            return Err(self.unexpected(expected));
        }
        self.at += 1;
        Ok(())
    }

    pub(super) fn end(&mut self, newlines: bool, expected: &str) -> Walk {
        self.skip(newlines);
        if self.at >= self.end { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    pub(super) fn end_of_attribute(&mut self) -> Walk {
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
    pub(super) fn unexpected(&self, expected: &str) -> Box<Diagnostic> {
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
            return problem.hint("a unit follows its number without a blank").fix(gap, "").into();
        }
        match (self.word(), spelt_out(self.word())) {
            ("=", _) if expected.starts_with("an operator") => {
                problem.hint("two values are compared with `==`").into()
            }
            ("=>", _) => problem.hint("`=>` stands in `{ for … : key => value }` only").into(),
            (_, Some(operator)) => {
                problem.hint(format!("the operator is `{operator}`")).fix(span, operator).into()
            }
            _ => problem.into(),
        }
    }

    /// The blanks between a number and the next token, if that is a unit.
    pub(super) fn lone_unit(&self) -> Option<Span> {
        let number = self.at.checked_sub(1).and_then(|before| self.scan.tokens.get(before))?;
        let unit =
            self.scan.tokens.get(self.at).filter(|token| Unit::new(token.text(self.scan.text)).is_some())?;
        (number.kind == Kind::Number).then(|| Span::new(self.scan.file, number.end, unit.start))
    }

    // --- expressions

    /// An expression; `expected` is what messages call it.
    pub(super) fn expr(&mut self, newlines: bool, expected: &str) -> Walk {
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

    pub(super) fn operands(&mut self, newlines: bool, expected: &str) -> Walk {
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

    pub(super) fn operand(&mut self, newlines: bool, expected: &str) -> Walk {
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

    pub(super) fn term(&mut self, newlines: bool, expected: &str) -> Walk {
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

    pub(super) fn named(&mut self, newlines: bool) -> Walk {
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

    pub(super) fn number(&mut self) -> Walk {
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

    pub(super) fn template(&mut self) -> Walk {
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

    pub(super) fn template_end(&mut self, expected: &str) -> Walk {
        self.skip(true);
        if self.kind() != Some(Kind::TemplateEnd) {
            return Err(self.unexpected(expected));
        }
        self.at += 1;
        Ok(())
    }

    pub(super) fn directive(&mut self) -> Walk {
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

    /// The words before the brace of a block that has none, or not there.
    pub(super) fn header(mut self) -> Diagnostic {
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
pub(super) fn spelt_out(word: &str) -> Option<&'static str> {
    match word {
        "and" => Some("&&"),
        "or" => Some("||"),
        "mod" => Some("%"),
        _ => None,
    }
}
