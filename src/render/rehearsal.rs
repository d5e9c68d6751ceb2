//! Rehearsals as text: a few lines for each group in a plan, all of it for `infra rehearse`, and a picture.

mod chart;
mod report;
mod svg;

use std::time::Duration;

use infra_engine::rehearse::{Ending, GroupTimeline, Rehearsal};
use infra_lang::address::Address;

use super::duration::duration;
use super::style::{BOLD, DIM, ERROR, GOOD};

pub use chart::Glyphs;
pub use report::{report, spread};
pub use svg::svg;

/// What a plan's reader is shown: each group in a few lines.
pub fn summary(rehearsal: &Rehearsal, width: usize, glyphs: Glyphs) -> String {
    let groups: String =
        rehearsal.groups.iter().map(|(address, group)| brief(address, group, width, glyphs)).collect();
    let traffic: String = rehearsal.traffic.iter().map(report::requests).collect();
    let assumed: String =
        rehearsal.assumptions.iter().map(|what| format!("{DIM}assumed: {what}{DIM:#}\n")).collect();
    format!("\n{BOLD}In rehearsal{BOLD:#}: {}\n{groups}{traffic}{assumed}", ended(rehearsal))
}

fn brief(address: &Address, group: &GroupTimeline, width: usize, glyphs: Glyphs) -> String {
    format!("{BOLD}{address}{BOLD:#}\n{}{}", facts(group), chart::lines(group, width, glyphs))
}

/// How a rehearsal ended, in a few words.
fn ended(rehearsal: &Rehearsal) -> String {
    let took = time(rehearsal.took_ms);
    match rehearsal.ending {
        Ending::Done => format!("{GOOD}done{GOOD:#} in {took}"),
        Ending::RolledBack => format!("{ERROR}rolled back{ERROR:#} after {took}"),
        Ending::Failed => format!("{ERROR}failed{ERROR:#} after {took}"),
    }
}

/// The numbers of a group.
fn facts(group: &GroupTimeline) -> String {
    let no_return = match &group.no_return {
        Some(point) => format!("from {} on: {}", time(point.at_ms), point.step),
        None => "never reached".to_owned(),
    };
    let lines = [
        ("in service", in_service(group)),
        ("instances", format!("at most {}", group.peak)),
        ("takes", time(group.took_ms)),
        ("no return", no_return),
        ("way back", group.way_back.clone()),
    ];
    lines.iter().map(|(name, text)| format!("    {DIM}{name:<10}{DIM:#}  {text}\n")).collect()
}

fn in_service(group: &GroupTimeline) -> String {
    let (least, floor) = (group.fewest.serving, group.floor);
    if group.dips.is_empty() {
        return format!("at least {least}; the floor is {floor}");
    }
    let step = group.fewest.during.as_ref().map(|step| format!(", {step}")).unwrap_or_default();
    let at = time(group.fewest.at_ms);
    format!("{ERROR}only {least}{ERROR:#} at {at}{step}; the floor is {floor}")
}

/// A time since the beginning, to the second.
fn time(ms: u64) -> String {
    match Duration::from_secs(ms.div_ceil(1000)) {
        Duration::ZERO => "0s".to_owned(),
        of => duration(of),
    }
}

#[cfg(test)]
mod tests;
