//! Launch configurations, and making, changing and deleting groups.

use std::thread;

use super::*;

#[test]
fn launch_configurations() {
    check(&[
        ("CreateLaunchConfiguration/Describe, user data base64", |s| {
            let disk = "BlockDeviceMappings.member.1.DeviceName=/dev/sdb&BlockDeviceMappings.member.1.Ebs.VolumeSize=8";
            let form = format!(
                "CreateLaunchConfiguration&LaunchConfigurationName=one&{SMALL}&UserData=aGVsbG8%3D&{disk}"
            );
            s.asg(&form, "200");
            let told = s.asg("DescribeLaunchConfigurations", "200");
            s.is(field(&told, "UserData"), Some("aGVsbG8="));
            s.is([field(&told, "DeviceName"), field(&told, "VolumeSize")], [Some("/dev/sdb"), Some("8")]);
        }),
        ("CreateLaunchConfiguration dup -> AlreadyExists", |s| {
            s.configuration("one");
            let again = format!("CreateLaunchConfiguration&LaunchConfigurationName=one&{SMALL}");
            let said = s.asg(&again, "AlreadyExists 400");
            s.says(&said, "Launch Configuration by this name already exists - A launch configuration already exists with the name one");
        }),
        ("CreateLaunchConfiguration unknown AMI -> ValidationError", |s| {
            let said = s.invalid("CreateLaunchConfiguration&LaunchConfigurationName=one&InstanceType=t1.micro&ImageId=ami-0123456789abcdef0");
            s.says(
                &said,
                "AMI ami-0123456789abcdef0 is invalid: The image id '[ami-0123456789abcdef0]' does not exist",
            );
        }),
        ("CreateLaunchConfiguration unknown key -> ValidationError", |s| {
            s.invalid(&format!("CreateLaunchConfiguration&LaunchConfigurationName=one&{SMALL}&KeyName=nope"));
        }),
        ("CreateLaunchConfiguration unknown SG -> ValidationError", |s| {
            s.invalid(&format!("CreateLaunchConfiguration&LaunchConfigurationName=one&{SMALL}&SecurityGroups.member.1=sg-0123456789abcdef0"));
        }),
        ("CreateLaunchConfiguration user data not base64 -> ValidationError", |s| {
            s.invalid(&format!("CreateLaunchConfiguration&LaunchConfigurationName=one&{SMALL}&UserData=%21"));
        }),
        ("CreateLaunchConfiguration no ImageId/InstanceId -> ValidationError", |s| {
            s.invalid("CreateLaunchConfiguration&LaunchConfigurationName=one&InstanceType=t1.micro");
        }),
        ("DescribeLaunchConfigurations missing -> empty", |s| {
            let told = s.asg("DescribeLaunchConfigurations&LaunchConfigurationNames.member.1=nope", "200");
            s.is(field(&told, "LaunchConfigurationName"), None);
        }),
        ("DeleteLaunchConfiguration missing -> ValidationError", |s| {
            s.invalid("DeleteLaunchConfiguration&LaunchConfigurationName=nope");
        }),
        ("DeleteLaunchConfiguration attached -> ResourceInUse", |s| {
            s.group("MinSize=0&MaxSize=0");
            let said = s.asg("DeleteLaunchConfiguration&LaunchConfigurationName=one", "ResourceInUse 400");
            s.says(
                &said,
                "Cannot delete launch configuration one because it is attached to AutoScalingGroup g",
            );
        }),
        ("CreateLaunchConfiguration same name: one winner of 20", |s| {
            let form = format!("Action=CreateLaunchConfiguration&LaunchConfigurationName=one&{SMALL}");
            let create = || outcome(&call(&s.local, s.now(), "autoscaling", &form));
            let all: Vec<String> = thread::scope(|scope| {
                let started: Vec<_> = (0..20).map(|_| scope.spawn(create)).collect();
                started.into_iter().filter_map(|one| one.join().ok()).collect()
            });
            s.is(all.iter().filter(|outcome| *outcome == "200").count(), 1);
            s.is(all.iter().filter(|outcome| *outcome == "AlreadyExists 400").count(), 19);
        }),
    ]);
}

const SIZES: &str = "MinSize=0&MaxSize=1";

fn create(rest: &str) -> String {
    format!("CreateAutoScalingGroup&AutoScalingGroupName=new&{rest}")
}

