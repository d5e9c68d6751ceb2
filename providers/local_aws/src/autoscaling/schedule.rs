//! Scheduled actions. One with a single time is carried out; cron expressions are kept, not followed.

use crate::model::autoscaling::{Group, Scheduled};
use crate::model::{Event, Model, Time};
use crate::wire::{ApiError, Node, Params, paginate};

use super::{AutoScalingEvent, groups, named};

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
    if old.is_none() && group.schedule.len() >= MOST {
        let said = format!("The group already has {MOST} scheduled actions");
        return Err(ApiError::new("LimitExceeded", said));
    }
    let arn = match old {
        Some(old) => old.arn.clone(),
        None => format!(
            "arn:aws:autoscaling:{}:{}:scheduledUpdateGroupAction:{}:autoScalingGroupName/{of_group}:scheduledActionName/{name}",
            model.region,
            model.account,
            model.random.uuid()
        ),
    };
    if let Some(due) = once(&merged) {
        let event = AutoScalingEvent::Scheduled(of_group, name.clone());
        model.schedule_in(due.since(now), Event::AutoScaling(event));
    }
    named(model, params)?.schedule.insert(name, Scheduled { arn, params: merged });
    Ok(Node::body())
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
    let refused = match merged.text("Recurrence") {
        _ if SIZES.iter().all(|size| merged.text(size).is_none()) => {
            "At least one of MinSize, MaxSize and DesiredCapacity must be specified"
        }
        _ if start.is_some_and(|start| start < now) => "Given start time is in the past",
        None if merged.text("StartTime").is_none() => "Either a recurrence or a start time must be specified",
        Some(cron) if cron.split_whitespace().count() != 5 => "Given recurrence string is invalid",
        _ if end.is_some_and(|end| start.is_some_and(|start| end <= start)) => {
            "Given end time is before the start time"
        }
        _ => return Ok(()),
    };
    Err(ApiError::validation(refused))
}

/// When an action that has but one time is due.
fn once(params: &Params) -> Option<Time> {
    let recurs = params.text("Recurrence").is_some();
    params.text("StartTime").filter(|_| !recurs).and_then(Time::parse)
}

/// An action's time has come; one that has but one time is then gone.
pub fn due(model: &mut Model, group: &str, name: &str) {
    let now = model.now;
    let Some(found) = model.autoscaling.groups.get_mut(group).filter(|group| !group.deleting) else { return };
    // It may have been put off since.
    let due = found.schedule.get(name).and_then(|action| once(&action.params));
    if due.is_none_or(|due| due > now) {
        return;
    }
    let action = found.schedule.remove(name);
    if let Some(action) = action.filter(|_| found.runs("ScheduledActions")) {
        groups::resize(model, group, &action.params);
    }
}

/// Actions of all groups, or of one (DescribeScheduledActions).
pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let (names, of_group) = (params.texts("ScheduledActionNames"), params.text("AutoScalingGroupName"));
    let groups = model.autoscaling.groups.values();
    let groups = groups.filter(|group| of_group.is_none_or(|name| name == group.name));
    let all = groups.flat_map(|group| group.schedule.iter().map(move |(name, action)| (group, name, action)));
    let found: Vec<Node> = all
        .filter(|(_, name, _)| names.is_empty() || names.contains(&name.as_str()))
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
        .maybe("StartTime", stamp("StartTime"))
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
