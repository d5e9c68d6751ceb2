//! CloudWatch: metrics, and alarms on them.
//!
//! Metrics come from PutMetricData and from the modelled services (`vended`); alarms are evaluated every minute
//! (`look`) and act: on scaling policies, which are carried out, and on topics and the like, for which a notification
//! is kept. Metric math knows the four operations (`expression`). Composite alarms, anomaly detection, trimmed means and
//! metric streams are not modelled.

mod alarms;
mod describe;
mod expression;
mod history;
mod look;
mod measure;
mod queries;
mod state;
mod statistic;
mod statistics;
mod tags;
mod vended;
mod verdict;
mod watch;

use serde::{Deserialize, Serialize};

use crate::model::Model;
use crate::model::cloudwatch::Load;
use crate::service::unknown_action;
use crate::wire::{ApiError, Data, Params};

pub use alarms::install;
pub use look::wake;

/// What CloudWatch does by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CloudWatchEvent {
    /// A minute, or ten seconds, are over.
    Look,
}

/// Lets an event happen, at `model.now`.
pub fn apply(model: &mut Model, event: CloudWatchEvent) {
    match event {
        CloudWatchEvent::Look => look::look(model),
    }
}

/// Sets what keeps instances busy from now on; a load of 0 percent ends it.
pub fn load(model: &mut Model, load: Load) {
    model.cloudwatch.loads.retain(|old| old.on != load.on);
    if load.percent > 0.0 {
        model.cloudwatch.loads.push(load);
    }
    wake(model);
}

/// Carries out an action.
///
/// # Errors
/// The service's refusal; `InvalidAction` if the action is not modelled.
pub fn dispatch(model: &mut Model, action: &str, params: &Params) -> Result<Data, ApiError> {
    match action {
        "PutMetricAlarm" => alarms::put(model, params),
        "DescribeAlarms" => describe::alarms(model, params),
        "DescribeAlarmsForMetric" => describe::for_metric(model, params),
        "DescribeAlarmHistory" => history::describe(model, params),
        "DeleteAlarms" => alarms::delete(model, params),
        "SetAlarmState" => state::set(model, params),
        "EnableAlarmActions" => alarms::enable(model, params, true),
        "DisableAlarmActions" => alarms::enable(model, params, false),
        "PutMetricData" => measure::put(model, params),
        "ListMetrics" => measure::list(model, params),
        "GetMetricStatistics" => statistics::of_one(model, params),
        "GetMetricData" => statistics::of_many(model, params),
        "ListTagsForResource" => tags::list(model, params),
        "TagResource" => tags::tag(model, params),
        "UntagResource" => tags::untag(model, params),
        _ => Err(unknown_action(action)),
    }
}

/// The ARN of an alarm.
pub fn arn(model: &Model, name: &str) -> String {
    format!("arn:aws:cloudwatch:{}:{}:alarm:{name}", model.region, model.account)
}

/// The alarm a request is about.
fn named(params: &Params) -> Result<&str, ApiError> {
    params.required("AlarmName")
}

fn missing() -> ApiError {
    ApiError::new("ResourceNotFound", "One or more alarms do not exist.").with_status(404)
}

/// A page of what a request asks for.
fn page<T>(items: Vec<T>, size: i64, params: &Params) -> Result<(Vec<T>, Option<Data>), ApiError> {
    let wrong = |token| ApiError::new("InvalidNextToken", format!("The token '{token}' is invalid."));
    let (page, next) =
        crate::wire::paginate(items, usize::try_from(size).ok(), params.text("NextToken")).map_err(wrong)?;
    Ok((page, next.map(Data::Text)))
}

#[cfg(test)]
mod tests;
