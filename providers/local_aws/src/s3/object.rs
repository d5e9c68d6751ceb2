//! Objects: written and read.

use std::collections::BTreeMap;

use md5::{Digest as _, Md5};

use super::condition::Conditions;
use super::range::{Wanted, wanted};
use super::refusal::{Refusal, invalid_argument, no_such_key, no_such_version, not_implemented};
use super::reply::{Draft, http_date, reply};
use super::request::Request;
use super::{Asking, checksum, found};
use crate::model::s3::{Bucket, NULL_VERSION, Object, Version, Versioning};
use crate::model::{Model, Time};
use crate::wire::Reply;

/// The headers that are kept with an object, besides `x-amz-meta-…`.
const KEPT: [&str; 10] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
    "x-amz-storage-class",
    "x-amz-website-redirect-location",
    ENCRYPTION,
    ENCRYPTION_KEY,
];

const ENCRYPTION: &str = "x-amz-server-side-encryption";
const ENCRYPTION_KEY: &str = "x-amz-server-side-encryption-aws-kms-key-id";

/// Headers that ask for what is not modelled, by how their names begin.
const NOT_MODELLED: [&str; 6] = [
    "x-amz-grant-",
    "x-amz-object-lock-",
    "x-amz-server-side-encryption-context",
    "x-amz-server-side-encryption-customer-",
    "x-amz-tagging",
    "x-amz-write-offset-bytes",
];

/// PutObject.
pub fn put(asking: Asking<'_>) -> Result<Reply, Refusal> {
    let Asking { model, request, .. } = asking;
    let bucket = found(model, request)?;
    let headers = described(request, bucket)?;
    Conditions::read(&request.headers, "").allow_write(bucket, request.key())?;
    let body = request.received.body.clone();
    let checksum =
        request.received.checksum.clone().unwrap_or_else(|| checksum::of(checksum::DEFAULT, &body));
    let object = Object { etag: hex::encode(Md5::digest(&body)), body, checksum, headers };
    let answer = written(reply(200), &object);
    Ok(versioned(answer, write(model, request, request.key(), Some(object))?).empty())
}

/// What a request says of the object that it writes, and what its bucket adds.
pub fn described(request: &Request, bucket: &Bucket) -> Result<BTreeMap<String, String>, Refusal> {
    if request.key().len() > 1024 {
        let refusal = Refusal::new("KeyTooLongError", 400, "Your key is too long");
        return Err(refusal.with("MaxSizeAllowed", "1024").with("Size", request.key().len().to_string()));
    }
    let mut names = request.headers.keys().map(|name| name.as_str());
    if let Some(name) = names.find(|name| NOT_MODELLED.iter().any(|start| name.starts_with(start))) {
        return Err(not_implemented(&format!("The header {name}")).with("Header", name));
    }
    if let Some(acl) =
        request.header("x-amz-acl").filter(|acl| !acl.starts_with("bucket-owner-full") && *acl != "private")
    {
        let refusal = Refusal::new("AccessControlListNotSupported", 400, "The bucket does not allow ACLs");
        return Err(refusal.with("AccessControlList", acl));
    }
    let kept = |name: &str| KEPT.contains(&name) || name.starts_with("x-amz-meta-");
    let said = request.headers.iter().filter(|(name, _)| kept(name.as_str()));
    let mut headers: BTreeMap<String, String> = said
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    unchunk(&mut headers);
    encrypt(&mut headers, bucket)?;
    headers.entry("content-type".to_owned()).or_insert_with(|| "binary/octet-stream".to_owned());
    headers.retain(|name, value| name != "x-amz-storage-class" || value != "STANDARD");
    Ok(headers)
}

/// How a body travelled is not how it is kept.
fn unchunk(headers: &mut BTreeMap<String, String>) {
    let Some(encoding) = headers.remove("content-encoding") else { return };
    let rest: Vec<&str> = encoding.split(',').map(str::trim).filter(|one| *one != "aws-chunked").collect();
    if !rest.is_empty() {
        headers.insert("content-encoding".to_owned(), rest.join(","));
    }
}

fn encrypt(headers: &mut BTreeMap<String, String>, bucket: &Bucket) -> Result<(), Refusal> {
    match headers.get(ENCRYPTION).map(String::as_str) {
        Some("AES256" | "aws:kms" | "aws:kms:dsse") => {}
        Some(other) => {
            let message = "The encryption method specified is not supported";
            return Err(invalid_argument(ENCRYPTION, other, message));
        }
        None => {
            headers.insert(ENCRYPTION.to_owned(), bucket.encryption.algorithm.clone());
            let key = bucket.encryption.key.clone();
            headers.extend(key.map(|key| (ENCRYPTION_KEY.to_owned(), key)));
        }
    }
    Ok(())
}

