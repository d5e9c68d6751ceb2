//! Objects that are parts of others: a group's hooks are there before its first instance, and end with it.

use std::collections::{BTreeMap, BTreeSet};

use infra_lang::address::Address;
use infra_lang::name::AttributeName;
use infra_lang::residual::references;
use infra_lang::value::Value;

use super::super::draft::Draft;
use super::parts::Parts;
use super::{After, waits_for};
use crate::change::Action;
use crate::state::Record;

/// Which objects of a plan are parts of which: a part and its owner.
#[derive(Debug, Default)]
pub(super) struct Owned {
    /// As it is wanted.
    new: BTreeSet<(Address, Address)>,
    /// As it was, where the part of old ends with its owner of old.
    ends: BTreeSet<(Address, Address)>,
    /// As it was, where the owner goes on without the part.
    leaves: BTreeSet<(Address, Address)>,
}

impl Owned {
    /// The parts among what a plan changes.
    pub(super) fn new(draft: &Draft<'_>, parts: &BTreeMap<Address, Parts>) -> Self {
        let mut owned = Self::default();
        for part in parts.keys() {
            let kind = draft.input.provider.kind(&part.kind);
            let Some(attribute) = kind.and_then(|kind| kind.part_of()) else { continue };
            let pair = |owner: Address| (part.clone(), owner);
            owned.new.extend(wanted(draft, part, &attribute).into_iter().map(pair));
            let before = parts.keys().filter(|owner| was_part(draft, part, &attribute, owner)).cloned();
            let removed = |address: &Address| {
                draft.changes.get(address).is_some_and(|change| change.action == Action::Delete)
            };
            for owner in before {
                let alone = removed(part) && !removed(&owner);
                if alone { &mut owned.leaves } else { &mut owned.ends }.insert(pair(owner));
            }
        }
        owned
    }

    /// Whether an object is wanted as a part of the other.
    pub(super) fn is_part(&self, part: &Address, owner: &Address) -> bool {
        self.new.contains(&(part.clone(), owner.clone()))
    }

    /// Whether what there was of an object ends with what there was of the other.
    pub(super) fn ends_with(&self, part: &Address, owner: &Address) -> bool {
        self.ends.contains(&(part.clone(), owner.clone()))
    }
}

fn wanted(draft: &Draft<'_>, part: &Address, attribute: &AttributeName) -> Vec<Address> {
    let written = draft.input.desired.objects.get(part).and_then(|object| object.attributes.get(attribute));
    written.into_iter().flat_map(references).map(|reference| reference.object).collect()
}

fn was_part(draft: &Draft<'_>, part: &Address, attribute: &AttributeName, owner: &Address) -> bool {
    let record = |address: &Address| draft.input.state.records.get(address);
    let objects = record(part).into_iter().flat_map(Record::objects);
    let named: BTreeSet<&str> =
        objects.filter_map(|object| object.applied.get(attribute).and_then(Value::as_str)).collect();
    record(owner).into_iter().flat_map(Record::objects).any(|object| named.contains(object.id.0.as_str()))
}

/// What was prepared is put to use once its parts are there, and what is no longer a part goes before its owner
/// changes; unless one waits for the other already.
pub(super) fn put_to_use_last(parts: &BTreeMap<Address, Parts>, owned: &Owned, after: &mut After) {
    let pair = |(part, owner): &(Address, Address)| Some((parts.get(part)?, parts.get(owner)?));
    let mut orders = Vec::new();
    for (part, owner) in owned.new.iter().filter_map(pair) {
        orders.extend(owner.employ.iter().map(|step| (*step, part.last.clone())));
    }
    for (part, owner) in owned.leaves.iter().filter_map(pair) {
        orders.extend(owner.first.iter().map(|step| (*step, part.late.clone())));
    }
    for (step, before) in orders {
        for earlier in before {
            if !waits_for(after, earlier, step) {
                after[step].insert(earlier);
            }
        }
    }
}
