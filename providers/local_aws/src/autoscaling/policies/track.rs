//! Policies that keep a metric at a target, with alarms of their own.
//!
//! What AWS does not publish of the algorithm is filled in with what its alarms show: three minutes above the target
//! scale out, in proportion; fifteen minutes more than a tenth below it scale in, as far as the metric then still stays
//! below the target.

use crate::model::Model;
use crate::model::autoscaling::{Group, Policy};
use crate::model::cloudwatch::StateValue;
use crate::wire::{ApiError, Params, Protocol};

use super::execute::{self, Breach};

const CONFIGURATION: &str = "TargetTrackingConfiguration";

/// One of the alarms that a policy keeps.
struct Side {
    name: &'static str,
    operator: &'static str,
    periods: &'static str,
    /// Of the target.
    share: f64,
}

const HIGH: Side = Side { name: "High", operator: "GreaterThanThreshold", periods: "3", share: 1.0 };
const LOW: Side = Side { name: "Low", operator: "LessThanThreshold", periods: "15", share: 0.9 };

/// Refuses a configuration that makes no sense.
///
/// # Errors
/// A refusal: no target, or no metric that is modelled.
pub fn check(params: &Params) -> Result<(), ApiError> {
    let missing = || {
        ApiError::validation(
            "TargetTrackingConfiguration must be specified for policy type TargetTrackingScaling",
        )
    };
    let configuration = params.get(CONFIGURATION).ok_or_else(missing)?;
    configuration.required("TargetValue")?;
    let target = configuration.number("TargetValue")?.unwrap_or_default();
    if target <= 0.0 {
        return Err(ApiError::validation("TargetValue must be greater than 0"));
    }
    metric(configuration, "").map(drop)
}

/// Makes the alarms of a policy; gives their names.
pub fn alarms(model: &mut Model, group: &str, arn: &str, params: &Params) -> Result<Vec<String>, ApiError> {
    let Some(configuration) = params.get(CONFIGURATION) else { return Ok(Vec::new()) };
    let watched = metric(configuration, group)?;
    let target = configuration.number("TargetValue")?.unwrap_or_default();
    let only_out = configuration.bool("DisableScaleIn")?.unwrap_or(false);
    let mut names = Vec::new();
    for side in [Some(HIGH), (!only_out).then_some(LOW)].into_iter().flatten() {
        let name = format!("TargetTracking-{group}-Alarm{}-{}", side.name, model.random.uuid());
        let said = format!("DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {arn}.");
        let alarm = watched
            .clone()
            .with("AlarmName", &name)
            .with("AlarmDescription", &said)
            .with("ComparisonOperator", side.operator)
            .with("EvaluationPeriods", side.periods)
            .with("Threshold", &(target * side.share).to_string())
            .with("AlarmActions.member.1", arn);
        crate::cloudwatch::install(model, &alarm, Default::default());
        names.push(name);
    }
    Ok(names)
}

/// What the alarms watch, in the words of PutMetricAlarm.
fn metric(configuration: &Params, group: &str) -> Result<Params, ApiError> {
    if let Some(own) = configuration.get("CustomizedMetricSpecification") {
        return customized(own);
    }
    let predefined = configuration.get("PredefinedMetricSpecification");
    let kind = predefined.and_then(|metric| metric.text("PredefinedMetricType")).unwrap_or_default();
    let label = predefined.and_then(|metric| metric.text("ResourceLabel")).unwrap_or_default();
    let of_group = |name: &str| single("AWS/EC2", name, "Average", &[("AutoScalingGroupName", group)]);
    match kind {
        "ASGAverageCPUUtilization" => Ok(of_group("CPUUtilization")),
        "ASGAverageNetworkIn" => Ok(of_group("NetworkIn")),
        "ASGAverageNetworkOut" => Ok(of_group("NetworkOut")),
        "ALBRequestCountPerTarget" => {
            let refused = || ApiError::validation("ResourceLabel must be app/NAME/ID/targetgroup/NAME/ID");
            let place = label.find("targetgroup/").ok_or_else(refused)?;
            let (balancer, targets) = label.split_at(place);
            let dimensions = [("LoadBalancer", balancer.trim_end_matches('/')), ("TargetGroup", targets)];
            Ok(single("AWS/ApplicationELB", "RequestCountPerTarget", "Sum", &dimensions))
        }
        other => Err(ApiError::validation(format!("The predefined metric type '{other}' is not modelled."))),
    }
}

fn single(namespace: &str, name: &str, statistic: &str, dimensions: &[(&str, &str)]) -> Params {
    let metric = Params::empty(Protocol::Query)
        .with("Namespace", namespace)
        .with("MetricName", name)
        .with("Statistic", statistic)
        .with("Period", "60");
    dimensions.iter().enumerate().fold(metric, |metric, (n, (name, value))| {
        let place = format!("Dimensions.member.{}", n + 1);
        metric.with(&format!("{place}.Name"), name).with(&format!("{place}.Value"), value)
    })
}

/// A metric of the user's own, or arithmetic on several.
fn customized(own: &Params) -> Result<Params, ApiError> {
    if own.get("Metrics").is_some() {
        return Ok(own.clone());
    }
    for name in ["MetricName", "Namespace", "Statistic"] {
        own.required(name)?;
    }
    let period = own.text("Period").unwrap_or("60").to_owned();
    Ok(own.clone().with("Period", &period))
}

/// What a policy wants, in proportion to how far the metric is from its target; `None` if it has to wait.
///
/// # Errors
/// The alarm has no data.
pub fn tracked(
    model: &Model,
    group: &Group,
    policy: &Policy,
    breach: &Breach,
) -> Result<Option<i64>, ApiError> {
    let target = policy.params.number(&format!("{CONFIGURATION}.TargetValue"))?.unwrap_or(f64::MAX);
    let none = || ApiError::validation("There is no data for the metric of the policy.");
    let metric = *breach.values.first().ok_or_else(none)?;
    let wish = |current: u64| (current as f64 * metric / target).ceil() as i64;
    let wanted = execute::settled(group, policy, model.now, wish);
    let desired = i64::try_from(group.size.desired).unwrap_or(i64::MAX);
    Ok(wanted.filter(|wanted| *wanted > desired || all_low(model, group)))
}

/// Whether every policy of the group that tracks a target and may scale in is ready to.
fn all_low(model: &Model, group: &Group) -> bool {
    let tracking = group.policies.values().filter(|policy| policy.params.text("Enabled") != Some("false"));
    let low = tracking.flat_map(|policy| policy.alarms.iter().filter(|name| name.contains("-AlarmLow-")));
    let mut alarms = low.filter_map(|name| model.cloudwatch.alarms.get(name));
    alarms.all(|alarm| alarm.state.value == StateValue::Alarm)
}
