use std::collections::BTreeMap;

use infra_lang::residual::Values;

use super::*;
use crate::change::Identity;
use crate::id::StepId;
use crate::journal::JournalEvent;
use crate::plan::{PlanHeader, RecordSketch};
use crate::seal::SealKey;
use crate::steps::StepGraph;

fn object(id: &str) -> Physical {
    Physical { id: id.into(), applied: Values::new(), observed: Values::new(), identity: None }
}

fn record(ids: &[&str]) -> Record {
    let mut objects = ids.iter().map(|id| object(id));
    Record { current: objects.next(), former: objects.collect(), ..Record::empty("box".into()) }
}

fn address(name: &str) -> Address {
    Address::managed("box", name)
}

/// A state with these objects: the address, the current one, the older ones.
fn state(serial: u64, records: &[(&str, &[&str])]) -> State {
    let state = State::new("l", SealKey([7; 32]), "p", "123456789012", "eu-west-1");
    let records = records.iter().map(|(name, ids)| (address(name), record(ids))).collect();
    State { serial, records, ..state }
}

/// The journal of an apply that began with a state, found these objects and has begun its first step.
fn journal(lineage: &str, serial: u64, found: &[(&str, &str)]) -> Vec<u8> {
    let (project, account, region) = ("p".to_owned(), "123456789012".to_owned(), "eu-west-1".to_owned());
    let sketch = |id: &str| RecordSketch { refreshed: Some(object(id)), ..RecordSketch::default() };
    let plan = Plan {
        header: PlanHeader { project, account, region, lineage: lineage.to_owned(), serial, destroy: false },
        changes: Vec::new(),
        moves: BTreeMap::new(),
        renamed: Vec::new(),
        protections: BTreeMap::new(),
        steps: StepGraph::default(),
        outputs: BTreeMap::new(),
        unchanged: 0,
        notes: Vec::new(),
        assertions: Vec::new(),
        records: found.iter().map(|(name, id)| (address(name), sketch(id))).collect(),
        lookups: BTreeMap::new(),
    };
    let (header, mut chain) = journal_file::header(&plan).expect("no secrets");
    let events = (0..3).map(|step| JournalEvent::Started { step: StepId(step) });
    let lines = events.map(|event| journal_file::line(&event, &mut chain).expect("JSON"));
    [header].into_iter().chain(lines).map(|line| line + "\n").collect::<String>().into_bytes()
}

fn changed(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    String::from_utf8_lossy(bytes).replace(from, to).into_bytes()
}

/// What is to be done, in a line.
fn told(found: &Found) -> String {
    let Repair { state, journal } = examine(found).expect("of this version");
    let objects = |state: &State| {
        let one = |(address, record): (&Address, &Record)| {
            let ids: Vec<&str> = record.objects().map(|object| object.id.0.as_str()).collect();
            format!("{}={}", address.name, ids.join("+"))
        };
        format!("{} [{}]", state.serial, state.records.iter().map(one).collect::<Vec<_>>().join(" "))
    };
    let differences = |restore: &Restore| match &restore.differences {
        Some(all) => {
            let one = |it: &Difference| {
                format!("{} {}/{}", it.address.name, it.backup.join("+"), it.damaged.join("+"))
            };
            all.iter().map(one).collect::<Vec<_>>().join(", ")
        }
        None => "?".to_owned(),
    };
    let state = match &state {
        StateRepair::None => "state fine".to_owned(),
        StateRepair::Mend { state, flaws } => format!("mend {} flaws: {}", flaws.len(), objects(state)),
        StateRepair::Restore(it) => {
            format!("restore {} from {} but for {}", objects(&it.state), it.backup, differences(it))
        }
        StateRepair::Advance(it) => format!("advance {} to {}", it.backup, objects(&it.state)),
        StateRepair::Lost { .. } => "state lost".to_owned(),
    };
    let journal = match &journal {
        JournalRepair::None => "leave the journal".to_owned(),
        JournalRepair::Cut { journal: None, .. } => "cut all of the journal".to_owned(),
        JournalRepair::Cut { journal: Some(journal), .. } => format!("cut it to {}", journal.events.len()),
        JournalRepair::PutAway => "put the journal away".to_owned(),
        JournalRepair::Begin => "begin a journal".to_owned(),
    };
    format!("{state}; {journal}\n")
}

/// Its name, the state, its backup and the journal.
type Case<'a> = (&'a str, &'a [u8], &'a [u8], Option<Vec<u8>>);

