//! What the engine asks of whoever knows the kinds and the cloud.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use infra_lang::address::Address;
use infra_lang::desired::{Content, DesiredObject, Lookup};
use infra_lang::name::{AttributeName, KindName};
use infra_lang::residual::{Attributes, Values};
use infra_lang::schema::{KindSchema, SchemaSet};
use infra_lang::value::Value;
use serde::{Deserialize, Serialize};

#[cfg(doc)]
use crate::change::Rollout;
use crate::change::{Action, Change, Identity, Prior, ReplaceOrder};
use crate::id::{RemoteId, Token};
use crate::steps::{Effect, LoweredStep, Operation};

/// The pure half of a kind: its schema and its decisions.
pub trait Kind: Send + Sync {
    /// What its blocks may hold.
    fn schema(&self) -> &KindSchema;

    /// The attributes by which AWS knows an object, if they are names that people choose: there cannot be two with the
    /// same. The first of them is what an object is called, the others are what it is called so in.
    fn known_by(&self) -> &[&str] {
        &[]
    }

    /// What happens to an object whose `changed` attributes differ. By default a new one if any of them is
    /// immutable, else an update.
    fn action(&self, changed: &[AttributeName], desired: &Attributes, prior: &Prior) -> Action {
        let _ = prior;
        let immutable = |name: &AttributeName| self.schema().is_immutable(name.as_str());
        match changed.iter().any(immutable) {
            true => Action::Replace(self.replace_order(desired)),
            false => Action::Update,
        }
    }

    /// Which comes first in a replacement: the new one wherever both can exist.
    fn replace_order(&self, desired: &Attributes) -> ReplaceOrder;

    /// Observed attributes that are no longer known once `changed` is applied to an object in place.
    fn unsettled(&self, changed: &[AttributeName]) -> Vec<AttributeName> {
        let _ = changed;
        Vec::new()
    }

    /// Whether a [`Swap`](Action::Swap) leaves the object its id and its observed attributes but for the unsettled
    /// ones, so that nothing that refers to it changes.
    fn keeps_identity(&self, desired: &Attributes, prior: &Prior) -> bool {
        let _ = (desired, prior);
        false
    }

    /// Whether two values of an attribute are the same to AWS (case of a DNS name, an order that does not count).
    fn same(&self, attribute: &AttributeName, one: &Value, other: &Value) -> bool {
        let _ = attribute;
        one == other
    }

    /// What a content-addressed object is made from; `parent` gives the identity of another object of the plan.
    fn identity(
        &self,
        object: &DesiredObject,
        parent: &dyn Fn(&Address) -> Option<Identity>,
    ) -> Option<Identity> {
        let _ = (object, parent);
        None
    }

    /// What an object has from another of its kind where it says nothing itself.
    fn inherits(&self) -> Option<Inherited> {
        None
    }

    /// How many replaced objects stay, the newest first, so that a rollback needs no build.
    fn keep(&self, desired: &Attributes) -> usize {
        let _ = desired;
        0
    }

    /// Whether a change stays as it is when one of its steps fails, until somebody says how to go on.
    fn pauses(&self, change: &Change) -> bool {
        let _ = change;
        false
    }

    /// The attribute that refers to the object this one is a part of: the part goes into use with it, and ends with it.
    fn part_of(&self) -> Option<AttributeName> {
        None
    }

    /// The attributes that a rollback returns to what they were before the last swap.
    fn rolled_back(&self) -> &[&str] {
        &[]
    }

    /// What a change means for running instances and users, if anything.
    fn consequence(&self, change: &Change) -> Option<String> {
        let _ = change;
        None
    }

    /// Rules that only this kind knows, over attributes that are known: errors as attribute and sentence.
    fn problems(&self, desired: &Attributes) -> Vec<(AttributeName, String)> {
        let _ = desired;
        Vec::new()
    }

    /// The attribute that names the ways in (load balancers) that an object serves behind. When one of them is
    /// replaced, the object serves behind the new one before users are led there, and behind the old one until they
    /// have left.
    fn serves_behind(&self) -> Option<&'static str> {
        None
    }

    /// Whether users find what an object refers to by way of it, as by a DNS record.
    fn leads_users(&self) -> bool {
        false
    }

    /// Whether a swap of an object is to take the ways in along that it serves behind: they are replaced too. What to
    /// do where that cannot be, if so.
    fn takes_along(&self, desired: &Attributes) -> Option<&'static str> {
        let _ = desired;
        None
    }

    /// How users are to be moved who reach an object by way of what is replaced; see [`Rollout`].
    fn rollout(&self, desired: &Attributes) -> Attributes {
        let _ = desired;
        Attributes::new()
    }

    /// Why a change cannot be part of the [`Rollout`] that it is in: the attribute that is to blame, and a sentence.
    fn objection(&self, change: &Change) -> Option<(AttributeName, String)> {
        let _ = change;
        None
    }

    /// The steps that carry out a change, in their order. Pure: the plan holds what comes out.
    fn lower(&self, change: &Change) -> Vec<LoweredStep>;
}

/// Attributes that objects have from another of their kind unless they write them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inherited {
    /// The attribute that refers to the other object.
    pub from: AttributeName,
    /// The attributes.
    pub attributes: Vec<AttributeName>,
}

