use std::time::Duration;

use super::*;
use crate::handle::Options;
use crate::testing::{at, call, field, fields, rest};
use crate::timing::TimeModel;

const ZONES: &str = "AvailabilityZones.member.1=us-east-1a&AvailabilityZones.member.2=us-east-1b";
const LISTENER: &str = "Listeners.member.1.Protocol=HTTP&Listeners.member.1.LoadBalancerPort=80&Listeners.member.1.InstancePort=8080";

/// A cloud in which a group of two serves behind a load balancer, with about everything that a group can have.
fn served() -> LocalAws {
    let local = LocalAws::new(Options { seed: 7, timing: TimeModel::aws_like() });
    let zone = "<CreateHostedZoneRequest><Name>ex.test</Name><CallerReference>r</CallerReference></CreateHostedZoneRequest>";
    assert_eq!(rest(&local, at(0), "POST", "/2013-04-01/hostedzone", zone).0, 201);
    for (service, form) in [
        ("elasticloadbalancing", format!("CreateLoadBalancer&LoadBalancerName=web&{LISTENER}&{ZONES}&Tags.member.1.Key=a&Tags.member.1.Value=b")),
        ("elasticloadbalancing", "ModifyLoadBalancerAttributes&LoadBalancerName=web&LoadBalancerAttributes.ConnectionDraining.Enabled=true&LoadBalancerAttributes.ConnectionDraining.Timeout=60".to_owned()),
        ("elasticloadbalancing", "ConfigureHealthCheck&LoadBalancerName=web&HealthCheck.Target=HTTP:8080/up&HealthCheck.Interval=10&HealthCheck.Timeout=5&HealthCheck.UnhealthyThreshold=2&HealthCheck.HealthyThreshold=3".to_owned()),
        ("autoscaling", "CreateLaunchConfiguration&LaunchConfigurationName=one&ImageId=ami-22de994a&InstanceType=t3.small&UserData=aGk=&BlockDeviceMappings.member.1.DeviceName=/dev/sdb&BlockDeviceMappings.member.1.Ebs.VolumeSize=9".to_owned()),
        ("ec2", "CreateLaunchTemplate&LaunchTemplateName=tmpl&LaunchTemplateData.ImageId=ami-22de994a&LaunchTemplateData.InstanceType=t3.small&LaunchTemplateData.TagSpecification.1.ResourceType=instance&LaunchTemplateData.TagSpecification.1.Tag.1.Key=k&LaunchTemplateData.TagSpecification.1.Tag.1.Value=v".to_owned()),
        ("autoscaling", format!("CreateAutoScalingGroup&AutoScalingGroupName=g&LaunchConfigurationName=one&MinSize=2&MaxSize=4&LoadBalancerNames.member.1=web&HealthCheckType=ELB&HealthCheckGracePeriod=60&{ZONES}&Tags.member.1.Key=infra:address&Tags.member.1.Value=autoscaling_group.web&Tags.member.1.PropagateAtLaunch=false")),
        ("autoscaling", "PutLifecycleHook&AutoScalingGroupName=g&LifecycleHookName=h&LifecycleTransition=autoscaling:EC2_INSTANCE_TERMINATING&HeartbeatTimeout=90".to_owned()),
        ("autoscaling", "PutScalingPolicy&AutoScalingGroupName=g&PolicyName=p&AdjustmentType=ChangeInCapacity&ScalingAdjustment=1".to_owned()),
        ("autoscaling", "PutScheduledUpdateGroupAction&AutoScalingGroupName=g&ScheduledActionName=s&Recurrence=0 3 * * *&MinSize=3".to_owned()),
        ("autoscaling", "SuspendProcesses&AutoScalingGroupName=g&ScalingProcesses.member.1=AZRebalance".to_owned()),
    ] {
        let (status, body) = call(&local, at(0), service, &format!("Action={form}"));
        assert_eq!(status, 200, "{form}: {body}");
    }
    local
}

