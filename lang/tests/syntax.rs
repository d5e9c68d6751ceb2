//! Parsing and formatting, case by case.
//!
//! A file under `tests/cases` holds cases: `=== title`, the input, `---`, what comes out.
//! `UPDATE=1 cargo test -p infra-lang --test syntax` writes what comes out into the files, to be read in the diff.
#![expect(clippy::disallowed_methods, reason = "cases are files, and a test may read them")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use infra_lang::diagnostic::{Diagnostic, Severity};
use infra_lang::format::format;
use infra_lang::parse::{parse, parse_expression};
use infra_lang::span::{FileId, SourceMap, Span};

#[test]
fn files_parse() {
    check("parse", |input| {
        let mut sources = SourceMap::default();
        let id = sources.add("case", input);
        let (file, diagnostics) = parse(id, input);
        file.to_string() + &report(&sources, &diagnostics)
    });
}

#[test]
fn expressions_parse() {
    check("expression", |input| {
        let each = |line: &str| {
            let mut sources = SourceMap::default();
            let id = sources.add("case", line);
            match parse_expression(id, line) {
                Ok(expr) => format!("{expr}\n"),
                Err(diagnostics) => report(&sources, &diagnostics),
            }
        };
        input.lines().map(each).collect()
    });
}

#[test]
fn files_format() {
    check("format", |input| {
        let mut sources = SourceMap::default();
        sources.add("case", input);
        match format(input) {
            Ok(text) => text,
            Err(diagnostics) => report(&sources, &diagnostics),
        }
    });
}

#[test]
fn the_examples_and_the_standard_library_are_formatted() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders = vec![repository.join("examples"), repository.join("stdlib")];
    while let Some(folder) = folders.pop() {
        for path in files(&folder) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "infra") {
                let text = fs::read_to_string(&path).expect("examples are text");
                assert_eq!(format(&text).as_ref(), Ok(&text), "{}", path.display());
            }
        }
    }
}

#[test]
fn nesting_has_a_limit_and_never_crashes() {
    let nested = |levels: usize| format!("a = {}1{}\n", "[".repeat(levels), "]".repeat(levels));
    let texts = [
        nested(300),
        nested(20_000),
        "a = [".repeat(20_000),
        format!("a = {}b\n", "!".repeat(20_000)),
        format!("a = b{}\n", ".c".repeat(20_000)),
        format!("a = {}d\n", "b ? c : ".repeat(20_000)),
        format!("{}{}", "a {\n".repeat(20_000), "}\n".repeat(20_000)),
        format!("a = \"{}\"\n", "%{ if b }".repeat(2_000)),
    ];
    let condition = format!("a = {}true\n", "var.b.c == 1 || ".repeat(90));
    assert!(parse(FileId(0), &condition).1.is_empty());
    assert!(parse(FileId(0), &nested(90)).1.is_empty());
    for text in texts {
        let (_, diagnostics) = parse(FileId(0), &text);
        assert_eq!(diagnostics.first().map(|first| first.code.0), Some("E0114"), "{}", &text[..20]);
        assert!(format(&text).is_err());
    }
}

/// Whatever is wrong is told with an end, in time that grows with the text.
#[test]
fn hostile_texts_have_an_answer() {
    let lines = 5_000;
    let items = "b = 1\n".repeat(lines);
    let texts = [
        "}".repeat(lines),
        "}\n".repeat(lines),
        "\"\n".repeat(lines),
        "x y z\n".repeat(lines),
        "a = \"x\n".repeat(lines),
        "a = <<X\n".repeat(lines),
        (0..lines).map(|line| format!("a = <<X{line}\n")).collect(),
        format!("a = <<X\n{items}"),
        format!("a = <<X\n{items}  X\nb = = 1\n"),
        format!("{}{items}x y z\n{}", "a {\n".repeat(90), "}\n".repeat(90)),
        format!("a = \"{}\"\n", "\\q".repeat(lines)),
        format!("a = \"{}\"\n", "%{ endif }".repeat(lines)),
        format!("a = {}\n", "9".repeat(1_000_000)),
        items,
    ];
    for text in texts {
        let (_, diagnostics) = parse(FileId(0), &text);
        assert!((1..=3_000).contains(&diagnostics.len()), "{} {}", &text[..10], diagnostics.len());
    }
    assert!(parse(FileId(0), &format!("a = <<X\n{}X\n", "b = 1\n".repeat(lines))).1.is_empty());
}

