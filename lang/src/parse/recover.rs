//! Reads what the grammar refused as a whole: cuts it into items, reads each alone, and has those blamed that
//! still cannot be read.

use std::ops::Range;

use crate::ast::{Attribute, Block, Body, Expr, ExprKind, File, Ident, Item, Label};
use crate::diagnostic::Diagnostic;
use crate::name::Identifier;
use crate::span::{FileId, Span};

use super::lower::{Lower, without_duplicates};
use super::tokens::{self, Kind, MAX_PROBLEMS, Scan};
use super::{blame, codes, read_item, text};

/// A file that the grammar refused, as far as it can be read, and what is wrong with it.
pub(super) fn file(file: FileId, text: &str) -> (File, Vec<Diagnostic>) {
    let scan = tokens::scan(file, text);
    let mut recovery = Recovery { scan: &scan, diagnostics: Vec::new() };
    let span = Span::new(file, 0, text.len());
    let body = match is_too_deep(&scan) {
        true => Body { items: Vec::new(), span, complete: false },
        false => recovery.body(0..scan.tokens.len(), span),
    };
    let mut diagnostics = recovery.diagnostics;
    diagnostics.extend(scan.problems.iter().cloned());
    if !diagnostics.iter().any(Diagnostic::is_error) {
        diagnostics.push(blame::something(span));
    }
    (File { body }, in_order(diagnostics))
}

/// What is wrong with an expression that the grammar refused.
pub(super) fn expression(file: FileId, text: &str) -> Vec<Diagnostic> {
    let scan = tokens::scan(file, text);
    if !scan.problems.is_empty() {
        return in_order(scan.problems);
    }
    vec![blame::expression(&scan)]
}

fn is_too_deep(scan: &Scan<'_>) -> bool {
    scan.problems.iter().any(|problem| problem.code == codes::TOO_DEEP)
}

fn in_order(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.map(|span| (span.start, span.end)));
    diagnostics
}

struct Recovery<'s> {
    scan: &'s Scan<'s>,
    diagnostics: Vec<Diagnostic>,
}

