//! The state as text.

use infra_engine::state::{Physical, Record, State};
use infra_lang::address::Address;
use infra_lang::value::Value;

use super::style::{BOLD, DIM};
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
