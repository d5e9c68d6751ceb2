//! Plans and steps as text, for tests and for reading.

use std::fmt;

use super::{Plan, Protection, Renamed};
use crate::change::{Action, AttributeChange, Cause, Change, Reason, ReplaceOrder};
use crate::id::ChangeId;
use crate::known::Known;
use crate::steps::{Effect, StepGraph, Target};

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (from, to) in &self.moves {
            writeln!(f, "moved {from} -> {to}")?;
        }
        for (address, protection) in &self.protections {
            let word = match protection {
                Protection::Given => "protected from now on",
                Protection::Lifted => "no longer protected",
            };
            writeln!(f, "{word}: {address}")?;
        }
        for Renamed { from, to } in &self.renamed {
            writeln!(f, "renamed, as it seems: {from} -> {to}")?;
        }
        for change in &self.changes {
            write!(f, "{change}")?;
        }
        for (name, output) in self.outputs.iter().filter(|(_, output)| output.is_change()) {
            match &output.after {
                Some(after) => writeln!(f, "output {name} = {after}")?,
                None => writeln!(f, "output {name} goes")?,
            }
        }
        for assertion in &self.assertions {
            match assertion.broken(&Known::default()) {
                Some(broken) => writeln!(f, "broken {broken}")?,
                None => writeln!(f, "open {}: {}", assertion.subject, assertion.condition.condition)?,
            }
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        writeln!(f, "{} unchanged", self.unchanged)?;
        if self.steps.steps.is_empty() {
            return Ok(());
        }
        writeln!(f, "steps:")?;
        write_steps(f, &self.steps, &|change| format!("{} ", self.changes[change.0].address))
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reasons: Vec<String> = self.reasons.iter().map(Reason::to_string).collect();
        write!(f, "{} {}: {}", self.action, self.address, reasons.join(", "))?;
        if !self.retires.is_empty() {
            let retires: Vec<String> = self.retires.iter().map(ToString::to_string).collect();
            write!(f, "; retires {}", retires.join(", "))?;
        }
        writeln!(f)?;
        self.attributes.iter().try_for_each(|attribute| writeln!(f, "    {attribute}"))?;
        self.preconditions.iter().try_for_each(|it| writeln!(f, "    only if {}", it.condition))?;
        self.postconditions.iter().try_for_each(|it| writeln!(f, "    and then {}", it.condition))
    }
}

impl fmt::Display for AttributeChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name)?;
        match &self.before {
            Some(before) => write!(f, "{before} -> ")?,
            None => f.write_str("unset -> ")?,
        }
        match &self.after {
            Some(after) => write!(f, "{after}")?,
            None => f.write_str("unset")?,
        }
        let cause = match self.cause {
            Cause::Intended => "",
            Cause::Drift => " (drift)",
            Cause::Upstream => " (upstream)",
        };
        write!(f, "{cause}{}", if self.forces_new { " (forces a new one)" } else { "" })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace(ReplaceOrder::NewFirst) => "replace (new first)",
            Self::Replace(ReplaceOrder::OldFirst) => "replace (old first)",
            Self::Swap => "swap",
            Self::Delete => "delete",
            Self::Adopt => "adopt",
            Self::Forget => "forget",
            Self::Prune => "prune",
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => f.write_str("new"),
            Self::Removed => f.write_str("removed"),
            Self::Vanished => f.write_str("vanished"),
            Self::Attributes => f.write_str("attributes"),
            Self::Inputs(inputs) => write!(f, "inputs ({})", inputs.join(", ")),
            Self::Triggered(by) => write!(f, "triggered by {}.{}", by.object, by.attribute),
            Self::Superseded => f.write_str("superseded"),
            Self::Released => f.write_str("released"),
            Self::Imported => f.write_str("imported"),
            Self::TakenAlong(by) => write!(f, "taken along by {by}"),
        }
    }
}

impl fmt::Display for StepGraph {
    /// One line for each step: its number, what it does, and which steps come before it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_steps(f, self, &|_| String::new())
    }
}

fn write_steps(
    f: &mut fmt::Formatter<'_>,
    graph: &StepGraph,
    whose: &dyn Fn(ChangeId) -> String,
) -> fmt::Result {
    for (at, (step, after)) in graph.steps.iter().zip(&graph.after).enumerate() {
        write!(f, "{at} {}{}", whose(step.change), step.effect)?;
        match &step.target {
            Some(Target::Existing(id)) => write!(f, " [{id}]")?,
            Some(Target::MadeBy(maker)) => write!(f, " [made by {}]", maker.0)?,
            None => {}
        }
        write!(f, ": {}", step.title)?;
        if !after.is_empty() {
            let after: Vec<String> = after.iter().map(|step| step.0.to_string()).collect();
            write!(f, ", after {}", after.join(", "))?;
        }
        writeln!(f)?;
    }
    Ok(())
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create => f.write_str("create"),
            Self::Update(names) => {
                let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
                write!(f, "update ({})", names.join(", "))
            }
            Self::Delete => f.write_str("delete"),
            Self::Adopt => f.write_str("adopt"),
            Self::Forget => f.write_str("forget"),
            Self::Operate(operation) => f.write_str(&operation.name),
        }
    }
}
