//! Tags of hosted zones and health checks.

use crate::model::Model;
use crate::model::ec2::Tags;
use crate::wire::{ApiError, Node, RestReply, RestRequest};

use super::{health_checks, part, zones};

/// The children of an element of the body.
fn listed<'a>(request: &'a RestRequest, name: &str) -> &'a [Node] {
    request.body.as_ref().and_then(|body| body.get(name)).map(Node::children).unwrap_or_default()
}

/// The tags of a hosted zone or a health check.
fn tags<'a>(model: &'a mut Model, kind: &str, id: &str) -> Result<&'a mut Tags, ApiError> {
    match kind {
        "hostedzone" => Ok(&mut zones::find(model, id)?.tags),
        "healthcheck" => Ok(&mut health_checks::find(model, id)?.tags),
        other => Err(ApiError::new("InvalidInput", format!("ResourceType '{other}' is not known"))),
    }
}

pub fn change(model: &mut Model, request: &RestRequest) -> Result<RestReply, ApiError> {
    let added: Vec<(String, String)> = listed(request, "AddTags")
        .iter()
        .filter_map(|tag| {
            Some((tag.text_of("Key")?.to_owned(), tag.text_of("Value").unwrap_or_default().to_owned()))
        })
        .collect();
    let removed: Vec<&str> = listed(request, "RemoveTagKeys").iter().map(Node::text).collect();
    let tags = tags(model, part(request, 2), part(request, 3))?;
    tags.extend(added);
    tags.retain(|key, _| !removed.contains(&key.as_str()));
    Ok(RestReply::ok(Node::new("ChangeTagsForResourceResponse")))
}

fn set(model: &mut Model, kind: &str, id: &str) -> Result<Node, ApiError> {
    let tag = |(key, value): (&String, &String)| Node::body().field("Key", key).field("Value", value);
    let found = tags(model, kind, id)?;
    let set = Node::body().field("ResourceType", kind).field("ResourceId", id);
    Ok(set.list("Tags", "Tag", found.iter().map(tag)))
}

pub fn list(model: &mut Model, request: &RestRequest) -> Result<RestReply, ApiError> {
    let set = set(model, part(request, 2), part(request, 3))?;
    Ok(RestReply::ok(Node::new("ListTagsForResourceResponse").child("ResourceTagSet", set)))
}

pub fn list_many(model: &mut Model, request: &RestRequest) -> Result<RestReply, ApiError> {
    let ids: Vec<&str> = listed(request, "ResourceIds").iter().map(Node::text).collect();
    if ids.is_empty() || ids.len() > 10 {
        return Err(ApiError::new("InvalidInput", "ResourceIds must hold 1 to 10 ids"));
    }
    let sets = ids.iter().map(|id| set(model, part(request, 2), id));
    let sets = sets.collect::<Result<Vec<Node>, ApiError>>()?;
    Ok(RestReply::ok(Node::new("ListTagsForResourcesResponse").list(
        "ResourceTagSets",
        "ResourceTagSet",
        sets,
    )))
}
