//! How a policy turns one number of instances into another ("scaling adjustment types", "step adjustments").

use crate::wire::{ApiError, Params};

/// What a policy does to the number of instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adjustment {
    /// So many more or fewer.
    Change(i64),
    /// So many.
    Exact(i64),
    /// So many percent more or fewer, and at least so many instances.
    Percent(i64, i64),
}

impl Adjustment {
    /// An amount, as a policy's `AdjustmentType` and `MinAdjustmentMagnitude` have it meant.
    ///
    /// # Errors
    /// A refusal, if the type is not one.
    pub fn read(params: &Params, amount: i64) -> Result<Self, ApiError> {
        match params.required("AdjustmentType")? {
            "ChangeInCapacity" => Ok(Self::Change(amount)),
            "ExactCapacity" if amount < 0 => Err(ApiError::validation(
                "ScalingAdjustment must not be negative with the adjustment type ExactCapacity",
            )),
            "ExactCapacity" => Ok(Self::Exact(amount)),
            "PercentChangeInCapacity" => {
                let least = params.int("MinAdjustmentMagnitude")?.or(params.int("MinAdjustmentStep")?);
                Ok(Self::Percent(amount, least.unwrap_or_default()))
            }
            other => Err(ApiError::validation(format!("'{other}' is not a valid adjustment type"))),
        }
    }

    /// The new number of instances, from the present one; whether the group may have so many is another matter.
    pub fn of(self, current: u64) -> i64 {
        let current = i64::try_from(current).unwrap_or(i64::MAX);
        match self {
            Self::Change(amount) => current.saturating_add(amount),
            Self::Exact(amount) => amount,
            Self::Percent(percent, least) => current.saturating_add(share(current, percent, least)),
        }
    }
}

/// Fractions are cut off, but a change of less than one instance is one.
fn share(current: i64, percent: i64, least: i64) -> i64 {
    let hundredths = current.saturating_mul(percent);
    let whole = if hundredths.abs() < 100 { hundredths.signum() } else { hundredths / 100 };
    if percent == 0 { 0 } else { percent.signum() * whole.abs().max(least) }
}

/// One of the steps of a policy: an amount for a range of breach sizes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    lower: Option<f64>,
    upper: Option<f64>,
    /// The amount.
    pub amount: i64,
}

/// The steps of a policy.
///
/// # Errors
/// A refusal, if they overlap, leave gaps, or have no amount.
pub fn steps(params: &Params) -> Result<Vec<Step>, ApiError> {
    let read = |step: &&Params| {
        step.required("ScalingAdjustment")?;
        Ok(Step {
            lower: step.number("MetricIntervalLowerBound")?,
            upper: step.number("MetricIntervalUpperBound")?,
            amount: step.int("ScalingAdjustment")?.unwrap_or_default(),
        })
    };
    let mut steps = params.list("StepAdjustments").iter().map(read).collect::<Result<Vec<_>, ApiError>>()?;
    steps.sort_by(|a, b| a.lower.unwrap_or(f64::MIN).total_cmp(&b.lower.unwrap_or(f64::MIN)));
    match flaw(&steps) {
        Some(said) => Err(ApiError::validation(said)),
        None => Ok(steps),
    }
}

fn flaw(steps: &[Step]) -> Option<&'static str> {
    let pairs = || steps.iter().zip(steps.iter().skip(1));
    let (first, last) = (steps.first()?, steps.last()?);
    if steps.iter().any(|step| step.lower.zip(step.upper).is_some_and(|(lower, upper)| lower >= upper)) {
        return Some("The lower bound of a step adjustment must be less than its upper bound");
    }
    if pairs().any(|(step, next)| step.upper.is_none_or(|upper| next.lower.is_none_or(|lower| lower < upper)))
    {
        return Some("StepAdjustment intervals can't overlap");
    }
    if pairs().any(|(step, next)| step.upper != next.lower) {
        return Some("StepAdjustment intervals can't have gaps between them");
    }
    if first.lower.is_some_and(|lower| lower < 0.0) {
        return Some(
            "There must be a step adjustment with an unspecified lower bound if one has a negative lower bound",
        );
    }
    if last.upper.is_some_and(|upper| upper > 0.0) {
        return Some(
            "There must be a step adjustment with an unspecified upper bound if one has a positive upper bound",
        );
    }
    None
}