#[test]
fn what_is_done_about_what_is_found() {
    let before = state_file::write(&state(7, &[("a", &["a1"])]));
    let now = state_file::write(&state(8, &[("a", &["a1"]), ("b", &["b1"])]));
    let edited = changed(&now, "b1", "b2");
    let torn = now[..now.len() / 2].to_vec();
    let of = |serial| Some(journal("l", serial, &[("a", "a1"), ("b", "b1")]));
    let line = |journal: Option<Vec<u8>>, number: &str| {
        journal.map(|bytes| changed(&bytes, &format!("\"step\":{number}"), "\"step\":9"))
    };
    let headless = of(8).map(|bytes| changed(&bytes, "eu-west-1", "eu-west-2"));
    let table: [Case<'_>; 16] = [
        ("all is well", &now, &before, None),
        ("unfinished", &now, &before, of(8)),
        ("settled, not cleared", &now, &before, of(7)),
        ("edited", &edited, &before, None),
        ("torn", &torn, &before, None),
        ("empty", b"", &before, None),
        ("torn, no backup", &torn, b"", None),
        ("torn while saving its apply", &torn, &before, of(7)),
        ("torn while a later apply runs", &torn, &before, of(8)),
        ("the backup was put in its place", &before, &before, of(8)),
        ("a line changed", &now, &before, line(of(8), "1")),
        ("the last line changed", &now, &before, line(of(8), "2")),
        ("the plan changed", &now, &before, headless),
        ("torn, and a line changed", &torn, &before, line(of(8), "1")),
        ("torn, and a journal of before", &torn, &before, of(6)),
        ("another history", &now, &before, Some(journal("m", 8, &[]))),
    ];
    let mut text = String::new();
    for (name, state, backup, journal) in table {
        let found = Found { state: Ok(Some(state.to_vec())), backup: Some(backup.to_vec()), journal };
        text += &format!("{name}: {}", told(&found));
    }
    let gone =
        Found { state: Err("it is encrypted, and damaged".to_owned()), backup: Some(before), journal: None };
    text += &format!("not even bytes: {}", told(&gone));
    insta::assert_snapshot!(text, @"
    all is well: state fine; leave the journal
    unfinished: state fine; leave the journal
    settled, not cleared: state fine; leave the journal
    edited: restore 7 [a=a1] from 7 but for b /b2; begin a journal
    torn: restore 7 [a=a1] from 7 but for ?; begin a journal
    empty: restore 7 [a=a1] from 7 but for ?; begin a journal
    torn, no backup: state lost; leave the journal
    torn while saving its apply: restore 7 [a=a1] from 7 but for ?; leave the journal
    torn while a later apply runs: restore 8 [a=a1 b=b1] from 7 but for ?; leave the journal
    the backup was put in its place: advance 7 to 8 [a=a1 b=b1]; leave the journal
    a line changed: state fine; cut it to 1
    the last line changed: state fine; leave the journal
    the plan changed: state fine; cut all of the journal
    torn, and a line changed: restore 8 [a=a1 b=b1] from 7 but for ?; cut it to 1
    torn, and a journal of before: restore 7 [a=a1] from 7 but for ?; begin a journal
    another history: state fine; put the journal away
    not even bytes: restore 7 [a=a1] from 7 but for ?; begin a journal
    ");
}

#[test]
fn what_cannot_be_right_in_a_state() {
    let mut wrong = state(3, &[("a", &["x1", "x1", "x2"]), ("b", &["x3", "x1"]), ("c", &["x3"]), ("e", &[])]);
    let with = |ids| Record {
        dependencies: BTreeSet::from([address("a"), address("e"), address("gone")]),
        kind: "crate".into(),
        ..record(ids)
    };
    wrong.records.insert(address("d"), with(&["x4"]));
    let same = Identity { digest: "1".to_owned(), inputs: BTreeMap::new() };
    for name in ["f", "g"] {
        let image = Physical { identity: Some(same.clone()), ..object("ami") };
        wrong.records.insert(address(name), Record { current: Some(image), ..record(&[]) });
    }
    let (state, flaws) = mended(wrong);
    let lines: Vec<String> = flaws.iter().map(|flaw| format!("{flaw} {}", flaw.has_one_answer())).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    box.e holds no object: it is left out true
    box.d is said to be of the kind `crate`: it is of that in its address true
    box.d depends on box.e, which is not there: it does no more true
    box.d depends on box.gone, which is not there: it does no more true
    x1 is box.a and an older object of it: it is not an older one true
    x1 is box.a and an older object of box.b: it is no longer the latter true
    x3 is box.b and box.c: which of them it is, nobody but you can say false
    ");
    let (again, left) = mended(state.clone());
    assert_eq!(again, state);
    assert!(left.iter().all(|flaw| !flaw.has_one_answer()), "{left:?}");
}

#[test]
fn a_journal_that_was_cut_is_one_that_can_go_on() {
    let state = state_file::write(&state(8, &[]));
    let journal = changed(&journal("l", 8, &[]), "\"step\":1", "\"step\":9");
    let found = Found { state: Ok(Some(state)), backup: None, journal: Some(journal) };
    let lines = examine(&found).expect("of this version").journal_lines().expect("it is replaced");
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let again = journal_file::read(text.as_bytes()).expect("sound").expect("begun");
    assert_eq!(again.events, [JournalEvent::Started { step: StepId(0) }]);
}
