//! Things that go wrong on purpose, so that a client's way of coping can be tested.

use serde::{Deserialize, Serialize};

use crate::service::Service;
use crate::wire::ApiError;

/// A fault that some requests meet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The short name of the service, as in call counts; `*` is any.
    pub service: String,
    /// The operation, as in call counts; `*` is any.
    pub action: String,
    /// How many matching requests pass unharmed first.
    pub after: u32,
    /// How many requests then meet the fault.
    pub times: u32,
    /// What happens to them.
    pub effect: Effect,
}

/// What a fault does to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// It is refused, and nothing happens.
    Refuse {
        /// The code on the wire.
        code: String,
        /// One sentence.
        message: String,
        /// HTTP status; clients retry 5xx.
        status: u16,
    },
    /// It is carried out, but the client hears `InternalError`: it cannot know whether it was.
    LoseAnswer,
}

impl Fault {
    /// The next `times` requests of an operation are throttled, in the service's own words.
    pub fn throttle(service: Service, action: &str, times: u32) -> Self {
        let (code, status) = match service {
            Service::Ec2 => ("RequestLimitExceeded", 503),
            _ => ("Throttling", 400),
        };
        let effect = Effect::Refuse { code: code.to_owned(), message: "Rate exceeded".to_owned(), status };
        Self { service: service.name().to_owned(), action: action.to_owned(), after: 0, times, effect }
    }

    /// The answer to the next request of an operation is lost.
    pub fn lose_answer(service: Service, action: &str) -> Self {
        let (service, action) = (service.name().to_owned(), action.to_owned());
        Self { service, action, after: 0, times: 1, effect: Effect::LoseAnswer }
    }

    fn matches(&self, service: &str, action: &str) -> bool {
        [(&self.service, service), (&self.action, action)].iter().all(|(want, is)| *want == "*" || want == is)
    }
}

impl Effect {
    /// What the client hears.
    pub fn refusal(&self) -> ApiError {
        match self {
            Self::Refuse { code, message, status } => ApiError::new(code, message).with_status(*status),
            Self::LoseAnswer => {
                ApiError::new("InternalError", "An internal error has occurred").with_status(500)
            }
        }
    }
}

/// What the next request of an operation meets, if anything. Counts the request against every fault that it
/// matches up to the one that strikes.
pub fn strike(faults: &mut Vec<Fault>, service: &str, action: &str) -> Option<Effect> {
    let mut struck = None;
    for fault in faults.iter_mut().filter(|fault| fault.matches(service, action)) {
        if fault.after > 0 {
            fault.after -= 1;
        } else {
            fault.times = fault.times.saturating_sub(1);
            struck = Some(fault.effect.clone());
            break;
        }
    }
    faults.retain(|fault| fault.times > 0);
    struck
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{START, call, fast, fields, outcome};

    #[test]
    fn faults_strike_the_requests_they_name_and_wear_off() {
        let aws = fast();
        aws.inject(Fault { after: 1, ..Fault::throttle(Service::Ec2, "DescribeVpcs", 2) });
        aws.inject(Fault::throttle(Service::AutoScaling, "*", 1));
        let lines = [
            ("ec2", "Action=DescribeVpcs"),
            ("ec2", "Action=DescribeVpcs"),
            ("ec2", "Action=DescribeSubnets"),
            ("ec2", "Action=DescribeVpcs"),
            ("ec2", "Action=DescribeVpcs"),
            ("autoscaling", "Action=DescribeAutoScalingGroups"),
            ("autoscaling", "Action=DescribeAutoScalingGroups"),
        ]
        .map(|(service, form)| format!("{form}: {}", outcome(&call(&aws, START, service, form))));
        insta::assert_snapshot!(lines.join("\n"), @"
        Action=DescribeVpcs: 200
        Action=DescribeVpcs: RequestLimitExceeded 503
        Action=DescribeSubnets: 200
        Action=DescribeVpcs: RequestLimitExceeded 503
        Action=DescribeVpcs: 200
        Action=DescribeAutoScalingGroups: Throttling 400
        Action=DescribeAutoScalingGroups: 200
        ");
    }

    #[test]
    fn a_request_whose_answer_is_lost_was_carried_out() {
        let aws = fast();
        aws.inject(Fault::lose_answer(Service::Ec2, "CreateVpc"));
        let create = call(&aws, START, "ec2", "Action=CreateVpc&CidrBlock=10.0.0.0/16");
        assert_eq!(outcome(&create), "InternalError 500");
        let (_, vpcs) = call(&aws, START, "ec2", "Action=DescribeVpcs");
        assert_eq!(fields(&vpcs, "vpcId").len(), 2);
    }
}
