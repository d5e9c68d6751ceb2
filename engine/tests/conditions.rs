//! Conditions of life cycles, outputs and checks, and lookups that come after what is made.

mod support;

use infra_engine::apply::ApplyReport;
use infra_engine::plan_file;
use infra_engine::seal::{seal_plan, secrets_of, unseal};
use infra_lang::value::Value;
use insta::assert_snapshot;
use support::world::World;

fn ended(report: &ApplyReport) -> String {
    let failed = report.failed.iter().map(|it| format!("failed {} {}: {}", it.address, it.title, it.failure));
    let skipped = report.skipped.iter().map(|it| format!("skipped {}", it.address));
    let broken = report.broken.iter().map(|it| format!("broken {it}"));
    let lines = failed.chain(skipped).chain(broken).map(|line| line + "\n");
    format!("{} done\n{}", report.succeeded, lines.collect::<String>())
}

#[tokio::test(start_paused = true)]
async fn what_is_known_is_decided_at_plan() {
    let config = "
        box a size=1 !pre=box.b.size==2 !post=box.a.zone==z1
        box b size=2
        check good box.a.size==1
        check bad box.b.size==1
        output o = box.a.size !pre=box.b.size==2";
    assert_snapshot!(World::check(config, config).await, @r#"
    broken check "bad": not box.b.size==1 (main.infra:4)
    2 unchanged
    "#);
    let broken = config.replace("!pre=box.b.size==2", "!pre=box.b.size==3").replace("zone==z1", "zone==z2");
    assert_snapshot!(World::check(config, &broken).await, @r"
    main.infra:1: not box.b.size==3
    main.infra:1: not box.a.zone==z2
    main.infra:5: not box.b.size==3
    ");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_known_is_decided_while_it_is_applied() {
    let config = "
        box a !post=box.a.version==1
        box b peer=box.a.id !pre=box.a.zone==z1
        check good box.b.zone==z1
        check bad box.b.version==2
        output o = box.b.id !pre=box.a.version==1
        output p = box.b.id !pre=box.a.version==2";
    let world = World::default();
    let plan = world.plan(config).await;
    assert_snapshot!(plan, @r#"
    create box.a: new
        and then box.a.version == 1
    create box.b: new
        peer: unset -> box.a.id
        only if box.a.zone == "z1"
    output o = box.b.id
    output p = box.b.id
    open output.o: box.a.version == 1
    open output.p: box.a.version == 2
    open check "good": box.b.zone == "z1"
    open check "bad": box.b.version == 2
    0 unchanged
    steps:
    0 box.a create: create
    1 box.b create: create, after 0
    "#);
    assert_snapshot!(ended(&world.try_apply(&plan).await.expect("it runs to its end")), @r#"
    2 done
    broken output.p: not box.a.version==2 (main.infra:6)
    broken check "bad": not box.b.version==2 (main.infra:4)
    "#);
    assert_eq!(world.state().await.outputs.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["o"]);
}

#[tokio::test(start_paused = true)]
async fn a_broken_precondition_stops_an_object_before_anything_is_done() {
    let config = "box a\nbox b color=red !pre=box.a.zone==z9\nbox c peer=box.b.id\nbox d";
    let world = World::default();
    assert_snapshot!(ended(&world.apply(config).await), @r"
    2 done
    failed box.b create: not box.a.zone==z9 (main.infra:1)
    skipped box.c
    ");
    assert_snapshot!(world.state_text().await, @r"
    box.a a-id2
    box.d d-id1
    ");
}

#[tokio::test(start_paused = true)]
async fn a_broken_postcondition_stops_what_depends_on_it_and_is_told_again_by_the_next_plan() {
    let config = "box a !post=box.a.zone==z9\nbox b peer=box.a.id\noutput o = box.a.zone";
    let world = World::default();
    assert_snapshot!(ended(&world.apply(config).await), @r"
    0 done
    failed box.a create: not box.a.zone==z9 (main.infra:0)
    skipped box.b
    ");
    assert_snapshot!(world.state_text().await, @"box.a a-id1");
    assert_snapshot!(world.try_plan(config).await.expect_err("it is broken"), @"main.infra:0: not box.a.zone==z9");
}

#[tokio::test(start_paused = true)]
async fn a_swap_whose_postcondition_is_broken_is_taken_back() {
    let world = World::with("fleet f launch=x size=1").await;
    let report = world.apply("fleet f launch=y size=1 !post=fleet.f.attach==no\noutput o = fleet.f.id").await;
    assert_snapshot!(ended(&report), @r#"
    0 done
    failed fleet.f cut_over: `fleet.f.attach == "no"` is not known (main.infra:0)
    skipped fleet.f
    "#);
    assert_snapshot!(world.state_text().await, @"fleet.f f-id1");
    assert!(world.state().await.outputs.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_fixed_name_is_not_taken_away_if_that_is_known_to_be_wrong() {
    let before = "box a size=1\nslot s box=x";
    let world = World::with(before).await;
    let report = world.apply("box a size=2\nslot s box=y !pre=box.a.version==9").await;
    assert_snapshot!(ended(&report), @r"
    1 done
    failed slot.s delete the old one: not box.a.version==9 (main.infra:1)
    skipped slot.s
    ");
    assert_snapshot!(world.cloud(|cloud| cloud.log.join(", ")), @"box.a update");
}

#[tokio::test(start_paused = true)]
async fn conditions_of_what_does_not_change_are_decided_at_the_end() {
    let config = |size: u8| format!("box a size={size}\nbox b !pre=box.a.version==1");
    let world = World::with(&config(1)).await;
    let report = world.apply(&config(2)).await;
    assert_snapshot!(ended(&report), @r"
    1 done
    broken box.b: not box.a.version==1 (main.infra:1)
    ");
    assert!(!report.is_success());
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_write_the_conditions_are_decided_all_the_same() {
    let config = "box a !post=box.a.zone==z9\nbox b peer=box.a.id\nbox c !pre=box.b.zone==z1";
    let mut at = 0;
    loop {
        let mut world = World::default();
        let plan = world.plan(config).await;
        world.store.crash_at = Some(at);
        let killed = world.try_apply(&plan).await.is_err();
        world.store.crash_at = None;
        let resumed = world.resume(&plan).await;
        if !killed {
            break;
        }
        match resumed {
            Some(report) => assert_eq!(report.expect("it runs to its end").failed.len(), 1, "killed at {at}"),
            None if world.state().await.serial == 0 => drop(world.try_apply(&plan).await),
            None => {}
        }
        assert_eq!(world.cloud(|cloud| cloud.things.len()), 1, "killed at {at}");
        at += 1;
    }
    assert!(at > 5, "it wrote {at} times");
}

#[tokio::test(start_paused = true)]
async fn a_saved_plan_has_its_conditions_sealed() {
    let config = "
        box a secret=secret:hunter2 !post=box.a.version==secret:hunter2
        check c box.a.version==secret:hunter2";
    let world = World::default();
    let plan = world.plan(config).await;
    plan_file::write(&plan).expect_err("a secret was written");
    let key = world.state().await.key;
    let bytes = plan_file::write(&seal_plan(&plan, &key)).expect("it is sealed");
    assert!(!String::from_utf8_lossy(&bytes).contains("hunter2"));
    let saved = plan_file::read(&bytes).expect("it is a plan");
    assert_eq!(unseal(&saved, &key, secrets_of(&plan)), Ok(plan));
}

#[tokio::test(start_paused = true)]
async fn a_lookup_that_comes_after_an_object_is_asked_when_that_has_changed() {
    let config = |size: u8| {
        format!(
            "box a size={size}\ndata box d of=a-id1 !after=box.a\nbox b peer=data.box.d.answer\noutput o = data.box.d.answer"
        )
    };
    let world = World::default();
    let plan = world.plan(&config(1)).await;
    assert_snapshot!(plan, @r"
    create box.a: new
        size: unset -> 1
    create box.b: new
        peer: unset -> data.box.d.answer
    output o = data.box.d.answer
    0 unchanged
    steps:
    0 box.a create: create
    1 box.b create: create, after 0
    ");
    assert!(world.try_apply(&plan).await.expect("it runs to its end").is_success());
    assert!(world.plan(&config(1)).await.is_empty());
    assert_snapshot!(world.plan(&config(2)).await, @r#"
    update box.a: attributes
        size: 1 -> 2
    update box.b: attributes
        peer: "a!" -> data.box.d.answer (upstream)
    output o = data.box.d.answer
    0 unchanged
    steps:
    0 box.a update (size) [a-id1]: update
    1 box.b update (peer) [b-id2]: update, after 0
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_lookup_that_only_an_output_needs_is_asked_at_the_end() {
    let config = "box a\ndata box d of=box.a.id\noutput o = data.box.d.answer";
    let world = World::with(config).await;
    assert_eq!(world.state().await.outputs.values().next(), Some(&Value::string("a!")));
    assert!(world.plan(config).await.is_empty());
    let nothing = "box a\nbox b\ndata box d of=nothing !after=box.b\noutput o = data.box.d.answer";
    assert_snapshot!(ended(&world.apply(nothing).await), @r"
    1 done
    broken data.box.d: it cannot be looked up: Call: NotFound (main.infra:2)
    ");
    assert_snapshot!(world.try_plan(nothing).await.expect_err("it finds nothing"), @"main.infra:2: Call: NotFound");
}
