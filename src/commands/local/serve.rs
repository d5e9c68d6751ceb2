//! `infra local serve`: the embedded AWS over HTTP, and its load balancers as ports.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use infra_local_aws::plane::{Plane, PlaneOptions};
use infra_local_aws::timing::TimeModel;
use infra_local_aws::{Clock, LocalAws, Server};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::Exit;
use crate::args::ServeArgs;
use crate::cloud;
use crate::error::{CommandResult, Complaint};
use crate::settings::Settings;
use crate::terminal::Terminal;

pub fn run(args: ServeArgs, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    let timing = TimeModel::named(&args.profile).ok_or_else(|| {
        Complaint::new(format!("there is no profile `{}`", args.profile)).hint("aws-like, fast or instant")
    })?;
    let cloud = cloud::open(settings, timing)?;
    // Other programs' clocks are real, so this one is too.
    let real = Settings { local: false, ..settings.clone() };
    cloud::runtime(&real)?.block_on(listen(cloud, args, terminal))
}

async fn listen(cloud: LocalAws, args: ServeArgs, terminal: &Terminal) -> CommandResult<Exit> {
    let port = args.port;
    let bound = TcpListener::bind(("127.0.0.1", port)).await;
    let failed = |error: io::Error| {
        Complaint::new(format!("port {port} cannot be had: {error}")).hint("`--port 0` takes a free one")
    };
    let listener = bound.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    terminal.print(&format!(
        "The embedded AWS listens on http://{address}\n\n  http://{address}/_local/ tells how it is\n  export AWS_ENDPOINT_URL=http://{address} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test\n"
    ));
    let wall = Clock::wall(args.speed);
    let clock = cloud.now().map_or(wall, |left| Clock::new(left.max(wall.now()), args.speed));
    args.faults.iter().for_each(|fault| cloud.inject(clock.now(), fault.clone()));
    let (tell, mut told) = unbounded_channel();
    let options = PlaneOptions {
        latency: Duration::from_millis(args.latency),
        told: Arc::new(move |sentence| {
            // The program ends, and nobody listens.
            let _ = tell.send(sentence.to_owned());
        }),
    };
    let plane = Plane::new(cloud.clone(), clock, options);
    let server = Server { local: cloud, clock, plane: Some(plane) };
    tokio::select! {
        ended = server.run(listener) => {
            ended.map_err(|error| Complaint::new(format!("the server ended: {error}")))?;
        }
        () = print(&mut told, terminal) => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    Ok(Exit::Ok)
}

/// Listeners as they come and go.
async fn print(told: &mut UnboundedReceiver<String>, terminal: &Terminal) {
    while let Some(sentence) = told.recv().await {
        terminal.print(&format!("{sentence}\n"));
    }
}
