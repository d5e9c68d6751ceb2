//! From a step to a task in which everything is known.

use infra_lang::address::Address;
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Residual, Unresolved, Values};
use infra_lang::value::Value;
use sha2::{Digest, Sha256};

use crate::ephemeral::{Given, supplied};
use crate::id::{StepId, Token};
use crate::ledger::Ledger;
use crate::plan::{Plan, PlanHeader};
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

/// The task of a step, or the reason why something in it cannot be known.
pub(super) fn task(
    ledger: &Ledger<'_>,
    given: &Given,
    id: StepId,
    undoing: bool,
    in_doubt: bool,
) -> Result<Task, String> {
    let step = &ledger.plan.steps.steps[id.0];
    let change = ledger.change_of(step);
    let effect = effect(step, undoing);
    let arguments = match &effect {
        Effect::Operate(operation) => resolved(ledger, &operation.arguments)?,
        _ => Values::new(),
    };
    // What is taken away may go before what its successor needs is known.
    let wanted = supplied(&change.desired, given);
    let desired = match step.part {
        Part::Prepare | Part::Establish => resolved(ledger, &wanted)?,
        Part::Retire => ledger.known.resolve_some(&wanted),
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

/// The expressions whose values a step needs.
pub(super) fn needs(plan: &Plan, id: StepId) -> impl Iterator<Item = &Residual> {
    let step = &plan.steps.steps[id.0];
    let operation = match &step.effect {
        Effect::Operate(operation) => Some(operation),
        _ => None,
    };
    let operations = operation.into_iter().chain(&step.guard).chain(&step.undo);
    let arguments = operations.flat_map(|operation| operation.arguments.values());
    plan.changes[step.change.0].desired.values().chain(arguments)
}
