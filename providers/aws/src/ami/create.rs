//! A build: looks, lets [`next`] decide, and carries that out.

use std::collections::BTreeSet;

use infra_engine::id::RemoteId;
use infra_engine::provider::{FailureClass, Progress as Step, ProviderError, Task};

use super::build::{self, Act, Image, Machine, Note, Progress, Seen, next};
use super::input::{inherited, scripts, secrets};
use super::output::Output;
use super::provision::{self, Workplace};
use super::steps::{self, Named, Step as BuildStep};
use super::{Ami, facts, image, machine};
use crate::client::Aws;
use crate::codec::decode;
use crate::error::permanent;
use crate::kind::waiting;
use crate::launch;
use crate::transport::{Bench, TransportError};
use infra_engine::redact::Redactor;

/// How long a machine may take from its launch to letting us in.
const LOG_IN: u64 = 600;

/// A machine that was launched is seen within this time, or it is gone for good.
const SEEN: u64 = 60;

/// Between two looks at a machine.
const POLL: u64 = 5;

/// Between two looks at an image, which takes minutes.
const IMAGE_POLL: u64 = 15;

/// One build, read from its task.
struct Build<'a> {
    aws: &'a Aws,
    task: &'a Task,
    ami: Ami,
    digest: String,
    note: Note,
    /// What runs on the machine that builds.
    steps: Vec<Named>,
    /// What runs on the machine that tests.
    tests: Vec<Named>,
    output: Output,
}

/// Takes the next step of the build that `task` describes.
pub(super) async fn advance(aws: &Aws, task: &Task) -> Result<Step, ProviderError> {
    let build = Build::read(aws, task)?;
    let mut bench = aws.transport.benches().take(&task.token, build.note.instance.as_deref());
    let seen = build.look(bench.as_ref()).await?;
    let act =
        next(&build.note, progress(bench.as_ref()), &seen, build.on_machine().len(), !build.tests.is_empty());
    let result = build.carry_out(act, &mut bench).await;
    match (result, bench) {
        (Err(error), bench) if error.class == FailureClass::Permanent => {
            let left = build.give_up(bench).await;
            Err(ProviderError { message: error.message + &left, ..error })
        }
        (result, Some(bench)) => {
            aws.transport.benches().put(&task.token, bench);
            result
        }
        (result, None) => result,
    }
}

fn progress(bench: Option<&Bench>) -> Progress {
    match bench {
        None => Progress::Foreign,
        Some(bench) if bench.machine.is_none() => Progress::Launched,
        Some(bench) => Progress::Connected(bench.done),
    }
}

impl<'a> Build<'a> {
    fn read(aws: &'a Aws, task: &'a Task) -> Result<Self, ProviderError> {
        let identity = task.identity.as_ref();
        let identity =
            identity.ok_or_else(|| permanent("building", "what the image is made from is not known"))?;
        let note = task.notes.get("create").cloned().unwrap_or_default();
        let note = serde_json::from_value(note).unwrap_or_default();
        let (tests, steps) = steps::read(&task.desired)?
            .into_iter()
            .partition::<Vec<_>, _>(|named| matches!(named.step, BuildStep::Test(_)));
        let ami = inherited(decode(&task.desired)?, &identity.inputs);
        let redactor = Redactor::new(secrets(&task.desired).iter().map(String::as_str));
        let output = Output::new(aws.transport.log(), task.address.clone(), redactor);
        let tests = tests.into_iter().flat_map(scripts).collect();
        Ok(Self { aws, task, ami, digest: identity.digest.clone(), note, steps, tests, output })
    }

    /// Whether the machine in use is the one that tests.
    fn is_testing(&self) -> bool {
        self.note.image.is_some()
    }

    /// What is to run on the machine in use.
    fn on_machine(&self) -> &[Named] {
        if self.is_testing() { &self.tests } else { &self.steps }
    }

    fn user(&self) -> Result<&str, ProviderError> {
        let user = self.ami.ssh_user.as_deref();
        user.ok_or_else(|| {
            permanent("building", "`ssh_user` is missing, and the base is no layer that has one")
        })
    }

    async fn look(&self, bench: Option<&Bench>) -> Result<Seen, ProviderError> {
        match (&self.note.image, &self.note.instance) {
            (Some(image), None) => self.look_at_image(image).await,
            (Some(image), Some(_)) if self.note.provisioned || self.note.tested => {
                self.look_at_image(image).await
            }
            (_, Some(_)) if bench.is_some_and(|bench| bench.machine.is_some()) && !self.note.provisioned => {
                // The connection is proof enough that it runs.
                Ok(Seen::Machine(Machine::Running(bench.map(|bench| bench.host.clone()))))
            }
            (_, Some(machine)) => {
                let public =
                    self.ami.builder.as_ref().is_none_or(|builder| builder.associate_public_ip_address);
                machine::observe(self.aws, machine, public)
                    .await
                    .map(|seen| Seen::Machine(self.patient(machine, seen)))
            }
            (None, None) => self.look_around().await,
        }
    }

