//! `metric_alarm`: watches a metric, and acts when it crosses a threshold.

mod check;
mod convert;
mod tagging;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_cloudwatch::types::AlarmType;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use infra_derive::{Block, Schema};
use infra_engine::change::{Change, ReplaceOrder};
use infra_engine::id::RemoteId;
use infra_engine::provider::{Kind, Observation, Progress, ProviderError, ReadRequest, Task};
use infra_engine::steps::{Effect, LoweredStep};
use infra_lang::desired::Lookup;
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Values};
use infra_lang::schema::KindSchema;
use infra_lang::value::Value;
use serde::{Deserialize, Serialize};

use crate::client::Aws;
use crate::codec::{decode, encode, explicit};
use crate::error::failed;
use crate::kind::AwsKind;
use crate::lookup::exactly_one;
use crate::put::{self, Asked, Put};
use crate::schema::Schema as _;
use crate::tags::{self, Tags};

/// Watches one metric, or an expression over several, and acts when it crosses a threshold: lets a `scaling_policy`
/// scale, or tells somebody.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Schema)]
#[serde(default)]
#[kind(
    name = "metric_alarm",
    tagged,
    id = ".{1,255}",
    naming(fixed(attribute = "alarm_name", limit = 255)),
    rules(exactly_one("metric_name", "metric_query"), at_most_one("statistic", "extended_statistic")),
    lookup = AlarmQuery
)]
pub(crate) struct MetricAlarm {
    /// Its name, unique in the region.
    #[attribute(immutable)]
    pub(crate) alarm_name: String,
    /// How the metric stands to the threshold when the alarm fires.
    #[attribute(
        required,
        ty = r#"enum("GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold")"#
    )]
    pub(crate) comparison_operator: String,
    /// How many of the last periods are looked at.
    #[attribute(required, ty = "int(1, null)")]
    pub(crate) evaluation_periods: i32,
    /// In how many of them it has to be so; in all unless set.
    #[attribute(ty = "int(1, null)")]
    pub(crate) datapoints_to_alarm: Option<i32>,
    /// The threshold.
    #[attribute(ty = "number")]
    pub(crate) threshold: Option<f64>,
    /// The metric's name.
    pub(crate) metric_name: Option<String>,
    /// The metric's namespace, such as `AWS/EC2`.
    pub(crate) namespace: Option<String>,
    /// Only data points of this unit.
    pub(crate) unit: Option<String>,
    /// How long a period is: 10s, 20s, 30s, or whole minutes.
    #[attribute(ty = "duration(10s, null)")]
    pub(crate) period: Option<i32>,
    /// How the data points of a period are taken together.
    #[attribute(ty = r#"enum("SampleCount", "Average", "Sum", "Minimum", "Maximum")"#)]
    pub(crate) statistic: Option<String>,
    /// A percentile instead, such as `p99`.
    pub(crate) extended_statistic: Option<String>,
    /// Which of the metrics of that name, such as `{ LoadBalancerName = elb.web }`.
    pub(crate) dimensions: BTreeMap<String, String>,
    /// One of several metrics, or an expression over them; one returns the data that is watched.
    #[attribute(block(key = "id"))]
    pub(crate) metric_query: Vec<MetricQuery>,
    /// What a period without data is.
    #[attribute(default = "missing", ty = r#"enum("missing", "ignore", "breaching", "notBreaching")"#)]
    pub(crate) treat_missing_data: String,
    /// What it is for.
    pub(crate) alarm_description: Option<String>,
    /// Whether it acts.
    #[attribute(default = true)]
    pub(crate) actions_enabled: bool,
    /// What is done when it fires.
    #[attribute(ty = "set(one_of(id(scaling_policy), arn))")]
    pub(crate) alarm_actions: BTreeSet<String>,
    /// What is done when all is well again.
    #[attribute(ty = "set(one_of(id(scaling_policy), arn))")]
    pub(crate) ok_actions: BTreeSet<String>,
    /// What is done when there is too little data to tell.
    #[attribute(ty = "set(one_of(id(scaling_policy), arn))")]
    pub(crate) insufficient_data_actions: BTreeSet<String>,
    /// Its ARN.
    #[attribute(observed, ty = "arn")]
    pub(crate) arn: Option<String>,
    #[attribute(skip)]
    pub(crate) tags: Tags,
    #[attribute(skip)]
    pub(crate) id: Option<String>,
}

