//! Instances as they are, and bringing them to what is wanted.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    Filter, IamInstanceProfileAssociation, Instance as Described, InstanceStateName, MonitoringState,
    ResourceType, TagSpecification,
};
use infra_engine::provider::{Progress, ProviderError, Task};
use infra_lang::residual::Values;

use super::run::{profile, request};
use super::{Instance, Instances, SCHEMA};
use crate::client::Aws;
use crate::codec::encode;
use crate::ec2::{self, Ec2Object, filter};
use crate::error::failed;
use crate::kind::{gone, noted_id, waiting};
use crate::launch::{self, Core};
use crate::tags;

/// One instance, and whether it is still starting.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    instance: Instance,
    pending: bool,
}

#[async_trait]
impl Ec2Object for Instances {
    const RESOURCE: ResourceType = ResourceType::Instance;
    const ID: &'static str = "instance-id";
    // Other calls would tell some of these, one for each instance; none can change while the machine runs.
    const UNTOLD: &'static [&'static str] = &[
        "launch",
        "user_data",
        "user_data_base64",
        "associate_public_ip_address",
        "ebs_optimized",
        "placement_tenancy",
        "spot_price",
        "metadata_options",
        "root_block_device",
        "ebs_block_device",
        "ephemeral_block_device",
    ];
    type Settings = Instance;
    type Found = Found;

    async fn find(aws: &Aws, mut filters: Vec<Filter>) -> Result<BTreeMap<String, Found>, ProviderError> {
        // One that is shutting down is as good as gone.
        filters.push(filter("instance-state-name", ["pending", "running", "stopping", "stopped"]));
        let described = describe(aws, filters).await?;
        Ok(described.iter().filter_map(|one| Some((one.instance_id()?.to_owned(), found(one)))).collect())
    }

    fn values(_id: &str, found: &Found) -> Values {
        encode(&SCHEMA, &found.instance)
    }

    async fn create(
        aws: &Aws,
        task: &Task,
        wanted: &Instance,
        tags: TagSpecification,
    ) -> Result<String, ProviderError> {
        let root = launch::images::root_device(aws, &wanted.core).await?;
        let request = request(wanted, root.as_deref(), tags).client_token(&task.token.0);
        let sent = request.send_with(&aws.ec2).await.map_err(failed("RunInstances"))?;
        let id = sent.instances().first().and_then(Described::instance_id);
        Ok(id.unwrap_or_default().to_owned())
    }

    async fn settle(
        aws: &Aws,
        id: &str,
        found: &Found,
        wanted: &Instance,
    ) -> Result<Option<Progress>, ProviderError> {
        if found.pending {
            return Ok(Some(waiting(5, format!("instance {id} to run"))));
        }
        let acted = settle(aws, id, &found.instance.core, wanted).await?;
        Ok(acted.map(|words| Progress::Acted(words.to_owned())))
    }

    async fn delete(aws: &Aws, id: &str, _found: &Found) -> Result<(), ProviderError> {
        terminate(aws, id).await
    }
}

