//! Network access lists: every VPC has its default one, which lets everything through. The model has no
//! others; clients that manage VPCs look the default one up.

use super::filter::{Field, select};
use super::page;
use crate::model::Model;
use crate::model::ec2::{Subnet, Vpc};
use crate::wire::{ApiError, Node, Params};

const FIELDS: &[Field<Vpc>] = &[
    ("vpc-id", |_, vpc| vec![vpc.id.to_string()]),
    ("network-acl-id", |_, vpc| vec![id(vpc)]),
    ("default", |_, _| vec!["true".to_owned()]),
    ("association.subnet-id", |model, vpc| subnets(model, vpc).map(|subnet| subnet.id.to_string()).collect()),
    ("owner-id", |model, _| vec![model.account.clone()]),
];

fn id(vpc: &Vpc) -> String {
    vpc.id.as_str().replacen("vpc-", "acl-", 1)
}

fn subnets<'m>(model: &'m Model, vpc: &'m Vpc) -> impl Iterator<Item = &'m Subnet> {
    model.ec2.subnets.values().filter(|subnet| subnet.vpc == vpc.id)
}

/// DescribeNetworkAcls.
pub fn describe_network_acls(model: &Model, params: &Params) -> Result<Node, ApiError> {
    let ids = params.texts("NetworkAclId");
    let known = |wanted: &&str| model.ec2.vpcs.values().any(|vpc| id(vpc) == *wanted);
    if let Some(stranger) = ids.iter().find(|wanted| !known(wanted)) {
        let reason = format!("The networkAcl ID '{stranger}' does not exist");
        return Err(ApiError::new("InvalidNetworkAclID.NotFound", reason));
    }
    let asked = model.ec2.vpcs.values().filter(|vpc| ids.is_empty() || ids.contains(&id(vpc).as_str()));
    let chosen = select(model, params, asked, FIELDS, |vpc| vpc.id.as_str())?;
    page::page(params, "networkAclSet", chosen, |vpc| node(model, vpc))
}

fn node(model: &Model, vpc: &Vpc) -> Node {
    let entry = |number: u32, action: &str, egress: bool| {
        Node::body()
            .field("ruleNumber", number)
            .field("protocol", "-1")
            .field("ruleAction", action)
            .field("egress", egress)
            .field("cidrBlock", "0.0.0.0/0")
    };
    let entries =
        [true, false].into_iter().flat_map(|out| [entry(100, "allow", out), entry(32_767, "deny", out)]);
    let associations = subnets(model, vpc).map(|subnet| {
        Node::body()
            .field("networkAclAssociationId", subnet.id.as_str().replacen("subnet-", "aclassoc-", 1))
            .field("networkAclId", id(vpc))
            .field("subnetId", &subnet.id)
    });
    Node::body()
        .field("networkAclId", id(vpc))
        .field("vpcId", &vpc.id)
        .field("ownerId", &model.account)
        .field("default", true)
        .items("entrySet", entries)
        .items("associationSet", associations)
        .items("tagSet", [])
}
