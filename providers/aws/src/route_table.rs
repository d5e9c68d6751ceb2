//! `route_table`: where packets go, and for which subnets.

mod decide;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    Filter, ResourceType, Route as DescribedRoute, RouteOrigin, RouteTable as Described, TagSpecification,
};
use infra_derive::{Block, Schema};
use infra_engine::change::{Change, ReplaceOrder};
use infra_engine::provider::{Kind, Observation, Progress, ProviderError, ReadRequest, Task};
use infra_engine::steps::LoweredStep;
use infra_lang::desired::Lookup;
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Values};
use infra_lang::schema::KindSchema;
use infra_lang::value::Value;
use serde::{Deserialize, Serialize};

use crate::client::Aws;
use crate::codec::{decode, encode, explicit, same_as};
use crate::ec2::{self, Ec2Object, filter};
use crate::error::{failed, permanent};
use crate::kind::{AwsKind, simple};
use crate::lookup::Query;
use crate::schema::Schema as _;
use crate::tags::{self, Tags};
use decide::{Act, next};

/// Where packets go, and the subnets it counts for. The route inside the VPC is always there and not written.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Schema)]
#[serde(default)]
#[kind(name = "route_table", tagged, id = "rtb-[0-9a-f]{8,17}", lookup = Query)]
pub(crate) struct RouteTable {
    /// The VPC.
    #[attribute(required, immutable, ty = "id(vpc)")]
    vpc_id: String,
    /// The subnets it counts for; a subnet has one table, without any the main one.
    #[attribute(ty = "set(id(subnet))")]
    subnets: BTreeSet<String>,
    /// Whether it counts for all subnets of the VPC without a table of their own.
    #[attribute(default = false)]
    main: bool,
    /// One way out, told from others by where it leads.
    #[attribute(block(key = "cidr_block, ipv6_cidr_block"))]
    route: Vec<Route>,
    #[attribute(skip)]
    tags: Tags,
    #[attribute(skip)]
    id: Option<String>,
}

/// One way out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, Block)]
#[serde(default)]
#[block(rules(
    exactly_one("cidr_block", "ipv6_cidr_block"),
    exactly_one(
        "gateway_id",
        "nat_gateway_id",
        "instance_id",
        "network_interface_id",
        "vpc_peering_connection_id"
    )
))]
pub(crate) struct Route {
    /// Where the packets want to go, such as `"0.0.0.0/0"`.
    #[attribute(ty = "cidr4")]
    cidr_block: Option<String>,
    /// The same for IPv6, such as `"::/0"`.
    #[attribute(ty = "cidr6")]
    ipv6_cidr_block: Option<String>,
    /// They leave by this internet gateway.
    #[attribute(ty = "id(internet_gateway)")]
    gateway_id: Option<String>,
    /// They leave by this NAT gateway.
    nat_gateway_id: Option<String>,
    /// They leave by this instance.
    #[attribute(ty = "id(instance)")]
    instance_id: Option<String>,
    /// They leave by this network interface.
    network_interface_id: Option<String>,
    /// They leave to a peered VPC.
    vpc_peering_connection_id: Option<String>,
}

static SCHEMA: LazyLock<KindSchema> = LazyLock::new(RouteTable::schema);

/// A table, and the ids of its associations: by subnet, and of the VPC as a whole.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    table: RouteTable,
    by_subnet: BTreeMap<String, String>,
    as_main: Option<String>,
}

/// The kind.
pub(crate) struct RouteTables;

impl Kind for RouteTables {
    fn schema(&self) -> &KindSchema {
        &SCHEMA
    }

    fn replace_order(&self, _desired: &Attributes) -> ReplaceOrder {
        ReplaceOrder::NewFirst
    }

    fn same(&self, attribute: &AttributeName, one: &Value, other: &Value) -> bool {
        match attribute.as_str() {
            "route" => same_as::<BTreeSet<Route>>(one, other),
            _ => one == other,
        }
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        simple(change, Duration::from_secs(600))
    }
}

#[async_trait]
impl AwsKind for RouteTables {
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
impl Ec2Object for RouteTables {
    const RESOURCE: ResourceType = ResourceType::RouteTable;
    const ID: &'static str = "route-table-id";
    type Settings = RouteTable;
    type Found = Found;

