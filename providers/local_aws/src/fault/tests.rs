use std::time::Duration;

use super::{CallFault, Effect, Fault, Start};
use crate::LocalAws;
use crate::model::Time;
use crate::service::Service;
use crate::testing::{START, at, call, fast, fields, outcome};

fn fault(text: &str) -> Fault {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn what_is_read_is_written_the_same_way() {
    for text in [
        "autoscaling:AttachLoadBalancers@2=throttle",
        "autoscaling:Attach*@1m30s=throttle*3",
        "*:*~5%=throttle",
        "*:Describe*~0.5%=throttle*7",
        "elb:DescribeInstanceHealth=500*3",
        "ec2:RunInstances=lost",
        "ec2:RunInstances=dropped",
        "ec2:RunInstances=cut*always",
        "ec2:CreateVpc=twice",
        "ec2:CreateVpc@2=twice:first*3",
        "route53:POST rrset=PriorRequestNotComplete",
        "autoscaling:*=ResourceContention*2",
        "autoscaling:*=ResourceContention/400*2",
        "autoscaling:CreateLaunchConfiguration=ValidationError:Invalid IamInstanceProfile: web",
        "autoscaling:DescribeAutoScalingGroups=stale:5s*always",
        "elb:*=delay:1m30s",
        "instance@1m30s=dies",
        "instance:web-*=crashes*2",
        "instance:i-0123=recovers",
        "instance=stops",
        "image:web-*=never-healthy",
        "image:ami-1@2m=boots:2m..4m",
        "image:*=dies-after:90s",
        "image:*=serves-5xx",
        "image:*=fails-checks",
        "group:web@10s=desired:6",
        "group=desired:6",
        "hook:warm-*@10s=abandons",
        "hook=silent",
        "capacity=12",
        "capacity:us-east-1a@2m=0",
        "quota=20",
    ] {
        let read = fault(text);
        assert_eq!(fault(&read.to_string()), read, "{text}");
        assert_eq!(serde_json::from_str::<Fault>(&format!("{text:?}")).expect("a fault"), read);
        let same = text.replace("1m30s", "1m 30s").replace("90s", "1m 30s");
        assert_eq!(read.to_string().replace("1m30s", "1m 30s"), same);
    }
}

#[test]
fn what_is_no_fault_is_refused_with_the_place_and_what_there_is() {
    let table = [
        "throttle",
        "autoscaling=throttle",
        "ec2:*=explode",
        "ec2:*=delay:soon",
        "ec2:*@0=throttle",
        "ec2:*@soon=throttle",
        "ec2:*~200%=throttle",
        "ec2:*=throttle*0",
        "ec2:*=Odd/200",
        "instance=explodes",
        "instance~5%=dies",
        "image=never-healthy",
        "image:*=boots:4m..2m",
        "group=6",
        "hook=shrugs",
        "capacity=few",
        "quota=2*2",
    ];
    let refused = |text: &&str| text.parse::<Fault>().expect_err(text).to_string();
    insta::assert_snapshot!(table.iter().map(refused).collect::<Vec<_>>().join("\n"), @"
    `throttle` is not a fault: it wants `SERVICE:ACTION=EFFECT`, `instance=FATE`, `image:PATTERN=FLAW`, `group:PATTERN=desired:N`, `hook:PATTERN=ANSWER`, `capacity=N` or `quota=N`
    `autoscaling=throttle` is not a fault: it wants `SERVICE:ACTION=EFFECT`, `instance=FATE`, `image:PATTERN=FLAW`, `group:PATTERN=desired:N`, `hook:PATTERN=ANSWER`, `capacity=N` or `quota=N`
    `ec2:*=explode` is not a fault: there is no effect `explode`; there are throttle, lost, dropped, cut, twice, twice:first, delay:5s, stale:5s, 500, 502, 503, 504, or an error code such as ResourceContention
    `ec2:*=delay:soon` is not a fault: `soon` is not a time such as 5s or 1m30s
    `ec2:*@0=throttle` is not a fault: requests count from 1
    `ec2:*@soon=throttle` is not a fault: `soon` is neither the number of a request nor a time such as 90s or 1m30s
    `ec2:*~200%=throttle` is not a fault: `~200%` is not a percentage such as ~5% or ~0.5%
    `ec2:*=throttle*0` is not a fault: `*0` is never; it wants at least 1
    `ec2:*=Odd/200` is not a fault: a refusal's status is from 400 to 599
    `instance=explodes` is not a fault: an instance does not meet `explodes`; it dies, stops, crashes or recovers
    `instance~5%=dies` is not a fault: `~5%` goes with requests only
    `image=never-healthy` is not a fault: it wants a pattern for the image's id or name: image:web-*=never-healthy
    `image:*=boots:4m..2m` is not a fault: `4m..2m` is not a time such as 2m, or 2m..4m
    `group=6` is not a fault: a group wants `desired:N`
    `hook=shrugs` is not a fault: nobody answers `shrugs` to a hook; whoever waits abandons, continues or is silent
    `capacity=few` is not a fault: `few` is not a number
    `quota=2*2` is not a fault: `*2` goes with requests and instances only
    ");
    let unknown = "asg:*=throttle".parse::<Fault>().expect_err("no such service").to_string();
    assert!(unknown.contains("there is no service `asg`; there are ec2, autoscaling"), "{unknown}");
}

fn outcomes(aws: &LocalAws, now: Time, service: &str, form: &str, count: usize) -> Vec<String> {
    (0..count).map(|_| outcome(&call(aws, now, service, form))).collect()
}

#[test]
fn faults_strike_the_requests_they_name_and_wear_off() {
    let aws = fast();
    aws.inject(START, fault("ec2:DescribeVpcs@2=throttle*2"));
    aws.inject(START, fault("autoscaling:*=throttle"));
    aws.inject(START, fault("elb:Describe*@10s=503"));
    let lines = [
        (0, "ec2", "Action=DescribeVpcs"),
        (0, "ec2", "Action=DescribeVpcs"),
        (0, "ec2", "Action=DescribeSubnets"),
        (0, "ec2", "Action=DescribeVpcs"),
        (0, "ec2", "Action=DescribeVpcs"),
        (0, "autoscaling", "Action=DescribeAutoScalingGroups"),
        (0, "autoscaling", "Action=DescribeAutoScalingGroups"),
        (9, "elasticloadbalancing", "Action=DescribeLoadBalancers"),
        (10, "elasticloadbalancing", "Action=DescribeLoadBalancers"),
        (11, "elasticloadbalancing", "Action=DescribeLoadBalancers"),
    ]
    .map(|(now, service, form)| format!("{form}: {}", outcome(&call(&aws, at(now), service, form))));
    insta::assert_snapshot!(lines.join("\n"), @"
    Action=DescribeVpcs: 200
    Action=DescribeVpcs: RequestLimitExceeded 503
    Action=DescribeSubnets: 200
    Action=DescribeVpcs: RequestLimitExceeded 503
    Action=DescribeVpcs: 200
    Action=DescribeAutoScalingGroups: Throttling 400
    Action=DescribeAutoScalingGroups: 200
    Action=DescribeLoadBalancers: 200
    Action=DescribeLoadBalancers: ServiceUnavailable 503
    Action=DescribeLoadBalancers: 200
    ");
    assert_eq!(aws.faults(at(11)), []);
}

#[test]
fn chance_goes_by_the_seed_and_touches_nothing_else() {
    let struck = |fault_text: Option<&str>| {
        let aws = fast();
        if let Some(text) = fault_text {
            aws.inject(START, fault(text));
        }
        let seen = outcomes(&aws, START, "ec2", "Action=DescribeVpcs", 400);
        (
            seen.iter().filter(|seen| *seen != "200").count(),
            call(&aws, START, "ec2", "Action=CreateVpc&CidrBlock=10.0.0.0/16").1,
        )
    };
    let (count, vpc) = struck(Some("*:Describe*~10%=throttle"));
    assert_eq!(struck(Some("*:Describe*~10%=throttle")).0, count);
    assert!((20..60).contains(&count), "{count} of 400");
    let ids = |body: &str| fields(body, "vpcId").join(" ");
    assert_eq!(ids(&vpc), ids(&struck(None).1));
}

#[test]
fn a_request_whose_answer_is_lost_was_carried_out() {
    for effect in [Effect::LoseAnswer, Effect::Cut] {
        let aws = fast();
        aws.inject(START, CallFault::once(Service::Ec2, "CreateVpc", effect));
        let create = call(&aws, START, "ec2", "Action=CreateVpc&CidrBlock=10.0.0.0/16");
        assert_eq!(outcome(&create), "InternalError 500");
        let (_, vpcs) = call(&aws, START, "ec2", "Action=DescribeVpcs");
        assert_eq!(fields(&vpcs, "vpcId").len(), 2);
    }
}

#[test]
fn a_request_that_never_arrives_was_not() {
    let aws = fast();
    aws.inject(START, CallFault::once(Service::Ec2, "CreateVpc", Effect::Drop));
    let create = call(&aws, START, "ec2", "Action=CreateVpc&CidrBlock=10.0.0.0/16");
    assert_eq!(outcome(&create), "InternalError 500");
    let (_, vpcs) = call(&aws, START, "ec2", "Action=DescribeVpcs");
    assert_eq!(fields(&vpcs, "vpcId").len(), 1);
}

#[test]
fn a_request_that_is_delivered_twice_is_carried_out_twice() {
    let create = |effect: &str, form: &str| {
        let aws = fast();
        aws.inject(START, fault(&format!("ec2:*={effect}")));
        let made = outcome(&call(&aws, START, "ec2", form));
        let (_, vpcs) = call(&aws, START, "ec2", "Action=DescribeVpcs");
        let (_, keys) = call(&aws, START, "ec2", "Action=DescribeKeyPairs");
        (made, fields(&vpcs, "vpcId").len(), fields(&keys, "keyName").len())
    };
    let (vpc, key) = ("Action=CreateVpc&CidrBlock=10.0.0.0/16", "Action=CreateKeyPair&KeyName=one");
    assert_eq!(create("twice", vpc), ("200".to_owned(), 3, 0));
    assert_eq!(create("twice", key), ("InvalidKeyPair.Duplicate 400".to_owned(), 1, 1));
    assert_eq!(create("twice:first", key), ("200".to_owned(), 1, 1));
}

#[test]
fn a_stale_read_knows_nothing_of_recent_writes() {
    let aws = fast();
    aws.inject(START, fault("ec2:DescribeVpcs=stale:5s*always"));
    let create = |now, cidr: &str| call(&aws, now, "ec2", &format!("Action=CreateVpc&CidrBlock={cidr}"));
    let seen = |now| fields(&call(&aws, now, "ec2", "Action=DescribeVpcs").1, "vpcId").len();
    create(at(10), "10.0.0.0/16");
    create(at(13), "10.1.0.0/16");
    assert_eq!([at(14), at(15), at(17), at(18)].map(seen), [1, 2, 2, 3]);
}

#[test]
fn faults_are_kept_with_the_cloud() {
    let aws = fast();
    aws.inject(START, fault("ec2:DescribeVpcs@3=throttle*2"));
    aws.inject(START, fault("capacity@1m=4"));
    let _ = outcomes(&aws, START, "ec2", "Action=DescribeVpcs", 3);
    let rest =
        |aws: &LocalAws| aws.faults(at(20)).iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let again = LocalAws::restore(&aws.snapshot()).expect("a snapshot");
    assert_eq!(rest(&again), rest(&aws));
    assert_eq!(rest(&again), "ec2:DescribeVpcs=throttle, capacity@40s=4");
    again.clear_faults();
    assert_eq!(again.faults(at(20)), []);
}

#[test]
fn mishaps_happen_at_their_moment_in_every_place() {
    let aws = fast();
    let left = |now, region| {
        aws.with_model("123456789012", region, now, |model| {
            model.ec2.capacity.limits.iter().map(|limit| limit.left).collect::<Vec<_>>()
        })
    };
    assert_eq!(left(START, "us-east-1"), [0; 0]);
    aws.inject(START, fault("capacity@10s=4"));
    assert_eq!(left(at(9), "us-east-1"), [0; 0]);
    assert_eq!((left(at(10), "us-east-1"), left(at(30), "eu-west-1")), (vec![4], vec![4]));
    aws.inject(at(30), fault("capacity=1"));
    assert_eq!(left(at(30), "us-east-1"), [1]);
}

#[test]
fn instances_meet_their_fate() {
    let aws = fast();
    let launch = "Action=RunInstances&ImageId=ami-22de994a&InstanceType=t3.small&MinCount=3&MaxCount=3";
    let (_, made) = call(&aws, START, "ec2", launch);
    let ids = fields(&made, "instanceId");
    let states = |now| {
        fields(&call(&aws, now, "ec2", "Action=DescribeInstances").1, "name")
            .into_iter()
            .filter(|name| ["running", "terminated", "stopped"].contains(name))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(states(at(5)).len(), 3);
    aws.inject(at(5), fault("instance@5s=dies"));
    aws.inject(at(5), fault(&format!("instance:{}@20s=stops", ids[1])));
    let count = |now, state: &str| states(now).iter().filter(|is| *is == state).count();
    assert_eq!(count(at(9), "running"), 3);
    assert_eq!((count(at(20), "running"), count(at(20), "terminated")), (2, 1));
    let down = count(at(40), "stopped") + count(at(40), "terminated");
    assert!(down == 2 || down == 1, "the one named may be the one that died");
}

#[test]
fn a_delayed_answer_says_how_long_it_takes() {
    let aws = fast();
    let delay = Duration::from_secs(30);
    aws.inject(
        START,
        CallFault { start: Start::Request(1), ..CallFault::once(Service::Sts, "*", Effect::Delay(delay)) },
    );
    let request = http::Request::post("http://sts.us-east-1.amazonaws.com/");
    let request =
        request.body(bytes::Bytes::from_static(b"Action=GetCallerIdentity")).expect("a literal request");
    let exchanges = [aws.exchange(START, &request), aws.exchange(START, &request)];
    assert_eq!(
        exchanges.map(|exchange| (exchange.delay, exchange.answer.is_ok())),
        [(delay, true), (Duration::ZERO, true)]
    );
}
