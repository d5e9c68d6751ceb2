//! An example for each kind, for its reference page; a test checks them all.

macro_rules! examples {
    ($($kind:literal,)*) => {
        const EXAMPLES: &[(&str, &str)] =
            &[$(($kind, include_str!(concat!("examples/", $kind, ".infra"))),)*];
    };
}

examples! {
    "ami",
    "autoscaling_group",
    "availability_zones",
    "elb",
    "instance",
    "internet_gateway",
    "key_pair",
    "launch_configuration",
    "launch_template",
    "lifecycle_hook",
    "metric_alarm",
    "route53_record",
    "route53_zone",
    "route_table",
    "scaling_policy",
    "scheduled_action",
    "security_group",
    "subnet",
    "subnets",
    "vpc",
}

/// The example of a kind.
pub fn of(kind: &str) -> Option<&'static str> {
    EXAMPLES.iter().find(|(name, _)| *name == kind).map(|(_, text)| *text)
}
