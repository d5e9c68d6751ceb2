//! Making templates and versions, and clearing old versions away.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::config::retry::RetryConfig;
use aws_sdk_ec2::types::{LaunchTemplateVersion, ResourceType};
use infra_engine::id::RemoteId;
use infra_engine::provider::{FailureClass, Progress, ProviderError, Task};
use infra_lang::name::AttributeName;
use infra_lang::residual::Values;

use super::live::{self, Live};
use super::{Data, LaunchTemplate, api, extra, is_data};
use crate::client::Aws;
use crate::codec::decode;
use crate::error::{failed, has_code};
use crate::kind::{done, note_id, noted_id, waiting};
use crate::{ec2, launch, tags};

/// Makes the template with its first version, and waits until AWS shows it.
pub(super) async fn create(aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
    if let Some(id) = noted_id(task) {
        return match live::by_id(aws, id).await? {
            Some(live) if live.newest.is_some() => finish(aws, task, &live).await,
            _ => Ok(not_visible("launch template")),
        };
    }
    let settings: LaunchTemplate = decode(&task.desired)?;
    let name = ec2::name(settings.name.as_deref(), settings.name_prefix.as_deref(), &task.token);
    let found = if task.in_doubt { live::by_name(aws, &name).await? } else { None };
    if let Some(live) = found {
        return ours_or_taken(task, &name, &live);
    }
    match send_create(aws, task, &name).await {
        Ok(id) => Ok(note_id(&id)),
        // A retry of ours after a lost answer gets here too.
        Err(error) if has_code(&error, "InvalidLaunchTemplateName.AlreadyExistsException") => {
            match live::by_name(aws, &name).await? {
                Some(live) => ours_or_taken(task, &name, &live),
                None => Ok(not_visible("launch template")),
            }
        }
        Err(error) => Err(error),
    }
}

async fn send_create(aws: &Aws, task: &Task, name: &str) -> Result<String, ProviderError> {
    let data = Data::wanted(&task.desired)?;
    let root = launch::images::root_device(aws, &data.core).await?;
    let fields = extra_fields(&task.desired);
    let settings: LaunchTemplate = decode(&task.desired)?;
    let all = tags::all(aws, task, &settings.tags);
    let sent = aws
        .ec2
        .create_launch_template()
        .client_token(&task.token.0)
        .launch_template_name(name)
        .launch_template_data(api::request(&data, root.as_deref()))
        .tag_specifications(tags::specification(ResourceType::LaunchTemplate, &all))
        .customize()
        .mutate_request(move |request| extra::add(request, &fields))
        .send()
        .await;
    let made = sent.map_err(failed("CreateLaunchTemplate"))?;
    let id = made.launch_template().and_then(|template| template.launch_template_id());
    Ok(id.unwrap_or_default().to_owned())
}

fn extra_fields(desired: &Values) -> BTreeMap<String, String> {
    desired.get("extra").map(extra::fields).unwrap_or_default()
}

fn ours_or_taken(task: &Task, name: &str, live: &Live) -> Result<Progress, ProviderError> {
    if live.made_by(&task.token) {
        return Ok(note_id(live.id()));
    }
    Err(ProviderError {
        class: FailureClass::Permanent,
        operation: "CreateLaunchTemplate".to_owned(),
        code: Some("InvalidLaunchTemplateName.AlreadyExistsException".to_owned()),
        message: format!(
            "a launch template `{name}` exists already ({}), and this apply has not made it",
            live.id()
        ),
        request_id: None,
        hint: Some(format!(
            "import it with `import {{ to = {}  id = \"{}\" }}`, or choose another name",
            task.address,
            live.id()
        )),
    })
}

fn not_visible(what: &str) -> Progress {
    waiting(2, format!("the new {what} to become visible"))
}

/// Brings a template to what is desired: a version if its data changes, then what belongs to the template itself.
pub(super) async fn update(
    aws: &Aws,
    task: &Task,
    id: &RemoteId,
    changed: &[AttributeName],
) -> Result<Progress, ProviderError> {
    let id = live::template_id(&id.0);
    let Some(live) = live::by_id(aws, id).await? else {
        return Ok(Progress::Stuck(format!("launch template {id} is gone: somebody else has deleted it")));
    };
    let version = task.notes.get("update").and_then(|note| note["version"].as_i64());
    if version.is_none() && changed.iter().any(is_data) {
        return new_version(aws, task, &live).await;
    }
    if version.is_some_and(|version| live.latest() < version || live.newest.is_none()) {
        return Ok(not_visible("version"));
    }
    finish(aws, task, &live).await
}

/// A version is made from scratch, so that nothing of an older one is left in it.
async fn new_version(aws: &Aws, task: &Task, live: &Live) -> Result<Progress, ProviderError> {
    let data = Data::wanted(&task.desired)?;
    let fields = extra_fields(&task.desired);
    if task.in_doubt && fields.is_empty() && is_newest(aws, task, live, &data).await? {
        return Ok(note_version(live, live.latest()));
    }
    let root = launch::images::root_device(aws, &data.core).await?;
    let sent = aws
        .ec2
        .create_launch_template_version()
        .client_token(&task.token.0)
        .launch_template_id(live.id())
        .launch_template_data(api::request(&data, root.as_deref()))
        .customize()
        .mutate_request(move |request| extra::add(request, &fields))
        .send()
        .await;
    let made = sent.map_err(failed("CreateLaunchTemplateVersion"))?;
    let number = made.launch_template_version().and_then(LaunchTemplateVersion::version_number);
    Ok(note_version(live, number.unwrap_or(live.latest() + 1)))
}

