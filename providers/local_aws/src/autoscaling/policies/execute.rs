//! Policies change the size of their group: an alarm has them do it, or somebody does (ExecutePolicy).
//!
//! Simple policies wait until the group has finished what it is doing, and for the cooldown after it. The others do not
//! wait: they count instances that warm up as not yet there, so that a breach that goes on does not add to what the
//! same breach has set off already, and they take nothing away as long as one warms up.

use std::time::Duration;

use crate::autoscaling::{capacity, named};
use crate::model::autoscaling::{Cooldown, Group, MemberState, Policy};
use crate::model::{Model, Time};
use crate::wire::{ApiError, Node, Params};

use super::adjust::{self, Adjustment};
use super::track;

/// What an alarm tells a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Breach {
    /// The alarm, by name.
    pub alarm: String,
    /// The datapoints that count, the newest first.
    pub values: Vec<f64>,
    /// The alarm's threshold.
    pub threshold: f64,
}

/// An alarm has a policy do what it does. Tells whether it did.
///
/// # Errors
/// There is no such policy, or nothing to go by, in the words that the alarm's history has.
pub fn alarmed(model: &mut Model, arn: &str, breach: &Breach) -> Result<bool, ApiError> {
    let (group, name, policy) = by_arn(model, arn).ok_or_else(|| super::unknown(arn))?;
    if !group.runs("AlarmNotification") || policy.params.text("Enabled") == Some("false") {
        return Ok(false);
    }
    let wanted = match policy.kind.as_str() {
        "StepScaling" => stepped(group, policy, breach, model.now)?,
        "TargetTrackingScaling" => track::tracked(model, group, policy, breach)?,
        _ if is_cooling(group, model.now) => None,
        _ => Some(simple(group, policy)?),
    };
    let reason = format!("a monitor alarm {} in state ALARM triggered policy {name}", breach.alarm);
    let (group, policy) = (group.name.clone(), policy.clone());
    Ok(wanted.is_some_and(|wanted| resize(model, &group, &policy, wanted, &reason)))
}

fn by_arn<'a>(model: &'a Model, arn: &str) -> Option<(&'a Group, &'a str, &'a Policy)> {
    model.autoscaling.groups.values().filter(|group| !group.deleting).find_map(|group| {
        let (name, policy) = group.policies.iter().find(|(_, policy)| policy.arn == arn)?;
        Some((group, name.as_str(), policy))
    })
}

/// Carries a policy out (ExecutePolicy).
pub fn execute(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let wanted = params.required("PolicyName")?;
    let (group, name, policy) = match params.text("AutoScalingGroupName") {
        Some(_) => {
            let group = &*named(model, params)?;
            let called = |(name, policy): &(&String, &Policy)| *name == wanted || policy.arn == wanted;
            let (name, policy) = group.policies.iter().find(called).ok_or_else(|| super::unknown(wanted))?;
            (group.clone(), name.clone(), policy.clone())
        }
        None => {
            let (group, name, policy) = by_arn(model, wanted).ok_or_else(|| super::unknown(wanted))?;
            (group.clone(), name.to_owned(), policy.clone())
        }
    };
    let desired = match policy.kind.as_str() {
        "StepScaling" => stepped(&group, &policy, &given(params)?, model.now)?,
        "SimpleScaling" => {
            heed_cooldown(&group, params, model.now)?;
            Some(simple(&group, &policy)?)
        }
        kind => {
            return Err(ApiError::validation(format!(
                "Policies of type {kind} cannot be executed directly."
            )));
        }
    };
    if let Some(desired) = desired {
        resize(model, &group.name, &policy, desired, &format!("a user request executed policy {name}"));
    }
    Ok(Node::body())
}

/// What a request has a step policy go by.
fn given(params: &Params) -> Result<Breach, ApiError> {
    let number = |name: &str| {
        let missing =
            || ApiError::validation(format!("{name} must be specified for policy type StepScaling"));
        params.number(name)?.ok_or_else(missing)
    };
    Ok(Breach {
        alarm: String::new(),
        values: vec![number("MetricValue")?],
        threshold: number("BreachThreshold")?,
    })
}

/// Refuses a request that wants to wait for the cooldown, while there is one.
///
/// # Errors
/// `ScalingActivityInProgress`.
pub fn heed_cooldown(group: &Group, params: &Params, now: Time) -> Result<(), ApiError> {
    if params.bool("HonorCooldown")?.unwrap_or(false) && is_cooling(group, now) {
        let id = group.activities.front().map(|activity| activity.id.as_str()).unwrap_or_default();
        let said = format!("Scaling activity {id} is in progress and blocks this action");
        return Err(ApiError::new("ScalingActivityInProgress", said));
    }
    Ok(())
}

