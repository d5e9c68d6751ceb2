//! Refusals in the words of S3's list of error codes.

use std::borrow::Cow;

use crate::wire::{ApiError, Node, Reply};

/// A refusal with what S3 tells besides code and message.
#[derive(Debug)]
pub struct Refusal {
    /// Code, message and status.
    pub error: ApiError,
    /// More elements of the document.
    pub details: Vec<(&'static str, String)>,
    /// More headers.
    pub headers: Vec<(Cow<'static, str>, String)>,
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self { error, details: Vec::new(), headers: Vec::new() }
    }
}

impl Refusal {
    /// With this code, status and message.
    pub fn new(code: &str, status: u16, message: impl Into<String>) -> Self {
        ApiError::new(code, message).with_status(status).into()
    }

    /// With one more element.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.push((name, value.into()));
        self
    }

    /// With one more header.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The answer.
    pub fn reply(self, request_id: &str) -> Reply {
        if self.error.status == 304 {
            return Reply { status: 304, headers: self.headers, body: Vec::new() };
        }
        let root = Node::new("Error").field("Code", &self.error.code).field("Message", &self.error.message);
        let root = self.details.into_iter().fold(root, |root, (name, value)| root.field(name, value));
        let mut reply = Reply::xml(self.error.status, &root.field("RequestId", request_id));
        reply.headers.extend(self.headers);
        reply
    }
}

/// No bucket has this name.
pub fn no_such_bucket(name: &str) -> Refusal {
    Refusal::new("NoSuchBucket", 404, "The specified bucket does not exist").with("BucketName", name)
}

/// Nothing is under this key.
pub fn no_such_key(key: &str) -> Refusal {
    Refusal::new("NoSuchKey", 404, "The specified key does not exist.").with("Key", key)
}

/// The key has no such version.
pub fn no_such_version(key: &str, id: &str) -> Refusal {
    Refusal::new("NoSuchVersion", 404, "The specified version does not exist.")
        .with("Key", key)
        .with("VersionId", id)
}

/// A condition does not hold.
pub fn precondition(condition: &str) -> Refusal {
    let message = "At least one of the pre-conditions you specified did not hold";
    Refusal::new("PreconditionFailed", 412, message).with("Condition", condition)
}

/// A body that is not what the operation wants.
pub fn malformed() -> Refusal {
    let message = "The XML you provided was not well-formed or did not validate against our published schema";
    Refusal::new("MalformedXML", 400, message)
}

/// A request that makes no sense.
pub fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidRequest", 400, message)
}

/// A value that makes no sense.
pub fn invalid_argument(name: &str, value: &str, message: &str) -> Refusal {
    Refusal::new("InvalidArgument", 400, message).with("ArgumentName", name).with("ArgumentValue", value)
}

/// An operation, or a header, that is not modelled.
pub fn not_implemented(what: &str) -> Refusal {
    Refusal::new("NotImplemented", 501, format!("{what} is not modelled by local AWS"))
}
