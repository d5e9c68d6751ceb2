//! The journal as a file: the sealed plan on the first line, then one line for each event.
//!
//! A line is 16 hexadecimal digits, a space and JSON. The digits begin SHA-256 over the digits of the line
//! before and the JSON: a line that is lost, doubled, changed or in another place is seen, for nothing fits behind it
//! any more. Only a journal cut short at the end of a line looks like a shorter one.
//!
//! A crash may tear the last line: it is ignored, for nothing has followed from it. A resumed apply first ends that
//! line and writes an empty one, so that a torn line may also stand before an empty one.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::journal::{Journal, JournalEvent};
use crate::plan::Plan;
use crate::plan_file::{PlanFileError, PlanV2};

const FORMAT: &str = "infra.journal/2";
/// How many digits stand before a line.
const DIGITS: usize = 16;

/// Why a journal cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalFileError {
    /// A line in the middle cannot be read.
    #[error("line {line} of the journal is damaged: {why}")]
    Damaged {
        /// Counts from 1.
        line: usize,
        /// Why.
        why: String,
    },
    /// Another version of the program has written it.
    #[error(
        "the journal has the format `{0}`, which this version does not know: resume with the version that began"
    )]
    Unknown(String),
}

/// Where the digests of a journal stand: what the next line is written behind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chain {
    /// The digits of the line before; empty before the first.
    last: String,
}

impl Chain {
    /// The line for some JSON behind this one.
    fn link(&mut self, json: &str) -> String {
        self.last = self.digits(json);
        format!("{} {json}", self.last)
    }

    /// The JSON of a line, if it belongs here, and what the next line is behind.
    fn follow<'l>(&self, line: &'l [u8]) -> Result<(&'l str, Self), String> {
        let line = std::str::from_utf8(line).map_err(|error| error.to_string())?;
        let (digits, json) = line.split_once(' ').ok_or("it is cut short")?;
        match self.digits(json) == digits {
            true => Ok((json, Self { last: digits.to_owned() })),
            false => Err("its digest does not fit what it says and the line before".to_owned()),
        }
    }

    fn digits(&self, json: &str) -> String {
        let mut digits = hex::encode(Sha256::new().chain_update(&self.last).chain_update(json).finalize());
        digits.truncate(DIGITS);
        digits
    }
}

#[derive(Serialize, Deserialize)]
struct HeaderV2 {
    format: String,
    plan: PlanV2,
}

/// The first line for a plan, which must be sealed, and where the next one goes.
pub fn header(plan: &Plan) -> Result<(String, Chain), PlanFileError> {
    let header = HeaderV2 { format: FORMAT.to_owned(), plan: PlanV2::new(plan)? };
    let json = serde_json::to_string(&header).map_err(|error| PlanFileError::Damaged(error.to_string()))?;
    let mut chain = Chain::default();
    Ok((chain.link(&json), chain))
}

/// The next line, for an event whose values must be sealed.
pub fn line(event: &JournalEvent, chain: &mut Chain) -> Result<String, serde_json::Error> {
    Ok(chain.link(&serde_json::to_string(event)?))
}

/// All lines of a journal.
///
/// # Errors
/// A secret stands in its plan in the clear.
pub fn lines(journal: &Journal) -> Result<Vec<String>, PlanFileError> {
    let (header, mut chain) = header(&journal.plan)?;
    let events = journal.events.iter().map(|event| line(event, &mut chain));
    let events = events.map(|line| line.map_err(|error| PlanFileError::Damaged(error.to_string())));
    [Ok(header)].into_iter().chain(events).collect()
}

/// A journal as far as it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extent {
    /// What it says; none if not even its first line was finished, so that nothing had begun.
    pub journal: Option<Journal>,
    /// How many bytes that is.
    pub length: usize,
    /// Why there is no more, if there should be.
    pub damage: Option<JournalFileError>,
}

/// Reads a journal; `None` if not even its first line was finished, so that nothing had begun.
///
/// # Errors
/// It is damaged before its last line, or another version has written it.
pub fn read(bytes: &[u8]) -> Result<Option<Journal>, JournalFileError> {
    let Extent { journal, damage, .. } = extent(bytes);
    match damage {
        Some(damage) => Err(damage),
        None => Ok(journal),
    }
}

/// Reads a journal up to where it is damaged.
pub fn extent(bytes: &[u8]) -> Extent {
    let (mut journal, mut chain, mut length) = (None, Chain::default(), 0);
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n').enumerate().peekable();
    while let Some((at, whole)) = lines.next() {
        let torn = lines.peek().is_none_or(|(_, next)| *next == b"\n");
        let line = whole.strip_suffix(b"\n").unwrap_or(whole);
        let taken = match chain.follow(line) {
            _ if line.is_empty() => Ok(()),
            Ok((json, next)) => {
                chain = next;
                take(json, at + 1, &chain, &mut journal)
            }
            Err(why) => match older(line) {
                Some(older) if journal.is_none() => Err(older),
                // Nothing has followed from what was never written to its end.
                _ if torn => Ok(()),
                _ => Err(JournalFileError::Damaged { line: at + 1, why }),
            },
        };
        if let Err(damage) = taken {
            return Extent { journal, length, damage: Some(damage) };
        }
        length += whole.len();
    }
    Extent { journal, length, damage: None }
}