/// The step for a breach of that size: the metric less the threshold. Above the threshold the lower bound belongs to
/// a step, below it the upper bound does.
pub fn step(steps: &[Step], breach: f64) -> Option<&Step> {
    let above = |step: &Step| {
        breach >= 0.0
            && step.lower.is_none_or(|lower| lower <= breach)
            && step.upper.is_none_or(|upper| breach < upper)
    };
    let below = |step: &Step| {
        breach <= 0.0
            && step.lower.is_none_or(|lower| lower < breach)
            && step.upper.is_none_or(|upper| breach <= upper)
    };
    steps.iter().find(|step| above(step)).or_else(|| steps.iter().find(|step| below(step)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Protocol;

    #[test]
    fn percentages_are_rounded_as_the_guide_says() {
        for (current, percent, least, wanted) in [
            (127, 10, 0, 139),
            (67, 1, 0, 68),
            (58, -1, 0, 57),
            (667, -1, 0, 661),
            (10, 10, 0, 11),
            (4, 25, 2, 6),
            (4, -25, 2, 2),
            (10, 0, 3, 10),
            (0, 50, 0, 0),
        ] {
            assert_eq!(Adjustment::Percent(percent, least).of(current), wanted, "{percent} % of {current}");
        }
        assert_eq!(Adjustment::Change(-3).of(2), -1);
        assert_eq!(Adjustment::Exact(7).of(2), 7);
    }

    fn read(rows: &[(&str, &str, i64)]) -> Result<Vec<Step>, String> {
        let mut params = Params::empty(Protocol::Query);
        for (n, (lower, upper, amount)) in rows.iter().enumerate() {
            for (name, bound) in [("Lower", lower), ("Upper", upper)] {
                if !bound.is_empty() {
                    params.set(&format!("StepAdjustments.member.{}.MetricInterval{name}Bound", n + 1), bound);
                }
            }
            params.set(&format!("StepAdjustments.member.{}.ScalingAdjustment", n + 1), &amount.to_string());
        }
        steps(&params).map_err(|error| error.message)
    }

    /// The guide's example: a threshold of 50.
    #[test]
    fn the_size_of_a_breach_decides_on_the_step() {
        let amount = |steps: &[Step], metric: f64| step(steps, metric - 50.0).map(|step| step.amount);
        let out = read(&[("0", "10", 0), ("10", "20", 10), ("20", "", 30)]).expect("well-formed");
        let metrics = [50.0, 59.9, 60.0, 70.0, 99.0, 49.0];
        assert_eq!(
            metrics.map(|metric| amount(&out, metric)),
            [Some(0), Some(0), Some(10), Some(30), Some(30), None]
        );
        let back = read(&[("-10", "0", 0), ("-20", "-10", -10), ("", "-20", -30)]).expect("well-formed");
        let metrics = [50.0, 40.1, 40.0, 30.0, 0.0, 51.0];
        assert_eq!(
            metrics.map(|metric| amount(&back, metric)),
            [Some(0), Some(0), Some(-10), Some(-30), Some(-30), None]
        );
    }

    #[test]
    fn steps_leave_no_gap_and_do_not_overlap() {
        for (rows, said) in [
            (&[("0", "10", 1), ("20", "", 2)][..], "gaps"),
            (&[("0", "10", 1), ("5", "", 2)][..], "overlap"),
            (&[("0", "", 1), ("5", "", 2)][..], "overlap"),
            (&[("0", "10", 1)][..], "unspecified upper bound"),
            (&[("-10", "0", 1)][..], "unspecified lower bound"),
            (&[("10", "10", 1)][..], "less than its upper"),
        ] {
            assert!(read(rows).is_err_and(|message| message.contains(said)), "{rows:?}");
        }
    }
}
