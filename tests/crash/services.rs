//! The ten services, before and after.

use crate::support::in_process::REGION;

const SERVICES: &str = include_str!("services.infra");
/// What moto cannot be asked for: it knows another protocol of CloudWatch, and does not tell the ARNs of policies.
const SCALING: &str = include_str!("scaling.infra");

/// As they are made.
pub fn first() -> String {
    format!("{SERVICES}{SCALING}").replace("REGION", REGION)
}

/// All instances change, and some of what is around them.
pub fn second() -> String {
    changed(&first())
}

/// The same for a real clock: nobody waits until names are forgotten, or for AWS to replace instances.
pub fn quick() -> String {
    quickened(&first())
}

/// The same without what moto cannot be asked for. It does not tell either which version of a template an instance was
/// launched from, so that whoever replaces one after the other never gets to the end.
pub fn plain() -> String {
    let text = quickened(&SERVICES.replace("REGION", REGION));
    let cart = "  name               = \"cart\"\n  launch ";
    assert!(text.contains(cart), "the group has a fixed name");
    text.replace(cart, "  launch ").replacen("strategy = \"rolling\", ", "", 1)
}

fn quickened(text: &str) -> String {
    let slow = [
        r#"strategy = "dns_weighted", stages = [50%, 100%], dns_grace = 0s, "#,
        r#"strategy = "instance_refresh", "#,
    ];
    slow.iter().fold(text.to_owned(), |text, slow| {
        assert!(text.contains(slow), "{slow}");
        text.replace(slow, "")
    })
}

/// After the change.
pub fn changed(text: &str) -> String {
    text.replace("build   = \"one\"", "build   = \"two\"")
        .replace("machine = \"t3.small\"", "machine = \"t3.medium\"")
        .replace("203.0.113.0/24", "198.51.100.0/24")
        .replace("\"0 22 * * *\"", "\"0 23 * * *\"")
        .replace("threshold           = 80", "threshold           = 70")
}
