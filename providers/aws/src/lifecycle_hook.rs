//! `lifecycle_hook`: instances wait at a door until somebody says that they may pass.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_autoscaling::types::LifecycleHook as Described;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use infra_derive::Schema;
use infra_engine::change::{Action, Change, Prior, ReplaceOrder};
use infra_engine::id::RemoteId;
use infra_engine::provider::{Kind, Observation, Progress, ProviderError, ReadRequest, Task};
use infra_engine::steps::LoweredStep;
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Values};
use infra_lang::schema::KindSchema;
use serde::{Deserialize, Serialize};

use crate::autoscaling_group::{self, part};
use crate::client::Aws;
use crate::codec::{decode, encode};
use crate::error::{failed, has_code};
use crate::kind::AwsKind;
use crate::put::{self, Asked, Put};
use crate::schema::Schema as _;

/// Lets instances of a group wait, before they come into service or before they end, until somebody completes the
/// action (`CompleteLifecycleAction`) or the time is over.
///
/// It is there before a group's first instance boots, and a swap takes it along before the new group boots: every
/// instance waits.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Schema)]
#[serde(default)]
#[kind(name = "lifecycle_hook", id = ".+/.+", naming(fixed(attribute = "name", limit = 255)))]
pub(crate) struct LifecycleHook {
    /// Its name, one of its group's.
    #[attribute(immutable)]
    name: String,
    /// The group whose instances wait.
    #[attribute(required, immutable, ty = "id(autoscaling_group)")]
    autoscaling_group_name: String,
    /// When they wait: before they come into service, or before they end.
    #[attribute(
        required,
        immutable,
        ty = r#"enum("autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING")"#
    )]
    lifecycle_transition: String,
    /// How long they wait for an answer; a heartbeat (`RecordLifecycleActionHeartbeat`) starts it anew.
    #[attribute(default = 3600, ty = "duration(30s, 2h)")]
    heartbeat_timeout: i32,
    /// What is done without an answer: go on, or end the instance.
    #[attribute(default = "ABANDON", ty = r#"enum("CONTINUE", "ABANDON")"#)]
    default_result: String,
    /// Who is told: an SNS topic or an SQS queue.
    #[attribute(ty = "arn")]
    notification_target_arn: Option<String>,
    /// The role that may tell it.
    #[attribute(ty = "arn")]
    role_arn: Option<String>,
    /// What it is told besides.
    notification_metadata: Option<String>,
    #[attribute(skip)]
    id: Option<String>,
}

/// What a call leaves out and AWS keeps (`PutLifecycleHook`); only the target can be taken away by an empty text.
const KEPT: [&str; 2] = ["role_arn", "notification_metadata"];

static SCHEMA: LazyLock<KindSchema> = LazyLock::new(LifecycleHook::schema);

/// The kind.
pub(crate) struct LifecycleHooks;

impl Kind for LifecycleHooks {
    fn schema(&self) -> &KindSchema {
        &SCHEMA
    }

    fn action(&self, changed: &[AttributeName], desired: &Attributes, _prior: &Prior) -> Action {
        put::action(self, changed, desired, &KEPT)
    }

    fn known_by(&self) -> &[&str] {
        &["name", "autoscaling_group_name"]
    }

    fn replace_order(&self, _desired: &Attributes) -> ReplaceOrder {
        // Another group, or another name: both can stand.
        ReplaceOrder::NewFirst
    }

    fn problems(&self, desired: &Attributes) -> Vec<(AttributeName, String)> {
        let alone = desired.contains_key("role_arn") && !desired.contains_key("notification_target_arn");
        let said = "a role is for telling somebody: write `notification_target_arn` too";
        Vec::from_iter(alone.then(|| (AttributeName::new("role_arn"), said.to_owned())))
    }

    fn part_of(&self) -> Option<AttributeName> {
        Some(AttributeName::new("autoscaling_group_name"))
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        put::steps(change, &["name", "autoscaling_group_name"], Duration::from_secs(300))
    }
}

#[async_trait]
impl AwsKind for LifecycleHooks {
    async fn read(&self, aws: &Aws, requests: &[&ReadRequest]) -> Vec<Result<Observation, ProviderError>> {
        put::read::<Self>(aws, requests).await
    }

