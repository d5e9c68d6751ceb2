//! A service on the model: so many instances behind one load balancer, clients that ask it without pause, and
//! everything that is measured while something rolls it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use infra_local_aws::gauge::Gauge;
use infra_local_aws::timing::{Delay, TimeModel};
use infra_local_aws::traffic::{Service, TrafficReport, TrafficSpec};

use super::hand::{BALANCER, Hand};
use super::peers::OLD;
use crate::support::in_process::{ACCOUNT, Cloud, REGION};

/// The image that serves at the start.
pub const ONE: &str = "ami-22de994a";
/// The image that is rolled out.
pub const TWO: &str = "ami-1ebb2077";

/// The times of the worked example in the specification: 120 s until an application listens, 30 s until a load balancer
/// looks at an instance at all, 30 s to end it.
pub fn worked() -> TimeModel {
    let mut timing = TimeModel::aws_like();
    timing.ec2.pending_to_running = Delay::secs(10, 10);
    timing.ec2.running_to_listening = Delay::secs(110, 110);
    timing.ec2.shutting_down_to_terminated = Delay::secs(30, 30);
    timing.elb.registration_lag = Delay::secs(30, 30);
    timing
}

/// What was measured of a roll.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The fewest instances that served.
    pub fewest: usize,
    /// The most instances that there were.
    pub peak: usize,
    /// From its start until all that serves is of the new image, at the old size; `None` if that never was.
    pub took: Option<Duration>,
    /// What became of the clients' requests.
    pub traffic: TrafficReport,
}

impl Measured {
    /// Requests that were not answered, and those answered wrongly.
    pub fn lost(&self) -> u64 {
        self.traffic.dropped + self.traffic.bad
    }
}

/// Looks at a cloud once a second.
#[derive(Clone)]
pub struct Observer {
    cloud: Cloud,
    size: usize,
    began: tokio::time::Instant,
    seen: Arc<Mutex<Seen>>,
}

struct Seen {
    fewest: usize,
    peak: usize,
    took: Option<Duration>,
}

