//! The journal as a file: the sealed plan on the first line, then one line of JSON for each event.
//!
//! A crash may tear the last line: it is ignored, for nothing has followed from it. A resumed apply first ends that
//! line and writes an empty one, so that a torn line may also stand before an empty one.

use serde::{Deserialize, Serialize};

use crate::journal::{Journal, JournalEvent};
use crate::plan::Plan;
use crate::plan_file::{PlanFileError, PlanV1};

const FORMAT: &str = "infra.journal/1";

/// Why a journal cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalFileError {
    /// A line in the middle cannot be read.
    #[error("line {line} of the journal is damaged ({why}): what the last apply did is not known for sure")]
    Damaged {
        /// Counts from 1.
        line: usize,
        /// Why.
        why: String,
    },
    /// A later version of the program has written it.
    #[error(
        "the journal has the format `{0}`, which this version does not know: resume with the version that began"
    )]
    Newer(String),
}

#[derive(Serialize, Deserialize)]
struct HeaderV1 {
    format: String,
    plan: PlanV1,
}

/// The first line for a plan, which must be sealed.
pub fn header(plan: &Plan) -> Result<String, PlanFileError> {
    let header = HeaderV1 { format: FORMAT.to_owned(), plan: PlanV1::new(plan)? };
    serde_json::to_string(&header).map_err(|error| PlanFileError::Damaged(error.to_string()))
}

/// The line for an event, whose values must be sealed.
pub fn line(event: &JournalEvent) -> Result<String, serde_json::Error> {
    serde_json::to_string(event)
}

/// Reads a journal; `None` if not even its first line was finished, so that nothing had begun.
pub fn read(bytes: &[u8]) -> Result<Option<Journal>, JournalFileError> {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.split('\n').collect();
    let torn = |at: usize| lines[at + 1..].iter().next().is_none_or(|next| next.is_empty());
    let mut plan: Option<Plan> = None;
    let mut events = Vec::new();
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
        let result = match plan {
            None => read_header(line, at).map(|header| plan = Some(header)),
            Some(_) => read_event(line, at).map(|event| events.push(event)),
        };
        match result {
            Err(JournalFileError::Damaged { .. }) if torn(at) => {}
            other => other?,
        }
    }
    Ok(plan.map(|plan| Journal { plan, events }))
}

fn read_header(line: &str, at: usize) -> Result<Plan, JournalFileError> {
    let damaged = |why: String| JournalFileError::Damaged { line: at + 1, why };
    let json: serde_json::Value = serde_json::from_str(line).map_err(|error| damaged(error.to_string()))?;
    match json["format"].as_str() {
        Some(FORMAT) => {}
        Some(other) if other.starts_with("infra.journal/") => {
            return Err(JournalFileError::Newer(other.to_owned()));
        }
        _ => return Err(damaged("this is not a journal".to_owned())),
    }
    let header: HeaderV1 = serde_json::from_value(json).map_err(|error| damaged(error.to_string()))?;
    header.plan.checked().map(Plan::from).map_err(|why| damaged(why.to_owned()))
}

fn read_event(line: &str, at: usize) -> Result<JournalEvent, JournalFileError> {
    serde_json::from_str(line)
        .map_err(|error| JournalFileError::Damaged { line: at + 1, why: error.to_string() })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::id::StepId;
    use crate::plan::PlanHeader;
    use crate::steps::StepGraph;

    fn plan() -> Plan {
        let word = || "x".to_owned();
        let (project, account, region, lineage) = (word(), word(), word(), word());
        Plan {
            header: PlanHeader { project, account, region, lineage, serial: 1, destroy: false },
            changes: Vec::new(),
            moves: BTreeMap::new(),
            steps: StepGraph::default(),
            outputs: BTreeMap::new(),
            unchanged: 0,
            notes: Vec::new(),
            assertions: Vec::new(),
            records: BTreeMap::new(),
            lookups: BTreeMap::new(),
        }
    }

    fn started(step: usize) -> JournalEvent {
        JournalEvent::Started { step: StepId(step) }
    }

    /// The steps started according to a journal with these lines after the first.
    fn steps(lines: &str) -> Result<Vec<JournalEvent>, String> {
        let text = format!("{}\n{lines}", header(&plan()).expect("it holds no secret"));
        let journal = read(text.as_bytes()).map_err(|error| error.to_string())?.expect("it has begun");
        assert_eq!(journal.plan, plan());
        Ok(journal.events)
    }

    #[test]
    fn a_torn_line_is_ignored_at_the_end_and_before_an_empty_line() {
        let (one, two) = (line(&started(1)).expect("json"), line(&started(2)).expect("json"));
        let torn = &two[..9];
        assert_eq!(steps(&format!("{one}\n{two}\n")), Ok(vec![started(1), started(2)]));
        assert_eq!(steps(&format!("{one}\n{torn}")), Ok(vec![started(1)]));
        assert_eq!(steps(&format!("{one}\n{torn}\n\n{two}\n")), Ok(vec![started(1), started(2)]));
        let error = steps(&format!("{torn}\n{one}\n")).expect_err("it is damaged");
        insta::assert_snapshot!(error, @"line 2 of the journal is damaged (EOF while parsing a value at line 1 column 9): what the last apply did is not known for sure");
    }

    #[test]
    fn a_journal_without_a_whole_first_line_has_not_begun() {
        let header = header(&plan()).expect("it holds no secret");
        assert_eq!(read(b""), Ok(None));
        assert_eq!(read(&header.as_bytes()[..40]), Ok(None));
        let newer = header.replace("infra.journal/1", "infra.journal/2");
        assert_eq!(read(newer.as_bytes()), Err(JournalFileError::Newer("infra.journal/2".to_owned())));
    }
}
