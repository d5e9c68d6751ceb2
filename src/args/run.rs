//! From a plan to what is done: `infra plan`, `apply`, `destroy`, `rehearse`, `rollback`, `status`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args as ClapArgs;

use super::{VariableArgs, time};
use crate::rehearsal::Trouble;

#[derive(Debug, Clone, ClapArgs)]
pub struct PlanArgs {
    #[command(flatten)]
    pub variables: VariableArgs,
    /// Plan the removal of everything
    #[arg(long)]
    pub destroy: bool,
    /// Save the plan, for `infra apply FILE`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Fail if a `check` block does not hold; the plan is not saved then
    #[arg(long)]
    pub strict: bool,
    /// Exit with 2 if there are changes
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Do not try the plan on a copy of AWS first
    #[arg(long)]
    pub no_rehearsal: bool,
    /// Print the plan as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, ClapArgs)]
pub struct ApplyArgs {
    #[command(flatten)]
    pub variables: VariableArgs,
    /// A plan saved by `infra plan --out`; variables are only asked for the secrets in it
    #[arg(value_name = "PLAN")]
    pub plan: Option<PathBuf>,
    /// Do nothing if a `check` block does not hold, and fail if one does not afterwards
    #[arg(long)]
    pub strict: bool,
    /// Do not try the plan on a copy of AWS first, and do it even if a rehearsal has spoken against it
    #[arg(long)]
    pub no_rehearsal: bool,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Debug, Clone, ClapArgs)]
pub struct RehearseArgs {
    #[command(flatten)]
    pub variables: VariableArgs,
    /// A plan saved by `infra plan --out`; without it, one is made
    #[arg(value_name = "PLAN")]
    pub plan: Option<PathBuf>,
    /// Have something go wrong: STEP[@WHEN]=KIND, such as attach@2=throttle, or a fault; may be given several times
    #[arg(long = "fail", value_name = "STEP@N=KIND")]
    pub fail: Vec<Trouble>,
    /// How long instances take until their application listens, such as 90s..240s
    #[arg(long, value_name = "TIME")]
    pub boot: Option<String>,
    /// The seed of all chance
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Rehearse with so many seeds, and sum up
    #[arg(long, value_name = "N", default_value = "1")]
    pub runs: NonZeroUsize,
    /// How many requests users make in a second; 0 for none
    #[arg(long, value_name = "N", default_value_t = 20.0, value_parser = rate)]
    pub rate: f64,
    /// How long a usual request takes
    #[arg(long, value_name = "TIME", default_value = "50ms", value_parser = time)]
    pub service_time: Duration,
    /// Write a picture of the rehearsal, of the worst if there are several
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, ClapArgs)]
pub struct DestroyArgs {
    #[command(flatten)]
    pub variables: VariableArgs,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Debug, Clone, ClapArgs)]
pub struct RollbackArgs {
    /// The group, such as autoscaling_group.web
    #[arg(value_name = "GROUP")]
    pub group: String,
    #[command(flatten)]
    pub variables: VariableArgs,
    /// Save the plan, for `infra apply FILE`, and do nothing
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Debug, Clone, ClapArgs)]
pub struct StatusArgs {
    /// One group, such as autoscaling_group.web; without it, all
    #[arg(value_name = "GROUP")]
    pub group: Option<String>,
    #[command(flatten)]
    pub variables: VariableArgs,
    /// Look again every few seconds, until it is interrupted
    #[arg(long)]
    pub watch: bool,
    /// Print JSON, a line for each look
    #[arg(long)]
    pub json: bool,
}

/// How an apply runs.
#[derive(Debug, Clone, ClapArgs)]
pub struct RunArgs {
    /// Do not ask
    #[arg(short = 'y', long, visible_alias = "auto-approve")]
    pub yes: bool,
    /// How many steps run at once
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    pub parallelism: u16,
    /// Print every event as a line of JSON; needs --yes
    #[arg(long, requires = "yes")]
    pub json: bool,
}

/// A number of requests a second that a model can bear.
fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse::<f64>().ok().filter(|rate| (0.0..=10_000.0).contains(rate));
    rate.ok_or_else(|| "write a number from 0 to 10000".to_owned())
}
