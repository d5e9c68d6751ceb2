//! What is live and was not applied.

mod support;

use infra_engine::drift::{Drift, Drifted, look};
use infra_lang::value::Value;
use insta::assert_snapshot;
use support::text;
use support::world::World;

fn told(drifted: &[Drifted]) -> String {
    let line = |it: &Drifted| {
        let older = if it.older { ", older" } else { "" };
        let what = match &it.what {
            Drift::Gone => "gone".to_owned(),
            Drift::Changed { attributes } => {
                let one = attributes.iter().map(|it| format!("{} {} → {}", it.name, it.applied, it.live));
                one.collect::<Vec<_>>().join(", ")
            }
        };
        format!("{} ({}{older}): {what}\n", it.address, it.id)
    };
    drifted.iter().map(line).collect()
}

async fn seen(world: &World) -> String {
    let project = text::desired("").project;
    told(&look(&world.state().await, &project, &world.memory).await.expect("the cloud can be read"))
}

/// What somebody else does to the object of this id.
fn meddle(world: &World, id: &str, attribute: &str, value: Value) {
    world.cloud(|cloud| {
        let thing = cloud.things.get_mut(&id.into()).expect("it is there");
        thing.values.insert(attribute.into(), value);
    });
}

const CONFIG: &str = "box a size=1 secret=secret:x peer=box.b.id\nbox b tags=[p|q]\nlayer l script=one";

#[tokio::test]
async fn what_was_applied_and_still_is_has_not_drifted() {
    let world = World::with(CONFIG).await;
    assert_snapshot!(seen(&world).await, @"");
    // AWS's own choice, and what it counts.
    meddle(&world, "a-id3", "zone", Value::string("z2"));
    meddle(&world, "a-id3", "version", Value::int(9));
    // The same to AWS.
    meddle(&world, "a-id3", "peer", Value::string("B-ID2"));
    assert_snapshot!(seen(&world).await, @"");
}

#[tokio::test]
async fn what_others_change_is_told_and_secrets_are_not() {
    let world = World::with(CONFIG).await;
    meddle(&world, "a-id3", "size", Value::int(2));
    meddle(&world, "a-id3", "secret", Value::string("y"));
    meddle(&world, "b-id2", "tags", Value::Null);
    assert_snapshot!(seen(&world).await, @r#"
    box.a (a-id3): secret (sensitive) → (sensitive), size 1 → 2
    box.b (b-id2): tags ["p", "q"] → null
    "#);
}

#[tokio::test]
async fn what_is_gone_is_told_older_ones_too() {
    let world = World::with(CONFIG).await;
    assert!(world.apply(&CONFIG.replace("one", "two")).await.is_success());
    world.cloud(|cloud| cloud.things.retain(|_, thing| thing.kind == *"box"));
    assert_snapshot!(seen(&world).await, @r"
    layer.l (l-id4): gone
    layer.l (l-id1, older): gone
    ");
}

#[tokio::test]
async fn what_the_configuration_wants_now_does_not_matter() {
    let world = World::with(CONFIG).await;
    meddle(&world, "a-id3", "size", Value::int(2));
    // Wanted by now, and not applied: drift all the same.
    assert!(world.plan(&CONFIG.replace("size=1", "size=2")).await.is_empty());
    assert_snapshot!(seen(&world).await, @"box.a (a-id3): size 1 → 2");
}
