//! `infra state`: look into the state, and change it by hand. A command each, one file and one line here.

mod edit;
mod migrate;
mod mv;
mod pull;
mod push;
mod rebuild;
mod rekey;
mod repair;
mod rm;
mod show;
mod unlock;

use infra_engine::state::{Record, State};
use infra_lang::address::Address;

use super::Exit;
use crate::args::{StateCommand, VariableArgs};
use crate::cloud::Gateway;
use crate::error::{CommandResult, Complaint};
use crate::project::Project;
use crate::render;
use crate::settings::Settings;
use crate::store::{self, Access, Place, remembered};
use crate::terminal::Terminal;

pub async fn run(command: StateCommand, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    match command {
        StateCommand::List => terminal.print(&render::state::list(&current(settings).await?)),
        StateCommand::Show { address, json } => {
            show::run(&current(settings).await?, &address, json, terminal)?;
        }
        StateCommand::Repair { dry_run } => return repair::run(dry_run, settings, terminal).await,
        StateCommand::Rekey { plain, yes } => rekey::run(plain, yes, settings, terminal).await?,
        StateCommand::Migrate(args) => migrate::run(&args, settings, terminal).await?,
        StateCommand::Unlock { yes } => unlock::run(yes, settings, terminal).await?,
        StateCommand::Mv(args) => mv::run(&args, settings, terminal).await?,
        StateCommand::Rm(args) => rm::run(&args, settings, terminal).await?,
        StateCommand::Pull { file } => {
            pull::run(&current(settings).await?, file.as_deref(), settings, terminal)?;
        }
        StateCommand::Push(args) => push::run(&args, settings, terminal).await?,
        StateCommand::Rebuild(args) => rebuild::run(args, settings, terminal).await?,
    }
    Ok(Exit::Ok)
}

/// Where the project's state is.
///
/// # Errors
/// The project does not say where, or is wrong.
fn place(settings: &Settings) -> CommandResult<Place> {
    Ok(Place::of(&about(settings)?, settings))
}

/// The settings of the project.
///
/// # Errors
/// They are wrong, or missing.
fn about(settings: &Settings) -> CommandResult<infra_lang::desired::Project> {
    Project::load(settings, &VariableArgs::default(), &infra_aws::schemas())?.settings()
}

/// The project's state as it was last saved.
///
/// # Errors
/// There is none yet, it is damaged, or the project does not say where it is.
pub async fn current(settings: &Settings) -> CommandResult<State> {
    let (project, gateway) = (about(settings)?, Gateway::new(settings));
    let place = Place::of(&project, settings);
    let found = store::state(&*place.open_through(Access::Read, &gateway).await?, &place).await?;
    if found.is_none() {
        remembered::check(&place, &gateway, &project.region).await?;
    }
    let missing = || Complaint::new("there is no state yet").at(&place).hint("`infra apply` makes it");
    Ok(found.ok_or_else(missing)?)
}

/// The object of the state that a text names.
///
/// # Errors
/// It is no address, or there is nothing at it.
fn recorded<'a>(state: &'a State, text: &str) -> CommandResult<(Address, &'a Record)> {
    let bad = || {
        Complaint::new(format!("`{text}` is not an address")).hint("such as elb.web or subnet.public[\"a\"]")
    };
    let address = Address::parse(text).ok_or_else(bad)?;
    let missing =
        || Complaint::new(format!("{address} is not in the state")).hint("`infra state list` shows what is");
    let record = state.records.get(&address).ok_or_else(missing)?;
    Ok((address, record))
}
