//! Where a load balancer has nodes, and what may reach them.

use crate::ec2::fleet;
use crate::model::Model;
use crate::model::ec2::{GroupId, SubnetId};
use crate::model::elb::Balancer;
use crate::wire::{ApiError, Node, Params};

use super::named;

/// Who owns a load balancer's network interfaces, as EC2 describes them.
pub fn owner(name: &str) -> String {
    format!("ELB {name}")
}

/// Gives a load balancer an interface in each of its subnets.
pub fn raise(model: &mut Model, balancer: &Balancer) {
    for subnet in &balancer.subnets {
        join(model, balancer, subnet);
    }
}

fn join(model: &mut Model, balancer: &Balancer, subnet: &SubnetId) {
    let joined = fleet::attach_interface(model, &owner(&balancer.name), subnet, &balancer.security_groups);
    // The subnets were looked up a moment ago.
    debug_assert!(joined.is_ok());
}

/// Subnets of one VPC, with their zones and the VPC.
pub fn in_one_vpc(
    model: &Model,
    subnets: Vec<SubnetId>,
) -> Result<(Vec<SubnetId>, Vec<String>, String), ApiError> {
    let mut zones = Vec::new();
    let mut vpc: Option<String> = None;
    for id in &subnets {
        let missing = || ApiError::new("SubnetNotFound", format!("The subnet ID '{id}' does not exist"));
        let subnet = fleet::subnet(model, id.as_str()).map_err(|_| missing())?;
        if zones.contains(&subnet.zone) {
            let message =
                "A load balancer cannot be attached to multiple subnets in the same Availability Zone.";
            return Err(ApiError::new("InvalidConfigurationRequest", message).with_status(409));
        }
        let other = vpc.replace(subnet.vpc.to_string());
        if other.is_some_and(|other| other != subnet.vpc.to_string()) {
            let message = "All subnets must belong to the same VPC";
            return Err(ApiError::new("InvalidConfigurationRequest", message).with_status(409));
        }
        zones.push(subnet.zone.clone());
    }
    Ok((subnets, zones, vpc.unwrap_or_default()))
}

/// The default subnets of zones.
pub fn in_zones(model: &Model, zones: &[String]) -> Result<(Vec<SubnetId>, Vec<String>, String), ApiError> {
    let defaults = fleet::default_subnets(model);
    let subnets: Result<Vec<SubnetId>, ApiError> = zones
        .iter()
        .map(|zone| {
            let missing = || ApiError::validation(format!("Invalid Availability Zone: {zone}"));
            let subnet = defaults.iter().find(|subnet| subnet.zone == *zone).ok_or_else(missing)?;
            Ok(subnet.id.clone())
        })
        .collect();
    in_one_vpc(model, subnets?)
}

/// The security groups of a request, or the VPC's default one.
pub fn groups(model: &Model, vpc: &str, asked: &[String]) -> Result<Vec<GroupId>, ApiError> {
    let default = ["default".to_owned()];
    let asked = if asked.is_empty() { &default[..] } else { asked };
    fleet::group_ids(model, &vpc.into(), asked).map_err(|_| {
        ApiError::new("InvalidSecurityGroup", "One or more security groups are invalid").with_status(409)
    })
}

pub fn apply_groups(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let vpc = named(model, params)?.vpc.clone();
    let groups = groups(model, &vpc, &params.strings("SecurityGroups"))?;
    let balancer = named(model, params)?;
    balancer.security_groups = groups;
    let changed = balancer.clone();
    fleet::regroup_interfaces(model, &owner(&changed.name), &changed.security_groups);
    Ok(Node::body().members("SecurityGroups", changed.security_groups.iter().map(Node::value)))
}

/// Puts a load balancer into other subnets.
fn move_to(model: &mut Model, params: &Params, subnets: Vec<SubnetId>) -> Result<Balancer, ApiError> {
    let (subnets, zones, _) = in_one_vpc(model, subnets)?;
    let left = model.now + model.random.delay(model.timing.elb.registration_lag);
    let balancer = named(model, params)?;
    let old = std::mem::replace(&mut balancer.subnets, subnets);
    let gone = std::mem::replace(&mut balancer.zones, zones);
    balancer.leaving = gone.into_iter().map(|zone| (zone, left)).collect();
    balancer.leaving.retain(|zone, _| !balancer.zones.contains(zone));
    let changed = balancer.clone();
    for subnet in changed.subnets.iter().filter(|subnet| !old.contains(subnet)) {
        join(model, &changed, subnet);
    }
    for subnet in old.iter().filter(|subnet| !changed.subnets.contains(subnet)) {
        fleet::release_interfaces(model, &owner(&changed.name), Some(subnet));
    }
    Ok(changed)
}

pub fn attach_subnets(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let mut subnets = named(model, params)?.subnets.clone();
    for subnet in params.texts("Subnets").into_iter().map(SubnetId::from) {
        if !subnets.contains(&subnet) {
            subnets.push(subnet);
        }
    }
    let changed = move_to(model, params, subnets)?;
    Ok(Node::body().members("Subnets", changed.subnets.iter().map(Node::value)))
}

pub fn detach_subnets(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let gone: Vec<SubnetId> = params.texts("Subnets").into_iter().map(SubnetId::from).collect();
    let mut subnets = named(model, params)?.subnets.clone();
    subnets.retain(|subnet| !gone.contains(subnet));
    if subnets.is_empty() {
        let message = "A load balancer must be attached to at least one subnet";
        return Err(ApiError::new("InvalidConfigurationRequest", message).with_status(409));
    }
    let changed = move_to(model, params, subnets)?;
    Ok(Node::body().members("Subnets", changed.subnets.iter().map(Node::value)))
}

pub fn enable_zones(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let asked = params.strings("AvailabilityZones");
    let balancer = named(model, params)?.clone();
    let new: Vec<String> = asked.into_iter().filter(|zone| !balancer.zones.contains(zone)).collect();
    let mut subnets = balancer.subnets;
    subnets.extend(in_zones(model, &new)?.0);
    let changed = move_to(model, params, subnets)?;
    Ok(Node::body().members("AvailabilityZones", changed.zones.iter().map(Node::value)))
}

pub fn disable_zones(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let gone = params.strings("AvailabilityZones");
    let balancer = named(model, params)?.clone();
    let stays = |id: &SubnetId| fleet::subnet(model, id.as_str()).is_ok_and(|s| !gone.contains(&s.zone));
    let subnets: Vec<SubnetId> = balancer.subnets.into_iter().filter(|id| stays(id)).collect();
    if subnets.is_empty() {
        return Err(
            ApiError::new("InvalidConfigurationRequest", "There must be at least one zone").with_status(409)
        );
    }
    let changed = move_to(model, params, subnets)?;
    Ok(Node::body().members("AvailabilityZones", changed.zones.iter().map(Node::value)))
}
