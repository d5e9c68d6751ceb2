//! What is done about a damaged state or journal, in words.

use std::fmt::Display;

use infra_engine::repair::{Difference, Flaw, JournalRepair, Repair, Restore, StateRepair};

/// What is wrong, and what is done about it.
pub fn text(repair: &Repair, place: impl Display) -> String {
    if repair.is_none() {
        return format!("Nothing is wrong with the state at {place}.\n");
    }
    let state = match &repair.state {
        StateRepair::None => String::new(),
        StateRepair::Mend { flaws, .. } => mended(flaws, place),
        StateRepair::Restore(restore) => restored(restore, place),
        StateRepair::Advance(restore) => advanced(restore, place),
        StateRepair::Lost { why, backup } => lost(why, backup, place),
    };
    state + &journal(&repair.journal)
}

fn mended(flaws: &[Flaw], place: impl Display) -> String {
    let mut text = format!("The state at {place} says what cannot be right:\n");
    text.extend(flaws.iter().map(|flaw| format!("  {flaw}\n")));
    if !flaws.iter().all(Flaw::has_one_answer) {
        text += "`infra state rm ADDRESS` makes the state forget one of them; the object stays.\n";
    }
    text
}

fn restored(restore: &Restore, place: impl Display) -> String {
    let mut text = format!("The state at {place} cannot be used: {}.\n", restore.why);
    text += &format!("It is restored from its backup, {}.\n", content(restore));
    match &restore.differences {
        None => text += "What came after the backup cannot be told from what is left of it.\n",
        Some(differences) if differences.is_empty() => {}
        Some(differences) => {
            text += "What is left of it speaks of other objects than its backup:\n";
            text.extend(differences.iter().map(|it| format!("  {}\n", difference(it))));
        }
    }
    text + &unknown(restore)
}

fn advanced(restore: &Restore, place: impl Display) -> String {
    let why = &restore.why;
    format!("The state at {place} cannot be used: {why}.\nIt is kept as {}.\n", content(restore))
        + &unknown(restore)
}

fn content(restore: &Restore) -> String {
    let objects = match restore.state.records.len() {
        1 => "1 object".to_owned(),
        count => format!("{count} objects"),
    };
    match (restore.backup, restore.state.serial) {
        (backup, now) if backup == now => format!("state {backup} with {objects}"),
        (backup, now) => {
            format!(
                "state {backup}, and brought up to state {now} by the plan of the unfinished apply: {objects}"
            )
        }
    }
}

fn difference(difference: &Difference) -> String {
    let ids = |ids: &[String]| if ids.is_empty() { "nothing".to_owned() } else { ids.join(", ") };
    let Difference { address, backup, damaged } = difference;
    format!("{address}: {} in the backup, {} here", ids(backup), ids(damaged))
}

fn unknown(restore: &Restore) -> String {
    let all: Vec<String> = restore.unknown.iter().map(ToString::to_string).collect();
    match all.is_empty() {
        true => String::new(),
        false => format!(
            "Of these nothing is known any more; `infra state rebuild` finds them: {}\n",
            all.join(", ")
        ),
    }
}

fn lost(why: &str, backup: &str, place: impl Display) -> String {
    format!(
        "The state at {place} cannot be read: {why}.\nIts backup cannot be read either: {backup}.\n\
         `infra state rebuild` finds in AWS what carries this project's tags and names.\n"
    )
}

fn journal(repair: &JournalRepair) -> String {
    match repair {
        JournalRepair::None => String::new(),
        JournalRepair::Cut { why, journal: Some(journal) } => format!(
            "The journal of the unfinished apply cannot be read to its end: {why}.\nWhat stands before it is kept, \
             {} events; `infra apply` goes on from there, and looks at every step before it acts.\n",
            journal.events.len()
        ),
        JournalRepair::Cut { why, journal: None } => {
            format!("The journal of the unfinished apply cannot be read: {why}.\n{LOOKS}")
        }
        JournalRepair::PutAway => {
            "The journal is of an apply of another state, and is put away.\n".to_owned()
        }
        JournalRepair::Begin => LOOKS.to_owned(),
    }
}

const LOOKS: &str = "\
The next apply looks at every step before it acts, and finds what the same step has made already. What else came
after it carries this project's tags: `infra state rebuild` finds it.
";
