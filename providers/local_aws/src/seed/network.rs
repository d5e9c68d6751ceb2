//! Networks: VPCs, subnets, gateways, routes, security groups and key pairs.

use super::Seeding;
use super::answer::{Said, items, number, on, text, time};
use crate::model::ec2::{
    Association, AssociationId, Gateway, GatewayId, GroupId, InstanceId, InterfaceId, KeyPair, KeyPairId,
    Peer, Permission, Route, RouteTable, RouteTableId, RouteTarget, Rule, RuleId, SecurityGroup, Subnet,
    SubnetId, Vpc, VpcId,
};
use crate::wire::Node;

impl Seeding<'_> {
    /// Takes over an element's tags.
    pub(super) fn tag(&mut self, id: &str, node: &Node) {
        let tags = items(node, "tagSet").iter();
        let tags = tags.filter_map(|tag| Some((text(tag, "key")?, text(tag, "value").unwrap_or_default())));
        self.model.ec2.tags.insert(id.to_owned(), tags.collect());
    }
}

pub(super) fn vpcs(seeding: &mut Seeding<'_>, said: &Said) {
    for node in said.list("vpcSet") {
        let read = || {
            Some(Vpc {
                id: VpcId::from(node.text_of("vpcId")?),
                cidr: node.text_of("cidrBlock")?.parse().ok()?,
                is_default: on(node, "isDefault"),
                tenancy: text(node, "instanceTenancy").unwrap_or_else(|| "default".to_owned()),
                dns_support: true,
                dns_hostnames: true,
            })
        };
        let Some(vpc) = read() else { continue };
        seeding.tag(vpc.id.as_str(), node);
        seeding.model.ec2.vpcs.insert(vpc.id.clone(), vpc);
    }
}

pub(super) fn subnets(seeding: &mut Seeding<'_>, said: &Said) {
    for node in said.list("subnetSet") {
        let read = || {
            Some(Subnet {
                id: SubnetId::from(node.text_of("subnetId")?),
                vpc: VpcId::from(node.text_of("vpcId")?),
                cidr: node.text_of("cidrBlock")?.parse().ok()?,
                zone: text(node, "availabilityZone")?,
                is_default: on(node, "defaultForAz"),
                map_public_ip: on(node, "mapPublicIpOnLaunch"),
            })
        };
        let Some(subnet) = read() else { continue };
        seeding.tag(subnet.id.as_str(), node);
        seeding.model.ec2.subnets.insert(subnet.id.clone(), subnet);
    }
}

pub(super) fn gateways(seeding: &mut Seeding<'_>, said: &Said) {
    for node in said.list("internetGatewaySet") {
        let Some(id) = node.text_of("internetGatewayId").map(GatewayId::from) else { continue };
        let vpc = items(node, "attachmentSet").iter().find_map(|to| to.text_of("vpcId")).map(VpcId::from);
        seeding.tag(id.as_str(), node);
        seeding.model.ec2.gateways.insert(id.clone(), Gateway { id, vpc });
    }
}

pub(super) fn route_tables(seeding: &mut Seeding<'_>, said: &Said) {
    for node in said.list("routeTableSet") {
        let (Some(id), Some(vpc)) = (node.text_of("routeTableId"), node.text_of("vpcId")) else { continue };
        let (id, vpc) = (RouteTableId::from(id), VpcId::from(vpc));
        let routes = items(node, "routeSet").iter().filter_map(route).collect();
        let associations = items(node, "associationSet").iter().filter_map(association).collect();
        seeding.tag(id.as_str(), node);
        let table = RouteTable { id: id.clone(), vpc, routes, associations };
        seeding.model.ec2.route_tables.insert(id, table);
    }
}

fn route(node: &Node) -> Option<Route> {
    let destination =
        text(node, "destinationCidrBlock").or_else(|| text(node, "destinationIpv6CidrBlock"))?;
    let target =
        match (node.text_of("gatewayId"), node.text_of("instanceId"), node.text_of("networkInterfaceId")) {
            (Some("local"), _, _) => RouteTarget::Local,
            (Some(gateway), _, _) => RouteTarget::Gateway(GatewayId::from(gateway)),
            (_, Some(instance), _) => RouteTarget::Instance(InstanceId::from(instance)),
            (_, _, Some(interface)) => RouteTarget::Interface(InterfaceId::from(interface)),
            _ => return None,
        };
    Some(Route { destination, target })
}

fn association(node: &Node) -> Option<Association> {
    let id = AssociationId::from(node.text_of("routeTableAssociationId")?);
    Some(Association { id, subnet: node.text_of("subnetId").map(SubnetId::from) })
}

pub(super) fn security_groups(seeding: &mut Seeding<'_>, said: &Said) {
    for node in said.list("securityGroupInfo") {
        let (Some(id), Some(vpc)) = (node.text_of("groupId"), node.text_of("vpcId")) else { continue };
        let ways = [("ipPermissions", false), ("ipPermissionsEgress", true)];
        let permissions = ways
            .into_iter()
            .flat_map(|(list, egress)| items(node, list).iter().flat_map(move |it| permissions(it, egress)));
        let random = &mut seeding.model.random;
        let rules = permissions.map(|(permission, description)| Rule {
            id: RuleId::new(random),
            permission,
            description,
        });
        let group = SecurityGroup {
            id: GroupId::from(id),
            name: text(node, "groupName").unwrap_or_default(),
            description: text(node, "groupDescription").unwrap_or_default(),
            vpc: VpcId::from(vpc),
            rules: rules.collect(),
        };
        seeding.tag(id, node);
        seeding.model.ec2.groups.insert(group.id.clone(), group);
    }
}

/// The list that holds peers of a kind, the element that names one, and what it is.
type PeerKind = (&'static str, &'static str, fn(&str) -> Peer);

/// One for each peer.
fn permissions(node: &Node, egress: bool) -> Vec<(Permission, Option<String>)> {
    let kinds: [PeerKind; 4] = [
        ("ipRanges", "cidrIp", |range| Peer::Ipv4(range.to_owned())),
        ("ipv6Ranges", "cidrIpv6", |range| Peer::Ipv6(range.to_owned())),
        ("groups", "groupId", |id| Peer::Group(GroupId::from(id))),
        ("prefixListIds", "prefixListId", |id| Peer::PrefixList(id.to_owned())),
    ];
    let of_kind = |(list, name, peer): PeerKind| -> Vec<(Permission, Option<String>)> {
        let protocol = text(node, "ipProtocol").unwrap_or_else(|| "-1".to_owned());
        let (from, to) = (number(node, "fromPort"), number(node, "toPort"));
        let one = |peer| Permission { egress, protocol: protocol.clone(), from, to, peer };
        let peers = items(node, list).iter();
        peers.filter_map(|it| Some((one(peer(it.text_of(name)?)), text(it, "description")))).collect()
    };
    kinds.into_iter().flat_map(of_kind).collect()
}

pub(super) fn key_pairs(seeding: &mut Seeding<'_>, said: &Said) {
    for node in said.list("keySet") {
        let (Some(name), Some(id)) = (text(node, "keyName"), node.text_of("keyPairId")) else { continue };
        seeding.tag(id, node);
        let key = KeyPair {
            id: KeyPairId::from(id),
            name: name.clone(),
            fingerprint: text(node, "keyFingerprint").unwrap_or_default(),
            kind: text(node, "keyType").unwrap_or_else(|| "rsa".to_owned()),
            public_key: String::new(),
            created: time(node, "createTime").unwrap_or(seeding.model.now),
        };
        seeding.model.ec2.key_pairs.insert(name, key);
    }
}
