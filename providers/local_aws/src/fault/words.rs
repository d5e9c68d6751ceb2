//! The words of faults, for reading and writing.

use super::{Answer, Fate, internal_error};
use crate::wire::ApiError;

/// What begins a fault that no request meets.
pub const SUBJECTS: [&str; 6] = ["instance", "image", "group", "hook", "capacity", "quota"];

/// What instances meet.
pub const FATE_WORDS: [(&str, Fate); 4] =
    [("dies", Fate::Dies), ("stops", Fate::Stops), ("crashes", Fate::Crashes), ("recovers", Fate::Recovers)];

/// What is said to hooks.
pub const ANSWER_WORDS: [(&str, Answer); 3] =
    [("abandons", Answer::Abandons), ("continues", Answer::Continues), ("silent", Answer::Silent)];

/// AWS's own trouble: status, code, sentence.
pub const SERVER_ERRORS: [(&str, &str, &str); 4] = [
    ("500", "InternalFailure", "The request processing has failed because of an unknown error."),
    ("502", "BadGateway", "The server received an invalid response."),
    ("503", "ServiceUnavailable", "The request has failed due to a temporary failure of the server."),
    ("504", "GatewayTimeout", "The server did not receive a timely response."),
];

/// The refusal that goes with it.
pub fn server_error((status, code, message): &(&str, &str, &str)) -> ApiError {
    ApiError::new(*code, *message).with_status(status.parse().unwrap_or(500))
}

/// Status and sentence of codes that AWS documents; HTTP 400 and a plain sentence for others.
pub fn usual(code: &str) -> ApiError {
    match code {
        "ResourceContention" => ApiError::new(
            code,
            "You already have a pending update to an Amazon EC2 Auto Scaling resource (for example, an Auto Scaling group, instance, or load balancer).",
        )
        .with_status(500),
        "ServiceLinkedRoleFailure" => {
            ApiError::new(code, "The service-linked role is not yet ready for use.").with_status(500)
        }
        "PriorRequestNotComplete" => ApiError::new(
            code,
            "The request was rejected because Route 53 was still processing a prior request.",
        ),
        "ConditionalRequestConflict" => ApiError::new(
            code,
            "The conditional request cannot succeed due to a conflicting operation against this resource.",
        )
        .with_status(409),
        "SlowDown" => ApiError::new(code, "Please reduce your request rate.").with_status(503),
        "InternalError" => internal_error(),
        _ => ApiError::new(code, "The request was refused on purpose"),
    }
}
