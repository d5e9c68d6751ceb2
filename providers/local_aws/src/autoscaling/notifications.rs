//! Notifications: kept and told; nobody is notified.

use crate::model::Model;
use crate::model::autoscaling::Group;
use crate::wire::{ApiError, Node, Params, paginate};

use super::named;

/// What a group can tell (DescribeAutoScalingNotificationTypes).
pub const TYPES: [&str; 5] = [
    "autoscaling:EC2_INSTANCE_LAUNCH",
    "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
    "autoscaling:EC2_INSTANCE_TERMINATE",
    "autoscaling:EC2_INSTANCE_TERMINATE_ERROR",
    "autoscaling:TEST_NOTIFICATION",
];

/// Has a group notify a topic of these events, and of no others (PutNotificationConfiguration).
pub fn put(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let (topic, types) = (params.required("TopicARN")?.to_owned(), params.strings("NotificationTypes"));
    let group = named(model, params)?;
    if let Some(other) = types.iter().find(|kind| !TYPES.contains(&kind.as_str())) {
        return Err(ApiError::validation(format!("\"{other}\" is not a valid Notification Type")));
    }
    if types.is_empty() {
        return Err(ApiError::missing(crate::wire::Protocol::Query, "NotificationTypes"));
    }
    group.notifications.insert(topic, types.into_iter().collect());
    Ok(Node::body())
}

/// Of all groups, or of some (DescribeNotificationConfigurations).
pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let names = params.texts("AutoScalingGroupNames");
    let groups = model.autoscaling.groups.values();
    let groups = groups.filter(|group| names.is_empty() || names.contains(&group.name.as_str()));
    let told: Vec<Node> = groups.flat_map(of_group).collect();
    let size = params.int("MaxRecords")?.unwrap_or(50).clamp(1, 100);
    let (page, next) = paginate(told, usize::try_from(size).ok(), params.text("NextToken"))
        .map_err(|token| ApiError::new("InvalidNextToken", format!("The token '{token}' is invalid.")))?;
    Ok(Node::body().members("NotificationConfigurations", page).maybe("NextToken", next))
}

fn of_group(group: &Group) -> impl Iterator<Item = Node> + '_ {
    let pairs = group.notifications.iter();
    pairs.flat_map(|(topic, types)| types.iter().map(move |kind| (topic, kind))).map(|(topic, kind)| {
        Node::body()
            .field("AutoScalingGroupName", &group.name)
            .field("TopicARN", topic)
            .field("NotificationType", kind)
    })
}

/// DeleteNotificationConfiguration.
pub fn delete(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let topic = params.required("TopicARN")?;
    named(model, params)?.notifications.remove(topic);
    Ok(Node::body())
}
