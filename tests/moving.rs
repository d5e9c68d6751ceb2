//! Users move from one load balancer to another, and no request of theirs is lost: requests come by a record's name
//! all the while, from clients that keep an answer for its time to live and from some that keep it longer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use infra_engine::apply::ApplyReport;
use infra_engine::change::Action;
use infra_engine::store::MemoryStore;
use infra_lang::address::Address;
use infra_local_aws::model::behaviour::{App, Behaviour};
use infra_local_aws::timing::{Delay, TimeModel};
use infra_local_aws::traffic::{TrafficReport, TrafficSpec};

use crate::support::dying::{Dying, Moment};
use crate::support::in_process::{
    ACCOUNT, Cloud, Look, REGION, applied, copied, desired, planned, resumed, runtime,
};

/// An image whose application starts.
const GOOD: &str = "ami-22de994a";
/// An image of which a test says how it behaves.
const BAD: &str = "ami-1ebb2077";

/// What the tests change of a project: a group behind a load balancer, and a record that leads there.
#[derive(Clone, Copy)]
struct Site {
    image: &'static str,
    user_data: &'static str,
    internal: bool,
    /// What stands in the group's block besides.
    group: &'static str,
}

/// Users move by weight, and quickly.
const QUICKLY: &str =
    r#"swap = { strategy = "dns_weighted", stages = [10%, 100%], bake = 1m, dns_grace = 10m }"#;

const SITE: Site = Site { image: GOOD, user_data: "one", internal: false, group: QUICKLY };

impl Site {
    fn text(self) -> String {
        let Self { image, user_data, internal, group } = self;
        format!(
            r#"
            project "test" {{ region = "us-east-1" }}

            elb "web" {{
              availability_zones          = ["us-east-1a", "us-east-1b"]
              internal                    = {internal}
              listener                    = [{{ lb_port = 80, lb_protocol = "http", instance_port = 80 }}]
              health_check                = {{ target = "HTTP:80/", interval = 10s, timeout = 5s }}
              connection_draining_timeout = 60s
            }}

            launch_configuration "web" {{
              image_id      = "{image}"
              instance_type = "t3.small"
              user_data     = "{user_data}"
            }}

            autoscaling_group "web" {{
              launch             = launch_configuration.web
              availability_zones = ["us-east-1a", "us-east-1b"]
              load_balancers     = [elb.web]
              min_size           = 3
              max_size           = 6
              {group}
            }}

            route53_zone "main" {{ name = "shop.test" }}

            route53_record "www" {{
              zone_id = route53_zone.main
              name    = "www"
              type    = "A"
              alias   = {{ target = elb.web }}
            }}
            "#
        )
    }
}

/// What there is of an account, without names: records, load balancers with what serves behind them, groups with their sizes.
fn sights(cloud: &Cloud) -> String {
    cloud.model(|model| {
        let zone = model.route53.zones.values().next().expect("a zone");
        let records = zone.records.values().filter(|record| record.kind == "A").map(|record| {
            let alias = record.alias.as_ref().map_or("-", |alias| alias.dns_name.as_str());
            let leads = |name: &str| alias.trim_end_matches('.') == name;
            let here = model.elb.balancers.values().any(|balancer| leads(&balancer.dns_name));
            format!("{} {:?} leads {}", record.name, record.routing, if here { "here" } else { "nowhere" })
        });
        let registered =
            model.elb.balancers.values().map(|elb| format!("{} registered", elb.registrations.len()));
        let groups = model.autoscaling.groups.values().map(|group| {
            let suspended: Vec<&String> = group.suspended.keys().collect();
            format!("{:?} {} {suspended:?}", group.size, group.settings.health_check_type)
        });
        records.chain(registered).chain(groups).collect::<Vec<_>>().join("\n")
    })
}

/// The names of load balancers, groups and their instances.
type Names = (Vec<String>, Vec<String>, Vec<String>);

fn names(cloud: &Cloud) -> Names {
    cloud.model(|model| {
        let groups = &model.autoscaling.groups;
        let members = groups.values().flat_map(|group| group.members.keys());
        (
            model.elb.balancers.keys().cloned().collect(),
            groups.keys().cloned().collect(),
            members.map(ToString::to_string).collect(),
        )
    })
}

/// What a move has come to.
struct Moved {
    cloud: Cloud,
    before: Names,
    sights: String,
    report: ApplyReport,
    traffic: TrafficReport,
    /// The most instances that there were.
    peak: usize,
    /// Whether nothing is left to do.
    settled: bool,
}

