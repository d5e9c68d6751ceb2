//! What AWS's own services report.

use super::*;
use crate::handle::Options;
use crate::model::behaviour::{App, Behaviour};
use crate::model::cloudwatch::{Load, LoadTarget};
use crate::timing::{Delay, TimeModel};
use crate::traffic::TrafficSpec;

const ACCOUNT: &str = "123456789012";
const REGION: &str = "us-east-1";
const LISTENER: &str = "Listeners.member.1.Protocol=HTTP&Listeners.member.1.LoadBalancerPort=80&Listeners.member.1.InstancePort=80";
const ZONES: &str = "AvailabilityZones.member.1=us-east-1a&AvailabilityZones.member.2=us-east-1b";

fn ok(local: &LocalAws, seconds: u64, service: &str, form: &str) -> String {
    let (status, body) = call(local, at(seconds), service, form);
    assert_eq!(status, 200, "{form}\n{body}");
    body
}

/// A group of four behind a load balancer, made at `at(0)`. Gives its DNS name.
fn group_of_four(local: &LocalAws) -> String {
    let made = ok(
        local,
        0,
        "elasticloadbalancing",
        &format!("Action=CreateLoadBalancer&LoadBalancerName=web&{LISTENER}&{ZONES}"),
    );
    ok(
        local,
        0,
        "autoscaling",
        "Action=CreateLaunchConfiguration&LaunchConfigurationName=lc&ImageId=ami-22de994a&InstanceType=t1.micro",
    );
    let group = format!(
        "Action=CreateAutoScalingGroup&AutoScalingGroupName=g&LaunchConfigurationName=lc&MinSize=4&MaxSize=9&LoadBalancerNames.member.1=web&{ZONES}"
    );
    ok(local, 0, "autoscaling", &group);
    field(&made, "DNSName").expect("a name").to_owned()
}

fn aws_like() -> LocalAws {
    LocalAws::new(Options { seed: 7, timing: TimeModel::aws_like() })
}

/// An alarm that goes off as soon as a metric of the load balancer is above the threshold for a minute.
fn alarm(local: &LocalAws, name: &str, metric: &str, statistic: &str, threshold: f64) {
    let form = format!(
        "Action=PutMetricAlarm&AlarmName={name}&Namespace=AWS/ELB&MetricName={metric}&Statistic={statistic}&Period=60&EvaluationPeriods=1&Threshold={threshold}&ComparisonOperator=GreaterThanThreshold&TreatMissingData=notBreaching&Dimensions.member.1.Name=LoadBalancerName&Dimensions.member.1.Value=web"
    );
    ok(local, 1, "monitoring", &form);
}

fn states(local: &LocalAws, seconds: u64) -> String {
    let told = ok(local, seconds, "monitoring", "Action=DescribeAlarms");
    let all = fields(&told, "AlarmName").into_iter().zip(fields(&told, "StateValue"));
    all.map(|(name, state)| format!("{name} {state}")).collect::<Vec<_>>().join(", ")
}

/// A figure of ten minutes, from minute `from` on.
fn figure(
    local: &LocalAws,
    from: u64,
    namespace: &str,
    metric: &str,
    dimensions: &[(&str, &str)],
    statistic: &str,
) -> Option<f64> {
    let (start, end) = (at(from * 60).stamp(), at((from + 10) * 60).stamp());
    let listed = dimensions.iter().enumerate().map(|(n, (name, value))| {
        format!("&Dimensions.member.{0}.Name={name}&Dimensions.member.{0}.Value={value}", n + 1)
    });
    let form = format!(
        "Action=GetMetricStatistics&Namespace={namespace}&MetricName={metric}&StartTime={start}&EndTime={end}&Period=600&Statistics.member.1={statistic}{}",
        listed.collect::<String>()
    );
    let told = ok(local, (from + 10) * 60, "monitoring", &form);
    field(&told, statistic).map(|text| text.parse().expect("a number"))
}

const WEB: (&str, &str) = ("LoadBalancerName", "web");

