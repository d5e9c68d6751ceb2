//! Tags of groups.

use crate::model::Model;
use crate::model::autoscaling::GroupTag;
use crate::wire::{ApiError, Node, Params, paginate};

use super::not_found;

/// The `Tags` of a request: the group each names (creates may leave that out), the key, and the tag.
pub fn read(params: &Params) -> Result<Vec<(Option<String>, String, GroupTag)>, ApiError> {
    let one = |tag: &Params| {
        let propagate = tag.bool("PropagateAtLaunch")?.unwrap_or(true);
        let value = tag.text("Value").unwrap_or_default().to_owned();
        let key = tag.required("Key")?.to_owned();
        Ok((tag.text("ResourceId").map(str::to_owned), key, GroupTag { value, propagate }))
    };
    params.list("Tags").into_iter().map(one).collect()
}

fn with_group(params: &Params) -> Result<Vec<(String, String, GroupTag)>, ApiError> {
    let missing = || ApiError::validation("Tags must name a ResourceId");
    let named = read(params)?.into_iter().map(|(group, key, tag)| Ok((group.ok_or_else(missing)?, key, tag)));
    named.collect()
}

pub fn create_or_update(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let tags = with_group(params)?;
    if let Some((group, ..)) = tags.iter().find(|(group, ..)| !model.autoscaling.groups.contains_key(group)) {
        return Err(not_found(group));
    }
    for (group, key, tag) in tags {
        if let Some(group) = model.autoscaling.groups.get_mut(&group) {
            group.tags.insert(key, tag);
        }
    }
    Ok(Node::body())
}

pub fn delete(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    for (group, key, _) in with_group(params)? {
        model.autoscaling.groups.get_mut(&group).ok_or_else(|| not_found(&group))?.tags.remove(&key);
    }
    Ok(Node::body())
}

pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let filters: Vec<(&str, Vec<&str>)> = params
        .list("Filters")
        .into_iter()
        .map(|filter| (filter.text("Name").unwrap_or_default(), filter.texts("Values")))
        .collect();
    let fits = |group: &str, key: &str, tag: &GroupTag| {
        filters.iter().all(|(name, values)| match *name {
            "auto-scaling-group" => values.contains(&group),
            "key" => values.contains(&key),
            "value" => values.contains(&tag.value.as_str()),
            "propagate-at-launch" => values.contains(&if tag.propagate { "true" } else { "false" }),
            _ => false,
        })
    };
    let groups = model.autoscaling.groups.values();
    let all =
        groups.flat_map(|group| group.tags.iter().map(move |(key, tag)| (group.name.as_str(), key, tag)));
    let chosen: Vec<Node> = all
        .filter(|(group, key, tag)| fits(group, key, tag))
        .map(|(group, key, tag)| node(group, key, tag))
        .collect();
    let size = params.int("MaxRecords")?.unwrap_or(50).clamp(1, 100);
    let (page, next) = paginate(chosen, usize::try_from(size).ok(), params.text("NextToken"))
        .map_err(|token| ApiError::new("InvalidNextToken", format!("The token '{token}' is invalid.")))?;
    Ok(Node::body().members("Tags", page).maybe("NextToken", next))
}

/// How describes show a tag.
pub fn node(group: &str, key: &str, tag: &GroupTag) -> Node {
    Node::body()
        .field("ResourceId", group)
        .field("ResourceType", "auto-scaling-group")
        .field("Key", key)
        .field("Value", &tag.value)
        .field("PropagateAtLaunch", tag.propagate)
}
