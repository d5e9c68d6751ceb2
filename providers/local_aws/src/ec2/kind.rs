//! How EC2 words "there is no such thing", kind by kind.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use crate::wire::ApiError;

/// A kind of thing with ids of its own, and the codes that go with them.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What ids start with, before the hyphen.
    pub prefix: &'static str,
    /// The resource type in tags and tag specifications.
    pub resource_type: &'static str,
    /// The code for a text that is no such id.
    pub malformed: &'static str,
    /// The code for an id of nothing.
    pub missing: &'static str,
    /// The sentence for an id of nothing; `{}` stands for the id.
    pub sentence: &'static str,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident: $prefix:literal $resource:literal $malformed:literal $missing:literal $sentence:literal;)*) => {
        $(
            $(#[$doc])*
            pub const $name: Kind = Kind {
                prefix: $prefix,
                resource_type: $resource,
                malformed: $malformed,
                missing: $missing,
                sentence: $sentence,
            };
        )*
        /// All of them.
        pub const ALL: &[Kind] = &[$($name),*];
    };
}

kinds! {
    /// Instances.
    INSTANCE: "i" "instance" "InvalidInstanceID.Malformed" "InvalidInstanceID.NotFound" "The instance ID '{}' does not exist";
    /// Images.
    IMAGE: "ami" "image" "InvalidAMIID.Malformed" "InvalidAMIID.NotFound" "The image id '[{}]' does not exist";
    /// Snapshots.
    SNAPSHOT: "snap" "snapshot" "InvalidSnapshotID.Malformed" "InvalidSnapshot.NotFound" "The snapshot '{}' does not exist.";
    /// Volumes.
    VOLUME: "vol" "volume" "InvalidVolumeID.Malformed" "InvalidVolume.NotFound" "The volume '{}' does not exist.";
    /// VPCs.
    VPC: "vpc" "vpc" "InvalidVpcID.Malformed" "InvalidVpcID.NotFound" "The vpc ID '{}' does not exist";
    /// Subnets.
    SUBNET: "subnet" "subnet" "InvalidSubnetID.Malformed" "InvalidSubnetID.NotFound" "The subnet ID '{}' does not exist";
    /// Internet gateways.
    GATEWAY: "igw" "internet-gateway" "InvalidInternetGatewayId.Malformed" "InvalidInternetGatewayID.NotFound" "The internetGateway ID '{}' does not exist";
    /// Route tables.
    ROUTE_TABLE: "rtb" "route-table" "InvalidRouteTableId.Malformed" "InvalidRouteTableID.NotFound" "The routeTable ID '{}' does not exist";
    /// Associations of route tables.
    ASSOCIATION: "rtbassoc" "" "InvalidAssociationID.Malformed" "InvalidAssociationID.NotFound" "The association ID '{}' does not exist";
    /// Security groups.
    GROUP: "sg" "security-group" "InvalidGroupId.Malformed" "InvalidGroup.NotFound" "The security group '{}' does not exist";
    /// Their rules.
    RULE: "sgr" "security-group-rule" "InvalidSecurityGroupRuleId.Malformed" "InvalidSecurityGroupRuleId.NotFound" "The security group rule ID '{}' does not exist";
    /// Network interfaces.
    INTERFACE: "eni" "network-interface" "InvalidNetworkInterfaceId.Malformed" "InvalidNetworkInterfaceID.NotFound" "The networkInterface ID '{}' does not exist";
    /// Key pairs.
    KEY_PAIR: "key" "key-pair" "InvalidKeyPairID.Malformed" "InvalidKeyPair.NotFound" "The key pair ID '{}' does not exist";
    /// Launch templates.
    TEMPLATE: "lt" "launch-template" "InvalidLaunchTemplateId.Malformed" "InvalidLaunchTemplateId.NotFound" "The specified launch template, with template ID {}, does not exist.";
}

impl Kind {
    /// The kind that an id's form belongs to.
    pub fn of(id: &str) -> Option<Self> {
        let (prefix, _) = id.split_once('-')?;
        ALL.iter().copied().find(|kind| kind.prefix == prefix)
    }

    /// The kind with this resource type.
    pub fn named(resource_type: &str) -> Option<Self> {
        ALL.iter().copied().find(|kind| !resource_type.is_empty() && kind.resource_type == resource_type)
    }

    /// Refuses what cannot be an id of this kind: a wrong prefix, or a rest that is not 8 or more hexadecimal
    /// digits.
    pub fn check(self, id: &str) -> Result<(), ApiError> {
        let digits = id.strip_prefix(self.prefix).and_then(|rest| rest.strip_prefix('-'));
        let well_formed = digits.is_some_and(|digits| {
            (8..=17).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        });
        if well_formed {
            return Ok(());
        }
        Err(ApiError::new(
            self.malformed,
            format!("Invalid id: \"{id}\" (expecting \"{}-...\")", self.prefix),
        ))
    }

    /// The refusal for an id of nothing.
    pub fn not_found(self, id: &str) -> ApiError {
        ApiError::new(self.missing, self.sentence.replace("{}", id))
    }

    /// Looks an id up.
    pub fn find<'m, K: Borrow<str> + Ord, V>(
        self,
        things: &'m BTreeMap<K, V>,
        id: &str,
    ) -> Result<&'m V, ApiError> {
        self.check(id)?;
        things.get(id).ok_or_else(|| self.not_found(id))
    }

    /// Looks an id up, to change what it names.
    pub fn find_mut<'m, K: Borrow<str> + Ord, V>(
        self,
        things: &'m mut BTreeMap<K, V>,
        id: &str,
    ) -> Result<&'m mut V, ApiError> {
        self.check(id)?;
        things.get_mut(id).ok_or_else(|| self.not_found(id))
    }
}
