//! Internet gateways.

use super::filter::{Field, select};
use super::kind::{GATEWAY, VPC};
use super::{describe, page, tag};
use crate::model::Model;
use crate::model::ec2::{Gateway, GatewayId, VpcId};
use crate::wire::{ApiError, Node, Params};

/// CreateInternetGateway.
pub fn create_internet_gateway(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    tag::specifications(params)?;
    let id = GatewayId::new(&mut model.random);
    model.ec2.gateways.insert(id.clone(), Gateway { id: id.clone(), vpc: None });
    tag::put_specified(model, GATEWAY, id.as_str(), params)?;
    let gateway = GATEWAY.find(&model.ec2.gateways, id.as_str())?;
    Ok(Node::body().child("internetGateway", node(model, gateway)))
}

/// DeleteInternetGateway: it must be detached.
pub fn delete_internet_gateway(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let gateway = GATEWAY.find(&model.ec2.gateways, params.required("InternetGatewayId")?)?;
    let id = gateway.id.clone();
    if gateway.vpc.is_some() {
        let reason = format!("The internetGateway '{id}' has dependencies and cannot be deleted.");
        return Err(ApiError::new("DependencyViolation", reason));
    }
    model.ec2.gateways.remove(&id);
    model.ec2.tags.remove(id.as_str());
    Ok(Node::body().field("return", true))
}

fn pair(model: &Model, params: &Params) -> Result<(GatewayId, VpcId), ApiError> {
    let gateway = GATEWAY.find(&model.ec2.gateways, params.required("InternetGatewayId")?)?;
    let vpc = VPC.find(&model.ec2.vpcs, params.required("VpcId")?)?;
    Ok((gateway.id.clone(), vpc.id.clone()))
}

/// AttachInternetGateway: one gateway to one VPC.
pub fn attach_internet_gateway(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let (id, vpc) = pair(model, params)?;
    if let Some(other) = model.ec2.gateways.values().find(|gateway| gateway.vpc.as_ref() == Some(&vpc)) {
        let reason = format!("Network {vpc} already has an internet gateway attached: {}", other.id);
        return Err(ApiError::new("InvalidParameterValue", reason));
    }
    let gateway = GATEWAY.find_mut(&mut model.ec2.gateways, id.as_str())?;
    if let Some(taken) = &gateway.vpc {
        let reason = format!("resource {id} is already attached to network {taken}");
        return Err(ApiError::new("Resource.AlreadyAssociated", reason));
    }
    gateway.vpc = Some(vpc);
    Ok(Node::body().field("return", true))
}

/// DetachInternetGateway: not while the VPC has public addresses.
pub fn detach_internet_gateway(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let (id, vpc) = pair(model, params)?;
    let inside = |subnet| model.ec2.subnets.get(subnet).is_some_and(|subnet| subnet.vpc == vpc);
    if model.ec2.interfaces.values().any(|card| card.public_ip.is_some() && inside(&card.subnet)) {
        let reason = format!(
            "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway."
        );
        return Err(ApiError::new("DependencyViolation", reason));
    }
    let gateway = GATEWAY.find_mut(&mut model.ec2.gateways, id.as_str())?;
    if gateway.vpc.as_ref() != Some(&vpc) {
        let reason = format!("resource {id} is not attached to network {vpc}");
        return Err(ApiError::new("Gateway.NotAttached", reason));
    }
    gateway.vpc = None;
    Ok(Node::body().field("return", true))
}

const FIELDS: &[Field<Gateway>] = &[
    ("internet-gateway-id", |_, gateway| vec![gateway.id.to_string()]),
    ("attachment.vpc-id", |_, gateway| gateway.vpc.iter().map(ToString::to_string).collect()),
    ("attachment.state", |_, gateway| gateway.vpc.iter().map(|_| "available".to_owned()).collect()),
    ("owner-id", |model, _| vec![model.account.clone()]),
];

/// DescribeInternetGateways.
pub fn describe_internet_gateways(model: &Model, params: &Params) -> Result<Node, ApiError> {
    let asked = describe::asked(GATEWAY, &model.ec2.gateways, &params.texts("InternetGatewayId"))?;
    let chosen = select(model, params, asked, FIELDS, |gateway| gateway.id.as_str())?;
    page::page(params, "internetGatewaySet", chosen, |gateway| node(model, gateway))
}

fn node(model: &Model, gateway: &Gateway) -> Node {
    let attachments =
        gateway.vpc.iter().map(|vpc| Node::body().field("vpcId", vpc).field("state", "available"));
    let body = Node::body()
        .field("internetGatewayId", &gateway.id)
        .field("ownerId", &model.account)
        .items("attachmentSet", attachments);
    tag::tag_set(&model.ec2, gateway.id.as_str(), body)
}
