//! No secret at rest: what is written, printed or saved holds none in clear.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use infra_lang::schema::{AttributeSchema, KindSchema, Presence};
use infra_lang::types::{Text, Type};

use crate::support::clouds::Cloud;
use crate::support::project::{Run, TestProject};

const SOURCE: &str = r##"
project "sec" { region = "us-east-1" }
variable "password" {
  type      = string
  sensitive = true
}
launch_template "x" {
  image_id      = "ami-22de994a"
  instance_type = "t3.small"
  user_data     = "#!/bin/sh\necho ${var.password}\n"
}
ami "x" {
  base     = "ami-22de994a"
  ssh_user = "admin"
  shell {
    inline = ["deploy"]
    env    = { PASSWORD = var.password }
  }
}
output "password" {
  value     = var.password
  sensitive = true
}
"##;

/// Every file of the project but the embedded AWS's own, which keeps what AWS keeps.
fn written(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(written(&path));
        } else if path.file_name().is_some_and(|name| name != "cloud.json") {
            found.push((path.display().to_string(), fs::read(&path).expect("a file")));
        }
    }
    found
}

#[test]
fn a_secret_is_used_and_never_written() {
    let project = TestProject::new(Cloud::Embedded);
    project.write("main.infra", SOURCE);
    let secret = |value: &str| format!("password={value}");
    let first = project.run(&["apply", "--yes", "--var", &secret("canary-one")]);
    assert_eq!(first.code, 0, "{}", first.err);
    let plan = project.run(&["plan", "--json", "--out", "p.plan", "--var", &secret("canary-two")]);
    let wrong = project.run(&["apply", "--yes", "p.plan", "--var", &secret("canary-three")]);
    assert_eq!(wrong.code, 1);
    assert!(wrong.err.contains("is not the one the plan was made with"), "{}", wrong.err);
    let second = project.run(&["apply", "--yes", "p.plan", "--var", &secret("canary-two")]);
    assert_eq!(second.code, 0, "{}", second.err);
    project.expect_no_changes(&["--var", &secret("canary-two")]);
    let shown = project.run(&["show", "--json"]);
    for run in [first, plan, wrong, second, shown] {
        assert!(!run.out.contains("canary") && !run.err.contains("canary"), "{}\n{}", run.out, run.err);
    }
    for (path, bytes) in written(project.path()) {
        assert!(!String::from_utf8_lossy(&bytes).contains("canary"), "{path}");
    }
}

#[test]
fn an_ephemeral_value_is_taken_by_every_apply_and_kept_nowhere() {
    let project = TestProject::new(Cloud::Embedded);
    let ephemeral = SOURCE.replace("sensitive = true\n}\nlaunch", "ephemeral = true\n}\nlaunch");
    let ephemeral = ephemeral.replace("echo ${var.password}", "echo");
    let (kept, _) = ephemeral.split_once("output").expect("an output");
    project.write("main.infra", kept);
    let token = |value: &str| format!("password={value}");
    let plan = project.run(&["plan", "--json", "--out", "p.plan", "--var", &token("canary-one")]);
    let without = project.run(&["apply", "--yes", "p.plan"]);
    assert_eq!(without.code, 1);
    let applied = project.run(&["apply", "--yes", "p.plan", "--var", &token("canary-two")]);
    assert_eq!(applied.code, 0, "{}", applied.err);
    project.expect_no_changes(&["--var", &token("canary-three")]);
    let shown = project.run(&["show", "--json"]);
    for run in [plan, without, applied, shown] {
        assert!(!run.out.contains("canary") && !run.err.contains("canary"), "{}\n{}", run.out, run.err);
    }
    for (path, bytes) in written(project.path()) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("canary") && !text.contains("$sealed"), "{path}");
    }
}

/// A project with a secret in every text of every kind; see the file.
const EVERY_KIND: &str = include_str!("secrets/every_kind.infra");

