//! Client tokens: a request repeated with the same token and the same parameters is the same request.

use std::fmt::Display;

use crate::cloud::fingerprint;
use crate::model::Model;
use crate::wire::{ApiError, Params};

/// What came of an earlier request with the token of this one.
///
/// # Errors
/// `IdempotentParameterMismatch`: the token is the same, the parameters are not.
pub fn outcome_before(model: &Model, params: &Params) -> Result<Option<String>, ApiError> {
    let known = key(params).and_then(|key| model.ec2.client_tokens.get(&key));
    match known {
        None => Ok(None),
        Some((same, outcome)) if *same == digest(params) => Ok(Some(outcome.clone())),
        Some(_) => {
            let reason = "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).";
            Err(ApiError::new("IdempotentParameterMismatch", reason))
        }
    }
}

/// Keeps what came of a request, if it has a token.
pub fn remember(model: &mut Model, params: &Params, outcome: impl Display) {
    if let Some(key) = key(params) {
        model.ec2.client_tokens.insert(key, (digest(params), outcome.to_string()));
    }
}

/// Tokens of one operation mean nothing to another.
fn key(params: &Params) -> Option<String> {
    let token = params.text("ClientToken").filter(|token| !token.is_empty())?;
    Some(format!("{} {token}", params.text("Action").unwrap_or_default()))
}

fn digest(params: &Params) -> u64 {
    fingerprint(&format!("{params:?}"))
}
