//! `infra destroy`: the same driver, with nothing wanted.

use super::Exit;
use super::apply::{self, Goal};
use crate::args::DestroyArgs;
use crate::error::CommandResult;
use crate::settings::Settings;
use crate::terminal::Terminal;

pub async fn run(args: DestroyArgs, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    apply::drive(&args.variables, Goal::Nothing, &args.run, settings, terminal).await
}