#[test]
fn line_ends_of_windows_are_kept_and_a_byte_order_mark_is_dropped() {
    let text = "\u{FEFF}a=1\r\nb = <<X\r\ny\r\nX\r\n";
    let (file, diagnostics) = parse(FileId(0), text);
    assert_eq!(file.to_string(), "a = 1\nb = \"y\\r\\n\"\n");
    let found: Vec<_> = diagnostics.iter().map(|found| (found.code.0, found.is_error())).collect();
    assert_eq!(found, [("W0101", false)]);
    assert_eq!(format(text), Ok("a = 1\r\nb = <<X\r\ny\r\nX\r\n".to_owned()));
}

#[test]
fn spans_hold_the_brackets_of_what_they_cover() {
    let text = "(a + b).c * \"${d}\"";
    let expr = parse_expression(FileId(0), text).expect("an expression");
    let mut spans = Vec::new();
    let mut pending = vec![&expr];
    while let Some(expr) = pending.pop() {
        spans.push(&text[expr.span.start as usize..expr.span.end as usize]);
        expr.for_each_child(&mut |child| pending.push(child));
    }
    assert_eq!(spans, [text, "\"${d}\"", "d", "(a + b).c", "(a + b)", "a + b", "b", "a"]);
}

fn report(sources: &SourceMap, diagnostics: &[Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let severity = if diagnostic.severity == Severity::Error { "error" } else { "warning" };
        let place = diagnostic.span.map_or(String::new(), |span| place(sources, span));
        writeln!(text, "{severity}[{}] {place}: {}", diagnostic.code, diagnostic.message).expect("a string");
        for label in &diagnostic.labels {
            writeln!(text, "  {}: {}", place_of(sources, label.span), label.text).expect("a string");
        }
        if let Some(hint) = &diagnostic.hint {
            writeln!(text, "  hint: {hint}").expect("a string");
        }
        for edit in &diagnostic.suggestion {
            writeln!(text, "  instead: {} {:?}", place_of(sources, edit.span), edit.text).expect("a string");
        }
    }
    text
}

fn place(sources: &SourceMap, span: Span) -> String {
    let words = sources.text(span);
    let short: String = words.chars().take(20).collect();
    let more = if short.len() < words.len() { "…" } else { "" };
    format!("{} {short:?}{more}", place_of(sources, span))
}

fn place_of(sources: &SourceMap, span: Span) -> String {
    let position = sources.file(span.file).position(span.start as usize);
    format!("{}:{}", position.line, position.column)
}

// --- case files

struct Case {
    title: String,
    input: String,
    expected: String,
}

/// Runs `run` on every case of a folder and compares; all failures are shown together.
fn check(folder: &str, run: impl Fn(&str) -> String) {
    let update = std::env::var_os("UPDATE").is_some();
    let mut failures = String::new();
    for path in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(folder)) {
        let mut cases = read(&path);
        for case in &mut cases {
            let actual = run(&case.input);
            if actual != case.expected && !update {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let Case { title, expected, .. } = case;
                writeln!(failures, "=== {name}: {title}\n--- expected\n{expected}--- actual\n{actual}")
                    .expect("a string");
            }
            case.expected = actual;
        }
        if update {
            fs::write(&path, write(&cases)).expect("case files can be written");
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder of cases exists");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "no cases in {}", folder.display());
    files
}

fn read(path: &Path) -> Vec<Case> {
    let text = fs::read_to_string(path).expect("case files are text");
    let cases = text.split("=== ").skip(1).map(|case| {
        let (title, rest) = case.split_once('\n').expect("a title ends its line");
        let (input, expected) = rest.split_once("---\n").unwrap_or((rest, ""));
        Case { title: title.to_owned(), input: input.to_owned(), expected: expected.to_owned() }
    });
    cases.collect()
}

fn write(cases: &[Case]) -> String {
    cases.iter().map(|case| format!("=== {}\n{}---\n{}", case.title, case.input, case.expected)).collect()
}
