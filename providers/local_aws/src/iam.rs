//! IAM, as far as instances need it: roles, their policies, and the instance profiles that carry them.
//!
//! Nobody is refused anything: policies are kept, not enforced. What the model does know is which instance profiles
//! there are, and that EC2 and Auto Scaling learn of a new one some seconds later
//! ([`crate::timing::IamTiming::instance_profile_propagation`]). A launch that names a profile which was never made is
//! let through as long as the account has made no profile at all ([`crate::model::iam::Iam::knows`]); its field
//! `strict` turns that off.

mod policies;
mod profiles;
mod role_policies;
mod roles;

use std::collections::BTreeMap;

use crate::model::Model;
use crate::model::iam::Entity;
use crate::service::{Context, unknown_action};
use crate::wire::{ApiError, Node, Params, paginate};

/// Carries out an action.
///
/// # Errors
/// The service's refusal; `InvalidAction` if the action is not modelled.
pub fn dispatch(
    model: &mut Model,
    _context: &Context,
    action: &str,
    params: &Params,
) -> Result<Node, ApiError> {
    match action {
        "CreateRole" => roles::create(model, params),
        "CreateServiceLinkedRole" => roles::create_service_linked(model, params),
        "GetRole" => roles::get(model, params),
        "ListRoles" => roles::list(model, params),
        "UpdateAssumeRolePolicy" => roles::trust(model, params),
        "DeleteRole" => roles::delete(model, params),
        "TagRole" => roles::tag(model, params),
        "UntagRole" => roles::untag(model, params),
        "ListRoleTags" => roles::tags(model, params),
        "PutRolePolicy" => role_policies::put(model, params),
        "GetRolePolicy" => role_policies::get(model, params),
        "ListRolePolicies" => role_policies::list(model, params),
        "DeleteRolePolicy" => role_policies::delete(model, params),
        "AttachRolePolicy" => role_policies::attach(model, params),
        "ListAttachedRolePolicies" => role_policies::list_attached(model, params),
        "DetachRolePolicy" => role_policies::detach(model, params),
        "CreatePolicy" => policies::create(model, params),
        "GetPolicy" => policies::get(model, params),
        "GetPolicyVersion" => policies::get_version(model, params),
        "ListPolicyVersions" => policies::list_versions(model, params),
        "DeletePolicy" => policies::delete(model, params),
        "CreateInstanceProfile" => profiles::create(model, params),
        "GetInstanceProfile" => profiles::get(model, params),
        "ListInstanceProfiles" => profiles::list(model, params),
        "ListInstanceProfilesForRole" => profiles::list_of_role(model, params),
        "AddRoleToInstanceProfile" => profiles::add_role(model, params),
        "RemoveRoleFromInstanceProfile" => profiles::remove_role(model, params),
        "DeleteInstanceProfile" => profiles::delete(model, params),
        _ => Err(unknown_action(action)),
    }
}

fn no_such(message: String) -> ApiError {
    ApiError::new("NoSuchEntity", message).with_status(404)
}

fn taken(message: String) -> ApiError {
    ApiError::new("EntityAlreadyExists", message).with_status(409)
}

fn in_use(message: &str) -> ApiError {
    ApiError::new("DeleteConflict", message).with_status(409)
}

/// A new entity: `kind` as in its ARN, `prefix` as in its id, and the parameter its name is in.
fn entity(
    model: &mut Model,
    params: &Params,
    kind: &str,
    prefix: &str,
    name: &str,
) -> Result<Entity, ApiError> {
    let (name, path) = (named(params, name)?, params.text("Path").unwrap_or("/"));
    if !path.starts_with('/') || !path.ends_with('/') {
        let said = "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.";
        return Err(ApiError::validation(said));
    }
    Ok(Entity {
        id: format!("{prefix}{}", model.random.hex(17).to_uppercase()),
        arn: format!("arn:aws:iam::{}:{kind}{path}{name}", model.account),
        name: name.to_owned(),
        path: path.to_owned(),
        created: model.now,
        tags: tags(params),
    })
}

/// A name: letters, digits and `+=,.@_-`.
fn named<'a>(params: &'a Params, parameter: &str) -> Result<&'a str, ApiError> {
    let name = params.required(parameter)?;
    if name.len() <= 128 && name.chars().all(|c| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c)) {
        return Ok(name);
    }
    Err(ApiError::validation(format!(
        "The specified value for {parameter} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"
    )))
}

/// A policy in JSON.
fn document(params: &Params, parameter: &str) -> Result<String, ApiError> {
    let text = params.required(parameter)?;
    match serde_json::from_str::<BTreeMap<String, serde_json::Value>>(text) {
        Ok(policy) if policy.contains_key("Statement") => Ok(text.to_owned()),
        Ok(_) => Err(ApiError::new("MalformedPolicyDocument", "Syntax errors in policy.")),
        Err(_) => Err(ApiError::new("MalformedPolicyDocument", "This policy contains invalid Json")),
    }
}

/// A policy as answers have it: percent-encoded (RFC 3986).
fn encoded(document: &str) -> String {
    form_urlencoded::byte_serialize(document.as_bytes()).collect::<String>().replace('+', "%20")
}

fn tags(params: &Params) -> BTreeMap<String, String> {
    let pair =
        |tag: &Params| Some((tag.text("Key")?.to_owned(), tag.text("Value").unwrap_or_default().to_owned()));
    params.list("Tags").into_iter().filter_map(pair).collect()
}

fn tag_nodes(tags: &BTreeMap<String, String>) -> impl Iterator<Item = Node> {
    tags.iter().map(|(key, value)| Node::body().field("Key", key).field("Value", value))
}

/// A page of a list, with the two members that all lists end with.
fn page(name: &'static str, all: Vec<Node>, params: &Params) -> Result<Node, ApiError> {
    let size = params.int("MaxItems")?.unwrap_or(100).clamp(1, 1000);
    let wrong = |token| ApiError::validation(format!("Invalid Marker '{token}'"));
    let (some, next) = paginate(all, usize::try_from(size).ok(), params.text("Marker")).map_err(wrong)?;
    Ok(Node::body().members(name, some).field("IsTruncated", next.is_some()).maybe("Marker", next))
}

#[cfg(test)]
mod tests;
