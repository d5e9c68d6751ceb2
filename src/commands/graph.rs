//! `infra graph`: the dependency graph in DOT.

use std::collections::BTreeMap;

use infra_engine::graph;

use super::Exit;
use crate::args::GraphArgs;
use crate::error::CommandResult;
use crate::project::Project;
use crate::settings::Settings;
use crate::terminal::Terminal;

pub fn run(args: &GraphArgs, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    let project = Project::load(settings, &args.variables, &infra_aws::schemas())?;
    let desired = project.evaluate(BTreeMap::new(), None)?;
    terminal.print(&graph::of_desired(&desired));
    Ok(Exit::Ok)
}
