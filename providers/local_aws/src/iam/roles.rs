//! Roles.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Model;
use crate::model::iam::Role;
use crate::wire::{ApiError, Node, Params};

use super::{document, encoded, entity, in_use, named, no_such, page, tag_nodes, taken};

/// The role a request names.
pub fn find<'m>(model: &'m mut Model, params: &Params) -> Result<&'m mut Role, ApiError> {
    let name = named(params, "RoleName")?;
    let missing = || no_such(format!("The role with name {name} cannot be found."));
    model.iam.roles.get_mut(name).ok_or_else(missing)
}

/// How answers show a role.
pub fn node(role: &Role) -> Node {
    let entity = &role.entity;
    Node::body()
        .field("RoleName", &entity.name)
        .field("RoleId", &entity.id)
        .field("Arn", &entity.arn)
        .field("Path", &entity.path)
        .field("CreateDate", entity.created.stamp())
        .field("AssumeRolePolicyDocument", encoded(&role.trust))
        .field("Description", &role.description)
        .field("MaxSessionDuration", role.max_session)
        .members("Tags", tag_nodes(&entity.tags))
}

pub fn create(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let name = named(params, "RoleName")?;
    let trust = document(params, "AssumeRolePolicyDocument")?;
    if model.iam.roles.contains_key(name) {
        return Err(taken(format!("Role with name {name} already exists.")));
    }
    let role = Role {
        entity: entity(model, params, "role", "AROA", "RoleName")?,
        trust,
        description: params.text("Description").unwrap_or_default().to_owned(),
        max_session: params.int("MaxSessionDuration")?.unwrap_or(3600),
        inline: BTreeMap::new(),
        attached: BTreeSet::new(),
    };
    Ok(keep(model, role))
}

fn keep(model: &mut Model, role: Role) -> Node {
    let answer = Node::body().child("Role", node(&role));
    model.iam.roles.insert(role.entity.name.clone(), role);
    answer
}

/// The role that a service acts by, such as `AWSServiceRoleForAutoScaling`.
pub fn create_service_linked(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let service = params.required("AWSServiceName")?;
    let short = match service.split('.').next().unwrap_or_default() {
        "autoscaling" => "AutoScaling",
        "elasticloadbalancing" => "ElasticLoadBalancing",
        "spot" => "EC2Spot",
        _ => {
            return Err(ApiError::new(
                "InvalidInput",
                format!("{service} is not a service that is modelled"),
            ));
        }
    };
    let suffix = params.text("CustomSuffix").map(|suffix| format!("_{suffix}")).unwrap_or_default();
    let name = format!("AWSServiceRoleFor{short}{suffix}");
    if model.iam.roles.contains_key(&name) {
        let said = format!(
            "Service role name {name} has been taken in this account, please try a different suffix."
        );
        return Err(ApiError::new("InvalidInput", said));
    }
    let named = params.clone().with("RoleName", &name).with("Path", &format!("/aws-service-role/{service}/"));
    let role = Role {
        entity: entity(model, &named, "role", "AROA", "RoleName")?,
        trust: trusting(service),
        description: params.text("Description").unwrap_or_default().to_owned(),
        max_session: 3600,
        inline: BTreeMap::new(),
        attached: BTreeSet::new(),
    };
    Ok(keep(model, role))
}

fn trusting(service: &str) -> String {
    let who = serde_json::json!({ "Service": [service] });
    let statement =
        serde_json::json!([{ "Effect": "Allow", "Principal": who, "Action": ["sts:AssumeRole"] }]);
    serde_json::json!({ "Version": "2012-10-17", "Statement": statement }).to_string()
}

pub fn get(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    Ok(Node::body().child("Role", node(find(model, params)?)))
}

pub fn list(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let prefix = params.text("PathPrefix").unwrap_or("/");
    let roles = model.iam.roles.values().filter(|role| role.entity.path.starts_with(prefix));
    page("Roles", roles.map(node).collect(), params)
}

/// UpdateAssumeRolePolicy.
pub fn trust(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    find(model, params)?.trust = document(params, "PolicyDocument")?;
    Ok(Node::body())
}

pub fn delete(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let role = find(model, params)?.clone();
    let name = role.entity.name;
    let carried = model.iam.profiles.values().any(|profile| profile.role.as_ref() == Some(&name));
    match (carried, role.attached.is_empty(), role.inline.is_empty()) {
        (true, _, _) => Err(in_use("Cannot delete entity, must remove roles from instance profile first.")),
        (_, false, _) => Err(in_use("Cannot delete entity, must detach all policies first.")),
        (_, _, false) => Err(in_use("Cannot delete entity, must delete policies first.")),
        _ => {
            model.iam.roles.remove(&name);
            Ok(Node::body())
        }
    }
}

pub fn tag(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    find(model, params)?.entity.tags.extend(super::tags(params));
    Ok(Node::body())
}

pub fn untag(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let role = find(model, params)?;
    params.texts("TagKeys").into_iter().for_each(|key| _ = role.entity.tags.remove(key));
    Ok(Node::body())
}

pub fn tags(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let tags = tag_nodes(&find(model, params)?.entity.tags).collect();
    page("Tags", tags, params)
}
