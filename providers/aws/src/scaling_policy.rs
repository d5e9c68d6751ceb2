//! `scaling_policy`: how a group follows its load.

mod check;
mod convert;

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_autoscaling::types::ScalingPolicy as Described;
use infra_derive::{Block, Schema};
use infra_engine::change::{Change, ReplaceOrder};
use infra_engine::id::RemoteId;
use infra_engine::provider::{Kind, Observation, Progress, ProviderError, ReadRequest, Task};
use infra_engine::steps::LoweredStep;
use infra_lang::desired::Lookup;
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Values};
use infra_lang::schema::KindSchema;
use infra_lang::value::Value;
use serde::{Deserialize, Serialize};

use crate::client::Aws;
use crate::codec::{decode, encode, explicit};
use crate::error::{failed, permanent};
use crate::kind::AwsKind;
use crate::lookup::exactly_one;
use crate::put::{self, Asked, Put};
use crate::schema::Schema as _;

/// How a group follows its load: by a number when an alarm fires, by steps, or by keeping a metric at a target.
///
/// A swap takes it along to the new group, and the alarms that act on it follow at the cutover.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Schema)]
#[serde(default)]
#[kind(
    name = "scaling_policy",
    id = "arn:[a-z0-9-]+:autoscaling:[a-z0-9-]*:([0-9]{12})?:scalingPolicy:.+",
    naming(fixed(attribute = "name", limit = 255)),
    lookup = PolicyQuery
)]
pub(crate) struct ScalingPolicy {
    /// Its name, one of its group's.
    #[attribute(immutable)]
    pub(crate) name: String,
    /// The group that it scales.
    #[attribute(required, immutable, ty = "id(autoscaling_group)")]
    pub(crate) autoscaling_group_name: String,
    /// By one number, by steps, or by keeping a metric at a target.
    #[attribute(
        default = "SimpleScaling",
        ty = r#"enum("SimpleScaling", "StepScaling", "TargetTrackingScaling")"#
    )]
    pub(crate) policy_type: String,
    /// What an adjustment is: instances more or fewer, the size itself, or percent of the size.
    #[attribute(ty = r#"enum("ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity")"#)]
    pub(crate) adjustment_type: Option<String>,
    /// `SimpleScaling`: by how much.
    pub(crate) scaling_adjustment: Option<i32>,
    /// `SimpleScaling`: how long it waits before it scales again; the group's `default_cooldown` unless set.
    #[attribute(ty = "duration")]
    pub(crate) cooldown: Option<i32>,
    /// Of a change in percent, at least so many instances.
    #[attribute(ty = "int(1, null)")]
    pub(crate) min_adjustment_magnitude: Option<i32>,
    /// `StepScaling`: how the metric's data points are taken together.
    #[attribute(ty = r#"enum("Minimum", "Maximum", "Average")"#)]
    pub(crate) metric_aggregation_type: Option<String>,
    /// How long a new instance does not count into the metric.
    #[attribute(ty = "duration")]
    pub(crate) estimated_instance_warmup: Option<i32>,
    /// Whether it scales; one that does not keeps its alarms.
    #[attribute(default = true)]
    pub(crate) enabled: bool,
    /// `StepScaling`: by how much, for a breach between two bounds above or below the alarm's threshold.
    #[attribute(block(key = "metric_interval_lower_bound"))]
    pub(crate) step_adjustment: Vec<StepAdjustment>,
    /// `TargetTrackingScaling`: what is kept where.
    #[attribute(block)]
    pub(crate) target_tracking_configuration: Option<TargetTracking>,
    /// Its ARN, which alarms name in their actions.
    #[attribute(observed, ty = "arn")]
    pub(crate) arn: Option<String>,
    #[attribute(skip)]
    id: Option<String>,
}

/// By how much to scale for a breach of a certain size.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
#[serde(default)]
pub(crate) struct StepAdjustment {
    /// From this distance to the alarm's threshold on, included; unset, without end.
    #[attribute(ty = "number")]
    pub(crate) metric_interval_lower_bound: Option<f64>,
    /// To this distance, not included; unset, without end.
    #[attribute(ty = "number")]
    pub(crate) metric_interval_upper_bound: Option<f64>,
    /// By how much.
    #[attribute(required)]
    pub(crate) scaling_adjustment: i32,
}

