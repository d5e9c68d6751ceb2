//! `scheduled_action`: a group's sizes change at a time.

mod stamp;

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_sdk_autoscaling::types::ScheduledUpdateGroupAction as Described;
use infra_derive::Schema;
use infra_engine::change::{Action, Change, Prior, ReplaceOrder};
use infra_engine::id::RemoteId;
use infra_engine::provider::{Kind, Observation, Progress, ProviderError, ReadRequest, Task};
use infra_engine::steps::LoweredStep;
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Values};
use infra_lang::schema::KindSchema;
use infra_lang::value::Value;
use serde::{Deserialize, Serialize};

use crate::autoscaling_group::part;
use crate::client::Aws;
use crate::codec::{decode, encode, known};
use crate::error::failed;
use crate::kind::AwsKind;
use crate::put::{self, Asked, Put};
use crate::schema::Schema as _;

/// Changes the sizes of a group at a time, once or again and again.
///
/// AWS forgets an action that has run for the last time; it is not made again.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Schema)]
#[serde(default)]
#[kind(
    name = "scheduled_action",
    id = ".+/.+",
    naming(fixed(attribute = "scheduled_action_name", limit = 255)),
    rules(not_above("min_size", "max_size"))
)]
pub(crate) struct ScheduledAction {
    /// Its name, one of its group's.
    #[attribute(immutable)]
    scheduled_action_name: String,
    /// The group whose sizes change.
    #[attribute(required, immutable, ty = "id(autoscaling_group)")]
    autoscaling_group_name: String,
    /// The minimum from then on; unset, it stays.
    #[attribute(ty = "int(0, null)")]
    min_size: Option<i32>,
    /// The maximum from then on; unset, it stays.
    #[attribute(ty = "int(0, null)")]
    max_size: Option<i32>,
    /// The desired size at that moment; unset, it stays within the other two.
    #[attribute(ty = "int(0, null)")]
    desired_capacity: Option<i32>,
    /// Again and again, by cron's five fields: `"0 7 * * MON-FRI"`.
    recurrence: Option<String>,
    /// Once at this time, or with `recurrence` from this time on: `"2026-12-01T08:00:00Z"`.
    #[attribute(observed_if_unset)]
    start_time: Option<String>,
    /// With `recurrence`, no longer than this.
    end_time: Option<String>,
    /// The zone that `recurrence` is in, such as `"Europe/Berlin"`; UTC unless set.
    time_zone: Option<String>,
    /// AWS's name for it in policies.
    #[attribute(observed, ty = "arn")]
    arn: Option<String>,
    #[attribute(skip)]
    id: Option<String>,
}

/// What a call leaves out and AWS keeps (`PutScheduledUpdateGroupAction`).
const KEPT: [&str; 6] = ["min_size", "max_size", "desired_capacity", "recurrence", "end_time", "time_zone"];

static SCHEMA: LazyLock<KindSchema> = LazyLock::new(ScheduledAction::schema);

/// The kind.
pub(crate) struct ScheduledActions;

impl Kind for ScheduledActions {
    fn schema(&self) -> &KindSchema {
        &SCHEMA
    }

    fn action(&self, changed: &[AttributeName], desired: &Attributes, _prior: &Prior) -> Action {
        put::action(self, changed, desired, &KEPT)
    }

    fn known_by(&self) -> &[&str] {
        &["scheduled_action_name", "autoscaling_group_name"]
    }

    fn replace_order(&self, _desired: &Attributes) -> ReplaceOrder {
        // Another group, or another name: both can stand.
        ReplaceOrder::NewFirst
    }

    fn same(&self, attribute: &AttributeName, one: &Value, other: &Value) -> bool {
        match (attribute.as_str(), one.as_str(), other.as_str()) {
            ("start_time" | "end_time", Some(one), Some(other)) => {
                stamp::read(one).is_some_and(|moment| Some(moment) == stamp::read(other))
            }
            _ => one == other,
        }
    }

