//! `infra local`: the embedded AWS by itself.

use std::fs;
use std::io;

use infra_local_aws::timing::TimeModel;
use infra_local_aws::{Clock, LocalAws, serve};
use tokio::net::TcpListener;

use super::Exit;
use crate::args::LocalCommand;
use crate::cloud;
use crate::error::{CommandResult, Complaint, file_error};
use crate::settings::Settings;
use crate::terminal::Terminal;

pub fn run(command: LocalCommand, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    match command {
        LocalCommand::Reset => reset(settings, terminal),
        LocalCommand::Serve { port, speed, profile } => {
            let timing = TimeModel::named(&profile).ok_or_else(|| {
                Complaint::new(format!("there is no profile `{profile}`")).hint("aws-like, fast or instant")
            })?;
            let cloud = cloud::open(settings, timing)?;
            // Other programs' clocks are real, so this one is too.
            let real = Settings { local: false, ..settings.clone() };
            cloud::runtime(&real)?.block_on(listen(cloud, port, speed, terminal))
        }
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

async fn listen(cloud: LocalAws, port: u16, speed: f64, terminal: &Terminal) -> CommandResult<Exit> {
    let bound = TcpListener::bind(("127.0.0.1", port)).await;
    let failed = |error: io::Error| {
        Complaint::new(format!("port {port} cannot be had: {error}")).hint("`--port 0` takes a free one")
    };
    let listener = bound.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    terminal.print(&format!("The embedded AWS listens on http://{address}\n\n  export AWS_ENDPOINT_URL=http://{address} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test\n"));
    let wall = Clock::wall(speed);
    let clock = cloud.now().map_or(wall, |left| Clock::new(left.max(wall.now()), speed));
    tokio::select! {
        ended = serve(cloud, listener, clock) => {
            ended.map_err(|error| Complaint::new(format!("the server ended: {error}")))?;
        }
        _ = tokio::signal::ctrl_c() => {}
    }
    Ok(Exit::Ok)
}
