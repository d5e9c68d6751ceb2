//! The state as text.

use infra_engine::rebuild::Rebuilt;
use infra_engine::state::{Physical, Record, State};
use infra_engine::surgery::Difference;
use infra_lang::address::Address;
use infra_lang::value::Value;

use super::style::{ADD, BOLD, CHANGE, DIM, WARNING};
use super::value::value;

/// The addresses, one a line, with their ids.
pub fn list(state: &State) -> String {
    let line = |(address, record): (&Address, &Record)| {
        let id = record.current.as_ref().map(|current| current.id.to_string()).unwrap_or_default();
        format!("{address}  {DIM}{id}{DIM:#}\n")
    };
    state.records.iter().map(line).collect()
}

/// One object with all its attributes.
pub fn object(address: &Address, record: &Record, width: usize) -> String {
    let mut text = format!("{BOLD}{address}{BOLD:#}\n");
    if let Some(current) = &record.current {
        text += &physical(current, width);
    }
    for former in record.former.iter().rev() {
        text += &format!("  {DIM}before: {}{DIM:#}\n", former.id);
    }
    text
}

fn physical(object: &Physical, width: usize) -> String {
    let room = width.saturating_sub(20).max(20);
    let all = object.applied.iter().chain(&object.observed).filter(|(_, value)| **value != Value::Null);
    let mut sorted: Vec<_> = all.collect();
    sorted.sort_by_key(|(name, _)| *name);
    sorted.dedup_by_key(|(name, _)| *name);
    let line =
        |(name, of): (&infra_lang::name::AttributeName, &Value)| format!("  {name} = {}\n", value(of, room));
    format!("  id = {}\n", object.id)
        + &sorted.into_iter().filter(|(name, _)| **name != *"id").map(line).collect::<String>()
}

/// What becomes of each address, a line each.
pub fn differences(all: &[Difference]) -> String {
    let line = |difference: &Difference| {
        let (sign, style, word) = match difference {
            Difference::Moved { .. } => ("↪", CHANGE, ""),
            Difference::Added { .. } => ("+", ADD, "  known from now on"),
            Difference::Forgotten { .. } => ("✗", CHANGE, "  forgotten"),
            Difference::Changed { .. } => ("~", CHANGE, ""),
        };
        format!("{style}{sign}{style:#} {difference}{DIM}{word}{DIM:#}\n")
    };
    all.iter().map(line).collect()
}

/// That a state was saved, and how to go back to the one before, of which a copy was kept.
pub fn saved(serial: u64, copy: Option<&str>) -> String {
    match copy {
        Some(copy) => format!(
            "State {serial} is saved. The one before is kept in {copy}; `infra state push --force FILE` puts a copy back.\n"
        ),
        None => format!("State {serial} is saved.\n"),
    }
}

/// What of a lost state was found, and what was not.
pub fn rebuilt(rebuilt: &Rebuilt) -> String {
    let Rebuilt { state, missing, unwanted, strange } = rebuilt;
    let mut text = format!(
        "{BOLD}Found in {} (account {}):{BOLD:#} {} of {} addresses, {} more that the configuration does not have\n\n",
        state.region,
        state.account,
        state.records.len() - unwanted.len(),
        state.records.len() - unwanted.len() + missing.len(),
        unwanted.len(),
    );
    for (address, record) in &state.records {
        let ids: Vec<String> = record.objects().map(|object| object.id.to_string()).collect();
        let word = if unwanted.contains(address) { "  no longer in the configuration" } else { "" };
        let protected = if record.protected { "  protected" } else { "" };
        text += &format!("{ADD}+{ADD:#} {address} ({}){DIM}{protected}{word}{DIM:#}\n", ids.join(", "));
    }
    for address in missing {
        text += &format!("{WARNING}?{WARNING:#} {address}{DIM}  not found{DIM:#}\n");
    }
    for tagged in strange {
        let (kind, id, address) = (&tagged.kind, &tagged.id, &tagged.address);
        text += &format!(
            "{WARNING}!{WARNING:#} {kind} {id}{DIM}  is tagged `{address}`, which is no address{DIM:#}\n"
        );
    }
    text
}
