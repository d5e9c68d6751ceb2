//! In which order, and what may start when.

mod support;

use infra_engine::id::StepId;
use infra_engine::journal::JournalEvent;
use infra_engine::provider::Outcome;
use infra_engine::schedule::Schedule;
use insta::assert_snapshot;
use support::world::World;

const BEFORE: &str = "box a color=red\nfleet f launch=box.a.id";
const AFTER: &str = "box a color=blue\nfleet f launch=box.a.id\nbox alone";

/// The schedule after each of these events, in words: `start 0`, `note 0`, `done 0`, `fail 0`, `undo 0`, `undone 0`.
async fn schedule(events: &str) -> String {
    let plan = World::with(BEFORE).await.plan(AFTER).await;
    let mut schedule = Schedule::replay(&plan.steps, []).expect("nothing happened yet");
    let mut text = String::new();
    for line in events.lines() {
        let (what, step) = line.trim().split_once(' ').expect(line);
        let step = StepId(step.parse().expect(line));
        let event = match what {
            "start" => JournalEvent::Started { step },
            "note" => {
                JournalEvent::Noted { step, name: "x".to_owned(), note: serde_json::json!({ "id": "new" }) }
            }
            "done" => JournalEvent::Succeeded { step, outcome: Outcome::default() },
            "fail" => JournalEvent::Failed { step, failure: "no".to_owned() },
            "undo" => JournalEvent::UndoStarted { step },
            "undone" => JournalEvent::UndoDone { step },
            "retry" => JournalEvent::Retried { step },
            "give_up" => JournalEvent::GivenUp { step, failure: "enough".to_owned() },
            "undo_failed" => JournalEvent::UndoFailed { step, failure: "no".to_owned() },
            other => panic!("{other}"),
        };
        if let Err(error) = schedule.record(&event) {
            return text + &format!("{}: {error}\n", line.trim());
        }
        let numbers = |steps: Vec<StepId>| steps.iter().map(|step| step.0).collect::<Vec<_>>();
        let skipped = schedule.skipped().into_iter().map(|(step, _)| step).collect();
        text += &format!(
            "{}: ready {:?}, in doubt {:?}, undo {:?}, skipped {:?}\n",
            line.trim(),
            numbers(schedule.ready().collect()),
            numbers(schedule.in_doubt()),
            numbers(schedule.to_undo()),
            numbers(skipped),
        );
    }
    text
}

#[tokio::test]
async fn the_steps() {
    assert_snapshot!(World::with(BEFORE).await.plan(AFTER).await.steps, @r"
    0 create: create
    1 create: create
    2 pin [f-id2]: pin, after 0
    3 create: launch the new fleet, after 2
    4 attach [made by 3]: attach, after 3
    5 cut_over [made by 3]: cut_over, after 4
    6 delete [f-id2]: retire the old fleet, after 5
    7 delete [a-id1]: delete the old one, after 0, 5, 6
    ");
}

#[tokio::test]
async fn steps_start_once_all_before_them_is_done() {
    assert_snapshot!(schedule("start 0\ndone 0\nstart 1\nstart 2\ndone 1\ndone 2\nstart 3").await, @r"
    start 0: ready [1], in doubt [0], undo [], skipped []
    done 0: ready [1, 2], in doubt [], undo [], skipped []
    start 1: ready [2], in doubt [1], undo [], skipped []
    start 2: ready [], in doubt [1, 2], undo [], skipped []
    done 1: ready [], in doubt [2], undo [], skipped []
    done 2: ready [3], in doubt [], undo [], skipped []
    start 3: ready [], in doubt [3], undo [], skipped []
    ");
}

#[tokio::test]
async fn a_failed_change_is_taken_back_from_its_end() {
    let events = "start 1\ndone 1\nstart 2\ndone 2\nstart 3\nnote 3\ndone 3\nstart 4\nfail 4\nundo 3\nundone 3\nundo 2\nundone 2";
    assert_snapshot!(schedule(events).await, @r"
    start 1: ready [0], in doubt [1], undo [], skipped []
    done 1: ready [0], in doubt [], undo [], skipped []
    start 2: ready [0], in doubt [2], undo [], skipped []
    done 2: ready [0, 3], in doubt [], undo [], skipped []
    start 3: ready [0], in doubt [3], undo [], skipped []
    note 3: ready [0], in doubt [3], undo [], skipped []
    done 3: ready [0, 4], in doubt [], undo [], skipped []
    start 4: ready [0], in doubt [4], undo [], skipped []
    fail 4: ready [0], in doubt [], undo [3], skipped [5, 6, 7]
    undo 3: ready [0], in doubt [3], undo [], skipped [5, 6, 7]
    undone 3: ready [0], in doubt [], undo [2], skipped [5, 6, 7]
    undo 2: ready [0], in doubt [2], undo [], skipped [5, 6, 7]
    undone 2: ready [0], in doubt [], undo [], skipped [5, 6, 7]
    ");
}

#[tokio::test]
async fn a_failed_step_is_taken_back_if_it_has_noted_something() {
    assert_snapshot!(schedule("start 1\ndone 1\nstart 2\nnote 2\nfail 2").await, @r"
    start 1: ready [0], in doubt [1], undo [], skipped []
    done 1: ready [0], in doubt [], undo [], skipped []
    start 2: ready [0], in doubt [2], undo [], skipped []
    note 2: ready [0], in doubt [2], undo [], skipped []
    fail 2: ready [0], in doubt [], undo [2], skipped [3, 4, 5, 6, 7]
    ");
    assert_snapshot!(schedule("start 1\ndone 1\nstart 2\nfail 2").await, @r"
    start 1: ready [0], in doubt [1], undo [], skipped []
    done 1: ready [0], in doubt [], undo [], skipped []
    start 2: ready [0], in doubt [2], undo [], skipped []
    fail 2: ready [0], in doubt [], undo [], skipped [3, 4, 5, 6, 7]
    ");
}

#[tokio::test]
async fn nothing_is_taken_back_once_the_old_has_begun_to_go() {
    let all = (1..6).map(|step| format!("start {step}\ndone {step}\n")).collect::<String>();
    let text = schedule(&format!("{all}start 6\nfail 6")).await;
    assert_snapshot!(text.lines().last().unwrap_or_default(), @"fail 6: ready [0], in doubt [], undo [], skipped [7]");
}

#[tokio::test]
async fn taking_back_stops_where_it_fails() {
    let events = "start 1\ndone 1\nstart 2\ndone 2\nstart 3\nfail 3\nundo 2\nundo_failed 2";
    assert_snapshot!(schedule(events).await.lines().last().unwrap_or_default(), @"undo_failed 2: ready [0], in doubt [], undo [], skipped [4, 5, 6, 7]");
}

#[tokio::test]
async fn a_journal_that_cannot_be_right_is_refused() {
    assert_snapshot!(schedule("done 0").await, @"done 0: the journal cannot be right: Succeeded { step: StepId(0), outcome: Outcome { id: None, observed: None } } of a step that is not started");
    assert_snapshot!(schedule("start 99").await, @"start 99: the journal cannot be right: the plan has no step 99");
}
