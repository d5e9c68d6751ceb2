//! What can be said about a policy's block before anything runs: each type of policy takes its own attributes.

use infra_lang::residual::Attributes;
use infra_lang::value::Value;

use super::{ScalingPolicy, StepAdjustment};
use crate::codec::{decode, known};

const SIMPLE: &str = "SimpleScaling";
const STEP: &str = "StepScaling";
const TRACKING: &str = "TargetTrackingScaling";

/// Attributes, and the types of policy that take them (`PutScalingPolicy`).
const TAKEN_BY: [(&str, &[&str]); 8] = [
    ("adjustment_type", &[SIMPLE, STEP]),
    ("scaling_adjustment", &[SIMPLE]),
    ("cooldown", &[SIMPLE]),
    ("min_adjustment_magnitude", &[SIMPLE, STEP]),
    ("metric_aggregation_type", &[STEP]),
    ("estimated_instance_warmup", &[STEP, TRACKING]),
    ("step_adjustment", &[STEP]),
    ("target_tracking_configuration", &[TRACKING]),
];

/// Attributes that a type of policy cannot do without.
const NEEDED: [(&str, &[&str]); 4] = [
    ("adjustment_type", &[SIMPLE, STEP]),
    ("scaling_adjustment", &[SIMPLE]),
    ("step_adjustment", &[STEP]),
    ("target_tracking_configuration", &[TRACKING]),
];

/// What is wrong with the attributes that are known.
pub(super) fn problems(desired: &Attributes) -> Vec<(&'static str, String)> {
    let known = known(desired);
    let Ok(policy) = decode::<ScalingPolicy>(&known) else { return Vec::new() };
    let own = policy.policy_type.as_str();
    let written = |name: &str| {
        desired.get(name).is_some_and(|residual| residual.known().is_none_or(|value| !is_nothing(value)))
    };
    let mut found = Vec::new();
    if !known.contains_key("policy_type") {
        return found;
    }
    let strange = TAKEN_BY.iter().filter(|(name, types)| written(name) && !types.contains(&own));
    found.extend(strange.map(|(name, types)| {
        (*name, format!("a policy of type `{own}` takes no `{name}`; {} does", types.join(" or ")))
    }));
    let missing = NEEDED.iter().filter(|(name, types)| !written(name) && types.contains(&own));
    found
        .extend(missing.map(|(name, _)| ("policy_type", format!("a policy of type `{own}` needs `{name}`"))));
    if policy.min_adjustment_magnitude.is_some()
        && known.contains_key("adjustment_type")
        && policy.adjustment_type.as_deref() != Some("PercentChangeInCapacity")
    {
        let said =
            "only a change in percent has a least magnitude: `adjustment_type = \"PercentChangeInCapacity\"`";
        found.push(("min_adjustment_magnitude", said.to_owned()));
    }
    found.extend(policy.step_adjustment.iter().find_map(bounds).map(|said| ("step_adjustment", said)));
    found
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(items) => items.is_empty(),
        _ => false,
    }
}

fn bounds(step: &StepAdjustment) -> Option<String> {
    match (step.metric_interval_lower_bound, step.metric_interval_upper_bound) {
        (None, None) => Some("a step has a lower or an upper bound, or both".to_owned()),
        (Some(lower), Some(upper)) if lower >= upper => {
            Some(format!("the lower bound ({lower}) has to be below the upper bound ({upper})"))
        }
        _ => None,
    }
}
