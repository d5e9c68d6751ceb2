use infra_lang::residual::Residual;
use serde_json::json;

use super::*;

fn attributes(json: serde_json::Value) -> Attributes {
    let values: Values = serde_json::from_value(json).expect("attributes");
    values.into_iter().map(|(name, value)| (name, Residual::Known(value))).collect()
}

fn said(json: serde_json::Value) -> String {
    let problems = ScalingPolicies.problems(&attributes(json));
    problems.into_iter().map(|(name, said)| format!("{name}: {said}")).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_type_takes_its_own_attributes() {
    insta::assert_snapshot!(said(json!({ "policy_type": "SimpleScaling", "step_adjustment": [{ "scaling_adjustment": 1 }] })), @r"
    step_adjustment: a policy of type `SimpleScaling` takes no `step_adjustment`; StepScaling does
    policy_type: a policy of type `SimpleScaling` needs `adjustment_type`
    policy_type: a policy of type `SimpleScaling` needs `scaling_adjustment`
    step_adjustment: a step has a lower or an upper bound, or both
    ");
    insta::assert_snapshot!(said(json!({
        "policy_type": "StepScaling", "adjustment_type": "ExactCapacity", "min_adjustment_magnitude": 2,
        "step_adjustment": [
            { "metric_interval_lower_bound": 10, "metric_interval_upper_bound": 5, "scaling_adjustment": 1 },
        ],
    })), @r#"
    min_adjustment_magnitude: only a change in percent has a least magnitude: `adjustment_type = "PercentChangeInCapacity"`
    step_adjustment: the lower bound (10) has to be below the upper bound (5)
    "#);
    let simple = json!({ "policy_type": "SimpleScaling", "adjustment_type": "ExactCapacity", "scaling_adjustment": 1 });
    assert_eq!(said(simple), "");
}

#[test]
fn what_aws_tells_is_what_was_asked_for() {
    let wanted = ScalingPolicy {
        name: "cpu".to_owned(),
        autoscaling_group_name: "web-1".to_owned(),
        policy_type: "TargetTrackingScaling".to_owned(),
        enabled: true,
        target_tracking_configuration: Some(TargetTracking {
            target_value: 1.0 / 3.0,
            customized_metric_specification: Some(CustomizedMetric {
                metric_name: "Queue".to_owned(),
                namespace: "Shop".to_owned(),
                statistic: "Sum".to_owned(),
                metric_dimension: vec![Dimension { name: "b".to_owned(), value: "1".to_owned() }],
                ..CustomizedMetric::default()
            }),
            ..TargetTracking::default()
        }),
        ..ScalingPolicy::default()
    };
    let sent = convert::request(&wanted).build().expect("a request");
    let described = Described::builder()
        .policy_name("cpu")
        .auto_scaling_group_name("web-1")
        .policy_type("TargetTrackingScaling")
        .set_target_tracking_configuration(sent.target_tracking_configuration)
        .build();
    assert_eq!(convert::told(&described), wanted);
}

#[test]
fn neither_order_nor_a_default_counts() {
    let value = |json: serde_json::Value| serde_json::from_value::<Value>(json).expect("a value");
    let same =
        |name: &str, one, other| ScalingPolicies.same(&AttributeName::new(name), &value(one), &value(other));
    let (low, high) = (
        json!({ "metric_interval_upper_bound": 0, "scaling_adjustment": 1 }),
        json!({ "metric_interval_lower_bound": 0, "scaling_adjustment": 2 }),
    );
    assert!(same("step_adjustment", json!([low, high]), json!([high, low])));
    assert!(!same("step_adjustment", json!([low, high]), json!([low])));
    let tracking = |off: Option<bool>| json!({ "target_value": 50, "disable_scale_in": off });
    assert!(same("target_tracking_configuration", tracking(None), tracking(Some(false))));
    assert!(!same("target_tracking_configuration", tracking(None), tracking(Some(true))));
}

#[test]
fn the_name_stands_in_the_arn() {
    let arn = "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:0b1c:autoScalingGroupName/a/b:policyName/out";
    assert_eq!(policy_name(arn), "out");
}
