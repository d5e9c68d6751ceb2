//! What is wanted, as text: for people, and for tests to compare.

use std::fmt;

use super::{
    Backend, Check, Desired, DesiredObject, DesiredOutput, Lifecycle, Lookup, Moment, OpenCondition, Place,
    Project, Removal,
};
use crate::address::ModuleStep;
use crate::residual::{Residual, Waiting};
use crate::value::Key;

impl fmt::Display for Desired {
    /// In blocks, in the order of addresses; secrets as `(sensitive)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.project)?;
        self.lookups.values().try_for_each(|lookup| write!(f, "\n{lookup}"))?;
        self.objects.values().try_for_each(|object| write!(f, "\n{object}"))?;
        for (name, output) in &self.outputs {
            write!(f, "\noutput.{name} = ")?;
            output.fmt(f)?;
            write_conditions(f, "", &output.conditions)?;
        }
        self.checks.iter().try_for_each(|check| write!(f, "\n{check}"))?;
        self.moves.iter().try_for_each(|step| writeln!(f, "\nmoved {} to {}", step.from, step.to))?;
        for Removal { from, destroy, .. } in &self.removals {
            writeln!(f, "\nremoved {from}{}", if *destroy { "" } else { ", left alone" })?;
        }
        self.imports
            .iter()
            .try_for_each(|import| writeln!(f, "\nimported {} as {}", import.id, import.to))?;
        Ok(())
    }
}

impl fmt::Display for Project {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "project {} in {}", self.name, self.region)?;
        if let Some(account) = &self.account {
            write!(f, " of {account}")?;
        }
        write!(f, ", state in {}", self.backend)
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local { path } => f.write_str(path),
            Self::S3 { bucket, key, .. } => write!(f, "s3://{bucket}/{key}"),
        }
    }
}

impl fmt::Display for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {{", self.address)?;
        for (name, value) in &self.arguments {
            write_entry(f, 1, name.as_str(), value)?;
        }
        self.depends_on.iter().try_for_each(|address| writeln!(f, "  # depends on {address}"))?;
        writeln!(f, "}}{}", if self.answer.is_some() { " # answered" } else { "" })
    }
}

impl fmt::Display for DesiredObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {{", self.address)?;
        for (name, value) in &self.attributes {
            write_entry(f, 1, name.as_str(), value)?;
        }
        for (path, content) in &self.contents {
            writeln!(f, "  # content of {path}: {}", content.digest)?;
        }
        for address in &self.depends_on {
            writeln!(f, "  # depends on {address}")?;
        }
        write!(f, "{}", self.lifecycle)?;
        write_conditions(f, "  ", &self.conditions)?;
        for (operation, seconds) in &self.timeouts {
            writeln!(f, "  # {operation} within {seconds}s")?;
        }
        writeln!(f, "}}")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(address) => write!(f, "{address}"),
            Self::Module(steps) => {
                let steps: Vec<String> = steps.iter().map(ModuleStep::to_string).collect();
                f.write_str(&steps.join("."))
            }
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.module {
            write!(f, "{step}.")?;
        }
        let Self { name, condition, message, .. } = self;
        writeln!(f, "check {:?}: {condition}, or else {}", name, Waiting(message))
    }
}

fn write_conditions(f: &mut fmt::Formatter<'_>, indent: &str, conditions: &[OpenCondition]) -> fmt::Result {
    conditions.iter().try_for_each(|open| {
        let moment = if open.moment == Moment::Before { "before" } else { "after" };
        writeln!(f, "{indent}# must hold {moment}: {}, or else {}", open.condition, Waiting(&open.message))
    })
}

impl fmt::Display for Lifecycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.prevent_destroy {
            writeln!(f, "  # never destroyed")?;
        }
        for name in &self.ignore_changes {
            writeln!(f, "  # changes of {name} are ignored")?;
        }
        self.replace_triggered_by.iter().try_for_each(|trigger| writeln!(f, "  # replaced with {trigger}"))
    }
}

impl fmt::Display for DesiredOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.sensitive { writeln!(f, "(sensitive)") } else { write_value(f, 0, &self.value) }
    }
}

fn write_entry(f: &mut fmt::Formatter<'_>, depth: usize, name: &str, value: &Residual) -> fmt::Result {
    write!(f, "{:indent$}{} = ", "", Key(name), indent = depth * 2)?;
    write_value(f, depth, value)
}

/// Objects and lists of objects over several lines, all else on one.
fn write_value(f: &mut fmt::Formatter<'_>, depth: usize, value: &Residual) -> fmt::Result {
    let indent = depth * 2;
    let nested = |items: &[Residual]| {
        items.iter().any(|item| item.entries().is_some_and(|entries| !entries.is_empty()))
    };
    match (value.entries(), value.items()) {
        (Some(entries), _) if !entries.is_empty() => {
            writeln!(f, "{{")?;
            entries.iter().try_for_each(|(key, value)| write_entry(f, depth + 1, key, value))?;
            writeln!(f, "{:indent$}}}", "")
        }
        (_, Some(items)) if nested(&items) => {
            writeln!(f, "[")?;
            for item in &items {
                write!(f, "{:indent$}  ", "")?;
                write_value(f, depth + 1, item)?;
            }
            writeln!(f, "{:indent$}]", "")
        }
        (_, Some(items)) if value.known().is_none() => {
            let items: Vec<String> = items.iter().map(|item| Waiting(item).to_string()).collect();
            writeln!(f, "[{}]", items.join(", "))
        }
        _ => writeln!(f, "{}", Waiting(value)),
    }
}
