//! `infra explain`: the long form of a diagnostic's code.

use infra_lang::diagnostic::nearest;
use infra_lang::explain::{Explanation, explain, explanations};
use serde_json::{Value as Json, json};

use super::Exit;
use crate::args::ExplainArgs;
use crate::error::{CommandResult, Complaint};
use crate::render::markdown;
use crate::settings::Settings;
use crate::terminal::Terminal;

pub fn run(args: &ExplainArgs, _settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    match &args.code {
        None if args.json => explanations().for_each(|one| terminal.print(&format!("{}\n", as_json(one)))),
        None => terminal.print(&list()),
        Some(code) => {
            let explanation = find(code)?;
            let text = match args.json {
                true => format!("{:#}\n", as_json(explanation)),
                false => markdown::styled(&page(explanation), terminal.width()),
            };
            terminal.print(&text);
        }
    }
    Ok(Exit::Ok)
}

/// All codes with their titles.
fn list() -> String {
    let lines = explanations().map(|one| format!("{}  {}\n", one.code, one.title));
    lines.collect::<String>() + "\n`infra explain CODE` tells the rest.\n"
}

fn find(code: &str) -> CommandResult<&'static Explanation> {
    explain(code).ok_or_else(|| {
        let unknown = Complaint::new(format!("there is no code `{code}`"));
        let upper = code.to_uppercase();
        match nearest(&upper, explanations().map(|one| one.code.0)) {
            Some(near) => unknown.hint(format!("did you mean {near}? `infra explain` lists all")).into(),
            None => unknown.hint("`infra explain` lists all").into(),
        }
    })
}

/// The page of a code, in Markdown.
pub fn page(of: &Explanation) -> String {
    let example = |text: &str| format!("```hcl\n{}\n```\n", text.replace('\r', "").trim_end());
    let (wrong, right) = (example(of.wrong), example(of.right));
    format!("# {}: {}\n\n{}\n\nWrong:\n\n{wrong}\nRight:\n\n{right}", of.code, of.title, of.text)
}

fn as_json(of: &Explanation) -> Json {
    json!({ "code": of.code.0, "title": of.title, "text": of.text, "wrong": of.wrong, "right": of.right })
}
