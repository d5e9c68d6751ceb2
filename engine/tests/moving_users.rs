//! Users are moved by several changes together: a way in is replaced, what serves behind it and what leads users to it
//! follow. What serves does so behind the new one first, and all go back together.

mod support;

use insta::assert_snapshot;
use support::memory::Failure;
use support::world::World;

const BEFORE: &str =
    "gate g color=red\nherd h launch=one gates=[gate.g.id]\nsign s to=gate.g.id\nbox b peer=herd.h.id";

#[tokio::test]
async fn a_way_in_that_is_replaced_is_left_after_users_have_left_it() {
    let after = BEFORE.replace("red", "blue");
    assert_snapshot!(World::check(BEFORE, &after).await, @r#"
    replace (new first) gate.g: attributes
        color: "red" -> "blue" (forces a new one)
    update herd.h: attributes
        gates: ["g-id1"] -> [gate.g.id] (upstream)
    update sign.s: attributes
        to: "g-id1" -> gate.g.id (upstream)
    1 unchanged
    steps:
    0 gate.g create: create
    1 herd.h update (gates) [h-id3]: update, after 0
    2 sign.s update (to) [s-id2]: update, after 0, 1
    3 herd.h leave [h-id3]: leave the old gates, after 1, 2
    4 gate.g delete [g-id1]: delete the old one, after 0, 1, 2, 3
    "#);
}

#[tokio::test]
async fn a_swap_takes_its_way_in_along() {
    let before = BEFORE.replace("launch=one", "launch=one along=yes");
    let after = before.replace("launch=one", "launch=two");
    assert_snapshot!(World::check(&before, &after).await, @r#"
    update box.b: attributes
        peer: "h-id3" -> herd.h.id (upstream)
    replace (new first) gate.g: taken along by herd.h
    swap herd.h: attributes
        gates: ["g-id1"] -> [gate.g.id] (upstream)
        launch: "one" -> "two"
    update sign.s: attributes
        to: "g-id1" -> gate.g.id (upstream)
    0 unchanged
    steps:
    0 gate.g create: create
    1 herd.h create: create, after 0
    2 box.b update (peer) [b-id4]: update, after 1
    3 sign.s update (to) [s-id2]: update, after 0, 1
    4 herd.h delete [h-id3]: delete the old one, after 1, 2, 3
    5 gate.g delete [g-id1]: delete the old one, after 0, 1, 3, 4
    "#);
}

#[tokio::test]
async fn what_has_one_name_only_cannot_stand_beside_itself() {
    let (before, after) = (BEFORE.replace("red", "red fixed=yes"), BEFORE.replace("red", "blue fixed=yes"));
    assert_snapshot!(World::check(&before, &after).await, @"main.infra:0: two gates of one name cannot stand side by side");
}

#[tokio::test]
async fn a_swap_that_takes_its_way_in_along_needs_something_that_leads_there() {
    let before =
        "gate g\nherd h launch=one along=yes gates=[gate.g.id]\nherd lost launch=one along=yes gates=[x]";
    assert_snapshot!(World::check(before, &before.replace("one", "two")).await, @r"
    main.infra:1: `herd.h` moves its users by what leads them to `gate.g`, and nothing here does
    main.infra:2: `herd.lost` is to take along what it serves behind, and nothing of that is this project's
    ");
}

#[tokio::test]
async fn a_new_way_in_that_nothing_leads_to_is_noted() {
    let before = "gate g color=red\nherd h launch=one gates=[gate.g.id]";
    assert_snapshot!(World::check(before, &before.replace("red", "blue")).await, @r#"
    replace (new first) gate.g: attributes
        color: "red" -> "blue" (forces a new one)
    update herd.h: attributes
        gates: ["g-id1"] -> [gate.g.id] (upstream)
    note: `gate.g` is replaced, and nothing here leads users to the new one
    0 unchanged
    steps:
    0 gate.g create: create
    1 herd.h update (gates) [h-id2]: update, after 0
    2 herd.h leave [h-id2]: leave the old gates, after 1
    3 gate.g delete [g-id1]: delete the old one, after 0, 1, 2
    "#);
}

#[tokio::test]
async fn users_move_to_another_way_in_as_they_do_to_a_new_one() {
    let before = "gate old\ngate there\nherd h launch=one gates=[gate.old.id]\nsign s to=gate.old.id";
    let to = |other: &str| {
        format!("gate there\nherd h launch=one gates=[gate.{other}.id]\nsign s to=gate.{other}.id")
    };
    assert_snapshot!(World::check(before, &to("there")).await, @r#"
    delete gate.old: removed
    update herd.h: attributes
        gates: ["old-id2"] -> ["there-id1"]
    update sign.s: attributes
        to: "old-id2" -> "there-id1"
    1 unchanged
    steps:
    0 herd.h update (gates) [h-id4]: update
    1 sign.s update (to) [s-id3]: update, after 0
    2 herd.h leave [h-id4]: leave the old gates, after 0, 1
    3 gate.old delete [old-id2]: delete, after 0, 1, 2
    "#);
    assert_snapshot!(World::check(before, &(to("new") + "\ngate new")).await, @r#"
    renamed, as it seems: gate.old -> gate.new
    create gate.new: new
    delete gate.old: removed
    update herd.h: attributes
        gates: ["old-id2"] -> [gate.new.id] (upstream)
    update sign.s: attributes
        to: "old-id2" -> gate.new.id (upstream)
    1 unchanged
    steps:
    0 gate.new create: create
    1 herd.h update (gates) [h-id4]: update, after 0
    2 sign.s update (to) [s-id3]: update, after 0, 1
    3 herd.h leave [h-id4]: leave the old gates, after 1, 2
    4 gate.old delete [old-id2]: delete, after 1, 2, 3
    "#);
}

/// Two gates, a herd behind both and one behind the second, a sign to each.
const WIDE: &str = "
    gate a color=red
    gate b color=red
    gate c color=red
    herd both launch=one gates=[gate.a.id|gate.b.id]
    herd one launch=one pace=slow gates=[gate.b.id]
    sign a to=gate.a.id
    sign b to=gate.b.id
    sign c to=gate.c.id";

#[tokio::test]
async fn ways_in_that_share_something_move_together() {
    let world = World::with(WIDE).await;
    let plan = world.plan(&WIDE.replace("red", "blue")).await;
    let line = |change: &infra_engine::change::Change| {
        let rollout = change.rollout.as_ref().expect("all take part");
        let pace = rollout.settings.values().map(ToString::to_string).collect::<String>();
        format!("{} {:?} of {} {pace}", change.address, rollout.role, rollout.of).trim_end().to_owned()
    };
    assert_snapshot!(plan.changes.iter().map(line).collect::<Vec<_>>().join("\n"), @r#"
    gate.a WayIn of gate.a "slow"
    gate.b WayIn of gate.a "slow"
    gate.c WayIn of gate.c
    herd.both Serves of gate.a "slow"
    herd.one Serves of gate.a "slow"
    sign.a Leads of gate.a "slow"
    sign.b Leads of gate.a "slow"
    sign.c Leads of gate.c
    "#);
}

async fn failing(place: &str) -> (World, String) {
    let world = World::with(WIDE).await;
    world.fails(place, Failure::Refused);
    let report = world.apply(&WIDE.replace("red", "blue")).await;
    assert!(report.undo_failed.is_empty());
    let log = world.cloud(|cloud| std::mem::take(&mut cloud.log).join("\n"));
    (world, log)
}

#[tokio::test(start_paused = true)]
async fn all_go_back_together_in_the_reverse_order() {
    let (world, log) = failing("sign.b update").await;
    assert_snapshot!(log, @r"
    gate.a create
    gate.b create
    gate.c create
    sign.c update
    herd.one update
    herd.both update
    sign.a update
    gate.c delete
    sign.a unupdate
    herd.one unupdate
    herd.both unupdate
    gate.b discard
    gate.a discard
    ");
    assert_snapshot!(world.state_text().await, @r"
    gate.a a-id3
    gate.b b-id2
    gate.c c-id9
    herd.both both-id7
    herd.one one-id6
    sign.a a-id8
    sign.b b-id5
    sign.c c-id4
    ");
}

#[tokio::test(start_paused = true)]
async fn once_something_old_has_gone_nothing_goes_back() {
    let (_, log) = failing("herd.one leave").await;
    assert_snapshot!(log, @r"
    gate.a create
    gate.b create
    gate.c create
    sign.c update
    herd.one update
    herd.both update
    sign.b update
    sign.a update
    gate.c delete
    herd.both leave
    gate.a delete
    ");
}

#[tokio::test(start_paused = true)]
async fn nothing_goes_on_to_leave_what_cannot_be_taken_back() {
    let world = World::with(WIDE).await;
    world.fails("sign.b update", Failure::Refused);
    world.fails("sign.a unupdate", Failure::Refused);
    let report = world.apply(&WIDE.replace("red", "blue")).await;
    assert_eq!(report.undo_failed.len(), 1);
    let log = world.cloud(|cloud| std::mem::take(&mut cloud.log).join("\n"));
    assert_snapshot!(log, @r"
    gate.a create
    gate.b create
    gate.c create
    sign.c update
    herd.one update
    herd.both update
    sign.a update
    gate.c delete
    herd.one unupdate
    ");
}
