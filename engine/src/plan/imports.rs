//! `import` blocks: objects that exist already and are ours from now on. An import destroys nothing and makes nothing
//! anew: what differs is changed in place, or refused.

use infra_lang::address::Address;
use infra_lang::desired::Import;
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Residual, Values};
use infra_lang::schema::Presence;
use infra_lang::value::Value;

use super::draft::Draft;
use super::{Problem, ProblemKind};
use crate::change::{Action, AttributeChange, Change, Reason};
use crate::diff::conceal;
use crate::id::RemoteId;
use crate::provider::{Kind, Observation};
use crate::seal::SealKey;
use crate::state::{Physical, Record};

/// Reports every import that cannot be, and notes those that have been.
pub(super) fn check(draft: &mut Draft<'_>) {
    let imports = &draft.input.desired.imports;
    for (at, import) in imports.iter().enumerate() {
        let twin = imports[..at].iter().find(|other| is_same(other, import));
        let found = twin.map(|twin| twice(import, &twin.to)).or_else(|| objection(draft, import));
        let location = (draft.input.location)(import.span);
        draft.problems.extend(found.map(|problem| problem.of(&import.to).at(Some(location))));
    }
}

fn is_same(one: &Import, other: &Import) -> bool {
    one.to.kind == other.to.kind && one.id == other.id
}

fn problem(message: String, hint: impl Into<String>) -> Problem {
    Problem::new(ProblemKind::Import, message).hint(hint)
}

fn twice(import: &Import, other: &Address) -> Problem {
    let message = format!("`{}` would be both `{other}` and `{}`", import.id, import.to);
    problem(message, "take one of the two `import` blocks out")
}

/// What is wrong with an import by itself.
fn objection(draft: &mut Draft<'_>, import: &Import) -> Option<Problem> {
    let Import { to, id, .. } = import;
    let remote = RemoteId(id.clone());
    if draft.record(to).is_some_and(|record| record.objects().any(|object| object.id == remote)) {
        return None;
    }
    if !draft.input.desired.objects.contains_key(to) {
        let message = format!("there is no `{to}` to import `{id}` into");
        return Some(problem(message, "write its block, with the attributes that it has"));
    }
    if draft.identities.contains_key(to) {
        let message = format!(
            "an object of the kind `{}` cannot be imported: it is known by what it is made from",
            to.kind
        );
        return Some(problem(message, "one that was made from just this is found without an import"));
    }
    let holds =
        |record: &Record| record.kind == to.kind && record.objects().any(|object| object.id == remote);
    if let Some((owner, _)) = draft.input.state.records.iter().find(|(_, record)| holds(record)) {
        let message = format!("`{id}` is in the state already, as `{owner}`");
        return Some(problem(message, format!("write `moved {{ from = {owner}, to = {to} }}` instead")));
    }
    elsewhere(draft, import, &remote)
}

/// What AWS says of it: it has to be there, unless another has taken its place since.
fn elsewhere(draft: &mut Draft<'_>, import: &Import, remote: &RemoteId) -> Option<Problem> {
    let Import { to, id, .. } = import;
    let is_there = matches!(draft.input.observed.object(to, remote), Some(Observation::Present { .. }));
    let current = draft.record(to).and_then(|record| record.current.as_ref());
    match (current.filter(|current| draft.live(to, current).is_some()), is_there) {
        (None, true) => None,
        (None, false) => {
            let region = &draft.input.state.region;
            let message = format!("there is no {} `{id}` in {region}", to.kind);
            Some(problem(message, "look up its id, or take the `import` block out to have one made"))
        }
        (Some(current), true) => {
            let message = format!("`{to}` is `{}` already, and cannot be `{id}` too", current.id);
            Some(problem(
                message,
                "take the `import` block out, or have the one that is there forgotten first",
            ))
        }
        (Some(_), false) => {
            let note =
                format!("the import of `{id}` into `{to}` has done its work: another object is there now");
            draft.notes.push(note);
            None
        }
    }
}

