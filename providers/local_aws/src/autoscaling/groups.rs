//! Making, changing and deleting groups.

use std::collections::{BTreeMap, BTreeSet};

use crate::ec2::fleet;
use crate::model::Event;
use crate::model::Model;
use crate::model::autoscaling::{Attachment, Blueprint, Group, Launch, Maintenance, Member, Settings, Size};
use crate::wire::{ApiError, Node, Params};

use super::{
    AutoScalingEvent, capacity, configurations, health, hooks, lifecycle, mixed, named, not_found, policies,
    refresh, scale_in, sources, tags,
};

pub fn create(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let name = params.required("AutoScalingGroupName")?.to_owned();
    if let Some(group) = model.autoscaling.groups.get(&name) {
        return Err(taken(group));
    }
    let group = read(model, &name, params)?;
    let what = format!(
        "a user request created an AutoScalingGroup changing the desired capacity from 0 to {}.",
        group.size.desired
    );
    model.autoscaling.groups.insert(name.clone(), group);
    capacity::because(model, &name, &what);
    capacity::poke(model, &name);
    Ok(Node::body())
}

fn taken(group: &Group) -> ApiError {
    let name = &group.name;
    let pending = if group.deleting { " and is pending delete" } else { "" };
    let message = format!(
        "AutoScalingGroup by this name already exists - A group with the name {name} already exists{pending}"
    );
    ApiError::new("AlreadyExists", message)
}

fn read(model: &mut Model, name: &str, params: &Params) -> Result<Group, ApiError> {
    let Blueprint { launch, mixed } = blueprint(model, params)?
        .ok_or_else(|| ApiError::validation("Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter."))?;
    let (subnets, zones) = place(model, params)?
        .ok_or_else(|| ApiError::validation("At least one Availability Zone or VPC Subnet is required."))?;
    let size = first_size(params)?;
    let (mut balancers, mut targets) = sources::split(params)?;
    balancers.extend(params.strings("LoadBalancerNames"));
    targets.extend(params.strings("TargetGroupARNs"));
    super::balancers::check(model, &balancers)?;
    let made_with = balancers.iter().cloned().collect();
    let tags = tags::read(params)?;
    let arn = format!(
        "arn:aws:autoscaling:{}:{}:autoScalingGroup:{}:autoScalingGroupName/{name}",
        model.region,
        model.account,
        model.random.uuid()
    );
    Ok(Group {
        name: name.to_owned(),
        arn,
        created: model.now,
        launch,
        mixed,
        size,
        subnets,
        zones,
        balancers: balancers.into_iter().map(|name| (name, Attachment::Attached)).collect(),
        target_groups: targets.into_iter().collect(),
        settings: settings(&usual_settings(&model.account), params)?,
        suspended: BTreeMap::new(),
        metrics: BTreeSet::new(),
        tags: tags.into_iter().map(|(_, key, tag)| (key, tag)).collect(),
        members: BTreeMap::new(),
        activities: Default::default(),
        policies: BTreeMap::new(),
        cooldown: None,
        schedule: BTreeMap::new(),
        hooks: hooks::first(params, model.now)?,
        occasion: String::new(),
        refreshes: Default::default(),
        balancing: 0,
        warm: None,
        heard: made_with,
        notifications: BTreeMap::new(),
        deleting: false,
        watched: false,
    })
}

/// What the API gives a group that says nothing (CreateAutoScalingGroup).
fn usual_settings(account: &str) -> Settings {
    let role = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
    Settings {
        cooldown: 300,
        health_check_type: "EC2".to_owned(),
        grace: 0,
        termination_policies: vec!["Default".to_owned()],
        protect_new: false,
        placement_group: None,
        max_lifetime: None,
        capacity_rebalance: false,
        default_warmup: None,
        service_role: format!("arn:aws:iam::{account}:{role}"),
        maintenance: None,
    }
}

