//! blue_green in stages: the new group grows by shares of the live size, and holds at each under the eyes of alarms.
//! The old one keeps all of its capacity until the new one has as much.

use infra_lang::residual::Attributes;

use super::blue_green::{STABLE_POLLS, because, new_serves, of, with_new};
use super::group::Group;
use super::observed::Observed;
use super::phase::{Looks, Next, Phase};
use super::strategy::Strategy;
use super::swap::Swap;

mod steps;

/// The strategy.
pub(crate) const STRATEGY: Strategy = Strategy {
    name: "canary",
    uses: &["min_in_service", "stages", "bake", "drain", "timeout", "alarms", "on_failure"],
    second_group: true,
    rolls_back: true,
    problems,
    manner,
    lower: steps::lower,
};

/// The new instances of a stage hold beside the old group.
const TRY: Phase =
    Phase { name: "try", looks: Looks::ARRIVAL, steady: new_serves, next: |o| with_new(o, try_out) };

/// The phase that blue_green does not have.
pub(crate) const PHASES: [Phase; 1] = [TRY];

/// The shares of new capacity if nothing is said, in percent.
const STAGES: [f64; 3] = [5.0, 50.0, 100.0];

/// The shares of new capacity, in percent.
fn stages(swap: &Swap) -> Vec<f64> {
    swap.stages.clone().unwrap_or_else(|| STAGES.to_vec())
}

fn problems(desired: &Attributes) -> Vec<String> {
    Vec::from_iter(unfit(STRATEGY.name, &stages(&Swap::of(desired))))
}

/// Why the stages of a strategy cannot be.
pub(crate) fn unfit(strategy: &str, stages: &[f64]) -> Option<String> {
    let rising =
        stages.windows(2).all(|pair| pair[0] < pair[1]) && stages.first().is_some_and(|it| *it > 0.0);
    let whole = stages.last() == Some(&100.0);
    let why = match (rising, whole) {
        (true, true) => return None,
        (false, _) => "they have to rise from above 0%",
        (true, false) => "the last one has to be 100%",
    };
    Some(format!("the `stages` of `{strategy}` are {}: {why}", listed(stages)))
}

fn manner(desired: &Attributes, _: i32) -> String {
    format!(" in stages of {}", listed(&stages(&Swap::of(desired))))
}

/// "5, 50 and 100%".
pub(crate) fn listed(stages: &[f64]) -> String {
    let texts: Vec<String> = stages.iter().map(f64::to_string).collect();
    match texts.split_last() {
        Some((last, [])) => format!("{last}%"),
        Some((last, before)) => format!("{} and {last}%", before.join(", ")),
        None => "none".to_owned(),
    }
}

fn try_out(o: &Observed, new: &Group) -> Next {
    let (serving, target) = (o.new_serving(), o.target());
    let left = o.wanted.bake.saturating_sub(o.held.time);
    let why = || format!("the new group serves with {} instances", of(serving, target));
    match new_serves(o) {
        true if left.is_zero() => Next::Done,
        true => Next::Wait(format!("the stage to hold for {} min more", left.as_secs().div_ceil(60))),
        false => match o.activities.given_up(new.desired) {
            Some(reason) => Next::Stuck(reason),
            None if o.held.broken >= STABLE_POLLS => Next::Stuck(why()),
            None => Next::Wait(because(format!("another look: {}", why()), &o.activities)),
        },
    }
}

#[cfg(test)]
mod tests;
