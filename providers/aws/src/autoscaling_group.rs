//! `autoscaling_group`: a number of instances that is kept running, and how they are replaced while they serve.

mod act;
pub(crate) mod alarm;
mod back;
mod birth;
mod blue_green;
mod canary;
mod carry;
mod dns_weighted;
mod end;
mod group;
mod instance_refresh;
mod launching;
mod lower;
pub(crate) mod memory;
mod observed;
mod pace;
pub(crate) mod part;
mod phase;
mod preflight;
mod read;
pub(crate) mod rehearsed;
mod request;
mod rolling;
mod run;
mod settings;
mod signal;
mod strategy;
mod swap;
mod update;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use async_trait::async_trait;
use aws_sdk_autoscaling::types::AutoScalingGroup as Described;
use infra_engine::change::{Action, Change, Prior, ReplaceOrder};
use infra_engine::id::RemoteId;
use infra_engine::provider::{
    Kind, Observation, Outcome, Progress, ProviderError, ReadRequest, Task, Verdict,
};
use infra_engine::steps::{Effect, LoweredStep, Operation};
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Values};
use infra_lang::schema::KindSchema;
use infra_lang::value::Value;
use serde::de::DeserializeOwned;

use crate::client::Aws;
use crate::codec::{attribute, decode, encode};
use crate::error::permanent;
use crate::kind::{AwsKind, answers, asked_id, gone, waiting};
use crate::schema::Schema as _;
use crate::tags;
use act::perform;
pub(crate) use canary::listed;
use group::Health;
use phase::{Next, Phase};
use settings::{AutoscalingGroup, Launch, MixedInstancesPolicy};

static SCHEMA: LazyLock<KindSchema> = LazyLock::new(AutoscalingGroup::schema);

/// The kind.
pub(crate) struct AutoscalingGroups;

impl Kind for AutoscalingGroups {
    fn schema(&self) -> &KindSchema {
        &SCHEMA
    }

    fn action(&self, changed: &[AttributeName], desired: &Attributes, _prior: &Prior) -> Action {
        lower::action(changed, desired)
    }

    fn known_by(&self) -> &[&str] {
        &["name"]
    }

    fn replace_order(&self, desired: &Attributes) -> ReplaceOrder {
        lower::replace_order(desired)
    }

    fn unsettled(&self, changed: &[AttributeName]) -> Vec<AttributeName> {
        let changes = |names: &[&str]| changed.iter().any(|name| names.contains(&name.as_str()));
        let mut unsettled = vec!["instance_count", "in_service_count"];
        unsettled.extend(changes(&["min_size", "max_size"]).then_some("desired_capacity"));
        unsettled.extend(changes(&["load_balancers", "target_group_arns"]).then_some("health_check_type"));
        unsettled.into_iter().map(AttributeName::new).collect()
    }

    fn same(&self, attribute: &AttributeName, one: &Value, other: &Value) -> bool {
        match attribute.as_str() {
            // It belongs to whoever scales the group.
            "desired_capacity" => true,
            "launch" => one.as_str().map(Launch::parse) == other.as_str().map(Launch::parse),
            "vpc_zone_identifier" | "availability_zones" => {
                crate::codec::same_as::<BTreeSet<String>>(one, other)
            }
            "mixed_instances_policy" => policy(one).is_some_and(|one| Some(one) == policy(other)),
            _ => one == other,
        }
    }

    fn keeps_identity(&self, desired: &Attributes, prior: &Prior) -> bool {
        lower::keeps_identity(desired, prior)
    }

    fn consequence(&self, change: &Change) -> Option<String> {
        lower::consequence(change)
    }

    fn rolled_back(&self) -> &[&str] {
        &lower::LAUNCHING
    }

    fn pauses(&self, change: &Change) -> bool {
        lower::pauses(change)
    }

    fn problems(&self, desired: &Attributes) -> Vec<(AttributeName, String)> {
        swap::problems(desired).into_iter().chain(tags::shown(desired, "tag")).collect()
    }

