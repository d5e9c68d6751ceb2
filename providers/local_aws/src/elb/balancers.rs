//! Making, describing and removing load balancers.

use crate::ec2::fleet;
use crate::model::Model;
use crate::model::ec2::{GroupId, SubnetId};
use crate::model::elb::Balancer;
use crate::traffic;
use crate::wire::{ApiError, Node, Params, paginate};

use super::{check, listeners, network, not_found, policies};

/// Most a describe gives at once (DescribeLoadBalancers, `PageSize`).
const PAGE: i64 = 400;

pub fn create(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let name = params.required("LoadBalancerName")?.to_owned();
    check_name(&name)?;
    let mut made = read(model, &name, params)?;
    if let Some(existing) = model.elb.balancers.get(&name) {
        return repeated(existing, &made);
    }
    made.dns_name = dns_name(model, &made);
    made.resolvable = model.now + model.random.delay(model.timing.elb.dns_lag);
    network::raise(model, &made);
    let answer = Node::body().field("DNSName", &made.dns_name);
    model.elb.balancers.insert(name, made);
    Ok(answer)
}

/// Creating the same again is no error; creating another under the name is (CreateLoadBalancer).
fn repeated(existing: &Balancer, asked: &Balancer) -> Result<Node, ApiError> {
    let same = existing.listeners.keys().eq(asked.listeners.keys())
        && existing.subnets == asked.subnets
        && existing.internal == asked.internal
        && existing.security_groups == asked.security_groups;
    let taken = || {
        let message = format!(
            "Load Balancer named {} already exists and it is configured with different parameters.",
            existing.name
        );
        ApiError::new("DuplicateLoadBalancerName", message)
    };
    same.then(|| Node::body().field("DNSName", &existing.dns_name)).ok_or_else(taken)
}

/// At most 32 letters, digits and hyphens, no hyphen at either end (CreateLoadBalancer).
fn check_name(name: &str) -> Result<(), ApiError> {
    if name.len() > 32 {
        return Err(ApiError::validation("LoadBalancer name cannot be longer than 32 characters"));
    }
    let good = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if !good || name.starts_with('-') || name.ends_with('-') {
        return Err(ApiError::validation(
            "LoadBalancer name must contain only alphanumeric characters or hyphens, and must not begin or end with a hyphen",
        ));
    }
    Ok(())
}

fn read(model: &Model, name: &str, params: &Params) -> Result<Balancer, ApiError> {
    let (subnets, zones, vpc) = place(model, params)?;
    let asked: Vec<String> = params.strings("SecurityGroups");
    let security_groups = network::groups(model, &vpc, &asked)?;
    Ok(Balancer {
        name: name.to_owned(),
        dns_name: String::new(),
        created: model.now,
        resolvable: model.now,
        internal: params.text("Scheme") == Some("internal"),
        vpc,
        subnets,
        zones,
        leaving: Default::default(),
        security_groups,
        listeners: listeners::read_all(params)?,
        health_check: Default::default(),
        attributes: Default::default(),
        registrations: Default::default(),
        policies: Default::default(),
        backends: Default::default(),
        tags: super::tags::read(params)?,
    })
}

/// Subnets as given, or the default subnets of the zones given.
fn place(model: &Model, params: &Params) -> Result<(Vec<SubnetId>, Vec<String>, String), ApiError> {
    let subnets: Vec<SubnetId> = params.texts("Subnets").into_iter().map(SubnetId::from).collect();
    let zones = params.strings("AvailabilityZones");
    match (subnets.is_empty(), zones.is_empty()) {
        (true, true) => Err(ApiError::validation("Either AvailabilityZones or SubnetIds must be specified")),
        (false, false) => {
            Err(ApiError::validation("Only one of SubnetIds or AvailabilityZones may be specified"))
        }
        (false, true) => network::in_one_vpc(model, subnets),
        (true, false) => network::in_zones(model, &zones),
    }
}

fn dns_name(model: &mut Model, made: &Balancer) -> String {
    let number = model.random.below(10_000_000_000);
    let internal = if made.internal { "internal-" } else { "" };
    format!("{internal}{}-{number}.{}.elb.amazonaws.com", made.name, model.region).to_lowercase()
}

