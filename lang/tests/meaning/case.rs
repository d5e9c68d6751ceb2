//! A case: sources, what they are given, and what is expected, in one file.
//!
//! The file is the root module. A line `#: file PATH` starts another file: a module's source if it ends in
//! `.infra`, else a file of the project. Lines `#: var NAME=VALUE` and `#: answer ADDRESS NAME=VALUE` hand in
//! variables and answers to lookups. A file whose name ends in `.test.infra` holds tests of its directory. A line `#: expect` starts what comes out, each line behind `# `.

use std::collections::BTreeMap;

use infra_lang::address::Address;
use infra_lang::desired::Desired;
use infra_lang::diagnostic::{Diagnostic, Label};
use infra_lang::fix::{fixed, sure_edits};
use infra_lang::inputs::{Given, Inputs};
use infra_lang::name::Identifier;
use infra_lang::residual::Values;
use infra_lang::span::{FileId, SourceMap};
use infra_lang::testing::{Suite, Test, test_file};
use infra_lang::tool::Tool;
use infra_lang::value::Value;
use infra_lang::{Program, Source, check_for, evaluate, validate};

use crate::files::Memory;
use crate::kinds::schemas;

/// A case, read.
#[derive(Default)]
pub struct Case {
    sources: Vec<(String, String)>,
    tests: Vec<(String, String)>,
    files: BTreeMap<String, String>,
    variables: BTreeMap<Identifier, Given>,
    answers: BTreeMap<Address, Values>,
    /// What is expected; empty if nothing is said.
    pub expected: String,
}

impl Case {
    /// Reads a case.
    pub fn read(text: &str) -> Self {
        let mut case = Self::default();
        let mut at = String::from("main.infra");
        let mut parts: BTreeMap<String, String> = BTreeMap::new();
        for line in text.split_inclusive('\n') {
            let words: Vec<&str> = line.trim_end().splitn(3, ' ').collect();
            match words.as_slice() {
                ["#:", "file", path] => at = (*path).to_owned(),
                ["#:", "var", given] => case.variable(given),
                ["#:", "answer", given] => case.answer(given),
                ["#:", "expect"] => at = String::from("expect"),
                _ => parts.entry(at.clone()).or_default().push_str(line),
            }
        }
        let expected = parts.remove("expect").unwrap_or_default();
        case.expected = expected
            .lines()
            .map(|line| line.strip_prefix("# ").unwrap_or(line.trim_start_matches('#')))
            .fold(String::new(), |all, line| all + line + "\n");
        for (path, text) in parts {
            if path.ends_with(".test.infra") {
                case.tests.push((path, text));
            } else if path.ends_with(".infra") {
                case.sources.push((path, text));
            } else {
                case.files.insert(path, text);
            }
        }
        case
    }

    fn variable(&mut self, given: &str) {
        let (name, text) = given.split_once('=').expect("`var NAME=VALUE`");
        let given = Given::Text { text: text.to_owned(), origin: format!("--var {name}=…") };
        self.variables.insert(Identifier::new(name), given);
    }

    fn answer(&mut self, given: &str) {
        let (address, rest) = given.split_once(' ').expect("`answer ADDRESS NAME=VALUE`");
        let (name, text) = rest.split_once('=').expect("`answer ADDRESS NAME=VALUE`");
        let value: Value = serde_json::from_str(text).expect("an answer is JSON");
        let address = Address::parse(address).expect("an address");
        self.answers.entry(address).or_default().insert(name.into(), value);
    }

    /// The checked program with all warnings, or all that is wrong.
    fn check(&self, map: &mut SourceMap) -> Result<(Program, Vec<Diagnostic>), Vec<Diagnostic>> {
        let (sources, mut found) = self.parse(map);
        match check_for(&sources, &schemas(), &tool()) {
            Ok(program) if !found.iter().any(Diagnostic::is_error) => {
                found.extend_from_slice(program.warnings());
                Ok((program, found))
            }
            Ok(_) => Err(found),
            Err(more) => Err(found.into_iter().chain(more).collect()),
        }
    }

