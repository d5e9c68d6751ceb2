//! The steps of an image: what they may say, and how a build reads them.

use std::collections::BTreeMap;

use infra_derive::Block;
use infra_engine::provider::ProviderError;
use infra_lang::name::AttributeName;
use infra_lang::residual::Values;
use infra_lang::schema::{BlockSchema, STEPS, StepSchema};
use serde::Deserialize;

use super::identity;
use crate::codec::decode;
use crate::schema::Block as _;

/// What every step may say besides its own arguments.
#[derive(Debug, Clone, PartialEq, Deserialize, Block)]
#[serde(default)]
pub(crate) struct Common {
    /// Whether the step runs at all.
    #[attribute(default = true)]
    pub(crate) when: bool,
    /// How long one attempt may take.
    #[attribute(ty = "duration", default = 1800)]
    pub(crate) timeout: u64,
    /// How often it is tried again when it exits with a status that is not one of `ok_exit_codes`.
    #[attribute(ty = "int(0, 100)", default = 0)]
    pub(crate) retries: u32,
    /// How long to wait before it is tried again.
    #[attribute(ty = "duration", default = 5)]
    pub(crate) retry_delay: u64,
    /// Whether it runs as root, by `sudo`.
    #[attribute(default = false)]
    pub(crate) sudo: bool,
    /// Environment variables. Of a secret value nothing but the name enters the image's digest: raise `revision`
    /// when it changes.
    pub(crate) env: BTreeMap<String, String>,
    /// The directory it runs in; by default the home of `ssh_user`.
    pub(crate) workdir: Option<String>,
    /// The exit statuses that count as success.
    #[attribute(ty = "list(int(0, 255))", default = [0])]
    pub(crate) ok_exit_codes: Vec<i32>,
    /// Files of the machine whose last lines are logged when the step fails.
    pub(crate) collect: Vec<String>,
}

impl Default for Common {
    fn default() -> Self {
        Self {
            when: true,
            timeout: 1800,
            retries: 0,
            retry_delay: 5,
            sudo: false,
            env: BTreeMap::new(),
            workdir: None,
            ok_exit_codes: vec![0],
            collect: Vec::new(),
        }
    }
}

/// Uploads a file or a tree. Links and executable bits are kept; times and owners are not.
#[derive(Clone, PartialEq, Default, Deserialize, Block)]
#[serde(default)]
#[block(rules(exactly_one("source", "content")))]
pub(crate) struct File {
    /// The file or directory to upload, in the project.
    #[attribute(content)]
    pub(crate) source: Option<String>,
    /// The text of the file, instead of a `source`.
    pub(crate) content: Option<String>,
    /// The absolute path that it becomes; with a `/` at the end, the directory that it is put into under its own
    /// name. Directories are made as needed.
    #[attribute(required)]
    pub(crate) destination: String,
    /// `USER` or `USER:GROUP` that it shall belong to; needs `sudo`. By default, whoever uploads it.
    pub(crate) owner: Option<String>,
    /// Permission bits in octal, such as `"0640"`; by default `0644`, or `0755` where executable.
    #[attribute(ty = r#"string("[0-7]{3,4}")"#)]
    pub(crate) mode: Option<String>,
    /// What is left out of a directory, in the syntax of `.gitignore`.
    pub(crate) ignore: Vec<String>,
    #[attribute(flatten)]
    #[serde(flatten)]
    pub(crate) common: Common,
}

/// Uploads a file made from a template; a name that `vars` does not have is an error before anything is built.
#[derive(Clone, PartialEq, Default, Deserialize, Block)]
#[serde(default)]
pub(crate) struct Template {
    /// The template, a file of the project in the syntax of `templatefile`.
    #[attribute(required, content)]
    pub(crate) source: String,
    /// The absolute path of the file; with a `/` at the end, the directory that it is put into.
    #[attribute(required)]
    pub(crate) destination: String,
    /// What the template may use.
    #[attribute(ty = "map(any)")]
    pub(crate) vars: serde_json::Value,
    /// As for `file`.
    pub(crate) owner: Option<String>,
    /// As for `file`.
    #[attribute(ty = r#"string("[0-7]{3,4}")"#)]
    pub(crate) mode: Option<String>,
    /// The text that came out; rendered when the configuration is evaluated.
    #[attribute(observed)]
    pub(crate) rendered: Option<String>,
    #[attribute(flatten)]
    #[serde(flatten)]
    pub(crate) common: Common,
}

