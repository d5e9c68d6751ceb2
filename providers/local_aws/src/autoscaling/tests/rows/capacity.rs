//! Instances that come and go.

use std::thread;

use super::*;
use crate::model::behaviour::{App, Behaviour};
use crate::model::ec2::CapacityLimit;

#[test]
fn instances_that_come() {
    check(&[
        ("instances appear over time (not inside the Create call)", |s| {
            s.configuration("one");
            s.asg(&format!("CreateAutoScalingGroup&AutoScalingGroupName=g&LaunchConfigurationName=one&MinSize=2&MaxSize=2&{ZONES}"), "200");
            s.is(s.states(), String::new());
            s.later();
            s.is(s.states(), "InService InService".to_owned());
        }),
        ("desired capacity reached; instances are real EC2 instances", |s| {
            s.ok("ec2", "CreateKeyPair&KeyName=door");
            let group = s.ok("ec2", "CreateSecurityGroup&GroupName=web&GroupDescription=web");
            let group = field(&group, "groupId").unwrap_or_default().to_owned();
            s.asg(&format!("CreateLaunchConfiguration&LaunchConfigurationName=one&{SMALL}&KeyName=door&SecurityGroups.member.1={group}&UserData=aGVsbG8%3D"), "200");
            let tag = "Tags.member.1.Key=Role&Tags.member.1.Value=web&Tags.member.1.PropagateAtLaunch=true";
            s.asg(&format!("CreateAutoScalingGroup&AutoScalingGroupName=g&LaunchConfigurationName=one&MinSize=1&MaxSize=1&{tag}&{ZONES}"), "200");
            s.later();
            let told = s.ok(
                "ec2",
                "DescribeInstances&Filter.1.Name=tag:aws:autoscaling:groupName&Filter.1.Value.1=g",
            );
            s.is(field(&told, "instanceId").map(str::to_owned), s.instances().pop());
            s.is([field(&told, "keyName"), field(&told, "name")], [Some("door"), Some("running")]);
            s.says(&told, &group);
            s.says(&told, "<key>Role</key><value>web</value>");
        }),
        ("instance user data from LC", |s| {
            s.asg(
                &format!(
                    "CreateLaunchConfiguration&LaunchConfigurationName=data&{SMALL}&UserData=aGVsbG8%3D"
                ),
                "200",
            );
            s.asg(&format!("CreateAutoScalingGroup&AutoScalingGroupName=g&LaunchConfigurationName=data&MinSize=1&MaxSize=1&{ZONES}"), "200");
            s.later();
            let id = s.instances().remove(0);
            let told = s.ok("ec2", &format!("DescribeInstanceAttribute&Attribute=userData&InstanceId={id}"));
            s.says(&told, "<userData><value>aGVsbG8=</value></userData>");
        }),
        ("instances registered at the ELB", |s| {
            s.balancer();
            s.group("MinSize=2&MaxSize=2&LoadBalancerNames.member.1=web");
            s.is(s.registered(), 2);
        }),
        ("DescribeLoadBalancers state Adding->Added->InService", |s| {
            s.balancer();
            s.group("MinSize=1&MaxSize=1");
            let state = || {
                let told = s.asg("DescribeLoadBalancers&AutoScalingGroupName=g", "200");
                field(&told, "State").unwrap_or_default().to_owned()
            };
            s.asg("AttachLoadBalancers&AutoScalingGroupName=g&LoadBalancerNames.member.1=web", "200");
            s.is(state(), "Adding".to_owned());
            s.later();
            s.is(state(), "Added".to_owned());
            s.asg("UpdateAutoScalingGroup&AutoScalingGroupName=g&HealthCheckType=ELB", "200");
            s.later();
            s.is(state(), "InService".to_owned());
        }),
        ("HealthCheckType=ELB replaces instances failing the ELB check", |s| {
            s.local.behave("*", Behaviour { boot: None, app: App::NeverListens });
            s.balancer();
            s.group("MinSize=1&MaxSize=1&LoadBalancerNames.member.1=web&HealthCheckType=ELB");
            let first = s.instances();
            s.later();
            assert_ne!(s.instances(), first, "{}", s.row);
            s.says(
                &s.asg("DescribeScalingActivities", "200"),
                "in response to an ELB system health check failure.",
            );
        }),
        ("DescribeScalingActivities", |s| {
            s.group("MinSize=1&MaxSize=1");
            let id = s.instances().remove(0);
            let told = s.asg("DescribeScalingActivities&AutoScalingGroupName=g", "200");
            s.is(field(&told, "Description"), Some(format!("Launching a new EC2 instance: {id}").as_str()));
            s.is([field(&told, "StatusCode"), field(&told, "Progress")], [Some("Successful"), Some("100")]);
            s.says(
                &told,
                "a user request created an AutoScalingGroup changing the desired capacity from 0 to 1.",
            );
            s.says(&told, "an instance was started in response to a difference between desired and actual capacity, increasing the capacity from 0 to 1.");
            s.says(&told, "Availability Zone");
            let filtered = "DescribeScalingActivities&Filters.member.1.Name=Status&Filters.member.1.Values.member.1=Failed";
            s.is(field(&s.asg(filtered, "200"), "ActivityId"), None);
            s.asg("DeleteAutoScalingGroup&AutoScalingGroupName=g&ForceDelete=true", "200");
            s.later();
            s.is(field(&s.asg("DescribeScalingActivities", "200"), "ActivityId"), None);
            let told = s.asg("DescribeScalingActivities&IncludeDeletedGroups=true", "200");
            s.is(field(&told, "AutoScalingGroupState"), Some("deleted"));
        }),
        ("DescribeAutoScalingInstances", |s| {
            s.group("MinSize=1&MaxSize=1");
            let told = s.asg("DescribeAutoScalingInstances", "200");
            let seen = [
                "AutoScalingGroupName",
                "LifecycleState",
                "HealthStatus",
                "LaunchConfigurationName",
                "InstanceType",
                "ProtectedFromScaleIn",
            ]
            .map(|name| field(&told, name).unwrap_or_default());
            s.is(seen, ["g", "InService", "Healthy", "one", "t1.micro", "false"]);
        }),
    ]);
}

