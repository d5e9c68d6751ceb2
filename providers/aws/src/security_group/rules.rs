//! Rules one peer at a time, so that a change touches only what changes: what stays is never taken away and put back.

use std::collections::BTreeMap;
use std::fmt;

use aws_sdk_ec2::types::{IpPermission, IpRange, Ipv6Range, PrefixListId, UserIdGroupPair};
use infra_engine::provider::ProviderError;

use super::cidr::canonical;
use super::{Rule, sorted};
use crate::client::Aws;
use crate::error::{failed, has_code};

/// Which way the packets go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Ingress,
    Egress,
}

/// Who is let through.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Peer {
    Cidr(String),
    Ipv6Cidr(String),
    PrefixList(String),
    Group(String),
    Oneself,
}

/// A protocol, ports and a peer: AWS has at most one rule of each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    traffic: Traffic,
    peer: Peer,
}

/// A protocol and its ports; all of them where the protocol has none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Traffic {
    protocol: String,
    ports: Option<(i32, i32)>,
}

/// The rules of one direction, with their descriptions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Rules(BTreeMap<Key, String>);

/// The next thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    Authorize(Rules),
    Describe(Rules),
    Revoke(Rules),
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authorize(rules) => write!(f, "added {}", rules.count()),
            Self::Describe(rules) => write!(f, "described {}", rules.count()),
            Self::Revoke(rules) => write!(f, "removed {}", rules.count()),
        }
    }
}

/// What is next: first what is missing, last what is too much, so that nothing is shut out in between.
pub(super) fn next(have: &Rules, want: &Rules) -> Option<Act> {
    let missing = want.chosen(|key, _| !have.0.contains_key(key));
    let described = want.chosen(|key, text| have.0.get(key).is_some_and(|other| other != text));
    let extra = have.chosen(|key, _| !want.0.contains_key(key));
    [Act::Authorize(missing), Act::Describe(described), Act::Revoke(extra)].into_iter().find(
        |act| match act {
            Act::Authorize(rules) | Act::Describe(rules) | Act::Revoke(rules) => !rules.0.is_empty(),
        },
    )
}

impl Rules {
    /// What people write. `own` is the id of the group itself.
    pub(super) fn of(rules: &[Rule], own: &str) -> Self {
        let entries = rules.iter().flat_map(|rule| {
            let traffic = traffic(&rule.protocol, rule.from_port, rule.to_port.unwrap_or(rule.from_port));
            let description = rule.description.clone().unwrap_or_default();
            peers(rule, own).map(move |peer| (Key { traffic: traffic.clone(), peer }, description.clone()))
        });
        Self(entries.collect())
    }

    /// Everything to everywhere: what AWS gives a new group to go out.
    pub(super) fn everything() -> Self {
        let peer = Peer::Cidr("0.0.0.0/0".to_owned());
        Self(BTreeMap::from([(Key { traffic: traffic("-1", -1, -1), peer }, String::new())]))
    }

    /// Whether they are those of a new group. In a VPC with IPv6, AWS adds a second rule for it.
    pub(super) fn is_everything(&self) -> bool {
        let ipv6 = Key { traffic: traffic("-1", -1, -1), peer: Peer::Ipv6Cidr("::/0".to_owned()) };
        self.chosen(|key, _| *key != ipv6) == Self::everything()
    }

    /// What AWS tells. `own` is the id of the group itself.
    pub(super) fn told(permissions: &[IpPermission], own: &str) -> Self {
        Self(permissions.iter().flat_map(|permission| entries(permission, own)).collect())
    }

    /// The rules as people write them: the peers of equal traffic and description together.
    pub(super) fn written(&self) -> Vec<Rule> {
        let mut groups: BTreeMap<(&Traffic, &String), Vec<&Peer>> = BTreeMap::new();
        for (key, description) in &self.0 {
            groups.entry((&key.traffic, description)).or_default().push(&key.peer);
        }
        groups
            .into_iter()
            .map(|((traffic, description), peers)| written(traffic, description, &peers))
            .collect()
    }

    /// The rules one by one.
    pub(super) fn apart(&self) -> Vec<Rule> {
        self.0.iter().map(|(key, description)| written(&key.traffic, description, &[&key.peer])).collect()
    }

