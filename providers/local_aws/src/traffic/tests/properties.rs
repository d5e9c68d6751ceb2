use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{ACCOUNT, REGION, asg, balancer, elb, group, instances, report};
use crate::handle::{LocalAws, Options};
use crate::model::Time;
use crate::model::behaviour::{App, Behaviour};
use crate::testing::{START, at, call};
use crate::timing::{Delay, TimeModel};
use crate::traffic::{Cause, Service, TrafficSpec};

/// Something a user does.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Resize(u64),
    Terminate(usize),
    Deregister(usize),
    Register(usize),
    CrossZone(bool),
}

fn deeds() -> impl Strategy<Value = Vec<(u64, Deed)>> {
    let deed = prop_oneof![
        (1..8_u64).prop_map(Deed::Resize),
        (0..4_usize).prop_map(Deed::Terminate),
        (0..4_usize).prop_map(Deed::Deregister),
        (0..4_usize).prop_map(Deed::Register),
        any::<bool>().prop_map(Deed::CrossZone),
    ];
    vec((1..60_u64, deed), 0..5)
}

fn world(seed: u64, drain: Option<u64>, app: App) -> (LocalAws, String) {
    let local = LocalAws::new(Options { seed, timing: TimeModel::aws_like() });
    local.behave("*", Behaviour { boot: Some(Delay::secs(5, 40)), app });
    let dns_name = balancer(&local, "web", "HTTP", "HTTP:80/", drain);
    group(&local, 0, "g", 4, &["web"]);
    (local, dns_name)
}

fn ask(local: &LocalAws, dns_name: &str, concurrency: Option<u32>) {
    let service = Service { mean_ms: 200, longest_ms: 30_000, slow_share: 0.02 };
    let target = dns_name.to_owned();
    let spec = TrafficSpec { target, service, rate: 20.0, concurrency, ..TrafficSpec::default() };
    local.start_traffic(ACCOUNT, REGION, at(120), spec);
}

fn carry_out(local: &LocalAws, seconds: u64, deed: Deed) {
    let ids = instances(local, seconds, "g");
    let id = |place: usize| ids.get(place).map_or("i-0123456789abcdef0", String::as_str);
    let (service, form) = match deed {
        Deed::Resize(size) => (
            "autoscaling",
            format!("Action=SetDesiredCapacity&AutoScalingGroupName=g&DesiredCapacity={size}"),
        ),
        Deed::Terminate(place) => ("ec2", format!("Action=TerminateInstances&InstanceId.1={}", id(place))),
        Deed::Deregister(place) => (
            "elasticloadbalancing",
            format!(
                "Action=DeregisterInstancesFromLoadBalancer&LoadBalancerName=web&Instances.member.1.InstanceId={}",
                id(place)
            ),
        ),
        Deed::Register(place) => (
            "elasticloadbalancing",
            format!(
                "Action=RegisterInstancesWithLoadBalancer&LoadBalancerName=web&Instances.member.1.InstanceId={}",
                id(place)
            ),
        ),
        Deed::CrossZone(on) => (
            "elasticloadbalancing",
            format!(
                "Action=ModifyLoadBalancerAttributes&LoadBalancerName=web&LoadBalancerAttributes.CrossZoneLoadBalancing.Enabled={on}"
            ),
        ),
    };
    call(local, at(seconds), service, &form);
}

/// Does what is to be done, with looks at the gauge in between. Gives the end.
fn live(local: &LocalAws, deeds: &[(u64, Deed)], looks: &[u64]) -> u64 {
    let mut seconds = 120;
    for (wait, deed) in deeds {
        for look in looks {
            local.gauge(ACCOUNT, REGION, Time(START.0 + seconds * 1000 + look * wait));
        }
        seconds += wait;
        carry_out(local, seconds, *deed);
    }
    seconds + 100
}

/// The cloud without its requests.
fn bare(local: &LocalAws, seconds: u64) -> String {
    local.with_model(ACCOUNT, REGION, at(seconds), |model| model.traffic = Default::default());
    local.snapshot()
}

fn apps() -> impl Strategy<Value = App> {
    select(vec![App::Healthy, App::PassesButServes5xx, App::DiesAfter(Delay::secs(60, 400))])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn requests_change_nothing_in_the_model(seed: u64, deeds in deeds(), app in apps(), limit: bool) {
        let with = world(seed, None, app);
        ask(&with.0, &with.1, limit.then_some(2));
        let without = world(seed, None, app);
        without.0.gauge(ACCOUNT, REGION, at(120));
        let end = live(&with.0, &deeds, &[]);
        live(&without.0, &deeds, &[]);
        prop_assert_eq!(bare(&with.0, end), bare(&without.0, end));
    }

    #[test]
    fn time_passes_the_same_in_few_steps_and_in_many(
        seed: u64,
        deeds in deeds(),
        app in apps(),
        looks in vec(1..999_u64, 0..4),
        limit: bool,
    ) {
        let mut looks = looks;
        looks.sort_unstable();
        let worlds = [vec![], looks].map(|looks| {
            let (local, dns_name) = world(seed, Some(60), app);
            ask(&local, &dns_name, limit.then_some(2));
            let end = live(&local, &deeds, &looks);
            report(&local, end);
            local.snapshot()
        });
        prop_assert_eq!(&worlds[0], &worlds[1]);
    }

    #[test]
    fn a_snapshot_goes_on_as_the_cloud_would_have(seed: u64, deeds in deeds(), app in apps()) {
        let (local, dns_name) = world(seed, Some(60), app);
        ask(&local, &dns_name, None);
        let end = live(&local, &deeds, &[]);
        let restored = LocalAws::restore(&local.snapshot()).expect("its own snapshot");
        prop_assert_eq!(report(&local, end + 50), report(&restored, end + 50));
        prop_assert_eq!(local.snapshot(), restored.snapshot());
    }

    /// The floor is kept and draining covers the longest request: a group that grows and shrinks drops nothing.
    #[test]
    fn nothing_is_dropped_while_enough_serve_and_draining_lasts(
        seed: u64,
        sizes in vec((60..200_u64, 3..10_u64), 1..4),
    ) {
        let (local, dns_name) = world(seed, Some(31), App::Healthy);
        elb(&local, 1, super::CROSS_ZONE);
        asg(&local, 1, "Action=UpdateAutoScalingGroup&AutoScalingGroupName=g&MinSize=3");
        ask(&local, &dns_name, None);
        let mut seconds = 120;
        for (wait, size) in sizes {
            seconds += wait;
            carry_out(&local, seconds, Deed::Resize(size));
        }
        let report = report(&local, seconds + 200);
        prop_assert!(report.fewest_in_service >= 1);
        prop_assert_eq!((report.dropped, report.bad), (0, 0));
    }

    /// An instance that ends while it is registered takes requests with it, whatever the rest does.
    #[test]
    fn an_instance_terminated_in_place_drops_requests(seed: u64) {
        let (local, dns_name) = world(seed, Some(60), App::Healthy);
        local.gauge(ACCOUNT, REGION, at(200));
        ask(&local, &dns_name, None);
        carry_out(&local, 300, Deed::Terminate(0));
        let report = report(&local, 400);
        prop_assert!(report.causes.contains_key(&Cause::NotListening), "{:?}", report.causes);
        let known = [Cause::NotListening, Cause::CutByTermination, Cause::NobodyInService];
        prop_assert!(report.causes.keys().all(|cause| known.contains(cause)), "{:?}", report.causes);
    }
}
