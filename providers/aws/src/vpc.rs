//! `vpc`: a network of one's own.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    AttributeBooleanValue, Filter, ResourceType, TagSpecification, Tenancy, Vpc as Described,
    VpcAttributeName,
};
use futures_util::future::{try_join, try_join_all};
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
use crate::ec2::{self, Ec2Object, filter};
use crate::error::failed;
use crate::kind::{AwsKind, simple};
use crate::lookup::Query;
use crate::schema::Schema as _;
use crate::tags::{self, Tags};

/// A network of one's own, which subnets divide.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Schema)]
#[serde(default)]
#[kind(name = "vpc", tagged, id = "vpc-[0-9a-f]{8,17}", lookup = VpcQuery)]
pub(crate) struct Vpc {
    /// Its addresses, such as `"10.0.0.0/16"`.
    #[attribute(required, immutable, ty = "cidr4")]
    cidr_block: String,
    /// Whether instances run on hardware of their own by default.
    #[attribute(immutable, default = "default", ty = r#"enum("default", "dedicated")"#)]
    instance_tenancy: String,
    /// Whether Amazon's DNS server answers inside.
    #[attribute(default = true)]
    enable_dns_support: bool,
    /// Whether instances with a public address get a public DNS name.
    #[attribute(default = false)]
    enable_dns_hostnames: bool,
    /// The security group that AWS has put into it.
    #[attribute(observed, ty = "id(security_group)")]
    default_security_group_id: Option<String>,
    /// The route table that AWS has put into it.
    #[attribute(observed, ty = "id(route_table)")]
    main_route_table_id: Option<String>,
    #[attribute(skip)]
    tags: Tags,
    #[attribute(skip)]
    id: Option<String>,
}

/// What a `data "vpc"` block may be asked by.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Block)]
#[serde(default)]
struct VpcQuery {
    #[serde(flatten)]
    #[attribute(flatten)]
    query: Query,
    /// Whether it is the one that AWS has made for the account.
    default: Option<bool>,
}

static SCHEMA: LazyLock<KindSchema> = LazyLock::new(Vpc::schema);

/// The kind.
pub(crate) struct Vpcs;

impl Kind for Vpcs {
    fn schema(&self) -> &KindSchema {
        &SCHEMA
    }

    fn replace_order(&self, _desired: &Attributes) -> ReplaceOrder {
        ReplaceOrder::NewFirst
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        simple(change, Duration::from_secs(600))
    }
}

#[async_trait]
impl AwsKind for Vpcs {
    async fn read(&self, aws: &Aws, requests: &[&ReadRequest]) -> Vec<Result<Observation, ProviderError>> {
        ec2::read::<Self>(aws, requests).await
    }

    async fn advance(&self, aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
        ec2::advance::<Self>(aws, task).await
    }

    async fn lookup(&self, aws: &Aws, lookup: &Lookup, arguments: &Values) -> Result<Values, ProviderError> {
        let VpcQuery { query, default } = decode(arguments)?;
        let default = default.map(|default| filter("is-default", [default.to_string()]));
        ec2::lookup::<Self>(aws, lookup, &query, default.into_iter().collect()).await
    }
}

#[async_trait]
impl Ec2Object for Vpcs {
    const RESOURCE: ResourceType = ResourceType::Vpc;
    const ID: &'static str = "vpc-id";
    type Settings = Vpc;
    type Found = Vpc;

    async fn find(aws: &Aws, filters: Vec<Filter>) -> Result<BTreeMap<String, Vpc>, ProviderError> {
        let pages = aws.ec2.describe_vpcs().set_filters(Some(filters)).into_paginator().items().send();
        let described: Vec<Described> = pages.try_collect().await.map_err(failed("DescribeVpcs"))?;
        let ids: Vec<&str> = described.iter().filter_map(Described::vpc_id).collect();
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let (groups, tables) = try_join(default_groups(aws, &ids), main_tables(aws, &ids)).await?;
        let dns = try_join_all(ids.iter().map(|id| dns(aws, id))).await?;
        let vpcs = described.iter().zip(dns).filter_map(|(described, (support, hostnames))| {
            let id = described.vpc_id()?.to_owned();
            let mut vpc = vpc(described);
            (vpc.enable_dns_support, vpc.enable_dns_hostnames) = (support, hostnames);
            vpc.default_security_group_id = groups.get(&id).cloned();
            vpc.main_route_table_id = tables.get(&id).cloned();
            Some((id, vpc))
        });
        Ok(vpcs.collect())
    }

