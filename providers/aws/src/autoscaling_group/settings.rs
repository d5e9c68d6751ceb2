//! The attributes of a group, and what follows from them.

use std::collections::{BTreeMap, BTreeSet};

use infra_derive::{Block, Schema};
use infra_engine::id::Token;
use infra_lang::residual::Values;
use serde::{Deserialize, Serialize};

use super::swap::Swap;

/// Keeps a number of instances running, launched alike and spread over zones.
///
/// A change of `launch` rolls by `swap`: by default a second group boots, joins the load balancers and holds for a
/// while before the first one goes. Sizes carry over from the live group, so what policies and schedules have done
/// is never undone.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Schema)]
#[serde(default)]
#[kind(
    name = "autoscaling_group",
    tagged,
    id = "^.{1,255}$",
    naming(prefixed(attribute = "name", prefix = "name_prefix", limit = 255)),
    rules(exactly_one("vpc_zone_identifier", "availability_zones"), not_above("min_size", "max_size"))
)]
pub(crate) struct AutoscalingGroup {
    /// The whole name. A group with a fixed name cannot stand beside its successor: prefer `name_prefix`.
    #[attribute(immutable)]
    pub(crate) name: Option<String>,
    /// What the name begins with; six characters complete it.
    #[attribute(immutable)]
    pub(crate) name_prefix: Option<String>,
    /// What instances are launched from: a `launch_configuration` or a `launch_template`.
    #[attribute(required, ty = "one_of(id(launch_configuration), id(launch_template))")]
    pub(crate) launch: String,
    /// Never fewer instances.
    #[attribute(required, ty = "int(0, null)")]
    pub(crate) min_size: i32,
    /// Never more instances.
    #[attribute(required, ty = "int(0, null)")]
    pub(crate) max_size: i32,
    /// How many instances the group starts with, `min_size` if nothing is said. Afterwards it belongs to whoever
    /// scales the group, and a difference is none.
    #[attribute(observed_if_unset, ty = "int(0, null)")]
    pub(crate) desired_capacity: Option<i32>,
    /// The subnets that instances are launched into.
    #[attribute(ty = "list(id(subnet))")]
    pub(crate) vpc_zone_identifier: Vec<String>,
    /// The zones of the default VPC that instances are launched into.
    #[attribute(ty = "list(zone)")]
    pub(crate) availability_zones: Vec<String>,
    /// The placement group of the instances.
    pub(crate) placement_group: Option<String>,
    /// A tag with a say about whether instances get it.
    #[attribute(block(key = "key"))]
    pub(crate) tag: Vec<Tag>,
    /// How running instances follow a change of `launch`.
    #[attribute(at_plan, block)]
    pub(crate) swap: Option<Swap>,
    /// The classic load balancers whose instances these are.
    #[attribute(ty = "set(id(elb))")]
    pub(crate) load_balancers: BTreeSet<String>,
    /// The target groups whose targets these are.
    #[attribute(ty = "set(arn)")]
    pub(crate) target_group_arns: BTreeSet<String>,
    /// Whose word counts about an instance's health: `ELB` behind a balancer, if nothing is said.
    #[attribute(observed_if_unset, ty = r#"enum("EC2", "ELB")"#)]
    pub(crate) health_check_type: Option<String>,
    /// How long after coming into service an instance's health does not count.
    #[attribute(default = 300, ty = "duration")]
    pub(crate) health_check_grace_period: i32,
    /// How long simple scaling policies wait after they have scaled.
    #[attribute(default = 300, ty = "duration")]
    pub(crate) default_cooldown: i32,
    /// How long a new instance counts as warming up.
    #[attribute(ty = "duration")]
    pub(crate) default_instance_warmup: Option<i32>,
    /// How old an instance may become before it is replaced, at least a day.
    #[attribute(ty = "duration")]
    pub(crate) max_instance_lifetime: Option<i32>,
    /// Which instances go first when the group shrinks.
    #[attribute(default = ["Default"])]
    pub(crate) termination_policies: Vec<String>,
    /// Whether new instances are left alone when the group shrinks.
    #[attribute(default = false)]
    pub(crate) protect_from_scale_in: bool,
    /// Whether spot instances are replaced before they are taken away.
    #[attribute(default = false)]
    pub(crate) capacity_rebalance: bool,
    /// What the group leaves undone, such as `AZRebalance`.
    #[attribute(
        ty = r#"set(enum("Launch", "Terminate", "AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck", "InstanceRefresh", "ReplaceUnhealthy", "ScheduledActions"))"#
    )]
    pub(crate) suspended_processes: BTreeSet<String>,
    /// The group's own metrics that CloudWatch collects, such as `GroupInServiceInstances`.
    pub(crate) enabled_metrics: BTreeSet<String>,
    /// How often they are collected.
    #[attribute(default = "1Minute", ty = r#"enum("1Minute")"#)]
    pub(crate) metrics_granularity: String,
    /// The role that Auto Scaling calls other services with.
    #[attribute(observed_if_unset, ty = "arn")]
    pub(crate) service_linked_role_arn: Option<String>,
    /// On-demand and spot instances of several types; needs a launch template.
    #[attribute(block)]
    pub(crate) mixed_instances_policy: Option<MixedInstancesPolicy>,
    /// Tags of the group and of the instances it launches.
    #[attribute(skip)]
    pub(crate) tags: BTreeMap<String, String>,
    /// The group's ARN.
    #[attribute(observed)]
    pub(crate) arn: Option<String>,
    /// How many instances it has now.
    #[attribute(observed)]
    pub(crate) instance_count: Option<i32>,
    /// How many of them are in service and healthy in the group's own eyes.
    #[attribute(observed)]
    pub(crate) in_service_count: Option<i32>,
}

