//! The change of one desired object, given what of it is there.

use std::collections::BTreeSet;
use std::time::Duration;

use infra_lang::desired::DesiredObject;
use infra_lang::name::AttributeName;
use infra_lang::residual::Attributes;

use super::draft::Draft;
use super::standing::Standing;
use crate::change::{Action, AttributeChange, Cause, Change, Identity, Prior, Reason, ReplaceOrder};
use crate::diff::{Comparison, concealed, diff};
use crate::ephemeral::kept;
use crate::provider::Kind;
use crate::state::Physical;

/// One desired object in a plan in the making.
pub(super) struct Case<'a> {
    pub(super) draft: &'a Draft<'a>,
    pub(super) object: &'a DesiredObject,
    pub(super) kind: &'a dyn Kind,
    /// What is wanted, as far as it is known.
    pub(super) desired: &'a Attributes,
}

/// The change, if there is one, and the object that stands before it and, unless it is replaced, after it.
pub(super) type Decision = (Option<Change>, Option<Physical>);

impl Case<'_> {
    /// What happens to the object.
    pub(super) fn decide(&self, found: Standing) -> Decision {
        match found {
            Standing::Nothing(reason) => (Some(self.create(reason)), None),
            Standing::Found(found) => (Some(self.adopt(&found)), Some(found)),
            Standing::Outdated(live) => (Some(self.rebuild(&live)), None),
            Standing::Imported(found) => (Some(self.import(&found)), Some(found)),
            Standing::Current(live) => {
                let change = self.compare(&live);
                match change.as_ref().and_then(|change| self.made_before(change)) {
                    Some(older) => (change.map(|change| self.take_back(&older, change)), Some(older)),
                    None => (change, Some(live)),
                }
            }
        }
    }

    fn create(&self, reason: Reason) -> Change {
        let written = self.desired.iter().map(|(name, residual)| AttributeChange {
            name: name.clone(),
            before: None,
            after: Some(residual.clone()),
            cause: Cause::Intended,
            forces_new: false,
            location: None,
        });
        self.change(Action::Create, vec![reason], written.collect())
    }

    /// The object stands: an update, a new one in its place, or nothing.
    fn compare(&self, live: &Physical) -> Option<Change> {
        let attributes = self.differences(live);
        let triggers = &self.object.lifecycle.replace_triggered_by;
        let trigger = triggers.iter().find(|trigger| self.draft.triggers(trigger));
        let prior = prior_of(self.draft, self.kind, live);
        let names: Vec<AttributeName> = attributes.iter().map(|attribute| attribute.name.clone()).collect();
        let differs = (!attributes.is_empty()).then_some(Reason::Attributes);
        let along = self.draft.along.get(&self.object.address).cloned().map(Reason::TakenAlong);
        let forced = trigger.cloned().map(Reason::Triggered).or(along);
        let action = match &forced {
            Some(_) => Action::Replace(self.kind.replace_order(self.desired)),
            None if attributes.is_empty() => return None,
            None => self.kind.action(&names, self.desired, &prior),
        };
        let reasons = differs.into_iter().chain(forced).collect();
        Some(Change { prior: Some(prior), ..self.change(action, reasons, attributes) })
    }

    /// The same was made before: it becomes the address's object.
    fn adopt(&self, found: &Physical) -> Change {
        let current = self.draft.record(&self.object.address).and_then(|record| record.current.as_ref());
        let reason = current.map_or(Reason::New, |current| self.inputs_that_differ(current));
        let change = self.change(Action::Adopt, vec![reason], self.differences(found));
        Change { prior: Some(prior_of(self.draft, self.kind, found)), ..change }
    }

    /// It exists: it becomes the address's object, and what differs changes in place.
    fn import(&self, found: &Physical) -> Change {
        let differences = self.differences(found).into_iter();
        let in_place = differences.map(|attribute| AttributeChange { forces_new: false, ..attribute });
        let change = self.change(Action::Adopt, vec![Reason::Imported], in_place.collect());
        Change { prior: Some(prior_of(self.draft, self.kind, found)), ..change }
    }

    /// The inputs differ: another is made beside the old one.
    fn rebuild(&self, live: &Physical) -> Change {
        let action = Action::Replace(self.kind.replace_order(self.desired));
        let change = self.change(action, vec![self.inputs_that_differ(live)], self.differences(live));
        Change { prior: Some(prior_of(self.draft, self.kind, live)), ..change }
    }

    /// An older object that is just what is wanted, so that none has to be made.
    fn made_before(&self, change: &Change) -> Option<Physical> {
        let replaced = change.action == Action::Replace(ReplaceOrder::NewFirst);
        let address = &self.object.address;
        let record =
            self.draft.record(address).filter(|_| replaced && change.reasons == [Reason::Attributes])?;
        let finished = record.former.iter().rev().filter(|object| !object.applied.is_empty());
        let mut standing = finished.filter_map(|object| self.draft.live(address, object));
        standing.find(|object| self.differences(object).is_empty())
    }

    /// What was made before becomes the address's object again; what is told are the differences from the current one.
    fn take_back(&self, older: &Physical, instead: Change) -> Change {
        Change { action: Action::Adopt, prior: Some(prior_of(self.draft, self.kind, older)), ..instead }
    }

    fn differences(&self, live: &Physical) -> Vec<AttributeChange> {
        diff(&Comparison {
            kind: self.kind,
            key: &self.draft.input.state.key,
            applied: &live.applied,
            observed: &live.observed,
            desired: &kept(self.desired),
            upstream: &|name| self.draft.moves(self.object, name.as_str()),
            in_place_only: self.draft.identities.contains_key(&self.object.address),
        })
    }

    /// Input by input what an object was made from otherwise.
    fn inputs_that_differ(&self, made: &Physical) -> Reason {
        let wanted = self.draft.identities.get(&self.object.address);
        let inputs = |identity: Option<&Identity>| {
            identity.map(|identity| identity.inputs.clone()).unwrap_or_default()
        };
        let (before, after) = (inputs(made.identity.as_ref()), inputs(wanted));
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let sentence = |name: &String| match (before.get(name), after.get(name)) {
            (None, _) => Some(format!("{name} is new")),
            (_, None) => Some(format!("{name} is gone")),
            (one, other) => (one != other).then(|| format!("{name} differs")),
        };
        Reason::Inputs(names.into_iter().filter_map(sentence).collect())
    }

    fn change(&self, action: Action, reasons: Vec<Reason>, attributes: Vec<AttributeChange>) -> Change {
        let object = self.object;
        let location = |span| (self.draft.input.location)(span);
        let located = |attribute: AttributeChange| {
            let span = object.attribute_spans.get(&attribute.name).copied();
            AttributeChange { location: span.map(location), ..attribute }
        };
        let limits = object.timeouts.iter();
        Change {
            address: object.address.clone(),
            kind: object.address.kind.clone(),
            action,
            reasons,
            attributes: attributes.into_iter().map(located).collect(),
            prior: None,
            desired: self.desired.clone(),
            contents: object.contents.clone(),
            identity: self.draft.identities.get(&object.address).cloned(),
            preconditions: Vec::new(),
            postconditions: Vec::new(),
            rollout: None,
            retires: Vec::new(),
            consequence: None,
            location: Some(location(object.span)),
            timeouts: limits
                .map(|(operation, limit)| (operation.clone(), Duration::from_secs(*limit)))
                .collect(),
        }
    }
}

/// An object of the state as a change tells it.
pub(super) fn prior_of(draft: &Draft<'_>, kind: &dyn Kind, live: &Physical) -> Prior {
    Prior {
        id: live.id.clone(),
        applied: live.applied.clone(),
        observed: concealed(kind, &live.observed, &live.applied, &draft.input.state.key),
        identity: live.identity.clone(),
    }
}
