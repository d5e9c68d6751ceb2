//! How groups stand right now: what the group, EC2 and the load balancers say of each instance. For people to read;
//! nothing is decided from it.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_autoscaling::types::{AutoScalingGroup, Instance as Member};
use aws_sdk_ec2::types::Instance as Machine;
use futures_util::future::try_join_all;
use infra_engine::provider::ProviderError;
use serde::Serialize;

use crate::autoscaling_group::{described, launch_text};
use crate::client::Aws;
use crate::error::failed;

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupStatus {
    /// Its name.
    pub name: String,
    /// Never fewer instances.
    pub min: i32,
    /// Never more instances.
    pub max: i32,
    /// How many it keeps now.
    pub desired: i32,
    /// What new instances are launched from: a launch configuration's name, or a template's id and version.
    pub launch: String,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// What it does not do at the moment, each with AWS's reason.
    pub suspended: BTreeMap<String, String>,
    /// Its classic load balancers.
    pub balancers: BTreeSet<String>,
    /// Its instances.
    pub instances: Vec<InstanceStatus>,
}

/// An instance of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InstanceStatus {
    /// `i-…`.
    pub id: String,
    /// Its zone.
    pub zone: String,
    /// Its image, as long as EC2 tells of it.
    pub image: Option<String>,
    /// What it was launched from.
    pub launch: Option<String>,
    /// Where it is in its life, in the group's words: `InService`, `Pending:Wait`, …
    pub state: String,
    /// `Healthy` or `Unhealthy`, in the group's eyes.
    pub health: String,
    /// When it was launched, in seconds since 1970.
    pub launched: Option<i64>,
    /// What each load balancer says.
    pub checks: BTreeMap<String, CheckStatus>,
}

/// What a load balancer says of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckStatus {
    /// `InService`, `OutOfService` or `Unknown`.
    pub state: String,
    /// Why, in AWS's words; none if there is nothing to say.
    pub reason: Option<String>,
}

impl CheckStatus {
    /// Whether the instance gets new requests. One that drains is in service too, and has a reason.
    pub fn serves(&self) -> bool {
        self.state == "InService" && self.reason.is_none()
    }
}

impl InstanceStatus {
    /// Whether it is in service, healthy, and gets requests from each of these load balancers.
    pub fn serves(&self, balancers: &BTreeSet<String>) -> bool {
        let everywhere = balancers.iter().all(|name| self.checks.get(name).is_some_and(CheckStatus::serves));
        self.state == "InService" && self.health.eq_ignore_ascii_case("healthy") && everywhere
    }
}

impl Aws {
    /// How these groups stand; those that are not there are left out.
    ///
    /// # Errors
    /// What `DescribeAutoScalingGroups`, `DescribeInstances` or `DescribeInstanceHealth` answers.
    pub async fn groups(&self, names: &BTreeSet<String>) -> Result<Vec<GroupStatus>, ProviderError> {
        let groups = described(self, names).await?;
        let members = || groups.values().flat_map(AutoScalingGroup::instances);
        let ids: Vec<String> = members().filter_map(|it| it.instance_id().map(str::to_owned)).collect();
        let machines = machines(self, &ids).await?;
        let balancers: BTreeSet<String> =
            groups.values().flat_map(|group| group.load_balancer_names().to_vec()).collect();
        let asked = balancers.iter().map(|name| checks(self, name));
        let checks: BTreeMap<String, Checks> =
            balancers.iter().cloned().zip(try_join_all(asked).await?).collect();
        Ok(groups.values().map(|group| group_status(group, &machines, &checks)).collect())
    }
}

/// What a load balancer says of each instance on its list.
type Checks = BTreeMap<String, CheckStatus>;

/// `DescribeInstances` takes so many values of a filter.
const IDS: usize = 200;

