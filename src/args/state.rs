//! `infra state`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::VariableArgs;

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
    /// Restore what is damaged: the state from its backup, the journal up to the damage
    Repair {
        /// Show what would be done, and write nothing
        #[arg(long)]
        dry_run: bool,
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
    /// Move the state from where it was kept to where the project says now
    ///
    /// It is read again there and compared, and set aside where it was.
    Migrate(MigrateArgs),
    /// Take the lease of a shared state away from whoever holds it, who can write nothing from then on
    Unlock {
        /// Do not ask
        #[arg(short = 'y', long)]
        yes: bool,
    },
    /// Give what is at one address another; AWS is not asked, and the objects stay as they are
    Mv(MvArgs),
    /// Forget objects; they go on existing in AWS
    Rm(RmArgs),
    /// Print the state as it is kept, secrets sealed
    Pull {
        /// Write it to FILE
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Put the state that is in a file in place of the one that is there
    Push(PushArgs),
    /// Make a lost state anew of what is found in AWS: by our tags, and by the names in the configuration
    Rebuild(RebuildArgs),
}

#[derive(Debug, Clone, ClapArgs)]
pub struct MvArgs {
    /// Where it is: an object, all instances of a block, or a module
    #[arg(value_name = "FROM")]
    pub from: String,
    /// Where it is from now on
    #[arg(value_name = "TO")]
    pub to: String,
    /// Show what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Clone, ClapArgs)]
pub struct RmArgs {
    /// Objects, blocks with all their instances, or modules
    #[arg(value_name = "ADDRESS", required = true)]
    pub addresses: Vec<String>,
    /// Forget protected objects too, and with them that they are protected
    #[arg(long)]
    pub force: bool,
    /// Show what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Clone, ClapArgs)]
pub struct PushArgs {
    /// What `infra state pull` has written, or a copy that was kept
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Also if it is older than the state that is there, has another history, or that one cannot be read
    #[arg(long)]
    pub force: bool,
    /// Show what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Clone, ClapArgs)]
pub struct RebuildArgs {
    #[command(flatten)]
    pub variables: VariableArgs,
    /// Also if there is a state with objects in it: what it knows is given up
    #[arg(long)]
    pub force: bool,
    /// Show what is found, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Clone, ClapArgs)]
pub struct MigrateArgs {
    /// Where it was kept: local:PATH or s3://BUCKET/KEY?region=REGION
    #[arg(value_name = "FROM")]
    pub from: String,
    /// Say what would go where, and move nothing
    #[arg(long)]
    pub dry_run: bool,
}
