//! Everything around what a plan touches, in AWS's own words: enough to make a copy in which the plan can be rehearsed.
//!
//! Only reads are made, most of them for whole lists: some fifteen calls, and for each load balancer and each group
//! that the plan has to do with two and one.

mod tape;

use std::collections::BTreeSet;

use aws_sdk_ec2::types::Filter;
use futures_util::future::try_join_all;
use futures_util::try_join;
use infra_engine::plan::Plan;
use infra_engine::provider::ProviderError;
use infra_lang::residual::Attributes;
use infra_lang::value::Value;

use crate::client::Aws;
use crate::error::failed;
use crate::provider::AwsProvider;

pub use tape::Spoken;
pub(crate) use tape::{Tape, Taped};

/// So many names a call of Auto Scaling takes (DescribeAutoScalingGroups, DescribeLaunchConfigurations).
const NAMES: usize = 50;
/// So many values a filter takes (EC2, "Filter your results").
const VALUES: usize = 200;
/// So many load balancers a call takes (DescribeTags).
const TAGGED: usize = 20;

/// What a plan has to do with, by kind.
#[derive(Debug, Default)]
struct Touched {
    groups: BTreeSet<String>,
    balancers: BTreeSet<String>,
    templates: BTreeSet<String>,
    instances: BTreeSet<String>,
    images: BTreeSet<String>,
    zones: BTreeSet<String>,
    alarms: BTreeSet<String>,
}

/// Asks about everything around a plan, and gives what AWS has answered.
///
/// # Errors
/// What AWS answers.
pub async fn survey(provider: &AwsProvider, plan: &Plan) -> Result<Vec<Spoken>, ProviderError> {
    let aws = provider.aws();
    aws.tape.start();
    let asked = ask(aws, Touched::by(plan)).await;
    let said = aws.tape.stop();
    asked.map(|()| said)
}

impl Touched {
    fn by(plan: &Plan) -> Self {
        let mut touched = Self::default();
        for (address, record) in &plan.records {
            let kept = record.refreshed.iter().map(|kept| kept.id.to_string());
            kept.for_each(|id| touched.add(address.kind.as_str(), id));
        }
        for change in &plan.changes {
            let kind = change.kind.as_str();
            change.prior.iter().for_each(|prior| touched.add(kind, prior.id.to_string()));
            change.retires.iter().for_each(|id| touched.add(kind, id.to_string()));
            touched.mention(&change.desired);
            touched.alarms.extend(crate::autoscaling_group::rehearsed::alarms(&change.desired));
        }
        touched
    }

    fn add(&mut self, kind: &str, id: String) {
        let of_kind = match kind {
            "autoscaling_group" => &mut self.groups,
            "elb" => &mut self.balancers,
            "launch_template" => &mut self.templates,
            "instance" => &mut self.instances,
            "ami" => &mut self.images,
            "route53_zone" => &mut self.zones,
            "metric_alarm" => &mut self.alarms,
            _ => return,
        };
        of_kind.insert(id);
    }

    /// What somebody else has made, and a change names.
    fn mention(&mut self, desired: &Attributes) {
        for (name, value) in desired {
            match value.known() {
                Some(Value::String(text)) if text.starts_with("ami-") => self.images.insert(text.to_string()),
                Some(Value::String(text)) if name.as_str() == "zone_id" => {
                    self.zones.insert(text.to_string())
                }
                Some(Value::Set(names)) if name.as_str() == "load_balancers" => {
                    self.balancers.extend(names.iter().filter_map(Value::as_str).map(str::to_owned));
                    true
                }
                _ => false,
            };
        }
    }
}

async fn ask(aws: &Aws, mut touched: Touched) -> Result<(), ProviderError> {
    let (images, grouped, ..) = try_join!(
        configurations(aws),
        groups(aws, &touched.groups),
        network(aws),
        group_lists(aws),
        templates(aws, &touched.templates),
        records(aws, &touched.zones),
        alarms(aws, &touched.alarms),
    )?;
    touched.balancers.extend(grouped.balancers);
    touched.instances.extend(grouped.instances);
    touched.instances.extend(balancers(aws, touched.balancers).await?);
    touched.images.extend(images);
    touched.images.extend(instances(aws, &touched.instances).await?);
    images_by_id(aws, &touched.images).await
}

