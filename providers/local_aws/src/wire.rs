//! AWS's wire protocols: requests in, answers out. Nothing here knows what an instance is.
//!
//! What SDKs insist on, read from their generated parsers: the root element's name, integers without sign or
//! blank,
//! `true`/`false`, stamps with `Z`, and absent members left out rather than empty.

pub mod cbor;
mod data;
mod echo;
mod encoding;
mod envelope;
mod error;
pub mod json;
mod page;
mod params;
mod request;
mod rest;
mod xml;

pub use data::Data;
pub use echo::echo;
pub use encoding::unpacked;
pub use envelope::{Reply, failure, success};
pub use error::ApiError;
pub use page::paginate;
pub use params::Params;
pub use request::{Identity, identify};
pub use rest::{RestReply, RestRequest};
pub use xml::{Node, ParseXmlError};

/// How a service writes requests and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Protocol {
    /// EC2's: flat lists in requests, `<item>` in answers, members directly under the root.
    Ec2,
    /// `awsQuery`: `member.N` in requests, `<member>` in answers, members under `{Action}Result`.
    Query,
    /// Smithy's RPC v2: the path names the operation, bodies are CBOR both ways.
    Cbor,
    /// `awsJson1_0`: a header names the operation, bodies are JSON both ways.
    Json,
    /// `restXml`: method and path choose the operation, bodies are XML both ways.
    RestXml,
}
