//! What happens to one desired object, decided after everything it refers to.

use std::collections::BTreeSet;

use infra_lang::address::Address;
use infra_lang::desired::{DesiredObject, Lookup};
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Residual, Values};
use infra_lang::value::Value;

use super::draft::Draft;
use super::standing::{Standing, find};
use super::{PlannedLookup, Problem, ProblemKind, RecordSketch};
use crate::change::{Action, AttributeChange, Cause, Change, Identity, Prior, Reason, ReplaceOrder};
use crate::diff::{Comparison, concealed, diff};
use crate::known::{before_change, standing, values_of};
use crate::links;
use crate::provider::Kind;
use crate::seal::seal_values;
use crate::state::Physical;

/// Decides on the object or lookup of this address.
pub(super) fn decide(draft: &mut Draft<'_>, address: &Address) {
    let desired = draft.input.desired;
    if let Some(lookup) = desired.lookups.get(address) {
        decide_lookup(draft, lookup);
    } else if let Some(object) = desired.objects.get(address)
        && let Some(kind) = draft.kind(address)
    {
        decide_object(draft, object, kind);
    }
}

/// A lookup is known if it was answered for the arguments it has now; else apply asks it.
fn decide_lookup(draft: &mut Draft<'_>, lookup: &Lookup) {
    let answered = draft.input.observed.answer(&lookup.address);
    let fits =
        |arguments: &Values| draft.known.resolve_all(&lookup.arguments).is_ok_and(|now| now == *arguments);
    let values = match (&lookup.answer, answered) {
        (Some(values), _) => Some(values),
        (None, Some(answer)) if fits(&answer.arguments) => Some(&answer.values),
        (None, _) => None,
    };
    match values {
        Some(values) => draft.known.insert(lookup.address.clone(), values.clone()),
        None => {
            let arguments = draft.known.simplify_all(&lookup.arguments);
            let planned = PlannedLookup { kind: lookup.kind.clone(), arguments };
            draft.lookups.insert(lookup.address.clone(), planned);
        }
    }
}

fn decide_object(draft: &mut Draft<'_>, object: &DesiredObject, kind: &dyn Kind) {
    let address = &object.address;
    let desired = draft.known.simplify_all(&object.attributes);
    report_problems(draft, object, kind, &desired);
    let (desired, change, live) = match find(draft, address) {
        Standing::Nothing(reason) => {
            let change = create(draft, object, &desired, reason);
            (desired, Some(change), None)
        }
        Standing::Current(live) => {
            let desired = without_ignored(object, kind, desired, &live);
            let change = compare(draft, object, kind, &desired, &live);
            match change.as_ref().and_then(|change| made_before(draft, object, kind, &desired, change)) {
                Some(found) => {
                    let change = take_back(draft, object, kind, &desired, &found, change);
                    (desired, Some(change), Some(found))
                }
                None => (desired, change, Some(live)),
            }
        }
        Standing::Found(found) => {
            let change = adopt(draft, object, kind, &desired, &found);
            (desired, Some(change), Some(found))
        }
        Standing::Outdated(live) => {
            let change = rebuild(draft, object, kind, &desired, &live);
            (desired, Some(change), None)
        }
    };
    let prior = live.as_ref();
    let known = what_stays_known(kind, &desired, change.as_ref(), prior);
    draft.known.insert(address.clone(), known);
    let sketch = sketch(draft, object, kind, &desired, prior.filter(|_| change.is_none()));
    draft.records.insert(address.clone(), sketch);
    draft.desired.insert(address.clone(), desired);
    draft.changes.extend(change.map(|change| (address.clone(), change)));
}

fn report_problems(draft: &mut Draft<'_>, object: &DesiredObject, kind: &dyn Kind, desired: &Attributes) {
    for (attribute, message) in kind.problems(desired) {
        let span = object.attribute_spans.get(&attribute).copied().unwrap_or(object.span);
        let location = (draft.input.location)(span);
        let problem = Problem::new(ProblemKind::Invalid, message).of(&object.address).at(Some(location));
        draft.problems.push(Problem { attribute: Some(attribute), ..problem });
    }
}

