//! Instance profiles: what gives an instance a role.

use crate::model::Model;
use crate::model::iam::{Iam, Profile};
use crate::wire::{ApiError, Node, Params};

use super::{entity, in_use, named, no_such, page, roles, tag_nodes, taken};

fn find<'m>(model: &'m mut Model, params: &Params) -> Result<&'m mut Profile, ApiError> {
    let name = named(params, "InstanceProfileName")?;
    let missing = || no_such(format!("Instance Profile {name} cannot be found."));
    model.iam.profiles.get_mut(name).ok_or_else(missing)
}

fn node(iam: &Iam, profile: &Profile) -> Node {
    let entity = &profile.entity;
    let roles = profile.role.iter().filter_map(|role| iam.roles.get(role)).map(roles::node);
    Node::body()
        .field("InstanceProfileName", &entity.name)
        .field("InstanceProfileId", &entity.id)
        .field("Arn", &entity.arn)
        .field("Path", &entity.path)
        .field("CreateDate", entity.created.stamp())
        .members("Roles", roles)
        .members("Tags", tag_nodes(&entity.tags))
}

pub fn create(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let name = named(params, "InstanceProfileName")?;
    if model.iam.profiles.contains_key(name) {
        return Err(taken(format!("Instance Profile {name} already exists.")));
    }
    let entity = entity(model, params, "instance-profile", "AIPA", "InstanceProfileName")?;
    let visible = model.now + model.random.delay(model.timing.iam.instance_profile_propagation);
    let profile = Profile { entity, visible, role: None };
    let answer = Node::body().child("InstanceProfile", node(&model.iam, &profile));
    model.iam.deleted.remove(&profile.entity.name);
    model.iam.profiles.insert(profile.entity.name.clone(), profile);
    Ok(answer)
}

pub fn get(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let profile = find(model, params)?.clone();
    Ok(Node::body().child("InstanceProfile", node(&model.iam, &profile)))
}

pub fn list(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let prefix = params.text("PathPrefix").unwrap_or("/");
    let iam = &model.iam;
    let profiles = iam.profiles.values().filter(|profile| profile.entity.path.starts_with(prefix));
    page("InstanceProfiles", profiles.map(|profile| node(iam, profile)).collect(), params)
}

pub fn list_of_role(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let role = roles::find(model, params)?.entity.name.clone();
    let iam = &model.iam;
    let profiles = iam.profiles.values().filter(|profile| profile.role.as_ref() == Some(&role));
    page("InstanceProfiles", profiles.map(|profile| node(iam, profile)).collect(), params)
}

pub fn add_role(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let role = roles::find(model, params)?.entity.name.clone();
    let profile = find(model, params)?;
    if profile.role.is_some() {
        let said = "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1";
        return Err(ApiError::new("LimitExceeded", said).with_status(409));
    }
    profile.role = Some(role);
    Ok(Node::body())
}

pub fn remove_role(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let role = named(params, "RoleName")?;
    let profile = find(model, params)?;
    if profile.role.as_deref() != Some(role) {
        return Err(no_such(format!("The role with name {role} cannot be found.")));
    }
    profile.role = None;
    Ok(Node::body())
}

pub fn delete(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let profile = find(model, params)?;
    if profile.role.is_some() {
        return Err(in_use("Cannot delete entity, must remove roles from instance profile first."));
    }
    let name = profile.entity.name.clone();
    model.iam.profiles.remove(&name);
    model.iam.deleted.insert(name);
    Ok(Node::body())
}
