//! Makes tokens of text, keeping a stack of what is open.

use std::collections::HashMap;

use pest::unicode::ID_START;

use crate::ast::Unit;
use crate::diagnostic::Diagnostic;
use crate::span::{FileId, Span};

use super::lower::too_deep;
use super::tokens::{Kind, Layout, Scan, Token};
use super::{MAX_DEPTH, codes};

mod measure;

use measure::{
    block_comment_length, decimal_length, ident_length, indent_of, is_end_line, is_item_head, line_length,
    lone_words, looks_outside, no_operand_follows, opener_length, skip_blanks, starts_with_word, text_length,
};

/// The operators and separators, the longer before their beginnings.
const PUNCTUATION: &[&str] = &[
    "...", "::", "==", "!=", "=>", "<=", ">=", "&&", "||", ".", ",", ":", "=", "<", ">", "!", "+", "-", "*",
    "/", "%", "?",
];

/// How much may be open at once; a string with `${` counts twice.
const MAX_OPEN: usize = 2 * MAX_DEPTH;

/// Something open.
struct Open<'t> {
    /// The index of the token that opened it.
    token: usize,
    /// What it is.
    kind: Kind,
    /// What closes it: a bracket, or the tag of a heredoc.
    closer: &'t str,
    /// Whether newlines are blanks in it.
    blank_newlines: bool,
    /// Whether it is the body of a block.
    block: bool,
    /// How far the line that opened it is indented.
    indent: usize,
}

