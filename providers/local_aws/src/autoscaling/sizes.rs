//! The sizes of groups: what a request says of them, and what goes together.

use crate::model::autoscaling::Size;
use crate::wire::{ApiError, Params};

/// A number that is not negative, if it was sent.
pub fn number(params: &Params, name: &str) -> Result<Option<u64>, ApiError> {
    let refused = || ApiError::validation(format!("{name} must not be negative"));
    params.int(name)?.map(|value| u64::try_from(value).map_err(|_| refused())).transpose()
}

/// The sizes a group is made with.
pub fn first_size(params: &Params) -> Result<Size, ApiError> {
    params.required("MinSize")?;
    params.required("MaxSize")?;
    let min = number(params, "MinSize")?.unwrap_or_default();
    let max = number(params, "MaxSize")?.unwrap_or_default();
    let desired = number(params, "DesiredCapacity")?.unwrap_or(min);
    fits(Size { min, max, desired })
}

fn fits(size: Size) -> Result<Size, ApiError> {
    let Size { min, max, desired } = size;
    if min > max {
        return Err(ApiError::validation(format!(
            "Max bound, {max}, must be greater than or equal to min bound, {min}"
        )));
    }
    if !(min..=max).contains(&desired) {
        return Err(ApiError::validation(format!(
            "Desired capacity:{desired} must be between the specified min size:{min} and max size:{max}"
        )));
    }
    Ok(size)
}

/// A new minimum or maximum takes the desired number with it unless that is given too (UpdateAutoScalingGroup).
pub fn resized(old: Size, params: &Params) -> Result<Size, ApiError> {
    let min = number(params, "MinSize")?.unwrap_or(old.min);
    let max = number(params, "MaxSize")?.unwrap_or(old.max);
    let follow = if min <= max { old.desired.clamp(min, max) } else { old.desired };
    fits(Size { min, max, desired: number(params, "DesiredCapacity")?.unwrap_or(follow) })
}