/// A tag with a say about whether instances get it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Block)]
pub(crate) struct Tag {
    /// Its key.
    #[attribute(required)]
    pub(crate) key: String,
    /// Its value.
    #[attribute(required)]
    pub(crate) value: String,
    /// Whether instances launched from now on get it too.
    #[attribute(default = true)]
    #[serde(default = "yes")]
    pub(crate) propagate_at_launch: bool,
}

fn yes() -> bool {
    true
}

/// On-demand and spot instances of several types.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Block)]
#[serde(default)]
pub(crate) struct MixedInstancesPolicy {
    /// So many instances are on demand before any is spot.
    #[attribute(ty = "int(0, null)")]
    pub(crate) on_demand_base_capacity: Option<i32>,
    /// The on-demand share of what is above that.
    #[attribute(ty = "percent(0%, 100%)")]
    pub(crate) on_demand_percentage_above_base_capacity: Option<i32>,
    /// Which spot pools are taken, such as `"price-capacity-optimized"`.
    pub(crate) spot_allocation_strategy: Option<String>,
    /// A type that may stand in for the template's.
    #[attribute(block(key = "instance_type"))]
    #[serde(rename = "override")]
    pub(crate) r#override: Vec<Override>,
}

/// A type that may stand in for the template's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Block)]
pub(crate) struct Override {
    /// The type.
    #[attribute(required, ty = "instance_type")]
    pub(crate) instance_type: String,
    /// For how many instances it counts.
    #[attribute(ty = "int(1, 999)")]
    #[serde(default)]
    pub(crate) weighted_capacity: Option<i32>,
}

impl MixedInstancesPolicy {
    /// The policy with AWS's defaults written out, so that what AWS takes for equal is equal.
    pub(crate) fn normalized(mut self) -> Self {
        self.on_demand_base_capacity.get_or_insert(0);
        self.on_demand_percentage_above_base_capacity.get_or_insert(100);
        self.spot_allocation_strategy.get_or_insert_with(|| "lowest-price".to_owned());
        self
    }
}

/// What instances are launched from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Launch {
    /// A launch configuration, by name.
    Configuration(String),
    /// A launch template, by id, and which of its versions.
    Template {
        /// `lt-…`.
        id: String,
        /// A number, `$Latest` or `$Default`.
        version: String,
    },
}

/// The version of a template that is meant when none is given.
const DEFAULT_VERSION: &str = "$Default";

