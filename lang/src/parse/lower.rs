//! From pest's pairs to the tree, with the checks that a grammar cannot make.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use pest::iterators::{Pair, Pairs};

use crate::ast::{Attribute, Block, Body, Ident, Item, Label};
use crate::diagnostic::Diagnostic;
use crate::name::Identifier;
use crate::span::{FileId, Span};

use super::tokens::MAX_PROBLEMS;
use super::{MAX_DEPTH, Rule, codes, text};

mod expr;

/// Builds the tree of one text, which begins at byte `offset` of its file.
pub(super) struct Lower {
    file: FileId,
    offset: usize,
    // The Pratt parser calls back into several closures at once, hence the cells.
    depth: Cell<usize>,
    diagnostics: RefCell<Vec<Diagnostic>>,
}

impl Lower {
    pub(super) fn new(file: FileId, offset: usize) -> Self {
        Self { file, offset, depth: Cell::new(0), diagnostics: RefCell::new(Vec::new()) }
    }

    /// What follows was read from another beginning in the same file.
    pub(super) fn begin(&mut self, offset: usize) {
        self.offset = offset;
    }

    pub(super) fn finish(self) -> Vec<Diagnostic> {
        self.diagnostics.into_inner()
    }

    pub(super) fn report(&self, diagnostic: Diagnostic) {
        let mut diagnostics = self.diagnostics.borrow_mut();
        if diagnostics.len() < MAX_PROBLEMS {
            diagnostics.push(diagnostic);
        }
    }

    pub(super) fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let span = pair.as_span();
        Span::new(self.file, self.offset + span.start(), self.offset + span.end())
    }

    // --- bodies

    pub(super) fn body(&self, items: Vec<Item>, span: Span) -> Body {
        let (items, duplicates) = without_duplicates(items);
        duplicates.into_iter().for_each(|duplicate| self.report(duplicate));
        Body { items, span, complete: true }
    }

    pub(super) fn item(&self, pair: Pair<'_, Rule>) -> Item {
        match pair.as_rule() {
            Rule::attribute => Item::Attribute(self.attribute(pair)),
            _ => Item::Block(self.block(pair)),
        }
    }

    fn attribute(&self, pair: Pair<'_, Rule>) -> Attribute {
        let span = self.span(&pair);
        let mut parts = Parts(pair.into_inner());
        let name = self.ident(&parts.next());
        Attribute { name, value: self.expr(parts.next()), span }
    }

    fn block(&self, pair: Pair<'_, Rule>) -> Block {
        let span = self.span(&pair);
        let mut parts = Parts(pair.into_inner());
        let kind = self.ident(&parts.next());
        let labels = std::iter::from_fn(|| parts.next_if_not(Rule::braces));
        let labels: Vec<_> = labels.map(|label| self.label(label)).collect();
        let braces = parts.next();
        let header = labels.last().map_or(kind.span, |label| kind.span.to(label.span));
        let body_span = self.span(&braces);
        let lowered = self.nested(1, body_span, || {
            self.body(braces.into_inner().map(|item| self.item(item)).collect(), body_span)
        });
        let body = lowered.unwrap_or(Body { items: Vec::new(), span: body_span, complete: false });
        Block { kind, labels, body, header, span }
    }

    fn label(&self, pair: Pair<'_, Rule>) -> Label {
        let span = self.span(&pair);
        if pair.as_rule() == Rule::ident {
            return Label {
                text: text::nfc(pair.as_str()).into_owned(),
                quoted: false,
                computed: false,
                span,
            };
        }
        let inner = pair.into_inner().next();
        let text = inner.map_or(String::new(), |inner| self.quoted_text(&inner));
        Label { text, quoted: true, computed: false, span }
    }

    pub(super) fn quoted_text(&self, pair: &Pair<'_, Rule>) -> String {
        text::unescape(pair.as_str(), self.span(pair), &mut self.diagnostics.borrow_mut())
    }

    pub(super) fn ident(&self, pair: &Pair<'_, Rule>) -> Ident {
        Ident { name: Identifier::new(text::nfc(pair.as_str())), span: self.span(pair) }
    }
}

/// The pairs of a rule whose shape the grammar fixes.
pub(super) struct Parts<'i>(pub(super) Pairs<'i, Rule>);

impl<'i> Parts<'i> {
    /// The next one, which the grammar requires.
    pub(super) fn next(&mut self) -> Pair<'i, Rule> {
        self.0.next().expect("the grammar requires this part")
    }

    /// The next one, if it is of this rule.
    pub(super) fn next_if(&mut self, rule: Rule) -> Option<Pair<'i, Rule>> {
        self.0.peek().filter(|pair| pair.as_rule() == rule)?;
        self.0.next()
    }

    /// The next one, unless it is of this rule.
    pub(super) fn next_if_not(&mut self, rule: Rule) -> Option<Pair<'i, Rule>> {
        self.0.peek().filter(|pair| pair.as_rule() != rule)?;
        self.0.next()
    }
}

/// Something at `span` nests too deeply.
pub(super) fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::error(codes::TOO_DEEP, span, format!("this is nested deeper than {MAX_DEPTH} levels"))
        .hint("give parts of it a name in `locals`")
}

/// The items with only the first of several attributes of one name, and what to say about the others.
pub(super) fn without_duplicates(items: Vec<Item>) -> (Vec<Item>, Vec<Diagnostic>) {
    let mut first: HashMap<Identifier, Span> = HashMap::new();
    let mut duplicates = Vec::new();
    let mut kept = Vec::with_capacity(items.len());
    for item in items {
        if let Item::Attribute(Attribute { name, .. }) = &item {
            if let Some(earlier) = first.get(&name.name) {
                if duplicates.len() >= MAX_PROBLEMS {
                    continue;
                }
                let message = format!("`{name}` is set twice here");
                let problem = Diagnostic::error(codes::DUPLICATE_ATTRIBUTE, name.span, message);
                duplicates.push(problem.label(*earlier, "first set here").hint("keep one of them"));
                continue;
            }
            first.insert(name.name.clone(), name.span);
        }
        kept.push(item);
    }
    (kept, duplicates)
}
