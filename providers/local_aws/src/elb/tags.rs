//! Tags of load balancers.

use std::collections::BTreeMap;

use crate::model::Model;
use crate::wire::{ApiError, Node, Params};

use super::not_found;

/// The `Tags` of a request.
pub fn read(params: &Params) -> Result<BTreeMap<String, String>, ApiError> {
    let pair = |tag: &Params| {
        Ok((tag.required("Key")?.to_owned(), tag.text("Value").unwrap_or_default().to_owned()))
    };
    params.list("Tags").into_iter().map(pair).collect()
}

fn names(model: &Model, params: &Params) -> Result<Vec<String>, ApiError> {
    let names = params.strings("LoadBalancerNames");
    // DescribeTags takes at most 20 names; AddTags and RemoveTags one, which this includes.
    if names.is_empty() || names.len() > 20 {
        return Err(ApiError::validation("LoadBalancerNames must hold 1 to 20 names"));
    }
    match names.iter().find(|name| !model.elb.balancers.contains_key(*name)) {
        Some(name) => Err(not_found(name)),
        None => Ok(names),
    }
}

pub fn add(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let (names, tags) = (names(model, params)?, read(params)?);
    for (name, balancer) in &mut model.elb.balancers {
        if names.contains(name) {
            balancer.tags.extend(tags.clone());
        }
    }
    Ok(Node::body())
}

pub fn remove(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let names = names(model, params)?;
    let keys: Vec<&str> = params.list("Tags").into_iter().filter_map(|tag| tag.text("Key")).collect();
    for (name, balancer) in &mut model.elb.balancers {
        if names.contains(name) {
            balancer.tags.retain(|key, _| !keys.contains(&key.as_str()));
        }
    }
    Ok(Node::body())
}

pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let names = names(model, params)?;
    let tagged = names.iter().filter_map(|name| {
        let tags = &model.elb.balancers.get(name)?.tags;
        let pair = |(key, value): (&String, &String)| Node::body().field("Key", key).field("Value", value);
        Some(Node::body().field("LoadBalancerName", name).members("Tags", tags.iter().map(pair)))
    });
    Ok(Node::body().members("TagDescriptions", tagged))
}
