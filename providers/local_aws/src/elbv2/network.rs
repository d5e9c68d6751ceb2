//! Where a load balancer has nodes, and what may reach them.

use crate::ec2::fleet;
use crate::elb::network as classic;
use crate::model::Model;
use crate::model::ec2::{GroupId, SubnetId};
use crate::model::elbv2::LoadBalancer;
use crate::wire::{ApiError, Node, Params};

use super::BALANCER;

/// The subnets and security groups of a request.
pub struct Place {
    pub subnets: Vec<SubnetId>,
    pub zones: Vec<String>,
    pub vpc: String,
    pub security_groups: Vec<GroupId>,
}

pub fn place(model: &Model, params: &Params) -> Result<Place, ApiError> {
    let (subnets, zones, vpc) = subnets(model, params)?;
    let security_groups = groups(model, &vpc, params)?;
    Ok(Place { subnets, zones, vpc, security_groups })
}

/// `Subnets` or `SubnetMappings`, in at least two zones (CreateLoadBalancer).
fn subnets(model: &Model, params: &Params) -> Result<(Vec<SubnetId>, Vec<String>, String), ApiError> {
    let mappings = params.list("SubnetMappings").into_iter().filter_map(|one| one.text("SubnetId"));
    let ids: Vec<SubnetId> =
        params.texts("Subnets").into_iter().chain(mappings).map(SubnetId::from).collect();
    if ids.len() < 2 {
        let message = "At least two subnets in two different Availability Zones must be specified";
        return Err(ApiError::validation(message));
    }
    classic::in_one_vpc(model, ids).map_err(|error| error.with_status(400))
}

fn groups(model: &Model, vpc: &str, params: &Params) -> Result<Vec<GroupId>, ApiError> {
    let found = classic::groups(model, vpc, &params.strings("SecurityGroups"));
    found.map_err(|error| error.with_status(400))
}

/// Who owns a load balancer's network interfaces, as EC2 describes them: `ELB app/web/50dc6c495c0c9188`.
fn owner(arn: &str) -> String {
    format!("ELB {}", arn.split_once("loadbalancer/").map_or(arn, |(_, name)| name))
}

/// Gives a load balancer an interface in each of its subnets.
pub fn raise(model: &mut Model, balancer: &LoadBalancer) {
    for subnet in &balancer.subnets {
        join(model, balancer, subnet);
    }
}

fn join(model: &mut Model, balancer: &LoadBalancer, subnet: &SubnetId) {
    let joined = fleet::attach_interface(model, &owner(&balancer.arn), subnet, &balancer.security_groups);
    // The subnets were looked up a moment ago.
    debug_assert!(joined.is_ok());
}

/// Lets go of a load balancer's interfaces.
pub fn lower(model: &mut Model, arn: &str) {
    fleet::release_interfaces(model, &owner(arn), None);
}

/// Its zones, with the subnet in each.
pub fn zones(balancer: &LoadBalancer) -> impl Iterator<Item = Node> {
    let places = balancer.zones.iter().zip(&balancer.subnets);
    places.map(|(zone, subnet)| Node::body().field("ZoneName", zone).field("SubnetId", subnet))
}

pub fn set_subnets(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let arn = params.required("LoadBalancerArn")?.to_owned();
    let old = BALANCER.find(&model.elbv2.balancers, &arn)?.subnets.clone();
    let (subnets, zones, _) = subnets(model, params)?;
    let balancer = BALANCER.find_mut(&mut model.elbv2.balancers, &arn)?;
    (balancer.subnets, balancer.zones) = (subnets, zones);
    let changed = balancer.clone();
    for subnet in changed.subnets.iter().filter(|subnet| !old.contains(subnet)) {
        join(model, &changed, subnet);
    }
    for subnet in old.iter().filter(|subnet| !changed.subnets.contains(subnet)) {
        fleet::release_interfaces(model, &owner(&arn), Some(subnet));
    }
    Ok(Node::body()
        .members("AvailabilityZones", self::zones(&changed))
        .field("IpAddressType", &changed.ip_address_type))
}

pub fn set_groups(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let arn = params.required("LoadBalancerArn")?.to_owned();
    let vpc = BALANCER.find(&model.elbv2.balancers, &arn)?.vpc.clone();
    let groups = groups(model, &vpc, params)?;
    BALANCER.find_mut(&mut model.elbv2.balancers, &arn)?.security_groups.clone_from(&groups);
    fleet::regroup_interfaces(model, &owner(&arn), &groups);
    Ok(Node::body().members("SecurityGroupIds", groups.iter().map(Node::value)))
}

pub fn set_address_type(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let (arn, kind) = (params.required("LoadBalancerArn")?, params.required("IpAddressType")?);
    if !["ipv4", "dualstack", "dualstack-without-public-ipv4"].contains(&kind) {
        return Err(ApiError::validation(format!("IP address type '{kind}' is not valid")));
    }
    BALANCER.find_mut(&mut model.elbv2.balancers, arn)?.ip_address_type = kind.to_owned();
    Ok(Node::body().field("IpAddressType", kind))
}