/// Runs a script; the first command that fails ends it and the build.
#[derive(Clone, PartialEq, Default, Deserialize, Block)]
#[serde(default)]
#[block(rules(exactly_one("script", "inline")))]
pub(crate) struct Shell {
    /// The script, a file of the project.
    #[attribute(content)]
    pub(crate) script: Option<String>,
    /// Commands, run as one script.
    pub(crate) inline: Vec<String>,
    /// What runs it, with its arguments; by default what the script's first line says, else
    /// `/bin/bash -euo pipefail`.
    pub(crate) interpreter: Option<String>,
    /// Whether to warn about a script with its own first line that goes on after a failing command.
    #[attribute(default = true)]
    pub(crate) strict: bool,
    #[attribute(flatten)]
    #[serde(flatten)]
    pub(crate) common: Common,
}

/// Uploads cookbooks and runs chef-solo, as root.
#[derive(Clone, PartialEq, Default, Deserialize, Block)]
#[serde(default)]
pub(crate) struct ChefSolo {
    /// The directory of cookbooks.
    #[attribute(required, content)]
    pub(crate) cookbooks: String,
    /// The recipes and roles to run, in order.
    #[attribute(required)]
    pub(crate) run_list: Vec<String>,
    /// The directory of roles.
    #[attribute(content)]
    pub(crate) roles: Option<String>,
    /// The directory of data bags.
    #[attribute(content)]
    pub(crate) data_bags: Option<String>,
    /// The directory of environments.
    #[attribute(content)]
    pub(crate) environments: Option<String>,
    /// The attributes of the node.
    #[attribute(ty = "map(any)")]
    pub(crate) attributes: serde_json::Value,
    /// A command that installs chef-solo first; none by default.
    pub(crate) install: Option<String>,
    #[attribute(flatten)]
    #[serde(flatten)]
    pub(crate) common: Common,
}

/// Runs a playbook on the operator's machine, over the build's own connection.
#[derive(Clone, PartialEq, Default, Deserialize, Block)]
#[serde(default)]
pub(crate) struct Ansible {
    /// The playbook.
    #[attribute(required, content)]
    pub(crate) playbook: String,
    /// A file of collections and roles to install first.
    #[attribute(content)]
    pub(crate) requirements: Option<String>,
    /// Variables of the playbook.
    #[attribute(ty = "map(any)")]
    pub(crate) extra_vars: serde_json::Value,
    /// A directory of roles.
    #[attribute(content)]
    pub(crate) roles_path: Option<String>,
    /// The groups that the machine is in.
    pub(crate) groups: Vec<String>,
    #[attribute(flatten)]
    #[serde(flatten)]
    pub(crate) common: Common,
}

/// Uploads a directory and runs a playbook of it on the machine.
#[derive(Clone, PartialEq, Default, Deserialize, Block)]
#[serde(default)]
pub(crate) struct AnsibleLocal {
    /// The directory to upload.
    #[attribute(required, content)]
    pub(crate) directory: String,
    /// The playbook, a path in it.
    #[attribute(required)]
    pub(crate) playbook: String,
    /// A file in it with collections and roles to install first.
    pub(crate) requirements: Option<String>,
    /// Variables of the playbook.
    #[attribute(ty = "map(any)")]
    pub(crate) extra_vars: serde_json::Value,
    #[attribute(flatten)]
    #[serde(flatten)]
    pub(crate) common: Common,
}

/// Restarts the machine and waits for its next boot.
#[derive(Clone, PartialEq, Default, Deserialize, Block)]
#[serde(default)]
pub(crate) struct Reboot {
    #[attribute(flatten)]
    #[serde(flatten)]
    pub(crate) common: Common,
}

/// Builds without SSH: runs at boot and reports by the console.
#[derive(Clone, PartialEq, Default, Deserialize, Block)]
#[serde(default)]
pub(crate) struct UserData {
    /// What the machine is handed at boot.
    #[attribute(required)]
    pub(crate) content: String,
    #[attribute(flatten)]
    #[serde(flatten)]
    pub(crate) common: Common,
}

