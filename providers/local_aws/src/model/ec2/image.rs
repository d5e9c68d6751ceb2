//! Images, their snapshots, and launch templates.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::compute::Disk;
use super::ids::{ImageId, InstanceId, SnapshotId, TemplateId, VolumeId};
use crate::model::Time;
use crate::wire::Params;

/// What instances are made from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Image {
    /// Its id.
    pub id: ImageId,
    /// Unique among the account's own images.
    pub name: String,
    /// A remark.
    pub description: Option<String>,
    /// The account it belongs to.
    pub owner: String,
    /// `amazon` for AWS's own.
    pub owner_alias: Option<String>,
    /// `x86_64`, `arm64` or `i386`.
    pub architecture: String,
    /// `hvm` or `paravirtual`.
    pub virtualization: String,
    /// The device that holds the system.
    pub root_device: String,
    /// By device.
    pub disks: BTreeMap<String, Disk>,
    /// Whether it can be launched from.
    pub state: ImageState,
    /// Who may launch it besides its owner.
    pub permissions: BTreeSet<Grantee>,
    /// Since when.
    pub created: Time,
    /// Before this moment a look by id does not find it.
    pub visible_from: Time,
    /// The instance it was made of.
    pub source_instance: Option<InstanceId>,
    /// The image it was copied from, or its instance was made from, and that image's region.
    pub source_image: Option<(ImageId, String)>,
}

/// Where an image is in its life. A deregistered image is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImageState {
    /// Its snapshots are being taken.
    Pending,
    /// It can be launched from.
    Available,
}

impl ImageState {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Available => "available",
        }
    }
}

/// Who may launch an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Grantee {
    /// The whole world.
    All,
    /// One account.
    Account(String),
}

/// A disk's contents at one moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its id.
    pub id: SnapshotId,
    /// The disk it was taken of.
    pub volume: VolumeId,
    /// GiB.
    pub size: i64,
    /// A remark; AWS writes one for the snapshots of images.
    pub description: String,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// When it was asked for.
    pub started: Time,
    /// Whether it is complete.
    pub completed: bool,
}

/// A numbered series of launch settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Template {
    /// Its id.
    pub id: TemplateId,
    /// Unique in the region.
    pub name: String,
    /// Since when.
    pub created: Time,
    /// What `$Default` means.
    pub default_version: u64,
    /// The highest number ever given; it is not given again.
    pub latest_version: u64,
    /// By number. A version never changes.
    pub versions: BTreeMap<u64, TemplateVersion>,
}

/// One version of a launch template.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TemplateVersion {
    /// A remark.
    pub description: Option<String>,
    /// Since when.
    pub created: Time,
    /// The settings as they were sent: parameters of RunInstances.
    pub data: Params,
}
