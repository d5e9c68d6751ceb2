//! The steps of a build, on the machine.

mod recipes;

use std::collections::BTreeMap;
use std::time::Duration;

use infra_lang::desired::{Content, Entry};
use infra_lang::inputs::Files;
use sha2::{Digest as _, Sha256};
use tokio::time::{sleep, timeout};

use super::output::Output;
use super::shell;
use super::steps::{Common, File, Named, Shell, Step, Template};
use crate::transport::archive::{base_name, mode, single, target};
use crate::transport::{Item, ItemBody, Script, Sink as _, Transport, TransportError, Upload};

/// What the machine does by itself, and cleaning up, take no longer.
const CLEAN_UP: Duration = Duration::from_secs(600);

/// What steps work with, beside the machine.
pub(super) struct Workplace<'a> {
    /// The files of the project.
    pub(super) files: &'a (dyn Files + Send + Sync),
    /// What was in them when the plan was made.
    pub(super) contents: &'a BTreeMap<String, Content>,
    /// Where output goes.
    pub(super) output: &'a Output,
}

/// What a step does on the machine, with everything read that it needs.
enum Work {
    Upload(Upload),
    Run(Script),
    Reboot,
}

/// The step in words: `shell[1] (deploy/primal)`.
pub(super) fn title(named: &Named) -> String {
    let detail = match &named.step {
        Step::File(step) => step.source.as_ref().or(Some(&step.destination)),
        Step::Template(step) => Some(&step.source),
        Step::Shell(step) => step.script.as_ref().or(step.inline.first()),
        Step::ChefSolo(step) => Some(&step.cookbooks),
        Step::AnsibleLocal(step) => Some(&step.playbook),
        _ => None,
    };
    match detail {
        Some(detail) => format!("{} ({detail})", named.name),
        None => named.name.clone(),
    }
}

/// Runs a step to its end, again as often as it says. The error is for people.
pub(super) async fn run(
    place: &Workplace<'_>,
    named: &Named,
    machine: &mut dyn Transport,
) -> Result<(), String> {
    let common = named.step.common();
    place.output.line(&format!("==> {}", title(named)));
    let all = prepare(place, &named.step)?;
    let mut retries = common.retries;
    loop {
        let why = match attempt(place, common, &all, machine).await? {
            None => return Ok(()),
            Some(why) => why,
        };
        if retries == 0 {
            collect(place, common, machine).await;
            return Err(why);
        }
        retries -= 1;
        place
            .output
            .line(&format!("{why}; again in {} s, {retries} more attempts after that", common.retry_delay));
        sleep(Duration::from_secs(common.retry_delay)).await;
    }
}

/// Once: nothing if it succeeded, why not if it may be tried again, an error if that is of no use.
async fn attempt(
    place: &Workplace<'_>,
    common: &Common,
    all: &[Work],
    machine: &mut dyn Transport,
) -> Result<Option<String>, String> {
    let limit = Duration::from_secs(common.timeout);
    let ended = timeout(limit, carry_out(all, common, machine, place.output)).await;
    // What runs on there after its time cannot be told from what would run again.
    let ended = ended.map_err(|_| format!("it did not end within {} s (`timeout`)", common.timeout))?;
    match ended {
        Ok(status) => Ok(status.map(|status| format!("it exited with status {status}"))),
        Err(TransportError::Refused(why)) => Ok(Some(why)),
        Err(error) => Err(error.to_string()),
    }
}

/// One piece of work after the other, up to the first script whose status is none of those that count as success.
async fn carry_out(
    all: &[Work],
    common: &Common,
    machine: &mut dyn Transport,
    output: &Output,
) -> Result<Option<i32>, TransportError> {
    for work in all {
        match work {
            Work::Upload(upload) => machine.upload(upload, output).await?,
            Work::Reboot => machine.reboot(output).await?,
            Work::Run(script) => {
                let status = machine.exec(script, output).await?;
                if !common.ok_exit_codes.contains(&status) {
                    return Ok(Some(status));
                }
            }
        }
    }
    Ok(None)
}

/// The last lines of files that the step names, for whoever looks for the cause.
async fn collect(place: &Workplace<'_>, common: &Common, machine: &mut dyn Transport) {
    if common.collect.is_empty() {
        return;
    }
    let script = plain(shell::tails(&common.collect), common.sudo);
    if let Ok(Err(error)) = timeout(Duration::from_secs(60), machine.exec(&script, place.output)).await {
        place.output.line(&format!("nothing could be collected: {error}"));
    }
}

/// Waits until the machine has done what it does by itself at its first boot: two that install packages at once get in
/// each other's way. That it may fail is no reason not to go on.
pub(super) async fn settle(machine: &dyn Transport, output: &Output) {
    let script = plain(shell::SETTLE.as_bytes().to_vec(), true);
    let ended = timeout(CLEAN_UP, machine.exec(&script, output)).await;
    if !matches!(ended, Ok(Ok(0))) {
        output.line("the first boot of the builder has not come to its end; going on");
    }
}

/// Takes our traces away, the last thing before the machine is stopped.
pub(super) async fn clean_up(
    machine: &mut dyn Transport,
    key_marker: Option<&str>,
    output: &Output,
) -> Result<(), String> {
    output.line("==> cleaning up");
    let script = plain(shell::finalizer(key_marker).into_bytes(), true);
    let ended = timeout(CLEAN_UP, machine.exec(&script, output)).await;
    match ended.map_err(|_| format!("it did not end within {} s", CLEAN_UP.as_secs()))? {
        Ok(0) => {
            machine.close().await;
            Ok(())
        }
        Ok(status) => Err(format!("it exited with status {status}{}", output.last())),
        Err(error) => Err(error.to_string()),
    }
}