/// The texts that `every_kind.infra` leaves out: why, and how their places end.
const LEFT_OUT: &[(&str, &str)] = &[
    (
        "AWS takes only what is there, or knows which there are",
        ".alarm_actions .alias.name .alias.zone_id .continent .country .enabled_metrics .health_check_id \
         .iam_instance_profile .insufficient_data_actions .kms_key_id .nat_gateway_id .network_interface_id \
         .notification_target_arn .ok_actions .prefix_list_ids .protocol .resource_label .role_arn \
         .service_linked_role_arn .snapshot_id .spot_allocation_strategy .ssl_certificate_id .subdivision \
         .target_group_arns .termination_policies .unit .vpc_peering_connection_id",
    ),
    (
        "it has a grammar of its own",
        ".end_time .expression .extended_statistic .metric_query.id .recurrence .spot_price .start_time .stat \
         .time_zone",
    ),
    (
        "it tells blocks apart, and names no more than a device, a tag or a dimension",
        ".device_name .virtual_name .metric_dimension.name .tag.key",
    ),
    (
        "every step takes it, and one has a secret there",
        ".collect .env .ignore .owner .workdir .interpreter .destination",
    ),
    ("AWS shows tags, so kinds take no secret there", ".tag.value .tag_specifications.tags"),
    ("the name of an account", "ami.ssh_user"),
    ("the embedded AWS boots no builder with it", "ami.user_data.content"),
    (
        "as in `ansible_local`, or a path in its directory",
        "ami.ansible.extra_vars ami.ansible.groups _local.playbook _local.requirements",
    ),
];

/// The places of a schema's texts, as `kind.block.attribute`.
fn texts(path: &str, attributes: &[AttributeSchema]) -> Vec<String> {
    let settable = attributes.iter().filter(|attribute| attribute.presence != Presence::Observed);
    let places = settable.flat_map(|attribute| {
        let path = format!("{path}.{}", attribute.name);
        match &attribute.block {
            Some(block) => texts(&path, &block.attributes),
            // The name of a file, where the language takes no secret.
            None if attribute.content => Vec::new(),
            None if takes_text(&attribute.ty) => vec![path],
            None => Vec::new(),
        }
    });
    places.collect()
}

fn takes_text(ty: &Type) -> bool {
    match ty {
        Type::Any | Type::String(Text::Any) => true,
        Type::String(Text::Pattern { name, .. }) => name.as_deref() == Some("arn"),
        Type::List(inner, _) | Type::Set(inner) | Type::Map(inner) => takes_text(inner),
        Type::Nullable(inner) | Type::Sensitive(inner) => takes_text(inner),
        Type::OneOf(types) => types.iter().any(takes_text),
        Type::Tuple(types) => types.iter().any(takes_text),
        Type::Object(fields) => fields.values().any(|field| takes_text(&field.ty)),
        Type::String(_) | Type::Bool | Type::Number { .. } | Type::Quantity { .. } | Type::Kind(_) => false,
    }
}

/// Names and tags are shown by AWS to whoever may look, so the language takes no secret there.
fn is_shown(schema: &KindSchema, path: &str) -> bool {
    let is = |name: &str| path == format!("{}.{name}", schema.name);
    (schema.tagged && is("tags")) || schema.naming.attributes().iter().any(|name| is(name.as_str()))
}

#[test]
fn no_text_of_any_kind_is_forgotten() {
    let mut forgotten = Vec::new();
    let schemas = infra_aws::schemas();
    for schema in schemas.iter().filter(|schema| !schema.lookup_only) {
        let steps = schema.steps.iter();
        let steps =
            steps.flat_map(|step| texts(&format!("{}.{}", schema.name, step.name), &step.block.attributes));
        let own = texts(schema.name.as_str(), &schema.attributes);
        let places = own.into_iter().chain(steps).filter(|path| !is_shown(schema, path));
        let ends = LEFT_OUT.iter().flat_map(|(_, ends)| ends.split(' ')).collect::<Vec<_>>();
        let left_out = |path: &str| ends.iter().any(|end| path.ends_with(end));
        let has = |path: &String| EVERY_KIND.contains(&format!("}}-{path}"));
        forgotten.extend(places.filter(|path| !has(path) && !left_out(path)));
    }
    assert_eq!(forgotten, [""; 0], "put a secret there in tests/secrets/every_kind.infra");
}

/// A project with everything that `every_kind.infra` reads, and a folder for what is temporary.
fn every_kind() -> TestProject {
    let project = TestProject::new(Cloud::Embedded);
    project.write("main.infra", EVERY_KIND);
    project.write("motd.tpl", "${motd}\n");
    project.write("cookbooks/app/recipes/default.rb", "log 'app'\n");
    project.write("play/site.yml", "- hosts: all\n");
    project.write("tmp/here", "");
    project
}

