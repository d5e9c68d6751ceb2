mod properties;

use super::{Cause, Service, TrafficReport, TrafficSpec};
use crate::ec2::fleet;
use crate::handle::{LocalAws, Options};
use crate::model::Time;
use crate::model::behaviour::Condition;
use crate::testing::{at, call, field, fields, rest};
use crate::timing::{Delay, TimeModel};

const ACCOUNT: &str = "123456789012";
const REGION: &str = "us-east-1";
const CROSS_ZONE: &str = "Action=ModifyLoadBalancerAttributes&LoadBalancerName=web&LoadBalancerAttributes.CrossZoneLoadBalancing.Enabled=true";
/// Requests a second.
const RATE: f64 = 50.0;
const ZONES: &str = "AvailabilityZones.member.1=us-east-1a&AvailabilityZones.member.2=us-east-1b";

fn ok(local: &LocalAws, now: Time, service: &str, form: &str) -> String {
    let (status, body) = call(local, now, service, form);
    assert_eq!(status, 200, "{form}\n{body}");
    body
}

fn elb(local: &LocalAws, seconds: u64, form: &str) -> String {
    ok(local, at(seconds), "elasticloadbalancing", form)
}

fn asg(local: &LocalAws, seconds: u64, form: &str) {
    ok(local, at(seconds), "autoscaling", form);
}

/// A load balancer with a listener of a protocol at port 80, quick checks and, if asked, draining up to so many seconds.
/// Gives its DNS name.
fn balancer(local: &LocalAws, name: &str, protocol: &str, target: &str, drain: Option<u64>) -> String {
    let listener = format!(
        "Listeners.member.1.Protocol={protocol}&Listeners.member.1.LoadBalancerPort=80&Listeners.member.1.InstancePort=80"
    );
    let made =
        elb(local, 0, &format!("Action=CreateLoadBalancer&LoadBalancerName={name}&{listener}&{ZONES}"));
    let check = format!(
        "Action=ConfigureHealthCheck&LoadBalancerName={name}&HealthCheck.Target={target}&HealthCheck.Interval=10&HealthCheck.Timeout=4&HealthCheck.UnhealthyThreshold=2&HealthCheck.HealthyThreshold=2"
    );
    elb(local, 0, &check);
    let draining = match drain {
        Some(seconds) => format!(
            "LoadBalancerAttributes.ConnectionDraining.Enabled=true&LoadBalancerAttributes.ConnectionDraining.Timeout={seconds}"
        ),
        None => "LoadBalancerAttributes.ConnectionDraining.Enabled=false".to_owned(),
    };
    elb(local, 0, &format!("Action=ModifyLoadBalancerAttributes&LoadBalancerName={name}&{draining}"));
    field(&made, "DNSName").expect("a name").to_owned()
}

/// A group behind load balancers, made at `at(seconds)`.
fn group(local: &LocalAws, seconds: u64, name: &str, size: u64, balancers: &[&str]) {
    let configuration = format!(
        "Action=CreateLaunchConfiguration&LaunchConfigurationName={name}&ImageId=ami-22de994a&InstanceType=t1.micro"
    );
    asg(local, seconds, &configuration);
    let listed = balancers.iter().enumerate();
    let listed: String =
        listed.map(|(n, name)| format!("&LoadBalancerNames.member.{}={name}", n + 1)).collect();
    let create = format!(
        "Action=CreateAutoScalingGroup&AutoScalingGroupName={name}&LaunchConfigurationName={name}&MinSize=0&MaxSize=400&DesiredCapacity={size}&{ZONES}{listed}"
    );
    asg(local, seconds, &create);
}

fn aws_like() -> LocalAws {
    LocalAws::new(Options { seed: 7, timing: TimeModel::aws_like() })
}

