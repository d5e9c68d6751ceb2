//! What a request says about how a refresh goes about it.

use crate::model::autoscaling::{Group, Preferences};
use crate::wire::{ApiError, Node, Params};

fn number(params: &Params, name: &str, most: u64) -> Result<Option<u64>, ApiError> {
    let refused = || ApiError::validation(format!("{name} must be between 0 and {most}"));
    let fits = |value: i64| u64::try_from(value).ok().filter(|value| *value <= most).ok_or_else(refused);
    params.int(name)?.map(fits).transpose()
}

fn choice(params: &Params, name: &str, among: [&str; 3]) -> Result<String, ApiError> {
    let given = params.text(name).unwrap_or("Wait");
    match among.contains(&given) {
        true => Ok(given.to_owned()),
        false => Err(ApiError::validation(format!("{name} '{given}' must be one of {}", among.join(", ")))),
    }
}

/// Reads `Preferences`; what they leave out is as the group's maintenance policy says, or as documented.
pub fn read(group: &Group, params: &Params) -> Result<Preferences, ApiError> {
    let none = Params::empty(crate::wire::Protocol::Query);
    let sent = params.get("Preferences").unwrap_or(&none);
    let policy = group.settings.maintenance;
    let given_min = number(sent, "MinHealthyPercentage", 100)?;
    let min = given_min.or(policy.map(|policy| policy.min)).unwrap_or(90);
    let usual_max = policy.filter(|_| given_min.is_none()).map_or(100, |policy| policy.max);
    let max = number(sent, "MaxHealthyPercentage", 200)?.unwrap_or(usual_max);
    if max < 100 || max - min > 100 {
        return Err(ApiError::validation(
            "MaxHealthyPercentage must be between 100 and 200, and at most 100 above MinHealthyPercentage",
        ));
    }
    Ok(Preferences {
        min,
        max,
        warmup: number(sent, "InstanceWarmup", 3600)?,
        checkpoints: checkpoints(sent)?,
        checkpoint_delay: number(sent, "CheckpointDelay", 172_800)?.unwrap_or(3600),
        bake: number(sent, "BakeTime", 172_800)?.unwrap_or(0),
        skip_matching: sent.bool("SkipMatching")?.unwrap_or(false),
        auto_rollback: sent.bool("AutoRollback")?.unwrap_or(false),
        alarms: sent.strings("AlarmSpecification.Alarms"),
        protected: choice(sent, "ScaleInProtectedInstances", ["Wait", "Refresh", "Ignore"])?,
        standby: choice(sent, "StandbyInstances", ["Wait", "Terminate", "Ignore"])?,
    })
}

fn checkpoints(sent: &Params) -> Result<Vec<u64>, ApiError> {
    let refused = || ApiError::validation("CheckpointPercentages must be ascending, from 1 to 100");
    let given = sent.texts("CheckpointPercentages").into_iter();
    let percents: Vec<u64> =
        given.map(|text| text.parse().map_err(|_| refused())).collect::<Result<_, _>>()?;
    let ascending = percents.is_sorted_by(|a, b| a < b);
    let fit = percents.iter().all(|percent| (1..=100).contains(percent));
    if ascending && fit { Ok(percents) } else { Err(refused()) }
}

/// How a describe shows them.
pub fn node(of: &Preferences) -> Node {
    let node = Node::body()
        .field("MinHealthyPercentage", of.min)
        .field("MaxHealthyPercentage", of.max)
        .maybe("InstanceWarmup", of.warmup)
        .field("SkipMatching", of.skip_matching)
        .field("AutoRollback", of.auto_rollback)
        .field("ScaleInProtectedInstances", &of.protected)
        .field("StandbyInstances", &of.standby)
        .maybe("BakeTime", Some(of.bake).filter(|bake| *bake > 0));
    let node = match of.checkpoints.is_empty() {
        true => node,
        false => node
            .members("CheckpointPercentages", of.checkpoints.iter().map(Node::value))
            .field("CheckpointDelay", of.checkpoint_delay),
    };
    match of.alarms.is_empty() {
        true => node,
        false => node
            .child("AlarmSpecification", Node::body().members("Alarms", of.alarms.iter().map(Node::value))),
    }
}