    fn count(&self) -> String {
        let rules = if self.0.len() == 1 { "rule" } else { "rules" };
        format!("{} {rules}", self.0.len())
    }

    fn chosen(&self, choose: impl Fn(&Key, &String) -> bool) -> Self {
        let chosen = self.0.iter().filter(|(key, text)| choose(key, text));
        Self(chosen.map(|(key, text)| (key.clone(), text.clone())).collect())
    }

    fn permissions(&self) -> Vec<IpPermission> {
        self.0.iter().map(|(key, description)| permission(key, description)).collect()
    }
}

/// One spelling of a protocol and its ports.
fn traffic(protocol: &str, from: i32, to: i32) -> Traffic {
    let protocol = match protocol.to_ascii_lowercase().as_str() {
        "all" | "-1" => "-1".to_owned(),
        "6" => "tcp".to_owned(),
        "17" => "udp".to_owned(),
        "1" => "icmp".to_owned(),
        "58" => "icmpv6".to_owned(),
        other => other.to_owned(),
    };
    let all = match protocol.as_str() {
        "tcp" | "udp" => from == -1 || (from, to) == (0, 65_535),
        "icmp" | "icmpv6" => from == -1,
        _ => true,
    };
    let ports = match (all, protocol.as_str()) {
        (false, _) => Some((from, to)),
        (true, "tcp" | "udp") => Some((0, 65_535)),
        (true, _) => None,
    };
    Traffic { protocol, ports }
}

fn peers(rule: &Rule, own: &str) -> impl Iterator<Item = Peer> {
    let group = |id: &String| if id == own { Peer::Oneself } else { Peer::Group(id.clone()) };
    let cidrs = rule.cidr_blocks.iter().map(|cidr| Peer::Cidr(canonical(cidr)));
    let ipv6 = rule.ipv6_cidr_blocks.iter().map(|cidr| Peer::Ipv6Cidr(canonical(cidr)));
    let lists = rule.prefix_list_ids.iter().map(|list| Peer::PrefixList(list.clone()));
    let groups = rule.security_groups.iter().map(group);
    let all: Vec<Peer> = cidrs.chain(ipv6).chain(lists).chain(groups).collect();
    all.into_iter().chain(rule.oneself.then_some(Peer::Oneself))
}

fn entries(permission: &IpPermission, own: &str) -> Vec<(Key, String)> {
    let ports = (permission.from_port().unwrap_or(-1), permission.to_port().unwrap_or(-1));
    let traffic = traffic(permission.ip_protocol().unwrap_or("-1"), ports.0, ports.1);
    let cidrs = permission
        .ip_ranges()
        .iter()
        .filter_map(|range| Some((Peer::Cidr(range.cidr_ip()?.to_owned()), range.description())));
    let ipv6 = permission
        .ipv6_ranges()
        .iter()
        .filter_map(|range| Some((Peer::Ipv6Cidr(canonical(range.cidr_ipv6()?)), range.description())));
    let lists = permission
        .prefix_list_ids()
        .iter()
        .filter_map(|list| Some((Peer::PrefixList(list.prefix_list_id()?.to_owned()), list.description())));
    let groups = permission.user_id_group_pairs().iter().filter_map(|pair| {
        let id = pair.group_id()?;
        Some((if id == own { Peer::Oneself } else { Peer::Group(id.to_owned()) }, pair.description()))
    });
    let all = cidrs.chain(ipv6).chain(lists).chain(groups);
    all.map(|(peer, text)| (Key { traffic: traffic.clone(), peer }, text.unwrap_or_default().to_owned()))
        .collect()
}

fn written(traffic: &Traffic, description: &str, peers: &[&Peer]) -> Rule {
    let (from, to) = traffic.ports.unwrap_or((-1, -1));
    let all =
        |pick: fn(&Peer) -> Option<&String>| sorted(peers.iter().filter_map(|peer| pick(peer).cloned()));
    Rule {
        from_port: from,
        to_port: Some(to),
        protocol: traffic.protocol.clone(),
        cidr_blocks: all(|peer| if let Peer::Cidr(cidr) = peer { Some(cidr) } else { None }),
        ipv6_cidr_blocks: all(|peer| if let Peer::Ipv6Cidr(cidr) = peer { Some(cidr) } else { None }),
        security_groups: all(|peer| if let Peer::Group(id) = peer { Some(id) } else { None }),
        prefix_list_ids: all(|peer| if let Peer::PrefixList(id) = peer { Some(id) } else { None }),
        oneself: peers.contains(&&Peer::Oneself),
        description: Some(description.to_owned()).filter(|text| !text.is_empty()),
    }
}

