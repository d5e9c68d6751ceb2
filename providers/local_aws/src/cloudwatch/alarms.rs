//! Making, changing and deleting alarms (PutMetricAlarm, EnableAlarmActions, DisableAlarmActions, DeleteAlarms).

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Model;
use crate::model::cloudwatch::{Alarm, AlarmState, Entry};
use crate::wire::{ApiError, Data, Params};

use super::watch::Watch;
use super::{arn, look, missing, named, state, tags};

/// The lists of what an alarm does.
pub const ACTIONS: [&str; 3] = ["AlarmActions", "OKActions", "InsufficientDataActions"];

/// Makes an alarm, or overwrites all of the one with that name but its tags and what it says.
pub fn put(model: &mut Model, params: &Params) -> Result<Data, ApiError> {
    named(params)?;
    check(params)?;
    install(model, params, tags::read(params));
    Ok(Data::body())
}

/// Puts an alarm in place, as a checked request says.
pub fn install(model: &mut Model, params: &Params, tags: BTreeMap<String, String>) {
    let (now, name) = (model.now, params.text("AlarmName").unwrap_or_default().to_owned());
    let old = model.cloudwatch.alarms.remove(&name);
    let verb = if old.is_some() { "updated" } else { "created" };
    let (tags, said, history) = match old {
        Some(old) => (old.tags, old.state, old.history),
        None => (
            tags,
            AlarmState { updated: now, transitioned: now, ..AlarmState::default() },
            Default::default(),
        ),
    };
    let mut alarm = Alarm {
        arn: arn(model, &name),
        updated: now,
        actions: actions(params),
        params: params.without("Tags"),
        tags,
        name: name.clone(),
        state: said,
        history,
    };
    let summary = format!("Alarm \"{name}\" {verb}");
    state::remember(&mut alarm, Entry { at: now, kind: "ConfigurationUpdate".to_owned(), summary });
    model.cloudwatch.alarms.insert(name, alarm);
    look::wake(model);
}

/// Lets alarms act again, or holds them back from it; names of alarms that do not exist are passed over.
pub fn enable(model: &mut Model, params: &Params, enabled: bool) -> Result<Data, ApiError> {
    for name in params.texts("AlarmNames") {
        if let Some(alarm) = model.cloudwatch.alarms.get_mut(name) {
            alarm.params.set("ActionsEnabled", if enabled { "true" } else { "false" });
        }
    }
    Ok(Data::body())
}

fn actions(params: &Params) -> BTreeMap<String, BTreeSet<String>> {
    let lists = ACTIONS.into_iter().map(|list| (list.to_owned(), params.strings(list).into_iter().collect()));
    lists.collect()
}

fn check(params: &Params) -> Result<(), ApiError> {
    params.required("EvaluationPeriods")?;
    Watch::read(params)?;
    let wrong = ACTIONS.iter().flat_map(|list| params.texts(list)).find(|action| !action.starts_with("arn:"));
    match wrong {
        Some(action) => Err(ApiError::validation(format!("Invalid arn syntax: {action}"))),
        None => Ok(()),
    }
}

/// Deletes alarms: all of them, or none if one does not exist.
pub fn delete(model: &mut Model, params: &Params) -> Result<Data, ApiError> {
    let names = params.strings("AlarmNames");
    if names.iter().any(|name| !model.cloudwatch.alarms.contains_key(name)) {
        return Err(missing());
    }
    for name in names {
        model.cloudwatch.alarms.remove(&name);
    }
    Ok(Data::body())
}
