//! `elb`: a classic load balancer with everything that belongs to it.

mod act;
mod calls;
mod check;
mod live;
mod next;
mod read;
pub(crate) mod zone_ids;

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use infra_derive::{Block, Schema};
use infra_engine::change::{Action, Change, Prior, ReplaceOrder};
use infra_engine::provider::{Kind, Observation, Outcome, Progress, ProviderError, ReadRequest, Task};
use infra_engine::steps::{Effect, LoweredStep};
use infra_lang::desired::Lookup;
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Values};
use infra_lang::schema::KindSchema;
use infra_lang::value::Value;
use serde::{Deserialize, Serialize};

use crate::client::Aws;
use crate::codec::decode;
use crate::kind::{AwsKind, operation, pauses, simple};
use crate::lookup::exactly_one;
use crate::schema::Schema as _;
use crate::tags::Tags;

/// A classic load balancer: spreads requests over the instances that pass its health check.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Schema)]
#[serde(default)]
#[kind(
    name = "elb",
    tagged,
    id = r"[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?",
    naming(prefixed(attribute = "name", prefix = "name_prefix", limit = 32)),
    rules(exactly_one("subnets", "availability_zones")),
    lookup = ElbQuery
)]
pub(crate) struct Elb {
    /// The whole name. A load balancer with a fixed name has to go before one that replaces it can come.
    #[attribute(immutable)]
    pub(crate) name: Option<String>,
    /// What the name begins with; six characters of ours complete it.
    #[attribute(immutable)]
    pub(crate) name_prefix: Option<String>,
    /// The subnets it stands in, one of each zone.
    #[attribute(ty = "list(id(subnet))")]
    pub(crate) subnets: Vec<String>,
    /// The zones it stands in, in the default network.
    #[attribute(ty = "list(zone)")]
    pub(crate) availability_zones: Vec<String>,
    /// Its security groups; by default the network's default group.
    #[attribute(observed_if_unset, ty = "set(id(security_group))")]
    pub(crate) security_groups: BTreeSet<String>,
    /// Whether it can be reached from inside the network only.
    #[attribute(immutable, default = false)]
    pub(crate) internal: bool,
    /// Which ports it answers on, and where requests go.
    #[attribute(required, block(key = "lb_port"))]
    pub(crate) listener: Vec<Listener>,
    /// What an instance has to answer to get requests.
    #[attribute(required, block)]
    pub(crate) health_check: Option<HealthCheck>,
    /// The instances behind it. Leave it out when a group registers its own.
    #[attribute(observed_if_unset, ty = "set(id(instance))")]
    pub(crate) instances: BTreeSet<String>,
    /// Whether the instances of all zones share all requests.
    #[attribute(default = true)]
    pub(crate) cross_zone_load_balancing: bool,
    /// Whether an instance that leaves may finish the requests it has.
    #[attribute(default = true)]
    pub(crate) connection_draining: bool,
    /// How long it may take for that.
    #[attribute(default = 300, ty = "duration(1s, 1h)")]
    pub(crate) connection_draining_timeout: i32,
    /// How long a connection may be silent.
    #[attribute(default = 60, ty = "duration(1s, 4000s)")]
    pub(crate) idle_timeout: i32,
    /// Where the log of all requests goes.
    #[attribute(block)]
    pub(crate) access_logs: Option<AccessLogs>,
    /// Instance ports that get the client's address by the proxy protocol.
    #[attribute(ty = "set(port)")]
    pub(crate) proxy_protocol_ports: BTreeSet<i32>,
    /// Ports whose clients stay with one instance, by a cookie of the load balancer's.
    #[attribute(block(key = "lb_port"))]
    pub(crate) lb_cookie_stickiness: Vec<Stickiness>,
    /// Its name in the DNS.
    #[attribute(observed)]
    pub(crate) dns_name: Option<String>,
    /// The hosted zone of `dns_name`, for alias records.
    #[attribute(observed)]
    pub(crate) zone_id: Option<String>,
    /// The security group that its requests come from.
    #[attribute(observed, ty = "id(security_group)")]
    pub(crate) source_security_group_id: Option<String>,
    /// The user's tags.
    #[attribute(skip)]
    pub(crate) tags: Tags,
    /// The name, which AWS knows it by.
    #[attribute(skip)]
    pub(crate) id: Option<String>,
}

/// What a `data "elb"` block may be asked by.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Block)]
#[serde(default)]
pub(crate) struct ElbQuery {
    /// Its name.
    pub(crate) name: Option<String>,
    /// Its name too, which AWS knows it by.
    pub(crate) id: Option<String>,
    /// Tags that it carries, among others.
    #[attribute(ty = "map(string)")]
    pub(crate) tags: Tags,
}

