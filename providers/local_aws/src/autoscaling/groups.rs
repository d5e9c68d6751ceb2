//! Making, changing and deleting groups.

use std::collections::{BTreeMap, BTreeSet};

use crate::ec2::fleet;
use crate::model::Event;
use crate::model::Model;
use crate::model::autoscaling::{Attachment, Blueprint, Former, Group, Launch, Member, Size};
use crate::wire::{ApiError, Node, Params};

use super::sizes::{first_size, number, resized};
use super::{
    AutoScalingEvent, capacity, configurations, health, hooks, lifecycle, mixed, named, not_found, policies,
    refresh, settings, sources, tags,
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
    super::balancers::check_targets(model, &targets)?;
    let made_with = balancers.iter().chain(&targets).cloned().collect();
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
        detaching: BTreeSet::new(),
        settings: settings::read(&settings::usual(&model.account), params)?,
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

pub fn update(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let old = named(model, params)?.clone();
    let given = blueprint(model, params)?;
    if given.is_some() {
        refresh::refuse_launch_change(&old)?;
    }
    let Blueprint { launch, mixed } =
        given.unwrap_or(Blueprint { launch: old.launch.clone(), mixed: old.mixed.clone() });
    let (subnets, zones) = place(model, params)?.unwrap_or((old.subnets, old.zones));
    let (size, settings) = (resized(old.size, params)?, settings::read(&old.settings, params)?);
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
    let protection = group.settings.deletion_protection.as_deref();
    if protection == Some("prevent-all-deletion") || (force && protection == Some("prevent-force-deletion")) {
        let message =
            format!("The Auto Scaling group {name} cannot be deleted: its deletion protection is on.");
        return Err(ApiError::validation(message));
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
        if let Some(group) = model.autoscaling.groups.remove(name) {
            remember(model, group);
        }
    } else {
        let again = Event::AutoScaling(AutoScalingEvent::Deleted(name.to_owned()));
        model.schedule_in(lifecycle::LOOK, again);
    }
}

/// So many deleted groups are remembered; AWS keeps all of six weeks.
const FORMER: usize = 20;

/// What a group has done can be asked for after it is gone.
fn remember(model: &mut Model, group: Group) {
    let former = &mut model.autoscaling.former;
    former.push_front(Former { name: group.name, arn: group.arn, activities: group.activities });
    former.truncate(FORMER);
}
