//! What roles allow: policies of their own, and shared ones.

use crate::model::Model;
use crate::wire::{ApiError, Node, Params};

use super::roles::find;
use super::{document, encoded, named, no_such, page};

/// Policies that AWS itself keeps are not listed in the model; any that is named exists.
const MANAGED: &str = "arn:aws:iam::aws:policy/";

pub fn put(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let (name, document) = (named(params, "PolicyName")?.to_owned(), document(params, "PolicyDocument")?);
    find(model, params)?.inline.insert(name, document);
    Ok(Node::body())
}

pub fn get(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let name = named(params, "PolicyName")?;
    let role = find(model, params)?;
    let document = role.inline.get(name).ok_or_else(|| missing(name))?;
    let told = Node::body().field("RoleName", &role.entity.name).field("PolicyName", name);
    Ok(told.field("PolicyDocument", encoded(document)))
}

fn missing(name: &str) -> ApiError {
    no_such(format!("The role policy with name {name} cannot be found."))
}

pub fn list(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let names = find(model, params)?.inline.keys().map(Node::value).collect();
    page("PolicyNames", names, params)
}

pub fn delete(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let name = named(params, "PolicyName")?;
    find(model, params)?.inline.remove(name).map(|_| Node::body()).ok_or_else(|| missing(name))
}

pub fn attach(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let arn = params.required("PolicyArn")?;
    if !arn.starts_with(MANAGED) && !model.iam.policies.contains_key(arn) {
        return Err(no_such(format!("Policy {arn} does not exist or is not attachable.")));
    }
    find(model, params)?.attached.insert(arn.to_owned());
    Ok(Node::body())
}

pub fn list_attached(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let attached = find(model, params)?.attached.iter().map(|arn| {
        let name = arn.rsplit('/').next().unwrap_or_default();
        Node::body().field("PolicyName", name).field("PolicyArn", arn)
    });
    let attached = attached.collect();
    page("AttachedPolicies", attached, params)
}

pub fn detach(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let arn = params.required("PolicyArn")?;
    let missing = || no_such(format!("Policy {arn} was not found."));
    if find(model, params)?.attached.remove(arn) { Ok(Node::body()) } else { Err(missing()) }
}