/// Applies one site and then another, while requests come: a share of the clients keeps an answer for up to so many
/// seconds, whatever its time to live.
async fn moved(from: Site, to: Site, timing: TimeModel, forgetful: (f64, u64), behaviour: App) -> Moved {
    let (cloud, store) = (Cloud::new(timing), MemoryStore::default());
    cloud.aws.behave(BAD, Behaviour { boot: None, app: behaviour });
    let provider = cloud.provider(None).await;
    assert!(applied(&desired(&from.text()), &store, &provider).await.is_success());
    // Until the record is known everywhere.
    tokio::time::sleep(Duration::from_secs(120)).await;
    let (before, sights) = (names(&cloud), sights(&cloud));
    let spec = TrafficSpec {
        target: "www.shop.test".to_owned(),
        rate: 20.0,
        overrun_share: forgetful.0,
        overrun: Delay::secs(60, forgetful.1),
        ..TrafficSpec::default()
    };
    cloud.aws.start_traffic(ACCOUNT, REGION, cloud.now(), spec);
    let most = Arc::new(AtomicUsize::new(0));
    let seen = most.clone();
    let look: Look = Arc::new(move |cloud: &Cloud| {
        let (.., instances) = names(cloud);
        seen.fetch_max(instances.len(), Ordering::Relaxed);
    });
    let provider = cloud.provider(Some(look)).await;
    let report = applied(&desired(&to.text()), &store, &provider).await;
    cloud.aws.stop_traffic(ACCOUNT, REGION, cloud.now());
    tokio::time::sleep(Duration::from_secs(60)).await;
    let traffic = cloud.aws.traffic_report(ACCOUNT, REGION, cloud.now()).remove(0);
    let settled = planned(&desired(&to.text()), &store, &provider).await.is_empty();
    let peak = most.load(Ordering::Relaxed);
    Moved { cloud, before, sights, report, traffic, peak, settled }
}

impl Moved {
    #[track_caller]
    fn expect_all_answered(&self) {
        let traffic = &self.traffic;
        assert!(traffic.requests > 1000, "{traffic:?}");
        assert_eq!((traffic.dropped, traffic.bad), (0, 0), "{:?} {:?}", traffic.causes, traffic.moments);
    }

    fn failures(&self) -> String {
        let failed = self.report.failed.iter();
        failed.map(|failed| format!("{}: {}", failed.address, failed.failure)).collect::<Vec<_>>().join("\n")
    }
}

#[test]
fn a_swap_takes_its_load_balancer_along_and_nobody_notices() {
    runtime().block_on(async {
        let to = Site { user_data: "two", ..SITE };
        // Some clients keep an answer for almost as long as the old side serves on.
        let moved = moved(SITE, to, TimeModel::aws_like(), (0.3, 570), App::Healthy).await;
        assert!(moved.report.is_success(), "{}", moved.failures());
        moved.expect_all_answered();
        assert!(moved.settled);
        assert_eq!(sights(&moved.cloud), moved.sights, "as it was, only new");
        let (now, before) = (names(&moved.cloud), &moved.before);
        assert!(now.0 != before.0 && now.1 != before.1 && now.2 != before.2, "{now:?}");
        assert_eq!(moved.peak, 6, "both sides at full size");
    });
}

/// The instances stay, so the name of the group may be fixed, and whatever its strategy is.
#[test]
fn a_load_balancer_that_is_replaced_keeps_its_instances_and_nobody_notices() {
    runtime().block_on(async {
        let site = Site { group: "name = \"web\"\nswap = { bake = 1m }", ..SITE };
        let to = Site { internal: true, ..site };
        let moved = moved(site, to, TimeModel::aws_like(), (0.3, 3500), App::Healthy).await;
        assert!(moved.report.is_success(), "{}", moved.failures());
        moved.expect_all_answered();
        assert!(moved.settled);
        assert_eq!(sights(&moved.cloud), moved.sights);
        let (now, before) = (names(&moved.cloud), &moved.before);
        assert_ne!(now.0, before.0);
        assert_eq!((now.1, now.2, moved.peak), (before.1.clone(), before.2.clone(), 3));
    });
}

#[test]
fn instances_that_never_serve_move_nobody() {
    runtime().block_on(async {
        let to = Site { image: BAD, ..SITE };
        let moved = moved(SITE, to, TimeModel::aws_like(), (0.3, 570), App::NeverListens).await;
        assert!(moved.report.undo_failed.is_empty(), "{:?}", moved.report.undo_failed);
        insta::assert_snapshot!(moved.failures(), @"autoscaling_group.web: it took too long, waiting for 0 of 3 new instances serve steadily");
        moved.expect_all_answered();
        assert_eq!((names(&moved.cloud), sights(&moved.cloud)), (moved.before, moved.sights));
    });
}

