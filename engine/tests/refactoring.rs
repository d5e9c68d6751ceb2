//! `moved` and `removed` blocks: what the state makes of them.

mod support;

use infra_engine::plan::Renamed;
use infra_engine::store::StateStore;
use insta::assert_snapshot;
use support::text;
use support::world::World;

const BEFORE: &str = "box a size=1\nbox b peer=box.a.id\nlayer l script=one";
const MOVED: &str = "box c size=1\nbox b peer=box.c.id\nlayer l script=one\nmoved box.a -> box.c";

#[tokio::test]
async fn a_move_changes_the_state_and_nothing_else() {
    let world = World::with(BEFORE).await;
    let plan = world.plan(MOVED).await;
    assert_snapshot!(plan, @r"
    moved box.a -> box.c
    3 unchanged
    ");
    assert!(!plan.is_empty());
    let report = world.try_apply(&plan).await.expect("it runs to its end");
    assert!(report.is_success());
    assert_eq!(world.cloud(|cloud| cloud.log.len()), 0);
    assert_snapshot!(world.state_text().await, @r"
    box.b b-id3
    box.c a-id2
    layer.l l-id1
    ");
    assert!(world.plan(MOVED).await.is_empty());
    assert!(world.plan(&MOVED.replace("moved box.a -> box.c", "")).await.is_empty());
}

#[tokio::test]
async fn what_moves_may_change_too() {
    let world = World::with(BEFORE).await;
    let config = MOVED.replace("size=1", "size=2").replace("box b peer=box.c.id", "");
    assert_snapshot!(world.plan(&config).await, @r"
    moved box.a -> box.c
    delete box.b: removed
    update box.c: attributes
        size: 1 -> 2
    1 unchanged
    steps:
    0 box.b delete [b-id3]: delete
    1 box.c update (size) [a-id2]: update
    ");
    assert!(world.apply(&config).await.is_success());
    assert_snapshot!(world.state_text().await, @r"
    box.c a-id2
    layer.l l-id1
    ");
}

#[tokio::test]
async fn two_objects_cannot_have_one_address() {
    let world = World::with("box a\nbox c").await;
    let error = world.try_plan("box c\nmoved box.a -> box.c").await.expect_err("it is refused");
    assert_snapshot!(error, @"main.infra:1: `box.a` cannot become `box.c`: the state has a `box.c` already");
}

#[tokio::test]
async fn a_crash_while_the_state_is_saved_is_harmless() {
    let mut world = World::with(BEFORE).await;
    let plan = world.plan(MOVED).await;
    for crash in 0.. {
        world.store.appends = Default::default();
        world.store.crash_at = Some(crash);
        let done = world.try_apply(&plan).await;
        world.store.crash_at = None;
        assert_eq!(world.store.journal_load().await, Ok(None));
        match done {
            Err(_) if world.state().await.serial == plan.header.serial => {}
            _ => break,
        }
    }
    assert!(world.plan(MOVED).await.is_empty());
}

#[tokio::test]
async fn a_default_name_stays_where_the_object_stays() {
    let before = "cup a name_prefix=p-a- glaze=red";
    let world = World::with(before).await;
    let moved = |glaze: &str| format!("cup b name_prefix=p-b- glaze={glaze}\nmoved cup.a -> cup.b");
    assert_snapshot!(world.plan(&moved("red")).await, @r"
    moved cup.a -> cup.b
    1 unchanged
    ");
    assert_snapshot!(world.plan(&moved("blue")).await, @r#"
    moved cup.a -> cup.b
    replace (new first) cup.b: attributes
        glaze: "red" -> "blue" (forces a new one)
        name_prefix: "p-a-" -> "p-b-" (forces a new one)
    0 unchanged
    steps:
    0 cup.b create: create
    1 cup.b delete [a-id1]: delete the old one, after 0
    "#);
    assert!(world.apply(&moved("red")).await.is_success());
    assert!(world.plan("cup b name_prefix=p-b- glaze=red").await.is_empty());
    // One that is written counts.
    let mut desired = text::desired(&moved("red"));
    let cup = desired.objects.values_mut().next().expect("there is one");
    cup.attribute_spans.insert("name_prefix".into(), cup.span);
    assert_snapshot!(world.try_plan_of(&desired).await.expect("there is a plan"), @r#"
    replace (new first) cup.b: attributes
        name_prefix: "p-a-" -> "p-b-" (forces a new one)
    0 unchanged
    steps:
    0 cup.b create: create
    1 cup.b delete [a-id1]: delete the old one, after 0
    "#);
}

#[tokio::test]
async fn what_is_removed_goes_or_is_left_alone() {
    let before = "box a !prevent_destroy\nbox b peer=box.a.id\nlayer l script=one";
    let world = World::with(before).await;
    world.apply(&before.replace("one", "two")).await;
    assert_snapshot!(world.try_plan("removed box.a\nremoved box.b\nforget layer.l").await.expect_err("a is protected"), @"main.infra:0: `box.a` is protected and would be destroyed");
    let config = "forget box.a\nremoved box.b\nforget layer.l";
    assert_snapshot!(world.plan(config).await, @r"
    forget box.a: removed, released
    delete box.b: removed
    forget layer.l: removed, released; retires l-id1
    0 unchanged
    steps:
    0 box.a forget [a-id2]: forget a-id2
    1 box.b delete [b-id3]: delete
    2 layer.l forget [l-id4]: forget l-id4
    3 layer.l forget [l-id1]: forget l-id1
    ");
    assert!(world.apply(config).await.is_success());
    assert_snapshot!(world.state_text().await, @"");
    assert_eq!(world.cloud(|cloud| cloud.things.len()), 3);
    assert!(world.plan(config).await.is_empty());
}

#[tokio::test]
async fn what_is_left_alone_is_not_destroyed_with_the_rest() {
    let world = World::with("box a\nbox b").await;
    let desired = text::desired("box b\nforget box.a");
    assert_snapshot!(world.plan_destroy_of(&desired).await.expect("there is a plan"), @r"
    forget box.a: removed, released
    delete box.b: removed
    0 unchanged
    steps:
    0 box.a forget [a-id2]: forget a-id2
    1 box.b delete [b-id1]: delete
    ");
}

/// The plan of `config` after `before`, as far as it says what was renamed.
async fn renamed(before: &str, config: &str) -> String {
    let world = World::with(before).await;
    let blocks = |blocks: &[Renamed]| blocks.iter().map(|it| format!("{} -> {}\n", it.from, it.to)).collect();
    match world.try_plan(config).await {
        Ok(plan) => blocks(&plan.renamed),
        Err(error) => {
            error.problems.iter().map(|it| format!("{it}\n{}", it.hint.clone().unwrap_or_default())).collect()
        }
    }
}

#[tokio::test]
async fn what_goes_and_comes_alike_was_renamed() {
    assert_snapshot!(renamed("box a size=1\nbox b peer=box.a.id", "box c size=1\nbox b peer=box.c.id").await, @"box.a -> box.c");
    // What refers to something renamed is the same too.
    assert_snapshot!(renamed("box a size=1\nbox b peer=box.a.id", "box c size=1\nbox d peer=box.c.id").await, @r"
    box.a -> box.c
    box.b -> box.d
    ");
    assert_snapshot!(renamed("box a secret=secret:x", "box b secret=secret:x").await, @"box.a -> box.b");
    assert_snapshot!(renamed("cup a name_prefix=p-a-", "cup b name_prefix=p-b-").await, @"cup.a -> cup.b");
}

#[tokio::test]
async fn what_differs_was_not_renamed() {
    for (before, config) in [
        ("box a size=1", "box b size=2"),
        ("box a size=1", "box b"),
        ("box a secret=secret:x", "box b secret=secret:y"),
        ("box a size=1", "cask b holds=1"),
        // What it refers to is another.
        ("box a size=1\nslot s box=box.a.id", "box b size=2\nslot t box=box.b.id"),
        // Which of the two, nobody knows.
        ("box a size=1\nbox b size=1", "box c size=1"),
        ("box a size=1", "box a size=1\nbox b size=1"),
        ("layer l script=one", "layer m script=one"),
    ] {
        assert_eq!(renamed(before, config).await, "", "{before} then {config}");
    }
}

#[tokio::test]
async fn what_there_can_be_only_one_of_is_refused() {
    let renamed = renamed("cup a name=mug glaze=red", "cup b name=mug glaze=blue").await;
    assert_snapshot!(renamed, @r"
    main.infra:0: `a-id1` would be destroyed as `cup.a` and made as `cup.b`, and there can be only one
    say that it has moved:

    moved {
      from = cup.a
      to   = cup.b
    }
    ");
}

#[tokio::test]
async fn what_is_suggested_says_it() {
    let world = World::with("box a size=1\nbox b peer=box.a.id").await;
    let config = "box c size=1\nbox d peer=box.c.id";
    let plan = world.plan(config).await;
    let moves: String = plan.renamed.iter().map(|it| format!("\nmoved {} -> {}", it.from, it.to)).collect();
    assert_snapshot!(world.plan(&(config.to_owned() + &moves)).await, @r"
    moved box.a -> box.c
    moved box.b -> box.d
    2 unchanged
    ");
}
