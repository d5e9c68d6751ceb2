//! A lost state is made anew from what carries the project's tags and from what is called as the configuration says.

mod support;

use infra_engine::provider::Tagged;
use infra_engine::rebuild::{Rebuilt, rebuild};
use infra_engine::store::save_state;
use infra_lang::address::Address;
use insta::assert_snapshot;
use support::text;
use support::world::World;

/// Every object of the cloud gets the tag of its address, as real ones do when they are made.
fn tag(world: &World) {
    world.cloud(|cloud| {
        let tags = cloud.things.iter().map(|(id, thing)| Tagged {
            kind: thing.kind.clone(),
            id: id.clone(),
            address: Address::managed(thing.kind.as_str(), &thing.name).to_string(),
        });
        cloud.tagged = tags.filter(|it| it.kind != *"slot").collect();
    });
}

/// The state is lost, and rebuilt from what `config` says.
async fn rebuilt(world: &World, config: &str) -> Rebuilt {
    let lost = world.state().await;
    let fresh =
        infra_engine::state::State { records: Default::default(), outputs: Default::default(), ..lost };
    let calls = world.cloud(|cloud| cloud.log.len());
    let rebuilt = rebuild(&text::desired(config), fresh, &world.memory).await.expect("it can be read");
    assert_eq!(world.cloud(|cloud| cloud.log.len()), calls);
    save_state(&world.store, &rebuilt.state).await.expect("in memory");
    rebuilt
}

const CONFIG: &str = "box a size=1 secret=secret:x hidden=h peer=box.b.id !prevent_destroy\nbox b tags=[p|q]\n\
    slot s box=box.a.id note=n\nlayer l script=one\nfleet f launch=layer.l.id size=2\noutput o = box.b.id";

#[tokio::test]
async fn what_was_there_is_found_and_nothing_is_left_to_do() {
    let world = World::with(CONFIG).await;
    let before = world.state().await;
    tag(&world);
    let rebuilt = rebuilt(&world, CONFIG).await;
    assert_eq!((rebuilt.missing.len(), rebuilt.unwanted.len(), rebuilt.strange.len()), (0, 0, 0));
    assert_eq!(rebuilt.state.outputs, before.outputs);
    for (address, record) in &before.records {
        let found = &rebuilt.state.records[address];
        assert_eq!(
            (&found.dependencies, found.protected),
            (&record.dependencies, record.protected),
            "{address}"
        );
        let applied =
            |record: &infra_engine::state::Record| record.current.as_ref().map(|it| it.applied.clone());
        assert_eq!(applied(found), applied(record), "{address}");
    }
    assert!(world.plan(CONFIG).await.is_empty());
}

#[tokio::test]
async fn what_differs_is_what_the_next_plan_changes() {
    let world = World::with(CONFIG).await;
    tag(&world);
    let config = CONFIG.replace("size=1", "size=3");
    rebuilt(&world, &config).await;
    assert_snapshot!(world.plan(&config).await, @r"
    update box.a: attributes
        size: 1 -> 3
    4 unchanged
    steps:
    0 box.a update (size) [a-id4]: update
    ");
}

#[tokio::test]
async fn what_is_missing_unwanted_or_moved_is_told() {
    let world = World::with("box a size=1\nbox b peer=box.a.id\nbox c").await;
    tag(&world);
    world.cloud(|cloud| {
        cloud.tagged.push(Tagged { kind: "box".into(), id: "x-id9".into(), address: "?".into() })
    });
    let config = "box n size=1\nbox d size=2\nmoved box.a -> box.n";
    let rebuilt = rebuilt(&world, config).await;
    assert_eq!(format!("{:?} {:?}", rebuilt.missing, rebuilt.unwanted), "[box.d] {box.b, box.c}");
    assert_eq!(rebuilt.strange.len(), 1);
    assert_snapshot!(world.plan(config).await, @r"
    delete box.b: removed
    delete box.c: removed
    create box.d: new
        size: unset -> 2
    1 unchanged
    steps:
    0 box.b delete [b-id3]: delete
    1 box.c delete [c-id1]: delete
    2 box.d create: create
    ");
}

#[tokio::test]
async fn the_first_of_several_is_the_address_own() {
    let world = World::with("box a size=1").await;
    assert!(world.apply("box a size=1\nbox b size=2").await.is_success());
    tag(&world);
    world.cloud(|cloud| cloud.tagged.iter_mut().for_each(|it| it.address = "box.a".to_owned()));
    rebuilt(&world, "box a size=1").await;
    assert_snapshot!(world.state_text().await, @"box.a a-id1 formerly b-id2");
}
