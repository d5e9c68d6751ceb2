//! Pages of the commands, from what the argument parser knows of them.

use clap::{Arg, Command, CommandFactory};

use super::{Chapter, Topic};
use crate::args::Args;

/// The commands, each with those below it; the first stands for the program and its options.
pub fn topics() -> Vec<Topic> {
    let mut command = Args::command();
    command.build();
    let mut topics = vec![topic(&command, "infra")];
    walk(&command, "infra", &mut topics);
    topics
}

fn walk(command: &Command, way: &str, topics: &mut Vec<Topic>) {
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help" && !inner.is_hide_set())
    {
        let way = format!("{way} {}", inner.get_name());
        topics.push(topic(inner, &way));
        walk(inner, &way, topics);
    }
}

fn topic(command: &Command, way: &str) -> Topic {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut text = format!("# `{way}`\n\n{about}.\n\n```sh\n{}\n```\n", usage(command, way));
    let is_own = |arg: &&Arg| !arg.is_hide_set() && !is_everywhere(arg, way);
    let arguments: String = command.get_arguments().filter(is_own).map(argument).collect();
    if !arguments.is_empty() {
        text += &format!("\n{arguments}");
    }
    if let Some(more) = command.get_after_help() {
        text += &format!("\n{more}\n");
    }
    let name = way.strip_prefix("infra ").unwrap_or(way).to_owned();
    Topic { chapter: Chapter::Commands, name, summary: about, text }
}

/// Whether an option is told of with the program: it is taken by every command.
fn is_everywhere(arg: &Arg, way: &str) -> bool {
    let given_to_all = arg.is_global_set() || matches!(arg.get_id().as_str(), "help" | "version");
    given_to_all && way != "infra"
}

fn usage(command: &Command, way: &str) -> String {
    let text = command.clone().render_usage().to_string();
    let text = text.trim_start_matches("Usage: ").trim();
    text.find('[').or(text.find('<')).map_or(way.to_owned(), |at| format!("{way} {}", &text[at..]))
}

/// One argument or option.
fn argument(arg: &Arg) -> String {
    let value = arg.get_value_names().filter(|_| arg.get_action().takes_values());
    let value = value.map(|names| names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" "));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let short = arg.get_short().map(|short| format!("-{short}"));
    let names: Vec<String> = short.into_iter().chain(long).collect();
    let shown = match (names.is_empty(), value) {
        (true, value) => value.unwrap_or_default(),
        (false, Some(value)) => format!("{} {value}", names.join(", ")),
        (false, None) => names.join(", "),
    };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    let default = match defaults.as_slice() {
        [] => String::new(),
        _ if !arg.get_action().takes_values() => String::new(),
        values => format!(" (by default {})", values.join(", ")),
    };
    let choices = arg.get_possible_values();
    let choices: Vec<&str> = choices.iter().map(|value| value.get_name()).collect();
    let choices = match choices.is_empty() || !arg.get_action().takes_values() {
        true => String::new(),
        false => format!(" (one of {})", choices.join(", ")),
    };
    format!("* `{shown}`: {help}{choices}{default}\n")
}
