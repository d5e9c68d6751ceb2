use aws_sdk_autoscaling::types::{DesiredConfiguration, LaunchTemplateSpecification};

use super::*;
use crate::autoscaling_group::launching::Launching;
use crate::autoscaling_group::pace::Portion;
use crate::autoscaling_group::swap::Swap;

fn refresh(status: Status) -> Refresh {
    Refresh { id: "one".into(), status, percentage: 40, reason: "because".into(), desired: None }
}

fn look(status: Option<Status>, serving: i32) -> Look {
    Look {
        group: Group { name: "web".into(), desired: 10, ..Group::default() },
        serving,
        begun: status.map(|_| Begun { refresh: "one".into(), desired: 10, serving: 10 }),
        refresh: status.map(refresh),
        by_template: true,
        min_in_service: 90.0,
        ..Look::default()
    }
}

#[test]
fn a_refresh_is_begun_once_and_watched_to_its_end() {
    assert_eq!(look(None, 10).forward(), Next::Act(Act::Start));
    let waits = Next::Wait("AWS, which has replaced 40%".into());
    assert_eq!(look(Some(Status::Running), 9).forward(), waits);
    assert_eq!(look(Some(Status::Successful), 10).forward(), Next::Done);
    let failed = "the refresh has ended before all was replaced: because";
    assert_eq!(look(Some(Status::Failed), 10).forward(), Next::Stuck(failed.into()));
    let again = Look { first: true, ..look(Some(Status::Failed), 10) };
    assert_eq!(again.forward(), Next::Act(Act::Start), "somebody asks to try again");
    let unheard = Look { lost: Some(refresh(Status::Successful)), ..look(None, 10) };
    assert_eq!(unheard.forward(), Next::Act(Act::TakeUp), "the answer was lost, and not the refresh");
    let other = Look { other: Some(refresh(Status::Running)), ..look(None, 10) };
    assert!(matches!(other.forward(), Next::Stuck(_)));
}

#[test]
fn a_dip_that_lasts_stops_it() {
    let dip = |broken, rolls_back| Look {
        held: Held { broken, ..Held::default() },
        rolls_back,
        ..look(Some(Status::Running), 8)
    };
    assert!(matches!(dip(1, true).forward(), Next::Wait(_)), "one look may be wrong");
    assert_eq!(dip(2, false).forward(), Next::Act(Act::Cancel));
    assert_eq!(dip(2, true).forward(), Next::Stuck("only 8 instances serve, and the floor is 9".into()));
    let smaller = Look { group: Group { desired: 8, ..Group::default() }, ..dip(2, true) };
    assert!(matches!(smaller.forward(), Next::Wait(_)), "somebody has made the group smaller");
}

#[test]
fn the_way_back_is_aws_own_or_another_refresh() {
    assert_eq!(look(Some(Status::Running), 10).back(None), Next::Act(Act::Rollback));
    let configuration = Look { by_template: false, ..look(Some(Status::Running), 10) };
    assert_eq!(configuration.back(None), Next::Act(Act::Cancel));
    assert_eq!(look(Some(Status::Failed), 10).back(None), Next::Act(Act::Relaunch));
    let relaunched = Look { launches_old: true, ..look(Some(Status::Failed), 10) };
    assert_eq!(relaunched.back(None), Next::Act(Act::Start));
    assert_eq!(relaunched.back(Some(&refresh(Status::Successful))), Next::Done);
    assert_eq!(look(Some(Status::Reverted), 10).back(None), Next::Done);
    assert_eq!(look(None, 10).back(None), Next::Done);
}

#[test]
fn the_block_is_told_in_aws_words() {
    let swap = Swap {
        min_in_service: Some(90.0),
        stages: Some(vec![20.0, 100.0]),
        bake: Some(60),
        alarms: Some(vec!["errors".into()]),
        ..Swap::default()
    };
    let two = Pace { surge: Portion::Count(2), batch: None };
    let told = calls::preferences(&swap, two, 10, true);
    assert_eq!((told.min_healthy_percentage(), told.max_healthy_percentage()), (Some(90), Some(120)));
    assert_eq!((told.checkpoint_percentages(), told.checkpoint_delay()), ([20, 100].as_slice(), Some(60)));
    assert_eq!((told.bake_time(), told.auto_rollback()), (Some(60), Some(false)));
    let one = calls::preferences(&Swap::default(), Pace::default(), 1, true);
    assert_eq!((one.min_healthy_percentage(), one.max_healthy_percentage()), (Some(100), Some(200)));
}

#[test]
fn a_refresh_whose_answer_was_lost_is_known_by_what_it_brings() {
    let wanted = AutoscalingGroup { launch: "lt-0123456789:2".into(), ..AutoscalingGroup::default() };
    let configured = AutoscalingGroup { launch: "web-two".into(), ..AutoscalingGroup::default() };
    let brings = |version: &str, status| {
        let template = LaunchTemplateSpecification::builder().launch_template_id("lt-0123456789");
        let template = template.launch_template_name("web").version(version).build();
        let desired = DesiredConfiguration::builder().launch_template(template).build();
        Refresh { desired: Some(desired), ..refresh(status) }
    };
    let table = [
        (brings("2", Status::Running), &wanted, "lt-0123456789:1", true),
        (brings("2", Status::Successful), &wanted, "lt-0123456789:2", true),
        (brings("3", Status::Running), &wanted, "lt-0123456789:1", false),
        // Of an earlier swap, before the group went back.
        (brings("2", Status::Successful), &wanted, "lt-0123456789:1", false),
        (brings("2", Status::Failed), &wanted, "lt-0123456789:1", false),
        (refresh(Status::Running), &configured, "web-two", true),
        // With a launch configuration nobody can tell which one that was.
        (refresh(Status::Successful), &configured, "web-two", false),
    ];
    for (refresh, wanted, launch, is) in table {
        let launching = Launching { launch: launch.to_owned(), mixed: None };
        assert_eq!(calls::is_of(&refresh, wanted, &launching), is, "{refresh:?}, {launch}");
    }
}
