//! Objects: deleted, one by one or by the thousand.

use super::condition::allow_delete;
use super::object::{versioned, write};
use super::refusal::{Refusal, invalid, malformed};
use super::request::Request;
use super::{Asking, found, reply};
use crate::model::Model;
use crate::model::s3::NULL_VERSION;
use crate::wire::{Node, Reply};

/// The most keys of one DeleteObjects.
const MOST: usize = 1000;

/// What a deletion has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Deleted {
    /// The version that was taken away or made, if the bucket has versions.
    version: Option<String>,
    /// Whether that is a delete marker.
    marker: bool,
}

/// Deletes a version, or puts a delete marker over the key if the bucket keeps versions. What is not there is deleted
/// already.
fn remove(
    model: &mut Model,
    request: &Request,
    key: &str,
    version: Option<&str>,
    expected: Option<&str>,
) -> Result<Deleted, Refusal> {
    let bucket = found(model, request)?;
    allow_delete(expected, bucket, key)?;
    match (version, bucket.versioning) {
        (Some(id), _) => {
            let removed = bucket.remove(key, id);
            let marker = removed.is_some_and(|removed| removed.object.is_none());
            Ok(Deleted { version: Some(id.to_owned()), marker })
        }
        (None, None) => {
            bucket.keys.remove(key);
            Ok(Deleted::default())
        }
        (None, Some(_)) => {
            let id = write(model, request, key, None)?;
            Ok(Deleted { version: Some(id.unwrap_or_else(|| NULL_VERSION.to_owned())), marker: true })
        }
    }
}

/// DeleteObject.
pub fn delete(asking: Asking<'_>) -> Result<Reply, Refusal> {
    let Asking { model, request, .. } = asking;
    let done = remove(model, request, request.key(), request.query("versionId"), request.header("if-match"))?;
    let mut answer = reply(204);
    if done.marker {
        answer = answer.with("x-amz-delete-marker", "true");
    }
    Ok(versioned(answer, done.version).empty())
}

/// DeleteObjects, which must come with a checksum of its list.
pub fn delete_many(asking: Asking<'_>) -> Result<Reply, Refusal> {
    let Asking { model, request, .. } = asking;
    found(model, request)?;
    if request.received.checksum.is_none() && request.header("content-md5").is_none() {
        return Err(invalid("Missing required header for this request: Content-MD5"));
    }
    let list = request.document()?.filter(|root| root.name() == "Delete").ok_or_else(malformed)?;
    let quiet = list.text_of("Quiet") == Some("true");
    let objects: Vec<&Node> = list.children().iter().filter(|node| node.name() == "Object").collect();
    if objects.is_empty() || objects.len() > MOST || objects.iter().any(|node| node.text_of("Key").is_none())
    {
        return Err(malformed());
    }
    let mut root = Node::new("DeleteResult");
    for object in objects {
        root = match one(model, request, object) {
            Ok(_) if quiet => root,
            Ok(deleted) => root.child("Deleted", deleted),
            Err(refused) => root.child("Error", refused),
        };
    }
    Ok(reply(200).document(root))
}

/// Deletes one of a list; the element that tells of it, or of why not.
fn one(model: &mut Model, request: &Request, object: &Node) -> Result<Node, Node> {
    let text = |name| object.text_of(name).filter(|text| !text.is_empty());
    let key = object.get("Key").map(Node::verbatim).unwrap_or_default();
    let version = text("VersionId");
    let told = Node::body().field("Key", key).maybe("VersionId", version);
    match remove(model, request, key, version, text("ETag")) {
        Ok(done) if done.marker => {
            Ok(told.field("DeleteMarker", true).maybe("DeleteMarkerVersionId", done.version))
        }
        Ok(_) => Ok(told),
        Err(refusal) => Err(told.field("Code", refusal.error.code).field("Message", refusal.error.message)),
    }
}