impl Launch {
    /// Reads a `launch` attribute: `lt-0abc:7`, `lt-0abc`, else the name of a launch configuration.
    pub(crate) fn parse(text: &str) -> Self {
        let (id, version) = text.split_once(':').unwrap_or((text, DEFAULT_VERSION));
        let digits = id.strip_prefix("lt-").unwrap_or_default();
        match digits.len() >= 8 && digits.chars().all(|c| c.is_ascii_hexdigit()) {
            true => Self::Template { id: id.to_owned(), version: version.to_owned() },
            false => Self::Configuration(text.to_owned()),
        }
    }

    /// The attribute's text.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Configuration(name) => name.clone(),
            Self::Template { id, version } if version == DEFAULT_VERSION => id.clone(),
            Self::Template { id, version } => format!("{id}:{version}"),
        }
    }
}

impl AutoscalingGroup {
    /// The name: as written, or the prefix and six characters of the step's token.
    pub(crate) fn name(&self, token: &Token) -> String {
        let prefixed = || format!("{}{}", self.name_prefix.as_deref().unwrap_or_default(), token.suffix());
        self.name.clone().unwrap_or_else(prefixed)
    }

    /// What instances are launched from.
    pub(crate) fn launch(&self) -> Launch {
        Launch::parse(&self.launch)
    }

    /// How many instances a new group starts with.
    pub(crate) fn first_size(&self) -> i32 {
        self.desired_capacity.unwrap_or(self.min_size)
    }

    /// Whether anything sends traffic to the instances.
    pub(crate) fn behind_balancer(&self) -> bool {
        !self.load_balancers.is_empty() || !self.target_group_arns.is_empty()
    }

    /// Whose word counts about health: as written, else the balancer's if there is one.
    pub(crate) fn health_check_type(&self) -> &str {
        let default = if self.behind_balancer() { "ELB" } else { "EC2" };
        self.health_check_type.as_deref().unwrap_or(default)
    }

    /// All tags, by key: value, and whether instances get it. A `tag` block wins over `tags`.
    pub(crate) fn all_tags(&self) -> BTreeMap<String, (String, bool)> {
        let plain = self.tags.iter().map(|(key, value)| (key.clone(), (value.clone(), true)));
        let blocks =
            self.tag.iter().map(|tag| (tag.key.clone(), (tag.value.clone(), tag.propagate_at_launch)));
        plain.chain(blocks).collect()
    }

    /// Sorts tags as AWS tells them into `tag` blocks and `tags`, the way `applied` has them.
    pub(crate) fn take_tags(&mut self, told: BTreeMap<String, (String, bool)>, applied: &Values) {
        let before: AutoscalingGroup = crate::codec::decode(applied).unwrap_or_default();
        for (key, (value, propagate_at_launch)) in told {
            let block = before.tag.iter().any(|tag| tag.key == key);
            match propagate_at_launch && !block {
                true => _ = self.tags.insert(key, value),
                false => self.tag.push(Tag { key, value, propagate_at_launch }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn launch_names_a_configuration_or_an_exact_version_of_a_template() {
        let template = |id: &str, version: &str| Launch::Template { id: id.into(), version: version.into() };
        for (text, expected) in [
            ("web-4f2a", Launch::Configuration("web-4f2a".into())),
            ("lt-like-name", Launch::Configuration("lt-like-name".into())),
            ("lt-0123456789abcdef0:7", template("lt-0123456789abcdef0", "7")),
            ("lt-0123456789abcdef0", template("lt-0123456789abcdef0", "$Default")),
        ] {
            let launch = Launch::parse(text);
            assert_eq!(launch, expected, "{text}");
            assert_eq!(launch.text(), text);
        }
    }

    #[test]
    fn health_is_the_balancers_word_where_there_is_one() {
        let mut group = AutoscalingGroup::default();
        assert_eq!(group.health_check_type(), "EC2");
        group.load_balancers.insert("web".into());
        assert_eq!(group.health_check_type(), "ELB");
        group.health_check_type = Some("EC2".into());
        assert_eq!(group.health_check_type(), "EC2");
    }
}
