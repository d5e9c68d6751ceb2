//! What of a state that can be read cannot be right.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use infra_lang::address::Address;
use infra_lang::name::KindName;

use crate::id::RemoteId;
use crate::state::{Physical, Record, State};

/// Something in a state that cannot be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// An address depends on one that is not there.
    Dangling {
        /// The address.
        address: Address,
        /// What it depends on.
        dependency: Address,
    },
    /// An address holds nothing.
    Empty {
        /// The address.
        address: Address,
    },
    /// An address is of another kind than what it holds.
    Kind {
        /// The address.
        address: Address,
        /// The kind of what it holds.
        kind: KindName,
    },
    /// An object is in use, and an older one of the same or another address besides, so that it would be deleted.
    Retired {
        /// The address of which it is an older one.
        address: Address,
        /// The object.
        id: RemoteId,
        /// The address that uses it.
        owner: Address,
    },
    /// Several addresses use the same object.
    Shared {
        /// The object.
        id: RemoteId,
        /// The addresses.
        addresses: Vec<Address>,
    },
}

impl Flaw {
    /// Whether it has one answer, so that it can be mended.
    pub fn has_one_answer(&self) -> bool {
        !matches!(self, Self::Shared { .. })
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dangling { address, dependency } => {
                write!(f, "{address} depends on {dependency}, which is not there: it does no more")
            }
            Self::Empty { address } => write!(f, "{address} holds no object: it is left out"),
            Self::Kind { address, kind } => {
                write!(f, "{address} is said to be of the kind `{kind}`: it is of that in its address")
            }
            Self::Retired { address, id, owner } if address == owner => {
                write!(f, "{id} is {address} and an older object of it: it is not an older one")
            }
            Self::Retired { address, id, owner } => {
                write!(f, "{id} is {owner} and an older object of {address}: it is no longer the latter")
            }
            Self::Shared { id, addresses } => {
                let addresses: Vec<String> = addresses.iter().map(Address::to_string).collect();
                write!(f, "{id} is {}: which of them it is, nobody but you can say", addresses.join(" and "))
            }
        }
    }
}

/// The state without what cannot be right in it, as far as there is one answer, and all that was wrong.
pub fn mended(mut state: State) -> (State, Vec<Flaw>) {
    let mut flaws = emptied(&mut state);
    flaws.extend(renamed(&mut state));
    flaws.extend(detached(&mut state));
    let owners = owners(&state);
    flaws.extend(freed(&mut state, &owners));
    let shared = owners.into_iter().filter(|(_, addresses)| addresses.len() > 1);
    flaws.extend(shared.map(|((_, id), addresses)| Flaw::Shared { id, addresses }));
    (state, flaws)
}

fn emptied(state: &mut State) -> Vec<Flaw> {
    let empty = |record: &Record| record.objects().next().is_none();
    state
        .records
        .extract_if(.., |_, record| empty(record))
        .map(|(address, _)| Flaw::Empty { address })
        .collect()
}

fn renamed(state: &mut State) -> Vec<Flaw> {
    let wrong = state.records.iter_mut().filter(|(address, record)| record.kind != address.kind);
    wrong
        .map(|(address, record)| {
            let kind = std::mem::replace(&mut record.kind, address.kind.clone());
            Flaw::Kind { address: address.clone(), kind }
        })
        .collect()
}

fn detached(state: &mut State) -> Vec<Flaw> {
    let there: BTreeSet<Address> = state.records.keys().cloned().collect();
    let mut flaws = Vec::new();
    for (address, record) in &mut state.records {
        let gone = record.dependencies.extract_if(.., |dependency| !there.contains(dependency));
        flaws.extend(gone.map(|dependency| Flaw::Dangling { address: address.clone(), dependency }));
    }
    flaws
}

/// The addresses that use each object. What is known by its contents may well be used by several.
fn owners(state: &State) -> BTreeMap<(KindName, RemoteId), Vec<Address>> {
    let mut owners: BTreeMap<_, Vec<Address>> = BTreeMap::new();
    for (address, record) in &state.records {
        if let Some(current) = record.current.as_ref().filter(|object| object.identity.is_none()) {
            owners.entry((record.kind.clone(), current.id.clone())).or_default().push(address.clone());
        }
    }
    owners
}

/// Keeps what is in use from being deleted as an older object.
fn freed(state: &mut State, owners: &BTreeMap<(KindName, RemoteId), Vec<Address>>) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    for (address, record) in &mut state.records {
        let kind = record.kind.clone();
        let owner = |object: &Physical| owners.get(&(kind.clone(), object.id.clone()))?.first();
        for former in record.former.extract_if(.., |object| owner(object).is_some()) {
            let owner = owner(&former).cloned().unwrap_or_else(|| address.clone());
            flaws.push(Flaw::Retired { address: address.clone(), id: former.id, owner });
        }
    }
    flaws
}
