//! `route53_record`: what a name stands for.

mod advance;
pub(crate) mod api;
pub(crate) mod convert;
mod moving;
pub(crate) mod name;
mod observe;
mod rollout;
mod shift;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use async_trait::async_trait;
use infra_derive::{Block, Schema};
use infra_engine::change::{Action, Change, Prior, ReplaceOrder};
use infra_engine::id::RemoteId;
use infra_engine::provider::{FailureClass, Kind, Observation, Progress, ProviderError, ReadRequest, Task};
use infra_engine::steps::LoweredStep;
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Values};
use infra_lang::schema::KindSchema;
use infra_lang::value::Value;
use serde::{Deserialize, Serialize};

use crate::client::Aws;
use crate::kind::{AwsKind, pauses};
use crate::schema::Schema as _;

/// Seconds that resolvers may keep an answer, unless the record says otherwise.
pub(crate) const DEFAULT_TTL: i64 = 300;

/// What a name stands for: values, or another name that Route53 looks up itself (an alias).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Schema)]
#[serde(default)]
#[kind(
    name = "route53_record",
    id = "Z[0-9A-Z]+/[^/]+/[A-Z]+(/.+)?",
    naming(written("name", "type", "set_identifier")),
    rules(
        exactly_one("records", "alias"),
        at_most_one("ttl", "alias"),
        at_most_one(
            "weighted_routing_policy",
            "latency_routing_policy",
            "failover_routing_policy",
            "geolocation_routing_policy",
            "multivalue_answer_routing_policy"
        )
    )
)]
pub(crate) struct Record {
    /// The zone it is in.
    #[attribute(required, immutable, ty = "id(route53_zone)")]
    pub(crate) zone_id: String,
    /// The name, in full (`"www.example.com"`) or within the zone (`"www"`).
    #[attribute(required, immutable)]
    pub(crate) name: String,
    /// The type. A change of it takes effect at once: the old and the new are exchanged in one go.
    #[attribute(
        required,
        immutable,
        ty = r#"enum("A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF", "SRV", "SSHFP", "SVCB", "TLSA", "TXT")"#
    )]
    pub(crate) r#type: String,
    /// The values; of TXT records without the quotes that DNS puts around them.
    pub(crate) records: BTreeSet<String>,
    /// How long resolvers may keep the answer; 300s if nothing is said. An alias has none.
    #[attribute(ty = "duration")]
    pub(crate) ttl: Option<i64>,
    /// The other name it stands for.
    #[attribute(block)]
    pub(crate) alias: Option<Alias>,
    /// Tells records of one name and type apart, with one of the policies below.
    #[attribute(immutable)]
    pub(crate) set_identifier: Option<String>,
    /// Answers in proportion to weights.
    #[attribute(block)]
    pub(crate) weighted_routing_policy: Option<Weighted>,
    /// Answers with what is nearest in time.
    #[attribute(block)]
    pub(crate) latency_routing_policy: Option<Latency>,
    /// Answers with a second choice while the first is unhealthy.
    #[attribute(block)]
    pub(crate) failover_routing_policy: Option<Failover>,
    /// Answers by where the user is.
    #[attribute(block)]
    pub(crate) geolocation_routing_policy: Option<Geolocation>,
    /// Answers with up to eight healthy values.
    pub(crate) multivalue_answer_routing_policy: Option<bool>,
    /// A health check that must pass for the record to be answered.
    pub(crate) health_check_id: Option<String>,
    /// The full name.
    #[attribute(observed)]
    pub(crate) fqdn: Option<String>,
    #[attribute(skip)]
    pub(crate) id: Option<String>,
}

/// The other name that a record stands for.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
#[block(rules(exactly_one("target", "name"), at_most_one("target", "zone_id")))]
pub(crate) struct Alias {
    /// A load balancer.
    #[attribute(ty = "id(elb)")]
    #[serde(default)]
    pub(crate) target: Option<String>,
    /// Any other name that may be an alias's target, with its `zone_id`.
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// The hosted zone of `name`, as the service behind it tells.
    #[serde(default)]
    pub(crate) zone_id: Option<String>,
    /// Whether it is answered only while the target is healthy.
    #[attribute(default = true)]
    #[serde(default = "yes")]
    pub(crate) evaluate_target_health: bool,
}

fn yes() -> bool {
    true
}

/// Answers in proportion to weights.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
pub(crate) struct Weighted {
    /// The weight: its share of the sum over the set.
    #[attribute(required, ty = "int(0, 255)")]
    pub(crate) weight: i64,
}

/// Answers with what is nearest in time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
pub(crate) struct Latency {
    /// The region that the value is in.
    #[attribute(required, ty = "region")]
    pub(crate) region: String,
}

/// Answers with a second choice while the first is unhealthy.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
pub(crate) struct Failover {
    /// First or second choice.
    #[attribute(required, ty = r#"enum("PRIMARY", "SECONDARY")"#)]
    pub(crate) r#type: String,
}

