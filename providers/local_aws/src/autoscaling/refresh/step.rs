//! What an instance refresh does next, and doing it.

use std::time::Duration;

use crate::model::autoscaling::{Group, Launch, Member, MemberState, Refresh, RefreshStatus, Rollback};
use crate::model::cloudwatch::StateValue;
use crate::model::ec2::InstanceId;
use crate::model::{Model, Time};

use super::super::{activities, capacity, lifecycle, warm};
use super::{active, active_mut, outdated, schedule};

/// So long without progress ends a refresh.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Processes without which it pauses.
const NEEDED: [&str; 3] = ["InstanceRefresh", "Launch", "Terminate"];

/// What a step comes to.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// Nothing yet, for this reason.
    Wait(String),
    /// These instances go.
    Replace(Vec<InstanceId>),
    /// A checkpoint is reached.
    Pause,
    /// All that was to be replaced is.
    Finish,
    /// It cannot go on.
    Fail(String),
}

/// Whether an instance is in standby or on its way there.
pub fn stands_by(member: &Member) -> bool {
    matches!(member.state, MemberState::Standby | MemberState::EnteringStandby)
}

/// The instances that are still to be replaced and have not begun to go.
fn remaining<'a>(
    refresh: &'a Refresh,
    group: &'a Group,
) -> impl Iterator<Item = (&'a InstanceId, &'a Member)> {
    let stays = |member: &Member| member.state.counts() || stands_by(member);
    let known = refresh.old.iter().filter_map(|id| group.members.get_key_value(id));
    known.filter(move |(_, member)| stays(member))
}

/// How many more instances may go before the next checkpoint.
pub fn allowance(refresh: &Refresh, group: &Group) -> u64 {
    let gone = refresh.old.len().saturating_sub(remaining(refresh, group).count()) as u64;
    refresh.stage().saturating_sub(gone)
}

/// Seconds in service until an instance counts.
fn warmup(refresh: &Refresh, group: &Group) -> Duration {
    let own = refresh.preferences.warmup.or(group.settings.default_warmup);
    Duration::from_secs(own.unwrap_or(group.settings.grace))
}

fn is_ready(member: &Member, now: Time, warmup: Duration) -> bool {
    let warm = member.in_service.is_some_and(|since| now.since(since) >= warmup);
    member.state == MemberState::InService && member.healthy && warm
}

/// How many of the instances to be replaced have been: those that went, as far as as many others are ready.
fn updated(refresh: &Refresh, group: &Group, now: Time) -> u64 {
    let warmup = warmup(refresh, group);
    let new = group.members.iter().filter(|(id, member)| {
        !refresh.old.contains(*id) && member.launched >= refresh.since() && is_ready(member, now, warmup)
    });
    let gone = refresh.old.len().saturating_sub(remaining(refresh, group).count());
    gone.min(new.count()).try_into().unwrap_or(u64::MAX)
}

/// Decides what comes next. Looks at the group only; nothing is changed.
fn decide(refresh: &Refresh, group: &Group, now: Time) -> Next {
    if now.since(refresh.progressed) >= PATIENCE {
        return Next::Fail(format!("No progress was made for an hour. {}", refresh.reason).trim().to_owned());
    }
    if refresh.paused.is_some_and(|until| until > now) {
        return Next::Wait(refresh.reason.clone());
    }
    let unborn = unborn(refresh, group);
    if !unborn.is_empty() {
        return Next::Replace(unborn);
    }
    if allowance(refresh, group) == 0 {
        return at_stage(refresh, group, now);
    }
    let going = spare(refresh, group, now).min(allowance(refresh, group));
    let ready: Vec<InstanceId> =
        replaceable(refresh, group).take(usize::try_from(going).unwrap_or(usize::MAX)).collect();
    if ready.is_empty() { Next::Wait(waiting_for(refresh, group, now)) } else { Next::Replace(ready) }
}

/// What a refresh that is rolled back has launched and is not in service: ending it costs nothing.
fn unborn(refresh: &Refresh, group: &Group) -> Vec<InstanceId> {
    let back = refresh.rollback.is_some();
    let pending = remaining(refresh, group).filter(|(_, member)| back && member.state.is_pending());
    pending.map(|(id, _)| id.clone()).collect()
}

/// All that may go before the next checkpoint is gone.
fn at_stage(refresh: &Refresh, group: &Group, now: Time) -> Next {
    let warmup = warmup(refresh, group);
    let ready = group.members.values().filter(|member| is_ready(member, now, warmup)).count() as u64;
    if ready < group.size.desired || group.counted() != group.size.desired {
        return Next::Wait(waiting_for(refresh, group, now));
    }
    let last = refresh.passed + 1 >= refresh.preferences.checkpoints.len();
    if last { Next::Finish } else { Next::Pause }
}

