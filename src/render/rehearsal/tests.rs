use std::collections::BTreeMap;

use infra_engine::id::StepId;
use infra_engine::rehearse::{CallCount, Dip, Low, NoReturn, Sample, Spread, StepSpan};

use super::*;

fn web() -> Address {
    Address::managed("autoscaling_group", "web")
}

fn sample(second: u64, old: u32, new: u32, booting: u32) -> Sample {
    Sample { at_ms: second * 1000, old, new, booting, draining: 0, total: old + new + booting }
}

fn swap(dips: Vec<Dip>) -> GroupTimeline {
    let samples = vec![
        sample(0, 4, 0, 0),
        sample(60, 4, 0, 4),
        sample(120, 4, 4, 0),
        sample(180, 0, 4, 0),
        sample(240, 0, 4, 0),
    ];
    let serving = dips.first().map_or(4, |dip| dip.serving);
    GroupTimeline {
        floor: 4,
        began_with: 4,
        fewest: Low { serving, at_ms: 180_000, during: Some("cut over".to_owned()) },
        advice: None,
        dips,
        peak: 8,
        took_ms: 240_000,
        no_return: Some(NoReturn { step: "end the instances of web-1".to_owned(), at_ms: 200_000 }),
        way_back: "the old instances serve again, and none has to boot".to_owned(),
        samples,
    }
}

fn rehearsal(group: GroupTimeline) -> Rehearsal {
    let step = |title: &str, from_ms, to_ms| StepSpan {
        step: StepId(0),
        address: web(),
        title: title.to_owned(),
        undo: false,
        from_ms,
        to_ms: Some(to_ms),
        failed: false,
    };
    Rehearsal {
        seed: 1,
        ending: Ending::Done,
        failures: Vec::new(),
        took_ms: 240_000,
        steps: vec![step("boot", 0, 120_000), step("cut over", 120_000, 240_000)],
        groups: BTreeMap::from([(web(), group)]),
        calls: CallCount { reads: 40, writes: 7 },
        traffic: BTreeMap::new(),
        assumptions: Vec::new(),
    }
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[test]
fn a_plan_shows_a_few_lines_for_each_group() {
    insta::assert_snapshot!(plain(&summary(&rehearsal(swap(Vec::new())), 50, Glyphs::Unicode)), @"

    In rehearsal: done in 4m 00s
    autoscaling_group.web
        in service  at least 4; the floor is 4
        instances   at most 8
        takes       4m 00s
        no return   from 3m 20s on: end the instances of web-1
        way back    the old instances serve again, and none has to boot
        old ███████████████████████████████··········
        new ····················█████████████████████
            0s                                 4m 00s
    ");
}

#[test]
fn the_report_has_steps_and_a_picture() {
    let dip = Dip { from_ms: 180_000, to_ms: 190_000, serving: 3, during: Some("cut over".to_owned()) };
    insta::assert_snapshot!(plain(&report(&rehearsal(swap(vec![dip])), 50, Glyphs::Ascii)), @"
    Rehearsal with seed 1: done in 4m 00s; AWS would get 40 reads and 7 writes.

         from     took
           0s   2m 00s  autoscaling_group.web  boot
       2m 00s   2m 00s  autoscaling_group.web  cut over

    autoscaling_group.web
        in service  only 3 at 3m 00s, cut over; the floor is 4
        instances   at most 8
        takes       4m 00s
        no return   from 3m 20s on: end the instances of web-1
        way back    the old instances serve again, and none has to boot
        under the floor from 3m 00s to 3m 10s: 3 serve; cut over

          8            ..........=========
          7            ..........=========
          6            ..........=========
          5            ..........=========
          4 ##############################===========
          3 ##############################===========
          2 ##############################===========
          1 ##############################===========
            0s                                 4m 00s
            # old and serving  = new and serving  . booting  - floor
    ");
}

#[test]
fn many_rehearsals_are_a_table() {
    insta::assert_snapshot!(plain(&spread(&Spread::of(&[rehearsal(swap(Vec::new()))]))), @"
    1 rehearsals: 1 done
                                                      best    median      95 %     worst
    takes                                           4m 00s    4m 00s    4m 00s    4m 00s
    autoscaling_group.web in service (floor 4)           4         4         4         4
    autoscaling_group.web instances                      8         8         8         8
    Never under the floor. The worst is seed 1.
    ");
}

/// Whatever lasts only for a moment shows, however narrow the picture.
#[test]
fn a_short_dip_shows_in_a_narrow_picture() {
    let mut group = swap(Vec::new());
    group.samples.insert(4, sample(181, 0, 1, 0));
    group.samples.insert(5, sample(182, 0, 4, 0));
    let drawn = chart::picture(&group, 25, Glyphs::Ascii);
    let lowest =
        plain(&drawn).lines().filter(|line| line.contains('=')).map(|line| line.matches('=').count()).min();
    let rows = plain(&drawn).lines().filter(|line| line.trim_start().starts_with('4')).count();
    assert!(lowest.is_some() && rows == 1, "{drawn}");
}

#[test]
fn the_picture_is_svg_with_one_bar_for_each_step() {
    let drawn = svg(&rehearsal(swap(Vec::new())));
    assert!(drawn.starts_with("<svg") && drawn.ends_with("</svg>\n"), "{drawn}");
    assert_eq!(drawn.matches("class=\"step\"").count(), 2);
    assert_eq!(drawn.matches("class=\"floor\"").count(), 1);
}
