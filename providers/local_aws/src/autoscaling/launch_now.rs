//! LaunchInstances: instances at once, where the request says, or the reason why not.

use crate::ec2::fleet;
use crate::model::Model;
use crate::model::autoscaling::{Group, Launch, MemberState};
use crate::model::ec2::{InstanceId, Subnet};
use crate::wire::{ApiError, Node, Params};

use super::launch::{self, LAUNCHING, Order};
use super::{activities, capacity, named};

/// Launches so many instances; the desired number grows by those that came, and with the retry strategy by the others,
/// too. The same request with the same token is the same launch.
pub fn launch(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    params.required("ClientToken")?;
    let count = requested(params)?;
    let retries = retries(params)?;
    let group = named(model, params)?.clone();
    if let Some(ids) = fleet::outcome_before(model, params)? {
        let ids: Vec<InstanceId> = ids.split_whitespace().map(InstanceId::from).collect();
        return Ok(answer(model, &group, params, &ids, Vec::new()));
    }
    let subnet = place(model, &group, params)?;
    check(&group, count)?;
    let (ids, refused) = attempt(model, &group, &subnet, count);
    let missing = count - ids.len() as u64;
    if let Some(group) = model.autoscaling.groups.get_mut(&group.name) {
        group.size.desired += if retries { count } else { ids.len() as u64 };
    }
    let outcome: Vec<&str> = ids.iter().map(InstanceId::as_str).collect();
    fleet::remember(model, params, outcome.join(" "));
    capacity::poke(model, &group.name);
    let errors = refused.filter(|_| missing > 0).map(|error| failure(model, &group, &subnet, &error));
    Ok(answer(model, &group, params, &ids, errors.into_iter().collect()))
}

fn requested(params: &Params) -> Result<u64, ApiError> {
    params.required("RequestedCapacity")?;
    let refused = || ApiError::validation("RequestedCapacity must be between 1 and 100");
    let given = params.int("RequestedCapacity")?.and_then(|count| u64::try_from(count).ok());
    given.filter(|count| (1..=100).contains(count)).ok_or_else(refused)
}

fn retries(params: &Params) -> Result<bool, ApiError> {
    match params.text("RetryStrategy") {
        None | Some("none") => Ok(false),
        Some("retry-with-group-configuration") => Ok(true),
        Some(other) => Err(ApiError::validation(format!("RetryStrategy '{other}' is not valid"))),
    }
}

/// Launch configurations are not supported (user guide, "launch instances synchronously").
fn check(group: &Group, count: u64) -> Result<(), ApiError> {
    if matches!(group.launch, Launch::Configuration(_)) {
        return Err(ApiError::validation(
            "LaunchInstances works only with Auto Scaling groups that use a launch template.",
        ));
    }
    if group.size.desired + count > group.size.max {
        return Err(ApiError::validation(format!(
            "RequestedCapacity {count} would exceed the max size {} of Auto Scaling group {}.",
            group.size.max, group.name
        )));
    }
    Ok(())
}

/// The subnet of the request, by its id, its zone or its zone's id; a group of one zone need not be told.
fn place(model: &Model, group: &Group, params: &Params) -> Result<Subnet, ApiError> {
    let lists = ["SubnetIds", "AvailabilityZones", "AvailabilityZoneIds"].map(|name| params.texts(name));
    if group.zones.len() > 1 && lists.iter().all(Vec::is_empty) {
        return Err(ApiError::validation(
            "Either AvailabilityZones or SubnetIds must be specified for groups with multiple Availability Zones.",
        ));
    }
    let named = |subnet: &&Subnet| {
        let names = [subnet.id.as_str(), &subnet.zone, &fleet::zone_id(&subnet.zone)].map(str::to_owned);
        lists.iter().zip(names).all(|(list, name)| list.is_empty() || list.contains(&name.as_str()))
    };
    let mut own = group.subnets.iter().filter_map(|id| fleet::subnet(model, id).ok());
    let missing = || ApiError::validation("The given subnet or Availability Zone is not one of the group's.");
    own.find(named).cloned().ok_or_else(missing)
}

/// As many as can be launched, and why not more.
fn attempt(
    model: &mut Model,
    group: &Group,
    subnet: &Subnet,
    count: u64,
) -> (Vec<InstanceId>, Option<ApiError>) {
    let change = format!(
        "a user request launched {count} instances increasing the capacity from {} to {}.",
        group.size.desired,
        group.size.desired + count
    );
    let cause = activities::at(model.now, &change);
    let order = Order {
        what: LAUNCHING,
        state: MemberState::Pending,
        cause: &cause,
        subnets: Some(vec![subnet.id.to_string()]),
    };
    let mut ids = Vec::new();
    for _ in 0..count {
        match launch::one(model, &group.name, &order) {
            Ok(id) => ids.push(id),
            Err(error) => return (ids, Some(error)),
        }
    }
    (ids, None)
}

fn placed(node: Node, subnet: &Subnet) -> Node {
    node.field("MarketType", "OnDemand")
        .field("SubnetId", &subnet.id)
        .field("AvailabilityZone", &subnet.zone)
        .field("AvailabilityZoneId", fleet::zone_id(&subnet.zone))
}

fn failure(model: &Model, group: &Group, subnet: &Subnet, error: &ApiError) -> Node {
    let kind = launch::spec(model, &group.launch).map(|spec| spec.instance_type);
    placed(Node::body().maybe("InstanceType", kind.ok()), subnet)
        .field("ErrorCode", &error.code)
        .field("ErrorMessage", &error.message)
}

fn answer(model: &Model, group: &Group, params: &Params, ids: &[InstanceId], errors: Vec<Node>) -> Node {
    let instances = ids.iter().filter_map(|id| fleet::instance(model, id.as_str()));
    let told = instances.filter_map(|instance| {
        let subnet = fleet::subnet(model, instance.subnet.as_str()).ok()?;
        let node = Node::body().field("InstanceType", &instance.instance_type);
        Some(placed(node, subnet).members("InstanceIds", [Node::value(&instance.id)]))
    });
    Node::body()
        .field("AutoScalingGroupName", &group.name)
        .maybe("ClientToken", params.text("ClientToken"))
        .members("Instances", told)
        .members("Errors", errors)
}