    fn parse(&self, map: &mut SourceMap) -> (Vec<Source>, Vec<Diagnostic>) {
        let mut sources = Vec::new();
        let mut errors = Vec::new();
        for (path, text) in &self.sources {
            let id = map.add(path, text);
            let (file, found) = infra_lang::parse::parse(id, text);
            errors.extend(found);
            sources.push(Source { directory: directory(path), file });
        }
        (sources, errors)
    }

    fn desired(&self, program: &Program) -> Result<Desired, Vec<Diagnostic>> {
        let files = Memory(self.files.clone());
        let (variables, data) = (self.variables.clone(), self.answers.clone());
        evaluate(program, &Inputs { variables, data, ..inputs(&files) })
    }

    /// All that is wrong, or worth a warning, when it is checked, evaluated and tested.
    pub fn problems(&self) -> Vec<Diagnostic> {
        let mut map = SourceMap::default();
        let (program, mut found) = match self.check(&mut map) {
            Ok(checked) => checked,
            Err(errors) => return errors,
        };
        found.extend(self.desired(&program).err().unwrap_or_default());
        for (path, text) in &self.tests {
            match self.suite(path, text, &self.parse(&mut map).0, &mut map) {
                Ok(suite) => found.extend(self.run(&suite).into_iter().flat_map(|(_, found)| found)),
                Err(errors) => found.extend(errors),
            }
        }
        found
    }

    /// What tests give: for each its name, and `ok` or what does not hold.
    pub fn tested(&self) -> String {
        let mut map = SourceMap::default();
        let (sources, errors) = self.parse(&mut map);
        assert!(errors.is_empty(), "{}", spelled(&errors, &map));
        let file = |(path, text): &(String, String)| {
            let mut map = map.clone();
            let suite = match self.suite(path, text, &sources, &mut map) {
                Ok(suite) => suite,
                Err(errors) => return spelled(&errors, &map),
            };
            let spell = |(name, found): (String, Vec<Diagnostic>)| match found.is_empty() {
                true => format!("{name}: ok\n"),
                false => format!("{name}:\n{}", noted(&found, &map)),
            };
            self.run(&suite).into_iter().map(spell).collect()
        };
        self.tests.iter().map(file).collect()
    }

    /// The tests of a file, checked.
    fn suite(
        &self,
        path: &str,
        text: &str,
        sources: &[Source],
        map: &mut SourceMap,
    ) -> Result<Suite, Vec<Diagnostic>> {
        let id = map.add(path, text);
        let (file, errors) = infra_lang::parse::parse(id, text);
        assert!(errors.is_empty(), "{}", spelled(&errors, map));
        let (directory, tool) = (directory(path), Tool::default());
        let suite = Suite { file: test_file(&file)?, sources: sources.to_vec(), directory, id, tool };
        suite.check(&schemas())?;
        Ok(suite)
    }

    /// Runs tests; each one's name and what does not hold.
    fn run(&self, suite: &Suite) -> Vec<(String, Vec<Diagnostic>)> {
        let files = Memory(self.files.clone());
        let one = |test: &Test| (test.name.clone(), suite.run(test, &schemas(), inputs(&files)));
        suite.file.tests.iter().map(one).collect()
    }

    /// What checking says: the errors as text, or `ok` and the warnings.
    pub fn checked(&self) -> String {
        let mut map = SourceMap::default();
        match self.check(&mut map) {
            Ok((_, warnings)) => format!("ok\n{}", spelled(&warnings, &map)),
            Err(errors) => spelled(&errors, &map),
        }
    }

