//! What the user typed, nothing looked up.

mod local;
mod run;
mod state;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

pub use local::{LocalCommand, ServeArgs};
pub use run::{ApplyArgs, DestroyArgs, PlanArgs, RehearseArgs, RollbackArgs, RunArgs, StatusArgs};
pub use state::{MigrateArgs, MvArgs, PushArgs, RebuildArgs, RmArgs, StateCommand};

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
    /// Wait so long for a state that somebody else has locked, such as 5m; by default not at all
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = time, global = true, hide_default_value = true)]
    pub lock_timeout: Duration,
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
    /// Show what is live and was not last applied; exits with 4 if there is any
    Drift(DriftArgs),
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
    /// Look into the state, and change it by hand
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

#[derive(Debug, Clone, ClapArgs)]
pub struct DriftArgs {
    #[command(flatten)]
    pub variables: VariableArgs,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, ClapArgs)]
pub struct GraphArgs {
    #[command(flatten)]
    pub variables: VariableArgs,
}

/// A time such as `50ms` or `2s`.
fn time(text: &str) -> Result<Duration, String> {
    let span = text.parse::<jiff::SignedDuration>().ok().and_then(|span| Duration::try_from(span).ok());
    span.ok_or_else(|| "write a time such as 50ms or 2s".to_owned())
}
