//! `infra drift`: what is live and was not last applied, whatever the configuration wants now.

use infra_engine::discreet::Discreet;
use infra_engine::drift;
use infra_engine::provider::Provider as _;
use infra_engine::redact::Redactor;

use super::Exit;
use crate::args::DriftArgs;
use crate::cloud::{self, Gateway};
use crate::error::{CommandResult, Complaint};
use crate::project::Project;
use crate::render;
use crate::settings::Settings;
use crate::store::{self, Access, Place};
use crate::terminal::Terminal;

pub async fn run(args: DriftArgs, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    let project = Project::load(settings, &args.variables, &infra_aws::schemas())?;
    let header = project.settings()?;
    let (place, gateway) = (Place::of(&header, settings), Gateway::new(settings));
    let store = place.open_through(Access::Read, &gateway).await?;
    let missing = || Complaint::new("there is no state yet").at(&place).hint("`infra apply` makes it");
    let state = store::state(&*store, &place).await?.ok_or_else(missing)?;
    if store::journal(&*store, &place).await?.is_some() {
        terminal.tell("An apply is unfinished: what it has changed so far shows as drift.\n\n");
    }
    // The configuration is not evaluated, so no secret of it is known here.
    let redactor = Redactor::default();
    let name = header.name.as_str();
    let provider = cloud::connect(&gateway, name, &header.region, &project.files, &redactor).await?;
    project.check_home(&header, &state, &provider.account().await?)?;
    let drifted = drift::look(&state, &header, &Discreet::new(&provider, &redactor)).await?;
    let text = match args.json {
        true => render::drift::json(&state, &drifted),
        false => render::drift::text(&state, &drifted, terminal.width()),
    };
    terminal.print(&text);
    Ok(if drifted.is_empty() { Exit::Ok } else { Exit::Drift })
}
