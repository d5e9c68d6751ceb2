//! Route 53.

mod changes;
mod health_checks;
mod records;
mod rules;
mod tags;
mod zones;

use http::Method;
use serde::{Deserialize, Serialize};

use crate::model::Model;
use crate::service::{Context, unknown_action};
use crate::wire::{ApiError, RestReply, RestRequest};

pub use records::read as read_record;

/// What Route 53 does by itself: nothing. Whether a change is in sync follows from the time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Route53Event {}

type Handler = fn(&mut Model, &RestRequest) -> Result<RestReply, ApiError>;

/// The operation behind a method and a path; `*` stands for an id.
const OPERATIONS: [(&str, &str, &str, Handler); 19] = [
    ("POST", "hostedzone", "CreateHostedZone", zones::create),
    ("GET", "hostedzone", "ListHostedZones", zones::list),
    ("GET", "hostedzonesbyname", "ListHostedZonesByName", zones::list_by_name),
    ("GET", "hostedzonecount", "GetHostedZoneCount", zones::count),
    ("GET", "hostedzone/*", "GetHostedZone", zones::get),
    ("POST", "hostedzone/*", "UpdateHostedZoneComment", zones::comment),
    ("DELETE", "hostedzone/*", "DeleteHostedZone", zones::delete),
    ("POST", "hostedzone/*/associatevpc", "AssociateVPCWithHostedZone", zones::associate),
    ("POST", "hostedzone/*/disassociatevpc", "DisassociateVPCFromHostedZone", zones::disassociate),
    ("POST", "hostedzone/*/rrset", "ChangeResourceRecordSets", changes::change),
    ("GET", "hostedzone/*/rrset", "ListResourceRecordSets", records::list),
    ("GET", "change/*", "GetChange", changes::get),
    ("POST", "healthcheck", "CreateHealthCheck", health_checks::create),
    ("GET", "healthcheck", "ListHealthChecks", health_checks::list),
    ("GET", "healthcheck/*", "GetHealthCheck", health_checks::get),
    ("DELETE", "healthcheck/*", "DeleteHealthCheck", health_checks::delete),
    ("POST", "tags/*/*", "ChangeTagsForResource", tags::change),
    ("GET", "tags/*/*", "ListTagsForResource", tags::list),
    ("POST", "tags/*", "ListTagsForResources", tags::list_many),
];

fn operation(request: &RestRequest) -> Option<(&'static str, Handler)> {
    let (version, path) = request.path.split_first()?;
    let fits = |pattern: &str| {
        let parts: Vec<&str> = pattern.split('/').collect();
        let same = |(part, given): (&&str, &String)| *part == "*" || part == given;
        parts.len() == path.len() && parts.iter().zip(path).all(same)
    };
    let mut known =
        OPERATIONS.iter().filter(|(method, pattern, ..)| request.method.as_str() == *method && fits(pattern));
    known.next().filter(|_| version == "2013-04-01").map(|(_, _, name, handler)| (*name, *handler))
}

/// The name of the operation that a request asks for, as the API reference has it.
pub fn action(request: &RestRequest) -> &'static str {
    operation(request).map_or("Unknown", |(name, _)| name)
}

/// Carries out a request.
///
/// # Errors
/// The service's refusal; `InvalidAction` if the operation is not modelled.
pub fn dispatch(model: &mut Model, _context: &Context, request: &RestRequest) -> Result<RestReply, ApiError> {
    match operation(request) {
        Some((_, handler)) => handler(model, request),
        None => Err(unknown_action(&format!("{} /{}", request.method, request.path.join("/")))),
    }
}

/// Lets an event happen, at `model.now`.
pub fn apply(_model: &mut Model, event: Route53Event) {
    match event {}
}

/// The part of the path at `position`, counting from the version.
fn part(request: &RestRequest, position: usize) -> &str {
    request.path.get(position).map(String::as_str).unwrap_or_default()
}

/// A text of the request's body.
fn text<'a>(request: &'a RestRequest, name: &str) -> Option<&'a str> {
    request.body.as_ref().and_then(|body| body.text_of(name)).filter(|text| !text.is_empty())
}

fn required<'a>(request: &'a RestRequest, name: &str) -> Result<&'a str, ApiError> {
    text(request, name).ok_or_else(|| ApiError::new("InvalidInput", format!("{name} is required")))
}

/// Lower case, with the final dot; a `*` as Route 53 gives it back.
fn canonical(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.').to_lowercase().replace('*', "\\052"))
}

/// Whether a request only reads, which its method does not tell for one operation.
pub fn reads(request: &RestRequest) -> bool {
    request.method == Method::GET || action(request) == "ListTagsForResources"
}

#[cfg(test)]
mod tests;