impl Observer {
    /// Begins to look at a cloud in which `size` instances serve.
    pub fn new(cloud: &Cloud, size: usize) -> Self {
        let seen = Seen { fewest: usize::MAX, peak: 0, took: None };
        let began = tokio::time::Instant::now();
        let observer = Self { cloud: cloud.clone(), size, began, seen: Arc::new(Mutex::new(seen)) };
        let looking = observer.clone();
        tokio::spawn(async move {
            loop {
                looking.look(&looking.cloud.aws.gauge(ACCOUNT, REGION, looking.cloud.now()));
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        observer
    }

    /// Has clients ask by a name meanwhile.
    pub fn asked(self, dns_name: &str) -> Self {
        self.cloud.aws.start_traffic(ACCOUNT, REGION, self.cloud.now(), requests(dns_name));
        self
    }

    /// The fewest instances that have served so far.
    pub fn fewest(&self) -> usize {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).fewest
    }

    fn look(&self, gauge: &Gauge) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.fewest = seen.fewest.min(gauge.serving());
        seen.peak = seen.peak.max(gauge.instances());
        let members = || gauge.groups.values().flat_map(|group| group.members.values());
        let of = |image: &str| members().filter(|member| member.serving && member.image == image).count();
        match of(TWO) >= self.size && of(TWO) == gauge.serving() {
            true => drop(seen.took.get_or_insert(self.began.elapsed())),
            false => seen.took = None,
        }
    }

    /// What was measured, a while after the roll has come to its end.
    pub async fn measured(self) -> Measured {
        tokio::time::sleep(Duration::from_secs(600)).await;
        let reports = self.cloud.aws.traffic_report(ACCOUNT, REGION, self.cloud.now());
        let traffic = reports.into_iter().next().unwrap_or_default();
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        Measured { fewest: seen.fewest, peak: seen.peak, took: seen.took, traffic }
    }
}

/// Twenty requests a second, one of a hundred up to 50 s long: longer than that nothing takes, so that draining for a
/// minute covers all.
fn requests(dns_name: &str) -> TrafficSpec {
    TrafficSpec {
        target: dns_name.to_owned(),
        rate: 20.0,
        service: Service { mean_ms: 100, longest_ms: 50_000, slow_share: 0.01 },
        ..TrafficSpec::default()
    }
}

/// How the peers' service is set up.
#[derive(Clone, Copy)]
pub struct Setup {
    /// How many instances serve.
    pub size: usize,
    /// The minimum of the file.
    pub min: usize,
    /// Whether the load balancer lets open requests finish.
    pub draining: bool,
    /// `EC2` or `ELB`.
    pub health_check: &'static str,
}

/// A service by hand: launch configurations `one` and `two`, the load balancer, and the group in service.
pub async fn serving(setup: Setup) -> Hand {
    let hand = Hand { cloud: Cloud::new(worked()) };
    for (name, image) in [("one", ONE), ("two", TWO)] {
        let fields = [("LaunchConfigurationName", name), ("ImageId", image), ("InstanceType", "t3.small")];
        hand.call("autoscaling", "CreateLaunchConfiguration", &fields);
    }
    balancer(&hand, setup.draining);
    let [size, min] = [setup.size, setup.min].map(|size| size.to_string());
    let fields = [
        ("LaunchConfigurationName", "one"),
        ("MinSize", &*min),
        ("MaxSize", "200"),
        ("DesiredCapacity", &*size),
        ("AvailabilityZones.member.1", "us-east-1a"),
        ("AvailabilityZones.member.2", "us-east-1b"),
        ("LoadBalancerNames.member.1", BALANCER),
        ("HealthCheckType", setup.health_check),
        ("HealthCheckGracePeriod", "300"),
    ];
    hand.group("CreateAutoScalingGroup", OLD, &fields);
    tokio::time::sleep(Duration::from_secs(900)).await;
    assert_eq!(hand.gauge().serving(), setup.size);
    hand
}

fn balancer(hand: &Hand, draining: bool) {
    let elb = |action: &str, fields: &[(&str, &str)]| {
        let all: Vec<(&str, &str)> =
            [("LoadBalancerName", BALANCER)].into_iter().chain(fields.iter().copied()).collect();
        hand.call("elasticloadbalancing", action, &all)
    };
    elb(
        "CreateLoadBalancer",
        &[
            ("AvailabilityZones.member.1", "us-east-1a"),
            ("AvailabilityZones.member.2", "us-east-1b"),
            ("Listeners.member.1.Protocol", "HTTP"),
            ("Listeners.member.1.LoadBalancerPort", "80"),
            ("Listeners.member.1.InstancePort", "80"),
        ],
    );
    elb(
        "ConfigureHealthCheck",
        &[
            ("HealthCheck.Target", "HTTP:80/"),
            ("HealthCheck.Interval", "10"),
            ("HealthCheck.Timeout", "5"),
            ("HealthCheck.HealthyThreshold", "2"),
            ("HealthCheck.UnhealthyThreshold", "2"),
        ],
    );
    let enabled = if draining { "true" } else { "false" };
    elb(
        "ModifyLoadBalancerAttributes",
        &[
            ("LoadBalancerAttributes.CrossZoneLoadBalancing.Enabled", "true"),
            ("LoadBalancerAttributes.ConnectionDraining.Enabled", enabled),
            ("LoadBalancerAttributes.ConnectionDraining.Timeout", "60"),
        ],
    );
}

/// The DNS name of the only load balancer.
pub fn dns_name(cloud: &Cloud) -> String {
    cloud.model(|model| {
        let names: Vec<String> =
            model.elb.balancers.values().map(|balancer| balancer.dns_name.clone()).collect();
        assert_eq!(names.len(), 1, "{names:?}");
        names.concat()
    })
}
