//! A change that pauses stays as it is when it fails: tried again by the next apply, or given up.

mod support;

use infra_engine::journal::JournalEvent;
use infra_engine::progress::{Stage, standing};
use infra_engine::rollback::{give_up, record};
use infra_engine::store::load_journal;
use infra_lang::address::Address;
use insta::assert_snapshot;
use support::memory::Failure;
use support::world::World;

const BEFORE: &str = "fleet f launch=one on_failure=pause\nbox b size=1";
const AFTER: &str = "fleet f launch=two on_failure=pause\nbox b size=2";

fn fleet() -> Address {
    Address::managed("fleet", "f")
}

/// A world in which the fleet's swap has paused at its cutover.
async fn paused() -> World {
    let world = World::with(BEFORE).await;
    world.fails("fleet.f cut_over", Failure::Refused);
    let report = world.apply(AFTER).await;
    assert!(!report.is_success() && !report.stopped && report.undone.is_empty(), "{report:?}");
    assert_eq!(report.paused, report.failed.iter().map(|failed| failed.step).collect::<Vec<_>>());
    world.told.take();
    world
}

async fn given_up(world: &World) {
    let mut journal = load_journal(&world.store).await.expect("the journal is good").expect("it was kept");
    let giving_up = give_up(&journal, &fleet()).expect("nothing of the old has gone");
    assert_eq!(giving_up.titles, ["cut_over", "attach", "launch the new fleet", "pin"]);
    record(&world.store, &mut journal, giving_up.event).await.expect("in memory");
}

#[tokio::test]
async fn other_changes_go_on_and_the_state_waits_for_the_end() {
    let world = paused().await;
    assert_eq!(world.cloud(|cloud| cloud.called("fleet", "f").len()), 2, "old and new stand side by side");
    assert_snapshot!(world.cloud(|cloud| cloud.log.join("\n")), @r"
    box.b update
    fleet.f pin
    fleet.f create
    fleet.f attach
    ");
    assert_eq!(world.state().await.serial, 1);
    let journal = load_journal(&world.store).await.expect("good").expect("kept");
    let standing = standing(&journal, &fleet()).expect("good").expect("it has begun");
    assert_eq!((standing.title.as_str(), standing.position, standing.steps), ("cut_over", 4, 5));
    assert!(standing.paused && matches!(standing.stage, Stage::Failed(_)), "{standing:?}");
}

#[tokio::test]
async fn the_next_apply_tries_the_failed_step_again() {
    let world = paused().await;
    let plan = load_journal(&world.store).await.expect("good").expect("kept").plan;
    let again = world.resume(&plan).await.expect("a journal").expect("it runs");
    assert!(!again.paused.is_empty(), "it fails again, and waits again");
    world.cloud(|cloud| cloud.failures.clear());
    world.told.take();
    let report = world.resume(&plan).await.expect("a journal").expect("it runs");
    assert!(report.is_success(), "{report:?}");
    assert_snapshot!(world.told.take(), @r"
    0s fleet.f start: cut_over
    0s fleet.f done
    0s fleet.f start: retire the old fleet
    0s fleet.f done
    ");
    assert_eq!(world.cloud(|cloud| cloud.called("fleet", "f").len()), 1);
    assert!(world.plan(AFTER).await.is_empty());
}

#[tokio::test]
async fn what_is_given_up_is_taken_back() {
    let world = paused().await;
    given_up(&world).await;
    let plan = load_journal(&world.store).await.expect("good").expect("kept").plan;
    let report = world.resume(&plan).await.expect("a journal").expect("it runs");
    assert!(report.undo_failed.is_empty() && report.paused.is_empty(), "{report:?}");
    assert_snapshot!(world.told.take(), @r"
    0s fleet.f undo: attach
    0s fleet.f undone
    0s fleet.f undo: launch the new fleet
    0s fleet.f undone
    0s fleet.f undo: pin
    0s fleet.f undone
    0s fleet.f skipped because of fleet.f
    ");
    assert_eq!(world.cloud(|cloud| cloud.called("fleet", "f").len()), 1);
    assert!(load_journal(&world.store).await.expect("good").is_none());
    assert!(world.plan(BEFORE.replace("size=1", "size=2").as_str()).await.is_empty(), "all is as it was");
}

/// Killed before the apply had anything to say about a step, and after.
#[tokio::test]
async fn an_interrupted_change_can_be_given_up_too() {
    for crash in 2..9 {
        let mut world = World::with(BEFORE).await;
        let plan = world.plan(AFTER).await;
        world.store.appends = 0.into();
        world.store.crash_at = Some(crash);
        assert!(world.try_apply(&plan).await.is_err());
        world.store.crash_at = None;
        let mut journal = load_journal(&world.store).await.expect("good").expect("kept");
        let Ok(giving_up) = give_up(&journal, &fleet()) else { continue };
        assert!(matches!(giving_up.event, JournalEvent::GivenUp { .. }));
        record(&world.store, &mut journal, giving_up.event).await.expect("in memory");
        let report = world.resume(&plan).await.expect("a journal").expect("it runs");
        assert!(report.undo_failed.is_empty(), "{report:?}");
        assert_eq!(world.cloud(|cloud| cloud.called("fleet", "f").len()), 1, "killed at {crash}");
    }
}

#[tokio::test]
async fn what_cannot_be_given_up_is_refused() {
    let world = paused().await;
    let mut journal = load_journal(&world.store).await.expect("good").expect("kept");
    let refused =
        |journal, name: &str| give_up(journal, &Address::managed("box", name)).expect_err("refused");
    assert_snapshot!(refused(&journal, "c"), @"the unfinished apply does not change `box.c`");
    assert_snapshot!(refused(&journal, "b"), @"the change of `box.b` cannot be taken back: `update` has begun");
    journal.events.clear();
    assert_snapshot!(give_up(&journal, &fleet()).expect_err("refused"), @"nothing of the change of `fleet.f` has begun yet");
}
