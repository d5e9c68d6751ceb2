//! What holds for every configuration: after an apply nothing is left to do, no step runs before those it waits for,
//! and whatever kills an apply, resuming it comes to the same.

mod support;

use std::collections::BTreeMap;

use infra_engine::id::StepId;
use infra_engine::plan::{Plan, ProblemKind};
use proptest::prelude::*;
use support::world::World;

/// One object: its kind, what it says, and which earlier object it refers to.
#[derive(Debug, Clone)]
struct Object {
    kind: usize,
    word: u8,
    refers: Option<usize>,
    there: bool,
}

fn object() -> impl Strategy<Value = Object> {
    let refers = proptest::option::weighted(0.7, 0_usize..8);
    (0_usize..4, 0_u8..3, refers, proptest::bool::weighted(0.8))
        .prop_map(|(kind, word, refers, there)| Object { kind, word, refers, there })
}

/// A configuration in which objects refer to earlier ones that are there, so that there is no ring.
fn config(objects: &[Object]) -> String {
    let mut text = String::new();
    let name = |at: usize| format!("{}.n{at}", ["box", "slot", "layer", "fleet"][objects[at].kind]);
    for (at, object) in objects.iter().enumerate().filter(|(_, object)| object.there) {
        let refers =
            object.refers.filter(|other| *other < at && objects[*other].there && objects[*other].kind != 2);
        let refers = refers.map(|other| format!("{}.id", name(other)));
        let line = match (object.kind, refers) {
            (0, Some(other)) => format!("box n{at} color={} peer={other}", object.word),
            (0, None) => format!("box n{at} size={}", object.word),
            (1, Some(other)) => format!("slot n{at} box={other}"),
            (1, None) => format!("slot n{at} box={} note={}", object.word, object.word),
            (2, _) => format!("layer n{at} script=s{}", object.word),
            (_, Some(other)) => format!("fleet n{at} launch={other}"),
            (_, None) => format!("fleet n{at} launch=l{}", object.word),
        };
        text += &format!("{line}\n");
    }
    text
}

fn configs() -> impl Strategy<Value = (String, String)> {
    // The same kinds on both sides: an address is of one kind.
    let pair =
        (object(), 0_u8..3, proptest::option::weighted(0.7, 0_usize..8), proptest::bool::weighted(0.8));
    proptest::collection::vec(pair, 1..8).prop_map(|pairs| {
        let before: Vec<Object> = pairs.iter().map(|(object, ..)| object.clone()).collect();
        let changed = pairs.iter().map(|(object, word, refers, there)| Object {
            word: *word,
            refers: *refers,
            there: *there,
            ..object.clone()
        });
        (config(&before), config(&changed.collect::<Vec<_>>()))
    })
}

/// Steps are numbered in an order in which they may run.
fn in_order(plan: &Plan) -> bool {
    plan.steps.after.iter().enumerate().all(|(at, after)| after.iter().all(|before| *before < StepId(at)))
}

/// The plan, if it can be carried out: where fixed names and moved references wait for one another there is none, and
/// the strict cloud refuses that something goes while it is used.
async fn feasible(world: &World, config: &str) -> Option<Plan> {
    match world.try_plan(config).await {
        Ok(plan) if plan.notes.iter().any(|note| note.contains("still uses it")) => None,
        Ok(plan) => Some(plan),
        Err(error) if error.problems.iter().all(|problem| problem.what == ProblemKind::Cycle) => None,
        Err(error) => panic!("{error}"),
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(future)
}

/// How many objects there are of each kind and name.
fn census(world: &World) -> BTreeMap<String, usize> {
    let mut census = BTreeMap::new();
    world.cloud(|cloud| {
        for thing in cloud.things.values() {
            *census.entry(format!("{}.{}", thing.kind, thing.name)).or_default() += 1;
        }
    });
    census
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_an_apply_the_plan_is_empty((before, after) in configs()) {
        run(async {
            let world = World::with(&before).await;
            let Some(plan) = feasible(&world, &after).await else { return Ok(()) };
            prop_assert!(in_order(&plan), "{plan}");
            let report = world.try_apply(&plan).await.expect("it runs to its end");
            prop_assert!(report.is_success(), "{plan}\n{:?}", report.failed);
            let again = world.plan(&after).await;
            prop_assert!(again.is_empty(), "{plan}\nand then\n{again}");
            let gone = world.plan_destroy().await.expect("nothing is protected");
            prop_assert!(world.try_apply(&gone).await.expect("it runs to its end").is_success());
            prop_assert_eq!(world.cloud(|cloud| cloud.things.len()), 0);
            prop_assert!(world.state().await.records.is_empty());
            Ok(())
        })?;
    }

    #[test]
    fn a_killed_apply_comes_to_the_same((before, after) in configs(), at in 0_usize..40, torn: bool) {
        run(async {
            let whole = World::with(&before).await;
            let Some(plan) = feasible(&whole, &after).await else { return Ok(()) };
            whole.try_apply(&plan).await.expect("it runs to its end");
            let mut world = World::with(&before).await;
            world.store.appends = 0.into();
            world.store.crash_at = Some(at);
            world.store.torn = torn;
            let plan = world.plan(&after).await;
            let killed = world.try_apply(&plan).await.is_err();
            world.store.crash_at = None;
            if killed && let Some(resumed) = world.resume(&plan).await {
                prop_assert!(resumed.expect("it runs to its end").is_success());
            } else if killed && world.state().await.serial == plan.header.serial {
                world.try_apply(&plan).await.expect("it runs to its end");
            }
            prop_assert!(world.plan(&after).await.is_empty());
            prop_assert_eq!(census(&world), census(&whole));
            Ok(())
        })?;
    }
}