/// `ignore_changes`: what AWS says of such an attribute is what is wanted. A secret stays one.
fn without_ignored(
    object: &DesiredObject,
    kind: &dyn Kind,
    mut desired: Attributes,
    live: &Physical,
) -> Attributes {
    for name in &object.lifecycle.ignore_changes {
        let Some(value) = live.observed.get(name) else { continue };
        let secret = kind.schema().attribute(name.as_str()).is_some_and(|schema| schema.sensitive)
            || desired.get(name).is_some_and(Residual::is_sensitive)
            || live.applied.get(name).is_some_and(Value::is_sensitive);
        match value {
            Value::Null => desired.remove(name),
            value if secret => desired.insert(name.clone(), Residual::Known(value.clone()).concealed()),
            value => desired.insert(name.clone(), value.clone().into()),
        };
    }
    desired
}

fn create(draft: &Draft<'_>, object: &DesiredObject, desired: &Attributes, reason: Reason) -> Change {
    let written = desired.iter().map(|(name, residual)| AttributeChange {
        name: name.clone(),
        before: None,
        after: Some(residual.clone()),
        cause: Cause::Intended,
        forces_new: false,
        location: None,
    });
    let attributes = written.collect();
    change(draft, object, Action::Create, vec![reason], attributes, desired)
}

/// The object stands: an update, a new one in its place, or nothing.
fn compare(
    draft: &Draft<'_>,
    object: &DesiredObject,
    kind: &dyn Kind,
    desired: &Attributes,
    live: &Physical,
) -> Option<Change> {
    let attributes = differences(draft, object, kind, desired, live);
    let trigger = object.lifecycle.replace_triggered_by.iter().find(|trigger| draft.triggers(trigger));
    let prior = prior_of(draft, kind, live);
    let names: Vec<AttributeName> = attributes.iter().map(|attribute| attribute.name.clone()).collect();
    let mut reasons = Vec::new();
    if !attributes.is_empty() {
        reasons.push(Reason::Attributes);
    }
    let action = match trigger {
        Some(trigger) => {
            reasons.push(Reason::Triggered(trigger.clone()));
            Action::Replace(kind.replace_order(desired))
        }
        None if attributes.is_empty() => return None,
        None => kind.action(&names, desired, &prior),
    };
    let change = change(draft, object, action, reasons, attributes, desired);
    Some(Change { prior: Some(prior), ..change })
}

/// The same was made before: it becomes the address's object.
fn adopt(
    draft: &Draft<'_>,
    object: &DesiredObject,
    kind: &dyn Kind,
    desired: &Attributes,
    found: &Physical,
) -> Change {
    let current = draft.record(&object.address).and_then(|record| record.current.as_ref());
    let reason = match current {
        Some(current) => inputs_that_differ(draft, &object.address, current),
        None => Reason::New,
    };
    let attributes = differences(draft, object, kind, desired, found);
    let change = change(draft, object, Action::Adopt, vec![reason], attributes, desired);
    Change { prior: Some(prior_of(draft, kind, found)), ..change }
}

/// An older object that is just what is wanted, so that none has to be made.
fn made_before(
    draft: &Draft<'_>,
    object: &DesiredObject,
    kind: &dyn Kind,
    desired: &Attributes,
    change: &Change,
) -> Option<Physical> {
    if change.action != Action::Replace(ReplaceOrder::NewFirst) || change.reasons != [Reason::Attributes] {
        return None;
    }
    let older =
        draft.record(&object.address)?.former.iter().rev().filter(|object| !object.applied.is_empty());
    let mut standing = older.filter_map(|older| draft.live(&object.address, older));
    standing.find(|older| differences(draft, object, kind, desired, older).is_empty())
}

/// What was made before becomes the address's object again; the differences told are those from the current one.
fn take_back(
    draft: &Draft<'_>,
    object: &DesiredObject,
    kind: &dyn Kind,
    desired: &Attributes,
    found: &Physical,
    instead: Option<Change>,
) -> Change {
    let change = change(draft, object, Action::Adopt, vec![Reason::Attributes], Vec::new(), desired);
    let attributes = instead.map(|change| change.attributes).unwrap_or_default();
    Change { prior: Some(prior_of(draft, kind, found)), attributes, ..change }
}

/// The inputs differ: another is made beside the old one.
fn rebuild(
    draft: &Draft<'_>,
    object: &DesiredObject,
    kind: &dyn Kind,
    desired: &Attributes,
    live: &Physical,
) -> Change {
    let reason = inputs_that_differ(draft, &object.address, live);
    let attributes = differences(draft, object, kind, desired, live);
    let action = Action::Replace(kind.replace_order(desired));
    let change = change(draft, object, action, vec![reason], attributes, desired);
    Change { prior: Some(prior_of(draft, kind, live)), ..change }
}

