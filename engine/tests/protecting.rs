//! `prevent_destroy` lives in the state: every road to a destruction is closed until a change of its own opens it.

mod support;

use infra_engine::plan::{Plan, PlanError};
use insta::assert_snapshot;
use support::text;
use support::world::World;

const BEFORE: &str = "box a color=red !prevent_destroy\nbox b peer=box.a.id";

fn told(plan: Result<Plan, PlanError>) -> String {
    match plan {
        Ok(plan) => plan.to_string(),
        Err(error) => {
            let line = |it: &infra_engine::plan::Problem| {
                format!("{it}\n= {}\n", it.hint.clone().unwrap_or_default())
            };
            error.problems.iter().map(line).collect()
        }
    }
}

#[tokio::test]
async fn every_road_is_closed() {
    let world = World::with(BEFORE).await;
    // The block is gone; an instance of its `for_each`, or the call of its module, are the same to the state.
    for config in ["box b", "box b\nremoved box.a"] {
        assert!(
            told(world.try_plan(config).await).contains("`box.a` is protected and would be destroyed"),
            "{config}"
        );
    }
    assert!(told(world.plan_destroy().await).contains("`box.a` is protected and would be destroyed"));
    // Something else under its name, and it under another.
    assert_snapshot!(told(world.try_plan(&BEFORE.replace("red", "blue")).await), @r"
    main.infra:0: `box.a` is protected and would be destroyed to be made anew
    = set `prevent_destroy = false`, or take back what makes a new one necessary
    ");
    assert_snapshot!(told(world.try_plan(&BEFORE.replace("box a", "box c").replace("box.a", "box.c")).await), @r"
    `box.a` is protected and would be destroyed
    = if it has another address now, say so:

    moved {
      from = box.a
      to   = box.c
    }
    ");
    // To be made anew at once with lifting the protection is one change too many.
    assert_snapshot!(told(world.try_plan(&BEFORE.replace("red !prevent_destroy", "blue")).await), @r"
    main.infra:0: `box.a` is protected and would be destroyed to be made anew
    = apply `prevent_destroy = false` alone first, and then what makes a new one necessary
    ");
    assert_eq!(world.cloud(|cloud| cloud.log.len()), 0);
}

#[tokio::test]
async fn only_a_change_of_its_own_lifts_it() {
    let world = World::with(BEFORE).await;
    let lifted = BEFORE.replace(" !prevent_destroy", "");
    let plan = world.plan(&lifted).await;
    assert_snapshot!(plan, @r"
    no longer protected: box.a
    2 unchanged
    ");
    assert!(!plan.is_empty());
    assert!(world.try_apply(&plan).await.expect("it runs to its end").is_success());
    assert!(world.plan(&lifted).await.is_empty());
    assert!(world.plan_destroy().await.is_ok());
    let again = world.plan(BEFORE).await;
    assert_snapshot!(again, @r"
    protected from now on: box.a
    2 unchanged
    ");
    assert!(world.try_apply(&again).await.expect("it runs to its end").is_success());
    assert!(world.plan_destroy().await.is_err());
}

#[tokio::test]
async fn what_moves_stays_protected_and_what_is_left_alone_is_not_destroyed() {
    let world = World::with(BEFORE).await;
    let moved = "box c color=red !prevent_destroy\nbox b peer=box.c.id\nmoved box.a -> box.c";
    assert!(world.apply(moved).await.is_success());
    assert!(told(world.plan_destroy().await).contains("`box.c` is protected"));
    assert!(world.plan_destroy_of(&text::desired("forget box.c")).await.is_ok());
}
