//! What the looks at a group add up to.

use crate::id::StepId;
use crate::steps::{Part, StepGraph};

use super::{Dip, GroupTimeline, Low, NoReturn, Sample, StepSpan, Watched, running};

/// The timeline of a group. `samples` are looks in the order of time, of which those that tell nothing new are left
/// out; `spans` are all steps that ran, and `steps` those of the plan; `desired` is the group's size at the beginning.
pub fn group(
    watched: &Watched,
    desired: u32,
    samples: &[Sample],
    spans: &[StepSpan],
    steps: &StepGraph,
) -> GroupTimeline {
    let own: Vec<&StepSpan> = spans.iter().filter(|span| span.address == watched.address).collect();
    let samples = changes(samples);
    let began_with = samples.first().map_or(0, Sample::serving);
    let floor = floor(watched, desired, began_with);
    let dips = dips(&samples, floor, &own);
    GroupTimeline {
        floor,
        began_with,
        fewest: fewest(&samples, &own),
        advice: (!dips.is_empty()).then(|| watched.advice.clone()),
        dips,
        peak: samples.iter().map(|sample| sample.total).max().unwrap_or(0),
        took_ms: took(&own),
        no_return: no_return(&own, steps),
        way_back: watched.way_back.clone(),
        samples,
    }
}

/// So many must serve: a share of the size it has, or will have if that is less, and never more than served anyway.
fn floor(watched: &Watched, desired: u32, began_with: u32) -> u32 {
    let base = watched.at_most.map_or(desired, |most| desired.min(most));
    let share = (u64::from(base) * u64::from(watched.share)).div_ceil(1000);
    u32::try_from(share).unwrap_or(u32::MAX).min(began_with)
}

/// The samples that differ from the one before, and the last.
fn changes(samples: &[Sample]) -> Vec<Sample> {
    let mut kept: Vec<Sample> = Vec::new();
    for (position, sample) in samples.iter().enumerate() {
        let is_last = position + 1 == samples.len();
        if is_last || !kept.last().is_some_and(|before| before.is_like(sample)) {
            kept.push(*sample);
        }
    }
    kept
}

fn title(own: &[&StepSpan], at_ms: u64) -> Option<String> {
    running(own.iter().copied(), at_ms).map(|span| span.title.clone())
}

fn fewest(samples: &[Sample], own: &[&StepSpan]) -> Low {
    let lowest = samples.iter().min_by_key(|sample| (sample.serving(), sample.at_ms));
    let (serving, at_ms) = lowest.map_or((0, 0), |sample| (sample.serving(), sample.at_ms));
    Low { serving, at_ms, during: title(own, at_ms) }
}

fn dips(samples: &[Sample], floor: u32, own: &[&StepSpan]) -> Vec<Dip> {
    let mut dips: Vec<Dip> = Vec::new();
    let mut within = false;
    for sample in samples {
        let serving = sample.serving();
        match dips.last_mut().filter(|_| within) {
            Some(dip) => {
                dip.to_ms = sample.at_ms;
                dip.serving = dip.serving.min(serving);
            }
            None if serving < floor => {
                let (from_ms, to_ms) = (sample.at_ms, sample.at_ms);
                dips.push(Dip { from_ms, to_ms, serving, during: title(own, from_ms) });
            }
            None => {}
        }
        within = serving < floor;
    }
    dips
}

fn took(own: &[&StepSpan]) -> u64 {
    let from = own.iter().map(|span| span.from_ms).min().unwrap_or(0);
    let to = own.iter().filter_map(|span| span.to_ms).max().unwrap_or(from);
    to - from
}

/// The old begins to go when the first step does that takes it away.
fn no_return(own: &[&StepSpan], steps: &StepGraph) -> Option<NoReturn> {
    let retires = |step: StepId| steps.steps.get(step.0).is_some_and(|step| step.part == Part::Retire);
    let first = own.iter().filter(|span| !span.undo && retires(span.step)).min_by_key(|span| span.from_ms)?;
    Some(NoReturn { step: first.title.clone(), at_ms: first.from_ms })
}
