//! The alarms that watch a swap: one that goes off fails it.

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::types::{AlarmType, StateValue};
use infra_engine::provider::ProviderError;

use crate::client::Aws;
use crate::error::failed;

/// What the alarms that watch a swap say. One without enough data says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Alarms {
    /// Those in `ALARM`, each with AWS's reason.
    pub(crate) firing: Vec<(String, String)>,
    /// Those that are not there.
    pub(crate) missing: Vec<String>,
}

impl Alarms {
    /// Why a swap that has begun cannot go on. An alarm that somebody has deleted meanwhile is no reason to go back.
    pub(crate) fn gone_off(&self) -> Option<String> {
        let (name, reason) = self.firing.first()?;
        Some(format!("the alarm {name} went off: {reason}"))
    }

    /// Why a swap cannot begin: what has gone off already could not tell whether the new is at fault.
    pub(crate) fn unfit(&self) -> Option<String> {
        let firing = self.firing.first().map(|(name, reason)| {
            format!(
                "the alarm {name} has gone off before the swap: {reason}; let it clear first, or leave it out"
            )
        });
        let missing = || self.missing.first();
        firing.or_else(|| {
            missing().map(|name| format!("there is no alarm {name}, so it cannot watch the swap"))
        })
    }
}

/// `DescribeAlarms` takes so many names.
const NAMES: usize = 100;

/// Asks about alarms by name.
///
/// # Errors
/// What `DescribeAlarms` answers.
pub(crate) async fn read(aws: &Aws, names: &[String]) -> Result<Alarms, ProviderError> {
    let mut alarms = Alarms::default();
    for some in names.chunks(NAMES) {
        let call = aws.cloudwatch.describe_alarms().set_alarm_names(Some(some.to_vec()));
        let call = call.alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm);
        let answer = call.max_records(100).send().await.map_err(failed("DescribeAlarms"))?;
        let metric =
            answer.metric_alarms().iter().map(|a| (a.alarm_name(), a.state_value(), a.state_reason()));
        let composite =
            answer.composite_alarms().iter().map(|a| (a.alarm_name(), a.state_value(), a.state_reason()));
        let found: Vec<_> = metric.chain(composite).collect();
        let firing = found.iter().filter(|(_, state, _)| *state == Some(&StateValue::Alarm));
        alarms.firing.extend(firing.filter_map(|(name, _, reason)| {
            Some(((*name)?.to_owned(), reason.unwrap_or("it does not say why").to_owned()))
        }));
        let there: BTreeSet<&str> = found.iter().filter_map(|(name, ..)| *name).collect();
        alarms.missing.extend(some.iter().filter(|name| !there.contains(name.as_str())).cloned());
    }
    Ok(alarms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_fails_a_swap_and_keeps_one_from_beginning() {
        let quiet = Alarms::default();
        assert_eq!((quiet.gone_off(), quiet.unfit()), (None, None));
        let firing =
            Alarms { firing: vec![("errors".into(), "Threshold Crossed".into())], ..Alarms::default() };
        insta::assert_snapshot!(firing.gone_off().expect("a reason"), @"the alarm errors went off: Threshold Crossed");
        insta::assert_snapshot!(firing.unfit().expect("a reason"), @"the alarm errors has gone off before the swap: Threshold Crossed; let it clear first, or leave it out");
        let missing = Alarms { missing: vec!["errors".into()], ..Alarms::default() };
        assert_eq!(missing.gone_off(), None);
        insta::assert_snapshot!(missing.unfit().expect("a reason"), @"there is no alarm errors, so it cannot watch the swap");
    }
}
