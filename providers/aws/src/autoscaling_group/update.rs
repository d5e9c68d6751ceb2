//! Changing a group in place: what differs is brought to what is wanted, a call at a time.

use std::collections::{BTreeMap, BTreeSet};

use infra_engine::provider::ProviderError;

use super::act::{Act, perform};
use super::blue_green::of;
use super::group::{Group, Health, count};
use super::phase::Next;
use super::request;
use super::settings::AutoscalingGroup;
use crate::client::Aws;
use crate::error::failed;

/// Tags by key: value, and whether instances get it.
pub(crate) type GroupTags = BTreeMap<String, (String, bool)>;

/// One call of an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    /// `UpdateAutoScalingGroup` for these attributes.
    Settings(Vec<&'static str>),
    /// Set and remove tags.
    Tags(GroupTags, Vec<String>),
    /// Join target groups.
    Join(Vec<String>),
    /// Leave target groups.
    Leave(Vec<String>),
    /// No longer collect metrics.
    Ignore(Vec<String>),
    /// What a swap does too.
    Act(Act),
}

/// A group in all its forms, and what is wanted of it.
pub(crate) struct State<'a> {
    /// The attributes to change.
    pub(crate) changed: &'a BTreeSet<String>,
    /// What is wanted.
    pub(crate) wanted: &'a AutoscalingGroup,
    /// What is there.
    pub(crate) have: &'a AutoscalingGroup,
    /// The same with its instances.
    pub(crate) live: &'a Group,
    /// The user's tags that are there.
    pub(crate) tags: &'a GroupTags,
    /// What the wanted load balancers say.
    pub(crate) health: &'a Health,
}

/// What comes next. A balancer is joined and proven before another is left, and its word counts about health only
/// once all instances pass.
pub(crate) fn next(s: &State<'_>) -> Next<Call> {
    let order = [settings, tags, joining, passing, leaving, health_check, processes, metrics, capacity];
    order.iter().map(|part| part(s)).find(|step| *step != Next::Done).unwrap_or(Next::Done)
}

fn settings(s: &State<'_>) -> Next<Call> {
    let differs: Vec<&'static str> = DIFFERS
        .iter()
        .filter(|(name, differs)| s.changed.contains(*name) && differs(s.wanted, s.have))
        .map(|(name, _)| *name)
        .collect();
    if differs.is_empty() { Next::Done } else { Next::Act(Call::Settings(differs)) }
}

type Differs = fn(&AutoscalingGroup, &AutoscalingGroup) -> bool;

/// How each attribute of `UpdateAutoScalingGroup` is compared.
const DIFFERS: [(&str, Differs); 15] = [
    ("availability_zones", |a, b| sorted(&a.availability_zones) != sorted(&b.availability_zones)),
    ("capacity_rebalance", |a, b| a.capacity_rebalance != b.capacity_rebalance),
    ("default_cooldown", |a, b| a.default_cooldown != b.default_cooldown),
    ("default_instance_warmup", |a, b| a.default_instance_warmup != b.default_instance_warmup),
    ("health_check_grace_period", |a, b| a.health_check_grace_period != b.health_check_grace_period),
    ("launch", |a, b| a.launch() != b.launch()),
    ("max_instance_lifetime", |a, b| a.max_instance_lifetime != b.max_instance_lifetime),
    ("max_size", |a, b| a.max_size != b.max_size),
    ("min_size", |a, b| a.min_size != b.min_size),
    ("mixed_instances_policy", |a, b| mixed(a) != mixed(b)),
    ("placement_group", |a, b| a.placement_group != b.placement_group),
    ("protect_from_scale_in", |a, b| a.protect_from_scale_in != b.protect_from_scale_in),
    ("service_linked_role_arn", |a, b| a.service_linked_role_arn != b.service_linked_role_arn),
    ("termination_policies", |a, b| a.termination_policies != b.termination_policies),
    ("vpc_zone_identifier", |a, b| sorted(&a.vpc_zone_identifier) != sorted(&b.vpc_zone_identifier)),
];

fn sorted(items: &[String]) -> BTreeSet<&String> {
    items.iter().collect()
}

fn mixed(group: &AutoscalingGroup) -> Option<super::settings::MixedInstancesPolicy> {
    group.mixed_instances_policy.clone().map(super::settings::MixedInstancesPolicy::normalized)
}

fn tags(s: &State<'_>) -> Next<Call> {
    if !s.changed.contains("tags") && !s.changed.contains("tag") {
        return Next::Done;
    }
    let wanted = s.wanted.all_tags();
    let set: GroupTags = wanted
        .iter()
        .filter(|(k, v)| s.tags.get(*k) != Some(*v))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    let remove: Vec<String> = s.tags.keys().filter(|key| !wanted.contains_key(*key)).cloned().collect();
    match set.is_empty() && remove.is_empty() {
        true => Next::Done,
        false => Next::Act(Call::Tags(set, remove)),
    }
}

/// What is in `one` and not in `other`; nothing if the attribute does not change.
fn surplus(
    s: &State<'_>,
    attribute: &str,
    one: &BTreeSet<String>,
    other: &BTreeSet<String>,
) -> Option<Vec<String>> {
    let surplus: Vec<String> = one.difference(other).cloned().collect();
    (s.changed.contains(attribute) && !surplus.is_empty()).then_some(surplus)
}

fn joining(s: &State<'_>) -> Next<Call> {
    let balancers = surplus(s, "load_balancers", &s.wanted.load_balancers, &s.live.balancers);
    let targets = surplus(s, "target_group_arns", &s.wanted.target_group_arns, &s.have.target_group_arns);
    let group = s.live.name.clone();
    match (balancers, targets) {
        (Some(balancers), _) => Next::Act(Call::Act(Act::Attach { group, balancers })),
        (None, Some(targets)) => Next::Act(Call::Join(targets)),
        (None, None) => Next::Done,
    }
}

