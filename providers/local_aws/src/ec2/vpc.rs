//! VPCs.

use ipnet::Ipv4Net;

use super::filter::{Field, select};
use super::kind::VPC;
use super::{describe, page, route_table, security_group, tag};
use crate::model::Model;
use crate::model::ec2::{Vpc, VpcId};
use crate::wire::{ApiError, Node, Params};

/// Makes a VPC with what every VPC comes with: a main route table and a default security group.
pub(super) fn add(model: &mut Model, cidr: Ipv4Net, is_default: bool, tenancy: &str) -> VpcId {
    let id = VpcId::new(&mut model.random);
    let vpc = Vpc {
        id: id.clone(),
        cidr,
        is_default,
        tenancy: tenancy.to_owned(),
        dns_support: true,
        dns_hostnames: is_default,
    };
    model.ec2.vpcs.insert(id.clone(), vpc);
    route_table::add_main(model, &id, cidr);
    security_group::add_default(model, &id);
    id
}

/// A range of between /16 and /28.
///
/// # Errors
/// `InvalidParameterValue` for what is no range, `code` for one too big or too small.
pub(super) fn range(text: &str, code: &str) -> Result<Ipv4Net, ApiError> {
    let parsed: Ipv4Net = text.parse().map_err(|_| {
        let reason =
            format!("Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block.");
        ApiError::new("InvalidParameterValue", reason)
    })?;
    match parsed.prefix_len() {
        16..=28 => Ok(parsed.trunc()),
        _ => Err(ApiError::new(code, format!("The CIDR '{text}' is invalid."))),
    }
}

/// CreateVpc.
pub fn create_vpc(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let cidr = range(params.required("CidrBlock")?, "InvalidVpc.Range")?;
    tag::specifications(params)?;
    let id = add(model, cidr, false, params.text("InstanceTenancy").unwrap_or("default"));
    tag::put_specified(model, VPC, id.as_str(), params)?;
    let vpc = VPC.find(&model.ec2.vpcs, id.as_str())?;
    Ok(Node::body().child("vpc", node(model, vpc, "pending")))
}

/// DeleteVpc: what it came with goes along, everything else must be gone.
pub fn delete_vpc(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let id = VPC.find(&model.ec2.vpcs, params.required("VpcId")?)?.id.clone();
    if in_use(model, &id) {
        let reason = format!("The vpc '{id}' has dependencies and cannot be deleted.");
        return Err(ApiError::new("DependencyViolation", reason));
    }
    let ec2 = &mut model.ec2;
    let tables = ec2.route_tables.values().filter(|table| table.vpc == id).map(|table| table.id.to_string());
    let groups = ec2.groups.values().filter(|group| group.vpc == id).map(|group| group.id.to_string());
    let gone: Vec<String> = tables.chain(groups).chain([id.to_string()]).collect();
    ec2.route_tables.retain(|_, table| table.vpc != id);
    ec2.groups.retain(|_, group| group.vpc != id);
    ec2.vpcs.remove(&id);
    ec2.tags.retain(|tagged, _| !gone.contains(tagged));
    Ok(Node::body().field("return", true))
}

fn in_use(model: &Model, id: &VpcId) -> bool {
    let ec2 = &model.ec2;
    ec2.subnets.values().any(|subnet| subnet.vpc == *id)
        || ec2.gateways.values().any(|gateway| gateway.vpc.as_ref() == Some(id))
        || ec2.groups.values().any(|group| group.vpc == *id && group.name != "default")
        || ec2.route_tables.values().any(|table| table.vpc == *id && !route_table::is_main(table))
}

const FIELDS: &[Field<Vpc>] = &[
    ("vpc-id", |_, vpc| vec![vpc.id.to_string()]),
    ("cidr", |_, vpc| vec![vpc.cidr.to_string()]),
    ("cidr-block", |_, vpc| vec![vpc.cidr.to_string()]),
    ("cidr-block-association.cidr-block", |_, vpc| vec![vpc.cidr.to_string()]),
    ("is-default", |_, vpc| vec![vpc.is_default.to_string()]),
    ("isDefault", |_, vpc| vec![vpc.is_default.to_string()]),
    ("state", |_, _| vec!["available".to_owned()]),
    ("owner-id", |model, _| vec![model.account.clone()]),
    ("dhcp-options-id", |_, _| vec![DHCP_OPTIONS.to_owned()]),
];

/// Every region's default set; the model has no others.
const DHCP_OPTIONS: &str = "dopt-0d3fa17default00";

/// DescribeVpcs.
pub fn describe_vpcs(model: &Model, params: &Params) -> Result<Node, ApiError> {
    let asked = describe::asked(VPC, &model.ec2.vpcs, &params.texts("VpcId"))?;
    let chosen = select(model, params, asked, FIELDS, |vpc| vpc.id.as_str())?;
    page::page(params, "vpcSet", chosen, |vpc| node(model, vpc, "available"))
}

fn node(model: &Model, vpc: &Vpc, state: &str) -> Node {
    let association = Node::body()
        .field("cidrBlock", vpc.cidr)
        .field("associationId", vpc.id.as_str().replace("vpc-", "vpc-cidr-assoc-"))
        .child("cidrBlockState", Node::body().field("state", "associated"));
    let body = Node::body()
        .field("vpcId", &vpc.id)
        .field("ownerId", &model.account)
        .field("state", state)
        .field("cidrBlock", vpc.cidr)
        .items("cidrBlockAssociationSet", [association])
        .field("dhcpOptionsId", DHCP_OPTIONS)
        .field("instanceTenancy", &vpc.tenancy)
        .field("isDefault", vpc.is_default);
    tag::tag_set(&model.ec2, vpc.id.as_str(), body)
}

/// ModifyVpcAttribute.
pub fn modify_vpc_attribute(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let vpc = VPC.find_mut(&mut model.ec2.vpcs, params.required("VpcId")?)?;
    let support = params.bool("EnableDnsSupport.Value")?;
    let hostnames = params.bool("EnableDnsHostnames.Value")?;
    if support.is_some() && hostnames.is_some() {
        let reason = "Fields for multiple attribute types specified: enableDnsSupport, enableDnsHostnames";
        return Err(ApiError::new("InvalidParameterCombination", reason));
    }
    vpc.dns_support = support.unwrap_or(vpc.dns_support);
    vpc.dns_hostnames = hostnames.unwrap_or(vpc.dns_hostnames);
    Ok(Node::body().field("return", true))
}

/// DescribeVpcAttribute.
pub fn describe_vpc_attribute(model: &Model, params: &Params) -> Result<Node, ApiError> {
    let vpc = VPC.find(&model.ec2.vpcs, params.required("VpcId")?)?;
    let attribute = params.required("Attribute")?;
    let (name, value) = match attribute {
        "enableDnsSupport" => ("enableDnsSupport", vpc.dns_support),
        "enableDnsHostnames" => ("enableDnsHostnames", vpc.dns_hostnames),
        "enableNetworkAddressUsageMetrics" => ("enableNetworkAddressUsageMetrics", false),
        other => return Err(describe::unknown_attribute(other)),
    };
    Ok(Node::body().field("vpcId", &vpc.id).child(name, Node::body().field("value", value)))
}
