//! One account in one region: state, what will happen next, and the only way in which time passes.

mod queue;
mod random;
mod time;

pub mod autoscaling;
pub mod behaviour;
pub mod bucket;
pub mod cloudwatch;
pub mod ec2;
pub mod elb;
pub mod elbv2;
pub mod iam;
pub mod metrics;
pub mod route53;
pub mod s3;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use queue::{Event, Queue};
pub use random::Random;
pub use time::Time;

use crate::timing::{Delay, TimeModel};
use crate::traffic::{self, Traffic};

/// One account in one region. Route 53 and IAM, which have no regions, and all buckets of S3 live in the model of
/// `us-east-1`.
///
/// Everything is plain data: a model is cloned to look ahead, and serialised to be kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Model {
    /// The 12-digit account number.
    pub account: String,
    /// For instance `us-east-1`.
    pub region: String,
    /// The moment up to which everything has happened.
    pub now: Time,
    /// How long things take.
    pub timing: TimeModel,
    /// Ids and delays.
    pub random: Random,
    /// What will happen.
    pub queue: Queue,
    /// What is inside images; the first rule that fits counts.
    #[serde(default)]
    pub behaviours: Vec<behaviour::Rule>,
    /// EC2.
    pub ec2: ec2::Ec2,
    /// Auto Scaling.
    pub autoscaling: autoscaling::AutoScaling,
    /// Metrics and alarms.
    #[serde(default)]
    pub cloudwatch: cloudwatch::CloudWatch,
    /// Classic load balancers.
    pub elb: elb::Elb,
    /// Application load balancers.
    #[serde(default)]
    pub elbv2: elbv2::Elbv2,
    /// Roles and instance profiles.
    #[serde(default)]
    pub iam: iam::Iam,
    /// Hosted zones and records.
    pub route53: route53::Route53,
    /// Buckets and objects.
    #[serde(default)]
    pub s3: s3::S3,
    /// Requests of clients.
    #[serde(default)]
    pub traffic: Traffic,
    /// How many requests may still come.
    #[serde(default)]
    pub buckets: bucket::Buckets,
}

impl Model {
    /// An account as AWS hands it out: with a default VPC, and nothing running.
    pub fn new(account: &str, region: &str, seed: u64, timing: TimeModel, now: Time) -> Self {
        let mut model = Self {
            account: account.to_owned(),
            region: region.to_owned(),
            now,
            timing,
            random: Random::new(seed),
            queue: Queue::default(),
            behaviours: Vec::new(),
            ec2: ec2::Ec2::default(),
            autoscaling: autoscaling::AutoScaling::default(),
            cloudwatch: cloudwatch::CloudWatch::default(),
            elb: elb::Elb::default(),
            elbv2: elbv2::Elbv2::default(),
            iam: iam::Iam::default(),
            route53: route53::Route53::default(),
            s3: s3::S3::default(),
            traffic: Traffic::default(),
            buckets: bucket::Buckets::default(),
        };
        crate::ec2::furnish(&mut model);
        model
    }

    /// Lets time pass until `to`: applies every event that falls due, each at its own moment. Time never runs
    /// back.
    ///
    /// Advancing in one step or in many gives the same model.
    pub fn advance(&mut self, to: Time) {
        while let Some((due, event)) = self.queue.pop_due(to) {
            traffic::run(self, due);
            self.now = self.now.max(due);
            self.apply(event);
        }
        traffic::run(self, to);
        self.now = self.now.max(to);
    }

    /// Has `event` happen after a delay drawn from `delay`.
    pub fn schedule(&mut self, delay: Delay, event: Event) {
        let wait = self.random.delay(delay);
        self.schedule_in(wait, event);
    }

    /// Has `event` happen after exactly `wait`.
    pub fn schedule_in(&mut self, wait: Duration, event: Event) {
        self.queue.push(self.now + wait, event);
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Ec2(event) => crate::ec2::apply(self, event),
            Event::AutoScaling(event) => crate::autoscaling::apply(self, event),
            Event::CloudWatch(event) => crate::cloudwatch::apply(self, event),
            Event::Elb(event) => crate::elb::apply(self, event),
            Event::Elbv2(event) => crate::elbv2::apply(self, event),
            Event::Route53(event) => crate::route53::apply(self, event),
            Event::Mishap(mishap) => crate::fault::apply(self, mishap),
        }
    }
}
