//! Settings of groups, as requests give them.

use crate::model::autoscaling::{Maintenance, Settings};
use crate::wire::{ApiError, Params};

use super::scale_in;
use super::sizes::number;

/// What the API gives a group that says nothing (CreateAutoScalingGroup).
pub fn usual(account: &str) -> Settings {
    let role = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
    Settings {
        cooldown: 300,
        health_check_type: "EC2".to_owned(),
        grace: 0,
        termination_policies: vec!["Default".to_owned()],
        protect_new: false,
        placement_group: None,
        max_lifetime: None,
        capacity_rebalance: false,
        default_warmup: None,
        service_role: format!("arn:aws:iam::{account}:{role}"),
        maintenance: None,
        deletion_protection: None,
    }
}

/// The settings after a request, which changes what it says.
pub fn read(old: &Settings, params: &Params) -> Result<Settings, ApiError> {
    let mut new = old.clone();
    new.cooldown = number(params, "DefaultCooldown")?.unwrap_or(new.cooldown);
    new.grace = number(params, "HealthCheckGracePeriod")?.unwrap_or(new.grace);
    if let Some(kind) = params.text("HealthCheckType") {
        new.health_check_type = kind.to_owned();
    }
    if params.get("TerminationPolicies").is_some() {
        new.termination_policies = termination_policies(params)?;
    }
    if params.get("InstanceMaintenancePolicy").is_some() {
        new.maintenance = maintenance(params)?;
    }
    new.protect_new = params.bool("NewInstancesProtectedFromScaleIn")?.unwrap_or(new.protect_new);
    new.capacity_rebalance = params.bool("CapacityRebalance")?.unwrap_or(new.capacity_rebalance);
    if let Some(name) = params.text("PlacementGroup") {
        new.placement_group = Some(name.to_owned()).filter(|name| !name.is_empty());
    }
    if let Some(seconds) = number(params, "MaxInstanceLifetime")? {
        if (1..86_400).contains(&seconds) {
            return Err(ApiError::validation("MaxInstanceLifetime must be 0, or at least 86400 seconds"));
        }
        new.max_lifetime = Some(seconds).filter(|seconds| *seconds > 0);
    }
    // -1 takes the setting away again.
    if let Some(seconds) = params.int("DefaultInstanceWarmup")? {
        new.default_warmup = u64::try_from(seconds).ok();
    }
    if let Some(protection) = params.text("DeletionProtection") {
        if !["none", "prevent-force-deletion", "prevent-all-deletion"].contains(&protection) {
            return Err(ApiError::validation(format!("DeletionProtection '{protection}' is not valid")));
        }
        new.deletion_protection = Some(protection.to_owned());
    }
    if let Some(role) = params.text("ServiceLinkedRoleARN") {
        new.service_role = role.to_owned();
    }
    Ok(new)
}

fn termination_policies(params: &Params) -> Result<Vec<String>, ApiError> {
    let given = params.strings("TerminationPolicies");
    let known = |policy: &str| scale_in::POLICIES.contains(&policy) || policy.starts_with("arn:");
    match given.iter().find(|policy| !known(policy)) {
        Some(other) => Err(ApiError::validation(format!("The termination policy '{other}' is not valid."))),
        None if given.is_empty() => Ok(vec!["Default".to_owned()]),
        None => Ok(given),
    }
}

/// `InstanceMaintenancePolicy`; two times -1 takes it away.
fn maintenance(params: &Params) -> Result<Option<Maintenance>, ApiError> {
    let percent = |name: &str| params.int(&format!("InstanceMaintenancePolicy.{name}"));
    let (min, max) = (percent("MinHealthyPercentage")?, percent("MaxHealthyPercentage")?);
    let refused = "MinHealthyPercentage must be from 0 to 100, MaxHealthyPercentage from 100 to 200, and they may be 100 apart";
    match (min.unwrap_or(-1), max.unwrap_or(-1)) {
        (-1, -1) => Ok(None),
        (min @ 0..=100, max @ 100..=200) if max - min <= 100 => {
            Ok(Some(Maintenance { min: min.unsigned_abs(), max: max.unsigned_abs() }))
        }
        _ => Err(ApiError::validation(refused)),
    }
}
