//! What a group launches instances from, and whether an instance comes from that.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::settings::{AutoscalingGroup, Launch, MixedInstancesPolicy};

/// What a group launches instances from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Launching {
    /// As the `launch` attribute says it: a launch configuration, or a template and its version.
    pub(crate) launch: String,
    /// Which types may stand in for the template's, AWS's defaults written out.
    pub(crate) mixed: Option<MixedInstancesPolicy>,
}

/// What an instance was launched from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Launched {
    /// In the form of the `launch` attribute. AWS leaves it out once the launch configuration is gone.
    pub(crate) launch: Option<String>,
    /// Its type, such as `t3.small`.
    pub(crate) instance_type: String,
}

impl Launching {
    /// What the attributes of a group say.
    pub(crate) fn of(group: &AutoscalingGroup) -> Self {
        Self {
            launch: group.launch().text(),
            mixed: group.mixed_instances_policy.clone().map(MixedInstancesPolicy::normalized),
        }
    }

    /// Whether an instance is one that the group would launch now. One that does not say what it was launched from
    /// is not: what it came from is gone.
    pub(crate) fn made(&self, launched: &Launched) -> bool {
        let Some(launch) = &launched.launch else { return false };
        same(&Launch::parse(&self.launch), &Launch::parse(launch)) && self.allows(&launched.instance_type)
    }

    fn allows(&self, instance_type: &str) -> bool {
        let types: BTreeSet<&str> = self
            .mixed
            .iter()
            .flat_map(|mixed| &mixed.r#override)
            .map(|one| one.instance_type.as_str())
            .collect();
        types.is_empty() || types.contains(instance_type)
    }
}

/// An instance names the exact version of its template, whatever the group follows.
fn same(wanted: &Launch, launched: &Launch) -> bool {
    match (wanted, launched) {
        (Launch::Template { id, version }, Launch::Template { id: other, .. })
            if version.starts_with('$') =>
        {
            id == other
        }
        _ => wanted == launched,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaling_group::settings::Override;

    fn from(launch: &str, types: &[&str]) -> Launching {
        let one = |name: &&str| Override { instance_type: (*name).to_owned(), weighted_capacity: None };
        let mixed = MixedInstancesPolicy {
            r#override: types.iter().map(one).collect(),
            ..MixedInstancesPolicy::default()
        };
        Launching { launch: launch.to_owned(), mixed: (!types.is_empty()).then(|| mixed.normalized()) }
    }

    #[test]
    fn an_instance_is_current_if_the_group_would_launch_it_now() {
        let template = "lt-0123456789abcdef0";
        for (group, types, launch, instance_type, current) in [
            ("web-2", &[][..], Some("web-2"), "t3.small", true),
            ("web-2", &[], Some("web-1"), "t3.small", false),
            ("web-2", &[], None, "t3.small", false),
            ("lt-0123456789abcdef0:7", &[], Some("lt-0123456789abcdef0:7"), "t3.small", true),
            ("lt-0123456789abcdef0:7", &[], Some("lt-0123456789abcdef0:6"), "t3.small", false),
            (template, &[], Some("lt-0123456789abcdef0:6"), "t3.small", true),
            (template, &[], Some("lt-0fedcba9876543210:6"), "t3.small", false),
            ("lt-0123456789abcdef0:7", &["m5.large"], Some("lt-0123456789abcdef0:7"), "m5.large", true),
            ("lt-0123456789abcdef0:7", &["m5.large"], Some("lt-0123456789abcdef0:7"), "t3.small", false),
        ] {
            let launched =
                Launched { launch: launch.map(str::to_owned), instance_type: instance_type.to_owned() };
            assert_eq!(from(group, types).made(&launched), current, "{group} {types:?} {launched:?}");
        }
    }
}
