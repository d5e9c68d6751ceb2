//! The list of kinds.

use crate::kind::AwsKind;

/// Every kind, a line each. A new kind is one file and one line here.
pub(crate) static KINDS: &[&dyn AwsKind] = &[
    &crate::ami::Amis,
    &crate::autoscaling_group::AutoscalingGroups,
    &crate::scaling_policy::ScalingPolicies,
    &crate::scheduled_action::ScheduledActions,
    &crate::lifecycle_hook::LifecycleHooks,
    &crate::metric_alarm::MetricAlarms,
    &crate::launch_template::LaunchTemplates,
    &crate::launch_configuration::LaunchConfigurations,
    &crate::elb::Elbs,
    &crate::instance::Instances,
    &crate::vpc::Vpcs,
    &crate::subnet::SubnetKind,
    &crate::many::SubnetsKind,
    &crate::many::ZonesKind,
    &crate::internet_gateway::InternetGateways,
    &crate::route_table::RouteTables,
    &crate::security_group::SecurityGroups,
    &crate::key_pair::KeyPairs,
    &crate::route53_zone::Zones,
    &crate::route53_record::Records,
];

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use infra_lang::schema::{AttributeSchema, KindSchema, Rule};
    use infra_lang::types::Type;

    use super::*;

    /// All attributes of a schema by their path, nested ones too: `listener.lb_port`.
    fn paths(attributes: &[AttributeSchema]) -> BTreeMap<String, &AttributeSchema> {
        let mut found = BTreeMap::new();
        for attribute in attributes {
            found.insert(attribute.name.to_string(), attribute);
            for (path, inner) in attribute.block.iter().flat_map(|block| paths(&block.attributes)) {
                found.insert(format!("{}.{path}", attribute.name), inner);
            }
        }
        found
    }

    fn schemas() -> impl Iterator<Item = &'static KindSchema> {
        KINDS.iter().map(|kind| kind.schema())
    }

    /// Whether a type is one that was written: `ty` falls back to `any` on a misspelling.
    fn is_misspelt(schema: &KindSchema, path: &str, attribute: &AttributeSchema) -> bool {
        let any_on_purpose = [("launch_template", "extra"), ("outputs", "values")];
        attribute.ty == Type::Any && !any_on_purpose.contains(&(schema.name.as_str(), path))
    }

    #[test]
    fn kinds_have_names_of_their_own() {
        let names: BTreeSet<&str> = schemas().map(|schema| schema.name.as_str()).collect();
        assert_eq!(names.len(), KINDS.len());
    }

    #[test]
    fn every_attribute_is_typed_and_documented() {
        for schema in schemas() {
            assert!(!schema.doc.is_empty(), "{} has no documentation", schema.name);
            for (path, attribute) in paths(&schema.attributes).into_iter().chain(paths(&schema.lookup)) {
                assert!(!attribute.doc.is_empty(), "{}.{path} has no documentation", schema.name);
                assert!(!is_misspelt(schema, &path, attribute), "{}.{path} has a misspelt type", schema.name);
            }
        }
    }

    #[test]
    fn names_and_rules_are_about_attributes_that_exist() {
        for schema in schemas() {
            let mut named = vec![&schema.handle];
            named.extend(schema.naming.attributes());
            for rule in &schema.rules {
                match rule {
                    Rule::ExactlyOne(all) | Rule::AtMostOne(all) => named.extend(all),
                    Rule::NotAbove(low, high) => named.extend([low, high]),
                }
            }
            if schema.lookup_only {
                named.remove(0);
            }
            for name in named {
                assert!(schema.attribute(name.as_str()).is_some(), "{} has no `{name}`", schema.name);
            }
        }
    }

    #[test]
    fn every_attribute_stands_once() {
        for schema in schemas() {
            let names: BTreeSet<&str> =
                schema.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
            assert_eq!(names.len(), schema.attributes.len(), "{}", schema.name);
        }
    }
}