    async fn find(aws: &Aws, filters: Vec<Filter>) -> Result<BTreeMap<String, Found>, ProviderError> {
        let tables = describe(aws, filters).await?;
        Ok(tables
            .iter()
            .filter_map(|table| Some((table.route_table_id()?.to_owned(), found(table))))
            .collect())
    }

    fn values(_id: &str, found: &Found) -> Values {
        encode(&SCHEMA, &found.table)
    }

    fn told(id: &str, found: &Found, applied: &Values) -> Values {
        let values = Self::values(id, found);
        if applied.is_empty() { values } else { explicit(&SCHEMA, values) }
    }

    async fn create(
        aws: &Aws,
        _: &Task,
        wanted: &RouteTable,
        tags: TagSpecification,
    ) -> Result<String, ProviderError> {
        let call = aws.ec2.create_route_table().vpc_id(&wanted.vpc_id).tag_specifications(tags);
        let made = call.send().await.map_err(failed("CreateRouteTable"))?;
        Ok(made.route_table.and_then(|table| table.route_table_id).unwrap_or_default())
    }

    async fn settle(
        aws: &Aws,
        id: &str,
        found: &Found,
        wanted: &RouteTable,
    ) -> Result<Option<Progress>, ProviderError> {
        let Some(act) = next(found, wanted) else { return Ok(None) };
        let title = act.to_string();
        carry_out(aws, id, act).await?;
        Ok(Some(Progress::Acted(title)))
    }

