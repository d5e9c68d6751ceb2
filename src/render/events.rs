//! What happens during an apply, as lines and as JSON.

use infra_engine::apply::{ApplyReport, FailedStep};
use infra_engine::assertion::Broken;
use infra_engine::event::{ApplyEvent, StepEvent, StepFailure};
use infra_lang::address::Address;
use serde_json::{Value as Json, json};

use super::duration::duration;
use super::style::{BOLD, CHANGE, DIM, ERROR, GOOD};
use crate::error::provider_complaint;

/// One event on one line; none for those that say nothing new to a reader.
pub fn line(event: &ApplyEvent) -> Option<String> {
    let at = format!("{DIM}{:>8}{DIM:#}", duration(event.at));
    let (address, what) = (&event.address, &event.what);
    Some(match what {
        StepEvent::Started(title) => format!("{at}  {address}  {title}\n"),
        StepEvent::Acted(what) => format!("{at}  {address}  {DIM}{what}{DIM:#}\n"),
        StepEvent::Waiting(on) => format!("{at}  {address}  {DIM}waiting: {on}{DIM:#}\n"),
        StepEvent::Succeeded(id) => {
            let id = id.as_ref().map(|id| format!(" {DIM}{id}{DIM:#}")).unwrap_or_default();
            format!("{at}  {address}  {GOOD}done{GOOD:#}{id}\n")
        }
        StepEvent::Failed(failure) => format!("{at}  {address}  {ERROR}failed{ERROR:#}: {}\n", why(failure)),
        StepEvent::Undoing(title) => format!("{at}  {address}  {CHANGE}taking back{CHANGE:#}: {title}\n"),
        StepEvent::Undone => format!("{at}  {address}  {CHANGE}taken back{CHANGE:#}\n"),
        StepEvent::Skipped(because) => {
            format!("{at}  {address}  {DIM}skipped: {because} has failed{DIM:#}\n")
        }
    })
}

/// Why a step failed, in one sentence.
pub fn why(failure: &StepFailure) -> String {
    match failure {
        StepFailure::Provider(error) => provider_complaint(error).message,
        StepFailure::Stuck(why) => why.clone(),
        StepFailure::Guard(why) => format!("it would not have been safe: {why}"),
        StepFailure::Condition { message, location } => format!("{message} ({location})"),
        StepFailure::TimedOut(on) => format!("it took too long: {on}"),
    }
}

/// One event as an object.
pub fn json(event: &ApplyEvent) -> Json {
    let (name, detail) = match &event.what {
        StepEvent::Started(title) => ("started", json!(title)),
        StepEvent::Acted(what) => ("acted", json!(what)),
        StepEvent::Waiting(on) => ("waiting", json!(on)),
        StepEvent::Succeeded(id) => ("succeeded", json!(id)),
        StepEvent::Failed(failure) => ("failed", json!(why(failure))),
        StepEvent::Undoing(title) => ("undoing", json!(title)),
        StepEvent::Undone => ("undone", Json::Null),
        StepEvent::Skipped(because) => ("skipped", json!(because.to_string())),
    };
    let seconds = event.at.as_secs_f64();
    json!({ "at": seconds, "step": event.step, "address": event.address, "event": name, "detail": detail })
}

/// A condition that does not hold at the end, as an object.
pub fn broken(broken: &Broken) -> Json {
    let event = if broken.is_warning() { "warning" } else { "broken" };
    json!({
        "event": event,
        "subject": broken.subject.to_string(),
        "detail": broken.message,
        "location": broken.location,
    })
}

/// How the apply ended.
pub fn summary(report: &ApplyReport, took: std::time::Duration) -> String {
    let took = duration(took);
    if report.stopped {
        return format!(
            "{BOLD}Stopped after {took}.{BOLD:#} What was done is written down; the same command goes on from here.\n"
        );
    }
    if report.failed.is_empty() && report.undo_failed.is_empty() {
        return format!("{GOOD}Applied{GOOD:#} {} in {took}.\n", steps(report.succeeded));
    }
    let undone = match report.undone.len() {
        0 => String::new(),
        count => format!(" Taken back: {}; what stood before serves.", steps(count)),
    };
    let skipped: std::collections::BTreeSet<&Address> =
        report.skipped.iter().map(|step| &step.address).collect();
    let skipped: Vec<String> = skipped.into_iter().map(Address::to_string).collect();
    let rest = match skipped.is_empty() {
        true => String::new(),
        false => format!(" Not begun, because they need what failed: {}.", skipped.join(", ")),
    };
    format!(
        "{BOLD}{} done, {} failed after {took}.{BOLD:#}{undone}{rest}\n{}",
        steps(report.succeeded),
        report.failed.len(),
        paused(report)
    )
}

/// The two ways on from what stays as it is.
fn paused(report: &ApplyReport) -> String {
    let paused = report.failed.iter().filter(|failed| report.paused.contains(&failed.step));
    let line = |failed: &FailedStep| {
        let address = &failed.address;
        format!(
            "{BOLD}{address} has paused, its capacity held.{BOLD:#} `infra apply` tries again, `infra rollback \
             {address}` takes it back, `infra status {address}` shows where it stands.\n"
        )
    };
    paused.map(line).collect()
}

fn steps(count: usize) -> String {
    if count == 1 { "1 step".to_owned() } else { format!("{count} steps") }
}