pub(super) struct Lexer<'t> {
    scan: Scan<'t>,
    layout: Layout,
    at: usize,
    open: Vec<Open<'t>>,
    indent: usize,
    /// Where the line began that was looked at last, and how far that look went.
    line: (usize, usize),
    /// Where the last line begins that holds a word alone, for each such word: made when it is first asked for.
    lone_words: Option<HashMap<&'t str, usize>>,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(file: FileId, text: &'t str, layout: Layout) -> Self {
        let scan = Scan { file, text, tokens: Vec::new(), problems: Vec::new() };
        let at = if text.starts_with('\u{FEFF}') { 3 } else { 0 };
        let indent = indent_of(&text[at..]);
        Self { scan, layout, at, open: Vec::new(), indent, line: (0, 0), lone_words: None }
    }

    pub(super) fn run(mut self) -> Scan<'t> {
        while self.at < self.scan.text.len() {
            if self.open.len() > MAX_OPEN {
                self.scan.report(too_deep(self.scan.span(self.scan.tokens.len() - 1)));
                return self.scan;
            }
            match self.open.last().map(|open| open.kind) {
                Some(Kind::Quote) => self.quoted(),
                Some(Kind::Heredoc) => self.heredoc_line(),
                _ => self.code(),
            }
        }
        let first_heredoc = self.open.iter().position(|open| open.kind == Kind::Heredoc);
        self.close_unfinished(first_heredoc.unwrap_or(0));
        self.scan
    }

    fn rest(&self) -> &'t str {
        &self.scan.text[self.at..]
    }

    /// Where this line begins. Each byte is looked at once, however often this is asked.
    fn line_start(&mut self) -> usize {
        let (start, seen) = self.line;
        let newline = self.scan.text[seen..self.at].rfind('\n');
        self.line = (newline.map_or(start, |newline| seen + newline + 1), self.at);
        self.line.0
    }

    /// Whether a line from here on holds this word alone.
    fn stands_alone_later(&mut self, word: &str) -> bool {
        let text = self.scan.text;
        let lone_words = self.lone_words.get_or_insert_with(|| lone_words(text));
        lone_words.get(word).is_some_and(|last| *last >= self.at)
    }

    fn push(&mut self, kind: Kind, length: usize) {
        let (start, end) = (self.at, self.at + length);
        self.scan.tokens.push(Token { kind, start, end, behind: self.scan.tokens.len() + 1 });
        self.at = end;
    }

    fn push_open(&mut self, kind: Kind, length: usize, closer: &'t str) {
        let blank_newlines = match kind {
            Kind::Open if closer == "}" => starts_with_word(skip_blanks(&self.rest()[1..], true), "for"),
            Kind::Open | Kind::Interpolation | Kind::Directive => true,
            _ => false,
        };
        let block = closer == "}" && kind == Kind::Open && self.may_begin_block();
        let blank_newlines = blank_newlines && !block;
        let token = self.scan.tokens.len();
        self.push(kind, length);
        self.open.push(Open { token, kind, closer, blank_newlines, block, indent: self.indent });
    }

    /// A brace behind a word or a label, in a body.
    fn may_begin_block(&self) -> bool {
        let in_body = self.open.last().is_none_or(|open| open.block);
        let previous = self.scan.tokens.last().map(|token| token.kind);
        in_body && matches!(previous, Some(Kind::Ident | Kind::QuoteEnd))
    }

    /// Ends what was opened last; `behind` is the first token outside.
    fn pop(&mut self) {
        if let Some(open) = self.open.pop() {
            self.scan.tokens[open.token].behind = self.scan.tokens.len();
        }
    }

    // --- code

    fn code(&mut self) {
        let rest = self.rest();
        let first = rest.chars().next().unwrap_or(' ');
        match first {
            ' ' | '\t' => self.at += 1,
            '\n' => self.newline(1),
            '\r' if rest.starts_with("\r\n") => self.newline(2),
            '#' => self.push(Kind::LineComment, line_length(rest)),
            '/' if rest.starts_with("//") => self.push(Kind::LineComment, line_length(rest)),
            '/' if rest.starts_with("/*") => self.block_comment(),
            '"' => self.push_open(Kind::Quote, 1, "\""),
            '$' if rest.starts_with("${") => self.push_open(Kind::Interpolation, opener_length(rest), "}"),
            '(' => self.push_open(Kind::Open, 1, ")"),
            '[' => self.push_open(Kind::Open, 1, "]"),
            '{' => self.push_open(Kind::Open, 1, "}"),
            ')' | ']' | '}' => self.closer(1),
            '~' if rest.starts_with("~}") => self.closer(2),
            '<' if rest.starts_with("<<") => self.heredoc(),
            '0'..='9' => self.push(Kind::Number, self.number_length()),
            _ if first == '_' || ID_START(first) => self.push(Kind::Ident, ident_length(rest)),
            _ => self.punctuation(),
        }
    }

    fn newline(&mut self, length: usize) {
        let next = &self.rest()[length..];
        let indent = indent_of(next);
        if self.layout == Layout::Decides {
            self.close_by_layout(next, indent);
        }
        self.push(Kind::Newline, length);
        self.indent = indent;
    }

    /// Closes what the next line shows to have been left open.
    fn close_by_layout(&mut self, next: &str, indent: usize) {
        let heredoc = self.open.iter().rposition(|open| open.kind == Kind::Heredoc);
        if let Some(at) = heredoc.filter(|at| is_end_line(next, self.open[*at].closer)) {
            return self.close_unfinished(at + 1);
        }
        if is_item_head(next) {
            let keep = self.open.iter().position(|open| open.indent >= indent).unwrap_or(self.open.len());
            self.close_unfinished(keep.max(heredoc.map_or(0, |at| at + 1)));
        }
    }

    /// Reports and closes all but the first `keep` open things; of several opened on one line the last is blamed.
    fn close_unfinished(&mut self, keep: usize) {
        let mut blamed = None;
        while self.open.len() > keep {
            let Some(open) = self.open.last() else { return };
            let start = self.scan.tokens[open.token].start;
            if blamed.is_none_or(|blamed| self.scan.text[start..blamed].contains('\n')) {
                let problem = self.unclosed(open);
                self.scan.report(problem);
            }
            blamed = Some(start);
            self.pop();
        }
    }

    fn unclosed(&self, open: &Open<'_>) -> Diagnostic {
        let span = self.scan.span(open.token);
        match open.kind {
            Kind::Heredoc => {
                let message = format!("this heredoc never ends: no line holds `{}` alone", open.closer);
                Diagnostic::error(codes::UNCLOSED_HEREDOC, span, message)
                    .hint("put the tag on a line of its own, without anything behind it")
            }
            Kind::Quote => self.unclosed_string(span.start as usize, span.end as usize),
            _ => {
                let word = self.scan.word(open.token);
                let hint = format!("add the `{}` that ends it", open.closer);
                Diagnostic::error(codes::UNCLOSED_BRACKET, span, format!("this `{word}` is never closed"))
                    .hint(hint)
            }
        }
    }

    fn closer(&mut self, length: usize) {
        let bracket = &self.rest()[length - 1..length];
        let partner = self.open.iter().rposition(|open| open.closer == bracket && open.kind != Kind::Quote);
        // What lies within a string or heredoc can only be closed there.
        let barrier = self.open.iter().rposition(|open| matches!(open.kind, Kind::Quote | Kind::Heredoc));
        match partner.filter(|partner| barrier.is_none_or(|barrier| barrier < *partner)) {
            Some(partner) => {
                let partner = self.partner_by_layout(partner, bracket);
                self.close_unfinished(partner + 1);
                let template = self.open[partner].kind != Kind::Open;
                self.push(if template { Kind::TemplateEnd } else { Kind::Close }, length);
                self.pop();
            }
            None => self.stray(bracket, length),
        }
    }

    /// A bracket that begins a line closes one that was opened by a line of its own indentation, if there is one.
    fn partner_by_layout(&mut self, nearest: usize, bracket: &str) -> usize {
        let line_start = self.line_start();
        let begins_line = self.scan.text[line_start..self.at].trim().is_empty();
        if self.layout == Layout::Ignored || !begins_line || self.open[nearest].indent <= self.indent {
            return nearest;
        }
        let fits = |open: &Open<'_>| open.closer == bracket && open.indent == self.indent;
        self.open[..nearest].iter().rposition(fits).unwrap_or(nearest)
    }

    /// A closing bracket without partner: a slip for the one that the line asks for, or just too much.
    fn stray(&mut self, bracket: &str, length: usize) {
        let span = Span::new(self.scan.file, self.at, self.at + length);
        let line_start = self.line_start();
        let on_line = |open: &&Open<'_>| self.scan.tokens[open.token].start >= line_start;
        let slip = self.open.last().filter(|open| open.kind == Kind::Open).filter(on_line);
        let problem = match slip {
            Some(open) => {
                let message = format!("`{bracket}` does not close this `{}`", self.scan.word(open.token));
                Diagnostic::error(codes::STRAY_BRACKET, span, message)
                    .label(self.scan.span(open.token), "opened here")
                    .fix(span, open.closer)
            }
            None => Diagnostic::error(codes::STRAY_BRACKET, span, format!("this `{bracket}` closes nothing"))
                .hint("remove it, or add the bracket that it should close"),
        };
        let closes = slip.is_some();
        self.scan.report(problem);
        self.push(Kind::Close, length);
        if closes {
            self.pop();
        }
    }

    fn block_comment(&mut self) {
        let rest = self.rest();
        if block_comment_length(rest).is_none() {
            let span = Span::new(self.scan.file, self.at, self.at + 2);
            let problem = Diagnostic::error(codes::UNCLOSED_COMMENT, span, "this comment never ends");
            self.scan.report(problem.hint("add `*/`; such comments do not nest"));
        }
        self.push(Kind::BlockComment, block_comment_length(rest).unwrap_or(rest.len()));
    }

    fn number_length(&self) -> usize {
        let rest = self.rest();
        let digits = decimal_length(rest);
        let behind = &rest[digits..];
        let word = &behind[..ident_length(behind)];
        if Unit::new(word).is_some() {
            return digits + word.len();
        }
        let blank_newlines = self.open.last().is_some_and(|open| open.blank_newlines);
        let percent = behind.strip_prefix('%').is_some_and(|next| no_operand_follows(next, blank_newlines));
        digits + usize::from(percent)
    }

    fn punctuation(&mut self) {
        let rest = self.rest();
        match PUNCTUATION.iter().find(|sign| rest.starts_with(**sign)) {
            Some(sign) => self.push(Kind::Punct, sign.len()),
            None => self.push(Kind::Unknown, rest.chars().next().map_or(1, char::len_utf8)),
        }
    }

    // --- templates

    fn quoted(&mut self) {
        let rest = self.rest();
        let length = text_length(rest, "\"\n", true);
        if length > 0 {
            return self.push(Kind::Text, length);
        }
        match rest.as_bytes()[0] {
            b'"' => {
                self.push(Kind::QuoteEnd, 1);
                self.pop();
            }
            b'$' => self.push_open(Kind::Interpolation, opener_length(rest), "}"),
            b'%' => self.push_open(Kind::Directive, opener_length(rest), "}"),
            _ => {
                let start = self.open.last().map_or(self.at, |open| self.scan.tokens[open.token].start);
                let problem = self.unclosed_string(start, self.at);
                self.scan.report(problem);
                self.pop();
            }
        }
    }

    fn unclosed_string(&self, start: usize, end: usize) -> Diagnostic {
        let end = start + self.scan.text[start..end].trim_end().len();
        let span = Span::new(self.scan.file, start, end.max(start + 1));
        Diagnostic::error(codes::UNCLOSED_STRING, span, "this string has no closing quote on its line")
            .hint("add `\"` where it ends; for text of several lines use a heredoc, `<<TEXT`")
    }

    fn heredoc(&mut self) {
        let rest = self.rest();
        let dash = if rest.starts_with("<<-") { 3 } else { 2 };
        let tag = &rest[dash..dash + ident_length(&rest[dash..])];
        let behind = &rest[dash + tag.len()..];
        let newline = ["\n", "\r\n"].into_iter().find(|newline| behind.starts_with(newline));
        match newline {
            Some(newline) if !tag.is_empty() => {
                self.push_open(Kind::Heredoc, dash + tag.len() + newline.len(), tag);
            }
            _ => self.push(Kind::Unknown, 2),
        }
    }

    fn heredoc_line(&mut self) {
        let Some(open) = self.open.last() else { return };
        let (tag, indent) = (open.closer, open.indent);
        let rest = self.rest();
        let line_start = self.at == 0 || self.scan.text.as_bytes()[self.at - 1] == b'\n';
        let is_end = line_start && is_end_line(rest, tag);
        if is_end {
            self.push(Kind::HeredocEnd, rest[..line_length(rest)].trim_end().len());
            return self.pop();
        }
        if line_start && looks_outside(rest, indent) && !self.stands_alone_later(tag) {
            self.close_unfinished(self.open.len() - 1);
            // What follows is an item of its own.
            return self.push(Kind::Newline, 0);
        }
        let length = text_length(rest, "\n", false);
        match rest.as_bytes().get(length) {
            Some(b'\n') => self.push(Kind::Text, length + 1),
            _ if length > 0 => self.push(Kind::Text, length),
            Some(b'$') => self.push_open(Kind::Interpolation, opener_length(rest), "}"),
            _ => self.push_open(Kind::Directive, opener_length(rest), "}"),
        }
    }
}