/// Answers by where the user is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
#[serde(default)]
pub(crate) struct Geolocation {
    /// A continent's two letters.
    pub(crate) continent: Option<String>,
    /// A country's two letters, or `*` for everybody else.
    pub(crate) country: Option<String>,
    /// A state of the United States or a region of Ukraine.
    pub(crate) subdivision: Option<String>,
}

pub(crate) static SCHEMA: LazyLock<KindSchema> = LazyLock::new(Record::schema);

/// The kind.
pub(crate) struct Records;

impl Kind for Records {
    fn schema(&self) -> &KindSchema {
        &SCHEMA
    }

    fn action(&self, changed: &[AttributeName], desired: &Attributes, _prior: &Prior) -> Action {
        let elsewhere = changed.iter().any(|name| *name == *"zone_id" || *name == *"name");
        match elsewhere {
            true => Action::Replace(self.replace_order(desired)),
            // Another type or set identifier is one batch of a deletion and a creation: nobody is left without answer.
            false => Action::Update,
        }
    }

    fn known_by(&self) -> &[&str] {
        &["name", "zone_id", "type", "set_identifier"]
    }

    fn replace_order(&self, _desired: &Attributes) -> ReplaceOrder {
        ReplaceOrder::NewFirst
    }

    fn unsettled(&self, changed: &[AttributeName]) -> Vec<AttributeName> {
        let renamed = changed.iter().any(|name| *name == *"type" || *name == *"set_identifier");
        if renamed { vec![AttributeName::new("id")] } else { Vec::new() }
    }

    fn same(&self, attribute: &AttributeName, one: &Value, other: &Value) -> bool {
        match (attribute.as_str(), one, other) {
            ("name", one, other) => one.as_str().map(name::canonical) == other.as_str().map(name::canonical),
            ("records", Value::Set(one), Value::Set(other)) => bare_values(one) == bare_values(other),
            _ => one == other,
        }
    }

    fn pauses(&self, change: &Change) -> bool {
        pauses(change)
    }

    fn leads_users(&self) -> bool {
        true
    }

    fn consequence(&self, change: &Change) -> Option<String> {
        rollout::consequence(change)
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        rollout::lower(change)
    }
}

/// Values without quotes around all of them and dots at the end, which people leave out.
fn bare_values(values: &BTreeSet<Value>) -> BTreeSet<String> {
    let bare = |text: &str| text.trim_end_matches('.').trim_matches('"').to_owned();
    values.iter().filter_map(|value| value.as_str().map(bare)).collect()
}

#[async_trait]
impl AwsKind for Records {
    async fn read(&self, aws: &Aws, requests: &[&ReadRequest]) -> Vec<Result<Observation, ProviderError>> {
        observe::read(aws, requests).await
    }

    async fn advance(&self, aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
        advance::advance(aws, task).await
    }

    async fn named(&self, aws: &Aws, wanted: &[Values]) -> Result<Vec<Vec<RemoteId>>, ProviderError> {
        let mut ids = Vec::new();
        for wanted in wanted {
            ids.push(id_of(aws, wanted).await?.into_iter().collect());
        }
        Ok(ids)
    }
}

/// The id of a record with these attributes; none if they do not tell it, or if there is no such zone.
async fn id_of(aws: &Aws, wanted: &Values) -> Result<Option<RemoteId>, ProviderError> {
    let text = |name: &str| wanted.get(name).and_then(Value::as_str).map(str::to_owned);
    let (Some(zone), Some(name), Some(kind)) = (text("zone_id"), text("name"), text("type")) else {
        return Ok(None);
    };
    let within = match api::zone_name(aws, &zone).await {
        Err(error) if error.class == FailureClass::NotFound => return Ok(None),
        told => told?,
    };
    let name = name::full(&name, &within);
    let id = name::RecordId { zone, name, kind, set: text("set_identifier") };
    Ok(Some(RemoteId(id.to_string())))
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn only_another_name_makes_another_record() {
        let prior = Prior {
            id: RemoteId::from("Z1/www.example.com/A"),
            applied: Values::new(),
            observed: Values::new(),
            identity: None,
        };
        for (changed, expected) in [
            ("ttl", Action::Update),
            ("type", Action::Update),
            ("set_identifier", Action::Update),
            ("name", Action::Replace(ReplaceOrder::NewFirst)),
            ("zone_id", Action::Replace(ReplaceOrder::NewFirst)),
        ] {
            let changed = [AttributeName::new(changed)];
            assert_eq!(Records.action(&changed, &Attributes::new(), &prior), expected, "{changed:?}");
        }
    }

    #[test]
    fn quotes_and_final_dots_of_values_do_not_count() {
        let values = |texts: &[&str]| Value::Set(texts.iter().map(|text| Value::string(*text)).collect());
        let name = AttributeName::new("records");
        assert!(Records.same(&name, &values(&["v=spf1 -all"]), &values(&["\"v=spf1 -all\""])));
        assert!(Records.same(&name, &values(&["mail.example.com"]), &values(&["mail.example.com."])));
        assert!(!Records.same(&name, &values(&["192.0.2.1"]), &values(&["192.0.2.2"])));
    }
}
