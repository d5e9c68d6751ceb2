//! `security_group`: who may talk to whom.

mod cidr;
mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{Filter, ResourceType, SecurityGroup as Described, TagSpecification};
use infra_derive::{Block, Schema};
use infra_engine::change::{Change, ReplaceOrder};
use infra_engine::provider::{Kind, Observation, Progress, ProviderError, ReadRequest, Task};
use infra_engine::steps::LoweredStep;
use infra_lang::desired::Lookup;
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Values};
use infra_lang::schema::KindSchema;
use infra_lang::types::Type;
use infra_lang::value::Value;
use serde::{Deserialize, Serialize};

use crate::client::Aws;
use crate::codec::{attribute, decode, encode, explicit, same_as, typed};
use crate::ec2::{self, Ec2Object};
use crate::error::failed;
use crate::kind::{AwsKind, simple};
use crate::lookup::Query;
use crate::schema::Schema as _;
use crate::tags::{self, Tags};
use rules::{Direction, Rules, next};

/// Who may talk to whom: rules for what comes in and for what goes out. Answers are always let through.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Schema)]
#[serde(default)]
#[kind(
    name = "security_group",
    tagged,
    id = "sg-[0-9a-f]{8,17}",
    naming(prefixed(attribute = "name", prefix = "name_prefix", limit = 255)),
    rules(at_most_one("name", "name_prefix")),
    lookup = GroupQuery
)]
pub(crate) struct SecurityGroup {
    /// The whole name. A group with a fixed name is replaced old first, which its users will not survive unnoticed:
    /// prefer `name_prefix`.
    #[attribute(observed_if_unset, immutable)]
    name: Option<String>,
    /// What the name begins with; six characters complete it.
    #[attribute(immutable)]
    name_prefix: Option<String>,
    /// What it is for; AWS never lets it change.
    #[attribute(immutable, default = "Managed by infra")]
    description: String,
    /// The VPC; without one, the account's default VPC.
    #[attribute(observed_if_unset, immutable, ty = "id(vpc)")]
    vpc_id: Option<String>,
    /// Who may come in.
    #[attribute(block(
        key = "protocol, from_port, to_port, cidr_blocks, ipv6_cidr_blocks, security_groups, prefix_list_ids, self"
    ))]
    ingress: Vec<Rule>,
    /// What may go out. Without any `egress`, everything; with `egress = []`, nothing.
    #[attribute(block(
        key = "protocol, from_port, to_port, cidr_blocks, ipv6_cidr_blocks, security_groups, prefix_list_ids, self"
    ))]
    egress: Option<Vec<Rule>>,
    #[attribute(skip)]
    tags: Tags,
    #[attribute(skip)]
    id: Option<String>,
}

/// What is let through: a protocol, a range of ports, and peers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
#[serde(default)]
pub(crate) struct Rule {
    /// The first port; of ICMP the type, and -1 for all of a protocol.
    #[attribute(required, ty = "int(-1, 65535)")]
    from_port: i32,
    /// The last port, by default `from_port`; of ICMP the code.
    #[attribute(ty = "int(-1, 65535)")]
    to_port: Option<i32>,
    /// `"tcp"`, `"udp"`, `"icmp"`, `"icmpv6"`, a protocol's number, or `"-1"` for all.
    #[attribute(default = "tcp")]
    #[serde(default = "tcp")]
    protocol: String,
    /// Addresses.
    #[attribute(ty = "list(cidr4)")]
    cidr_blocks: Vec<String>,
    /// IPv6 addresses.
    #[attribute(ty = "list(cidr6)")]
    ipv6_cidr_blocks: Vec<String>,
    /// Whatever is in these security groups.
    #[attribute(ty = "list(id(security_group))")]
    security_groups: Vec<String>,
    /// Prefix lists: addresses that AWS keeps.
    prefix_list_ids: Vec<String>,
    /// Whatever is in this group itself.
    #[attribute(name = "self", default = false)]
    #[serde(rename = "self")]
    oneself: bool,
    /// What it is for.
    description: Option<String>,
}

