//! What a plan would destroy under one address and make anew under another: it was renamed, and no `moved` block says
//! so. What two objects cannot be at once, by a name that somebody chose, is a problem; the rest is a suggestion.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use infra_lang::address::{Address, ModuleStep};
use infra_lang::desired::{DesiredObject, Place};
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Values};
use infra_lang::schema::{KindSchema, Naming};
use infra_lang::value::Value;
use serde::{Deserialize, Serialize};

use super::draft::Draft;
use super::{Problem, ProblemKind};
use crate::change::{Action, Change, Prior, Reason};
use crate::diff::{Comparison, diff};
use crate::ephemeral::kept;
use crate::known::{Known, standing};
use crate::moved::moved;
use crate::provider::Kind;

/// What seems to have another address now. As text it is the `moved` block that says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renamed {
    /// Its address in the state.
    pub from: Place,
    /// Its address in the configuration.
    pub to: Place,
}

impl fmt::Display for Renamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "moved {{\n  from = {}\n  to   = {}\n}}", self.from, self.to)
    }
}

/// An object that goes and one that comes, and are the same.
struct Pair<'a> {
    from: &'a Change,
    to: &'a Change,
    /// Whether AWS cannot have both.
    clash: bool,
}

/// Finds what was renamed, and reports what cannot be made beside what it was.
pub(super) fn check(draft: &mut Draft<'_>, order: &[Address]) {
    let pairs = pairs(draft, order);
    let renamed = places(draft, &pairs);
    let problems: Vec<Problem> =
        pairs.iter().filter(|pair| pair.clash).map(|pair| problem(pair, &renamed)).collect();
    draft.renamed = renamed;
    draft.problems.extend(problems);
}

fn problem(pair: &Pair<'_>, renamed: &[Renamed]) -> Problem {
    let (from, to) = (&pair.from.address, &pair.to.address);
    let id = pair.from.prior.as_ref().map(|prior| prior.id.to_string()).unwrap_or_default();
    let message =
        format!("`{id}` would be destroyed as `{from}` and made as `{to}`, and there can be only one");
    let says = |it: &&Renamed| moved(from, &it.from, &it.to).as_ref() == Some(to);
    let problem = Problem::new(ProblemKind::Moved, message).of(to).at(pair.to.location.clone());
    match renamed.iter().find(says) {
        Some(block) => problem.hint(format!("say that it has moved:\n\n{block}\n")),
        None => problem,
    }
}

/// What goes and what comes, in an order in which each comes after what it refers to: what is the same as something
/// that stands is known by then.
fn pairs<'d>(draft: &'d Draft<'_>, order: &[Address]) -> Vec<Pair<'d>> {
    let mut going: Vec<&Change> = draft.changes.values().filter(|it| it.action == Action::Delete).collect();
    let mut known = Known::default();
    let mut pairs = Vec::new();
    for to in order.iter().filter_map(|address| draft.changes.get(address)).filter(|it| is_new(it)) {
        let Some(case) = Case::new(draft, to, &known) else { continue };
        let same = going.iter().filter_map(|from| case.same(from));
        let Some(pair) = likeliest(same.collect()) else { continue };
        if let Some(prior) = &pair.from.prior {
            let values = standing(case.kind.schema(), &case.desired, &prior.observed, &prior.id);
            known.insert(to.address.clone(), values);
        }
        going.retain(|from| from.address != pair.from.address);
        pairs.push(pair);
    }
    pairs
}

fn is_new(change: &Change) -> bool {
    change.action == Action::Create && change.reasons == [Reason::New] && change.identity.is_none()
}

/// The one of several that is called alike; none if that leaves a doubt.
fn likeliest(mut pairs: Vec<Pair<'_>>) -> Option<Pair<'_>> {
    let alike = |pair: &Pair<'_>| {
        let (from, to) = (&pair.from.address, &pair.to.address);
        (pair.clash, from.key == to.key, from.name == to.name, from.module == to.module)
    };
    pairs.sort_by_key(alike);
    let last = pairs.pop()?;
    let doubt = pairs.last().is_some_and(|next| alike(next) == alike(&last));
    (!doubt).then_some(last)
}

/// An object that is to be made.
struct Case<'d> {
    draft: &'d Draft<'d>,
    object: &'d DesiredObject,
    kind: &'d dyn Kind,
    change: &'d Change,
    /// What is wanted, with what is known of objects that are the same as others.
    desired: Attributes,
}

impl<'d> Case<'d> {
    fn new(draft: &'d Draft<'_>, change: &'d Change, known: &Known) -> Option<Self> {
        let object = draft.input.desired.objects.get(&change.address)?;
        let kind = draft.input.provider.kind(&change.kind)?;
        Some(Self { draft, object, kind, change, desired: known.simplify_all(&change.desired) })
    }

