//! Places of states in one line: `local:infra.state`, `s3://bucket/key?region=eu-west-1`.

use std::path::Path;

use super::shared::SharedPlace;
use super::{Place, hidden, kept_in};
use crate::error::{CommandResult, Complaint};
use crate::settings::Settings;

impl Place {
    /// The place that a line names; `region` is that of a bucket whose line names none.
    ///
    /// # Errors
    /// It names none.
    pub fn parse(line: &str, region: &str, settings: &Settings) -> CommandResult<Self> {
        let wrong = || {
            Complaint::new(format!("`{line}` is not a place of a state"))
                .hint("such as local:infra.state or s3://BUCKET/KEY?region=eu-west-1")
        };
        if let Some(path) = line.strip_prefix("local:").filter(|path| !path.is_empty()) {
            return Ok(Self::Disk(kept_in(settings).join(path)));
        }
        let (path, query) = line.split_once('?').unwrap_or((line, ""));
        let objects = path.strip_prefix("s3://").and_then(|path| path.split_once('/'));
        let (bucket, key) =
            objects.filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty()).ok_or_else(wrong)?;
        let mut place = SharedPlace::new(bucket, key, region, hidden(settings));
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("region", region)) => place.region = region.to_owned(),
                Some(("kms_key_id", key)) => place.kms_key_id = Some(key.to_owned()),
                _ => return Err(wrong().into()),
            }
        }
        Ok(Self::Shared(place))
    }

    /// The line that names the place: what [`Place::parse`] reads.
    pub fn line(&self, settings: &Settings) -> String {
        match self {
            Self::Disk(path) => {
                let here = kept_in(settings);
                format!("local:{}", path.strip_prefix(&here).unwrap_or(path.as_path() as &Path).display())
            }
            Self::Shared(SharedPlace { bucket, key, region, kms_key_id, .. }) => {
                let encrypted = kms_key_id.as_ref().map(|id| format!("&kms_key_id={id}")).unwrap_or_default();
                format!("s3://{bucket}/{key}?region={region}{encrypted}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written() {
        let settings = Settings::bare("/work/shop".as_ref(), "ann@a");
        let line = |text: &str| Some(Place::parse(text, "us-east-1", &settings).ok()?.line(&settings));
        for (text, expected) in [
            ("local:infra.state", Some("local:infra.state")),
            ("local:/var/infra.state", Some("local:/var/infra.state")),
            ("s3://shop/web/infra.state", Some("s3://shop/web/infra.state?region=us-east-1")),
            ("s3://shop/web?region=eu-west-1", Some("s3://shop/web?region=eu-west-1")),
            (
                "s3://shop/web?region=eu-west-1&kms_key_id=alias/state",
                Some("s3://shop/web?region=eu-west-1&kms_key_id=alias/state"),
            ),
            ("s3://shop", None),
            ("s3://shop/", None),
            ("s3://shop/web?colour=red", None),
            ("local:", None),
            ("infra.state", None),
        ] {
            assert_eq!(line(text).as_deref(), expected, "{text}");
        }
    }
}
