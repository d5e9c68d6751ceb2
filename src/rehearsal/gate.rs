//! Between a plan and its apply: what users might notice is rehearsed, and refused if they would.

use infra_engine::plan::Plan;
use infra_engine::rehearse::{Refusal, Rehearsal};

use super::{Demand, Script, rehearse, stage};
use crate::error::{CommandError, CommandResult, Complaint};
use crate::session::Session;
use crate::settings::Settings;

/// Rehearses a plan once, if users might notice it.
///
/// # Errors
/// AWS cannot be read.
pub async fn tried(session: &Session, settings: &Settings, plan: &Plan) -> CommandResult<Option<Rehearsal>> {
    if !infra_aws::is_noticeable(plan) {
        return Ok(None);
    }
    let stage = stage(session, settings, plan).await?;
    let script = Script { seed: 1, troubles: Vec::new(), demand: Some(Demand::default()) };
    rehearse(&stage, plan, &script).map(Some)
}

/// Refuses a plan whose rehearsal went under the floor, or failed.
///
/// # Errors
/// Everything that speaks against the plan.
pub fn admit(plan: &Plan, rehearsal: Option<&Rehearsal>) -> CommandResult<()> {
    let refusals = rehearsal.map(Rehearsal::refusals).unwrap_or_default();
    let complaints: Vec<Complaint> = refusals.iter().map(|refusal| complaint(plan, refusal)).collect();
    if complaints.is_empty() { Ok(()) } else { Err(CommandError::Complaints(complaints)) }
}

fn complaint(plan: &Plan, refusal: &Refusal) -> Complaint {
    let complaint = Complaint::new(&refusal.what).hint(&refusal.advice);
    let Some(address) = &refusal.address else { return complaint };
    let location = plan.change(address).and_then(|change| change.location.as_ref());
    complaint.at(location.map_or_else(|| address.to_string(), |location| format!("{location}, {address}")))
}