fn start(local: &LocalAws, seconds: u64, target: &str) {
    let service = Service { mean_ms: 50, longest_ms: 20_000, slow_share: 0.01 };
    let spec = TrafficSpec { target: target.to_owned(), service, rate: RATE, ..TrafficSpec::default() };
    local.start_traffic(ACCOUNT, REGION, at(seconds), spec);
}

fn report(local: &LocalAws, seconds: u64) -> TrafficReport {
    let report = local.traffic_report(ACCOUNT, REGION, at(seconds)).pop().expect("a stream");
    assert_eq!(report.requests, report.answered + report.bad + report.dropped + report.open);
    report
}

fn instances(local: &LocalAws, seconds: u64, group: &str) -> Vec<String> {
    let form = format!("Action=DescribeAutoScalingGroups&AutoScalingGroupNames.member.1={group}");
    let body = ok(local, at(seconds), "autoscaling", &form);
    fields(&body, "InstanceId").into_iter().map(str::to_owned).collect()
}

fn turn(local: &LocalAws, seconds: u64, id: &str, condition: Condition) {
    local.with_model(ACCOUNT, REGION, at(seconds), |model| fleet::turn_app(model, id, condition));
}

/// A settled group of four behind a load balancer, with requests from 300 on.
fn serving(protocol: &str, target: &str, drain: Option<u64>) -> (LocalAws, Vec<String>) {
    let local = aws_like();
    let dns_name = balancer(&local, "web", protocol, target, drain);
    group(&local, 0, "g", 4, &["web"]);
    let ids = instances(&local, 300, "g");
    assert_eq!(ids.len(), 4);
    start(&local, 300, &dns_name);
    (local, ids)
}

/// The causes that struck, with their counts.
fn causes(report: &TrafficReport) -> Vec<(Cause, u64)> {
    report.causes.iter().map(|(cause, count)| (*cause, *count)).collect()
}

/// The first and the last second in which a cause struck, from the first test second on.
fn span(report: &TrafficReport, cause: Cause) -> Option<(u64, u64)> {
    let struck = report.moments.iter().filter(|moment| moment.cause == cause);
    let seconds: Vec<u64> = struck.map(|moment| (moment.second.0 - at(0).0) / 1000).collect();
    Some((*seconds.first()?, *seconds.last()?))
}

fn leave(local: &LocalAws, seconds: u64, id: &str) {
    let form = format!(
        "Action=DeregisterInstancesFromLoadBalancer&LoadBalancerName=web&Instances.member.1.InstanceId={id}"
    );
    elb(local, seconds, &form);
}

#[test]
fn all_is_answered_as_long_as_nothing_happens() {
    let (local, _) = serving("HTTP", "HTTP:80/", None);
    let report = report(&local, 400);
    assert!((4500..5500).contains(&report.requests), "{}", report.requests);
    assert_eq!((report.dropped, report.bad, report.fewest_in_service), (0, 0, 4));
    assert!((report.mean_in_service - 4.0).abs() < f64::EPSILON && report.p99_load > 0.1);
}

#[test]
fn what_leaves_is_cut_unless_it_may_drain_for_long_enough() {
    for (drain, expected) in [
        (None, Some(Cause::CutByDeregistration)),
        (Some(2), Some(Cause::CutByDrainTimeout)),
        (Some(60), None),
    ] {
        let (local, ids) = serving("HTTP", "HTTP:80/", drain);
        elb(&local, 300, CROSS_ZONE);
        leave(&local, 360, &ids[0]);
        leave(&local, 370, &ids[1]);
        let report = report(&local, 400);
        assert_eq!(report.causes.keys().next().copied(), expected, "{drain:?}");
        assert_eq!(report.causes.len(), usize::from(expected.is_some()), "{drain:?} {:?}", report.causes);
    }
}

