//! Lists that are the same for everybody.

use crate::wire::Node;

use super::{notifications, processes, scale_in};

/// Answers the describes that take no parameters; none if the action is not one of them.
pub fn describe(action: &str) -> Option<Node> {
    let named = |list: &'static str, name: &'static str, values: &[&str]| {
        Node::body().members(list, values.iter().map(|value| Node::body().field(name, value)))
    };
    let plain =
        |list: &'static str, values: &[&str]| Node::body().members(list, values.iter().map(Node::value));
    match action {
        "DescribeAdjustmentTypes" => Some(named(
            "AdjustmentTypes",
            "AdjustmentType",
            &["ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"],
        )),
        "DescribeAutoScalingNotificationTypes" => {
            Some(plain("AutoScalingNotificationTypes", &notifications::TYPES))
        }
        "DescribeLifecycleHookTypes" => Some(plain(
            "LifecycleHookTypes",
            &["autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"],
        )),
        "DescribeMetricCollectionTypes" => Some(named("Metrics", "Metric", &processes::METRICS).with(named(
            "Granularities",
            "Granularity",
            &["1Minute"],
        ))),
        "DescribeScalingProcessTypes" => Some(named("Processes", "ProcessName", &processes::PROCESSES)),
        "DescribeTerminationPolicyTypes" => Some(plain("TerminationPolicyTypes", &scale_in::POLICIES)),
        _ => None,
    }
}