/// The launch configuration, template or mixed instances policy of a request, if it names one.
pub fn blueprint(model: &Model, params: &Params) -> Result<Option<Blueprint>, ApiError> {
    if let Some(name) = params.text("LaunchConfigurationName") {
        let known = model.autoscaling.configurations.contains_key(name);
        let launch = Launch::Configuration(name.to_owned());
        let blueprint = Blueprint { launch, mixed: None };
        return if known { Ok(Some(blueprint)) } else { Err(configurations::unknown(name)) };
    }
    let mixed = params.get("MixedInstancesPolicy").filter(|sent| !sent.is_empty());
    let sent = match mixed {
        Some(mixed) => mixed.get("LaunchTemplate.LaunchTemplateSpecification"),
        None => params.get("LaunchTemplate"),
    };
    let Some(template) = mixed::template(model, sent)? else { return Ok(None) };
    let blueprint = Blueprint { launch: Launch::Template(template), mixed: mixed.cloned() };
    mixed::check(model, &blueprint)?;
    Ok(Some(blueprint))
}

/// Subnets, and the zones they are in.
type Place = (Vec<String>, Vec<String>);

/// Where a request wants its instances, if it says so.
fn place(model: &Model, params: &Params) -> Result<Option<Place>, ApiError> {
    let subnets = params.text("VPCZoneIdentifier").filter(|text| !text.is_empty());
    if let Some(listed) = subnets {
        let subnets: Vec<String> = listed.split(',').map(|id| id.trim().to_owned()).collect();
        let zone = |id: &String| {
            let invalid = |_| ApiError::validation(format!("The subnet ID '{id}' does not exist"));
            fleet::subnet(model, id).map(|subnet| subnet.zone.clone()).map_err(invalid)
        };
        let mut zones: Vec<String> = subnets.iter().map(zone).collect::<Result<_, _>>()?;
        zones.sort();
        zones.dedup();
        return Ok(Some((subnets, zones)));
    }
    let zones = params.strings("AvailabilityZones");
    if zones.is_empty() {
        return Ok(None);
    }
    let defaults = fleet::default_subnets(model);
    let subnet = |zone: &String| {
        let found = defaults.iter().find(|subnet| subnet.zone == *zone);
        let invalid = || ApiError::validation(format!("Invalid availability zones: {zone}"));
        found.map(|subnet| subnet.id.to_string()).ok_or_else(invalid)
    };
    Ok(Some((zones.iter().map(subnet).collect::<Result<_, _>>()?, zones)))
}

fn number(params: &Params, name: &str) -> Result<Option<u64>, ApiError> {
    let refused = || ApiError::validation(format!("{name} must not be negative"));
    params.int(name)?.map(|value| u64::try_from(value).map_err(|_| refused())).transpose()
}

fn first_size(params: &Params) -> Result<Size, ApiError> {
    params.required("MinSize")?;
    params.required("MaxSize")?;
    let min = number(params, "MinSize")?.unwrap_or_default();
    let max = number(params, "MaxSize")?.unwrap_or_default();
    let desired = number(params, "DesiredCapacity")?.unwrap_or(min);
    fits(Size { min, max, desired })
}

fn fits(size: Size) -> Result<Size, ApiError> {
    let Size { min, max, desired } = size;
    if min > max {
        return Err(ApiError::validation(format!(
            "Max bound, {max}, must be greater than or equal to min bound, {min}"
        )));
    }
    if !(min..=max).contains(&desired) {
        return Err(ApiError::validation(format!(
            "Desired capacity:{desired} must be between the specified min size:{min} and max size:{max}"
        )));
    }
    Ok(size)
}

/// A new minimum or maximum takes the desired number with it unless that is given too (UpdateAutoScalingGroup).
fn resized(old: Size, params: &Params) -> Result<Size, ApiError> {
    let min = number(params, "MinSize")?.unwrap_or(old.min);
    let max = number(params, "MaxSize")?.unwrap_or(old.max);
    let follow = if min <= max { old.desired.clamp(min, max) } else { old.desired };
    fits(Size { min, max, desired: number(params, "DesiredCapacity")?.unwrap_or(follow) })
}

