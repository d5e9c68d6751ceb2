//! S3: buckets, objects, their versions, and writes on conditions.
//!
//! What a write and a deletion do is decided in one step under one lock, so of twenty clients that put a key
//! `If-None-Match: *` one wins, and nobody ever meets `ConditionalRequestConflict` by chance; a fault
//! (`s3:PutObject=ConditionalRequestConflict`) brings it about. Names of buckets are those of one account: another
//! account can have a bucket of the same name.

mod body;
mod bucket;
mod checksum;
mod condition;
mod copy;
mod delete;
mod list;
mod object;
mod range;
mod refusal;
mod reply;
mod request;
mod settings;

use http::Method;

use crate::model::Model;
use crate::model::s3::Bucket;
use crate::service::Context;
use crate::wire::{ApiError, Node, Reply};
use refusal::{Refusal, no_such_bucket, not_implemented};
use reply::{http_date, reply};

pub use reply::NAMESPACE;
pub use request::Request;

/// A request on its way to its handler.
struct Asking<'a> {
    model: &'a mut Model,
    context: &'a Context,
    request: &'a Request,
}

type Handler = fn(Asking<'_>) -> Result<Reply, Refusal>;

/// What a request's address names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Account,
    Bucket,
    Object,
}

/// The operation behind a method, what the address names, and a parameter of the query string (or a header) that must
/// be there. The first that fits counts.
const OPERATIONS: [(&str, Scope, &str, &str, Handler); 37] = [
    ("GET", Scope::Account, "", "ListBuckets", bucket::list),
    ("GET", Scope::Bucket, "location", "GetBucketLocation", bucket::location_of),
    ("PUT", Scope::Bucket, "versioning", "PutBucketVersioning", settings::put_versioning),
    ("GET", Scope::Bucket, "versioning", "GetBucketVersioning", settings::get_versioning),
    ("PUT", Scope::Bucket, "encryption", "PutBucketEncryption", settings::put_encryption),
    ("GET", Scope::Bucket, "encryption", "GetBucketEncryption", settings::get_encryption),
    ("DELETE", Scope::Bucket, "encryption", "DeleteBucketEncryption", settings::delete_encryption),
    ("PUT", Scope::Bucket, "publicAccessBlock", "PutPublicAccessBlock", settings::put_access),
    ("GET", Scope::Bucket, "publicAccessBlock", "GetPublicAccessBlock", settings::get_access),
    ("DELETE", Scope::Bucket, "publicAccessBlock", "DeletePublicAccessBlock", settings::delete_access),
    ("PUT", Scope::Bucket, "tagging", "PutBucketTagging", settings::put_tags),
    ("GET", Scope::Bucket, "tagging", "GetBucketTagging", settings::get_tags),
    ("DELETE", Scope::Bucket, "tagging", "DeleteBucketTagging", settings::delete_tags),
    ("GET", Scope::Bucket, "versions", "ListObjectVersions", list::versions),
    ("GET", Scope::Bucket, "list-type", "ListObjectsV2", list::objects),
    ("POST", Scope::Bucket, "delete", "DeleteObjects", delete::delete_many),
    ("GET", Scope::Bucket, "uploads", "ListMultipartUploads", not_modelled),
    ("GET", Scope::Bucket, "", "ListObjects", not_modelled),
    ("POST", Scope::Bucket, "", "PostObject", not_modelled),
    ("PUT", Scope::Bucket, "", "CreateBucket", bucket::create),
    ("HEAD", Scope::Bucket, "", "HeadBucket", bucket::head),
    ("DELETE", Scope::Bucket, "", "DeleteBucket", bucket::delete),
    ("POST", Scope::Object, "uploads", "CreateMultipartUpload", not_modelled),
    ("POST", Scope::Object, "uploadId", "CompleteMultipartUpload", not_modelled),
    ("DELETE", Scope::Object, "uploadId", "AbortMultipartUpload", not_modelled),
    ("GET", Scope::Object, "uploadId", "ListParts", not_modelled),
    ("PUT", Scope::Object, "uploadId", "UploadPart", not_modelled),
    ("POST", Scope::Object, "restore", "RestoreObject", not_modelled),
    ("POST", Scope::Object, "select", "SelectObjectContent", not_modelled),
    ("GET", Scope::Object, "attributes", "GetObjectAttributes", not_modelled),
    ("PUT", Scope::Object, "renameObject", "RenameObject", not_modelled),
    ("GET", Scope::Object, "partNumber", "GetObject by part", not_modelled),
    ("PUT", Scope::Object, "x-amz-copy-source", "CopyObject", copy::copy),
    ("PUT", Scope::Object, "", "PutObject", object::put),
    ("GET", Scope::Object, "", "GetObject", object::get),
    ("HEAD", Scope::Object, "", "HeadObject", object::get),
    ("DELETE", Scope::Object, "", "DeleteObject", delete::delete),
];