/// One of several metrics, or an expression over them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
#[serde(default)]
#[block(rules(exactly_one("expression", "metric")))]
pub(crate) struct MetricQuery {
    /// What expressions call it.
    #[attribute(required)]
    pub(crate) id: String,
    /// An expression over the others, such as `"errors / requests"`.
    pub(crate) expression: Option<String>,
    /// What people call it.
    pub(crate) label: Option<String>,
    /// Whether this is what is watched.
    pub(crate) return_data: Option<bool>,
    /// A metric.
    #[attribute(block)]
    pub(crate) metric: Option<Metric>,
}

/// A metric and how its data points are taken together.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
#[serde(default)]
pub(crate) struct Metric {
    /// Its name.
    #[attribute(required)]
    pub(crate) metric_name: String,
    /// Its namespace.
    pub(crate) namespace: Option<String>,
    /// How long a period is.
    #[attribute(required, ty = "duration(1s, null)")]
    pub(crate) period: i32,
    /// How the data points of a period are taken together, such as `Sum` or `p99`.
    #[attribute(required)]
    pub(crate) stat: String,
    /// Only data points of this unit.
    pub(crate) unit: Option<String>,
    /// Which of the metrics of that name.
    pub(crate) dimensions: BTreeMap<String, String>,
}

/// What a `data "metric_alarm"` block may be asked by.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Block)]
#[serde(default)]
#[block(rules(exactly_one("name", "id")))]
struct AlarmQuery {
    /// Its name.
    name: Option<String>,
    /// Its name too, which AWS knows it by.
    id: Option<String>,
}

impl MetricAlarm {
    /// The alarm as AWS takes it: queries in the order of their ids, and a default written down.
    fn normalized(mut self) -> Self {
        self.metric_query.sort_by(|one, other| one.id.cmp(&other.id));
        self.metric_query.iter_mut().for_each(|query| _ = query.return_data.get_or_insert(true));
        self
    }
}

static SCHEMA: LazyLock<KindSchema> = LazyLock::new(MetricAlarm::schema);

/// The kind.
pub(crate) struct MetricAlarms;

impl Kind for MetricAlarms {
    fn schema(&self) -> &KindSchema {
        &SCHEMA
    }

    fn known_by(&self) -> &[&str] {
        &["alarm_name"]
    }

    fn replace_order(&self, _desired: &Attributes) -> ReplaceOrder {
        // Only the name is immutable, so both can stand.
        ReplaceOrder::NewFirst
    }

    fn same(&self, attribute: &AttributeName, one: &Value, other: &Value) -> bool {
        let alarm =
            |value: &Value| decode::<MetricAlarm>(&Values::from([(attribute.clone(), value.clone())])).ok();
        let alarms = alarm(one).zip(alarm(other));
        one == other || alarms.is_some_and(|(one, other)| one.normalized() == other.normalized())
    }

    fn problems(&self, desired: &Attributes) -> Vec<(AttributeName, String)> {
        let found = check::problems(desired);
        found.into_iter().map(|(name, said)| (AttributeName::new(name), said)).collect()
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        put::steps(change, &["alarm_name"], Duration::from_secs(300))
    }
}

#[async_trait]
impl AwsKind for MetricAlarms {
    async fn read(&self, aws: &Aws, requests: &[&ReadRequest]) -> Vec<Result<Observation, ProviderError>> {
        put::read::<Self>(aws, requests).await
    }

    async fn advance(&self, aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
        put::advance::<Self>(aws, task).await
    }

