//! Templates: what `~` and `<<-` take away, and which directives belong together.

use std::iter::Peekable;
use std::vec::IntoIter;

use pest::iterators::Pair;
use unicode_segmentation::UnicodeSegmentation;

use crate::ast::{Expr, ExprKind, ForPart, Ident, IfPart, Part, Wrapping};
use crate::diagnostic::Diagnostic;
use crate::span::Span;

use super::lower::{Lower, Parts};
use super::{Rule, codes, text};

/// A part of a template before directives are paired.
struct Piece {
    kind: PieceKind,
    span: Span,
    /// Whether `~` takes the white space before it.
    strips_before: bool,
    /// Whether `~` takes the white space behind it.
    strips_after: bool,
}

enum PieceKind {
    Text(String),
    Interpolation(Expr),
    If(Expr),
    Else,
    EndIf,
    For(Option<Ident>, Ident, Expr),
    EndFor,
}

impl Lower {
    /// A template in quotes.
    pub(super) fn template(&self, pair: Pair<'_, Rule>) -> ExprKind {
        let mut pieces: Vec<Piece> = pair.into_inner().map(|part| self.piece(part)).collect();
        let single = pieces.len() == 1 && matches!(pieces[0].kind, PieceKind::Interpolation(_));
        if single && let Some(Piece { kind: PieceKind::Interpolation(expr), .. }) = pieces.pop() {
            return ExprKind::Wrapped(Wrapping::Template, Box::new(expr));
        }
        strip(&mut pieces);
        self.joined(pieces)
    }

    /// A heredoc: how it opens, its tag, its lines.
    pub(super) fn heredoc(&self, pair: Pair<'_, Rule>) -> ExprKind {
        let mut parts = Parts(pair.into_inner());
        let (open, tag) = (parts.next(), parts.next());
        let flush = open.as_str() == "<<-";
        let lines: Vec<_> = parts.0.collect();
        if lines.iter().any(|line| line.as_str().ends_with("\r\n")) {
            self.report(carriage_returns(self.span(&open).to(self.span(&tag))));
        }
        let mut pieces: Vec<Piece> = lines.into_iter().flat_map(|line| self.line(line)).collect();
        strip(&mut pieces);
        if flush {
            flush_left(&mut pieces);
        }
        self.joined(pieces)
    }

    /// A line of a heredoc; its newline is part of the text at its end.
    fn line(&self, pair: Pair<'_, Rule>) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        for part in pair.into_inner() {
            let is_newline = part.as_rule() == Rule::here_newline;
            match pieces.last_mut().map(|last| &mut last.kind) {
                Some(PieceKind::Text(text)) if is_newline => text.push_str(part.as_str()),
                _ => pieces.push(self.piece(part)),
            }
        }
        pieces
    }

    fn piece(&self, pair: Pair<'_, Rule>) -> Piece {
        let span = self.span(&pair);
        let text = match pair.as_rule() {
            Rule::text => Some(self.quoted_text(&pair)),
            Rule::here_text | Rule::here_newline => Some(text::unescape_heredoc(pair.as_str())),
            _ => None,
        };
        if let Some(text) = text {
            return Piece { kind: PieceKind::Text(text), span, strips_before: false, strips_after: false };
        }
        let mut inner: Vec<_> = pair.into_inner().collect();
        let is_strip = |part: Option<&Pair<'_, Rule>>| part.is_some_and(|part| part.as_rule() == Rule::strip);
        let (strips_before, strips_after) = (is_strip(inner.first()), is_strip(inner.last()));
        inner.retain(|part| part.as_rule() != Rule::strip);
        let content = inner.pop().expect("the grammar requires something between the braces");
        Piece { kind: self.sequence(content), span, strips_before, strips_after }
    }

    fn sequence(&self, content: Pair<'_, Rule>) -> PieceKind {
        match content.as_rule() {
            Rule::do_if => PieceKind::If(self.expr(Parts(content.into_inner()).next())),
            Rule::do_else => PieceKind::Else,
            Rule::do_endif => PieceKind::EndIf,
            Rule::do_endfor => PieceKind::EndFor,
            Rule::do_for => {
                let mut parts = Parts(content.into_inner());
                let (key, value) = self.for_names(&mut parts);
                PieceKind::For(key, value, self.expr(parts.next()))
            }
            _ => PieceKind::Interpolation(self.expr(content)),
        }
    }

    /// The pieces as one string if they are text only, else as a template.
    fn joined(&self, pieces: Vec<Piece>) -> ExprKind {
        let mut parts = Pairing { lower: self, pieces: pieces.into_iter().peekable() }.all();
        match parts.as_mut_slice() {
            [] => ExprKind::String(String::new()),
            [Part::Text(text)] => ExprKind::String(std::mem::take(text)),
            _ => ExprKind::Template(parts),
        }
    }
}

fn carriage_returns(span: Span) -> Diagnostic {
    Diagnostic::warning(codes::CRLF_HEREDOC, span, "the lines of this heredoc end in CRLF, and keep it")
        .hint("a script with such lines fails on Linux: save the file with LF line ends")
}

