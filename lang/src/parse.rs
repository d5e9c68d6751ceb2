//! Text to syntax trees.
//!
//! The grammar reads item by item, and each becomes its part of the tree before the next is read, which is all there
//! is to it when nothing is wrong. When something is, the text is cut into items, each is read alone, and what the
//! grammar still refuses is looked at token by token to say what is wrong with it. So one run reports many independent
//! errors, and keeps all that could be read.

use pest::Parser;
use pest::iterators::Pairs;

use crate::ast::{Expr, File};
use crate::diagnostic::Diagnostic;
use crate::span::{FileId, Span};

mod blame;
pub mod codes;
mod lexer;
mod lower;
mod recover;
mod template;
mod text;
pub(crate) mod tokens;

mod grammar {
    #[derive(pest_derive::Parser)]
    #[grammar = "grammar.pest"]
    pub(super) struct Grammar;
}

use grammar::{Grammar, Rule};
use lower::Lower;

/// How deep blocks, brackets and operators may nest: few enough that recursion over a tree fits a thread's stack.
pub(crate) const MAX_DEPTH: usize = 100;

/// Reads a file. What could be read is in the tree even if there are errors; values that could not are
/// [`crate::ast::ExprKind::Invalid`] there.
pub fn parse(file: FileId, text: &str) -> (File, Vec<Diagnostic>) {
    read_file(file, text).unwrap_or_else(|| recover::file(file, text))
}

/// A file, if the grammar reads all of it.
fn read_file(file: FileId, text: &str) -> Option<(File, Vec<Diagnostic>)> {
    let mut lower = Lower::new(file, 0);
    let mut items = Vec::new();
    let mut at = if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
    loop {
        let next = Grammar::parse(Rule::next_item, &text[at..]).ok()?.next()?;
        lower.begin(at);
        at += next.as_span().end();
        match next.into_inner().next() {
            Some(item) => items.push(lower.item(item)),
            None => break,
        }
    }
    let body = lower.body(items, Span::new(file, 0, text.len()));
    Some((File { body }, lower.finish()))
}

/// Reads one expression, such as the `VALUE` of `--var x=VALUE` or a type.
///
/// # Errors
/// What is wrong with it; warnings alone are no error.
pub fn parse_expression(file: FileId, text: &str) -> Result<Expr, Vec<Diagnostic>> {
    let Some(pairs) = read(Rule::only_expression, text) else {
        return Err(recover::expression(file, text));
    };
    let lower = Lower::new(file, 0);
    let expr = lower.only_expression(pairs);
    let diagnostics = lower.finish();
    if diagnostics.iter().any(Diagnostic::is_error) { Err(diagnostics) } else { Ok(expr) }
}

/// Reads one item that stands alone in its text.
fn read_item(text: &str) -> Option<Pairs<'_, Rule>> {
    read(Rule::only_item, text)
}

fn read(rule: Rule, text: &str) -> Option<Pairs<'_, Rule>> {
    Grammar::parse(rule, text).ok().and_then(|mut pairs| pairs.next()).map(|whole| whole.into_inner())
}
