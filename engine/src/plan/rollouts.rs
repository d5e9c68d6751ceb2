//! Changes that move users together: a way in (a load balancer) that is replaced or moved to, what serves behind it (a
//! group), and what leads users to it (a DNS record). Which is which, the kinds say.

use std::collections::{BTreeMap, BTreeSet};

use infra_lang::address::{Address, Mode};
use infra_lang::residual::{Attributes, Residual, references};

use super::draft::Draft;
use super::{Problem, ProblemKind};
use crate::change::{Action, Change, ReplaceOrder, Role, Rollout};
use crate::links::reach;

/// The ways in that a swap takes along, each with the object whose swap it is.
pub(super) type Along = BTreeMap<Address, Address>;

/// What has to be replaced besides, for the sake of swaps that take their ways in along.
pub(super) fn taken_along(draft: &Draft<'_>) -> Along {
    let mut along = Along::new();
    for change in draft.changes.values().filter(|change| wants_along(draft, change).is_some()) {
        for way_in in ways_in(draft, &change.address) {
            if !draft.changes.get(&way_in).is_some_and(is_new) {
                along.entry(way_in).or_insert_with(|| change.address.clone());
            }
        }
    }
    along
}

fn is_new(change: &Change) -> bool {
    matches!(change.action, Action::Create | Action::Replace(_) | Action::Swap)
}

