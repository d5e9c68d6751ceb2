//! The swap as a table: what is observed, and what is done about it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::super::group::{Check, Health, Member};
use super::super::memory::Held;
use super::super::observed::Wanted;
use super::*;

/// Instances `PREFIX1` to `PREFIXn`, of which `ready` are in service.
fn members(prefix: &str, all: usize, ready: usize) -> Vec<Member> {
    let member =
        |n| Member { id: format!("{prefix}{n}"), ready: n <= ready, zone: "a".into(), ..Member::default() };
    (1..=all).map(member).collect()
}

/// The old group: three instances behind one load balancer, pinned.
fn old() -> Group {
    Group {
        name: "web-1".into(),
        min: 3,
        max: 8,
        desired: 3,
        health_check_type: "ELB".into(),
        balancers: ["lb".to_owned()].into(),
        suspended: [("AZRebalance".to_owned(), String::new())].into(),
        members: members("old", 3, 3),
        ..Group::default()
    }
}

/// The same before the swap touched it.
fn untouched() -> Group {
    Group { min: 2, suspended: BTreeMap::new(), ..old() }
}

/// The new group with so many instances, so many of them in service.
fn new(all: usize, ready: usize) -> Group {
    let size = super::super::group::count(all);
    Group {
        name: "web-2".into(),
        min: size,
        max: 8,
        desired: size,
        health_check_type: "EC2".into(),
        suspended: HELD_BACK.map(|name| (name.to_owned(), String::new())).into(),
        members: members("new", all, ready),
        ..Group::default()
    }
}

/// The new group behind the load balancer.
fn attached(all: usize) -> Group {
    Group { balancers: ["lb".to_owned()].into(), ..new(all, all) }
}

fn health(passing: &[&str], registered: &[&str]) -> Health {
    let passing = passing.iter().map(|id| ((*id).to_owned(), Check::Passes));
    let registered = registered.iter().map(|id| ((*id).to_owned(), Check::Registered));
    Health([("lb".to_owned(), passing.chain(registered).collect())].into())
}

const OLD: [&str; 3] = ["old1", "old2", "old3"];
const NEW: [&str; 3] = ["new1", "new2", "new3"];
const BOTH: [&str; 6] = ["old1", "old2", "old3", "new1", "new2", "new3"];

fn pinned() -> Pinned {
    Pinned {
        min: 2,
        max: 8,
        desired: 3,
        health_check_type: "ELB".into(),
        suspended: BTreeSet::new(),
        balancers: ["lb".to_owned()].into(),
        serving: 3,
        ..Pinned::default()
    }
}

/// The same with the mark of the swap, and what a roll would need.
fn marked(pinned: Pinned) -> Pinned {
    Pinned { surge: 1, claim: Some("0123".into()), ..pinned }
}

fn wanted() -> Wanted {
    Wanted {
        min: 2,
        max: 8,
        health_check_type: "ELB".into(),
        balancers: ["lb".to_owned()].into(),
        suspended: BTreeSet::new(),
        min_in_service: 100.0,
        bake: Duration::from_secs(300),
        ..Wanted::default()
    }
}

fn world(old: Option<Group>, new: Option<Group>, health: Health) -> Observed {
    Observed { old, new, health, pinned: Some(pinned()), wanted: wanted(), ..Observed::default() }
}

fn held(polls: u32, seconds: u64) -> Held {
    Held { polls, time: Duration::from_secs(seconds), ..Held::default() }
}

fn way_back(name: &str) -> &'static Phase {
    Phase::named(name).expect("a phase")
}

fn back(name: &str, observed: &Observed) -> Next {
    (way_back(name).next)(observed)
}

