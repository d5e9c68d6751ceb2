//! Network interfaces as answers show them.

use super::filter::{Field, select};
use super::kind::INTERFACE;
use super::{describe, page, tag};
use crate::model::Model;
use crate::model::ec2::{Instance, Interface, InterfaceOwner, Subnet};
use crate::wire::{ApiError, Node, Params};

/// The name that AWS's resolver has for the address inside: `ip-172-31-0-4.ec2.internal`.
pub(super) fn private_name(model: &Model, card: &Interface) -> String {
    let address = card.private_ip.to_string().replace('.', "-");
    match model.region.as_str() {
        "us-east-1" => format!("ip-{address}.ec2.internal"),
        region => format!("ip-{address}.{region}.compute.internal"),
    }
}

/// The name of the address outside, if there is one and the VPC gives names.
pub(super) fn public_name(model: &Model, card: &Interface) -> Option<String> {
    let vpc = model.ec2.vpcs.get(&subnet(model, card)?.vpc)?;
    let address = card.public_ip.filter(|_| vpc.dns_hostnames)?.to_string().replace('.', "-");
    Some(match model.region.as_str() {
        "us-east-1" => format!("ec2-{address}.compute-1.amazonaws.com"),
        region => format!("ec2-{address}.{region}.compute.amazonaws.com"),
    })
}

fn subnet<'m>(model: &'m Model, card: &Interface) -> Option<&'m Subnet> {
    model.ec2.subnets.get(&card.subnet)
}

/// An interface's groups, with names.
pub(super) fn groups(model: &Model, card: &Interface) -> Vec<Node> {
    let group = |id| {
        let name = model.ec2.groups.get(id).map(|group| group.name.as_str());
        Node::body().field("groupId", id).maybe("groupName", name)
    };
    card.groups.iter().map(group).collect()
}

/// An instance's interface, inside the instance's own description.
pub(super) fn of_instance(model: &Model, instance: &Instance, card: &Interface) -> Node {
    let attachment = Node::body()
        .field("attachmentId", attachment_id(card))
        .field("deviceIndex", 0)
        .field("status", "attached")
        .field("attachTime", card.created)
        .field("deleteOnTermination", true)
        .field("networkCardIndex", 0);
    common(model, card)
        .field("sourceDestCheck", instance.settings.source_dest_check)
        .field("status", "in-use")
        .child("attachment", attachment)
}

fn attachment_id(card: &Interface) -> String {
    card.id.as_str().replace("eni-", "eni-attach-")
}

/// What an interface's own description and an instance's description of it have in common.
fn common(model: &Model, card: &Interface) -> Node {
    let association = |node: Node| match card.public_ip {
        None => node,
        Some(address) => node.child(
            "association",
            Node::body()
                .field("publicIp", address)
                .field("publicDnsName", public_name(model, card).unwrap_or_default())
                .field("ipOwnerId", "amazon"),
        ),
    };
    let address = Node::body()
        .field("privateIpAddress", card.private_ip)
        .field("privateDnsName", private_name(model, card))
        .field("primary", true);
    let body = Node::body()
        .field("networkInterfaceId", &card.id)
        .field("subnetId", &card.subnet)
        .maybe("vpcId", subnet(model, card).map(|subnet| &subnet.vpc))
        .field("description", description(card))
        .field("ownerId", &model.account)
        .field("macAddress", mac(card))
        .field("privateIpAddress", card.private_ip)
        .field("privateDnsName", private_name(model, card))
        .field("interfaceType", "interface")
        .items("groupSet", groups(model, card))
        .items("ipv6AddressesSet", [])
        .items("privateIpAddressesSet", [association(address)]);
    association(body)
}

fn description(card: &Interface) -> &str {
    match &card.owner {
        InterfaceOwner::Instance(_) => "",
        InterfaceOwner::Service(name) => name,
    }
}

fn mac(card: &Interface) -> String {
    let octets = card.private_ip.octets();
    format!("0e:00:{:02x}:{:02x}:{:02x}:{:02x}", octets[0], octets[1], octets[2], octets[3])
}

const FIELDS: &[Field<Interface>] = &[
    ("network-interface-id", |_, card| vec![card.id.to_string()]),
    ("subnet-id", |_, card| vec![card.subnet.to_string()]),
    ("vpc-id", |model, card| subnet(model, card).map(|subnet| subnet.vpc.to_string()).into_iter().collect()),
    ("availability-zone", |model, card| {
        subnet(model, card).map(|subnet| subnet.zone.clone()).into_iter().collect()
    }),
    ("group-id", |_, card| card.groups.iter().map(ToString::to_string).collect()),
    ("group-name", |model, card| {
        card.groups.iter().filter_map(|id| model.ec2.groups.get(id)).map(|group| group.name.clone()).collect()
    }),
    ("description", |_, card| vec![description(card).to_owned()]),
    ("status", |_, _| vec!["in-use".to_owned()]),
    ("owner-id", |model, _| vec![model.account.clone()]),
    ("requester-id", |_, card| requester(card).map(str::to_owned).into_iter().collect()),
    ("requester-managed", |_, card| vec![requester(card).is_some().to_string()]),
    ("private-ip-address", |_, card| vec![card.private_ip.to_string()]),
    ("addresses.private-ip-address", |_, card| vec![card.private_ip.to_string()]),
    ("association.public-ip", |_, card| {
        card.public_ip.map(|address| address.to_string()).into_iter().collect()
    }),
    ("attachment.instance-id", |_, card| match &card.owner {
        InterfaceOwner::Instance(id) => vec![id.to_string()],
        InterfaceOwner::Service(_) => Vec::new(),
    }),
    ("attachment.instance-owner-id", |model, card| match &card.owner {
        InterfaceOwner::Instance(_) => vec![model.account.clone()],
        InterfaceOwner::Service(_) => vec!["amazon-elb".to_owned()],
    }),
    ("interface-type", |_, _| vec!["interface".to_owned()]),
];

fn requester(card: &Interface) -> Option<&'static str> {
    match card.owner {
        InterfaceOwner::Instance(_) => None,
        InterfaceOwner::Service(_) => Some("amazon-elb"),
    }
}

/// DescribeNetworkInterfaces.
pub fn describe_network_interfaces(model: &Model, params: &Params) -> Result<Node, ApiError> {
    let asked = describe::asked(INTERFACE, &model.ec2.interfaces, &params.texts("NetworkInterfaceId"))?;
    let chosen = select(model, params, asked, FIELDS, |card| card.id.as_str())?;
    page::page(params, "networkInterfaceSet", chosen, |card| node(model, card))
}

fn node(model: &Model, card: &Interface) -> Node {
    let (instance, owner) = match &card.owner {
        InterfaceOwner::Instance(id) => (Some(id), model.account.as_str()),
        InterfaceOwner::Service(_) => (None, "amazon-elb"),
    };
    let attachment = Node::body()
        .field("attachmentId", attachment_id(card))
        .maybe("instanceId", instance)
        .field("instanceOwnerId", owner)
        .field("deviceIndex", if instance.is_some() { 0 } else { 1 })
        .field("status", "attached")
        .field("attachTime", card.created)
        .field("deleteOnTermination", instance.is_some());
    let body = common(model, card)
        .maybe("availabilityZone", subnet(model, card).map(|subnet| &subnet.zone))
        .maybe("requesterId", requester(card))
        .field("requesterManaged", requester(card).is_some())
        .field("status", "in-use")
        .field("sourceDestCheck", instance.is_some())
        .child("attachment", attachment);
    tag::tag_set(&model.ec2, card.id.as_str(), body)
}
