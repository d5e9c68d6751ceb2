//! From a stopped machine to an image that others may find.

use std::collections::BTreeSet;

use aws_sdk_ec2::config::Config;
use aws_sdk_ec2::config::retry::RetryConfig;
use aws_sdk_ec2::types::{ResourceType, Tag};
use infra_engine::provider::{FailureClass, ProviderError, Task};

use super::build::Note;
use super::update::{share as share_with, wanted_tags};
use super::{Ami, facts};
use crate::client::Aws;
use crate::error::{failed, has_code, permanent};
use crate::tags::{self, Tags};

/// What the image shall be.
pub(super) struct Wanted {
    /// Its name, unique in the account and region: of two builds of the same things only one gets it.
    pub(super) name: String,
    description: Option<String>,
    users: Tags,
    digest: String,
    untested: bool,
}

impl Wanted {
    /// By the settings; `untested` images are taken by nobody until their tests have passed.
    pub(super) fn new(task: &Task, ami: &Ami, digest: &str, untested: bool) -> Result<Self, ProviderError> {
        Ok(Self {
            name: format!("{}/{}", ami.name, &digest[..digest.len().min(16)]),
            description: ami.description.clone(),
            users: wanted_tags(task)?,
            digest: digest.to_owned(),
            untested,
        })
    }

    fn tags(&self, aws: &Aws, task: &Task) -> Tags {
        let mut all = tags::all(aws, task, &self.users);
        all.insert(facts::DIGEST.to_owned(), self.digest.clone());
        if self.untested {
            all.insert(facts::UNTESTED.to_owned(), "true".to_owned());
        }
        all
    }
}

/// `CreateImage`, and the note with the image's id. Whoever loses a race for the name, be it against an earlier run of
/// the same build, takes the winner's image; none as long as that is not to be seen.
pub(super) async fn create(
    aws: &Aws,
    task: &Task,
    wanted: &Wanted,
    note: &Note,
) -> Result<Option<Note>, ProviderError> {
    let made = match register(aws, task, wanted, note, true).await {
        // Emulators that cannot tag a snapshot in this call break down without any code; AWS always has one.
        Err(error) if error.code.is_none() && error.class == FailureClass::Permanent => {
            register(aws, task, wanted, note, false).await.map(|id| (id, true))
        }
        other => other.map(|id| (id, false)),
    };
    let made = match made {
        Err(error) if has_code(&error, "InvalidAMIName.Duplicate") => {
            winner(aws, wanted).await?.map(|id| (id, false))
        }
        other => Some(other?),
    };
    Ok(made.map(|(image, bare_snapshots)| Note { image: Some(image), bare_snapshots, ..note.clone() }))
}

async fn register(
    aws: &Aws,
    task: &Task,
    wanted: &Wanted,
    note: &Note,
    snapshots: bool,
) -> Result<String, ProviderError> {
    let tags = wanted.tags(aws, task);
    let mut call = aws
        .ec2
        .create_image()
        .instance_id(note.instance.as_deref().unwrap_or_default())
        .name(&wanted.name)
        .set_description(wanted.description.clone())
        .tag_specifications(tags::specification(ResourceType::Image, &tags));
    if snapshots {
        call = call.tag_specifications(tags::specification(ResourceType::Snapshot, &tags));
    }
    // Whoever asked asks again after a failure that may pass; the SDK's own patience would only hide a breakdown.
    let once = Config::builder().retry_config(RetryConfig::disabled());
    let told = call.customize().config_override(once).send().await.map_err(failed("CreateImage"))?;
    told.image_id.ok_or_else(|| permanent("CreateImage", "AWS gives no image id"))
}

/// The image that has the name already.
async fn winner(aws: &Aws, wanted: &Wanted) -> Result<Option<String>, ProviderError> {
    let found = facts::find(aws, "name", BTreeSet::from([wanted.name.clone()])).await?;
    Ok(found.first().and_then(|image| image.image_id()).map(str::to_owned))
}

/// Tags the snapshots of the image with this digest, where `CreateImage` could not.
pub(super) async fn tag_snapshots(aws: &Aws, task: &Task, wanted: &Wanted) -> Result<(), ProviderError> {
    let found = facts::find(aws, "name", BTreeSet::from([wanted.name.clone()])).await?;
    let snapshots: Vec<String> = found.iter().flat_map(facts::snapshots).collect();
    if !snapshots.is_empty() {
        let tags = tags::ec2(&wanted.tags(aws, task));
        let call = aws.ec2.create_tags().set_resources(Some(snapshots)).set_tags(Some(tags));
        call.send().await.map_err(failed("CreateTags"))?;
    }
    Ok(())
}

/// The tests have passed: others may take the image.
pub(super) async fn pass(aws: &Aws, id: &str) -> Result<(), ProviderError> {
    let mark = Tag::builder().key(facts::UNTESTED).build();
    aws.ec2.delete_tags().resources(id).tags(mark).send().await.map_err(failed("DeleteTags"))?;
    Ok(())
}

/// Lets others launch it, if the settings say so.
pub(super) async fn share(aws: &Aws, id: &str, ami: &Ami) -> Result<(), ProviderError> {
    match ami.launch_permissions.is_empty() {
        true => Ok(()),
        false => share_with(aws, id, &ami.launch_permissions).await,
    }
}
