//! `internet_gateway`: a VPC's way to the internet.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{Filter, InternetGateway as Described, ResourceType, TagSpecification};
use infra_derive::Schema;
use infra_engine::change::{Change, ReplaceOrder};
use infra_engine::provider::{Kind, Observation, Progress, ProviderError, ReadRequest, Task};
use infra_engine::steps::LoweredStep;
use infra_lang::desired::Lookup;
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

/// A VPC's way to the internet; route tables lead to it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Schema)]
#[serde(default)]
#[kind(name = "internet_gateway", tagged, id = "igw-[0-9a-f]{8,17}", lookup = Query)]
pub(crate) struct InternetGateway {
    /// The VPC it is attached to.
    #[attribute(ty = "id(vpc)")]
    vpc_id: Option<String>,
    #[attribute(skip)]
    tags: Tags,
    #[attribute(skip)]
    id: Option<String>,
}

static SCHEMA: LazyLock<KindSchema> = LazyLock::new(InternetGateway::schema);

/// The kind.
pub(crate) struct InternetGateways;

impl Kind for InternetGateways {
    fn schema(&self) -> &KindSchema {
        &SCHEMA
    }

    fn replace_order(&self, _desired: &Attributes) -> ReplaceOrder {
        // A VPC has one gateway at a time.
        ReplaceOrder::OldFirst
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        simple(change, Duration::from_secs(1200))
    }
}

#[async_trait]
impl AwsKind for InternetGateways {
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
impl Ec2Object for InternetGateways {
    const RESOURCE: ResourceType = ResourceType::InternetGateway;
    const ID: &'static str = "internet-gateway-id";
    type Settings = InternetGateway;
    type Found = InternetGateway;

    async fn find(
        aws: &Aws,
        filters: Vec<Filter>,
    ) -> Result<BTreeMap<String, InternetGateway>, ProviderError> {
        let pages =
            aws.ec2.describe_internet_gateways().set_filters(Some(filters)).into_paginator().items().send();
        let described: Vec<Described> =
            pages.try_collect().await.map_err(failed("DescribeInternetGateways"))?;
        let gateways = described
            .iter()
            .filter_map(|described| Some((described.internet_gateway_id()?.to_owned(), gateway(described))));
        Ok(gateways.collect())
    }

    fn values(_id: &str, found: &InternetGateway) -> Values {
        encode(&SCHEMA, found)
    }

    async fn create(
        aws: &Aws,
        _task: &Task,
        _wanted: &InternetGateway,
        tags: TagSpecification,
    ) -> Result<String, ProviderError> {
        let call = aws.ec2.create_internet_gateway().tag_specifications(tags);
        let made = call.send().await.map_err(failed("CreateInternetGateway"))?;
        Ok(made.internet_gateway.and_then(|gateway| gateway.internet_gateway_id).unwrap_or_default())
    }

    async fn settle(
        aws: &Aws,
        id: &str,
        found: &InternetGateway,
        wanted: &InternetGateway,
    ) -> Result<Option<Progress>, ProviderError> {
        match (&found.vpc_id, &wanted.vpc_id) {
            (now, then) if now == then => Ok(None),
            (Some(vpc), _) => {
                detach(aws, id, vpc).await?;
                Ok(Some(Progress::Acted(format!("detached {id} from {vpc}"))))
            }
            (None, Some(vpc)) => {
                let call = aws.ec2.attach_internet_gateway().internet_gateway_id(id).vpc_id(vpc);
                call.send().await.map_err(failed("AttachInternetGateway"))?;
                Ok(Some(Progress::Acted(format!("attached {id} to {vpc}"))))
            }
            (None, None) => Ok(None),
        }
    }

    async fn delete(aws: &Aws, id: &str, found: &InternetGateway) -> Result<(), ProviderError> {
        if let Some(vpc) = &found.vpc_id {
            detach(aws, id, vpc).await?;
        }
        let call = aws.ec2.delete_internet_gateway().internet_gateway_id(id);
        call.send().await.map_err(failed("DeleteInternetGateway"))?;
        Ok(())
    }
}

async fn detach(aws: &Aws, id: &str, vpc: &str) -> Result<(), ProviderError> {
    let call = aws.ec2.detach_internet_gateway().internet_gateway_id(id).vpc_id(vpc);
    call.send().await.map_err(failed("DetachInternetGateway"))?;
    Ok(())
}

/// What `DescribeInternetGateways` tells of it.
fn gateway(described: &Described) -> InternetGateway {
    InternetGateway {
        vpc_id: described.attachments().first().and_then(|attachment| attachment.vpc_id().map(str::to_owned)),
        tags: tags::users(described.tags()),
        id: described.internet_gateway_id().map(str::to_owned),
    }
}