    fn problems(&self, desired: &Attributes) -> Vec<(AttributeName, String)> {
        let found = problems(desired);
        found.into_iter().map(|(name, said)| (AttributeName::new(name), said)).collect()
    }

    fn part_of(&self) -> Option<AttributeName> {
        Some(AttributeName::new("autoscaling_group_name"))
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        let identity = ["scheduled_action_name", "autoscaling_group_name"];
        put::steps(change, &identity, Duration::from_secs(300))
    }
}

/// What is wrong with the attributes that are known.
fn problems(desired: &Attributes) -> Vec<(&'static str, String)> {
    let Ok(action) = decode::<ScheduledAction>(&known(desired)) else { return Vec::new() };
    let written = |name: &str| desired.get(name).is_some_and(|value| value.known() != Some(&Value::Null));
    let mut found = Vec::new();
    if !["min_size", "max_size", "desired_capacity"].into_iter().any(written) {
        let said = "it changes nothing: write `min_size`, `max_size` or `desired_capacity`";
        found.push(("scheduled_action_name", said.to_owned()));
    }
    if !written("recurrence") && !written("start_time") {
        let said = "it never runs: write `recurrence` or `start_time`";
        found.push(("scheduled_action_name", said.to_owned()));
    }
    for (name, text) in [("start_time", &action.start_time), ("end_time", &action.end_time)] {
        let wrong = text.as_ref().filter(|text| stamp::read(text).is_none());
        let said = |text: &String| format!("`{text}` is no time; one reads \"2026-12-01T08:00:00Z\"");
        found.extend(wrong.map(|text| (name, said(text))));
    }
    let fields = action.recurrence.as_ref().map(|text| text.split_whitespace().count());
    if let Some(count) = fields.filter(|count| *count != 5) {
        let said = "minute, hour, day of month, month, day of week";
        found.push(("recurrence", format!("a recurrence has five fields ({said}), and this has {count}")));
    }
    found
}

impl ScheduledAction {
    /// Whether it has run for the last time, so that AWS has forgotten it.
    fn is_over(&self, now: SystemTime) -> bool {
        let last = if self.recurrence.is_some() { &self.end_time } else { &self.start_time };
        last.as_deref().and_then(stamp::read).is_some_and(|last| stamp::is_past(&last, now))
    }

    /// The start to ask for: AWS takes none that is past, and a recurring action goes on without.
    fn start(&self, now: SystemTime) -> Option<aws_sdk_autoscaling::primitives::DateTime> {
        let start = self.start_time.as_deref().and_then(stamp::read)?;
        (self.recurrence.is_none() || !stamp::is_past(&start, now)).then_some(start)
    }

    /// The action as it was `applied`, where AWS tells the next time of a recurring one as its start.
    fn started_as(mut self, applied: &ScheduledAction) -> Self {
        let moment = |action: &ScheduledAction| action.start_time.as_deref().and_then(stamp::read);
        let moved_on = moment(&self).zip(moment(applied)).is_some_and(|(told, first)| told >= first);
        if self.recurrence.is_some() && moved_on {
            self.start_time.clone_from(&applied.start_time);
        }
        self
    }
}

#[async_trait]
impl AwsKind for ScheduledActions {
    async fn read(&self, aws: &Aws, requests: &[&ReadRequest]) -> Vec<Result<Observation, ProviderError>> {
        put::read::<Self>(aws, requests).await
    }

    async fn advance(&self, aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
        put::advance::<Self>(aws, task).await
    }

    async fn named(&self, _: &Aws, wanted: &[Values]) -> Result<Vec<Vec<RemoteId>>, ProviderError> {
        Ok(wanted.iter().map(|wanted| part::named(wanted, "scheduled_action_name")).collect())
    }
}

#[async_trait]
impl Put for ScheduledActions {
    type Found = ScheduledAction;

