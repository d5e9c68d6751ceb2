//! `subnet`: a part of a VPC in one availability zone; and `data "subnets"`.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    AttributeBooleanValue, Filter, ResourceType, Subnet as Described, TagSpecification,
};
use infra_derive::Schema;
use infra_engine::change::{Action, Change, Prior, ReplaceOrder};
use infra_engine::provider::{Kind, Observation, Progress, ProviderError, ReadRequest, Task};
use infra_engine::steps::LoweredStep;
use infra_lang::desired::Lookup;
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Values};
use infra_lang::schema::KindSchema;
use serde::{Deserialize, Serialize};

use crate::client::Aws;
use crate::codec::{decode, encode};
use crate::ec2::{self, Ec2Object};
use crate::error::failed;
use crate::kind::{AwsKind, simple};
use crate::lookup::Query;
use crate::schema::Schema as _;
use crate::tags::{self, Tags};

/// A part of a VPC's addresses, in one availability zone.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Schema)]
#[serde(default)]
#[kind(name = "subnet", tagged, id = "subnet-[0-9a-f]{8,17}", lookup = Query)]
pub(crate) struct Subnet {
    /// The VPC.
    #[attribute(required, immutable, ty = "id(vpc)")]
    vpc_id: String,
    /// Its addresses, a part of the VPC's.
    #[attribute(required, immutable, ty = "cidr4")]
    cidr_block: String,
    /// The availability zone; without one, AWS chooses.
    #[attribute(observed_if_unset, immutable, ty = "zone")]
    availability_zone: Option<String>,
    /// Whether instances get a public address unless their launch settings say otherwise.
    #[attribute(default = false)]
    map_public_ip_on_launch: bool,
    #[attribute(skip)]
    tags: Tags,
    #[attribute(skip)]
    id: Option<String>,
}

static SCHEMA: LazyLock<KindSchema> = LazyLock::new(Subnet::schema);

/// The kind.
pub(crate) struct SubnetKind;

impl Kind for SubnetKind {
    fn schema(&self) -> &KindSchema {
        &SCHEMA
    }

    fn action(&self, changed: &[AttributeName], desired: &Attributes, _prior: &Prior) -> Action {
        let changes = |name: &str| changed.iter().any(|changed| *changed == *name);
        match () {
            () if changes("vpc_id") || changes("cidr_block") => Action::Replace(self.replace_order(desired)),
            // The same addresses cannot be in two subnets.
            () if changes("availability_zone") => Action::Replace(ReplaceOrder::OldFirst),
            () => Action::Update,
        }
    }

    fn replace_order(&self, _desired: &Attributes) -> ReplaceOrder {
        ReplaceOrder::NewFirst
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        simple(change, Duration::from_secs(1200))
    }
}

#[async_trait]
impl AwsKind for SubnetKind {
    async fn read(&self, aws: &Aws, requests: &[&ReadRequest]) -> Vec<Result<Observation, ProviderError>> {
        ec2::read::<Self>(aws, requests).await
    }

    async fn advance(&self, aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
        ec2::advance::<Self>(aws, task).await
    }

    async fn lookup(&self, aws: &Aws, lookup: &Lookup, arguments: &Values) -> Result<Values, ProviderError> {
        ec2::lookup::<Self>(aws, lookup, &decode(arguments)?, Vec::new()).await
    }
}

#[async_trait]
impl Ec2Object for SubnetKind {
    const RESOURCE: ResourceType = ResourceType::Subnet;
    const ID: &'static str = "subnet-id";
    type Settings = Subnet;
    type Found = Subnet;

    async fn find(aws: &Aws, filters: Vec<Filter>) -> Result<BTreeMap<String, Subnet>, ProviderError> {
        let pages = aws.ec2.describe_subnets().set_filters(Some(filters)).into_paginator().items().send();
        let described: Vec<Described> = pages.try_collect().await.map_err(failed("DescribeSubnets"))?;
        Ok(described
            .iter()
            .filter_map(|described| Some((described.subnet_id()?.to_owned(), subnet(described))))
            .collect())
    }

    fn values(_id: &str, found: &Subnet) -> Values {
        encode(&SCHEMA, found)
    }

    async fn create(
        aws: &Aws,
        _: &Task,
        wanted: &Subnet,
        tags: TagSpecification,
    ) -> Result<String, ProviderError> {
        let call = aws.ec2.create_subnet().vpc_id(&wanted.vpc_id).cidr_block(&wanted.cidr_block);
        let call = call.set_availability_zone(wanted.availability_zone.clone()).tag_specifications(tags);
        let made = call.send().await.map_err(failed("CreateSubnet"))?;
        Ok(made.subnet.and_then(|subnet| subnet.subnet_id).unwrap_or_default())
    }

    async fn settle(
        aws: &Aws,
        id: &str,
        found: &Subnet,
        wanted: &Subnet,
    ) -> Result<Option<Progress>, ProviderError> {
        if found.map_public_ip_on_launch == wanted.map_public_ip_on_launch {
            return Ok(None);
        }
        let value = AttributeBooleanValue::builder().value(wanted.map_public_ip_on_launch).build();
        let call = aws.ec2.modify_subnet_attribute().subnet_id(id).map_public_ip_on_launch(value);
        call.send().await.map_err(failed("ModifySubnetAttribute"))?;
        Ok(Some(Progress::Acted(format!("set the public addresses of {id}"))))
    }

    async fn delete(aws: &Aws, id: &str, _found: &Subnet) -> Result<(), ProviderError> {
        aws.ec2.delete_subnet().subnet_id(id).send().await.map_err(failed("DeleteSubnet"))?;
        Ok(())
    }
}

/// What `DescribeSubnets` tells of it.
fn subnet(described: &Described) -> Subnet {
    Subnet {
        vpc_id: described.vpc_id().unwrap_or_default().to_owned(),
        cidr_block: described.cidr_block().unwrap_or_default().to_owned(),
        availability_zone: described.availability_zone().map(str::to_owned),
        map_public_ip_on_launch: described.map_public_ip_on_launch().unwrap_or_default(),
        tags: tags::users(described.tags()),
        id: described.subnet_id().map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use infra_engine::id::RemoteId;

    use super::*;

    #[test]
    fn a_zone_changes_only_once_the_addresses_are_free() {
        let prior = Prior {
            id: RemoteId::from("subnet-1"),
            applied: Values::new(),
            observed: Values::new(),
            identity: None,
        };
        for (changed, expected) in [
            (vec!["map_public_ip_on_launch"], Action::Update),
            (vec!["availability_zone"], Action::Replace(ReplaceOrder::OldFirst)),
            (vec!["availability_zone", "cidr_block"], Action::Replace(ReplaceOrder::NewFirst)),
        ] {
            let names: Vec<AttributeName> = changed.iter().map(AttributeName::new).collect();
            assert_eq!(SubnetKind.action(&names, &Attributes::new(), &prior), expected, "{changed:?}");
        }
    }
}
