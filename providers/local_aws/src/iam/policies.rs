//! Policies that roles can share. Each has one version: others are not modelled.

use crate::model::Model;
use crate::model::iam::Policy;
use crate::wire::{ApiError, Node, Params};

use super::{document, encoded, entity, in_use, named, no_such, page, tag_nodes, taken};

const VERSION: &str = "v1";

fn find<'m>(model: &'m Model, params: &Params) -> Result<&'m Policy, ApiError> {
    let arn = params.required("PolicyArn")?;
    model.iam.policies.get(arn).ok_or_else(|| no_such(format!("Policy {arn} was not found.")))
}

fn node(model: &Model, policy: &Policy) -> Node {
    let entity = &policy.entity;
    let attached = model.iam.roles.values().filter(|role| role.attached.contains(&entity.arn)).count();
    Node::body()
        .field("PolicyName", &entity.name)
        .field("PolicyId", &entity.id)
        .field("Arn", &entity.arn)
        .field("Path", &entity.path)
        .field("DefaultVersionId", VERSION)
        .field("AttachmentCount", attached)
        .field("PermissionsBoundaryUsageCount", 0)
        .field("IsAttachable", true)
        .field("Description", &policy.description)
        .field("CreateDate", entity.created.stamp())
        .field("UpdateDate", entity.created.stamp())
        .members("Tags", tag_nodes(&entity.tags))
}

pub fn create(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let document = document(params, "PolicyDocument")?;
    let name = named(params, "PolicyName")?;
    if model.iam.policies.values().any(|policy| policy.entity.name == name) {
        return Err(taken(format!(
            "A policy called {name} already exists. Duplicate names are not allowed."
        )));
    }
    let description = params.text("Description").unwrap_or_default().to_owned();
    let policy =
        Policy { entity: entity(model, params, "policy", "ANPA", "PolicyName")?, document, description };
    let answer = Node::body().child("Policy", node(model, &policy));
    model.iam.policies.insert(policy.entity.arn.clone(), policy);
    Ok(answer)
}

pub fn get(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    Ok(Node::body().child("Policy", node(model, find(model, params)?)))
}

fn version(policy: &Policy) -> Node {
    let told = Node::body().field("VersionId", VERSION).field("IsDefaultVersion", true);
    told.field("CreateDate", policy.entity.created.stamp())
}

pub fn get_version(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let (policy, wanted) = (find(model, params)?, params.required("VersionId")?);
    if wanted != VERSION {
        let said =
            format!("Policy {} version {wanted} does not exist or is not attachable.", policy.entity.arn);
        return Err(no_such(said));
    }
    Ok(Node::body().child("PolicyVersion", version(policy).field("Document", encoded(&policy.document))))
}

pub fn list_versions(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    page("Versions", vec![version(find(model, params)?)], params)
}

pub fn delete(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let arn = find(model, params)?.entity.arn.clone();
    if model.iam.roles.values().any(|role| role.attached.contains(&arn)) {
        return Err(in_use("Cannot delete a policy attached to entities."));
    }
    model.iam.policies.remove(&arn);
    Ok(Node::body())
}
