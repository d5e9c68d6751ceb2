//! Which actions, and why.

mod support;

use infra_engine::plan::ProblemKind;
use infra_engine::provider::FailureClass;
use infra_engine::refresh::refresh;
use infra_lang::value::Value;
use insta::assert_snapshot;
use support::text;
use support::world::World;

#[tokio::test]
async fn everything_is_new() {
    let text = World::check("", "box a size=1 color=red\nbox b peer=box.a.id\noutput o = box.b.peer").await;
    assert_snapshot!(text, @r#"
    create box.a: new
        color: unset -> "red"
        size: unset -> 1
    create box.b: new
        peer: unset -> box.a.id
    output o = box.b.peer
    0 unchanged
    steps:
    0 box.a create: create
    1 box.b create: create, after 0
    "#);
}

#[tokio::test]
async fn nothing_changes() {
    let config = "
        box a size=1 secret=secret:x hidden=h
        box b peer=box.a.id tags=[q|p]
        layer l script=s
        fleet f launch=layer.l.id
        slot s box=box.b.id
        output o = secret:y
        output p = box.b.zone";
    assert_snapshot!(World::check(config, config).await, @"5 unchanged");
}

#[tokio::test]
async fn an_attribute_changes_in_place_and_others_see_what_it_unsettles() {
    let before = "box a size=1 tags=[p|q]\nbox b size=box.a.version\nbox c peer=box.a.id";
    let after = "box a size=2 tags=[q|p]\nbox b size=box.a.version\nbox c peer=box.a.id";
    assert_snapshot!(World::check(before, after).await, @r"
    update box.a: attributes
        size: 1 -> 2
    update box.b: attributes
        size: 1 -> box.a.version (upstream)
    1 unchanged
    steps:
    0 box.a update (size) [a-id1]: update
    1 box.b update (size) [b-id3]: update, after 0
    ");
}

#[tokio::test]
async fn a_new_object_takes_the_place_of_one_that_cannot_change() {
    let before = "box a color=red\nbox b peer=box.a.id";
    assert_snapshot!(World::check(before, "box a color=blue\nbox b peer=box.a.id").await, @r#"
    replace (new first) box.a: attributes
        color: "red" -> "blue" (forces a new one)
    update box.b: attributes
        peer: "a-id1" -> box.a.id (upstream)
    0 unchanged
    steps:
    0 box.a create: create
    1 box.b update (peer) [b-id2]: update, after 0
    2 box.a delete [a-id1]: delete the old one, after 0, 1
    "#);
}

#[tokio::test]
async fn what_is_left_out_is_unset_and_what_aws_chooses_is_left_alone() {
    assert_snapshot!(World::check("box a size=1 hidden=h zone=z2", "box a").await, @r#"
    update box.a: attributes
        hidden: "h" -> unset
        size: 1 -> unset
    0 unchanged
    steps:
    0 box.a update (hidden, size) [a-id1]: update
    "#);
}

#[tokio::test]
async fn a_secret_changes_without_being_shown() {
    assert_snapshot!(World::check("box a secret=secret:old", "box a secret=secret:new").await, @r"
    update box.a: attributes
        secret: (sensitive) -> (sensitive)
    0 unchanged
    steps:
    0 box.a update (secret) [a-id1]: update
    ");
}

#[tokio::test]
async fn what_cannot_be_read_is_compared_with_what_was_applied() {
    assert_snapshot!(World::check("box a hidden=x", "box a hidden=y").await, @r#"
    update box.a: attributes
        hidden: "x" -> "y"
    0 unchanged
    steps:
    0 box.a update (hidden) [a-id1]: update
    "#);
}

async fn drifted(config: &str) -> World {
    let world = World::with(config).await;
    world.cloud(|cloud| {
        let id = cloud.called("box", "a").remove(0);
        let values = &mut cloud.things.get_mut(&id).expect("it is there").values;
        values.insert("size".into(), Value::int(9));
        values.insert("zone".into(), Value::string("z9"));
        values.insert("peer".into(), Value::string("X"));
    });
    world
}

#[tokio::test]
async fn drift_is_told_from_intent_and_from_what_aws_decides() {
    let world = drifted("box a size=1 peer=x tags=[p]").await;
    assert_snapshot!(world.plan("box a size=1 peer=x tags=[q]").await, @r#"
    update box.a: attributes
        size: 9 -> 1 (drift)
        tags: ["p"] -> ["q"]
    0 unchanged
    steps:
    0 box.a update (size, tags) [a-id1]: update
    "#);
    assert_snapshot!(world.plan("box a size=1 peer=x tags=[p] !ignore=size").await, @"1 unchanged");
}

#[tokio::test]
async fn what_somebody_did_already_needs_no_step_but_the_state_follows() {
    let world = drifted("box a size=1").await;
    let report = world.apply("box a size=9").await;
    let applied = |state: &infra_engine::state::State| {
        let record = state.records.values().next().expect("there is one");
        record.current.as_ref().expect("it is there").applied.clone()
    };
    assert_eq!(world.cloud(|cloud| cloud.log.len()), 0);
    assert_eq!(applied(&report.state).get("size"), Some(&Value::int(9)));
    assert_eq!(applied(&world.state().await), applied(&report.state));
}

#[tokio::test]
async fn what_is_gone_from_aws_is_made_again_or_forgotten() {
    let world = World::with("box a\nbox b peer=box.a.id\nbox c").await;
    world.cloud(|cloud| cloud.things.retain(|_, thing| thing.name == "b"));
    assert_snapshot!(world.plan("box a\nbox b peer=box.a.id").await, @r#"
    create box.a: vanished
    update box.b: attributes
        peer: "a-id2" -> box.a.id (upstream)
    forget box.c: removed, vanished
    0 unchanged
    steps:
    0 box.a create: create
    1 box.b update (peer) [b-id3]: update, after 0
    2 box.c forget [c-id1]: forget
    "#);
}

#[tokio::test]
async fn what_is_removed_goes_after_what_referred_to_it() {
    let before = "box a\nbox b peer=box.a.id\nbox c peer=box.b.id\nbox d peer=box.a.id";
    assert_snapshot!(World::check(before, "box d").await, @r#"
    delete box.a: removed
    delete box.b: removed
    delete box.c: removed
    update box.d: attributes
        peer: "a-id1" -> unset
    0 unchanged
    steps:
    0 box.c delete [c-id4]: delete
    1 box.b delete [b-id3]: delete, after 0
    2 box.d update (peer) [d-id2]: update
    3 box.a delete [a-id1]: delete, after 1, 2
    "#);
}

#[tokio::test]
async fn everything_goes() {
    let world = World::with("box a\nbox b peer=box.a.id\nlayer l script=s\noutput o = box.a.id").await;
    world.apply("box a\nbox b peer=box.a.id\nlayer l script=t\noutput o = box.a.id").await;
    let plan = world.plan_destroy().await.expect("there is a plan");
    assert!(plan.header.destroy);
    assert_snapshot!(plan, @r"
    delete box.a: removed
    delete box.b: removed
    delete layer.l: removed; retires l-id1
    output o goes
    0 unchanged
    steps:
    0 box.b delete [b-id3]: delete
    1 box.a delete [a-id2]: delete, after 0
    2 layer.l delete [l-id4]: delete
    3 layer.l delete [l-id1]: delete
    ");
}

#[tokio::test]
async fn what_is_protected_is_not_destroyed() {
    let before = "box a color=red !prevent_destroy";
    assert_snapshot!(World::check(before, "").await, @"`box.a` is protected and would be destroyed");
    assert_snapshot!(World::check(before, "box a color=blue !prevent_destroy").await, @"main.infra:0: `box.a` is protected and would be destroyed to be made anew");
    let error = World::with(before).await.plan_destroy().await.expect_err("it is refused");
    assert_eq!(error.problems[0].what, ProblemKind::Protected);
}

#[tokio::test]
async fn a_trigger_replaces() {
    let before = "box a size=1\nbox b size=2 !trigger=box.a.size\nbox c size=2 !trigger=box.a.peer";
    let after = "box a size=2\nbox b size=2 !trigger=box.a.size\nbox c size=2 !trigger=box.a.peer";
    assert_snapshot!(World::check(before, after).await, @r"
    update box.a: attributes
        size: 1 -> 2
    replace (new first) box.b: triggered by box.a.size
    1 unchanged
    steps:
    0 box.a update (size) [a-id3]: update
    1 box.b create: create
    2 box.b delete [b-id2]: delete the old one, after 1
    ");
}

#[tokio::test]
async fn a_fixed_name_goes_first_and_what_refers_to_it_before_that() {
    let before = "box a color=red\nslot s box=box.a.id\nslot t box=slot.s.id\nbox e color=x peer=slot.s.id";
    let after = "box a color=blue\nslot s box=box.a.id\nslot t box=slot.s.id\nbox e color=x";
    assert_snapshot!(World::check(before, after).await, @r#"
    replace (new first) box.a: attributes
        color: "red" -> "blue" (forces a new one)
    update box.e: attributes
        peer: "s-id2" -> unset
    replace (old first) slot.s: attributes
        box: "a-id1" -> box.a.id (upstream) (forces a new one)
    replace (old first) slot.t: attributes
        box: "s-id2" -> slot.s.id (upstream) (forces a new one)
    0 unchanged
    steps:
    0 box.a create: create
    1 box.e update (peer) [e-id4]: update
    2 slot.t delete [t-id3]: delete the old one
    3 slot.s delete [s-id2]: delete the old one, after 1, 2
    4 slot.s create: create, after 0, 3
    5 box.a delete [a-id1]: delete the old one, after 0, 3, 4
    6 slot.t create: create, after 2, 4
    "#);
}

#[tokio::test]
async fn new_first_follows_old_first_where_it_refers_to_it() {
    let before = "slot s box=x\nbox e color=red peer=slot.s.id";
    let after = "slot s box=y\nbox e color=blue peer=slot.s.id";
    assert_snapshot!(World::check(before, after).await, @r#"
    replace (old first) box.e: attributes
        color: "red" -> "blue" (forces a new one)
        peer: "s-id1" -> slot.s.id (upstream)
    replace (old first) slot.s: attributes
        box: "x" -> "y" (forces a new one)
    0 unchanged
    steps:
    0 box.e delete [e-id2]: delete the old one
    1 slot.s delete [s-id1]: delete the old one, after 0
    2 slot.s create: create, after 1
    3 box.e create: create, after 0, 2
    "#);
}

#[tokio::test]
async fn a_swap_has_many_steps() {
    let before = "box a color=red\nfleet f launch=box.a.id\nbox p peer=fleet.f.id";
    let after = "box a color=blue\nfleet f launch=box.a.id\nbox p peer=fleet.f.id";
    assert_snapshot!(World::check(before, after).await, @r#"
    replace (new first) box.a: attributes
        color: "red" -> "blue" (forces a new one)
    update box.p: attributes
        peer: "f-id2" -> fleet.f.id (upstream)
    swap fleet.f: attributes
        launch: "a-id1" -> box.a.id (upstream)
    0 unchanged
    steps:
    0 box.a create: create
    1 fleet.f pin [f-id2]: pin, after 0
    2 fleet.f create: launch the new fleet, after 1
    3 fleet.f attach [made by 2]: attach, after 2
    4 fleet.f cut_over [made by 2]: cut_over, after 3
    5 box.p update (peer) [p-id3]: update, after 4
    6 fleet.f delete [f-id2]: retire the old fleet, after 4, 5
    7 box.a delete [a-id1]: delete the old one, after 0, 4, 6
    "#);
}

#[tokio::test]
async fn a_layer_is_built_when_an_input_differs_and_the_last_one_stays() {
    let world = World::with("layer l base=debian script=one\nlayer m base=layer.l.id script=x").await;
    assert_snapshot!(world.plan("layer l base=debian script=two\nlayer m base=layer.l.id script=x").await, @r"
    replace (new first) layer.l: inputs (script differs)
    replace (new first) layer.m: inputs (base differs)
    0 unchanged
    steps:
    0 layer.l create: create
    1 layer.m create: create, after 0
    ");
    world.apply("layer l base=debian script=two\nlayer m base=layer.l.id script=x").await;
    assert_snapshot!(world.plan("layer l base=debian script=three\nlayer m base=layer.l.id script=x").await, @r"
    replace (new first) layer.l: inputs (script differs); retires l-id1
    replace (new first) layer.m: inputs (base differs); retires m-id2
    0 unchanged
    steps:
    0 layer.l create: create
    1 layer.m create: create, after 0
    2 layer.m delete [m-id2]: delete, after 1
    3 layer.l delete [l-id1]: delete, after 0, 1, 2
    ");
}

#[tokio::test]
async fn going_back_builds_nothing() {
    let world = World::with("layer l script=one\nfleet f launch=layer.l.id").await;
    world.apply("layer l script=two\nfleet f launch=layer.l.id").await;
    assert_snapshot!(world.plan("layer l script=one\nfleet f launch=layer.l.id").await, @r#"
    swap fleet.f: attributes
        launch: "l-id3" -> "l-id1" (upstream)
    adopt layer.l: inputs (script differs)
    0 unchanged
    steps:
    0 layer.l adopt [l-id1]: adopt
    1 fleet.f pin [f-id4]: pin, after 0
    2 fleet.f create: launch the new fleet, after 1
    3 fleet.f attach [made by 2]: attach, after 2
    4 fleet.f cut_over [made by 2]: cut_over, after 3
    5 fleet.f delete [f-id4]: retire the old fleet, after 4
    "#);
}

#[tokio::test]
async fn an_older_object_that_is_just_what_is_wanted_comes_back() {
    let world = World::with("cask c holds=beer\nfleet f launch=cask.c.id").await;
    world.apply("cask c holds=wine\nfleet f launch=cask.c.id").await;
    assert_snapshot!(world.plan("cask c holds=beer\nfleet f launch=cask.c.id").await, @r#"
    adopt cask.c: attributes
        holds: "wine" -> "beer" (forces a new one)
    swap fleet.f: attributes
        launch: "c-idof-wine" -> "c-idof-beer" (upstream)
    0 unchanged
    steps:
    0 cask.c adopt [c-idof-beer]: adopt
    1 fleet.f pin [f-id4]: pin, after 0
    2 fleet.f create: launch the new fleet, after 1
    3 fleet.f attach [made by 2]: attach, after 2
    4 fleet.f cut_over [made by 2]: cut_over, after 3
    5 fleet.f delete [f-id4]: retire the old fleet, after 4
    "#);
    assert_snapshot!(world.plan("cask c holds=milk\nfleet f launch=cask.c.id").await, @r#"
    replace (new first) cask.c: attributes; retires c-idof-beer
        holds: "wine" -> "milk" (forces a new one)
    swap fleet.f: attributes
        launch: "c-idof-wine" -> cask.c.id (upstream)
    0 unchanged
    steps:
    0 cask.c create: create
    1 fleet.f pin [f-id4]: pin, after 0
    2 fleet.f create: launch the new fleet, after 1
    3 fleet.f attach [made by 2]: attach, after 2
    4 fleet.f cut_over [made by 2]: cut_over, after 3
    5 fleet.f delete [f-id4]: retire the old fleet, after 4
    6 cask.c delete [c-idof-beer]: delete, after 0, 4, 5
    "#);
}

#[tokio::test]
async fn an_image_that_the_state_has_lost_is_found_by_its_digest() {
    let world = World::with("layer l script=one").await;
    let bytes = infra_engine::state_file::write(&infra_engine::state::State {
        records: Default::default(),
        ..world.state().await
    });
    infra_engine::store::StateStore::save(&world.store, &bytes).await.expect("it is saved");
    assert_snapshot!(world.plan("layer l script=one shared=[x]").await, @r#"
    adopt layer.l: new
        shared: unset -> ["x"]
    0 unchanged
    steps:
    0 layer.l adopt [l-id1]: adopt
    1 layer.l update (shared) [l-id1]: update, after 0
    "#);
}

#[tokio::test]
async fn an_image_that_is_needed_stays() {
    let world = World::with("layer l script=one\nfleet f launch=layer.l.id !ignore=launch").await;
    world.apply("layer l script=two\nfleet f launch=layer.l.id !ignore=launch").await;
    // Beyond what is kept, but the fleet still runs the first one.
    assert_snapshot!(world.plan("layer l script=three\nfleet f launch=layer.l.id !ignore=launch").await, @r"
    replace (new first) layer.l: inputs (script differs)
    1 unchanged
    steps:
    0 layer.l create: create
    ");
    // Its block is gone, and the fleet still runs it.
    assert_snapshot!(world.plan("fleet f launch=x !ignore=launch").await, @r"
    delete layer.l: removed
    1 unchanged
    steps:
    0 layer.l delete [l-id3]: delete
    ");
}

#[tokio::test]
async fn lookups_wait_for_what_is_made_and_are_known_once_it_is() {
    let config = "box a size=1\ndata box d of=box.a.id\nbox b peer=data.box.d.answer";
    assert_snapshot!(World::check("", config).await, @r"
    create box.a: new
        size: unset -> 1
    create box.b: new
        peer: unset -> data.box.d.answer
    0 unchanged
    steps:
    0 box.a create: create
    1 box.b create: create, after 0
    ");
    assert_snapshot!(World::check(config, config).await, @"2 unchanged");
    let world = World::with(config).await;
    assert_eq!(world.state().await.records.values().last().map(|record| record.dependencies.len()), Some(1));
}

#[tokio::test]
async fn no_plan() {
    assert_snapshot!(World::check("", "box a peer=box.b.id\nbox b peer=box.c.id\nbox c peer=box.a.id").await, @"these depend on one another in a ring: box.a -> box.b -> box.c -> box.a");
    assert_snapshot!(World::check("", "box a size=13").await, @"main.infra:0: a box cannot be of size 13");
    assert_snapshot!(World::check("", "ghost g").await, @"`ghost.g` is of the kind `ghost`, which this version does not know");
    let mut desired = text::desired("box a");
    desired.project.region = "us-east-1".to_owned();
    assert_snapshot!(World::default().try_plan_of(&desired).await.expect_err("no plan"), @"main.infra:0: the state is of region eu-west-1, the project of region us-east-1");
}

#[tokio::test]
async fn what_cannot_be_read_stops_the_plan() {
    let world = World::with("box a").await;
    world.cloud(|cloud| cloud.unreadable = Some(FailureClass::Credentials));
    let state = world.state().await;
    let error = refresh(&text::desired("box a"), &state, &world.memory).await.expect_err("it stops");
    assert_eq!(
        (error.to_string().as_str(), error.source.class),
        ("cannot read `box.a`", FailureClass::Credentials)
    );
}
