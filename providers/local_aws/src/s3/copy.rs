//! CopyObject.

use std::collections::BTreeMap;

use super::condition::Conditions;
use super::object::{described, read, versioned, write};
use super::refusal::{Refusal, invalid, invalid_argument, no_such_bucket, precondition};
use super::request::{Request, decode};
use super::{Asking, checksum, found, reply};
use crate::model::Model;
use crate::model::s3::{Checksum, Object};
use crate::wire::{Node, Reply};

/// What `x-amz-copy-source` names: `/bucket/key?versionId=ID`, percent-encoded but for the last.
struct Source {
    bucket: String,
    key: String,
    version: Option<String>,
}

impl Source {
    fn read(header: &str) -> Result<Self, Refusal> {
        let (path, version) = match header.split_once("?versionId=") {
            Some((path, version)) => (path, Some(version.to_owned())),
            None => (header, None),
        };
        let path = decode(path)?;
        let named = path.trim_start_matches('/').split_once('/').filter(|(_, key)| !key.is_empty());
        let (bucket, key) = named.ok_or_else(|| {
            let message = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey";
            invalid_argument("x-amz-copy-source", header, message)
        })?;
        Ok(Self { bucket: bucket.to_owned(), key: key.to_owned(), version })
    }

    fn is(&self, request: &Request) -> bool {
        self.bucket == request.bucket() && self.key == request.key() && self.version.is_none()
    }
}

/// CopyObject: bytes and, unless the request replaces it, what is said of them.
pub fn copy(asking: Asking<'_>) -> Result<Reply, Refusal> {
    let Asking { model, request, .. } = asking;
    let source = Source::read(request.header("x-amz-copy-source").unwrap_or_default())?;
    let replaces = request.header("x-amz-metadata-directive") == Some("REPLACE");
    let target = found(model, request)?;
    let headers = described(request, target)?;
    Conditions::read(&request.headers, "").allow_write(target, request.key())?;
    if source.is(request) && !replaces {
        return Err(invalid(
            "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
        ));
    }
    let (original, from) = original(model, request, &source)?;
    let headers = if replaces { headers } else { merged(&original.headers, &headers) };
    let checksum = chosen(request, &original);
    let object = Object { headers, checksum, ..original };
    let node = Node::new("CopyObjectResult")
        .field("LastModified", model.now)
        .field("ETag", format!("\"{}\"", object.etag))
        .field(checksum_element(&object.checksum.algorithm), &object.checksum.value)
        .field("ChecksumType", "FULL_OBJECT");
    let answer = versioned(reply(200), write(model, request, request.key(), Some(object))?);
    Ok(match from {
        Some(id) => answer.with("x-amz-copy-source-version-id", id),
        None => answer,
    }
    .document(node))
}

/// The object that is copied, and the id of its version.
fn original(model: &Model, request: &Request, source: &Source) -> Result<(Object, Option<String>), Refusal> {
    let bucket = model.s3.buckets.get(&source.bucket).ok_or_else(|| no_such_bucket(&source.bucket))?;
    let (object, modified, id) = read(bucket, &source.key, source.version.as_deref())?;
    Conditions::read(&request.headers, "x-amz-copy-source-")
        .allow_read(object, modified)
        // A copy is a write: there is no 304 for it.
        .map_err(|refusal| match refusal.error.status {
            304 => precondition("x-amz-copy-source-If-None-Match"),
            _ => refusal,
        })?;
    Ok((object.clone(), id.map(str::to_owned)))
}

/// What was said of the original; how the copy is encrypted and stored is the copy's own affair.
fn merged(original: &BTreeMap<String, String>, own: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let is_own =
        |name: &str| name.starts_with("x-amz-server-side-encryption") || name == "x-amz-storage-class";
    let kept = original.iter().filter(|(name, _)| !is_own(name));
    let added = own.iter().filter(|(name, _)| is_own(name));
    kept.chain(added).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The checksum that the request asks for, else the original's.
fn chosen(request: &Request, original: &Object) -> Checksum {
    let asked = request.header("x-amz-checksum-algorithm").map(str::to_lowercase);
    let known = asked.filter(|name| checksum::ALGORITHMS.iter().any(|(known, _)| known == name));
    known.map_or_else(|| original.checksum.clone(), |name| checksum::of(&name, &original.body))
}

fn checksum_element(algorithm: &str) -> String {
    format!("Checksum{}", algorithm.to_uppercase())
}
