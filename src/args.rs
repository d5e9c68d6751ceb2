//! What the user typed, nothing looked up.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use infra_local_aws::fault::Fault;

use crate::rehearsal::Trouble;

/// Roll out images on AWS with nobody noticing.
#[derive(Debug, Parser)]
#[command(name = "infra", version, max_term_width = 100, arg_required_else_help = true)]
pub struct Args {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, ClapArgs)]
pub struct Global {
    /// Run as if started in DIR
    #[arg(short = 'C', long = "chdir", value_name = "DIR", global = true)]
    pub directory: Option<PathBuf>,
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub color: Color,
    /// Use the embedded AWS, whose clock is virtual; its state is kept under .infra/local
    #[arg(long, global = true)]
    pub local: bool,
    /// How builders of images are reached; by default over SSH, and on an emulator nothing is run, only recorded
    #[arg(long, value_name = "HOW", global = true)]
    pub transport: Option<Transport>,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    Always,
    Never,
}

/// How builders of images are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Transport {
    /// The OpenSSH client.
    Ssh,
    /// Nothing is run: what would be is written to .infra/builds.
    Record,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what would be done
    Plan(PlanArgs),
    /// Do it: plan, ask, apply; or apply a saved plan; or continue what was interrupted
    Apply(ApplyArgs),
    /// Return a group to how it was launched before: an unfinished swap is taken back, a finished one by another
    Rollback(RollbackArgs),
    /// Show which instance runs what and who serves, and where a swap stands
    Status(StatusArgs),
    /// Remove everything the project has made
    Destroy(DestroyArgs),
    /// Check the configuration, without credentials or network
    Validate(ValidateArgs),
    /// Run the *.test.infra files, without credentials or network
    Test(TestArgs),
    /// Try a plan on a copy of AWS, under a clock that jumps: how many instances serve, and when
    Rehearse(RehearseArgs),
    /// Rewrite source files in the canonical format
    Fmt(FmtArgs),
    /// Tell what a diagnostic's code means, with an example and its repair
    Explain(ExplainArgs),
    /// Print reference pages: of a kind, a function, a block, a type, a command or a code
    Docs(DocsArgs),
    /// Evaluate expressions against the project
    Console(ConsoleArgs),
    /// Show the state, or a saved plan
    Show(ShowArgs),
    /// Show the outputs of the last apply
    Output(OutputArgs),
    /// Look into the state
    #[command(subcommand)]
    State(StateCommand),
    /// Print the dependency graph in DOT
    Graph(GraphArgs),
    /// The embedded AWS
    #[command(subcommand)]
    Local(LocalCommand),
    /// Print the version
    Version,
    /// Print completions for a shell
    Completions { shell: clap_complete::Shell },
}

/// Where variables come from besides *.auto.vars.infra and INFRA_VAR_x.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct VariableArgs {
    /// Set a variable; text for strings, an expression for the rest
    #[arg(long = "var", value_name = "NAME=VALUE")]
    pub values: Vec<String>,
    /// Read variables from a values file
    #[arg(long = "vars", value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

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

#[derive(Debug, Clone, ClapArgs)]
pub struct ValidateArgs {
    #[command(flatten)]
    pub variables: VariableArgs,
    /// Apply the suggestions that leave no doubt what was meant
    #[arg(long)]
    pub fix: bool,
    /// Show what --fix would change, and change nothing
    #[arg(long, requires = "fix")]
    pub diff: bool,
    /// Print each finding as a line of JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, ClapArgs)]
pub struct TestArgs {
    /// Test files, or folders that hold some; by default those of the project
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Only tests whose name holds TEXT
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Print each result as a line of JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, ClapArgs)]
pub struct ExplainArgs {
    /// Such as E0301, in upper or lower case; without it, all codes are listed
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, ClapArgs)]
pub struct DocsArgs {
    /// A kind, a function, a block, a type, a command or a code; without it, all are listed
    #[arg(value_name = "TOPIC")]
    pub topic: Option<String>,
    /// Write all pages into a folder, as Markdown
    #[arg(long, value_name = "DIR", conflicts_with = "topic")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Clone, ClapArgs)]
pub struct ConsoleArgs {
    #[command(flatten)]
    pub variables: VariableArgs,
    /// Evaluate an expression and end; may be given several times
    #[arg(short = 'e', long = "eval", value_name = "EXPR")]
    pub expressions: Vec<String>,
}

#[derive(Debug, Clone, ClapArgs)]
pub struct FmtArgs {
    /// Files or folders; `-` reads standard input
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Change nothing; exit with 1 and list the files that are not in the canonical format
    #[arg(long)]
    pub check: bool,
    /// Show the differences
    #[arg(long)]
    pub diff: bool,
}

#[derive(Debug, Clone, ClapArgs)]
pub struct ShowArgs {
    /// A saved plan; without it, the state
    #[arg(value_name = "PLAN")]
    pub plan: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, ClapArgs)]
