//! Scaling policies (PutScalingPolicy, DescribePolicies, DeletePolicy). Predictive scaling is not modelled.

mod adjust;
mod execute;
mod track;

use crate::model::Model;
use crate::model::autoscaling::{Group, Policy};
use crate::model::cloudwatch::Alarm;
use crate::wire::{ApiError, Node, Params, echo, paginate};

use super::named;

use adjust::Adjustment;
pub use execute::{Breach, alarmed, execute, heed_cooldown};

/// A group has at most so many (EC2 Auto Scaling, "quotas").
const MOST: usize = 50;

/// Members that a request and the answer have in common.
const TEXTS: [&str; 6] = [
    "AdjustmentType",
    "MinAdjustmentMagnitude",
    "ScalingAdjustment",
    "Cooldown",
    "EstimatedInstanceWarmup",
    "MetricAggregationType",
];

/// Makes a policy, or overwrites the one with that name (PutScalingPolicy).
pub fn put(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let group = named(model, params)?;
    let (of_group, name) = (group.name.clone(), params.required("PolicyName")?.to_owned());
    let kind = check(params)?;
    if group.policies.len() >= MOST && !group.policies.contains_key(&name) {
        let said = format!("The group already has {MOST} scaling policies");
        return Err(ApiError::new("LimitExceeded", said));
    }
    let old = group.policies.remove(&name);
    let arn = match &old {
        Some(old) => old.arn.clone(),
        None => format!(
            "arn:aws:autoscaling:{}:{}:scalingPolicy:{}:autoScalingGroupName/{of_group}:policyName/{name}",
            model.region,
            model.account,
            model.random.uuid()
        ),
    };
    forget_alarms(model, old.iter());
    let alarms = track::alarms(model, &of_group, &arn, params)?;
    let policy = Policy { arn, kind, params: params.clone(), alarms };
    let answer = shown_alarms(Node::body().field("PolicyARN", &policy.arn), model, &policy);
    named(model, params)?.policies.insert(name, policy);
    Ok(answer)
}

/// What each type cannot do without (PutScalingPolicy).
fn check(params: &Params) -> Result<String, ApiError> {
    let kind = params.text("PolicyType").unwrap_or("SimpleScaling");
    let needed: &[&str] = match kind {
        "SimpleScaling" => &["AdjustmentType", "ScalingAdjustment"],
        "StepScaling" => &["AdjustmentType", "StepAdjustments"],
        "TargetTrackingScaling" => &["TargetTrackingConfiguration"],
        other => return Err(ApiError::validation(format!("Policy type '{other}' is not modelled."))),
    };
    if let Some(name) = needed.iter().find(|name| params.get(name).is_none()) {
        return Err(ApiError::validation(format!("{name} must be specified for policy type {kind}")));
    }
    match kind {
        "SimpleScaling" => {
            Adjustment::read(params, params.int("ScalingAdjustment")?.unwrap_or_default())?;
        }
        "StepScaling" => {
            for step in adjust::steps(params)? {
                Adjustment::read(params, step.amount)?;
            }
        }
        _ => track::check(params)?,
    }
    Ok(kind.to_owned())
}

fn unknown(policy: &str) -> ApiError {
    ApiError::validation(format!("PolicyName not found - Policy '{policy}' does not exist"))
}

fn forget_alarms<'a>(model: &mut Model, of: impl Iterator<Item = &'a Policy>) {
    of.flat_map(|policy| &policy.alarms).for_each(|name| _ = model.cloudwatch.alarms.remove(name));
}

/// Policies of all groups, or of one (DescribePolicies).
pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let (names, types) = (params.texts("PolicyNames"), params.texts("PolicyTypes"));
    let of_group = params.text("AutoScalingGroupName");
    let groups = model.autoscaling.groups.values();
    let groups = groups.filter(|group| of_group.is_none_or(|name| name == group.name));
    let all = groups.flat_map(|group| group.policies.iter().map(move |(name, policy)| (group, name, policy)));
    let fits = |(_, name, policy): &(&Group, &String, &Policy)| {
        let called = names.contains(&name.as_str()) || names.contains(&policy.arn.as_str());
        (names.is_empty() || called) && (types.is_empty() || types.contains(&policy.kind.as_str()))
    };
    let found: Vec<Node> =
        all.filter(fits).map(|(group, name, policy)| description(model, group, name, policy)).collect();
    let size = params.int("MaxRecords")?.unwrap_or(50).clamp(1, 100);
    let (page, next) = paginate(found, usize::try_from(size).ok(), params.text("NextToken"))
        .map_err(|token| ApiError::new("InvalidNextToken", format!("The token '{token}' is invalid.")))?;
    Ok(Node::body().members("ScalingPolicies", page).maybe("NextToken", next))
}

fn description(model: &Model, group: &Group, name: &str, policy: &Policy) -> Node {
    let params = &policy.params;
    let mut told = Node::body()
        .field("AutoScalingGroupName", &group.name)
        .field("PolicyName", name)
        .field("PolicyARN", &policy.arn)
        .field("PolicyType", &policy.kind)
        .field("Enabled", params.text("Enabled").unwrap_or("true"));
    for name in TEXTS {
        let usual = (name == "MetricAggregationType" && policy.kind == "StepScaling").then_some("Average");
        told = told.maybe(name, params.text(name).or(usual));
    }
    let steps = params.list("StepAdjustments").into_iter().map(echo);
    told = told.members("StepAdjustments", steps);
    if let Some(tracking) = params.get("TargetTrackingConfiguration") {
        let usual = Params::parse(crate::wire::Protocol::Query, "DisableScaleIn=false");
        told = told.child("TargetTrackingConfiguration", echo(&tracking.over(&usual)));
    }
    shown_alarms(told, model, policy)
}

/// The alarms that have the policy act: its own, and those that others have made for it.
fn shown_alarms(node: Node, model: &Model, policy: &Policy) -> Node {
    let acts = |alarm: &&Alarm| alarm.actions.values().any(|list| list.contains(&policy.arn));
    let alarms = model.cloudwatch.alarms.values().filter(acts);
    node.members(
        "Alarms",
        alarms.map(|alarm| Node::body().field("AlarmName", &alarm.name).field("AlarmARN", &alarm.arn)),
    )
}

/// Deletes a policy, by its name or ARN, and the action it was to alarms, not the alarms (DeletePolicy).
pub fn delete(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let wanted = params.required("PolicyName")?;
    let of_group = params.text("AutoScalingGroupName");
    let groups = model.autoscaling.groups.values_mut();
    let mut groups = groups.filter(|group| of_group.is_none_or(|name| name == group.name));
    let taken = groups.find_map(|group| {
        let called = |(name, policy): &(&String, &Policy)| {
            policy.arn == wanted || (*name == wanted && of_group.is_some())
        };
        let name = group.policies.iter().find(called)?.0.clone();
        group.policies.remove(&name)
    });
    let policy = taken.ok_or_else(|| unknown(wanted))?;
    forget_alarms(model, std::iter::once(&policy));
    model.cloudwatch.forget_action(&policy.arn, false);
    Ok(Node::body())
}

/// The policies of a group that is deleted go with it, and alarms that do nothing any more with them
/// (DeleteAutoScalingGroup).
pub fn clear(model: &mut Model, group: &str) {
    let Some(group) = model.autoscaling.groups.get_mut(group) else { return };
    let policies = std::mem::take(&mut group.policies);
    forget_alarms(model, policies.values());
    for policy in policies.values() {
        model.cloudwatch.forget_action(&policy.arn, true);
    }
}
