//! A saved plan: JSON, every secret sealed.

use std::collections::{BTreeMap, BTreeSet};

use infra_lang::address::Address;
use infra_lang::name::Identifier;
use infra_lang::residual::Residual;
use infra_lang::value::Value;
use serde::{Deserialize, Serialize};

use crate::assertion::Assertion;
use crate::change::Change;
use crate::format::{Format, FormatError};
use crate::id::{RemoteId, StepId};
use crate::moved::Moves;
use crate::plan::{OutputChange, Plan, PlanHeader, PlannedLookup, Protection, RecordSketch, Renamed};
use crate::rehearse::Rehearsal;
use crate::seal::unsealed;
use crate::state::Physical;
use crate::state_file::PhysicalV1;
use crate::steps::{Step, StepGraph, Target};

const FORMAT: Format = Format { name: "infra.plan/2", before: None };

/// Why a plan cannot be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanFileError {
    /// A secret stands in it in the clear: it has to be sealed first.
    #[error("the plan holds an unsealed secret in `{attribute}`, and was not written")]
    Unsealed {
        /// The object; none for an output.
        address: Option<Address>,
        /// The attribute, or the output.
        attribute: String,
    },
    /// There is nothing in it.
    #[error("the plan file is empty: make the plan again")]
    Empty,
    /// It cannot be read.
    #[error("the plan file is damaged: {0}; make the plan again")]
    Damaged(String),
    /// Another version of the program has written it.
    #[error(
        "the plan has the format `{0}`, which this version does not know: make the plan again, or apply it with the \
         version that made it"
    )]
    Unknown(String),
    /// It is something else.
    #[error("this is not a plan file")]
    NotAPlan,
}

impl From<FormatError> for PlanFileError {
    fn from(error: FormatError) -> Self {
        match error {
            FormatError::Empty => Self::Empty,
            FormatError::Damaged(why) => Self::Damaged(why),
            FormatError::Unknown(format) => Self::Unknown(format),
            FormatError::Other => Self::NotAPlan,
        }
    }
}

/// A plan on disk; a journal's first line is one too.
#[derive(Serialize, Deserialize)]
pub(crate) struct PlanV2 {
    header: PlanHeader,
    changes: Vec<Change>,
    moves: Moves,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    renamed: Vec<Renamed>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    protections: BTreeMap<Address, Protection>,
    steps: StepGraph,
    outputs: BTreeMap<Identifier, OutputV1>,
    unchanged: usize,
    notes: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    assertions: Vec<Assertion>,
    records: BTreeMap<Address, SketchV1>,
    lookups: BTreeMap<Address, PlannedLookup>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rehearsal: Option<Rehearsal>,
}

#[derive(Serialize, Deserialize)]
struct OutputV1 {
    before: Option<Value>,
    after: Option<Residual>,
    sensitive: bool,
}

#[derive(Serialize, Deserialize)]
struct SketchV1 {
    dependencies: BTreeSet<Address>,
    protected: bool,
    gone: BTreeSet<RemoteId>,
    refreshed: Option<PhysicalV1>,
}

/// The plan as bytes; refused if a secret stands in it in the clear.
pub fn write(plan: &Plan) -> Result<Vec<u8>, PlanFileError> {
    write_rehearsed(plan, None)
}

/// The plan as bytes, with what its rehearsal has shown; refused if a secret stands in it in the clear.
pub fn write_rehearsed(plan: &Plan, rehearsal: Option<&Rehearsal>) -> Result<Vec<u8>, PlanFileError> {
    let file = PlanV2 { rehearsal: rehearsal.cloned(), ..PlanV2::new(plan)? };
    FORMAT.write(&file).map_err(|error| PlanFileError::Damaged(error.to_string()))
}

/// Reads what [`write()`] writes.
pub fn read(bytes: &[u8]) -> Result<Plan, PlanFileError> {
    Ok(read_rehearsed(bytes)?.0)
}

/// Reads what [`write_rehearsed`] writes.
pub fn read_rehearsed(bytes: &[u8]) -> Result<(Plan, Option<Rehearsal>), PlanFileError> {
    let file: PlanV2 = FORMAT.read(bytes)?;
    let mut file = file.checked().map_err(|why| PlanFileError::Damaged(why.to_owned()))?;
    let rehearsal = file.rehearsal.take();
    Ok((file.into(), rehearsal))
}

impl PlanV2 {
    pub(crate) fn new(plan: &Plan) -> Result<Self, PlanFileError> {
        if let Some(place) = unsealed(plan) {
            return Err(PlanFileError::Unsealed { address: place.address, attribute: place.attribute });
        }
        let plan = plan.clone();
        Ok(Self {
            header: plan.header,
            changes: plan.changes,
            moves: plan.moves,
            renamed: plan.renamed,
            protections: plan.protections,
            steps: plan.steps,
            outputs: plan.outputs.into_iter().map(|(name, output)| (name, output.into())).collect(),
            unchanged: plan.unchanged,
            notes: plan.notes,
            assertions: plan.assertions,
            records: plan.records.into_iter().map(|(address, sketch)| (address, sketch.into())).collect(),
            lookups: plan.lookups,
            rehearsal: None,
        })
    }

    /// The same, if every position in it points into its tables.
    pub(crate) fn checked(self) -> Result<Self, &'static str> {
        let steps = &self.steps;
        let within = |step: &StepId| step.0 < steps.steps.len();
        let made_here = |step: &Step| match &step.target {
            Some(Target::MadeBy(maker)) => within(maker),
            _ => true,
        };
        if steps.after.len() != steps.steps.len() || !steps.after.iter().flatten().all(within) {
            return Err("a step waits for a step that is not there");
        }
        if !steps.steps.iter().all(|step| step.change.0 < self.changes.len() && made_here(step)) {
            return Err("a step belongs to a change or an object that is not there");
        }
        Ok(self)
    }
}

impl From<PlanV2> for Plan {
    fn from(file: PlanV2) -> Self {
        Self {
            header: file.header,
            changes: file.changes,
            moves: file.moves,
            renamed: file.renamed,
            protections: file.protections,
            steps: file.steps,
            outputs: file.outputs.into_iter().map(|(name, output)| (name, output.into())).collect(),
            unchanged: file.unchanged,
            notes: file.notes,
            assertions: file.assertions,
            records: file.records.into_iter().map(|(address, sketch)| (address, sketch.into())).collect(),
            lookups: file.lookups,
        }
    }
}

impl From<OutputChange> for OutputV1 {
    fn from(output: OutputChange) -> Self {
        let OutputChange { before, after, sensitive } = output;
        Self { before, after, sensitive }
    }
}

impl From<OutputV1> for OutputChange {
    fn from(output: OutputV1) -> Self {
        let OutputV1 { before, after, sensitive } = output;
        Self { before, after, sensitive }
    }
}

impl From<RecordSketch> for SketchV1 {
    fn from(sketch: RecordSketch) -> Self {
        let RecordSketch { dependencies, protected, gone, refreshed } = sketch;
        Self { dependencies, protected, gone, refreshed: refreshed.map(PhysicalV1::from) }
    }
}

impl From<SketchV1> for RecordSketch {
    fn from(sketch: SketchV1) -> Self {
        let SketchV1 { dependencies, protected, gone, refreshed } = sketch;
        Self { dependencies, protected, gone, refreshed: refreshed.map(Physical::from) }
    }
}
