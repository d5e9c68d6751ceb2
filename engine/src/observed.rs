//! What AWS said when it was looked at.

use std::collections::BTreeMap;

use infra_lang::address::Address;
use infra_lang::residual::Values;

use crate::id::RemoteId;
use crate::provider::{Observation, ProviderError, ReadBy, ReadRequest};

/// What AWS said about the objects of the state, the images asked for by digest, and lookups.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    objects: BTreeMap<(Address, RemoteId), Observation>,
    digests: BTreeMap<(Address, String), Observation>,
    answers: BTreeMap<Address, Answer>,
    failures: BTreeMap<Address, ProviderError>,
}

/// The answer to a lookup that waited for attributes of existing objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What was asked; if the plan makes the arguments differ, the answer counts for nothing.
    pub arguments: Values,
    /// What was found.
    pub values: Values,
}

impl Observed {
    /// Takes the answer to a request in.
    pub fn add(&mut self, request: &ReadRequest, observation: Observation) {
        let address = request.address.clone();
        match &request.by {
            ReadBy::Id(id) => self.objects.insert((address, id.clone()), observation),
            ReadBy::Digest(digest) => self.digests.insert((address, digest.clone()), observation),
        };
    }

    /// Takes the answer to a lookup in.
    pub fn add_answer(&mut self, lookup: Address, answer: Answer) {
        self.answers.insert(lookup, answer);
    }

    /// Takes in that a lookup could not be answered: what it comes after may change that.
    pub fn add_failure(&mut self, lookup: Address, error: ProviderError) {
        self.failures.insert(lookup, error);
    }

    /// Why a lookup that comes after other objects could not be answered.
    pub fn failure(&self, lookup: &Address) -> Option<&ProviderError> {
        self.failures.get(lookup)
    }

    /// What is known of an object of the state; `None` if nobody asked.
    pub fn object(&self, address: &Address, id: &RemoteId) -> Option<&Observation> {
        self.objects.get(&(address.clone(), id.clone()))
    }

    /// What is known of the object of this address with this digest; `None` if nobody asked.
    pub fn digest(&self, address: &Address, digest: &str) -> Option<&Observation> {
        self.digests.get(&(address.clone(), digest.to_owned()))
    }

    /// The answer to a lookup that was asked after the reads.
    pub fn answer(&self, lookup: &Address) -> Option<&Answer> {
        self.answers.get(lookup)
    }
}
