//! Answers of S3, header by header.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

use super::checksum;
use crate::model::Time;
use crate::model::s3::Checksum;
use crate::wire::{Node, Reply};

/// The XML namespace of S3's answers.
pub const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// An answer without its body.
#[derive(Clone, Debug)]
pub struct Draft {
    status: u16,
    headers: Vec<(Cow<'static, str>, String)>,
}

/// Begins an answer with this status.
pub fn reply(status: u16) -> Draft {
    Draft { status, headers: Vec::new() }
}

impl Draft {
    /// With a header.
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// With a checksum of a whole object.
    pub fn checksum(self, sum: &Checksum) -> Self {
        self.with(format!("{}{}", checksum::PREFIX, sum.algorithm), sum.value.clone())
            .with("x-amz-checksum-type", "FULL_OBJECT")
    }

    /// With these bytes for a body.
    pub fn bytes(self, body: Vec<u8>) -> Reply {
        Reply { status: self.status, headers: self.headers, body }
    }

    /// Without a body.
    pub fn empty(self) -> Reply {
        self.bytes(Vec::new())
    }

    /// With a document for a body, in S3's namespace.
    pub fn document(self, root: Node) -> Reply {
        let root = root.attribute("xmlns", NAMESPACE);
        self.with("content-type", "application/xml").bytes(root.document().into_bytes())
    }
}

/// A moment as HTTP writes it: `Sat, 21 Nov 2026 07:00:00 GMT`.
pub fn http_date(time: Time) -> String {
    let moment = i64::try_from(time.0 / 1000).ok().and_then(|second| Timestamp::from_second(second).ok());
    let text = moment.and_then(|moment| DateTimePrinter::new().timestamp_to_rfc9110_string(&moment).ok());
    text.unwrap_or_else(|| "Fri, 31 Dec 9999 23:59:59 GMT".to_owned())
}
