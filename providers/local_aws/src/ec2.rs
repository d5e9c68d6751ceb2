//! EC2.

use serde::{Deserialize, Serialize};

use crate::model::Model;
use crate::service::{Context, unknown_action};
use crate::wire::{ApiError, Node, Params};

/// What EC2 does by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ec2Event {}

/// Carries out an action.
///
/// # Errors
/// The service's refusal; `InvalidAction` if the action is not modelled.
pub fn dispatch(
    _model: &mut Model,
    _context: &Context,
    action: &str,
    _params: &Params,
) -> Result<Node, ApiError> {
    Err(unknown_action(action))
}

/// Lets an event happen, at `model.now`.
pub fn apply(_model: &mut Model, event: Ec2Event) {
    match event {}
}

/// Puts the default network into a new account.
pub fn furnish(_model: &mut Model) {}