fn tcp() -> String {
    "tcp".to_owned()
}

/// What a `data "security_group"` block may be asked by.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Block)]
#[serde(default)]
struct GroupQuery {
    #[serde(flatten)]
    #[attribute(flatten)]
    query: Query,
    /// The VPC it is in; names are unique only there.
    #[attribute(ty = "id(vpc)")]
    vpc_id: Option<String>,
}

static SCHEMA: LazyLock<KindSchema> = LazyLock::new(SecurityGroup::schema);

/// The kind.
pub(crate) struct SecurityGroups;

/// A group and its rules, one peer each.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    group: SecurityGroup,
    ingress: Rules,
    egress: Rules,
}

impl Kind for SecurityGroups {
    fn schema(&self) -> &KindSchema {
        &SCHEMA
    }

    fn known_by(&self) -> &[&str] {
        &["name", "vpc_id"]
    }

    fn replace_order(&self, desired: &Attributes) -> ReplaceOrder {
        match desired.contains_key("name") {
            true => ReplaceOrder::OldFirst,
            false => ReplaceOrder::NewFirst,
        }
    }

    fn same(&self, attribute: &AttributeName, one: &Value, other: &Value) -> bool {
        match attribute.as_str() {
            "ingress" | "egress" => same_as::<Rules>(one, other),
            _ => one == other,
        }
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        // What stood in a group goes slowly: a deleted load balancer keeps its interfaces for minutes.
        simple(change, Duration::from_secs(1200))
    }
}

#[async_trait]
impl AwsKind for SecurityGroups {
    async fn read(&self, aws: &Aws, requests: &[&ReadRequest]) -> Vec<Result<Observation, ProviderError>> {
        ec2::read::<Self>(aws, requests).await
    }

    async fn advance(&self, aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
        ec2::advance::<Self>(aws, task).await
    }

    async fn lookup(&self, aws: &Aws, lookup: &Lookup, arguments: &Values) -> Result<Values, ProviderError> {
        let GroupQuery { query, vpc_id } = decode(arguments)?;
        let vpc = vpc_id.map(|vpc| ec2::filter("vpc-id", [vpc]));
        ec2::lookup::<Self>(aws, lookup, &query, vpc.into_iter().collect()).await
    }
}

