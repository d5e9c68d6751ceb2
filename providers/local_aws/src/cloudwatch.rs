//! CloudWatch's alarms. Metrics are not modelled, so no alarm ever fires.

mod alarms;
mod describe;
mod tags;

use crate::model::Model;
use crate::service::unknown_action;
use crate::wire::{ApiError, Data, Params};

/// Carries out an action.
///
/// # Errors
/// The service's refusal; `InvalidAction` if the action is not modelled.
pub fn dispatch(model: &mut Model, action: &str, params: &Params) -> Result<Data, ApiError> {
    match action {
        "PutMetricAlarm" => alarms::put(model, params),
        "DescribeAlarms" => describe::alarms(model, params),
        "DeleteAlarms" => alarms::delete(model, params),
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

#[cfg(test)]
mod tests;
