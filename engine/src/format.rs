//! What all our files have in common: JSON with a `format` of a name and a number.

use serde::de::DeserializeOwned;
use serde_json::Value as Json;

/// Why a file could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FormatError {
    Empty,
    Damaged(String),
    Newer(String),
    Other,
}

/// Reads a file of the format `expected`, such as `infra.state/1`.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8], expected: &str) -> Result<T, FormatError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(FormatError::Empty);
    }
    let damaged = |error: serde_json::Error| FormatError::Damaged(error.to_string());
    let json: Json = serde_json::from_slice(bytes).map_err(damaged)?;
    let found = json.get("format").and_then(Json::as_str).ok_or(FormatError::Other)?;
    if found != expected {
        return Err(if family(found) == family(expected) {
            FormatError::Newer(found.to_owned())
        } else {
            FormatError::Other
        });
    }
    serde_json::from_value(json).map_err(damaged)
}

fn family(format: &str) -> &str {
    format.split_once('/').map_or(format, |(family, _)| family)
}
