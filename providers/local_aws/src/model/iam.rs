//! What IAM remembers.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Time;

/// Roles, instance profiles and policies of an account. IAM has no regions: what the model of `us-east-1` holds is
/// copied to the account's others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Iam {
    /// By name.
    pub roles: BTreeMap<String, Role>,
    /// By name.
    pub profiles: BTreeMap<String, Profile>,
    /// Policies of the account's own, by ARN.
    pub policies: BTreeMap<String, Policy>,
    /// Names of instance profiles that were deleted.
    pub deleted: BTreeSet<String>,
    /// Whether launches may name known instance profiles alone, even if the account never made one.
    pub strict: bool,
}

/// What every entity of IAM has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// Unique among its kind in the account.
    pub name: String,
    /// Such as `AROA…`.
    pub id: String,
    /// `/`, or more: `/service/`.
    pub path: String,
    /// Its ARN.
    pub arn: String,
    /// When it was made.
    pub created: Time,
    /// By key.
    pub tags: BTreeMap<String, String>,
}

/// A role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Its name and so on.
    pub entity: Entity,
    /// Who may take it: a policy, as JSON.
    pub trust: String,
    /// What it is for.
    pub description: String,
    /// Seconds.
    pub max_session: i64,
    /// Its own policies by name, as JSON.
    pub inline: BTreeMap<String, String>,
    /// ARNs of the policies it shares.
    pub attached: BTreeSet<String>,
}

/// An instance profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Its name and so on.
    pub entity: Entity,
    /// Since when EC2 and Auto Scaling know it.
    pub visible: Time,
    /// The name of its role.
    pub role: Option<String>,
}

/// A policy that roles can share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Its name and so on.
    pub entity: Entity,
    /// As JSON.
    pub document: String,
    /// What it is for.
    pub description: String,
}

impl Iam {
    /// Whether a launch may name this instance profile, by name or ARN.
    ///
    /// One that was made may once AWS has told its services of it, one that was deleted may not. Any other is taken on
    /// trust as long as the account has made none, so that launches can be modelled without a model of who may do what.
    pub fn knows(&self, profile: &str, now: Time) -> bool {
        let name = profile.rsplit('/').next().unwrap_or(profile);
        match self.profiles.get(name) {
            Some(known) => known.visible <= now && (name == profile || known.entity.arn == profile),
            None => !self.strict && self.profiles.is_empty() && self.deleted.is_empty(),
        }
    }
}
