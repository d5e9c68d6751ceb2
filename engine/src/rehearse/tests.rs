use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::event::{ApplyEvent, StepEvent, StepFailure};
use crate::id::ChangeId;
use crate::steps::{Effect, Part, Step, StepGraph};

fn web() -> Address {
    Address::managed("autoscaling_group", "web")
}

fn watched(share: u32, at_most: Option<u32>) -> Watched {
    let way_back = "the old instances serve again".to_owned();
    let advice = "write a lower floor".to_owned();
    Watched { address: web(), current: Some("web-1".to_owned()), share, at_most, way_back, advice }
}

fn sample(at_ms: u64, old: u32, new: u32) -> Sample {
    Sample { at_ms, old, new, booting: 0, draining: 0, total: old + new }
}

fn span(step: usize, title: &str, from_ms: u64, to_ms: u64) -> StepSpan {
    let (step, title, to_ms) = (StepId(step), title.to_owned(), Some(to_ms));
    StepSpan { step, address: web(), title, undo: false, from_ms, to_ms, failed: false }
}

/// A plan whose second step takes the old away.
fn steps() -> StepGraph {
    let step = |part| Step {
        change: ChangeId(0),
        effect: Effect::Adopt,
        target: None,
        part,
        title: String::new(),
        guard: None,
        undo: None,
        timeout: Duration::ZERO,
        pauses: false,
    };
    StepGraph { steps: vec![step(Part::Establish), step(Part::Retire)], ..StepGraph::default() }
}

