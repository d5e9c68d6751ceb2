//! Lookups that could not be asked before: each just before the first step that needs it, or at the end if only
//! outputs and conditions do.

use std::collections::BTreeSet;

use infra_lang::address::{Address, Mode};
use infra_lang::desired::Lookup;
use infra_lang::residual::{Residual, references};
use infra_lang::span::{FileId, Span};

use super::ApplyError;
use super::run::{Run, is_outage};
use super::task::resolved;
use crate::assertion::{Broken, Subject};
use crate::event::StepFailure;
use crate::journal::JournalEvent;
use crate::ledger::Ledger;
use crate::plan::PlannedLookup;
use crate::seal::seal_values;

impl Run<'_> {
    /// Asks the lookups that these expressions need and that are not answered yet; the first that fails ends it.
    pub(super) async fn ask_lookups<'r>(
        &mut self,
        needed_by: impl IntoIterator<Item = &'r Residual>,
    ) -> Result<Result<(), StepFailure>, ApplyError> {
        for address in missing(&self.ledger, needed_by) {
            match self.ask(&address).await {
                Ok(event) => self.write(&event).await?,
                Err(StepFailure::Provider(error)) if is_outage(&error) => {
                    return Err(ApplyError::Interrupted(error));
                }
                Err(failure) => return Ok(Err(failure)),
            }
        }
        Ok(Ok(()))
    }

    /// Asks what only outputs and conditions need, as far as that can be asked.
    pub(super) async fn ask_what_is_left(&mut self) -> Result<(), ApplyError> {
        let plan = self.apply.plan;
        let outputs = plan.outputs.values().filter_map(|output| output.after.as_ref());
        let assertions =
            plan.assertions.iter().flat_map(|it| [&it.condition.condition, &it.condition.message]);
        for address in missing(&self.ledger, outputs.chain(assertions)) {
            let planned = &plan.lookups[&address];
            if !can_be_asked(&self.ledger, planned) {
                continue;
            }
            match self.ask(&address).await {
                Ok(event) => self.write(&event).await?,
                Err(StepFailure::Provider(error)) if is_outage(&error) => {
                    return Err(ApplyError::Interrupted(error));
                }
                Err(failure) => self.unanswered.push(unanswered(address, planned, &failure)),
            }
        }
        Ok(())
    }

    async fn ask(&self, address: &Address) -> Result<JournalEvent, StepFailure> {
        let planned = &self.apply.plan.lookups[address];
        let arguments = resolved(&self.ledger, &planned.arguments).map_err(StepFailure::Stuck)?;
        let lookup = Lookup {
            address: address.clone(),
            kind: planned.kind.clone(),
            arguments: planned.arguments.clone(),
            answer: None,
            depends_on: BTreeSet::new(),
            // Apply never opens a source file: there is no place to point to.
            span: Span::new(FileId(0), 0, 0),
        };
        let answer = self.apply.provider.lookup(&lookup, &arguments).await.map_err(StepFailure::Provider)?;
        Ok(JournalEvent::LookedUp {
            lookup: address.clone(),
            answer: seal_values(&answer, &self.apply.state.key),
        })
    }
}

/// Whether all it asks by is known, and all it comes after is there.
fn can_be_asked(ledger: &Ledger<'_>, planned: &PlannedLookup) -> bool {
    resolved(ledger, &planned.arguments).is_ok() && planned.after.iter().all(|it| ledger.known.holds(it))
}

fn unanswered(lookup: Address, planned: &PlannedLookup, failure: &StepFailure) -> Broken {
    let message = format!("it cannot be looked up: {failure}");
    Broken { subject: Subject::Object(lookup), message, location: planned.location.clone() }
}

/// The lookups that expressions need and that are not answered yet, each after those it needs itself.
fn missing<'r>(ledger: &Ledger<'_>, needed_by: impl IntoIterator<Item = &'r Residual>) -> Vec<Address> {
    let mut found = Vec::new();
    needed_by.into_iter().for_each(|residual| collect(ledger, residual, &mut found));
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
