//! Security groups.

use super::filter::{Field, select};
use super::kind::{GROUP, VPC};
use super::permission::{self, Direction};
use super::{page, tag};
use crate::model::Model;
use crate::model::ec2::{GroupId, Peer, Permission, Rule, RuleId, SecurityGroup, VpcId};
use crate::wire::{ApiError, Node, Params};

/// The groups with these ids or, inside `vpc`, these names.
///
/// # Errors
/// `InvalidGroup.NotFound`, or `InvalidGroupId.Malformed`.
pub fn group_ids(model: &Model, vpc: &VpcId, names_or_ids: &[String]) -> Result<Vec<GroupId>, ApiError> {
    names_or_ids
        .iter()
        .map(|wanted| {
            if wanted.starts_with("sg-") {
                return GROUP.find(&model.ec2.groups, wanted).map(|group| group.id.clone());
            }
            named(model, vpc, wanted).map(|group| group.id.clone())
        })
        .collect()
}

fn named<'m>(model: &'m Model, vpc: &VpcId, name: &str) -> Result<&'m SecurityGroup, ApiError> {
    model.ec2.groups.values().find(|group| group.vpc == *vpc && group.name == name).ok_or_else(|| {
        let reason = format!("The security group '{name}' does not exist in VPC '{vpc}'");
        ApiError::new("InvalidGroup.NotFound", reason)
    })
}

/// The default VPC, which requests without a VPC mean.
pub(super) fn default_vpc(model: &Model) -> Result<&VpcId, ApiError> {
    model
        .ec2
        .vpcs
        .values()
        .find(|vpc| vpc.is_default)
        .map(|vpc| &vpc.id)
        .ok_or_else(|| ApiError::new("VPCIdNotSpecified", "No default VPC for this user. Specify a VPC."))
}

/// CreateSecurityGroup. A new group lets everything out and nothing in.
pub fn create_security_group(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let (name, description) = (params.required("GroupName")?, params.required("GroupDescription")?);
    let vpc = match params.text("VpcId") {
        Some(id) => VPC.find(&model.ec2.vpcs, id)?.id.clone(),
        None => default_vpc(model)?.clone(),
    };
    check_name(name)?;
    check_text("GroupDescription", description)?;
    if named(model, &vpc, name).is_ok() {
        let reason = format!("The security group '{name}' already exists for VPC '{vpc}'");
        return Err(ApiError::new("InvalidGroup.Duplicate", reason));
    }
    tag::specifications(params)?;
    let id = add(model, vpc, name, description);
    tag::put_specified(model, GROUP, id.as_str(), params)?;
    let body =
        Node::body().field("return", true).field("groupId", &id).field("securityGroupArn", arn(model, &id));
    Ok(tag::tag_set(&model.ec2, id.as_str(), body))
}

fn arn(model: &Model, id: &GroupId) -> String {
    format!("arn:aws:ec2:{}:{}:security-group/{id}", model.region, model.account)
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let refused = |reason: String| Err(ApiError::new("InvalidParameterValue", reason));
    if name == "default" {
        return Err(ApiError::new("InvalidGroup.Reserved", "The security group name 'default' is reserved"));
    }
    if name.to_ascii_lowercase().starts_with("sg-") {
        return refused(format!(
            "Value ({name}) for parameter GroupName is invalid. Group names may not be in the format sg-*"
        ));
    }
    check_text("GroupName", name)
}

fn check_text(parameter: &str, text: &str) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
    if text.chars().count() <= 255 && text.chars().all(allowed) {
        return Ok(());
    }
    let reason = format!(
        "Value ({text}) for parameter {parameter} is invalid. Character sets beyond ASCII are not supported, and 255 characters are the most."
    );
    Err(ApiError::new("InvalidParameterValue", reason))
}

/// Makes a group that lets everything out.
pub(super) fn add(model: &mut Model, vpc: VpcId, name: &str, description: &str) -> GroupId {
    let id = GroupId::new(&mut model.random);
    let outwards = Rule {
        id: RuleId::new(&mut model.random),
        permission: Permission {
            egress: true,
            protocol: "-1".to_owned(),
            from: None,
            to: None,
            peer: Peer::Ipv4("0.0.0.0/0".to_owned()),
        },
        description: None,
    };
    let group = SecurityGroup {
        id: id.clone(),
        name: name.to_owned(),
        description: description.to_owned(),
        vpc,
        rules: vec![outwards],
    };
    model.ec2.groups.insert(id.clone(), group);
    id
}

/// Makes a VPC's default group, whose members may talk to each other.
pub(super) fn add_default(model: &mut Model, vpc: &VpcId) {
    let id = add(model, vpc.clone(), "default", "default VPC security group");
    let among = Permission {
        egress: false,
        protocol: "-1".to_owned(),
        from: None,
        to: None,
        peer: Peer::Group(id.clone()),
    };
    let rule = Rule { id: RuleId::new(&mut model.random), permission: among, description: None };
    model.ec2.groups.entry(id).and_modify(|group| group.rules.push(rule));
}