async fn network(aws: &Aws) -> Result<(), ProviderError> {
    let vpcs = async { aws.ec2.describe_vpcs().send().await.map_err(failed("DescribeVpcs")) };
    let subnets = async { aws.ec2.describe_subnets().send().await.map_err(failed("DescribeSubnets")) };
    let gateways = async {
        aws.ec2.describe_internet_gateways().send().await.map_err(failed("DescribeInternetGateways"))
    };
    let tables =
        async { aws.ec2.describe_route_tables().send().await.map_err(failed("DescribeRouteTables")) };
    let keys = async { aws.ec2.describe_key_pairs().send().await.map_err(failed("DescribeKeyPairs")) };
    let pages = aws.ec2.describe_security_groups().into_paginator().send();
    let groups = async { drained(pages).await.map_err(failed("DescribeSecurityGroups")) };
    try_join!(vpcs, subnets, gateways, tables, keys, groups).map(drop)
}

/// Goes through all pages; the tape has what was on them.
async fn drained<T, E>(
    pages: aws_smithy_async::future::pagination_stream::PaginationStream<Result<T, E>>,
) -> Result<Vec<T>, E> {
    pages.try_collect().await
}

/// The images of all launch configurations.
async fn configurations(aws: &Aws) -> Result<Vec<String>, ProviderError> {
    let pages = aws.autoscaling.describe_launch_configurations().into_paginator().send();
    let pages = drained(pages).await.map_err(failed("DescribeLaunchConfigurations"))?;
    let all = pages.iter().flat_map(|page| page.launch_configurations());
    Ok(all.filter_map(|one| one.image_id()).map(str::to_owned).collect())
}

/// What groups have to do with.
#[derive(Default)]
struct Grouped {
    instances: Vec<String>,
    balancers: Vec<String>,
}

async fn groups(aws: &Aws, names: &BTreeSet<String>) -> Result<Grouped, ProviderError> {
    let names: Vec<&String> = names.iter().collect();
    let chunk = |names: &[&String]| {
        let names = names.iter().map(|name| (*name).clone()).collect();
        aws.autoscaling.describe_auto_scaling_groups().set_auto_scaling_group_names(Some(names)).send()
    };
    let answers = try_join_all(names.chunks(NAMES).map(chunk)).await;
    let answers = answers.map_err(failed("DescribeAutoScalingGroups"))?;
    let hook =
        |name: &&String| aws.autoscaling.describe_lifecycle_hooks().auto_scaling_group_name(*name).send();
    let found: Vec<_> = answers.iter().flat_map(|answer| answer.auto_scaling_groups()).collect();
    let here =
        |name: &&&String| found.iter().any(|group| group.auto_scaling_group_name() == Some(name.as_str()));
    let hooks = try_join_all(names.iter().filter(here).map(hook)).await;
    hooks.map_err(failed("DescribeLifecycleHooks"))?;
    let instances = found.iter().flat_map(|group| group.instances());
    let balancers = found.iter().flat_map(|group| group.load_balancer_names());
    Ok(Grouped {
        instances: instances.filter_map(|instance| instance.instance_id()).map(str::to_owned).collect(),
        balancers: balancers.cloned().collect(),
    })
}

/// What belongs to groups and is told of all of them together.
async fn group_lists(aws: &Aws) -> Result<(), ProviderError> {
    let policies = aws.autoscaling.describe_policies().into_paginator().send();
    let policies = async { drained(policies).await.map_err(failed("DescribePolicies")) };
    let actions = aws.autoscaling.describe_scheduled_actions().into_paginator().send();
    let actions = async { drained(actions).await.map_err(failed("DescribeScheduledActions")) };
    try_join!(policies, actions).map(drop)
}

/// The instances behind load balancers. All are listed, for their names are taken; only some are looked into.
async fn balancers(aws: &Aws, mut wanted: BTreeSet<String>) -> Result<Vec<String>, ProviderError> {
    let pages = aws.elb.describe_load_balancers().into_paginator().send();
    let pages = drained(pages).await.map_err(failed("DescribeLoadBalancers"))?;
    let all: Vec<_> = pages.iter().flat_map(|page| page.load_balancer_descriptions()).collect();
    let names: BTreeSet<&str> = all.iter().filter_map(|one| one.load_balancer_name()).collect();
    wanted.retain(|name| names.contains(name.as_str()));
    let names: Vec<&String> = wanted.iter().collect();
    try_join_all(names.iter().map(|name| balancer(aws, name))).await?;
    let tags = |names: &[&String]| {
        let names = names.iter().map(|name| (*name).clone()).collect();
        aws.elb.describe_tags().set_load_balancer_names(Some(names)).send()
    };
    try_join_all(names.chunks(TAGGED).map(tags)).await.map_err(failed("DescribeTags"))?;
    let ours = all.iter().filter(|one| one.load_balancer_name().is_some_and(|name| wanted.contains(name)));
    let instances = ours.flat_map(|one| one.instances());
    Ok(instances.filter_map(|instance| instance.instance_id()).map(str::to_owned).collect())
}

