//! An image goes, with its snapshots, once nothing needs it any more.

use std::collections::BTreeSet;

use infra_engine::id::RemoteId;
use infra_engine::provider::{Progress, ProviderError, Task};
use serde::Deserialize;

use super::{facts, in_use};
use crate::client::Aws;
use crate::error::{failed, has_code};
use crate::kind::{gone, waiting};

/// What is written down before an image goes: afterwards nobody can tell which snapshots were its own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
struct Note {
    snapshots: Vec<String>,
}

/// Deregisters an image that no launch setting and no instance of the account needs, and deletes its snapshots.
pub(super) async fn advance(aws: &Aws, task: &Task, id: &RemoteId) -> Result<Progress, ProviderError> {
    let note = task.notes.get("delete").cloned().and_then(|note| serde_json::from_value::<Note>(note).ok());
    let found = facts::find(aws, "image-id", BTreeSet::from([id.0.clone()])).await?;
    let Some(image) = found.first() else {
        delete_snapshots(aws, &note.unwrap_or_default().snapshots).await?;
        return Ok(gone());
    };
    let users = in_use::users(aws, &id.0).await?;
    if !users.is_empty() {
        return Ok(waiting(10, format!("{} to leave image {id}", in_use::phrase(&users))));
    }
    let Some(note) = note else {
        let note = Note { snapshots: facts::snapshots(image) };
        return Ok(Progress::Note(serde_json::json!({ "snapshots": note.snapshots })));
    };
    deregister(aws, &id.0, note.snapshots).await?;
    Ok(gone())
}

/// Takes back an image that nobody has seen yet.
pub(super) async fn discard(aws: &Aws, id: &str) -> Result<(), ProviderError> {
    let found = facts::find(aws, "image-id", BTreeSet::from([id.to_owned()])).await?;
    match found.first() {
        Some(image) => deregister(aws, id, facts::snapshots(image)).await,
        None => Ok(()),
    }
}

async fn deregister(aws: &Aws, id: &str, snapshots: Vec<String>) -> Result<(), ProviderError> {
    let call = aws.ec2.deregister_image().image_id(id).delete_associated_snapshots(true);
    let told = match call.send().await.map_err(failed("DeregisterImage")) {
        Err(error)
            if has_code(&error, "InvalidAMIID.NotFound") || has_code(&error, "InvalidAMIID.Unavailable") =>
        {
            None
        }
        other => Some(other?),
    };
    let answered = told.map(|told| told.delete_snapshot_results.unwrap_or_default()).unwrap_or_default();
    let answered: BTreeSet<String> = answered.into_iter().filter_map(|result| result.snapshot_id).collect();
    // Emulators do not know the setting and leave the snapshots; AWS says of each what became of it.
    let left: Vec<String> = snapshots.into_iter().filter(|snapshot| !answered.contains(snapshot)).collect();
    delete_snapshots(aws, &left).await
}

/// Deletes snapshots; one that another image shares stays.
async fn delete_snapshots(aws: &Aws, snapshots: &[String]) -> Result<(), ProviderError> {
    for snapshot in snapshots {
        let sent =
            aws.ec2.delete_snapshot().snapshot_id(snapshot).send().await.map_err(failed("DeleteSnapshot"));
        match sent {
            Err(error)
                if !["InvalidSnapshot.NotFound", "InvalidSnapshot.InUse"]
                    .iter()
                    .any(|code| has_code(&error, code)) =>
            {
                return Err(error);
            }
            _ => {}
        }
    }
    Ok(())
}
