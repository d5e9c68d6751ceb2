//! Rows of alarms, and of what acts on a group by itself.

use super::{names, rpc};
use crate::testing::{Asked, check, fast};
use crate::wire::Data;

const ALARM: Asked = (
    "monitoring",
    "PutMetricAlarm&AlarmName=busy&Namespace=App&MetricName=Jobs&Statistic=Sum&Period=60&EvaluationPeriods=1&Threshold=1&ComparisonOperator=GreaterThanThreshold&Tags.member.1.Key=team&Tags.member.1.Value=web",
    "200",
    "",
);
const DELETE: &str = "DeleteAlarms&AlarmNames.member.1=busy";
const DESCRIBE: &str = "DescribeAlarms&AlarmNames.member.1=busy";

#[test]
fn cloudwatch_answers_as_aws_does() {
    let tags = "ListTagsForResource&ResourceARN=arn:aws:cloudwatch:us-east-1:123456789012:alarm:busy";
    let data = "PutMetricData&Namespace=App&MetricData.member.1.MetricName=Jobs&MetricData.member.1.Value=1";
    check(&[
        (
            "PutMetricAlarm/Describe/Delete",
            &[
                ALARM,
                ("monitoring", DESCRIBE, "200", "<AlarmName>busy</AlarmName>"),
                ("monitoring", DELETE, "200", ""),
                ("monitoring", DESCRIBE, "200", "<MetricAlarms></MetricAlarms>"),
            ],
        ),
        ("DeleteAlarms missing -> ResourceNotFound", &[("monitoring", DELETE, "ResourceNotFound 404", "")]),
        (
            "PutMetricAlarm tags + PutMetricData",
            &[
                ALARM,
                ("monitoring", tags, "200", "<Value>web</Value>"),
                ("monitoring", data, "200", ""),
                ("monitoring", "ListMetrics", "200", "<MetricName>Jobs</MetricName>"),
            ],
        ),
    ]);
}

#[test]
fn speaks_rpc_v2_cbor() {
    let local = fast();
    let put = Data::body()
        .with("AlarmName", Data::text("busy"))
        .with("Namespace", Data::text("App"))
        .with("MetricName", Data::text("Jobs"))
        .with("Statistic", Data::text("Sum"))
        .with("ComparisonOperator", Data::text("GreaterThanThreshold"))
        .with("Threshold", Data::Number(1.0))
        .with("Period", Data::Int(60))
        .with("EvaluationPeriods", Data::Int(1));
    assert_eq!(rpc(&local, "PutMetricAlarm", &put).0, 200);
    assert_eq!(rpc(&local, "DescribeAlarms", &names(&["busy"])).2.list("MetricAlarms").len(), 1);
}

const CONFIGURATION: Asked = (
    "autoscaling",
    "CreateLaunchConfiguration&LaunchConfigurationName=lc&ImageId=ami-22de994a&InstanceType=t1.micro",
    "200",
    "",
);
const GROUP: Asked = (
    "autoscaling",
    "CreateAutoScalingGroup&AutoScalingGroupName=g&LaunchConfigurationName=lc&MinSize=0&MaxSize=4&AvailabilityZones.member.1=us-east-1a",
    "200",
    "",
);

#[test]
fn policies_and_schedules_answer_as_aws_does() {
    const SIMPLE: &str = "PutScalingPolicy&AutoScalingGroupName=g&PolicyName=simple&AdjustmentType=ChangeInCapacity&ScalingAdjustment=1";
    const STEP: &str = "PutScalingPolicy&AutoScalingGroupName=g&PolicyName=step&PolicyType=StepScaling&AdjustmentType=ExactCapacity&StepAdjustments.member.1.ScalingAdjustment=2&StepAdjustments.member.1.MetricIntervalLowerBound=0";
    const TARGET: &str = "PutScalingPolicy&AutoScalingGroupName=g&PolicyName=target&PolicyType=TargetTrackingScaling&TargetTrackingConfiguration.TargetValue=50&TargetTrackingConfiguration.PredefinedMetricSpecification.PredefinedMetricType=ASGAverageCPUUtilization";
    const SCHEDULE: &str = "PutScheduledUpdateGroupAction&AutoScalingGroupName=g&ScheduledActionName=night&Recurrence=0 22 * * *&MinSize=0";
    check(&[
        (
            "PutScalingPolicy simple/step/target + Describe/Delete/Execute",
            &[
                CONFIGURATION,
                GROUP,
                ("autoscaling", SIMPLE, "200", "<PolicyARN>arn:aws:autoscaling:"),
                ("autoscaling", STEP, "200", "policyName/step"),
                ("autoscaling", TARGET, "200", "<AlarmName>TargetTracking-g-AlarmHigh-"),
                (
                    "autoscaling",
                    "DescribePolicies&AutoScalingGroupName=g",
                    "200",
                    "<TargetValue>50</TargetValue>",
                ),
                ("autoscaling", "ExecutePolicy&AutoScalingGroupName=g&PolicyName=simple", "200", ""),
                ("autoscaling", "DescribeAutoScalingGroups", "200", "<DesiredCapacity>1</DesiredCapacity>"),
                ("autoscaling", "DeletePolicy&AutoScalingGroupName=g&PolicyName=target", "200", ""),
                ("monitoring", "DescribeAlarms", "200", "<MetricAlarms></MetricAlarms>"),
            ],
        ),
        (
            "PutScheduledUpdateGroupAction/Describe/Delete",
            &[
                CONFIGURATION,
                GROUP,
                ("autoscaling", SCHEDULE, "200", ""),
                (
                    "autoscaling",
                    "DescribeScheduledActions",
                    "200",
                    "<StartTime>2026-11-21T22:00:00.000Z</StartTime>",
                ),
                (
                    "autoscaling",
                    "DeleteScheduledAction&AutoScalingGroupName=g&ScheduledActionName=night",
                    "200",
                    "",
                ),
                (
                    "autoscaling",
                    "DescribeScheduledActions",
                    "200",
                    "<ScheduledUpdateGroupActions></ScheduledUpdateGroupActions>",
                ),
            ],
        ),
    ]);
}
