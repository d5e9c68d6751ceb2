//! Files that were cut short or changed behind our back are noticed: nothing wrong is ever read out of them.

mod support;

use infra_engine::id::{RemoteId, StepId};
use infra_engine::journal::{Journal, JournalEvent};
use infra_engine::plan::Plan;
use infra_engine::seal::seal_plan;
use infra_engine::state::{Physical, Record, State};
use infra_engine::store::StateStore;
use infra_engine::{journal_file, plan_file, state_file};
use infra_lang::address::Address;
use infra_lang::value::Value;
use proptest::prelude::*;
use support::world::World;

/// All files of a small project: its state, a plan from there, and the journal of that plan's apply.
struct Files {
    state: Vec<u8>,
    plan: Vec<u8>,
    journal: Vec<u8>,
}

/// A world in which an apply was killed when all was done and nothing saved.
async fn killed_at_the_end(before: &str, after: &str) -> (World, Plan) {
    let mut writes = None;
    loop {
        let mut world = World::with(before).await;
        let plan = world.plan(after).await;
        world.store.appends = 0.into();
        world.store.crash_at = writes;
        match world.try_apply(&plan).await {
            // The last two writes save the state and clear the journal.
            Ok(_) => writes = Some(world.store.appends.into_inner() - 2),
            Err(_) => {
                world.store.crash_at = None;
                return (world, plan);
            }
        }
    }
}

async fn files() -> Files {
    let after = "box a size=2 secret=secret:x\nbox b peer=box.a.id\noutput o = box.b.id";
    let (world, plan) = killed_at_the_end("box a size=1\nbox gone", after).await;
    let state = world.store.load().await.expect("in memory").expect("it was saved");
    let sealed = seal_plan(&plan, &world.state().await.key);
    let journal = world.store.journal_load().await.expect("in memory").expect("it was written");
    Files { state, plan: plan_file::write(&sealed).expect("it is sealed"), journal }
}

/// Of so many bytes each bit is changed in turn, of each behind them one: a digest makes no difference between them.
const BITWISE: usize = 200;

/// The bytes cut short everywhere, then with one bit the other way, everywhere.
fn damaged(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let cut = (0..bytes.len()).map(|at| bytes[..at].to_vec());
    let bits = |at: usize| if at < BITWISE { 0..8 } else { at % 8..at % 8 + 1 };
    let flipped = (0..bytes.len()).flat_map(move |at| bits(at).map(move |bit| (at, bit))).map(|(at, bit)| {
        let mut bytes = bytes.to_vec();
        bytes[at] ^= 1 << bit;
        bytes
    });
    cut.chain(flipped)
}

#[tokio::test(start_paused = true)]
async fn no_damaged_state_is_read() {
    let state = files().await.state;
    let whole = state_file::read(&state);
    assert!(whole.is_ok());
    for bytes in damaged(&state) {
        assert!(state_file::read(&bytes).is_err(), "{}", String::from_utf8_lossy(&bytes));
        // The name of the digest may have changed, and nothing else.
        let edited = state_file::read_edited(&bytes);
        assert!(edited.is_err() || edited == whole, "{}", String::from_utf8_lossy(&bytes));
    }
}

#[tokio::test(start_paused = true)]
async fn no_damaged_plan_is_read() {
    let plan = files().await.plan;
    assert!(plan_file::read(&plan).is_ok());
    for bytes in damaged(&plan) {
        assert!(plan_file::read(&bytes).is_err(), "{}", String::from_utf8_lossy(&bytes));
    }
}

/// Whether what was read is the beginning of the whole.
fn is_beginning(read: Option<&Journal>, whole: &Journal) -> bool {
    read.is_none_or(|read| read.plan == whole.plan && whole.events.starts_with(&read.events))
}

#[tokio::test(start_paused = true)]
async fn of_a_damaged_journal_nothing_but_its_beginning_is_read() {
    let bytes = files().await.journal;
    let whole = journal_file::read(&bytes).expect("it is sound").expect("it has begun");
    assert!(whole.events.len() > 5, "{:?}", whole.events);
    for bytes in damaged(&bytes) {
        let found = journal_file::extent(&bytes);
        assert!(is_beginning(found.journal.as_ref(), &whole), "{}", String::from_utf8_lossy(&bytes));
        let sound = journal_file::read(&bytes[..found.length]);
        assert_eq!(sound, Ok(found.journal), "what comes before the damage is sound");
    }
}