#[test]
fn draining_ends_with_the_last_open_request() {
    let (local, ids) = serving("HTTP", "HTTP:80/", Some(300));
    leave(&local, 360, &ids[0]);
    let leaving = |seconds| {
        local.with_model(ACCOUNT, REGION, at(seconds), |model| {
            let seats = &model.elb.balancers["web"].registrations;
            (
                seats.contains_key(ids[0].as_str()),
                crate::traffic::longest_open(model, "web", &ids[0].as_str().into()),
            )
        })
    };
    let (registered, open) = leaving(360);
    let open = open.expect("requests").as_secs();
    assert!(registered && open < 20, "{open}");
    assert!(!leaving(361 + open).0);
}

#[test]
fn an_instance_that_ends_while_registered_gets_requests_until_its_checks_notice() {
    for (ends, cut) in [("terminate", Cause::CutByTermination), ("crash", Cause::CutByCrash)] {
        let (local, ids) = serving("TCP", "TCP:80", Some(60));
        match ends {
            "terminate" => drop(ok(
                &local,
                at(340),
                "ec2",
                &format!("Action=TerminateInstances&InstanceId.1={}", ids[0]),
            )),
            _ => turn(&local, 340, &ids[0], Condition::Closed),
        }
        let report = report(&local, 400);
        assert_eq!(report.causes.keys().copied().collect::<Vec<_>>(), [Cause::NotListening, cut], "{ends}");
        assert_eq!(span(&report, cut), Some((340, 340)), "{ends}");
        // Two probes, ten seconds apart, and the time of the second.
        let (first, last) = span(&report, Cause::NotListening).expect("requests in vain");
        assert!(first == 340 && (350..=364).contains(&last), "{ends} {first} {last}");
        let quarter = report.causes[&Cause::NotListening] as f64 / (last - first) as f64 / RATE;
        assert!((0.15..0.35).contains(&quarter), "{ends} {quarter}");
    }
}

#[test]
fn an_application_that_fails_behind_a_check_of_its_port_answers_badly() {
    let table = [
        ("TCP:80", Condition::Failing, Some(Cause::ServerError)),
        ("HTTP:80/", Condition::Faulty, Some(Cause::ServerError)),
        ("TCP:80", Condition::Well, None),
    ];
    for (target, condition, expected) in table {
        let (local, ids) = serving("HTTP", target, Some(60));
        turn(&local, 310, &ids[0], condition);
        let report = report(&local, 400);
        assert_eq!(report.causes.keys().next().copied(), expected, "{target} {condition:?}");
        assert_eq!((report.dropped, report.bad > 0), (0, expected.is_some()), "{target} {condition:?}");
        assert!(span(&report, Cause::ServerError).is_none_or(|(_, last)| last > 390));
    }
}

#[test]
fn an_unhealthy_instance_keeps_its_requests_only_where_connections_drain() {
    for (drain, cut) in [(Some(60), false), (None, true)] {
        let (local, ids) = serving("HTTP", "HTTP:80/", drain);
        turn(&local, 340, &ids[0], Condition::Failing);
        let report = report(&local, 400);
        assert_eq!(
            report.causes.contains_key(&Cause::CutByHealthCheck),
            cut,
            "{drain:?} {:?}",
            report.causes
        );
        assert!(report.bad > 0 && span(&report, Cause::ServerError).is_some_and(|(_, last)| last < 390));
    }
}

#[test]
fn nobody_in_service_no_balancer_and_no_name_are_told_apart() {
    let (local, ids) = serving("HTTP", "HTTP:80/", Some(60));
    start(&local, 300, "nothing.example.com");
    for id in &ids {
        leave(&local, 330, id);
    }
    elb(&local, 360, "Action=DeleteLoadBalancer&LoadBalancerName=web");
    let reports = local.traffic_report(ACCOUNT, REGION, at(390));
    let found = causes(&reports[0]);
    assert!(matches!(found[..], [(Cause::NobodyInService, _), (Cause::NoListener, _)]), "{found:?}");
    assert_eq!(span(&reports[0], Cause::NobodyInService), Some((330, 359)));
    assert_eq!(span(&reports[0], Cause::NoListener), Some((360, 389)));
    assert_eq!(reports[0].fewest_in_service, 0);
    assert_eq!((reports[1].causes.len(), reports[1].dropped), (1, reports[1].requests));
}

