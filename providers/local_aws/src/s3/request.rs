//! Requests as S3 reads them.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;

use super::body::{self, Received};
use super::refusal::{Refusal, malformed};
use crate::wire::{ApiError, Node};

/// A request whose method, address and headers say what to do.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `PUT`, …
    pub method: Method,
    /// The bucket, from the host or the path.
    pub bucket: Option<String>,
    /// The key, percent-decoded.
    pub key: Option<String>,
    /// The query string; sub-resources such as `versioning` have an empty value.
    pub query: BTreeMap<String, String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it was before it was cut into chunks, and what it was checked against.
    pub received: Received,
}

impl Request {
    /// Reads a request, whose body is checked against the checksums that came with it.
    ///
    /// # Errors
    /// `BadDigest` and its like; `InvalidURI` if the path is not UTF-8.
    pub fn read(request: &http::Request<Bytes>) -> Result<Self, ApiError> {
        let (uri, headers) = (request.uri(), request.headers());
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let host = uri.host().or_else(|| header(http::header::HOST)).unwrap_or_default();
        let (bucket, key) = match bucket_of(host) {
            Some(bucket) => (Some(bucket.to_owned()), decode(without_slash(uri.path()))?),
            None => path_style(uri.path())?,
        };
        let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        Ok(Self {
            method: request.method().clone(),
            bucket: bucket.filter(|name| !name.is_empty()),
            key: Some(key).filter(|key| !key.is_empty()),
            query: query.map(|(name, value)| (name.into_owned(), value.into_owned())).collect(),
            headers: headers.clone(),
            received: body::receive(headers, request.body())?,
        })
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A value of the query string that is not empty.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The name of the bucket; empty if the request is about none.
    pub fn bucket(&self) -> &str {
        self.bucket.as_deref().unwrap_or_default()
    }

    /// The key; empty if the request is about none.
    pub fn key(&self) -> &str {
        self.key.as_deref().unwrap_or_default()
    }

    /// The body as an XML document; `None` if it is empty.
    ///
    /// # Errors
    /// `MalformedXML`.
    pub fn document(&self) -> Result<Option<Node>, Refusal> {
        let text = std::str::from_utf8(&self.received.body).map_err(|_| malformed())?;
        match text.trim() {
            "" => Ok(None),
            text => Node::parse(text).map(Some).map_err(|_| malformed()),
        }
    }
}

/// `/bucket/key/with/slashes`.
fn path_style(path: &str) -> Result<(Option<String>, String), ApiError> {
    let path = without_slash(path);
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    Ok((Some(decode(bucket)?), decode(key)?))
}

/// A path without its first slash; a second one belongs to the key.
fn without_slash(path: &str) -> &str {
    path.strip_prefix('/').unwrap_or(path)
}

/// Percent-decodes a part of a path.
///
/// # Errors
/// `InvalidURI` if it is not UTF-8.
pub fn decode(part: &str) -> Result<String, ApiError> {
    let text = percent_decode_str(part).decode_utf8();
    text.map(String::from).map_err(|_| ApiError::new("InvalidURI", "Couldn't parse the specified URI."))
}

/// The bucket that a host names: `b.s3.eu-west-1.amazonaws.com`, `b.s3.localhost` and `b.localhost` do.
fn bucket_of(host: &str) -> Option<&str> {
    let host = host.split(':').next().unwrap_or(host);
    let aws = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"));
    let local = host.strip_suffix(".localhost");
    let labels = aws.or(local)?;
    if labels == "s3" || labels.starts_with("s3.") {
        return None;
    }
    let service = labels.rfind(".s3.").or_else(|| labels.ends_with(".s3").then(|| labels.len() - 3));
    match service {
        Some(end) => Some(&labels[..end]),
        None => local,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bucket_stands_in_the_host_or_in_the_path() {
        let table = [
            ("s3.amazonaws.com", None),
            ("s3.eu-west-1.amazonaws.com", None),
            ("s3.localhost:4599", None),
            ("localhost:4599", None),
            ("127.0.0.1:4599", None),
            ("states.s3.amazonaws.com", Some("states")),
            ("my.states.s3.eu-west-1.amazonaws.com", Some("my.states")),
            ("states.s3.dualstack.eu-west-1.amazonaws.com:443", Some("states")),
            ("states.localhost:4599", Some("states")),
            ("states.s3.localhost:4599", Some("states")),
        ];
        for (host, bucket) in table {
            assert_eq!(bucket_of(host), bucket, "{host}");
        }
    }

    #[test]
    fn keys_are_taken_as_they_are() {
        let table = [
            ("/", "", ""),
            ("/states", "states", ""),
            ("/states/", "states", ""),
            ("/states/a/b//c/", "states", "a/b//c/"),
            ("/states//a", "states", "/a"),
            ("/states/a+b%20c%2Fd%26e=f", "states", "a+b c/d&e=f"),
            ("/states/%C3%BC", "states", "ü"),
        ];
        for (path, bucket, key) in table {
            assert_eq!(path_style(path), Ok((Some(bucket.to_owned()), key.to_owned())), "{path}");
        }
        assert_eq!(path_style("/states/%FF").map_err(|error| error.code), Err("InvalidURI".to_owned()));
    }
}
