//! Which AWS: the real one, an emulator's address, or the embedded one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use infra_aws::AwsProvider;
use infra_aws::transport::Transports;
use infra_aws::transport::openssh::OpenSsh;
use infra_aws::transport::record::Record;
use infra_engine::redact::Redactor;
use infra_local_aws::model::Time;
use infra_local_aws::timing::TimeModel;
use infra_local_aws::{Exchange, LocalAws, Options};
use jiff::Timestamp;
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

use crate::args::Transport;
use crate::build_log::BuildLog;
use crate::error::{CommandResult, Complaint, file_error};
use crate::settings::Settings;
use crate::store::file::write_quickly;
use crate::workspace::ProjectFiles;

/// The file that holds the embedded AWS of a project.
const CLOUD: &str = "cloud.json";

/// Where the embedded AWS of this project is kept.
fn snapshot_path(settings: &Settings) -> PathBuf {
    settings.local_folder().join(CLOUD)
}

/// The runtime that a command's asynchronous half runs in. With the embedded AWS its clock is paused: whenever all
/// wait, it jumps to the next moment at which something happens.
///
/// # Errors
/// The system gives no threads.
pub fn runtime(settings: &Settings) -> CommandResult<Runtime> {
    let mut builder =
        if settings.local { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    if settings.local {
        builder.start_paused(true);
    }
    builder
        .enable_all()
        .build()
        .map_err(|error| Complaint::new(format!("no runtime can be had: {error}")).into())
}

/// The way to whichever AWS is meant. The embedded one is read at its first use, and once: who locks the state first
/// finds what others have left, and all that is done in one run is done to one AWS.
pub struct Gateway<'a> {
    settings: &'a Settings,
    wire: OnceLock<infra_aws::Wire>,
}

impl<'a> Gateway<'a> {
    /// Nothing is read yet.
    pub fn new(settings: &'a Settings) -> Self {
        Self { settings, wire: OnceLock::new() }
    }

    /// Into an AWS that is in the process already.
    #[cfg(test)]
    pub fn to(settings: &'a Settings, wire: infra_aws::Wire) -> Self {
        Self { settings, wire: OnceLock::from(wire) }
    }

    /// What a command knows of its surroundings.
    pub fn settings(&self) -> &'a Settings {
        self.settings
    }

    /// Where AWS is, if it is neither in this process nor where it usually is.
    pub fn endpoint(&self) -> Option<String> {
        self.settings.endpoint.clone().filter(|_| !self.settings.local)
    }

    /// The embedded AWS, if that is meant.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn wire(&self) -> CommandResult<Option<infra_aws::Wire>> {
        if self.settings.local && self.wire.get().is_none() {
            let wire = embedded(self.settings)?;
            return Ok(Some(self.wire.get_or_init(|| wire).clone()));
        }
        Ok(self.wire.get().cloned())
    }
}

/// Connects to whichever AWS is meant; `redactor` knows what builds must not log.
///
/// # Errors
/// No region, no credentials, or an embedded AWS that cannot be read.
pub async fn connect(
    gateway: &Gateway<'_>,
    project: &str,
    region: &str,
    files: &ProjectFiles,
    redactor: &Redactor,
) -> CommandResult<AwsProvider> {
    let settings = gateway.settings;
    let options = infra_aws::Options {
        project: project.to_owned(),
        region: Some(region.to_owned()),
        endpoint: gateway.endpoint(),
        wire: gateway.wire()?,
        files: Arc::new(files.clone()),
        transports: transports(settings, redactor),
    };
    Ok(AwsProvider::new(options).await?)
}

/// A builder that nobody came back for powers off after so long.
const BUILDER_LIFETIME: Duration = Duration::from_secs(2 * 60 * 60);

/// Builders are reached by SSH, but an emulator's instances have no shell: there it is written down what would be run.
fn transports(settings: &Settings, redactor: &Redactor) -> Arc<dyn Transports> {
    let emulated = settings.local || settings.endpoint.as_deref().is_some_and(is_loopback);
    let usual = if emulated { Transport::Record } else { Transport::Ssh };
    let log = Arc::new(BuildLog::new(settings.hidden().join("builds"), redactor.clone()));
    match settings.transport.unwrap_or(usual) {
        Transport::Ssh => Arc::new(OpenSsh::new(log, BUILDER_LIFETIME)),
        Transport::Record => Arc::new(Record::new(log)),
    }
}