fn change(
    draft: &Draft<'_>,
    object: &DesiredObject,
    action: Action,
    reasons: Vec<Reason>,
    attributes: Vec<AttributeChange>,
    desired: &Attributes,
) -> Change {
    let seconds =
        |(operation, seconds): (&String, &u64)| (operation.clone(), std::time::Duration::from_secs(*seconds));
    let located = |attribute: AttributeChange| {
        let span = object.attribute_spans.get(&attribute.name);
        AttributeChange { location: span.map(|span| (draft.input.location)(*span)), ..attribute }
    };
    Change {
        address: object.address.clone(),
        kind: object.address.kind.clone(),
        action,
        reasons,
        attributes: attributes.into_iter().map(located).collect(),
        prior: None,
        desired: desired.clone(),
        contents: object.contents.clone(),
        identity: draft.identities.get(&object.address).cloned(),
        retires: Vec::new(),
        consequence: None,
        location: Some(draft.location(object)),
        timeouts: object.timeouts.iter().map(seconds).collect(),
    }
}

fn differences(
    draft: &Draft<'_>,
    object: &DesiredObject,
    kind: &dyn Kind,
    desired: &Attributes,
    live: &Physical,
) -> Vec<AttributeChange> {
    diff(&Comparison {
        kind,
        key: &draft.input.state.key,
        applied: &live.applied,
        observed: &live.observed,
        desired,
        upstream: &|name| draft.moves(object, name.as_str()),
        in_place_only: draft.identities.contains_key(&object.address),
    })
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

/// Input by input what an object was made from otherwise.
fn inputs_that_differ(draft: &Draft<'_>, address: &Address, made: &Physical) -> Reason {
    let nothing = Default::default();
    let inputs = |identity: Option<&Identity>| identity.map_or(&nothing, |identity| &identity.inputs).clone();
    let (before, after) = (inputs(made.identity.as_ref()), inputs(draft.identities.get(address)));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let sentence = |name: &String| match (before.get(name), after.get(name)) {
        (None, _) => Some(format!("{name} is new")),
        (_, None) => Some(format!("{name} is gone")),
        (one, other) => (one != other).then(|| format!("{name} differs")),
    };
    Reason::Inputs(names.into_iter().filter_map(sentence).collect())
}

/// The attributes that others may count on while the plan is carried out.
fn what_stays_known(
    kind: &dyn Kind,
    desired: &Attributes,
    change: Option<&Change>,
    live: Option<&Physical>,
) -> Values {
    let in_place = |change: &Change| match (change.action, &change.prior) {
        (Action::Update | Action::Adopt, _) => true,
        (Action::Swap, Some(prior)) => kind.keeps_identity(desired, prior),
        _ => false,
    };
    let Some(live) = live.filter(|_| change.is_none_or(in_place)) else {
        return before_change(kind.schema(), desired);
    };
    // Of an object that is taken over, only what can change in place changes.
    let counts = |change: &&Change, attribute: &AttributeChange| {
        change.action != Action::Adopt || !attribute.forces_new
    };
    let changed: Vec<AttributeName> = change
        .iter()
        .flat_map(|change| change.attributes.iter().filter(|attribute| counts(change, attribute)))
        .map(|attribute| attribute.name.clone())
        .collect();
    let unsettled = if changed.is_empty() { Vec::new() } else { kind.unsettled(&changed) };
    let mut known = standing(kind.schema(), desired, &live.observed, &live.id);
    known.retain(|name, _| !unsettled.contains(name));
    known
}

fn sketch(
    draft: &Draft<'_>,
    object: &DesiredObject,
    kind: &dyn Kind,
    desired: &Attributes,
    unchanged: Option<&Physical>,
) -> RecordSketch {
    let key = &draft.input.state.key;
    let refreshed = unchanged.map(|live| {
        let applied = seal_values(&values_of(desired), key);
        let observed = concealed(kind, &live.observed, &applied, key);
        Physical { id: live.id.clone(), applied, observed, identity: live.identity.clone() }
    });
    RecordSketch {
        dependencies: links::managed(&draft.links, &object.address),
        protected: object.lifecycle.prevent_destroy,
        gone: draft.gone(&object.address),
        refreshed,
    }
}