/// One rule in AWS's form; [`Peer::Oneself`] is filled in by [`carry_out`].
fn permission(key: &Key, description: &str) -> IpPermission {
    let description = Some(description.to_owned()).filter(|text| !text.is_empty());
    let (from, to) = key.traffic.ports.unwrap_or((-1, -1));
    let builder = IpPermission::builder().ip_protocol(&key.traffic.protocol).from_port(from).to_port(to);
    let group = UserIdGroupPair::builder().set_description(description.clone());
    match &key.peer {
        Peer::Cidr(cidr) => {
            builder.ip_ranges(IpRange::builder().cidr_ip(cidr).set_description(description).build())
        }
        Peer::Ipv6Cidr(cidr) => {
            builder.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(cidr).set_description(description).build())
        }
        Peer::PrefixList(id) => builder
            .prefix_list_ids(PrefixListId::builder().prefix_list_id(id).set_description(description).build()),
        Peer::Group(id) => builder.user_id_group_pairs(group.group_id(id).build()),
        Peer::Oneself => builder.user_id_group_pairs(group.build()),
    }
    .build()
}

/// Fills in the group's own id where a rule is about the group itself.
fn resolved(rules: &Rules, id: &str) -> Vec<IpPermission> {
    let mut permissions = rules.permissions();
    for pair in
        permissions.iter_mut().flat_map(|permission| permission.user_id_group_pairs.iter_mut().flatten())
    {
        pair.group_id.get_or_insert_with(|| id.to_owned());
    }
    permissions
}

/// Does it. What was done already, by an earlier attempt whose answer was lost, is as good.
pub(super) async fn carry_out(
    aws: &Aws,
    id: &str,
    direction: Direction,
    act: &Act,
) -> Result<(), ProviderError> {
    let done = match (act, direction) {
        (Act::Authorize(rules), Direction::Ingress) => {
            let call = aws.ec2.authorize_security_group_ingress().group_id(id);
            let call = call.set_ip_permissions(Some(resolved(rules, id))).send().await;
            call.map(drop).map_err(failed("AuthorizeSecurityGroupIngress"))
        }
        (Act::Authorize(rules), Direction::Egress) => {
            let call = aws.ec2.authorize_security_group_egress().group_id(id);
            let call = call.set_ip_permissions(Some(resolved(rules, id))).send().await;
            call.map(drop).map_err(failed("AuthorizeSecurityGroupEgress"))
        }
        (Act::Describe(rules), Direction::Ingress) => {
            let call = aws.ec2.update_security_group_rule_descriptions_ingress().group_id(id);
            let call = call.set_ip_permissions(Some(resolved(rules, id))).send().await;
            call.map(drop).map_err(failed("UpdateSecurityGroupRuleDescriptionsIngress"))
        }
        (Act::Describe(rules), Direction::Egress) => {
            let call = aws.ec2.update_security_group_rule_descriptions_egress().group_id(id);
            let call = call.set_ip_permissions(Some(resolved(rules, id))).send().await;
            call.map(drop).map_err(failed("UpdateSecurityGroupRuleDescriptionsEgress"))
        }
        (Act::Revoke(rules), Direction::Ingress) => {
            let call = aws.ec2.revoke_security_group_ingress().group_id(id);
            let call = call.set_ip_permissions(Some(resolved(rules, id))).send().await;
            call.map(drop).map_err(failed("RevokeSecurityGroupIngress"))
        }
        (Act::Revoke(rules), Direction::Egress) => {
            let call = aws.ec2.revoke_security_group_egress().group_id(id);
            let call = call.set_ip_permissions(Some(resolved(rules, id))).send().await;
            call.map(drop).map_err(failed("RevokeSecurityGroupEgress"))
        }
    };
    done.or_else(|error| {
        let repeated =
            has_code(&error, "InvalidPermission.Duplicate") || has_code(&error, "InvalidPermission.NotFound");
        if repeated { Ok(()) } else { Err(error) }
    })
}

#[cfg(test)]
mod tests;
