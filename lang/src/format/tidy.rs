//! What is written differently rather than spaced differently: `"${x}"` alone becomes `x`, labels get quotes.

use std::ops::Range;

use crate::ast::{Body, Entry, Expr, ExprKind, File, For, ForResult, Item, Key, Part, Wrapping};

/// The text with these edits made.
pub(super) fn tidy(text: &str, file: &File) -> String {
    let mut edits = Edits { text, edits: Vec::new() };
    edits.body(&file.body);
    edits.apply()
}

struct Edits<'t> {
    text: &'t str,
    edits: Vec<(Range<usize>, &'static str)>,
}

impl Edits<'_> {
    fn apply(mut self) -> String {
        self.edits.sort_by_key(|(range, _)| range.start);
        let mut tidied = String::with_capacity(self.text.len());
        let mut at = 0;
        for (range, replacement) in &self.edits {
            tidied.push_str(&self.text[at..range.start]);
            tidied.push_str(replacement);
            at = range.end;
        }
        tidied.push_str(&self.text[at..]);
        tidied
    }

    fn body(&mut self, body: &Body) {
        for item in &body.items {
            match item {
                Item::Attribute(attribute) => self.whole(&attribute.value),
                Item::Block(block) => {
                    for label in block.labels.iter().filter(|label| !label.quoted) {
                        let (start, end) = (label.span.start as usize, label.span.end as usize);
                        self.edits.extend([(start..start, "\""), (end..end, "\"")]);
                    }
                    self.body(&block.body);
                }
            }
        }
    }

    /// An expression that has its place to itself: between brackets and commas, or on the right of `=`.
    fn whole(&mut self, expr: &Expr) {
        self.unwrap(expr, |_| true);
        self.within(expr);
    }

    /// An expression beside operators and the like, where only what holds together may stand without quotes.
    fn operand(&mut self, expr: &Expr) {
        self.unwrap(expr, holds_together);
        self.within(expr);
    }

    fn within(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Wrapped(_, inner) => self.whole(inner),
            ExprKind::Tuple(elements) => elements.iter().for_each(|element| self.whole(element)),
            ExprKind::Object(entries) => entries.iter().for_each(|entry| self.entry(entry)),
            ExprKind::For(each) => self.for_expr(each),
            ExprKind::Call(call) => call.arguments.iter().for_each(|argument| self.whole(argument)),
            ExprKind::Index(object, index) => {
                self.operand(object);
                self.whole(index);
            }
            ExprKind::Template(parts) => self.parts(parts),
            _ => expr.for_each_child(&mut |child| self.operand(child)),
        }
    }

    /// A key in quotes is computed, a bare word is not, so keys stay as they are.
    fn entry(&mut self, entry: &Entry) {
        if let Key::Expr(key) = &entry.key {
            self.within(key);
        }
        self.whole(&entry.value);
    }

    fn for_expr(&mut self, each: &For) {
        self.operand(&each.collection);
        match &each.result {
            ForResult::Tuple(result) => self.operand(result),
            ForResult::Object { key, value, .. } => {
                self.operand(key);
                self.operand(value);
            }
        }
        each.condition.iter().for_each(|condition| self.operand(condition));
    }

    fn parts(&mut self, parts: &[Part]) {
        for part in parts {
            match part {
                Part::Text(_) => {}
                Part::Interpolation(expr) => self.whole(expr),
                Part::If(part) => {
                    self.whole(&part.condition);
                    self.parts(&part.yes);
                    self.parts(&part.no);
                }
                Part::For(part) => {
                    self.whole(&part.collection);
                    self.parts(&part.body);
                }
            }
        }
    }

    fn unwrap(&mut self, expr: &Expr, fits: impl Fn(&Expr) -> bool) {
        let ExprKind::Wrapped(Wrapping::Template, inner) = &expr.kind else { return };
        let before = expr.span.start as usize..inner.span.start as usize;
        let behind = inner.span.end as usize..expr.span.end as usize;
        let only_signs =
            |range: &Range<usize>| self.text[range.clone()].chars().all(|c| "\"${}~ \t".contains(c));
        let one_line = !self.text[before.start..behind.end].contains('\n');
        let keyword = inner.as_name().is_some_and(|name| name.as_str() == "for");
        if fits(inner) && one_line && !keyword && only_signs(&before) && only_signs(&behind) {
            // Blanks, so that no two words become one; how many stand there is decided later.
            self.edits.extend([(before, " "), (behind, " ")]);
        }
    }
}

/// Whether nothing that stands beside an expression can become part of it, or it of that.
fn holds_together(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Name(_) | ExprKind::Call(_) | ExprKind::Tuple(_) | ExprKind::Object(_) => true,
        ExprKind::For(_) | ExprKind::Wrapped(..) | ExprKind::String(_) => true,
        ExprKind::Attribute(object, _) | ExprKind::Index(object, _) => holds_together(object),
        _ => false,
    }
}
