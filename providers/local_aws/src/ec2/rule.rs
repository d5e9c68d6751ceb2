//! The rules of security groups, one permission each.

use super::filter::{Field, select};
use super::kind::RULE;
use super::permission::{Direction, read};
use super::security_group::named_in;
use super::{page, tag};
use crate::model::Model;
use crate::model::ec2::{GroupId, Peer, Permission, Rule, RuleId, SecurityGroup};
use crate::wire::{ApiError, Node, Params};

/// AuthorizeSecurityGroupIngress and -Egress: all of them or none.
pub fn authorize(model: &mut Model, direction: Direction, params: &Params) -> Result<Node, ApiError> {
    let group = named_in(model, params)?;
    let id = group.id.clone();
    let wanted = read(model, group, direction, params)?;
    if wanted.is_empty() {
        return Err(ApiError::new(
            "MissingParameter",
            "The request must contain the parameter ipPermissions",
        ));
    }
    for (permission, _) in &wanted {
        if group.rules.iter().any(|rule| rule.permission == *permission) {
            let reason = format!("the specified rule \"{}\" already exists", sentence(permission));
            return Err(ApiError::new("InvalidPermission.Duplicate", reason));
        }
    }
    tag::specifications(params)?;
    let rules: Vec<Rule> = wanted
        .into_iter()
        .map(|(permission, description)| Rule { id: RuleId::new(&mut model.random), permission, description })
        .collect();
    for rule in &rules {
        tag::put_specified(model, RULE, rule.id.as_str(), params)?;
    }
    let nodes: Vec<Node> = rules.iter().map(|rule| node(model, &id, rule)).collect();
    model.ec2.groups.entry(id).and_modify(|group| group.rules.extend(rules));
    Ok(Node::body().field("return", true).items("securityGroupRuleSet", nodes))
}

fn sentence(permission: &Permission) -> String {
    let peer = match &permission.peer {
        Peer::Ipv4(range) | Peer::Ipv6(range) | Peer::PrefixList(range) => range.clone(),
        Peer::Group(id) => id.to_string(),
    };
    let protocol =
        if permission.protocol == "-1" { "ALL".to_owned() } else { permission.protocol.to_uppercase() };
    match (permission.from, permission.to) {
        (Some(from), Some(to)) => {
            format!("peer: {peer}, {protocol}, from port: {from}, to port: {to}, ALLOW")
        }
        _ => format!("peer: {peer}, {protocol}, ALLOW"),
    }
}

/// RevokeSecurityGroupIngress and -Egress, by rule id or by permission: all of them or none.
pub fn revoke(model: &mut Model, direction: Direction, params: &Params) -> Result<Node, ApiError> {
    let group = named_in(model, params)?;
    let id = group.id.clone();
    let leaving = match params.texts("SecurityGroupRuleId").as_slice() {
        [] => by_permission(model, group, direction, params)?,
        ids => by_id(group, direction, ids)?,
    };
    let nodes: Vec<Node> = group
        .rules
        .iter()
        .filter(|rule| leaving.contains(&rule.id))
        .map(|rule| revoked_node(&id, rule))
        .collect();
    model.ec2.groups.entry(id).and_modify(|group| group.rules.retain(|rule| !leaving.contains(&rule.id)));
    for rule in &leaving {
        model.ec2.tags.remove(rule.as_str());
    }
    Ok(Node::body().field("return", true).items("revokedSecurityGroupRuleSet", nodes))
}

fn by_id(group: &SecurityGroup, direction: Direction, ids: &[&str]) -> Result<Vec<RuleId>, ApiError> {
    let egress = direction == Direction::Egress;
    ids.iter()
        .map(|id| {
            RULE.check(id)?;
            let mine = |rule: &&Rule| rule.id.as_str() == *id && rule.permission.egress == egress;
            group.rules.iter().find(mine).map(|rule| rule.id.clone()).ok_or_else(|| RULE.not_found(id))
        })
        .collect()
}

fn by_permission(
    model: &Model,
    group: &SecurityGroup,
    direction: Direction,
    params: &Params,
) -> Result<Vec<RuleId>, ApiError> {
    let find = |permission: &Permission| {
        group.rules.iter().find(|rule| rule.permission == *permission).map(|rule| rule.id.clone()).ok_or_else(
            || {
                let reason = "The specified rule does not exist in this security group.";
                ApiError::new("InvalidPermission.NotFound", reason)
            },
        )
    };
    read(model, group, direction, params)?.iter().map(|(permission, _)| find(permission)).collect()
}

