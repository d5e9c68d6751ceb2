//! Route tables.

use ipnet::Ipv4Net;

use super::filter::{Field, select};
use super::kind::{ASSOCIATION, GATEWAY, INSTANCE, INTERFACE, ROUTE_TABLE, SUBNET, VPC};
use super::{describe, page, permission, tag};
use crate::model::Model;
use crate::model::ec2::{Association, AssociationId, Route, RouteTable, RouteTableId, RouteTarget, VpcId};
use crate::wire::{ApiError, Node, Params};

/// Makes a VPC's main route table.
pub(super) fn add_main(model: &mut Model, vpc: &VpcId, cidr: Ipv4Net) {
    let id = add(model, vpc, cidr);
    let association = Association { id: AssociationId::new(&mut model.random), subnet: None };
    model.ec2.route_tables.entry(id).and_modify(|table| table.associations.push(association));
}

fn add(model: &mut Model, vpc: &VpcId, cidr: Ipv4Net) -> RouteTableId {
    let id = RouteTableId::new(&mut model.random);
    let local = Route { destination: cidr.to_string(), target: RouteTarget::Local };
    let table =
        RouteTable { id: id.clone(), vpc: vpc.clone(), routes: vec![local], associations: Vec::new() };
    model.ec2.route_tables.insert(id.clone(), table);
    id
}

/// Whether a table serves the subnets that have none of their own.
pub(super) fn is_main(table: &RouteTable) -> bool {
    table.associations.iter().any(|association| association.subnet.is_none())
}

/// CreateRouteTable.
pub fn create_route_table(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let vpc = VPC.find(&model.ec2.vpcs, params.required("VpcId")?)?;
    let (vpc, cidr) = (vpc.id.clone(), vpc.cidr);
    tag::specifications(params)?;
    let id = add(model, &vpc, cidr);
    tag::put_specified(model, ROUTE_TABLE, id.as_str(), params)?;
    let table = ROUTE_TABLE.find(&model.ec2.route_tables, id.as_str())?;
    Ok(Node::body().child("routeTable", node(model, table)))
}

/// DeleteRouteTable: not the main one, and not while a subnet uses it.
pub fn delete_route_table(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let table = ROUTE_TABLE.find(&model.ec2.route_tables, params.required("RouteTableId")?)?;
    let id = table.id.clone();
    if !table.associations.is_empty() {
        let reason = format!("The routeTable '{id}' has dependencies and cannot be deleted.");
        return Err(ApiError::new("DependencyViolation", reason));
    }
    model.ec2.route_tables.remove(&id);
    model.ec2.tags.remove(id.as_str());
    Ok(Node::body().field("return", true))
}

fn destination(params: &Params) -> Result<String, ApiError> {
    match (params.text("DestinationCidrBlock"), params.text("DestinationIpv6CidrBlock")) {
        (Some(range), None) => permission::ipv4(range),
        (None, Some(range)) => permission::ipv6(range),
        _ => Err(ApiError::new(
            "MissingParameter",
            "The request must contain exactly one of destinationCidrBlock, destinationIpv6CidrBlock, destinationPrefixListId",
        )),
    }
}

fn target(model: &Model, table: &RouteTable, params: &Params) -> Result<RouteTarget, ApiError> {
    if let Some(id) = params.text("GatewayId") {
        let gateway = GATEWAY.find(&model.ec2.gateways, id)?;
        if gateway.vpc.as_ref() != Some(&table.vpc) {
            let reason =
                format!("route table {} and network gateway {id} belong to different networks", table.id);
            return Err(ApiError::new("InvalidParameterValue", reason));
        }
        return Ok(RouteTarget::Gateway(gateway.id.clone()));
    }
    if let Some(id) = params.text("InstanceId") {
        return INSTANCE
            .find(&model.ec2.instances, id)
            .map(|instance| RouteTarget::Instance(instance.id.clone()));
    }
    if let Some(id) = params.text("NetworkInterfaceId") {
        return INTERFACE.find(&model.ec2.interfaces, id).map(|card| RouteTarget::Interface(card.id.clone()));
    }
    if let Some(id) = params.text("NatGatewayId") {
        let reason = format!("The natGateway ID '{id}' does not exist");
        return Err(ApiError::new("InvalidNatGatewayID.NotFound", reason));
    }
    Err(ApiError::new(
        "MissingParameter",
        "The request must contain a target: gatewayId, instanceId or networkInterfaceId",
    ))
}

