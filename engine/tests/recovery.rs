//! Killed at any moment, the same apply goes on to the same end: nothing is lost, nothing is made twice.

mod support;

use infra_engine::apply::ApplyError;
use infra_engine::plan::Plan;
use infra_engine::store::{StateStore, StoreError};
use support::memory::Failure;
use support::world::World;

const BEFORE: &str = "box a color=red\nfleet f launch=box.a.id\nslot s box=box.a.id\nbox gone\nlayer l script=one\nbox old size=1\nbox left";
const AFTER: &str = "
    box a color=blue secret=secret:x
    fleet f launch=box.a.id
    slot s box=box.a.id
    layer l script=two
    data box d of=box.a.id
    box n peer=data.box.d.answer secret=secret:y
    moved box.old -> box.new
    box new size=2 peer=fleet.f.id
    forget box.left
    output o = fleet.f.id";

/// A world in which an apply was killed at its `at`-th write; `None` if it has no so many.
async fn killed(at: usize, torn: bool, prepare: fn(&World)) -> Option<(World, Plan)> {
    let mut world = World::with(BEFORE).await;
    prepare(&world);
    let plan = world.plan(AFTER).await;
    world.store.appends = 0.into();
    world.store.crash_at = Some(at);
    world.store.torn = torn;
    let killed = world.try_apply(&plan).await.is_err();
    world.store.crash_at = None;
    killed.then_some((world, plan))
}

/// What is there and what the state says, without ids that depend on the order of things.
async fn end(world: &World) -> String {
    let things = world.cloud(|cloud| {
        let mut things: Vec<String> = cloud
            .things
            .values()
            .map(|thing| format!("{}.{} {}", thing.kind, thing.name, thing.values.len()))
            .collect();
        things.sort();
        things.join("\n")
    });
    let state = world.state().await;
    let records: Vec<String> = state
        .records
        .iter()
        .map(|(address, record)| format!("{address} {} {}", record.current.is_some(), record.former.len()))
        .collect();
    format!("{things}\n{}\n{:?}", records.join("\n"), state.outputs.keys())
}

async fn check(prepare: fn(&World), then: fn(&World)) {
    let whole = World::with(BEFORE).await;
    prepare(&whole);
    whole.apply(AFTER).await;
    then(&whole);
    let expected = end(&whole).await;
    for torn in [false, true] {
        let mut at = 0;
        while let Some((world, plan)) = killed(at, torn, prepare).await {
            if let Some(resumed) = world.resume(&plan).await {
                resumed.unwrap_or_else(|error| panic!("killed at write {at}: {error}"));
            } else if world.state().await.serial == plan.header.serial {
                // Killed before its first line: nothing had begun.
                world.try_apply(&plan).await.expect("it runs to its end");
            }
            assert_eq!(end(&world).await, expected, "killed at write {at}, torn: {torn}");
            at += 1;
        }
        assert!(at > 10, "it wrote {at} times");
    }
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_write_it_comes_to_the_same_end() {
    check(|_| {}, |_| {}).await;
}

#[tokio::test(start_paused = true)]
async fn killed_while_taking_back_it_comes_to_the_same_end() {
    check(|world| world.fails("fleet.f cut_over", Failure::Refused), |_| {}).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_interrupted_goes_on_before_anything_else() {
    let (world, _) = killed(9, false, |_| {}).await.expect("it was killed");
    let plan = world.plan("box other").await;
    assert_eq!(world.try_apply(&plan).await, Err(ApplyError::Unfinished));
}

/// Killed between saving the state and clearing the journal, the next apply begins anew.
#[tokio::test(start_paused = true)]
async fn what_is_settled_is_not_done_again() {
    let mut world = World::default();
    let plan = world.plan("box a").await;
    // The state, clearing, the plan, started, noted, done, the state again.
    world.store.crash_at = Some(7);
    world.try_apply(&plan).await.expect_err("it was killed");
    world.store.crash_at = None;
    assert_eq!(world.state().await.serial, 1);
    assert!(world.store.journal_load().await.expect("it can be read").is_some());
    assert!(world.resume(&plan).await.is_none());
    assert!(world.apply("box a\nbox b").await.is_success());
    assert_eq!(world.store.journal_load().await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn the_first_state_is_there_before_anything_is_made() {
    for at in 0..4 {
        let mut world = World::default();
        world.store.crash_at = Some(at);
        let plan = world.plan("box a").await;
        world.try_apply(&plan).await.expect_err("it was killed");
        let saved = world.store.load().await.expect("it can be read").is_some();
        assert!(saved || world.cloud(|cloud| cloud.things.is_empty()));
        assert_eq!(saved, at > 0);
    }
}

#[tokio::test(start_paused = true)]
async fn killed_twice() {
    let (mut world, plan) = killed(6, true, |_| {}).await.expect("it was killed");
    world.store.appends = 0.into();
    world.store.crash_at = Some(5);
    world.resume(&plan).await.expect("there is a journal").expect_err("it was killed again");
    world.store.crash_at = None;
    world.resume(&plan).await.expect("there is a journal").expect("it runs to its end");
    assert!(world.plan(AFTER).await.is_empty());
}

/// Who loses the lock while steps run does nothing more, though it was not told by a write that failed; and whoever goes
/// on comes to the same end.
#[tokio::test(start_paused = true)]
async fn one_that_has_lost_the_lock_does_nothing_more() {
    let whole = World::with(BEFORE).await;
    whole.apply(AFTER).await;
    let expected = end(&whole).await;
    let mut stopped = 0;
    for at in 1.. {
        let mut world = World::with(BEFORE).await;
        let plan = world.plan(AFTER).await;
        world.store.appends = 0.into();
        world.store.lost_at = Some(at);
        let Err(error) = world.try_apply(&plan).await else { break };
        assert_eq!(error, ApplyError::Store(StoreError::new("lost")));
        world.store.lost_at = None;
        if let Some(resumed) = world.resume(&plan).await {
            resumed.unwrap_or_else(|error| panic!("lost after write {at}: {error}"));
        } else {
            world.try_apply(&plan).await.expect("it runs to its end");
        }
        assert_eq!(end(&world).await, expected, "lost after write {at}");
        stopped += 1;
    }
    assert!(stopped > 10, "it was stopped {stopped} times");
}
