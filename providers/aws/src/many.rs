//! Lookups with many answers: `data "subnets"` and `data "availability_zones"`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use async_trait::async_trait;
use aws_sdk_ec2::types::Filter;
use infra_derive::{Block, Schema};
use infra_engine::change::{Change, ReplaceOrder};
use infra_engine::provider::{Kind, Observation, Progress, ProviderError, ReadRequest, Task};
use infra_engine::steps::LoweredStep;
use infra_lang::desired::Lookup;
use infra_lang::residual::{Attributes, Values};
use infra_lang::schema::KindSchema;
use serde::{Deserialize, Serialize};

use crate::client::Aws;
use crate::codec::{decode, encode};
use crate::ec2::{self, Ec2Object as _, filter};
use crate::error::{failed, permanent};
use crate::kind::AwsKind;
use crate::lookup::{Query, QueryFilter, unanswered};
use crate::schema::Schema as _;
use crate::subnet::SubnetKind;

/// All subnets that match, by id. None at all is an error.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Schema)]
#[serde(default)]
#[kind(name = "subnets", lookup_only, lookup = ManyQuery)]
struct Subnets {
    /// Their ids, sorted.
    #[attribute(observed, ty = "list(id(subnet))")]
    ids: Vec<String>,
}

/// The availability zones of the project's region that match. None at all is an error.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Schema)]
#[serde(default)]
#[kind(name = "availability_zones", lookup_only, lookup = ZonesQuery)]
struct Zones {
    /// Their names, such as `"us-east-1a"`, sorted.
    #[attribute(observed, ty = "list(zone)")]
    names: Vec<String>,
}

/// What a `data "subnets"` block may be asked by.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Block)]
#[serde(default)]
struct ManyQuery {
    /// The tag `Name`.
    name: Option<String>,
    /// Tags that they carry, among others.
    tags: BTreeMap<String, String>,
    /// Further filters, as `DescribeSubnets` names them.
    #[attribute(block(key = "name"))]
    filter: Vec<QueryFilter>,
}

/// What a `data "availability_zones"` block may be asked by.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Block)]
#[serde(default)]
struct ZonesQuery {
    /// Filters, as `DescribeAvailabilityZones` names them; without any, the zones that are open to everybody.
    #[attribute(block(key = "name"))]
    filter: Vec<QueryFilter>,
}

static SUBNETS: LazyLock<KindSchema> = LazyLock::new(Subnets::schema);
static ZONES: LazyLock<KindSchema> = LazyLock::new(Zones::schema);

/// The kind `subnets`.
pub(crate) struct SubnetsKind;

/// The kind `availability_zones`.
pub(crate) struct ZonesKind;

/// Neither has objects: nothing of a kind's other halves applies.
macro_rules! lookup_only {
    ($kind:ty, $schema:expr, $lookup:ident) => {
        impl Kind for $kind {
            fn schema(&self) -> &KindSchema {
                $schema
            }

            fn replace_order(&self, _desired: &Attributes) -> ReplaceOrder {
                ReplaceOrder::NewFirst
            }

            fn lower(&self, _change: &Change) -> Vec<LoweredStep> {
                Vec::new()
            }
        }

        #[async_trait]
        impl AwsKind for $kind {
            async fn read(
                &self,
                _: &Aws,
                requests: &[&ReadRequest],
            ) -> Vec<Result<Observation, ProviderError>> {
                requests.iter().map(|_| Ok(Observation::Absent)).collect()
            }

            async fn advance(&self, _: &Aws, task: &Task) -> Result<Progress, ProviderError> {
                Err(permanent("carrying out a step", format!("a `{}` can only be looked up", task.kind)))
            }

            async fn lookup(
                &self,
                aws: &Aws,
                lookup: &Lookup,
                arguments: &Values,
            ) -> Result<Values, ProviderError> {
                $lookup(aws, lookup, arguments).await
            }
        }
    };
}

lookup_only!(SubnetsKind, &SUBNETS, subnets);
lookup_only!(ZonesKind, &ZONES, zones);

async fn subnets(aws: &Aws, lookup: &Lookup, arguments: &Values) -> Result<Values, ProviderError> {
    let ManyQuery { name, tags, filter } = decode(arguments)?;
    let query = Query { id: None, name, tags, filter };
    let found = SubnetKind::find(aws, ec2::filters(&query, SubnetKind::ID, SubnetKind::NAME)).await?;
    if found.is_empty() {
        return Err(none(lookup));
    }
    Ok(encode(&SUBNETS, &Subnets { ids: found.into_keys().collect() }))
}

async fn zones(aws: &Aws, lookup: &Lookup, arguments: &Values) -> Result<Values, ProviderError> {
    let ZonesQuery { filter } = decode(arguments)?;
    let filters: Vec<Filter> = match filter.is_empty() {
        true => {
            vec![self::filter("opt-in-status", ["opt-in-not-required"]), self::filter("state", ["available"])]
        }
        false => filter.iter().map(|own| self::filter(&own.name, &own.values)).collect(),
    };
    let call = aws.ec2.describe_availability_zones().set_filters(Some(filters));
    let answer = call.send().await.map_err(failed("DescribeAvailabilityZones"))?;
    let mut names: Vec<String> =
        answer.availability_zones.unwrap_or_default().into_iter().filter_map(|zone| zone.zone_name).collect();
    if names.is_empty() {
        return Err(none(lookup));
    }
    names.sort();
    Ok(encode(&ZONES, &Zones { names }))
}

fn none(lookup: &Lookup) -> ProviderError {
    let message = format!("no {} match `{}`", lookup.kind.as_str().replace('_', " "), lookup.address);
    unanswered(lookup, message, "check its arguments, the region and the account")
}
