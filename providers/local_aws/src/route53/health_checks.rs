//! Health checks: made, described and removed. Nothing is probed.

use crate::model::Model;
use crate::model::route53::HealthCheck;
use crate::wire::{ApiError, Node, RestReply, RestRequest};

use super::{part, required};

pub fn create(model: &mut Model, request: &RestRequest) -> Result<RestReply, ApiError> {
    let reference = required(request, "CallerReference")?.to_owned();
    let config = config(request)?;
    let earlier =
        model.route53.health_checks.values().find(|check| check.caller_reference == reference).cloned();
    let made = match earlier {
        Some(earlier) if earlier.config == config => earlier,
        Some(_) => return Err(taken()),
        None => {
            let id = model.random.uuid();
            HealthCheck { id, caller_reference: reference, config, version: 1, tags: Default::default() }
        }
    };
    let root = Node::new("CreateHealthCheckResponse").child("HealthCheck", node(&made));
    let location = format!("https://route53.amazonaws.com/2013-04-01/healthcheck/{}", made.id);
    model.route53.health_checks.insert(made.id.clone(), made);
    Ok(RestReply::created(root, location))
}

fn taken() -> ApiError {
    let message = "A health check with the same caller reference but different settings already exists.";
    ApiError::new("HealthCheckAlreadyExists", message).with_status(409)
}

/// The configuration of a request, which must say what to check.
fn config(request: &RestRequest) -> Result<String, ApiError> {
    let given = request.body.as_ref().and_then(|body| body.get("HealthCheckConfig"));
    let given = given.ok_or_else(|| ApiError::new("InvalidInput", "HealthCheckConfig is required"))?;
    match given.text_of("Type").filter(|kind| !kind.is_empty()) {
        Some(_) => Ok(given.document()),
        None => Err(ApiError::new("InvalidInput", "Type is required")),
    }
}

fn node(check: &HealthCheck) -> Node {
    let config = Node::parse(&check.config).unwrap_or_else(|_| Node::body());
    Node::body()
        .field("Id", &check.id)
        .field("CallerReference", &check.caller_reference)
        .child("HealthCheckConfig", config)
        .field("HealthCheckVersion", check.version)
}

/// The health check with this id.
pub fn find<'a>(model: &'a mut Model, id: &str) -> Result<&'a mut HealthCheck, ApiError> {
    let missing = || {
        ApiError::new("NoSuchHealthCheck", format!("No health check exists with the specified ID: {id}"))
            .with_status(404)
    };
    model.route53.health_checks.get_mut(id).ok_or_else(missing)
}

pub fn get(model: &mut Model, request: &RestRequest) -> Result<RestReply, ApiError> {
    let check = find(model, part(request, 2))?;
    Ok(RestReply::ok(Node::new("GetHealthCheckResponse").child("HealthCheck", node(check))))
}

pub fn delete(model: &mut Model, request: &RestRequest) -> Result<RestReply, ApiError> {
    let id = find(model, part(request, 2))?.id.clone();
    model.route53.health_checks.remove(&id);
    Ok(RestReply::ok(Node::new("DeleteHealthCheckResponse")))
}

pub fn list(model: &mut Model, request: &RestRequest) -> Result<RestReply, ApiError> {
    let marker = request.query.text("marker").unwrap_or_default();
    let size =
        request.query.text("maxitems").and_then(|text| text.parse().ok()).unwrap_or(100).clamp(1, 1000);
    let mut rest = model.route53.health_checks.values().filter(|check| check.id.as_str() >= marker);
    let page: Vec<Node> = rest.by_ref().take(size).map(node).collect();
    let next = rest.next().map(|check| &check.id);
    let root = Node::new("ListHealthChecksResponse")
        .list("HealthChecks", "HealthCheck", page)
        .field("Marker", marker)
        .field("IsTruncated", next.is_some())
        .maybe("NextMarker", next)
        .field("MaxItems", size);
    Ok(RestReply::ok(root))
}
