//! The permissions of a security group, as requests and answers bundle them: per protocol and ports, with
//! many other ends.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

use super::kind::GROUP;
use super::security_group::group_ids;
use crate::model::Model;
use crate::model::ec2::{Peer, Permission, Rule, SecurityGroup};
use crate::wire::{ApiError, Node, Params};

/// Which way packets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Inwards.
    Ingress,
    /// Outwards.
    Egress,
}

/// A permission of a request, with its remark.
pub type Wanted = (Permission, Option<String>);

/// Reads `IpPermissions.N`, or the older form with one permission spread over the request itself.
///
/// # Errors
/// AWS's refusals of protocols, ports and ranges that make no sense, and of unknown groups.
pub fn read(
    model: &Model,
    group: &SecurityGroup,
    direction: Direction,
    params: &Params,
) -> Result<Vec<Wanted>, ApiError> {
    let mut wanted = Vec::new();
    for bundle in params.list("IpPermissions") {
        let (protocol, from, to) = ports(bundle)?;
        for (peer, description) in peers(model, group, bundle)? {
            let egress = direction == Direction::Egress;
            wanted.push((Permission { egress, protocol: protocol.clone(), from, to, peer }, description));
        }
    }
    if params.get("IpPermissions").is_none() && params.text("IpProtocol").is_some() {
        let (protocol, from, to) = ports(params)?;
        let peer = lone_peer(model, group, params)?;
        wanted.push((Permission { egress: direction == Direction::Egress, protocol, from, to, peer }, None));
    }
    distinct(&wanted)?;
    Ok(wanted)
}

fn distinct(wanted: &[Wanted]) -> Result<(), ApiError> {
    let twice =
        wanted.iter().enumerate().any(|(at, (one, _))| wanted[..at].iter().any(|(other, _)| one == other));
    if twice {
        return Err(invalid("The same permission must not appear multiple times".to_owned()));
    }
    Ok(())
}

fn invalid(reason: String) -> ApiError {
    ApiError::new("InvalidParameterValue", reason)
}

type Ports = (String, Option<i64>, Option<i64>);

fn ports(bundle: &Params) -> Result<Ports, ApiError> {
    let protocol = protocol(bundle.required("IpProtocol")?)?;
    let (from, to) = (bundle.int("FromPort")?, bundle.int("ToPort")?);
    match protocol.as_str() {
        "tcp" | "udp" => {
            let (Some(first), Some(last)) = (from, to) else {
                return Err(invalid(format!(
                    "Invalid value 'Must specify both from and to ports with {}' for portRange.",
                    protocol.to_uppercase()
                )));
            };
            let sensible = (0..=65_535).contains(&first) && (first..=65_535).contains(&last);
            if !sensible {
                return Err(invalid(format!("Invalid {} port range", protocol.to_uppercase())));
            }
            Ok((protocol, from, to))
        }
        "icmp" | "icmpv6" => Ok((protocol, from.or(Some(-1)), to.or(Some(-1)))),
        _ => Ok((protocol, None, None)),
    }
}

fn protocol(name: &str) -> Result<String, ApiError> {
    let known = match name.to_ascii_lowercase().as_str() {
        "tcp" | "6" => "tcp",
        "udp" | "17" => "udp",
        "icmp" | "1" => "icmp",
        "icmpv6" | "58" => "icmpv6",
        "-1" | "all" => "-1",
        number if number.parse::<u8>().is_ok() => return Ok(number.to_owned()),
        _ => {
            return Err(ApiError::new(
                "InvalidParameterValue",
                format!("Invalid value '{name}' for IP protocol. Unknown protocol."),
            ));
        }
    };
    Ok(known.to_owned())
}

fn peers(
    model: &Model,
    group: &SecurityGroup,
    bundle: &Params,
) -> Result<Vec<(Peer, Option<String>)>, ApiError> {
    let remark = |end: &Params| end.text("Description").filter(|text| !text.is_empty()).map(str::to_owned);
    let mut ends = Vec::new();
    for end in bundle.list("IpRanges") {
        ends.push((Peer::Ipv4(ipv4(end.required("CidrIp")?)?), remark(end)));
    }
    for end in bundle.list("Ipv6Ranges") {
        ends.push((Peer::Ipv6(ipv6(end.required("CidrIpv6")?)?), remark(end)));
    }
    for end in bundle.list("PrefixListIds") {
        ends.push((Peer::PrefixList(end.required("PrefixListId")?.to_owned()), remark(end)));
    }
    for end in bundle.list("Groups") {
        ends.push((group_peer(model, group, end.text("GroupId"), end.text("GroupName"))?, remark(end)));
    }
    if ends.is_empty() {
        return Err(ApiError::new(
            "MissingParameter",
            "The request must contain the parameter ipRanges, groups or prefixListIds",
        ));
    }
    Ok(ends)
}

