//! Instance refreshes: a group replaces its instances, some at a time ("use an instance refresh").
//!
//! An instance is healthy here when the group says so, it is in service, and its warm-up is over; what load balancers
//! say about it does not count.

mod preferences;
mod step;

use crate::model::autoscaling::{Blueprint, Group, Refresh, RefreshStatus, Rollback};
use crate::model::ec2::InstanceId;
use crate::model::{Event, Model};
use crate::wire::{ApiError, Node, Params, paginate};

use super::{AutoScalingEvent, describe as shown, groups, launch, named, not_found};

pub use step::step;

/// A group remembers so many; AWS keeps six weeks.
const KEPT: usize = 50;

/// The refresh of a group that still goes on.
pub fn active(group: &Group) -> Option<&Refresh> {
    group.refreshes.front().filter(|refresh| refresh.status.is_active())
}

fn active_mut(group: &mut Group) -> Option<&mut Refresh> {
    group.refreshes.front_mut().filter(|refresh| refresh.status.is_active())
}

/// Refuses what cannot be done while a refresh goes on.
pub fn refuse_during(group: &Group) -> Result<(), ApiError> {
    match active(group) {
        None => Ok(()),
        Some(_) => Err(in_progress()),
    }
}

fn in_progress() -> ApiError {
    let message =
        "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.";
    ApiError::new("InstanceRefreshInProgress", message)
}

/// Refuses to change what instances are launched from while a refresh brings in something else.
pub fn refuse_launch_change(group: &Group) -> Result<(), ApiError> {
    match active(group).and_then(|refresh| refresh.desired.as_ref()) {
        None => Ok(()),
        Some(_) => Err(ApiError::validation(
            "An active instance refresh with a desired configuration exists. All configuration options derived from the desired configuration are not available for update while the instance refresh is active.",
        )),
    }
}

/// What a group launches now: a refresh brings in its own until it is rolled back.
pub fn blueprint(group: &Group) -> Blueprint {
    let brings = |refresh: &&Refresh| refresh.status != RefreshStatus::RollbackInProgress;
    let desired = active(group).filter(brings).and_then(|refresh| refresh.desired.clone());
    desired.unwrap_or_else(|| Blueprint { launch: group.launch.clone(), mixed: group.mixed.clone() })
}

/// How many instances a refresh wants beyond the desired number, now.
pub fn surge(group: &Group) -> u64 {
    let Some(refresh) = active(group).filter(|refresh| refresh.status.replaces()) else { return 0 };
    match refresh.paused {
        Some(_) => 0,
        None => refresh.preferences.surge(group.size.desired).min(step::allowance(refresh, group)),
    }
}

fn schedule(model: &mut Model, group: &str) {
    let event = Event::AutoScaling(AutoScalingEvent::RefreshStep(group.to_owned()));
    model.schedule(model.timing.autoscaling.refresh_step, event);
}

/// StartInstanceRefresh.
pub fn start(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    if let Some(other) = params.text("Strategy").filter(|strategy| *strategy != "Rolling") {
        return Err(ApiError::validation(format!("The strategy '{other}' is not modelled; use Rolling.")));
    }
    let name = named(model, params)?.name.clone();
    let desired = params.get("DesiredConfiguration").filter(|sent| !sent.is_empty());
    let desired = desired.map(|sent| groups::blueprint(model, sent)).transpose()?.flatten();
    let preferences = preferences::read(named(model, params)?, params)?;
    if preferences.auto_rollback && desired.is_none() {
        return Err(ApiError::validation("AutoRollback cannot be used without a desired configuration."));
    }
    let (id, now) = (model.random.uuid(), model.now);
    let group = named(model, params)?;
    if active(group).is_some() {
        return Err(in_progress());
    }
    let refresh = Refresh {
        id: id.clone(),
        status: RefreshStatus::Pending,
        reason: String::new(),
        started: None,
        ended: None,
        preferences,
        desired,
        old: Default::default(),
        updated: 0,
        progressed: now,
        passed: 0,
        paused: None,
        rollback: None,
    };
    group.refreshes.push_front(refresh);
    group.refreshes.truncate(KEPT);
    schedule(model, &name);
    Ok(Node::body().field("InstanceRefreshId", id))
}

/// The instances that a refresh is to replace, as it begins.
fn outdated(model: &Model, group: &Group, refresh: &Refresh) -> Vec<InstanceId> {
    let target = launch::pinned(model, &blueprint(group).launch);
    let preferences = &refresh.preferences;
    let members = group.members.iter().filter(|(_, member)| {
        let ignored = (member.protected && preferences.protected == "Ignore")
            || (step::stands_by(member) && preferences.standby == "Ignore");
        let matches = preferences.skip_matching && member.launch == target;
        (member.state.counts() || step::stands_by(member)) && !ignored && !matches
    });
    members.map(|(id, _)| id.clone()).collect()
}