    async fn find(aws: &Aws, asked: &Asked<'_>) -> Result<BTreeMap<String, ScheduledAction>, ProviderError> {
        let told = describe(aws, asked.keys().map(|id| part::split(id).1.to_owned()).collect()).await?;
        let now = aws.now();
        let mut found = BTreeMap::new();
        for (id, applied) in asked {
            let applied: ScheduledAction = decode(applied)?;
            let action = match told.get(*id) {
                Some(told) => told.clone().started_as(&applied),
                None if applied.is_over(now) => ScheduledAction { id: Some((*id).to_owned()), ..applied },
                None => continue,
            };
            found.insert((*id).to_owned(), action);
        }
        Ok(found)
    }

    fn values(found: &ScheduledAction) -> Values {
        encode(&SCHEMA, found)
    }

    async fn put(aws: &Aws, task: &Task) -> Result<String, ProviderError> {
        let wanted: ScheduledAction = decode(&task.desired)?;
        let id = part::id(&wanted.autoscaling_group_name, &wanted.scheduled_action_name);
        // One that has run for the last time does not come again because its group is replaced.
        if task.prior.is_some() && wanted.is_over(aws.now()) {
            return Ok(id);
        }
        let call = aws
            .autoscaling
            .put_scheduled_update_group_action()
            .auto_scaling_group_name(&wanted.autoscaling_group_name)
            .scheduled_action_name(&wanted.scheduled_action_name)
            .set_min_size(wanted.min_size)
            .set_max_size(wanted.max_size)
            .set_desired_capacity(wanted.desired_capacity)
            .set_start_time(wanted.start(aws.now()))
            .set_end_time(wanted.end_time.as_deref().and_then(stamp::read))
            .set_recurrence(wanted.recurrence)
            .set_time_zone(wanted.time_zone);
        call.send().await.map_err(failed("PutScheduledUpdateGroupAction"))?;
        Ok(id)
    }

    async fn delete(aws: &Aws, id: &str) -> Result<(), ProviderError> {
        let (group, name) = part::split(id);
        let call = aws.autoscaling.delete_scheduled_action();
        let call = call.auto_scaling_group_name(group).scheduled_action_name(name);
        call.send().await.map(drop).map_err(failed("DeleteScheduledAction"))
    }
}

/// `DescribeScheduledActions` takes so many names.
const NAMES: usize = 50;

/// The actions of these names, of all groups, by id.
async fn describe(
    aws: &Aws,
    mut names: Vec<String>,
) -> Result<BTreeMap<String, ScheduledAction>, ProviderError> {
    names.sort();
    names.dedup();
    let mut found = BTreeMap::new();
    for some in names.chunks(NAMES) {
        let call = aws.autoscaling.describe_scheduled_actions();
        let call = call.set_scheduled_action_names(Some(some.to_vec()));
        let told: Vec<Described> = call
            .into_paginator()
            .items()
            .send()
            .try_collect()
            .await
            .map_err(failed("DescribeScheduledActions"))?;
        found.extend(told.iter().map(action).filter_map(|action| Some((action.id.clone()?, action))));
    }
    Ok(found)
}

/// What `DescribeScheduledActions` tells of it.
fn action(described: &Described) -> ScheduledAction {
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let (group, name) = (described.auto_scaling_group_name(), described.scheduled_action_name());
    ScheduledAction {
        scheduled_action_name: name.unwrap_or_default().to_owned(),
        autoscaling_group_name: group.unwrap_or_default().to_owned(),
        min_size: described.min_size(),
        max_size: described.max_size(),
        desired_capacity: described.desired_capacity(),
        recurrence: text(described.recurrence()),
        start_time: described.start_time().and_then(stamp::write),
        end_time: described.end_time().and_then(stamp::write),
        time_zone: text(described.time_zone()),
        arn: text(described.scheduled_action_arn()),
        id: group.zip(name).map(|(group, name)| part::id(group, name)),
    }
}

#[cfg(test)]
mod tests;
