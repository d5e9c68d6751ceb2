//! AWS and the network lie: answers are lost, requests arrive twice, reads know nothing of the last writes, calls are
//! throttled, refused or stalled. Whatever it is, what is wanted comes about with exactly the writes that it takes and
//! those that the lie explains; nothing is there twice, and nothing is left behind.

mod census;
mod full;
mod full_disk;
mod interrupted;
mod life;
mod refused;

use std::collections::BTreeMap;

use life::{CASES, Past, undisturbed};

/// Calls that make another object each time, and what then removes the one too many: nothing of what they say is
/// unique. A builder whose launch was not heard of is thrown away.
const TWINS: [(&str, &str); 4] = [
    ("ec2:CreateVpc", "ec2:DeleteVpc"),
    ("ec2:CreateInternetGateway", "ec2:DeleteInternetGateway"),
    ("ec2:CreateRouteTable", "ec2:DeleteRouteTable"),
    ("ec2:RunInstances", "ec2:TerminateInstances"),
];

/// What is done together, and together again if a part was not heard of: what a group takes along to its successor, an
/// alarm and its tags.
const TOGETHER: [&[&str]; 2] = [
    &[
        "autoscaling:BatchPutScheduledUpdateGroupAction",
        "autoscaling:PutLifecycleHook",
        "autoscaling:PutScalingPolicy",
    ],
    &["cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"],
];

/// Every write that a stage takes: the operation, and its number among the calls of that.
fn every_write(plain: &Past) -> impl Iterator<Item = (&str, u64)> {
    plain.writes.iter().flat_map(|(operation, count)| (1..=*count).map(|number| (operation.as_str(), number)))
}

/// The operations that were carried out more often, or less often, than without lies, and by how much.
fn differences(plain: &Past, lied: &Past) -> BTreeMap<String, i64> {
    let count =
        |past: &Past, operation: &str| past.writes.get(operation).copied().unwrap_or_default().cast_signed();
    let all = plain.writes.keys().chain(lied.writes.keys());
    let differ = all.map(|operation| (operation.clone(), count(lied, operation) - count(plain, operation)));
    differ.filter(|(_, more)| *more != 0).collect()
}

/// What a call that is carried out a second time explains: itself, and the removal of what it has made twice.
fn is_explained(operation: &str, more: &BTreeMap<String, i64>) -> bool {
    let along = |name: &str| TOGETHER.iter().any(|all| all.contains(&operation) && all.contains(&name));
    let removes = |name: &str| TWINS.contains(&(operation, name));
    more.iter().all(|(name, more)| along(name) || (*more == 1 && (name == operation || removes(name))))
}

/// Lies about every write of a case in turn: one run is enough, and it ends as without lies.
fn one_by_one(case: &'static str, effect: &str) {
    for (start, plain) in undisturbed(case) {
        for (operation, number) in every_write(&plain) {
            let lie = format!("{operation}@{number}={effect}");
            let lied = start.among(std::slice::from_ref(&lie));
            let told = format!("{case}, {:?}: {lie}", start.stage);
            assert_eq!((&lied.said, &lied.census), (&plain.said, &plain.census), "{told}");
            let more = differences(&plain, &lied);
            assert!(is_explained(operation, &more), "{told}: {more:?}");
        }
    }
}

/// One test for each case.
macro_rules! for_every_case {
    ($($what:ident: $effect:literal),* $(,)?) => {$(
        mod $what {
            for_every_case!(@ $effect: network dns balancer configuration_group template_group image machine scaling);

            #[test]
            fn no_case_is_forgotten() {
                assert_eq!(NAMES, super::CASES);
            }
        }
    )*};
    (@ $effect:literal: $($case:ident)*) => {
        const NAMES: &[&str] = &[$(stringify!($case)),*];
        $(#[test] fn $case() { super::one_by_one(stringify!($case), $effect); })*
    };
}

for_every_case! {
    connections_are_lost_after_each_write: "cut",
    each_write_is_delivered_twice: "twice",
}

/// A lie that is told all the time.
struct Lie {
    /// As faults, or as an effect that the first call of every writing operation meets.
    text: &'static str,
    /// How often an operation may be carried out beyond what it takes, for each time that it takes.
    repeats: i64,
}

/// A refusal and a delay cost no write; what is carried out and not told may be repeated, if that does no harm; a look
/// that knows nothing of a write is followed by the same write again, four times at most in eight seconds.
const LIES: [Lie; 11] = [
    Lie { text: "*:*~20%=throttle", repeats: 0 },
    Lie { text: "*:*~50%=throttle", repeats: 0 },
    Lie { text: "*:*~20%=500", repeats: 0 },
    Lie { text: "*:*~20%=dropped", repeats: 0 },
    Lie { text: "*:*~20%=delay:5s", repeats: 0 },
    Lie { text: "*:*~20%=lost", repeats: 4 },
    Lie { text: "*:*~20%=cut", repeats: 4 },
    Lie { text: "*:*=stale:8s*always", repeats: 4 },
    Lie { text: "lost", repeats: 1 },
    Lie { text: "500", repeats: 0 },
    Lie { text: "twice:first", repeats: 1 },
];

/// Tells a lie through all stages of a case.
fn lied_to(case: &'static str, lie: &Lie) {
    for (start, plain) in undisturbed(case) {
        let lies: Vec<String> = match lie.text.contains('=') {
            true => vec![lie.text.to_owned()],
            false => plain.writes.keys().map(|operation| format!("{operation}={}", lie.text)).collect(),
        };
        let lied = start.among(&lies);
        let told = format!("{case}, {:?}: {}", start.stage, lie.text);
        assert_eq!((&lied.said, &lied.census), (&plain.said, &plain.census), "{told}");
        for (operation, more) in differences(&plain, &lied) {
            let usual = plain.writes.get(&operation).copied().unwrap_or_default().cast_signed();
            let removes = TWINS.iter().any(|(_, removal)| operation == *removal);
            let along = TOGETHER.concat().contains(&operation.as_str());
            assert!(
                (0..=usual * lie.repeats).contains(&more) || removes || along,
                "{told}: {operation} {more} more"
            );
        }
    }
}

macro_rules! everybody_lies {
    ($($case:ident)*) => {$(
        #[test]
        fn $case() {
            LIES.iter().for_each(|lie| lied_to(stringify!($case), lie));
        }
    )*};
}

everybody_lies!(network dns balancer configuration_group template_group image machine scaling);