/// CreateRoute.
pub fn create_route(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let table = ROUTE_TABLE.find(&model.ec2.route_tables, params.required("RouteTableId")?)?;
    let id = table.id.clone();
    let route = Route { destination: destination(params)?, target: target(model, table, params)? };
    if let Some(same) = table.routes.iter().find(|other| other.destination == route.destination) {
        if *same == route {
            return Ok(Node::body().field("return", true));
        }
        let reason = format!("The route identified by {} already exists.", route.destination);
        return Err(ApiError::new("RouteAlreadyExists", reason));
    }
    model.ec2.route_tables.entry(id).and_modify(|table| table.routes.push(route));
    Ok(Node::body().field("return", true))
}

/// ReplaceRoute.
pub fn replace_route(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let table = ROUTE_TABLE.find(&model.ec2.route_tables, params.required("RouteTableId")?)?;
    let id = table.id.clone();
    let destination = destination(params)?;
    let target = target(model, table, params)?;
    let table = ROUTE_TABLE.find_mut(&mut model.ec2.route_tables, id.as_str())?;
    match table.routes.iter_mut().find(|route| route.destination == destination) {
        Some(route) => route.target = target,
        None => {
            let reason = format!(
                "There is no route defined for '{destination}' in the route table. Use CreateRoute instead."
            );
            return Err(ApiError::new("InvalidParameterValue", reason));
        }
    }
    Ok(Node::body().field("return", true))
}

/// DeleteRoute.
pub fn delete_route(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let destination = destination(params)?;
    let table = ROUTE_TABLE.find_mut(&mut model.ec2.route_tables, params.required("RouteTableId")?)?;
    let Some(at) = table.routes.iter().position(|route| route.destination == destination) else {
        let reason =
            format!("no route with destination-cidr-block {destination} in route table {}", table.id);
        return Err(ApiError::new("InvalidRoute.NotFound", reason));
    };
    if table.routes[at].target == RouteTarget::Local {
        let reason = format!("cannot remove local route {destination} in route table {}", table.id);
        return Err(ApiError::new("InvalidParameterValue", reason));
    }
    table.routes.remove(at);
    Ok(Node::body().field("return", true))
}

/// AssociateRouteTable. A subnet uses one table at a time.
pub fn associate_route_table(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let table = ROUTE_TABLE.find(&model.ec2.route_tables, params.required("RouteTableId")?)?;
    let table_id = table.id.clone();
    let subnet = SUBNET.find(&model.ec2.subnets, params.required("SubnetId")?)?;
    if subnet.vpc != table.vpc {
        let reason =
            format!("Route table {} and subnet {} belong to different networks", table.id, subnet.id);
        return Err(ApiError::new("InvalidParameterValue", reason));
    }
    let subnet = subnet.id.clone();
    let present = model.ec2.route_tables.values().find_map(|table| {
        let mine =
            table.associations.iter().find(|association| association.subnet.as_ref() == Some(&subnet))?;
        Some((table.id.clone(), mine.id.clone()))
    });
    let id = match present {
        Some((other, association)) if other == table_id => association,
        Some((_, association)) => {
            let reason = format!(
                "the specified association for route table {table_id} conflicts with an existing association {association}"
            );
            return Err(ApiError::new("Resource.AlreadyAssociated", reason));
        }
        None => associate(model, &table_id, Some(subnet)),
    };
    Ok(association_answer("associationId", &id))
}

fn associate(
    model: &mut Model,
    table: &RouteTableId,
    subnet: Option<crate::model::ec2::SubnetId>,
) -> AssociationId {
    let id = AssociationId::new(&mut model.random);
    let association = Association { id: id.clone(), subnet };
    model.ec2.route_tables.entry(table.clone()).and_modify(|table| table.associations.push(association));
    id
}

fn association_answer(name: &'static str, id: &AssociationId) -> Node {
    Node::body().field(name, id).child("associationState", Node::body().field("state", "associated"))
}

/// The table and the use of it that an association id names.
fn association(model: &Model, id: &str) -> Result<(RouteTableId, Association), ApiError> {
    ASSOCIATION.check(id)?;
    let found = model.ec2.route_tables.values().find_map(|table| {
        let found = table.associations.iter().find(|association| association.id.as_str() == id)?;
        Some((table.id.clone(), found.clone()))
    });
    found.ok_or_else(|| ASSOCIATION.not_found(id))
}

fn dissociate(model: &mut Model, table: &RouteTableId, association: &AssociationId) {
    model.ec2.route_tables.entry(table.clone()).and_modify(|table| {
        table.associations.retain(|other| other.id != *association);
    });
}

