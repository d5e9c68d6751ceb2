//! Groups as AWS describes them: as attributes for the planner, and as plain data for decisions.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_autoscaling::types::{
    AutoScalingGroup as Described, Instance, LaunchTemplateSpecification, LifecycleState,
    MixedInstancesPolicy as DescribedPolicy,
};
use futures_util::future::try_join_all;
use infra_engine::provider::ProviderError;
use infra_lang::residual::Values;

use super::group::{Activities, Check, Group, Health, Member, count};
use super::launching::{Launched, Launching};
use super::settings::{AutoscalingGroup, Launch, MixedInstancesPolicy, Override};
use crate::client::Aws;
use crate::error::failed;
use crate::tags::{SWAP, TOKEN, is_users};

/// `DescribeAutoScalingGroups` takes so many names.
const NAMES: usize = 50;

/// Reads groups by name; those that are not there are not in the answer.
///
/// # Errors
/// What `DescribeAutoScalingGroups` answers.
pub(crate) async fn describe(
    aws: &Aws,
    names: &BTreeSet<String>,
) -> Result<BTreeMap<String, Described>, ProviderError> {
    let names: Vec<String> = names.iter().cloned().collect();
    let mut found = BTreeMap::new();
    for some in names.chunks(NAMES) {
        let call = aws.autoscaling.describe_auto_scaling_groups();
        let mut pages =
            call.set_auto_scaling_group_names(Some(some.to_vec())).into_paginator().items().send();
        while let Some(group) = pages.next().await {
            let group = group.map_err(failed("DescribeAutoScalingGroups"))?;
            found.extend(group.auto_scaling_group_name().map(str::to_owned).map(|name| (name, group)));
        }
    }
    Ok(found)
}

/// Asks each load balancer about the instances on its list, at the same time.
///
/// # Errors
/// What `DescribeInstanceHealth` answers; a load balancer that is gone is an error too.
pub(crate) async fn health(aws: &Aws, balancers: &BTreeSet<String>) -> Result<Health, ProviderError> {
    let asked = balancers.iter().map(|name| async move {
        let call = aws.elb.describe_instance_health().load_balancer_name(name);
        let answer = call.send().await.map_err(failed("DescribeInstanceHealth"))?;
        let states = answer.instance_states().iter();
        let checks = states
            .filter_map(|s| Some((s.instance_id()?.to_owned(), Check::read(s.state(), s.description()))));
        Ok((name.clone(), checks.collect()))
    });
    Ok(Health(try_join_all(asked).await?.into_iter().collect()))
}

/// Whether one of the load balancers sends requests only to instances in the zone they came in by.
///
/// # Errors
/// What `DescribeLoadBalancerAttributes` answers.
pub(crate) async fn keep_to_zones(aws: &Aws, balancers: &BTreeSet<String>) -> Result<bool, ProviderError> {
    let asked = balancers.iter().map(|name| async move {
        let call = aws.elb.describe_load_balancer_attributes().load_balancer_name(name);
        let answer = call.send().await.map_err(failed("DescribeLoadBalancerAttributes"))?;
        let attributes = answer.load_balancer_attributes();
        let across =
            attributes.and_then(|all| all.cross_zone_load_balancing()).is_some_and(|across| across.enabled());
        Ok(!across)
    });
    Ok(try_join_all(asked).await?.contains(&true))
}

/// The load balancers that a group is behind and stays behind. The group itself still names those that it is leaving
/// until the last instance has drained; one that is no longer told here has been left since the group was read.
///
/// # Errors
/// What `DescribeLoadBalancers` of Auto Scaling answers.
pub(crate) async fn staying(aws: &Aws, group: &str) -> Result<BTreeSet<String>, ProviderError> {
    let call = aws.autoscaling.describe_load_balancers().auto_scaling_group_name(group);
    let answer = call.send().await.map_err(failed("DescribeLoadBalancers"))?;
    let stay =
        answer.load_balancers().iter().filter(|one| !matches!(one.state(), Some("Removing" | "Removed")));
    Ok(stay.filter_map(|one| one.load_balancer_name().map(str::to_owned)).collect())
}

/// What a group has done lately: the newest hundred activities, those after the one called `since`.
///
/// # Errors
/// What `DescribeScalingActivities` answers.
pub(crate) async fn activities(
    aws: &Aws,
    group: &str,
    since: Option<&str>,
) -> Result<Activities, ProviderError> {
    let call = aws.autoscaling.describe_scaling_activities().auto_scaling_group_name(group).max_records(100);
    let answer = call.send().await.map_err(failed("DescribeScalingActivities"))?;
    let newer = answer.activities().iter().take_while(|one| since.is_none() || one.activity_id() != since);
    let told = newer.map(|activity| {
        let failed = activity.status_code().is_some_and(|code| code.as_str() == "Failed");
        (activity.description().unwrap_or_default(), failed, activity.status_message().unwrap_or_default())
    });
    Ok(Activities::sum(told))
}

