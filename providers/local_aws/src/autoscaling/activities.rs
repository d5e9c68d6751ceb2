//! What groups have done, in AWS's words.

use crate::ec2::fleet;
use crate::model::autoscaling::Activity;
use crate::model::ec2::InstanceId;
use crate::model::{Model, Time};
use crate::wire::{ApiError, Node, Params, paginate};

/// How many a group remembers; AWS keeps six weeks.
const KEPT: usize = 500;

/// A sentence of a cause: `At 2026-11-21T07:00:00Z an instance was …`.
pub fn at(now: Time, what: &str) -> String {
    let stamp = now.stamp();
    let seconds = stamp.split_once('.').map_or(stamp.as_str(), |(seconds, _)| seconds);
    format!("At {seconds}Z {what}")
}

fn push(model: &mut Model, group: &str, activity: Activity) {
    if let Some(group) = model.autoscaling.groups.get_mut(group) {
        group.activities.push_front(activity);
        group.activities.truncate(KEPT);
    }
}

fn new(model: &mut Model, description: String, cause: String) -> Activity {
    Activity {
        id: model.random.uuid(),
        description,
        cause,
        started: model.now,
        ended: None,
        status: "InProgress".to_owned(),
        message: None,
        instance: None,
        details: String::new(),
    }
}

