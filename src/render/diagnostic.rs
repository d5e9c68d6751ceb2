//! Diagnostics as people and programs read them.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use infra_lang::diagnostic::{Diagnostic, Severity};
use infra_lang::span::{FileId, SourceMap, Span};
use serde_json::{Value as Json, json};

/// More than so many are counted, not shown.
const SHOWN: usize = 20;

/// All diagnostics in rustc's layout, errors first, the first twenty, then a count.
pub fn report(diagnostics: &[Diagnostic], sources: &SourceMap, width: usize) -> String {
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|diagnostic| (diagnostic.severity, diagnostic.span));
    let shown = sorted.iter().take(SHOWN).map(|diagnostic| one(diagnostic, sources, width) + "\n\n");
    shown.collect::<String>() + &count(diagnostics)
}

/// How many there are.
fn count(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let warnings = diagnostics.len() - errors;
    let several = |count: usize, word: &str| match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        _ => Some(format!("{count} {word}s")),
    };
    let parts: Vec<String> =
        [several(errors, "error"), several(warnings, "warning")].into_iter().flatten().collect();
    let hidden = if diagnostics.len() > SHOWN { format!(", the first {SHOWN} shown") } else { String::new() };
    format!("{}{hidden}\n", parts.join(", "))
}

fn one(diagnostic: &Diagnostic, sources: &SourceMap, width: usize) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let code = diagnostic.code.to_string();
    let title = level.primary_title(&diagnostic.message).id(code);
    let mut group = Group::with_title(title).elements(snippets(diagnostic, sources));
    if let Some(hint) = &diagnostic.hint {
        group = group.element(Level::HELP.with_name("hint").message(hint));
    }
    let mut groups = vec![group];
    if let Some(edit) = diagnostic.suggestion.first() {
        let patches = diagnostic.suggestion.iter().filter(|other| other.span.file == edit.span.file);
        let patches = patches.map(|edit| Patch::new(range(edit.span), &edit.text));
        let snippet = source(edit.span.file, sources).patches(patches);
        groups.push(Level::HELP.secondary_title("write").element(snippet));
    }
    Renderer::styled().decor_style(DecorStyle::Ascii).term_width(width).render(&groups)
}

fn range(span: Span) -> Range<usize> {
    span.start as usize..span.end as usize
}

fn source<'a, T: Clone>(file: FileId, sources: &'a SourceMap) -> Snippet<'a, T> {
    let file = sources.file(file);
    Snippet::source(file.shown()).path(&file.path).fold(true)
}

/// One snippet for each file that has a part in it, the cause's first.
fn snippets<'a>(
    diagnostic: &'a Diagnostic,
    sources: &'a SourceMap,
) -> Vec<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let mut files: Vec<FileId> = diagnostic.span.iter().map(|span| span.file).collect();
    for label in &diagnostic.labels {
        if !files.contains(&label.span.file) {
            files.push(label.span.file);
        }
    }
    files.into_iter().map(|file| annotated(diagnostic, file, sources)).collect()
}

fn annotated<'a>(
    diagnostic: &'a Diagnostic,
    file: FileId,
    sources: &'a SourceMap,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let cause = diagnostic.span.filter(|span| span.file == file);
    let cause = cause.map(|span| AnnotationKind::Primary.span(range(span)).label(diagnostic.note.as_deref()));
    let labels = diagnostic.labels.iter().filter(|label| label.span.file == file);
    let labels =
        labels.map(|label| AnnotationKind::Context.span(range(label.span)).label(label.text.as_str()));
    source(file, sources).annotations(cause.into_iter().chain(labels))
}

/// One diagnostic as an object: lines and columns count from 1, bytes from 0, ends exclusive.
pub fn json(diagnostic: &Diagnostic, sources: &SourceMap) -> Json {
    let span = |span: Span| self::span(span, sources);
    json!({
        "code": diagnostic.code.to_string(),
        "severity": match diagnostic.severity { Severity::Error => "error", Severity::Warning => "warning" },
        "message": diagnostic.message,
        "span": diagnostic.span.map(span),
        "note": diagnostic.note,
        "labels": diagnostic.labels.iter().map(|label| json!({ "span": span(label.span), "text": label.text })).collect::<Vec<_>>(),
        "hint": diagnostic.hint,
        "suggestion": diagnostic.suggestion.iter().map(|edit| json!({ "span": span(edit.span), "text": edit.text })).collect::<Vec<_>>(),
    })
}

fn span(span: Span, sources: &SourceMap) -> Json {
    let file = sources.file(span.file);
    let position = |byte: u32| {
        let position = file.position(byte as usize);
        json!({ "line": position.line, "column": position.column, "byte": position.byte })
    };
    json!({ "file": file.path, "start": position(span.start), "end": position(span.end) })
}
