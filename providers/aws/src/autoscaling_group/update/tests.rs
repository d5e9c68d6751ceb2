use super::*;
use crate::autoscaling_group::group::{Check, Member};

fn group() -> AutoscalingGroup {
    AutoscalingGroup {
        launch: "web-4f2a91".into(),
        min_size: 1,
        max_size: 4,
        load_balancers: ["old".to_owned()].into(),
        metrics_granularity: "1Minute".into(),
        ..AutoscalingGroup::default()
    }
}

fn live() -> Group {
    Group {
        name: "web-1".into(),
        min: 1,
        max: 4,
        desired: 1,
        health_check_type: "ELB".into(),
        balancers: ["old".to_owned()].into(),
        members: vec![Member { id: "i-1".into(), ready: true, ..Member::default() }],
        ..Group::default()
    }
}

fn passing(balancer: &str) -> Health {
    Health([(balancer.to_owned(), [("i-1".to_owned(), Check::Passes)].into())].into())
}

/// What comes next, as text.
fn decide(
    changed: &[&str],
    wanted: &AutoscalingGroup,
    have: &AutoscalingGroup,
    live: &Group,
    health: &Health,
) -> String {
    let changed = changed.iter().map(|name| (*name).to_owned()).collect();
    let tags = have.all_tags();
    match next(&State { changed: &changed, wanted, have, live, tags: &tags, health }) {
        Next::Act(Call::Act(act)) => act.to_string(),
        Next::Act(call) => format!("{call:?}"),
        Next::Wait(on) => format!("wait: {on}"),
        Next::Done => "done".to_owned(),
        Next::Stuck(reason) => format!("stuck: {reason}"),
    }
}

#[test]
fn what_differs_is_changed_in_one_call_and_the_rest_left_alone() {
    let wanted = AutoscalingGroup {
        launch: "web-91bb02".into(),
        max_size: 8,
        default_cooldown: 60,
        load_balancers: ["new".to_owned()].into(),
        ..group()
    };
    let decided = decide(&["launch", "max_size", "min_size"], &wanted, &group(), &live(), &Health::default());
    insta::assert_snapshot!(decided, @r#"Settings(["launch", "max_size"])"#);
}

#[test]
fn a_balancer_is_proven_before_another_is_left() {
    let wanted = AutoscalingGroup { load_balancers: ["new".to_owned()].into(), ..group() };
    let both = Group { balancers: ["new".to_owned(), "old".to_owned()].into(), ..live() };
    let moved = Group { balancers: ["new".to_owned()].into(), ..live() };
    let decide = |live: &Group, health| decide(&["load_balancers"], &wanted, &group(), live, &health);
    let lines = [
        decide(&live(), Health::default()),
        decide(&both, Health::default()),
        decide(&both, passing("new")),
        decide(&moved, passing("new")),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r"
    attach web-1 to new
    wait: 0 of 1 instances pass every load balancer
    detach web-1 from old
    done
    ");
}

#[test]
fn the_health_check_type_follows_the_balancers() {
    let wanted = AutoscalingGroup { load_balancers: BTreeSet::new(), ..group() };
    let left = Group { balancers: BTreeSet::new(), ..live() };
    let decided = decide(&["load_balancers"], &wanted, &group(), &left, &Health::default());
    insta::assert_snapshot!(decided, @"have web-1 judge health by EC2");
}

#[test]
fn processes_metrics_and_tags_become_exactly_what_is_written() {
    let wanted = AutoscalingGroup {
        suspended_processes: ["AZRebalance".to_owned()].into(),
        enabled_metrics: ["GroupDesiredCapacity".to_owned()].into(),
        tags: [("app".to_owned(), "shop".to_owned())].into(),
        ..group()
    };
    let have = AutoscalingGroup { tags: [("team".to_owned(), "web".to_owned())].into(), ..group() };
    let mut live = live();
    let asleep = Group { suspended: [("Launch".to_owned(), String::new())].into(), ..live.clone() };
    let all = ["tags", "suspended_processes", "enabled_metrics"];
    let lines = [
        decide(&all, &wanted, &have, &live, &Health::default()),
        decide(&all[1..], &wanted, &have, &asleep, &Health::default()),
        decide(&all[1..], &wanted, &have, &live, &Health::default()),
        {
            live.suspended.insert("AZRebalance".into(), String::new());
            decide(&all[1..], &wanted, &have, &live, &Health::default())
        },
        {
            live.metrics = ["GroupDesiredCapacity".to_owned(), "GroupMinSize".to_owned()].into();
            decide(&all[1..], &wanted, &have, &live, &Health::default())
        },
    ];
    insta::assert_snapshot!(lines.join("\n"), @r#"
    Tags({"app": ("shop", true)}, ["team"])
    resume Launch in web-1
    suspend AZRebalance in web-1
    measure GroupDesiredCapacity of web-1
    Ignore(["GroupMinSize"])
    "#);
}

#[test]
fn a_higher_minimum_is_awaited() {
    let wanted = AutoscalingGroup { min_size: 2, ..group() };
    let have = AutoscalingGroup { min_size: 2, ..group() };
    let decided = decide(&["min_size"], &wanted, &have, &live(), &Health::default());
    insta::assert_snapshot!(decided, @"wait: 1 of 2 instances in service");
}
