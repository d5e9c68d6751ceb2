//! Instances and their disks.

use serde::{Deserialize, Serialize};

use super::ids::{
    ImageId, InstanceId, InterfaceId, ReservationId, SnapshotId, SubnetId, TemplateId, VolumeId, VpcId,
};
use crate::model::Time;
use crate::model::behaviour::Life;

/// A virtual machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// The launch it was part of, and its place in it.
    pub reservation: (ReservationId, usize),
    /// What makes a repeated launch the same launch.
    pub client_token: Option<String>,
    /// What it was made from.
    pub image: ImageId,
    /// `x86_64`, `arm64` or `i386`.
    pub architecture: String,
    /// `hvm` or `paravirtual`.
    pub virtualization: String,
    /// For instance `t3.micro`.
    pub instance_type: String,
    /// The key its first user accepts.
    pub key_name: Option<String>,
    /// The VPC it is in.
    pub vpc: VpcId,
    /// The subnet it is in.
    pub subnet: SubnetId,
    /// The subnet's availability zone.
    pub zone: String,
    /// Its only network card.
    pub interface: InterfaceId,
    /// Its disks.
    pub volumes: Vec<VolumeId>,
    /// The device that holds the system.
    pub root_device: String,
    /// Base64, as it was sent.
    pub user_data: Option<String>,
    /// The name or ARN of its instance profile, as an ARN.
    pub profile: Option<String>,
    /// The template it was launched from.
    pub template: Option<TemplateRef>,
    /// Where it is in its life.
    pub state: InstanceState,
    /// Why it got there, if that was not its owner's wish: code and sentence.
    pub state_reason: Option<(String, String)>,
    /// Why it got there, in the old form: `User initiated (2026-11-21 07:00:00 GMT)`.
    pub transition_reason: String,
    /// When it was launched or last started.
    pub launched: Time,
    /// Before this moment a look by id does not find it.
    pub visible_from: Time,
    /// When its status checks turn to `ok`, once it runs.
    pub status_ok_from: Option<Time>,
    /// How the application in it is, once it runs.
    pub life: Life,
    /// What can be set by itself.
    pub settings: InstanceSettings,
}

/// Settings of an instance that do not touch its life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceSettings {
    /// Detailed monitoring.
    pub monitoring: bool,
    /// A network of its own to its disks.
    pub ebs_optimized: bool,
    /// Termination protection.
    pub disable_api_termination: bool,
    /// Stop protection.
    pub disable_api_stop: bool,
    /// `stop` or `terminate`: what a shutdown from inside does.
    pub shutdown_behavior: String,
    /// Whether packets that are not its own are dropped.
    pub source_dest_check: bool,
    /// `default`, `dedicated` or `host`.
    pub tenancy: String,
    /// `optional` or `required`.
    pub http_tokens: String,
    /// `enabled` or `disabled`.
    pub http_endpoint: String,
    /// How far metadata answers travel.
    pub hop_limit: i64,
    /// `enabled` or `disabled`: tags in the metadata.
    pub metadata_tags: String,
}

impl Default for InstanceSettings {
    fn default() -> Self {
        Self {
            monitoring: false,
            ebs_optimized: false,
            disable_api_termination: false,
            disable_api_stop: false,
            shutdown_behavior: "stop".to_owned(),
            source_dest_check: true,
            tenancy: "default".to_owned(),
            http_tokens: "optional".to_owned(),
            http_endpoint: "enabled".to_owned(),
            hop_limit: 1,
            metadata_tags: "disabled".to_owned(),
        }
    }
}

/// Where an instance is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InstanceState {
    /// Not there yet.
    Pending,
    /// There.
    Running,
    /// On its way out.
    ShuttingDown,
    /// Gone, but still listed for an hour.
    Terminated,
    /// On its way to a rest.
    Stopping,
    /// At rest.
    Stopped,
}

impl InstanceState {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::ShuttingDown => "shutting-down",
            Self::Terminated => "terminated",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        }
    }

    /// The number on the wire.
    pub fn code(self) -> u16 {
        match self {
            Self::Pending => 0,
            Self::Running => 16,
            Self::ShuttingDown => 32,
            Self::Terminated => 48,
            Self::Stopping => 64,
            Self::Stopped => 80,
        }
    }

    /// Whether the instance still has its disks, its address and its security groups.
    pub fn exists(self) -> bool {
        self != Self::Terminated
    }
}

/// A version of a launch template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateRef {
    /// The template.
    pub id: TemplateId,
    /// Its name.
    pub name: String,
    /// The version's number.
    pub version: u64,
}

/// A disk.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Volume {
    /// Its id.
    pub id: VolumeId,
    /// The instance it is attached to; none once that instance has ended and left it behind.
    pub instance: Option<InstanceId>,
    /// The device it is, or was, there.
    pub device: String,
    /// What it was made from and how big it is.
    pub disk: Disk,
    /// The availability zone it is in.
    pub zone: String,
    /// Since when.
    pub created: Time,
}

/// A disk as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// What it starts with.
    pub snapshot: Option<SnapshotId>,
    /// GiB.
    pub size: i64,
    /// `standard`, `gp2`, `gp3`, `io1`, `io2`, `st1` or `sc1`.
    pub kind: String,
    /// Operations per second, where they are asked for.
    pub iops: Option<i64>,
    /// MiB per second, where they are asked for.
    pub throughput: Option<i64>,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// Whether it ends with its instance.
    pub delete_on_termination: bool,
}
