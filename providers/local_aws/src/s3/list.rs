//! ListObjectsV2 and ListObjectVersions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::refusal::{Refusal, invalid_argument};
use super::request::Request;
use super::{Asking, found, owner, reply};
use crate::model::s3::{Object, Version};
use crate::wire::{Node, Reply};

/// What `encoding-type=url` leaves as it is.
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b'*');

/// The most entries of a page.
const LARGEST_PAGE: usize = 1000;

/// What both listings are asked for.
struct Listing<'a> {
    prefix: &'a str,
    delimiter: Option<&'a str>,
    size: usize,
    encoding: Option<&'a str>,
}

impl<'a> Listing<'a> {
    fn read(request: &'a Request) -> Result<Self, Refusal> {
        let size = match request.query("max-keys").map(|size| (size, size.parse::<u32>())) {
            None => LARGEST_PAGE,
            Some((_, Ok(size))) => usize::try_from(size).map_or(LARGEST_PAGE, |size| size.min(LARGEST_PAGE)),
            Some((text, Err(_))) => {
                let message = "Provided max-keys not an integer or within integer range";
                return Err(invalid_argument("max-keys", text, message));
            }
        };
        let encoding = request.query("encoding-type");
        if let Some(other) = encoding.filter(|encoding| *encoding != "url") {
            let message = "Invalid Encoding Method specified in Request";
            return Err(invalid_argument("encoding-type", other, message));
        }
        let (prefix, delimiter) = (request.query("prefix").unwrap_or_default(), request.query("delimiter"));
        Ok(Self { prefix, delimiter, size, encoding })
    }

    /// The common prefix that a key is rolled up into, up to and with the delimiter.
    fn rolled<'k>(&self, key: &'k str) -> Option<&'k str> {
        let (delimiter, rest) = (self.delimiter?, key.strip_prefix(self.prefix)?);
        let end = rest.find(delimiter)? + delimiter.len();
        Some(&key[..self.prefix.len() + end])
    }

    /// A key as the answer has it.
    fn text(&self, key: &str) -> String {
        match self.encoding {
            Some(_) => utf8_percent_encode(key, ENCODED).to_string(),
            None => key.to_owned(),
        }
    }

    /// The elements that tell what was asked for.
    fn echo(&self, root: Node, bucket: &str) -> Node {
        root.field("Name", bucket)
            .field("Prefix", self.text(self.prefix))
            .maybe("Delimiter", self.delimiter.map(|delimiter| self.text(delimiter)))
            .maybe("EncodingType", self.encoding)
            .field("MaxKeys", self.size)
    }
}

/// An entry of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry<'a> {
    /// A version of a key, and whether it is the newest.
    Version(&'a str, &'a Version, bool),
    /// Keys that are rolled up.
    Prefix(&'a str),
}

impl<'a> Entry<'a> {
    /// Where it stands in the listing.
    fn name(&self) -> &'a str {
        match self {
            Self::Version(key, ..) => key,
            Self::Prefix(prefix) => prefix,
        }
    }
}

/// ListObjectsV2.
pub fn objects(asking: Asking<'_>) -> Result<Reply, Refusal> {
    let Asking { model, request, .. } = asking;
    let account = model.account.clone();
    let bucket = found(model, request)?;
    let listing = Listing::read(request)?;
    let token = request.query("continuation-token");
    let after = token.map(|token| position(token).ok_or_else(|| wrong_token(token))).transpose()?;
    let start = request.query("start-after").filter(|_| after.is_none()).unwrap_or_default();
    let live = bucket.keys.iter().filter_map(|(key, versions)| Some((key.as_str(), versions.last()?)));
    let live = live.filter(|(key, version)| {
        version.object.is_some() && key.starts_with(listing.prefix) && (start.is_empty() || *key > start)
    });
    let mut entries: Vec<Entry<'_>> = live
        .map(|(key, version)| listing.rolled(key).map_or(Entry::Version(key, version, true), Entry::Prefix))
        .filter(|entry| after.as_deref().is_none_or(|after| entry.name() > after))
        .collect();
    entries.dedup();
    let page = &entries[..entries.len().min(listing.size)];
    let next = page.last().filter(|_| page.len() < entries.len()).map(|last| STANDARD.encode(last.name()));
    let mut root = listing
        .echo(Node::new("ListBucketResult"), request.bucket())
        .field("KeyCount", page.len())
        .field("IsTruncated", next.is_some())
        .maybe("ContinuationToken", token)
        .maybe("NextContinuationToken", next)
        .maybe("StartAfter", request.query("start-after").map(|start| listing.text(start)));
    let owned = request.query("fetch-owner") == Some("true");
    for entry in page {
        if let Entry::Version(key, version, _) = entry
            && let Some(object) = &version.object
        {
            let node = described(Node::body().field("Key", listing.text(key)), version, object);
            root = root.child("Contents", if owned { node.child("Owner", owner(&account)) } else { node });
        }
    }
    Ok(reply(200).document(prefixes(root, &listing, page)))
}

