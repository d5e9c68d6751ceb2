//! `infra state`.

use clap::Subcommand;

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