/// What a survey asks.
const QUESTIONS: [(&str, &str); 19] = [
    ("ec2", "Action=DescribeVpcs"),
    ("ec2", "Action=DescribeSubnets"),
    ("ec2", "Action=DescribeInternetGateways"),
    ("ec2", "Action=DescribeRouteTables"),
    ("ec2", "Action=DescribeSecurityGroups"),
    ("ec2", "Action=DescribeKeyPairs"),
    ("ec2", "Action=DescribeImages&ImageId.1=ami-22de994a"),
    ("ec2", "Action=DescribeInstances"),
    ("ec2", "Action=DescribeLaunchTemplates"),
    ("ec2", "Action=DescribeLaunchTemplateVersions&LaunchTemplateName=tmpl"),
    ("autoscaling", "Action=DescribeLaunchConfigurations"),
    ("autoscaling", "Action=DescribeAutoScalingGroups"),
    ("autoscaling", "Action=DescribeLifecycleHooks&AutoScalingGroupName=g"),
    ("autoscaling", "Action=DescribePolicies"),
    ("autoscaling", "Action=DescribeScheduledActions"),
    ("elasticloadbalancing", "Action=DescribeLoadBalancers"),
    ("elasticloadbalancing", "Action=DescribeLoadBalancerAttributes&LoadBalancerName=web"),
    ("elasticloadbalancing", "Action=DescribeTags&LoadBalancerNames.member.1=web"),
    ("elasticloadbalancing", "Action=DescribeInstanceHealth&LoadBalancerName=web"),
];

fn answers(local: &LocalAws, seconds: u64) -> Vec<Answer> {
    let ask = |(service, form): &(&str, &str)| {
        let (status, body) = call(local, at(seconds), service, form);
        assert_eq!(status, 200, "{form}: {body}");
        Answer { path: "/".to_owned(), form: (*form).to_owned(), body: body.into_bytes() }
    };
    let zones = rest(local, at(seconds), "GET", "/2013-04-01/hostedzone", "").1;
    let path = format!("/2013-04-01{}/rrset", field(&zones, "Id").expect("a zone"));
    let records = rest(local, at(seconds), "GET", &path, "").1;
    let global = [("/2013-04-01/hostedzone".to_owned(), zones), (path, records)];
    let global = global.map(|(path, body)| Answer { path, form: String::new(), body: body.into_bytes() });
    QUESTIONS.iter().map(ask).chain(global).collect()
}

fn surveyed(local: &LocalAws, seconds: u64) -> Survey {
    Survey {
        account: "210987654321".to_owned(),
        region: "us-east-1".to_owned(),
        now: at(seconds),
        answers: answers(local, seconds),
    }
}

fn seeded(local: &LocalAws, seconds: u64) -> (LocalAws, Vec<String>) {
    let survey = surveyed(local, seconds);
    LocalAws::seeded(Options { seed: 3, timing: TimeModel::aws_like() }, &survey)
}

/// What an answer says, without what is new in each: the request's id, and the ids of rules and disks, which nothing
/// refers to.
fn said(answer: &Answer) -> String {
    let mut text = String::from_utf8_lossy(&answer.body).into_owned();
    for (name, known) in
        [("RequestId", false), ("requestId", false), ("blockDeviceMapping", answer.form.contains("Images"))]
    {
        while let Some(value) = field(&text, name).filter(|_| !known).map(str::to_owned) {
            text = text.replace(&format!("<{name}>{value}</{name}>"), "");
        }
    }
    text.replace("210987654321", "123456789012")
}

#[test]
fn a_seeded_cloud_answers_as_the_surveyed_one() {
    let local = served();
    let (copy, notes) = seeded(&local, 300);
    assert_eq!(notes, [""; 0]);
    for (one, other) in answers(&local, 300).iter().zip(answers(&copy, 300).iter()) {
        assert_eq!(said(one), said(other), "{} {}", one.form, one.path);
    }
}