#[test]
fn more_than_instances_can_work_on_waits_and_then_is_refused() {
    let local = aws_like();
    let dns_name = balancer(&local, "web", "HTTP", "HTTP:80/", Some(60));
    group(&local, 0, "g", 4, &["web"]);
    let service = Service { mean_ms: 400, longest_ms: 4000, slow_share: 0.0 };
    let start = |seconds: u64, rate: f64| {
        let spec = TrafficSpec {
            target: dns_name.clone(),
            rate,
            service,
            concurrency: Some(5),
            ..TrafficSpec::default()
        };
        local.start_traffic(ACCOUNT, REGION, at(seconds), spec);
    };
    // Four instances with five places do fifty of these a second.
    start(300, 40.0);
    start(300, 150.0);
    let reports = local.traffic_report(ACCOUNT, REGION, at(360));
    assert_eq!(reports[0].dropped, 0);
    assert!(
        reports[1].causes[&Cause::QueueFull] > 1000 && reports[1].p99_load > 0.9,
        "{:?}",
        reports[1].causes
    );
    assert!(reports[1].answered > 2500, "{}", reports[1].answered);
}

#[test]
fn a_zone_without_instances_is_asked_by_those_who_still_know_it() {
    let (local, _) = serving("HTTP", "HTTP:80/", Some(60));
    let zone =
        |id: &str| local.with_model(ACCOUNT, REGION, at(310), |model| model.ec2.instances[id].zone.clone());
    let leave_zone = |local: &LocalAws| {
        let ids = instances(local, 310, "g");
        ids.iter().filter(|id| zone(id) == "us-east-1a").for_each(|id| leave(local, 310, id));
    };
    leave_zone(&local);
    let report_off = report(&local, 420);
    assert_eq!(report_off.causes.keys().copied().collect::<Vec<_>>(), [Cause::NobodyInService]);
    let (first, last) = span(&report_off, Cause::NobodyInService).expect("drops");
    assert!(first == 310 && last <= 372, "{first} {last}");
    let (local, _) = serving("HTTP", "HTTP:80/", Some(60));
    elb(&local, 300, CROSS_ZONE);
    leave_zone(&local);
    assert_eq!(report(&local, 420).dropped, 0);
}

/// Two load balancers with a group each, and a record that gives the first nine of ten clients.
fn two_sides(spec: TrafficSpec) -> (LocalAws, String) {
    let local = aws_like();
    let sides = ["blue", "green"].map(|name| {
        let dns_name = balancer(&local, name, "HTTP", "HTTP:80/", Some(60));
        group(&local, 0, name, 2, &[name]);
        dns_name
    });
    let (_, zone) = rest(
        &local,
        at(100),
        "POST",
        "/2013-04-01/hostedzone",
        "<CreateHostedZoneRequest><Name>example.com</Name><CallerReference>1</CallerReference></CreateHostedZoneRequest>",
    );
    let zone = field(&zone, "Id").expect("a zone").trim_start_matches("/hostedzone/").to_owned();
    weigh(&local, 200, &zone, &[("blue", &sides[0], 9), ("green", &sides[1], 1)]);
    local.start_traffic(
        ACCOUNT,
        REGION,
        at(300),
        TrafficSpec { target: "www.example.com".to_owned(), ..spec },
    );
    (local, zone)
}

