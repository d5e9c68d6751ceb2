//! `infra output`: the outputs of the last apply.

use infra_engine::state::State;
use infra_lang::value::Value;
use serde_json::Value as Json;

use super::{Exit, state};
use crate::args::OutputArgs;
use crate::error::{CommandResult, Complaint};
use crate::render::style::BOLD;
use crate::render::value::value;
use crate::settings::Settings;
use crate::terminal::Terminal;

pub async fn run(args: OutputArgs, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    let state = state::current(settings).await?;
    match &args.name {
        None if args.json => terminal.print(&format!("{:#}\n", json_of_all(&state))),
        None => terminal.print(&all(&state, usize::MAX)),
        Some(name) => {
            let found = find(&state, name)?;
            let text = match (args.json, args.raw, found) {
                (true, ..) => format!("{:#}", plain(found)),
                (_, true, Value::String(text)) => text.clone(),
                _ => found.to_string(),
            };
            terminal.print(&format!("{text}\n"));
        }
    }
    Ok(Exit::Ok)
}

/// All outputs, a line each.
pub fn all(state: &State, width: usize) -> String {
    if state.outputs.is_empty() {
        return String::new();
    }
    let line = |(name, of): (&infra_lang::name::Identifier, &Value)| {
        format!("  {name} = {}\n", value(of, width.saturating_sub(name.as_str().len() + 6)))
    };
    format!("\n{BOLD}Outputs{BOLD:#}\n{}", state.outputs.iter().map(line).collect::<String>())
}

/// The value of `name`, `name["key"]` or `name.key`.
fn find<'a>(state: &'a State, path: &str) -> CommandResult<&'a Value> {
    let missing = || {
        let names: Vec<&str> = state.outputs.keys().map(|name| name.as_str()).collect();
        Complaint::new(format!("there is no output `{path}`"))
            .hint(format!("there are: {}", names.join(", ")))
    };
    let parts: Vec<&str> = path.split(['.', '[', ']', '"']).filter(|part| !part.is_empty()).collect();
    let (name, keys) = parts.split_first().ok_or_else(missing)?;
    let whole = state.outputs.get(*name).ok_or_else(missing)?;
    let step = |of: &'a Value, key: &&str| match of {
        Value::Map(entries) => entries.get(*key),
        Value::List(items) => items.get(key.parse::<usize>().ok()?),
        _ => None,
    };
    Ok(keys.iter().try_fold(whole, step).ok_or_else(missing)?)
}

fn json_of_all(state: &State) -> Json {
    state.outputs.iter().map(|(name, of)| (name.to_string(), plain(of))).collect()
}

/// A value as the JSON that other programs expect: quantities as their text, secrets as a word.
fn plain(of: &Value) -> Json {
    match of {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::from(*value),
        Value::Number(number) => number.to_i64().map_or_else(|| Json::from(number.to_f64()), Json::from),
        Value::String(text) => Json::from(text.as_str()),
        Value::Quantity(quantity) => Json::from(quantity.to_string()),
        Value::List(items) => items.iter().map(plain).collect(),
        Value::Set(items) => items.iter().map(plain).collect(),
        Value::Map(entries) => entries.iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
        Value::Sensitive(_) | Value::Sealed(_) => Json::from("(sensitive)"),
    }
}