/// Sizes a group as a scheduled action says; sizes that do not go together change nothing.
pub fn resize(model: &mut Model, name: &str, params: &Params) {
    let Some(group) = model.autoscaling.groups.get_mut(name) else { return };
    let old = group.size;
    if let Ok(size) = resized(old, params) {
        group.size = size;
        tell(model, name, "a scheduled action", old, size);
        capacity::poke(model, name);
    }
}

/// Keeps who changed a size for the cause of what follows.
fn tell(model: &mut Model, name: &str, who: &str, old: Size, new: Size) {
    if old.desired == new.desired {
        return;
    }
    let Size { min, max, desired } = new;
    let what = format!(
        "{who} update of AutoScalingGroup constraints to min: {min}, max: {max}, desired: {desired} changing the desired capacity from {} to {desired}.",
        old.desired
    );
    capacity::because(model, name, &what);
}

fn settings(old: &Settings, params: &Params) -> Result<Settings, ApiError> {
    let mut new = old.clone();
    new.cooldown = number(params, "DefaultCooldown")?.unwrap_or(new.cooldown);
    new.grace = number(params, "HealthCheckGracePeriod")?.unwrap_or(new.grace);
    if let Some(kind) = params.text("HealthCheckType") {
        new.health_check_type = kind.to_owned();
    }
    if params.get("TerminationPolicies").is_some() {
        new.termination_policies = termination_policies(params)?;
    }
    if params.get("InstanceMaintenancePolicy").is_some() {
        new.maintenance = maintenance(params)?;
    }
    new.protect_new = params.bool("NewInstancesProtectedFromScaleIn")?.unwrap_or(new.protect_new);
    new.capacity_rebalance = params.bool("CapacityRebalance")?.unwrap_or(new.capacity_rebalance);
    if let Some(name) = params.text("PlacementGroup") {
        new.placement_group = Some(name.to_owned()).filter(|name| !name.is_empty());
    }
    if let Some(seconds) = number(params, "MaxInstanceLifetime")? {
        if (1..86_400).contains(&seconds) {
            return Err(ApiError::validation("MaxInstanceLifetime must be 0, or at least 86400 seconds"));
        }
        new.max_lifetime = Some(seconds).filter(|seconds| *seconds > 0);
    }
    // -1 takes the setting away again.
    if let Some(seconds) = params.int("DefaultInstanceWarmup")? {
        new.default_warmup = u64::try_from(seconds).ok();
    }
    if let Some(role) = params.text("ServiceLinkedRoleARN") {
        new.service_role = role.to_owned();
    }
    Ok(new)
}

fn termination_policies(params: &Params) -> Result<Vec<String>, ApiError> {
    let given = params.strings("TerminationPolicies");
    let known = |policy: &str| scale_in::POLICIES.contains(&policy) || policy.starts_with("arn:");
    match given.iter().find(|policy| !known(policy)) {
        Some(other) => Err(ApiError::validation(format!("The termination policy '{other}' is not valid."))),
        None if given.is_empty() => Ok(vec!["Default".to_owned()]),
        None => Ok(given),
    }
}

/// `InstanceMaintenancePolicy`; two times -1 takes it away.
fn maintenance(params: &Params) -> Result<Option<Maintenance>, ApiError> {
    let percent = |name: &str| params.int(&format!("InstanceMaintenancePolicy.{name}"));
    let (min, max) = (percent("MinHealthyPercentage")?, percent("MaxHealthyPercentage")?);
    let refused = "MinHealthyPercentage must be from 0 to 100, MaxHealthyPercentage from 100 to 200, and they may be 100 apart";
    match (min.unwrap_or(-1), max.unwrap_or(-1)) {
        (-1, -1) => Ok(None),
        (min @ 0..=100, max @ 100..=200) if max - min <= 100 => {
            Ok(Some(Maintenance { min: min.unsigned_abs(), max: max.unsigned_abs() }))
        }
        _ => Err(ApiError::validation(refused)),
    }
}