/// A question to AWS about one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRequest {
    /// Whose object it is, for messages.
    pub address: Address,
    /// Its kind.
    pub kind: KindName,
    /// How it is found.
    pub by: ReadBy,
    /// What was last applied: tells which costly details are worth reading.
    pub applied: Values,
}

/// How an object is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadBy {
    /// By its id.
    Id(RemoteId),
    /// By the digest of what it was made from.
    Digest(String),
}

/// What AWS says about one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// It exists.
    Present {
        /// Its id.
        id: RemoteId,
        /// Its attributes, settable and observed, as far as they can be read.
        values: Values,
    },
    /// It does not exist.
    Absent,
}

/// One step, ready to run: everything in it is known.
#[derive(Debug, Clone)]
pub struct Task {
    /// Whose step it is.
    pub address: Address,
    /// The kind.
    pub kind: KindName,
    /// What is to be done; an operation's arguments are in `arguments`, resolved.
    pub effect: Effect,
    /// The arguments of an operation.
    pub arguments: Values,
    /// The object it is about, if it exists.
    pub target: Option<RemoteId>,
    /// The desired attributes of the change.
    pub desired: Values,
    /// The object before the plan.
    pub prior: Option<Prior>,
    /// The files behind the object.
    pub contents: BTreeMap<String, Content>,
    /// What it is made from.
    pub identity: Option<Identity>,
    /// The stable name of this effect.
    pub token: Token,
    /// Whether an earlier run may have done something already: look before you act.
    pub in_doubt: bool,
    /// What the steps of this change have written down, by the step's operation name (`create`, `pin`, …), this
    /// step's own included.
    pub notes: BTreeMap<String, serde_json::Value>,
}

/// Where a step stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// Write this down under the step's name, synced to disk, then call again: an id that AWS has given, or
    /// originals before the first change of them. Replaces an earlier note of the step.
    Note(serde_json::Value),
    /// Something was done; call again at once.
    Acted(String),
    /// Nothing to do yet.
    Waiting {
        /// For what, in the user's words: "2 of 3 instances in service".
        on: String,
        /// When to look again.
        again: Duration,
    },
    /// Finished.
    Done(Outcome),
    /// It cannot succeed any more.
    Stuck(String),
}

/// What a finished step leaves behind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// The object's id, if the step made or adopted one, or changed it.
    pub id: Option<RemoteId>,
    /// The object's observed attributes as they are now; absent if the step does not read them.
    pub observed: Option<Values>,
}

/// Whether a guard holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Holds,
    /// Not now, and why.
    Broken(String),
}

/// What sort of failure a call met; decides what is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailureClass {
    /// Trying again may help: throttling, 5xx, a broken connection, something still in use by what is going away.
    Transient,
    /// AWS refuses it for good.
    Permanent,
    /// The object is not there.
    NotFound,
    /// No or wrong credentials.
    Credentials,
    /// AWS cannot be reached.
    Unreachable,
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{operation}: {message}")]
pub struct ProviderError {
    /// What sort.
    pub class: FailureClass,
    /// The API operation, such as `CreateLoadBalancer`.
    pub operation: String,
    /// AWS's code, such as `DuplicateLoadBalancerName`.
    pub code: Option<String>,
    /// AWS's message.
    pub message: String,
    /// AWS's request id.
    pub request_id: Option<String>,
    /// The next step, if we know one.
    pub hint: Option<String>,
}

/// Something that carries the tags of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged {
    /// Its kind.
    pub kind: KindName,
    /// Its id.
    pub id: RemoteId,
    /// The address that was written on it, as [`Provider::tag_of`] writes it.
    pub address: String,
}

/// A provider: the kinds, and the cloud behind them.
#[async_trait]
pub trait Provider: Send + Sync {
    /// All schemas.
    fn schemas(&self) -> &SchemaSet;

    /// The pure half of a kind.
    fn kind(&self, name: &KindName) -> Option<&dyn Kind>;

    /// The account the credentials belong to.
    async fn account(&self) -> Result<String, ProviderError>;

    /// Reads many objects with few calls; answers stand in the order of the requests.
    async fn read(&self, requests: &[ReadRequest]) -> Vec<Result<Observation, ProviderError>>;

    /// Answers a `data` block whose arguments are known. Not exactly one match is a permanent error.
    async fn lookup(&self, lookup: &Lookup, arguments: &Values) -> Result<Values, ProviderError>;

    /// Looks at what a step is about, lets the kind's pure function decide, and does at most one thing.
    /// Safe to call again at any time, after a crash too.
    async fn advance(&self, task: &Task) -> Result<Progress, ProviderError>;

    /// Judges a step's guard now.
    async fn judge(
        &self,
        guard: &Operation,
        arguments: &Values,
        task: &Task,
    ) -> Result<Verdict, ProviderError>;

    /// All that carries the tags of this project; of several objects with one address, that which counts first.
    async fn tagged(&self) -> Result<Vec<Tagged>, ProviderError>;

    /// The ids that objects of a kind without tags may have, for each by what its attributes say of its names, the
    /// likeliest first. Whether there is one is told by reading it.
    async fn named(&self, kind: &KindName, wanted: &[Values]) -> Result<Vec<Vec<RemoteId>>, ProviderError>;

    /// How an address is written into a tag.
    fn tag_of(&self, address: &Address) -> String;

    /// The address that was written into a tag, if that can be told.
    fn address_of(&self, tag: &str) -> Option<Address>;
}
