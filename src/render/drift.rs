//! Drift as text and as JSON.

use infra_engine::change::{Action, AttributeChange, Cause};
use infra_engine::drift::{AttributeDrift, Drift, Drifted};
use infra_engine::state::State;
use infra_lang::residual::Residual;
use infra_lang::value::Value;
use serde_json::json;

use super::attribute::lines;
use super::style::{BOLD, CHANGE, DIM, REMOVE};

/// What has drifted, each object with its attributes as they were applied and as they are.
pub fn text(state: &State, drifted: &[Drifted], width: usize) -> String {
    let count = state.records.values().flat_map(|record| record.objects()).count();
    if drifted.is_empty() {
        return format!("{BOLD}No drift.{BOLD:#} {} as last applied.\n", objects(count));
    }
    let gone = drifted.iter().filter(|it| it.what == Drift::Gone).count();
    let mut text = format!(
        "{BOLD}Drift in {} in {} (account {}):{BOLD:#} {} changed, {gone} gone; {} as last applied\n\n",
        state.project,
        state.region,
        state.account,
        drifted.len() - gone,
        count - drifted.len(),
    );
    text.extend(drifted.iter().map(|it| one(it, width)));
    text + "\n`infra plan` shows what an apply would do about it.\n"
}

fn objects(count: usize) -> String {
    match count {
        0 => "There is nothing, just".to_owned(),
        1 => "The one object is".to_owned(),
        _ => format!("All {count} objects are"),
    }
}

fn one(drifted: &Drifted, width: usize) -> String {
    let Drifted { address, id, older, what } = drifted;
    let older = if *older { ", kept for a rollback" } else { "" };
    match what {
        Drift::Gone => format!("{REMOVE}✗ {address}{REMOVE:#}  gone from AWS  {DIM}{id}{older}{DIM:#}\n"),
        Drift::Changed { attributes } => {
            let lines = attributes.iter().map(|it| attribute(it, width)).collect::<String>();
            format!("{CHANGE}~ {address}{CHANGE:#}  changed outside  {DIM}{id}{older}{DIM:#}\n{lines}")
        }
    }
}

fn attribute(drift: &AttributeDrift, width: usize) -> String {
    let told = |value: &Value| (*value != Value::Null).then(|| value.clone());
    let change = AttributeChange {
        name: drift.name.clone(),
        before: told(&drift.applied),
        after: told(&drift.live).map(Residual::Known),
        cause: Cause::Intended,
        forces_new: false,
        location: None,
    };
    lines(&change, Action::Update, width)
}

/// The same as one JSON document.
pub fn json(state: &State, drifted: &[Drifted]) -> String {
    let whole = json!({
        "format": "infra.drift/1",
        "project": state.project, "account": state.account, "region": state.region, "serial": state.serial,
        "drift": drifted,
    });
    format!("{whole:#}\n")
}
