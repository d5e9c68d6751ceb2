//! What holds for every text. `cargo fuzz` looks for texts for which it does not; `tests/corpus.rs` tries those that
//! were found worth keeping.
#![allow(dead_code, reason = "each user needs some of these")]

#[path = "../tests/meaning/files.rs"]
mod files;
#[path = "../tests/meaning/kinds.rs"]
mod kinds;

use std::collections::BTreeMap;

use infra_lang::ast::{Expr, File};
use infra_lang::diagnostic::Diagnostic;
use infra_lang::inputs::Inputs;
use infra_lang::span::{FileId, SourceMap, Span};
use infra_lang::{Source, check};

/// Reading never panics, and every place it speaks of is in the text.
pub fn parse(text: &str) {
    let (file, diagnostics) = infra_lang::parse(FileId(0), text);
    file.for_each_value(&mut |expr| each_place(expr, &mut |span| is_in(text, span)));
    for diagnostic in &diagnostics {
        diagnostic.span.into_iter().for_each(|span| is_in(text, span));
        diagnostic.labels.iter().for_each(|label| is_in(text, label.span));
    }
    let _ = infra_lang::parse_expression(FileId(0), text);
}

/// Formatting changes no meaning, and settles at once.
pub fn format(text: &str) {
    let Ok(once) = infra_lang::format(text) else { return };
    assert_eq!(infra_lang::format(&once).as_ref(), Ok(&once), "formatting again changes something");
    assert_eq!(shape(text), shape(&once), "formatting changes the meaning");
}

/// Checking and evaluating never panic, and give the same every time.
pub fn evaluate(text: &str) {
    assert_eq!(outcome(text), outcome(text));
}

fn is_in(text: &str, span: Span) {
    assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?} is no part of the text");
}

fn each_place(expr: &Expr, visit: &mut impl FnMut(Span)) {
    visit(expr.span);
    expr.for_each_child(&mut |child| each_place(child, visit));
}

/// The tree without its places.
fn shape(text: &str) -> String {
    let (file, diagnostics): (File, Vec<Diagnostic>) = infra_lang::parse(FileId(0), text);
    assert!(!diagnostics.iter().any(Diagnostic::is_error), "{text:?} does not parse: {diagnostics:?}");
    file.to_string()
}

/// All that is wanted, or all that is wrong.
fn outcome(text: &str) -> Result<String, Vec<Diagnostic>> {
    let mut map = SourceMap::default();
    let (file, diagnostics) = infra_lang::parse(map.add("main.infra", text), text);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(diagnostics);
    }
    let program = check(&[Source { directory: String::new(), file }], &kinds::schemas())?;
    let files = files::Memory::default();
    let inputs = Inputs {
        variables: BTreeMap::new(),
        files: &files,
        data: BTreeMap::new(),
        timestamp: "2026-11-21T08:00:00Z".to_owned(),
        account: None,
    };
    infra_lang::evaluate(&program, &inputs).map(|desired| desired.to_string())
}
