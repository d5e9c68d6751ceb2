//! What came of tests, as people and programs read it.

use infra_lang::diagnostic::Diagnostic;
use infra_lang::span::SourceMap;
use serde_json::json;

use super::diagnostic;
use super::style::{BOLD, ERROR, GOOD};

/// How many tests came out which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Tests of which all holds.
    pub passed: usize,
    /// Tests of which something does not hold, and files that cannot be run.
    pub failed: usize,
}

impl Tally {
    /// Counts one more.
    pub fn count(&mut self, passed: bool) {
        match passed {
            true => self.passed += 1,
            false => self.failed += 1,
        }
    }
}

/// The line before the tests of a file.
pub fn file(path: &str) -> String {
    format!("{BOLD}{path}{BOLD:#}\n")
}

/// A test's line, and what does not hold below it. Without a name it is of the whole file.
pub fn outcome(name: Option<&str>, problems: &[Diagnostic], sources: &SourceMap, width: usize) -> String {
    let name = name.unwrap_or("this file cannot be run");
    if problems.is_empty() {
        return format!("  {GOOD}ok{GOOD:#}      {name}\n");
    }
    format!("  {ERROR}FAILED{ERROR:#}  {name}\n\n{}\n", diagnostic::report(problems, sources, width))
}

/// How many came out which way.
pub fn tally(tally: &Tally) -> String {
    let Tally { passed, failed } = tally;
    match failed {
        0 => format!("\n{GOOD}{passed} passed{GOOD:#}\n"),
        _ => format!("\n{passed} passed, {ERROR}{failed} failed{ERROR:#}\n"),
    }
}

/// One test as a line of JSON; `test` is null where it is of the whole file.
pub fn outcome_json(file: &str, name: Option<&str>, problems: &[Diagnostic], sources: &SourceMap) -> String {
    let outcome = if problems.is_empty() { "passed" } else { "failed" };
    let problems: Vec<_> = problems.iter().map(|problem| diagnostic::json(problem, sources)).collect();
    format!("{}\n", json!({ "file": file, "test": name, "outcome": outcome, "diagnostics": problems }))
}

/// How many came out which way, as a line of JSON.
pub fn tally_json(tally: &Tally) -> String {
    format!("{}\n", json!({ "passed": tally.passed, "failed": tally.failed }))
}