/// They die while a tenth of all users is with them: users are led back, and those that come late are served as
/// long as anybody is there.
#[test]
fn instances_that_die_while_users_move_give_them_back() {
    runtime().block_on(async {
        let to = Site { image: BAD, ..SITE };
        let dies = App::DiesAfter(Delay::secs(240, 240));
        let moved = moved(SITE, to, TimeModel::aws_like(), (0.0, 60), dies).await;
        assert!(moved.report.undo_failed.is_empty(), "{:?}", moved.report.undo_failed);
        insta::assert_snapshot!(moved.failures(), @"route53_record.www: only 0 of 3 instances serve behind the new load balancer");
        assert_eq!((names(&moved.cloud), sights(&moved.cloud)), (moved.before, moved.sights));
        let lost = moved.traffic.dropped as f64 / moved.traffic.requests as f64;
        assert!(lost < 0.05, "a tenth of the users for as long as a check takes: {:?}", moved.traffic.causes);
    });
}

/// A record with weights of its own keeps them, and moves in one go.
#[test]
fn a_record_with_a_policy_of_its_own_is_kept() {
    let weighted = |site: Site| {
        let policy = "set_identifier = \"eu\"\nweighted_routing_policy = { weight = 7 }\nalias   =";
        desired(&site.text().replace("alias   =", policy))
    };
    runtime().block_on(async {
        let (cloud, store) = (Cloud::new(TimeModel::fast()), MemoryStore::default());
        let provider = cloud.provider(None).await;
        assert!(applied(&weighted(SITE), &store, &provider).await.is_success());
        let before = (names(&cloud), sights(&cloud));
        let to = weighted(Site { user_data: "two", ..SITE });
        let report = applied(&to, &store, &provider).await;
        assert!(report.is_success(), "{:?}", report.failed);
        assert_eq!(sights(&cloud), before.1);
        assert_ne!(names(&cloud).0, before.0.0);
        assert!(planned(&to, &store, &provider).await.is_empty());
    });
}

/// Killed at a write, to its journal or to AWS, the next run goes on to the same end.
#[test]
fn a_move_that_dies_anywhere_is_finished_by_the_next_run() {
    const AT_ONCE: &str =
        r#"swap = { strategy = "dns_weighted", stages = [50%, 100%], bake = 0s, dns_grace = 0s }"#;
    let site = Site { group: AT_ONCE, ..SITE };
    let (from, to) = (desired(&site.text()), desired(&Site { user_data: "two", ..site }.text()));
    let (snapshot, start, sights_before) = runtime().block_on(async {
        let (cloud, store) = (Cloud::new(TimeModel::fast()), MemoryStore::default());
        assert!(applied(&from, &store, &cloud.provider(None).await).await.is_success());
        (cloud.aws.snapshot(), store, sights(&cloud))
    });
    let mut writes = 0;
    for at in 1.. {
        let died = runtime().block_on(async {
            let (cloud, store) = (Cloud::restore(&snapshot), copied(&start).await);
            let dying = Dying::new(&store, at, Moment::Unanswered);
            let provider = cloud.provider_over(dying.wire(&cloud, None)).await;
            let died = tokio::select! {
                biased;
                () = dying.died.cancelled() => true,
                _ = applied(&to, &dying, &provider) => false,
            };
            let provider = cloud.provider(None).await;
            if let Some(report) = resumed(&store, &provider).await {
                assert!(report.is_success(), "write {at}: {:?}", report.failed);
            }
            let plan = planned(&to, &store, &provider).await;
            assert!(plan.is_empty(), "write {at}: {:?}", plan.changes);
            assert_eq!(sights(&cloud), sights_before, "write {at}");
            died
        });
        if !died {
            break;
        }
        writes = at;
    }
    assert!(writes > 10, "{writes}");
}

#[test]
fn the_plan_says_how_users_move() {
    runtime().block_on(async {
        let (cloud, store) = (Cloud::new(TimeModel::fast()), MemoryStore::default());
        let provider = cloud.provider(None).await;
        assert!(applied(&desired(&SITE.text()), &store, &provider).await.is_success());
        let plan = planned(&desired(&Site { user_data: "two", ..SITE }.text()), &store, &provider).await;
        let told = |kind: &str| {
            let change = plan.change(&Address::managed(kind, "web"));
            let change = change.or_else(|| plan.change(&Address::managed(kind, "www"))).expect(kind);
            assert_ne!(change.action, Action::Create);
            change.consequence.clone().unwrap_or_default()
        };
        let told = ["elb", "autoscaling_group", "route53_record"].map(told);
        insta::assert_snapshot!(told.join("\n"), @r"
        the new one stands beside the old one, which goes once users have left it
        3 of 3 running instances replaced: as many boot behind the new load balancer before users move there, and both serve until users have moved
        users move in stages of 10 and 100%, each held for 1m; the old side serves on for 10m
        ");
    });
}
