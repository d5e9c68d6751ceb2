//! What load balancers count.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the listeners of a load balancer have counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Requests; on TCP listeners, connections.
    pub requests: u64,
    /// Answers by status, its own included.
    pub by_status: BTreeMap<u16, u64>,
    /// What instances answered, by their image.
    pub by_image: BTreeMap<String, u64>,
    /// What never got an instance's answer, by cause.
    pub dropped: BTreeMap<Cause, u64>,
}

/// Why a request got no instance's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// No instance takes requests (503).
    NoneInService,
    /// The instance takes no connection, or closes it without an answer (504).
    Refused,
    /// The instance does not answer within the idle timeout (504).
    TimedOut,
    /// The instance has left, and draining is off or over (504).
    Cut,
    /// The instance's answer is not HTTP (502).
    Malformed,
}

impl Cause {
    /// What the client hears (user guide, "troubleshoot a Classic Load Balancer: HTTP errors").
    pub fn status(self) -> u16 {
        match self {
            Self::NoneInService => 503,
            Self::Malformed => 502,
            Self::Refused | Self::TimedOut | Self::Cut => 504,
        }
    }

    /// In a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NoneInService => "503 Service Unavailable: Back-end server is at capacity",
            Self::Malformed => "502 Bad Gateway: The instance's answer is not HTTP",
            Self::Refused => "504 Gateway Timeout: The instance closed the connection",
            Self::TimedOut => "504 Gateway Timeout: The instance did not answer in time",
            Self::Cut => "504 Gateway Timeout: The instance has left",
        }
    }
}

impl Tally {
    /// Counts an instance's answer; TCP has no status.
    pub fn answered(&mut self, image: &str, status: Option<u16>) {
        self.requests += 1;
        *self.by_image.entry(image.to_owned()).or_default() += 1;
        if let Some(status) = status {
            *self.by_status.entry(status).or_default() += 1;
        }
    }

    /// Counts a request without one.
    pub fn dropped(&mut self, cause: Cause, http: bool) {
        self.requests += 1;
        *self.dropped.entry(cause).or_default() += 1;
        if http {
            *self.by_status.entry(cause.status()).or_default() += 1;
        }
    }

    /// Requests that were dropped, or answered with 5xx.
    pub fn failed(&self) -> u64 {
        let http: u64 = self.by_status.range(500..).map(|(_, count)| count).sum();
        let all: u64 = self.dropped.values().sum();
        http.max(all)
    }
}