    async fn lookup(&self, aws: &Aws, lookup: &Lookup, arguments: &Values) -> Result<Values, ProviderError> {
        let AlarmQuery { name, id } = decode(arguments)?;
        let mut found = describe(aws, name.into_iter().chain(id).collect()).await?;
        for alarm in found.values_mut() {
            tagging::tell(aws, alarm).await?;
        }
        let (_, alarm) = exactly_one(lookup, found)?;
        Ok(Self::values(&alarm))
    }

    async fn named(&self, aws: &Aws, wanted: &[Values]) -> Result<Vec<Vec<RemoteId>>, ProviderError> {
        let name = |wanted: &Values| wanted.get("alarm_name").and_then(Value::as_str).map(str::to_owned);
        let found = describe(aws, wanted.iter().filter_map(name).collect()).await?;
        let mut ours = BTreeSet::new();
        for (id, alarm) in &found {
            if tagging::is_ours(aws, alarm).await? {
                ours.insert(id.clone());
            }
        }
        let called = |wanted: &Values| name(wanted).filter(|name| ours.contains(name)).map(RemoteId);
        Ok(wanted.iter().map(|wanted| called(wanted).into_iter().collect()).collect())
    }
}

/// Calls that go out side by side.
const PARALLEL: usize = 10;

#[async_trait]
impl Put for MetricAlarms {
    type Found = MetricAlarm;

    async fn find(aws: &Aws, asked: &Asked<'_>) -> Result<BTreeMap<String, MetricAlarm>, ProviderError> {
        let found = describe(aws, asked.keys().map(|name| (*name).to_owned()).collect()).await?;
        // Tags cost a call for each alarm, so they are read where there are any to compare with.
        let tagged = |id: &str| asked.get(id).is_some_and(|applied| applied.contains_key("tags"));
        let told = found.into_iter().map(|(id, mut alarm)| async move {
            if tagged(&id) {
                tagging::tell(aws, &mut alarm).await?;
            }
            Ok((id, alarm))
        });
        let calls: Vec<_> = told.collect();
        stream::iter(calls).buffer_unordered(PARALLEL).try_collect().await
    }

    fn values(found: &MetricAlarm) -> Values {
        explicit(&SCHEMA, encode(&SCHEMA, found))
    }

    async fn put(aws: &Aws, task: &Task) -> Result<String, ProviderError> {
        let wanted: MetricAlarm = decode(&task.desired)?;
        if task.effect == Effect::Create {
            tagging::refuse_foreign(aws, task, &wanted.alarm_name).await?;
        }
        // AWS looks at them only when it makes an alarm.
        let tags = tagging::written(&tags::all(aws, task, &wanted.tags));
        let request = convert::request(&wanted).set_tags(Some(tags));
        request.send_with(&aws.cloudwatch).await.map_err(failed("PutMetricAlarm"))?;
        if let Effect::Update(_) = task.effect {
            tagging::settle(aws, &wanted).await?;
        }
        Ok(wanted.alarm_name)
    }

    async fn delete(aws: &Aws, id: &str) -> Result<(), ProviderError> {
        let call = aws.cloudwatch.delete_alarms().alarm_names(id);
        call.send().await.map(drop).map_err(failed("DeleteAlarms"))
    }
}

/// `DescribeAlarms` takes so many names, and tells so many alarms at once.
const NAMES: usize = 100;

/// The alarms of these names, without their tags.
async fn describe(aws: &Aws, names: Vec<String>) -> Result<BTreeMap<String, MetricAlarm>, ProviderError> {
    let mut found = BTreeMap::new();
    for some in names.chunks(NAMES) {
        let call = aws.cloudwatch.describe_alarms().set_alarm_names(Some(some.to_vec()));
        let call = call.alarm_types(AlarmType::MetricAlarm).max_records(100);
        let told = call.send().await.map_err(failed("DescribeAlarms"))?;
        let alarms = told.metric_alarms().iter().map(convert::told);
        found.extend(alarms.filter_map(|alarm| Some((alarm.id.clone()?, alarm))));
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
