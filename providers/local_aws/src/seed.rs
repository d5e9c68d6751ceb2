//! A cloud made from what AWS says of itself, so that what would happen to it can be tried out.
//!
//! What the model would have been told to make something, it is told again: an answer of `DescribeAutoScalingGroups`
//! holds the members of `CreateAutoScalingGroup`. Then everything gets the ids that AWS has given it.

mod alarms;
mod answer;
mod balancers;
mod groups;
mod machines;
mod network;
mod records;

use std::collections::BTreeSet;

use crate::cloud::{Cloud, DEFAULT_ACCOUNT};
use crate::handle::{LocalAws, Options};
use crate::model::ec2::Ec2;
use crate::model::{Model, Time};
use crate::service::{Context, HOME};
use crate::wire::{ApiError, Params};

pub use answer::Answer;

use answer::Said;

/// What a seed is made from.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The account that AWS answered for.
    pub account: String,
    /// The region.
    pub region: String,
    /// When it answered.
    pub now: Time,
    /// What was asked and answered; all pages of a list count.
    pub answers: Vec<Answer>,
}

/// Takes over what an answer says.
type Take = fn(&mut Seeding<'_>, &Said);

/// The answers that say something, in the order in which they are taken over: nothing refers to what comes after it.
const REGIONAL: [(&str, Take); 20] = [
    ("DescribeVpcs", network::vpcs),
    ("DescribeSubnets", network::subnets),
    ("DescribeInternetGateways", network::gateways),
    ("DescribeRouteTables", network::route_tables),
    ("DescribeSecurityGroups", network::security_groups),
    ("DescribeKeyPairs", network::key_pairs),
    ("DescribeImages", machines::images),
    ("DescribeInstances", machines::instances),
    ("DescribeLaunchTemplates", machines::templates),
    ("DescribeLaunchTemplateVersions", machines::template_versions),
    ("DescribeLaunchConfigurations", groups::configurations),
    ("DescribeLoadBalancers", balancers::balancers),
    ("DescribeLoadBalancerAttributes", balancers::attributes),
    ("DescribeTags", balancers::tags),
    ("DescribeInstanceHealth", balancers::health),
    ("DescribeAutoScalingGroups", groups::groups),
    ("DescribeLifecycleHooks", groups::hooks),
    ("DescribePolicies", groups::policies),
    ("DescribeScheduledActions", groups::schedules),
    ("DescribeAlarms", alarms::alarms),
];

/// The same, of services without regions.
const GLOBAL: [(&str, Take); 2] =
    [("ListHostedZones", records::zones), ("ListResourceRecordSets", records::records)];

/// A model that is being made.
struct Seeding<'m> {
    model: &'m mut Model,
    context: Context,
    notes: BTreeSet<String>,
}

impl LocalAws {
    /// A cloud like the one that was surveyed, at that moment, and what had to be assumed or left out, a sentence each.
    /// It belongs to callers without an account of their own, whatever account was surveyed.
    pub fn seeded(options: Options, survey: &Survey) -> (Self, Vec<String>) {
        let mut cloud = Cloud::new(options.seed, options.timing);
        let said: Vec<Said> = survey.answers.iter().filter_map(Said::read).collect();
        let mut notes = BTreeSet::new();
        let region = cloud.model(DEFAULT_ACCOUNT, &survey.region, survey.now);
        strip(region);
        region.elbv2.surveyed = true;
        notes.append(&mut Seeding::of(region, survey).take(&said, &REGIONAL));
        let home = cloud.model(DEFAULT_ACCOUNT, HOME, survey.now);
        notes.append(&mut Seeding::of(home, survey).take(&said, &GLOBAL));
        (Self::of(cloud), notes.into_iter().collect())
    }
}

/// Empties EC2, but for public images, of which no survey tells all: an account's own network is among the answers.
fn strip(model: &mut Model) {
    let images = std::mem::take(&mut model.ec2.images);
    model.ec2 = Ec2 { images, ..Ec2::default() };
}

impl<'m> Seeding<'m> {
    fn of(model: &'m mut Model, survey: &Survey) -> Self {
        model.account.clone_from(&survey.account);
        let context = Context {
            request_id: String::new(),
            access_key: String::new(),
            region: String::new(),
            foreign_image: None,
        };
        Self { model, context, notes: BTreeSet::new() }
    }

    /// Takes over what answers say, and gives what had to be noted.
    fn take(mut self, said: &[Said], parts: &[(&str, Take)]) -> BTreeSet<String> {
        for (operation, take) in parts {
            said.iter().filter(|said| said.operation == *operation).for_each(|said| take(&mut self, said));
        }
        self.notes
    }

    fn note(&mut self, what: String) {
        self.notes.insert(what);
    }

    /// Has Auto Scaling carry a request out; what it refuses is noted.
    fn autoscaling(&mut self, action: &str, of: &str, params: &Params) -> bool {
        let done = crate::autoscaling::dispatch(self.model, &self.context, action, params);
        self.done(of, done)
    }

    /// The same, classic load balancing.
    fn elb(&mut self, action: &str, of: &str, params: &Params) -> bool {
        let done = crate::elb::dispatch(self.model, &self.context, action, params);
        self.done(of, done)
    }

    /// The same, CloudWatch.
    fn cloudwatch(&mut self, action: &str, of: &str, params: &Params) -> bool {
        let done = crate::cloudwatch::dispatch(self.model, action, params);
        self.done(of, done)
    }

    fn done<T>(&mut self, of: &str, done: Result<T, ApiError>) -> bool {
        if let Err(error) = &done {
            self.note(format!("{of} is not as AWS has it: {}", error.message));
        }
        done.is_ok()
    }
}

#[cfg(test)]
mod tests;
