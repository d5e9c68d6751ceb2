//! What changes on an image that exists: tags, description, who may launch it.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{AttributeValue, LaunchPermission, LaunchPermissionModifications};
use infra_engine::id::RemoteId;
use infra_engine::provider::{Progress, ProviderError, Task};
use infra_lang::name::AttributeName;

use super::{Ami, facts};
use crate::client::Aws;
use crate::codec::decode;
use crate::error::failed;
use crate::kind::waiting;
use crate::tags::{self, Tags};

/// Brings the changed attributes to what is wanted. Everything else about an image is ours alone.
pub(super) async fn advance(
    aws: &Aws,
    task: &Task,
    id: &RemoteId,
    changed: &[AttributeName],
) -> Result<Progress, ProviderError> {
    let ami: Ami = decode(&task.desired)?;
    let has = |name: &str| changed.iter().any(|attribute| *attribute == *name);
    if has("description") {
        describe(aws, &id.0, ami.description.as_deref().unwrap_or_default()).await?;
    }
    if has("launch_permissions") {
        share(aws, &id.0, &ami.launch_permissions).await?;
    }
    if has("tags") && !label(aws, task, &id.0).await? {
        return Ok(waiting(2, format!("image {id} to become visible")));
    }
    facts::outcome(aws, task, Some(id)).await
}

/// The tags as they are wanted.
pub(super) fn wanted_tags(task: &Task) -> Result<Tags, ProviderError> {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Holder {
        tags: Tags,
    }
    Ok(decode::<Holder>(&task.desired)?.tags)
}

/// Settles the tags; false if the image is not to be seen.
async fn label(aws: &Aws, task: &Task, id: &str) -> Result<bool, ProviderError> {
    let found = facts::find(aws, "image-id", BTreeSet::from([id.to_owned()])).await?;
    let Some(image) = found.first() else { return Ok(false) };
    tags::settle(aws, id, &tags::users(image.tags()), &wanted_tags(task)?).await?;
    Ok(true)
}

async fn describe(aws: &Aws, id: &str, text: &str) -> Result<(), ProviderError> {
    let value = AttributeValue::builder().value(text).build();
    let call = aws.ec2.modify_image_attribute().image_id(id).description(value);
    call.send().await.map_err(failed("ModifyImageAttribute"))?;
    Ok(())
}

/// Lets exactly these accounts launch the image; those that we do not know of by number (groups, organisations) stay.
pub(super) async fn share(aws: &Aws, id: &str, wanted: &BTreeSet<String>) -> Result<(), ProviderError> {
    let have = facts::launch_permissions(aws, id).await?;
    if have == *wanted {
        return Ok(());
    }
    let permission = |account: &String| LaunchPermission::builder().user_id(account).build();
    let listed = |accounts: Vec<LaunchPermission>| Some(accounts).filter(|accounts| !accounts.is_empty());
    let changes = LaunchPermissionModifications::builder()
        .set_add(listed(wanted.difference(&have).map(permission).collect()))
        .set_remove(listed(have.difference(wanted).map(permission).collect()));
    let call = aws.ec2.modify_image_attribute().image_id(id).launch_permission(changes.build());
    call.send().await.map_err(failed("ModifyImageAttribute"))?;
    Ok(())
}