#[test]
fn a_group_is_summed_up() {
    let samples =
        [sample(0, 3, 0), sample(1000, 3, 0), sample(2000, 3, 3), sample(5000, 0, 3), sample(9000, 0, 3)];
    let spans = [span(0, "boot", 500, 4000), span(1, "retire", 4000, 8000)];
    let group = group(&watched(1000, None), 3, &samples, &spans, &steps());
    insta::assert_json_snapshot!(group, @r#"
    {
      "floor": 3,
      "began_with": 3,
      "fewest": {
        "serving": 3,
        "at_ms": 0,
        "during": null
      },
      "peak": 6,
      "took_ms": 7500,
      "no_return": {
        "step": "retire",
        "at_ms": 4000
      },
      "way_back": "the old instances serve again",
      "samples": [
        {
          "at_ms": 0,
          "old": 3,
          "new": 0,
          "booting": 0,
          "draining": 0,
          "total": 3
        },
        {
          "at_ms": 2000,
          "old": 3,
          "new": 3,
          "booting": 0,
          "draining": 0,
          "total": 6
        },
        {
          "at_ms": 5000,
          "old": 0,
          "new": 3,
          "booting": 0,
          "draining": 0,
          "total": 3
        },
        {
          "at_ms": 9000,
          "old": 0,
          "new": 3,
          "booting": 0,
          "draining": 0,
          "total": 3
        }
      ]
    }
    "#);
}

#[test]
fn each_time_under_the_floor_is_told_with_its_step() {
    let serving = [3, 2, 1, 3, 2];
    let samples: Vec<Sample> =
        (0..).zip(serving).map(|(second, serving)| sample(second * 1000, serving, 0)).collect();
    let spans = [span(0, "boot", 0, 2000), span(1, "retire", 2000, 9000)];
    let group = group(&watched(1000, None), 3, &samples, &spans, &steps());
    let dips: Vec<String> = group
        .dips
        .iter()
        .map(|dip| format!("{}-{} {} {:?}", dip.from_ms, dip.to_ms, dip.serving, dip.during))
        .collect();
    insta::assert_snapshot!(dips.join("\n"), @r#"
    1000-3000 1 Some("boot")
    4000-4000 2 Some("retire")
    "#);
    assert_eq!((group.fewest.serving, group.fewest.at_ms), (1, 2000));
}

#[test]
fn the_floor_is_a_share_of_what_stays_and_never_more_than_served() {
    for (share, at_most, desired, serves, floor) in [
        (1000, None, 4, 4, 4),
        (900, None, 4, 4, 4),
        (500, None, 5, 5, 3),
        (1000, Some(2), 4, 4, 2),
        (1000, None, 4, 3, 3),
        (0, None, 4, 4, 0),
    ] {
        let told = group(&watched(share, at_most), desired, &[sample(0, serves, 0)], &[], &steps());
        assert_eq!(told.floor, floor, "{share} {at_most:?} {desired} {serves}");
    }
}

fn event(seconds: u64, step: usize, what: StepEvent) -> ApplyEvent {
    ApplyEvent { at: Duration::from_secs(seconds), step: StepId(step), address: web(), what }
}

#[test]
fn a_step_that_is_taken_back_is_told_twice() {
    let events = [
        event(0, 0, StepEvent::Started("pin".to_owned())),
        event(1, 0, StepEvent::Waiting("AWS".to_owned())),
        event(2, 0, StepEvent::Succeeded(None)),
        event(2, 1, StepEvent::Started("boot".to_owned())),
        event(9, 1, StepEvent::Failed(StepFailure::Stuck("no capacity".to_owned()))),
        event(9, 0, StepEvent::Undoing("pin".to_owned())),
    ];
    let told: Vec<String> = spans(&events)
        .iter()
        .map(|it| {
            format!("{} undo={} {}..{:?} failed={}", it.title, it.undo, it.from_ms, it.to_ms, it.failed)
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @"
    pin undo=false 0..Some(2000) failed=false
    boot undo=false 2000..Some(9000) failed=true
    pin undo=true 9000..None failed=false
    ");
}

fn rehearsal(seed: u64, serving: u32, ending: Ending) -> Rehearsal {
    let samples = [sample(0, 3, 0), sample(1000, serving, 0), sample(2000, 3, 0)];
    let failure = Failure { address: Some(web()), step: "boot".to_owned(), why: "no capacity".to_owned() };
    Rehearsal {
        seed,
        ending,
        failures: Vec::from_iter((ending != Ending::Done).then_some(failure)),
        took_ms: 2000 + seed,
        steps: Vec::new(),
        groups: BTreeMap::from([(web(), group(&watched(1000, None), 3, &samples, &[], &steps()))]),
        calls: CallCount::default(),
        traffic: BTreeMap::new(),
        assumptions: Vec::new(),
    }
}

#[test]
fn a_dip_and_a_failure_refuse_a_plan() {
    assert_eq!(rehearsal(1, 3, Ending::Done).refusals(), []);
    let told = |rehearsal: Rehearsal| -> Vec<String> {
        rehearsal.refusals().into_iter().map(|refusal| refusal.what).collect()
    };
    insta::assert_snapshot!(told(rehearsal(1, 2, Ending::RolledBack)).join("\n"), @"
    in rehearsal only 2 of at least 3 instances serve while no step of it runs
    in rehearsal this step fails: boot: no capacity
    ");
}

#[test]
fn many_rehearsals_are_summed_up() {
    let all =
        [rehearsal(1, 3, Ending::Done), rehearsal(2, 2, Ending::Done), rehearsal(3, 3, Ending::RolledBack)];
    insta::assert_json_snapshot!(Spread::of(&all), @r#"
    {
      "runs": 3,
      "endings": {
        "done": 2,
        "rolled_back": 1
      },
      "took_ms": {
        "best": 2001,
        "median": 2002,
        "p95": 2003,
        "worst": 2003
      },
      "groups": {
        "autoscaling_group.web": {
          "floor": 3,
          "fewest": {
            "best": 3,
            "median": 3,
            "p95": 2,
            "worst": 2
          },
          "peak": {
            "best": 3,
            "median": 3,
            "p95": 3,
            "worst": 3
          },
          "took_ms": {
            "best": 0,
            "median": 0,
            "p95": 0,
            "worst": 0
          }
        }
      },
      "under_floor": [
        2
      ],
      "dropped": {
        "best": 0,
        "median": 0,
        "p95": 0,
        "worst": 0
      },
      "worst_seed": 2
    }
    "#);
}

proptest! {
    /// Leaving samples out that tell nothing new changes nothing that is told.
    #[test]
    fn what_is_told_does_not_depend_on_how_often_one_looked(looks in prop::collection::vec((0_u32..4, 1_usize..4), 1..12)) {
        let often: Vec<u32> = looks.iter().flat_map(|(serving, times)| vec![*serving; *times]).collect();
        let samples: Vec<Sample> = (0..).zip(&often).map(|(second, serving)| sample(second * 1000, *serving, 0)).collect();
        let told = group(&watched(1000, None), 3, &samples, &[], &steps());
        let again = group(&watched(1000, None), 3, &told.samples, &[], &steps());
        prop_assert_eq!(told.fewest.serving, *often.iter().min().expect("at least one"));
        let under = often.iter().filter(|serving| **serving < told.floor).count();
        prop_assert_eq!(told.dips.is_empty(), under == 0);
        prop_assert_eq!(told, again);
    }
}
