//! `infra local`: the embedded AWS by itself.

mod serve;

use std::fs;
use std::io;

use infra_local_aws::fault::Fault;
use infra_local_aws::remote;
use infra_local_aws::status::Status;
use infra_local_aws::timing::TimeModel;

use super::Exit;
use crate::args::LocalCommand;
use crate::cloud;
use crate::error::{CommandError, CommandResult, Complaint, file_error};
use crate::settings::Settings;
use crate::terminal::Terminal;

pub fn run(command: LocalCommand, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    match command {
        LocalCommand::Reset => reset(settings, terminal),
        LocalCommand::Status { json } => status(json, settings, terminal),
        LocalCommand::Inject { faults, clear } => inject(&faults, clear, settings, terminal),
        LocalCommand::Serve(args) => serve::run(args, settings, terminal),
    }
}

/// Forgets the embedded AWS and the state that belongs to it.
fn reset(settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    let folder = settings.local_folder();
    match fs::remove_dir_all(&folder) {
        Ok(()) => terminal.print(&format!("Forgot {}.\n", folder.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            terminal.print("There was nothing to forget.\n")
        }
        Err(error) => return Err(file_error("cannot be removed", &folder, &error).into()),
    }
    Ok(Exit::Ok)
}

fn status(json: bool, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    let status: Status = match served(settings) {
        Some(endpoint) => {
            let asked = cloud::runtime(settings)?.block_on(remote::status(endpoint));
            asked.map_err(unreachable(endpoint))?
        }
        None => {
            let cloud = cloud::open(settings, TimeModel::aws_like().limited())?;
            cloud.status(cloud::now(settings, &cloud), None)
        }
    };
    match json {
        true => {
            let json = serde_json::to_string_pretty(&status)
                .map_err(|error| Complaint::new(format!("the status cannot be written: {error}")))?;
            terminal.print(&format!("{json}\n"));
        }
        false => terminal.print(&status.to_string()),
    }
    Ok(Exit::Ok)
}

fn inject(faults: &[Fault], clear: bool, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    let left = match served(settings) {
        Some(endpoint) => cloud::runtime(settings)?
            .block_on(async {
                if clear {
                    remote::clear_faults(endpoint).await?;
                }
                remote::inject(endpoint, faults).await
            })
            .map_err(unreachable(endpoint))?,
        None => inject_here(faults, clear, settings)?,
    };
    terminal.print(if left.is_empty() { "Nothing has yet to go wrong.\n" } else { &left });
    Ok(Exit::Ok)
}

/// Into this project's AWS; gives what has yet to go wrong, a line each.
fn inject_here(faults: &[Fault], clear: bool, settings: &Settings) -> CommandResult<String> {
    let cloud = cloud::open(settings, TimeModel::aws_like().limited())?;
    let now = cloud::now(settings, &cloud);
    if clear {
        cloud.clear_faults();
    }
    faults.iter().for_each(|fault| cloud.inject(now, fault.clone()));
    cloud::keep(settings, &cloud)?;
    Ok(cloud.faults(now).iter().map(|fault| format!("{fault}\n")).collect())
}

/// The address of the served AWS that is meant, if it is not this project's own.
fn served(settings: &Settings) -> Option<&str> {
    settings.endpoint.as_deref().filter(|_| !settings.local)
}

fn unreachable(endpoint: &str) -> impl Fn(io::Error) -> CommandError {
    let endpoint = endpoint.to_owned();
    move |error| {
        Complaint::new(format!("{endpoint} does not answer as `infra local serve` does: {error}"))
            .hint("start it with `infra local serve`, or use `--local` for the AWS of this project")
            .into()
    }
}
