//! The same service, declared, and rolled by `infra`'s own executor and AWS client.

use infra_engine::apply::ApplyReport;
use infra_engine::event::{Silent, Watch};
use infra_engine::store::MemoryStore;
use infra_lang::desired::Desired;
use infra_local_aws::timing::TimeModel;

use super::stage::{Measured, ONE, Observer, TWO, dns_name};
use crate::support::in_process::{
    ACCOUNT, Cloud, REGION, applied, applied_watched, desired, planned, resumed,
};

/// A way to roll, as a user writes it.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// What it is called in tables.
    pub name: &'static str,
    /// The `swap` block's contents.
    pub block: &'static str,
    /// Whether the group's name is fixed.
    pub fixed: bool,
}

/// The ways that keep the floor by themselves.
pub const WAYS: [Way; 4] = [
    Way { name: "blue_green", block: r#"bake = 1m"#, fixed: false },
    Way { name: "canary", block: r#"strategy = "canary", bake = 1m"#, fixed: false },
    Way { name: "rolling", block: r#"strategy = "rolling", bake = 1m"#, fixed: true },
    Way {
        name: "dns_weighted",
        block: r#"strategy = "dns_weighted", bake = 1m, dns_grace = 10m"#,
        fixed: false,
    },
];

/// A project in which `size` instances of an image serve behind a load balancer with a name of its own.
pub fn project(way: Way, image: &str, size: usize) -> String {
    let name = if way.fixed { "name = \"web\"" } else { "" };
    format!(
        r#"
        project "test" {{ region = "us-east-1" }}

        elb "web" {{
          availability_zones          = ["us-east-1a", "us-east-1b"]
          listener                    = [{{ lb_port = 80, lb_protocol = "http", instance_port = 80 }}]
          health_check                = {{ target = "HTTP:80/", interval = 10s, timeout = 5s }}
          connection_draining_timeout = 60s
        }}

        route53_zone "shop" {{ name = "shop.test" }}

        route53_record "web" {{
          zone_id = route53_zone.shop
          name    = "www"
          type    = "A"
          alias   = {{ target = elb.web }}
        }}

        launch_template "web" {{
          image_id      = "{image}"
          instance_type = "t3.small"
        }}

        autoscaling_group "web" {{
          {name}
          launch             = launch_template.web
          min_size           = 1
          max_size           = 200
          desired_capacity   = {size}
          availability_zones = ["us-east-1a", "us-east-1b"]
          load_balancers     = [elb.web]
          swap               = {{ {block} }}
        }}
        "#,
        block = way.block,
    )
}

/// A service in service, and what stands in its state.
pub struct Service {
    /// Where.
    pub cloud: Cloud,
    /// Its state.
    pub store: MemoryStore,
    way: Way,
    size: usize,
}

impl Service {
    /// Makes it.
    pub async fn new(way: Way, size: usize, seed: u64, timing: TimeModel) -> Self {
        let (cloud, store) = (Cloud::seeded(seed, timing), MemoryStore::default());
        let wanted = desired(&project(way, ONE, size));
        let report = applied(&wanted, &store, &cloud.provider(None).await).await;
        assert!(report.is_success(), "{:?}", report.failed);
        tokio::time::sleep(std::time::Duration::from_secs(900)).await;
        Self { cloud, store, way, size }
    }

    fn wanted(&self) -> Desired {
        desired(&project(self.way, TWO, self.size))
    }

    /// Rolls it to the other image.
    pub async fn roll(&self) -> ApplyReport {
        self.roll_watched(&Silent).await
    }

    /// The same while somebody watches.
    pub async fn roll_watched(&self, watch: &dyn Watch) -> ApplyReport {
        applied_watched(&self.wanted(), &self.store, &self.cloud.provider(None).await, watch).await
    }

    /// What a user does after a roll that failed: `infra apply` again, as another process.
    pub async fn finish(&self, told: &str) {
        let provider = self.cloud.provider(None).await;
        if let Some(report) = resumed(&self.store, &provider).await
            && !report.is_success()
        {
            panic!("{told}: held, and not finished by the next apply: {:?}", report.failed);
        }
        let report = applied(&self.wanted(), &self.store, &provider).await;
        assert!(report.is_success(), "{told}: not finished by the next apply: {:?}", report.failed);
    }

    /// Nothing is left to do, and nothing is left behind: one group as the file has it, at the live size, of the new
    /// image, with nothing pinned or suspended.
    pub async fn expect_as_declared(&self, told: &str) {
        let again = planned(&self.wanted(), &self.store, &self.cloud.provider(None).await).await;
        assert!(again.is_empty(), "{told}: {:?}", again.changes);
        let gauge = self.cloud.aws.gauge(ACCOUNT, REGION, self.cloud.now());
        let groups: Vec<_> = gauge.groups.values().collect();
        assert_eq!(groups.len(), 1, "{told}: {:?}", gauge.groups.keys());
        assert_eq!((groups[0].min, groups[0].max), (1, 200), "{told}");
        assert!(groups[0].suspended.is_empty(), "{told}: {:?}", groups[0].suspended);
        assert!(groups[0].serving() >= self.size, "{told}: {:?}", groups[0]);
        assert!(groups[0].members.values().all(|member| member.image == TWO), "{told}: {:?}", groups[0]);
    }

    /// Rolls it while it is watched; it must come to its end, with nothing left to do.
    pub async fn measured(&self) -> Measured {
        let observer = Observer::new(&self.cloud, self.size).asked(&self.address());
        let report = self.roll().await;
        assert!(report.is_success(), "{} of {}: {:?}", self.way.name, self.size, report.failed);
        let measured = observer.measured().await;
        self.expect_as_declared(&format!("{} of {}", self.way.name, self.size)).await;
        measured
    }

    /// What clients ask: the record, where it moves between load balancers, else the only load balancer.
    fn address(&self) -> String {
        if self.way.name == "dns_weighted" { "www.shop.test".to_owned() } else { dns_name(&self.cloud) }
    }
}
