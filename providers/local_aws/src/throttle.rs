//! Which requests count against which rate.
//!
//! The classes are those of each service's documentation: EC2's "request throttling" page (which lists classic load
//! balancing as well) and Route 53's quotas. Auto Scaling's are not published: one bucket for everything is a parameter.
//! What services do for each other counts for nobody.

use std::collections::BTreeMap;

use crate::model::bucket::Draw;
use crate::service::{Access, Call, Service};
use crate::timing::Rate;
use crate::wire::Params;

/// The documented rates by class: so many at once, then so many a second.
pub fn documented() -> BTreeMap<String, Rate> {
    let rates = [
        ("ec2 reads", 100, 20.0),
        ("ec2 unfiltered reads", 50, 10.0),
        ("ec2 writes", 50, 5.0),
        ("ec2 launched instances", 1000, 2.0),
        ("ec2 tags", 100, 10.0),
        ("ec2 images and template versions", 100, 5.0),
        ("elb", 40, 10.0),
        ("elb reads", 40, 10.0),
        ("elb writes", 20, 3.0),
        ("elb registrations", 20, 4.0),
        ("elb creations", 10, 0.2),
        ("autoscaling", 20, 10.0),
        ("route53", 5, 5.0),
    ];
    rates.into_iter().map(|(class, burst, rate)| (class.to_owned(), Rate::per_second(burst, rate))).collect()
}

/// What a request draws.
pub fn draws(service: Service, call: &Call) -> Vec<Draw> {
    let one = |class| Draw { class, tokens: 1 };
    let reads = call.access() == Access::Read;
    match service {
        Service::Ec2 => match call {
            Call::Query { action, params } => ec2(action, params, reads),
            Call::Typed { .. } | Call::Rest(_) | Call::S3(_) => Vec::new(),
        },
        Service::Elb | Service::Elbv2 => vec![one("elb"), one(elb(&call.action(), reads))],
        Service::AutoScaling => vec![one("autoscaling")],
        Service::Route53 => vec![one("route53")],
        Service::CloudWatch | Service::Iam | Service::S3 | Service::Sts => Vec::new(),
    }
}

fn ec2(action: &str, params: &Params, reads: bool) -> Vec<Draw> {
    let one = |class| vec![Draw { class, tokens: 1 }];
    match action {
        _ if reads && is_unfiltered(params) => one("ec2 unfiltered reads"),
        _ if reads => one("ec2 reads"),
        "RunInstances" => {
            let most = params.int("MaxCount").ok().flatten().and_then(|most| u64::try_from(most).ok());
            let launched = Draw { class: "ec2 launched instances", tokens: most.unwrap_or(1) };
            [one("ec2 writes"), vec![launched]].concat()
        }
        "CreateTags" => one("ec2 tags"),
        "CreateLaunchTemplateVersion" | "DeregisterImage" | "CreateSnapshot" | "DeleteSnapshot" => {
            one("ec2 images and template versions")
        }
        _ => one("ec2 writes"),
    }
}

/// Neither a filter, nor ids, nor a page size.
fn is_unfiltered(params: &Params) -> bool {
    !params.names().any(|name| {
        name == "Filter" || name == "MaxResults" || name.ends_with("Id") || name.ends_with("Name")
    })
}

fn elb(action: &str, reads: bool) -> &'static str {
    match action {
        _ if reads => "elb reads",
        "RegisterInstancesWithLoadBalancer"
        | "DeregisterInstancesFromLoadBalancer"
        | "RegisterTargets"
        | "DeregisterTargets" => "elb registrations",
        "CreateLoadBalancer"
        | "SetSubnets"
        | "AttachLoadBalancerToSubnets"
        | "DetachLoadBalancerFromSubnets"
        | "EnableAvailabilityZonesForLoadBalancer"
        | "DisableAvailabilityZonesForLoadBalancer" => "elb creations",
        _ => "elb writes",
    }
}

#[cfg(test)]
mod tests {
    use crate::handle::{LocalAws, Options};
    use crate::testing::{START, at, call, outcome};
    use crate::timing::TimeModel;

    /// How many of `count` requests at one moment are answered, and how the others are refused.
    fn burst(aws: &LocalAws, now: u64, service: &str, form: &str, count: usize) -> String {
        let seen: Vec<String> = (0..count).map(|_| outcome(&call(aws, at(now), service, form))).collect();
        let answered = seen.iter().filter(|seen| *seen == "200").count();
        let refused = seen.into_iter().find(|seen| seen != "200").unwrap_or_default();
        format!("{now}s {form}: {answered} of {count} {refused}")
    }

    #[test]
    fn each_class_of_requests_has_its_rate() {
        let timing = TimeModel::aws_like().limited();
        let aws = LocalAws::new(Options { seed: 1, timing });
        call(&aws, START, "sts", "Action=GetCallerIdentity");
        let lines = [
            burst(&aws, 0, "ec2", "Action=DescribeVpcs", 60),
            burst(&aws, 1, "ec2", "Action=DescribeVpcs", 60),
            burst(&aws, 1, "ec2", "Action=DescribeVpcs&MaxResults=5", 110),
            burst(&aws, 1, "ec2", "Action=CreateInternetGateway", 60),
            burst(&aws, 3, "ec2", "Action=CreateInternetGateway", 60),
            burst(&aws, 3, "elasticloadbalancing", "Action=DescribeLoadBalancers", 60),
            burst(&aws, 4, "elasticloadbalancing", "Action=DescribeLoadBalancers", 60),
            burst(&aws, 4, "autoscaling", "Action=DescribeAutoScalingGroups", 30),
            burst(&aws, 4, "sts", "Action=GetCallerIdentity", 200),
        ];
        insta::assert_snapshot!(lines.join("\n"), @"
        0s Action=DescribeVpcs: 50 of 60 RequestLimitExceeded 503
        1s Action=DescribeVpcs: 10 of 60 RequestLimitExceeded 503
        1s Action=DescribeVpcs&MaxResults=5: 100 of 110 RequestLimitExceeded 503
        1s Action=CreateInternetGateway: 50 of 60 RequestLimitExceeded 503
        3s Action=CreateInternetGateway: 10 of 60 RequestLimitExceeded 503
        3s Action=DescribeLoadBalancers: 40 of 60 Throttling 400
        4s Action=DescribeLoadBalancers: 10 of 60 Throttling 400
        4s Action=DescribeAutoScalingGroups: 20 of 30 Throttling 400
        4s Action=GetCallerIdentity: 200 of 200
        ");
    }

    #[test]
    fn tests_that_are_in_a_hurry_have_no_rates() {
        for timing in [TimeModel::fast(), TimeModel::instant()] {
            let aws = LocalAws::new(Options { seed: 1, timing });
            let seen = burst(&aws, 0, "ec2", "Action=DescribeVpcs", 200);
            assert_eq!(seen, "0s Action=DescribeVpcs: 200 of 200 ");
        }
    }
}
