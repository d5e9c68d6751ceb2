//! Time inside the model.

use std::fmt;
use std::ops::Add;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A moment in the model: milliseconds since the Unix epoch.
///
/// The model never reads a clock. Whoever drives it says what time it is, so the same requests at the same
/// times give the same answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub u64);

impl Time {
    /// How long ago `earlier` was; zero if it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// The moment as AWS writes it: `2026-11-21T07:00:00.000Z`. SDKs refuse a stamp without the `Z`.
    pub fn stamp(self) -> String {
        let seconds = self.0 / 1000;
        let millis = self.0 % 1000;
        match i64::try_from(seconds).ok().and_then(|s| Timestamp::from_second(s).ok()) {
            Some(moment) => format!("{}.{millis:03}Z", moment.strftime("%Y-%m-%dT%H:%M:%S")),
            None => "9999-12-31T23:59:59.999Z".to_owned(),
        }
    }

    /// The moment as the reasons of alarms have it: `21/11/26 07:00:00`.
    pub fn short(self) -> String {
        let moment = i64::try_from(self.0 / 1000).ok().and_then(|second| Timestamp::from_second(second).ok());
        moment.map(|moment| moment.strftime("%d/%m/%y %H:%M:%S").to_string()).unwrap_or_default()
    }

    /// Reads a stamp a client sent (RFC 3339, any offset); `None` if it is not one.
    pub fn parse(stamp: &str) -> Option<Self> {
        let moment: Timestamp = stamp.parse().ok()?;
        u64::try_from(moment.as_millisecond()).ok().map(Self)
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, delay: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.stamp())
    }
}
