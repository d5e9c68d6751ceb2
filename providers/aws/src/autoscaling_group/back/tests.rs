//! Swaps to a second group as a whole, against groups that do at once what they are told: wherever one stops, the way
//! back ends as it began, and the floor is kept.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::super::group::{Check, Health, Member, count};
use super::super::memory::Held;
use super::super::observed::Wanted;
use super::*;

/// The phases of a canary of three stages, with the share of each; the rest is as by blue_green.
const STEPS: [(&str, Option<f64>); 14] = [
    ("pin", None),
    ("make", None),
    ("scale", Some(5.0)),
    ("attach", Some(5.0)),
    ("try", Some(5.0)),
    ("scale", Some(50.0)),
    ("attach", Some(50.0)),
    ("try", Some(50.0)),
    ("scale", None),
    ("attach", None),
    ("match", None),
    ("detach", None),
    ("bake", None),
    ("finalise", None),
];

/// Two groups behind one load balancer; what is launched serves some looks later.
struct Cloud {
    old: Option<Group>,
    new: Option<Group>,
    pinned: Option<Pinned>,
    wanted: Wanted,
    stage: Option<f64>,
    boot: u32,
    /// For each instance that does not serve yet, the looks left.
    booting: BTreeMap<String, u32>,
    launched: u32,
    looks: u32,
    least: i32,
}

fn behind() -> std::collections::BTreeSet<String> {
    ["lb".to_owned()].into()
}

impl Cloud {
    fn new(size: i32, min_in_service: f64, boot: u32) -> Self {
        let member = |at| Member { id: format!("o{at}"), ready: true, ..Member::default() };
        let old = Group {
            name: "web-1".into(),
            min: 1,
            max: 30,
            desired: size,
            health_check_type: "ELB".into(),
            balancers: behind(),
            members: (0..size).map(member).collect(),
            ..Group::default()
        };
        let wanted = Wanted {
            min: 1,
            max: 30,
            health_check_type: "ELB".into(),
            balancers: behind(),
            min_in_service,
            ..Wanted::default()
        };
        let (booting, old) = (BTreeMap::new(), Some(old));
        let (new, pinned, stage, launched, looks) = (None, None, None, 0, 0);
        Self { old, new, pinned, wanted, stage, boot, booting, launched, looks, least: size }
    }

    fn observe(&self) -> Observed {
        let check =
            |id: &String| if self.booting.contains_key(id) { Check::Registered } else { Check::Passes };
        let attached =
            [&self.old, &self.new].into_iter().flatten().filter(|group| !group.balancers.is_empty());
        let members = attached.flat_map(|group| &group.members);
        let checks = members.map(|member| (member.id.clone(), check(&member.id))).collect();
        Observed {
            old: self.old.clone(),
            new: self.new.clone(),
            health: Health([("lb".to_owned(), checks)].into()),
            pinned: self.pinned.clone(),
            wanted: self.wanted.clone(),
            stage: self.stage,
            claim: "0123".into(),
            held: Held { polls: 9, time: Duration::from_secs(60), ..Held::default() },
            ..Observed::default()
        }
    }

    /// Runs a phase to its end, or until so many looks have passed in all.
    fn run(&mut self, phase: &Phase, looks: u32) -> Result<bool, String> {
        while self.looks < looks {
            match phase.decide(&self.observe()) {
                Next::Act(act) => self.carry_out(act),
                Next::Wait(_) => self.looks += 1,
                Next::Done => return Ok(true),
                Next::Stuck(reason) => return Err(reason),
            }
            self.pass();
        }
        Ok(false)
    }

    fn group(&mut self, name: &str) -> &mut Group {
        let groups = [&mut self.old, &mut self.new].into_iter().flatten();
        groups.into_iter().find(|group| group.name == name).expect("a group")
    }

    fn make(&mut self) {
        self.new = Some(Group {
            name: "web-2".into(),
            max: 30,
            health_check_type: "EC2".into(),
            ..Group::default()
        });
    }

