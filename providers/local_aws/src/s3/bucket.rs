//! Buckets.

use std::collections::BTreeMap;

use super::refusal::{Refusal, malformed, no_such_bucket};
use super::{Asking, found, reply};
use crate::model::s3::{Bucket, Encryption, PublicAccessBlock};
use crate::service::HOME;
use crate::wire::{Node, Reply};

/// CreateBucket. Who makes a bucket of their own again in us-east-1 is told that it worked, as ever.
pub fn create(asking: Asking<'_>) -> Result<Reply, Refusal> {
    let Asking { model, context, request } = asking;
    let name = request.bucket();
    if !is_name(name) {
        let refusal = Refusal::new("InvalidBucketName", 400, "The specified bucket is not valid.");
        return Err(refusal.with("BucketName", name));
    }
    let document = request.document()?;
    let asked = document.as_ref().and_then(|body| body.text_of("LocationConstraint"));
    let region = location(asked.filter(|region| !region.is_empty()), &context.region)?;
    match model.s3.buckets.get(name) {
        Some(bucket) if bucket.region != HOME || region != HOME => {
            let message =
                "Your previous request to create the named bucket succeeded and you already own it.";
            return Err(Refusal::new("BucketAlreadyOwnedByYou", 409, message).with("BucketName", name));
        }
        Some(_) => {}
        None => {
            let bucket = Bucket {
                region: region.to_owned(),
                created: model.now,
                versioning: None,
                encryption: Encryption::default(),
                public_access_block: Some(PublicAccessBlock::ALL),
                tags: BTreeMap::new(),
                keys: BTreeMap::new(),
            };
            model.s3.buckets.insert(name.to_owned(), bucket);
        }
    }
    Ok(reply(200).with("location", format!("/{name}")).empty())
}

/// Where a bucket is made: where the request goes to, which it must say unless that is us-east-1.
fn location<'a>(asked: Option<&'a str>, endpoint: &'a str) -> Result<&'a str, Refusal> {
    let refused = |constraint: &str| {
        let message = format!(
            "The {constraint} location constraint is incompatible for the region specific endpoint this request was sent to."
        );
        Refusal::new("IllegalLocationConstraintException", 400, message)
    };
    match asked {
        Some(HOME) => Err(Refusal::new(
            "InvalidLocationConstraint",
            400,
            "The specified location-constraint is not valid",
        )
        .with("LocationConstraint", HOME)),
        Some(region) if region == endpoint || endpoint == HOME => Ok(region),
        Some(region) => Err(refused(region)),
        None if endpoint == HOME => Ok(HOME),
        None => Err(refused("unspecified")),
    }
}

/// Three to 63 lower-case letters, digits, dots and hyphens; first and last a letter or a digit; no address.
fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.bytes().all(|byte| plain(byte) || byte == b'.' || byte == b'-')
        && name.split('.').all(|label| !label.is_empty())
        && name.bytes().next().is_some_and(plain)
        && name.bytes().last().is_some_and(plain)
        && name.parse::<std::net::Ipv4Addr>().is_err()
}

/// HeadBucket.
pub fn head(asking: Asking<'_>) -> Result<Reply, Refusal> {
    let bucket = found(asking.model, asking.request)?;
    let region = bucket.region.clone();
    Ok(reply(200).with("x-amz-bucket-region", region).with("content-type", "application/xml").empty())
}

/// GetBucketLocation; us-east-1 is the empty one.
pub fn location_of(asking: Asking<'_>) -> Result<Reply, Refusal> {
    let name = asking.request.bucket();
    let bucket = asking.model.s3.buckets.get(name).ok_or_else(|| no_such_bucket(name))?;
    let text = Some(&bucket.region).filter(|region| *region != HOME);
    let root = text.map(Node::value).unwrap_or_else(Node::body).named("LocationConstraint");
    Ok(reply(200).document(root))
}

/// DeleteBucket.
pub fn delete(asking: Asking<'_>) -> Result<Reply, Refusal> {
    let bucket = found(asking.model, asking.request)?;
    if !bucket.keys.is_empty() {
        let message = match bucket.versioning {
            None => "The bucket you tried to delete is not empty",
            Some(_) => {
                "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
            }
        };
        let refusal = Refusal::new("BucketNotEmpty", 409, message);
        return Err(refusal.with("BucketName", asking.request.bucket()));
    }
    asking.model.s3.buckets.remove(asking.request.bucket());
    Ok(reply(204).empty())
}

/// ListBuckets: `prefix`, `bucket-region`, and pages of `max-buckets`.
pub fn list(asking: Asking<'_>) -> Result<Reply, Refusal> {
    let Asking { model, request, .. } = asking;
    let prefix = request.query("prefix").unwrap_or_default();
    let (region, after) = (request.query("bucket-region"), request.query("continuation-token"));
    let size = match request.query("max-buckets").map(str::parse) {
        None => 10_000,
        Some(Ok(size)) => size,
        Some(Err(_)) => return Err(malformed()),
    };
    let mut wanted = model.s3.buckets.iter().filter(|(name, bucket)| {
        name.starts_with(prefix)
            && region.is_none_or(|region| region == bucket.region)
            && after.is_none_or(|after| name.as_str() > after)
    });
    let page: Vec<(&String, &Bucket)> = wanted.by_ref().take(size).collect();
    let next = wanted.next().and(page.last()).map(|(name, _)| *name);
    let buckets = page.iter().map(|(name, bucket)| {
        Node::body()
            .field("Name", name)
            .field("CreationDate", bucket.created)
            .field("BucketRegion", &bucket.region)
    });
    let root = Node::new("ListAllMyBucketsResult")
        .child("Owner", super::owner(&model.account))
        .list("Buckets", "Bucket", buckets)
        .maybe("ContinuationToken", next)
        .maybe("Prefix", request.query("prefix"));
    Ok(reply(200).document(root))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_hosts() {
        let long = "a".repeat(64);
        for name in ["abc", "my-states", "my.states", "123", &long[1..]] {
            assert!(is_name(name), "{name}");
        }
        for name in ["ab", "Abc", "a_b", "-abc", "abc-", ".abc", "a..b", "10.0.0.1", &long] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn buckets_are_made_where_they_are_asked_for() {
        let table = [
            (None, "us-east-1", Ok("us-east-1")),
            (None, "eu-west-1", Err("IllegalLocationConstraintException")),
            (Some("eu-west-1"), "eu-west-1", Ok("eu-west-1")),
            (Some("eu-west-1"), "us-east-1", Ok("eu-west-1")),
            (Some("eu-west-1"), "eu-west-2", Err("IllegalLocationConstraintException")),
            (Some("us-east-1"), "us-east-1", Err("InvalidLocationConstraint")),
        ];
        for (asked, endpoint, wanted) in table {
            let made = location(asked, endpoint).map_err(|refusal| refusal.error.code);
            assert_eq!(made, wanted.map_err(str::to_owned), "{asked:?} {endpoint}");
        }
    }
}
