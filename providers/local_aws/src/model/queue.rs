//! What will happen, and when.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::Time;
use crate::autoscaling::AutoScalingEvent;
use crate::cloudwatch::CloudWatchEvent;
use crate::ec2::Ec2Event;
use crate::elb::ElbEvent;
use crate::elbv2::Elbv2Event;
use crate::fault::Mishap;
use crate::route53::Route53Event;

/// Something that happens by itself. Each service defines and applies its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// Applied by [`crate::ec2::apply`].
    Ec2(Ec2Event),
    /// Applied by [`crate::autoscaling::apply`].
    AutoScaling(AutoScalingEvent),
    /// Applied by [`crate::cloudwatch::apply`].
    CloudWatch(CloudWatchEvent),
    /// Applied by [`crate::elb::apply`].
    Elb(ElbEvent),
    /// Applied by [`crate::elbv2::apply`].
    Elbv2(Elbv2Event),
    /// Applied by [`crate::route53::apply`].
    Route53(Route53Event),
    /// Applied by [`crate::fault::apply`].
    Mishap(Mishap),
}

/// Future events in the order in which they happen; events due at the same moment keep the order of their
/// scheduling.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Queue {
    events: VecDeque<(Time, Event)>,
}

impl Queue {
    /// Adds an event.
    pub fn push(&mut self, due: Time, event: Event) {
        let place = self.events.partition_point(|(other, _)| *other <= due);
        self.events.insert(place, (due, event));
    }

    /// Takes the next event that is due at `now` or before.
    pub fn pop_due(&mut self, now: Time) -> Option<(Time, Event)> {
        let due = self.next_due()? <= now;
        if due { self.events.pop_front() } else { None }
    }

    /// When the next event happens.
    pub fn next_due(&self) -> Option<Time> {
        self.events.front().map(|(due, _)| *due)
    }

    /// Drops the events that `unwanted` picks.
    pub fn cancel(&mut self, unwanted: impl Fn(&Event) -> bool) {
        self.events.retain(|(_, event)| !unwanted(event));
    }
}
