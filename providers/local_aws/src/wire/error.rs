//! What a service answers when it refuses.

use super::Protocol;

/// A refusal as AWS words it. Clients match on the code; people read the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// The code on the wire, for instance `InvalidInstanceID.NotFound`.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// The HTTP status; 5xx makes the fault AWS's, so that clients retry.
    pub status: u16,
}

impl ApiError {
    /// A refusal with HTTP 400, which is what nearly all of them are.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), status: 400 }
    }

    /// The same refusal with another HTTP status.
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// `ValidationError`, the query services' answer to a request that makes no sense.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationError", message)
    }

    /// A parameter that must be there and is not, in the words of the protocol's services.
    pub fn missing(protocol: Protocol, name: &str) -> Self {
        match protocol {
            Protocol::Ec2 => {
                Self::new("MissingParameter", format!("The request must contain the parameter {name}"))
            }
            Protocol::Query | Protocol::Cbor | Protocol::Json => Self::validation(format!(
                "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null",
                lower_first(name)
            )),
            Protocol::RestXml => Self::new("InvalidInput", format!("{name} is required")),
        }
    }

    /// A parameter that cannot be read as `expected` (`an integer`).
    pub fn malformed(protocol: Protocol, name: &str, value: &str, expected: &str) -> Self {
        match protocol {
            Protocol::Ec2 => Self::new(
                "InvalidParameterValue",
                format!("Value ({value}) for parameter {name} is invalid. Expected {expected}"),
            ),
            Protocol::Query | Protocol::Cbor | Protocol::Json => {
                Self::new("MalformedInput", format!("{name}: '{value}' is not {expected}"))
            }
            Protocol::RestXml => Self::new("InvalidInput", format!("{name}: '{value}' is not {expected}")),
        }
    }
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
