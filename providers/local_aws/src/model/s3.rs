//! What S3 remembers.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Time;
use super::ec2::Tags;

/// The version id of what was written while a bucket kept no versions.
pub const NULL_VERSION: &str = "null";

/// The buckets of an account, wherever they are.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct S3 {
    /// By name.
    pub buckets: BTreeMap<String, Bucket>,
}

/// A bucket and what is in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bucket {
    /// Where it is.
    pub region: String,
    /// When it was made.
    pub created: Time,
    /// Whether it keeps versions; `None` if nobody has ever said.
    pub versioning: Option<Versioning>,
    /// How objects are encrypted that do not say it themselves.
    pub encryption: Encryption,
    /// What of public access is blocked; `None` if that was taken away.
    pub public_access_block: Option<PublicAccessBlock>,
    /// Tags.
    pub tags: Tags,
    /// The versions of each key, the newest last; none of the lists is empty.
    pub keys: BTreeMap<String, Vec<Version>>,
}

/// Whether a bucket keeps versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Versioning {
    /// Each write makes one.
    Enabled,
    /// Those there are stay; writes replace the one without an id.
    Suspended,
}

/// A way of encrypting at rest. It is kept and told, not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encryption {
    /// `AES256`, `aws:kms` or `aws:kms:dsse`.
    pub algorithm: String,
    /// The KMS key, if one was named.
    pub key: Option<String>,
    /// Whether the bucket has a key of its own, which saves calls to KMS.
    pub bucket_key: bool,
}

impl Default for Encryption {
    /// What every bucket has been born with since 2023.
    fn default() -> Self {
        Self { algorithm: "AES256".to_owned(), key: None, bucket_key: false }
    }
}

/// What of public access is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicAccessBlock {
    /// `BlockPublicAcls`.
    pub block_acls: bool,
    /// `IgnorePublicAcls`.
    pub ignore_acls: bool,
    /// `BlockPublicPolicy`.
    pub block_policy: bool,
    /// `RestrictPublicBuckets`.
    pub restrict_buckets: bool,
}

impl PublicAccessBlock {
    /// What every bucket has been born with since 2023.
    pub const ALL: Self =
        Self { block_acls: true, ignore_acls: true, block_policy: true, restrict_buckets: true };
}

/// A version of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Its id; [`NULL_VERSION`] if the bucket kept none.
    pub id: String,
    /// When it was written.
    pub modified: Time,
    /// `None` for a delete marker.
    pub object: Option<Object>,
}

/// An object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// The bytes; base64 in snapshots.
    #[serde(serialize_with = "write_bytes", deserialize_with = "read_bytes")]
    pub body: Bytes,
    /// The MD5 of the bytes in hexadecimal digits, without quotation marks.
    pub etag: String,
    /// The checksum it is kept with.
    pub checksum: Checksum,
    /// What was said of it and is told with it, by header: `content-type`, `x-amz-meta-…`.
    pub headers: BTreeMap<String, String>,
}

/// A checksum of an object's bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksum {
    /// As it stands in header names: `crc32`, `crc32c`, `crc64nvme`, `sha1`, `sha256`.
    pub algorithm: String,
    /// In base64.
    pub value: String,
}

impl Bucket {
    /// The newest version of a key, a delete marker included.
    pub fn current(&self, key: &str) -> Option<&Version> {
        self.keys.get(key).and_then(|versions| versions.last())
    }

    /// The object under a key, unless the newest version is a delete marker.
    pub fn object(&self, key: &str) -> Option<&Object> {
        self.current(key).and_then(|version| version.object.as_ref())
    }

    /// Adds the newest version of a key, in place of one with the same id.
    pub fn push(&mut self, key: &str, version: Version) {
        let versions = self.keys.entry(key.to_owned()).or_default();
        versions.retain(|other| other.id != version.id);
        versions.push(version);
    }

    /// Takes a version of a key away; `None` if there is none with this id.
    pub fn remove(&mut self, key: &str, id: &str) -> Option<Version> {
        let versions = self.keys.get_mut(key)?;
        let position = versions.iter().position(|version| version.id == id)?;
        let removed = versions.remove(position);
        if versions.is_empty() {
            self.keys.remove(key);
        }
        Some(removed)
    }
}

fn write_bytes<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

fn read_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    let text = String::deserialize(deserializer)?;
    STANDARD.decode(text).map(Bytes::from).map_err(de::Error::custom)
}