/// Makes what is given the newest version of a key in the request's bucket: a delete marker, if nothing is. Gives the version's id
/// if the bucket makes versions.
pub fn write(
    model: &mut Model,
    request: &Request,
    key: &str,
    object: Option<Object>,
) -> Result<Option<String>, Refusal> {
    let (fresh, modified) = (found(model, request)?.versioning == Some(Versioning::Enabled), model.now);
    let id = if fresh { model.random.hex(32) } else { NULL_VERSION.to_owned() };
    let version = Version { id: id.clone(), modified, object };
    found(model, request)?.push(key, version);
    Ok(fresh.then_some(id))
}

/// What is told of an object that was just written.
fn written(answer: Draft, object: &Object) -> Draft {
    let told = |name: &str| [ENCRYPTION, ENCRYPTION_KEY].contains(&name);
    let answer = answer.with("etag", format!("\"{}\"", object.etag)).checksum(&object.checksum);
    object
        .headers
        .iter()
        .filter(|(name, _)| told(name))
        .fold(answer, |answer, (name, value)| answer.with(name.clone(), value))
}

/// With the id of a version, if there is one.
pub fn versioned(answer: Draft, id: Option<String>) -> Draft {
    match id {
        Some(id) => answer.with("x-amz-version-id", id),
        None => answer,
    }
}

/// The object that a request reads, when it was written, and the id of its version if the bucket has versions.
///
/// # Errors
/// `NoSuchKey`, `NoSuchVersion`; `MethodNotAllowed` for a delete marker that is named.
pub fn read<'a>(
    bucket: &'a Bucket,
    key: &str,
    id: Option<&str>,
) -> Result<(&'a Object, Time, Option<&'a str>), Refusal> {
    let version = match id {
        None => bucket.current(key).ok_or_else(|| no_such_key(key))?,
        Some(id) => {
            let versions = bucket.keys.get(key).into_iter().flatten();
            versions.into_iter().find(|version| version.id == id).ok_or_else(|| no_such_version(key, id))?
        }
    };
    let told = bucket.versioning.map(|_| version.id.as_str());
    match (&version.object, id) {
        (Some(object), _) => Ok((object, version.modified, told)),
        (None, None) => Err(marked(no_such_key(key), version)),
        (None, Some(_)) => {
            let message = "The specified method is not allowed against this resource.";
            let refusal = Refusal::new("MethodNotAllowed", 405, message).header("allow", "DELETE");
            Err(marked(refusal, version).header("last-modified", http_date(version.modified)))
        }
    }
}

fn marked(refusal: Refusal, version: &Version) -> Refusal {
    refusal.header("x-amz-delete-marker", "true").header("x-amz-version-id", version.id.clone())
}

/// GetObject, and HeadObject, whose answer loses its body on the way.
pub fn get(asking: Asking<'_>) -> Result<Reply, Refusal> {
    let Asking { model, request, .. } = asking;
    let bucket = found(model, request)?;
    let (object, modified, id) = read(bucket, request.key(), request.query("versionId"))?;
    let tag = format!("\"{}\"", object.etag);
    Conditions::read(&request.headers, "").allow_read(object, modified).map_err(|refusal| {
        if refusal.error.status == 304 { refusal.header("etag", tag.clone()) } else { refusal }
    })?;
    let length = object.body.len();
    let (status, part) = match wanted(request.header("range"), length) {
        Wanted::Whole => (200, 0..length),
        Wanted::Part(part) => (206, part),
        Wanted::Nothing => return Err(unsatisfiable(request, length)),
    };
    let mut answer = reply(status)
        .with("last-modified", http_date(modified))
        .with("etag", tag)
        .with("accept-ranges", "bytes")
        .with("content-length", part.len().to_string());
    if status == 206 {
        answer = answer.with("content-range", format!("bytes {}-{}/{length}", part.start, part.end - 1));
    } else if request.header("x-amz-checksum-mode").is_some_and(|mode| mode.eq_ignore_ascii_case("ENABLED")) {
        answer = answer.checksum(&object.checksum);
    }
    let headers = object.headers.iter();
    let answer = headers.fold(answer, |answer, (name, value)| answer.with(name.clone(), value));
    Ok(versioned(answer, id.map(str::to_owned)).bytes(object.body.slice(part).to_vec()))
}

fn unsatisfiable(request: &Request, length: usize) -> Refusal {
    Refusal::new("InvalidRange", 416, "The requested range is not satisfiable")
        .with("RangeRequested", request.header("range").unwrap_or_default())
        .with("ActualObjectSize", length.to_string())
        .header("content-range", format!("bytes */{length}"))
}
