//! The roll as tables, and as a whole against a group that does at once what it is told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::super::act::Act;
use super::super::blue_green::PIN;
use super::super::group::{Activities, Check, Health, Member, count};
use super::super::launching::{Launched, Launching};
use super::super::memory::Held;
use super::super::observed::Wanted;
use super::super::pace::{Pace, Portion};
use super::*;

fn from(launch: &str) -> Launching {
    Launching { launch: launch.to_owned(), mixed: None }
}

fn member(id: &str, launch: &str) -> Member {
    let launched = Launched { launch: Some(launch.to_owned()), instance_type: "t3.small".to_owned() };
    Member { id: id.to_owned(), zone: "a".to_owned(), ready: true, launched, ..Member::default() }
}

/// A group of three behind one load balancer, held at its size, that launches from `launch`.
fn group(launch: &str, desired: i32, members: &[(&str, &str)]) -> Group {
    Group {
        name: "web".into(),
        min: desired,
        max: 8,
        desired,
        launching: from(launch),
        health_check_type: "ELB".into(),
        grace: 60,
        balancers: ["lb".to_owned()].into(),
        suspended: [("AZRebalance".to_owned(), String::new())].into(),
        claim: Some("0123".into()),
        members: members.iter().map(|(id, launch)| member(id, launch)).collect(),
        ..Group::default()
    }
}

fn pinned() -> Pinned {
    Pinned {
        min: 2,
        max: 8,
        desired: 3,
        health_check_type: "ELB".into(),
        balancers: ["lb".to_owned()].into(),
        serving: 3,
        launching: from("one"),
        grace: 60,
        surge: 1,
        claim: Some("0123".into()),
        ..Pinned::default()
    }
}

fn wanted() -> Wanted {
    Wanted {
        min: 2,
        max: 8,
        health_check_type: "ELB".into(),
        balancers: ["lb".to_owned()].into(),
        min_in_service: 100.0,
        bake: Duration::from_secs(300),
        launching: from("two"),
        grace: 60,
        budget: Duration::from_secs(600),
        ..Wanted::default()
    }
}

/// What is observed of the group when all but the `silent` pass the check of the load balancer.
fn look(group: Group, silent: &[&str]) -> Observed {
    let passing = group.members.iter().filter(|member| !silent.contains(&member.id.as_str()));
    let checks = passing.map(|member| (member.id.clone(), Check::Passes)).collect();
    Observed {
        old: Some(group),
        health: Health([("lb".to_owned(), checks)].into()),
        pinned: Some(pinned()),
        wanted: wanted(),
        held: Held { polls: 2, ..Held::default() },
        claim: "0123".into(),
        ..Observed::default()
    }
}

