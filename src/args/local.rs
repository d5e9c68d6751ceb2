//! `infra local`.

use clap::{Args as ClapArgs, Subcommand};
use infra_local_aws::fault::Fault;

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
    /// error), dropped and cut (the connection, before and after), twice and twice:first (delivered twice, the client hears the
    /// second or the first answer), delay:5s, stale:5s (knows nothing of the last
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