fn passing(s: &State<'_>) -> Next<Call> {
    let ready = count(s.live.ready().count());
    let serving = s.live.serving(&s.wanted.load_balancers, s.health);
    match s.changed.contains("load_balancers") && serving < ready {
        true => Next::Wait(format!("{} instances pass every load balancer", of(serving, ready))),
        false => Next::Done,
    }
}

fn leaving(s: &State<'_>) -> Next<Call> {
    let balancers = surplus(s, "load_balancers", &s.live.balancers, &s.wanted.load_balancers);
    let targets = surplus(s, "target_group_arns", &s.have.target_group_arns, &s.wanted.target_group_arns);
    let group = s.live.name.clone();
    match (balancers, targets) {
        (Some(balancers), _) => Next::Act(Call::Act(Act::Detach { group, balancers })),
        (None, Some(targets)) => Next::Act(Call::Leave(targets)),
        (None, None) => Next::Done,
    }
}

/// The type follows from the balancers where it is not written.
fn health_check(s: &State<'_>) -> Next<Call> {
    let follows = ["health_check_type", "load_balancers", "target_group_arns"];
    let changes = follows.iter().any(|name| s.changed.contains(*name));
    match changes && s.wanted.health_check_type() != s.live.health_check_type {
        true => Next::Act(Call::Act(Act::CheckBy {
            group: s.live.name.clone(),
            by: s.wanted.health_check_type().to_owned(),
        })),
        false => Next::Done,
    }
}

fn processes(s: &State<'_>) -> Next<Call> {
    let (wanted, have) = (&s.wanted.suspended_processes, s.live.suspended.keys().cloned().collect());
    let group = s.live.name.clone();
    if let Some(processes) = surplus(s, "suspended_processes", &have, wanted) {
        return Next::Act(Call::Act(Act::Resume { group, processes }));
    }
    let missing = surplus(s, "suspended_processes", wanted, &have);
    missing.map_or(Next::Done, |processes| Next::Act(Call::Act(Act::Suspend { group, processes })))
}

fn metrics(s: &State<'_>) -> Next<Call> {
    let (wanted, have) = (&s.wanted.enabled_metrics, &s.live.metrics);
    if let Some(metrics) = surplus(s, "enabled_metrics", wanted, have) {
        let (group, granularity) = (s.live.name.clone(), s.wanted.metrics_granularity.clone());
        return Next::Act(Call::Act(Act::Measure { group, metrics, granularity }));
    }
    surplus(s, "enabled_metrics", have, wanted).map_or(Next::Done, |metrics| Next::Act(Call::Ignore(metrics)))
}

/// A higher minimum is reached when the instances are there.
fn capacity(s: &State<'_>) -> Next<Call> {
    let ready = count(s.live.ready().count());
    match s.changed.contains("min_size") && ready < s.wanted.min_size {
        true => Next::Wait(format!("{} instances in service", of(ready, s.wanted.min_size))),
        false => Next::Done,
    }
}

/// Makes the call for the group `name`.
///
/// # Errors
/// What AWS answers.
pub(crate) async fn carry_out(
    aws: &Aws,
    name: &str,
    wanted: &AutoscalingGroup,
    call: &Call,
) -> Result<String, ProviderError> {
    let api = &aws.autoscaling;
    match call {
        Call::Settings(attributes) => {
            let input = request::update(name, wanted, attributes);
            input.send_with(api).await.map_err(failed("UpdateAutoScalingGroup"))?;
            Ok(format!("changed {}", attributes.join(", ")))
        }
        Call::Tags(set, remove) => {
            change_tags(aws, name, set, remove).await?;
            Ok("changed tags".to_owned())
        }
        Call::Join(targets) => {
            let call = api.attach_load_balancer_target_groups().auto_scaling_group_name(name);
            let call = call.set_target_group_arns(Some(targets.clone()));
            call.send().await.map_err(failed("AttachLoadBalancerTargetGroups"))?;
            Ok("joined target groups".to_owned())
        }
        Call::Leave(targets) => {
            let call = api.detach_load_balancer_target_groups().auto_scaling_group_name(name);
            let call = call.set_target_group_arns(Some(targets.clone()));
            call.send().await.map_err(failed("DetachLoadBalancerTargetGroups"))?;
            Ok("left target groups".to_owned())
        }
        Call::Ignore(metrics) => {
            let call = api.disable_metrics_collection().auto_scaling_group_name(name);
            let call = call.set_metrics(Some(metrics.clone()));
            call.send().await.map_err(failed("DisableMetricsCollection"))?;
            Ok("no longer collects metrics".to_owned())
        }
        Call::Act(act) => perform(aws, act).await.map(|()| act.to_string()),
    }
}

/// `CreateOrUpdateTags` and `DeleteTags` take so many tags.
const TAGS: usize = 25;

async fn change_tags(aws: &Aws, name: &str, set: &GroupTags, remove: &[String]) -> Result<(), ProviderError> {
    for some in request::tags(name, set).chunks(TAGS) {
        let call = aws.autoscaling.create_or_update_tags().set_tags(Some(some.to_vec()));
        call.send().await.map_err(failed("CreateOrUpdateTags"))?;
    }
    let removed: GroupTags = remove.iter().map(|key| (key.clone(), Default::default())).collect();
    for some in request::tags(name, &removed).chunks(TAGS) {
        let call = aws.autoscaling.delete_tags().set_tags(Some(some.to_vec()));
        call.send().await.map_err(failed("DeleteTags"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