/// What a phase does in each situation, a line each.
fn table(phase: &Phase, situations: &[(&str, Observed)]) -> String {
    let line = |(name, observed): &(&str, Observed)| {
        let decision = match phase.decide(observed) {
            Next::Act(act) => format!("act: {act}"),
            Next::Wait(on) => format!("wait: {on}"),
            Next::Done => "done".to_owned(),
            Next::Stuck(reason) => format!("stuck: {reason}"),
        };
        format!("{name} -> {decision}")
    };
    situations.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn pin_notes_before_it_changes_anything() {
    let fresh =
        Observed { pinned: None, claim: "0123".into(), ..world(Some(untouched()), None, health(&OLD, &[])) };
    let by_aws = "Administratively suspended: launches fail".to_owned();
    let halted = Group { suspended: [("Launch".to_owned(), by_aws)].into(), ..untouched() };
    insta::assert_snapshot!(table(&PIN, &[
        ("nothing done", fresh.clone()),
        ("noted", world(Some(untouched()), None, health(&OLD, &[]))),
        ("not marked", Observed { pinned: Some(marked(pinned())), ..world(Some(untouched()), None, health(&OLD, &[])) }),
        ("marked by another", Observed {
            old: Some(Group { claim: Some("4567".into()), ..untouched() }),
            ..fresh.clone()
        }),
        ("minimum raised", world(Some(Group { min: 3, ..untouched() }), None, health(&OLD, &[]))),
        ("pinned", world(Some(old()), None, health(&OLD, &[]))),
        ("grown since", world(Some(Group { desired: 4, ..old() }), None, health(&OLD, &[]))),
        ("one does not serve", Observed { health: health(&OLD[..2], &[]), ..fresh.clone() }),
        ("and goes on so", Observed {
            health: health(&OLD[..2], &[]),
            held: Held { broken: 6, ..Held::default() },
            ..fresh.clone()
        }),
        ("halted by AWS", Observed { old: Some(halted), ..fresh.clone() }),
        ("gone", Observed { old: None, ..fresh.clone() }),
    ]), @r"
    nothing done -> act: note how the group was
    noted -> act: resize web-1: min 3
    not marked -> act: mark web-1 as swapped by 0123
    marked by another -> stuck: another swap of web-1 is under way, or was given up: its tag infra:swap is 4567; let it finish, or remove the tag if nobody runs it
    minimum raised -> act: suspend AZRebalance in web-1
    pinned -> done
    grown since -> act: resize web-1: min 4
    one does not serve -> wait: more of the old group: 2 of 3 instances serve, and the floor becomes what serves
    and goes on so -> act: note how the group was
    halted by AWS -> stuck: AWS has suspended Launch: Administratively suspended: launches fail; resume it first
    gone -> stuck: the group is gone
    ");
    let Next::Act(Act::Note(noted)) = (PIN.next)(&fresh) else { panic!("nothing is noted") };
    assert_eq!(*noted, marked(pinned()));
}

#[test]
fn scale_takes_the_size_from_the_live_group() {
    let boot =
        |new: Group, activities| Observed { activities, ..world(Some(old()), Some(new), Health::default()) };
    let none = Activities::default;
    let failed = |message: &str| Activities::sum([("Launching a new EC2 instance", true, message)]);
    let ended = Activities { ended: 4, ..none() };
    let mut small = boot(new(0, 0), none());
    small.wanted.max = 2;
    let mut larger_file = boot(new(0, 0), none());
    larger_file.wanted.min = 5;
    insta::assert_snapshot!(table(&SCALE, &[
        ("not visible", world(Some(old()), None, Health::default())),
        ("empty", boot(new(0, 0), none())),
        ("the file allows less", small),
        ("the file wants more", larger_file),
        ("the old has grown", Observed { old: Some(Group { desired: 5, ..old() }), ..boot(new(3, 0), none()) }),
        ("booting", boot(new(3, 1), none())),
        ("no capacity for now", boot(new(3, 1), failed("We currently do not have sufficient capacity"))),
        ("nor for five minutes", Observed {
            held: Held { broken: 60, lost: Duration::from_secs(300), ..Held::default() },
            ..boot(new(3, 1), failed("We currently do not have sufficient capacity"))
        }),
        ("cannot launch", boot(new(3, 0), failed("The key pair 'k' does not exist. Launching EC2 instance failed."))),
        ("dies again and again", boot(new(3, 1), ended)),
        ("up", boot(new(3, 3), none())),
    ]), @r"
    not visible -> wait: the new group to become visible
    empty -> act: resize web-2: min 3 desired 3
    the file allows less -> act: resize web-2: min 3 desired 3
    the file wants more -> act: resize web-2: min 5 desired 5
    the old has grown -> act: resize web-2: min 5 desired 5
    booting -> wait: 1 of 3 new instances in service
    no capacity for now -> wait: 1 of 3 new instances in service; the last launch failed: We currently do not have sufficient capacity
    nor for five minutes -> stuck: AWS has had no capacity for 5 minutes: We currently do not have sufficient capacity
    cannot launch -> stuck: The key pair 'k' does not exist. Launching EC2 instance failed.
    dies again and again -> stuck: 4 instances have ended by themselves and were launched again
    up -> done
    ");
}

#[test]
fn attach_trusts_only_what_passes_steadily() {
    let look =
        |new, health, polls| Observed { held: held(polls, 0), ..world(Some(old()), Some(new), health) };
    insta::assert_snapshot!(table(&ATTACH, &[
        ("up, behind nothing", look(new(3, 3), health(&OLD, &[]), 0)),
        ("not listed yet", look(attached(3), health(&OLD, &[]), 0)),
        ("one passes", look(attached(3), health(&["new1"], &["new2", "new3"]), 0)),
        ("all pass once", look(attached(3), health(&NEW, &[]), 1)),
        ("all pass twice", look(attached(3), health(&NEW, &[]), 2)),
    ]), @r"
    up, behind nothing -> act: attach web-2 to lb
    not listed yet -> wait: 0 of 3 new instances serve steadily
    one passes -> wait: 1 of 3 new instances serve steadily
    all pass once -> wait: 3 of 3 new instances serve steadily
    all pass twice -> done
    ");
    let mut unbalanced = world(Some(old()), Some(new(3, 3)), Health::default());
    unbalanced.wanted.balancers.clear();
    unbalanced.held = held(2, 5);
    assert_eq!((ATTACH.next)(&unbalanced), Next::Done, "without balancers, in service is serving");
}

#[test]
fn match_follows_scaling_before_the_cutover() {
    let look = |old, new, polls| Observed {
        held: held(polls, 0),
        ..world(Some(old), Some(new), health(&BOTH, &[]))
    };
    let heeding = || Group { health_check_type: "ELB".into(), ..attached(3) };
    insta::assert_snapshot!(table(&MATCH, &[
        ("the old has grown", look(Group { desired: 4, ..old() }, attached(3), 2)),
        ("it catches up", look(Group { desired: 4, ..old() }, Group { min: 4, desired: 4, ..attached(3) }, 0)),
        ("all pass", look(old(), attached(3), 1)),
        ("heeds the balancers", look(old(), heeding(), 1)),
        ("and stays well", look(old(), heeding(), 2)),
    ]), @r"
    the old has grown -> act: resize web-2: min 4 desired 4
    it catches up -> wait: 3 of 4 new instances serve steadily
    all pass -> act: have web-2 judge health by ELB
    heeds the balancers -> wait: 3 of 3 new instances serve steadily
    and stays well -> done
    ");
}

#[test]
fn detach_waits_until_the_last_connection_is_done() {
    let deaf = || Group { health_check_type: "EC2".into(), ..old() };
    let left = || Group { balancers: BTreeSet::new(), ..deaf() };
    let look = |old, health| world(Some(old), Some(attached(3)), health);
    insta::assert_snapshot!(table(&DETACH, &[
        ("attached", look(old(), health(&BOTH, &[]))),
        ("no longer heeds the balancers", look(deaf(), health(&BOTH, &[]))),
        ("draining", look(left(), health(&NEW, &["old1", "old2"]))),
        ("drained", look(left(), health(&NEW, &[]))),
        ("gone", world(None, Some(attached(3)), health(&NEW, &[]))),
    ]), @r"
    attached -> act: have web-1 judge health by EC2
    no longer heeds the balancers -> act: detach web-1 from lb
    draining -> wait: 2 old instances to finish their open connections
    drained -> done
    gone -> done
    ");
}

#[test]
fn bake_counts_only_unbroken_time() {
    let look = |passing: &[&str], held| Observed {
        held,
        ..world(Some(old()), Some(attached(3)), health(passing, &[]))
    };
    let broken = |broken| Held { broken, ..Held::default() };
    insta::assert_snapshot!(table(&BAKE, &[
        ("just begun", look(&NEW, held(1, 0))),
        ("half way", look(&NEW, held(31, 150))),
        ("one fails", look(&["new1", "new2"], broken(1))),
        ("one still fails", look(&["new1", "new2"], broken(2))),
        ("held", look(&NEW, held(61, 300))),
    ]), @r"
    just begun -> wait: the new group to hold for 5 min more
    half way -> wait: the new group to hold for 3 min more
    one fails -> wait: another look: the new group serves with 2 instances, and the floor is 3
    one still fails -> stuck: the new group serves with 2 instances, and the floor is 3
    held -> done
    ");
}

#[test]
fn finalise_gives_the_sizes_of_the_file_and_wakes_what_slept() {
    let look = |new| world(Some(old()), Some(new), Health::default());
    let sized = |suspended: &[&str]| Group {
        min: 2,
        suspended: suspended.iter().map(|name| ((*name).to_owned(), String::new())).collect(),
        ..attached(3)
    };
    let mut quiet = look(sized(&[]));
    quiet.wanted.suspended = ["AlarmNotification".to_owned()].into();
    let mut smaller = look(attached(3));
    smaller.wanted.max = 2;
    insta::assert_snapshot!(table(&FINALISE, &[
        ("pinned", look(attached(3))),
        ("the file allows less", smaller),
        ("sized", look(sized(&HELD_BACK))),
        ("awake", look(sized(&[]))),
        ("the file wants it quiet", quiet),
    ]), @r"
    pinned -> act: resize web-2: min 2 max 8 desired 3
    the file allows less -> act: resize web-2: min 2 max 2 desired 2
    sized -> act: resume AZRebalance, ScheduledActions in web-2
    awake -> done
    the file wants it quiet -> act: suspend AlarmNotification in web-2
    ");
}

#[test]
fn retire_ends_the_old_instances_in_their_own_time() {
    let look = |old| world(Some(old), Some(attached(3)), Health::default());
    let sizes = |members| Group { min: 0, max: 0, desired: 0, members, ..old() };
    insta::assert_snapshot!(table(&RETIRE, &[
        ("standing by", look(old())),
        ("ending", look(sizes(members("old", 2, 0)))),
        ("empty", look(sizes(Vec::new()))),
        ("gone", world(None, Some(attached(3)), Health::default())),
    ]), @r"
    standing by -> act: resize web-1: min 0 max 0 desired 0
    ending -> wait: 2 instances to end
    empty -> done
    gone -> done
    ");
}

/// Resuming needs no memory of how far the swap came: every phase that is over says so at once.
#[test]
fn a_killed_swap_resumes_where_it_stands() {
    let all = [PIN, SCALE, ATTACH, MATCH, DETACH, BAKE, FINALISE];
    let heeding = || Group { health_check_type: "ELB".into(), ..attached(3) };
    let left = || Group { balancers: BTreeSet::new(), health_check_type: "EC2".into(), ..old() };
    let first = |observed: Observed| {
        let observed = Observed { held: held(2, 0), ..observed };
        let open = all.iter().find(|phase| (phase.next)(&observed) != Next::Done);
        open.map_or("nothing".to_owned(), ToString::to_string)
    };
    let resumed = [
        ("old untouched, originals noted", first(world(Some(untouched()), None, health(&OLD, &[])))),
        ("new group empty", first(world(Some(old()), Some(new(0, 0)), health(&OLD, &[])))),
        ("new group full, behind nothing", first(world(Some(old()), Some(new(3, 3)), health(&OLD, &[])))),
        ("both attached", first(world(Some(old()), Some(attached(3)), health(&BOTH, &[])))),
        ("both serve", first(world(Some(old()), Some(heeding()), health(&BOTH, &[])))),
        ("old left, still sized", first(world(Some(left()), Some(heeding()), health(&NEW, &[])))),
    ];
    let lines: Vec<String> =
        resumed.iter().map(|(situation, phase)| format!("{situation} -> {phase}")).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    old untouched, originals noted -> pin
    new group empty -> scale
    new group full, behind nothing -> attach
    both attached -> match
    both serve -> detach
    old left, still sized -> bake
    ");
}

#[test]
fn the_floor_is_the_live_size_or_what_the_group_served_to_begin_with() {
    let with = |percent, desired, serving| {
        let mut o = world(Some(Group { desired, ..old() }), None, Health::default());
        o.wanted.min_in_service = percent;
        o.pinned = Some(Pinned { serving, ..pinned() });
        o.floor()
    };
    assert_eq!(with(100.0, 3, 3), 3);
    assert_eq!(with(100.0, 5, 3), 5, "the floor follows scaling out");
    assert_eq!(with(100.0, 2, 3), 3, "and never falls below the pinned size");
    assert_eq!(with(50.0, 3, 3), 2, "a share is rounded up");
    assert_eq!(with(100.0, 3, 1), 1, "a group that serves less is swapped all the same");
}

#[test]
fn the_guard_counts_only_the_new_group() {
    let look = |passing: &[&str]| world(Some(old()), Some(attached(3)), health(passing, &[]));
    assert_eq!(look(&BOTH).guard(false), Ok(()));
    assert!(look(&["old1", "old2", "old3", "new1"]).guard(false).is_err());
    let mut scaled_in = look(&["new1", "new2"]);
    scaled_in.new = Some(Group { desired: 2, ..attached(2) });
    assert!(scaled_in.guard(false).is_err());
    assert_eq!(scaled_in.guard(true), Ok(()), "once it scales by itself, its own size counts");
}

#[test]
fn a_balancer_that_keeps_to_its_zones_needs_an_instance_in_each() {
    let mut crowded = world(Some(old()), Some(attached(3)), health(&BOTH, &[]));
    crowded.old.iter_mut().for_each(|old| old.members[2].zone = "b".into());
    assert_eq!(crowded.guard(false), Ok(()), "across zones, one is as good as another");
    crowded.zoned = true;
    let bare = "no instance of the new group serves in b, and the load balancer keeps to its zones";
    assert_eq!(crowded.guard(false), Err(bare.to_owned()));
    crowded.new.iter_mut().for_each(|new| new.members[0].zone = "b".into());
    assert_eq!(crowded.guard(false), Ok(()));
}

#[test]
fn the_way_back_serves_with_the_old_before_the_new_leaves() {
    let heeding = || Group { health_check_type: "ELB".into(), ..attached(3) };
    let left = || Group { balancers: BTreeSet::new(), health_check_type: "EC2".into(), ..old() };
    let returned = || Group { balancers: ["lb".to_owned()].into(), ..left() };
    let gone_back = || Group { health_check_type: "ELB".into(), ..returned() };
    let empty = || Group { min: 0, max: 0, desired: 0, members: Vec::new(), ..new(0, 0) };
    insta::assert_snapshot!(table(way_back("unpin"), &[
        ("new scales by itself", world(Some(left()), Some(Group { min: 2, ..heeding() }), health(&NEW, &[]))),
        ("cut over", world(Some(left()), Some(heeding()), health(&NEW, &[]))),
        ("old attached again", world(Some(returned()), Some(heeding()), health(&NEW, &["old1", "old2", "old3"]))),
        ("old serves again", world(Some(returned()), Some(heeding()), health(&BOTH, &[]))),
        ("new no longer heeds", world(Some(returned()), Some(attached(3)), health(&BOTH, &[]))),
        ("new drains", world(Some(returned()), Some(new(3, 3)), health(&OLD, &["new1"]))),
        ("new has drained", world(Some(returned()), Some(new(3, 3)), health(&OLD, &[]))),
        ("new is empty", world(Some(returned()), Some(empty()), health(&OLD, &[]))),
        ("new is gone", world(Some(returned()), None, health(&OLD, &[]))),
        ("old heeds again", world(Some(gone_back()), None, health(&OLD, &[]))),
        ("sizes are back", world(Some(Group { min: 2, ..gone_back() }), None, health(&OLD, &[]))),
        ("all is back", world(Some(untouched()), None, health(&OLD, &[]))),
        ("never touched", Observed { pinned: None, ..world(Some(untouched()), None, health(&OLD, &[])) }),
    ]), @r"
    new scales by itself -> act: resize web-2: min 3
    cut over -> act: attach web-1 to lb
    old attached again -> wait: 0 of 3 old instances serve again
    old serves again -> act: have web-2 judge health by EC2
    new no longer heeds -> act: detach web-2 from lb
    new drains -> wait: 1 new instances to finish their open connections
    new has drained -> act: resize web-2: min 0 max 0 desired 0
    new is empty -> act: delete web-2
    new is gone -> act: have web-1 judge health by ELB
    old heeds again -> act: resize web-1: min 2 max 8
    sizes are back -> act: resume AZRebalance in web-1
    all is back -> done
    never touched -> done
    ");
}

#[test]
fn there_is_no_way_back_once_the_old_has_begun_to_end() {
    let ending = Group { min: 0, max: 0, desired: 0, ..old() };
    insta::assert_snapshot!(table(way_back("leave"), &[
        ("ending", world(Some(ending), Some(attached(3)), health(&NEW, &[]))),
        ("gone", world(None, Some(attached(3)), health(&NEW, &[]))),
    ]), @r"
    ending -> stuck: the old group has begun to end; the new one serves, so run apply again to finish
    gone -> stuck: the old group is gone; the new one serves, so run apply again to finish
    ");
}

#[test]
fn each_undo_ends_with_its_own_stage() {
    let serving = || world(Some(old()), Some(attached(3)), health(&BOTH, &[]));
    assert_eq!(back("return", &serving()), Next::Done);
    assert!(matches!(back("leave", &serving()), Next::Act(Act::Detach { .. })));
    let apart = || world(Some(old()), Some(new(3, 3)), health(&OLD, &[]));
    assert_eq!(back("leave", &apart()), Next::Done);
    assert!(matches!(back("shrink", &apart()), Next::Act(Act::Resize { .. })));
}

/// Neither a swap nor its way back ever stops alarms or health checks of a group, or ends instances by force.
#[test]
fn only_rebalancing_is_suspended_on_the_old_group() {
    let pin = world(Some(Group { min: 3, ..untouched() }), None, health(&OLD, &[]));
    let suspended = Act::Suspend { group: "web-1".into(), processes: vec!["AZRebalance".into()] };
    assert_eq!((PIN.next)(&pin), Next::Act(suspended));
}
