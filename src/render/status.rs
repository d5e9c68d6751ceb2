//! Groups as they stand, and what a rollback does.

use std::collections::BTreeMap;
use std::time::Duration;

use infra_aws::{GroupStatus, InstanceStatus};
use infra_engine::id::StepId;
use infra_engine::journal::{Journal, StepStatus};
use infra_engine::progress::{Stage, Standing};
use infra_engine::schedule::Schedule;
use infra_lang::address::Address;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::duration::duration;
use super::style::{BOLD, CHANGE, DIM, ERROR, GOOD};

/// All that `infra status` tells.
pub struct Overview {
    /// What time it is where the groups are.
    pub now: Timestamp,
    /// Whether that is the embedded AWS, whose clock is its own.
    pub local: bool,
    /// The groups of each address, and where its change stands if an apply is unfinished.
    pub groups: BTreeMap<Address, (Vec<GroupStatus>, Option<Standing>)>,
    /// Who carries the unfinished apply out.
    pub running: Running,
}

/// Who carries an unfinished apply out, if anybody does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Running {
    /// `ann@host runs …`; none if nobody does.
    pub holder: Option<String>,
    /// For how long nothing was written down.
    pub quiet: Option<Duration>,
}

/// The groups as text.
pub fn overview(overview: &Overview, width: usize) -> String {
    let mut text = match overview.local {
        true => format!("{DIM}In the embedded AWS it is {:.0}.{DIM:#}\n", overview.now),
        false => String::new(),
    };
    if overview.groups.is_empty() {
        text += "No group was made.\n";
    }
    for (address, (groups, standing)) in &overview.groups {
        text += &format!("{BOLD}{address}{BOLD:#}\n");
        text += &standing.iter().map(|it| rollout(address, it, &overview.running)).collect::<String>();
        text += &groups.iter().map(|it| group(it, overview.now, width)).collect::<String>();
        if groups.is_empty() {
            text += &format!("  {ERROR}AWS knows no group of it{ERROR:#}\n");
        }
    }
    text
}

/// Where a swap stands, who runs it, and what to do if nobody does.
fn rollout(address: &Address, it: &Standing, running: &Running) -> String {
    let quiet = running.quiet.map(|time| format!(" for {}", duration(time))).unwrap_or_default();
    let step = format!("step {} of {}: {}", it.position, it.steps, it.title);
    let stage = match &it.stage {
        Stage::Running => format!("{step}{quiet}, {} at most", duration(it.limit)),
        Stage::Done => format!("{step}: done"),
        Stage::Failed(why) => format!("{step}: {ERROR}failed{ERROR:#}: {why}"),
        Stage::TakenBack => format!("{step}: {CHANGE}taken back{CHANGE:#}{quiet}"),
    };
    let next = match (&running.holder, it.paused) {
        (Some(holder), _) => format!("{DIM}{holder}{DIM:#}"),
        (None, paused) => unfinished(address, paused),
    };
    format!("  {stage}\n{}  {next}\n", originals(it))
}

/// What to do about a change that nobody carries out any more.
fn unfinished(address: &Address, paused: bool) -> String {
    match paused {
        true => format!(
            "paused, capacity held: `infra apply` tries the step again, `infra rollback {address}` takes the change back"
        ),
        false => {
            format!("interrupted: `infra apply` goes on, `infra rollback {address}` takes the change back")
        }
    }
}

/// The sizes that were changed for the time of the swap.
fn originals(it: &Standing) -> String {
    let Some(pin) = it.notes.get("pin") else { return String::new() };
    let size = |name: &str| pin.get(name).and_then(Json::as_i64);
    match (size("min"), size("max"), size("desired")) {
        (Some(min), Some(max), Some(desired)) => {
            format!("  {DIM}before the swap: {desired} instances, {min} to {max}{DIM:#}\n")
        }
        _ => String::new(),
    }
}

fn group(group: &GroupStatus, now: Timestamp, width: usize) -> String {
    let serving = group.instances.iter().filter(|it| it.serves(&group.balancers)).count();
    let going = if group.deleting { ", being deleted" } else { "" };
    let behind = match group.balancers.is_empty() {
        true => "behind no load balancer".to_owned(),
        false => format!("behind {}", group.balancers.iter().cloned().collect::<Vec<_>>().join(", ")),
    };
    let mut text = format!(
        "  {BOLD}{}{BOLD:#}  {serving} of {} serve ({} to {}), {behind}{going}\n  {DIM}launches from {}{DIM:#}\n",
        group.name, group.desired, group.min, group.max, group.launch
    );
    for (process, reason) in &group.suspended {
        text += &format!("  {DIM}{process} is suspended: {reason}{DIM:#}\n");
    }
    let lines = group.instances.iter().map(|it| instance(it, group, now));
    let rows: Vec<[String; 6]> = lines.collect();
    text + &table(&rows, width)
}

