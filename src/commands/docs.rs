//! `infra docs`: the reference, on the terminal or as files.

use std::path::Path;

use infra_lang::diagnostic::nearest;

use super::Exit;
use crate::args::DocsArgs;
use crate::docs::{Chapter, Topic, pages, topics};
use crate::error::{CommandResult, Complaint, file_error};
use crate::render::style::BOLD;
use crate::render::{markdown, module};
use crate::settings::Settings;
use crate::standard;
use crate::terminal::Terminal;

pub fn run(args: &DocsArgs, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    if let Some(module) = args.topic.as_deref().and_then(standard::named) {
        terminal.print(&markdown::styled(&module::page(module), terminal.width()));
        return Ok(Exit::Ok);
    }
    let topics = topics(&infra_aws::schemas());
    match (&args.topic, &args.out) {
        (Some(name), _) => {
            for topic in find(&topics, name)? {
                terminal.print(&markdown::styled(&topic.text, terminal.width()));
            }
        }
        (None, Some(folder)) => write(&topics, &settings.resolve(folder))?,
        (None, None) => terminal.print(&list(&topics, terminal.width())),
    }
    Ok(Exit::Ok)
}

/// All topics by chapter, with as much of their summaries as a line of `width` columns holds.
fn list(topics: &[Topic], width: usize) -> String {
    let line = |name: &str, summary: &str| {
        let whole = format!("  {name:<22} {}", summary.replace('`', ""));
        match whole.chars().count() > width {
            true => whole.chars().take(width.saturating_sub(1)).collect::<String>() + "…\n",
            false => whole + "\n",
        }
    };
    let mut text = String::new();
    for chapter in Chapter::ALL {
        text += &format!("{BOLD}{}{BOLD:#}\n", chapter.title());
        for topic in topics.iter().filter(|topic| topic.chapter == chapter) {
            text += &line(&topic.name, &topic.summary);
        }
        text.push('\n');
    }
    text += &format!("{BOLD}Standard library{BOLD:#}\n");
    for standard in standard::MODULES {
        text += &line(&format!("std/{}", standard.name), &module::summary(standard));
    }
    text + "\n`infra docs TOPIC` tells the rest.\n"
}

/// The topics of a name: it may be that of a function and of a command.
fn find<'a>(topics: &'a [Topic], name: &str) -> CommandResult<Vec<&'a Topic>> {
    let plain = name.trim_start_matches("infra ");
    let found: Vec<&Topic> = topics.iter().filter(|topic| topic.name.eq_ignore_ascii_case(plain)).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let unknown = Complaint::new(format!("there is nothing called `{name}`"));
    Err(match nearest(plain, topics.iter().map(|topic| topic.name.as_str())) {
        Some(near) => unknown.hint(format!("did you mean `{near}`? `infra docs` lists all")).into(),
        None => unknown.hint("`infra docs` lists all").into(),
    })
}

fn write(topics: &[Topic], folder: &Path) -> CommandResult<()> {
    for (name, text) in pages(topics) {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        let written = std::fs::create_dir_all(parent).and_then(|()| std::fs::write(&path, text));
        written.map_err(|error| file_error("the page cannot be written", &path, &error))?;
    }
    Ok(())
}
