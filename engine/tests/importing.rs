//! `import` blocks: what exists already becomes ours.

mod support;

use infra_engine::id::Token;
use infra_engine::state_file;
use infra_lang::value::Value;
use insta::assert_snapshot;
use support::memory::Thing;
use support::world::World;

/// A cloud with a box `web-id` of size 1 and color red, a slot `desk-id` in it, a fleet and a cup, none of them ours.
async fn world() -> World {
    let world = World::default();
    let things = [
        (
            "web-id",
            "box",
            vec![("size", Value::int(1)), ("color", Value::string("red")), ("version", Value::int(1))],
        ),
        ("desk-id", "slot", vec![("box", Value::string("web-id"))]),
        ("crew-id", "fleet", vec![("launch", Value::string("x"))]),
        ("mug-id", "cup", vec![("name", Value::string("mug")), ("glaze", Value::string("blue"))]),
    ];
    world.cloud(|cloud| {
        for (id, kind, values) in things {
            let mut values: infra_lang::residual::Values =
                values.into_iter().map(|(name, value)| (name.into(), value)).collect();
            values.insert("id".into(), Value::string(id));
            let thing = Thing {
                kind: kind.into(),
                name: id.to_owned(),
                values,
                identity: None,
                token: Token(String::new()),
            };
            cloud.things.insert(id.into(), thing);
        }
    });
    world
}

async fn refused(config: &str) -> String {
    let error = world().await.try_plan(config).await.expect_err("it is refused");
    let lines = error.problems.iter().map(|it| format!("{it}\n  {}\n", it.hint.clone().unwrap_or_default()));
    lines.collect()
}

