//! Networks: what instances are placed in.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::ids::{
    AssociationId, GatewayId, GroupId, InstanceId, InterfaceId, RouteTableId, RuleId, SubnetId, VpcId,
};
use crate::model::Time;

/// A virtual network.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Vpc {
    /// Its id.
    pub id: VpcId,
    /// Its address range, /16 to /28.
    pub cidr: Ipv4Net,
    /// Whether it is the one that requests without a subnet use.
    pub is_default: bool,
    /// `default` or `dedicated`.
    pub tenancy: String,
    /// Whether AWS's resolver answers in it.
    pub dns_support: bool,
    /// Whether instances with a public address get a public name.
    pub dns_hostnames: bool,
}

/// A part of a VPC in one availability zone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subnet {
    /// Its id.
    pub id: SubnetId,
    /// The VPC it is a part of.
    pub vpc: VpcId,
    /// Its address range.
    pub cidr: Ipv4Net,
    /// For instance `us-east-1a`.
    pub zone: String,
    /// Whether requests that name only the zone use it.
    pub is_default: bool,
    /// Whether instances get a public address unless they say otherwise.
    pub map_public_ip: bool,
}

/// A VPC's way to the internet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Gateway {
    /// Its id.
    pub id: GatewayId,
    /// The VPC it is attached to.
    pub vpc: Option<VpcId>,
}

/// Where packets of some subnets go.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RouteTable {
    /// Its id.
    pub id: RouteTableId,
    /// The VPC it belongs to.
    pub vpc: VpcId,
    /// By destination; the first is the VPC's own range.
    pub routes: Vec<Route>,
    /// Which subnets use it.
    pub associations: Vec<Association>,
}

/// One line of a route table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// An IPv4 or IPv6 range in its canonical form.
    pub destination: String,
    /// Where its packets go.
    pub target: RouteTarget,
}

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RouteTarget {
    /// Inside the VPC.
    Local,
    /// To the internet.
    Gateway(GatewayId),
    /// To an instance that forwards.
    Instance(InstanceId),
    /// To a network interface.
    Interface(InterfaceId),
}

/// The use of a route table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Association {
    /// Its id.
    pub id: AssociationId,
    /// The subnet that uses it; without one, every subnet of the VPC that has no table of its own.
    pub subnet: Option<SubnetId>,
}

/// A firewall around network interfaces.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecurityGroup {
    /// Its id.
    pub id: GroupId,
    /// Unique in its VPC.
    pub name: String,
    /// What it is for; cannot be changed.
    pub description: String,
    /// The VPC it belongs to.
    pub vpc: VpcId,
    /// What it lets through.
    pub rules: Vec<Rule>,
}

/// One permission of a security group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// What it lets through.
    pub permission: Permission,
    /// A remark.
    pub description: Option<String>,
}

/// What a rule lets through. Two rules of a group never say the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permission {
    /// Outwards rather than inwards.
    pub egress: bool,
    /// `tcp`, `udp`, `icmp`, `icmpv6`, a number, or `-1` for everything.
    pub protocol: String,
    /// First port, or ICMP type; absent for protocols without ports.
    pub from: Option<i64>,
    /// Last port, or ICMP code.
    pub to: Option<i64>,
    /// The other end.
    pub peer: Peer,
}

/// The other end of a permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Peer {
    /// An IPv4 range.
    Ipv4(String),
    /// An IPv6 range.
    Ipv6(String),
    /// Everything in a security group.
    Group(GroupId),
    /// A managed list of ranges.
    PrefixList(String),
}

/// A network card.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Interface {
    /// Its id.
    pub id: InterfaceId,
    /// The subnet its address is from.
    pub subnet: SubnetId,
    /// The firewalls around it.
    pub groups: Vec<GroupId>,
    /// Its address inside the VPC.
    pub private_ip: Ipv4Addr,
    /// Its address outside.
    pub public_ip: Option<Ipv4Addr>,
    /// Who uses it.
    pub owner: InterfaceOwner,
    /// Since when.
    pub created: Time,
}

/// Who uses a network interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InterfaceOwner {
    /// An instance, whose end is the interface's end.
    Instance(InstanceId),
    /// A service on the account's behalf; the text is the interface's description, such as `ELB web`.
    Service(String),
}

/// The public half of a key for logging in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyPair {
    /// Its id.
    pub id: super::ids::KeyPairId,
    /// Unique in the region.
    pub name: String,
    /// As AWS computes it for keys of this origin and type.
    pub fingerprint: String,
    /// `rsa` or `ed25519`.
    pub kind: String,
    /// The OpenSSH line; AWS keeps no private half.
    pub public_key: String,
    /// Since when.
    pub created: Time,
}