pub struct OutputArgs {
    /// One output, or a part of it: `roles["web"]`
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Print a string without quotes
    #[arg(long, requires = "name", conflicts_with = "json")]
    pub raw: bool,
}

#[derive(Debug, Subcommand)]
pub enum StateCommand {
    /// List the objects
    List,
    /// Show one object
    Show {
        /// Such as `elb.web` or `subnet.public["a"]`
        address: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Clone, ClapArgs)]
pub struct GraphArgs {
    #[command(flatten)]
    pub variables: VariableArgs,
}

#[derive(Debug, Subcommand)]
pub enum LocalCommand {
    /// Serve the embedded AWS over HTTP on loopback, with a port for each listener of its load balancers
    Serve(ServeArgs),
    /// Show its groups, load balancers, their ports and what they have counted
    ///
    /// Of the AWS that AWS_ENDPOINT_URL names, if it is served by `infra local serve`; else of this project's.
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Let something go wrong in it, or list what has yet to
    ///
    /// SERVICE:ACTION[@START][~PERCENT%]=EFFECT[*TIMES] meets requests: throttle, lost (carried out, answered with an
    /// error), dropped and cut (the connection, before and after), delay:5s, stale:5s (knows nothing of the last
    /// writes), 500, 503, or an error code. START is the number of the first request, or a time from now on.
    ///
    /// instance[:PATTERN][@AFTER]=dies|stops|crashes|recovers,
    /// image:PATTERN=never-healthy|fails-checks|serves-5xx|dies-after:2m|boots:2m..4m, group[:PATTERN]=desired:6,
    /// hook[:PATTERN]=abandons|continues|silent, capacity[:ZONE or TYPE]=12 and quota=20 happen by themselves.
    Inject {
        /// Such as autoscaling:AttachLoadBalancers@2=throttle, '*:*~5%=throttle' or instance@1m30s=dies
        #[arg(value_name = "FAULT")]
        faults: Vec<Fault>,
        /// First forget what has yet to go wrong
        #[arg(long)]
        clear: bool,
    },
    /// Forget everything the embedded AWS of this project holds
    Reset,
}

#[derive(Debug, Clone, ClapArgs)]
pub struct ServeArgs {
    /// The port; 0 takes a free one
    #[arg(long, default_value_t = 4599)]
    pub port: u16,
    /// How many times faster than real time
    #[arg(long, default_value_t = 1.0)]
    pub speed: f64,
    /// How long things take: aws-like, fast or instant
    #[arg(long, default_value = "aws-like")]
    pub profile: String,
    /// How many milliseconds of real time an instance takes to answer a request
    #[arg(long, value_name = "MS", default_value_t = 2)]
    pub latency: u64,
    /// Let something go wrong; see `infra local inject --help`
    #[arg(long = "fault", value_name = "FAULT")]
    pub faults: Vec<Fault>,
}

/// A number of requests a second that a model can bear.
fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse::<f64>().ok().filter(|rate| (0.0..=10_000.0).contains(rate));
    rate.ok_or_else(|| "write a number from 0 to 10000".to_owned())
}

/// A time such as `50ms` or `2s`.
fn time(text: &str) -> Result<Duration, String> {
    let span = text.parse::<jiff::SignedDuration>().ok().and_then(|span| Duration::try_from(span).ok());
    span.ok_or_else(|| "write a time such as 50ms or 2s".to_owned())
}
