//! Scheduled actions: sizes of a group at a time, once or again and again.

mod batch;
mod cron;

use jiff::tz::TimeZone;

use crate::model::autoscaling::{Group, Scheduled};
use crate::model::{Event, Model, Time};
use crate::wire::{ApiError, Node, Params, paginate};

use super::{AutoScalingEvent, groups, named};
use cron::Cron;

pub use batch::{delete_all, put_all};

/// A group has at most so many (EC2 Auto Scaling, "quotas").
const MOST: usize = 125;

const SIZES: [&str; 3] = ["MinSize", "MaxSize", "DesiredCapacity"];

/// Makes an action, or changes what the request says of the one with that name (PutScheduledUpdateGroupAction).
pub fn put(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let now = model.now;
    let group = named(model, params)?;
    let (of_group, name) = (group.name.clone(), params.required("ScheduledActionName")?.to_owned());
    let old = group.schedule.get(&name);
    let merged = old.map_or_else(|| params.clone(), |old| params.over(&old.params));
    check(params, &merged, now)?;
    let next = next(&merged, now)?
        .ok_or_else(|| ApiError::validation("Given end time is before the first recurrence"))?;
    room(group, &name, next)?;
    let arn = match old {
        Some(old) => old.arn.clone(),
        None => format!(
            "arn:aws:autoscaling:{}:{}:scheduledUpdateGroupAction:{}:autoScalingGroupName/{of_group}:scheduledActionName/{name}",
            model.region,
            model.account,
            model.random.uuid()
        ),
    };
    named(model, params)?.schedule.insert(name.clone(), Scheduled { arn, params: merged, next: Some(next) });
    expect(model, of_group, name, next);
    Ok(Node::body())
}

/// Refuses one action too many, and one at the time of another.
fn room(group: &Group, name: &str, next: Time) -> Result<(), ApiError> {
    if group.schedule.len() >= MOST && !group.schedule.contains_key(name) {
        let said = format!("The group already has {MOST} scheduled actions");
        return Err(ApiError::new("LimitExceeded", said));
    }
    if group.schedule.iter().any(|(other, action)| other != name && action.next == Some(next)) {
        let said = "Scheduled action with this scheduled start time already exists";
        return Err(ApiError::new("AlreadyExists", said));
    }
    Ok(())
}

fn expect(model: &mut Model, group: String, name: String, next: Time) {
    let wait = next.since(model.now) + model.random.delay(model.timing.autoscaling.scheduled);
    model.schedule_in(wait, Event::AutoScaling(AutoScalingEvent::Scheduled(group, name)));
}

fn moment(params: &Params, name: &str) -> Result<Option<Time>, ApiError> {
    let wrong = |text: &str| ApiError::validation(format!("{name} '{text}' is not a valid timestamp"));
    params.text(name).map(|text| Time::parse(text).ok_or_else(|| wrong(text))).transpose()
}

fn check(params: &Params, merged: &Params, now: Time) -> Result<(), ApiError> {
    for size in SIZES {
        if params.int(size)?.is_some_and(|size| size < 0) {
            return Err(ApiError::validation(format!("{size} must not be negative")));
        }
    }
    let (start, end) = (moment(params, "StartTime")?, moment(merged, "EndTime")?);
    let (min, max) = (merged.int("MinSize")?, merged.int("MaxSize")?);
    let refused = match merged.text("Recurrence") {
        _ if SIZES.iter().all(|size| merged.text(size).is_none()) => {
            "At least one of MinSize, MaxSize and DesiredCapacity must be specified"
        }
        _ if min.zip(max).is_some_and(|(min, max)| min > max) => {
            "Min bound must not be greater than max bound"
        }
        _ if start.is_some_and(|start| start < now) => "Given start time is in the past",
        None if merged.text("StartTime").is_none() => "Either a recurrence or a start time must be specified",
        Some(cron) if Cron::parse(cron).is_none() => "Given recurrence string is invalid",
        _ if end.is_some_and(|end| start.is_some_and(|start| end <= start)) => {
            "Given end time is before the start time"
        }
        _ => return Ok(()),
    };
    Err(ApiError::validation(refused))
}

