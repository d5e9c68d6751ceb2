//! Tags.

use std::collections::BTreeMap;

use super::filter::{Field, select};
use super::kind::Kind;
use crate::model::Model;
use crate::model::ec2::{Ec2, Tags};
use crate::wire::{ApiError, Node, Params};

/// The most tags one thing may have.
const MOST_TAGS: usize = 50;

/// Reads `TagSpecification.N`, by resource type.
///
/// # Errors
/// A resource type that cannot be tagged, or a tag that AWS refuses.
pub fn specifications(params: &Params) -> Result<BTreeMap<String, Tags>, ApiError> {
    let mut all = BTreeMap::new();
    for specification in params.list("TagSpecification") {
        let resource_type = specification.required("ResourceType")?;
        if Kind::named(resource_type).is_none() && !UNMODELLED.contains(&resource_type) {
            let reason =
                format!("'{resource_type}' is not a valid taggable resource type for this operation.");
            return Err(ApiError::new("InvalidParameterValue", reason));
        }
        all.insert(resource_type.to_owned(), read(specification)?);
    }
    Ok(all)
}

/// Types that launches may tag although the model has no such things.
const UNMODELLED: &[&str] = &["spot-instances-request", "elastic-gpu"];

/// Reads `Tag.N`.
///
/// # Errors
/// `InvalidParameterValue` for keys that are empty, too long, doubled or AWS's own.
pub fn read(params: &Params) -> Result<Tags, ApiError> {
    let mut tags = Tags::new();
    for tag in params.list("Tag") {
        let (key, value) = (tag.required("Key")?, tag.text("Value").unwrap_or_default());
        check(key, value)?;
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(invalid(format!("Duplicate tag key '{key}' specified.")));
        }
    }
    Ok(tags)
}

fn check(key: &str, value: &str) -> Result<(), ApiError> {
    if key.to_ascii_lowercase().starts_with("aws:") {
        return Err(invalid("Tag keys starting with 'aws:' are reserved for internal use".to_owned()));
    }
    if key.chars().count() > 127 {
        return Err(invalid(format!("Tag key exceeds the maximum length of 127 characters: {key}")));
    }
    if value.chars().count() > 255 {
        return Err(invalid(format!("Tag value exceeds the maximum length of 255 characters: {value}")));
    }
    Ok(())
}

fn invalid(reason: String) -> ApiError {
    ApiError::new("InvalidParameterValue", reason)
}

/// Adds tags to a thing.
///
/// # Errors
/// `TagLimitExceeded`.
pub fn put(model: &mut Model, id: &str, tags: &Tags) -> Result<(), ApiError> {
    if tags.is_empty() {
        return Ok(());
    }
    let present = model.ec2.tags.entry(id.to_owned()).or_default();
    let total = present.keys().chain(tags.keys()).collect::<std::collections::BTreeSet<_>>();
    // AWS's own tags do not count.
    if total.iter().filter(|key| !key.starts_with("aws:")).count() > MOST_TAGS {
        let reason = "The maximum number of tags per resource has been reached";
        return Err(ApiError::new("TagLimitExceeded", reason));
    }
    present.extend(tags.clone());
    Ok(())
}

/// Tags what a create call makes: the specification of its resource type.
///
/// # Errors
/// As for [`specifications`] and [`put`].
pub fn put_specified(model: &mut Model, kind: Kind, id: &str, params: &Params) -> Result<(), ApiError> {
    let tags = specifications(params)?.remove(kind.resource_type).unwrap_or_default();
    put(model, id, &tags)
}

/// Adds the `tagSet` of a thing, if it has tags.
pub fn tag_set(ec2: &Ec2, id: &str, node: Node) -> Node {
    let tags = ec2.tags_of(id);
    if tags.is_empty() { node } else { node.items("tagSet", nodes(tags)) }
}

/// Tags as elements of a list.
pub fn nodes(tags: &Tags) -> impl Iterator<Item = Node> + '_ {
    tags.iter().map(|(key, value)| Node::body().field("key", key).field("value", value))
}