/// Runs a command with a secret, and everything that makes programs talkative. What it says holds no secret.
fn told(project: &TestProject, secret: &str, arguments: &[&str]) -> Run {
    let temporary = project.path().join("tmp").display().to_string();
    let environment = [
        ("INFRA_VAR_secret", secret),
        ("RUST_LOG", "trace"),
        ("RUST_BACKTRACE", "full"),
        ("AWS_LOG_LEVEL", "trace"),
        ("TMPDIR", &temporary),
    ];
    let run = project.run_in(&environment, arguments);
    assert_eq!(leaks(run.out.as_bytes()), None, "{arguments:?}\n{}", run.out);
    assert_eq!(leaks(run.err.as_bytes()), None, "{arguments:?}\n{}", run.err);
    run
}

/// The two secrets. Every spelling of either has a part that is the same for both, and stands nowhere else.
const ONE: &str = "zq-canary-zq-canary-one";
const TWO: &str = "zq-canary-zq-canary-two";

/// A spelling of a secret that stands in a text: as it is, which a URL and JSON leave it, in base64 wherever that begins,
/// in hexadecimal. What `base64gzip` makes begins alike everywhere.
fn leaks(bytes: &[u8]) -> Option<String> {
    let shifted = |by: usize| {
        let text = STANDARD.encode([&b"___"[..by], ONE.as_bytes()].concat());
        text[4..20].to_owned()
    };
    let mut spellings: Vec<String> = (0..3).map(shifted).collect();
    spellings.extend(["zq-canary", "H4sIA"].map(str::to_owned));
    spellings.push(hex::encode("zq-canary"));
    let text = String::from_utf8_lossy(bytes);
    spellings.into_iter().find(|spelling| text.contains(spelling.as_str()))
}

#[track_caller]
fn nothing_is_written(project: &TestProject, when: &str) {
    for (path, bytes) in written(project.path()) {
        assert_eq!(leaks(&bytes), None, "{when}: {path}");
    }
}

#[test]
fn no_command_tells_or_writes_a_secret_of_any_kind() {
    let project = every_kind();
    let looking: &[&[&str]] = &[
        &["validate", "--json"],
        &["plan"],
        &["plan", "--json", "--out", "p.plan"],
        &["show", "p.plan"],
        &["show", "--json", "p.plan"],
        &["rehearse", "--json", "--svg", "r.svg"],
        &["graph"],
        &["console", "-e", "local.s", "-e", "base64encode(var.secret)", "-e", "tonumber(var.secret)"],
    ];
    for arguments in looking {
        let _ = told(&project, ONE, arguments).expect(i32::from(arguments[0] == "console"));
    }
    nothing_is_written(&project, "planned");

    // The credentials expire in the middle: the journal stays.
    let _ = project.run(&["local", "inject", "autoscaling:CreateAutoScalingGroup=ExpiredToken"]).expect(0);
    let interrupted = told(&project, ONE, &["apply", "--yes", "--json"]);
    assert_eq!(interrupted.code, 1, "{}", interrupted.out);
    assert!(project.path().join(".infra/local/infra.state.journal").exists());
    nothing_is_written(&project, "interrupted");
    let _ = told(&project, ONE, &["status", "--json"]).expect(0);
    let _ = told(&project, ONE, &["apply", "--yes"]).expect(0);
    nothing_is_written(&project, "applied");
    assert!(project.read(".infra/local/infra.state").contains("$sealed"));
    let none = told(&project, ONE, &["plan", "--detailed-exitcode"]).expect(0);
    assert!(none.starts_with("No changes."), "{none}");

    let asking: &[&[&str]] = &[
        &["show"],
        &["show", "--json"],
        &["status"],
        &["output"],
        &["output", "--json"],
        &["output", "secret"],
        &["state", "list"],
        &["state", "pull"],
        &["state", "rebuild", "--dry-run", "--force"],
        &["drift"],
        &["drift", "--json"],
        &["state", "show", "launch_template.web", "--json"],
        &["state", "show", "elb.web"],
        &["rollback", "autoscaling_group.web", "--yes"],
    ];
    for arguments in asking {
        let _ = told(&project, ONE, arguments);
    }

    // Another secret is another plan.
    let changes = told(&project, TWO, &["plan", "--detailed-exitcode"]);
    assert_eq!(changes.code, 2, "{}", changes.err);
    assert!(!changes.out.contains("changed outside"), "{}", changes.out);
    let drifted = told(&project, TWO, &["drift"]);
    assert_eq!(drifted.code, 0, "{}", drifted.out);
    let _ = told(&project, TWO, &["plan", "--json", "--out", "p.plan"]).expect(0);
    let wrong = told(&project, ONE, &["apply", "--yes", "p.plan"]);
    assert!(wrong.err.contains("is not the one the plan was made with"), "{}", wrong.err);
    let _ = told(&project, TWO, &["apply", "--yes", "--json"]).expect(0);
    nothing_is_written(&project, "applied again");
    let _ = told(&project, TWO, &["destroy", "--yes"]).expect(0);
    nothing_is_written(&project, "destroyed");
}

