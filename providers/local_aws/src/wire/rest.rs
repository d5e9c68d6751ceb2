//! Requests and answers of `restXml` services.

use http::Method;

use super::{ApiError, Node, Params, Protocol};

/// A request whose method and path say what to do.
#[derive(Clone, Debug)]
pub struct RestRequest {
    /// `GET`, `POST`, `DELETE`, …
    pub method: Method,
    /// The parts of the path, percent-decoded, without empty ones: `["2013-04-01", "hostedzone", "Z1",
    /// "rrset"]`.
    pub path: Vec<String>,
    /// The query string.
    pub query: Params,
    /// The body; `None` if it is empty.
    pub body: Option<Node>,
}

impl RestRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// `InvalidInput` if the body is not well-formed XML.
    pub fn read(method: &Method, path: &str, query: &str, body: &str) -> Result<Self, ApiError> {
        let body = match body.trim() {
            "" => None,
            text => {
                Some(Node::parse(text).map_err(|error| ApiError::new("InvalidInput", error.to_string()))?)
            }
        };
        Ok(Self {
            method: method.clone(),
            path: path.split('/').filter(|part| !part.is_empty()).map(decode).collect(),
            query: Params::parse(Protocol::RestXml, query),
            body,
        })
    }
}

/// An answer of a `restXml` service: the root element under its final name.
#[derive(Clone, Debug)]
pub struct RestReply {
    /// HTTP status: 200, or 201 for what creates.
    pub status: u16,
    /// The value of the `Location` header, where AWS sends one.
    pub location: Option<String>,
    /// The root element, for instance `ListHostedZonesResponse`.
    pub root: Node,
}

impl RestReply {
    /// HTTP 200 with this root element.
    pub fn ok(root: Node) -> Self {
        Self { status: 200, location: None, root }
    }

    /// HTTP 201 with this root element and the address of what was made.
    pub fn created(root: Node, location: impl Into<String>) -> Self {
        Self { status: 201, location: Some(location.into()), root }
    }
}

fn decode(part: &str) -> String {
    // In a path a plus sign is a plus sign; the form decoder would make it a blank.
    let literal = part.replace('+', "%2B");
    form_urlencoded::parse(literal.as_bytes()).map(|(name, _)| name.into_owned()).next().unwrap_or_default()
}
