//! What we made and last applied. Secrets stand here only sealed.

use std::collections::{BTreeMap, BTreeSet};

use infra_lang::address::Address;
use infra_lang::name::{Identifier, KindName};
use infra_lang::residual::Values;
use infra_lang::value::Value;

use crate::change::Identity;
use crate::id::RemoteId;
use crate::seal::SealKey;

/// The state of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Made once, with the first state: tells states of different histories apart. 32 hexadecimal digits.
    pub lineage: String,
    /// Grows with every save.
    pub serial: u64,
    /// The project's name.
    pub project: String,
    /// The account its objects are in.
    pub account: String,
    /// Their region.
    pub region: String,
    /// The key that secrets are sealed with.
    pub key: SealKey,
    /// The objects.
    pub records: BTreeMap<Address, Record>,
    /// The outputs of the last apply; secrets are sealed.
    pub outputs: BTreeMap<Identifier, Value>,
}

impl State {
    /// The state of a project that has made nothing yet.
    pub fn new(
        lineage: impl Into<String>,
        key: SealKey,
        project: impl Into<String>,
        account: impl Into<String>,
        region: impl Into<String>,
    ) -> Self {
        Self {
            lineage: lineage.into(),
            serial: 0,
            project: project.into(),
            account: account.into(),
            region: region.into(),
            key,
            records: BTreeMap::new(),
            outputs: BTreeMap::new(),
        }
    }

    /// The same with the next serial, as it is saved.
    pub fn next(mut self) -> Self {
        self.serial += 1;
        self
    }
}

/// One object in the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its kind.
    pub kind: KindName,
    /// The object that is the address's now; none if only older ones are left.
    pub current: Option<Physical>,
    /// Older objects of the address, the newest last.
    pub former: Vec<Physical>,
    /// What it refers to.
    pub dependencies: BTreeSet<Address>,
    /// Whether destroying it is refused, even when its block is gone.
    pub protected: bool,
    /// What was applied before the last swap: the way back. Secrets are sealed.
    pub previous: Option<Values>,
}

impl Record {
    /// A record with no object in it yet.
    pub fn empty(kind: KindName) -> Self {
        Self {
            kind,
            current: None,
            former: Vec::new(),
            dependencies: BTreeSet::new(),
            protected: false,
            previous: None,
        }
    }

    /// All its objects, the current one first, then the older ones, the newest last.
    pub fn objects(&self) -> impl Iterator<Item = &Physical> {
        self.current.iter().chain(&self.former)
    }
}

/// One physical object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Physical {
    /// Its id.
    pub id: RemoteId,
    /// What was last applied; secrets are sealed. Empty if making it was begun and not finished.
    pub applied: Values,
    /// What AWS told when it was last read.
    pub observed: Values,
    /// What it was made from.
    pub identity: Option<Identity>,
}