/// How many instances may go now without too few being healthy.
fn spare(refresh: &Refresh, group: &Group, now: Time) -> u64 {
    let (desired, warmup) = (group.size.desired, warmup(refresh, group));
    let ready = group.members.values().filter(|member| is_ready(member, now, warmup)).count() as u64;
    let spare = ready.saturating_sub(refresh.preferences.floor(desired));
    // At least one goes at a time, even where the percentage would not let any.
    let whole = ready >= desired && group.counted() == desired;
    if whole && !refresh.preferences.launches_first() { spare.max(1) } else { spare }
}

/// The instances that may be taken now: in standby or protected ones only if the preferences say so.
fn replaceable<'a>(refresh: &'a Refresh, group: &'a Group) -> impl Iterator<Item = InstanceId> + 'a {
    let preferences = &refresh.preferences;
    let open = remaining(refresh, group).filter(|(_, member)| match member.state {
        MemberState::InService => !member.protected || preferences.protected == "Refresh",
        MemberState::Standby => preferences.standby == "Terminate",
        _ => false,
    });
    open.map(|(id, _)| id.clone())
}

fn waiting_for(refresh: &Refresh, group: &Group, now: Time) -> String {
    let warmup = warmup(refresh, group);
    let serving = group.members.iter().filter(|(_, member)| member.state == MemberState::InService);
    let mut cold = serving.filter(|(_, member)| member.healthy && !is_ready(member, now, warmup));
    if let Some((id, _)) = cold.next() {
        return format!(
            "Waiting for instances to warm up before continuing. For example: {id} is warming up."
        );
    }
    let mut kept = remaining(refresh, group).filter(|(_, member)| member.protected || stands_by(member));
    match kept.next() {
        Some((id, _)) if replaceable(refresh, group).next().is_none() => {
            format!(
                "Waiting for instances that are protected from scale in or in Standby. For example: {id}."
            )
        }
        _ => "Waiting for remaining instances to be available.".to_owned(),
    }
}

/// Takes the refresh of a group one step further.
pub fn step(model: &mut Model, name: &str) {
    let now = model.now;
    let Some(group) = model.autoscaling.groups.get(name).filter(|group| !group.deleting) else { return };
    let Some(refresh) = active(group).cloned() else { return };
    match refresh.status {
        RefreshStatus::Pending => begin(model, name, &refresh),
        RefreshStatus::Cancelling => settle_cancelled(model, name),
        _ if NEEDED.iter().any(|process| !group.runs(process)) => {
            change(model, name, |refresh| refresh.progressed = now);
        }
        RefreshStatus::Baking => bake(model, name, &refresh),
        _ => advance(model, name, &refresh),
    }
    if model.autoscaling.groups.get(name).is_some_and(|group| active(group).is_some()) {
        schedule(model, name);
    }
}

fn change(model: &mut Model, name: &str, how: impl FnOnce(&mut Refresh)) {
    if let Some(refresh) = model.autoscaling.groups.get_mut(name).and_then(active_mut) {
        how(refresh);
    }
}

fn begin(model: &mut Model, name: &str, refresh: &Refresh) {
    let now = model.now;
    let Some(group) = model.autoscaling.groups.get(name) else { return };
    let old = outdated(model, group, refresh).into_iter().collect();
    change(model, name, |refresh| {
        refresh.old = old;
        refresh.status = RefreshStatus::InProgress;
        (refresh.started, refresh.progressed) = (Some(now), now);
    });
    capacity::poke(model, name);
}

/// A cancelled refresh ends once no instance comes or goes.
fn settle_cancelled(model: &mut Model, name: &str) {
    let now = model.now;
    let Some(group) = model.autoscaling.groups.get(name) else { return };
    let moves = |member: &Member| member.state.is_pending() || member.state.is_terminating();
    if !group.members.values().any(moves) {
        change(model, name, |refresh| {
            (refresh.status, refresh.ended) = (RefreshStatus::Cancelled, Some(now));
        });
    }
    capacity::poke(model, name);
}

fn bake(model: &mut Model, name: &str, refresh: &Refresh) {
    if rings(model, refresh) {
        fail(model, name, refresh, "An alarm went into the ALARM state.");
    } else if refresh.paused.is_none_or(|until| until <= model.now) {
        finish(model, name);
    }
}

/// Whether one of the refresh's alarms is in the ALARM state.
fn rings(model: &Model, refresh: &Refresh) -> bool {
    let mut alarms = refresh.preferences.alarms.iter().filter_map(|name| model.cloudwatch.alarms.get(name));
    alarms.any(|alarm| alarm.state.value == StateValue::Alarm)
}