/// Settings that are not modelled, by the parameter that names them: `PUT ?acl` is `PutBucketAcl`.
const NOT_MODELLED: [(Scope, &str, &str); 22] = [
    (Scope::Bucket, "accelerate", "BucketAccelerateConfiguration"),
    (Scope::Bucket, "acl", "BucketAcl"),
    (Scope::Bucket, "analytics", "BucketAnalyticsConfiguration"),
    (Scope::Bucket, "cors", "BucketCors"),
    (Scope::Bucket, "intelligent-tiering", "BucketIntelligentTieringConfiguration"),
    (Scope::Bucket, "inventory", "BucketInventoryConfiguration"),
    (Scope::Bucket, "lifecycle", "BucketLifecycleConfiguration"),
    (Scope::Bucket, "logging", "BucketLogging"),
    (Scope::Bucket, "metrics", "BucketMetricsConfiguration"),
    (Scope::Bucket, "notification", "BucketNotificationConfiguration"),
    (Scope::Bucket, "object-lock", "ObjectLockConfiguration"),
    (Scope::Bucket, "ownershipControls", "BucketOwnershipControls"),
    (Scope::Bucket, "policy", "BucketPolicy"),
    (Scope::Bucket, "policyStatus", "BucketPolicyStatus"),
    (Scope::Bucket, "replication", "BucketReplication"),
    (Scope::Bucket, "requestPayment", "BucketRequestPayment"),
    (Scope::Bucket, "website", "BucketWebsite"),
    (Scope::Object, "acl", "ObjectAcl"),
    (Scope::Object, "legal-hold", "ObjectLegalHold"),
    (Scope::Object, "retention", "ObjectRetention"),
    (Scope::Object, "tagging", "ObjectTagging"),
    (Scope::Object, "torrent", "ObjectTorrent"),
];

fn scope(request: &Request) -> Scope {
    match (&request.bucket, &request.key) {
        (None, _) => Scope::Account,
        (Some(_), None) => Scope::Bucket,
        (Some(_), Some(_)) => Scope::Object,
    }
}

fn operation(request: &Request) -> Option<(String, Handler)> {
    let (scope, method) = (scope(request), request.method.as_str());
    let mut settings =
        NOT_MODELLED.iter().filter(|(of, name, _)| *of == scope && request.query.contains_key(*name));
    if let Some((_, _, setting)) = settings.next() {
        let verb = method[..1].to_owned() + &method[1..].to_lowercase();
        return Some((format!("{verb}{setting}"), not_modelled));
    }
    let says = |name: &str| request.query.contains_key(name) || request.headers.contains_key(name);
    OPERATIONS
        .iter()
        .find(|(known, of, name, ..)| *known == method && *of == scope && (name.is_empty() || says(name)))
        .map(|(_, _, _, name, handler)| ((*name).to_owned(), *handler))
}

/// The name of the operation that a request asks for, as the API reference has it.
pub fn action(request: &Request) -> String {
    operation(request).map_or_else(|| "Unknown".to_owned(), |(name, _)| name)
}

/// Whether a request only reads.
pub fn reads(request: &Request) -> bool {
    matches!(request.method, Method::GET | Method::HEAD)
}

/// Carries out a request and words the answer.
pub fn answer(model: &mut Model, context: &Context, request: &Request) -> Reply {
    let known = operation(request).ok_or_else(|| {
        let message = "The specified method is not allowed against this resource.";
        Refusal::new("MethodNotAllowed", 405, message).with("Method", request.method.as_str())
    });
    let answered = known.and_then(|(name, handler)| {
        at_home(model, context, request, &name)?;
        handler(Asking { model, context, request })
    });
    let mut answer = answered.unwrap_or_else(|refusal| refusal.reply(&context.request_id));
    // By this and `Last-Modified` clients tell how old an object is, whatever their own clocks say.
    answer.headers.push(("date".into(), http_date(model.now)));
    identified(answer, &context.request_id)
}

/// With the header in which S3's clients look for the id.
fn identified(mut answer: Reply, request_id: &str) -> Reply {
    answer.headers.push(("x-amz-request-id".into(), request_id.to_owned()));
    answer
}

/// Words a refusal that came about before the request was carried out.
pub fn refuse(request_id: &str, error: &ApiError) -> Reply {
    identified(Refusal::from(error.clone()).reply(request_id), request_id)
}

/// A bucket answers in its region; elsewhere S3 says where that is.
fn at_home(model: &Model, context: &Context, request: &Request, action: &str) -> Result<(), Refusal> {
    let bucket = model.s3.buckets.get(request.bucket());
    let elsewhere = bucket.map(|bucket| &bucket.region).filter(|region| **region != context.region);
    match elsewhere {
        Some(region) if !["CreateBucket", "GetBucketLocation"].contains(&action) => {
            let message = "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.";
            let endpoint = format!("{}.s3.{region}.amazonaws.com", request.bucket());
            let refusal = Refusal::new("PermanentRedirect", 301, message).with("Endpoint", endpoint);
            Err(refusal.with("Bucket", request.bucket()).header("x-amz-bucket-region", region))
        }
        _ => Ok(()),
    }
}

fn not_modelled(asking: Asking<'_>) -> Result<Reply, Refusal> {
    Err(not_implemented(&action(asking.request)))
}

/// The bucket that a request is about.
///
/// # Errors
/// `NoSuchBucket`.
fn found<'a>(model: &'a mut Model, request: &Request) -> Result<&'a mut Bucket, Refusal> {
    let name = request.bucket();
    model.s3.buckets.get_mut(name).ok_or_else(|| no_such_bucket(name))
}

/// The account, by the canonical id that S3 has for it.
fn owner(account: &str) -> Node {
    Node::body().field("ID", format!("{account:0>64}"))
}

#[cfg(test)]
mod tests;
