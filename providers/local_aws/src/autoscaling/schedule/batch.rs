//! Several scheduled actions of a group in one request. Those that are refused do not keep the others from it.

use crate::model::Model;
use crate::wire::{ApiError, Node, Params};

use crate::autoscaling::named;

/// A request has at most so many.
const MOST: usize = 50;

/// BatchPutScheduledUpdateGroupAction.
pub fn put_all(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let group = named(model, params)?.name.clone();
    let actions = params.list("ScheduledUpdateGroupActions");
    count(actions.len(), "ScheduledUpdateGroupActions")?;
    let put = |action: &&Params| {
        let name = action.text("ScheduledActionName").unwrap_or_default();
        let one = (*action).clone().with("AutoScalingGroupName", &group);
        super::put(model, &one).err().map(|error| failure(name, &error))
    };
    let failed: Vec<Node> = actions.iter().filter_map(put).collect();
    Ok(Node::body().members("FailedScheduledUpdateGroupActions", failed))
}

/// BatchDeleteScheduledAction.
pub fn delete_all(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let group = named(model, params)?.name.clone();
    let names = params.strings("ScheduledActionNames");
    count(names.len(), "ScheduledActionNames")?;
    let delete = |name: &String| {
        let one = params.without("ScheduledActionNames").with("AutoScalingGroupName", &group);
        super::delete(model, &one.with("ScheduledActionName", name)).err().map(|error| failure(name, &error))
    };
    let failed: Vec<Node> = names.iter().filter_map(delete).collect();
    Ok(Node::body().members("FailedScheduledActions", failed))
}

fn count(given: usize, name: &str) -> Result<(), ApiError> {
    match (1..=MOST).contains(&given) {
        true => Ok(()),
        false => Err(ApiError::validation(format!("{name} must have between 1 and {MOST} elements"))),
    }
}

fn failure(name: &str, error: &ApiError) -> Node {
    Node::body()
        .field("ScheduledActionName", name)
        .field("ErrorCode", &error.code)
        .field("ErrorMessage", &error.message)
}
