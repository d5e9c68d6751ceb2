//! Lifecycle hooks of groups. What they do to instances is in [`super::actions`].

use std::collections::BTreeMap;

use crate::model::autoscaling::{Group, Hook, HookResult, Transition};
use crate::model::{Model, Time};
use crate::wire::{ApiError, Node, Params};

use super::{actions, named};

/// A group has at most so many (EC2 Auto Scaling, "quotas").
const MOST: usize = 50;

/// Makes a hook, or changes what the request says of the one with that name (PutLifecycleHook).
pub fn put(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let now = model.now;
    let group = named(model, params)?;
    let name = params.required("LifecycleHookName")?.to_owned();
    let hook = match group.hooks.get(&name) {
        Some(old) => Hook { since: old.since, params: params.over(&old.params) },
        None => Hook { since: now, params: params.clone() },
    };
    check(&hook.params)?;
    if group.hooks.len() >= MOST && !group.hooks.contains_key(&name) {
        let said = format!("The group already has {MOST} lifecycle hooks");
        return Err(ApiError::new("LimitExceeded", said));
    }
    group.hooks.insert(name, hook);
    Ok(Node::body())
}

/// The hooks that a group is made with (CreateAutoScalingGroup, `LifecycleHookSpecificationList`).
pub fn first(params: &Params, now: Time) -> Result<BTreeMap<String, Hook>, ApiError> {
    let one = |hook: &&Params| {
        check(hook)?;
        let name = hook.required("LifecycleHookName")?.to_owned();
        Ok((name, Hook { since: now, params: (*hook).clone() }))
    };
    params.list("LifecycleHookSpecificationList").iter().map(one).collect()
}

fn check(params: &Params) -> Result<(), ApiError> {
    let transition = params.required("LifecycleTransition")?;
    if Transition::named(transition).is_none() {
        return Err(ApiError::validation(format!("Invalid lifecycle transition '{transition}'")));
    }
    if params.int("HeartbeatTimeout")?.is_some_and(|seconds| !(30..=7200).contains(&seconds)) {
        return Err(ApiError::validation("HeartbeatTimeout must be between 30 and 7200 seconds"));
    }
    match params.text("DefaultResult") {
        Some(other) if HookResult::named(other).is_none() => {
            Err(ApiError::validation(format!("Invalid default result '{other}'")))
        }
        _ => Ok(()),
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

fn description(group: &Group, name: &str, hook: &Hook) -> Node {
    let text = |name: &str| hook.params.text(name).filter(|text| !text.is_empty());
    Node::body()
        .field("LifecycleHookName", name)
        .field("AutoScalingGroupName", &group.name)
        .field("LifecycleTransition", text("LifecycleTransition").unwrap_or_default())
        .maybe("NotificationTargetARN", text("NotificationTargetARN"))
        .maybe("RoleARN", text("RoleARN"))
        .maybe("NotificationMetadata", text("NotificationMetadata"))
        .field("HeartbeatTimeout", hook.heartbeat())
        .field("GlobalTimeout", hook.longest())
        .field("DefaultResult", text("DefaultResult").unwrap_or("ABANDON"))
}

/// Deletes a hook, once the instances that wait for it no longer do (DeleteLifecycleHook).
pub fn delete(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let group = named(model, params)?;
    let hook = params.required("LifecycleHookName")?;
    if !group.hooks.contains_key(hook) {
        return Err(ApiError::validation(format!("No Lifecycle Hook found with name {hook}")));
    }
    let name = group.name.clone();
    actions::release(model, &name, hook);
    named(model, params)?.hooks.remove(hook);
    Ok(Node::body())
}
