//! `infra status`: which instance runs what and who serves, and where a swap stands. It only looks: no lock is taken,
//! so it may run beside an apply.

use std::collections::{BTreeMap, BTreeSet};
use std::thread::sleep;
use std::time::Duration;

use infra_engine::id::ChangeId;
use infra_engine::journal::Journal;
use infra_engine::progress::standing;
use infra_engine::schedule::Schedule;
use infra_engine::state::Record;
use infra_lang::address::Address;

use super::rollback::address;
use super::{Exit, wait};
use crate::args::StatusArgs;
use crate::cloud::{self, Gateway};
use crate::error::{CommandResult, Complaint, provider_complaint};
use crate::render;
use crate::render::status::{Overview, Running};
use crate::session::Session;
use crate::settings::Settings;
use crate::store::{Access, Place, disk, shared};
use crate::terminal::Terminal;

/// The kind that is swapped.
const KIND: &str = "autoscaling_group";

/// So often it is looked again.
const AGAIN: Duration = Duration::from_secs(3);

/// Clears a terminal and goes to its corner.
const CLEAR: &str = "\u{1b}[2J\u{1b}[H";

/// Looks once, or again and again until it is interrupted. Each look is a run of its own: the embedded AWS is what
/// others left on disk, and its clock stands still in between.
pub fn run(args: &StatusArgs, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    loop {
        let overview = wait(settings, look(args, &settings.again()))?;
        let text = match args.json {
            true => render::status::json(&overview),
            false => render::status::overview(&overview, terminal.width()),
        };
        if !args.watch {
            terminal.print(&text);
            return Ok(Exit::Ok);
        }
        let clear = if args.json { "" } else { CLEAR };
        terminal.print(&format!("{clear}{text}"));
        sleep(AGAIN);
    }
}

async fn look(args: &StatusArgs, settings: &Settings) -> CommandResult<Overview> {
    let wanted = args.group.as_deref().map(address).transpose()?;
    let session = Session::open(settings, &args.variables, Access::Read).await?;
    let ids = groups(&session, wanted.as_ref())?;
    let names: BTreeSet<String> = ids.values().flatten().cloned().collect();
    let found = session.provider.aws().groups(&names).await.map_err(|error| provider_complaint(&error))?;
    let running = match &session.unfinished {
        Some(_) => running(&session.place, settings).await?,
        None => Running::default(),
    };
    let groups = ids.into_iter().map(|(address, ids)| {
        let journal = session.unfinished.as_ref();
        let rollout = journal.and_then(|journal| standing(journal, &address).ok().flatten());
        let groups = found.iter().filter(|group| ids.contains(&group.name)).cloned().collect();
        (address, (groups, rollout))
    });
    Ok(Overview { now: cloud::clock(settings)?, local: settings.local, groups: groups.collect(), running })
}

/// Who carries an unfinished apply on, and since when nothing of it was written down.
async fn running(place: &Place, settings: &Settings) -> CommandResult<Running> {
    Ok(match place {
        Place::Disk(path) => Running { holder: disk::holder(path), quiet: disk::quiet(path, settings.now) },
        Place::Shared(place) => {
            Running { holder: shared::holder(place, &Gateway::new(settings)).await?, quiet: None }
        }
    })
}

/// The ids of the groups of each address: those of the state, and those that an unfinished apply has made.
fn groups(session: &Session, wanted: Option<&Address>) -> CommandResult<BTreeMap<Address, BTreeSet<String>>> {
    let mut ids: BTreeMap<Address, BTreeSet<String>> = BTreeMap::new();
    for (address, record) in session.state.records.iter().filter(|(address, _)| address.kind == *KIND) {
        let objects = Record::objects(record).map(|object| object.id.0.clone());
        ids.entry(address.clone()).or_default().extend(objects);
    }
    for (address, made) in session.unfinished.iter().flat_map(made) {
        ids.entry(address).or_default().extend(made);
    }
    if let Some(wanted) = wanted {
        ids.retain(|address, _| address == wanted);
        if ids.is_empty() {
            return Err(Complaint::new(format!("{wanted} is no group that was made"))
                .hint("`infra state list` shows what was")
                .into());
        }
    }
    Ok(ids)
}

fn made(journal: &Journal) -> Vec<(Address, Vec<String>)> {
    let Ok(schedule) = Schedule::replay(&journal.plan.steps, &journal.events) else { return Vec::new() };
    let changes = journal.plan.changes.iter().enumerate().filter(|(_, change)| change.kind == *KIND);
    let made = changes.map(|(at, change)| {
        let steps = schedule.of_change(ChangeId(at));
        (change.address.clone(), steps.filter_map(|step| Some(schedule.made(step)?.0)).collect())
    });
    made.collect()
}
