//! One attribute that changes: scripts by their changed lines, collections by their changed elements, the rest on a line.

use infra_engine::change::{Action, AttributeChange, Cause};
use infra_lang::residual::Residual;
use infra_lang::value::{Key, Value};
use similar::TextDiff;

use super::style::{ADD, DIM, REMOVE};
use super::value::{residual, value};

/// Lines around a change in a longer text.
const CONTEXT: usize = 3;

/// Less room than this is none: a narrow terminal wraps.
const LEAST: usize = 20;

/// The lines of an attribute.
pub fn lines(attribute: &AttributeChange, action: Action, width: usize) -> String {
    let name = attribute.name.as_str();
    let comment = comment(attribute, action);
    let before = attribute.before.as_ref().filter(|_| action != Action::Create);
    match (before, &attribute.after) {
        (Some(before), Some(after)) => match inner(before, after, width) {
            Some(inner) => format!("    {name}:{comment}\n{inner}"),
            None => {
                let room = room(name, width) / 2;
                format!("    {name} = {} → {}{comment}\n", value(before, room), residual(after, room))
            }
        },
        (Some(before), None) => {
            format!("    {name} = {} → (none){comment}\n", value(before, room(name, width) / 2))
        }
        (None, Some(after)) => format!("    {name} = {}{comment}\n", residual(after, room(name, width))),
        (None, None) => String::new(),
    }
}

fn room(name: &str, width: usize) -> usize {
    width.saturating_sub(name.len() + 10).max(LEAST)
}

fn comment(attribute: &AttributeChange, action: Action) -> String {
    let cause = match attribute.cause {
        Cause::Intended => "",
        Cause::Drift => "  # changed outside; set back",
        Cause::Upstream => "  # follows from another change",
    };
    let forces = if attribute.forces_new && action != Action::Create { "  # needs a new one" } else { "" };
    format!("{DIM}{cause}{forces}{DIM:#}")
}

/// What changes inside a value, if it has an inside on both sides.
fn inner(before: &Value, after: &Residual, width: usize) -> Option<String> {
    match (before, after) {
        (Value::String(before), Residual::Known(Value::String(after)))
            if before.contains('\n') || after.contains('\n') =>
        {
            Some(text_diff(before, after))
        }
        (Value::List(_) | Value::Set(_), after) => Some(elements(&items(before), &waiting(after)?, width)),
        (Value::Map(before), after) => {
            let after = fields(after)?;
            let names: std::collections::BTreeSet<&String> =
                before.keys().chain(after.iter().map(|(name, _)| name)).collect();
            let line = |name: &String| {
                let new = after.iter().find(|(other, _)| other == name).map(|(_, new)| new);
                field(name, before.get(name), new, width)
            };
            Some(names.into_iter().filter_map(line).collect())
        }
        _ => None,
    }
}

fn items(of: &Value) -> Vec<Residual> {
    match of {
        Value::List(items) => items.iter().cloned().map(Residual::Known).collect(),
        Value::Set(items) => items.iter().cloned().map(Residual::Known).collect(),
        other => vec![Residual::Known(other.clone())],
    }
}

/// The elements of a collection, as far as it is known how many there are.
fn waiting(of: &Residual) -> Option<Vec<Residual>> {
    match of {
        Residual::Known(known @ (Value::List(_) | Value::Set(_))) => Some(items(known)),
        Residual::List(items) | Residual::Set(items) => Some(items.clone()),
        _ => None,
    }
}

fn fields(of: &Residual) -> Option<Vec<(String, Residual)>> {
    match of {
        Residual::Known(Value::Map(entries)) => {
            Some(entries.iter().map(|(name, value)| (name.clone(), Residual::Known(value.clone()))).collect())
        }
        Residual::Map(entries) => {
            Some(entries.iter().map(|(name, part)| (name.clone(), part.clone())).collect())
        }
        _ => None,
    }
}

/// Elements that go and elements that come; those that stay are not worth a line.
fn elements(before: &[Residual], after: &[Residual], width: usize) -> String {
    let room = width.saturating_sub(10).max(LEAST);
    let gone = before.iter().filter(|one| !after.contains(one));
    let come = after.iter().filter(|one| !before.contains(one));
    let gone = gone.map(|one| format!("      {REMOVE}- {}{REMOVE:#}\n", residual(one, room)));
    let come = come.map(|one| format!("      {ADD}+ {}{ADD:#}\n", residual(one, room)));
    gone.chain(come).collect()
}

/// A field of a map, if it changes.
fn field(name: &str, before: Option<&Value>, after: Option<&Residual>, width: usize) -> Option<String> {
    let room = room(name, width) / 2;
    let name = Key(name);
    match (before, after) {
        (Some(before), Some(Residual::Known(after))) if before == after => None,
        (Some(before), Some(after)) => {
            Some(format!("      {name} = {} → {}\n", value(before, room), residual(after, room)))
        }
        (Some(before), None) => Some(format!("      {REMOVE}- {name} = {}{REMOVE:#}\n", value(before, room))),
        (None, Some(after)) => Some(format!("      {ADD}+ {name} = {}{ADD:#}\n", residual(after, room))),
        (None, None) => None,
    }
}

/// The lines of a longer text that change, with three around them.
fn text_diff(before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let unified = diff.unified_diff().context_radius(CONTEXT).to_string();
    let paint = |line: &str| match line.chars().next() {
        Some('+') => format!("      {ADD}{line}{ADD:#}\n"),
        Some('-') => format!("      {REMOVE}{line}{REMOVE:#}\n"),
        _ => format!("      {line}\n"),
    };
    unified.lines().map(paint).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(before: &str, after: &str) -> String {
        let parse = |text: &str| serde_json::from_str::<Value>(text).expect("a value");
        let change = AttributeChange {
            name: "listener".into(),
            before: Some(parse(before)),
            after: Some(Residual::Known(parse(after))),
            cause: Cause::Intended,
            forces_new: false,
            location: None,
        };
        anstream::adapter::strip_str(&lines(&change, Action::Update, 80)).to_string()
    }

    #[test]
    fn one_edit_is_one_line() {
        insta::assert_snapshot!(shown(r#"[{"p":80},{"p":22}]"#, r#"[{"p":80},{"p":443}]"#), @r"
            listener:
              - { p = 22 }
              + { p = 443 }
        ");
        insta::assert_snapshot!(shown(r#"{"a":1,"b":2}"#, r#"{"a":1,"b":3,"c":4}"#), @r"
            listener:
              b = 2 → 3
              + c = 4
        ");
        insta::assert_snapshot!(shown(r#""a""#, r#""b""#), @r#"    listener = "a" → "b""#);
    }

    #[test]
    fn scripts_are_compared_by_lines() {
        insta::assert_snapshot!(shown(r#""one\ntwo\nthree\n""#, r#""one\n2\nthree\n""#), @r"
            listener:
              @@ -1,3 +1,3 @@
               one
              -two
              +2
               three
        ");
    }
}
