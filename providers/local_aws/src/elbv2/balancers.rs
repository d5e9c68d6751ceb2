//! Making, describing and removing load balancers.

use crate::model::Model;
use crate::model::elbv2::LoadBalancer;
use crate::wire::{ApiError, Node, Params};

use super::network::{self, Place};
use super::{BALANCER, actions, arn, attributes, check_name, page, tags};

pub fn create(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let name = params.required("Name")?.to_owned();
    check_name("Load balancer", &name)?;
    if let Some(other) = params.text("Type").filter(|kind| *kind != "application") {
        return Err(ApiError::validation(format!("Load balancers of type '{other}' are not modelled")));
    }
    let place = network::place(model, params)?;
    let tags = tags::read(params)?;
    let internal = params.text("Scheme") == Some("internal");
    if let Some(existing) = model.elbv2.balancers.values().find(|other| other.name == name) {
        return repeated(model, existing, &place, internal);
    }
    let made = make(model, name, place, internal, params);
    network::raise(model, &made);
    let answer = Node::body().members("LoadBalancers", [description(model, &made)]);
    tags::give(model, &made.arn, tags);
    model.elbv2.balancers.insert(made.arn.clone(), made);
    Ok(answer)
}

fn make(model: &mut Model, name: String, place: Place, internal: bool, params: &Params) -> LoadBalancer {
    let id = model.random.hex(16);
    let number = model.random.below(10_000_000_000);
    let prefix = if internal { "internal-" } else { "" };
    LoadBalancer {
        arn: arn(model, &format!("loadbalancer/app/{name}/{id}")),
        dns_name: format!("{prefix}{name}-{number}.{}.elb.amazonaws.com", model.region).to_lowercase(),
        created: model.now,
        active: model.now + model.random.delay(model.timing.elbv2.provisioning),
        internal,
        ip_address_type: params.text("IpAddressType").unwrap_or("ipv4").to_owned(),
        vpc: place.vpc,
        subnets: place.subnets,
        zones: place.zones,
        security_groups: place.security_groups,
        attributes: Default::default(),
        name,
    }
}

/// Creating the same again is no error; creating another under the name is (CreateLoadBalancer).
fn repeated(model: &Model, other: &LoadBalancer, asked: &Place, internal: bool) -> Result<Node, ApiError> {
    let same = other.subnets == asked.subnets
        && other.security_groups == asked.security_groups
        && other.internal == internal;
    if same {
        return Ok(Node::body().members("LoadBalancers", [description(model, other)]));
    }
    let name = &other.name;
    let message = format!("A load balancer with the same name '{name}' exists, but with different settings");
    Err(ApiError::new("DuplicateLoadBalancerName", message))
}

pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let names = params.texts("Names");
    let chosen = if names.is_empty() {
        BALANCER.chosen(&model.elbv2.balancers, &params.texts("LoadBalancerArns"))?
    } else {
        names.iter().map(|name| named(model, name)).collect::<Result<_, _>>()?
    };
    page(params, "LoadBalancers", chosen.into_iter().map(|found| description(model, found)).collect())
}

fn named<'m>(model: &'m Model, name: &str) -> Result<&'m LoadBalancer, ApiError> {
    let found = model.elbv2.balancers.values().find(|balancer| balancer.name == name);
    found.ok_or_else(|| ApiError::new(BALANCER.code, format!("Load balancers '[{name}]' not found")))
}

/// Its listeners go with it. Deleting one that is not there succeeds (DeleteLoadBalancer).
pub fn delete(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let arn = params.required("LoadBalancerArn")?.to_owned();
    let Some(found) = model.elbv2.balancers.get(&arn) else { return Ok(Node::body()) };
    if attributes::of_balancer(found, "deletion_protection.enabled") == "true" {
        let message =
            format!("Load balancer '{arn}' cannot be deleted because deletion protection is enabled");
        return Err(ApiError::new("OperationNotPermitted", message));
    }
    network::lower(model, &arn);
    model.elbv2.balancers.remove(&arn);
    model.elbv2.tags.remove(&arn);
    model.elbv2.listeners.retain(|_, listener| listener.balancer != arn);
    actions::settle(model);
    Ok(Node::body())
}

fn description(model: &Model, balancer: &LoadBalancer) -> Node {
    let state = if model.now < balancer.active { "provisioning" } else { "active" };
    Node::body()
        .field("LoadBalancerArn", &balancer.arn)
        .field("DNSName", &balancer.dns_name)
        .field("CanonicalHostedZoneId", crate::elb::zone_id(&model.region))
        .field("CreatedTime", balancer.created.stamp())
        .field("LoadBalancerName", &balancer.name)
        .field("Scheme", if balancer.internal { "internal" } else { "internet-facing" })
        .field("VpcId", &balancer.vpc)
        .child("State", Node::body().field("Code", state))
        .field("Type", "application")
        .members("AvailabilityZones", network::zones(balancer))
        .members("SecurityGroups", balancer.security_groups.iter().map(Node::value))
        .field("IpAddressType", &balancer.ip_address_type)
}