fn note_version(live: &Live, number: i64) -> Progress {
    Progress::Note(serde_json::json!({ "id": live.id(), "version": number }))
}

/// Whether an earlier run has made the version already.
async fn is_newest(aws: &Aws, task: &Task, live: &Live, data: &Data) -> Result<bool, ProviderError> {
    let roots = launch::images::root_devices(aws, live.image_with_devices().into_iter().collect()).await?;
    Ok(live.data(&roots, &task.desired).normalized() == data.clone().normalized())
}

/// What belongs to the template and not to a version: tags, the default version, old versions. All of it can be
/// repeated without harm, so one round does it.
async fn finish(aws: &Aws, task: &Task, live: &Live) -> Result<Progress, ProviderError> {
    let settings: LaunchTemplate = decode(&task.desired)?;
    tags::settle(aws, live.id(), &live.tags(), &settings.tags).await?;
    if settings.update_default_version && live.template.default_version_number() != Some(live.latest()) {
        let number = live.latest().to_string();
        let request = aws.ec2.modify_launch_template().launch_template_id(live.id()).default_version(&number);
        request.send().await.map_err(failed("ModifyLaunchTemplate"))?;
    }
    prune(aws, live, settings.keep).await?;
    let roots = launch::images::root_devices(aws, live.image_with_devices().into_iter().collect()).await?;
    let mut observed = live.values(&roots, &task.desired);
    let tags = AttributeName::new("tags");
    match task.desired.get(&tags) {
        Some(wanted) => observed.insert(tags, wanted.clone()),
        None => observed.remove(&tags),
    };
    Ok(done(live.id(), Some(observed)))
}

/// The versions that are to go: older than the `keep` before the newest, not the default, named by no group.
fn superseded(
    latest: i64,
    keep: i64,
    default: Option<i64>,
    existing: &[i64],
    used: &BTreeSet<i64>,
) -> Vec<i64> {
    let spared = |number: &i64| *number >= latest - keep || Some(*number) == default || used.contains(number);
    existing.iter().copied().filter(|number| !spared(number)).collect()
}

async fn prune(aws: &Aws, live: &Live, keep: i64) -> Result<(), ProviderError> {
    let default = live.template.default_version_number();
    let possible: Vec<i64> = (1..=live.latest()).collect();
    if superseded(live.latest(), keep, default, &possible, &BTreeSet::new()).is_empty() {
        return Ok(());
    }
    let existing = numbers(aws, live.id()).await?;
    if superseded(live.latest(), keep, default, &existing, &BTreeSet::new()).is_empty() {
        return Ok(());
    }
    let used = used_by_groups(aws, live).await?;
    let old = superseded(live.latest(), keep, default, &existing, &used);
    for chunk in old.chunks(200) {
        delete_versions(aws, live.id(), chunk).await;
    }
    Ok(())
}

/// Tries once: an old version that stays costs nothing, the next update tries again, and clearing up is not worth
/// failing an update that has succeeded.
async fn delete_versions(aws: &Aws, id: &str, numbers: &[i64]) {
    let once = aws_sdk_ec2::config::Config::builder().retry_config(RetryConfig::disabled());
    let request = aws.ec2.delete_launch_template_versions().launch_template_id(id);
    let request = request.set_versions(Some(numbers.iter().map(i64::to_string).collect()));
    let _ = request.customize().config_override(once).send().await;
}

async fn numbers(aws: &Aws, id: &str) -> Result<Vec<i64>, ProviderError> {
    let pages = aws.ec2.describe_launch_template_versions().launch_template_id(id).into_paginator();
    let versions = pages.page_size(200).items().send().try_collect().await;
    let versions = versions.map_err(failed("DescribeLaunchTemplateVersions"))?;
    Ok(versions.iter().filter_map(LaunchTemplateVersion::version_number).collect())
}

/// The versions that some group would launch from.
async fn used_by_groups(aws: &Aws, live: &Live) -> Result<BTreeSet<i64>, ProviderError> {
    let groups =
        aws.autoscaling.describe_auto_scaling_groups().into_paginator().page_size(100).items().send();
    let groups = groups.try_collect().await.map_err(failed("DescribeAutoScalingGroups"))?;
    let mixed = |group: &aws_sdk_autoscaling::types::AutoScalingGroup| {
        let policy = group.mixed_instances_policy()?.launch_template()?;
        policy.launch_template_specification().cloned()
    };
    let specifications =
        groups.iter().filter_map(|group| group.launch_template().cloned().or_else(|| mixed(group)));
    let of_this = specifications.filter(|named| named.launch_template_id() == Some(live.id()));
    Ok(of_this.filter_map(|named| named.version()?.parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_go_unless_somebody_needs_them() {
        let none = BTreeSet::new();
        let all = [1, 2, 3, 4, 5];
        assert_eq!(superseded(5, 1, Some(1), &all, &none), [2, 3]);
        assert_eq!(superseded(5, 0, Some(5), &all, &BTreeSet::from([4])), [1, 2, 3]);
        assert_eq!(superseded(2, 1, Some(1), &[1, 2], &none), Vec::<i64>::new());
        assert_eq!(superseded(5, 10, None, &all, &none), Vec::<i64>::new());
    }
}
