//! Whether a plan may be carried out after what its rehearsal has shown.

use infra_lang::address::Address;

use super::{Ending, Rehearsal};

/// Why a plan may not be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Whose.
    pub address: Option<Address>,
    /// What went wrong, and in which step.
    pub what: String,
    /// What would do.
    pub advice: String,
}

impl Rehearsal {
    /// What speaks against carrying the plan out: groups that fall under their floor, and steps that fail.
    pub fn refusals(&self) -> Vec<Refusal> {
        self.dips().chain(self.broken()).collect()
    }

    /// Whether every group kept its floor.
    pub fn keeps_floor(&self) -> bool {
        self.groups.values().all(|group| group.dips.is_empty())
    }

    fn dips(&self) -> impl Iterator<Item = Refusal> {
        self.groups.iter().filter_map(|(address, group)| {
            let dip = group.dips.iter().min_by_key(|dip| dip.serving)?;
            let step = dip.during.as_ref().map_or_else(
                || "while no step of it runs".to_owned(),
                |step| format!("while this step runs: {step}"),
            );
            let what = format!(
                "in rehearsal only {} of at least {} instances serve {step}",
                dip.serving, group.floor
            );
            Some(Refusal {
                address: Some(address.clone()),
                what,
                advice: group.advice.clone().unwrap_or_default(),
            })
        })
    }

    fn broken(&self) -> impl Iterator<Item = Refusal> {
        let failures = self.failures.iter().filter(|_| self.ending != Ending::Done);
        failures.map(|failure| Refusal {
            address: failure.address.clone(),
            what: format!("in rehearsal this step fails: {}: {}", failure.step, failure.why),
            advice: "see all of it with `infra rehearse`; it would fail the same way on AWS".to_owned(),
        })
    }
}
