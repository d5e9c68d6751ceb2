//! How much EC2 can launch.

use serde::{Deserialize, Serialize};

/// What is left to launch. By default there is always enough.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Capacity {
    /// Each that fits a launch must have room for it; an instance that ends gives nothing back.
    pub limits: Vec<CapacityLimit>,
    /// The account's quota: so many instances at most that have not ended. None: no quota.
    pub quota: Option<u64>,
}

/// So many more instances can be launched of a type, in a zone, or at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CapacityLimit {
    /// Availability zone; none means any.
    pub zone: Option<String>,
    /// For instance `t3.micro`; none means any.
    pub instance_type: Option<String>,
    /// Instances.
    pub left: u64,
}

impl CapacityLimit {
    fn holds_for(&self, zone: &str, instance_type: &str) -> bool {
        self.zone.as_deref().is_none_or(|only| only == zone)
            && self.instance_type.as_deref().is_none_or(|only| only == instance_type)
    }
}

impl Capacity {
    /// Whether the zone has room for so many instances of a type.
    pub fn has(&self, zone: &str, instance_type: &str, count: u64) -> bool {
        self.limits
            .iter()
            .filter(|limit| limit.holds_for(zone, instance_type))
            .all(|limit| limit.left >= count)
    }

    /// Takes so many instances off every limit that holds for them.
    pub fn take(&mut self, zone: &str, instance_type: &str, count: u64) {
        for limit in self.limits.iter_mut().filter(|limit| limit.holds_for(zone, instance_type)) {
            limit.left = limit.left.saturating_sub(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_that_fits_must_have_room() {
        let zone = CapacityLimit { zone: Some("a".to_owned()), left: 2, ..CapacityLimit::default() };
        let all = CapacityLimit { left: 3, ..CapacityLimit::default() };
        let mut capacity = Capacity { limits: vec![zone, all], quota: None };
        assert_eq!([capacity.has("a", "t3.nano", 3), capacity.has("b", "t3.nano", 3)], [false, true]);
        capacity.take("a", "t3.nano", 2);
        assert_eq!([capacity.has("a", "t3.nano", 1), capacity.has("b", "t3.nano", 1)], [false, true]);
        capacity.take("b", "t3.nano", 1);
        assert!(!capacity.has("b", "t3.nano", 1));
    }
}
