//! What comes of ephemeral variables reaches the cloud and nothing else.

mod support;

use infra_engine::apply::ApplyError;
use infra_engine::plan_file;
use infra_engine::seal::{seal, seal_plan};
use infra_engine::store::StateStore;
use infra_lang::value::Value;
use insta::assert_snapshot;
use support::memory::Failure;
use support::world::World;

const CONFIG: &str = "box a size=1 secret=ephemeral:token tags=[p|ephemeral:token]\nbox b peer=box.a.id";

fn secret(text: &str) -> Value {
    Value::Sensitive(Box::new(Value::string(text)))
}

fn world(token: &str) -> World {
    World { ephemeral: [("token".into(), secret(token))].into(), ..World::default() }
}

/// Whether neither the value nor its keyed hash is in a text.
async fn is_clean(world: &World, text: &[u8]) -> bool {
    let key = world.state().await.key;
    let Value::Sealed(hash) = seal(&secret("hunter2"), &key) else { panic!("it is sealed") };
    let text = String::from_utf8_lossy(text);
    !text.contains("hunter2") && !text.contains(&hash)
}

#[tokio::test(start_paused = true)]
async fn it_is_applied_and_kept_nowhere() {
    let world = world("hunter2");
    let plan = world.plan(CONFIG).await;
    assert_snapshot!(plan, @r#"
    create box.a: new
        secret: unset -> (ephemeral: var.token)
        size: unset -> 1
        tags: unset -> ["p", (ephemeral: var.token)]
    create box.b: new
        peer: unset -> box.a.id
    0 unchanged
    steps:
    0 box.a create: create
    1 box.b create: create, after 0
    "#);
    let bytes = plan_file::write(&seal_plan(&plan, &world.state().await.key)).expect("it is sealed");
    assert!(is_clean(&world, &bytes).await);
    let saved = plan_file::read(&bytes).expect("it is a plan");
    // The journal stays behind for a look when a step is interrupted.
    world.fails("box.b create", Failure::Outage(infra_engine::provider::FailureClass::Unreachable));
    world.try_apply(&saved).await.expect_err("it is interrupted");
    let journal = world.store.journal_load().await.expect("it can be read").expect("it is there");
    assert!(is_clean(&world, &journal).await);
    world.cloud(|cloud| cloud.failures.clear());
    let report = world.resume(&saved).await.expect("there is a journal").expect("it runs to its end");
    assert!(report.is_success());
    assert!(is_clean(&world, &world.store.load().await.expect("it can be read").expect("it is there")).await);
    let secrets = world.cloud(|cloud| {
        cloud.things.values().filter_map(|it| it.values.get("secret").cloned()).collect::<Vec<_>>()
    });
    assert_eq!(secrets, [Value::string("hunter2")]);
}

#[tokio::test(start_paused = true)]
async fn it_never_shows_as_a_difference() {
    let world = world("hunter2");
    assert!(world.apply(CONFIG).await.is_success());
    let world = World { ephemeral: [("token".into(), secret("hunter3"))].into(), ..world };
    assert!(world.plan(CONFIG).await.is_empty());
    assert_snapshot!(world.plan(&CONFIG.replace("size=1", "size=2")).await, @r"
    update box.a: attributes
        size: 1 -> 2
    1 unchanged
    steps:
    0 box.a update (size) [a-id1]: update
    ");
}

#[tokio::test(start_paused = true)]
async fn it_has_to_be_given_to_every_apply() {
    let world = World::default();
    let plan = world.plan(CONFIG).await;
    let error = world.try_apply(&plan).await.expect_err("it is missing");
    assert!(matches!(error, ApplyError::NotGiven(_)));
    assert_snapshot!(error, @"the ephemeral variable `token` is not given: nothing of it is kept, so every apply takes it again");
}
