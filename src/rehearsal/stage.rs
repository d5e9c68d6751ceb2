//! Where a plan is rehearsed: a copy of AWS as it is now, and what else an apply needs.

use infra_aws::survey::Spoken;
use infra_engine::ephemeral::Given;
use infra_engine::plan::Plan;
use infra_engine::provider::ProviderError;
use infra_engine::state::State;
use infra_local_aws::model::Time;
use infra_local_aws::seed::{Answer, Survey};
use infra_local_aws::{LocalAws, Options};

use crate::cloud;
use crate::error::{CommandResult, Complaint, provider_complaint};
use crate::session::Session;
use crate::settings::Settings;
use crate::workspace::ProjectFiles;

/// Everything of a rehearsal that does not depend on chance.
pub struct Stage<'a> {
    /// AWS as it is now.
    pub aws: LocalAws,
    /// The moment at which rehearsals begin.
    pub now: Time,
    /// The region of the project.
    pub region: String,
    /// The project's name.
    pub project: String,
    /// The files of the project.
    pub files: ProjectFiles,
    /// The state that the plan was made from.
    pub state: &'a State,
    /// The ephemeral variables of this run.
    pub ephemeral: Given,
    /// Steps that run at the same time.
    pub parallelism: usize,
    /// What the copy had to assume, a sentence each.
    pub assumptions: Vec<String>,
}

/// Copies what the plan touches.
///
/// # Errors
/// AWS cannot be read.
pub async fn stage<'a>(session: &'a Session, settings: &Settings, plan: &Plan) -> CommandResult<Stage<'a>> {
    let (aws, assumptions) = match settings.local {
        true => (cloud::copy(settings)?, Vec::new()),
        false => surveyed(session, settings, plan).await?,
    };
    Ok(Stage {
        now: cloud::now(settings, &aws),
        aws,
        region: plan.header.region.clone(),
        project: plan.header.project.clone(),
        files: session.project.files.clone(),
        state: &session.state,
        ephemeral: session.desired.ephemeral.clone(),
        parallelism: 10,
        assumptions,
    })
}

/// A copy made from what AWS says of everything around the plan.
async fn surveyed(
    session: &Session,
    settings: &Settings,
    plan: &Plan,
) -> CommandResult<(LocalAws, Vec<String>)> {
    let said = infra_aws::survey::survey(&session.provider, plan).await.map_err(unread)?;
    let answer =
        |spoken: Spoken| Answer { path: spoken.path, form: spoken.asked, body: spoken.answered.to_vec() };
    let survey = Survey {
        account: plan.header.account.clone(),
        region: plan.header.region.clone(),
        now: Time(u64::try_from(settings.now.as_millisecond()).unwrap_or_default()),
        answers: said.into_iter().map(answer).collect(),
    };
    let (aws, mut assumptions) = LocalAws::seeded(Options::default(), &survey);
    assumptions.push(BOOT.to_owned());
    Ok((aws, assumptions))
}

/// A rehearsal reads more than a plan does.
fn unread(error: ProviderError) -> Complaint {
    let complaint = provider_complaint(&error);
    let hint = complaint.hint.clone().unwrap_or_else(|| "allow it, or use `--no-rehearsal`".to_owned());
    Complaint { message: format!("no copy to rehearse on: {}", complaint.message), ..complaint }.hint(hint)
}

/// Nobody knows before how long an application takes.
const BOOT: &str =
    "applications listen 17 to 23 s after their machines run; `infra rehearse --boot` takes another time";
