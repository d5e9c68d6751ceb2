mod health;
mod rows;

use crate::handle::LocalAws;
use crate::testing::{at, call, fast, field, fields, outcome};

const LISTENER: &str = "Listeners.member.1.Protocol=HTTP&Listeners.member.1.LoadBalancerPort=80&Listeners.member.1.InstancePort=80";
const ZONE: &str = "AvailabilityZones.member.1=us-east-1a";

fn elb(local: &LocalAws, seconds: u64, form: &str) -> (u16, String) {
    call(local, at(seconds), "elasticloadbalancing", form)
}

fn with_balancer() -> LocalAws {
    let local = fast();
    let made = elb(&local, 0, &format!("Action=CreateLoadBalancer&LoadBalancerName=web&{LISTENER}&{ZONE}"));
    assert_eq!(made.0, 200, "{}", made.1);
    local
}

fn run(local: &LocalAws) -> String {
    let (status, body) = call(
        local,
        at(0),
        "ec2",
        "Action=RunInstances&ImageId=ami-22de994a&InstanceType=t1.micro&MinCount=1&MaxCount=1&Placement.AvailabilityZone=us-east-1a",
    );
    assert_eq!(status, 200, "{body}");
    field(&body, "instanceId").expect("an instance").to_owned()
}

#[test]
fn an_instance_is_in_service_once_it_listens_and_was_probed() {
    let local = with_balancer();
    let id = run(&local);
    let with = format!("&LoadBalancerName=web&Instances.member.1.InstanceId={id}");
    let describe = "Action=DescribeInstanceHealth&LoadBalancerName=web";
    assert_eq!(outcome(&elb(&local, 0, &format!("Action=RegisterInstancesWithLoadBalancer{with}"))), "200");
    assert_eq!(field(&elb(&local, 0, describe).1, "State"), Some("OutOfService"));
    let later = elb(&local, 60, describe).1;
    assert_eq!((field(&later, "State"), field(&later, "Description")), (Some("InService"), Some("N/A")));
}

#[test]
fn a_draining_instance_still_says_in_service() {
    let local = with_balancer();
    let id = run(&local);
    let with = format!("&LoadBalancerName=web&Instances.member.1.InstanceId={id}");
    elb(
        &local,
        0,
        "Action=ModifyLoadBalancerAttributes&LoadBalancerName=web&LoadBalancerAttributes.ConnectionDraining.Enabled=true&LoadBalancerAttributes.ConnectionDraining.Timeout=60",
    );
    elb(&local, 0, &format!("Action=RegisterInstancesWithLoadBalancer{with}"));
    elb(&local, 60, &format!("Action=DeregisterInstancesFromLoadBalancer{with}"));
    let (_, draining) = elb(&local, 60, "Action=DescribeInstanceHealth&LoadBalancerName=web");
    assert_eq!(field(&draining, "State"), Some("InService"));
    assert_eq!(field(&draining, "Description"), Some("Instance deregistration currently in progress."));
    let (_, gone) = elb(&local, 120, "Action=DescribeInstanceHealth&LoadBalancerName=web");
    assert_eq!(field(&gone, "State"), None);
    let (_, asked) = elb(&local, 120, &format!("Action=DescribeInstanceHealth{with}"));
    assert_eq!(
        field(&asked, "Description"),
        Some("Instance is not currently registered with the LoadBalancer.")
    );
}

#[test]
fn creating_the_same_twice_is_one_and_another_is_refused() {
    let local = with_balancer();
    let create = |rest: &str| {
        outcome(&elb(&local, 1, &format!("Action=CreateLoadBalancer&LoadBalancerName=web&{rest}&{ZONE}")))
    };
    assert_eq!(create(LISTENER), "200");
    assert_eq!(create(&LISTENER.replace("=80", "=81")), "DuplicateLoadBalancerName 400");
}

#[test]
fn what_aws_refuses_is_refused() {
    let local = with_balancer();
    let create = |name: &str, listener: &str| {
        format!("Action=CreateLoadBalancer&LoadBalancerName={name}&{listener}&{ZONE}")
    };
    let check = |target: &str, timeout: u32| {
        format!(
            "Action=ConfigureHealthCheck&LoadBalancerName=web&HealthCheck.Target={target}&HealthCheck.Interval=10&HealthCheck.Timeout={timeout}&HealthCheck.UnhealthyThreshold=2&HealthCheck.HealthyThreshold=2"
        )
    };
    let secure = LISTENER.replace("HTTP", "HTTPS");
    let cases = [
        ("ValidationError 400", create(&"x".repeat(33), LISTENER)),
        ("ValidationError 400", create("-web", LISTENER)),
        ("InvalidConfigurationRequest 409", create("new", &secure)),
        ("ValidationError 400", create("new", &LISTENER.replace("HTTP", "GOPHER"))),
        ("ValidationError 400", check("HTTP:80", 5)),
        ("ValidationError 400", check("FTP:80/", 5)),
        ("ValidationError 400", check("HTTP:80/", 10)),
        ("200", check("HTTP:80/", 5)),
        ("InvalidInstance 400", "Action=RegisterInstancesWithLoadBalancer&LoadBalancerName=web&Instances.member.1.InstanceId=i-0123456789abcdef0".to_owned()),
        ("LoadBalancerNotFound 400", "Action=DescribeLoadBalancers&LoadBalancerNames.member.1=nope".to_owned()),
        ("DuplicateListener 400", format!("Action=CreateLoadBalancerListeners&LoadBalancerName=web&{}", LISTENER.replace("InstancePort=80", "InstancePort=81"))),
        ("PolicyNotFound 400", "Action=SetLoadBalancerPoliciesOfListener&LoadBalancerName=web&LoadBalancerPort=80&PolicyNames.member.1=nope".to_owned()),
        ("200", "Action=DeleteLoadBalancer&LoadBalancerName=nope".to_owned()),
    ];
    for (expected, form) in cases {
        assert_eq!(outcome(&elb(&local, 1, &form)), expected, "{form}");
    }
}

#[test]
fn tags_and_policies_are_kept() {
    let local = with_balancer();
    elb(&local, 1, "Action=AddTags&LoadBalancerNames.member.1=web&Tags.member.1.Key=a&Tags.member.1.Value=1");
    let (_, tags) = elb(&local, 1, "Action=DescribeTags&LoadBalancerNames.member.1=web");
    assert_eq!((fields(&tags, "Key"), fields(&tags, "Value")), (vec!["a"], vec!["1"]));
    elb(
        &local,
        1,
        "Action=CreateLBCookieStickinessPolicy&LoadBalancerName=web&PolicyName=p&CookieExpirationPeriod=60",
    );
    elb(
        &local,
        1,
        "Action=SetLoadBalancerPoliciesOfListener&LoadBalancerName=web&LoadBalancerPort=80&PolicyNames.member.1=p",
    );
    let used = elb(&local, 1, "Action=DeleteLoadBalancerPolicy&LoadBalancerName=web&PolicyName=p");
    assert_eq!(outcome(&used), "InvalidConfigurationRequest 409");
    let (_, described) = elb(&local, 1, "Action=DescribeLoadBalancers");
    assert_eq!(field(&described, "CanonicalHostedZoneNameID"), Some("Z35SXDOTRQ7X7K"));
    assert_eq!(field(&described, "CookieExpirationPeriod"), Some("60"));
}