    fn same(&self, from: &'d Change) -> Option<Pair<'d>> {
        let prior = from.prior.as_ref().filter(|_| from.kind == self.change.kind)?;
        let clash = self.is_called_like(prior);
        let pair = Pair { from, to: self.change, clash };
        (clash || self.agrees(prior)).then_some(pair)
    }

    /// Whether AWS knows both by the same names.
    fn is_called_like(&self, prior: &Prior) -> bool {
        let names = self.kind.known_by();
        let same = |name: &&str| {
            let name = AttributeName::new(name);
            let wanted = self.desired.get(&name).map(|wanted| wanted.known());
            match (wanted, prior.applied.get(&name)) {
                (Some(Some(wanted)), Some(applied)) => {
                    wanted == applied || self.kind.same(&name, wanted, applied)
                }
                (None, applied) => applied.is_none_or(|applied| *applied == Value::Null),
                _ => false,
            }
        };
        let chosen = names.first().is_some_and(|name| self.desired.contains_key(*name));
        chosen && names.iter().all(same)
    }

    /// Whether all that is wanted is what was applied, names that nobody chose apart.
    fn agrees(&self, prior: &Prior) -> bool {
        let unsaid = unsaid(self.object, self.kind.schema());
        let said = |name: &AttributeName| !unsaid.contains(&name);
        let mut desired = self.desired.clone();
        desired.retain(|name, _| said(name));
        let mut applied = prior.applied.clone();
        applied.retain(|name, _| said(name));
        let comparison = Comparison {
            kind: self.kind,
            key: &self.draft.input.state.key,
            applied: &applied,
            observed: &Values::new(),
            desired: &kept(&desired),
            upstream: &|_| false,
            in_place_only: false,
        };
        diff(&comparison).is_empty()
    }
}

/// The naming attributes that follow from the block's label.
fn unsaid<'s>(object: &DesiredObject, schema: &'s KindSchema) -> Vec<&'s AttributeName> {
    let names = match &schema.naming {
        Naming::None | Naming::Written(_) => Vec::new(),
        ours => ours.attributes(),
    };
    let said = names.iter().any(|name| object.attribute_spans.contains_key(*name));
    if said { Vec::new() } else { names }
}

/// The fewest blocks that move just these objects: of a module, of all instances of a block, or of one.
fn places(draft: &Draft<'_>, pairs: &[Pair<'_>]) -> Vec<Renamed> {
    let targets: BTreeMap<&Address, &Address> =
        pairs.iter().map(|pair| (&pair.from.address, &pair.to.address)).collect();
    let fits = |block: &Renamed| {
        draft.input.state.records.keys().all(|address| {
            moved(address, &block.from, &block.to).is_none_or(|to| targets.get(address) == Some(&&to))
        })
    };
    let mut said: BTreeSet<&Address> = BTreeSet::new();
    let mut blocks = Vec::new();
    for (from, to) in &targets {
        if said.contains(*from) {
            continue;
        }
        let Some(block) = wider(from, to).into_iter().find(|block| fits(block)) else { continue };
        said.extend(targets.keys().filter(|address| moved(address, &block.from, &block.to).is_some()));
        blocks.push(block);
    }
    blocks
}

/// The blocks that could say that an object has moved, the widest first.
fn wider(from: &Address, to: &Address) -> Vec<Renamed> {
    let same_inside =
        (&from.mode, &from.kind, &from.name, &from.key) == (&to.mode, &to.kind, &to.name, &to.key);
    let mut blocks = Vec::new();
    if same_inside {
        blocks.extend(modules(&from.module, &to.module));
    }
    if from.key.is_some() && from.key == to.key {
        let whole = |address: &Address| Place::Object(Address { key: None, ..address.clone() });
        blocks.push(Renamed { from: whole(from), to: whole(to) });
    }
    blocks.push(Renamed { from: Place::Object(from.clone()), to: Place::Object(to.clone()) });
    blocks
}

/// The blocks about the outermost modules that differ: of all their instances, and of one.
fn modules(from: &[ModuleStep], to: &[ModuleStep]) -> Vec<Renamed> {
    let same = from.iter().rev().zip(to.iter().rev()).take_while(|(one, other)| one == other).count();
    let (from, to) = (&from[..from.len() - same], &to[..to.len() - same]);
    let (Some(last), Some(new)) = (from.last(), to.last()) else { return Vec::new() };
    let one = Renamed { from: Place::Module(from.to_vec()), to: Place::Module(to.to_vec()) };
    if last.key.is_none() || last.key != new.key {
        return vec![one];
    }
    let whole = |steps: &[ModuleStep]| {
        let mut steps = steps.to_vec();
        steps.iter_mut().last().into_iter().for_each(|step| step.key = None);
        Place::Module(steps)
    };
    vec![Renamed { from: whole(from), to: whole(to) }, one]
}
