//! A project as the user wrote it: read, checked and evaluated.

use std::collections::BTreeMap;

use infra_engine::inherit::inherit;
use infra_engine::state::State;
use infra_lang::Program;
use infra_lang::address::Address;
use infra_lang::ast::Expr;
use infra_lang::desired::{self, Desired};
use infra_lang::diagnostic::Diagnostic;
use infra_lang::inputs::{Given, Inputs};
use infra_lang::name::Identifier;
use infra_lang::residual::{Residual, Values};
use infra_lang::schema::SchemaSet;
use infra_lang::span::{SourceMap, Span};
use infra_lang::tool::Tool;
use infra_lang::types::Type;

use crate::args::VariableArgs;
use crate::error::{CommandError, CommandResult, Complaint};
use crate::settings::Settings;
use crate::sources::{self, Sources};
use crate::workspace::{self, ProjectFiles};

/// A checked project with its variables.
pub struct Project {
    /// Every text that a span may point into.
    pub sources: SourceMap,
    /// Its files.
    pub files: ProjectFiles,
    program: Program,
    warnings: Vec<Diagnostic>,
    variables: BTreeMap<Identifier, Given>,
    timestamp: String,
}

impl Project {
    /// Reads and checks the project in the settings' directory.
    ///
    /// # Errors
    /// All independent errors of the configuration, or a file that cannot be read.
    pub fn load(settings: &Settings, given: &VariableArgs, schemas: &SchemaSet) -> CommandResult<Self> {
        let mut map = SourceMap::default();
        let sources = read(settings, &mut map)?;
        Self::of(sources, map, settings, given, schemas)
    }

    /// Checks source files that have been read into `map`.
    ///
    /// # Errors
    /// All independent errors of the configuration, or a values file that cannot be read.
    pub fn of(
        sources: Sources,
        mut map: SourceMap,
        settings: &Settings,
        given: &VariableArgs,
        schemas: &SchemaSet,
    ) -> CommandResult<Self> {
        let Sources { files, problems: mut found } = sources;
        let program = match (infra_lang::check_for(&files, schemas, &tool()), stop(&found)) {
            (Ok(program), false) => program,
            (Ok(_), true) => return Err(CommandError::Diagnostics(found, Box::new(map))),
            (Err(more), _) => {
                found.extend(more);
                return Err(CommandError::Diagnostics(found, Box::new(map)));
            }
        };
        found.extend_from_slice(program.warnings());
        let variables = variables(settings, given, &mut map)?;
        let files = ProjectFiles::new(&settings.directory);
        let timestamp = format!("{:.0}", settings.now);
        Ok(Self { sources: map, files, program, warnings: found, variables, timestamp })
    }

    /// All that is wrong and can be known without credentials, and without variables that are not given.
    pub fn validate(&self) -> Vec<Diagnostic> {
        infra_lang::validate(&self.program, &self.inputs(BTreeMap::new(), None))
    }

    /// What the project wants, as far as it can be known with these answers.
    ///
    /// # Errors
    /// All independent errors that show only with values.
    pub fn evaluate(&self, data: BTreeMap<Address, Values>, account: Option<&str>) -> CommandResult<Desired> {
        let desired = infra_lang::evaluate(&self.program, &self.inputs(data, account));
        self.located(desired.map(|desired| inherit(desired, infra_aws::kind)))
    }

