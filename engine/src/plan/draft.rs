//! A plan in the making.

use std::collections::{BTreeMap, BTreeSet};

use infra_lang::address::{Address, Mode};
use infra_lang::desired::DesiredObject;
use infra_lang::residual::{Attributes, Reference, Values, references};

use super::rollouts::Along;
use super::{
    Plan, PlanHeader, PlanInput, PlannedLookup, Problem, ProblemKind, RecordSketch, Renamed, outputs, protect,
};
use crate::assertion::Assertion;
use crate::change::{Action, Change};
use crate::ephemeral::unread;
use crate::id::RemoteId;
use crate::identify::{Identities, identify};
use crate::known::Known;
use crate::links::{self, Links};
use crate::moved::Moves;
use crate::provider::{Kind, Observation};
use crate::redact::Redactor;
use crate::seal::secrets_in;
use crate::state::{Physical, Record};
use crate::steps::StepGraph;

/// What has been decided so far.
pub(super) struct Draft<'a> {
    pub(super) input: &'a PlanInput<'a>,
    /// The objects that may change; all, unless something is said.
    scope: Option<&'a BTreeSet<Address>>,
    /// What the configuration refers to.
    pub(super) links: Links,
    pub(super) identities: Identities,
    /// What is replaced for the sake of a swap.
    pub(super) along: Along,
    /// What stays known while the plan is carried out.
    pub(super) known: Known,
    /// The desired attributes of each object with what is known put in.
    pub(super) desired: BTreeMap<Address, Attributes>,
    pub(super) changes: BTreeMap<Address, Change>,
    pub(super) records: BTreeMap<Address, RecordSketch>,
    pub(super) lookups: BTreeMap<Address, PlannedLookup>,
    /// Broken checks, and open conditions that belong to no change.
    pub(super) assertions: Vec<Assertion>,
    /// What goes under one address and comes under another.
    pub(super) renamed: Vec<Renamed>,
    pub(super) notes: Vec<String>,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(input: &'a PlanInput<'a>, scope: Option<&'a BTreeSet<Address>>, along: Along) -> Self {
        Self {
            input,
            scope,
            links: links::direct(input.desired),
            identities: identify(input.desired, input.provider),
            along,
            known: Known::default(),
            desired: BTreeMap::new(),
            changes: BTreeMap::new(),
            records: BTreeMap::new(),
            lookups: BTreeMap::new(),
            assertions: Vec::new(),
            renamed: Vec::new(),
            notes: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Whether an object may change.
    pub(super) fn may_change(&self, address: &Address) -> bool {
        self.scope.is_none_or(|scope| scope.contains(address))
    }

    /// Forgets what would become of objects that are to stay as they are.
    pub(super) fn leave_alone(&mut self) {
        let scope = self.scope;
        self.changes.retain(|address, _| scope.is_none_or(|scope| scope.contains(address)));
    }

    /// The kind of an address; one that nobody knows is a problem.
    pub(super) fn kind(&mut self, address: &Address) -> Option<&'a dyn Kind> {
        let kind = self.input.provider.kind(&address.kind);
        if kind.is_none() {
            let message =
                format!("`{address}` is of the kind `{}`, which this version does not know", address.kind);
            self.problems.push(Problem::new(ProblemKind::UnknownKind, message).of(address));
        }
        kind
    }

    pub(super) fn record(&self, address: &Address) -> Option<&'a Record> {
        self.input.state.records.get(address)
    }

    /// An object of the state as AWS tells it now; `None` if it is gone. One that nobody looked at is as it was.
    pub(super) fn live(&self, address: &Address, object: &Physical) -> Option<Physical> {
        match self.input.observed.object(address, &object.id) {
            Some(Observation::Absent) => None,
            Some(Observation::Present { id, values }) => {
                Some(Physical { id: id.clone(), observed: self.told(address, values), ..object.clone() })
            }
            None => Some(object.clone()),
        }
    }

    /// What AWS tells of an object, as far as it may be kept.
    pub(super) fn told(&self, address: &Address, values: &Values) -> Values {
        let desired = self.input.desired.objects.get(address);
        desired.map_or_else(|| values.clone(), |desired| unread(values, &desired.attributes))
    }

    /// The ids of an address's objects that are gone.
    pub(super) fn gone(&self, address: &Address) -> BTreeSet<RemoteId> {
        let objects = self.record(address).into_iter().flat_map(Record::objects);
        objects
            .filter(|object| self.live(address, object).is_none())
            .map(|object| object.id.clone())
            .collect()
    }

    /// Whether a written expression refers to something that this plan changes.
    pub(super) fn moves(&self, object: &DesiredObject, attribute: &str) -> bool {
        let written = object.attributes.get(attribute);
        written.is_some_and(|written| {
            references(written).iter().any(|reference| self.is_changed(&reference.object))
        })
    }

    fn is_changed(&self, address: &Address) -> bool {
        match address.mode {
            Mode::Managed => self.changes.contains_key(address),
            Mode::Data => {
                links::managed(&self.links, address).iter().any(|object| self.changes.contains_key(object))
            }
        }
    }

    /// Whether what `replace_triggered_by` names changes: a new object, or that attribute. A whole object stands for
    /// all its attributes.
    pub(super) fn triggers(&self, trigger: &Reference) -> bool {
        let Some(change) = self.changes.get(&trigger.object) else { return false };
        let kind = self.input.provider.kind(&trigger.object.kind);
        match change.action {
            Action::Delete | Action::Forget | Action::Prune => false,
            Action::Adopt if !change.is_import() => true,
            Action::Create | Action::Replace(_) | Action::Swap => true,
            Action::Update | Action::Adopt => {
                let names: Vec<_> =
                    change.attributes.iter().map(|attribute| attribute.name.clone()).collect();
                let whole = kind.is_some_and(|kind| kind.schema().handle == trigger.attribute);
                let unsettled = kind.map(|kind| kind.unsettled(&names)).unwrap_or_default();
                whole || names.contains(&trigger.attribute) || unsettled.contains(&trigger.attribute)
            }
        }
    }

    /// Lets the kinds say what the changes mean for instances and users.
    pub(super) fn say_consequences(&mut self) {
        let provider = self.input.provider;
        for change in self.changes.values_mut() {
            change.consequence = provider.kind(&change.kind).and_then(|kind| kind.consequence(change));
        }
    }

    /// Takes the secrets out of what the kinds have said: they see values without labels.
    pub(super) fn be_discreet(&mut self) {
        let secrets = Redactor::of(&secrets_in(self.input.desired));
        if secrets.is_empty() {
            return;
        }
        for consequence in self.changes.values_mut().filter_map(|change| change.consequence.as_mut()) {
            *consequence = secrets.clean(consequence);
        }
        for problem in &mut self.problems {
            problem.message = secrets.clean(&problem.message);
        }
    }

    pub(super) fn finish(self, steps: StepGraph, moves: Moves) -> Plan {
        let state = self.input.state;
        let desired = self.input.desired;
        let unchanged = desired.objects.keys().filter(|address| !self.changes.contains_key(*address)).count();
        Plan {
            header: PlanHeader {
                project: desired.project.name.to_string(),
                account: state.account.clone(),
                region: state.region.clone(),
                lineage: state.lineage.clone(),
                serial: state.serial,
                destroy: false,
            },
            outputs: outputs::outputs(desired, state, &self.known),
            changes: self.changes.into_values().collect(),
            moves,
            renamed: self.renamed,
            protections: protect::changes(state, desired, &self.records),
            steps,
            unchanged,
            notes: self.notes,
            assertions: self.assertions,
            records: self.records,
            lookups: self.lookups,
        }
    }
}
