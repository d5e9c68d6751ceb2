//! Suspending processes, and collecting metrics.

use crate::model::Model;
use crate::wire::{ApiError, Node, Params};

use super::{capacity, named};

/// Everything a group does by itself (SuspendProcesses).
pub const PROCESSES: [&str; 9] = [
    "Launch",
    "Terminate",
    "AddToLoadBalancer",
    "AlarmNotification",
    "AZRebalance",
    "HealthCheck",
    "InstanceRefresh",
    "ReplaceUnhealthy",
    "ScheduledActions",
];

/// The processes of a request; all of them if it names none.
fn read(params: &Params) -> Result<Vec<String>, ApiError> {
    let names = params.strings("ScalingProcesses");
    match names.iter().find(|name| !PROCESSES.contains(&name.as_str())) {
        Some(name) => Err(ApiError::validation(format!("'{name}' is not a valid process type"))),
        None if names.is_empty() => Ok(PROCESSES.map(str::to_owned).to_vec()),
        None => Ok(names),
    }
}

pub fn suspend(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let (names, reason) = (read(params)?, format!("User suspended at {}", model.now.stamp()));
    let group = named(model, params)?;
    for name in names {
        group.suspended.entry(name).or_insert_with(|| reason.clone());
    }
    Ok(Node::body())
}

pub fn resume(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let names = read(params)?;
    let group = named(model, params)?;
    group.suspended.retain(|name, _| !names.contains(name));
    let group = group.name.clone();
    capacity::poke(model, &group);
    Ok(Node::body())
}

/// The metrics of a group (EnableMetricsCollection).
pub const METRICS: [&str; 8] = [
    "GroupMinSize",
    "GroupMaxSize",
    "GroupDesiredCapacity",
    "GroupInServiceInstances",
    "GroupPendingInstances",
    "GroupStandbyInstances",
    "GroupTerminatingInstances",
    "GroupTotalInstances",
];

fn metrics(params: &Params) -> Vec<String> {
    let named = params.strings("Metrics");
    if named.is_empty() { METRICS.map(str::to_owned).to_vec() } else { named }
}

pub fn enable_metrics(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    if params.required("Granularity")? != "1Minute" {
        return Err(ApiError::validation("The only valid Granularity is 1Minute"));
    }
    named(model, params)?.metrics.extend(metrics(params));
    crate::cloudwatch::wake(model);
    Ok(Node::body())
}

pub fn disable_metrics(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let gone = metrics(params);
    named(model, params)?.metrics.retain(|metric| !gone.contains(metric));
    Ok(Node::body())
}
