//! What is said of a whole bucket: versioning, encryption, public access, tags.

use std::collections::BTreeMap;

use super::refusal::{Refusal, invalid_argument, malformed};
use super::{Asking, found, reply};
use crate::model::ec2::Tags;
use crate::model::s3::{Encryption, PublicAccessBlock, Versioning};
use crate::wire::{Node, Reply};

/// The document of a request under the name its operation wants.
fn document(asking: &Asking<'_>, name: &str) -> Result<Node, Refusal> {
    asking.request.document()?.filter(|root| root.name() == name).ok_or_else(malformed)
}

/// PutBucketVersioning.
pub fn put_versioning(asking: Asking<'_>) -> Result<Reply, Refusal> {
    let versioning = match document(&asking, "VersioningConfiguration")?.text_of("Status") {
        Some("Enabled") => Versioning::Enabled,
        Some("Suspended") => Versioning::Suspended,
        _ => return Err(malformed()),
    };
    found(asking.model, asking.request)?.versioning = Some(versioning);
    Ok(reply(200).empty())
}

/// GetBucketVersioning; nothing stands in it as long as nobody has said anything.
pub fn get_versioning(asking: Asking<'_>) -> Result<Reply, Refusal> {
    let status = found(asking.model, asking.request)?.versioning.map(|versioning| match versioning {
        Versioning::Enabled => "Enabled",
        Versioning::Suspended => "Suspended",
    });
    Ok(reply(200).document(Node::new("VersioningConfiguration").maybe("Status", status)))
}

/// PutBucketEncryption.
pub fn put_encryption(asking: Asking<'_>) -> Result<Reply, Refusal> {
    let root = document(&asking, "ServerSideEncryptionConfiguration")?;
    let rule = root.get("Rule").ok_or_else(malformed)?;
    let default = rule.get("ApplyServerSideEncryptionByDefault").ok_or_else(malformed)?;
    let algorithm = default.text_of("SSEAlgorithm").unwrap_or_default();
    if !["AES256", "aws:kms", "aws:kms:dsse"].contains(&algorithm) {
        return Err(malformed());
    }
    let key = default.text_of("KMSMasterKeyID").filter(|key| !key.is_empty());
    if let Some(key) = key.filter(|_| algorithm == "AES256") {
        let message =
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse";
        return Err(invalid_argument("KMSMasterKeyID", key, message));
    }
    let encryption = Encryption {
        algorithm: algorithm.to_owned(),
        key: key.map(str::to_owned),
        bucket_key: rule.text_of("BucketKeyEnabled") == Some("true"),
    };
    found(asking.model, asking.request)?.encryption = encryption;
    Ok(reply(200).empty())
}

/// GetBucketEncryption.
pub fn get_encryption(asking: Asking<'_>) -> Result<Reply, Refusal> {
    let encryption = &found(asking.model, asking.request)?.encryption;
    let default = Node::body()
        .field("SSEAlgorithm", &encryption.algorithm)
        .maybe("KMSMasterKeyID", encryption.key.as_ref());
    let rule = Node::body()
        .child("ApplyServerSideEncryptionByDefault", default)
        .field("BucketKeyEnabled", encryption.bucket_key);
    Ok(reply(200).document(Node::new("ServerSideEncryptionConfiguration").child("Rule", rule)))
}

/// DeleteBucketEncryption: back to what buckets are born with.
pub fn delete_encryption(asking: Asking<'_>) -> Result<Reply, Refusal> {
    found(asking.model, asking.request)?.encryption = Encryption::default();
    Ok(reply(204).empty())
}

/// PutPublicAccessBlock; what is left out is not blocked.
pub fn put_access(asking: Asking<'_>) -> Result<Reply, Refusal> {
    let root = document(&asking, "PublicAccessBlockConfiguration")?;
    let flag = |name| match root.text_of(name).map(str::to_lowercase).as_deref() {
        Some("true") => Ok(true),
        Some("false") | None => Ok(false),
        Some(_) => Err(malformed()),
    };
    let block = PublicAccessBlock {
        block_acls: flag("BlockPublicAcls")?,
        ignore_acls: flag("IgnorePublicAcls")?,
        block_policy: flag("BlockPublicPolicy")?,
        restrict_buckets: flag("RestrictPublicBuckets")?,
    };
    found(asking.model, asking.request)?.public_access_block = Some(block);
    Ok(reply(200).empty())
}

/// GetPublicAccessBlock.
pub fn get_access(asking: Asking<'_>) -> Result<Reply, Refusal> {
    let block = found(asking.model, asking.request)?.public_access_block.ok_or_else(|| {
        let message = "The public access block configuration was not found";
        Refusal::new("NoSuchPublicAccessBlockConfiguration", 404, message)
            .with("BucketName", asking.request.bucket())
    })?;
    let root = Node::new("PublicAccessBlockConfiguration")
        .field("BlockPublicAcls", block.block_acls)
        .field("IgnorePublicAcls", block.ignore_acls)
        .field("BlockPublicPolicy", block.block_policy)
        .field("RestrictPublicBuckets", block.restrict_buckets);
    Ok(reply(200).document(root))
}

/// DeletePublicAccessBlock.
pub fn delete_access(asking: Asking<'_>) -> Result<Reply, Refusal> {
    found(asking.model, asking.request)?.public_access_block = None;
    Ok(reply(204).empty())
}

/// PutBucketTagging: all tags at once.
pub fn put_tags(asking: Asking<'_>) -> Result<Reply, Refusal> {
    let root = document(&asking, "Tagging")?;
    let tags = tags(root.get("TagSet").ok_or_else(malformed)?)?;
    found(asking.model, asking.request)?.tags = tags;
    Ok(reply(204).empty())
}

/// The tags of a `TagSet`.
fn tags(set: &Node) -> Result<Tags, Refusal> {
    let mut tags = BTreeMap::new();
    for tag in set.children() {
        let (key, value) = (tag.text_of("Key"), tag.text_of("Value"));
        let (key, value) = key.zip(value).ok_or_else(malformed)?;
        if key.starts_with("aws:") {
            return Err(Refusal::new("InvalidTag", 400, "System tags cannot be added/updated by requester"));
        }
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            let message = "Cannot provide multiple Tags with the same key";
            return Err(Refusal::new("InvalidTag", 400, message).with("TagKey", key));
        }
    }
    Ok(tags)
}

/// GetBucketTagging.
pub fn get_tags(asking: Asking<'_>) -> Result<Reply, Refusal> {
    let tags = &found(asking.model, asking.request)?.tags;
    if tags.is_empty() {
        let refusal = Refusal::new("NoSuchTagSet", 404, "The TagSet does not exist");
        return Err(refusal.with("BucketName", asking.request.bucket()));
    }
    let tags = tags.iter().map(|(key, value)| Node::body().field("Key", key).field("Value", value));
    Ok(reply(200).document(Node::new("Tagging").list("TagSet", "Tag", tags)))
}

/// DeleteBucketTagging.
pub fn delete_tags(asking: Asking<'_>) -> Result<Reply, Refusal> {
    found(asking.model, asking.request)?.tags.clear();
    Ok(reply(204).empty())
}
