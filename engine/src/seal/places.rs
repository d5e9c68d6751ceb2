//! Every place of a plan where a secret of what is wanted may stand. What the plan says of the past is sealed when it
//! is made.

use infra_lang::address::Address;
use infra_lang::residual::{Attributes, Comprehension, Residual};
use infra_lang::value::Value;

use crate::assertion::Condition;
use crate::plan::Plan;
use crate::steps::{Effect, Operation, Step};

/// Where a value stands, for messages.
pub(super) struct Place<'a> {
    /// The object; none for outputs and checks, which the name names whole.
    pub(super) address: Option<&'a Address>,
    pub(super) name: &'a str,
}

/// What is done with a known value; the flag tells that it is inside a secret that waits, so that it is a secret
/// though it has no label.
type Visit<'v, E> = &'v mut dyn FnMut(&Value, bool) -> Result<Value, E>;

type VisitPlace<'v, E> = &'v mut dyn FnMut(&Place<'_>, &Value, bool) -> Result<Value, E>;

/// The residual with each known value in it replaced.
pub(super) fn in_residual<E>(residual: &Residual, hidden: bool, visit: Visit<'_, E>) -> Result<Residual, E> {
    let mut recur = |part: &Residual| in_residual(part, hidden, &mut *visit);
    Ok(match residual {
        Residual::Known(value) => Residual::Known(visit(value, hidden)?),
        Residual::List(items) => Residual::List(items.iter().map(recur).collect::<Result<_, E>>()?),
        Residual::Set(items) => Residual::Set(items.iter().map(recur).collect::<Result<_, E>>()?),
        Residual::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| Ok((key.clone(), recur(value)?)));
            Residual::Map(entries.collect::<Result<_, E>>()?)
        }
        Residual::Sensitive(inner) => Residual::Sensitive(Box::new(in_residual(inner, true, visit)?)),
        Residual::Attribute(_) | Residual::Variable(_) | Residual::Ephemeral(_) => residual.clone(),
        Residual::Index(of, key) => Residual::Index(Box::new(recur(of)?), Box::new(recur(key)?)),
        Residual::Call(name, arguments) => {
            Residual::Call(name.clone(), arguments.iter().map(recur).collect::<Result<_, E>>()?)
        }
        Residual::Conditional(condition, yes, no) => {
            Residual::Conditional(Box::new(recur(condition)?), Box::new(recur(yes)?), Box::new(recur(no)?))
        }
        Residual::For(each) => Residual::For(Box::new(Comprehension {
            collection: recur(&each.collection)?,
            result_key: each.result_key.as_ref().map(&mut recur).transpose()?,
            result: recur(&each.result)?,
            condition: each.condition.as_ref().map(&mut recur).transpose()?,
            ..(**each).clone()
        })),
    })
}

/// The plan with each known value of what is wanted replaced.
pub(super) fn in_plan<E>(plan: &Plan, visit: VisitPlace<'_, E>) -> Result<Plan, E> {
    let mut plan = plan.clone();
    for change in &mut plan.changes {
        in_attributes(&change.address, &mut change.desired, visit)?;
        let (before, after) = (&mut change.preconditions, &mut change.postconditions);
        let place = Place { address: Some(&change.address), name: "lifecycle" };
        in_conditions(&place, before.iter_mut().chain(after), visit)?;
        for attribute in &mut change.attributes {
            let Some(after) = &mut attribute.after else { continue };
            let place = Place { address: Some(&change.address), name: attribute.name.as_str() };
            *after = in_residual(after, false, &mut |value, hidden| visit(&place, value, hidden))?;
        }
    }
    for step in &mut plan.steps.steps {
        let address = &plan.changes[step.change.0].address;
        in_step(address, step, visit)?;
    }
    for assertion in &mut plan.assertions {
        let name = assertion.subject.to_string();
        in_conditions(&Place { address: None, name: &name }, [&mut assertion.condition], visit)?;
    }
    for (address, lookup) in &mut plan.lookups {
        in_attributes(address, &mut lookup.arguments, visit)?;
    }
    // An output that does not change stands as the state has it, sealed for good.
    for (name, output) in plan.outputs.iter_mut().filter(|(_, output)| output.is_change()) {
        let Some(after) = &mut output.after else { continue };
        let name = format!("output.{name}");
        let place = Place { address: None, name: &name };
        *after = in_residual(after, false, &mut |value, hidden| visit(&place, value, hidden))?;
    }
    Ok(plan)
}

fn in_step<E>(address: &Address, step: &mut Step, visit: VisitPlace<'_, E>) -> Result<(), E> {
    let effect = match &mut step.effect {
        Effect::Operate(operation) => Some(operation),
        _ => None,
    };
    let mut operations = effect.into_iter().chain(&mut step.guard).chain(&mut step.undo);
    operations
        .try_for_each(|operation: &mut Operation| in_attributes(address, &mut operation.arguments, visit))
}

fn in_conditions<'c, E>(
    place: &Place<'_>,
    conditions: impl IntoIterator<Item = &'c mut Condition>,
    visit: VisitPlace<'_, E>,
) -> Result<(), E> {
    for condition in conditions {
        for part in [&mut condition.condition, &mut condition.message] {
            *part = in_residual(part, false, &mut |value, hidden| visit(place, value, hidden))?;
        }
    }
    Ok(())
}

fn in_attributes<E>(
    address: &Address,
    attributes: &mut Attributes,
    visit: VisitPlace<'_, E>,
) -> Result<(), E> {
    for (name, residual) in attributes {
        let place = Place { address: Some(address), name: name.as_str() };
        *residual = in_residual(residual, false, &mut |value, hidden| visit(&place, value, hidden))?;
    }
    Ok(())
}
