//! Outputs before and after.

use std::collections::{BTreeMap, BTreeSet};

use infra_lang::desired::{Desired, DesiredOutput};
use infra_lang::name::Identifier;
use infra_lang::residual::Residual;
use infra_lang::value::Value;

use super::OutputChange;
use crate::known::Known;
use crate::state::State;

pub(super) fn outputs(desired: &Desired, state: &State, known: &Known) -> BTreeMap<Identifier, OutputChange> {
    let names: BTreeSet<&Identifier> = desired.outputs.keys().chain(state.outputs.keys()).collect();
    let change = |name: &Identifier| OutputChange {
        before: state.outputs.get(name).cloned(),
        after: desired.outputs.get(name).map(|output| after(output, known)),
        sensitive: desired.outputs.get(name).is_some_and(|output| output.sensitive),
    };
    names.into_iter().map(|name| (name.clone(), change(name).settled(state))).collect()
}

fn after(output: &DesiredOutput, known: &Known) -> Residual {
    match known.simplify(&output.value) {
        Residual::Known(value) if output.sensitive && !matches!(value, Value::Sensitive(_)) => {
            Residual::Known(Value::Sensitive(Box::new(value)))
        }
        Residual::Known(value) => Residual::Known(value),
        waiting @ Residual::Sensitive(_) => waiting,
        waiting if output.sensitive => Residual::Sensitive(Box::new(waiting)),
        waiting => waiting,
    }
}

impl OutputChange {
    /// A secret that has not changed is given as it was, sealed, so that the two compare equal.
    fn settled(mut self, state: &State) -> Self {
        let sealed = self.after.as_ref().map(|after| crate::seal::seal_residual(after, &state.key));
        if self.sensitive && sealed == self.before.clone().map(Residual::Known) {
            self.after = sealed;
        }
        self
    }

    /// Whether the value changes.
    pub fn is_change(&self) -> bool {
        self.after != self.before.clone().map(Residual::Known)
    }
}