pub fn delete(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let name = params.required("LoadBalancerName")?.to_owned();
    // Deleting one that is not there succeeds (DeleteLoadBalancer).
    if model.elb.balancers.remove(&name).is_some() {
        fleet::release_interfaces(model, &network::owner(&name), None);
        traffic::close(model, &name);
    }
    Ok(Node::body())
}

pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let names = params.texts("LoadBalancerNames");
    let balancers = &model.elb.balancers;
    let chosen: Vec<&Balancer> = match names.is_empty() {
        true => balancers.values().collect(),
        false => {
            let find = |name: &&str| balancers.get(*name).ok_or_else(|| not_found(name));
            names.iter().map(find).collect::<Result<_, _>>()?
        }
    };
    let size = params.int("PageSize")?.unwrap_or(PAGE).clamp(1, PAGE);
    let (page, next) = paginate(chosen, usize::try_from(size).ok(), params.text("Marker"))
        .map_err(|token| ApiError::validation(format!("Invalid marker: {token}")))?;
    let found = page.into_iter().map(|balancer| description(model, balancer));
    Ok(Node::body().members("LoadBalancerDescriptions", found).maybe("NextMarker", next))
}

fn description(model: &Model, balancer: &Balancer) -> Node {
    let zone_id = zone_id(&model.region);
    let instances = balancer.registrations.keys().map(|id| Node::body().field("InstanceId", id));
    Node::body()
        .field("LoadBalancerName", &balancer.name)
        .field("DNSName", &balancer.dns_name)
        .field("CanonicalHostedZoneName", &balancer.dns_name)
        .field("CanonicalHostedZoneNameID", zone_id)
        .members("ListenerDescriptions", balancer.listeners.iter().map(listeners::description))
        .child("Policies", policies::summary(balancer))
        .members("BackendServerDescriptions", policies::backends(balancer))
        .members("AvailabilityZones", balancer.zones.iter().map(Node::value))
        .members("Subnets", balancer.subnets.iter().map(Node::value))
        .field("VPCId", &balancer.vpc)
        .members("Instances", instances)
        .child("HealthCheck", check::check_node(&balancer.health_check))
        .child("SourceSecurityGroup", source_group(model, balancer))
        .members("SecurityGroups", balancer.security_groups.iter().map(Node::value))
        .field("CreatedTime", balancer.created.stamp())
        .field("Scheme", if balancer.internal { "internal" } else { "internet-facing" })
}

fn source_group(model: &Model, balancer: &Balancer) -> Node {
    let first: Option<&GroupId> = balancer.security_groups.first();
    let name = first.and_then(|id| model.ec2.groups.get(id)).map(|group| group.name.clone());
    Node::body().field("OwnerAlias", &model.account).maybe("GroupName", name)
}

/// The hosted zone of a region's classic load balancers (AWS General Reference, "Elastic Load Balancing endpoints").
pub fn zone_id(region: &str) -> &'static str {
    match region {
        "us-east-1" => "Z35SXDOTRQ7X7K",
        "us-east-2" => "Z3AADJGX6KTTL2",
        "us-west-1" => "Z368ELLRRE2KJ0",
        "us-west-2" => "Z1H1FL5HABSF5",
        "ca-central-1" => "ZQSVJUPU6J1EY",
        "eu-central-1" => "Z215JYRZR1TBD5",
        "eu-west-1" => "Z32O12XQLNTSW2",
        "eu-west-2" => "ZHURV8PSTC4K8",
        "eu-west-3" => "Z3Q77PNBQS71R4",
        "eu-north-1" => "Z23TAZ6LKFMNIO",
        "ap-northeast-1" => "Z14GRHDCWA56QT",
        "ap-northeast-2" => "ZWKZPGTI48KDX",
        "ap-southeast-1" => "Z1LMS91P8CMLE5",
        "ap-southeast-2" => "Z1GM3OXH4ZPM65",
        "ap-south-1" => "ZP97RAFLXTNZK",
        "sa-east-1" => "Z2P70J7HTTTPLU",
        _ => "Z35SXDOTRQ7X7K",
    }
}

pub fn limits() -> Node {
    let limit = |name: &str, max: &str| Node::body().field("Name", name).field("Max", max);
    Node::body().members(
        "Limits",
        [
            limit("classic-load-balancers", "20"),
            limit("classic-listeners", "100"),
            limit("classic-registered-instances", "1000"),
        ],
    )
}
