//! `infra test`: run the `*.test.infra` files, without AWS.

use std::collections::BTreeMap;
use std::path::Path;

use infra_lang::diagnostic::Diagnostic;
use infra_lang::inputs::Inputs;
use infra_lang::schema::SchemaSet;
use infra_lang::span::SourceMap;
use infra_lang::testing::Test;

use super::Exit;
use crate::args::TestArgs;
use crate::error::{CommandError, CommandResult, Complaint};
use crate::render::test::{self, Tally};
use crate::settings::Settings;
use crate::suites::{self, Loaded};
use crate::terminal::Terminal;
use crate::workspace::ProjectFiles;

/// When every test runs, so that each run gives the same.
const NOW: &str = "2026-01-01T00:00:00Z";

/// The account in which every test runs.
const ACCOUNT: &str = "123456789012";

pub fn run(args: &TestArgs, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    let files = suites::files(settings, &args.paths)?;
    if files.is_empty() {
        return Err(Complaint::new("there are no tests here: no file ends in .test.infra")
            .at(settings.directory.display())
            .hint("a test is `test \"what it shows\" { assert { condition = …, error_message = … } }`")
            .into());
    }
    let schemas = infra_aws::schemas();
    let mut tally = Tally::default();
    for path in files {
        file(&path, args, settings, &schemas, &mut Report { args, terminal, tally: &mut tally })?;
    }
    terminal.print(&if args.json { test::tally_json(&tally) } else { test::tally(&tally) });
    Ok(if tally.failed == 0 { Exit::Ok } else { Exit::Error })
}

/// Runs the tests of one file that are asked for.
fn file(
    path: &Path,
    args: &TestArgs,
    settings: &Settings,
    schemas: &SchemaSet,
    report: &mut Report<'_>,
) -> CommandResult<()> {
    let shown = suites::shown(path);
    let loaded = match suites::load(path, settings, schemas) {
        Ok(loaded) => loaded,
        Err(CommandError::Diagnostics(problems, sources)) => {
            report.begin(&shown);
            report.outcome(&shown, None, &problems, &sources);
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let asked = |test: &&Test| args.filter.as_ref().is_none_or(|filter| test.name.contains(filter));
    let tests: Vec<&Test> = loaded.suite.file.tests.iter().filter(asked).collect();
    if tests.is_empty() {
        return Ok(());
    }
    report.begin(&shown);
    for test in tests {
        let found = one(&loaded, test, schemas);
        report.outcome(&shown, Some(&test.name), &found, &loaded.sources);
    }
    Ok(())
}

/// Runs one test.
fn one(loaded: &Loaded, test: &Test, schemas: &SchemaSet) -> Vec<Diagnostic> {
    let files = ProjectFiles::new(&loaded.root);
    let inputs = Inputs {
        variables: BTreeMap::new(),
        files: &files,
        data: BTreeMap::new(),
        timestamp: NOW.to_owned(),
        account: Some(ACCOUNT.to_owned()),
    };
    loaded.suite.run(test, schemas, inputs)
}

/// Tells what comes out, as it comes.
struct Report<'a> {
    args: &'a TestArgs,
    terminal: &'a Terminal,
    tally: &'a mut Tally,
}

impl Report<'_> {
    fn begin(&self, file: &str) {
        if !self.args.json {
            self.terminal.print(&test::file(file));
        }
    }

    /// What came of a test, or, without a name, of reading the file.
    fn outcome(&mut self, file: &str, name: Option<&str>, problems: &[Diagnostic], sources: &SourceMap) {
        self.tally.count(problems.is_empty());
        let text = match self.args.json {
            true => test::outcome_json(file, name, problems, sources),
            false => test::outcome(name, problems, sources, self.terminal.width()),
        };
        self.terminal.print(&text);
    }
}
