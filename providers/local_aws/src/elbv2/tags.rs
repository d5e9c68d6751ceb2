//! Tags of load balancers, target groups, listeners and rules.

use std::collections::BTreeMap;

use crate::model::Model;
use crate::wire::{ApiError, Node, Params};

use super::{BALANCER, GROUP, LISTENER, RULE};

/// The `Tags` of a request.
pub fn read(params: &Params) -> Result<BTreeMap<String, String>, ApiError> {
    let mut tags = BTreeMap::new();
    for tag in params.list("Tags") {
        let key = tag.required("Key")?.to_owned();
        let value = tag.text("Value").unwrap_or_default().to_owned();
        if tags.insert(key.clone(), value).is_some() {
            return Err(ApiError::new("DuplicateTagKeys", format!("Tag key '{key}' was given twice")));
        }
    }
    Ok(tags)
}

/// Gives something tags, in addition to those that it has.
pub fn give(model: &mut Model, arn: &str, tags: BTreeMap<String, String>) {
    if !tags.is_empty() {
        model.elbv2.tags.entry(arn.to_owned()).or_default().extend(tags);
    }
}

/// The `ResourceArns` of a request, at most 20 (DescribeTags), each of something that is there.
fn arns(model: &Model, params: &Params) -> Result<Vec<String>, ApiError> {
    let arns = params.strings("ResourceArns");
    if arns.is_empty() || arns.len() > 20 {
        return Err(ApiError::validation("ResourceArns must hold 1 to 20 ARNs"));
    }
    arns.iter().try_for_each(|arn| there(model, arn))?;
    Ok(arns)
}

fn there(model: &Model, arn: &str) -> Result<(), ApiError> {
    let all = &model.elbv2;
    if arn.contains(RULE.part) {
        let mut rules = all.listeners.values().flat_map(|listener| listener.all_rules());
        return rules.any(|rule| rule.arn == arn).then_some(()).ok_or_else(|| RULE.missing());
    }
    if arn.contains(LISTENER.part) {
        return LISTENER.find(&all.listeners, arn).map(drop);
    }
    if arn.contains(GROUP.part) {
        return GROUP.find(&all.groups, arn).map(drop);
    }
    BALANCER.find(&all.balancers, arn).map(drop)
}

pub fn add(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let (arns, tags) = (arns(model, params)?, read(params)?);
    for arn in arns {
        give(model, &arn, tags.clone());
    }
    Ok(Node::body())
}

pub fn remove(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let (arns, keys) = (arns(model, params)?, params.texts("TagKeys"));
    for arn in arns {
        if let Some(tags) = model.elbv2.tags.get_mut(&arn) {
            tags.retain(|key, _| !keys.contains(&key.as_str()));
        }
    }
    Ok(Node::body())
}

pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let arns = arns(model, params)?;
    let pair = |(key, value): (&String, &String)| Node::body().field("Key", key).field("Value", value);
    let told = arns.iter().map(|arn| {
        let tags = model.elbv2.tags.get(arn).into_iter().flatten().map(pair);
        Node::body().field("ResourceArn", arn).members("Tags", tags)
    });
    Ok(Node::body().members("TagDescriptions", told))
}