/// Boots the finished image and runs scripts there; a failure takes the image back.
#[derive(Clone, PartialEq, Default, Deserialize, Block)]
#[serde(default)]
pub(crate) struct Test {
    /// The scripts, in order.
    #[attribute(block)]
    pub(crate) shell: Vec<Shell>,
    #[attribute(flatten)]
    #[serde(flatten)]
    pub(crate) common: Common,
}

/// One step of a build.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub(crate) enum Step {
    /// See [`File`].
    File(File),
    /// See [`Template`].
    Template(Template),
    /// See [`Shell`].
    Shell(Shell),
    /// See [`ChefSolo`].
    ChefSolo(ChefSolo),
    /// See [`Ansible`].
    Ansible(Ansible),
    /// See [`AnsibleLocal`].
    AnsibleLocal(AnsibleLocal),
    /// See [`Reboot`].
    Reboot(Reboot),
    /// See [`UserData`].
    UserData(UserData),
    /// See [`Test`].
    Test(Test),
}

impl Step {
    /// What it says besides its own arguments.
    pub(crate) fn common(&self) -> &Common {
        match self {
            Self::File(step) => &step.common,
            Self::Template(step) => &step.common,
            Self::Shell(step) => &step.common,
            Self::ChefSolo(step) => &step.common,
            Self::Ansible(step) => &step.common,
            Self::AnsibleLocal(step) => &step.common,
            Self::Reboot(step) => &step.common,
            Self::UserData(step) => &step.common,
            Self::Test(step) => &step.common,
        }
    }

    /// The word it is written with.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Template(_) => "template",
            Self::Shell(_) => "shell",
            Self::ChefSolo(_) => "chef_solo",
            Self::Ansible(_) => "ansible",
            Self::AnsibleLocal(_) => "ansible_local",
            Self::Reboot(_) => "reboot",
            Self::UserData(_) => "user_data",
            Self::Test(_) => "test",
        }
    }
}

/// A step with the name people find it by: its word and which of that word it is, from 0.
#[derive(Clone, PartialEq)]
pub(crate) struct Named {
    /// Such as `shell[1]`.
    pub(crate) name: String,
    /// The step.
    pub(crate) step: Step,
}

/// The steps of an image that run, in the order written.
pub(crate) fn read(desired: &Values) -> Result<Vec<Named>, ProviderError> {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Holder {
        steps: Vec<Step>,
    }
    let only: Values =
        desired.iter().filter(|(name, _)| **name == *STEPS).map(|(n, v)| (n.clone(), v.clone())).collect();
    let all = decode::<Holder>(&only)?.steps;
    let mut counts = BTreeMap::new();
    let running = all.into_iter().filter(|step| step.common().when);
    Ok(running.map(|step| Named { name: numbered(&mut counts, step.word()), step }).collect())
}

/// `word[n]` for the n-th of its word.
pub(super) fn numbered(counts: &mut BTreeMap<String, usize>, word: &str) -> String {
    let count = counts.entry(word.to_owned()).or_default();
    *count += 1;
    format!("{word}[{}]", *count - 1)
}

/// The schemas of all steps.
pub(crate) fn schemas() -> Vec<StepSchema> {
    vec![
        schema("file", "Uploads a file or a tree.", File::block()),
        schema("template", "Uploads a file made from a template.", Template::block()),
        schema("shell", "Runs a script; the first command that fails ends the build.", Shell::block()),
        schema("chef_solo", "Uploads cookbooks and runs chef-solo, as root.", ChefSolo::block()),
        schema("ansible", "Runs a playbook over the build's connection.", Ansible::block()),
        schema("ansible_local", "Uploads a directory and runs a playbook there.", AnsibleLocal::block()),
        schema("reboot", "Restarts the machine and waits for its next boot.", Reboot::block()),
        schema("user_data", "Builds without SSH, by what runs at boot.", UserData::block()),
        schema("test", "Boots the finished image and runs scripts there.", Test::block()),
    ]
}

fn schema(name: &str, doc: &str, mut block: BlockSchema) -> StepSchema {
    for argument in &mut block.attributes {
        argument.at_plan = identity::depends_on(name, argument.name.as_str());
    }
    StepSchema { name: AttributeName::new(name), doc: doc.to_owned(), block }
}