    /// AWS may not show at once what it has launched, and shows what is gone for an hour.
    fn patient(&self, machine: &str, seen: Machine) -> Machine {
        let missed = || self.aws.transport.benches().missed_since(machine).elapsed().as_secs();
        match seen {
            Machine::Unseen if missed() >= SEEN => Machine::Gone("AWS does not know it any more".to_owned()),
            seen => seen,
        }
    }

    async fn look_at_image(&self, id: &str) -> Result<Seen, ProviderError> {
        let found = facts::find(self.aws, "image-id", BTreeSet::from([id.to_owned()])).await?;
        Ok(Seen::Image(found.first().map_or(Image::Unseen, facts::state)))
    }

    async fn look_around(&self) -> Result<Seen, ProviderError> {
        let digest = BTreeSet::from([self.digest.clone()]);
        let found = facts::find(self.aws, &format!("tag:{}", facts::DIGEST), digest).await?;
        let twin = facts::twin(&found, &self.digest);
        let twin = twin.and_then(|image| Some((image.image_id()?.to_owned(), facts::state(image))));
        let orphan = match self.task.in_doubt && twin.is_none() {
            true => machine::orphan(self.aws, self.task).await?,
            false => None,
        };
        Ok(Seen::Start { twin, orphan })
    }

    async fn carry_out(&self, act: Act, bench: &mut Option<Bench>) -> Result<Step, ProviderError> {
        match act {
            Act::Wait(what) => Ok(waiting(self.poll(), what)),
            Act::Launch => self.launch(bench).await,
            Act::Connect(host) => self.connect(&host, bench).await,
            Act::Run(number) => self.run(number, bench).await,
            Act::Finish => self.finish(bench).await,
            Act::Stop => self.stop().await,
            Act::Image => {
                let wanted = self.wanted()?;
                let made = image::create(self.aws, self.task, &wanted, &self.note).await?;
                Ok(made.map_or_else(|| waiting(POLL, format!("image `{}` to be seen", wanted.name)), noted))
            }
            Act::TagSnapshots => {
                image::tag_snapshots(self.aws, self.task, &self.wanted()?).await?;
                Ok(noted(Note { bare_snapshots: false, ..self.note.clone() }))
            }
            Act::Discard(machine) | Act::Release(machine) => {
                machine::terminate(self.aws, &machine).await?;
                *bench = None;
                Ok(noted(self.note.clone().without_machine()))
            }
            Act::Adopt(id) => self.done(&id).await,
            Act::Done => self.done(self.note.image.as_deref().unwrap_or_default()).await,
            Act::Fail(why) => Ok(self.fail(&why, bench).await),
        }
    }

    /// Machines change in seconds, images in minutes.
    fn poll(&self) -> u64 {
        let for_image = self.note.instance.is_none() || (self.is_testing() && self.note.provisioned);
        if for_image { IMAGE_POLL } else { POLL }
    }

    fn wanted(&self) -> Result<image::Wanted, ProviderError> {
        image::Wanted::new(self.task, &self.ami, &self.digest, !self.tests.is_empty())
    }

    async fn launch(&self, bench: &mut Option<Bench>) -> Result<Step, ProviderError> {
        let access = self.aws.transport.prepare(&self.task.token.0).await.map_err(unprepared)?;
        let root = match self.is_testing() {
            true => None,
            false => launch::images::root_device(self.aws, &machine::core(&self.ami)).await?,
        };
        let launch = machine::Launch {
            image: self.note.image.as_deref().unwrap_or(&self.ami.base),
            ami: &self.ami,
            user_data: access.user_data(),
            attempt: self.note.attempt,
            root: root.as_deref(),
            testing: self.is_testing(),
        };
        let launched = match machine::launch(self.aws, self.task, &launch).await? {
            Some(id) => id,
            // An earlier run has launched it; its keys died with that run, so the machine is of no use to us.
            None => match machine::orphan(self.aws, self.task).await? {
                None if machine::is_spent(self.aws, self.task, self.note.attempt).await? => {
                    return Ok(noted(self.note.clone().without_machine()));
                }
                None => return Ok(waiting(POLL, "the machine of an earlier run to be seen")),
                Some(orphan) => {
                    machine::terminate(self.aws, &orphan).await?;
                    return Ok(noted(self.note.clone().without_machine()));
                }
            },
        };
        *bench = Some(Bench::new(launched.clone(), access));
        Ok(noted(Note { instance: Some(launched), provisioned: false, ..self.note.clone() }))
    }