#[test]
fn what_is_wrong_with_a_secret_is_told_without_it() {
    let project = TestProject::new(Cloud::Embedded);
    let source = |text: &str| {
        format!(
            "project \"wrong\" {{ region = \"us-east-1\" }}\n\
             variable \"secret\" {{\n  type      = string\n  sensitive = true\n}}\n{text}"
        )
    };
    let group = r#"
        launch_template "web" {
          image_id      = "ami-22de994a"
          instance_type = "t3.small"
        }
        autoscaling_group "web" {
          launch             = launch_template.web
          min_size           = 0
          max_size           = 1
          availability_zones = ["us-east-1a"]
        }
    "#;
    let cases = [
        // AWS quotes what it was asked.
        (
            "launch_template \"web\" {\n image_id = \"ami-22de994a\"\n instance_type = \"t3.small\"\n key_name = var.secret\n}\n\
          instance \"one\" { launch = launch_template.web }",
            "apply",
        ),
        (
            "data \"route53_zone\" \"z\" { name = var.secret }\noutput \"id\" { value = data.route53_zone.z.id }",
            "plan",
        ),
        // A kind quotes what it is given.
        (
            "scheduled_action \"n\" {\n autoscaling_group_name = autoscaling_group.web\n min_size = 0\n recurrence = var.secret\n}",
            "plan",
        ),
        // AWS shows tags.
        (
            "launch_template \"t\" {\n image_id = \"ami-22de994a\"\n instance_type = \"t3.small\"\n \
             tag_specifications {\n resource_type = \"volume\"\n tags = { a = var.secret }\n }\n}",
            "plan",
        ),
        // The language shows no name, and no key.
        ("route53_zone \"z\" { name = var.secret }", "plan"),
        ("output \"keys\" { value = zipmap([var.secret], [1]) }", "plan"),
        ("output \"number\" { value = nonsensitive(tonumber(var.secret)) }", "plan"),
    ];
    for (text, command) in cases {
        project.write(
            "main.infra",
            &source(&format!("{text}\n{}", if text.contains(".web\n") { group } else { "" })),
        );
        let arguments: &[&str] = if command == "apply" { &["apply", "--yes"] } else { &[command] };
        let run = told(&project, ONE, arguments);
        assert_eq!(run.code, 1, "{text}: {}", run.out);
    }
    nothing_is_written(&project, "refused");
}

#[test]
fn a_values_file_that_is_wrong_is_told_without_its_values() {
    let project = TestProject::new(Cloud::Embedded);
    project.write("main.infra", SOURCE);
    for text in [
        "password = \"zq-canary",
        "password = zq-canary",
        "password = [\"zq-canary\"]",
        "password = \"zq-canary\"\nwrong = 1",
        "password \"zq-canary\"",
        "pass word = \"zq-canary\"",
    ] {
        project.write("my.vars.infra", text);
        let run = project.run(&["plan", "--vars", "my.vars.infra"]);
        assert_eq!(run.code, 1, "{text}");
        assert!(leaks(run.err.as_bytes()).is_none() && run.out.is_empty(), "{text}: {}", run.err);
    }
    let run = project.run(&["plan", "--var", "zq-canary"]);
    assert!(run.code == 1 && leaks(run.err.as_bytes()).is_none(), "{}", run.err);
}
