//! The console on a terminal: lines that can be edited, a history, and names that complete themselves.

use std::fs;
use std::path::Path;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{Config, Context, Editor, Helper};

use super::super::Exit;
use super::complete::complete;
use super::{Answer, Console};
use crate::error::{CommandResult, Complaint};
use crate::terminal::Terminal;

/// So many lines are remembered.
const REMEMBERED: usize = 1000;

/// Asks for expressions until the user has enough. What is asked is kept in `history`, if there is a place for it; a
/// history that cannot be read or written is no reason not to answer.
pub fn run(console: &Console, history: Option<&Path>, terminal: &Terminal) -> CommandResult<Exit> {
    let mut editor = editor(console).map_err(|error| complaint(&error))?;
    if let Some(path) = history {
        let _ = editor.load_history(path);
    }
    terminal.tell("`:help` tells what can be asked; Ctrl-D ends.\n");
    let outcome = ask(console, &mut editor, terminal);
    if let Some(path) = history {
        let _ = path.parent().map(fs::create_dir_all);
        let _ = editor.save_history(path);
    }
    outcome
}

type Line<'a> = Editor<Words<'a>, FileHistory>;

fn editor(console: &Console) -> rustyline::Result<Line<'_>> {
    // A line that begins with a blank is not remembered, as in shells.
    let config = Config::builder().max_history_size(REMEMBERED)?.history_ignore_space(true).build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(Words { console, names: console.project.names() }));
    Ok(editor)
}

fn ask(console: &Console, editor: &mut Line<'_>, terminal: &Terminal) -> CommandResult<Exit> {
    let mut pending = String::new();
    loop {
        match editor.readline(if pending.is_empty() { "> " } else { "… " }) {
            Ok(line) => pending += &line,
            Err(ReadlineError::Eof) => return Ok(Exit::Ok),
            Err(ReadlineError::Interrupted) => {
                pending.clear();
                continue;
            }
            Err(error) => return Err(complaint(&error).into()),
        }
        match console.answer(&pending) {
            Ok(Answer::More) => {
                pending.push('\n');
                continue;
            }
            Ok(Answer::Quit) => return Ok(Exit::Ok),
            Ok(Answer::Text(text)) => terminal.print(&text),
            Err(error) => terminal.error(&error),
        }
        let _ = editor.add_history_entry(pending.as_str());
        pending.clear();
    }
}

fn complaint(error: &ReadlineError) -> Complaint {
    Complaint::new(format!("the terminal cannot be read: {error}"))
        .hint("pipe expressions in, or give them with `-e EXPR`")
}

/// What the console knows by name.
struct Words<'a> {
    console: &'a Console,
    names: Vec<String>,
}

impl Completer for Words<'_> {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(complete(&line[..at], &self.names, |of| self.console.fields(of)))
    }
}

impl Helper for Words<'_> {}
impl Highlighter for Words<'_> {}
impl Validator for Words<'_> {}
impl Hinter for Words<'_> {
    type Hint = String;
}