#[test]
fn making_groups() {
    check(&[
        ("CreateAutoScalingGroup with LC + ELB + tags", |s| {
            s.balancer();
            let tag = "Tags.member.1.Key=Role&Tags.member.1.Value=web&Tags.member.1.PropagateAtLaunch=true";
            s.group(&format!("MinSize=1&MaxSize=2&DesiredCapacity=2&LoadBalancerNames.member.1=web&HealthCheckGracePeriod=90&{tag}"));
            let told = s.described();
            let seen = [
                "LaunchConfigurationName",
                "MinSize",
                "MaxSize",
                "DesiredCapacity",
                "HealthCheckGracePeriod",
                "HealthCheckType",
            ]
            .map(|name| field(&told, name).unwrap_or_default());
            s.is(seen, ["one", "1", "2", "2", "90", "EC2"]);
            s.says(&told, "<LoadBalancerNames><member>web</member></LoadBalancerNames>");
            s.says(&told, "<ResourceId>g</ResourceId><ResourceType>auto-scaling-group</ResourceType><Key>Role</Key><Value>web</Value><PropagateAtLaunch>true</PropagateAtLaunch>");
        }),
        ("Create dup -> AlreadyExists", |s| {
            s.group(SIZES);
            let again = format!(
                "CreateAutoScalingGroup&AutoScalingGroupName=g&LaunchConfigurationName=one&{SIZES}&{ZONES}"
            );
            s.says(
                &s.asg(&again, "AlreadyExists 400"),
                "AutoScalingGroup by this name already exists - A group with the name g already exists",
            );
        }),
        ("Create unknown LC -> ValidationError", |s| {
            s.says(
                &s.invalid(&create(&format!("LaunchConfigurationName=nope&{SIZES}&{ZONES}"))),
                "Launch configuration name not found",
            );
        }),
        ("Create Min>Max -> ValidationError", |s| {
            s.configuration("one");
            s.invalid(&create(&format!("LaunchConfigurationName=one&MinSize=2&MaxSize=1&{ZONES}")));
        }),
        ("Create no LC/LT -> ValidationError", |s| {
            s.invalid(&create(&format!("{SIZES}&{ZONES}")));
        }),
        ("Create no AZ/subnet -> ValidationError", |s| {
            s.configuration("one");
            s.invalid(&create(&format!("LaunchConfigurationName=one&{SIZES}")));
        }),
        ("Create unknown ELB -> ValidationError", |s| {
            s.configuration("one");
            let said = s.invalid(&create(&format!(
                "LaunchConfigurationName=one&{SIZES}&{ZONES}&LoadBalancerNames.member.1=nope"
            )));
            s.says(&said, "Provided Load Balancers may not be valid");
        }),
        ("Create unknown subnet -> ValidationError", |s| {
            s.configuration("one");
            s.invalid(&create(&format!(
                "LaunchConfigurationName=one&{SIZES}&VPCZoneIdentifier=subnet-0123456789abcdef0"
            )));
        }),
        ("ASG with launch template + MixedInstancesPolicy", |s| {
            s.ok("ec2", "CreateLaunchTemplate&LaunchTemplateName=small&LaunchTemplateData.ImageId=ami-22de994a&LaunchTemplateData.InstanceType=t1.micro");
            let policy = "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateName=small&MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.Version=$Latest&MixedInstancesPolicy.LaunchTemplate.Overrides.member.1.InstanceType=m1.small&MixedInstancesPolicy.LaunchTemplate.Overrides.member.2.InstanceType=t1.micro";
            s.asg(&create(&format!("{policy}&MinSize=2&MaxSize=2&{ZONES}")), "200");
            s.later();
            let told = s.described();
            s.says(&told, "<Version>$Latest</Version>");
            s.says(&told, "<Overrides><member><InstanceType>m1.small</InstanceType></member><member><InstanceType>t1.micro</InstanceType></member></Overrides>");
            s.says(&told, "<OnDemandPercentageAboveBaseCapacity>100</OnDemandPercentageAboveBaseCapacity>");
            let told = s.asg("DescribeAutoScalingInstances", "200");
            s.is(fields(&told, "InstanceType"), vec!["m1.small", "m1.small"]);
            s.is(fields(&told, "Version"), vec!["1", "1"]);
            let unknown = "MixedInstancesPolicy.LaunchTemplate.Overrides.member.1.InstanceType=not-a-type";
            s.invalid(&create(&format!("MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateName=small&{unknown}&{SIZES}&{ZONES}")).replace("=new", "=other"));
        }),
        ("DescribeAutoScalingGroups paging", |s| {
            s.configuration("one");
            for n in 0..12 {
                let form = create(&format!("LaunchConfigurationName=one&MinSize=0&MaxSize=0&{ZONES}"));
                s.asg(&form.replace("=new", &format!("=g{n:02}")), "200");
            }
            let first = s.asg("DescribeAutoScalingGroups&MaxRecords=5", "200");
            let token = field(&first, "NextToken").unwrap_or_default();
            let second = s.asg(&format!("DescribeAutoScalingGroups&MaxRecords=10&NextToken={token}"), "200");
            s.is([&first, &second].map(|page| fields(page, "AutoScalingGroupName").len()), [5, 7]);
            s.is(field(&second, "NextToken"), None);
            s.asg("DescribeAutoScalingGroups&NextToken=nonsense", "InvalidNextToken 400");
        }),
    ]);
}