fn not_active(group: &str) -> ApiError {
    let message = format!("No in progress or pending Instance Refresh found for Auto Scaling group {group}");
    ApiError::new("ActiveInstanceRefreshNotFound", message)
}

/// CancelInstanceRefresh.
pub fn cancel(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let waits = params.bool("WaitForTransitioningInstances")?.unwrap_or(true);
    let now = model.now;
    let group = named(model, params)?;
    let name = group.name.clone();
    let refresh = active_mut(group).ok_or_else(|| not_active(&name))?;
    refresh.reason = "Cancelled due to user request.".to_owned();
    refresh.status = RefreshStatus::Cancelling;
    if !waits {
        (refresh.status, refresh.ended) = (RefreshStatus::Cancelled, Some(now));
    }
    Ok(Node::body().field("InstanceRefreshId", &refresh.id))
}

/// RollbackInstanceRefresh.
pub fn rollback(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let now = model.now;
    let group = named(model, params)?;
    let name = group.name.clone();
    let refresh = active(group).filter(|refresh| refresh.status != RefreshStatus::Cancelling);
    let refresh = refresh.ok_or_else(|| not_active(&name))?;
    let id = refresh.id.clone();
    if !step::can_roll_back(group, refresh) {
        let message =
            format!("The instance refresh {id} of Auto Scaling group {name} cannot be rolled back.");
        return Err(ApiError::new("IrreversibleInstanceRefresh", message));
    }
    if refresh.status != RefreshStatus::RollbackInProgress {
        step::roll_back(group, now, "Rolled back due to user request.");
    }
    Ok(Node::body().field("InstanceRefreshId", id))
}

/// The refreshes of a group, the newest first (DescribeInstanceRefreshes).
pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let name = params.required("AutoScalingGroupName")?;
    let group = model.autoscaling.groups.get(name).ok_or_else(|| not_found(name))?;
    let ids = params.texts("InstanceRefreshIds");
    let chosen: Vec<&Refresh> =
        group.refreshes.iter().filter(|one| ids.is_empty() || ids.contains(&one.id.as_str())).collect();
    let size = params.int("MaxRecords")?.unwrap_or(50).clamp(1, 100);
    let (page, next) = paginate(chosen, usize::try_from(size).ok(), params.text("NextToken"))
        .map_err(|token| ApiError::new("InvalidNextToken", format!("The token '{token}' is invalid.")))?;
    let told = page.into_iter().map(|refresh| description(group, refresh));
    Ok(Node::body().members("InstanceRefreshes", told).maybe("NextToken", next))
}

fn description(group: &Group, refresh: &Refresh) -> Node {
    let left = (refresh.old.len() as u64).saturating_sub(refresh.updated);
    let node = Node::body()
        .field("InstanceRefreshId", &refresh.id)
        .field("AutoScalingGroupName", &group.name)
        .field("Status", refresh.status.word())
        .maybe("StatusReason", Some(&refresh.reason).filter(|reason| !reason.is_empty()))
        .maybe("StartTime", refresh.started.map(|time| time.stamp()))
        .maybe("EndTime", refresh.ended.map(|time| time.stamp()))
        .field("Strategy", "Rolling")
        .child("Preferences", preferences::node(&refresh.preferences));
    let node = match refresh.status {
        RefreshStatus::Pending => node,
        _ => node.field("PercentageComplete", refresh.percentage()).field("InstancesToUpdate", left).child(
            "ProgressDetails",
            Node::body().child(
                "LivePoolProgress",
                Node::body()
                    .field("PercentageComplete", refresh.percentage())
                    .field("InstancesToUpdate", left),
            ),
        ),
    };
    let node = match &refresh.desired {
        Some(desired) => node.child("DesiredConfiguration", shown::blueprint(Node::body(), desired)),
        None => node,
    };
    match &refresh.rollback {
        Some(rollback) => node.child("RollbackDetails", details(rollback)),
        None => node,
    }
}

fn details(rollback: &Rollback) -> Node {
    Node::body()
        .field("RollbackReason", &rollback.reason)
        .field("RollbackStartTime", rollback.started.stamp())
        .field("PercentageCompleteOnRollback", rollback.percentage)
        .field("InstancesToUpdateOnRollback", rollback.left)
}