/// The plain data that decisions are made from.
pub(crate) fn group(described: &Described) -> Group {
    let suspended = described.suspended_processes().iter();
    let suspended = suspended.filter_map(|process| {
        Some((process.process_name()?.to_owned(), process.suspension_reason().unwrap_or_default().to_owned()))
    });
    let tag =
        |key| described.tags().iter().find(|tag| tag.key() == Some(key)).and_then(|tag| text(tag.value()));
    Group {
        name: text(described.auto_scaling_group_name()).unwrap_or_default(),
        min: described.min_size().unwrap_or_default(),
        max: described.max_size().unwrap_or_default(),
        desired: described.desired_capacity().unwrap_or_default(),
        launching: Launching {
            launch: launch(described).map(|launch| launch.text()).unwrap_or_default(),
            mixed: described.mixed_instances_policy().map(|it| policy(it).normalized()),
        },
        health_check_type: text(described.health_check_type()).unwrap_or_else(|| "EC2".to_owned()),
        grace: described.health_check_grace_period().unwrap_or_default(),
        balancers: described.load_balancer_names().iter().cloned().collect(),
        suspended: suspended.collect(),
        metrics: described.enabled_metrics().iter().filter_map(|one| text(one.metric())).collect(),
        members: described.instances().iter().map(member).collect(),
        deleting: described.status().is_some(),
        token: tag(TOKEN),
        claim: tag(SWAP),
    }
}

fn member(instance: &Instance) -> Member {
    let in_service = instance.lifecycle_state() == Some(&LifecycleState::InService);
    Member {
        id: text(instance.instance_id()).unwrap_or_default(),
        zone: text(instance.availability_zone()).unwrap_or_default(),
        ready: in_service
            && instance.health_status().is_none_or(|status| status.eq_ignore_ascii_case("healthy")),
        protected: instance.protected_from_scale_in().unwrap_or_default(),
        away: instance.lifecycle_state().is_some_and(is_away),
        launched: launched(instance),
    }
}

/// Whether the group keeps another instance in the place of this one.
fn is_away(state: &LifecycleState) -> bool {
    let state = state.as_str();
    ["Terminat", "Detach", "EnteringStandby", "Standby", "Warmed", "Quarantined"]
        .iter()
        .any(|start| state.starts_with(start))
}

fn launched(instance: &Instance) -> Launched {
    let template = instance.launch_template().and_then(|template| {
        let id = template.launch_template_id()?.to_owned();
        Some(Launch::Template { id, version: version(template) })
    });
    let configuration = || text(instance.launch_configuration_name()).map(Launch::Configuration);
    Launched {
        launch: template.or_else(configuration).map(|launch| launch.text()),
        instance_type: text(instance.instance_type()).unwrap_or_default(),
    }
}

