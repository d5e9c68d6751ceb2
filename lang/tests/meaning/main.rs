//! Checking and evaluating, by cases: each file under `cases/` holds what goes in and what comes out.
//!
//! `UPDATE=1 cargo test -p infra-lang --test meaning` writes what comes out into the files, to be read in the diff.
#![expect(clippy::disallowed_methods, reason = "cases are files, and a test may read them")]

mod case;
mod documentation;
mod explanations;
mod files;
mod functions;
mod interface;
mod kinds;
mod mutations;
mod phases;
mod residuals;
mod types;

use std::fs;
use std::path::{Path, PathBuf};

use case::Case;

fn cases(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(folder);
    let entries = fs::read_dir(&root).expect("the folder of cases");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "there are no cases in {}", root.display());
    paths
}

/// Runs all cases of a folder and shows every one whose result is not what it expects.
fn run(folder: &str, result: impl Fn(&Case) -> String) {
    let mut wrong = String::new();
    for path in cases(folder) {
        let text = fs::read_to_string(&path).expect("a case");
        let case = Case::read(&text);
        // Editors cut blanks at the ends of lines, and expectations are kept without them.
        let found: String = result(&case).lines().map(|line| format!("{}\n", line.trim_end())).collect();
        if found.trim_end() == case.expected.trim_end() {
            continue;
        }
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, updated(&text, &found)).expect("a case");
        } else {
            wrong += &format!("--- {}\nexpected:\n{}\nfound:\n{found}\n", path.display(), case.expected);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn updated(text: &str, found: &str) -> String {
    let source = text.split("#: expect\n").next().unwrap_or_default().trim_end();
    let expected: Vec<String> =
        found.trim_end().lines().map(|line| format!("# {line}").trim_end().to_owned()).collect();
    format!("{source}\n\n#: expect\n{}\n", expected.join("\n"))
}

#[test]
fn checking() {
    run("check", Case::checked);
}

#[test]
fn evaluating() {
    run("evaluate", Case::evaluated);
}

#[test]
fn testing() {
    run("testing", Case::tested);
}

#[test]
fn repairing() {
    run("fix", Case::repaired);
}

#[test]
fn validating() {
    run("validate", Case::validated);
}

#[test]
fn a_long_chain_of_locals_is_no_deep_recursion() {
    let links: String = (1..5000).map(|n| format!("  l{n} = local.l{} + 1\n", n - 1)).collect();
    let project = "project \"p\" { region = \"us-east-1\" }\n";
    let text =
        format!("{project}locals {{\n  l0 = 0\n{links}}}\noutput \"last\" {{ value = local.l4999 }}\n");
    assert!(Case::read(&text).evaluated().ends_with("output.last = 4999\n"));
}

/// An expression is looked at once, however deep the calls around it are.
#[test]
fn nested_calls_cost_their_length() {
    let nested = |depth: usize, open: &str, inner: &str, close: &str| {
        let text = format!("{}{inner}{}", open.repeat(depth), close.repeat(depth));
        let output = format!("output \"nested\" {{ value = {text} }}\n");
        let found = Case::read(&format!("project \"p\" {{ region = \"us-east-1\" }}\n{output}")).evaluated();
        found.lines().last().unwrap_or_default().to_owned()
    };
    assert_eq!(nested(90, "upper(", "\"a\"", ")"), "output.nested = \"A\"");
    assert_eq!(nested(30, "[max(", "1", ")][0]"), "output.nested = 1");
    assert_eq!(nested(20, "try(merge({ a = ", "1", " }).a)"), "output.nested = 1");
    assert_eq!(nested(40, "true ? 1 : tonumber(", "2", ")"), "output.nested = 1");
}

#[test]
fn a_long_chain_of_objects_is_no_deep_recursion() {
    let links: String =
        (1..3000).map(|n| format!("vpc \"v{n}\" {{ cidr_block = vpc.v{}.cidr_block }}\n", n - 1)).collect();
    let first = "project \"p\" { region = \"us-east-1\" }\nvpc \"v0\" { cidr_block = \"10.0.0.0/16\" }\n";
    let text = format!("{first}{links}output \"last\" {{ value = vpc.v2999.cidr_block }}\n");
    assert!(Case::read(&text).evaluated().ends_with("output.last = \"10.0.0.0/16\"\n"));
}

/// Secrets are followed through calls and blocks that need each other, but not so far that the stack ends.
#[test]
fn a_long_way_of_a_secret_is_no_deep_recursion() {
    let calls = (1..300)
        .map(|n| format!("module \"m{n}\" {{\n  source = \"./m\"\n  text = module.m{}.text\n}}\n", n - 1));
    let blocks = (1..300).map(|n| format!("vpc \"v{n}\" {{ cidr_block = vpc.v{}.cidr_block }}\n", n - 1));
    let text = format!(
        "project \"p\" {{ region = \"us-east-1\" }}\nmodule \"m0\" {{\n  source = \"./m\"\n  text = sensitive(\"a\")\n}}\n\
         vpc \"v0\" {{ cidr_block = \"10.0.0.0/16\" }}\n{}{}output \"text\" {{ value = module.m20.text }}\n\
         #: file m/m.infra\nvariable \"text\" {{ type = string }}\noutput \"text\" {{ value = var.text }}\n",
        calls.collect::<String>(),
        blocks.collect::<String>(),
    );
    let found = Case::read(&text).checked();
    assert!(found.contains("E0501") && found.lines().count() == 1, "{found}");
}

#[test]
fn evaluation_is_deterministic() {
    for path in cases("evaluate") {
        let case = Case::read(&fs::read_to_string(&path).expect("a case"));
        assert_eq!(case.evaluated(), case.evaluated(), "{}", path.display());
    }
}
