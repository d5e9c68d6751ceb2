//! A plan as text: what happens first, then each change with its cause and its effect.

use infra_engine::assertion::Broken;
use infra_engine::change::{Action, AttributeChange, Change, Reason, ReplaceOrder};
use infra_engine::plan::{OutputChange, Plan, Protection};
use infra_engine::steps::{Effect, Step, Target};
use infra_lang::address::Address;
use infra_lang::name::Identifier;
use infra_lang::residual::Residual;

use super::attribute::lines;
use super::style::{ADD, BOLD, CHANGE, CODE, DIM, REMOVE, SWAP, WARNING};
use super::value::residual;

/// The whole plan.
pub fn plan(plan: &Plan, width: usize) -> String {
    if plan.is_empty() {
        let all = objects(plan.unchanged);
        let rest = checks(plan) + &notes(plan);
        return format!("{BOLD}No changes.{BOLD:#} {all} as the configuration says.\n{rest}");
    }
    let mut text = format!("{BOLD}Plan for {}:{BOLD:#} {}\n\n", place(plan), verdict(plan));
    for (from, to) in &plan.moves {
        text += &format!("{CHANGE}↪ moved{CHANGE:#} {from} → {to}\n");
    }
    text += &protections(plan);
    text += &renamed(plan);
    for change in &plan.changes {
        text += &one(change, plan, width);
    }
    text += &outputs(plan, width);
    text += &checks(plan);
    text += &notes(plan);
    text + &format!("{BOLD}{}{BOLD:#}\n", verdict(plan))
}

/// What may no longer be destroyed, and what may be from now on.
fn protections(plan: &Plan) -> String {
    let line = |(address, protection): (&Address, &Protection)| match protection {
        Protection::Given => format!("{CHANGE}~ {address}{CHANGE:#}  protected from being destroyed\n"),
        Protection::Lifted => {
            format!("{WARNING}! {address}{WARNING:#}  no longer protected: it may be destroyed from now on\n")
        }
    };
    plan.protections.iter().map(line).collect()
}

/// What seems to be the same under another address, with the blocks that say so, ready to be pasted.
fn renamed(plan: &Plan) -> String {
    if plan.renamed.is_empty() {
        return String::new();
    }
    let blocks: String = plan.renamed.iter().map(|block| format!("{CODE}{block}{CODE:#}\n")).collect();
    format!(
        "{WARNING}! destroyed under one address and created under another, what seems to be the same{WARNING:#}. If it \
         only has another address now, write:\n\n{blocks}\n"
    )
}

/// The checks that do not hold, and those that apply has to decide.
fn checks(plan: &Plan) -> String {
    let broken: String = plan.broken_checks().iter().map(warning).collect();
    let open = plan.assertions.iter().filter(|it| it.is_open_check());
    let open = open.map(|it| {
        format!("{DIM}? {}: decided after the apply ({}){DIM:#}\n", it.subject, it.condition.location)
    });
    broken + &open.collect::<String>()
}

fn notes(plan: &Plan) -> String {
    plan.notes.iter().map(|note| format!("{DIM}note: {note}{DIM:#}\n")).collect()
}

/// A check that does not hold.
pub fn warning(broken: &Broken) -> String {
    format!("{WARNING}! {}{WARNING:#}: {} ({})\n", broken.subject, broken.message, broken.location)
}

fn place(plan: &Plan) -> String {
    let header = &plan.header;
    format!("{} in {} (account {})", header.project, header.region, header.account)
}

fn objects(count: usize) -> String {
    match count {
        0 => "There is nothing, just".to_owned(),
        1 => "The one object is".to_owned(),
        _ => format!("All {count} objects are"),
    }
}

/// The counts by consequence: a swap is one thing, never one more and one less.
pub fn verdict(plan: &Plan) -> String {
    let count =
        |wanted: &dyn Fn(&Change) -> bool| plan.changes.iter().filter(|change| wanted(change)).count();
    let builds = |change: &Change| is_build(change);
    let protected = |wanted| plan.protections.values().filter(|it| **it == wanted).count();
    let parts = [
        ("swapped", count(&|change| change.action == Action::Swap)),
        ("built", count(&builds)),
        ("created", count(&|change| change.action == Action::Create && !is_build(change))),
        ("replaced", count(&|change| matches!(change.action, Action::Replace(_)) && !is_build(change))),
        ("updated", count(&|change| change.action == Action::Update)),
        ("imported", count(&Change::is_import)),
        ("adopted", count(&|change| change.action == Action::Adopt && !change.is_import())),
        ("moved", plan.moves.len()),
        ("protected", protected(Protection::Given)),
        ("no longer protected", protected(Protection::Lifted)),
        ("forgotten", count(&|change| change.action == Action::Forget)),
        ("cleaned up", count(&|change| change.action == Action::Prune)),
        ("destroyed", count(&|change| change.action == Action::Delete)),
    ];
    let said: Vec<String> = parts
        .into_iter()
        .filter(|(word, count)| *count > 0 || *word == "destroyed")
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    format!("{}; {} unchanged", said.join(", "), plan.unchanged)
}