/// An absent text comes as an empty element.
fn text(given: Option<&str>) -> Option<String> {
    given.filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The group's attributes. What AWS tells in more than one form is told in the form that `applied` has.
pub(crate) fn attributes(described: &Described, applied: &Values) -> AutoscalingGroup {
    let live = group(described);
    let zones = applied.contains_key("availability_zones");
    let subnets: Vec<String> = described.vpc_zone_identifier().map(split).unwrap_or_default();
    let mut attributes = AutoscalingGroup {
        name: Some(live.name.clone()),
        launch: launch(described).map(|launch| launch.text()).unwrap_or_default(),
        min_size: live.min,
        max_size: live.max,
        desired_capacity: Some(live.desired),
        availability_zones: match zones || subnets.is_empty() {
            true => described.availability_zones().to_vec(),
            false => Vec::new(),
        },
        vpc_zone_identifier: if zones { Vec::new() } else { subnets },
        placement_group: text(described.placement_group()),
        load_balancers: live.balancers.clone(),
        target_group_arns: described.target_group_arns().iter().cloned().collect(),
        health_check_type: Some(live.health_check_type.clone()),
        health_check_grace_period: described.health_check_grace_period().unwrap_or_default(),
        default_cooldown: described.default_cooldown().unwrap_or_default(),
        default_instance_warmup: described.default_instance_warmup(),
        max_instance_lifetime: described.max_instance_lifetime().filter(|seconds| *seconds > 0),
        termination_policies: described.termination_policies().to_vec(),
        protect_from_scale_in: described.new_instances_protected_from_scale_in().unwrap_or_default(),
        capacity_rebalance: described.capacity_rebalance().unwrap_or_default(),
        suspended_processes: live.suspended.keys().cloned().collect(),
        enabled_metrics: live.metrics.clone(),
        metrics_granularity: "1Minute".to_owned(),
        service_linked_role_arn: text(described.service_linked_role_arn()),
        mixed_instances_policy: described.mixed_instances_policy().map(policy),
        arn: text(described.auto_scaling_group_arn()),
        instance_count: Some(count(live.members.len())),
        in_service_count: Some(count(live.ready().count())),
        ..AutoscalingGroup::default()
    };
    attributes.take_tags(users_tags(described), applied);
    attributes
}

fn split(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

pub(super) fn launch(described: &Described) -> Option<Launch> {
    let mixed = described.mixed_instances_policy().and_then(|policy| policy.launch_template());
    let template = described.launch_template().or_else(|| mixed?.launch_template_specification());
    match template.and_then(|template| Some((template.launch_template_id()?, template))) {
        Some((id, template)) => Some(Launch::Template { id: id.to_owned(), version: version(template) }),
        None => text(described.launch_configuration_name()).map(Launch::Configuration),
    }
}

fn version(template: &LaunchTemplateSpecification) -> String {
    template.version().unwrap_or("$Default").to_owned()
}

fn policy(described: &DescribedPolicy) -> MixedInstancesPolicy {
    let distribution = described.instances_distribution();
    let overrides = described.launch_template().map(|template| template.overrides()).unwrap_or_default();
    let overrides = overrides.iter().filter_map(|one| {
        let weighted_capacity = one.weighted_capacity().and_then(|weight| weight.parse().ok());
        Some(Override { instance_type: one.instance_type()?.to_owned(), weighted_capacity })
    });
    MixedInstancesPolicy {
        on_demand_base_capacity: distribution.and_then(|d| d.on_demand_base_capacity()),
        on_demand_percentage_above_base_capacity: distribution
            .and_then(|d| d.on_demand_percentage_above_base_capacity()),
        spot_allocation_strategy: distribution.and_then(|d| text(d.spot_allocation_strategy())),
        r#override: overrides.collect(),
    }
}

/// The user's tags by key: value, and whether instances get it.
pub(crate) fn users_tags(described: &Described) -> BTreeMap<String, (String, bool)> {
    let tags = described.tags().iter().filter_map(|tag| {
        let value = tag.value().unwrap_or_default().to_owned();
        Some((tag.key()?.to_owned(), (value, tag.propagate_at_launch().unwrap_or_default())))
    });
    tags.filter(|(key, _)| is_users(key)).collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_autoscaling::types::{SuspendedProcess, TagDescription};
    use infra_lang::value::Value;

    use super::*;
    use crate::autoscaling_group::SCHEMA;
    use crate::codec::{attribute, encode};

    fn tag(key: &str, value: &str, propagate: bool) -> TagDescription {
        TagDescription::builder().key(key).value(value).propagate_at_launch(propagate).build()
    }

    fn instance(id: &str, state: LifecycleState) -> Instance {
        Instance::builder()
            .instance_id(id)
            .lifecycle_state(state)
            .health_status("Healthy")
            .protected_from_scale_in(false)
            .build()
    }

    fn described() -> Described {
        Described::builder()
            .auto_scaling_group_name("shop-web-4f2a91")
            .launch_template(
                LaunchTemplateSpecification::builder()
                    .launch_template_id("lt-0123456789abcdef0")
                    .version("7")
                    .build(),
            )
            .min_size(2)
            .max_size(8)
            .desired_capacity(3)
            .default_cooldown(300)
            .health_check_type("ELB")
            .health_check_grace_period(90)
            .vpc_zone_identifier("subnet-1, subnet-2")
            .availability_zones("us-east-1a")
            .load_balancer_names("web")
            .termination_policies("Default")
            .suspended_processes(SuspendedProcess::builder().process_name("AZRebalance").build())
            .instances(instance("i-1", LifecycleState::InService))
            .instances(instance("i-2", LifecycleState::Pending))
            .tags(tag("app", "shop", true))
            .tags(tag("owner", "ops", false))
            .tags(tag("infra:token", "0", false))
            .build()
    }

    fn shown(applied: &Values) -> String {
        let values = encode(&SCHEMA, &attributes(&described(), applied));
        let lines: Vec<String> = values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        lines.join("\n")
    }

    #[test]
    fn a_group_is_told_by_its_attributes() {
        insta::assert_snapshot!(shown(&Values::new()));
    }

    #[test]
    fn zones_and_tag_blocks_are_told_the_way_they_were_written() {
        let zones = Value::List(vec![Value::string("us-east-1a")]);
        let block = serde_json::json!([{ "key": "app", "value": "shop" }]);
        let block = serde_json::from_value(block).expect("a value");
        let applied: Values = [attribute("availability_zones", zones), attribute("tag", block)].into();
        let read = attributes(&described(), &applied);
        assert_eq!((read.availability_zones.len(), read.vpc_zone_identifier.len()), (1, 0));
        let keys: Vec<&str> = read.tag.iter().map(|tag| tag.key.as_str()).collect();
        assert_eq!((keys, read.tags.len()), (vec!["app", "owner"], 0));
    }

    #[test]
    fn only_a_healthy_instance_in_service_is_ready() {
        let ready: Vec<bool> = group(&described()).members.iter().map(|member| member.ready).collect();
        assert_eq!(ready, [true, false]);
    }
}
