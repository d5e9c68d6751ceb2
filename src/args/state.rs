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
    /// Encrypt the state and its backup anew, for the keys that are given now
    Rekey {
        /// Take the encryption off instead
        #[arg(long)]
        plain: bool,
        /// Do not ask
        #[arg(short = 'y', long)]
        yes: bool,
    },
    /// Take the lease of a shared state away from whoever holds it, who can write nothing from then on
    Unlock {
        /// Do not ask
        #[arg(short = 'y', long)]
        yes: bool,
    },
}
