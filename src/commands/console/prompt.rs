//! The console on a terminal.

use std::io::{BufRead, stdin};

use super::super::Exit;
use super::{Answer, Console};
use crate::error::{CommandResult, file_error};
use crate::terminal::Terminal;

/// Asks for expressions until the user has enough.
pub fn run(console: &Console, terminal: &Terminal) -> CommandResult<Exit> {
    terminal.tell("`:help` tells what can be asked; Ctrl-D ends.\n> ");
    let mut pending = String::new();
    for line in stdin().lock().lines() {
        pending += &line.map_err(|error| file_error("cannot be read", "<stdin>".as_ref(), &error))?;
        match console.answer(&pending) {
            Ok(Answer::Text(text)) => terminal.print(&text),
            Ok(Answer::More) => {
                pending.push('\n');
                terminal.tell("… ");
                continue;
            }
            Ok(Answer::Quit) => return Ok(Exit::Ok),
            Err(error) => terminal.error(&error),
        }
        pending.clear();
        terminal.tell("> ");
    }
    Ok(Exit::Ok)
}