#[test]
fn load_balancers_report_hosts_and_groups_their_sizes() {
    let local = aws_like();
    group_of_four(&local);
    alarm(&local, "ill", "UnHealthyHostCount", "Maximum", 1.0);
    let metrics = "Action=EnableMetricsCollection&AutoScalingGroupName=g&Granularity=1Minute";
    ok(&local, 1, "autoscaling", metrics);
    assert_eq!(states(&local, 600), "ill OK");
    assert_eq!(figure(&local, 20, "AWS/ELB", "HealthyHostCount", &[WEB], "Minimum"), Some(4.0));
    let zone = ("AvailabilityZone", "us-east-1a");
    assert_eq!(figure(&local, 20, "AWS/ELB", "HealthyHostCount", &[WEB, zone], "Average"), Some(2.0));
    let group = [("AutoScalingGroupName", "g")];
    let size = |name: &str| figure(&local, 20, "AWS/AutoScaling", name, &group, "Average");
    assert_eq!(
        ["GroupDesiredCapacity", "GroupInServiceInstances", "GroupMaxSize", "GroupPendingInstances"]
            .map(size),
        [4.0, 4.0, 9.0, 0.0].map(Some)
    );
    assert_eq!(figure(&local, 20, "AWS/ELB", "RequestCount", &[WEB], "Sum"), None, "nobody asks anything");
}

/// Behind one load balancer a second group takes half of what kept the first one busy: policies of both see it.
#[test]
fn a_load_is_shared_by_all_that_take_requests() {
    let local = aws_like();
    group_of_four(&local);
    let on = LoadTarget::Balancer("web".to_owned());
    local.with_model(ACCOUNT, REGION, at(600), |model| {
        crate::cloudwatch::load(model, Load { on, percent: 200.0 })
    });
    let busy = |from: u64, group: &str| {
        figure(&local, from, "AWS/EC2", "CPUUtilization", &[("AutoScalingGroupName", group)], "Average")
    };
    assert_eq!((busy(20, "g"), busy(20, "h")), (Some(50.0), None));
    let second = format!(
        "Action=CreateAutoScalingGroup&AutoScalingGroupName=h&LaunchConfigurationName=lc&MinSize=4&MaxSize=9&LoadBalancerNames.member.1=web&{ZONES}"
    );
    ok(&local, 1801, "autoscaling", &second);
    assert_eq!((busy(50, "g"), busy(50, "h")), (Some(25.0), Some(25.0)));
    ok(
        &local,
        3601,
        "autoscaling",
        "Action=DetachLoadBalancers&AutoScalingGroupName=g&LoadBalancerNames.member.1=web",
    );
    assert_eq!((busy(80, "g"), busy(80, "h")), (Some(0.0), Some(50.0)));
}

#[test]
fn requests_are_counted_and_errors_set_off_alarms() {
    let local = aws_like();
    let app = App::PassesButServes5xx;
    let target = group_of_four(&local);
    alarm(&local, "bad", "HTTPCode_Backend_5XX", "Sum", 10.0);
    alarm(&local, "none", "HTTPCode_ELB_5XX", "Sum", 10.0);
    let spec = TrafficSpec { target, rate: 5.0, ..TrafficSpec::default() };
    local.start_traffic(ACCOUNT, REGION, at(600), spec);
    assert_eq!(states(&local, 1300), "bad OK, none OK");
    let report = local.traffic_report(ACCOUNT, REGION, at(1800));
    let counted = figure(&local, 20, "AWS/ELB", "RequestCount", &[WEB], "Sum").expect("requests came");
    assert!((2_700.0..3_300.0).contains(&counted), "{counted} of {}", report[0].requests);
    let latency = figure(&local, 20, "AWS/ELB", "Latency", &[WEB], "Average").expect("requests came");
    assert!((0.03..0.2).contains(&latency), "{latency} s");
    // Half of the group comes back with an image that answers badly.
    local.behave("*", Behaviour { app, boot: Some(Delay::secs(10, 10)) });
    for size in ["MinSize=2&DesiredCapacity=2", "MinSize=4&DesiredCapacity=4"] {
        ok(
            &local,
            1801,
            "autoscaling",
            &format!("Action=UpdateAutoScalingGroup&AutoScalingGroupName=g&{size}"),
        );
        states(&local, 1860);
    }
    assert_eq!(states(&local, 2400), "bad ALARM, none OK");
    let gone = "Action=UpdateAutoScalingGroup&AutoScalingGroupName=g&MinSize=0&DesiredCapacity=0";
    ok(&local, 2401, "autoscaling", gone);
    assert_eq!(states(&local, 3000), "bad OK, none ALARM", "nobody is in service");
}