#[tokio::test]
async fn what_is_as_it_is_written_only_enters_the_state() {
    let world = world().await;
    let config = "
        box web size=1 color=red
        slot desk box=box.web.id
        import box.web web-id
        import slot.desk desk-id
        output o = box.web.id";
    assert_snapshot!(world.plan(config).await, @r#"
    adopt box.web: imported
    adopt slot.desk: imported
    output o = "web-id"
    0 unchanged
    steps:
    0 box.web adopt [web-id]: import
    1 slot.desk adopt [desk-id]: import, after 0
    "#);
    assert!(world.apply(config).await.is_success());
    assert_snapshot!(world.state_text().await, @r"
    box.web web-id
    slot.desk desk-id
    ");
    assert!(world.plan(config).await.is_empty());
    assert!(
        world
            .plan("box web size=1 color=red\nslot desk box=box.web.id\noutput o = box.web.id")
            .await
            .is_empty()
    );
    assert_eq!(world.cloud(|cloud| cloud.log.join(", ")), "box.web adopt, slot.desk adopt");
}

#[tokio::test]
async fn what_differs_changes_in_the_same_plan() {
    let world = world().await;
    let config = "box web color=red hidden=h tags=[p]\nimport box.web web-id\nbox b peer=box.web.id size=box.web.version";
    assert_snapshot!(world.plan(config).await, @r#"
    create box.b: new
        peer: unset -> "web-id"
        size: unset -> box.web.version
    adopt box.web: imported
        hidden: unset -> "h"
        tags: unset -> ["p"]
    note: what `box.web` has of `size` is left alone: nothing is written of it
    0 unchanged
    steps:
    0 box.web adopt [web-id]: import
    1 box.web update (hidden, tags) [web-id]: update, after 0
    2 box.b create: create, after 1
    "#);
    assert!(world.apply(config).await.is_success());
    assert!(world.plan(config).await.is_empty());
}

#[tokio::test]
async fn nothing_is_made_anew_to_be_imported() {
    assert_snapshot!(refused("box web size=2 color=blue\nimport box.web web-id").await, @r#"
    main.infra:0: `web-id` would have to be made anew to be `box.web`, for it differs in `color`, and an import destroys nothing
      write what is there: `color = "red"`; it can be changed once it is imported
    "#);
    assert_snapshot!(refused("fleet f launch=y\nimport fleet.f crew-id").await, @r#"
    main.infra:0: `crew-id` would have to be made anew to be `fleet.f`, for it differs in `launch`, and an import destroys nothing
      write what is there: `launch = "x"`; it can be changed once it is imported
    "#);
    assert_snapshot!(refused("cup c name_prefix=p-c-\nimport cup.c mug-id").await, @r#"
    main.infra:0: `mug-id` would have to be made anew to be `cup.c`, for it differs in `glaze`, and an import destroys nothing
      write what is there: `glaze = "blue"`; it can be changed once it is imported
    "#);
}

#[tokio::test]
async fn an_object_that_says_no_name_keeps_the_one_it_has() {
    let world = world().await;
    let config = "cup c name_prefix=p-c- glaze=blue\nimport cup.c mug-id";
    assert_snapshot!(world.plan(config).await, @r"
    adopt cup.c: imported
    0 unchanged
    steps:
    0 cup.c adopt [mug-id]: import
    ");
    assert!(world.apply(config).await.is_success());
    assert!(world.plan(config).await.is_empty());
}

#[tokio::test]
async fn one_object_has_one_address_and_has_to_be_there() {
    assert_snapshot!(refused("box a\nimport box.a nobody").await, @r"
    main.infra:1: there is no box `nobody` in eu-west-1
      look up its id, or take the `import` block out to have one made
    ");
    assert_snapshot!(refused("box a\nbox b\nimport box.a web-id\nimport box.b web-id").await, @r#"
    main.infra:3: `web-id` would be both `box.a` and `box.b`
      take one of the two `import` blocks out
    main.infra:0: `web-id` would have to be made anew to be `box.a`, for it differs in `color`, and an import destroys nothing
      write what is there: `color = "red"`; it can be changed once it is imported
    "#);
    assert_snapshot!(refused("import box.a web-id").await, @r"
    main.infra:0: there is no `box.a` to import `web-id` into
      write its block, with the attributes that it has
    ");
    assert_snapshot!(refused("layer l script=s\nimport layer.l web-id").await, @r"
    main.infra:1: an object of the kind `layer` cannot be imported: it is known by what it is made from
      one that was made from just this is found without an import
    ");
}

#[tokio::test]
async fn an_import_that_has_been_done_is_nothing() {
    let world = world().await;
    let config = "box web size=1 color=red\nimport box.web web-id";
    world.apply(config).await;
    let other = world.try_plan("box web size=1 color=red\nbox b\nimport box.b web-id").await;
    assert_snapshot!(other.expect_err("it is refused"), @"main.infra:2: `web-id` is in the state already, as `box.web`");
    let second = world.try_plan("box web size=1 color=red\nimport box.web mug-id").await;
    assert_snapshot!(second.expect_err("it is refused"), @"main.infra:1: `box.web` is `web-id` already, and cannot be `mug-id` too");
    // Another has taken its place since.
    world.cloud(|cloud| cloud.things.remove(&"desk-id".into()));
    world.apply("box web size=1 color=blue\nimport box.web web-id").await;
    assert_snapshot!(world.plan("box web size=1 color=blue\nimport box.web web-id").await, @r"
    note: the import of `web-id` into `box.web` has done its work: another object is there now
    1 unchanged
    ");
}

#[tokio::test]
async fn what_is_gone_may_be_imported_instead() {
    let world = world().await;
    world.apply("box web color=red").await;
    world.cloud(|cloud| cloud.things.retain(|id, _| id.0.ends_with("-id")));
    assert_snapshot!(world.plan("box web size=1 color=red\nimport box.web web-id").await, @r"
    adopt box.web: imported
    0 unchanged
    steps:
    0 box.web adopt [web-id]: import
    ");
}

#[tokio::test]
async fn secrets_of_what_is_imported_are_sealed() {
    let world = world().await;
    world.cloud(|cloud| {
        let thing = cloud.things.get_mut(&"web-id".into()).expect("it is there");
        thing.values.insert("secret".into(), Value::string("hunter2"));
    });
    let config = "box web size=1 color=red secret=secret:hunter2\nimport box.web web-id";
    assert_snapshot!(world.plan(config).await, @r"
    adopt box.web: imported
    0 unchanged
    steps:
    0 box.web adopt [web-id]: import
    ");
    let changed = world.plan(&config.replace("secret:hunter2", "secret:hunter3")).await;
    assert_snapshot!(changed, @r"
    adopt box.web: imported
        secret: (sensitive) -> (sensitive)
    0 unchanged
    steps:
    0 box.web adopt [web-id]: import
    1 box.web update (secret) [web-id]: update, after 0
    ");
    world.try_apply(&changed).await.expect("it runs to its end");
    let state = String::from_utf8(state_file::write(&world.state().await)).expect("JSON");
    assert!(!state.contains("hunter"), "{state}");
}

#[tokio::test]
async fn what_was_forgotten_can_be_imported_again() {
    let config = "box a size=1 color=red\nbox b peer=box.a.id";
    let world = World::with(config).await;
    assert!(world.apply("forget box.a\nforget box.b").await.is_success());
    let back = format!("{config}\nimport box.a a-id1\nimport box.b b-id2");
    assert!(world.apply(&back).await.is_success());
    assert!(world.plan(config).await.is_empty());
    assert_eq!(world.cloud(|cloud| cloud.things.len()), 2);
}
