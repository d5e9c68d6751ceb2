//! From a step to a task in which everything is known.

use infra_lang::address::{Address, Mode};
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Residual, Unresolved, Values, references};
use infra_lang::value::Value;
use sha2::{Digest, Sha256};

use crate::id::{StepId, Token};
use crate::ledger::Ledger;
use crate::plan::PlanHeader;
use crate::provider::Task;
use crate::steps::{Effect, Operation, Part, Step};

/// Names one effect for good: 32 hexadecimal digits of a digest of the plan, the step and the object.
pub(super) fn token(header: &PlanHeader, step: StepId, address: &Address) -> Token {
    let text = format!("{}\n{}\n{}\n{address}", header.lineage, header.serial, step.0);
    let mut digits = hex::encode(Sha256::digest(text));
    digits.truncate(32);
    Token(digits)
}

/// What a step does now: its effect, or the operation that takes it back.
pub(super) fn effect(step: &Step, undoing: bool) -> Effect {
    match (&step.undo, undoing) {
        (Some(undo), true) => Effect::Operate(undo.clone()),
        _ => step.effect.clone(),
    }
}

/// The name a step's notes stand under.
pub(super) fn note_name(effect: &Effect) -> &str {
    match effect {
        Effect::Create => "create",
        Effect::Update(_) => "update",
        Effect::Delete => "delete",
        Effect::Adopt => "adopt",
        Effect::Forget => "forget",
        Effect::Operate(operation) => &operation.name,
    }
}

/// The task of a step, or the reason why something in it cannot be known.
pub(super) fn task(ledger: &Ledger<'_>, id: StepId, undoing: bool, in_doubt: bool) -> Result<Task, String> {
    let step = &ledger.plan.steps.steps[id.0];
    let change = ledger.change_of(step);
    let effect = effect(step, undoing);
    let arguments = match &effect {
        Effect::Operate(operation) => resolved(ledger, &operation.arguments)?,
        _ => Values::new(),
    };
    // What is taken away may go before what its successor needs is known.
    let desired = match step.part {
        Part::Establish => resolved(ledger, &change.desired)?,
        Part::Retire => ledger.known.resolve_some(&change.desired),
    };
    let made_by_itself = step.target.is_none() && !undoing;
    Ok(Task {
        address: change.address.clone(),
        kind: change.kind.clone(),
        effect,
        arguments,
        target: if made_by_itself { None } else { ledger.schedule.target(id) },
        desired,
        prior: change.prior.clone(),
        contents: change.contents.clone(),
        identity: change.identity.clone(),
        token: token(&ledger.plan.header, id, &change.address),
        in_doubt,
        notes: ledger.schedule.notes(step.change, id),
    })
}

/// The guard of a step with its arguments resolved.
pub(super) fn guard(ledger: &Ledger<'_>, id: StepId) -> Result<Option<(Operation, Values)>, String> {
    let guard = ledger.plan.steps.steps[id.0].guard.as_ref();
    guard.map(|guard| Ok((guard.clone(), resolved(ledger, &guard.arguments)?))).transpose()
}

/// The values of attributes, all of which must be known, and none of which may be a secret that only its hash is left of.
pub(super) fn resolved(ledger: &Ledger<'_>, attributes: &Attributes) -> Result<Values, String> {
    let sentence =
        |(name, error): (AttributeName, Unresolved)| format!("`{name}` cannot be computed: {error}");
    let values = ledger.known.resolve_all(attributes).map_err(sentence)?;
    match values.iter().find(|(_, value)| is_sealed(value)) {
        Some((name, _)) => Err(format!("`{name}` is a secret of which only the hash is left")),
        None => Ok(values),
    }
}

fn is_sealed(value: &Value) -> bool {
    match value {
        Value::Sealed(_) => true,
        Value::Sensitive(inner) => is_sealed(inner),
        Value::List(items) => items.iter().any(is_sealed),
        Value::Set(items) => items.iter().any(is_sealed),
        Value::Map(entries) => entries.values().any(is_sealed),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Quantity(_) => false,
    }
}

/// The lookups that a step needs and that are not answered yet, each after those it needs itself.
pub(super) fn missing_lookups(ledger: &Ledger<'_>, id: StepId) -> Vec<Address> {
    let step = &ledger.plan.steps.steps[id.0];
    let operation = match &step.effect {
        Effect::Operate(operation) => Some(operation),
        _ => None,
    };
    let operations = operation.into_iter().chain(&step.guard).chain(&step.undo);
    let residuals = ledger.change_of(step).desired.values();
    let mut found = Vec::new();
    for residual in residuals.chain(operations.flat_map(|operation| operation.arguments.values())) {
        collect(ledger, residual, &mut found);
    }
    found
}

fn collect(ledger: &Ledger<'_>, residual: &Residual, found: &mut Vec<Address>) {
    for lookup in references(residual).into_iter().map(|reference| reference.object) {
        let open = lookup.mode == Mode::Data && !ledger.known.holds(&lookup) && !found.contains(&lookup);
        if let (true, Some(planned)) = (open, ledger.plan.lookups.get(&lookup)) {
            planned.arguments.values().for_each(|argument| collect(ledger, argument, found));
            found.push(lookup);
        }
    }
}
