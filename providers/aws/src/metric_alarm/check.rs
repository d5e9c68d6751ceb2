//! What can be said about an alarm's block before anything runs.

use infra_lang::residual::Attributes;
use infra_lang::value::Value;

use super::MetricAlarm;
use crate::codec::{decode, known};

/// What an alarm on one metric needs beside its name (`PutMetricAlarm`).
const OF_ONE_METRIC: [&str; 2] = ["namespace", "period"];

/// What is wrong with the attributes that are known.
pub(super) fn problems(desired: &Attributes) -> Vec<(&'static str, String)> {
    let known = known(desired);
    let Ok(alarm) = decode::<MetricAlarm>(&known) else { return Vec::new() };
    let written = |name: &str| desired.get(name).is_some_and(|value| value.known() != Some(&Value::Null));
    let mut found = Vec::new();
    if !written("threshold") {
        found.push(("comparison_operator", "there is nothing to compare with: write `threshold`".to_owned()));
    }
    if written("metric_name") {
        let missing = OF_ONE_METRIC.iter().filter(|name| !written(name));
        found.extend(missing.map(|name| ("metric_name", format!("an alarm on one metric needs `{name}`"))));
        if !written("statistic") && !written("extended_statistic") {
            let said = "an alarm on one metric needs `statistic` or `extended_statistic`";
            found.push(("metric_name", said.to_owned()));
        }
    }
    if let Some(period) = alarm.period.filter(|period| !is_period(*period)) {
        found.push(("period", format!("a period is 10s, 20s, 30s or whole minutes, not {period}s")));
    }
    if let Some(points) = alarm.datapoints_to_alarm.filter(|points| *points > alarm.evaluation_periods)
        && known.contains_key("evaluation_periods")
    {
        let periods = alarm.evaluation_periods;
        found.push(("datapoints_to_alarm", format!("{points} of {periods} periods can never be")));
    }
    found.extend(queries(&alarm).map(|said| ("metric_query", said)));
    found
}

fn is_period(seconds: i32) -> bool {
    matches!(seconds, 10 | 20 | 30) || (seconds > 0 && seconds % 60 == 0)
}

/// Of several queries exactly one is watched; those that say nothing return their data.
fn queries(alarm: &MetricAlarm) -> Option<String> {
    let watched = alarm.metric_query.iter().filter(|query| query.return_data.unwrap_or(true));
    match (alarm.metric_query.len(), watched.count()) {
        (0, _) | (_, 1) => None,
        (_, count) => Some(format!(
            "exactly one query is watched, and here {count} are: write `return_data = false` in the others"
        )),
    }
}