fn weigh(local: &LocalAws, seconds: u64, zone: &str, sides: &[(&str, &str, u64)]) {
    let change = |(name, dns_name, weight): &(&str, &str, u64)| {
        format!(
            "<Change><Action>UPSERT</Action><ResourceRecordSet><Name>www.example.com</Name><Type>A</Type><SetIdentifier>{name}</SetIdentifier><Weight>{weight}</Weight><AliasTarget><HostedZoneId>Z35SXDOTRQ7X7K</HostedZoneId><DNSName>dualstack.{dns_name}</DNSName><EvaluateTargetHealth>true</EvaluateTargetHealth></AliasTarget></ResourceRecordSet></Change>"
        )
    };
    let changes: String = sides.iter().map(change).collect();
    let body = format!(
        "<ChangeResourceRecordSetsRequest><ChangeBatch><Changes>{changes}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
    );
    let (status, answer) =
        rest(local, at(seconds), "POST", &format!("/2013-04-01/hostedzone/{zone}/rrset"), &body);
    assert_eq!(status, 200, "{answer}");
}

/// How many open requests each load balancer has.
fn under_way(local: &LocalAws, seconds: u64, balancer: &str) -> usize {
    local.with_model(ACCOUNT, REGION, at(seconds), |model| {
        let ids = model.elb.balancers[balancer].registrations.keys();
        ids.filter_map(|id| crate::traffic::longest_open(model, balancer, id))
            .filter(|open| !open.is_zero())
            .count()
    })
}

#[test]
fn clients_follow_weights_as_they_learn_of_them() {
    let spec = TrafficSpec { rate: RATE, keep_alive: 0.0, ..TrafficSpec::default() };
    let (local, zone) = two_sides(TrafficSpec { clients: 30, ..spec });
    let names = local.with_model(ACCOUNT, REGION, at(300), |model| {
        ["blue", "green"].map(|name| model.elb.balancers[name].dns_name.clone())
    });
    weigh(&local, 330, &zone, &[("blue", &names[0], 0), ("green", &names[1], 1)]);
    assert!(under_way(&local, 330, "blue") > 0);
    // A minute until all name servers know, a minute until all clients do.
    assert_eq!(under_way(&local, 331 + 120, "blue"), 0);
    assert!(under_way(&local, 331 + 120, "green") > 0);
    elb(&local, 452, "Action=DeleteLoadBalancer&LoadBalancerName=blue");
    assert_eq!(report(&local, 500).dropped, 0);
}

#[test]
fn clients_that_keep_old_answers_ask_a_load_balancer_that_is_gone() {
    let spec = TrafficSpec { rate: RATE, keep_alive: 0.0, overrun_share: 0.5, ..TrafficSpec::default() };
    let (local, zone) = two_sides(TrafficSpec { overrun: Delay::secs(600, 600), ..spec });
    let names = local.with_model(ACCOUNT, REGION, at(300), |model| {
        ["blue", "green"].map(|name| model.elb.balancers[name].dns_name.clone())
    });
    weigh(&local, 330, &zone, &[("blue", &names[0], 0), ("green", &names[1], 1)]);
    elb(&local, 452, "Action=DeleteLoadBalancer&LoadBalancerName=blue");
    let report = report(&local, 500);
    assert_eq!(report.causes.keys().copied().collect::<Vec<_>>(), [Cause::NoListener]);
    let share = report.dropped as f64 / 48.0 / RATE;
    assert!((0.25..0.6).contains(&share), "{share}");
}

#[test]
fn a_session_is_lost_with_its_instance() {
    for (drain, sticky) in [(Some(60), true), (Some(60), false)] {
        let (local, ids) = serving("HTTP", "HTTP:80/", drain);
        if sticky {
            elb(&local, 300, "Action=CreateLBCookieStickinessPolicy&LoadBalancerName=web&PolicyName=p");
            elb(
                &local,
                300,
                "Action=SetLoadBalancerPoliciesOfListener&LoadBalancerName=web&LoadBalancerPort=80&PolicyNames.member.1=p",
            );
        }
        let before = report(&local, 330);
        leave(&local, 330, &ids[0]);
        let after = report(&local, 400);
        let lost = after.sessions_lost - before.sessions_lost;
        assert_eq!((after.dropped, lost > 10), (0, sticky), "{lost} sessions");
        assert!(lost < 60, "only those of the instance that left: {lost}");
    }
}
