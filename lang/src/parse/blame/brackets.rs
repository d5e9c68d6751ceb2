//! Walks the tokens between brackets.

use super::walker::{Walk, Walker, spelt_out};
use crate::diagnostic::Diagnostic;
use crate::parse::tokens::Kind;
use crate::span::Span;

impl Walker<'_> {
    /// The elements of a list, up to its closing bracket.
    pub(super) fn elements(&mut self, closer: &str, expected: &str) -> Walk {
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

    pub(super) fn begins_value(&mut self) -> bool {
        self.skip(true);
        let begins = matches!(
            self.kind(),
            Some(Kind::Ident | Kind::Number | Kind::Quote | Kind::Heredoc | Kind::Open)
        );
        begins && spelt_out(self.word()).is_none() && self.lone_unit().is_none()
    }

    pub(super) fn missing_comma(&self, expected: &str) -> Box<Diagnostic> {
        let previous = self.scan.tokens[..self.at].iter().rfind(|token| token.is_code());
        let end = previous.map_or(0, |token| token.end);
        let place = Span::new(self.scan.file, end, end);
        self.unexpected(expected).hint("a comma is missing before it").fix(place, ",").into()
    }

    pub(super) fn tuple(&mut self) -> Walk {
        self.at += 1;
        self.skip(true);
        if !self.is("for") {
            return self.elements("]", "`,` or `]` in this list");
        }
        self.for_intro()?;
        self.expr(true, "a value after `:`")?;
        self.for_end("]")
    }

    pub(super) fn object(&mut self) -> Walk {
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

    pub(super) fn entry(&mut self) -> Walk {
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

    pub(super) fn member(&mut self, newlines: bool) -> Walk {
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

    pub(super) fn index(&mut self) -> Walk {
        self.at += 1;
        if !self.take(true, "*") {
            self.expr(true, "a value after `[`")?;
        }
        self.expect(true, "]", "an operator or `]`")
    }

    // --- for

    /// `for key, value in collection`.
    pub(super) fn for_names(&mut self) -> Walk {
        self.at += 1;
        self.ident(true, "a name after `for`")?;
        if self.take(true, ",") {
            self.ident(true, "a second name after `,`")?;
        }
        self.expect(true, "in", "`in` after the names of `for`")?;
        self.expr(true, "a value after `in`")
    }

    pub(super) fn for_intro(&mut self) -> Walk {
        self.for_names()?;
        self.expect(true, ":", "an operator, or `:` and the result")
    }

    pub(super) fn for_end(&mut self, closer: &str) -> Walk {
        if self.take(true, "if") {
            self.expr(true, "a value after `if`")?;
        }
        self.expect(true, closer, &format!("an operator, `if` or `{closer}`"))
    }
}