fn for_long(o: Observed) -> Observed {
    Observed { held: Held { broken: 9, lost: Duration::from_secs(660), ..Held::default() }, ..o }
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

const OLD: [(&str, &str); 3] = [("o1", "one"), ("o2", "one"), ("o3", "one")];
const GROWN: [(&str, &str); 4] = [("n1", "two"), ("o1", "one"), ("o2", "one"), ("o3", "one")];

#[test]
fn the_group_grows_by_what_has_to_prove_itself() {
    let grown = || group("two", 4, &GROWN);
    let failed = |message: &str| Activities::sum([("Launching a new EC2 instance", true, message)]);
    let no_room = "We currently do not have sufficient t3.small capacity";
    let halted = Group {
        suspended: [("Launch".to_owned(), "User suspended".to_owned())].into(),
        ..group("one", 3, &OLD)
    };
    let firing = vec![("errors".to_owned(), "Threshold Crossed".to_owned())];
    insta::assert_snapshot!(table(&SURGE, &[
        ("pinned", look(group("one", 3, &OLD), &[])),
        ("scaled meanwhile", look(group("one", 5, &OLD), &[])),
        ("cannot launch", look(halted, &[])),
        ("nothing there yet", look(group("two", 4, &OLD), &[])),
        ("does not serve yet", look(grown(), &["n1"])),
        ("serves once", Observed { held: Held { polls: 1, ..Held::default() }, ..look(grown(), &[]) }),
        ("serves", look(grown(), &[])),
        ("never serves", for_long(look(grown(), &["n1"]))),
        ("no room yet", Observed { activities: failed(no_room), ..look(group("two", 4, &OLD), &[]) }),
        ("no room for long", for_long(Observed { activities: failed(no_room), ..look(group("two", 4, &OLD), &[]) })),
        ("no such key", Observed { activities: failed("The key pair 'k' does not exist"), ..look(group("two", 4, &OLD), &[]) }),
        ("an alarm", Observed { alarms: super::super::alarm::Alarms { firing, ..Default::default() }, ..look(grown(), &[]) }),
    ]), @r"
    pinned -> act: have web launch from two: min 4 max 8 desired 4
    scaled meanwhile -> act: have web launch from two: min 6 max 8 desired 6
    cannot launch -> stuck: Launch is suspended in web, and rolling needs it; resume it first
    nothing there yet -> wait: 0 of 1 new instances serve steadily
    does not serve yet -> wait: 0 of 1 new instances serve steadily
    serves once -> wait: 1 of 1 new instances serve steadily
    serves -> done
    never serves -> stuck: 1 of the new instances do not serve after 11 minutes
    no room yet -> wait: 0 of 1 new instances serve steadily; the last launch failed: We currently do not have sufficient t3.small capacity
    no room for long -> stuck: AWS has had no capacity for 11 minutes: We currently do not have sufficient t3.small capacity
    no such key -> stuck: The key pair 'k' does not exist
    an alarm -> stuck: the alarm errors went off: Threshold Crossed
    ");
    let Next::Act(Act::Relaunch { grace, .. }) = surge(&look(group("one", 3, &OLD), &[])) else {
        panic!("nothing is launched")
    };
    assert_eq!(grace, 600, "a slow boot is not taken for a failure");
}

#[test]
fn instances_go_one_by_one_and_each_by_name() {
    let rolling = |members: &[(&str, &str)]| group("two", 4, members);
    let last = [("n1", "two"), ("n2", "two"), ("n3", "two"), ("o3", "one")];
    let apart = |mut group: Group| {
        group.members[1].zone = "b".into();
        let mut o = look(group, &[]);
        o.pinned.iter_mut().for_each(|pinned| pinned.zoned = true);
        o
    };
    let standing_by = |mut group: Group| {
        group.members[1].away = true;
        group
    };
    let done = Group { min: 3, ..group("two", 3, &last[..3]) };
    let idle = Held { polls: 99, time: Duration::from_secs(700), ..Held::default() };
    insta::assert_snapshot!(table(&ROLL, &[
        ("all serve", look(rolling(&GROWN), &[])),
        ("the new one does not", look(rolling(&GROWN), &["n1"])),
        ("an old one does not", look(rolling(&GROWN), &["o2"])),
        ("nor does another", look(rolling(&GROWN), &["o2", "o3"])),
        ("and it goes on so", Observed { held: idle, ..look(rolling(&GROWN), &["o2", "o3"]) }),
        ("one goes, another is not there", look(rolling(&[("n1", "two"), ("o2", "one"), ("o3", "one")]), &[])),
        ("one has no settings any more", look(rolling(&[("n1", "two"), ("n2", "two"), ("n3", "two"), ("o3", "")]), &[])),
        ("a zone would be bare", apart(rolling(&GROWN))),
        ("one stands by", look(standing_by(group("two", 4, &[GROWN[0], GROWN[1], GROWN[2], GROWN[3], ("o4", "one")])), &[])),
        ("only the surge is left", look(rolling(&last), &[])),
        ("the minimum allows it", look(Group { min: 3, ..rolling(&last) }, &[])),
        ("but one does not serve", look(Group { min: 3, ..rolling(&last) }, &["n2"])),
        ("somebody took the surge away", look(Group { min: 3, desired: 3, ..rolling(&last[..3]) }, &[])),
        ("somebody scaled down", look(Group { min: 2, desired: 2, ..rolling(&last[..2]) }, &[])),
        ("all are new", look(done.clone(), &[])),
        ("one of them died", look(done, &["n2"])),
    ]), @r"
    all serve -> act: replace o1 of web
    the new one does not -> wait: 0 of 4 instances are new, 1 to serve
    an old one does not -> act: replace o2 of web
    nor does another -> wait: more than the floor of 3 to serve; 2 instances do
    and it goes on so -> stuck: 2 instances serve, and the floor is 3: none may go
    one goes, another is not there -> wait: 1 of 4 instances are new, 1 to serve
    one has no settings any more -> act: resize web: min 3
    a zone would be bare -> act: replace o2 of web
    one stands by -> act: replace o2 of web
    only the surge is left -> act: resize web: min 3
    the minimum allows it -> act: end o3 of web
    but one does not serve -> wait: 2 of 4 instances are new, 1 to serve
    somebody took the surge away -> done
    somebody scaled down -> act: resize web: min 3 max 8 desired 3
    all are new -> done
    one of them died -> wait: 2 of 3 instances are new, 1 to serve
    ");
}

#[test]
fn new_instances_hold_before_the_sizes_come_back() {
    let all = [("n1", "two"), ("n2", "two"), ("n3", "two")];
    let after = |seconds| Held { polls: 9, time: Duration::from_secs(seconds), ..Held::default() };
    let broken = |broken| Held { broken, ..Held::default() };
    let rolled = || group("two", 3, &all);
    let sized = || Group { min: 2, ..rolled() };
    let slow = || Group { grace: 600, ..sized() };
    let awake = || Group { suspended: BTreeMap::new(), ..sized() };
    insta::assert_snapshot!(table(&WATCH, &[
        ("just now", Observed { held: after(0), ..look(rolled(), &[]) }),
        ("long enough", Observed { held: after(300), ..look(rolled(), &[]) }),
        ("one fails", Observed { held: broken(1), ..look(rolled(), &["n1"]) }),
        ("and goes on so", Observed { held: broken(2), ..look(rolled(), &["n1"]) }),
    ]), @r"
    just now -> wait: the new instances to hold for 5 min more
    long enough -> done
    one fails -> wait: another look: the group serves with 2 new instances, and the floor is 3
    and goes on so -> stuck: the group serves with 2 new instances, and the floor is 3
    ");
    insta::assert_snapshot!(table(&RESTORE, &[
        ("held", look(rolled(), &[])),
        ("sized", look(slow(), &[])),
        ("as patient as the file says", look(sized(), &[])),
        ("all its processes run", look(awake(), &[])),
        ("unmarked", look(Group { claim: None, ..awake() }, &[])),
    ]), @r"
    held -> act: resize web: min 2 max 8 desired 3
    sized -> act: give instances of web 60 s of grace
    as patient as the file says -> act: resume AZRebalance in web
    all its processes run -> act: take the mark of the swap from web
    unmarked -> done
    ");
}

#[test]
fn the_way_back_replaces_what_came() {
    let bad = || group("two", 4, &GROWN);
    let turned = |desired, members: &[(&str, &str)]| group("one", desired, members);
    let resting = |group: Group| {
        let processes = ["AZRebalance", "Launch"].map(|name| (name.to_owned(), String::new()));
        Group { suspended: processes.into(), ..group }
    };
    let untouched = Observed { pinned: None, ..look(group("one", 3, &OLD), &[]) };
    insta::assert_snapshot!(table(&UNROLL, &[
        ("never touched", untouched),
        ("only pinned", look(group("one", 3, &OLD), &[])),
        ("the new one never served", look(bad(), &["n1"])),
        ("it launches the old again", look(turned(4, &GROWN), &["n1"])),
        ("it may shrink", look(Group { min: 3, ..turned(4, &GROWN) }, &["n1"])),
        ("none came", look(group("two", 4, &OLD), &[])),
        ("none can come", look(resting(group("two", 4, &OLD)), &[])),
        ("turned", look(resting(turned(3, &OLD)), &[])),
        ("half way", look(turned(4, &[("n1", "two"), ("n2", "two"), ("o1", "one"), ("o2", "one")]), &["n2"])),
        ("all were new", look(group("two", 3, &[("n1", "two"), ("n2", "two"), ("n3", "two")]), &[])),
        ("back", look(turned(3, &OLD), &[])),
        ("one has died", look(turned(3, &OLD[..2]), &[])),
        ("sizes are back", look(Group { min: 2, grace: 600, ..turned(3, &OLD) }, &[])),
    ]), @r"
    never touched -> done
    only pinned -> act: resize web: min 2 max 8
    the new one never served -> act: have web launch from one: min 4 max 8 desired 4
    it launches the old again -> act: resize web: min 3
    it may shrink -> act: end n1 of web
    none came -> act: suspend Launch in web
    none can come -> act: have web launch from one: min 3 max 8 desired 3
    turned -> act: resume Launch in web
    half way -> act: replace n2 of web
    all were new -> act: have web launch from one: min 4 max 8 desired 4
    back -> act: resize web: min 2 max 8
    one has died -> wait: 2 of 3 instances are back, 1 to serve
    sizes are back -> act: give instances of web 60 s of grace
    ");
}

/// A group that does at once what it is told; what it launches serves some looks later.
struct Cloud {
    group: Group,
    pinned: Option<Pinned>,
    wanted: Wanted,
    /// So many looks pass until an instance serves.
    boot: u32,
    /// For each instance that does not serve yet, the looks left.
    booting: BTreeMap<String, u32>,
    launched: u32,
    looks: u32,
    floor: i32,
    least: i32,
    most: usize,
}

impl Cloud {
    fn new(size: i32, pace: Pace, min_in_service: f64, boot: u32) -> Self {
        let members: Vec<String> = (0..size).map(|at| format!("o{at:02}")).collect();
        let members: Vec<(&str, &str)> = members.iter().map(|id| (id.as_str(), "one")).collect();
        let unheld = Group {
            min: 1,
            max: 30,
            suspended: BTreeMap::new(),
            claim: None,
            ..group("one", size, &members)
        };
        let wanted = Wanted { min: 1, max: 30, pace, min_in_service, bake: Duration::ZERO, ..wanted() };
        let floor = (f64::from(size) * min_in_service / 100.0).ceil() as i32;
        let (booting, most) = (BTreeMap::new(), members.len());
        Self {
            group: unheld,
            pinned: None,
            wanted,
            boot,
            booting,
            launched: 0,
            looks: 0,
            floor,
            least: size,
            most,
        }
    }

    fn observe(&self) -> Observed {
        let silent: Vec<&str> = self.booting.keys().map(String::as_str).collect();
        Observed {
            pinned: self.pinned.clone(),
            wanted: self.wanted.clone(),
            held: Held { polls: 9, time: Duration::from_secs(60), ..Held::default() },
            ..look(self.group.clone(), &silent)
        }
    }

    /// Runs a phase to its end, or until so many looks have passed in all.
    fn run(&mut self, phase: &Phase, looks: u32) -> Result<bool, String> {
        while self.looks < looks {
            match phase.decide(&self.observe()) {
                Next::Act(act) => self.carry_out(act),
                Next::Wait(_) => self.pass(),
                Next::Done => return Ok(true),
                Next::Stuck(reason) => return Err(reason),
            }
        }
        Ok(false)
    }

    fn carry_out(&mut self, act: Act) {
        self.looks += 1;
        let group = &mut self.group;
        match act {
            Act::Note(pinned) => self.pinned = Some(*pinned),
            Act::Claim { by, .. } => group.claim = Some(by),
            Act::Release { .. } => group.claim = None,
            Act::Spare { grace, .. } => group.grace = grace,
            Act::Suspend { processes, .. } => {
                group.suspended.extend(processes.into_iter().map(|name| (name, String::new())));
            }
            Act::Resume { processes, .. } => group.suspended.retain(|name, _| !processes.contains(name)),
            Act::Resize { min, max, desired, .. } => {
                (group.min, group.max) = (min.unwrap_or(group.min), max.unwrap_or(group.max));
                group.desired = desired.unwrap_or(group.desired);
            }
            Act::Relaunch { from, size, max, grace, .. } => {
                (group.launching, group.grace) = (from, grace);
                (group.min, group.max, group.desired) = (size, max, size);
            }
            Act::End { instance, shrink, .. } => {
                assert!(!shrink || group.desired > group.min, "below the minimum");
                group.members.retain(|member| member.id != instance);
                group.desired -= i32::from(shrink);
                self.booting.remove(&instance);
            }
            other => panic!("a roll does not {other}"),
        }
        self.launch();
    }

    fn launch(&mut self) {
        assert!(count(self.group.members.len()) <= self.group.desired, "AWS would choose whom to end");
        let halted = self.group.suspended.contains_key("Launch");
        while !halted && count(self.group.members.len()) < self.group.desired {
            self.launched += 1;
            let id = format!("n{:02}", self.launched);
            self.group.members.push(member(&id, &self.group.launching.launch.clone()));
            self.booting.insert(id, self.boot);
        }
        self.count();
    }

    fn pass(&mut self) {
        self.looks += 1;
        self.booting.values_mut().for_each(|left| *left = left.saturating_sub(1));
        self.booting.retain(|_, left| *left > 0);
        self.count();
    }

    fn count(&mut self) {
        self.least = self.least.min(count(self.group.members.len() - self.booting.len()));
        self.most = self.most.max(self.group.members.len());
    }

    fn launches(&self) -> BTreeSet<String> {
        self.group.members.iter().filter_map(|member| member.launched.launch.clone()).collect()
    }
}

const FORWARD: [&Phase; 5] = [&PIN, &SURGE, &ROLL, &WATCH, &RESTORE];
const LOOKS: u32 = 5_000;

proptest! {
    #[test]
    fn a_roll_keeps_its_floor_and_ends_with_the_sizes_it_began_with(
        size in 1..25_i32, surge in 1..6_i32, batch in 1..6_i32, percent in 0..=4_u8, boot in 1..4_u32,
    ) {
        let pace = Pace { surge: Portion::Count(surge), batch: Some(Portion::Count(batch)) };
        let mut cloud = Cloud::new(size, pace, f64::from(percent) * 25.0, boot);
        let before = (cloud.group.min, cloud.group.max, cloud.group.desired, cloud.group.grace);
        for phase in FORWARD {
            prop_assert_eq!(cloud.run(phase, LOOKS), Ok(true), "{}", phase);
        }
        let group = &cloud.group;
        prop_assert_eq!((group.min, group.max, group.desired, group.grace), before);
        prop_assert!(group.claim.is_none() && group.suspended.is_empty());
        prop_assert!(cloud.launches().iter().all(|launch| launch == "two"));
        prop_assert!(cloud.least >= cloud.floor, "{} of {}", cloud.least, cloud.floor);
        prop_assert!(count(cloud.most) <= size + surge);
    }

    #[test]
    fn from_anywhere_the_way_back_ends_as_it_was(
        size in 1..15_i32, surge in 1..4_i32, batch in 1..4_i32, percent in 0..=4_u8, broken in any::<bool>(),
        stop in 0..120_u32,
    ) {
        let pace = Pace { surge: Portion::Count(surge), batch: Some(Portion::Count(batch)) };
        let mut cloud = Cloud::new(size, pace, f64::from(percent) * 25.0, 2);
        let before = Group { members: Vec::new(), ..cloud.group.clone() };
        cloud.boot = if broken { LOOKS } else { 2 };
        for phase in FORWARD.iter().take(4) {
            let done = cloud.run(phase, stop);
            prop_assert!(done.is_ok());
            if done != Ok(true) {
                break;
            }
        }
        cloud.boot = 2;
        prop_assert_eq!(cloud.run(&UNROLL, LOOKS), Ok(true));
        prop_assert_eq!(Group { members: Vec::new(), ..cloud.group.clone() }, before);
        prop_assert!(cloud.launches().iter().all(|launch| launch == "one"));
        prop_assert_eq!(count(cloud.group.members.len()), size);
        prop_assert!(cloud.least >= cloud.floor, "{} of {}", cloud.least, cloud.floor);
    }
}
