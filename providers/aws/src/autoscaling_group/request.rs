//! A group's attributes in the terms of `CreateAutoScalingGroup` and `UpdateAutoScalingGroup`.

use std::collections::BTreeMap;

use aws_sdk_autoscaling::operation::create_auto_scaling_group::builders::CreateAutoScalingGroupInputBuilder;
use aws_sdk_autoscaling::operation::update_auto_scaling_group::builders::UpdateAutoScalingGroupInputBuilder;
use aws_sdk_autoscaling::types::{
    InstancesDistribution, LaunchTemplate, LaunchTemplateOverrides, LaunchTemplateSpecification,
    MixedInstancesPolicy as Policy, Tag,
};

use super::launching::Launching;
use super::settings::{AutoscalingGroup, Launch, MixedInstancesPolicy};
use crate::tags::Tags;

/// The sizes and the traffic that a new group starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// Empty, behind what the attributes say: its parts are made before it boots.
    Prepared,
    /// Empty and behind nothing, with room for so many instances: the new group of a swap.
    Empty {
        /// Never more instances.
        max: i32,
    },
}

/// The request that makes the group `name`; `ours` are our own tags, which instances do not get.
pub(crate) fn create(
    name: &str,
    group: &AutoscalingGroup,
    start: Start,
    ours: &Tags,
) -> CreateAutoScalingGroupInputBuilder {
    let call = CreateAutoScalingGroupInputBuilder::default()
        .auto_scaling_group_name(name)
        .set_vpc_zone_identifier(joined(&group.vpc_zone_identifier))
        .set_availability_zones(some(&group.availability_zones))
        .set_placement_group(group.placement_group.clone())
        .health_check_grace_period(group.health_check_grace_period)
        .default_cooldown(group.default_cooldown)
        .set_default_instance_warmup(group.default_instance_warmup)
        .set_max_instance_lifetime(group.max_instance_lifetime)
        .set_termination_policies(some(&group.termination_policies))
        .new_instances_protected_from_scale_in(group.protect_from_scale_in)
        .capacity_rebalance(group.capacity_rebalance)
        .set_service_linked_role_arn(group.service_linked_role_arn.clone())
        .set_tags(Some(tags(name, &with_ours(group, ours))));
    let call = match start {
        Start::Prepared => call
            .min_size(0)
            .max_size(group.max_size)
            .desired_capacity(0)
            .health_check_type(group.health_check_type())
            .set_load_balancer_names(some(&Vec::from_iter(group.load_balancers.clone())))
            .set_target_group_arns(some(&Vec::from_iter(group.target_group_arns.clone()))),
        Start::Empty { max } => call.min_size(0).max_size(max).desired_capacity(0).health_check_type("EC2"),
    };
    match (policy(group), group.launch()) {
        (Some(policy), _) => call.mixed_instances_policy(policy),
        (None, Launch::Configuration(name)) => call.launch_configuration_name(name),
        (None, Launch::Template { id, version }) => call.launch_template(specification(&id, &version)),
    }
}

/// The request that brings these attributes of the group `name` to what is wanted. What is no longer written is
/// cleared in the way that the API reference says.
pub(crate) fn update(
    name: &str,
    group: &AutoscalingGroup,
    attributes: &[&str],
) -> UpdateAutoScalingGroupInputBuilder {
    let call = UpdateAutoScalingGroupInputBuilder::default().auto_scaling_group_name(name);
    attributes.iter().fold(call, |call, attribute| change(call, group, attribute))
}

/// The request that has the group `name` launch from something else.
pub(crate) fn relaunch(name: &str, from: &Launching) -> UpdateAutoScalingGroupInputBuilder {
    let group = AutoscalingGroup {
        launch: from.launch.clone(),
        mixed_instances_policy: from.mixed.clone(),
        ..AutoscalingGroup::default()
    };
    update(name, &group, &["launch"])
}

fn change(
    call: UpdateAutoScalingGroupInputBuilder,
    group: &AutoscalingGroup,
    attribute: &str,
) -> UpdateAutoScalingGroupInputBuilder {
    match attribute {
        "availability_zones" => call.set_availability_zones(some(&group.availability_zones)),
        "capacity_rebalance" => call.capacity_rebalance(group.capacity_rebalance),
        "default_cooldown" => call.default_cooldown(group.default_cooldown),
        "default_instance_warmup" => {
            call.default_instance_warmup(group.default_instance_warmup.unwrap_or(-1))
        }
        "health_check_grace_period" => call.health_check_grace_period(group.health_check_grace_period),
        "launch" | "mixed_instances_policy" => match (policy(group), group.launch()) {
            (Some(policy), _) => call.mixed_instances_policy(policy),
            (None, Launch::Configuration(name)) => call.launch_configuration_name(name),
            (None, Launch::Template { id, version }) => call.launch_template(specification(&id, &version)),
        },
        "max_instance_lifetime" => call.max_instance_lifetime(group.max_instance_lifetime.unwrap_or(0)),
        "max_size" => call.max_size(group.max_size),
        "min_size" => call.min_size(group.min_size),
        "placement_group" => call.placement_group(group.placement_group.clone().unwrap_or_default()),
        "protect_from_scale_in" => call.new_instances_protected_from_scale_in(group.protect_from_scale_in),
        "service_linked_role_arn" => call.set_service_linked_role_arn(group.service_linked_role_arn.clone()),
        "termination_policies" => call.set_termination_policies(some(&group.termination_policies)),
        "vpc_zone_identifier" => call.set_vpc_zone_identifier(joined(&group.vpc_zone_identifier)),
        _ => call,
    }
}