/// Whether an address is of this machine, where only emulators live.
fn is_loopback(url: &str) -> bool {
    let host = url.split("://").last().unwrap_or(url);
    ["127.", "localhost", "[::1]"].iter().any(|local| host.starts_with(local))
}

/// What time it is in AWS: the embedded one's clock goes on only while somebody uses it.
///
/// # Errors
/// The embedded AWS cannot be read.
pub fn clock(settings: &Settings) -> CommandResult<Timestamp> {
    let embedded = if settings.local { restore(&snapshot_path(settings))? } else { None };
    let now = embedded.and_then(|cloud| cloud.now()).and_then(|now| i64::try_from(now.0).ok());
    Ok(now.and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok()).unwrap_or(settings.now))
}

/// The embedded AWS, whose clock goes on from where it was left, mounted as the SDK's connector.
fn embedded(settings: &Settings) -> CommandResult<infra_aws::Wire> {
    let path = snapshot_path(settings);
    let cloud = open(settings, TimeModel::aws_like().limited())?;
    let begun = Instant::now();
    let origin = now(settings, &cloud);
    let kept = Mutex::new(origin);
    Ok(Arc::new(move |request: http::Request<bytes::Bytes>| {
        let now = origin + Instant::now().duration_since(begun);
        let Exchange { answer, delay } = cloud.exchange(now, &request);
        keep_time(&cloud, &path, now, &mut kept.lock().unwrap_or_else(PoisonError::into_inner));
        // A call takes time in the model too, or a loop that only asks would never let anything happen.
        Box::pin(async move {
            tokio::time::sleep(CALL + delay).await;
            answer
        })
    }))
}

/// Keeps what happened by itself while somebody only looked, or it would happen again, and later, in the next run.
fn keep_time(cloud: &LocalAws, path: &Path, now: Time, kept: &mut Time) {
    if now.since(*kept) >= Duration::from_secs(1) {
        // Nothing is lost if this fails: what was written to the cloud is kept by then.
        let _ = write_quickly(path, cloud.snapshot().as_bytes());
        *kept = now;
    }
}

/// How long a call takes in the model.
pub const CALL: Duration = Duration::from_millis(40);

/// The embedded AWS of a project, or a new one in which things take as long as `timing` says. It writes itself to disk
/// after every change.
///
/// # Errors
/// Its file is damaged, or its folder cannot be made.
pub fn open(settings: &Settings, timing: TimeModel) -> CommandResult<LocalAws> {
    let path = snapshot_path(settings);
    let cloud = restore(&path)?.unwrap_or_else(|| LocalAws::new(Options { timing, ..Options::default() }));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)
            .map_err(|error| file_error("the folder cannot be made", folder, &error))?;
    }
    cloud.after_write(Arc::new(move |cloud| {
        let named =
            |error: std::io::Error| std::io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        write_quickly(&path, &serde_json::to_vec(cloud).map_err(std::io::Error::other)?).map_err(named)
    }));
    Ok(cloud)
}

/// Writes the embedded AWS of a project to disk, for changes that no request has made.
///
/// # Errors
/// The disk says why.
pub fn keep(settings: &Settings, cloud: &LocalAws) -> CommandResult<()> {
    let path = snapshot_path(settings);
    write_quickly(&path, cloud.snapshot().as_bytes())
        .map_err(|error| file_error("cannot be written", &path, &error).into())
}

/// What time it is in the embedded AWS: its clock goes on from where it was left.
pub fn now(settings: &Settings, cloud: &LocalAws) -> Time {
    let wall = Time(u64::try_from(settings.now.as_millisecond()).unwrap_or_default());
    cloud.now().map_or(wall, |left| left.max(wall))
}

/// The embedded AWS of a project as it is now; changes of the copy are kept nowhere.
///
/// # Errors
/// Its file is damaged.
pub fn copy(settings: &Settings) -> CommandResult<LocalAws> {
    Ok(restore(&snapshot_path(settings))?.unwrap_or_else(|| LocalAws::new(Options::default())))
}

/// The embedded AWS that is on disk, if there is one.
fn restore(path: &Path) -> CommandResult<Option<LocalAws>> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file_error("the embedded AWS cannot be read", path, &error).into()),
        Ok(text) => LocalAws::restore(&text).map(Some).map_err(|error| {
            Complaint::new(format!("the embedded AWS cannot be read: {error}"))
                .at(path.display())
                .hint("`infra local reset` begins with an empty one")
                .into()
        }),
    }
}
