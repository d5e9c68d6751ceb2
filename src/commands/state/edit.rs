//! What all changes of the state have in common: the lock, what would change, a copy of what was, and the way back.

use infra_engine::state::State;
use infra_engine::store::{LoadError, StateStore, load_state, save_state};
use infra_engine::surgery::{self, Objection};
use infra_lang::desired;
use infra_lang::desired::Place as StatePlace;

use crate::args::VariableArgs;
use crate::error::{CommandError, CommandResult, Complaint, unreadable};
use crate::project::Project;
use crate::render;
use crate::settings::Settings;
use crate::store::{self, Access, Place, Store};
use crate::terminal::Terminal;

/// A state that is open for a change, and locked unless nothing will be written.
pub struct Edit {
    /// The `project` block.
    pub project: desired::Project,
    /// Where the state is.
    pub place: Place,
    /// The state, if there is one that can be read.
    pub state: Option<State>,
    store: Store,
    dry_run: bool,
}

impl Edit {
    /// Opens the project's state for a change by `command`.
    ///
    /// # Errors
    /// It is locked or damaged, or an apply is unfinished: the state is not yet what that will make of it.
    pub async fn open(command: &'static str, dry_run: bool, settings: &Settings) -> CommandResult<Self> {
        let edit = Self::begin(command, dry_run, settings).await?;
        let state = store::state(&*edit.store, &edit.place).await?;
        edit.finished().await?;
        Ok(Self { state, ..edit })
    }

    /// The same where a damaged state is as good as none: it is to be replaced.
    ///
    /// # Errors
    /// It is locked, or an apply is unfinished.
    pub async fn over(command: &'static str, dry_run: bool, settings: &Settings) -> CommandResult<Self> {
        let edit = Self::begin(command, dry_run, settings).await?;
        match load_state(&*edit.store).await {
            Ok(state) => {
                edit.finished().await?;
                Ok(Self { state, ..edit })
            }
            // Whether a journal belongs to a state that cannot be read, nobody knows.
            Err(LoadError::State(_)) if edit.store.journal_load().await?.is_none() => Ok(edit),
            Err(error) => Err(unreadable(&error).at(&edit.place).into()),
        }
    }

    async fn begin(command: &'static str, dry_run: bool, settings: &Settings) -> CommandResult<Self> {
        let project = Project::load(settings, &VariableArgs::default(), &infra_aws::schemas())?.settings()?;
        let place = Place::of(&project, settings);
        let access = if dry_run { Access::Read } else { Access::Write(command) };
        let store = place.open(access, settings).await?;
        Ok(Self { project, place, state: None, store, dry_run })
    }

    async fn finished(&self) -> CommandResult<()> {
        let Some(_) = store::journal(&*self.store, &self.place).await? else { return Ok(()) };
        Err(Complaint::new("an apply is unfinished, and the state is not yet what that makes of it")
            .at(&self.place)
            .hint("`infra apply` finishes it; then run this again")
            .into())
    }

    /// The state, which has to be there.
    ///
    /// # Errors
    /// There is none.
    pub fn state(&self) -> CommandResult<&State> {
        let missing =
            || Complaint::new("there is no state yet").at(&self.place).hint("`infra apply` makes it");
        Ok(self.state.as_ref().ok_or_else(missing)?)
    }

    /// Why the state cannot be changed so, and what may be done instead.
    pub fn refused(&self, objection: &Objection) -> CommandError {
        let hint = match objection {
            Objection::Nothing(_) => "`infra state list` shows what is",
            Objection::LookedUp(_) => "only what is made, or imported, has a place in the state",
            Objection::OtherForm { .. } => "an object moves to one of its kind, a module to a module",
            Objection::Taken { .. } => "move or forget that first: `infra state mv`, `infra state rm`",
            Objection::Protected(_) => {
                "`--force` forgets it all the same, and `prevent_destroy = false` lifts the protection"
            }
            Objection::Lineage { .. } | Objection::Older { .. } => {
                "look with `--dry-run --force` what would change; `--force` puts it in place all the same"
            }
            Objection::Elsewhere { .. } => "push it from the project that it belongs to",
        };
        Complaint::new(objection).at(&self.place).hint(hint).into()
    }

    /// Says what changes when `after` takes the state's place and, unless nothing is to be written, keeps a copy of
    /// what was there and saves.
    ///
    /// # Errors
    /// It cannot be written; then nothing has changed.
    pub async fn commit(&self, after: State, settings: &Settings, terminal: &Terminal) -> CommandResult<()> {
        let nothing = State { records: Default::default(), outputs: Default::default(), ..after.clone() };
        let before = self.state.as_ref().unwrap_or(&nothing);
        let differences = surgery::differences(before, &after);
        terminal.print(&render::state::differences(&differences));
        match () {
            () if self.dry_run => terminal.print("Nothing was written: this was a dry run.\n"),
            () if self.state.as_ref() == Some(&after) => {
                terminal.print("Nothing was written: nothing changes.\n");
            }
            () => drop(save(&*self.store, self.state.as_ref(), after, settings, terminal).await?),
        }
        Ok(())
    }
}

/// Keeps a copy of what is there, saves `after` with the next serial, says how to go back, and gives what was saved.
///
/// # Errors
/// It cannot be written; then nothing has changed.
pub async fn save(
    store: &dyn StateStore,
    before: Option<&State>,
    after: State,
    settings: &Settings,
    terminal: &Terminal,
) -> CommandResult<State> {
    let label = before.map_or_else(|| stamped("damaged", settings), |before| before.serial.to_string());
    let copy = match store.load().await? {
        Some(bytes) => Some(store.keep(&label, &bytes).await?),
        None => None,
    };
    let after = after.next();
    save_state(store, &after).await?;
    terminal.print(&render::state::saved(after.serial, copy.as_deref()));
    Ok(after)
}

/// A label with the time in it: `damaged-20260101T120000Z`.
pub fn stamped(what: &str, settings: &Settings) -> String {
    format!("{what}-{}", settings.now.strftime("%Y%m%dT%H%M%SZ"))
}

/// The place in the state that a text names.
///
/// # Errors
/// It names none.
pub fn place(text: &str) -> CommandResult<StatePlace> {
    let bad = || {
        Complaint::new(format!("`{text}` is neither an address nor a module"))
            .hint("such as elb.web, subnet.public[\"a\"] or module.shop")
    };
    Ok(StatePlace::parse(text).ok_or_else(bad)?)
}