/// A port it answers on, and where the requests go.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
#[serde(default)]
pub(crate) struct Listener {
    /// The port of the load balancer.
    #[attribute(required, ty = "port")]
    pub(crate) lb_port: i32,
    /// What clients speak.
    #[attribute(required, ty = r#"enum("http", "https", "tcp", "ssl")"#)]
    pub(crate) lb_protocol: String,
    /// The port of the instances.
    #[attribute(required, ty = "port")]
    pub(crate) instance_port: i32,
    /// What instances speak: by default `http` behind `http` and `https`, else `tcp`.
    #[attribute(ty = r#"enum("http", "https", "tcp", "ssl")"#)]
    pub(crate) instance_protocol: Option<String>,
    /// The certificate that `https` and `ssl` need, by its ARN.
    #[attribute(ty = "arn")]
    pub(crate) ssl_certificate_id: Option<String>,
}

/// What an instance has to answer to get requests.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
#[serde(default)]
pub(crate) struct HealthCheck {
    /// `HTTP:80/path` and `HTTPS:443/path` want the answer 200; `TCP:80` and `SSL:443` a connection.
    #[attribute(required)]
    pub(crate) target: String,
    /// How often it is asked.
    #[attribute(default = 10, ty = "duration(5s, 300s)")]
    pub(crate) interval: i32,
    /// How long an answer may take; less than `interval`.
    #[attribute(default = 5, ty = "duration(2s, 60s)")]
    pub(crate) timeout: i32,
    /// So many good answers in a row bring an instance into service.
    #[attribute(default = 2, ty = "int(2, 10)")]
    pub(crate) healthy_threshold: i32,
    /// So many bad ones take it out.
    #[attribute(default = 2, ty = "int(2, 10)")]
    pub(crate) unhealthy_threshold: i32,
}

/// Where the log of all requests goes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
#[serde(default)]
pub(crate) struct AccessLogs {
    /// The S3 bucket, which has to let the load balancers' account in.
    #[attribute(required)]
    pub(crate) bucket: String,
    /// A folder in it.
    pub(crate) bucket_prefix: Option<String>,
    /// How often a file is written: every 5 or every 60 minutes.
    #[attribute(default = 3600, ty = "duration(5m, 60m)")]
    pub(crate) interval: i32,
    /// Whether it is written at all.
    #[attribute(default = true)]
    pub(crate) enabled: bool,
}

/// A port whose clients stay with one instance.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
#[serde(default)]
pub(crate) struct Stickiness {
    /// The load balancer's port, of `http` or `https`.
    #[attribute(required, ty = "port")]
    pub(crate) lb_port: i32,
    /// How long; by default until the browser closes.
    #[attribute(ty = "duration(1s, null)")]
    pub(crate) cookie_expiration_period: Option<i64>,
}

impl Listener {
    /// What instances speak, the default filled in.
    pub(crate) fn backend(&self) -> &str {
        let implied = if matches!(self.lb_protocol.as_str(), "http" | "https") { "http" } else { "tcp" };
        self.instance_protocol.as_deref().unwrap_or(implied)
    }
}

impl Elb {
    /// The same in one form, so that what AWS takes for equal is equal: in the order of ports and ids, the defaults
    /// that depend on something else filled in, nothing said about a log that is off.
    pub(crate) fn normalized(mut self) -> Self {
        self.subnets.sort();
        self.availability_zones.sort();
        for listener in &mut self.listener {
            listener.instance_protocol = Some(listener.backend().to_owned());
        }
        self.listener.sort_by_key(|listener| listener.lb_port);
        self.lb_cookie_stickiness.sort_by_key(|sticky| sticky.lb_port);
        self.access_logs = self.access_logs.filter(|logs| logs.enabled);
        self
    }
}

/// What a step wants.
pub(crate) struct Wanted {
    pub(crate) elb: Elb,
    /// Whether the block says which instances are behind it.
    pub(crate) instances: bool,
    /// Whether the block says which security groups it has.
    pub(crate) security_groups: bool,
}

impl Wanted {
    fn new(desired: &Values) -> Result<Self, ProviderError> {
        Ok(Self {
            elb: decode(desired)?,
            instances: desired.contains_key("instances"),
            security_groups: desired.contains_key("security_groups"),
        })
    }
}

/// The operation that takes a new load balancer back.
const UNMAKE: &str = "unmake";

static SCHEMA: LazyLock<KindSchema> = LazyLock::new(Elb::schema);

/// The kind.
pub(crate) struct Elbs;

impl Kind for Elbs {
    fn schema(&self) -> &KindSchema {
        &SCHEMA
    }

    fn action(&self, changed: &[AttributeName], desired: &Attributes, _prior: &Prior) -> Action {
        let immutable = changed.iter().any(|name| SCHEMA.is_immutable(name.as_str()));
        match changed.iter().any(|name| *name == *"name") {
            // Under another name it can stand beside the old one.
            true => Action::Replace(ReplaceOrder::NewFirst),
            false if immutable => Action::Replace(self.replace_order(desired)),
            false => Action::Update,
        }
    }