/// CreateTags: all or nothing.
pub fn create_tags(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let tags = read(params)?;
    if tags.is_empty() {
        return Err(ApiError::new("MissingParameter", "The request must contain the parameter tag"));
    }
    for id in existing(model, params)? {
        put(model, &id, &tags)?;
    }
    Ok(Node::body().field("return", true))
}

/// DeleteTags: a tag named with a value goes only if it has that value; without tags, all go.
pub fn delete_tags(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let unwanted: Vec<(&str, Option<&str>)> = params
        .list("Tag")
        .into_iter()
        .map(|tag| Ok((tag.required("Key")?, tag.text("Value"))))
        .collect::<Result<_, ApiError>>()?;
    for id in existing(model, params)? {
        if let Some(tags) = model.ec2.tags.get_mut(&id) {
            tags.retain(|key, value| !goes(&unwanted, key, value));
        }
    }
    Ok(Node::body().field("return", true))
}

fn goes(unwanted: &[(&str, Option<&str>)], key: &str, value: &str) -> bool {
    let named = unwanted.iter().any(|(name, only)| *name == key && only.is_none_or(|only| only == value));
    (named || unwanted.is_empty()) && !key.starts_with("aws:")
}

fn existing(model: &Model, params: &Params) -> Result<Vec<String>, ApiError> {
    let ids = params.strings("ResourceId");
    if ids.is_empty() {
        return Err(ApiError::new(
            "MissingParameter",
            "The request must contain the parameter resourceIdSet",
        ));
    }
    for id in &ids {
        let kind =
            Kind::of(id).ok_or_else(|| ApiError::new("InvalidID", format!("The ID '{id}' is not valid")))?;
        kind.check(id)?;
        if !exists(&model.ec2, kind, id) {
            return Err(kind.not_found(id));
        }
    }
    Ok(ids)
}

fn exists(ec2: &Ec2, kind: Kind, id: &str) -> bool {
    match kind.prefix {
        "i" => ec2.instances.contains_key(id),
        "ami" => ec2.images.contains_key(id),
        "snap" => ec2.snapshots.contains_key(id),
        "vol" => ec2.volumes.contains_key(id),
        "vpc" => ec2.vpcs.contains_key(id),
        "subnet" => ec2.subnets.contains_key(id),
        "igw" => ec2.gateways.contains_key(id),
        "rtb" => ec2.route_tables.contains_key(id),
        "sg" => ec2.groups.contains_key(id),
        "sgr" => ec2.groups.values().any(|group| group.rules.iter().any(|rule| rule.id.as_str() == id)),
        "eni" => ec2.interfaces.contains_key(id),
        "key" => ec2.key_pairs.values().any(|key| key.id.as_str() == id),
        "lt" => ec2.templates.contains_key(id),
        _ => false,
    }
}

struct TagLine<'m> {
    id: &'m str,
    key: &'m str,
    value: &'m str,
}

impl TagLine<'_> {
    fn resource_type(&self) -> &'static str {
        Kind::of(self.id).map_or("", |kind| kind.resource_type)
    }
}

/// DescribeTags.
pub fn describe_tags(model: &Model, params: &Params) -> Result<Node, ApiError> {
    let lines: Vec<TagLine<'_>> = model
        .ec2
        .tags
        .iter()
        .flat_map(|(id, tags)| tags.iter().map(move |(key, value)| TagLine { id, key, value }))
        .collect();
    let fields: &[Field<TagLine<'_>>] = &[
        ("resource-id", |_, line| vec![line.id.to_owned()]),
        ("resource-type", |_, line| vec![line.resource_type().to_owned()]),
        ("key", |_, line| vec![line.key.to_owned()]),
        ("value", |_, line| vec![line.value.to_owned()]),
    ];
    let chosen = select(model, params, &lines, fields, |_| "")?;
    super::page::page(params, "tagSet", chosen, |line| {
        Node::body()
            .field("resourceId", line.id)
            .field("resourceType", line.resource_type())
            .field("key", line.key)
            .field("value", line.value)
    })
}