fn lone_peer(model: &Model, group: &SecurityGroup, params: &Params) -> Result<Peer, ApiError> {
    match params.text("CidrIp") {
        Some(range) => ipv4(range).map(Peer::Ipv4),
        None => group_peer(model, group, None, params.text("SourceSecurityGroupName")),
    }
}

fn group_peer(
    model: &Model,
    group: &SecurityGroup,
    id: Option<&str>,
    name: Option<&str>,
) -> Result<Peer, ApiError> {
    let wanted = id.or(name).ok_or_else(|| {
        ApiError::new(
            "MissingParameter",
            "The request must contain the parameter groupId, groupName or cidrIp",
        )
    })?;
    if id.is_some() {
        return GROUP.find(&model.ec2.groups, wanted).map(|peer| Peer::Group(peer.id.clone()));
    }
    let mut found = group_ids(model, &group.vpc, &[wanted.to_owned()])?;
    found.pop().map(Peer::Group).ok_or_else(|| GROUP.not_found(wanted))
}

/// An IPv4 range as AWS keeps it: without host bits.
pub(super) fn ipv4(text: &str) -> Result<String, ApiError> {
    let alone = text.parse::<Ipv4Addr>().ok().map(Ipv4Net::from);
    match text.parse::<Ipv4Net>().ok().or(alone) {
        Some(range) => Ok(range.trunc().to_string()),
        None => Err(invalid(format!("CIDR block {text} is malformed"))),
    }
}

/// An IPv6 range as AWS keeps it: without host bits, in the short form.
pub(super) fn ipv6(text: &str) -> Result<String, ApiError> {
    let alone = text.parse::<Ipv6Addr>().ok().map(Ipv6Net::from);
    match text.parse::<Ipv6Net>().ok().or(alone) {
        Some(range) => Ok(range.trunc().to_string()),
        None => Err(invalid(format!("CIDR block {text} is malformed"))),
    }
}

/// A group's permissions, bundled by protocol and ports in the order in which the bundles came up.
pub fn nodes(model: &Model, group: &SecurityGroup, direction: Direction) -> Vec<Node> {
    let egress = direction == Direction::Egress;
    let rules: Vec<&Rule> = group.rules.iter().filter(|rule| rule.permission.egress == egress).collect();
    let mut bundles: Vec<Vec<&Rule>> = Vec::new();
    for rule in rules {
        match bundles
            .iter_mut()
            .find(|bundle| bundle.iter().all(|other| same_ports(&other.permission, &rule.permission)))
        {
            Some(bundle) => bundle.push(rule),
            None => bundles.push(vec![rule]),
        }
    }
    bundles.iter().map(|bundle| bundle_node(model, bundle)).collect()
}

fn same_ports(one: &Permission, other: &Permission) -> bool {
    (&one.protocol, one.from, one.to) == (&other.protocol, other.from, other.to)
}

fn bundle_node(model: &Model, bundle: &[&Rule]) -> Node {
    let first = bundle.first().map(|rule| &rule.permission);
    let ends = |of: fn(&Peer) -> Option<(&'static str, String)>| {
        bundle.iter().filter_map(move |rule| {
            let (name, value) = of(&rule.permission.peer)?;
            Some(Node::body().field(name, value).maybe("description", rule.description.as_deref()))
        })
    };
    Node::body()
        .maybe("ipProtocol", first.map(|permission| &permission.protocol))
        .maybe("fromPort", first.and_then(|permission| permission.from))
        .maybe("toPort", first.and_then(|permission| permission.to))
        .items("groups", bundle.iter().filter_map(|rule| pair_node(model, rule)))
        .items(
            "ipRanges",
            ends(|peer| if let Peer::Ipv4(it) = peer { Some(("cidrIp", it.clone())) } else { None }),
        )
        .items(
            "ipv6Ranges",
            ends(|peer| if let Peer::Ipv6(it) = peer { Some(("cidrIpv6", it.clone())) } else { None }),
        )
        .items(
            "prefixListIds",
            ends(
                |peer| {
                    if let Peer::PrefixList(it) = peer { Some(("prefixListId", it.clone())) } else { None }
                },
            ),
        )
}

fn pair_node(model: &Model, rule: &Rule) -> Option<Node> {
    let Peer::Group(id) = &rule.permission.peer else { return None };
    let pair = Node::body().field("userId", &model.account).field("groupId", id);
    Some(pair.maybe("description", rule.description.as_deref()))
}