    async fn delete(aws: &Aws, id: &str, found: &Found) -> Result<(), ProviderError> {
        if let Some(association) = &found.as_main {
            give_back(aws, &found.table.vpc_id, association).await?;
        }
        for association in found.by_subnet.values() {
            disassociate(aws, association).await?;
        }
        aws.ec2.delete_route_table().route_table_id(id).send().await.map_err(failed("DeleteRouteTable"))?;
        Ok(())
    }
}

async fn describe(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<Described>, ProviderError> {
    let pages = aws.ec2.describe_route_tables().set_filters(Some(filters)).into_paginator().items().send();
    pages.try_collect().await.map_err(failed("DescribeRouteTables"))
}

async fn carry_out(aws: &Aws, id: &str, act: Act) -> Result<(), ProviderError> {
    match act {
        Act::CreateRoute(route) => create_route(aws, id, &route).await,
        Act::ReplaceRoute(route) => replace_route(aws, id, &route).await,
        Act::DeleteRoute(route) => delete_route(aws, id, &route).await,
        Act::Associate(subnet) => associate(aws, id, &subnet).await,
        Act::Disassociate { association, .. } => disassociate(aws, &association).await,
        Act::BecomeMain(vpc) => {
            let filters = vec![filter("vpc-id", [&vpc]), filter("association.main", ["true"])];
            let association = describe(aws, filters).await?.iter().find_map(|table| found(table).as_main);
            let missing =
                || permanent("ReplaceRouteTableAssociation", format!("{vpc} has no main route table"));
            move_association(aws, &association.ok_or_else(missing)?, id).await
        }
        Act::LeaveMain { vpc, association } => give_back(aws, &vpc, &association).await,
    }
}

async fn create_route(aws: &Aws, id: &str, route: &Route) -> Result<(), ProviderError> {
    let call = aws
        .ec2
        .create_route()
        .route_table_id(id)
        .set_destination_cidr_block(route.cidr_block.clone())
        .set_destination_ipv6_cidr_block(route.ipv6_cidr_block.clone())
        .set_gateway_id(route.gateway_id.clone())
        .set_nat_gateway_id(route.nat_gateway_id.clone())
        .set_instance_id(route.instance_id.clone())
        .set_network_interface_id(route.network_interface_id.clone())
        .set_vpc_peering_connection_id(route.vpc_peering_connection_id.clone());
    call.send().await.map_err(failed("CreateRoute"))?;
    Ok(())
}

async fn replace_route(aws: &Aws, id: &str, route: &Route) -> Result<(), ProviderError> {
    let call = aws
        .ec2
        .replace_route()
        .route_table_id(id)
        .set_destination_cidr_block(route.cidr_block.clone())
        .set_destination_ipv6_cidr_block(route.ipv6_cidr_block.clone())
        .set_gateway_id(route.gateway_id.clone())
        .set_nat_gateway_id(route.nat_gateway_id.clone())
        .set_instance_id(route.instance_id.clone())
        .set_network_interface_id(route.network_interface_id.clone())
        .set_vpc_peering_connection_id(route.vpc_peering_connection_id.clone());
    call.send().await.map_err(failed("ReplaceRoute"))?;
    Ok(())
}

async fn delete_route(aws: &Aws, id: &str, route: &Route) -> Result<(), ProviderError> {
    let call = aws
        .ec2
        .delete_route()
        .route_table_id(id)
        .set_destination_cidr_block(route.cidr_block.clone())
        .set_destination_ipv6_cidr_block(route.ipv6_cidr_block.clone());
    call.send().await.map_err(failed("DeleteRoute"))?;
    Ok(())
}

/// Gives a subnet this table; from another one it moves over at once, never without any.
async fn associate(aws: &Aws, id: &str, subnet: &str) -> Result<(), ProviderError> {
    let elsewhere = describe(aws, vec![filter("association.subnet-id", [subnet])]).await?;
    match elsewhere.iter().find_map(|table| found(table).by_subnet.remove(subnet)) {
        Some(association) => move_association(aws, &association, id).await,
        None => {
            let call = aws.ec2.associate_route_table().route_table_id(id).subnet_id(subnet);
            call.send().await.map_err(failed("AssociateRouteTable"))?;
            Ok(())
        }
    }
}

async fn disassociate(aws: &Aws, association: &str) -> Result<(), ProviderError> {
    let call = aws.ec2.disassociate_route_table().association_id(association);
    call.send().await.map_err(failed("DisassociateRouteTable"))?;
    Ok(())
}

async fn move_association(aws: &Aws, association: &str, to: &str) -> Result<(), ProviderError> {
    let call = aws.ec2.replace_route_table_association().association_id(association).route_table_id(to);
    call.send().await.map_err(failed("ReplaceRouteTableAssociation"))?;
    Ok(())
}

/// Makes the table that AWS put into the VPC its main one again: the one that nobody has tagged as made by us.
async fn give_back(aws: &Aws, vpc: &str, association: &str) -> Result<(), ProviderError> {
    let tables = describe(aws, vec![filter("vpc-id", [vpc])]).await?;
    let ours = |table: &&Described| table.tags().iter().any(|tag| tag.key() == Some(tags::TOKEN));
    let original = tables.iter().find(|table| !ours(table) && found(table).as_main.is_none());
    match original.and_then(Described::route_table_id) {
        Some(original) => move_association(aws, association, original).await,
        None => Err(permanent(
            "ReplaceRouteTableAssociation",
            format!("this is the main route table of {vpc}: write `main = true` in another one first"),
        )),
    }
}

/// What `DescribeRouteTables` tells of it.
fn found(described: &Described) -> Found {
    let associations = described.associations();
    let by_subnet: BTreeMap<String, String> = associations
        .iter()
        .filter_map(|association| {
            Some((association.subnet_id()?.to_owned(), association.route_table_association_id()?.to_owned()))
        })
        .collect();
    let main = associations.iter().find(|association| association.main() == Some(true));
    let table = RouteTable {
        vpc_id: described.vpc_id().unwrap_or_default().to_owned(),
        subnets: by_subnet.keys().cloned().collect(),
        main: main.is_some(),
        route: described.routes().iter().filter_map(route).collect::<BTreeSet<_>>().into_iter().collect(),
        tags: tags::users(described.tags()),
        id: described.route_table_id().map(str::to_owned),
    };
    let as_main = main.and_then(|main| main.route_table_association_id().map(str::to_owned));
    Found { table, by_subnet, as_main }
}

/// A route that somebody has written; not the one inside the VPC, nor those that gateways announce.
fn route(described: &DescribedRoute) -> Option<Route> {
    let written = described.origin() == Some(&RouteOrigin::CreateRoute);
    let instance_id = described.instance_id().map(str::to_owned);
    // Of an instance AWS tells the network interface too.
    let interface = described.network_interface_id().filter(|_| instance_id.is_none()).map(str::to_owned);
    (written && described.gateway_id() != Some("local")).then(|| Route {
        cidr_block: described.destination_cidr_block().map(str::to_owned),
        ipv6_cidr_block: described.destination_ipv6_cidr_block().map(str::to_owned),
        gateway_id: described.gateway_id().map(str::to_owned),
        nat_gateway_id: described.nat_gateway_id().map(str::to_owned),
        instance_id,
        network_interface_id: interface,
        vpc_peering_connection_id: described.vpc_peering_connection_id().map(str::to_owned),
    })
}
