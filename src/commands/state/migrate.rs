//! `infra state migrate`: the state goes from where it was kept to where the project says now.

use infra_engine::state::State;
use infra_engine::state_file;
use infra_engine::store::{StateStore, StoreError};

use super::about;
use crate::args::MigrateArgs;
use crate::cloud::Gateway;
use crate::error::{CommandResult, Complaint};
use crate::settings::Settings;
use crate::store::open::{look, open};
use crate::store::vault::keys::Keys;
use crate::store::{Place, remembered};
use crate::terminal::Terminal;

const COMMAND: &str = "infra state migrate";

pub async fn run(args: &MigrateArgs, settings: &Settings, terminal: &Terminal) -> CommandResult<()> {
    let project = about(settings)?;
    let to = Place::of(&project, settings);
    let from = Place::parse(&args.from, &project.region, settings)?;
    if from == to {
        return Err(Complaint::new("the state is kept there already")
            .at(&to)
            .hint("name the place where it was kept before; the `backend` block says where it goes")
            .into());
    }
    let gateway = Gateway::new(settings);
    let source = open(&from, COMMAND, &gateway).await?;
    let target = open(&to, COMMAND, &gateway).await?;
    let copied = Copy::of(source.store()).await?;
    let keys = Keys::gather(settings)?;
    let state = read(copied.state.as_deref(), &keys, &from)?;
    let state = state.ok_or_else(|| Complaint::new("there is no state to move").at(&from))?;
    let there = Copy::of(target.store()).await?;
    // An earlier run may have come so far.
    if there.state != copied.state {
        admit(&state, read(there.state.as_deref(), &keys, &to)?.as_ref(), &there, &to)?;
    }
    let what = format!("The state of {} (serial {}, {})", state.project, state.serial, copied.told(&state));
    if args.dry_run {
        terminal.print(&format!("{what} would go\n  from {from}\n  to   {to}\n"));
        return Ok(());
    }
    if !there.covers(&copied) {
        copied.write(target.store()).await?;
    }
    compare(&copied, &to, &gateway).await?;
    target.settle().await?;
    remembered::remember(&to, settings)?;
    let left = source.retire(&to.line(settings)).await?;
    terminal.print(&format!(
        "{what} went\n  from {from}\n  to   {to}\nIt was read there again and compared, and {left}.\n"
    ));
    Ok(())
}

/// Reads what was written, as anybody else would.
async fn compare(copied: &Copy, to: &Place, gateway: &Gateway<'_>) -> CommandResult<()> {
    let there = Copy::of(&*look(to, gateway).await?).await?;
    if there.covers(copied) {
        return Ok(());
    }
    Err(Complaint::new("what was written there is not what was read here: nothing was given up")
        .at(to)
        .hint("run the command again")
        .into())
}

/// All of a state that is moved, as the bytes that are kept: what is encrypted stays so.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Copy {
    state: Option<Vec<u8>>,
    backup: Option<Vec<u8>>,
    /// By lines; the last may be torn.
    journal: Option<Vec<String>>,
}

impl Copy {
    async fn of(store: &dyn StateStore) -> Result<Self, StoreError> {
        let journal = store.journal_load().await?.map(|bytes| {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            text.strip_suffix('\n').unwrap_or(&text).split('\n').map(str::to_owned).collect()
        });
        Ok(Self { state: store.load().await?, backup: store.backup().await?, journal })
    }

    /// Whether all of another is in it.
    fn covers(&self, other: &Self) -> bool {
        let backup = other.backup.is_none() || self.backup == other.backup;
        let journal = other.journal.is_none() || self.journal == other.journal;
        self.state == other.state && backup && journal
    }

    async fn write(&self, store: &dyn StateStore) -> Result<(), StoreError> {
        store.journal_clear().await?;
        // Each save makes the one before the backup.
        for bytes in self.backup.iter().chain(&self.state) {
            store.save(bytes).await?;
        }
        for line in self.journal.iter().flatten() {
            store.journal_append(line).await?;
        }
        Ok(())
    }

    fn told(&self, state: &State) -> String {
        let objects = match state.records.len() {
            1 => "1 object".to_owned(),
            count => format!("{count} objects"),
        };
        let backup = if self.backup.is_some() { ", its backup" } else { "" };
        let journal = if self.journal.is_some() { ", the journal of an unfinished apply" } else { "" };
        format!("{objects}{backup}{journal}")
    }
}

fn read(bytes: Option<&[u8]>, keys: &Keys, place: &Place) -> CommandResult<Option<State>> {
    let Some(bytes) = bytes else { return Ok(None) };
    let opened = keys.open(bytes.to_vec());
    let clear = opened.map_err(|closed| Complaint::new(&closed).at(place).hint(closed.hint()))?;
    Ok(Some(state_file::read(&clear).map_err(|error| Complaint::new(&error).at(place))?))
}

/// Whether a state may go to where there is another.
fn admit(state: &State, there: Option<&State>, copy: &Copy, to: &Place) -> CommandResult<()> {
    let Some(there) = there else { return Ok(()) };
    if there.lineage != state.lineage {
        return Err(Complaint::new(format!("another state is kept there: that of {}", there.project))
            .at(to)
            .hint("give this project a `key` or `path` of its own")
            .into());
    }
    if copy.journal.is_some() {
        let hint = "finish it with the `backend` that it began with";
        return Err(Complaint::new("an apply is unfinished there").at(to).hint(hint).into());
    }
    if there.serial >= state.serial {
        return Err(Complaint::new(format!(
            "the state there is not older: it has serial {}, and this one {}",
            there.serial, state.serial
        ))
        .at(to)
        .hint("it was moved already, or written since; compare the two with `infra state list`")
        .into());
    }
    Ok(())
}