    fn serves_behind(&self) -> Option<&'static str> {
        Some("load_balancers")
    }

    fn takes_along(&self, desired: &Attributes) -> Option<&'static str> {
        lower::takes_along(desired)
    }

    fn rollout(&self, desired: &Attributes) -> Attributes {
        dns_weighted::settings(desired)
    }

    fn objection(&self, change: &Change) -> Option<(AttributeName, String)> {
        lower::objection(change)
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        lower::lower(change)
    }
}

fn policy(value: &Value) -> Option<MixedInstancesPolicy> {
    let group: AutoscalingGroup =
        decode(&Values::from([attribute("mixed_instances_policy", value.clone())])).ok()?;
    group.mixed_instances_policy.map(MixedInstancesPolicy::normalized)
}

#[async_trait]
impl AwsKind for AutoscalingGroups {
    async fn read(&self, aws: &Aws, requests: &[&ReadRequest]) -> Vec<Result<Observation, ProviderError>> {
        let names = requests.iter().filter_map(|request| asked_id(request)).map(str::to_owned).collect();
        answers(requests, read::describe(aws, &names).await, |found, name, request| {
            found.get(name).map(|described| values(described, &request.applied))
        })
    }

    async fn advance(&self, aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
        match (&task.effect, &task.target) {
            (Effect::Create, _) => birth::advance(aws, task).await,
            (Effect::Update(changed), Some(id)) => update(aws, task, changed, id).await,
            (Effect::Delete, Some(id)) => delete(aws, task, id).await,
            (Effect::Adopt, Some(id)) => adopt(aws, task, id).await,
            (Effect::Operate(operation), _) => operate(aws, task, &operation.name).await,
            _ => Ok(gone()),
        }
    }

    async fn judge(
        &self,
        aws: &Aws,
        guard: &Operation,
        arguments: &Values,
        task: &Task,
    ) -> Result<Verdict, ProviderError> {
        match guard.name.as_str() {
            "floor" => run::judge(aws, arguments, task).await,
            "outserved" => run::judge_older(aws, task).await,
            other => {
                Err(permanent("judging a guard", format!("an autoscaling_group has no guard `{other}`")))
            }
        }
    }
}

/// Runs a step that is the group's own: moving what belongs to it, or a phase of a swap.
async fn operate(aws: &Aws, task: &Task, operation: &str) -> Result<Progress, ProviderError> {
    match (operation, Phase::named(operation)) {
        (lower::BOOT, _) => birth::boot(aws, task).await,
        (instance_refresh::REFRESH, _) => instance_refresh::advance(aws, task, false).await,
        (instance_refresh::UNREFRESH, _) => instance_refresh::advance(aws, task, true).await,
        (carry::CARRY, _) => carry::advance(aws, task).await,
        (signal::SIGNAL, _) => signal::advance(aws, task, false).await,
        (signal::UNSIGNAL, _) => signal::advance(aws, task, true).await,
        (_, Some(phase)) => run::advance(aws, task, phase).await,
        (other, None) => Err(permanent("swapping the group", format!("there is no phase `{other}`"))),
    }
}

/// A group's attributes as AWS tells them.
fn values(described: &Described, applied: &Values) -> Values {
    let mut values = encode(&SCHEMA, &read::attributes(described, applied));
    values.extend(described.auto_scaling_group_name().map(|name| attribute("id", Value::string(name))));
    values
}

/// Finished, with the group as it is now.
fn outcome(described: Option<&Described>, task: &Task) -> Progress {
    let id = described.and_then(|described| described.auto_scaling_group_name()).map(RemoteId::from);
    let observed = described.map(|described| values(described, &task.desired));
    Progress::Done(Outcome { id, observed })
}

/// What a step of this change has written down under a name.
fn note<T: DeserializeOwned>(task: &Task, name: &str) -> Option<T> {
    serde_json::from_value(task.notes.get(name)?.clone()).ok()
}

/// The name under which a step remembers things; taking a step back is another one.
fn memory_key(task: &Task) -> String {
    match &task.effect {
        Effect::Operate(operation) => format!("{} {}", task.token, operation.name),
        _ => task.token.to_string(),
    }
}

