//! What an apply does, says and leaves behind.

mod support;

use std::time::Duration;

use infra_engine::apply::{ApplyError, ApplyReport, Limits};
use infra_engine::provider::FailureClass;
use infra_engine::seal::{seal_plan, secrets_of, unseal};
use infra_engine::store::StateStore;
use infra_engine::{plan_file, state_file};
use insta::assert_snapshot;
use support::memory::Failure;
use support::world::World;

const SWAP_BEFORE: &str = "box a color=red\nfleet f launch=box.a.id";
const SWAP_AFTER: &str = "box a color=blue\nfleet f launch=box.a.id\nbox p peer=fleet.f.id";

fn outline(report: &ApplyReport) -> String {
    let steps = |steps: &[infra_engine::id::StepId]| steps.iter().map(|step| step.0).collect::<Vec<_>>();
    let failed: Vec<String> = report
        .failed
        .iter()
        .map(|failed| format!("{} {}: {}", failed.address, failed.title, failed.failure))
        .collect();
    format!(
        "{} done, failed {failed:?}, undone {:?}, skipped {}",
        report.succeeded,
        steps(&report.undone),
        report.skipped.len()
    )
}

#[tokio::test(start_paused = true)]
async fn steps_run_in_order_and_the_state_follows() {
    let world = World::with(SWAP_BEFORE).await;
    let report = world.apply(SWAP_AFTER).await;
    assert!(report.is_success());
    assert_snapshot!(world.told.take(), @r"
    0s box.a start: create
    0s box.a done
    0s fleet.f start: pin
    0s fleet.f done
    0s fleet.f start: launch the new fleet
    0s fleet.f done
    0s fleet.f start: attach
    0s fleet.f done
    0s fleet.f start: cut_over
    0s fleet.f done
    0s box.p start: create
    0s fleet.f start: retire the old fleet
    0s fleet.f done
    0s box.a start: delete the old one
    0s box.p done
    0s box.a done
    ");
    assert_snapshot!(world.state_text().await, @r"
    box.a a-id3
    box.p p-id5
    fleet.f f-id4
    ");
    assert!(world.plan(SWAP_AFTER).await.is_empty());
    assert_eq!(world.store.journal_load().await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_depend_on_a_failure_goes_on() {
    let world = World::default();
    world.fails("box.a create", Failure::Refused);
    let report = world.apply("box a\nbox b peer=box.a.id\nbox c peer=box.b.id\nbox d").await;
    assert_snapshot!(outline(&report), @r#"1 done, failed ["box.a create: Call: Refused"], undone [], skipped 2"#);
    assert_snapshot!(world.told.take(), @r"
    0s box.a start: create
    0s box.d start: create
    0s box.d done
    1s box.a failed: Call: Refused
    1s box.b skipped because of box.a
    1s box.c skipped because of box.a
    ");
    assert_snapshot!(world.state_text().await, @"box.d d-id1");
    assert_eq!(world.store.journal_load().await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn passing_failures_are_tried_again() {
    let world = World::default();
    world.fails("box.a create", Failure::Passing(3));
    assert!(world.apply("box a").await.is_success());
    assert_snapshot!(world.told.take(), @r"
    0s box.a start: create
    0s box.a wait: Call: Throttling; trying again
    7s box.a done
    ");
}

/// A call that was delivered twice is refused because of its own first delivery.
#[tokio::test(start_paused = true)]
async fn a_refusal_is_followed_by_another_look() {
    let world = World::default();
    world.fails("box.a create", Failure::Echo);
    assert!(world.apply("box a").await.is_success());
    assert_snapshot!(world.told.take(), @r"
    0s box.a start: create
    1s box.a done
    ");
    assert_eq!(world.cloud(|cloud| cloud.things.len()), 1);
}

#[tokio::test(start_paused = true)]
async fn time_runs_out() {
    let world = World::default();
    world.fails("box.a create", Failure::Never);
    let report = world.apply("box a").await;
    assert_snapshot!(outline(&report), @r#"0 done, failed ["box.a create: it took too long, waiting for nothing"], undone [], skipped 0"#);
    assert_snapshot!(world.told.take(), @r"
      0s box.a start: create
      0s box.a wait: nothing
    600s box.a failed: it took too long, waiting for nothing
    ");
}

#[tokio::test(start_paused = true)]
async fn a_step_waits_until_its_guard_holds() {
    let world = World::with(SWAP_BEFORE).await;
    world.fails("fleet.f enough", Failure::Unsafe(2));
    assert!(world.apply(SWAP_AFTER).await.is_success());
    let told = world.told.take();
    let lines: Vec<&str> = told.lines().filter(|line| line.contains("serve")).collect();
    assert_eq!(lines, ["  0s fleet.f wait: 2 of 3 serve"]);
}

#[tokio::test(start_paused = true)]
async fn a_guard_that_never_holds_keeps_the_old() {
    let world = World::with(SWAP_BEFORE).await;
    world.fails("fleet.f enough", Failure::Unsafe(u32::MAX));
    let report = world.apply(SWAP_AFTER).await;
    assert_snapshot!(outline(&report), @r#"6 done, failed ["fleet.f retire the old fleet: it was not safe to go on: 2 of 3 serve"], undone [], skipped 1"#);
    assert_snapshot!(world.state_text().await, @r"
    box.a a-id3 formerly a-id1
    box.p p-id5
    fleet.f f-id4 formerly f-id2
    ");
    // Once it holds, the next plan finishes what was left.
    world.cloud(|cloud| cloud.failures.clear());
    assert_snapshot!(world.plan(SWAP_AFTER).await, @r"
    prune box.a: superseded; retires a-id1
    prune fleet.f: superseded; retires f-id2
    1 unchanged
    steps:
    0 fleet.f delete [f-id2]: delete
    1 box.a delete [a-id1]: delete, after 0
    ");
}

#[tokio::test(start_paused = true)]
async fn a_failed_swap_is_taken_back() {
    let world = World::with(SWAP_BEFORE).await;
    world.fails("fleet.f cut_over", Failure::Refused);
    let report = world.apply(SWAP_AFTER).await;
    assert_snapshot!(outline(&report), @r#"1 done, failed ["fleet.f cut_over: Call: Refused"], undone [1, 2, 3], skipped 3"#);
    assert_snapshot!(world.told.take(), @r"
    0s box.a start: create
    0s box.a done
    0s fleet.f start: pin
    0s fleet.f done
    0s fleet.f start: launch the new fleet
    0s fleet.f done
    0s fleet.f start: attach
    0s fleet.f done
    0s fleet.f start: cut_over
    1s fleet.f failed: Call: Refused
    1s fleet.f undo: attach
    1s fleet.f undone
    1s fleet.f undo: launch the new fleet
    1s fleet.f undone
    1s fleet.f undo: pin
    1s fleet.f undone
    1s box.p skipped because of fleet.f
    1s fleet.f skipped because of fleet.f
    1s box.a skipped because of fleet.f
    ");
    // The new launch settings stay, the old ones too: the fleet still uses them.
    assert_snapshot!(world.state_text().await, @r"
    box.a a-id3 formerly a-id1
    fleet.f f-id2
    ");
    world.cloud(|cloud| cloud.failures.clear());
    assert!(world.apply(SWAP_AFTER).await.is_success());
    assert_snapshot!(world.state_text().await, @r"
    box.a a-id3
    box.p p-id6
    fleet.f f-id5
    ");
    assert!(world.plan(SWAP_AFTER).await.is_empty());
    assert_eq!(world.cloud(|cloud| cloud.things.len()), 3);
}

#[tokio::test(start_paused = true)]
async fn a_swap_that_cannot_be_taken_back_leaves_the_old_in_its_place() {
    let world = World::with(SWAP_BEFORE).await;
    world.fails("fleet.f cut_over", Failure::Refused);
    world.fails("fleet.f discard", Failure::Refused);
    let report = world.apply(SWAP_AFTER).await;
    assert_eq!(report.undo_failed.len(), 1);
    assert_snapshot!(world.state_text().await, @r"
    box.a a-id3 formerly a-id1
    fleet.f f-id2 formerly f-id4
    ");
    world.cloud(|cloud| cloud.failures.clear());
    assert!(world.apply(SWAP_AFTER).await.is_success());
    assert!(world.plan(SWAP_AFTER).await.is_empty());
    assert_eq!(world.cloud(|cloud| cloud.called("fleet", "f").len()), 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_begun_is_not_lost() {
    let world = World::default();
    world.fails("box.a create", Failure::Late);
    world.fails("layer.l create", Failure::Late);
    let report = world.apply("box a size=1\nlayer l script=one").await;
    assert_eq!(report.failed.len(), 2);
    assert_snapshot!(world.state_text().await, @r"
    box.a a-id2
    layer.l l-id1
    ");
    world.cloud(|cloud| cloud.failures.clear());
    assert!(world.apply("box a size=1\nlayer l script=one").await.is_success());
    assert!(world.plan("box a size=1\nlayer l script=one").await.is_empty());
    assert_eq!(world.cloud(|cloud| cloud.things.len()), 2);
}

/// The state has lost an older `d`, so that the plan cannot see that the older `c` is what comes back.
#[tokio::test(start_paused = true)]
async fn an_older_object_that_comes_back_is_not_deleted() {
    let config = |holds: &str| format!("cask d holds={holds}\ncask c holds=cask.d.id");
    let world = World::with(&config("beer")).await;
    world.apply(&config("wine")).await;
    let mut state = world.state().await;
    state.records.values_mut().filter(|record| record.dependencies.is_empty()).for_each(|d| d.former.clear());
    world.store.save(&state_file::write(&state)).await.expect("it is saved");
    let plan = world.plan(&config("beer")).await;
    assert_snapshot!(plan, @r#"
    replace (new first) cask.c: attributes; retires c-idof-d-idof-beer
        holds: "d-idof-wine" -> cask.d.id (upstream) (forces a new one)
    replace (new first) cask.d: attributes
        holds: "wine" -> "beer" (forces a new one)
    0 unchanged
    steps:
    0 cask.d create: create
    1 cask.c create: create, after 0
    2 cask.c delete [c-idof-d-idof-beer]: delete, after 1
    "#);
    assert!(world.try_apply(&plan).await.expect("it runs to its end").is_success());
    assert_snapshot!(world.state_text().await, @r"
    cask.c c-idof-d-idof-beer formerly c-idof-d-idof-wine
    cask.d d-idof-beer formerly d-idof-wine
    ");
    assert!(world.plan(&config("beer")).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_gentle_stop_finishes_what_runs() {
    let world = World { limits: Limits { parallelism: 1 }, ..World::default() };
    world.fails("box.a create", Failure::Passing(2));
    let plan = world.plan("box a\nbox b peer=box.a.id").await;
    let stop = world.stop.gentle.clone();
    let stopping = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stop.cancel();
    };
    let (report, ()) = tokio::join!(world.try_apply(&plan), stopping);
    let report = report.expect("it stops well");
    assert!(report.stopped);
    assert_snapshot!(world.told.take(), @r"
    0s box.a start: create
    0s box.a wait: Call: Throttling; trying again
    3s box.a done
    ");
    let world = World { stop: Default::default(), ..world };
    let report = world.resume(&plan).await.expect("there is a journal").expect("it runs to its end");
    assert!(report.is_success());
    assert_snapshot!(world.state_text().await, @r"
    box.a a-id1
    box.b b-id2
    ");
}

#[tokio::test(start_paused = true)]
async fn a_hard_stop_leaves_a_step_in_doubt() {
    let world = World::default();
    world.fails("box.a create", Failure::Never);
    let plan = world.plan("box a").await;
    let stop = world.stop.now.clone();
    let stopping = async {
        tokio::time::sleep(Duration::from_secs(7)).await;
        stop.cancel();
    };
    let (report, ()) = tokio::join!(world.try_apply(&plan), stopping);
    assert!(report.expect("it stops well").stopped);
    assert_eq!(world.state().await.serial, 0);
    world.cloud(|cloud| cloud.failures.clear());
    let world = World { stop: Default::default(), ..world };
    let report = world.resume(&plan).await.expect("there is a journal").expect("it runs to its end");
    assert!(report.is_success());
}

#[tokio::test(start_paused = true)]
async fn an_outage_fails_nothing_and_takes_nothing_back() {
    for class in [FailureClass::Credentials, FailureClass::Unreachable] {
        let world = World::with(SWAP_BEFORE).await;
        world.fails("fleet.f attach", Failure::Outage(class));
        let plan = world.plan(SWAP_AFTER).await;
        let error = world.try_apply(&plan).await.expect_err("it is interrupted");
        assert!(matches!(error, ApplyError::Interrupted(_)), "{error}");
        world.cloud(|cloud| cloud.failures.clear());
        let report = world.resume(&plan).await.expect("there is a journal").expect("it runs to its end");
        assert!(report.is_success());
        assert!(world.plan(SWAP_AFTER).await.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn another_state_is_refused() {
    let world = World::default();
    let plan = world.plan("box a").await;
    world.apply("box b").await;
    assert_eq!(world.try_apply(&plan).await, Err(ApplyError::Stale { planned: 0, found: 1 }));
}

#[tokio::test(start_paused = true)]
async fn secrets_are_in_no_file_and_have_to_be_given_again() {
    let world = World::default();
    let config =
        "box a secret=secret:hunter2\nbox b peer=box.a.id secret=box.a.secret\noutput o = box.a.secret";
    let plan = world.plan(config).await;
    plan_file::write(&plan).expect_err("a secret was written");
    let key = world.state().await.key;
    let bytes = plan_file::write(&seal_plan(&plan, &key)).expect("it is sealed");
    assert!(!String::from_utf8_lossy(&bytes).contains("hunter2"));
    let saved = plan_file::read(&bytes).expect("it is a plan");
    let refused = world.try_apply(&saved).await.expect_err("the secret is missing");
    assert_snapshot!(refused, @"the secret in `secret` is sealed, and has to be given again");
    let error = unseal(&saved, &key, []).expect_err("the secret is missing");
    assert_snapshot!(error, @"the secret in `box.a.secret` is not the one the plan was made with");
    let opened = unseal(&saved, &key, secrets_of(&plan)).expect("all secrets are there");
    assert_eq!(opened, plan);
    assert!(world.try_apply(&opened).await.expect("it runs to its end").is_success());
    let state = state_file::write(&world.state().await);
    assert!(!String::from_utf8_lossy(&state).contains("hunter2"));
    assert_eq!(
        world.cloud(|cloud| cloud
            .things
            .values()
            .filter(|thing| thing.values["secret"].as_str() == Some("hunter2"))
            .count()),
        2
    );
}
