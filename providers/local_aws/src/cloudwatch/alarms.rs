//! Making, changing and deleting alarms (PutMetricAlarm, DeleteAlarms).

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Model;
use crate::model::cloudwatch::Alarm;
use crate::wire::{ApiError, Data, Params};

use super::{arn, tags};

/// The lists of what an alarm does.
pub const ACTIONS: [&str; 3] = ["AlarmActions", "OKActions", "InsufficientDataActions"];

const OPERATORS: [&str; 4] = [
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
];

/// Makes an alarm, or overwrites all of the one with that name but its tags.
pub fn put(model: &mut Model, params: &Params) -> Result<Data, ApiError> {
    let name = params.required("AlarmName")?.to_owned();
    check(params)?;
    let old = model.cloudwatch.alarms.remove(&name);
    let tags = match old {
        Some(old) => old.tags,
        None => tags::read(params),
    };
    let alarm = Alarm {
        arn: arn(model, &name),
        updated: model.now,
        actions: actions(params),
        params: params.without("Tags"),
        tags,
        name: name.clone(),
    };
    model.cloudwatch.alarms.insert(name, alarm);
    Ok(Data::body())
}

fn actions(params: &Params) -> BTreeMap<String, BTreeSet<String>> {
    let lists = ACTIONS.into_iter().map(|list| (list.to_owned(), params.strings(list).into_iter().collect()));
    lists.collect()
}

fn check(params: &Params) -> Result<(), ApiError> {
    let operator = params.required("ComparisonOperator")?;
    if !OPERATORS.contains(&operator) {
        return Err(ApiError::validation(format!("The comparison operator '{operator}' is not modelled.")));
    }
    params.required("EvaluationPeriods")?;
    let periods = params.int("EvaluationPeriods")?.unwrap_or_default();
    if periods < 1 {
        return Err(ApiError::validation("EvaluationPeriods must be at least 1."));
    }
    if params.int("DatapointsToAlarm")?.is_some_and(|points| points < 1 || points > periods) {
        let said = "The parameter DatapointsToAlarm must be between 1 and EvaluationPeriods.";
        return Err(ApiError::validation(said));
    }
    if params.number("Threshold")?.is_none() {
        return Err(ApiError::validation(
            "At least one of Threshold or ThresholdMetricId must be specified.",
        ));
    }
    measured(params, periods)?;
    let wrong = ACTIONS.iter().flat_map(|list| params.texts(list)).find(|action| !action.starts_with("arn:"));
    match wrong {
        Some(action) => Err(ApiError::validation(format!("Invalid arn syntax: {action}"))),
        None => Ok(()),
    }
}

/// One metric, or several of which one is watched.
fn measured(params: &Params, periods: i64) -> Result<(), ApiError> {
    let queries = params.list("Metrics");
    match (params.text("MetricName").is_some(), queries.is_empty()) {
        (true, true) => single(params, periods),
        (false, false) => {
            let watched = |query: &&&Params| query.text("ReturnData") != Some("false");
            match queries.iter().filter(watched).count() {
                1 => Ok(()),
                _ => Err(ApiError::validation("Exactly one element of the metrics list should return data.")),
            }
        }
        _ => Err(ApiError::validation("Exactly one of MetricName and Metrics must be specified.")),
    }
}

/// An evaluation looks at a day at most, at a week with periods of an hour and more.
fn single(params: &Params, periods: i64) -> Result<(), ApiError> {
    params.required("Namespace")?;
    if params.text("Statistic").is_some() == params.text("ExtendedStatistic").is_some() {
        return Err(ApiError::validation(
            "Exactly one of Statistic and ExtendedStatistic must be specified.",
        ));
    }
    let period = params.int("Period")?.unwrap_or_default();
    if !(matches!(period, 10 | 20 | 30) || (period > 0 && period % 60 == 0)) {
        return Err(ApiError::validation("Period must be 10, 20, 30 or a multiple of 60."));
    }
    let longest = if period < 3600 { 86_400 } else { 604_800 };
    match period.saturating_mul(periods) > longest {
        true => Err(ApiError::validation(format!(
            "Metrics cannot be checked across more than {longest} seconds (EvaluationPeriods * Period must be <= {longest})."
        ))),
        false => Ok(()),
    }
}

/// Deletes alarms: all of them, or none if one does not exist.
pub fn delete(model: &mut Model, params: &Params) -> Result<Data, ApiError> {
    let names = params.strings("AlarmNames");
    if names.iter().any(|name| !model.cloudwatch.alarms.contains_key(name)) {
        return Err(ApiError::new("ResourceNotFound", "One or more alarms do not exist.").with_status(404));
    }
    for name in names {
        model.cloudwatch.alarms.remove(&name);
    }
    Ok(Data::body())
}