fn plain(body: Vec<u8>, sudo: bool) -> Script {
    let interpreter = ["/bin/bash", "-euo", "pipefail"].map(str::to_owned).to_vec();
    Script { interpreter, body, env: Vec::new(), workdir: None, sudo }
}

/// Reads what a step needs. Files that are not what they were when the plan was made are refused: the image would not
/// be what its digest says.
fn prepare(place: &Workplace<'_>, step: &Step) -> Result<Vec<Work>, String> {
    match step {
        Step::File(step) => Ok(vec![Work::Upload(file(place, step)?)]),
        Step::Template(step) => Ok(vec![Work::Upload(template(step)?)]),
        Step::Shell(step) => Ok(vec![Work::Run(script(place, step)?)]),
        Step::ChefSolo(step) => recipes::chef_solo(place, step),
        Step::AnsibleLocal(step) => recipes::ansible_local(place, step),
        Step::Reboot(_) => Ok(vec![Work::Reboot]),
        other => Err(format!("this version of infra does not run `{}` steps", other.word())),
    }
}

fn file(place: &Workplace<'_>, step: &File) -> Result<Upload, String> {
    let bits = octal(step.mode.as_deref());
    let (owner, sudo) = (step.owner.clone(), step.common.sudo);
    let Some(source) = &step.source else {
        let bytes = step.content.clone().unwrap_or_default().into_bytes();
        return Ok(single(&step.destination, ItemBody::File { bytes, mode: mode(bits, false) }, owner, sudo));
    };
    let there = target(source, &step.destination);
    if let Some(entry) = place.content(source)?.entries.get("") {
        return Ok(single(&there, place.body(source, entry, bits)?, owner, sudo));
    }
    Ok(Upload { directory: there, items: place.items(source, bits)?, owner, sudo })
}

fn template(step: &Template) -> Result<Upload, String> {
    let text =
        step.rendered.clone().ok_or("the template was not rendered when the configuration was evaluated")?;
    let there = match step.destination.ends_with('/') {
        true => target(&step.source, &step.destination),
        false => step.destination.clone(),
    };
    let body = ItemBody::File { bytes: text.into_bytes(), mode: mode(octal(step.mode.as_deref()), false) };
    Ok(single(&there, body, step.owner.clone(), step.common.sudo))
}

fn script(place: &Workplace<'_>, step: &Shell) -> Result<Script, String> {
    let body = match &step.script {
        Some(path) => place.script(path)?,
        None => shell::inline(&step.inline),
    };
    if let Some(warning) = shell::careless(step, &body) {
        place.output.line(&warning);
    }
    let common = &step.common;
    let mut env = BTreeMap::from([("DEBIAN_FRONTEND".to_owned(), "noninteractive".to_owned())]);
    env.extend(common.env.clone());
    Ok(Script {
        interpreter: shell::interpreter(step, &body),
        body,
        env: env.into_iter().collect(),
        workdir: common.workdir.clone(),
        sudo: common.sudo,
    })
}

fn octal(text: Option<&str>) -> Option<u32> {
    text.and_then(|text| u32::from_str_radix(text, 8).ok())
}

impl Workplace<'_> {
    /// What was in a path when the plan was made.
    fn content(&self, path: &str) -> Result<&Content, String> {
        self.contents
            .get(path)
            .ok_or_else(|| format!("`{path}` is not among the files of the plan: plan again"))
    }

    /// The files and links of a tree.
    fn items(&self, source: &str, bits: Option<u32>) -> Result<Vec<Item>, String> {
        let items = self.content(source)?.entries.iter().map(|(path, entry)| {
            let body = self.body(&format!("{}/{path}", source.trim_end_matches('/')), entry, bits)?;
            Ok(Item { path: path.clone(), body })
        });
        items.collect()
    }

    /// A tree, as the login puts it into `directory`.
    fn tree(&self, source: &str, directory: &str) -> Result<Upload, String> {
        if self.content(source)?.entries.contains_key("") {
            return Err(format!("`{source}` is a file, and a directory is wanted"));
        }
        let items = self.items(source, None)?;
        Ok(Upload { directory: directory.to_owned(), items, owner: None, sudo: false })
    }

    fn script(&self, path: &str) -> Result<Vec<u8>, String> {
        let entry = self.content(path)?.entries.get("");
        let entry = entry.ok_or_else(|| format!("`{path}` is a directory, and a script is one file"))?;
        match self.body(path, entry, None)? {
            ItemBody::File { bytes, .. } => Ok(bytes),
            ItemBody::Link(_) => {
                Err(format!("`{path}` is a link, and a script is a file: name the file itself"))
            }
        }
    }

    /// A file or link as it is now, if that is what it was then.
    fn body(&self, path: &str, entry: &Entry, bits: Option<u32>) -> Result<ItemBody, String> {
        let unreadable = |error| format!("`{path}`: {error}");
        let (bytes, body) = match entry.link {
            true => {
                let target = self.files.link(path).map_err(unreadable)?;
                (target.clone().into_bytes(), ItemBody::Link(target))
            }
            false => {
                let bytes = self.files.read(path).map_err(unreadable)?;
                (bytes.clone(), ItemBody::File { bytes, mode: mode(bits, entry.executable) })
            }
        };
        match hex::encode(Sha256::digest(&bytes)) == entry.digest {
            true => Ok(body),
            false => Err(format!("`{}` has changed since the plan was made: plan again", base_name(path))),
        }
    }
}

#[cfg(test)]
mod tests;