pub fn update(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let old = named(model, params)?.clone();
    let given = blueprint(model, params)?;
    if given.is_some() {
        refresh::refuse_launch_change(&old)?;
    }
    let Blueprint { launch, mixed } =
        given.unwrap_or(Blueprint { launch: old.launch.clone(), mixed: old.mixed.clone() });
    let (subnets, zones) = place(model, params)?.unwrap_or((old.subnets, old.zones));
    let (size, settings) = (resized(old.size, params)?, settings(&old.settings, params)?);
    let group = named(model, params)?;
    (group.launch, group.mixed, group.subnets, group.zones, group.size, group.settings) =
        (launch, mixed, subnets, zones, size, settings);
    tell(model, &old.name, "a user request", old.size, size);
    health::age(model, &old.name);
    capacity::poke(model, &old.name);
    Ok(Node::body())
}

pub fn set_desired(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    params.required("DesiredCapacity")?;
    let desired = number(params, "DesiredCapacity")?.unwrap_or_default();
    let now = model.now;
    let group = named(model, params)?;
    policies::heed_cooldown(group, params, now)?;
    let Size { min, max, .. } = group.size;
    if desired > max {
        return Err(ApiError::validation(format!(
            "New SetDesiredCapacity value {desired} is above max value {max} for the AutoScalingGroup."
        )));
    }
    if desired < min {
        return Err(ApiError::validation(format!(
            "New SetDesiredCapacity value {desired} is below min value {min} for the AutoScalingGroup."
        )));
    }
    let (name, old) = (group.name.clone(), group.size.desired);
    group.size.desired = desired;
    if desired != old {
        let what = format!(
            "a user request explicitly set group desired capacity changing the desired capacity from {old} to {desired}."
        );
        capacity::because(model, &name, &what);
    }
    capacity::poke(model, &name);
    Ok(Node::body())
}

/// Somebody wants another size of a group; it stays between the bounds.
pub fn scale(model: &mut Model, name: &str, desired: u64) {
    let Some(group) = model.autoscaling.groups.get_mut(name).filter(|group| !group.deleting) else { return };
    group.size.desired = desired.max(group.size.min).min(group.size.max);
    capacity::poke(model, name);
}

pub fn delete(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let name = params.required("AutoScalingGroupName")?.to_owned();
    let force = params.bool("ForceDelete")?.unwrap_or(false);
    let group = model.autoscaling.groups.get_mut(&name).ok_or_else(|| not_found(&name))?;
    if group.deleting {
        return Ok(Node::body());
    }
    let stays = |member: &Member| {
        member.state.counts() || (member.state.is_warm() && !member.state.is_warm_terminating())
    };
    if !force && group.members.values().any(stays) {
        let message = "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.";
        return Err(ApiError::new("ResourceInUse", message));
    }
    if !force && !group.members.is_empty() {
        let message = "You cannot delete an AutoScalingGroup while there are scaling activities in progress for that group.";
        return Err(ApiError::new("ScalingActivityInProgress", message));
    }
    group.deleting = true;
    group.schedule.clear();
    group.hooks.clear();
    group.notifications.clear();
    group.warm.iter_mut().for_each(|pool| pool.deleting = true);
    group.size = Size { min: 0, max: 0, desired: 0 };
    let members: Vec<_> = group.members.keys().cloned().collect();
    for id in members {
        lifecycle::kill(model, &name, &id);
    }
    policies::clear(model, &name);
    model.schedule(model.timing.autoscaling.delete, Event::AutoScaling(AutoScalingEvent::Deleted(name)));
    Ok(Node::body())
}

/// The time of a deletion is over; the name is free once the last instance is gone.
pub fn deleted(model: &mut Model, name: &str) {
    let Some(group) = model.autoscaling.groups.get(name).filter(|group| group.deleting) else { return };
    if group.members.is_empty() {
        model.autoscaling.groups.remove(name);
    } else {
        let again = Event::AutoScaling(AutoScalingEvent::Deleted(name.to_owned()));
        model.schedule_in(lifecycle::LOOK, again);
    }
}