fn advance(model: &mut Model, name: &str, refresh: &Refresh) {
    let now = model.now;
    let Some(group) = model.autoscaling.groups.get(name) else { return };
    let done = updated(refresh, group, now);
    let next = if refresh.status == RefreshStatus::InProgress && rings(model, refresh) {
        Next::Fail("An alarm went into the ALARM state.".to_owned())
    } else {
        decide(refresh, group, now)
    };
    change(model, name, |refresh| {
        if done > refresh.updated {
            (refresh.updated, refresh.progressed) = (done, now);
        }
        if refresh.paused.is_some_and(|until| until <= now) {
            refresh.paused = None;
        }
    });
    carry_out(model, name, refresh, next);
    // A checkpoint that is over, or an end, changes how many instances the group wants.
    let uneven = |group: &Group| group.counted() != capacity::wanted(group);
    if model.autoscaling.groups.get(name).is_some_and(uneven) {
        capacity::poke(model, name);
    }
}

fn carry_out(model: &mut Model, name: &str, refresh: &Refresh, next: Next) {
    let now = model.now;
    match next {
        Next::Wait(reason) => change(model, name, |refresh| refresh.reason = reason),
        Next::Replace(ids) => {
            change(model, name, |refresh| refresh.reason.clear());
            for id in ids {
                let what = "an instance was taken out of service in response to an instance refresh.";
                let cause = activities::at(now, what);
                lifecycle::leave(model, name, &id, MemberState::Terminating, cause);
            }
            capacity::poke(model, name);
        }
        Next::Pause => change(model, name, |refresh| {
            let delay = Duration::from_secs(refresh.preferences.checkpoint_delay);
            refresh.passed += 1;
            (refresh.paused, refresh.progressed) = (Some(now + delay), now + delay);
            refresh.reason = "Waiting at a checkpoint.".to_owned();
        }),
        Next::Finish if refresh.preferences.bake > 0 && refresh.rollback.is_none() => {
            change(model, name, |refresh| {
                refresh.status = RefreshStatus::Baking;
                refresh.paused = Some(now + Duration::from_secs(refresh.preferences.bake));
                refresh.reason.clear();
            });
        }
        Next::Finish => finish(model, name),
        Next::Fail(reason) => fail(model, name, refresh, &reason),
    }
}

/// It has ended well: only now the group takes what it brought in.
fn finish(model: &mut Model, name: &str) {
    let now = model.now;
    let Some(group) = model.autoscaling.groups.get_mut(name) else { return };
    let Some(refresh) = active_mut(group) else { return };
    (refresh.ended, refresh.paused, refresh.updated) = (Some(now), None, refresh.stage());
    refresh.reason.clear();
    if refresh.rollback.is_some() {
        refresh.status = RefreshStatus::RollbackSuccessful;
        return;
    }
    refresh.status = RefreshStatus::Successful;
    if let Some(desired) = refresh.desired.clone() {
        (group.launch, group.mixed) = (desired.launch, desired.mixed);
    }
    warm::renew(model, name);
}

fn fail(model: &mut Model, name: &str, refresh: &Refresh, reason: &str) {
    let now = model.now;
    let Some(group) = model.autoscaling.groups.get_mut(name) else { return };
    if refresh.preferences.auto_rollback && refresh.rollback.is_none() && can_roll_back(group, refresh) {
        roll_back(group, now, reason);
    } else if let Some(refresh) = active_mut(group) {
        let back = refresh.rollback.is_some();
        refresh.status = if back { RefreshStatus::RollbackFailed } else { RefreshStatus::Failed };
        refresh.ended = Some(now);
        refresh.reason = reason.to_owned();
    }
    capacity::poke(model, name);
}

/// A refresh can be rolled back if it brought in something, and the group knows exactly what it had before.
pub fn can_roll_back(group: &Group, refresh: &Refresh) -> bool {
    let moving = |version: &str| version.starts_with('$');
    let exact = match &group.launch {
        Launch::Template(template) => !moving(&template.version),
        Launch::Configuration(_) => true,
    };
    refresh.desired.is_some() && exact
}

/// Turns a refresh round: now the instances it brought in are to be replaced.
pub fn roll_back(group: &mut Group, now: Time, reason: &str) {
    let Some(refresh) = active(group) else { return };
    let brought = |id: &&InstanceId| !refresh.old.contains(*id);
    let since = refresh.started.unwrap_or(now);
    let young = group.members.iter().filter(|(_, member)| member.launched >= since && member.state.counts());
    let old = young.map(|(id, _)| id).filter(brought).cloned().collect();
    let Some(refresh) = active_mut(group) else { return };
    refresh.rollback = Some(Rollback {
        reason: reason.to_owned(),
        started: now,
        percentage: refresh.percentage(),
        left: (refresh.old.len() as u64).saturating_sub(refresh.updated),
    });
    refresh.status = RefreshStatus::RollbackInProgress;
    (refresh.old, refresh.updated, refresh.progressed) = (old, 0, now);
    refresh.preferences.checkpoints.clear();
    (refresh.passed, refresh.paused) = (0, None);
    refresh.reason.clear();
}