/// DisassociateRouteTable: the subnet falls back to the main table.
pub fn disassociate_route_table(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let (table, found) = association(model, params.required("AssociationId")?)?;
    if found.subnet.is_none() {
        let reason = format!("cannot disassociate the main route table association {}", found.id);
        return Err(ApiError::new("InvalidParameterValue", reason));
    }
    dissociate(model, &table, &found.id);
    Ok(Node::body().field("return", true))
}

/// ReplaceRouteTableAssociation: another table for a subnet, or another main table.
pub fn replace_route_table_association(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let (old, found) = association(model, params.required("AssociationId")?)?;
    let table = ROUTE_TABLE.find(&model.ec2.route_tables, params.required("RouteTableId")?)?;
    if model.ec2.route_tables.get(&old).is_some_and(|old| old.vpc != table.vpc) {
        let reason = format!("Route table {} belongs to a different network", table.id);
        return Err(ApiError::new("InvalidParameterValue", reason));
    }
    let new = table.id.clone();
    dissociate(model, &old, &found.id);
    let id = associate(model, &new, found.subnet);
    Ok(association_answer("newAssociationId", &id))
}

const FIELDS: &[Field<RouteTable>] = &[
    ("route-table-id", |_, table| vec![table.id.to_string()]),
    ("vpc-id", |_, table| vec![table.vpc.to_string()]),
    ("owner-id", |model, _| vec![model.account.clone()]),
    ("association.main", |_, table| {
        table.associations.iter().map(|it| it.subnet.is_none().to_string()).collect()
    }),
    ("association.subnet-id", |_, table| {
        table.associations.iter().filter_map(|it| it.subnet.as_ref().map(ToString::to_string)).collect()
    }),
    ("association.route-table-association-id", |_, table| {
        table.associations.iter().map(|it| it.id.to_string()).collect()
    }),
    ("association.route-table-id", |_, table| {
        table.associations.iter().map(|_| table.id.to_string()).collect()
    }),
    ("route.destination-cidr-block", |_, table| {
        table.routes.iter().map(|it| it.destination.clone()).collect()
    }),
    ("route.gateway-id", |_, table| table.routes.iter().filter_map(gateway).collect()),
];

fn gateway(route: &Route) -> Option<String> {
    match &route.target {
        RouteTarget::Local => Some("local".to_owned()),
        RouteTarget::Gateway(id) => Some(id.to_string()),
        RouteTarget::Instance(_) | RouteTarget::Interface(_) => None,
    }
}

/// DescribeRouteTables.
pub fn describe_route_tables(model: &Model, params: &Params) -> Result<Node, ApiError> {
    let asked = describe::asked(ROUTE_TABLE, &model.ec2.route_tables, &params.texts("RouteTableId"))?;
    let chosen = select(model, params, asked, FIELDS, |table| table.id.as_str())?;
    page::page(params, "routeTableSet", chosen, |table| node(model, table))
}

fn node(model: &Model, table: &RouteTable) -> Node {
    let associations = table.associations.iter().map(|association| {
        Node::body()
            .field("routeTableAssociationId", &association.id)
            .field("routeTableId", &table.id)
            .maybe("subnetId", association.subnet.as_ref())
            .field("main", association.subnet.is_none())
            .child("associationState", Node::body().field("state", "associated"))
    });
    let body = Node::body()
        .field("routeTableId", &table.id)
        .field("vpcId", &table.vpc)
        .field("ownerId", &model.account)
        .items("routeSet", table.routes.iter().map(|route| route_node(model, route)))
        .items("associationSet", associations)
        .items("propagatingVgwSet", []);
    tag::tag_set(&model.ec2, table.id.as_str(), body)
}

fn route_node(model: &Model, route: &Route) -> Node {
    let family =
        if route.destination.contains(':') { "destinationIpv6CidrBlock" } else { "destinationCidrBlock" };
    let body = Node::body().field(family, &route.destination);
    let (body, leads_somewhere) = match &route.target {
        RouteTarget::Local => (body.field("gatewayId", "local"), true),
        RouteTarget::Gateway(id) => (
            body.field("gatewayId", id),
            model.ec2.gateways.get(id).is_some_and(|gateway| gateway.vpc.is_some()),
        ),
        RouteTarget::Instance(id) => {
            let there = model.ec2.instances.get(id).is_some_and(|instance| instance.state.exists());
            (body.field("instanceId", id), there)
        }
        RouteTarget::Interface(id) => {
            (body.field("networkInterfaceId", id), model.ec2.interfaces.contains_key(id))
        }
    };
    let origin = if route.target == RouteTarget::Local { "CreateRouteTable" } else { "CreateRoute" };
    body.field("state", if leads_somewhere { "active" } else { "blackhole" }).field("origin", origin)
}