    /// The settings of the project, which need only the variables they read.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn settings(&self) -> CommandResult<desired::Project> {
        self.located(infra_lang::project(&self.program, &self.inputs(BTreeMap::new(), None)))
    }

    fn inputs(&self, data: BTreeMap<Address, Values>, account: Option<&str>) -> Inputs<'_> {
        Inputs {
            variables: self.variables.clone(),
            files: &self.files,
            data,
            timestamp: self.timestamp.clone(),
            account: account.map(str::to_owned),
        }
    }

    fn located<T>(&self, result: Result<T, Vec<Diagnostic>>) -> CommandResult<T> {
        result.map_err(|diagnostics| CommandError::Diagnostics(diagnostics, Box::new(self.sources.clone())))
    }

    /// The value of an expression in the root module, as far as it can be known without AWS.
    ///
    /// # Errors
    /// All independent errors of the expression, and of what it reads.
    pub fn ask(&self, expr: &Expr) -> Result<Residual, Vec<Diagnostic>> {
        let expression = infra_lang::check_expression(&self.program, &[], expr)?;
        infra_lang::evaluate_expression(&self.program, &self.inputs(BTreeMap::new(), None), &expression)
    }

    /// The type of an expression in the root module.
    ///
    /// # Errors
    /// All independent errors of the expression.
    pub fn type_of(&self, expr: &Expr) -> Result<Type, Vec<Diagnostic>> {
        Ok(infra_lang::check_expression(&self.program, &[], expr)?.ty)
    }

    /// The names that an expression may begin with.
    pub fn names(&self) -> Vec<String> {
        self.program.names()
    }

    /// What is worth knowing, though nothing is wrong.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// A state belongs to one account and one region: anything else would look as if all had vanished.
    ///
    /// # Errors
    /// The project, its state and the credentials do not belong together.
    pub fn check_home(&self, wanted: &desired::Project, state: &State, account: &str) -> CommandResult<()> {
        let place = self.location(wanted.span);
        if let Some(expected) = wanted.account.as_ref().filter(|expected| *expected != account) {
            return Err(Complaint::new(format!(
                "the credentials are of account {account}, and the project is of {expected}"
            ))
            .at(place)
            .hint("use the credentials of that account")
            .into());
        }
        if state.account != account {
            return Err(Complaint::new(format!(
                "the credentials are of account {account}, and the state is of {}",
                state.account
            ))
            .at(place)
            .hint("use the credentials of that account, or another state: `backend \"local\" { path = … }`")
            .into());
        }
        if state.region != wanted.region {
            return Err(Complaint::new(format!(
                "the project is in {}, and its state in {}",
                wanted.region, state.region
            ))
            .at(place)
            .hint("a second region is a second project, with a state of its own")
            .into());
        }
        Ok(())
    }

    /// `path:line` of a span.
    pub fn location(&self, span: Span) -> String {
        self.sources.location(span)
    }
}

/// What a configuration may ask of this tool.
pub fn tool() -> Tool {
    let standard = crate::standard::MODULES.iter().map(|module| module.name.to_owned()).collect();
    Tool { version: Some(env!("CARGO_PKG_VERSION").to_owned()), standard }
}

fn stop(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(Diagnostic::is_error)
}

/// Parses the root module, and every module it calls, and theirs.
///
/// # Errors
/// There is no source file, or one cannot be read.
pub fn read(settings: &Settings, map: &mut SourceMap) -> CommandResult<Sources> {
    let sources = sources::read(&settings.directory, "", "", map)?;
    if sources.files.is_empty() {
        let place = settings.directory.display();
        return Err(Complaint::new("there is no configuration here: no file ends in .infra")
            .at(place)
            .hint("go to the project's directory, or name it with `-C DIR`")
            .into());
    }
    Ok(sources)
}

/// The root's variables from outside; the later wins.
fn variables(
    settings: &Settings,
    given: &VariableArgs,
    sources: &mut SourceMap,
) -> CommandResult<BTreeMap<Identifier, Given>> {
    let mut variables = BTreeMap::new();
    for (path, text) in workspace::auto_values(&settings.directory)? {
        variables.extend(values(sources, path, text)?);
    }
    for (name, text) in &settings.variables {
        let origin = format!("INFRA_VAR_{name}");
        variables.insert(Identifier::new(name), Given::Text { text: text.clone(), origin });
    }
    for path in &given.files {
        let text = workspace::read_source(path)?;
        variables.extend(values(sources, path.display().to_string(), text)?);
    }
    for assignment in &given.values {
        let (name, text) = assignment.split_once('=').ok_or_else(|| {
            // Who forgets the name has written a value there.
            Complaint::new("a `--var` names no variable, or gives it no value")
                .hint("write `--var NAME=VALUE`")
        })?;
        // The value may be a secret, so the origin names the variable only.
        let origin = format!("--var {}", name.trim());
        variables.insert(Identifier::new(name.trim()), Given::Text { text: text.to_owned(), origin });
    }
    Ok(variables)
}

/// The constants of a values file.
fn values(sources: &mut SourceMap, path: String, text: String) -> CommandResult<BTreeMap<Identifier, Given>> {
    let id = sources.add_values(path, text);
    let (file, problems) = infra_lang::parse(id, &sources.file(id).text);
    let read = if stop(&problems) { Err(problems) } else { infra_lang::values_file(&file) };
    let values =
        read.map_err(|diagnostics| CommandError::Diagnostics(diagnostics, Box::new(sources.clone())))?;
    Ok(values.into_iter().map(|(name, (value, span))| (name, Given::Value { value, span })).collect())
}
