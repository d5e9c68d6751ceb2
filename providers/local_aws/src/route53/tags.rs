//! Tags of hosted zones.

use crate::model::Model;
use crate::model::route53::Zone;
use crate::wire::{ApiError, Node, RestReply, RestRequest};

use super::{part, zones};

/// The children of an element of the body.
fn listed<'a>(request: &'a RestRequest, name: &str) -> &'a [Node] {
    request.body.as_ref().and_then(|body| body.get(name)).map(Node::children).unwrap_or_default()
}

/// Only hosted zones can be tagged here; health checks are not modelled.
fn kind(request: &RestRequest) -> Result<(), ApiError> {
    match part(request, 2) {
        "hostedzone" => Ok(()),
        other => Err(ApiError::new("InvalidInput", format!("ResourceType '{other}' is not known"))),
    }
}

pub fn change(model: &mut Model, request: &RestRequest) -> Result<RestReply, ApiError> {
    kind(request)?;
    let added: Vec<(String, String)> = listed(request, "AddTags")
        .iter()
        .filter_map(|tag| {
            Some((tag.text_of("Key")?.to_owned(), tag.text_of("Value").unwrap_or_default().to_owned()))
        })
        .collect();
    let removed: Vec<&str> = listed(request, "RemoveTagKeys").iter().map(Node::text).collect();
    let zone = zones::find(model, part(request, 3))?;
    zone.tags.extend(added);
    zone.tags.retain(|key, _| !removed.contains(&key.as_str()));
    Ok(RestReply::ok(Node::new("ChangeTagsForResourceResponse")))
}

fn set(zone: &Zone) -> Node {
    let tag = |(key, value): (&String, &String)| Node::body().field("Key", key).field("Value", value);
    Node::body().field("ResourceType", "hostedzone").field("ResourceId", &zone.id).list(
        "Tags",
        "Tag",
        zone.tags.iter().map(tag),
    )
}

pub fn list(model: &mut Model, request: &RestRequest) -> Result<RestReply, ApiError> {
    kind(request)?;
    let set = set(zones::find(model, part(request, 3))?);
    Ok(RestReply::ok(Node::new("ListTagsForResourceResponse").child("ResourceTagSet", set)))
}

pub fn list_many(model: &mut Model, request: &RestRequest) -> Result<RestReply, ApiError> {
    kind(request)?;
    let ids: Vec<&str> = listed(request, "ResourceIds").iter().map(Node::text).collect();
    if ids.is_empty() || ids.len() > 10 {
        return Err(ApiError::new("InvalidInput", "ResourceIds must hold 1 to 10 ids"));
    }
    let sets = ids.iter().map(|id| zones::find(model, id).map(|zone| set(zone)));
    let sets = sets.collect::<Result<Vec<Node>, ApiError>>()?;
    Ok(RestReply::ok(Node::new("ListTagsForResourcesResponse").list(
        "ResourceTagSets",
        "ResourceTagSet",
        sets,
    )))
}
