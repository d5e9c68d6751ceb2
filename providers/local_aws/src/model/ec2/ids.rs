//! The ids of things, each with its own type.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::Random;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// A new id.
            pub fn new(random: &mut Random) -> Self {
                Self(random.id($prefix))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// `i-…`
    InstanceId = "i";
    /// `ami-…`
    ImageId = "ami";
    /// `snap-…`
    SnapshotId = "snap";
    /// `vol-…`
    VolumeId = "vol";
    /// `vpc-…`
    VpcId = "vpc";
    /// `subnet-…`
    SubnetId = "subnet";
    /// `sg-…`
    GroupId = "sg";
    /// `sgr-…`
    RuleId = "sgr";
    /// `eni-…`
    InterfaceId = "eni";
    /// `igw-…`
    GatewayId = "igw";
    /// `rtb-…`
    RouteTableId = "rtb";
    /// `rtbassoc-…`
    AssociationId = "rtbassoc";
    /// `key-…`
    KeyPairId = "key";
    /// `lt-…`
    TemplateId = "lt";
    /// `r-…`
    ReservationId = "r";
}
