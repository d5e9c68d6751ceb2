//! Between a policy's struct and the shapes of AWS.

use aws_sdk_autoscaling::operation::put_scaling_policy::builders::PutScalingPolicyInputBuilder;
use aws_sdk_autoscaling::types::{
    CustomizedMetricSpecification, MetricDimension, MetricType, PredefinedMetricSpecification,
    ScalingPolicy as Described, StepAdjustment as DescribedStep, TargetTrackingConfiguration,
};

use super::{CustomizedMetric, Dimension, PredefinedMetric, ScalingPolicy, StepAdjustment, TargetTracking};

/// The call that makes the policy, or overwrites the one of that name.
pub(super) fn request(wanted: &ScalingPolicy) -> PutScalingPolicyInputBuilder {
    let steps: Vec<DescribedStep> = wanted.step_adjustment.iter().map(step).collect();
    let tracking = wanted.target_tracking_configuration.as_ref();
    PutScalingPolicyInputBuilder::default()
        .auto_scaling_group_name(&wanted.autoscaling_group_name)
        .policy_name(&wanted.name)
        .policy_type(&wanted.policy_type)
        .set_adjustment_type(wanted.adjustment_type.clone())
        .set_scaling_adjustment(wanted.scaling_adjustment)
        .set_cooldown(wanted.cooldown)
        .set_min_adjustment_magnitude(wanted.min_adjustment_magnitude)
        .set_metric_aggregation_type(wanted.metric_aggregation_type.clone())
        .set_estimated_instance_warmup(wanted.estimated_instance_warmup)
        .enabled(wanted.enabled)
        .set_step_adjustments((!steps.is_empty()).then_some(steps))
        .set_target_tracking_configuration(tracking.map(track))
}

fn step(wanted: &StepAdjustment) -> DescribedStep {
    DescribedStep::builder()
        .set_metric_interval_lower_bound(wanted.metric_interval_lower_bound)
        .set_metric_interval_upper_bound(wanted.metric_interval_upper_bound)
        .scaling_adjustment(wanted.scaling_adjustment)
        .build()
}

fn track(wanted: &TargetTracking) -> TargetTrackingConfiguration {
    TargetTrackingConfiguration::builder()
        .target_value(wanted.target_value)
        .set_disable_scale_in(wanted.disable_scale_in)
        .set_predefined_metric_specification(wanted.predefined_metric_specification.as_ref().map(predefined))
        .set_customized_metric_specification(wanted.customized_metric_specification.as_ref().map(customized))
        .build()
}

fn predefined(wanted: &PredefinedMetric) -> PredefinedMetricSpecification {
    PredefinedMetricSpecification::builder()
        .predefined_metric_type(MetricType::from(wanted.predefined_metric_type.as_str()))
        .set_resource_label(wanted.resource_label.clone())
        .build()
}

fn customized(wanted: &CustomizedMetric) -> CustomizedMetricSpecification {
    let dimension = |one: &Dimension| MetricDimension::builder().name(&one.name).value(&one.value).build();
    let dimensions: Vec<_> = wanted.metric_dimension.iter().map(dimension).collect();
    CustomizedMetricSpecification::builder()
        .metric_name(&wanted.metric_name)
        .namespace(&wanted.namespace)
        .statistic(wanted.statistic.as_str().into())
        .set_unit(wanted.unit.clone())
        .set_dimensions((!dimensions.is_empty()).then_some(dimensions))
        .build()
}

/// What `DescribePolicies` tells of it.
pub(super) fn told(described: &Described) -> ScalingPolicy {
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    ScalingPolicy {
        name: described.policy_name().unwrap_or_default().to_owned(),
        autoscaling_group_name: described.auto_scaling_group_name().unwrap_or_default().to_owned(),
        // Policies older than the types are told without one.
        policy_type: text(described.policy_type()).unwrap_or_else(|| "SimpleScaling".to_owned()),
        adjustment_type: text(described.adjustment_type()),
        scaling_adjustment: described.scaling_adjustment(),
        cooldown: described.cooldown(),
        min_adjustment_magnitude: described.min_adjustment_magnitude(),
        metric_aggregation_type: text(described.metric_aggregation_type()),
        estimated_instance_warmup: described.estimated_instance_warmup(),
        enabled: described.enabled().unwrap_or(true),
        step_adjustment: described.step_adjustments().iter().map(told_step).collect(),
        target_tracking_configuration: described.target_tracking_configuration().map(told_tracking),
        arn: text(described.policy_arn()),
        id: text(described.policy_arn()),
    }
}

fn told_step(described: &DescribedStep) -> StepAdjustment {
    StepAdjustment {
        metric_interval_lower_bound: described.metric_interval_lower_bound(),
        metric_interval_upper_bound: described.metric_interval_upper_bound(),
        scaling_adjustment: described.scaling_adjustment().unwrap_or_default(),
    }
}

fn told_tracking(described: &TargetTrackingConfiguration) -> TargetTracking {
    let predefined = |metric: &PredefinedMetricSpecification| PredefinedMetric {
        predefined_metric_type: metric
            .predefined_metric_type()
            .map(|kind| kind.as_str().to_owned())
            .unwrap_or_default(),
        resource_label: metric.resource_label().map(str::to_owned),
    };
    TargetTracking {
        target_value: described.target_value().unwrap_or_default(),
        disable_scale_in: described.disable_scale_in(),
        predefined_metric_specification: described.predefined_metric_specification().map(predefined),
        customized_metric_specification: described.customized_metric_specification().map(told_custom),
    }
}

fn told_custom(described: &CustomizedMetricSpecification) -> CustomizedMetric {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let dimension = |one: &MetricDimension| Dimension { name: text(one.name()), value: text(one.value()) };
    CustomizedMetric {
        metric_name: text(described.metric_name()),
        namespace: text(described.namespace()),
        statistic: text(described.statistic().map(|statistic| statistic.as_str())),
        unit: described.unit().map(str::to_owned),
        metric_dimension: described.dimensions().iter().map(dimension).collect(),
    }
}
