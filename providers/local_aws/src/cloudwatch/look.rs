//! Every minute CloudWatch collects what AWS's own services report, and evaluates the alarms.
//!
//! The guide says that an alarm with a period of a minute or more is evaluated every minute, on as many whole periods
//! as it needs up to that moment, and one with a shorter period every ten seconds. Metrics arrive in the model as soon
//! as their minute is over; at AWS they may take some minutes more.

use std::time::Duration;

use crate::model::metrics::MINUTE;
use crate::model::{Event, Model, Time};

use super::watch::Watch;
use super::{CloudWatchEvent, state, vended};

const TEN_SECONDS: Duration = Duration::from_secs(10);

/// How long measurements are kept at least. AWS keeps minutes for 15 days.
const KEPT: Duration = Duration::from_secs(3 * 3600);

/// Puts the next look into the queue, unless it is there or there is nothing to look at.
pub fn wake(model: &mut Model) {
    if !model.cloudwatch.watched && is_busy(model) {
        let watches = watches(model);
        sleep(model, &watches);
    }
}

/// Whether somebody watches. A region without an alarm, a group that collects metrics or a load sleeps, and what AWS's
/// services would report there is not on record.
fn is_busy(model: &Model) -> bool {
    let collected = model.autoscaling.groups.values().any(|group| !group.metrics.is_empty());
    !model.cloudwatch.alarms.is_empty() || !model.cloudwatch.loads.is_empty() || collected
}

/// Until the next minute, or the next ten seconds if an alarm is as quick as that.
fn sleep(model: &mut Model, watches: &[(String, Watch)]) {
    model.cloudwatch.watched = true;
    let quick = watches.iter().any(|(_, watch)| watch.period() < MINUTE);
    let step = millis(if quick { TEN_SECONDS } else { MINUTE });
    let next = Time((model.now.0 / step + 1) * step);
    model.schedule_in(next.since(model.now), Event::CloudWatch(CloudWatchEvent::Look));
}

/// A minute, or ten seconds, are over.
pub fn look(model: &mut Model) {
    model.cloudwatch.watched = false;
    let (whole, watches) = (model.now.0.is_multiple_of(millis(MINUTE)), watches(model));
    if whole {
        vended::collect(model);
        forget(model, &watches);
    }
    for (name, watch) in watches.iter().filter(|(_, watch)| whole || watch.period() < MINUTE) {
        evaluate(model, name, watch);
        if whole {
            state::insist(model, name);
        }
    }
    if is_busy(model) {
        sleep(model, &watches);
    }
}

fn evaluate(model: &mut Model, name: &str, watch: &Watch) {
    let points = watch.datapoints(&model.cloudwatch.metrics, model.now);
    if let Some(finding) = watch.judge(&points, model.now) {
        state::enter(model, name, finding);
    }
}

/// What every alarm watches, by its name. One that cannot be read watches nothing: those of another version's
/// snapshot.
fn watches(model: &Model) -> Vec<(String, Watch)> {
    let alarms = model.cloudwatch.alarms.values();
    alarms.filter_map(|alarm| Some((alarm.name.clone(), Watch::read(&alarm.params).ok()?))).collect()
}

fn forget(model: &mut Model, watches: &[(String, Watch)]) {
    let reach = watches.iter().map(|(_, watch)| watch.reach()).max().unwrap_or_default().max(KEPT);
    let then = Time(model.now.0.saturating_sub(millis(reach)));
    model.cloudwatch.metrics.forget(then);
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
