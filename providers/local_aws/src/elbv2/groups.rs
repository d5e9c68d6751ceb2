//! Making, describing and removing target groups.

use crate::model::Model;
use crate::model::elbv2::TargetGroup;
use crate::wire::{ApiError, Node, Params};

use super::{BALANCER, GROUP, arn, check, check_name, page, port, tags, targets};

pub fn create(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let made = read(model, params)?;
    let tags = tags::read(params)?;
    if let Some(existing) = model.elbv2.groups.values().find(|other| other.name == made.name) {
        return repeated(existing, &made);
    }
    let id = model.random.hex(16);
    let made = TargetGroup { arn: arn(model, &format!("targetgroup/{}/{id}", made.name)), ..made };
    let answer = Node::body().members("TargetGroups", [description(&made)]);
    tags::give(model, &made.arn, tags);
    model.elbv2.groups.insert(made.arn.clone(), made);
    Ok(answer)
}

fn read(model: &Model, params: &Params) -> Result<TargetGroup, ApiError> {
    let name = params.required("Name")?.to_owned();
    check_name("Target group", &name)?;
    let target_type = params.text("TargetType").unwrap_or("instance");
    if !["instance", "ip"].contains(&target_type) {
        return Err(ApiError::validation(format!("Targets of type '{target_type}' are not modelled")));
    }
    let missing = |what: &str| ApiError::validation(format!("A {what} must be specified"));
    let vpc = params.text("VpcId").ok_or_else(|| missing("VPC ID"))?;
    if !model.ec2.vpcs.values().any(|known| known.id.as_str() == vpc) {
        return Err(ApiError::validation(format!("The VPC ID '{vpc}' is not found")));
    }
    Ok(TargetGroup {
        arn: String::new(),
        name,
        target_type: target_type.to_owned(),
        protocol: protocol(params)?,
        protocol_version: params.text("ProtocolVersion").unwrap_or("HTTP1").to_owned(),
        port: port(params, "Port")?.ok_or_else(|| missing("port"))?,
        vpc: vpc.to_owned(),
        check: check::read(&check::usual(), params)?,
        attributes: Default::default(),
        balancers: Default::default(),
        targets: Default::default(),
    })
}

/// A target group of which only the ARN is known: `…:targetgroup/NAME/ID`.
pub fn unknown(arn: &str) -> TargetGroup {
    TargetGroup {
        arn: arn.to_owned(),
        name: arn.split('/').nth(1).unwrap_or(arn).to_owned(),
        target_type: "instance".to_owned(),
        protocol: "HTTP".to_owned(),
        protocol_version: "HTTP1".to_owned(),
        port: 80,
        vpc: String::new(),
        check: check::usual(),
        attributes: Default::default(),
        balancers: Default::default(),
        targets: Default::default(),
    }
}

fn protocol(params: &Params) -> Result<String, ApiError> {
    match params.text("Protocol") {
        Some(given @ ("HTTP" | "HTTPS")) => Ok(given.to_owned()),
        Some(other) => {
            Err(ApiError::validation(format!("Target groups of protocol '{other}' are not modelled")))
        }
        None => Err(ApiError::validation("A protocol must be specified")),
    }
}

/// Creating the same again is no error; creating another under the name is (CreateTargetGroup).
fn repeated(existing: &TargetGroup, asked: &TargetGroup) -> Result<Node, ApiError> {
    let settings = |group: &TargetGroup| {
        let kind = (group.target_type.clone(), group.protocol.clone(), group.protocol_version.clone());
        (kind, group.port, group.vpc.clone(), group.check.clone())
    };
    if settings(existing) == settings(asked) {
        return Ok(Node::body().members("TargetGroups", [description(existing)]));
    }
    let name = &existing.name;
    let message = format!("A target group with the same name '{name}' exists, but with different settings");
    Err(ApiError::new("DuplicateTargetGroupName", message))
}

/// All, or those of a load balancer, or some by ARN or by name.
pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let (all, names) = (&model.elbv2.groups, params.texts("Names"));
    let find = |name: &&str| all.values().find(|group| group.name == *name).ok_or_else(|| GROUP.missing());
    let chosen: Vec<&TargetGroup> = match params.text("LoadBalancerArn") {
        Some(arn) => {
            BALANCER.find(&model.elbv2.balancers, arn)?;
            all.values().filter(|group| group.balancers.contains(arn)).collect()
        }
        None if names.is_empty() => GROUP.chosen(all, &params.texts("TargetGroupArns"))?,
        None => names.iter().map(find).collect::<Result<_, _>>()?,
    };
    page(params, "TargetGroups", chosen.into_iter().map(description).collect())
}

/// ModifyTargetGroup changes the health check.
pub fn modify(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let arn = params.required("TargetGroupArn")?;
    let new = check::read(&GROUP.find(&model.elbv2.groups, arn)?.check, params)?;
    targets::reseat(model, arn, new.interval);
    let group = GROUP.find_mut(&mut model.elbv2.groups, arn)?;
    group.check = new;
    Ok(Node::body().members("TargetGroups", [description(group)]))
}

/// One that no action names can be deleted; deleting one that is not there succeeds (DeleteTargetGroup).
pub fn delete(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let arn = params.required("TargetGroupArn")?.to_owned();
    if model.elbv2.groups.get(&arn).is_some_and(|group| !group.balancers.is_empty()) {
        let message = format!("Target group '{arn}' is currently in use by a listener or a rule");
        return Err(ApiError::new("ResourceInUse", message));
    }
    targets::forget_group(model, &arn);
    model.elbv2.groups.remove(&arn);
    model.elbv2.tags.remove(&arn);
    Ok(Node::body())
}

fn description(group: &TargetGroup) -> Node {
    let body = Node::body()
        .field("TargetGroupArn", &group.arn)
        .field("TargetGroupName", &group.name)
        .field("Protocol", &group.protocol)
        .field("ProtocolVersion", &group.protocol_version)
        .field("Port", group.port)
        .field("VpcId", &group.vpc)
        .field("TargetType", &group.target_type)
        .field("IpAddressType", "ipv4");
    let balancers = group.balancers.iter().map(Node::value);
    check::node(body, &group.check).members("LoadBalancerArns", balancers)
}
