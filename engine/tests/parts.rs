//! Parts of an object: there before it is put to use, and gone with it.

mod support;

use insta::assert_snapshot;
use support::world::World;

#[tokio::test]
async fn a_part_is_there_before_its_owner_is_put_to_use() {
    let world = World::default();
    let plan = world.plan("rack r load=books\nshelf s rack=rack.r.id\nbox b peer=rack.r.id").await;
    assert_snapshot!(plan.steps, @r"
    0 create: create
    1 create: create, after 0
    2 fill [made by 0]: fill, after 0, 1
    3 create: create, after 2
    ");
    let report = world.try_apply(&plan).await.expect("it runs to its end");
    assert!(report.is_success(), "{report:?}");
}

#[tokio::test]
async fn an_old_part_does_its_work_until_its_owner_is_gone() {
    let world = World::with("rack r load=books\nshelf s rack=rack.r.id").await;
    let plan = world.plan("rack r load=stones\nshelf s rack=rack.r.id").await;
    assert_snapshot!(plan.steps, @r"
    0 create: create
    1 create: create, after 0
    2 fill [made by 0]: fill, after 0, 1
    3 delete [r-id1]: delete the old one, after 1, 2
    4 delete [s-id2]: delete the old one, after 1, 3
    ");
    let report = world.try_apply(&plan).await.expect("it runs to its end");
    assert!(report.is_success(), "{report:?}");
}

#[tokio::test]
async fn what_is_no_longer_a_part_goes_before_its_owner_changes() {
    let world = World::with("rack r load=books\nshelf s rack=rack.r.id").await;
    assert_snapshot!(world.plan("rack r load=stones").await.steps, @r"
    0 delete [s-id2]: delete
    1 create: create, after 0
    2 fill [made by 1]: fill, after 1
    3 delete [r-id1]: delete the old one, after 0, 2
    ");
    assert_snapshot!(world.plan("").await.steps, @r"
    0 delete [r-id1]: delete
    1 delete [s-id2]: delete, after 0
    ");
}
