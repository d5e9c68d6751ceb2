//! Lifecycle hooks. They are kept; instances do not wait for them.

use crate::model::Model;
use crate::model::autoscaling::Group;
use crate::wire::{ApiError, Node, Params};

use super::named;

/// A group has at most so many (EC2 Auto Scaling, "quotas").
const MOST: usize = 50;

const TRANSITIONS: [&str; 2] = ["autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"];

/// Makes a hook, or changes what the request says of the one with that name (PutLifecycleHook).
pub fn put(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let group = named(model, params)?;
    let name = params.required("LifecycleHookName")?.to_owned();
    let merged = match group.hooks.get(&name) {
        Some(old) => params.over(old),
        None => params.clone(),
    };
    check(&merged)?;
    if group.hooks.len() >= MOST && !group.hooks.contains_key(&name) {
        let said = format!("The group already has {MOST} lifecycle hooks");
        return Err(ApiError::new("LimitExceeded", said));
    }
    group.hooks.insert(name, merged);
    Ok(Node::body())
}

fn check(params: &Params) -> Result<(), ApiError> {
    let transition = params.required("LifecycleTransition")?;
    if !TRANSITIONS.contains(&transition) {
        return Err(ApiError::validation(format!("Invalid lifecycle transition '{transition}'")));
    }
    if params.int("HeartbeatTimeout")?.is_some_and(|seconds| !(30..=7200).contains(&seconds)) {
        return Err(ApiError::validation("HeartbeatTimeout must be between 30 and 7200 seconds"));
    }
    match params.text("DefaultResult") {
        None | Some("CONTINUE" | "ABANDON") => Ok(()),
        Some(other) => Err(ApiError::validation(format!("Invalid default result '{other}'"))),
    }
}

/// The hooks of a group (DescribeLifecycleHooks).
pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let names = params.texts("LifecycleHookNames");
    let name = params.required("AutoScalingGroupName")?;
    let group = model.autoscaling.groups.get(name).ok_or_else(|| super::not_found(name))?;
    let found = group.hooks.iter().filter(|(name, _)| names.is_empty() || names.contains(&name.as_str()));
    Ok(Node::body().members("LifecycleHooks", found.map(|(name, hook)| description(group, name, hook))))
}

/// An instance waits two days at most, or a hundred heartbeats ("lifecycle hooks").
const LONGEST: i64 = 172_800;

fn description(group: &Group, name: &str, hook: &Params) -> Node {
    let timeout = hook.int("HeartbeatTimeout").ok().flatten().unwrap_or(3600);
    let text = |name: &str| hook.text(name).filter(|text| !text.is_empty());
    Node::body()
        .field("LifecycleHookName", name)
        .field("AutoScalingGroupName", &group.name)
        .field("LifecycleTransition", text("LifecycleTransition").unwrap_or_default())
        .maybe("NotificationTargetARN", text("NotificationTargetARN"))
        .maybe("RoleARN", text("RoleARN"))
        .maybe("NotificationMetadata", text("NotificationMetadata"))
        .field("HeartbeatTimeout", timeout)
        .field("GlobalTimeout", LONGEST.min(timeout * 100))
        .field("DefaultResult", text("DefaultResult").unwrap_or("ABANDON"))
}

/// Deletes a hook (DeleteLifecycleHook).
pub fn delete(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let group = named(model, params)?;
    let name = params.required("LifecycleHookName")?;
    match group.hooks.remove(name) {
        Some(_) => Ok(Node::body()),
        None => Err(ApiError::validation(format!("No Lifecycle Hook found with name {name}"))),
    }
}