/// A metric and where it is kept.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
#[serde(default)]
#[block(rules(exactly_one("predefined_metric_specification", "customized_metric_specification")))]
pub(crate) struct TargetTracking {
    /// Where the metric is kept.
    #[attribute(required, ty = "number")]
    pub(crate) target_value: f64,
    /// Whether it only ever adds instances.
    pub(crate) disable_scale_in: Option<bool>,
    /// A metric that Auto Scaling knows.
    #[attribute(block)]
    pub(crate) predefined_metric_specification: Option<PredefinedMetric>,
    /// A metric of your own.
    #[attribute(block)]
    pub(crate) customized_metric_specification: Option<CustomizedMetric>,
}

/// A metric that Auto Scaling knows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
#[serde(default)]
pub(crate) struct PredefinedMetric {
    /// Which.
    #[attribute(
        required,
        ty = r#"enum("ASGAverageCPUUtilization", "ASGAverageNetworkIn", "ASGAverageNetworkOut", "ALBRequestCountPerTarget")"#
    )]
    pub(crate) predefined_metric_type: String,
    /// Of which target group, for `ALBRequestCountPerTarget`.
    pub(crate) resource_label: Option<String>,
}

/// A metric of your own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
#[serde(default)]
pub(crate) struct CustomizedMetric {
    /// Its name.
    #[attribute(required)]
    pub(crate) metric_name: String,
    /// Its namespace.
    #[attribute(required)]
    pub(crate) namespace: String,
    /// How its data points are taken together.
    #[attribute(required, ty = r#"enum("Average", "Minimum", "Maximum", "SampleCount", "Sum")"#)]
    pub(crate) statistic: String,
    /// Its unit, such as `Percent`.
    pub(crate) unit: Option<String>,
    /// A dimension of the metric.
    #[attribute(block(key = "name"))]
    pub(crate) metric_dimension: Vec<Dimension>,
}

/// A dimension of a metric.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, Block)]
#[serde(default)]
pub(crate) struct Dimension {
    /// Its name.
    #[attribute(required)]
    pub(crate) name: String,
    /// Its value.
    #[attribute(required)]
    pub(crate) value: String,
}

/// What a `data "scaling_policy"` block may be asked by; policies have no tags.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Block)]
#[serde(default)]
#[block(rules(exactly_one("name", "id")))]
struct PolicyQuery {
    /// Its name.
    name: Option<String>,
    /// Its ARN.
    id: Option<String>,
    /// Its group, where several groups have a policy of that name.
    #[attribute(ty = "id(autoscaling_group)")]
    autoscaling_group_name: Option<String>,
}

impl ScalingPolicy {
    /// The policy as AWS takes it: steps in their order, dimensions in theirs, and a default written down.
    fn normalized(mut self) -> Self {
        let lower = |step: &StepAdjustment| step.metric_interval_lower_bound.unwrap_or(f64::NEG_INFINITY);
        self.step_adjustment.sort_by(|one, other| lower(one).total_cmp(&lower(other)));
        if let Some(tracking) = &mut self.target_tracking_configuration {
            tracking.disable_scale_in.get_or_insert(false);
            let custom = tracking.customized_metric_specification.as_mut();
            custom.map(|metric| &mut metric.metric_dimension).into_iter().for_each(|all| all.sort());
        }
        self
    }
}

static SCHEMA: LazyLock<KindSchema> = LazyLock::new(ScalingPolicy::schema);

/// The kind.
pub(crate) struct ScalingPolicies;

impl Kind for ScalingPolicies {
    fn schema(&self) -> &KindSchema {
        &SCHEMA
    }

    fn known_by(&self) -> &[&str] {
        &["name", "autoscaling_group_name"]
    }

    fn replace_order(&self, _desired: &Attributes) -> ReplaceOrder {
        // Another group, or another name: both can stand.
        ReplaceOrder::NewFirst
    }

    fn same(&self, attribute: &AttributeName, one: &Value, other: &Value) -> bool {
        let policy =
            |value: &Value| decode::<ScalingPolicy>(&Values::from([(attribute.clone(), value.clone())])).ok();
        let policies = policy(one).zip(policy(other));
        one == other || policies.is_some_and(|(one, other)| one.normalized() == other.normalized())
    }

    fn problems(&self, desired: &Attributes) -> Vec<(AttributeName, String)> {
        let found = check::problems(desired);
        found.into_iter().map(|(name, said)| (AttributeName::new(name), said)).collect()
    }

