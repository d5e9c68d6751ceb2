//! Where a plan is rehearsed: a copy of AWS as it is now, and what else an apply needs.

use infra_engine::ephemeral::Given;
use infra_engine::plan::Plan;
use infra_engine::state::State;
use infra_local_aws::LocalAws;
use infra_local_aws::model::Time;

use crate::cloud;
use crate::error::{CommandResult, Complaint};
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
    if !settings.local {
        return Err(Complaint::new("only plans for the embedded AWS can be rehearsed")
            .hint("use `--local`")
            .into());
    }
    let aws = cloud::copy(settings)?;
    Ok(Stage {
        now: cloud::now(settings, &aws),
        aws,
        region: plan.header.region.clone(),
        project: plan.header.project.clone(),
        files: session.project.files.clone(),
        state: &session.state,
        ephemeral: session.desired.ephemeral.clone(),
        parallelism: 10,
        assumptions: Vec::new(),
    })
}