    fn values(_id: &str, found: &Vpc) -> Values {
        encode(&SCHEMA, found)
    }

    async fn create(
        aws: &Aws,
        _task: &Task,
        wanted: &Vpc,
        tags: TagSpecification,
    ) -> Result<String, ProviderError> {
        let tenancy = Tenancy::from(wanted.instance_tenancy.as_str());
        let call = aws.ec2.create_vpc().cidr_block(&wanted.cidr_block).instance_tenancy(tenancy);
        let made = call.tag_specifications(tags).send().await.map_err(failed("CreateVpc"))?;
        Ok(made.vpc.and_then(|vpc| vpc.vpc_id).unwrap_or_default())
    }

    async fn settle(
        aws: &Aws,
        id: &str,
        found: &Vpc,
        wanted: &Vpc,
    ) -> Result<Option<Progress>, ProviderError> {
        let value = |value| AttributeBooleanValue::builder().value(value).build();
        // One attribute per call; hostnames need support, so support comes first.
        let call = aws.ec2.modify_vpc_attribute().vpc_id(id);
        let call = match () {
            () if found.enable_dns_support != wanted.enable_dns_support => {
                call.enable_dns_support(value(wanted.enable_dns_support))
            }
            () if found.enable_dns_hostnames != wanted.enable_dns_hostnames => {
                call.enable_dns_hostnames(value(wanted.enable_dns_hostnames))
            }
            () => return Ok(None),
        };
        call.send().await.map_err(failed("ModifyVpcAttribute"))?;
        Ok(Some(Progress::Acted(format!("set the DNS settings of {id}"))))
    }

    async fn delete(aws: &Aws, id: &str, _found: &Vpc) -> Result<(), ProviderError> {
        aws.ec2.delete_vpc().vpc_id(id).send().await.map_err(failed("DeleteVpc"))?;
        Ok(())
    }
}

/// What `DescribeVpcs` tells of it.
fn vpc(described: &Described) -> Vpc {
    Vpc {
        cidr_block: described.cidr_block().unwrap_or_default().to_owned(),
        instance_tenancy: described.instance_tenancy().map_or("default", Tenancy::as_str).to_owned(),
        tags: tags::users(described.tags()),
        id: described.vpc_id().map(str::to_owned),
        ..Vpc::default()
    }
}

/// The default security group of each VPC.
async fn default_groups(aws: &Aws, ids: &[&str]) -> Result<BTreeMap<String, String>, ProviderError> {
    let filters = vec![filter("vpc-id", ids.iter().copied()), filter("group-name", ["default"])];
    let pages = aws.ec2.describe_security_groups().set_filters(Some(filters)).into_paginator().items().send();
    let groups: Vec<_> = pages.try_collect().await.map_err(failed("DescribeSecurityGroups"))?;
    Ok(groups.into_iter().filter_map(|group| Some((group.vpc_id?, group.group_id?))).collect())
}

/// The main route table of each VPC.
async fn main_tables(aws: &Aws, ids: &[&str]) -> Result<BTreeMap<String, String>, ProviderError> {
    let filters = vec![filter("vpc-id", ids.iter().copied()), filter("association.main", ["true"])];
    let pages = aws.ec2.describe_route_tables().set_filters(Some(filters)).into_paginator().items().send();
    let tables: Vec<_> = pages.try_collect().await.map_err(failed("DescribeRouteTables"))?;
    Ok(tables.into_iter().filter_map(|table| Some((table.vpc_id?, table.route_table_id?))).collect())
}

/// Whether a VPC has DNS, and DNS names; the API tells one attribute at a time.
async fn dns(aws: &Aws, id: &str) -> Result<(bool, bool), ProviderError> {
    let ask = |attribute| async move {
        let call = aws.ec2.describe_vpc_attribute().vpc_id(id).attribute(attribute);
        call.send().await.map_err(failed("DescribeVpcAttribute"))
    };
    let (support, hostnames) =
        try_join(ask(VpcAttributeName::EnableDnsSupport), ask(VpcAttributeName::EnableDnsHostnames)).await?;
    let on = |value: Option<AttributeBooleanValue>| value.and_then(|value| value.value).unwrap_or_default();
    Ok((on(support.enable_dns_support), on(hostnames.enable_dns_hostnames)))
}
