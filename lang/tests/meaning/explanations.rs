//! What `infra explain` shows is true: the example has the problem, and only that one; mended, it has none.

use std::fs;
use std::path::{Path, PathBuf};

use infra_lang::explain::{explain, explanations};
use infra_lang::language::blocks;

use crate::case::Case;

/// What examples refer to and do not show.
const SURROUNDINGS: &str = "\n#: file network/main.infra\noutput \"id\" { value = 1 }\n#: file names/main.infra\nfunction \"greeting\" {\n  params = { name = string }\n  result = \"Hello ${name}\"\n}\n#: file motd.txt\nhello\n";

/// The codes of all that is wrong with an example.
fn codes(example: &str, alone: bool) -> Vec<&'static str> {
    let own = example.contains("project \"") || alone;
    let project = if own { "" } else { "project \"shop\" { region = \"us-east-1\" }\n" };
    // Tests stand in a file of their own.
    let files = match example.find("test \"") {
        Some(at) => format!("{}\n#: file main.test.infra\n{}", &example[..at], &example[at..]),
        None => example.to_owned(),
    };
    let found = Case::read(&format!("{project}{files}{SURROUNDINGS}")).problems();
    found.iter().map(|found| found.code.0).collect()
}

#[test]
fn examples_have_the_problem_they_explain_and_no_other() {
    for explanation in explanations() {
        let mut found = codes(explanation.wrong, explanation.title == "project block");
        found.dedup();
        assert_eq!(found, [explanation.code.0], "{}", explanation.wrong);
    }
}

#[test]
fn mended_examples_are_valid() {
    for explanation in explanations() {
        let found = codes(explanation.right, false);
        assert!(found.is_empty(), "{} still has {found:?}:\n{}", explanation.code, explanation.right);
    }
}

#[test]
fn examples_of_blocks_are_valid() {
    for block in blocks() {
        let found = codes(block.example, false);
        assert!(found.is_empty(), "{}: {found:?}\n{}", block.name, block.example);
    }
}

/// The files below a folder of the repository whose name ends so.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut pending = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    let mut found = Vec::new();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("a folder of the repository");
            pending.extend(entries.map(|entry| entry.expect("an entry").path()));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found
}

/// The words of a text that look like codes.
fn words_like_codes(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|word| {
        let digits = word.strip_prefix(['E', 'W']).unwrap_or_default();
        digits.len() == 4 && digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[test]
fn every_code_in_the_sources_is_explained() {
    for folder in ["src", "../engine/src", "../providers/aws/src", "../src"] {
        for path in files(folder, ".rs") {
            let text = fs::read_to_string(&path).expect("sources are text");
            let strange = words_like_codes(&text).find(|code| explain(code).is_none());
            assert_eq!(strange, None, "{}", path.display());
        }
    }
}

#[test]
fn every_code_has_a_case() {
    let mut expected = String::new();
    for path in files("tests/cases", "") {
        let text = fs::read_to_string(&path).expect("cases are text");
        // What comes out stands behind one of these lines, and what goes in before.
        let parts = text.split("\n#: expect\n").skip(1).chain(text.split("\n---\n").skip(1));
        parts.for_each(|part| expected += part);
    }
    let without =
        explanations().map(|explanation| explanation.code.0).filter(|code| !expected.contains(code));
    assert_eq!(without.collect::<Vec<_>>(), Vec::<&str>::new());
}
