//! `infra console`: evaluate expressions against the project.
//!
//! AWS is asked nothing: what AWS has told of objects is read from the state, if there is one, and what lookups would
//! answer is unknown.

mod complete;
mod prompt;

use std::io::{self, BufRead, IsTerminal, stdin};

use infra_engine::state::State;
use infra_lang::ast::Expr;
use infra_lang::diagnostic::Diagnostic;
use infra_lang::residual::{Reference, Waiting};
use infra_lang::span::FileId;
use infra_lang::types::Type;
use infra_lang::value::Value;

use super::Exit;
use crate::args::ConsoleArgs;
use crate::error::{CommandError, CommandResult, file_error};
use crate::project::Project;
use crate::settings::Settings;
use crate::store::{self, Access, Place};
use crate::terminal::Terminal;

/// What `:help` says.
const HELP: &str = "\
EXPR         evaluate an expression; it goes on over several lines while brackets are open
:type EXPR   show the type of an expression
:help        show this
:quit        end; so does Ctrl-D

Names are those of the root module: var.x, local.x, elb.web, module.x.y, output.x, functions.
What AWS tells of objects is read from the state; `data` blocks are not asked.
";

pub async fn run(args: ConsoleArgs, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    let project = Project::load(settings, &args.variables, &infra_aws::schemas())?;
    let state = state(&project, settings).await?;
    let console = Console { project, state };
    if !args.expressions.is_empty() {
        return console.all(args.expressions.into_iter().map(Ok), terminal);
    }
    if stdin().is_terminal() {
        return prompt::run(&console, settings.history.as_deref(), terminal);
    }
    let failed = |error: io::Error| file_error("cannot be read", "<stdin>".as_ref(), &error).into();
    console.all(stdin().lock().lines().map(|line| line.map_err(failed)), terminal)
}

/// The project's state, if there is one and the project says where.
async fn state(project: &Project, settings: &Settings) -> CommandResult<Option<State>> {
    let Ok(about) = project.settings() else { return Ok(None) };
    let place = Place::of(&about, settings);
    store::state(&*place.open(Access::Read, settings).await?, &place).await
}

/// A project that is asked.
struct Console {
    project: Project,
    state: Option<State>,
}

/// What comes of a line.
enum Answer {
    Text(String),
    /// A bracket, string or heredoc is still open: the next line belongs to it.
    More,
    Quit,
}

impl Console {
    /// Answers line by line, without prompts; every error is told, and any makes the run fail.
    fn all(
        &self,
        lines: impl Iterator<Item = CommandResult<String>>,
        terminal: &Terminal,
    ) -> CommandResult<Exit> {
        let mut exit = Exit::Ok;
        let mut pending = String::new();
        for line in lines {
            pending += &line?;
            match self.answer(&pending) {
                Ok(Answer::Text(text)) => terminal.print(&text),
                Ok(Answer::More) => {
                    pending.push('\n');
                    continue;
                }
                Ok(Answer::Quit) => return Ok(exit),
                Err(error) => {
                    terminal.error(&error);
                    exit = Exit::Error;
                }
            }
            pending.clear();
        }
        if let (false, Err(error)) = (pending.is_empty(), self.evaluate(&pending)) {
            terminal.error(&error);
            exit = Exit::Error;
        }
        Ok(exit)
    }

    fn answer(&self, line: &str) -> CommandResult<Answer> {
        let (command, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let text = match command {
            "" => return Ok(Answer::Text(String::new())),
            ":quit" | ":q" | "exit" => return Ok(Answer::Quit),
            ":help" | ":h" | "?" => return Ok(Answer::Text(HELP.to_owned())),
            ":type" | ":t" => self.type_of(rest),
            _ => self.evaluate(line),
        };
        match text {
            Err(CommandError::Diagnostics(found, _)) if found.iter().all(|one| is_open(one.code.0)) => {
                Ok(Answer::More)
            }
            text => Ok(Answer::Text(text? + "\n")),
        }
    }

    fn type_of(&self, text: &str) -> CommandResult<String> {
        self.read(text, |expr| Ok(self.project.type_of(expr)?.to_string()))
    }

    fn evaluate(&self, text: &str) -> CommandResult<String> {
        self.read(text, |expr| {
            let value = self.project.ask(expr)?;
            let value = infra_lang::simplify(&value, &|reference| self.known(reference));
            Ok(Waiting(&value).to_string())
        })
    }

    /// What can be read from what an expression gives.
    fn fields(&self, text: &str) -> Vec<String> {
        let Ok(expr) = infra_lang::parse_expression(FileId(u32::MAX), text) else { return Vec::new() };
        match self.project.type_of(&expr).as_ref().map(Type::core) {
            Ok(Type::Object(fields)) => fields.keys().cloned().collect(),
            Ok(Type::Kind(kind)) => {
                let schemas = infra_aws::schemas();
                let attributes = schemas.kind(kind.as_str()).map(|kind| kind.attributes.as_slice());
                attributes.unwrap_or_default().iter().map(|attribute| attribute.name.to_string()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Reads an expression and gives it on; what is wrong is shown in the line.
    fn read(
        &self,
        text: &str,
        then: impl FnOnce(&Expr) -> Result<String, Vec<Diagnostic>>,
    ) -> CommandResult<String> {
        let mut sources = self.project.sources.clone();
        let id = sources.add("<console>", text);
        let result = infra_lang::parse_expression(id, text).and_then(|expr| then(&expr));
        result.map_err(|found| CommandError::Diagnostics(found, Box::new(sources)))
    }

    /// What the state tells of an object.
    fn known(&self, reference: &Reference) -> Option<Value> {
        let record = self.state.as_ref()?.records.get(&reference.object)?;
        let current = record.current.as_ref()?;
        let told = current.observed.get(&reference.attribute).or(current.applied.get(&reference.attribute));
        told.cloned()
            .or_else(|| (reference.attribute == *"id").then(|| Value::string(current.id.to_string())))
    }
}

/// Whether an error says that text goes on: an open bracket, string, heredoc or comment.
fn is_open(code: &str) -> bool {
    matches!(code, "E0103" | "E0105" | "E0106")
}