impl Recovery<'_> {
    fn body(&mut self, range: Range<usize>, span: Span) -> Body {
        let mut body = Body { items: Vec::new(), span, complete: true };
        for piece in self.pieces(range) {
            self.item(piece, &mut body);
        }
        let (items, duplicates) = without_duplicates(body.items);
        self.diagnostics.extend(duplicates);
        Body { items, ..body }
    }

    /// The tokens of each line or group of lines that should be an item, without comments around it.
    fn pieces(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let mut pieces = Vec::new();
        let (mut at, mut start) = (range.start, range.start);
        while at < range.end {
            if self.scan.tokens[at].kind == Kind::Newline {
                pieces.push(start..at);
                start = at + 1;
            }
            at = self.scan.tokens[at].behind;
        }
        pieces.push(start..range.end);
        let code =
            pieces.into_iter().map(|piece| self.without_comments(piece)).filter(|piece| !piece.is_empty());
        code.fold(Vec::new(), |pieces, piece| self.with_brace_below(pieces, piece))
    }

    /// Adds a piece; one that begins with `{` belongs to the words before it.
    fn with_brace_below(&self, mut pieces: Vec<Range<usize>>, piece: Range<usize>) -> Vec<Range<usize>> {
        let is_header = |words: &Range<usize>| {
            self.scan.kind(words.start) == Some(Kind::Ident) && self.header_end(words) == words.end
        };
        match pieces.last_mut().filter(|words| self.scan.word(piece.start) == "{" && is_header(words)) {
            Some(words) => words.end = piece.end,
            None => pieces.push(piece),
        }
        pieces
    }

    fn without_comments(&self, piece: Range<usize>) -> Range<usize> {
        let is_code = |at: &usize| self.scan.tokens[*at].is_code();
        let start = piece.clone().find(is_code).unwrap_or(piece.end);
        let end = piece.rev().find(is_code).map_or(start, |last| last + 1);
        start..end
    }

    fn place(&self, range: &Range<usize>) -> Span {
        match range.is_empty() {
            true => self.scan.span(range.start.saturating_sub(1)),
            false => self.scan.span(range.start).to(self.scan.span(range.end - 1)),
        }
    }

    fn item(&mut self, piece: Range<usize>, body: &mut Body) {
        if let Some(brace) = self.suspect(&piece, body.span) {
            return self.block(piece, brace, body);
        }
        if let Some(item) = self.read(&piece) {
            return body.items.push(item);
        }
        let kinds = (self.scan.kind(piece.start), self.scan.word(piece.start + 1));
        match self.brace(&piece) {
            Some(brace) => self.block(piece, brace, body),
            None if kinds == (Some(Kind::Ident), "=") => {
                let attribute = self.attribute(piece);
                body.items.push(Item::Attribute(attribute));
            }
            None => {
                body.complete = false;
                self.blame(&piece, |scan| blame::item(scan, piece.clone()));
            }
        }
    }

    /// The index of the brace of a block that is most of a body that could not be read. It is looked into at once: to
    /// try it as a whole, and then whatever is most of it, would take as many readings as blocks are nested.
    fn suspect(&self, piece: &Range<usize>, body: Span) -> Option<usize> {
        let place = self.place(piece);
        let brace = self.brace(piece).filter(|_| 2 * (place.end - place.start) > body.end - body.start)?;
        let lines = matches!(self.scan.kind(brace + 1), Some(Kind::Newline | Kind::LineComment));
        lines.then_some(brace)
    }

    /// The item, if the grammar reads it where it stands alone.
    fn read(&mut self, piece: &Range<usize>) -> Option<Item> {
        let place = self.place(piece);
        let (start, end) = (place.start as usize, place.end as usize);
        let pair = read_item(&self.scan.text[start..end])?.next()?;
        let lower = Lower::new(self.scan.file, start);
        let item = lower.item(pair);
        self.diagnostics.extend(lower.finish());
        Some(item)
    }

    /// Reports what is wrong with a piece, unless it is known already that something is.
    fn blame(&mut self, piece: &Range<usize>, find: impl FnOnce(&Scan<'_>) -> Diagnostic) {
        if self.diagnostics.len() >= MAX_PROBLEMS {
            return;
        }
        let place = self.place(piece);
        let inside = |span: Span| place.start <= span.start && span.start < place.end;
        let known = self.scan.problems.iter().filter_map(|problem| problem.span).any(inside);
        if !known {
            self.diagnostics.push(find(self.scan));
        }
    }

    fn attribute(&mut self, piece: Range<usize>) -> Attribute {
        let span = self.place(&piece);
        let value = piece.start + 2..piece.end;
        let value_span = self.place(&value);
        self.blame(&piece, |scan| blame::value(scan, value));
        let value = Expr { kind: ExprKind::Invalid, span: value_span };
        Attribute { name: self.ident(piece.start), value, span }
    }

    fn ident(&self, at: usize) -> Ident {
        Ident { name: Identifier::new(text::nfc(self.scan.word(at))), span: self.scan.span(at) }
    }

    // --- blocks

    /// The index of the brace, if the piece begins like a block.
    fn brace(&self, piece: &Range<usize>) -> Option<usize> {
        let end = self.header_end(piece);
        let is_block = end > piece.start && end < piece.end && self.scan.word(end) == "{";
        is_block.then_some(end)
    }

    /// The first token behind the kind and labels that the piece begins with.
    fn header_end(&self, piece: &Range<usize>) -> usize {
        let mut at = piece.start;
        while at < piece.end {
            at = match self.scan.kind(at) {
                Some(Kind::Ident | Kind::BlockComment | Kind::Newline | Kind::LineComment) => at + 1,
                Some(Kind::Quote) if at > piece.start => self.scan.tokens[at].behind,
                _ => break,
            };
        }
        at
    }

    fn block(&mut self, piece: Range<usize>, brace: usize, body: &mut Body) {
        let kind = self.ident(piece.start);
        let labels = self.labels(piece.start + 1..brace);
        if let Some(newline) = (piece.start..brace).find(|at| self.scan.kind(*at) == Some(Kind::Newline)) {
            self.blame(&(piece.start..newline), |scan| blame::item(scan, piece.start..newline));
        }
        let header = labels.last().map_or(kind.span, |label| kind.span.to(label.span));
        let behind = self.scan.tokens[brace].behind.min(piece.end);
        let closed = self.scan.word(behind - 1) == "}" && behind - 1 > brace;
        let inner = brace + 1..if closed { behind - 1 } else { behind };
        let span = self.place(&(brace..behind));
        let inner_body = self.braces(inner, span, closed);
        let span = kind.span.to(inner_body.span);
        body.items.push(Item::Block(Block { kind, labels, body: inner_body, header, span }));
        let rest = self.without_comments(behind..piece.end);
        if !rest.is_empty() {
            self.blame(&rest, |scan| blame::behind_block(scan, rest.start));
            self.item_silently(rest, body);
        }
    }

    fn labels(&mut self, range: Range<usize>) -> Vec<Label> {
        let mut labels = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let behind = self.scan.tokens[at].behind;
            match self.scan.tokens[at].kind {
                Kind::Ident => {
                    let Ident { name, span } = self.ident(at);
                    labels.push(Label { text: name.to_string(), quoted: false, computed: false, span });
                }
                Kind::Quote => labels.push(self.quoted_label(at..behind)),
                _ => {}
            }
            at = behind;
        }
        labels
    }

    fn quoted_label(&mut self, range: Range<usize>) -> Label {
        let template = range
            .clone()
            .find(|at| matches!(self.scan.tokens[*at].kind, Kind::Interpolation | Kind::Directive));
        if let Some(template) = template {
            self.diagnostics.push(blame::template_label(self.scan, template));
        }
        let is_text = |at: &usize| self.scan.tokens[*at].kind == Kind::Text;
        let text = match range.clone().find(is_text) {
            Some(at) => text::unescape(self.scan.word(at), self.scan.span(at), &mut self.diagnostics),
            None => String::new(),
        };
        Label { text, quoted: true, computed: template.is_some(), span: self.place(&range) }
    }

    /// What stands between the braces of a block.
    fn braces(&mut self, inner: Range<usize>, span: Span, closed: bool) -> Body {
        let first = inner.clone().find(|at| self.scan.tokens[*at].kind != Kind::BlockComment);
        let Some(first) = first.map(|at| self.scan.tokens[at].kind) else {
            return Body { items: Vec::new(), span, complete: closed };
        };
        if !matches!(first, Kind::Newline | Kind::LineComment) {
            return self.one_line(inner, span);
        }
        let found = self.diagnostics.len();
        let body = self.body(inner.clone(), span);
        let last = self.scan.tokens[inner.end - 1].kind;
        if closed && found == self.diagnostics.len() && last != Kind::Newline {
            self.diagnostics.push(blame::brace_behind_item(self.scan, inner.end));
        }
        body
    }

    /// A block that should hold one attribute, on the line of its braces.
    fn one_line(&mut self, inner: Range<usize>, span: Span) -> Body {
        let mut body = Body { items: Vec::new(), span, complete: false };
        if let Some(item) = self.single_attribute(&inner) {
            body.items.push(item);
            body.complete = true;
            return body;
        }
        self.blame(&inner, |scan| blame::one_line(scan, inner.clone()));
        for line in self.pieces(inner) {
            for piece in self.at_commas(line) {
                self.item_silently(piece, &mut body);
            }
        }
        body
    }

    fn single_attribute(&mut self, inner: &Range<usize>) -> Option<Item> {
        let attribute = self.without_comments(inner.clone());
        let one_line = (attribute.end..inner.end).all(|at| self.scan.tokens[at].kind == Kind::BlockComment);
        if !one_line { None } else { self.read(&attribute).filter(|item| matches!(item, Item::Attribute(_))) }
    }

    fn at_commas(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let mut pieces = Vec::new();
        let (mut at, mut start) = (range.start, range.start);
        while at < range.end {
            if self.scan.word(at) == "," {
                pieces.push(start..at);
                start = at + 1;
            }
            at = self.scan.tokens[at].behind;
        }
        pieces.push(start..range.end);
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }

    /// Keeps an item if it can be read; that something is wrong around it has been said.
    fn item_silently(&mut self, piece: Range<usize>, body: &mut Body) {
        match self.read(&piece) {
            Some(item) => body.items.push(item),
            None => body.complete = false,
        }
    }
}
