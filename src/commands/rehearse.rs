//! `infra rehearse`: a plan tried on a copy of AWS, once or many times, with or without something going wrong.

use infra_engine::plan::Plan;
use infra_engine::rehearse::{Ending, Rehearsal, Spread};
use serde_json::json;

use super::{Exit, apply, plan};
use crate::args::RehearseArgs;
use crate::error::{CommandResult, Complaint, file_error};
use crate::rehearsal::{Demand, Script, Stage, Trouble, rehearse_often, stage};
use crate::render;
use crate::session::Session;
use crate::settings::Settings;
use crate::store::Access;
use crate::store::file::write_atomically;
use crate::terminal::Terminal;

pub async fn run(args: RehearseArgs, settings: &Settings, terminal: &Terminal) -> CommandResult<Exit> {
    let session = Session::open(settings, &args.variables, Access::Read).await?;
    plan::warn(&session, terminal);
    let plan = match &args.plan {
        Some(path) => apply::unsealed(&session, apply::read(path, settings)?)?,
        None => session.plan(false).await?,
    };
    let stage = stage(&session, settings, &plan).await?;
    let rehearsals = play(&args, &stage, &plan)?;
    let (shown, spread) = (worst(&rehearsals)?, Spread::of(&rehearsals));
    tell(&args, shown, &spread, terminal);
    if let Some(path) = &args.svg {
        write_atomically(path, render::rehearsal::svg(shown).as_bytes())
            .map_err(|error| file_error("the picture cannot be written", path, &error))?;
    }
    Ok(if rehearsals.iter().all(|rehearsal| is_well(rehearsal, &args)) { Exit::Ok } else { Exit::Error })
}

/// What was made to fail may fail, but under the floor nobody goes by that, unless the instances themselves were taken.
fn is_well(rehearsal: &Rehearsal, args: &RehearseArgs) -> bool {
    let bereft = args.fail.iter().any(Trouble::ends_instances);
    let ended = rehearsal.ending == Ending::Done || !args.fail.is_empty();
    ended && (bereft || rehearsal.keeps_floor())
}

fn play(args: &RehearseArgs, stage: &Stage<'_>, plan: &Plan) -> CommandResult<Vec<Rehearsal>> {
    let mut troubles = args.fail.clone();
    if let Some(time) = &args.boot {
        let boots = format!("image:*=boots:{time}").parse::<Trouble>();
        troubles.push(boots.map_err(|_| {
            Complaint::new(format!("`--boot {time}` is no time")).hint("write it like 90s, or 90s..240s")
        })?);
    }
    rehearse_often(stage, plan, &Script { seed: args.seed, troubles, demand: demand(args) }, args.runs)
}

fn demand(args: &RehearseArgs) -> Option<Demand> {
    let service_ms = u64::try_from(args.service_time.as_millis()).unwrap_or(u64::MAX);
    (args.rate > 0.0).then_some(Demand { rate: args.rate, service_ms })
}

/// The one that is shown.
fn worst(rehearsals: &[Rehearsal]) -> CommandResult<&Rehearsal> {
    let seed = Spread::of(rehearsals).worst_seed;
    let worst = rehearsals.iter().find(|rehearsal| rehearsal.seed == seed);
    Ok(worst.ok_or_else(|| Complaint::new("nothing was rehearsed"))?)
}

fn tell(args: &RehearseArgs, shown: &Rehearsal, spread: &Spread, terminal: &Terminal) {
    let many = args.runs.get() > 1;
    if args.json {
        let spread = many.then_some(spread);
        let told = json!({ "format": "infra.rehearsal/1", "rehearsal": shown, "spread": spread });
        terminal.print(&format!("{told:#}\n"));
        return;
    }
    terminal.print(&render::rehearsal::report(shown, terminal.width(), terminal.glyphs()));
    if many {
        terminal.print(&format!("\n{}", render::rehearsal::spread(spread)));
    }
}