#[async_trait]
impl Ec2Object for SecurityGroups {
    const RESOURCE: ResourceType = ResourceType::SecurityGroup;
    const ID: &'static str = "group-id";
    const NAME: &'static str = "group-name";
    const UNTOLD: &'static [&'static str] = &["name_prefix"];
    type Settings = SecurityGroup;
    type Found = Found;

    async fn find(aws: &Aws, filters: Vec<Filter>) -> Result<BTreeMap<String, Found>, ProviderError> {
        let pages =
            aws.ec2.describe_security_groups().set_filters(Some(filters)).into_paginator().items().send();
        let groups: Vec<Described> = pages.try_collect().await.map_err(failed("DescribeSecurityGroups"))?;
        Ok(groups.iter().filter_map(|group| Some((group.group_id()?.to_owned(), found(group)))).collect())
    }

    fn values(_id: &str, found: &Found) -> Values {
        let mut values = encode(&SCHEMA, &found.group);
        // That nothing may leave is not the same as nothing said.
        if found.group.egress.as_ref().is_some_and(Vec::is_empty) {
            values.extend([attribute("egress", Value::List(Vec::new()))]);
        }
        values
    }

    fn told(id: &str, found: &Found, applied: &Values) -> Values {
        let mut values = Self::values(id, found);
        if applied.is_empty() {
            return values;
        }
        // As they were written, if they let the same through; else rule by rule, so that none hides behind another.
        for (name, rules) in [("ingress", &found.ingress), ("egress", &found.egress)] {
            let name = AttributeName::new(name);
            let written = applied.get(&name).filter(|applied| is_written(applied, rules, id));
            match (written, values.get_mut(&name)) {
                // A rule without any peer lets nothing through, and AWS has none to tell of.
                (Some(written), _) => drop(values.insert(name, written.clone())),
                (None, Some(told)) => *told = apart(&name, rules),
                (None, None) => {}
            }
        }
        explicit(&SCHEMA, values)
    }

    async fn create(
        aws: &Aws,
        task: &Task,
        wanted: &SecurityGroup,
        tags: TagSpecification,
    ) -> Result<String, ProviderError> {
        let name = ec2::name(wanted.name.as_deref(), wanted.name_prefix.as_deref(), &task.token);
        let call = aws.ec2.create_security_group().group_name(name).description(&wanted.description);
        let call = call.set_vpc_id(wanted.vpc_id.clone()).tag_specifications(tags);
        let made = call.send().await.map_err(failed("CreateSecurityGroup"))?;
        Ok(made.group_id.unwrap_or_default())
    }

    async fn settle(
        aws: &Aws,
        id: &str,
        found: &Found,
        wanted: &SecurityGroup,
    ) -> Result<Option<Progress>, ProviderError> {
        let ingress = Rules::of(&wanted.ingress, id);
        let egress = wanted.egress.as_ref().map_or_else(Rules::everything, |egress| Rules::of(egress, id));
        let directions =
            [(Direction::Ingress, &found.ingress, ingress), (Direction::Egress, &found.egress, egress)];
        for (direction, have, want) in directions {
            if let Some(act) = next(have, &want) {
                rules::carry_out(aws, id, direction, &act).await?;
                return Ok(Some(Progress::Acted(format!("{act} of {id}"))));
            }
        }
        Ok(None)
    }

    async fn delete(aws: &Aws, id: &str, _found: &Found) -> Result<(), ProviderError> {
        aws.ec2.delete_security_group().group_id(id).send().await.map_err(failed("DeleteSecurityGroup"))?;
        Ok(())
    }
}

/// What `DescribeSecurityGroups` tells of it.
fn found(described: &Described) -> Found {
    let id = described.group_id().unwrap_or_default();
    let ingress = Rules::told(described.ip_permissions(), id);
    let egress = Rules::told(described.ip_permissions_egress(), id);
    let group = SecurityGroup {
        name: described.group_name().map(str::to_owned),
        name_prefix: None,
        description: described.description().unwrap_or_default().to_owned(),
        vpc_id: described.vpc_id().map(str::to_owned),
        ingress: ingress.written(),
        egress: (!egress.is_everything()).then(|| egress.written()),
        tags: tags::users(described.tags()),
        id: Some(id.to_owned()),
    };
    Found { group, ingress, egress }
}

/// Whether these rules are what was written.
fn is_written(applied: &Value, rules: &Rules, own: &str) -> bool {
    let values = Values::from([attribute("rules", applied.clone())]);
    decode::<Written>(&values).is_ok_and(|written| Rules::of(&written.rules, own) == *rules)
}

#[derive(Deserialize)]
struct Written {
    rules: Vec<Rule>,
}

/// Rules with one peer each, as a value of the attribute.
fn apart(name: &AttributeName, rules: &Rules) -> Value {
    let ty = SCHEMA.attribute(name.as_str()).map_or(&Type::Any, |attribute| &attribute.ty);
    // Rules are plain data: writing them as JSON cannot fail.
    serde_json::to_value(rules.apart()).map_or(Value::Null, |json| typed(json, ty))
}

/// For `same`: two lists of rules are the same if they let the same through.
impl<'de> Deserialize<'de> for Rules {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<Rule>::deserialize(deserializer).map(|rules| Self::of(&rules, ""))
    }
}

/// The distinct values of a list, sorted.
fn sorted(values: impl Iterator<Item = String>) -> Vec<String> {
    values.collect::<BTreeSet<_>>().into_iter().collect()
}