/// When an action is due for the first time after `now`; `None` if it is over.
fn next(params: &Params, now: Time) -> Result<Option<Time>, ApiError> {
    let (start, end) = (moment(params, "StartTime")?, moment(params, "EndTime")?);
    let Some(cron) = params.text("Recurrence").and_then(Cron::parse) else {
        return Ok(start.filter(|start| *start >= now));
    };
    // The start itself may be the first time.
    let after = start.map(|start| Time(start.0.saturating_sub(1))).unwrap_or_default().max(now);
    Ok(cron.next(after, &zone(params)?).filter(|next| end.is_none_or(|end| *next <= end)))
}

/// The zone of a recurrence, from the time zone database of this machine; UTC unless the action has one.
fn zone(params: &Params) -> Result<TimeZone, ApiError> {
    let name = params.text("TimeZone").filter(|name| !name.is_empty()).unwrap_or("UTC");
    let unknown =
        |_| ApiError::validation(format!("Given time zone {name} is not in the time zone database"));
    if name == "UTC" { Ok(TimeZone::UTC) } else { TimeZone::get(name).map_err(unknown) }
}

/// An action's time has come. One that has no other is then gone; one whose process is suspended is lost all the
/// same.
pub fn due(model: &mut Model, group: &str, name: &str) {
    let now = model.now;
    let Some(found) = model.autoscaling.groups.get_mut(group).filter(|group| !group.deleting) else { return };
    let runs = found.runs("ScheduledActions");
    let Some(action) = found.schedule.get_mut(name) else { return };
    // It may have been put off since.
    if action.next.is_none_or(|next| next > now) {
        return;
    }
    let params = action.params.clone();
    action.next = params.text("Recurrence").and_then(|_| next(&params, now).ok().flatten());
    match action.next {
        Some(next) => expect(model, group.to_owned(), name.to_owned(), next),
        None => drop(found.schedule.remove(name)),
    }
    if runs {
        groups::resize(model, group, &params);
    }
}

/// Actions of all groups, or of one (DescribeScheduledActions).
pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let (names, of_group) = (params.texts("ScheduledActionNames"), params.text("AutoScalingGroupName"));
    let (from, to) = (moment(params, "StartTime")?, moment(params, "EndTime")?);
    let groups = model.autoscaling.groups.values();
    let groups = groups.filter(|group| of_group.is_none_or(|name| name == group.name));
    let all = groups.flat_map(|group| group.schedule.iter().map(move |(name, action)| (group, name, action)));
    let found: Vec<Node> = all
        .filter(|(_, name, action)| match names.is_empty() {
            true => action
                .next
                .is_none_or(|next| from.is_none_or(|from| next >= from) && to.is_none_or(|to| next <= to)),
            false => names.contains(&name.as_str()),
        })
        .map(|(group, name, action)| description(group, name, action))
        .collect();
    let size = params.int("MaxRecords")?.unwrap_or(50).clamp(1, 100);
    let (page, next) = paginate(found, usize::try_from(size).ok(), params.text("NextToken"))
        .map_err(|token| ApiError::new("InvalidNextToken", format!("The token '{token}' is invalid.")))?;
    Ok(Node::body().members("ScheduledUpdateGroupActions", page).maybe("NextToken", next))
}

fn description(group: &Group, name: &str, action: &Scheduled) -> Node {
    let params = &action.params;
    let stamp = |name: &str| params.text(name).and_then(Time::parse).map(Time::stamp);
    let told = Node::body()
        .field("AutoScalingGroupName", &group.name)
        .field("ScheduledActionName", name)
        .field("ScheduledActionARN", &action.arn)
        .maybe("StartTime", action.next.map(Time::stamp))
        .maybe("EndTime", stamp("EndTime"))
        .maybe("Recurrence", params.text("Recurrence"))
        .maybe("TimeZone", params.text("TimeZone"));
    SIZES.iter().fold(told, |told, size| told.maybe(*size, params.text(size)))
}

/// Deletes an action (DeleteScheduledAction).
pub fn delete(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let group = named(model, params)?;
    let name = params.required("ScheduledActionName")?;
    match group.schedule.remove(name) {
        Some(_) => Ok(Node::body()),
        None => Err(ApiError::validation(format!(
            "Scheduled action name not found - Scheduled action '{name}' not found"
        ))),
    }
}
