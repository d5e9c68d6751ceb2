//! HCL's reference implementation as the oracle: its own suite, its evaluator and its formatter, from Debian's packages
//! `golang-go` and `golang-github-hashicorp-hcl-v2-dev`. Where they are not installed there is nothing to compare with,
//! and the tests say so.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "programs are run and files are read"
)]

mod expressions;
mod tools;

use std::fs;
use std::path::Path;

use infra_lang::diagnostic::Diagnostic;
use infra_lang::format::format;
use infra_lang::parse::parse;
use infra_lang::span::FileId;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

use tools::Tools;

#[test]
fn the_suite_of_the_reference_implementation_passes() {
    let Some(tools) = Tools::built() else { return };
    let run = tools.suite();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let cases = String::from_utf8_lossy(&run.stdout).lines().filter(|line| line.starts_with("- ")).count();
    assert!(cases >= 15, "only {cases} cases were run");
}

#[test]
fn expressions_have_the_values_that_the_reference_gives_them() {
    let Some(tools) = Tools::built() else { return };
    let mut runner = TestRunner::new_with_rng(config(16), rng());
    let many = vec(expressions::any(), 40);
    let outcome = runner.run(&many, |expressions| {
        let attributes: Vec<String> =
            expressions.iter().enumerate().map(|(at, expr)| format!("a{at} = {expr}\n")).collect();
        let (ours, theirs) = tools.values(&attributes.concat(), expressions.len());
        for (at, expression) in expressions.iter().enumerate() {
            prop_assert_eq!(ours.get(at), theirs.get(at), "{}", expression);
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn what_the_reference_reads_is_read_and_nothing_else() {
    let Some(tools) = Tools::built() else { return };
    let mut runner = TestRunner::new_with_rng(config(400), rng());
    let outcome = runner.run(&vec(select(PIECES), 0..12), |pieces| {
        let text = format!("a = {}\n", pieces.concat());
        let accepted = tools.formatted(&text).is_some();
        prop_assert_eq!(parses(&text), accepted, "{}", text);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn the_format_is_the_reference_s() {
    let Some(tools) = Tools::built() else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut compared = 0;
    for folder in ["lang/tests/cases/check", "lang/tests/cases/evaluate", "examples", "stdlib"] {
        for path in tools::sources(&root.join(folder)) {
            let text = fs::read_to_string(&path).expect("a source");
            let Ok(ours) = format(&text) else { continue };
            // A token is new in the language; quoted, it is one that the reference knows.
            let known = expressions::quantities_quoted(&ours);
            let Some(theirs) = tools.formatted(&known) else { continue };
            assert_eq!(known, theirs, "{}", path.display());
            compared += 1;
        }
    }
    assert!(compared > 20, "only {compared} files were compared");
}

fn parses(text: &str) -> bool {
    !parse(FileId(0), text).1.iter().any(Diagnostic::is_error)
}

/// The same texts each time: the oracle is asked by starting a program, so there are few.
fn rng() -> proptest::test_runner::TestRng {
    proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha)
}

fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

/// Pieces of text that both grammars know.
const PIECES: &[&str] = &[
    "a",
    "b-c",
    "null",
    "é",
    "1",
    "2.5",
    "1e3",
    "1.2.3",
    "\"x\"",
    "\"",
    "${",
    "${~",
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
    "\n",
    "\n  ",
    " ",
    " ",
    "\t",
    "=",
    "==",
    "=>",
    ":",
    ",",
    ".",
    "...",
    "?",
    "+",
    "-",
    "*",
    "/",
    " % ",
    "!",
    "!=",
    "<",
    ">=",
    "&&",
    "||",
    "# c\n",
    "/* c */",
    "\\n",
    "$${",
    ".*",
    "[*]",
    "[0]",
    ".0",
    "\nb = ",
    "b {\n",
    "\n}\n",
    "c \"d\" {",
    "f(",
    "[for x in y : x]",
    "{ for k, v in m : k => v... if k }",
    "\"a ${b} c\"",
    "\"${b}\"",
    "{ a = 1 }",
    "<<A\nx\nA\n",
];