async fn balancer(aws: &Aws, name: &str) -> Result<(), ProviderError> {
    let attributes = aws.elb.describe_load_balancer_attributes().load_balancer_name(name);
    attributes.send().await.map_err(failed("DescribeLoadBalancerAttributes"))?;
    let health = aws.elb.describe_instance_health().load_balancer_name(name);
    health.send().await.map_err(failed("DescribeInstanceHealth"))?;
    Ok(())
}

/// The images of instances.
async fn instances(aws: &Aws, ids: &BTreeSet<String>) -> Result<Vec<String>, ProviderError> {
    let ids: Vec<&String> = ids.iter().collect();
    let chunk = |ids: &[&String]| {
        let filter = filter("instance-id", ids);
        async move { drained(aws.ec2.describe_instances().filters(filter).into_paginator().send()).await }
    };
    let answers = try_join_all(ids.chunks(VALUES).map(chunk)).await.map_err(failed("DescribeInstances"))?;
    let reservations = answers.iter().flatten().flat_map(|page| page.reservations());
    let instances = reservations.flat_map(|reservation| reservation.instances());
    Ok(instances.filter_map(|instance| instance.image_id()).map(str::to_owned).collect())
}

/// A filter finds what is there and does not mind what is not.
fn filter(name: &str, values: &[&String]) -> Filter {
    let values = values.iter().map(|value| (*value).clone()).collect();
    Filter::builder().name(name).set_values(Some(values)).build()
}

async fn images_by_id(aws: &Aws, ids: &BTreeSet<String>) -> Result<(), ProviderError> {
    let ids: Vec<&String> = ids.iter().collect();
    let chunk = |ids: &[&String]| aws.ec2.describe_images().filters(filter("image-id", ids)).send();
    try_join_all(ids.chunks(VALUES).map(chunk)).await.map(drop).map_err(failed("DescribeImages"))
}

async fn templates(aws: &Aws, ids: &BTreeSet<String>) -> Result<(), ProviderError> {
    let pages = aws.ec2.describe_launch_templates().into_paginator().send();
    let pages = drained(pages).await.map_err(failed("DescribeLaunchTemplates"))?;
    let all = pages.iter().flat_map(|page| page.launch_templates());
    let ours = all.filter_map(|one| one.launch_template_id()).filter(|id| ids.contains(*id));
    let versions = |id: &str| {
        let pages =
            aws.ec2.describe_launch_template_versions().launch_template_id(id).into_paginator().send();
        async { drained(pages).await }
    };
    let answers = try_join_all(ours.map(versions)).await;
    answers.map(drop).map_err(failed("DescribeLaunchTemplateVersions"))
}

/// So many alarms a call tells of (DescribeAlarms).
const ALARMS: usize = 100;

async fn alarms(aws: &Aws, names: &BTreeSet<String>) -> Result<(), ProviderError> {
    let names: Vec<&String> = names.iter().collect();
    let chunk = |names: &[&String]| {
        let names = names.iter().map(|name| (*name).clone()).collect();
        aws.cloudwatch.describe_alarms().set_alarm_names(Some(names)).max_records(100).send()
    };
    try_join_all(names.chunks(ALARMS).map(chunk)).await.map(drop).map_err(failed("DescribeAlarms"))
}

async fn records(aws: &Aws, zones: &BTreeSet<String>) -> Result<(), ProviderError> {
    if zones.is_empty() {
        return Ok(());
    }
    let pages = aws.route53.list_hosted_zones().into_paginator().send();
    drained(pages).await.map_err(failed("ListHostedZones"))?;
    for zone in zones {
        crate::route53_record::api::all(aws, zone).await?;
    }
    Ok(())
}