/// DeleteSecurityGroup. Not while an interface is in it or another group's rule names it.
pub fn delete_security_group(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let group = named_in(model, params)?;
    let (id, name) = (group.id.clone(), group.name.clone());
    if name == "default" {
        let reason = format!("the specified group: \"{id}\" name: \"default\" cannot be deleted by a user");
        return Err(ApiError::new("CannotDelete", reason));
    }
    if in_use(model, &id) {
        return Err(ApiError::new("DependencyViolation", format!("resource {id} has a dependent object")));
    }
    if let Some(group) = model.ec2.groups.remove(&id) {
        for rule in group.rules {
            model.ec2.tags.remove(rule.id.as_str());
        }
    }
    model.ec2.tags.remove(id.as_str());
    Ok(Node::body().field("return", true).field("groupId", id))
}

fn in_use(model: &Model, id: &GroupId) -> bool {
    let carried = model.ec2.interfaces.values().any(|card| card.groups.contains(id));
    let peer = Peer::Group(id.clone());
    let named = |group: &SecurityGroup| group.rules.iter().any(|rule| rule.permission.peer == peer);
    carried || model.ec2.groups.values().any(|group| group.id != *id && named(group))
}

/// The group that `GroupId`, or in the default VPC `GroupName`, names.
pub(super) fn named_in<'m>(model: &'m Model, params: &Params) -> Result<&'m SecurityGroup, ApiError> {
    match (params.text("GroupId"), params.text("GroupName")) {
        (Some(id), _) => GROUP.find(&model.ec2.groups, id),
        (None, Some(name)) => named(model, default_vpc(model)?, name),
        (None, None) => Err(ApiError::new(
            "MissingParameter",
            "The request must contain the parameter groupName or groupId",
        )),
    }
}

const FIELDS: &[Field<SecurityGroup>] = &[
    ("group-id", |_, group| vec![group.id.to_string()]),
    ("group-name", |_, group| vec![group.name.clone()]),
    ("description", |_, group| vec![group.description.clone()]),
    ("vpc-id", |_, group| vec![group.vpc.to_string()]),
    ("owner-id", |model, _| vec![model.account.clone()]),
    ("ip-permission.cidr", |_, group| peers(group, false, cidr)),
    ("ip-permission.group-id", |_, group| peers(group, false, peer_group)),
    ("ip-permission.protocol", |_, group| of_rules(group, false, |it| Some(it.protocol.clone()))),
    ("ip-permission.from-port", |_, group| of_rules(group, false, |it| it.from.map(|port| port.to_string()))),
    ("ip-permission.to-port", |_, group| of_rules(group, false, |it| it.to.map(|port| port.to_string()))),
    ("egress.ip-permission.cidr", |_, group| peers(group, true, cidr)),
    ("egress.ip-permission.group-id", |_, group| peers(group, true, peer_group)),
    ("egress.ip-permission.protocol", |_, group| of_rules(group, true, |it| Some(it.protocol.clone()))),
    ("egress.ip-permission.from-port", |_, group| of_rules(group, true, |it| it.from.map(|p| p.to_string()))),
    ("egress.ip-permission.to-port", |_, group| of_rules(group, true, |it| it.to.map(|p| p.to_string()))),
];

fn of_rules(group: &SecurityGroup, egress: bool, of: impl Fn(&Permission) -> Option<String>) -> Vec<String> {
    group
        .rules
        .iter()
        .filter(|rule| rule.permission.egress == egress)
        .filter_map(|rule| of(&rule.permission))
        .collect()
}

fn peers(group: &SecurityGroup, egress: bool, of: impl Fn(&Peer) -> Option<String>) -> Vec<String> {
    of_rules(group, egress, |permission| of(&permission.peer))
}

fn cidr(peer: &Peer) -> Option<String> {
    match peer {
        Peer::Ipv4(range) => Some(range.clone()),
        _ => None,
    }
}

fn peer_group(peer: &Peer) -> Option<String> {
    match peer {
        Peer::Group(id) => Some(id.to_string()),
        _ => None,
    }
}

/// DescribeSecurityGroups.
pub fn describe_security_groups(model: &Model, params: &Params) -> Result<Node, ApiError> {
    let ids = params.texts("GroupId");
    let names = params.texts("GroupName");
    let mut asked = Vec::new();
    for id in &ids {
        asked.push(GROUP.find(&model.ec2.groups, id)?);
    }
    for name in &names {
        asked.push(named(model, default_vpc(model)?, name)?);
    }
    if ids.is_empty() && names.is_empty() {
        asked = model.ec2.groups.values().collect();
    }
    let chosen = select(model, params, asked, FIELDS, |group| group.id.as_str())?;
    page::page(params, "securityGroupInfo", chosen, |group| node(model, group))
}

fn node(model: &Model, group: &SecurityGroup) -> Node {
    let body = Node::body()
        .field("ownerId", &model.account)
        .field("groupId", &group.id)
        .field("groupName", &group.name)
        .field("groupDescription", &group.description)
        .field("vpcId", &group.vpc)
        .field("securityGroupArn", arn(model, &group.id))
        .items("ipPermissions", permission::nodes(model, group, Direction::Ingress))
        .items("ipPermissionsEgress", permission::nodes(model, group, Direction::Egress));
    tag::tag_set(&model.ec2, group.id.as_str(), body)
}
