//! One look at a phase of the swap: what is there, what to do about it, and doing it.

use std::collections::BTreeSet;
use std::time::Duration;

use infra_engine::provider::{Progress, ProviderError, Task, Verdict};
use infra_lang::residual::{Attributes, Residual, Values};
use infra_lang::value::Value;

use super::act::{Act, perform};
use super::group::{Activities, Group, Pinned};
use super::launching::Launching;
use super::lower::serving_limit;
use super::observed::{Observed, Wanted};
use super::phase::{Next, Phase};
use super::settings::AutoscalingGroup;
use super::{alarm, memory_key, note, outcome, preflight, read, swap};
use crate::client::Aws;
use crate::codec::decode;
use crate::error::permanent;
use crate::kind::{noted_id, waiting};

/// Seconds between two looks.
const POLL: u64 = 5;

/// Advances the phase by at most one act.
///
/// # Errors
/// What AWS answers.
pub(crate) async fn advance(aws: &Aws, task: &Task, phase: &Phase) -> Result<Progress, ProviderError> {
    let key = memory_key(task);
    let mut observed = observe(aws, task, phase.looks.health).await?;
    look(aws, phase, &mut observed).await?;
    observed.held = aws.memory.look(&key, (phase.steady)(&observed));
    match phase.decide(&observed) {
        Next::Act(Act::Note(pinned)) => noted(&pinned),
        Next::Act(act) if !aws.memory.may_do(&key, &act.to_string()) => {
            Ok(waiting(POLL, format!("AWS to show: {act}")))
        }
        Next::Act(act) => perform(aws, &act).await.map(|()| Progress::Acted(act.to_string())),
        Next::Wait(on) => Ok(waiting(POLL, on)),
        Next::Done => {
            aws.memory.forget(&key);
            finished(aws, task, phase).await
        }
        Next::Stuck(reason) => {
            aws.memory.forget(&key);
            Ok(Progress::Stuck(reason))
        }
    }
}

/// Asks for what a phase decides from beside groups and load balancers. What is asked before a swap is not asked again.
async fn look(aws: &Aws, phase: &Phase, observed: &mut Observed) -> Result<(), ProviderError> {
    if phase.looks.activities {
        observed.activities = match (&observed.new, &observed.old, &observed.pinned) {
            (Some(new), ..) => read::activities(aws, &new.name, None).await?,
            (None, Some(old), Some(pinned)) => {
                read::activities(aws, &old.name, pinned.latest.as_deref()).await?
            }
            _ => Activities::default(),
        };
    }
    if phase.looks.alarms {
        observed.alarms = alarm::read(aws, &observed.wanted.alarms).await?;
    }
    if let Some(old) = observed.old.as_ref().filter(|_| phase.looks.preflight && observed.pinned.is_none()) {
        observed.preflight = preflight::read(aws, &old.name, &old.balancers).await?;
    }
    Ok(())
}

/// Judges the guard `floor`: enough instances of the new group serve. With `alone` the old group has left, and the
/// new one's own size counts.
///
/// # Errors
/// What AWS answers.
pub(crate) async fn judge(aws: &Aws, arguments: &Values, task: &Task) -> Result<Verdict, ProviderError> {
    let mut observed = observe(aws, task, true).await?;
    let alone = arguments.contains_key("alone");
    if !alone {
        observed.zoned = read::keep_to_zones(aws, &observed.wanted.balancers).await?;
    }
    Ok(observed.guard(alone).map_or_else(Verdict::Broken, |()| Verdict::Holds))
}

/// Judges the guard `outserved` of an older group that goes: the address's own group serves as many instances. Each
/// group counts by the load balancers it is behind.
///
/// # Errors
/// What AWS answers.
pub(crate) async fn judge_older(aws: &Aws, task: &Task) -> Result<Verdict, ProviderError> {
    let older = task.target.as_ref().map(|id| id.0.clone());
    let own = noted_id(task).map(str::to_owned).or_else(|| old_name(task));
    let found = read::describe(aws, &older.iter().chain(&own).cloned().collect()).await?;
    let serving = async |name: Option<String>| match name.and_then(|name| found.get(&name)).map(read::group) {
        Some(mut group) => {
            forget_leaving(aws, Some(&mut group)).await?;
            let health = read::health(aws, &group.balancers).await?;
            Ok(group.serving(&group.balancers, &health))
        }
        None => Ok::<_, ProviderError>(0),
    };
    let idle = older
        .as_ref()
        .and_then(|name| found.get(name))
        .is_none_or(|group| group.load_balancer_names().is_empty());
    let (older, own) = (serving(older).await?, serving(own).await?);
    Ok(match idle || own >= older {
        true => Verdict::Holds,
        false => Verdict::Broken(format!(
            "the older group serves with {older} instances, and the one that stays with {own}"
        )),
    })
}

