//! Where a project kept its state when it was last written from this machine, so that another `backend` does not look
//! like a project that has made nothing yet.

use std::path::PathBuf;

use infra_engine::store::StateStore as _;
use serde::{Deserialize, Serialize};

use super::file::write_atomically;
use super::{Access, Place, hidden};
use crate::cloud::Gateway;
use crate::error::{CommandResult, Complaint, file_error};
use crate::settings::Settings;

/// Where it is for a project that has said nothing, and on machines that remember nothing.
const USUAL: &str = "local:infra.state";

#[derive(Serialize, Deserialize)]
struct Remembered {
    backend: String,
}

fn file(settings: &Settings) -> PathBuf {
    hidden(settings).join("backend.json")
}

fn remembered(settings: &Settings) -> Option<String> {
    let text = std::fs::read(file(settings)).ok()?;
    Some(serde_json::from_slice::<Remembered>(&text).ok()?.backend)
}

/// Remembers where the state is.
///
/// # Errors
/// The file cannot be written.
pub fn remember(place: &Place, settings: &Settings) -> CommandResult<()> {
    let backend = place.line(settings);
    if remembered(settings).unwrap_or_else(|| USUAL.to_owned()) == backend {
        return Ok(());
    }
    let path = file(settings);
    let failed = |error: std::io::Error| file_error("cannot be written", &path, &error);
    std::fs::create_dir_all(hidden(settings)).map_err(failed)?;
    let text = serde_json::to_vec(&Remembered { backend }).map_err(std::io::Error::other);
    Ok(text.and_then(|text| write_atomically(&path, &text)).map_err(failed)?)
}

/// Makes sure that a place without a state is not taken for a new project's, while the state is where it was before.
///
/// # Errors
/// It is, or it cannot be known.
pub async fn check(place: &Place, gateway: &Gateway<'_>, region: &str) -> CommandResult<()> {
    let settings = gateway.settings();
    let before = remembered(settings).unwrap_or_else(|| USUAL.to_owned());
    if before == place.line(settings) {
        return Ok(());
    }
    let Ok(former) = Place::parse(&before, region, settings) else { return Ok(()) };
    let store = former.open_through(Access::Read, gateway).await?;
    if store.load().await?.is_none() {
        return Ok(());
    }
    Err(Complaint::new(format!(
        "there is no state here, and there is one where it was kept before: {former}"
    ))
    .at(place)
    .hint(format!("`infra state migrate '{before}'` moves it; or write the former `backend` again"))
    .into())
}