    /// What can be known to be wrong without variables and answers that are not given, as text, or `ok`.
    pub fn validated(&self) -> String {
        let mut map = SourceMap::default();
        let found = match self.check(&mut map) {
            Ok((program, _)) => {
                let files = Memory(self.files.clone());
                let (variables, data) = (self.variables.clone(), self.answers.clone());
                validate(&program, &Inputs { variables, data, account: None, ..inputs(&files) })
            }
            Err(errors) => errors,
        };
        if found.is_empty() { "ok\n".to_owned() } else { spelled(&found, &map) }
    }

    /// The root file after all sure repairs, and what is then still wrong.
    pub fn repaired(&self) -> String {
        let mut case = Self { sources: self.sources.clone(), ..Self::default() };
        for _ in 0..20 {
            let mut map = SourceMap::default();
            let found = case.check(&mut map).err().unwrap_or_default();
            let edits = sure_edits(&found);
            let new = |(id, text): (u32, &String)| fixed(text, edits.get(&FileId(id))?);
            let texts: Vec<_> = case.sources.iter().map(|(_, text)| text.clone()).collect();
            let texts: Vec<_> = (0..).zip(&texts).map(new).collect();
            if texts.iter().all(Option::is_none) {
                let text = case.sources.iter().find(|(path, _)| path == "main.infra");
                let text = text.map(|(_, text)| text.trim_end()).unwrap_or_default();
                return format!("{text}\n---\n{}", spelled(&found, &map));
            }
            for ((_, text), new) in case.sources.iter_mut().zip(texts) {
                *text = new.unwrap_or_else(|| text.clone());
            }
        }
        panic!("repairs undo each other")
    }

    /// What evaluating gives: all that is wanted, or the errors, as text.
    pub fn evaluated(&self) -> String {
        let mut map = SourceMap::default();
        let program = match self.check(&mut map) {
            Ok((program, _)) => program,
            Err(errors) => return format!("check:\n{}", spelled(&errors, &map)),
        };
        match self.desired(&program) {
            Ok(desired) => desired.to_string(),
            Err(errors) => spelled(&errors, &map),
        }
    }
}

/// The directory of a path.
fn directory(path: &str) -> String {
    path.rsplit_once('/').map_or("", |(directory, _)| directory).to_owned()
}

/// What every run is given.
fn inputs(files: &Memory) -> Inputs<'_> {
    Inputs {
        variables: BTreeMap::new(),
        files,
        data: BTreeMap::new(),
        timestamp: "2026-11-21T08:00:00Z".to_owned(),
        account: Some("123456789012".to_owned()),
    }
}

/// Errors with their labels.
fn noted(errors: &[Diagnostic], map: &SourceMap) -> String {
    let labels = |error: &Diagnostic| {
        let label = |label: &Label| format!("  `{}` {}\n", map.text(label.span), label.text);
        error.labels.iter().map(label).collect::<String>()
    };
    errors.iter().map(|error| spelled(std::slice::from_ref(error), map) + &labels(error)).collect()
}

/// Errors, each on a line with its place and hint.
fn spelled(errors: &[Diagnostic], map: &SourceMap) -> String {
    let spell = |error: &Diagnostic| {
        let place = error.span.map_or("-".to_owned(), |span| {
            let file = map.file(span.file);
            let (start, end) = (file.position(span.start as usize), file.position(span.end as usize));
            let name = if file.path == "main.infra" { String::new() } else { format!("{}:", file.path) };
            format!("{name}{}:{}-{}:{}", start.line, start.column, end.line, end.column)
        });
        let hint = error.hint.as_ref().map_or(String::new(), |hint| format!(" ({hint})"));
        let edits: Vec<String> = error
            .suggestion
            .iter()
            .map(|edit| format!(" => {}", if edit.text.is_empty() { "(nothing)" } else { &edit.text }))
            .collect();
        format!("{} {place} {}{hint}{}\n", error.code, error.message, edits.concat())
    };
    errors.iter().map(spell).collect()
}

/// The tool that cases run with; its standard library is what they bring along, besides.
fn tool() -> Tool {
    Tool { version: Some("0.3.1".to_owned()), standard: vec!["network".to_owned(), "fleet".to_owned()] }
}