async fn describe(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<Described>, ProviderError> {
    let pages = aws.ec2.describe_instances().set_filters(Some(filters)).into_paginator().send();
    let pages = pages.try_collect().await.map_err(failed("DescribeInstances"))?;
    let reservations = pages.into_iter().flat_map(|page| page.reservations.unwrap_or_default());
    Ok(reservations.flat_map(|reservation| reservation.instances.unwrap_or_default()).collect())
}

fn found(described: &Described) -> Found {
    let state = described.state().and_then(|state| state.name());
    let zone = described.placement().and_then(|placement| placement.availability_zone());
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let instance = Instance {
        launch: None,
        subnet_id: text(described.subnet_id()),
        availability_zone: text(zone),
        private_ip: text(described.private_ip_address()),
        public_ip: text(described.public_ip_address()),
        private_dns: text(described.private_dns_name()),
        public_dns: text(described.public_dns_name()),
        tags: tags::users(described.tags()),
        id: text(described.instance_id()),
        core: core(described),
    };
    Found { instance, pending: state == Some(&InstanceStateName::Pending) }
}

/// What `DescribeInstances` tells of the settings.
fn core(described: &Described) -> Core {
    let monitoring = described.monitoring().and_then(|monitoring| monitoring.state());
    Core {
        image_id: described.image_id().unwrap_or_default().to_owned(),
        instance_type: described.instance_type().map(|name| name.as_str().to_owned()).unwrap_or_default(),
        security_groups: described.security_groups().iter().filter_map(|one| one.group_id.clone()).collect(),
        key_name: described.key_name().map(str::to_owned),
        iam_instance_profile: described.iam_instance_profile().and_then(|one| one.arn().map(str::to_owned)),
        enable_monitoring: Some(matches!(
            monitoring,
            Some(MonitoringState::Enabled | MonitoringState::Pending)
        )),
        ..Core::default()
    }
}

/// Whether two spellings, a name or an ARN, are of one instance profile.
pub(super) fn same_profile(one: &str, other: &str) -> bool {
    let name = |text: &str| text.rsplit('/').next().unwrap_or(text).to_owned();
    one == other || (one.starts_with("arn:") != other.starts_with("arn:") && name(one) == name(other))
}

/// Creates as EC2's objects are created, but notices a machine that dies while it starts.
pub(super) async fn create(aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
    if let Some(id) = noted_id(task)
        && let Some(dead) =
            describe(aws, vec![filter("instance-id", [id])]).await?.first().filter(|one| is_dying(one))
    {
        let why = dead.state_reason().and_then(|reason| reason.message()).or(dead.state_transition_reason());
        let why = why.filter(|why| !why.is_empty()).unwrap_or("AWS does not say why");
        return Ok(Progress::Stuck(format!("instance {id} was terminated while it started: {why}")));
    }
    ec2::advance::<Instances>(aws, task).await
}

fn is_dying(described: &Described) -> bool {
    let state = described.state().and_then(|state| state.name());
    matches!(state, Some(InstanceStateName::ShuttingDown | InstanceStateName::Terminated))
}

/// Terminates, and waits until the machine has given back its address and groups.
pub(super) async fn delete(aws: &Aws, id: &str) -> Result<Progress, ProviderError> {
    let described = describe(aws, vec![filter("instance-id", [id])]).await?;
    let state = described.first().and_then(|one| one.state()).and_then(|state| state.name());
    match state {
        None | Some(InstanceStateName::Terminated) => Ok(gone()),
        Some(InstanceStateName::ShuttingDown) => Ok(waiting(5, format!("instance {id} to shut down"))),
        Some(_) => {
            terminate(aws, id).await?;
            Ok(Progress::Acted(format!("terminated {id}")))
        }
    }
}

async fn terminate(aws: &Aws, id: &str) -> Result<(), ProviderError> {
    aws.ec2
        .terminate_instances()
        .instance_ids(id)
        .send()
        .await
        .map_err(failed("TerminateInstances"))
        .map(drop)
}

/// Does the next thing that is missing among what changes in place, and says what it was.
async fn settle(
    aws: &Aws,
    id: &str,
    is: &Core,
    wanted: &Instance,
) -> Result<Option<&'static str>, ProviderError> {
    match next(is, wanted) {
        None => return Ok(None),
        Some(Act::Groups(groups)) => {
            let call = aws.ec2.modify_instance_attribute().instance_id(id);
            let call = call.set_groups(Some(groups.into_iter().collect()));
            call.send().await.map_err(failed("ModifyInstanceAttribute"))?;
        }
        Some(Act::Profile(name)) => set_profile(aws, id, name.as_deref()).await?,
        Some(Act::Monitor(true)) => {
            let call = aws.ec2.monitor_instances().instance_ids(id);
            call.send().await.map_err(failed("MonitorInstances"))?;
        }
        Some(Act::Monitor(false)) => {
            let call = aws.ec2.unmonitor_instances().instance_ids(id);
            call.send().await.map_err(failed("UnmonitorInstances"))?;
        }
    }
    Ok(Some("changed the instance"))
}