#[test]
fn sizes() {
    check(&[
        ("SetDesiredCapacity up and down", |s| {
            s.group("MinSize=0&MaxSize=3&DesiredCapacity=1");
            for (desired, machines) in [(3, "running running running"), (1, "running terminated terminated")]
            {
                s.asg(&format!("SetDesiredCapacity&AutoScalingGroupName=g&DesiredCapacity={desired}"), "200");
                s.later();
                s.is((s.instances().len(), s.machines().as_str()), (desired, machines));
            }
        }),
        ("LaunchInstances", |s| {
            let launch = "LaunchInstances&AutoScalingGroupName=g&ClientToken=once&RequestedCapacity=2";
            s.group("MinSize=0&MaxSize=4");
            s.says(&s.invalid(&format!("{launch}&AvailabilityZones.member.1=us-east-1a")), "launch template");
            s.ok("ec2", "CreateLaunchTemplate&LaunchTemplateName=small&LaunchTemplateData.ImageId=ami-22de994a&LaunchTemplateData.InstanceType=t1.micro");
            s.asg(
                "UpdateAutoScalingGroup&AutoScalingGroupName=g&LaunchTemplate.LaunchTemplateName=small",
                "200",
            );
            s.invalid(launch);
            let here = format!("{launch}&AvailabilityZones.member.1=us-east-1b");
            let told = s.asg(&here, "200");
            s.is(
                (fields(&told, "AvailabilityZone"), field(&told, "ErrorCode")),
                (vec!["us-east-1b", "us-east-1b"], None),
            );
            let again = s.asg(&here, "200");
            let ids = |told: &str| told.split("InstanceIds").map(str::to_owned).collect::<Vec<_>>().len();
            s.is((ids(&again), s.of_group("DesiredCapacity")), (ids(&told), Some("2".to_owned())));
            s.asg(&here.replace("Capacity=2", "Capacity=1"), "IdempotentParameterMismatch 400");
            s.later();
            s.is(s.states(), "InService InService".to_owned());
            s.model(|model| {
                model.ec2.capacity.limits.push(CapacityLimit { left: 1, ..CapacityLimit::default() })
            });
            let told = s.asg(&here.replace("once", "twice"), "200");
            s.is(field(&told, "ErrorCode"), Some("InsufficientInstanceCapacity"));
            s.is(s.of_group("DesiredCapacity"), Some("3".to_owned()));
            s.invalid(&here.replace("once", "thrice"));
        }),
        ("SetDesiredCapacity > max -> ValidationError", |s| {
            s.group("MinSize=0&MaxSize=3");
            let said = s.invalid("SetDesiredCapacity&AutoScalingGroupName=g&DesiredCapacity=4");
            s.says(&said, "New SetDesiredCapacity value 4 is above max value 3 for the AutoScalingGroup.");
        }),
        ("Update MaxSize below desired lowers desired; MinSize above raises", |s| {
            s.group("MinSize=0&MaxSize=3&DesiredCapacity=2");
            s.asg("UpdateAutoScalingGroup&AutoScalingGroupName=g&MaxSize=1", "200");
            s.is(s.of_group("DesiredCapacity"), Some("1".to_owned()));
            s.asg("UpdateAutoScalingGroup&AutoScalingGroupName=g&MinSize=3&MaxSize=3", "200");
            s.is(s.of_group("DesiredCapacity"), Some("3".to_owned()));
            let said = s.invalid("UpdateAutoScalingGroup&AutoScalingGroupName=g&DesiredCapacity=10");
            s.says(&said, "Desired capacity:10 must be between the specified min size:3 and max size:3");
        }),
        ("ASG: 20 parallel SetDesiredCapacity end consistent", |s| {
            s.group("MinSize=0&MaxSize=10");
            let resize = |desired: usize| {
                let form =
                    format!("Action=SetDesiredCapacity&AutoScalingGroupName=g&DesiredCapacity={desired}");
                call(&s.local, s.now(), "autoscaling", &form).0
            };
            let all = thread::scope(|scope| {
                let started: Vec<_> = (0..20).map(|n| scope.spawn(move || resize(n % 7))).collect();
                started.into_iter().filter_map(|one| one.join().ok()).collect::<Vec<u16>>()
            });
            s.is(all, vec![200; 20]);
            (0..4).for_each(|_| s.later());
            let desired = s.of_group("DesiredCapacity");
            s.is(desired, Some(s.instances().len().to_string()));
            s.is(s.machines().matches("running").count(), s.instances().len());
        }),
        ("SuspendProcesses Launch stops launching; Resume launches", |s| {
            s.group("MinSize=0&MaxSize=2&DesiredCapacity=1");
            s.asg("SuspendProcesses&AutoScalingGroupName=g&ScalingProcesses.member.1=Launch", "200");
            s.says(&s.described(), "<ProcessName>Launch</ProcessName><SuspensionReason>User suspended at");
            s.asg("SetDesiredCapacity&AutoScalingGroupName=g&DesiredCapacity=2", "200");
            s.later();
            s.is(s.instances().len(), 1);
            s.asg("ResumeProcesses&AutoScalingGroupName=g&ScalingProcesses.member.1=Launch", "200");
            s.later();
            s.is(s.instances().len(), 2);
        }),
        ("SuspendProcesses bad name -> ValidationError", |s| {
            s.group("MinSize=0&MaxSize=0");
            s.invalid("SuspendProcesses&AutoScalingGroupName=g&ScalingProcesses.member.1=Nap");
        }),
        ("PutScalingPolicy simple/step/target + Describe/Delete/Execute", |s| {
            s.group("MinSize=0&MaxSize=3");
            let put = "PutScalingPolicy&AutoScalingGroupName=g&PolicyName=";
            let simple = format!("{put}simple&AdjustmentType=ChangeInCapacity&ScalingAdjustment=1");
            s.says(&s.asg(&simple, "200"), ":autoScalingGroupName/g:policyName/simple</PolicyARN>");
            s.asg(&format!("{put}step&PolicyType=StepScaling&AdjustmentType=ChangeInCapacity&StepAdjustments.member.1.MetricIntervalLowerBound=0&StepAdjustments.member.1.ScalingAdjustment=1"), "200");
            let target = "TargetTrackingConfiguration.TargetValue=50&TargetTrackingConfiguration.PredefinedMetricSpecification.PredefinedMetricType=ASGAverageCPUUtilization";
            let told = s.asg(&format!("{put}target&PolicyType=TargetTrackingScaling&{target}"), "200");
            s.is(fields(&told, "AlarmName").len(), 2);
            let told = s.asg("DescribePolicies&AutoScalingGroupName=g", "200");
            s.is(fields(&told, "PolicyType"), vec!["SimpleScaling", "StepScaling", "TargetTrackingScaling"]);
            s.asg("ExecutePolicy&AutoScalingGroupName=g&PolicyName=simple", "200");
            s.later();
            s.is(s.instances().len(), 1);
            s.asg("DeletePolicy&AutoScalingGroupName=g&PolicyName=simple", "200");
            s.invalid("DeletePolicy&AutoScalingGroupName=g&PolicyName=simple");
        }),
    ]);
}
