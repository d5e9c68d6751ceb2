//! What Route 53 remembers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Time;
use super::ec2::Tags;

/// Hosted zones and changes under way.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Route53 {
    /// By id, without `/hostedzone/`.
    pub zones: BTreeMap<String, Zone>,
    /// When each change is in sync, by id, without `/change/`.
    pub changes: BTreeMap<String, Change>,
    /// By id.
    #[serde(default)]
    pub health_checks: BTreeMap<String, HealthCheck>,
}

/// A health check of endpoints. It is kept, not carried out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HealthCheck {
    /// Its id.
    pub id: String,
    /// Makes a repeated create the same create.
    pub caller_reference: String,
    /// The `HealthCheckConfig` element, as it was sent.
    pub config: String,
    /// Grows with each update.
    pub version: u64,
    /// Tags.
    pub tags: Tags,
}

/// A change of records or zones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When it was asked for.
    pub submitted: Time,
    /// When all name servers know it.
    pub in_sync: Time,
}

/// A hosted zone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Zone {
    /// Its id.
    pub id: String,
    /// Lower case, with the final dot.
    pub name: String,
    /// Makes a repeated create the same create.
    pub caller_reference: String,
    /// A comment.
    pub comment: Option<String>,
    /// Region and id of each VPC of a private zone.
    pub vpcs: Vec<(String, String)>,
    /// By [`RecordSet::key`], which is the order in which they are listed.
    pub records: BTreeMap<String, RecordSet>,
    /// Tags.
    pub tags: Tags,
}

/// A set of records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordSet {
    /// Lower case, with the final dot, `*` as `\052`.
    pub name: String,
    /// Such as `A`.
    pub kind: String,
    /// Tells sets of one name and type apart.
    pub set_identifier: Option<String>,
    /// How one of several sets is chosen.
    pub routing: Option<Routing>,
    /// Seconds; none for an alias.
    pub ttl: Option<u64>,
    /// The values in order; none for an alias.
    pub values: Vec<String>,
    /// What it stands for.
    pub alias: Option<Alias>,
    /// A health check.
    pub health_check: Option<String>,
}

/// How one of several record sets of a name and type is chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Routing {
    /// By share.
    Weight(u64),
    /// By the region nearest to who asks.
    Region(String),
    /// `PRIMARY` or `SECONDARY`.
    Failover(String),
    /// By where who asks is: element name and code.
    Geo(BTreeMap<String, String>),
    /// All healthy ones.
    MultiValue(bool),
}

impl Routing {
    /// Which of the five it is.
    pub fn sort(&self) -> &'static str {
        match self {
            Self::Weight(_) => "weighted",
            Self::Region(_) => "latency",
            Self::Failover(_) => "failover",
            Self::Geo(_) => "geolocation",
            Self::MultiValue(_) => "multivalue",
        }
    }
}

/// What an alias stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    /// The zone the target is in; a load balancer's own, for a load balancer.
    pub zone: String,
    /// Lower case, with the final dot.
    pub dns_name: String,
    /// Whether the target's health counts.
    pub evaluate: bool,
}

impl RecordSet {
    /// Orders record sets as Route 53 lists them: by the labels of the name from the last to the first, by
    /// type, by set identifier.
    pub fn key(&self) -> String {
        key(&self.name, &self.kind, self.set_identifier.as_deref().unwrap_or_default())
    }
}

/// The key of the record sets of this name, type and set identifier; see [`RecordSet::key`].
pub fn key(name: &str, kind: &str, set_identifier: &str) -> String {
    let labels: Vec<&str> = name.trim_end_matches('.').rsplit('.').collect();
    // Below every character of a name, so that a shorter name comes before a longer one with the same
    // beginning.
    format!("{}\u{1}{kind}\u{1}{set_identifier}", labels.join("\u{2}"))
}
