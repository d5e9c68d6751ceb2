//! Alarms change their state, and do what they do then.

use crate::autoscaling;
use crate::model::Model;
use crate::model::cloudwatch::{Alarm, AlarmState, Entry, Notification, StateValue};
use crate::wire::{ApiError, Data, Params};

use super::watch::{Finding, Watch};
use super::{missing, named};

/// How many entries an alarm remembers; AWS keeps two weeks.
const KEPT: usize = 100;

/// How many notifications the region remembers.
const SENT: usize = 1000;

/// Makes an alarm say something until its next evaluation (SetAlarmState).
pub fn set(model: &mut Model, params: &Params) -> Result<Data, ApiError> {
    let name = named(params)?.to_owned();
    let word = params.required("StateValue")?;
    let unknown =
        || ApiError::validation(format!("The state '{word}' is not one of OK, ALARM and INSUFFICIENT_DATA."));
    let value = StateValue::ALL.into_iter().find(|value| value.word() == word).ok_or_else(unknown)?;
    let reason = params.required("StateReason")?.to_owned();
    if !model.cloudwatch.alarms.contains_key(&name) {
        return Err(missing());
    }
    let data = params.text("StateReasonData").unwrap_or_default().to_owned();
    enter(model, &name, Finding { state: value, reason, data });
    Ok(Data::body())
}

/// An alarm is found to be in a state: it changes to it, if it was in another, and acts.
pub fn enter(model: &mut Model, name: &str, finding: Finding) {
    let now = model.now;
    let Some(alarm) = model.cloudwatch.alarms.get_mut(name) else { return };
    let (old, new) = (alarm.state.value, finding.state);
    if old == new {
        return;
    }
    let data = Some(finding.data).filter(|data| !data.is_empty());
    alarm.state = AlarmState { value: new, reason: finding.reason, data, updated: now, transitioned: now };
    let summary = format!("Alarm updated from {} to {}", old.word(), new.word());
    remember(alarm, Entry { at: now, kind: "StateUpdate".to_owned(), summary });
    for action in actions(alarm) {
        act(model, name, &action);
    }
}

/// Scaling policies are told every minute for as long as the state lasts; others once.
pub fn insist(model: &mut Model, name: &str) {
    let Some(alarm) = model.cloudwatch.alarms.get(name) else { return };
    for action in actions(alarm).into_iter().filter(|action| scales(action)) {
        act(model, name, &action);
    }
}

/// What an alarm does in the state that it is in.
fn actions(alarm: &Alarm) -> Vec<String> {
    let enabled = alarm.params.text("ActionsEnabled") != Some("false");
    let list = alarm.actions.get(alarm.state.value.actions()).filter(|_| enabled);
    list.into_iter().flatten().cloned().collect()
}

fn scales(action: &str) -> bool {
    action.starts_with("arn:aws:autoscaling:") && action.contains(":scalingPolicy:")
}

fn act(model: &mut Model, name: &str, action: &str) {
    if scales(action) {
        return scale(model, name, action);
    }
    let (at, Some(alarm)) = (model.now, model.cloudwatch.alarms.get_mut(name)) else { return };
    let summary = format!("Successfully executed action {action}");
    remember(alarm, Entry { at, kind: "Action".to_owned(), summary });
    let state = alarm.state.value;
    let sent = &mut model.cloudwatch.notifications;
    sent.push_back(Notification { at, alarm: name.to_owned(), action: action.to_owned(), state });
    if sent.len() > SENT {
        sent.pop_front();
    }
}

fn scale(model: &mut Model, name: &str, policy: &str) {
    let (now, Some(alarm)) = (model.now, model.cloudwatch.alarms.get(name)) else { return };
    let watch = Watch::read(&alarm.params).ok();
    let points = watch.as_ref().map(|watch| watch.datapoints(&model.cloudwatch.metrics, now));
    let latest = watch.iter().zip(&points).flat_map(|(watch, points)| watch.latest(points));
    let breach = autoscaling::Breach {
        alarm: name.to_owned(),
        values: latest.map(|(_, value)| value).collect(),
        threshold: watch.map(|watch| watch.threshold).unwrap_or_default(),
    };
    let summary = match autoscaling::alarmed(model, policy, &breach) {
        Ok(false) => return,
        Ok(true) => format!("Successfully executed action {policy}"),
        Err(error) => format!("Failed to execute action {policy}. Received error: \"{}\"", error.message),
    };
    if let Some(alarm) = model.cloudwatch.alarms.get_mut(name) {
        remember(alarm, Entry { at: now, kind: "Action".to_owned(), summary });
    }
}

/// Adds to an alarm's history. What it said last is not said again: an action that fails every minute fails once.
pub fn remember(alarm: &mut Alarm, entry: Entry) {
    if alarm.history.front().is_some_and(|last| last.summary == entry.summary && last.kind == entry.kind) {
        return;
    }
    alarm.history.push_front(entry);
    alarm.history.truncate(KEPT);
}