/// Something begins to happen to an instance: `PreInService` if it is on its way in, `InProgress` on its way out.
pub fn begin(model: &mut Model, group: &str, id: &InstanceId, what: &str, cause: String, status: &str) {
    let details = fleet::instance(model, id.as_str()).map(|instance| {
        format!(r#"{{"Subnet ID":"{}","Availability Zone":"{}"}}"#, instance.subnet, instance.zone)
    });
    let activity = Activity {
        instance: Some(id.clone()),
        status: status.to_owned(),
        details: details.unwrap_or_default(),
        ..new(model, format!("{what}: {id}"), cause)
    };
    push(model, group, activity);
}

/// Something has failed at once. The same failure at the same moment, met by the next of many instances, is told once.
pub fn failed(model: &mut Model, group: &str, description: &str, cause: String, message: String) {
    let latest = model.autoscaling.groups.get(group).and_then(|group| group.activities.front());
    if latest.is_some_and(|last| last.started == model.now && last.message.as_ref() == Some(&message)) {
        return;
    }
    let begun = new(model, description.to_owned(), cause);
    let ended = Some(model.now);
    push(model, group, Activity { ended, status: "Failed".to_owned(), message: Some(message), ..begun });
}

fn open<'a>(model: &'a mut Model, group: &str, id: &'a InstanceId) -> impl Iterator<Item = &'a mut Activity> {
    let group = model.autoscaling.groups.get_mut(group);
    let all = group.into_iter().flat_map(|group| group.activities.iter_mut());
    all.filter(|activity| activity.instance.as_ref() == Some(id) && activity.ended.is_none())
}

/// What is happening to an instance has got so far.
pub fn turn(model: &mut Model, group: &str, id: &InstanceId, status: &str) {
    open(model, group, id).for_each(|activity| activity.status = status.to_owned());
}

/// What was happening to an instance is over.
pub fn end(model: &mut Model, group: &str, id: &InstanceId, status: &str) {
    let now = model.now;
    for activity in open(model, group, id) {
        activity.ended = Some(now);
        activity.status = status.to_owned();
    }
}

/// What was happening to an instance is broken off.
pub fn cancel(model: &mut Model, group: &str, id: &InstanceId, message: &str) {
    open(model, group, id).for_each(|activity| activity.message = Some(message.to_owned()));
    end(model, group, id, "Cancelled");
}

/// The newest activity about an instance.
pub fn of(model: &Model, group: &str, id: &InstanceId) -> Node {
    let Some(group) = model.autoscaling.groups.get(group) else { return Node::body() };
    let found = group.activities.iter().find(|activity| activity.instance.as_ref() == Some(id));
    found.map_or_else(Node::body, |activity| node(&group.name, &group.arn, activity))
}

/// The newest activities of a group.
pub fn newest(model: &Model, group: &str, count: usize) -> Vec<Node> {
    let Some(group) = model.autoscaling.groups.get(group) else { return Vec::new() };
    group.activities.iter().take(count).map(|activity| node(&group.name, &group.arn, activity)).collect()
}

/// How far an activity in a status has got, in percent.
fn progress(status: &str) -> u8 {
    match status {
        "PreInService" => 30,
        "WaitingForELBConnectionDraining" | "InProgress" => 50,
        "MidLifecycleAction" => 60,
        _ => 100,
    }
}

fn node(group: &str, arn: &str, activity: &Activity) -> Node {
    Node::body()
        .field("ActivityId", &activity.id)
        .field("AutoScalingGroupName", group)
        .field("AutoScalingGroupARN", arn)
        .field("Description", &activity.description)
        .field("Cause", &activity.cause)
        .field("StartTime", activity.started.stamp())
        .maybe("EndTime", activity.ended.map(|time| time.stamp()))
        .field("StatusCode", &activity.status)
        .maybe("StatusMessage", activity.message.as_ref())
        .field("Progress", progress(&activity.status))
        .maybe("Details", Some(&activity.details).filter(|details| !details.is_empty()))
}

/// Activities of all groups or of one, the newest first (DescribeScalingActivities).
pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let ids = params.texts("ActivityIds");
    let name = params.text("AutoScalingGroupName");
    let bounds = bounds(params)?;
    let alive = model.autoscaling.groups.values();
    let alive = alive.map(|group| (&group.name, &group.arn, &group.activities, None));
    let with_former = params.bool("IncludeDeletedGroups")?.unwrap_or(false);
    let former = model.autoscaling.former.iter().filter(|_| with_former);
    let former = former.map(|group| (&group.name, &group.arn, &group.activities, Some("deleted")));
    let groups = alive.chain(former).filter(|(group, ..)| name.is_none_or(|name| *group == name));
    let fits = |activity: &&Activity| {
        (ids.is_empty() || ids.contains(&activity.id.as_str()))
            && bounds.iter().all(|bound| bound.admits(activity))
    };
    let chosen: Vec<Node> = groups
        .flat_map(|(name, arn, activities, state)| {
            let told = activities.iter().filter(fits).map(move |activity| node(name, arn, activity));
            told.map(move |node| node.maybe("AutoScalingGroupState", state))
        })
        .collect();
    let size = params.int("MaxRecords")?.unwrap_or(100).clamp(1, 100);
    let (page, next) = paginate(chosen, usize::try_from(size).ok(), params.text("NextToken"))
        .map_err(|token| ApiError::new("InvalidNextToken", format!("The token '{token}' is invalid.")))?;
    Ok(Node::body().members("Activities", page).maybe("NextToken", next))
}

/// One of the `Filters` of a describe.
enum Bound {
    From(Time),
    Until(Time),
    Status(Vec<String>),
}

impl Bound {
    fn admits(&self, activity: &Activity) -> bool {
        match self {
            Self::From(time) => activity.started >= *time,
            Self::Until(time) => activity.started <= *time,
            Self::Status(statuses) => statuses.contains(&activity.status),
        }
    }
}

fn bounds(params: &Params) -> Result<Vec<Bound>, ApiError> {
    let refused = |filter: &Params| {
        let name = filter.text("Name").unwrap_or_default();
        ApiError::validation(format!("Filter '{name}' is not valid, or its values are not"))
    };
    let time = |filter: &Params| filter.texts("Values").first().and_then(|text| Time::parse(text));
    let one = |filter: &&Params| match filter.text("Name") {
        Some("StartTimeLowerBound") => time(filter).map(Bound::From).ok_or_else(|| refused(filter)),
        Some("StartTimeUpperBound") => time(filter).map(Bound::Until).ok_or_else(|| refused(filter)),
        Some("Status") => Ok(Bound::Status(filter.strings("Values"))),
        _ => Err(refused(filter)),
    };
    params.list("Filters").iter().map(one).collect()
}