/// The object that an `import` block names for an address that has none, as if all that AWS tells of it had been
/// applied.
pub(super) fn find(draft: &Draft<'_>, address: &Address, desired: &Attributes) -> Option<Physical> {
    let import = draft.input.desired.imports.iter().find(|import| import.to == *address)?;
    let kind = draft.input.provider.kind(&address.kind)?;
    let remote = RemoteId(import.id.clone());
    match draft.input.observed.object(address, &remote)? {
        Observation::Present { id, values } => Some(Physical {
            id: id.clone(),
            applied: as_applied(kind, desired, &draft.told(address, values), &draft.input.state.key),
            observed: draft.told(address, values),
            identity: None,
        }),
        Observation::Absent => None,
    }
}

/// What AWS tells of settable attributes; secrets are sealed.
fn as_applied(kind: &dyn Kind, desired: &Attributes, told: &Values, key: &SealKey) -> Values {
    let applied = |(name, value): (&AttributeName, &Value)| {
        let schema = kind.schema().attribute(name.as_str())?;
        let secret = schema.sensitive || desired.get(name).is_some_and(Residual::is_sensitive);
        let settable = schema.presence != Presence::Observed && *value != Value::Null;
        settable.then(|| (name.clone(), conceal(value, secret, key)))
    };
    told.iter().filter_map(applied).collect()
}

/// Leaves alone what AWS has and nobody has written, as with every other object, and says so; what cannot change in
/// place has to be written.
pub(super) fn leave_unwritten(draft: &mut Draft<'_>, kind: &dyn Kind, change: Change) -> Change {
    let immutable = |name: &AttributeName| kind.schema().is_immutable(name.as_str());
    let (left, attributes): (Vec<AttributeChange>, Vec<AttributeChange>) =
        change.attributes.into_iter().partition(|it| it.after.is_none() && !immutable(&it.name));
    if !left.is_empty() {
        let names: Vec<&AttributeName> = left.iter().map(|it| &it.name).collect();
        let (names, address) = (list(&names), &change.address);
        draft.notes.push(format!("what `{address}` has of {names} is left alone: nothing is written of it"));
    }
    Change { attributes, ..change }
}

/// Refuses an import of what would have to be made anew to become what is written, unless it is refused already.
pub(super) fn refusal(draft: &Draft<'_>, kind: &dyn Kind, change: &Change) -> Option<Problem> {
    let is_known =
        |it: &Problem| it.what == ProblemKind::Import && it.address.as_ref() == Some(&change.address);
    if draft.problems.iter().any(is_known) {
        return None;
    }
    let prior = change.prior.as_ref().filter(|_| change.is_import())?;
    let action = |names: &[AttributeName]| kind.action(names, &change.desired, prior);
    let names: Vec<AttributeName> = change.attributes.iter().map(|it| it.name.clone()).collect();
    if names.is_empty() || action(&names) == Action::Update {
        return None;
    }
    let alone = |name: &&AttributeName| action(std::slice::from_ref(*name)) != Action::Update;
    let decisive: Vec<&AttributeName> = names.iter().filter(alone).collect();
    let decisive = if decisive.is_empty() { names.iter().collect() } else { decisive };
    let message = format!(
        "`{}` would have to be made anew to be `{}`, for it differs in {}, and an import destroys nothing",
        prior.id,
        change.address,
        list(&decisive)
    );
    let there: Vec<String> = decisive.iter().map(|name| as_it_is(change, name)).collect();
    let hint = format!("write what is there: {}; it can be changed once it is imported", there.join(", "));
    Some(problem(message, hint).of(&change.address).at(change.location.clone()))
}

fn list(names: &[&AttributeName]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn as_it_is(change: &Change, name: &AttributeName) -> String {
    let before = change.attributes.iter().find(|it| it.name == *name).and_then(|it| it.before.as_ref());
    match before {
        Some(before) => format!("`{name} = {before}`"),
        None => format!("no `{name}`"),
    }
}

impl Change {
    /// Whether it takes over what an `import` block names.
    pub fn is_import(&self) -> bool {
        self.reasons.contains(&Reason::Imported)
    }
}