fn described(node: Node, version: &Version, object: &Object) -> Node {
    let class = object.headers.get("x-amz-storage-class").map_or("STANDARD", String::as_str);
    node.field("LastModified", version.modified)
        .field("ETag", format!("\"{}\"", object.etag))
        .field("ChecksumAlgorithm", object.checksum.algorithm.to_uppercase())
        .field("ChecksumType", "FULL_OBJECT")
        .field("Size", object.body.len())
        .field("StorageClass", class)
}

fn prefixes(root: Node, listing: &Listing<'_>, page: &[Entry<'_>]) -> Node {
    let rolled = page.iter().filter_map(|entry| match entry {
        Entry::Prefix(prefix) => Some(Node::body().field("Prefix", listing.text(prefix))),
        Entry::Version(..) => None,
    });
    rolled.fold(root, |root, prefix| root.child("CommonPrefixes", prefix))
}

/// The entry after which a page begins.
fn position(token: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(token).ok()?).ok()
}

fn wrong_token(token: &str) -> Refusal {
    invalid_argument("continuation-token", token, "The continuation token provided is incorrect")
}

/// ListObjectVersions: by key, and of each the newest first.
pub fn versions(asking: Asking<'_>) -> Result<Reply, Refusal> {
    let Asking { model, request, .. } = asking;
    let account = model.account.clone();
    let bucket = found(model, request)?;
    let listing = Listing::read(request)?;
    let (key_marker, id_marker) = (request.query("key-marker"), request.query("version-id-marker"));
    if let Some(id) = id_marker.filter(|_| key_marker.is_none()) {
        let message = "A version-id marker cannot be specified without a key marker.";
        return Err(invalid_argument("version-id-marker", id, message));
    }
    let keys = bucket.keys.iter().filter(|(key, _)| key.starts_with(listing.prefix));
    let mut entries: Vec<Entry<'_>> = keys
        .flat_map(|(key, versions)| {
            let newest_first = versions.iter().rev().enumerate();
            newest_first.map(move |(age, version)| (key.as_str(), version, age == 0))
        })
        .map(|(key, version, newest)| {
            listing.rolled(key).map_or(Entry::Version(key, version, newest), Entry::Prefix)
        })
        .collect();
    entries.dedup();
    let rest = &entries[begin(&entries, key_marker, id_marker)..];
    let page = &rest[..rest.len().min(listing.size)];
    let next = page.last().filter(|_| page.len() < rest.len());
    let mut root = listing
        .echo(Node::new("ListVersionsResult"), request.bucket())
        .field("KeyMarker", key_marker.map(|key| listing.text(key)).unwrap_or_default())
        .field("VersionIdMarker", id_marker.unwrap_or_default())
        .field("IsTruncated", next.is_some());
    root = match next {
        Some(Entry::Version(key, version, _)) => {
            root.field("NextKeyMarker", listing.text(key)).field("NextVersionIdMarker", &version.id)
        }
        Some(Entry::Prefix(prefix)) => root.field("NextKeyMarker", listing.text(prefix)),
        None => root,
    };
    for entry in page {
        if let Entry::Version(key, version, newest) = entry {
            let (name, node) = told(&listing, key, version, *newest);
            root = root.child(name, node.child("Owner", owner(&account)));
        }
    }
    Ok(reply(200).document(prefixes(root, &listing, page)))
}

/// How many entries lie before the markers: those up to the key, or up to the version of it.
fn begin(entries: &[Entry<'_>], key: Option<&str>, id: Option<&str>) -> usize {
    let Some(key) = key else { return 0 };
    let exact = entries.iter().position(|entry| {
        matches!(entry, Entry::Version(name, version, _) if *name == key && id == Some(version.id.as_str()))
    });
    exact.map_or_else(|| entries.partition_point(|entry| entry.name() <= key), |found| found + 1)
}

fn told(listing: &Listing<'_>, key: &str, version: &Version, newest: bool) -> (&'static str, Node) {
    let node = Node::body()
        .field("Key", listing.text(key))
        .field("VersionId", &version.id)
        .field("IsLatest", newest);
    match &version.object {
        Some(object) => ("Version", described(node, version, object)),
        None => ("DeleteMarker", node.field("LastModified", version.modified)),
    }
}