/// An image layer is not created but built, and a new one is no replacement: the old one stays.
fn is_build(change: &Change) -> bool {
    change.identity.is_some() && matches!(change.action, Action::Create | Action::Replace(_))
}

fn one(change: &Change, plan: &Plan, width: usize) -> String {
    let (sign, style, word) = sign(change, goes(change, plan));
    let gone = if plan.header.destroy { "" } else { "no longer in the configuration" };
    let place = change.location.as_deref().unwrap_or(gone);
    let head = format!("{sign} {}", change.address);
    let id = change.prior.as_ref().filter(|_| change.is_import()).map(|prior| format!(" ({})", prior.id));
    let id = id.unwrap_or_default();
    let mut text = format!("{style}{head}{style:#}  {word}{id}  {DIM}{place}{DIM:#}\n");
    if let Some(consequence) = &change.consequence {
        text += &format!("    {BOLD}→ {consequence}{BOLD:#}\n");
    }
    for reason in change.reasons.iter().filter_map(reason) {
        text += &format!("    because {reason}\n");
    }
    let shown = change.attributes.iter().filter(|attribute| is_shown(change, attribute));
    text += &shown.map(|attribute| lines(attribute, change.action, width)).collect::<String>();
    text
}

/// Whether the object as it is now is deleted; else it is kept for a rollback.
fn goes(change: &Change, plan: &Plan) -> bool {
    let prior = change.prior.as_ref().map(|prior| Target::Existing(prior.id.clone()));
    let deletes = |step: &Step| step.effect == Effect::Delete && step.target == prior;
    plan.steps.steps.iter().any(deletes)
}

fn sign(change: &Change, old_goes: bool) -> (&'static str, anstyle::Style, &'static str) {
    if is_build(change) {
        return ("+", ADD, "build");
    }
    match change.action {
        Action::Create => ("+", ADD, "create"),
        Action::Update => ("~", CHANGE, "update in place"),
        Action::Replace(_) if !old_goes => {
            ("±", CHANGE, "replace: a new one is made, and the old one kept for a rollback")
        }
        Action::Replace(ReplaceOrder::NewFirst) => {
            ("±", CHANGE, "replace: the new one first, then the old one goes")
        }
        Action::Replace(ReplaceOrder::OldFirst) => {
            ("∓", REMOVE, "replace: the old one goes first, for its name is fixed")
        }
        Action::Swap => ("⇄", SWAP, "swap"),
        Action::Delete => ("-", REMOVE, "destroy"),
        Action::Adopt if change.is_import() => ("⇥", ADD, "import"),
        Action::Adopt => ("=", ADD, "take into the state: it exists already"),
        Action::Forget => ("✗", CHANGE, forgotten(change)),
        Action::Prune => ("-", DIM, "clean up older ones"),
    }
}

fn forgotten(change: &Change) -> &'static str {
    match change.reasons.contains(&Reason::Released) {
        true => "forgotten, left alone in AWS",
        false => "forget",
    }
}

fn reason(reason: &Reason) -> Option<String> {
    match reason {
        Reason::New | Reason::Attributes | Reason::Removed | Reason::Released | Reason::Imported => None,
        Reason::Vanished => Some("it is gone from AWS, and not by us".to_owned()),
        Reason::Inputs(inputs) => Some(inputs.join("; ")),
        Reason::TakenAlong(by) => Some(format!("{by} swaps behind a new one")),
        Reason::Triggered(reference) => Some(format!("{}.{} changes", reference.object, reference.attribute)),
        Reason::Superseded => Some("newer ones have taken their place".to_owned()),
    }
}

/// Of a new object only what somebody wrote is worth a line.
fn is_shown(change: &Change, attribute: &AttributeChange) -> bool {
    let is_new = change.action == Action::Create && change.prior.is_none();
    change.action != Action::Delete && (!is_new || attribute.location.is_some())
}

fn outputs(plan: &Plan, width: usize) -> String {
    let changed = plan.outputs.iter().filter(|(_, output)| differs(output));
    let lines: String = changed.map(|(name, change)| output(name, change, width)).collect();
    if lines.is_empty() { lines } else { format!("\n{BOLD}Outputs{BOLD:#}\n{lines}\n") }
}

/// Whether an output will be another than it is.
fn differs(output: &OutputChange) -> bool {
    match (&output.before, &output.after) {
        (Some(before), Some(Residual::Known(after))) => before != after,
        (before, after) => before.is_some() || after.is_some(),
    }
}

fn output(name: &Identifier, change: &OutputChange, width: usize) -> String {
    let room = width.saturating_sub(name.as_str().len() + 10).max(20);
    let after = match &change.after {
        _ if change.sensitive => "(sensitive)".to_owned(),
        Some(after) => residual(after, room),
        None => "(none)".to_owned(),
    };
    format!("  {name} = {after}\n")
}
