use std::time::Duration;

use super::super::group::{Activities, Check, Health, Member, count};
use super::super::memory::Held;
use super::super::observed::Wanted;
use super::*;

/// A new group at 10% of forty instances, `passing` of which serve.
fn look(stage: f64, passing: usize, held: Held) -> Observed {
    let members = |prefix: &str, all| -> Vec<Member> {
        (0..all).map(|at| Member { id: format!("{prefix}{at}"), ready: true, ..Member::default() }).collect()
    };
    let new = members("new", 4);
    let checks = new.iter().take(passing).map(|member| (member.id.clone(), Check::Passes)).collect();
    let group = |name: &str, members: Vec<Member>| Group {
        name: name.into(),
        desired: count(members.len()),
        balancers: ["lb".to_owned()].into(),
        members,
        ..Group::default()
    };
    Observed {
        old: Some(group("web-1", members("old", 40))),
        new: Some(group("web-2", new)),
        health: Health([("lb".to_owned(), checks)].into()),
        stage: Some(stage),
        held,
        wanted: Wanted {
            balancers: ["lb".to_owned()].into(),
            bake: Duration::from_secs(300),
            ..Wanted::default()
        },
        ..Observed::default()
    }
}

fn held(seconds: u64) -> Held {
    Held { polls: 9, time: Duration::from_secs(seconds), ..Held::default() }
}

#[test]
fn a_stage_holds_with_its_share() {
    let broken = |broken| Held { broken, ..Held::default() };
    let dying = Activities { ended: 5, ..Activities::default() };
    let cases = [
        TRY.decide(&look(10.0, 4, held(0))),
        TRY.decide(&look(10.0, 4, held(300))),
        TRY.decide(&look(10.0, 3, broken(1))),
        TRY.decide(&look(10.0, 3, broken(2))),
        TRY.decide(&Observed { activities: dying, ..look(10.0, 3, broken(1)) }),
        TRY.decide(&look(2.0, 1, held(300))),
        TRY.decide(&look(100.0, 4, broken(2))),
    ];
    let lines: Vec<String> = cases.iter().map(|next| format!("{next:?}")).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    Wait("the stage to hold for 5 min more")
    Done
    Wait("another look: the new group serves with 3 of 4 instances")
    Stuck("the new group serves with 3 of 4 instances")
    Stuck("5 instances have ended by themselves and were launched again")
    Done
    Stuck("the new group serves with 4 of 40 instances")
    "#);
}

#[test]
fn stages_are_told_as_people_do() {
    assert_eq!(listed(&[5.0, 50.0, 100.0]), "5, 50 and 100%");
    assert_eq!(listed(&[2.5, 100.0]), "2.5 and 100%");
    assert_eq!(listed(&[100.0]), "100%");
}
