//! The outermost element of answers.

use super::{ApiError, Node, Protocol};

/// An answer, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers besides the content type and the request id.
    pub headers: Vec<(&'static str, String)>,
    /// An XML document; empty where the protocol wants no body.
    pub body: String,
}

/// Wraps a body: under `{Action}Response` for EC2, and under `{Action}Result` inside it for the query
/// services.
pub fn success(protocol: Protocol, namespace: &str, action: &str, request_id: &str, body: Node) -> Reply {
    let root = Node::new(format!("{action}Response")).attribute("xmlns", namespace);
    let root = match protocol {
        Protocol::Ec2 => root.field("requestId", request_id).with(body),
        Protocol::Query | Protocol::RestXml => root
            .child(format!("{action}Result"), body)
            .child("ResponseMetadata", Node::body().field("RequestId", request_id)),
    };
    Reply { status: 200, headers: Vec::new(), body: root.document() }
}

/// Words a refusal as the protocol does.
pub fn failure(protocol: Protocol, namespace: &str, request_id: &str, error: &ApiError) -> Reply {
    let kind = if error.status < 500 { "Sender" } else { "Receiver" };
    let what = |node: Node| node.field("Code", &error.code).field("Message", &error.message);
    let root = match protocol {
        Protocol::Ec2 => Node::new("Response")
            .child("Errors", Node::body().child("Error", what(Node::body())))
            .field("RequestID", request_id),
        Protocol::Query | Protocol::RestXml => Node::new("ErrorResponse")
            .attribute("xmlns", namespace)
            .child("Error", what(Node::body().field("Type", kind)))
            .field("RequestId", request_id),
    };
    Reply { status: error.status, headers: Vec::new(), body: root.document() }
}
