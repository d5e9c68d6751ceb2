//! What values are made of. Where a written attribute is read, its value is known and nothing in it refers to the
//! object any more; but what holds it still comes after the object. So every read is noted, and what is remembered
//! is so together with what was read for it.
//!
//! This makes no ring that checking has not refused: it counts every reference between blocks, whether or not the
//! value will be known.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::{Evaluator, Stop};
use crate::address::{Address, Mode};
use crate::desired::OpenCondition;
use crate::residual::{Attributes, references};

/// What was read for a value.
#[derive(Debug, Clone, Default)]
pub(super) struct Reads {
    /// The managed objects whose attributes were read.
    pub(super) objects: BTreeSet<Address>,
    /// Conditions of what was read that are still open: whatever is made of it must not be before they hold.
    pub(super) conditions: Vec<OpenCondition>,
}

/// What was read for a remembered value.
pub(super) type Sources = Rc<Reads>;

/// A remembered result, and what was read for it.
pub(super) type Remembered<T> = (Result<T, Stop>, Sources);

impl Reads {
    fn add_condition(&mut self, condition: &OpenCondition) {
        if !self.conditions.contains(condition) {
            self.conditions.push(condition.clone());
        }
    }
}

impl Evaluator<'_> {
    /// Notes that an attribute of a managed object is read for what is being computed.
    pub(super) fn reads(&self, object: &Address) {
        self.sources.borrow_mut().objects.insert(object.clone());
    }

    /// Notes that what is being computed may only be used once a condition holds.
    pub(super) fn hangs_on(&self, condition: &OpenCondition) {
        self.sources.borrow_mut().add_condition(condition);
    }

    /// Notes that a value made of these is used for what is being computed.
    pub(super) fn uses(&self, sources: &Sources) {
        let mut reads = self.sources.borrow_mut();
        reads.objects.extend(sources.objects.iter().cloned());
        sources.conditions.iter().for_each(|condition| reads.add_condition(condition));
    }

    /// What has been read so far for what is being computed.
    pub(super) fn read_so_far(&self) -> Sources {
        Rc::new(self.sources.borrow().clone())
    }

    /// A result and what was read for it, none of which counts for what is being computed around it.
    pub(super) fn apart<T>(&self, compute: impl FnOnce() -> T) -> (T, Sources) {
        let around = self.sources.take();
        let result = compute();
        (result, Rc::new(self.sources.replace(around)))
    }

    /// Of what attributes were made of, that which no reference left in them shows. A lookup that they refer to may
    /// itself hold such values.
    pub(super) fn unseen<'a>(
        &self,
        attributes: &Attributes,
        sources: impl Iterator<Item = &'a Address>,
    ) -> BTreeSet<Address> {
        let referred = attributes.values().flat_map(references).map(|reference| reference.object);
        let seen: BTreeSet<Address> = referred.collect();
        let mut found: BTreeSet<Address> = sources.cloned().collect();
        for lookup in seen.iter().filter(|object| object.mode == Mode::Data) {
            found.extend(self.behind_lookup(lookup).objects.iter().cloned());
        }
        found.retain(|object| !seen.contains(object));
        found
    }
}