fn instance(it: &InstanceStatus, group: &GroupStatus, now: Timestamp) -> [String; 6] {
    let age = it.launched.and_then(|at| u64::try_from(now.as_second() - at).ok());
    let state = match it.health.eq_ignore_ascii_case("healthy") {
        true => it.state.clone(),
        false => format!("{} ({})", it.state, it.health),
    };
    let launch = it.launch.clone().unwrap_or_else(|| "?".to_owned());
    [
        it.id.clone(),
        it.image.clone().unwrap_or_else(|| "?".to_owned()),
        launch,
        age.map(|seconds| duration(Duration::from_secs(seconds))).unwrap_or_default(),
        state,
        checks(it, group),
    ]
}

/// What the load balancers say: one word if all agree, else each with its reason.
fn checks(it: &InstanceStatus, group: &GroupStatus) -> String {
    if group.balancers.is_empty() {
        return String::new();
    }
    if it.serves(&group.balancers) {
        return "serves".to_owned();
    }
    let said = group.balancers.iter().map(|name| match it.checks.get(name) {
        None => format!("not behind {name}"),
        Some(check) => {
            let reason = check.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            format!("{name} {}{reason}", check.state)
        }
    });
    said.collect::<Vec<_>>().join("; ")
}

/// Columns as wide as their widest cell, what is longest last; a line never longer than the terminal.
fn table(rows: &[[String; 6]], width: usize) -> String {
    let wide = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..6).map(wide).collect();
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        let cut: String = line.trim_end().chars().take(width.saturating_sub(4)).collect();
        format!("    {cut}\n")
    };
    rows.iter().map(line).collect()
}

/// The same as an object.
pub fn json(overview: &Overview) -> String {
    let groups = overview.groups.iter().map(|(address, (groups, standing))| {
        let change = standing.as_ref().map(|it| {
            let (stage, failure) = match &it.stage {
                Stage::Running => ("running", None),
                Stage::Done => ("done", None),
                Stage::Failed(why) => ("failed", Some(why)),
                Stage::TakenBack => ("taken_back", None),
            };
            json!({
                "title": it.title, "step": it.position, "steps": it.steps, "stage": stage, "failure": failure,
                "limit_seconds": it.limit.as_secs(), "paused": it.paused,
            })
        });
        json!({ "address": address, "groups": groups, "change": change })
    });
    let whole = json!({
        "now": overview.now.to_string(),
        "groups": groups.collect::<Vec<_>>(),
        "holder": overview.running.holder,
        "quiet_seconds": overview.running.quiet.map(|time| time.as_secs()),
    });
    format!("{whole}\n")
}

/// What giving a change up will do.
pub fn taking_back(address: &Address, titles: &[String]) -> String {
    let steps: String = titles.iter().map(|title| format!("  {CHANGE}↩{CHANGE:#} {title}\n")).collect();
    format!(
        "{BOLD}{address} goes back to where its change began.{BOLD:#} Taken back, the last first:\n{steps}"
    )
}

/// That a change was taken back.
pub fn taken_back(address: &Address, steps: usize, took: Duration) -> String {
    let steps = if steps == 1 { "1 step".to_owned() } else { format!("{steps} steps") };
    format!(
        "\n{GOOD}{address} is as it was{GOOD:#}: {steps} taken back in {}. The configuration still wants the change: \
         the next `infra plan` shows it again.\n",
        duration(took)
    )
}

/// What to expect of the next plan.
pub fn rolls_forward_again(address: &Address) -> String {
    format!(
        "{DIM}note: the configuration still wants the newer launch settings of {address}: the next plan rolls it \
         forward again, unless its `launch`, or the image behind it, is changed back{DIM:#}\n"
    )
}

/// How far an unfinished apply has come: `3 of 12 steps are done; in doubt: vpc.main (create)`.
pub fn so_far(journal: &Journal) -> String {
    let steps = &journal.plan.steps;
    let Ok(schedule) = Schedule::replay(steps, &journal.events) else {
        return "its journal cannot be right".to_owned();
    };
    let is_done = |at: &usize| matches!(schedule.status(StepId(*at)), StepStatus::Succeeded(_));
    let done = (0..steps.steps.len()).filter(is_done).count();
    let named = |id: &StepId| {
        let step = &steps.steps[id.0];
        format!("{} ({})", journal.plan.changes[step.change.0].address, step.title)
    };
    let doubtful: Vec<String> = schedule.in_doubt().iter().map(named).collect();
    let doubt =
        if doubtful.is_empty() { String::new() } else { format!("; in doubt: {}", doubtful.join(", ")) };
    format!("{done} of {} steps are done{doubt}", steps.steps.len())
}