/// Whether something is still happening to the group's instances, or the cooldown after it has not passed.
fn is_cooling(group: &Group, now: Time) -> bool {
    if group.activities.iter().any(|activity| activity.ended.is_none()) {
        return true;
    }
    group.cooldown.is_some_and(|cooldown| {
        let since = |activity: &&crate::model::autoscaling::Activity| activity.started >= cooldown.since;
        let last = group.activities.iter().filter(since).filter_map(|activity| activity.ended).max();
        now < last.unwrap_or(cooldown.since) + Duration::from_secs(cooldown.seconds)
    })
}

/// What a simple policy wants.
fn simple(group: &Group, policy: &Policy) -> Result<i64, ApiError> {
    let amount = policy.params.int("ScalingAdjustment")?.unwrap_or_default();
    Ok(Adjustment::read(&policy.params, amount)?.of(group.size.desired))
}

/// What a step policy wants; `None` if it has to wait, or wants nothing.
fn stepped(group: &Group, policy: &Policy, breach: &Breach, now: Time) -> Result<Option<i64>, ApiError> {
    let steps = adjust::steps(&policy.params)?;
    let metric = aggregate(&policy.params, &breach.values);
    let size = metric.map(|metric| metric - breach.threshold);
    let found = size.and_then(|size| adjust::step(&steps, size));
    let nothing = || {
        let (values, size) = (&breach.values, size.unwrap_or_default());
        ApiError::validation(format!(
            "No step adjustment found for metric value {values:?} and breach delta {size:?}"
        ))
    };
    let adjustment = Adjustment::read(&policy.params, found.ok_or_else(nothing)?.amount)?;
    Ok(settled(group, policy, now, |current| adjustment.of(current)))
}

fn aggregate(params: &Params, values: &[f64]) -> Option<f64> {
    let values = values.iter().copied();
    match params.text("MetricAggregationType") {
        Some("Minimum") => values.reduce(f64::min),
        Some("Maximum") => values.reduce(f64::max),
        _ => {
            let count = values.len() as f64;
            values.reduce(|a, b| a + b).map(|sum| sum / count)
        }
    }
}

/// The new desired number, where `wish` says what the present number should become; `None` if the group has it
/// already, or has to wait.
pub fn settled(group: &Group, policy: &Policy, now: Time, wish: impl Fn(u64) -> i64) -> Option<i64> {
    let desired = i64::try_from(group.size.desired).unwrap_or(i64::MAX);
    let (warm, leaving) = (warm(group, policy, now), leaving(group));
    let up = wish(warm);
    if up > desired {
        return Some(up);
    }
    // What is on its way out still counts, so that not more goes than has to.
    let down = wish(warm + leaving);
    (down < desired && warm >= group.size.desired).then_some(down)
}

/// How many instances have warmed up.
fn warm(group: &Group, policy: &Policy, now: Time) -> u64 {
    let warmup = warmup(group, policy);
    let is_warm = |since: Time| now.since(since) >= warmup;
    let members = group.members.values().filter(|member| member.state == MemberState::InService);
    members.filter(|member| member.in_service.is_some_and(is_warm)).count() as u64
}

/// The policy's own, else the group's, else its cooldown (PutScalingPolicy, `EstimatedInstanceWarmup`).
fn warmup(group: &Group, policy: &Policy) -> Duration {
    let own = policy.params.text("EstimatedInstanceWarmup").and_then(|text| text.parse().ok());
    Duration::from_secs(own.or(group.settings.default_warmup).unwrap_or(group.settings.cooldown))
}

fn leaving(group: &Group) -> u64 {
    group.members.values().filter(|member| member.state.is_terminating()).count() as u64
}

/// Sizes a group as a policy wants, as far as it may; tells whether that changed anything.
fn resize(model: &mut Model, name: &str, policy: &Policy, wanted: i64, reason: &str) -> bool {
    let now = model.now;
    let Some(group) = model.autoscaling.groups.get_mut(name) else { return false };
    let (old, size) = (group.size.desired, group.size);
    let new = u64::try_from(wanted).unwrap_or(0).clamp(size.min.min(size.max), size.max);
    if new == old {
        return false;
    }
    group.size.desired = new;
    if policy.kind == "SimpleScaling" {
        let own = policy.params.text("Cooldown").and_then(|text| text.parse().ok());
        group.cooldown = Some(Cooldown { since: now, seconds: own.unwrap_or(group.settings.cooldown) });
    }
    capacity::because(model, name, &format!("{reason} changing the desired capacity from {old} to {new}."));
    capacity::poke(model, name);
    true
}
