//! The life cycle of every kind, on the embedded AWS and on moto: create, plan nothing, change (swap, where instances
//! are concerned), plan nothing, destroy.
//!
//! A case is a folder under `tests/kinds` with the configuration before and after. On moto each has a region of its own.

use std::fs;
use std::path::Path;

use crate::support::clouds::Cloud;
use crate::support::project::TestProject;

fn life_cycle(case: &str, region: &str, cloud: Cloud) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kinds").join(case);
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect(case).replace("REGION", region);
    let project = TestProject::new(cloud);
    for name in ["first.infra", "second.infra"] {
        project.write("main.infra", &read(name));
        let _ = project.apply(&[]);
        project.expect_no_changes(&[]);
    }
    project.destroy();
}

macro_rules! cases {
    (
        both: { $($case:ident in $region:literal),* $(,)? },
        embedded: { $($own:ident in $own_region:literal),* $(,)? } $(,)?
    ) => {
        /// The folders that have a test.
        const CASES: &[&str] = &[$(stringify!($case)),*, $(stringify!($own)),*];

        mod embedded {
            $(#[test] fn $case() { super::life_cycle(stringify!($case), $region, super::Cloud::Embedded); })*
            $(#[test] fn $own() { super::life_cycle(stringify!($own), $own_region, super::Cloud::Embedded); })*
        }

        mod moto {
            $(#[test] fn $case() { super::life_cycle(stringify!($case), $region, super::Cloud::Moto); })*
        }
    };
}

cases! {
    both: {
        network in "us-east-1",
        dns in "us-east-2",
        balancer in "us-west-1",
        configuration_group in "us-west-2",
        template_group in "eu-west-1",
        image in "eu-central-1",
        machine in "eu-west-2",
    },
    // Moto knows nothing of the protocol that today's SDKs speak with CloudWatch.
    embedded: { scaling in "us-east-1" },
}

#[test]
fn no_case_is_forgotten() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kinds");
    let found = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let mut found: Vec<String> = found.map(|name| name.into_string().expect("UTF-8")).collect();
    found.sort();
    let mut cases = CASES.to_vec();
    cases.sort_unstable();
    assert_eq!(found, cases);
}

/// Every kind has a life cycle.
#[test]
fn no_kind_is_forgotten() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kinds");
    let all: String = CASES
        .iter()
        .map(|case| fs::read_to_string(folder.join(case).join("first.infra")).expect(case))
        .collect();
    let schemas = infra_aws::schemas();
    let managed = schemas.iter().filter(|schema| !schema.lookup_only);
    let missing: Vec<&str> = managed
        .map(|schema| schema.name.as_str())
        .filter(|kind| !all.lines().any(|line| line.starts_with(&format!("{kind} \""))))
        .collect();
    assert_eq!(missing, [""; 0]);
}
