//! Subnets.

use ipnet::Ipv4Net;

use super::filter::{Field, select};
use super::kind::{SUBNET, VPC};
use super::{describe, launch, page, region, tag, vpc};
use crate::model::Model;
use crate::model::ec2::{Subnet, SubnetId, Vpc};
use crate::wire::{ApiError, Node, Params};

/// CreateSubnet: inside its VPC's range, beside its other subnets.
pub fn create_subnet(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let vpc = VPC.find(&model.ec2.vpcs, params.required("VpcId")?)?;
    let cidr = vpc::range(params.required("CidrBlock")?, "InvalidSubnet.Range")?;
    check_range(model, vpc, cidr)?;
    let zone = zone(model, params)?;
    let vpc = vpc.id.clone();
    tag::specifications(params)?;
    let id = SubnetId::new(&mut model.random);
    let subnet = Subnet { id: id.clone(), vpc, cidr, zone, is_default: false, map_public_ip: false };
    model.ec2.subnets.insert(id.clone(), subnet);
    tag::put_specified(model, SUBNET, id.as_str(), params)?;
    let subnet = SUBNET.find(&model.ec2.subnets, id.as_str())?;
    Ok(Node::body().child("subnet", node(model, subnet)))
}

fn check_range(model: &Model, vpc: &Vpc, cidr: Ipv4Net) -> Result<(), ApiError> {
    if !vpc.cidr.contains(&cidr) {
        return Err(ApiError::new("InvalidSubnet.Range", format!("The CIDR '{cidr}' is invalid.")));
    }
    let overlaps = |subnet: &Subnet| {
        subnet.vpc == vpc.id && (subnet.cidr.contains(&cidr) || cidr.contains(&subnet.cidr))
    };
    if model.ec2.subnets.values().any(overlaps) {
        let reason = format!("The CIDR '{cidr}' conflicts with another subnet");
        return Err(ApiError::new("InvalidSubnet.Conflict", reason));
    }
    Ok(())
}

fn zone(model: &Model, params: &Params) -> Result<String, ApiError> {
    let zones = region::zones(model);
    let by_id = |id: &str| zones.iter().find(|zone| region::zone_id(zone) == id).cloned();
    match (params.text("AvailabilityZone"), params.text("AvailabilityZoneId")) {
        (Some(name), _) => region::check_zone(model, name).map(|()| name.to_owned()),
        (None, Some(id)) => by_id(id).ok_or_else(|| {
            let reason = format!("Value ({id}) for parameter availabilityZoneId is invalid.");
            ApiError::new("InvalidParameterValue", reason)
        }),
        (None, None) => Ok(zones.into_iter().next().unwrap_or_default()),
    }
}

/// DeleteSubnet: not while a network interface is in it.
pub fn delete_subnet(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let id = SUBNET.find(&model.ec2.subnets, params.required("SubnetId")?)?.id.clone();
    if model.ec2.interfaces.values().any(|card| card.subnet == id) {
        let reason = format!("The subnet '{id}' has dependencies and cannot be deleted.");
        return Err(ApiError::new("DependencyViolation", reason));
    }
    for table in model.ec2.route_tables.values_mut() {
        table.associations.retain(|association| association.subnet.as_ref() != Some(&id));
    }
    model.ec2.subnets.remove(&id);
    model.ec2.tags.remove(id.as_str());
    Ok(Node::body().field("return", true))
}

/// ModifySubnetAttribute: whether instances get a public address.
pub fn modify_subnet_attribute(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let subnet = SUBNET.find_mut(&mut model.ec2.subnets, params.required("SubnetId")?)?;
    if let Some(map) = params.bool("MapPublicIpOnLaunch.Value")? {
        subnet.map_public_ip = map;
    }
    Ok(Node::body().field("return", true))
}

const FIELDS: &[Field<Subnet>] = &[
    ("subnet-id", |_, subnet| vec![subnet.id.to_string()]),
    ("vpc-id", |_, subnet| vec![subnet.vpc.to_string()]),
    ("cidr-block", |_, subnet| vec![subnet.cidr.to_string()]),
    ("cidr", |_, subnet| vec![subnet.cidr.to_string()]),
    ("cidrBlock", |_, subnet| vec![subnet.cidr.to_string()]),
    ("availability-zone", |_, subnet| vec![subnet.zone.clone()]),
    ("availabilityZone", |_, subnet| vec![subnet.zone.clone()]),
    ("availability-zone-id", |_, subnet| vec![region::zone_id(&subnet.zone)]),
    ("default-for-az", |_, subnet| vec![subnet.is_default.to_string()]),
    ("defaultForAz", |_, subnet| vec![subnet.is_default.to_string()]),
    ("map-public-ip-on-launch", |_, subnet| vec![subnet.map_public_ip.to_string()]),
    ("available-ip-address-count", |model, subnet| vec![launch::free_addresses(model, subnet).to_string()]),
    ("state", |_, _| vec!["available".to_owned()]),
    ("owner-id", |model, _| vec![model.account.clone()]),
    ("subnet-arn", |model, subnet| vec![arn(model, subnet)]),
];

/// DescribeSubnets.
pub fn describe_subnets(model: &Model, params: &Params) -> Result<Node, ApiError> {
    let asked = describe::asked(SUBNET, &model.ec2.subnets, &params.texts("SubnetId"))?;
    let chosen = select(model, params, asked, FIELDS, |subnet| subnet.id.as_str())?;
    page::page(params, "subnetSet", chosen, |subnet| node(model, subnet))
}

fn arn(model: &Model, subnet: &Subnet) -> String {
    format!("arn:aws:ec2:{}:{}:subnet/{}", model.region, model.account, subnet.id)
}

fn node(model: &Model, subnet: &Subnet) -> Node {
    let body = Node::body()
        .field("subnetId", &subnet.id)
        .field("subnetArn", arn(model, subnet))
        .field("state", "available")
        .field("ownerId", &model.account)
        .field("vpcId", &subnet.vpc)
        .field("cidrBlock", subnet.cidr)
        .items("ipv6CidrBlockAssociationSet", [])
        .field("availableIpAddressCount", launch::free_addresses(model, subnet))
        .field("availabilityZone", &subnet.zone)
        .field("availabilityZoneId", region::zone_id(&subnet.zone))
        .field("defaultForAz", subnet.is_default)
        .field("mapPublicIpOnLaunch", subnet.map_public_ip)
        .field("assignIpv6AddressOnCreation", false);
    tag::tag_set(&model.ec2, subnet.id.as_str(), body)
}
