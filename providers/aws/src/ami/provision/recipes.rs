//! Configuration tools that run on the machine: what is uploaded for them, and the script that runs them.

use serde_json::{Map, Value as Json, json};

use super::super::steps::{AnsibleLocal, ChefSolo};
use super::{Work, Workplace, plain};
use crate::transport::archive::single;
use crate::transport::{ItemBody, Script};

/// Where Chef's files are while it runs.
const CHEF: &str = "/var/tmp/infra-chef";

/// Where Ansible's files are while it runs.
const ANSIBLE: &str = "/var/tmp/infra-ansible";

/// chef-solo: the trees, its settings and the node, and one run as root, for Chef manages the whole machine.
pub(super) fn chef_solo(place: &Workplace<'_>, step: &ChefSolo) -> Result<Vec<Work>, String> {
    let trees = [
        ("cookbooks", Some(&step.cookbooks)),
        ("roles", step.roles.as_ref()),
        ("data_bags", step.data_bags.as_ref()),
        ("environments", step.environments.as_ref()),
    ];
    let given = trees.into_iter().filter_map(|(name, path)| Some((name, path?)));
    let (names, uploads): (Vec<&str>, Vec<_>) =
        given.map(|(name, path)| (name, place.tree(path, &format!("{CHEF}/{name}")))).unzip();
    let mut work =
        uploads.into_iter().map(|upload| upload.map(Work::Upload)).collect::<Result<Vec<_>, _>>()?;
    work.push(file(&format!("{CHEF}/solo.rb"), solo(&names)));
    work.push(file(&format!("{CHEF}/node.json"), node(step).to_string()));
    work.extend(step.install.as_ref().map(|command| run(step.common.env.clone(), format!("{command}\n"))));
    let chef =
        format!("trap 'rm -rf {CHEF}' EXIT\nchef-solo --no-color -c {CHEF}/solo.rb -j {CHEF}/node.json\n");
    work.push(run(step.common.env.clone(), chef));
    Ok(work)
}

/// `solo.rb`, in Ruby.
fn solo(trees: &[&str]) -> String {
    let setting = |name: &&str| match *name {
        "cookbooks" => format!("cookbook_path \"{CHEF}/cookbooks\"\n"),
        "roles" => format!("role_path \"{CHEF}/roles\"\n"),
        "data_bags" => format!("data_bag_path \"{CHEF}/data_bags\"\n"),
        _ => format!("environment_path \"{CHEF}/environments\"\n"),
    };
    let paths: String = trees.iter().map(setting).collect();
    format!("{paths}file_cache_path \"{CHEF}/cache\"\n")
}

/// The node: its attributes, and what to run.
fn node(step: &ChefSolo) -> Json {
    let mut node = step.attributes.as_object().cloned().unwrap_or_default();
    node.insert("run_list".to_owned(), json!(step.run_list));
    Json::Object(node)
}

/// Ansible on the machine itself: the directory, the variables, and one run.
pub(super) fn ansible_local(place: &Workplace<'_>, step: &AnsibleLocal) -> Result<Vec<Work>, String> {
    let variables = step.extra_vars.as_object().cloned().unwrap_or_else(Map::new);
    let tree = place.tree(&step.directory, &format!("{ANSIBLE}/work"))?;
    let script = Script { sudo: step.common.sudo, ..plain(playbook(step).into_bytes(), false) };
    Ok(vec![
        Work::Upload(tree),
        file(&format!("{ANSIBLE}/vars.json"), Json::Object(variables).to_string()),
        Work::Run(Script { env: step.common.env.clone().into_iter().collect(), ..script }),
    ])
}

fn playbook(step: &AnsibleLocal) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    let requirements = step.requirements.as_ref();
    let install =
        requirements.map(|path| format!("ansible-galaxy install -r {}\n", quoted(path))).unwrap_or_default();
    format!(
        "trap 'rm -rf {ANSIBLE}' EXIT\ncd {ANSIBLE}/work\n{install}\
         ansible-playbook -i localhost, -c local --extra-vars @{ANSIBLE}/vars.json {}\n",
        quoted(&step.playbook)
    )
}

/// A file that only we and root read: it may hold secrets.
fn file(path: &str, text: String) -> Work {
    Work::Upload(single(path, ItemBody::File { bytes: text.into_bytes(), mode: 0o600 }, None, false))
}

/// A script of ours that runs as root.
fn run(env: std::collections::BTreeMap<String, String>, body: String) -> Work {
    Work::Run(Script { env: env.into_iter().collect(), ..plain(body.into_bytes(), true) })
}
