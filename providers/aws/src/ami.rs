//! `ami`: an image layer. It is known by what it is made from; a new one is built on a machine of its own.

mod build;
mod create;
mod facts;
mod identity;
mod image;
mod in_use;
mod input;
mod lookup;
mod machine;
mod output;
mod plan;
mod provision;
mod remove;
mod shell;
mod steps;
mod update;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use infra_derive::{Block, Schema};
use infra_engine::change::{Change, Identity, ReplaceOrder};
use infra_engine::provider::{Inherited, Kind, Observation, Progress, ProviderError, ReadRequest, Task};
use infra_engine::steps::{Effect, LoweredStep};
use infra_lang::address::Address;
use infra_lang::desired::{DesiredObject, Lookup};
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Residual, Values};
use infra_lang::schema::KindSchema;
use infra_lang::value::Value;
use serde::{Deserialize, Serialize};

use crate::client::Aws;
use crate::kind::AwsKind;
use crate::launch::devices::{EbsBlockDevice, RootBlockDevice};
use crate::schema::Schema as _;

/// An image layer: a base, and the steps that are run on it. It is rebuilt exactly when something that goes into it
/// changes; as long as an image with the same digest exists, in this state or not, nothing is built.
///
/// The image is named `NAME/` and the first 16 digits of the digest. On a layer, `architecture`, `ssh_user` and
/// `builder` are its base's unless written.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Schema)]
#[serde(default)]
#[kind(
    name = "ami",
    tagged,
    id = "^ami-[0-9a-f]{8,17}$",
    naming(fixed(attribute = "name", limit = 111)),
    lookup = lookup::Query
)]
pub(crate) struct Ami {
    /// What it is built on: another `ami`, or the id of any image.
    #[attribute(required, immutable, ty = "id(ami)")]
    pub(crate) base: String,
    /// The first part of the image's name, from the next build on.
    #[attribute(ty = r#"string("[A-Za-z0-9()\\[\\] ./@_'-]{1,111}")"#)]
    pub(crate) name: String,
    /// What the image is for.
    pub(crate) description: Option<String>,
    /// The processors it runs on; by default the base's.
    #[attribute(immutable, at_plan, observed_if_unset, ty = r#"enum("x86_64", "arm64")"#)]
    pub(crate) architecture: Option<String>,
    /// The user that the base lets in by SSH, such as `"admin"` (Debian), `"ubuntu"`, `"ec2-user"` (Amazon Linux).
    /// Required unless the base is a layer.
    #[attribute(immutable, at_plan)]
    pub(crate) ssh_user: Option<String>,
    /// The root volume of the image.
    #[attribute(immutable, at_plan, block)]
    pub(crate) root_block_device: Option<RootBlockDevice>,
    /// Further volumes of the image.
    #[attribute(immutable, at_plan, block(key = "device_name"))]
    pub(crate) ebs_block_device: Vec<EbsBlockDevice>,
    /// Anything else that, when it changes, makes a new image: a commit, the version of a package.
    #[attribute(immutable, at_plan)]
    pub(crate) triggers: BTreeMap<String, String>,
    /// Raise it to build again, such as after a secret has changed.
    #[attribute(immutable, at_plan)]
    pub(crate) revision: Option<String>,
    /// Builds again once in each such period.
    #[attribute(immutable, at_plan, ty = "duration")]
    pub(crate) refresh: Option<u64>,
    /// How many of this project's builds stay, the newest first, the current one included.
    #[attribute(default = 3, ty = "int(1, null)")]
    pub(crate) keep: u32,
    /// The accounts that may launch it besides this one.
    #[attribute(ty = "set(account_id)")]
    pub(crate) launch_permissions: BTreeSet<String>,
    /// The machine that builds. It leaves no trace in the image, so a change of it builds nothing.
    #[attribute(block)]
    pub(crate) builder: Option<Builder>,
    /// The digest of all that the image is made from.
    #[attribute(observed)]
    pub(crate) digest: Option<String>,
    /// When it was made, RFC 3339.
    #[attribute(observed)]
    pub(crate) creation_date: Option<String>,
    /// The snapshot of its root volume.
    #[attribute(observed)]
    pub(crate) root_snapshot_id: Option<String>,
}