/// Takes in what a line says whose digest fits: unless it can be read, it is not of this version.
fn take(
    json: &str,
    line: usize,
    chain: &Chain,
    journal: &mut Option<Journal>,
) -> Result<(), JournalFileError> {
    let damaged = |why: String| JournalFileError::Damaged { line, why };
    match journal {
        Some(journal) => {
            journal.events.push(serde_json::from_str(json).map_err(|error| damaged(error.to_string()))?);
            journal.chain = chain.clone();
        }
        None => {
            let plan = plan(json, damaged)?;
            *journal = Some(Journal { plan, events: Vec::new(), chain: chain.clone() });
        }
    }
    Ok(())
}

/// The plan on a first line.
fn plan(json: &str, damaged: impl Fn(String) -> JournalFileError) -> Result<Plan, JournalFileError> {
    let unreadable = |error: serde_json::Error| damaged(error.to_string());
    let head: serde_json::Value = serde_json::from_str(json).map_err(unreadable)?;
    match head["format"].as_str() {
        Some(FORMAT) => {}
        Some(other) if is_other(other) => return Err(JournalFileError::Unknown(other.to_owned())),
        _ => return Err(damaged("this is not a journal".to_owned())),
    }
    let header: HeaderV2 = serde_json::from_value(head).map_err(unreadable)?;
    header.plan.checked().map(Plan::from).map_err(|why| damaged(why.to_owned()))
}

/// The first version had no digests.
fn older(line: &[u8]) -> Option<JournalFileError> {
    let json: serde_json::Value = serde_json::from_slice(line).ok()?;
    let format = json["format"].as_str().filter(|format| is_other(format))?;
    Some(JournalFileError::Unknown(format.to_owned()))
}

fn is_other(format: &str) -> bool {
    format.starts_with("infra.journal/") && format != FORMAT
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
            renamed: Vec::new(),
            protections: BTreeMap::new(),
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

    /// The lines of a journal in which these steps have started.
    fn lines(steps: &[usize]) -> Vec<String> {
        let (header, mut chain) = header(&plan()).expect("it holds no secret");
        let lines = steps.iter().map(|step| line(&started(*step), &mut chain).expect("JSON"));
        [header].into_iter().chain(lines).collect()
    }

    /// The steps started according to a journal.
    fn steps(text: &str) -> Result<Vec<JournalEvent>, String> {
        let journal = read(text.as_bytes()).map_err(|error| error.to_string())?.expect("it has begun");
        assert_eq!(journal.plan, plan());
        Ok(journal.events)
    }

    #[test]
    fn a_torn_line_is_ignored_at_the_end_and_before_an_empty_line() {
        let [header, one, two] = lines(&[1, 2]).try_into().expect("three lines");
        let torn = &two[..30];
        assert_eq!(steps(&format!("{header}\n{one}\n{two}\n")), Ok(vec![started(1), started(2)]));
        assert_eq!(steps(&format!("{header}\n{one}\n{torn}")), Ok(vec![started(1)]));
        let ended = format!("{header}\n{one}\n{torn}\n\n{two}\n");
        assert_eq!(steps(&ended), Ok(vec![started(1), started(2)]));
        let error = steps(&format!("{header}\n{torn}\n{one}\n")).expect_err("it is damaged");
        insta::assert_snapshot!(error, @"line 2 of the journal is damaged: its digest does not fit what it says and the line before");
    }

    #[test]
    fn what_is_lost_doubled_or_swapped_is_seen() {
        let [header, one, two, three] = lines(&[1, 2, 3]).try_into().expect("four lines");
        for (order, at) in [
            ([&header, &two, &three], 2),
            ([&header, &one, &three], 3),
            ([&header, &one, &one], 3),
            ([&header, &two, &one], 2),
        ] {
            // A line that can be read stands behind, so that nothing counts as torn.
            let text = order.map(|line| format!("{line}\n")).concat() + &one + "\n";
            let found = extent(text.as_bytes());
            let Some(JournalFileError::Damaged { line, .. }) = found.damage else { panic!("{found:?}") };
            assert_eq!(line, at);
            let sound = &text.as_bytes()[..found.length];
            assert_eq!(read(sound).expect("it is sound").map(|it| it.events.len()), Some(at - 2));
        }
    }

    #[test]
    fn a_journal_without_a_whole_first_line_has_not_begun() {
        let header = &lines(&[])[0];
        assert_eq!(read(b""), Ok(None));
        assert_eq!(read(&header.as_bytes()[..40]), Ok(None));
        let json = header[DIGITS + 1..].replace("infra.journal/2", "infra.journal/3");
        let newer = Chain::default().link(&json);
        assert_eq!(read(newer.as_bytes()), Err(JournalFileError::Unknown("infra.journal/3".to_owned())));
        let older = json.replace("infra.journal/3", "infra.journal/1");
        assert_eq!(read(older.as_bytes()), Err(JournalFileError::Unknown("infra.journal/1".to_owned())));
    }
}
