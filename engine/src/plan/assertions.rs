//! Conditions at plan: those that hold are gone, those that are broken are problems, those still open go on to apply.
//! Only checks may be broken.

use infra_lang::address::{Address, ModuleStep};
use infra_lang::desired::{DesiredObject, Moment, OpenCondition};
use infra_lang::residual::Residual;
use infra_lang::span::Span;

use super::draft::Draft;
use super::{Problem, ProblemKind};
use crate::assertion::{Assertion, Condition, Judgement, Subject};

/// The conditions of an object that are still open at this moment.
pub(super) fn of_object(draft: &mut Draft<'_>, object: &DesiredObject, moment: Moment) -> Vec<Condition> {
    let conditions = object.conditions.iter().filter(|condition| condition.moment == moment);
    conditions.filter_map(|condition| still_open(draft, condition, Some(&object.address))).collect()
}

/// The conditions of outputs and checks, once all objects are decided.
pub(super) fn of_the_rest(draft: &mut Draft<'_>) {
    let desired = draft.input.desired;
    for (name, output) in &desired.outputs {
        for condition in &output.conditions {
            let open = still_open(draft, condition, None);
            let assertion = |condition| Assertion { subject: Subject::Output(name.clone()), condition };
            draft.assertions.extend(open.map(assertion));
        }
    }
    for check in &desired.checks {
        let subject = Subject::Check { module: path(&check.module), name: check.name.clone() };
        let condition = condition(draft, &check.condition, &check.message, check.span);
        if condition.judge(&draft.known) != Judgement::Holds {
            draft.assertions.push(Assertion { subject, condition });
        }
    }
}

/// A condition that is neither known to hold nor known to be broken; a broken one is a problem.
fn still_open(draft: &mut Draft<'_>, open: &OpenCondition, of: Option<&Address>) -> Option<Condition> {
    let condition = condition(draft, &open.condition, &open.message, open.span);
    match condition.judge(&draft.known) {
        Judgement::Holds => None,
        Judgement::Open => Some(condition),
        Judgement::Broken(message) => {
            let problem = Problem::new(ProblemKind::Condition, message).at(Some(condition.location));
            draft.problems.push(Problem { address: of.cloned(), ..problem });
            None
        }
    }
}

fn condition(draft: &Draft<'_>, condition: &Residual, message: &Residual, span: Span) -> Condition {
    let location = (draft.input.location)(span);
    Condition { condition: condition.clone(), message: message.clone(), location }.simplified(&draft.known)
}

/// `module.m["k"]`, as addresses have it.
fn path(module: &[ModuleStep]) -> String {
    let step = |step: &ModuleStep| match &step.key {
        Some(key) => format!("module.{}[{}]", step.name, serde_json::Value::from(key.as_str())),
        None => format!("module.{}", step.name),
    };
    module.iter().map(step).collect::<Vec<_>>().join(".")
}