/// What to do where ways in cannot be taken along, if the change wants that.
fn wants_along(draft: &Draft<'_>, change: &Change) -> Option<&'static str> {
    let kind = draft.input.provider.kind(&change.kind)?;
    if change.action == Action::Swap { kind.takes_along(&change.desired) } else { None }
}

/// The ways in that an object is written to serve behind, as far as they are this project's.
fn ways_in(draft: &Draft<'_>, address: &Address) -> BTreeSet<Address> {
    let written = || {
        let attribute = draft.input.provider.kind(&address.kind)?.serves_behind()?;
        draft.input.desired.objects.get(address)?.attributes.get(attribute)
    };
    written().map(|written| objects(draft, written)).unwrap_or_default()
}

/// The objects that an expression refers to, also by way of lookups.
fn objects(draft: &Draft<'_>, expression: &Residual) -> BTreeSet<Address> {
    let referred = references(expression).into_iter().map(|reference| reference.object);
    let managed = |address: Address| match address.mode {
        Mode::Managed => BTreeSet::from([address]),
        Mode::Data => reach(&draft.links, &address, &|found| found.mode == Mode::Managed),
    };
    referred.flat_map(managed).collect()
}

/// One change that takes part in moving users.
struct Member {
    address: Address,
    role: Role,
    /// Those that it has to do with and users move to.
    ways_in: BTreeSet<Address>,
}

/// Marks the changes that move users together, and reports those that cannot.
pub(super) fn mark(draft: &mut Draft<'_>) {
    let goals = goals(draft);
    let members = draft.changes.values().filter_map(|change| member(draft, change, &goals));
    let members: Vec<Member> = members.collect();
    for (of, ways_in) in connected(&members) {
        let is_in = |member: &&Member| member.ways_in.iter().any(|way_in| ways_in.contains(way_in));
        let own: Vec<&Member> = members.iter().filter(is_in).collect();
        let settings = settings(draft, &own);
        let moved_to = ways_in.iter().map(|way_in| (way_in, Role::WayIn));
        for (address, role) in moved_to.chain(own.iter().map(|member| (&member.address, member.role))) {
            let rollout = Rollout { of: of.clone(), role, settings: settings.clone() };
            draft.changes.entry(address.clone()).and_modify(|change| change.rollout = Some(rollout));
        }
        if !own.iter().any(|member| member.role == Role::Leads) {
            draft.notes.push(format!("`{of}` is replaced, and nothing here leads users to the new one"));
        }
    }
    refuse(draft);
}

/// The ways in that users move to: those that are replaced, and those that something comes to serve behind and
/// something else comes to lead to.
fn goals(draft: &Draft<'_>) -> BTreeSet<Address> {
    let newly = |wanted: Role| -> BTreeSet<Address> {
        let changes = draft.changes.values().filter(|change| change.prior.is_some());
        let touched = changes.filter_map(|change| Some((change, touched(draft, change)?)));
        let own = touched.filter(|(_, (role, _))| *role == wanted);
        let before = |change: &Change| draft.record(&change.address).map(|record| &record.dependencies);
        let is_new = |change: &Change, other: &Address| !before(change).is_some_and(|it| it.contains(other));
        own.flat_map(|(change, (_, found))| found.into_iter().filter(move |it| is_new(change, it))).collect()
    };
    let replaced = draft.changes.values().filter(|change| matches!(change.action, Action::Replace(_)));
    let replaced = replaced.map(|change| change.address.clone());
    replaced.chain(newly(Role::Serves).intersection(&newly(Role::Leads)).cloned()).collect()
}

/// What a change is to ways in, and to which.
fn touched(draft: &Draft<'_>, change: &Change) -> Option<(Role, BTreeSet<Address>)> {
    let kind = draft.input.provider.kind(&change.kind)?;
    match kind.serves_behind() {
        Some(_) => Some((Role::Serves, ways_in(draft, &change.address))),
        None if kind.leads_users() => Some((Role::Leads, led_to(draft, change))),
        None => None,
    }
}

/// What a change is to the ways in that users move to, if it has to do with any.
fn member(draft: &Draft<'_>, change: &Change, goals: &BTreeSet<Address>) -> Option<Member> {
    let (role, touched) = touched(draft, change)?;
    let ways_in: BTreeSet<Address> = touched.intersection(goals).cloned().collect();
    let moves = matches!(
        change.action,
        Action::Create | Action::Update | Action::Swap | Action::Replace(ReplaceOrder::NewFirst)
    );
    (moves && !ways_in.is_empty()).then(|| Member { address: change.address.clone(), role, ways_in })
}

/// What the attributes that change lead to, as they are written.
fn led_to(draft: &Draft<'_>, change: &Change) -> BTreeSet<Address> {
    let Some(object) = draft.input.desired.objects.get(&change.address) else { return BTreeSet::new() };
    let written = change.attributes.iter().filter_map(|attribute| object.attributes.get(&attribute.name));
    written.flat_map(|written| objects(draft, written)).collect()
}

/// The ways in that have a member in common, together, by the first of them.
fn connected(members: &[Member]) -> BTreeMap<Address, BTreeSet<Address>> {
    let mut parts: Vec<BTreeSet<Address>> = Vec::new();
    for member in members {
        let touches = |part: &BTreeSet<Address>| !part.is_disjoint(&member.ways_in);
        let (touched, apart): (Vec<_>, Vec<_>) = parts.into_iter().partition(touches);
        parts = apart;
        parts.push(touched.into_iter().flatten().chain(member.ways_in.iter().cloned()).collect());
    }
    parts.into_iter().filter_map(|part| Some((part.first()?.clone(), part))).collect()
}

/// How users are to be moved: the first that serves and says something about it says it for all.
fn settings(draft: &Draft<'_>, members: &[&Member]) -> Attributes {
    let serving = members.iter().filter(|member| member.role == Role::Serves);
    let said = serving.filter_map(|member| {
        let change = draft.changes.get(&member.address)?;
        Some(draft.input.provider.kind(&change.kind)?.rollout(&change.desired))
    });
    said.into_iter().find(|settings| !settings.is_empty()).unwrap_or_default()
}

fn refuse(draft: &mut Draft<'_>) {
    let problems: Vec<Problem> = draft
        .changes
        .values()
        .filter_map(|change| objection(draft, change).or_else(|| in_vain(draft, change)))
        .collect();
    draft.problems.extend(problems);
}

fn objection(draft: &Draft<'_>, change: &Change) -> Option<Problem> {
    change.rollout.as_ref()?;
    let (attribute, sentence) = draft.input.provider.kind(&change.kind)?.objection(change)?;
    let problem = problem(change, sentence);
    Some(Problem { attribute: Some(attribute), ..problem })
}

fn problem(change: &Change, message: String) -> Problem {
    Problem::new(ProblemKind::Invalid, message).of(&change.address).at(change.location.clone())
}

/// A swap that takes ways in along where there are none, or none that anything leads users to.
fn in_vain(draft: &Draft<'_>, change: &Change) -> Option<Problem> {
    let instead = wants_along(draft, change)?;
    let address = &change.address;
    let leads = |of: &Address| {
        let others = draft.changes.values().filter_map(|other| other.rollout.as_ref());
        others.into_iter().any(|rollout| rollout.of == *of && rollout.role == Role::Leads)
    };
    let message = match &change.rollout {
        None => format!(
            "`{address}` is to take along what it serves behind, and nothing of that is this project's"
        ),
        Some(rollout) if !leads(&rollout.of) => {
            format!(
                "`{address}` moves its users by what leads them to `{}`, and nothing here does",
                rollout.of
            )
        }
        Some(_) => return None,
    };
    Some(problem(change, message).hint(instead))
}
