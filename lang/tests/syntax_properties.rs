//! What holds for every text: parsing does not panic, formatting changes no meaning and settles at once.

use infra_lang::ast::File;
use infra_lang::diagnostic::Diagnostic;
use infra_lang::format::format;
use infra_lang::parse::{parse, parse_expression};
use infra_lang::span::FileId;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Pieces of text that mean something to the parser, so that random sequences of them get far.
const PIECES: &[&str] = &[
    "a",
    "b-c",
    "for",
    "in",
    "if",
    "null",
    "é",
    "1",
    "2.5",
    "30s",
    "80%",
    "1.2.3",
    "\"x\"",
    "\"",
    "${",
    "${~",
    "%{",
    "%{ if a }",
    "%{ else }",
    "%{ endif ~}",
    "%{ for x in y }",
    "%{ endfor }",
    "}",
    "~}",
    "{",
    "(",
    ")",
    "[",
    "]",
    "<<A\n",
    "<<-A\n",
    "\nA\n",
    "A",
    "\n",
    "\n",
    "\n  ",
    "\r\n",
    " ",
    " ",
    "\t",
    "=",
    "=",
    "==",
    "=>",
    ":",
    "::",
    ",",
    ".",
    "...",
    "?",
    "+",
    "-",
    "*",
    "/",
    "%",
    "!",
    "!=",
    "<",
    ">=",
    "&&",
    "||",
    "# c\n",
    "// c",
    "/* c */",
    "/*",
    "\\",
    "$${",
    "'",
    "&",
    ".*",
    "[*]",
    "a = ",
    "b {\n",
    "\n}\n",
    "c \"d\" {",
    "f(",
    "[for x in y : x]",
    "{ for k, v in m : k => v... if k }",
    "\"a ${b} c\"",
    "\"${b}\"",
    "{ a = 1 }",
    "\u{301}",
    "\u{FEFF}",
];

/// A text with a bit of everything, to be damaged.
const SAMPLE: &str = r#"project "x" { region = "us-east-1" }
# comment
locals {
  a = [1, 2.5, 30s, 80%, -3, !true] // trailing
  b = { for k, v in local.m : k => v... if v != null && k == "x" }
  c = "${a}-%{ if b }x%{ else }y%{ endif }${~ d ~}"
  e = <<-EOT
    line ${f(g...)}
      %{ for x in xs ~}
    ${x}
      %{ endfor ~}
    EOT
  h = cond ? one.two[0].three : lib::f("$${x}", null)
  i = values(subnet.public)[*].id
  j = a.*.b[0] /* inline */ + (1 - 2) * 3 % 4
}
elb web {
  listener {
    port = 80
  }
}
"#;

fn tree(text: &str) -> (File, Vec<Diagnostic>) {
    let (file, diagnostics) = parse(FileId(0), text);
    (file, diagnostics.into_iter().filter(Diagnostic::is_error).collect())
}

/// Everything that must hold for one text.
fn holds(text: &str) -> Result<(), TestCaseError> {
    let (before, errors) = tree(text);
    for span in errors.iter().filter_map(|error| error.span) {
        let inside = text.get(span.start as usize..span.end as usize);
        prop_assert!(inside.is_some(), "a span is no part of the text: {span:?}");
    }
    for error in &errors {
        prop_assert!(error.message != "this cannot be read", "nobody found the cause:\n{text}");
    }
    prop_assert_eq!(format(text).is_ok(), errors.is_empty());
    if let Ok(formatted) = format(text) {
        let (after, errors) = tree(&formatted);
        prop_assert!(errors.is_empty(), "formatted text does not parse:\n{}\n{:?}", formatted, errors);
        // Quotes around labels are the one thing that a dump does not show.
        prop_assert_eq!(before.to_string(), after.to_string());
        prop_assert_eq!(format(&formatted), Ok(formatted));
    }
    Ok(())
}

/// A quarter of the usual cases, which keeps the suite quick; `PROPTEST_CASES` asks for more.
fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases.div_ceil(4), failure_persistence: None, ..usual }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_text(text in any::<String>()) {
        holds(&text)?;
        let _ = parse_expression(FileId(0), &text);
    }

    #[test]
    fn any_sequence_of_tokens(pieces in vec(select(PIECES), 0..30)) {
        let text = pieces.concat();
        holds(&text)?;
        let _ = parse_expression(FileId(0), &text);
    }

    #[test]
    fn any_value_of_tokens(pieces in vec(select(PIECES), 1..8)) {
        holds(&format!("a = {}\n", pieces.join(" ")))?;
        holds(&format!("a = [{}]\n", pieces.concat()))?;
    }

    #[test]
    fn a_text_with_something_cut_out(from in any::<Index>(), length in 1usize..12) {
        let text: Vec<char> = SAMPLE.chars().collect();
        let from = from.index(text.len());
        let until = (from + length).min(text.len());
        let damaged: String = text[..from].iter().chain(&text[until..]).collect();
        holds(&damaged)?;
    }

    #[test]
    fn a_text_with_something_put_in(at in any::<Index>(), piece in select(PIECES)) {
        let text: Vec<char> = SAMPLE.chars().collect();
        let at = at.index(text.len());
        let damaged: String = text[..at].iter().copied().chain(piece.chars()).chain(text[at..].iter().copied()).collect();
        holds(&damaged)?;
    }
}