async fn one(aws: &Aws, id: &RemoteId) -> Result<Option<Described>, ProviderError> {
    Ok(read::describe(aws, &BTreeSet::from([id.0.clone()])).await?.remove(&id.0))
}

/// The groups of these names as AWS describes them; those that are not there are not in the answer.
///
/// # Errors
/// What `DescribeAutoScalingGroups` answers.
pub(crate) async fn described(
    aws: &Aws,
    names: &BTreeSet<String>,
) -> Result<BTreeMap<String, Described>, ProviderError> {
    read::describe(aws, names).await
}

/// What a group launches from: a launch configuration's name, or a template's id and version.
pub(crate) fn launch_text(described: &Described) -> String {
    read::launch(described).map(|launch| launch.text()).unwrap_or_default()
}

/// Whether there is a group of that name; one that is on its way out counts.
///
/// # Errors
/// What `DescribeAutoScalingGroups` answers.
pub(crate) async fn exists(aws: &Aws, name: &str) -> Result<bool, ProviderError> {
    Ok(one(aws, &RemoteId::from(name)).await?.is_some())
}

/// How many instances get requests from every one of these load balancers.
///
/// # Errors
/// What `DescribeInstanceHealth` answers.
pub(crate) async fn serving(aws: &Aws, balancers: &BTreeSet<String>) -> Result<usize, ProviderError> {
    let health = read::health(aws, balancers).await?;
    let fewest = balancers.iter().map(|name| health.passing(name)).min();
    Ok(fewest.unwrap_or_default())
}

async fn update(
    aws: &Aws,
    task: &Task,
    changed: &[AttributeName],
    id: &RemoteId,
) -> Result<Progress, ProviderError> {
    let Some(described) = one(aws, id).await? else {
        return Ok(Progress::Stuck(format!("the group {id} is gone")));
    };
    let wanted: AutoscalingGroup = decode(&task.desired)?;
    let changed: BTreeSet<String> = changed.iter().map(ToString::to_string).collect();
    let mut live = read::group(&described);
    let health = match changed.contains("load_balancers") {
        true => {
            let staying = read::staying(aws, &id.0).await?;
            live.balancers.retain(|name| staying.contains(name));
            read::health(aws, &wanted.load_balancers).await?
        }
        false => Health::default(),
    };
    let state = update::State {
        changed: &changed,
        wanted: &wanted,
        have: &read::attributes(&described, &task.desired),
        live: &live,
        tags: &read::users_tags(&described),
        health: &health,
    };
    match update::next(&state) {
        Next::Act(call) if !aws.memory.may_do(&memory_key(task), &format!("{call:?}")) => {
            Ok(waiting(3, "AWS to show the change"))
        }
        Next::Act(call) => update::carry_out(aws, &id.0, &wanted, &call).await.map(Progress::Acted),
        Next::Wait(on) => Ok(waiting(5, on)),
        Next::Done => {
            aws.memory.forget(&memory_key(task));
            Ok(outcome(Some(&described), task))
        }
        Next::Stuck(reason) => Ok(Progress::Stuck(reason)),
    }
}

async fn delete(aws: &Aws, task: &Task, id: &RemoteId) -> Result<Progress, ProviderError> {
    let group = one(aws, id).await?.as_ref().map(read::group);
    let key = memory_key(task);
    match end::remove(group.as_ref()) {
        Next::Act(act) if !aws.memory.may_do(&key, &act.to_string()) => {
            Ok(waiting(5, format!("AWS to {act}")))
        }
        Next::Act(act) => perform(aws, &act).await.map(|()| Progress::Acted(act.to_string())),
        Next::Wait(on) => Ok(waiting(5, on)),
        Next::Done => {
            aws.memory.forget(&key);
            Ok(gone())
        }
        Next::Stuck(reason) => Ok(Progress::Stuck(reason)),
    }
}

async fn adopt(aws: &Aws, task: &Task, id: &RemoteId) -> Result<Progress, ProviderError> {
    match one(aws, id).await? {
        Some(described) => Ok(outcome(Some(&described), task)),
        None => Ok(Progress::Stuck(format!("there is no group called {id}"))),
    }
}
