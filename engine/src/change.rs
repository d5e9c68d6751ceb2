//! What a plan changes, and why.

use std::collections::BTreeMap;
use std::time::Duration;

use infra_lang::address::Address;
use infra_lang::desired::Content;
use infra_lang::name::{AttributeName, KindName};
use infra_lang::residual::{Attributes, Reference, Residual, Values};
use infra_lang::value::Value;
use serde::{Deserialize, Serialize};

use crate::assertion::Condition;
use crate::id::RemoteId;

/// What happens to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Action {
    /// It is made; an image layer is built.
    Create,
    /// It stays and changes.
    Update,
    /// A new one takes its place.
    Replace(ReplaceOrder),
    /// A new one takes its place while users are served by it: the kind's rollout.
    Swap,
    /// It goes.
    Delete,
    /// It exists already and is taken into the state, as one that was made from the same before or that an `import`
    /// block names; what differs changes in place.
    Adopt,
    /// It is dropped from the state and left alone.
    Forget,
    /// Nothing but objects it has left behind go.
    Prune,
}

/// Which comes first when an object is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ReplaceOrder {
    /// The new one is made before the old one goes: wherever both can exist.
    NewFirst,
    /// The old one goes first: they cannot stand side by side, for the name is fixed.
    OldFirst,
}

/// Why an attribute changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Cause {
    /// The configuration says something else than when it was last applied.
    Intended,
    /// Somebody changed the object; the plan changes it back.
    Drift,
    /// What it refers to changes.
    Upstream,
}

/// One attribute that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeChange {
    /// The attribute.
    pub name: AttributeName,
    /// What it is now; absent if it is not set.
    pub before: Option<Value>,
    /// What it will be; absent if it will not be set.
    pub after: Option<Residual>,
    /// Why.
    pub cause: Cause,
    /// Whether it is the reason for a new object.
    pub forces_new: bool,
    /// Where the new value is written, as `path:line`.
    pub location: Option<String>,
}

/// Why a change is in the plan, besides its attributes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// Not in the state yet.
    New,
    /// In the state, and no longer in the configuration.
    Removed,
    /// In the state, and gone from AWS.
    Vanished,
    /// Attributes differ.
    Attributes,
    /// What goes into it (an image layer) differs: each input that changed, in words.
    Inputs(Vec<String>),
    /// `replace_triggered_by` names this, and it changes.
    Triggered(Reference),
    /// Older objects of this address are no longer needed.
    Superseded,
    /// A `removed` block says that it is to be left alone.
    Released,
    /// An `import` block names it.
    Imported,
    /// The swap of this object takes it along: users reach the new one by a new way in.
    TakenAlong(Address),
}

/// Several changes that move users from old objects to new ones together, and that are taken back together: the way
/// in (a load balancer) is replaced or another, what serves behind it (a group) serves behind the new one too, and what leads
/// users there (a DNS record) then leads them to the new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// What it is known by: the first of the ways in that users move to.
    pub of: Address,
    /// What the change is to it.
    pub role: Role,
    /// How users are to be moved, in the words of what serves; empty where it says nothing.
    pub settings: Attributes,
}

/// What a change is to a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Role {
    /// A way in that users move to.
    WayIn,
    /// Serves behind it.
    Serves,
    /// Leads users to it.
    Leads,
}

/// An object as it was before the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prior {
    /// Its id.
    pub id: RemoteId,
    /// What was last applied; secrets are sealed.
    pub applied: Values,
    /// What AWS says now: settable and observed attributes.
    pub observed: Values,
    /// What it was made from, if its kind is known by its contents.
    pub identity: Option<Identity>,
}

/// What a content-addressed object (an image layer) is made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// One digest for all of it, hexadecimal.
    pub digest: String,
    /// The digest or text of each input, by a name people understand (`shell[1].script`), so that a difference can
    /// be explained. Nothing derived from a secret stands here.
    pub inputs: BTreeMap<String, String>,
}

/// One change of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The object.
    pub address: Address,
    /// Its kind.
    pub kind: KindName,
    /// What happens.
    pub action: Action,
    /// Why.
    pub reasons: Vec<Reason>,
    /// The attributes that change; all of them for `Create`.
    pub attributes: Vec<AttributeChange>,
    /// The object before; none for `Create`.
    pub prior: Option<Prior>,
    /// What is wanted; empty for `Delete`, `Forget` and `Prune`.
    pub desired: Attributes,
    /// The files behind it, by path.
    pub contents: BTreeMap<String, Content>,
    /// What it is made from, if its kind is known by its contents.
    pub identity: Option<Identity>,
    /// What must hold before anything is done, and was not known when the plan was made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub preconditions: Vec<Condition>,
    /// What must hold once the object is as it should be, and was not known when the plan was made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub postconditions: Vec<Condition>,
    /// What it is part of, if users are moved by it and others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// Older objects of this address that go with this change.
    pub retires: Vec<RemoteId>,
    /// What it means for running instances and users, in one sentence of the kind's.
    pub consequence: Option<String>,
    /// Where it is written, as `path:line`; of a removed object nothing.
    pub location: Option<String>,
    /// The user's `timeouts`, by operation.
    pub timeouts: BTreeMap<String, Duration>,
}
