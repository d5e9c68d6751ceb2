//! EC2 as a client sees it: forms in, XML out.

mod images;
mod instances;
mod network;
mod rows;
mod security;
mod settings;
mod templates;

use crate::handle::LocalAws;
use crate::model::Time;
use crate::testing::{START, call, field, fields, outcome};

/// A Debian image of the catalogue, for x86_64.
const DEBIAN: &str = "ami-0064e711cbc7a825e";

/// Sends a form to EC2.
fn ec2(aws: &LocalAws, now: Time, form: &str) -> (u16, String) {
    call(aws, now, "ec2", form)
}

/// Sends a form at the start, and gives the text of one element of the answer.
fn made(aws: &LocalAws, form: &str, element: &str) -> String {
    made_at(aws, START, form, element)
}

/// Sends a form, and gives the text of one element of the answer.
fn made_at(aws: &LocalAws, now: Time, form: &str, element: &str) -> String {
    let (status, body) = ec2(aws, now, form);
    assert_eq!(status, 200, "{form}: {body}");
    field(&body, element).unwrap_or_else(|| panic!("no <{element}> in {body}")).to_owned()
}

/// Sends forms in turn at the start: one line for each, with what came of it.
fn outcomes(aws: &LocalAws, forms: &[&str]) -> String {
    outcomes_at(aws, START, forms)
}

/// Sends forms in turn: one line for each, with what came of it.
fn outcomes_at(aws: &LocalAws, now: Time, forms: &[&str]) -> String {
    let line =
        |form: &&str| format!("{}: {}", form.trim_start_matches("Action="), outcome(&ec2(aws, now, form)));
    forms.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Launches one instance of the Debian image at the start.
fn launched(aws: &LocalAws, more: &str) -> String {
    made(
        aws,
        &format!("Action=RunInstances&ImageId={DEBIAN}&InstanceType=t3.micro&MinCount=1&MaxCount=1{more}"),
        "instanceId",
    )
}

/// The state of an instance.
fn state(aws: &LocalAws, now: Time, id: &str) -> String {
    let (_, body) = ec2(aws, now, &format!("Action=DescribeInstances&InstanceId.1={id}"));
    field(&body, "instanceState").and_then(|state| field(state, "name")).unwrap_or("gone").to_owned()
}

/// How many of an element an answer has.
fn count(aws: &LocalAws, form: &str, element: &str) -> usize {
    let (status, body) = ec2(aws, START, form);
    assert_eq!(status, 200, "{form}: {body}");
    fields(&body, element).len()
}
