//! The outermost element of answers.

use std::borrow::Cow;

use super::{ApiError, Data, Node, Protocol, cbor, json};

/// An answer, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers besides the request id.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// An XML document, a CBOR value, or an object of S3; empty where the protocol wants no body.
    pub body: Vec<u8>,
}

impl Reply {
    /// An answer in XML.
    pub fn xml(status: u16, root: &Node) -> Self {
        let headers = vec![("content-type".into(), "text/xml;charset=UTF-8".to_owned())];
        Self { status, headers, body: root.document().into_bytes() }
    }

    /// An answer of typed members: in JSON for that protocol, else in CBOR.
    pub fn typed(protocol: Protocol, status: u16, body: &Data) -> Self {
        let kind = |kind: &str| (Cow::from("content-type"), kind.to_owned());
        match protocol {
            Protocol::Json => {
                let headers = vec![kind("application/x-amz-json-1.0")];
                Self { status, headers, body: json::write(body) }
            }
            _ => {
                let headers =
                    vec![kind("application/cbor"), ("smithy-protocol".into(), "rpc-v2-cbor".to_owned())];
                Self { status, headers, body: cbor::write(body) }
            }
        }
    }
}

/// Wraps a body: under `{Action}Response` for EC2, and under `{Action}Result` inside it for the query
/// services.
pub fn success(protocol: Protocol, namespace: &str, action: &str, request_id: &str, body: Node) -> Reply {
    let root = Node::new(format!("{action}Response")).attribute("xmlns", namespace);
    let root = match protocol {
        Protocol::Ec2 => root.field("requestId", request_id).with(body),
        Protocol::Query | Protocol::RestXml | Protocol::Cbor | Protocol::Json => root
            .child(format!("{action}Result"), body)
            .child("ResponseMetadata", Node::body().field("RequestId", request_id)),
    };
    Reply::xml(200, &root)
}

/// Words a refusal as the protocol does.
pub fn failure(protocol: Protocol, namespace: &str, request_id: &str, error: &ApiError) -> Reply {
    let kind = if error.status < 500 { "Sender" } else { "Receiver" };
    if matches!(protocol, Protocol::Cbor | Protocol::Json) {
        return refusal(protocol, kind, error);
    }
    let what = |node: Node| node.field("Code", &error.code).field("Message", &error.message);
    let root = match protocol {
        Protocol::Ec2 => Node::new("Response")
            .child("Errors", Node::body().child("Error", what(Node::body())))
            .field("RequestID", request_id),
        Protocol::Query | Protocol::RestXml | Protocol::Cbor | Protocol::Json => Node::new("ErrorResponse")
            .attribute("xmlns", namespace)
            .child("Error", what(Node::body().field("Type", kind)))
            .field("RequestId", request_id),
    };
    Reply::xml(error.status, &root)
}

/// The code stands in a header as well, for clients that know it from the query protocol.
fn refusal(protocol: Protocol, kind: &str, error: &ApiError) -> Reply {
    let body =
        Data::body().with("__type", Data::text(&error.code)).with("message", Data::text(&error.message));
    let mut reply = Reply::typed(protocol, error.status, &body);
    reply.headers.push(("x-amzn-query-error".into(), format!("{};{kind}", error.code)));
    reply
}