    fn part_of(&self) -> Option<AttributeName> {
        Some(AttributeName::new("autoscaling_group_name"))
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        put::steps(change, &["name", "autoscaling_group_name"], Duration::from_secs(300))
    }
}

#[async_trait]
impl AwsKind for ScalingPolicies {
    async fn read(&self, aws: &Aws, requests: &[&ReadRequest]) -> Vec<Result<Observation, ProviderError>> {
        put::read::<Self>(aws, requests).await
    }

    async fn advance(&self, aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
        put::advance::<Self>(aws, task).await
    }

    async fn lookup(&self, aws: &Aws, lookup: &Lookup, arguments: &Values) -> Result<Values, ProviderError> {
        let query: PolicyQuery = decode(arguments)?;
        let by_id = query.id.as_deref().map(|id| policy_name(id).to_owned());
        let mut found = describe(aws, query.name.into_iter().chain(by_id).collect()).await?;
        found.retain(|id, policy| {
            let of_group = |group: &String| policy.autoscaling_group_name == *group;
            query.id.as_ref().is_none_or(|wanted| wanted == id)
                && query.autoscaling_group_name.as_ref().is_none_or(of_group)
        });
        let (_, policy) = exactly_one(lookup, found)?;
        Ok(Self::values(&policy))
    }

    async fn named(&self, aws: &Aws, wanted: &[Values]) -> Result<Vec<Vec<RemoteId>>, ProviderError> {
        let text = |wanted: &Values, name: &str| wanted.get(name).and_then(Value::as_str).map(str::to_owned);
        let names = wanted.iter().filter_map(|wanted| text(wanted, "name")).collect();
        let found = describe(aws, names).await?;
        let called = |wanted: &Values| {
            let called = (text(wanted, "name"), text(wanted, "autoscaling_group_name"));
            let same = |policy: &&ScalingPolicy| {
                called == (Some(policy.name.clone()), Some(policy.autoscaling_group_name.clone()))
            };
            let ids = found.iter().filter(|(_, policy)| same(policy)).map(|(id, _)| RemoteId(id.clone()));
            ids.collect()
        };
        Ok(wanted.iter().map(called).collect())
    }
}

#[async_trait]
impl Put for ScalingPolicies {
    type Found = ScalingPolicy;

    async fn find(aws: &Aws, asked: &Asked<'_>) -> Result<BTreeMap<String, ScalingPolicy>, ProviderError> {
        let mut names: Vec<String> = asked.keys().map(|arn| policy_name(arn).to_owned()).collect();
        names.dedup();
        let mut found = describe(aws, names).await?;
        found.retain(|arn, _| asked.contains_key(arn.as_str()));
        Ok(found)
    }

    fn values(found: &ScalingPolicy) -> Values {
        explicit(&SCHEMA, encode(&SCHEMA, found))
    }

    async fn put(aws: &Aws, task: &Task) -> Result<String, ProviderError> {
        let request = convert::request(&decode(&task.desired)?);
        let answer = request.send_with(&aws.autoscaling).await.map_err(failed("PutScalingPolicy"))?;
        answer.policy_arn.ok_or_else(|| permanent("PutScalingPolicy", "the answer tells no ARN"))
    }

    async fn delete(aws: &Aws, id: &str) -> Result<(), ProviderError> {
        let call = aws.autoscaling.delete_policy().policy_name(id);
        call.send().await.map(drop).map_err(failed("DeletePolicy"))
    }
}

/// The name in a policy's ARN, which ends in `autoScalingGroupName/GROUP:policyName/NAME`.
fn policy_name(arn: &str) -> &str {
    arn.split_once(":policyName/").map_or(arn, |(_, name)| name)
}

/// `DescribePolicies` takes so many names.
const NAMES: usize = 50;

/// The policies of these names, of all groups, by ARN.
async fn describe(aws: &Aws, names: Vec<String>) -> Result<BTreeMap<String, ScalingPolicy>, ProviderError> {
    let mut found = BTreeMap::new();
    for some in names.chunks(NAMES) {
        let call = aws.autoscaling.describe_policies().set_policy_names(Some(some.to_vec()));
        let told: Vec<Described> =
            call.into_paginator().items().send().try_collect().await.map_err(failed("DescribePolicies"))?;
        found.extend(told.iter().filter_map(|one| Some((one.policy_arn()?.to_owned(), convert::told(one)))));
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