fn noted(pinned: &Pinned) -> Result<Progress, ProviderError> {
    let json =
        serde_json::to_value(pinned).map_err(|error| permanent("noting the group", error.to_string()))?;
    Ok(Progress::Note(json))
}

/// The attributes of the group that stays as they are now, once they are as the file says.
async fn finished(aws: &Aws, task: &Task, phase: &Phase) -> Result<Progress, ProviderError> {
    let name = match phase.name {
        "finalise" => new_name(task),
        "restore" | "depart" => old_name(task),
        _ => None,
    };
    match name {
        Some(name) => {
            let described = read::describe(aws, &[name.clone()].into()).await?.remove(&name);
            Ok(outcome(described.as_ref(), task))
        }
        None => Ok(Progress::Done(Default::default())),
    }
}

/// The name of the old group.
pub(super) fn old_name(task: &Task) -> Option<String> {
    task.prior.as_ref().map(|prior| prior.id.0.clone())
}

/// The name of the new group, once it is made.
pub(super) fn new_name(task: &Task) -> Option<String> {
    let target = || task.target.as_ref().map(|id| id.0.clone());
    noted_id(task).map(str::to_owned).or_else(|| target().filter(|id| Some(id) != old_name(task).as_ref()))
}

async fn observe(aws: &Aws, task: &Task, with_health: bool) -> Result<Observed, ProviderError> {
    let (old, new) = (old_name(task), new_name(task));
    let found = read::describe(aws, &old.iter().chain(&new).cloned().collect()).await?;
    let find = |name: Option<String>| name.and_then(|name| found.get(&name)).map(read::group);
    let pinned: Option<Pinned> = note(task, "pin").or_else(|| note(task, "join"));
    let wanted = wanted(task)?;
    let mut observed = Observed {
        old: find(old),
        new: find(new),
        claim: task.token.to_string(),
        stage: stage(task),
        pinned,
        wanted,
        ..Observed::default()
    };
    if with_health {
        forget_leaving(aws, observed.old.as_mut()).await?;
        forget_leaving(aws, observed.new.as_mut()).await?;
        observed.health = read::health(aws, &balancers(&observed)).await?;
    }
    Ok(observed)
}

/// A group still names a load balancer that it is leaving.
async fn forget_leaving(aws: &Aws, group: Option<&mut Group>) -> Result<(), ProviderError> {
    if let Some(group) = group.filter(|group| !group.balancers.is_empty()) {
        let staying = read::staying(aws, &group.name).await?;
        group.balancers.retain(|name| staying.contains(name));
    }
    Ok(())
}

/// All load balancers that either group is, was or will be behind.
fn balancers(observed: &Observed) -> BTreeSet<String> {
    let live = [&observed.old, &observed.new].into_iter().flatten().flat_map(|group| &group.balancers);
    let noted = observed.pinned.iter().flat_map(|pinned| &pinned.balancers);
    live.chain(noted).chain(&observed.wanted.balancers).cloned().collect()
}

/// The stage of a step, in percent.
fn stage(task: &Task) -> Option<f64> {
    match task.arguments.get("stage")? {
        Value::Quantity(stage) => Some(stage.amount.to_f64()),
        _ => None,
    }
}

/// What the file wants of the new group.
fn wanted(task: &Task) -> Result<Wanted, ProviderError> {
    let group: AutoscalingGroup = decode(&task.desired)?;
    let known = task.desired.iter().map(|(name, value)| (name.clone(), Residual::Known(value.clone())));
    let desired: Attributes = known.collect();
    let swap = group.swap.clone().unwrap_or_default();
    Ok(Wanted {
        min: group.min_size,
        max: group.max_size,
        health_check_type: group.health_check_type().to_owned(),
        min_in_service: swap.min_in_service(),
        bake: Duration::from_secs(swap.bake()),
        launching: Launching::of(&group),
        grace: group.health_check_grace_period,
        pace: swap::pace(&desired),
        budget: serving_limit(&desired),
        drains: swap.drain.is_some(),
        alarms: swap.alarms.unwrap_or_default(),
        balancers: group.load_balancers,
        suspended: group.suspended_processes,
    })
}