fn some(items: &[String]) -> Option<Vec<String>> {
    (!items.is_empty()).then(|| items.to_vec())
}

fn joined(items: &[String]) -> Option<String> {
    (!items.is_empty()).then(|| items.join(","))
}

pub(super) fn specification(id: &str, version: &str) -> LaunchTemplateSpecification {
    LaunchTemplateSpecification::builder().launch_template_id(id).version(version).build()
}

/// The policy, if there is one and instances are launched from a template.
pub(super) fn policy(group: &AutoscalingGroup) -> Option<Policy> {
    let Launch::Template { id, version } = group.launch() else { return None };
    let policy = group.mixed_instances_policy.as_ref()?;
    let template = LaunchTemplate::builder()
        .launch_template_specification(specification(&id, &version))
        .set_overrides(Some(overrides(policy)))
        .build();
    let distribution = InstancesDistribution::builder()
        .set_on_demand_base_capacity(policy.on_demand_base_capacity)
        .set_on_demand_percentage_above_base_capacity(policy.on_demand_percentage_above_base_capacity)
        .set_spot_allocation_strategy(policy.spot_allocation_strategy.clone())
        .build();
    Some(Policy::builder().launch_template(template).instances_distribution(distribution).build())
}

fn overrides(policy: &MixedInstancesPolicy) -> Vec<LaunchTemplateOverrides> {
    let one = |o: &super::settings::Override| {
        LaunchTemplateOverrides::builder()
            .instance_type(&o.instance_type)
            .set_weighted_capacity(o.weighted_capacity.map(|weight| weight.to_string()))
            .build()
    };
    policy.r#override.iter().map(one).collect()
}

fn with_ours(group: &AutoscalingGroup, ours: &Tags) -> BTreeMap<String, (String, bool)> {
    let mut all = group.all_tags();
    all.extend(ours.iter().map(|(key, value)| (key.clone(), (value.clone(), false))));
    all
}

/// Tags in the API's form.
pub(crate) fn tags(group: &str, tags: &BTreeMap<String, (String, bool)>) -> Vec<Tag> {
    tags.iter().map(|(key, (value, propagate))| tag(group, key, value, *propagate)).collect()
}

/// A tag in the API's form.
pub(crate) fn tag(group: &str, key: &str, value: &str, propagate: bool) -> Tag {
    Tag::builder()
        .resource_id(group)
        .resource_type("auto-scaling-group")
        .key(key)
        .value(value)
        .propagate_at_launch(propagate)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web() -> AutoscalingGroup {
        AutoscalingGroup {
            launch: "web-4f2a91".into(),
            min_size: 2,
            max_size: 8,
            vpc_zone_identifier: vec!["subnet-1".into(), "subnet-2".into()],
            load_balancers: ["web".to_owned()].into(),
            tags: [("app".to_owned(), "shop".to_owned())].into(),
            ..AutoscalingGroup::default()
        }
    }

    #[test]
    fn a_first_group_is_behind_its_balancers_and_a_second_behind_nothing() {
        let ours = Tags::from([("infra:token".to_owned(), "0".to_owned())]);
        let first = create("web-1", &web(), Start::Prepared, &ours);
        assert_eq!((first.get_max_size(), first.get_desired_capacity()), (&Some(8), &Some(0)));
        assert_eq!(first.get_load_balancer_names().as_deref(), Some(["web".to_owned()].as_slice()));
        assert_eq!(first.get_health_check_type().as_deref(), Some("ELB"));
        assert_eq!(first.get_vpc_zone_identifier().as_deref(), Some("subnet-1,subnet-2"));
        let propagated: Vec<_> =
            first.get_tags().iter().flatten().map(|tag| (tag.key(), tag.propagate_at_launch())).collect();
        assert_eq!(propagated, [(Some("app"), Some(true)), (Some("infra:token"), Some(false))]);
        let second = create("web-2", &web(), Start::Empty { max: 9 }, &ours);
        assert_eq!((second.get_max_size(), second.get_desired_capacity()), (&Some(9), &Some(0)));
        assert_eq!(
            (second.get_load_balancer_names(), second.get_health_check_type().as_deref()),
            (&None, Some("EC2"))
        );
    }

    #[test]
    fn a_template_is_given_with_its_exact_version_or_inside_the_policy() {
        let template = AutoscalingGroup { launch: "lt-0123456789abcdef0:7".into(), ..web() };
        let call = create("web-1", &template, Start::Prepared, &Tags::new());
        assert_eq!(call.get_launch_template().as_ref().and_then(|template| template.version()), Some("7"));
        let mixed =
            AutoscalingGroup { mixed_instances_policy: Some(MixedInstancesPolicy::default()), ..template };
        let call = create("web-1", &mixed, Start::Prepared, &Tags::new());
        assert!(call.get_launch_template().is_none() && call.get_mixed_instances_policy().is_some());
    }

    #[test]
    fn an_update_says_only_what_changes_and_clears_what_is_gone() {
        let call = update("web-1", &web(), &["min_size", "placement_group", "default_instance_warmup"]);
        assert_eq!((call.get_min_size(), call.get_max_size()), (&Some(2), &None));
        assert_eq!(call.get_placement_group().as_deref(), Some(""));
        assert_eq!(*call.get_default_instance_warmup(), Some(-1));
    }
}
