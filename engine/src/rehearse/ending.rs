//! How a rehearsal ended, from the report of its apply.

use crate::apply::{ApplyError, ApplyReport, FailedStep};

use super::{Ending, Failure};

/// How it ended, and why if not well.
pub fn ending(report: &Result<ApplyReport, ApplyError>) -> (Ending, Vec<Failure>) {
    match report {
        Ok(report) if report.is_success() => (Ending::Done, Vec::new()),
        Ok(report) => (how(report), failures(report)),
        Err(error) => {
            let step = "the apply as a whole".to_owned();
            (Ending::Failed, vec![Failure { address: None, step, why: error.to_string() }])
        }
    }
}

fn how(report: &ApplyReport) -> Ending {
    match report.undo_failed.is_empty() && !report.undone.is_empty() {
        true => Ending::RolledBack,
        false => Ending::Failed,
    }
}

fn failures(report: &ApplyReport) -> Vec<Failure> {
    let of = |failed: &FailedStep| Failure {
        address: Some(failed.address.clone()),
        step: failed.title.clone(),
        why: failed.failure.to_string(),
    };
    let broken = report.broken.iter().filter(|broken| !broken.is_warning()).map(|broken| Failure {
        address: None,
        step: broken.subject.to_string(),
        why: broken.message.clone(),
    });
    report.failed.iter().chain(&report.undo_failed).map(of).chain(broken).collect()
}
