//! What happens to one desired object, decided after everything it refers to.

use std::collections::BTreeSet;

use infra_lang::address::Address;
use infra_lang::desired::{DesiredObject, Lookup, Moment};
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Residual, Values};
use infra_lang::value::Value;

use super::assertions;
use super::case::{Case, Decision};
use super::draft::Draft;
use super::imports;
use super::named;
use super::standing::{Standing, find};
use super::{PlannedLookup, Problem, ProblemKind, RecordSketch};
use crate::assertion::{Assertion, Subject};
use crate::change::{Action, AttributeChange, Change};
use crate::diff::concealed;
use crate::ephemeral::kept;
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
        match draft.may_change(address) {
            true => decide_object(draft, object, kind),
            false => leave(draft, address, kind),
        }
    }
}

/// An object that stays as it is: what others refer to is what was applied, and what AWS says.
fn leave(draft: &mut Draft<'_>, address: &Address, kind: &dyn Kind) {
    let current = draft.record(address).and_then(|record| record.current.as_ref());
    let Some(live) = current.and_then(|current| draft.live(address, current)) else { return };
    let known = |(name, value): (&AttributeName, &Value)| (name.clone(), Residual::Known(value.clone()));
    let applied: Attributes = live.applied.iter().map(known).collect();
    draft.known.insert(address.clone(), standing(kind.schema(), &applied, &live.observed, &live.id));
    draft.desired.insert(address.clone(), applied);
}

/// A lookup is known if it was answered for the arguments it has now, and nothing that it comes after changes; else
/// apply asks it.
fn decide_lookup(draft: &mut Draft<'_>, lookup: &Lookup) {
    let changes = lookup.depends_on.iter().filter(|other| draft.changes.contains_key(*other));
    let after: BTreeSet<Address> = changes.cloned().collect();
    let answered = draft.input.observed.answer(&lookup.address);
    let fits =
        |arguments: &Values| draft.known.resolve_all(&lookup.arguments).is_ok_and(|now| now == *arguments);
    let values = match (&lookup.answer, answered) {
        _ if !after.is_empty() => None,
        (Some(values), _) => Some(values),
        (None, Some(answer)) if fits(&answer.arguments) => Some(&answer.values),
        (None, _) => None,
    };
    match values {
        Some(values) => draft.known.insert(lookup.address.clone(), values.clone()),
        None => {
            report_failure(draft, lookup, &after);
            let arguments = draft.known.simplify_all(&lookup.arguments);
            let location = (draft.input.location)(lookup.span);
            let planned = PlannedLookup { kind: lookup.kind.clone(), arguments, after, location };
            draft.lookups.insert(lookup.address.clone(), planned);
        }
    }
}

/// A lookup that could not be answered, and nothing of what it comes after changes that.
fn report_failure(draft: &mut Draft<'_>, lookup: &Lookup, after: &BTreeSet<Address>) {
    if let (Some(error), true) = (draft.input.observed.failure(&lookup.address), after.is_empty()) {
        let location = (draft.input.location)(lookup.span);
        let problem = Problem::new(ProblemKind::Lookup, error.to_string()).of(&lookup.address);
        let problem = Problem { hint: error.hint.clone(), ..problem.at(Some(location)) };
        draft.problems.push(problem);
    }
}

fn decide_object(draft: &mut Draft<'_>, object: &DesiredObject, kind: &dyn Kind) {
    let address = &object.address;
    let mut desired = draft.known.simplify_all(&object.attributes);
    report_problems(draft, object, kind, &desired);
    let found = find(draft, address, &desired);
    if let Standing::Current(live) | Standing::Imported(live) = &found {
        leave_ignored(object, kind, &mut desired, live);
    }
    let (desired, (change, stands)) = decide_named(draft, object, kind, desired, found);
    let change = change.map(|change| match change.is_import() {
        true => imports::leave_unwritten(draft, kind, change),
        false => change,
    });
    let known = what_stays_known(kind, &desired, change.as_ref(), stands.as_ref());
    draft.known.insert(address.clone(), known);
    let unchanged = stands.as_ref().filter(|_| change.is_none());
    let sketch = sketch(draft, object, kind, &desired, unchanged);
    draft.records.insert(address.clone(), sketch);
    draft.desired.insert(address.clone(), desired);
    let refusal = change.as_ref().and_then(|change| imports::refusal(draft, kind, change));
    draft.problems.extend(refusal);
    let change = with_conditions(draft, object, change);
    draft.changes.extend(change.map(|change| (address.clone(), change)));
}

/// The change with the conditions that are still open; those of an object that stays as it is are decided at the end.
fn with_conditions(draft: &mut Draft<'_>, object: &DesiredObject, change: Option<Change>) -> Option<Change> {
    let preconditions = assertions::of_object(draft, object, Moment::Before);
    let postconditions = assertions::of_object(draft, object, Moment::After);
    if change.is_none() {
        let subject = Subject::Object(object.address.clone());
        let open = preconditions.iter().chain(&postconditions).cloned();
        let assertions = open.map(|condition| Assertion { subject: subject.clone(), condition });
        draft.assertions.extend(assertions.collect::<Vec<_>>());
    }
    change.map(|change| Change { preconditions, postconditions, ..change })
}

/// Decides with the name that the object has already, unless another one takes its place: that gets the default name
/// of now.
fn decide_named(
    draft: &Draft<'_>,
    object: &DesiredObject,
    kind: &dyn Kind,
    desired: Attributes,
    found: Standing,
) -> (Attributes, Decision) {
    let in_place = |it: &Change| matches!(it.action, Action::Update | Action::Adopt);
    let stays = |change: &Option<Change>| change.as_ref().is_none_or(in_place);
    if let Standing::Current(live) | Standing::Imported(live) = &found
        && let Some(kept) = named::as_it_is(object, kind.schema(), &desired, live)
    {
        let decision = Case { draft, object, kind, desired: &kept }.decide(found.clone());
        if stays(&decision.0) {
            return (kept, decision);
        }
    }
    let decision = Case { draft, object, kind, desired: &desired }.decide(found);
    (desired, decision)
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
fn leave_ignored(object: &DesiredObject, kind: &dyn Kind, desired: &mut Attributes, live: &Physical) {
    for name in &object.lifecycle.ignore_changes {
        let Some(value) = live.observed.get(name) else { continue };
        let secret = kind.schema().attribute(name.as_str()).is_some_and(|schema| schema.sensitive)
            || desired.get(name).is_some_and(Residual::is_sensitive)
            || live.applied.get(name).is_some_and(Value::is_sensitive);
        let live = Residual::Known(value.clone());
        match value {
            Value::Null => desired.remove(name),
            _ => desired.insert(name.clone(), if secret { live.concealed() } else { live }),
        };
    }
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
        let applied = seal_values(&values_of(&kept(desired)), key);
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