/// Cut short at the end of any line, a journal looks like a shorter one: what it no longer says is found again.
#[tokio::test(start_paused = true)]
async fn a_journal_cut_short_at_a_line_goes_on_to_the_same_end() {
    const BEFORE: &str = "box a color=red\nfleet f launch=box.a.id\nbox gone\nbox old size=1";
    const AFTER: &str =
        "box a color=blue\nfleet f launch=box.a.id\nbox n peer=fleet.f.id\nmoved box.old -> box.new
        box new size=2";
    let end = |world: &World| world.cloud(|cloud| cloud.things.len());
    let whole = World::with(BEFORE).await;
    whole.apply(AFTER).await;
    for kept in 0.. {
        let (world, plan) = killed_at_the_end(BEFORE, AFTER).await;
        let journal = world.store.journal_load().await.expect("in memory").expect("it was written");
        let lines: Vec<&[u8]> = journal.split_inclusive(|byte| *byte == b'\n').collect();
        if kept > lines.len() {
            assert!(kept > 15, "it has {} lines", lines.len());
            break;
        }
        world.store.inner.set_journal(Some(lines[..kept].concat()));
        match world.resume(&plan).await {
            Some(resumed) => resumed.expect("it goes on"),
            None => world.try_apply(&plan).await.expect("it begins anew"),
        };
        assert_eq!(end(&world), end(&whole), "{kept} lines were kept");
        assert!(world.plan(AFTER).await.is_empty(), "{kept} lines were kept");
        assert!(world.state_text().await.lines().all(|line| !line.contains("formerly")));
    }
}

fn states() -> impl Strategy<Value = State> {
    let word = "[a-z]{1,6}";
    let value = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|number| Value::Number(number.into())),
        "\\PC{0,8}".prop_map(Value::string),
        "\\PC{0,8}".prop_map(|text| Value::List(vec![Value::string(text), Value::Null])),
    ];
    let values =
        || prop::collection::btree_map(word.prop_map(|name| name.as_str().into()), value.clone(), 0..4);
    let object = (word, values(), values()).prop_map(|(id, applied, observed)| Physical {
        id: RemoteId(id),
        applied,
        observed,
        identity: None,
    });
    let record = (object.clone(), prop::collection::vec(object, 0..3), any::<bool>());
    let records = prop::collection::btree_map(word, record, 0..5);
    (records, any::<u64>(), any::<[u8; 32]>()).prop_map(|(records, serial, key)| {
        let key = infra_engine::seal::SealKey(key);
        let state = State::new("0".repeat(32), key, "p", "123456789012", "eu-west-1");
        let records = records.into_iter().map(|(name, (current, former, protected))| {
            let record = Record { current: Some(current), former, protected, ..Record::empty("box".into()) };
            (Address::managed("box", &name), record)
        });
        State { serial, records: records.collect(), ..state }
    })
}

fn events() -> impl Strategy<Value = Vec<JournalEvent>> {
    let step = || (0..9_usize).prop_map(StepId);
    prop::collection::vec(
        prop_oneof![
            step().prop_map(|step| JournalEvent::Started { step }),
            (step(), "\\PC{0,12}").prop_map(|(step, failure)| JournalEvent::Failed { step, failure }),
            (step(), "\\PC{0,12}").prop_map(|(step, text)| JournalEvent::Noted {
                step,
                name: "create".to_owned(),
                note: serde_json::json!({ "id": text }),
            }),
        ],
        0..9,
    )
}

async fn empty_plan() -> Plan {
    World::default().plan("").await
}

proptest! {
    #[test]
    fn a_state_comes_back_as_it_was(state in states()) {
        let bytes = state_file::write(&state);
        prop_assert_eq!(state_file::read(&bytes), Ok(state));
    }

    /// Lines may be torn wherever an apply is resumed.
    #[test]
    fn a_journal_comes_back_as_it_was(events in events(), torn in any::<Vec<bool>>()) {
        let plan = futures_util::FutureExt::now_or_never(empty_plan()).expect("nothing is waited for");
        let (header, mut chain) = journal_file::header(&plan).expect("no secrets");
        let mut text = format!("{header}\n");
        for (at, event) in events.iter().enumerate() {
            let before = chain.clone();
            let line = journal_file::line(event, &mut chain).expect("JSON");
            if torn.get(at) == Some(&true) {
                let half: String = line.chars().take(line.len() / 2).collect();
                text += &format!("{half}\n\n");
                let mut again = before;
                prop_assert_eq!(&journal_file::line(event, &mut again).expect("JSON"), &line);
            }
            text += &format!("{line}\n");
        }
        let read = journal_file::read(text.as_bytes()).expect("sound").expect("begun");
        prop_assert_eq!(read.events, events);
    }

    #[test]
    fn no_bytes_at_all_make_a_reader_panic(bytes in any::<Vec<u8>>()) {
        let _ = (state_file::read(&bytes), plan_file::read(&bytes), journal_file::extent(&bytes));
    }
}