/// What is missing.
#[derive(Debug, PartialEq)]
enum Act {
    Groups(BTreeSet<String>),
    Profile(Option<String>),
    Monitor(bool),
}

/// What a block leaves out and a template may have said stays as it is.
fn next(is: &Core, wanted: &Instance) -> Option<Act> {
    let core = &wanted.core;
    if !core.security_groups.is_empty() && core.security_groups != is.security_groups {
        return Some(Act::Groups(core.security_groups.clone()));
    }
    if let Some(on) = core.enable_monitoring.filter(|_| core.enable_monitoring != is.enable_monitoring) {
        return Some(Act::Monitor(on));
    }
    let differs = match (&core.iam_instance_profile, &is.iam_instance_profile) {
        (Some(wanted), Some(is)) => !same_profile(wanted, is),
        (Some(_), None) => true,
        (None, Some(_)) => wanted.launch.is_none(),
        (None, None) => false,
    };
    differs.then(|| Act::Profile(core.iam_instance_profile.clone()))
}

/// An instance has one profile at most: it is associated, replaced or taken away.
async fn set_profile(aws: &Aws, id: &str, name: Option<&str>) -> Result<(), ProviderError> {
    let filters = vec![filter("instance-id", [id]), filter("state", ["associating", "associated"])];
    let told = aws.ec2.describe_iam_instance_profile_associations().set_filters(Some(filters)).send().await;
    let told = told.map_err(failed("DescribeIamInstanceProfileAssociations"))?;
    let first = told.iam_instance_profile_associations().first();
    match (first.and_then(IamInstanceProfileAssociation::association_id), name.map(profile)) {
        (Some(association), Some(profile)) => {
            let call = aws.ec2.replace_iam_instance_profile_association().association_id(association);
            let call = call.iam_instance_profile(profile);
            call.send().await.map_err(failed("ReplaceIamInstanceProfileAssociation")).map(drop)
        }
        (Some(association), None) => {
            let call = aws.ec2.disassociate_iam_instance_profile().association_id(association);
            call.send().await.map_err(failed("DisassociateIamInstanceProfile")).map(drop)
        }
        (None, Some(profile)) => {
            let call = aws.ec2.associate_iam_instance_profile().instance_id(id).iam_instance_profile(profile);
            call.send().await.map_err(failed("AssociateIamInstanceProfile")).map(drop)
        }
        (None, None) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn core(profile: Option<&str>, groups: &[&str]) -> Core {
        Core {
            iam_instance_profile: profile.map(str::to_owned),
            security_groups: groups.iter().map(|id| (*id).to_owned()).collect(),
            ..Core::default()
        }
    }

    #[test]
    fn a_profile_is_the_same_by_name_and_by_arn() {
        let arn = "arn:aws:iam::123456789012:instance-profile/team/web";
        assert!(same_profile("web", arn) && same_profile(arn, arn));
        assert!(!same_profile("api", arn));
        assert!(!same_profile("arn:aws:iam::210987654321:instance-profile/web", arn));
    }

    #[test]
    fn what_is_missing_is_done_one_by_one() {
        let wanted = |core: Core, launch: Option<&str>| Instance {
            launch: launch.map(str::to_owned),
            core,
            ..Instance::default()
        };
        let is = core(Some("arn:aws:iam::1:instance-profile/web"), &["sg-1"]);
        assert_eq!(next(&is, &wanted(core(Some("web"), &["sg-1"]), None)), None);
        let groups = Act::Groups(["sg-2".to_owned()].into());
        assert_eq!(next(&is, &wanted(core(Some("api"), &["sg-2"]), None)), Some(groups));
        assert_eq!(next(&is, &wanted(core(Some("api"), &[]), None)), Some(Act::Profile(Some("api".into()))));
        let off = Core { enable_monitoring: Some(false), ..core(Some("web"), &[]) };
        assert_eq!(next(&is, &wanted(off, None)), Some(Act::Monitor(false)));
        assert_eq!(next(&is, &wanted(core(None, &[]), None)), Some(Act::Profile(None)));
        assert_eq!(next(&is, &wanted(core(None, &[]), Some("lt-1:1"))), None);
    }
}
