//! All of a rehearsal, and the sum of many.

use infra_engine::rehearse::{Drops, Failure, GroupTimeline, Range, Rehearsal, Spread, StepSpan, Traffic};
use infra_lang::address::Address;

use super::chart::{Glyphs, legend, picture};
use super::{ended, facts, time};
use crate::render::style::{BOLD, CHANGE, DIM, ERROR, GOOD};

/// All of it.
pub fn report(rehearsal: &Rehearsal, width: usize, glyphs: Glyphs) -> String {
    let calls = rehearsal.calls;
    let mut text = format!(
        "{BOLD}Rehearsal{BOLD:#} with seed {}: {}; AWS would get {} reads and {} writes.\n\n",
        rehearsal.seed,
        ended(rehearsal),
        calls.reads,
        calls.writes
    );
    text += &format!("{DIM}{:>9}{:>9}{DIM:#}\n", "from", "took");
    text += &rehearsal.steps.iter().map(step).collect::<String>();
    text += &rehearsal.failures.iter().map(failure).collect::<String>();
    for (address, timeline) in &rehearsal.groups {
        text += &format!("\n{}", group(address, timeline, width, glyphs));
    }
    text += &rehearsal.traffic.iter().map(|traffic| format!("\n{}", requests(traffic))).collect::<String>();
    let assumed = rehearsal.assumptions.iter().map(|what| format!("\n{DIM}assumed: {what}{DIM:#}"));
    text + &assumed.collect::<String>()
}

fn step(span: &StepSpan) -> String {
    let took = span.to_ms.map_or_else(|| "…".to_owned(), |to| time(to - span.from_ms));
    let undo = if span.undo { format!("{CHANGE}taking back:{CHANGE:#} ") } else { String::new() };
    let failed = if span.failed { format!("  {ERROR}failed{ERROR:#}") } else { String::new() };
    format!("{:>9}{took:>9}  {}  {undo}{}{failed}\n", time(span.from_ms), span.address, span.title)
}

fn failure(failure: &Failure) -> String {
    format!("\n{ERROR}failed{ERROR:#}: {}: {}\n", failure.step, failure.why)
}

fn group(address: &Address, group: &GroupTimeline, width: usize, glyphs: Glyphs) -> String {
    let dips = group.dips.iter().map(|dip| {
        let step = dip.during.as_deref().unwrap_or("no step of it runs");
        let (from, to) = (time(dip.from_ms), time(dip.to_ms));
        format!("    {ERROR}under the floor{ERROR:#} from {from} to {to}: {} serve; {step}\n", dip.serving)
    });
    let dips: String = dips.collect();
    format!(
        "{BOLD}{address}{BOLD:#}\n{}{dips}\n{}{}",
        facts(group),
        picture(group, width, glyphs),
        legend(glyphs)
    )
}

/// What became of the requests to a name.
pub(super) fn requests((name, traffic): (&String, &Traffic)) -> String {
    let style = if traffic.dropped == 0 { GOOD } else { ERROR };
    let bad = if traffic.bad == 0 { String::new() } else { format!(", {} answered with 5xx", traffic.bad) };
    let (requests, dropped) = (traffic.requests, traffic.dropped);
    let head =
        format!("{BOLD}{name}{BOLD:#}: {style}{dropped} of {requests} requests dropped{style:#}{bad}\n");
    head + &traffic.drops.iter().map(drops).collect::<String>()
}

fn drops(drops: &Drops) -> String {
    let during = drops.during.as_deref().unwrap_or("no step runs");
    format!("    {:>6}  {}  {DIM}{during}{DIM:#}\n", drops.count, drops.cause.replace('_', " "))
}

/// The sum of many.
pub fn spread(spread: &Spread) -> String {
    let endings = spread.endings.iter().map(|(ending, count)| {
        let word = serde_json::to_value(ending).ok().and_then(|word| word.as_str().map(str::to_owned));
        format!("{count} {}", word.unwrap_or_default().replace('_', " "))
    });
    let endings: Vec<String> = endings.collect();
    let mut text = format!("{BOLD}{} rehearsals{BOLD:#}: {}\n", spread.runs, endings.join(", "));
    text += &format!("{DIM}{:<44}{:>10}{:>10}{:>10}{:>10}{DIM:#}\n", "", "best", "median", "95 %", "worst");
    text += &row("takes", spread.took_ms, time);
    for (address, group) in &spread.groups {
        let name = |what: &str| format!("{address} {what}");
        text +=
            &row(&name(&format!("in service (floor {})", group.floor)), group.fewest, |it| it.to_string());
        text += &row(&name("instances"), group.peak, |it| it.to_string());
    }
    if spread.dropped.worst > 0 {
        text += &row("requests dropped", spread.dropped, |it| it.to_string());
    }
    text + &verdict(spread)
}

fn verdict(spread: &Spread) -> String {
    match spread.under_floor.as_slice() {
        [] => format!("{GOOD}Never under the floor.{GOOD:#} The worst is seed {}.\n", spread.worst_seed),
        seeds => format!(
            "{ERROR}Under the floor in {} of {}.{ERROR:#} See the worst: `--seed {}`.\n",
            seeds.len(),
            spread.runs,
            spread.worst_seed
        ),
    }
}

fn row(name: &str, range: Range, say: impl Fn(u64) -> String) -> String {
    let values =
        [range.best, range.median, range.p95, range.worst].map(|value| format!("{:>10}", say(value)));
    format!("{name:<44}{}\n", values.concat())
}
