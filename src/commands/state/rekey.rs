//! `infra state rekey`: the state and its backup, encrypted for other keys, or no more.

use infra_engine::store::{StateStore as _, load_journal, load_state};

use super::place;
use crate::error::{CommandResult, Complaint};
use crate::settings::Settings;
use crate::store::{Access, Place, Store};
use crate::terminal::Terminal;

pub async fn run(plain: bool, yes: bool, settings: &Settings, terminal: &Terminal) -> CommandResult<()> {
    let place = place(settings)?;
    let store = place.open(Access::Write("infra state rekey"), settings).await?;
    let state = readable(&store, &place).await?;
    let question = "Write the state in clear text?";
    if plain && !yes && !terminal.confirm(question)? {
        return Err(Complaint::new("nothing was done: the state stays encrypted").into());
    }
    if !plain && !store.seals() {
        return Err(Complaint::new("there is no key to encrypt the state for")
            .hint(
                "set INFRA_AGE_KEY_FILE to the file that `age-keygen` wrote; `--plain` takes encryption off",
            )
            .into());
    }
    let store = if plain { store.bare() } else { *store };
    // The first save makes the state before the backup, which other keys open: the second makes itself the backup.
    for _ in 0..2 {
        store.save(&state).await?;
    }
    let how = if plain { "clear text" } else { "encrypted for the keys given now" };
    terminal.print(&format!("The state and its backup at {place} are {how}.\n"));
    Ok(())
}

/// The bytes of the state, which must be whole and nobody's unfinished work: a journal is read with one key.
async fn readable(store: &Store, place: &Place) -> CommandResult<Vec<u8>> {
    if load_journal(&**store).await?.is_some() {
        return Err(Complaint::new("an apply of this project is unfinished")
            .at(place)
            .hint("`infra apply` goes on with it; give the keys that it began with")
            .into());
    }
    let whole = load_state(&**store).await?.is_some();
    let bytes = if whole { store.load().await? } else { None };
    Ok(bytes
        .ok_or_else(|| Complaint::new("there is no state yet").at(place).hint("`infra apply` makes it"))?)
}