/// The machine that builds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Block)]
#[serde(default)]
pub(crate) struct Builder {
    /// Its size; by default `t3.small`, for arm64 `t4g.small`.
    #[attribute(ty = "instance_type")]
    pub(crate) instance_type: Option<String>,
    /// The subnet it is in; by default one of the account's default network.
    #[attribute(ty = "id(subnet)")]
    pub(crate) subnet_id: Option<String>,
    /// Its security groups. One must let this machine in on port 22.
    #[attribute(ty = "set(id(security_group))")]
    pub(crate) security_groups: BTreeSet<String>,
    /// The IAM instance profile that steps use, by name or ARN.
    pub(crate) iam_instance_profile: Option<String>,
    /// Whether it gets a public address; without one it is reached by its private address.
    #[attribute(default = true)]
    pub(crate) associate_public_ip_address: bool,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            instance_type: None,
            subnet_id: None,
            security_groups: BTreeSet::new(),
            iam_instance_profile: None,
            associate_public_ip_address: true,
        }
    }
}

/// A build may take this long, all in all, unless `timeouts` says otherwise.
const BUILD: Duration = Duration::from_secs(2 * 3600);

static SCHEMA: LazyLock<KindSchema> =
    LazyLock::new(|| KindSchema { steps: steps::schemas(), ..Ami::schema() });

/// The kind.
pub(crate) struct Amis;

impl Kind for Amis {
    fn schema(&self) -> &KindSchema {
        &SCHEMA
    }

    fn replace_order(&self, _desired: &Attributes) -> ReplaceOrder {
        // What uses an image moves to the new one before the old one may go.
        ReplaceOrder::NewFirst
    }

    fn identity(
        &self,
        object: &DesiredObject,
        parent: &dyn Fn(&Address) -> Option<Identity>,
    ) -> Option<Identity> {
        identity::identity(&SCHEMA, object, parent)
    }

    fn inherits(&self) -> Option<Inherited> {
        let attributes = ["architecture", "ssh_user", "builder"].map(AttributeName::new).to_vec();
        Some(Inherited { from: AttributeName::new("base"), attributes })
    }

    fn keep(&self, desired: &Attributes) -> usize {
        let keep = match desired.get("keep") {
            Some(Residual::Known(Value::Number(keep))) => keep.to_i64(),
            _ => None,
        };
        // The current one is among those that stay.
        keep.and_then(|keep| usize::try_from(keep - 1).ok()).unwrap_or(2)
    }

    fn problems(&self, desired: &Attributes) -> Vec<(AttributeName, String)> {
        plan::problems(desired)
    }

    fn lower(&self, change: &Change) -> Vec<LoweredStep> {
        plan::lower(change, BUILD)
    }
}

#[async_trait]
impl AwsKind for Amis {
    async fn read(&self, aws: &Aws, requests: &[&ReadRequest]) -> Vec<Result<Observation, ProviderError>> {
        facts::read(aws, requests).await
    }

    async fn advance(&self, aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
        match (&task.effect, &task.target) {
            (Effect::Create, _) => create::advance(aws, task).await,
            (Effect::Update(changed), Some(id)) => update::advance(aws, task, id, changed).await,
            (Effect::Delete, Some(id)) => remove::advance(aws, task, id).await,
            (_, target) => facts::outcome(aws, task, target.as_ref()).await,
        }
    }

    async fn lookup(&self, aws: &Aws, lookup: &Lookup, arguments: &Values) -> Result<Values, ProviderError> {
        lookup::lookup(aws, lookup, arguments).await
    }
}