    async fn connect(&self, host: &str, bench: &mut Option<Bench>) -> Result<Step, ProviderError> {
        let Some(open) = bench.as_mut() else { return Ok(waiting(POLL, "the builder")) };
        match open.access.connect(host, self.user()?).await {
            Ok(machine) => {
                provision::settle(machine.as_ref(), &self.output).await;
                open.machine = Some(machine);
                open.host = host.to_owned();
                Ok(Step::Acted(format!("logged in to {} ({host})", open.instance)))
            }
            Err(error) if error.may_pass() && open.since.elapsed().as_secs() < LOG_IN => {
                Ok(waiting(POLL, format!("the builder {} to let us in ({error})", open.instance)))
            }
            Err(error) => Ok(self.fail(&format!("{error}{}", advice(&error)), bench).await),
        }
    }

    async fn run(&self, number: usize, bench: &mut Option<Bench>) -> Result<Step, ProviderError> {
        let Some(named) = self.on_machine().get(number) else { return Ok(waiting(POLL, "the builder")) };
        let Some(machine) = bench.as_mut().and_then(|bench| bench.machine.as_mut()) else {
            return Ok(waiting(POLL, "the builder"));
        };
        let place =
            Workplace { files: &*self.aws.files, contents: &self.task.contents, output: &self.output };
        match provision::run(&place, named, machine.as_mut()).await {
            Ok(()) => {
                bench.iter_mut().for_each(|bench| bench.done += 1);
                Ok(Step::Acted(self.output.clean(&format!("ran {}", provision::title(named)))))
            }
            Err(why) => {
                let why = format!("{} failed: {why}{}", provision::title(named), self.output.last());
                Ok(self.fail(&why, bench).await)
            }
        }
    }

    /// All steps have run.
    async fn finish(&self, bench: &mut Option<Bench>) -> Result<Step, ProviderError> {
        if self.is_testing() {
            let image = self.note.image.as_deref().unwrap_or_default();
            image::pass(self.aws, image).await?;
            return Ok(noted(Note { tested: true, ..self.note.clone() }));
        }
        if let Some(Bench { machine: Some(machine), access, .. }) = bench.as_mut()
            && let Err(why) = provision::clean_up(machine.as_mut(), access.key_marker(), &self.output).await
        {
            return Ok(self.fail(&format!("cleaning up on the builder failed: {why}"), bench).await);
        }
        Ok(noted(Note { provisioned: true, ..self.note.clone() }))
    }

    async fn stop(&self) -> Result<Step, ProviderError> {
        let machine = self.note.instance.as_deref().unwrap_or_default();
        machine::stop(self.aws, machine).await?;
        Ok(waiting(POLL, format!("the builder {machine} to stop")))
    }

    async fn done(&self, id: &str) -> Result<Step, ProviderError> {
        image::share(self.aws, id, &self.ami).await?;
        facts::outcome(self.aws, self.task, Some(&RemoteId::from(id))).await
    }

    /// Ends the build and leaves nothing behind, the image of a failed test included.
    async fn fail(&self, why: &str, bench: &mut Option<Bench>) -> Step {
        let machine = self.give_up(bench.take()).await;
        let image = match &self.note.image {
            None => String::new(),
            Some(id) => match super::remove::discard(self.aws, id).await {
                Ok(()) => String::new(),
                Err(error) => {
                    format!("\nThe image {id} could not be deregistered ({error}): deregister it by hand.")
                }
            },
        };
        Step::Stuck(self.output.clean(&format!("{why}{machine}{image}")))
    }

    /// Terminates the machine, and says so if that cannot be. A finished image stays: the next build takes it.
    async fn give_up(&self, bench: Option<Bench>) -> String {
        let noted = self.note.instance.clone();
        let Some(id) = noted.or_else(|| bench.map(|bench| bench.instance)) else { return String::new() };
        match machine::terminate(self.aws, &id).await {
            Ok(()) => String::new(),
            Err(error) => {
                format!("\nThe builder {id} could not be terminated ({error}): terminate it by hand.")
            }
        }
    }
}

fn noted(note: Note) -> Step {
    Step::Note(build::written(&note))
}

fn unprepared(error: TransportError) -> ProviderError {
    permanent("preparing a builder", error.to_string())
}

/// What a login that failed for good is likely to be about.
fn advice(error: &TransportError) -> &'static str {
    match error {
        TransportError::Unreachable { .. } => {
            "; check that a security group of the builder lets this machine in on port 22, and that its subnet has a \
             route to the internet or to here"
        }
        TransportError::Denied { .. } => {
            "; `ssh_user` is probably another: `admin` on Debian, `ubuntu` on Ubuntu, `ec2-user` on Amazon Linux"
        }
        TransportError::HostKey { .. } => {
            "; the base must run cloud-init, which gives the machine its host key"
        }
        _ => "",
    }
}