/// Nothing is launched or ended only because it was copied.
#[test]
fn a_seeded_cloud_stays_as_it_is() {
    let local = served();
    let (copy, _) = seeded(&local, 300);
    let states = |seconds: u64| {
        let group = call(&copy, at(seconds), "autoscaling", "Action=DescribeAutoScalingGroups").1;
        let health = "Action=DescribeInstanceHealth&LoadBalancerName=web";
        let health = call(&copy, at(seconds), "elasticloadbalancing", health).1;
        let words = |body: &str, name: &str| fields(body, name).join(" ");
        format!(
            "{} {} {}",
            words(&group, "InstanceId"),
            words(&group, "LifecycleState"),
            words(&health, "State")
        )
    };
    let before = states(300);
    assert!(before.ends_with("InService InService InService InService"), "{before}");
    assert_eq!(states(301), before);
    assert_eq!(states(3000), before);
    let gauge = copy.gauge("123456789012", "us-east-1", at(3000) + Duration::from_secs(1));
    assert_eq!(gauge.groups["g"].serving(), 2);
    assert_eq!(gauge.groups["g"].address.as_deref(), Some("autoscaling_group.web"));
}

#[test]
fn what_is_not_well_is_said_and_stays_so() {
    let local = served();
    let ids = call(&local, at(300), "autoscaling", "Action=DescribeAutoScalingGroups").1;
    let id = field(&ids, "InstanceId").expect("an instance").to_owned();
    local.with_model("123456789012", "us-east-1", at(300), |model| {
        crate::ec2::fleet::turn_app(model, &id, crate::model::behaviour::Condition::Closed);
    });
    let (copy, notes) = seeded(&local, 325);
    assert_eq!(notes, [format!("{id} is out of service behind web, and stays so")]);
    let gauge = copy.gauge("123456789012", "us-east-1", at(326));
    assert_eq!(gauge.groups["g"].serving(), 1);
}

/// No survey asks about target groups.
#[test]
fn target_groups_are_taken_on_trust() {
    const ARN: &str = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/app/0123456789abcdef";
    let local = served();
    let mut survey = surveyed(&local, 300);
    for answer in survey.answers.iter_mut().filter(|answer| answer.form.ends_with("AutoScalingGroups")) {
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let none = "<TargetGroupARNs></TargetGroupARNs>";
        assert!(text.contains(none), "{text}");
        let one = format!("<TargetGroupARNs><member>{ARN}</member></TargetGroupARNs>");
        answer.body = text.replace(none, &one).into_bytes();
    }
    let (copy, notes) = LocalAws::seeded(Options { seed: 3, timing: TimeModel::aws_like() }, &survey);
    assert_eq!(notes, [format!("what g gets by the target group {ARN} is not tried out")]);
    let ask = |seconds, form: &str| call(&copy, at(seconds), "autoscaling", form);
    let (_, shown) = ask(301, "Action=DescribeLoadBalancerTargetGroups&AutoScalingGroupName=g");
    assert_eq!(
        (field(&shown, "LoadBalancerTargetGroupARN"), field(&shown, "State")),
        (Some(ARN), Some("InService"))
    );
    let other = ARN.replace("app", "other");
    let attach = format!(
        "Action=AttachLoadBalancerTargetGroups&AutoScalingGroupName=g&TargetGroupARNs.member.1={other}"
    );
    assert_eq!(ask(302, &attach).0, 200);
    let gauge = copy.gauge("123456789012", "us-east-1", at(3000));
    assert_eq!(gauge.groups["g"].serving(), 2);
}

#[test]
fn what_is_no_answer_is_passed_over() {
    let answer = |body: &str| Answer {
        path: "/".to_owned(),
        form: "Action=DescribeVpcs".to_owned(),
        body: body.as_bytes().to_owned(),
    };
    for body in [
        "",
        "{}",
        "<DescribeVpcsResponse><vpcSet><item><vpcId>vpc-1</vpcId></item></vpcSet></DescribeVpcsResponse>",
    ] {
        let survey = Survey {
            account: "210987654321".to_owned(),
            region: "eu-west-1".to_owned(),
            now: at(0),
            answers: vec![answer(body)],
        };
        let (copy, notes) = LocalAws::seeded(Options::default(), &survey);
        assert_eq!(notes, [""; 0]);
        assert_eq!(copy.gauge("123456789012", "eu-west-1", at(1)).instances(), 0);
    }
}
