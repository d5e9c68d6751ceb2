//! STS: who am I?

use crate::model::Model;
use crate::service::{Context, unknown_action};
use crate::wire::{ApiError, Node, Params};

/// Carries out an action.
///
/// # Errors
/// `InvalidAction` if the action is not modelled.
pub fn dispatch(
    model: &mut Model,
    _context: &Context,
    action: &str,
    _params: &Params,
) -> Result<Node, ApiError> {
    match action {
        "GetCallerIdentity" => Ok(get_caller_identity(model)),
        _ => Err(unknown_action(action)),
    }
}

fn get_caller_identity(model: &Model) -> Node {
    Node::body()
        .field("Arn", format!("arn:aws:iam::{}:user/local", model.account))
        .field("UserId", "AIDALOCALAWSUSER00000")
        .field("Account", &model.account)
}