    async fn advance(&self, aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
        put::advance::<Self>(aws, task).await
    }

    async fn named(&self, _: &Aws, wanted: &[Values]) -> Result<Vec<Vec<RemoteId>>, ProviderError> {
        Ok(wanted.iter().map(|wanted| part::named(wanted, "name")).collect())
    }
}

#[async_trait]
impl Put for LifecycleHooks {
    type Found = LifecycleHook;

    async fn find(aws: &Aws, asked: &Asked<'_>) -> Result<BTreeMap<String, LifecycleHook>, ProviderError> {
        let groups: BTreeSet<&str> = asked.keys().map(|id| part::split(id).0).collect();
        let calls: Vec<_> = groups.into_iter().map(|group| of_group(aws, group)).collect();
        let told: Vec<Vec<Described>> = stream::iter(calls).buffer_unordered(PARALLEL).try_collect().await?;
        let hooks = told.iter().flatten().map(hook);
        Ok(hooks.filter_map(|hook| Some((hook.id.clone()?, hook))).collect())
    }

    fn values(found: &LifecycleHook) -> Values {
        encode(&SCHEMA, found)
    }

    async fn put(aws: &Aws, task: &Task) -> Result<String, ProviderError> {
        let wanted: LifecycleHook = decode(&task.desired)?;
        let had_target =
            task.prior.as_ref().is_some_and(|prior| prior.observed.contains_key("notification_target_arn"));
        let target = wanted.notification_target_arn.clone().or(had_target.then(String::new));
        let call = aws
            .autoscaling
            .put_lifecycle_hook()
            .auto_scaling_group_name(&wanted.autoscaling_group_name)
            .lifecycle_hook_name(&wanted.name)
            .lifecycle_transition(&wanted.lifecycle_transition)
            .heartbeat_timeout(wanted.heartbeat_timeout)
            .default_result(&wanted.default_result)
            .set_notification_target_arn(target)
            .set_role_arn(wanted.role_arn)
            .set_notification_metadata(wanted.notification_metadata);
        call.send().await.map_err(failed("PutLifecycleHook"))?;
        Ok(part::id(&wanted.autoscaling_group_name, &wanted.name))
    }

    async fn delete(aws: &Aws, id: &str) -> Result<(), ProviderError> {
        let (group, name) = part::split(id);
        let call = aws.autoscaling.delete_lifecycle_hook();
        let call = call.auto_scaling_group_name(group).lifecycle_hook_name(name);
        call.send().await.map(drop).map_err(failed("DeleteLifecycleHook"))
    }
}

/// Calls that go out side by side.
const PARALLEL: usize = 10;

/// The hooks of a group; none if it is gone.
async fn of_group(aws: &Aws, group: &str) -> Result<Vec<Described>, ProviderError> {
    let call = aws.autoscaling.describe_lifecycle_hooks().auto_scaling_group_name(group);
    match call.send().await.map_err(failed("DescribeLifecycleHooks")) {
        Ok(told) => Ok(told.lifecycle_hooks.unwrap_or_default()),
        // AWS has no code of its own for a group that is gone.
        Err(error) if has_code(&error, "ValidationError") => {
            match autoscaling_group::exists(aws, group).await? {
                true => Err(error),
                false => Ok(Vec::new()),
            }
        }
        Err(error) => Err(error),
    }
}

/// What `DescribeLifecycleHooks` tells of it.
fn hook(described: &Described) -> LifecycleHook {
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let (group, name) = (described.auto_scaling_group_name(), described.lifecycle_hook_name());
    LifecycleHook {
        name: name.unwrap_or_default().to_owned(),
        autoscaling_group_name: group.unwrap_or_default().to_owned(),
        lifecycle_transition: described.lifecycle_transition().unwrap_or_default().to_owned(),
        heartbeat_timeout: described.heartbeat_timeout().unwrap_or(3600),
        default_result: text(described.default_result()).unwrap_or_else(|| "ABANDON".to_owned()),
        notification_target_arn: text(described.notification_target_arn()),
        role_arn: text(described.role_arn()),
        notification_metadata: text(described.notification_metadata()),
        id: group.zip(name).map(|(group, name)| part::id(group, name)),
    }
}
