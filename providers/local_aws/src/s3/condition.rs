//! Preconditions, in the order of RFC 9110 §13.2.2.

use http::HeaderMap;
use jiff::fmt::rfc2822::DateTimeParser;

use super::refusal::{Refusal, no_such_key, precondition};
use crate::model::Time;
use crate::model::s3::{Bucket, Object};

/// The conditions of a request, by their headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions<'a> {
    /// `If-Match`: an ETag, or `*`.
    pub matches: Option<&'a str>,
    /// `If-None-Match`.
    pub none_match: Option<&'a str>,
    /// `If-Modified-Since`.
    pub modified_since: Option<Time>,
    /// `If-Unmodified-Since`.
    pub unmodified_since: Option<Time>,
}

impl<'a> Conditions<'a> {
    /// Those in headers whose names begin with `prefix`; a date that is none does not count.
    pub fn read(headers: &'a HeaderMap, prefix: &str) -> Self {
        let header = |name| headers.get(format!("{prefix}{name}")).and_then(|value| value.to_str().ok());
        Self {
            matches: header("if-match"),
            none_match: header("if-none-match"),
            modified_since: header("if-modified-since").and_then(date),
            unmodified_since: header("if-unmodified-since").and_then(date),
        }
    }

    /// Whether an object may be read.
    ///
    /// # Errors
    /// 412, or 304 if the reader has it already.
    pub fn allow_read(&self, object: &Object, modified: Time) -> Result<(), Refusal> {
        // HTTP dates have no milliseconds.
        let modified = modified.0 / 1000;
        match (self.matches, self.unmodified_since) {
            (Some(tag), _) if !fits(tag, object) => return Err(precondition("If-Match")),
            (None, Some(since)) if modified > since.0 / 1000 => {
                return Err(precondition("If-Unmodified-Since"));
            }
            _ => {}
        }
        let known = match (self.none_match, self.modified_since) {
            (Some(tag), _) => fits(tag, object),
            (None, Some(since)) => modified <= since.0 / 1000,
            (None, None) => false,
        };
        match known {
            true => Err(Refusal::new("NotModified", 304, "Not Modified")),
            false => Ok(()),
        }
    }

    /// Whether a key may be written.
    ///
    /// # Errors
    /// 412; `NoSuchKey` if there is nothing that could match.
    pub fn allow_write(&self, bucket: &Bucket, key: &str) -> Result<(), Refusal> {
        match (self.none_match, bucket.object(key)) {
            (Some("*"), Some(_)) => return Err(precondition("If-None-Match")),
            (Some("*") | None, _) => {}
            (Some(_), _) => {
                let message = "A header you provided implies functionality that is not implemented";
                return Err(Refusal::new("NotImplemented", 501, message).with("Header", "If-None-Match"));
            }
        }
        match (self.matches, bucket.object(key)) {
            (Some(_), None) => Err(no_such_key(key)),
            (Some(tag), Some(object)) if !fits(tag, object) => Err(precondition("If-Match")),
            _ => Ok(()),
        }
    }
}

/// Whether a key may be deleted by who expects this ETag, or anything at all (`*`). Only the newest version counts.
///
/// # Errors
/// 412; `NoSuchKey` if the key was never written.
pub fn allow_delete(expected: Option<&str>, bucket: &Bucket, key: &str) -> Result<(), Refusal> {
    let Some(tag) = expected else { return Ok(()) };
    let current = bucket.current(key).ok_or_else(|| no_such_key(key))?;
    match &current.object {
        Some(object) if fits(tag, object) => Ok(()),
        _ => Err(precondition("If-Match")),
    }
}

/// Whether one of these ETags is the object's; quotation marks do not count.
fn fits(tags: &str, object: &Object) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").trim_matches('"').to_owned();
    tags.trim() == "*" || tags.split(',').any(|tag| bare(tag) == object.etag)
}

fn date(text: &str) -> Option<Time> {
    let moment = DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok()?;
    u64::try_from(moment.as_millisecond()).ok().map(Time)
}