/// Does what `~` asks for: to the text right before and right behind, in a heredoc to that line only.
fn strip(pieces: &mut [Piece]) {
    for at in 0..pieces.len() {
        let (before, after) = (pieces[at].strips_before, pieces[at].strips_after);
        if before
            && at > 0
            && let PieceKind::Text(text) = &mut pieces[at - 1].kind
        {
            text.truncate(text.trim_end().len());
        }
        if after && let Some(PieceKind::Text(text)) = pieces.get_mut(at + 1).map(|piece| &mut piece.kind) {
            *text = text.trim_start().to_owned();
        }
    }
}

/// Takes from every line the indentation that all lines share, counted in graphemes; blank lines do not count.
fn flush_left(pieces: &mut [Piece]) {
    let mut shared = usize::MAX;
    let mut first_of_line = Vec::new();
    let mut line_begins = true;
    for (at, piece) in pieces.iter().enumerate() {
        let text = match &piece.kind {
            PieceKind::Text(text) => Some(text.as_str()),
            _ => None,
        };
        let blank = text.is_some_and(|text| text.trim_start().is_empty() && text.ends_with('\n'));
        if line_begins && !blank {
            shared = shared.min(text.map_or(0, indentation));
            first_of_line.push(at);
        }
        line_begins = text.is_some_and(|text| text.ends_with('\n'));
    }
    for at in first_of_line {
        if let PieceKind::Text(text) = &mut pieces[at].kind {
            *text = text.graphemes(true).skip(shared).collect();
        }
    }
}

fn indentation(line: &str) -> usize {
    line[..line.len() - line.trim_start().len()].graphemes(true).count()
}

/// Pairs directives while it walks the pieces.
struct Pairing<'l> {
    lower: &'l Lower,
    pieces: Peekable<IntoIter<Piece>>,
}

impl Pairing<'_> {
    fn all(mut self) -> Vec<Part> {
        let mut parts = self.parts();
        while let Some(stray) = self.pieces.next() {
            let (word, opener) = match stray.kind {
                PieceKind::Else => ("else", "if"),
                PieceKind::EndIf => ("endif", "if"),
                _ => ("endfor", "for"),
            };
            let message = format!("this `%{{ {word} }}` has no `%{{ {opener} }}` before it");
            let problem = Diagnostic::error(codes::UNPAIRED_DIRECTIVE, stray.span, message);
            self.lower.report(problem.hint("for the characters themselves write `%%{`"));
            parts.extend(self.parts());
        }
        parts
    }

    /// The parts up to the next `else`, `endif` or `endfor`.
    fn parts(&mut self) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        let ends =
            |piece: &Piece| matches!(piece.kind, PieceKind::Else | PieceKind::EndIf | PieceKind::EndFor);
        while let Some(piece) = self.pieces.next_if(|piece| !ends(piece)) {
            match (piece.kind, parts.last_mut()) {
                (PieceKind::Text(text), Some(Part::Text(before))) => before.push_str(&text),
                (PieceKind::Text(text), _) if text.is_empty() => {}
                (PieceKind::Text(text), _) => parts.push(Part::Text(text)),
                (PieceKind::Interpolation(expr), _) => parts.push(Part::Interpolation(expr)),
                (PieceKind::If(condition), _) => parts.push(self.if_part(condition, piece.span)),
                (PieceKind::For(key, value, collection), _) => {
                    parts.push(self.for_part(key, value, collection, piece.span));
                }
                (PieceKind::Else | PieceKind::EndIf | PieceKind::EndFor, _) => {}
            }
        }
        parts
    }

    fn nested(&mut self, span: Span) -> Vec<Part> {
        let lower = self.lower;
        lower.nested(1, span, || self.parts()).unwrap_or_default()
    }

    fn if_part(&mut self, condition: Expr, opener: Span) -> Part {
        let yes = self.nested(opener);
        let no = match self.pieces.next_if(|piece| matches!(piece.kind, PieceKind::Else)) {
            Some(_) => self.nested(opener),
            None => Vec::new(),
        };
        let end = self.end(|kind| matches!(kind, PieceKind::EndIf), opener, "if", "endif");
        Part::If(IfPart { condition, yes, no, span: opener.to(end) })
    }

    fn for_part(&mut self, key: Option<Ident>, value: Ident, collection: Expr, opener: Span) -> Part {
        let body = self.nested(opener);
        let end = self.end(|kind| matches!(kind, PieceKind::EndFor), opener, "for", "endfor");
        Part::For(ForPart { key, value, collection, body, span: opener.to(end) })
    }

    /// The place of the directive that ends another, which is reported if it is not the next.
    fn end(&mut self, ends: impl Fn(&PieceKind) -> bool, opener: Span, begin: &str, end: &str) -> Span {
        if let Some(piece) = self.pieces.next_if(|piece| ends(&piece.kind)) {
            return piece.span;
        }
        let message = format!("this `%{{ {begin} }}` has no `%{{ {end} }}`");
        let problem = Diagnostic::error(codes::UNPAIRED_DIRECTIVE, opener, message);
        self.lower.report(match self.pieces.peek() {
            Some(other) => problem.label(other.span, "this comes before it"),
            None => problem.hint(format!("add `%{{ {end} }}` where it ends")),
        });
        opener
    }
}
