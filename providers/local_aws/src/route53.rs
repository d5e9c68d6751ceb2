//! Route 53.

use serde::{Deserialize, Serialize};

use crate::model::Model;
use crate::service::{Context, unknown_action};
use crate::wire::{ApiError, RestReply, RestRequest};

/// What Route 53 does by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Route53Event {}

/// The name of the operation that a request asks for, as the API reference has it.
pub fn action(_request: &RestRequest) -> &'static str {
    "Unknown"
}

/// Carries out a request.
///
/// # Errors
/// The service's refusal; `InvalidAction` if the operation is not modelled.
pub fn dispatch(
    _model: &mut Model,
    _context: &Context,
    request: &RestRequest,
) -> Result<RestReply, ApiError> {
    Err(unknown_action(&format!("{} /{}", request.method, request.path.join("/"))))
}

/// Lets an event happen, at `model.now`.
pub fn apply(_model: &mut Model, event: Route53Event) {
    match event {}
}
