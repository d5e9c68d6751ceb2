//! What all Describes have in common.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use super::kind::Kind;
use crate::wire::ApiError;

/// The things with these ids in the order asked for, or all if none is named.
///
/// # Errors
/// The kind's refusal of the first id that is malformed or names nothing.
pub(super) fn asked<'m, K: Borrow<str> + Ord, V>(
    kind: Kind,
    things: &'m BTreeMap<K, V>,
    ids: &[&str],
) -> Result<Vec<&'m V>, ApiError> {
    if ids.is_empty() {
        return Ok(things.values().collect());
    }
    ids.iter().map(|id| kind.find(things, id)).collect()
}

/// The refusal of an attribute that a Describe or Modify does not know.
pub(super) fn unknown_attribute(name: &str) -> ApiError {
    ApiError::new(
        "InvalidParameterValue",
        format!("Value ({name}) for parameter attribute is invalid. Unknown attribute."),
    )
}