/// UpdateSecurityGroupRuleDescriptionsIngress and -Egress.
pub fn describe_anew(model: &mut Model, direction: Direction, params: &Params) -> Result<Node, ApiError> {
    let group = named_in(model, params)?;
    let id = group.id.clone();
    let wanted = read(model, group, direction, params)?;
    let ids = by_permission(model, group, direction, params)?;
    model.ec2.groups.entry(id).and_modify(|group| {
        for (rule_id, (_, description)) in ids.iter().zip(&wanted) {
            for rule in group.rules.iter_mut().filter(|rule| rule.id == *rule_id) {
                rule.description.clone_from(description);
            }
        }
    });
    Ok(Node::body().field("return", true))
}

/// A rule of a group, for DescribeSecurityGroupRules.
struct Line<'m> {
    group: &'m GroupId,
    rule: &'m Rule,
}

/// DescribeSecurityGroupRules.
pub fn describe_security_group_rules(model: &Model, params: &Params) -> Result<Node, ApiError> {
    let fields: &[Field<Line<'_>>] = &[
        ("group-id", |_, line| vec![line.group.to_string()]),
        ("security-group-rule-id", |_, line| vec![line.rule.id.to_string()]),
    ];
    let lines: Vec<Line<'_>> = model
        .ec2
        .groups
        .values()
        .flat_map(|group| group.rules.iter().map(move |rule| Line { group: &group.id, rule }))
        .collect();
    let ids = params.texts("SecurityGroupRuleId");
    for id in &ids {
        RULE.check(id)?;
        if !lines.iter().any(|line| line.rule.id.as_str() == *id) {
            return Err(RULE.not_found(id));
        }
    }
    let asked = lines.iter().filter(|line| ids.is_empty() || ids.contains(&line.rule.id.as_str()));
    let chosen = select(model, params, asked, fields, |line| line.rule.id.as_str())?;
    page::page(params, "securityGroupRuleSet", chosen, |line| node(model, line.group, line.rule))
}

fn node(model: &Model, group: &GroupId, rule: &Rule) -> Node {
    let permission = &rule.permission;
    let arn = format!("arn:aws:ec2:{}:{}:security-group-rule/{}", model.region, model.account, rule.id);
    let body = Node::body()
        .field("securityGroupRuleId", &rule.id)
        .field("groupId", group)
        .field("groupOwnerId", &model.account)
        .field("isEgress", permission.egress)
        .field("ipProtocol", &permission.protocol)
        // Here, unlike in the bundled form, "no ports" is written as -1.
        .field("fromPort", permission.from.unwrap_or(-1))
        .field("toPort", permission.to.unwrap_or(-1))
        .field("securityGroupRuleArn", arn)
        .maybe("description", rule.description.as_deref());
    let body = match &permission.peer {
        Peer::Ipv4(range) => body.field("cidrIpv4", range),
        Peer::Ipv6(range) => body.field("cidrIpv6", range),
        Peer::PrefixList(id) => body.field("prefixListId", id),
        Peer::Group(id) => body
            .child("referencedGroupInfo", Node::body().field("groupId", id).field("userId", &model.account)),
    };
    tag::tag_set(&model.ec2, rule.id.as_str(), body)
}

fn revoked_node(group: &GroupId, rule: &Rule) -> Node {
    let permission = &rule.permission;
    let body = Node::body()
        .field("securityGroupRuleId", &rule.id)
        .field("groupId", group)
        .field("isEgress", permission.egress)
        .field("ipProtocol", &permission.protocol)
        .field("fromPort", permission.from.unwrap_or(-1))
        .field("toPort", permission.to.unwrap_or(-1))
        .maybe("description", rule.description.as_deref());
    match &permission.peer {
        Peer::Ipv4(range) => body.field("cidrIpv4", range),
        Peer::Ipv6(range) => body.field("cidrIpv6", range),
        Peer::PrefixList(id) => body.field("prefixListId", id),
        Peer::Group(id) => body.field("referencedGroupId", id),
    }
}
