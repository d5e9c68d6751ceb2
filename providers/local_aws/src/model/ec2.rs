//! What EC2 knows.

mod capacity;
mod compute;
mod ids;
mod image;
mod network;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use capacity::{Capacity, CapacityLimit};
pub use compute::{Disk, Instance, InstanceSettings, InstanceState, TemplateRef, Volume};
pub use ids::{
    AssociationId, GatewayId, GroupId, ImageId, InstanceId, InterfaceId, KeyPairId, ReservationId,
    RouteTableId, RuleId, SnapshotId, SubnetId, TemplateId, VolumeId, VpcId,
};
pub use image::{Grantee, Image, ImageState, Snapshot, Template, TemplateVersion};
pub use network::{
    Association, Gateway, Interface, InterfaceOwner, KeyPair, Peer, Permission, Route, RouteTable,
    RouteTarget, Rule, SecurityGroup, Subnet, Vpc,
};

/// The tags of one thing.
pub type Tags = BTreeMap<String, String>;

/// The state of EC2.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Ec2 {
    /// Networks.
    pub vpcs: BTreeMap<VpcId, Vpc>,
    /// Their parts.
    pub subnets: BTreeMap<SubnetId, Subnet>,
    /// Ways to the internet.
    pub gateways: BTreeMap<GatewayId, Gateway>,
    /// Where packets go.
    pub route_tables: BTreeMap<RouteTableId, RouteTable>,
    /// Firewalls.
    pub groups: BTreeMap<GroupId, SecurityGroup>,
    /// Network cards, of instances and of load balancers.
    pub interfaces: BTreeMap<InterfaceId, Interface>,
    /// By name.
    pub key_pairs: BTreeMap<String, KeyPair>,
    /// Machines, terminated ones of the last hour included.
    pub instances: BTreeMap<InstanceId, Instance>,
    /// Their disks.
    pub volumes: BTreeMap<VolumeId, Volume>,
    /// The account's own images and the public ones.
    pub images: BTreeMap<ImageId, Image>,
    /// The account's own snapshots.
    pub snapshots: BTreeMap<SnapshotId, Snapshot>,
    /// Launch templates.
    pub templates: BTreeMap<TemplateId, Template>,
    /// Requests by operation and client token: a digest of their parameters, and what came of them.
    pub client_tokens: BTreeMap<String, (u64, String)>,
    /// Tags of everything, by id.
    pub tags: BTreeMap<String, Tags>,
    /// What is left to launch.
    #[serde(default)]
    pub capacity: Capacity,
}

impl Ec2 {
    /// The tags of a thing.
    pub fn tags_of(&self, id: &str) -> &Tags {
        static NONE: Tags = Tags::new();
        self.tags.get(id).unwrap_or(&NONE)
    }
}