    fn carry_out(&mut self, act: Act) {
        self.looks += 1;
        match act {
            Act::Note(pinned) => self.pinned = Some(*pinned),
            Act::Claim { group, by } => self.group(&group).claim = Some(by),
            Act::Release { group } => self.group(&group).claim = None,
            Act::CheckBy { group, by } => self.group(&group).health_check_type = by,
            Act::Attach { group, .. } => self.group(&group).balancers = behind(),
            Act::Detach { group, .. } => self.group(&group).balancers.clear(),
            Act::Suspend { group, processes } => {
                let processes = processes.into_iter().map(|name| (name, String::new()));
                self.group(&group).suspended.extend(processes);
            }
            Act::Resume { group, processes } => {
                self.group(&group).suspended.retain(|name, _| !processes.contains(name));
            }
            Act::Resize { group, min, max, desired } => {
                let group = self.group(&group);
                (group.min, group.max) = (min.unwrap_or(group.min), max.unwrap_or(group.max));
                group.desired = desired.unwrap_or(group.desired).max(group.min);
            }
            Act::Delete { .. } => self.new = None,
            other => panic!("a swap to a second group does not {other}"),
        }
    }

    fn pass(&mut self) {
        self.booting.values_mut().for_each(|left| *left = left.saturating_sub(1));
        self.booting.retain(|_, left| *left > 0);
        for group in [&mut self.old, &mut self.new].into_iter().flatten() {
            let size = usize::try_from(group.desired).expect("a size");
            group.members.truncate(size);
            while group.members.len() < size {
                self.launched += 1;
                let id = format!("n{}", self.launched);
                group.members.push(Member { id: id.clone(), ready: true, ..Member::default() });
                self.booting.insert(id, self.boot);
            }
        }
        let o = self.observe();
        let serving = [&o.old, &o.new].into_iter().flatten().map(|group| group.serving(&behind(), &o.health));
        self.least = self.least.min(serving.sum());
    }

    /// Goes forth until so many looks have passed; whether all of it is done.
    fn go(&mut self, looks: u32) -> Result<bool, String> {
        for (name, stage) in STEPS {
            self.stage = stage;
            match Phase::named(name) {
                None => self.make(),
                Some(phase) if !self.run(phase, looks)? => return Ok(false),
                Some(_) => {}
            }
        }
        Ok(true)
    }
}

const LOOKS: u32 = 5_000;

proptest! {
    #[test]
    fn a_swap_carries_its_size_over(size in 1..25_i32, percent in 0..=4_u8, boot in 1..4_u32) {
        let mut cloud = Cloud::new(size, f64::from(percent) * 25.0, boot);
        prop_assert_eq!(cloud.go(LOOKS), Ok(true));
        let new = cloud.new.expect("the new group");
        prop_assert_eq!((new.min, new.max, new.desired, count(new.members.len())), (1, 30, size, size));
        prop_assert!(new.suspended.is_empty() && new.claim.is_none());
        prop_assert!(cloud.least >= size, "nothing leaves before its like serves: {} of {size}", cloud.least);
    }

    #[test]
    fn from_anywhere_the_way_back_ends_as_it_was(
        size in 1..15_i32, percent in 0..=4_u8, stop in 0..60_u32, broken in any::<bool>(),
    ) {
        let share = f64::from(percent) * 25.0;
        let mut cloud = Cloud::new(size, share, if broken { LOOKS } else { 2 });
        let before = cloud.old.clone();
        prop_assert!(cloud.go(stop).is_ok());
        for name in ["repin", "return", "leave", "shrink", "remove", "unpin"] {
            let phase = Phase::named(name).expect("a way back");
            prop_assert_eq!(cloud.run(phase, 2 * LOOKS), Ok(true), "{}", name);
        }
        prop_assert_eq!(&cloud.new, &None);
        prop_assert_eq!(&cloud.old, &before);
        prop_assert!(cloud.least >= (f64::from(size) * share / 100.0).ceil() as i32);
    }
}