/// By a filter, not by ids: one that EC2 has forgotten fails no call then.
async fn machines(aws: &Aws, ids: &[String]) -> Result<BTreeMap<String, Machine>, ProviderError> {
    let mut found = BTreeMap::new();
    for some in ids.chunks(IDS) {
        let call = aws.ec2.describe_instances().filters(crate::ec2::filter("instance-id", some));
        let mut pages = call.into_paginator().items().send();
        while let Some(reservation) = pages.next().await {
            let reservation = reservation.map_err(failed("DescribeInstances"))?;
            let instances = reservation.instances.unwrap_or_default().into_iter();
            found.extend(instances.filter_map(|machine| Some((machine.instance_id.clone()?, machine))));
        }
    }
    Ok(found)
}

async fn checks(aws: &Aws, balancer: &str) -> Result<Checks, ProviderError> {
    let call = aws.elb.describe_instance_health().load_balancer_name(balancer);
    let answer = call.send().await.map_err(failed("DescribeInstanceHealth"))?;
    let states = answer.instance_states().iter();
    let checks = states.filter_map(|told| {
        let reason = told.description().filter(|text| !matches!(*text, "N/A" | ""));
        let state = told.state().unwrap_or("Unknown").to_owned();
        Some((told.instance_id()?.to_owned(), CheckStatus { state, reason: reason.map(str::to_owned) }))
    });
    Ok(checks.collect())
}

fn group_status(
    group: &AutoScalingGroup,
    machines: &BTreeMap<String, Machine>,
    checks: &BTreeMap<String, Checks>,
) -> GroupStatus {
    let suspended = group.suspended_processes().iter().filter_map(|process| {
        Some((process.process_name()?.to_owned(), process.suspension_reason().unwrap_or_default().to_owned()))
    });
    let balancers: BTreeSet<String> = group.load_balancer_names().iter().cloned().collect();
    let members = group.instances().iter();
    let instances = members.map(|member| instance_status(member, machines, checks, &balancers));
    GroupStatus {
        name: text(group.auto_scaling_group_name()),
        min: group.min_size().unwrap_or_default(),
        max: group.max_size().unwrap_or_default(),
        desired: group.desired_capacity().unwrap_or_default(),
        launch: launch_text(group),
        deleting: group.status().is_some(),
        suspended: suspended.collect(),
        instances: instances.collect(),
        balancers,
    }
}

fn text(told: Option<&str>) -> String {
    told.unwrap_or_default().to_owned()
}

fn instance_status(
    member: &Member,
    machines: &BTreeMap<String, Machine>,
    checks: &BTreeMap<String, Checks>,
    balancers: &BTreeSet<String>,
) -> InstanceStatus {
    let id = text(member.instance_id());
    let machine = machines.get(&id);
    let template = member.launch_template().and_then(|template| {
        Some(format!("{}:{}", template.launch_template_id()?, template.version().unwrap_or("$Default")))
    });
    let configuration = || member.launch_configuration_name().filter(|name| !name.is_empty());
    let said = |name: &String| Some((name.clone(), checks.get(name)?.get(&id)?.clone()));
    InstanceStatus {
        zone: text(member.availability_zone()),
        image: machine.and_then(|machine| machine.image_id().map(str::to_owned)),
        launch: template.or_else(|| configuration().map(str::to_owned)),
        state: member.lifecycle_state().map(|state| state.as_str().to_owned()).unwrap_or_default(),
        health: text(member.health_status()),
        launched: machine.and_then(|machine| machine.launch_time()).map(|moment| moment.secs()),
        checks: balancers.iter().filter_map(said).collect(),
        id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_drains_does_not_serve() {
        let check = |reason: Option<&str>| CheckStatus {
            state: "InService".into(),
            reason: reason.map(str::to_owned),
        };
        let instance = |reason| InstanceStatus {
            id: "i-1".into(),
            zone: "us-east-1a".into(),
            image: None,
            launch: None,
            state: "InService".into(),
            health: "Healthy".into(),
            launched: None,
            checks: [("web".to_owned(), check(reason))].into(),
        };
        let web = BTreeSet::from(["web".to_owned()]);
        assert!(instance(None).serves(&web));
        assert!(!instance(Some("Instance deregistration currently in progress.")).serves(&web));
        assert!(
            !instance(None).serves(&["web".to_owned(), "admin".to_owned()].into()),
            "one does not know it"
        );
    }
}