#[test]
fn changing_and_deleting_groups() {
    check(&[
        ("Update Min>Max -> ValidationError", |s| {
            s.group("MinSize=0&MaxSize=1");
            s.invalid("UpdateAutoScalingGroup&AutoScalingGroupName=g&MinSize=2");
        }),
        ("Update missing -> ValidationError", |s| {
            s.says(
                &s.invalid("UpdateAutoScalingGroup&AutoScalingGroupName=nope&MinSize=0"),
                "AutoScalingGroup name not found",
            );
        }),
        ("Update to a new LC keeps the old instances' LC name", |s| {
            s.group("MinSize=1&MaxSize=2");
            s.configuration("two");
            s.asg(
                "UpdateAutoScalingGroup&AutoScalingGroupName=g&LaunchConfigurationName=two&DesiredCapacity=2",
                "200",
            );
            s.later();
            let told = s.asg("DescribeAutoScalingInstances", "200");
            let mut names = fields(&told, "LaunchConfigurationName");
            names.sort_unstable();
            s.is(names, vec!["one", "two"]);
        }),
        ("old LC deletable after the switch", |s| {
            s.group("MinSize=1&MaxSize=1");
            s.configuration("two");
            s.asg("UpdateAutoScalingGroup&AutoScalingGroupName=g&LaunchConfigurationName=two", "200");
            s.asg("DeleteLaunchConfiguration&LaunchConfigurationName=one", "200");
            s.later();
            s.is(s.states(), "InService".to_owned());
        }),
        ("DeleteAutoScalingGroup with instances -> ResourceInUse", |s| {
            s.group("MinSize=1&MaxSize=1");
            let said = s.asg("DeleteAutoScalingGroup&AutoScalingGroupName=g", "ResourceInUse 400");
            s.says(&said, "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.");
            s.is(s.machines(), "running".to_owned());
        }),
        ("DeleteAutoScalingGroup with DeletionProtection -> ValidationError", |s| {
            s.group("MinSize=0&MaxSize=0&DeletionProtection=prevent-force-deletion");
            s.is(s.of_group("DeletionProtection"), Some("prevent-force-deletion".to_owned()));
            s.invalid("DeleteAutoScalingGroup&AutoScalingGroupName=g&ForceDelete=true");
            s.asg(
                "UpdateAutoScalingGroup&AutoScalingGroupName=g&DeletionProtection=prevent-all-deletion",
                "200",
            );
            s.invalid("DeleteAutoScalingGroup&AutoScalingGroupName=g");
            s.asg("UpdateAutoScalingGroup&AutoScalingGroupName=g&DeletionProtection=none", "200");
            s.asg("DeleteAutoScalingGroup&AutoScalingGroupName=g", "200");
        }),
        ("DeleteAutoScalingGroup missing -> ValidationError", |s| {
            s.invalid("DeleteAutoScalingGroup&AutoScalingGroupName=nope");
        }),
        ("ForceDelete: instances terminated, ELB emptied, group seen deleting first", |s| {
            s.balancer();
            s.group("MinSize=2&MaxSize=2&LoadBalancerNames.member.1=web");
            s.is(s.registered(), 2);
            s.asg("DeleteAutoScalingGroup&AutoScalingGroupName=g&ForceDelete=true", "200");
            s.is(s.of_group("Status"), Some("Delete in progress".to_owned()));
            s.says(&s.invalid("UpdateAutoScalingGroup&AutoScalingGroupName=g&MinSize=0"), "pending delete");
            s.says(&s.asg(&format!("CreateAutoScalingGroup&AutoScalingGroupName=g&LaunchConfigurationName=one&{SIZES}&{ZONES}"), "AlreadyExists 400"), "pending delete");
            s.later();
            s.is(
                (s.machines().as_str(), s.registered(), s.of_group("Status")),
                ("terminated terminated", 0, None),
            );
        }),
        ("CreateOrUpdateTags/DescribeTags/DeleteTags", |s| {
            s.group("MinSize=0&MaxSize=0");
            let tag = "Tags.member.1.ResourceId=g&Tags.member.1.ResourceType=auto-scaling-group&Tags.member.1.Key=Role";
            s.asg(
                &format!(
                    "CreateOrUpdateTags&{tag}&Tags.member.1.Value=web&Tags.member.1.PropagateAtLaunch=false"
                ),
                "200",
            );
            let of =
                "DescribeTags&Filters.member.1.Name=auto-scaling-group&Filters.member.1.Values.member.1=g";
            s.says(
                &s.asg(of, "200"),
                "<Key>Role</Key><Value>web</Value><PropagateAtLaunch>false</PropagateAtLaunch>",
            );
            let by_tag =
                "DescribeAutoScalingGroups&Filters.member.1.Name=tag:Role&Filters.member.1.Values.member.1=";
            s.is(
                [format!("{by_tag}web"), format!("{by_tag}db")]
                    .map(|form| s.asg(&form, "200").contains("<AutoScalingGroupName>")),
                [true, false],
            );
            s.asg(&format!("DeleteTags&{tag}"), "200");
            s.is(field(&s.asg(of, "200"), "Key"), None);
        }),
        ("EnableMetricsCollection, PutNotificationConfiguration", |s| {
            s.group("MinSize=0&MaxSize=0");
            s.asg("EnableMetricsCollection&AutoScalingGroupName=g&Granularity=1Minute&Metrics.member.1=GroupMinSize", "200");
            s.says(&s.described(), "<EnabledMetrics><member><Metric>GroupMinSize</Metric><Granularity>1Minute</Granularity></member></EnabledMetrics>");
            let topic = "AutoScalingGroupName=g&TopicARN=arn:aws:sns:us-east-1:123456789012:t";
            s.asg(&format!("PutNotificationConfiguration&{topic}&NotificationTypes.member.1=autoscaling:EC2_INSTANCE_LAUNCH"), "200");
            s.invalid(&format!("PutNotificationConfiguration&{topic}&NotificationTypes.member.1=nope"));
            let told = s.asg("DescribeNotificationConfigurations&AutoScalingGroupNames.member.1=g", "200");
            s.is(field(&told, "NotificationType"), Some("autoscaling:EC2_INSTANCE_LAUNCH"));
            s.asg(&format!("DeleteNotificationConfiguration&{topic}"), "200");
            s.is(field(&s.asg("DescribeNotificationConfigurations", "200"), "NotificationType"), None);
            s.asg("DisableMetricsCollection&AutoScalingGroupName=g", "200");
            s.is(s.of_group("Metric"), None);
        }),
        ("PutScheduledUpdateGroupAction/Describe/Delete", |s| {
            s.group("MinSize=0&MaxSize=1");
            let action = "AutoScalingGroupName=g&ScheduledActionName=night";
            s.asg(
                &format!("PutScheduledUpdateGroupAction&{action}&Recurrence=0+22+*+*+*&DesiredCapacity=0"),
                "200",
            );
            s.is(
                field(&s.asg("DescribeScheduledActions&AutoScalingGroupName=g", "200"), "Recurrence"),
                Some("0 22 * * *"),
            );
            s.asg(&format!("DeleteScheduledAction&{action}"), "200");
            s.is(field(&s.asg("DescribeScheduledActions&AutoScalingGroupName=g", "200"), "Recurrence"), None);
        }),
    ]);
}