    fn known_by(&self) -> &[&str] {
        &["name"]
    }

    fn replace_order(&self, desired: &Attributes) -> ReplaceOrder {
        match desired.contains_key("name") {
            true => ReplaceOrder::OldFirst,
            false => ReplaceOrder::NewFirst,
        }
    }

    fn same(&self, attribute: &AttributeName, one: &Value, other: &Value) -> bool {
        let alone = |value: &Value| decode::<Elb>(&Values::from([(attribute.clone(), value.clone())]));
        match (alone(one), alone(other)) {
            // Of secrets only a seal may be left, which cannot be read.
            _ if one.is_sensitive() || other.is_sensitive() => one == other,
            (Ok(a), Ok(b)) if SCHEMA.attribute(attribute.as_str()).is_some() => {
                a.normalized() == b.normalized()
            }
            _ => one == other,
        }
    }

    fn consequence(&self, change: &Change) -> Option<String> {
        check::consequence(change)
    }

    fn problems(&self, desired: &Attributes) -> Vec<(AttributeName, String)> {
        check::problems(desired)
    }

    fn pauses(&self, change: &Change) -> bool {
        pauses(change)
    }

    fn objection(&self, change: &Change) -> Option<(AttributeName, String)> {
        check::objection(change)
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        // A load balancer that goes waits for the groups to leave it and for what they drain.
        let minutes = if matches!(change.action, Action::Create | Action::Update) { 10 } else { 30 };
        let steps = simple(change, Duration::from_secs(minutes * 60)).into_iter();
        let taken_back = |step: LoweredStep| match step.effect {
            Effect::Create if change.rollout.is_some() => {
                LoweredStep { undo: Some(operation(UNMAKE)), ..step }
            }
            _ => step,
        };
        steps.map(taken_back).collect()
    }
}

#[async_trait]
impl AwsKind for Elbs {
    async fn read(&self, aws: &Aws, requests: &[&ReadRequest]) -> Vec<Result<Observation, ProviderError>> {
        read::all(aws, requests).await
    }

    async fn advance(&self, aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
        match (&task.effect, &task.target) {
            (Effect::Create, _) => act::create(aws, task).await,
            (Effect::Update(_), Some(id)) => act::update(aws, task, id).await,
            (Effect::Delete, Some(id)) => act::delete(aws, task, id).await,
            (Effect::Adopt, Some(id)) => act::adopt(aws, id).await,
            // Whoever else was to serve behind it has been taken back already.
            (Effect::Operate(operation), Some(id)) if operation.name == UNMAKE => {
                act::delete(aws, task, id).await
            }
            (_, target) => Ok(Progress::Done(Outcome { id: target.clone(), observed: None })),
        }
    }

    async fn lookup(&self, aws: &Aws, lookup: &Lookup, arguments: &Values) -> Result<Values, ProviderError> {
        let found = read::matching(aws, &decode(arguments)?).await?;
        let (_, live) = exactly_one(lookup, found)?;
        Ok(read::values(&live, &Values::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener(lb_port: i32, lb_protocol: &str) -> Listener {
        Listener { lb_port, lb_protocol: lb_protocol.into(), instance_port: 80, ..Listener::default() }
    }

    #[test]
    fn what_instances_speak_follows_what_clients_speak() {
        for (front, back) in [("http", "http"), ("https", "http"), ("tcp", "tcp"), ("ssl", "tcp")] {
            assert_eq!(listener(80, front).backend(), back);
        }
    }

    #[test]
    fn a_log_that_is_off_is_none() {
        let log = |on: bool| {
            let entries = [("bucket", Value::string("logs")), ("enabled", Value::Bool(on))];
            Value::Map(entries.map(|(name, value)| (name.to_owned(), value)).into())
        };
        let same = |log: &Value| Elbs.same(&AttributeName::new("access_logs"), log, &Value::Null);
        assert!(same(&log(false)) && !same(&log(true)));
        assert!(!Elbs.same(&AttributeName::new("id"), &Value::string("a"), &Value::string("b")));
    }

    #[test]
    fn neither_order_nor_implied_defaults_count() {
        let implied = Elb { listener: vec![listener(443, "ssl"), listener(80, "http")], ..Elb::default() };
        let spelled = |one: Listener, back: &str| Listener { instance_protocol: Some(back.into()), ..one };
        let listeners = vec![spelled(listener(80, "http"), "http"), spelled(listener(443, "ssl"), "tcp")];
        assert_eq!(implied.normalized(), Elb { listener: listeners, ..Elb::default() }.normalized());
    }
}
