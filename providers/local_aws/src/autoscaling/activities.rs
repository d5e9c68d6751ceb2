//! What groups have done.

use crate::model::Model;
use crate::model::autoscaling::{Activity, Group};
use crate::model::ec2::InstanceId;
use crate::wire::{ApiError, Node, Params, paginate};

/// How many a group remembers; AWS keeps six weeks.
const KEPT: usize = 100;

fn push(model: &mut Model, group: &str, activity: Activity) {
    if let Some(group) = model.autoscaling.groups.get_mut(group) {
        group.activities.push_front(activity);
        group.activities.truncate(KEPT);
    }
}

fn new(model: &mut Model, description: String, cause: &str) -> Activity {
    Activity {
        id: model.random.uuid(),
        description,
        cause: format!("At {} {cause}", model.now.stamp()),
        started: model.now,
        ended: None,
        status: "InProgress".to_owned(),
        message: None,
        instance: None,
    }
}

/// Something begins to happen to an instance.
pub fn begin(model: &mut Model, group: &str, id: &InstanceId, description: String, cause: &str) {
    let activity = Activity { instance: Some(id.clone()), ..new(model, description, cause) };
    push(model, group, activity);
}

/// Something has failed at once.
pub fn failed(model: &mut Model, group: &str, description: &str, cause: &str, message: String) {
    let begun = new(model, description.to_owned(), cause);
    let ended = Some(model.now);
    push(model, group, Activity { ended, status: "Failed".to_owned(), message: Some(message), ..begun });
}

/// What was happening to an instance is over.
pub fn end(model: &mut Model, group: &str, id: &InstanceId, status: &str) {
    let now = model.now;
    let Some(group) = model.autoscaling.groups.get_mut(group) else { return };
    let open = |activity: &&mut Activity| activity.instance.as_ref() == Some(id) && activity.ended.is_none();
    for activity in group.activities.iter_mut().filter(open) {
        activity.ended = Some(now);
        activity.status = status.to_owned();
    }
}

/// The newest activity of a group.
pub fn latest(model: &Model, group: &str) -> Node {
    newest(model, group, 1).pop().unwrap_or_else(Node::body)
}

/// The newest activities of a group.
pub fn newest(model: &Model, group: &str, count: usize) -> Vec<Node> {
    let Some(group) = model.autoscaling.groups.get(group) else { return Vec::new() };
    group.activities.iter().take(count).map(|activity| node(group, activity)).collect()
}

fn node(group: &Group, activity: &Activity) -> Node {
    let progress = if activity.ended.is_some() { 100 } else { 50 };
    Node::body()
        .field("ActivityId", &activity.id)
        .field("AutoScalingGroupName", &group.name)
        .field("Description", &activity.description)
        .field("Cause", &activity.cause)
        .field("StartTime", activity.started.stamp())
        .maybe("EndTime", activity.ended.map(|time| time.stamp()))
        .field("StatusCode", &activity.status)
        .maybe("StatusMessage", activity.message.as_ref())
        .field("Progress", progress)
}

pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let ids = params.texts("ActivityIds");
    let name = params.text("AutoScalingGroupName");
    let groups = model.autoscaling.groups.values().filter(|group| name.is_none_or(|name| group.name == name));
    let all = groups.flat_map(|group| group.activities.iter().map(move |activity| (group, activity)));
    let chosen: Vec<Node> = all
        .filter(|(_, activity)| ids.is_empty() || ids.contains(&activity.id.as_str()))
        .map(|(group, activity)| node(group, activity))
        .collect();
    let size = params.int("MaxRecords")?.unwrap_or(100).clamp(1, 100);
    let (page, next) = paginate(chosen, usize::try_from(size).ok(), params.text("NextToken"))
        .map_err(|token| ApiError::new("InvalidNextToken", format!("The token '{token}' is invalid.")))?;
    Ok(Node::body().members("Activities", page).maybe("NextToken", next))
}
