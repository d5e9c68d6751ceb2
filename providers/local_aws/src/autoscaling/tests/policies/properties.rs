//! Whatever a metric does and whatever policies follow it.

use proptest::prelude::*;

use super::*;

/// One policy of each kind that may do anything, on the same metric.
fn policies(local: &LocalAws, amount: i64, percent: i64, warmup: u64) {
    let step = format!(
        "PolicyType=StepScaling&AdjustmentType=PercentChangeInCapacity&MinAdjustmentMagnitude=2&EstimatedInstanceWarmup={warmup}&StepAdjustments.member.1.ScalingAdjustment={percent}&StepAdjustments.member.1.MetricIntervalLowerBound=0"
    );
    let step = policy(local, 600, "step", &step);
    let simple = format!("AdjustmentType=ChangeInCapacity&ScalingAdjustment={amount}&Cooldown=60");
    let simple = policy(local, 600, "simple", &simple);
    policy(
        local,
        600,
        "target",
        &format!(
            "PolicyType=TargetTrackingScaling&EstimatedInstanceWarmup={warmup}&TargetTrackingConfiguration.TargetValue=50&TargetTrackingConfiguration.CustomizedMetricSpecification.MetricName=Busy&TargetTrackingConfiguration.CustomizedMetricSpecification.Namespace=App&TargetTrackingConfiguration.CustomizedMetricSpecification.Statistic=Average"
        ),
    );
    alarm(local, 600, "high", "GreaterThanThreshold", 60, &step);
    alarm(local, 600, "low", "LessThanThreshold", 30, &simple);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn a_group_stays_within_its_sizes_and_time_may_pass_in_any_steps(
        values in prop::collection::vec(0_u64..120, 1..25),
        amount in -9_i64..9,
        percent in -80_i64..200,
        warmup in 0_u64..400,
        stops in prop::collection::vec(600_u64..3000, 0..6),
    ) {
        let run = |stops: &[u64]| {
            let local = group_of_ten();
            policies(&local, amount, percent, warmup);
            let mut sizes = Vec::new();
            for (minute, value) in (11..).zip(&values) {
                let (from, to) = (minute * 60 - 60, minute * 60 - 30);
                stops.iter().filter(|stop| (from..to).contains(*stop)).for_each(|stop| _ = desired(&local, *stop));
                sizes.push(measured(&local, minute, *value));
            }
            model(&local, 7200, |_| ());
            (sizes, local.snapshot())
        };
        let (sizes, end) = run(&[]);
        prop_assert!(sizes.iter().all(|size| (2..=20).contains(size)), "{sizes:?}");
        let mut stops = stops;
        stops.sort_unstable();
        prop_assert!(run(&stops).1 == end, "looking on the way changed the future");
    }
}
