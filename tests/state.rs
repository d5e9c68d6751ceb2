//! The state changed by hand, what a plan suggests instead, and what is live and was not applied.

use infra_local_aws::LocalAws;
use infra_local_aws::fault::Fault;
use infra_local_aws::model::{Model, Time};
use serde_json::Value as Json;

use crate::support::clouds::Cloud;
use crate::support::project::TestProject;

const SOURCE: &str = r#"
project "shop" { region = "us-east-1" }

vpc "main" { cidr_block = "10.0.0.0/16" }

subnet "public" {
  for_each   = { a = "10.0.1.0/24", b = "10.0.2.0/24" }
  vpc_id     = vpc.main
  cidr_block = each.value
}

security_group "web" {
  vpc_id  = vpc.main
  ingress = [{ from_port = 80, cidr_blocks = ["0.0.0.0/0"] }]
}
"#;

const STATE: &str = ".infra/local/infra.state";

fn applied(source: &str) -> TestProject {
    let project = TestProject::new(Cloud::Embedded);
    project.write("main.infra", source);
    let _ = project.apply(&[]);
    project
}

fn state(project: &TestProject) -> Json {
    serde_json::from_str(&project.read(STATE)).expect("JSON")
}

/// Ids and copies under names of their own, so that transcripts can be compared.
fn plain(project: &TestProject, text: &str) -> String {
    let mut text = text.replace(&project.path().display().to_string(), "HERE");
    let records = state(project)["records"].as_object().cloned().unwrap_or_default();
    for (address, record) in records {
        if let Some(id) = record["current"]["id"].as_str() {
            text = text.replace(id, &format!("<{address}>"));
        }
    }
    text
}

#[test]
fn what_moves_in_the_state_is_moved_for_good_and_can_go_back() {
    let project = applied(SOURCE);
    let before = project.read(STATE);
    let dry = project.run(&["state", "mv", "--dry-run", "vpc.main", "vpc.net"]).expect(0);
    insta::assert_snapshot!(plain(&project, &dry), @r"
    ↪ vpc.main → vpc.net (<vpc.main>)
    Nothing was written: this was a dry run.
    ");
    assert_eq!(project.read(STATE), before);
    let moved = project.run(&["state", "mv", "vpc.main", "vpc.net"]).expect(0);
    insta::assert_snapshot!(plain(&project, &moved), @r"
    ↪ vpc.main → vpc.net (<vpc.net>)
    State 2 is saved. The one before is kept in ./.infra/local/infra.state.1.backup; `infra state push --force FILE` puts a copy back.
    ");
    project
        .write("main.infra", &SOURCE.replace("vpc \"main\"", "vpc \"net\"").replace("vpc.main", "vpc.net"));
    project.expect_no_changes(&[]);
    assert_eq!(project.read(".infra/local/infra.state.1.backup"), before);
    let refused = project.run(&["state", "push", ".infra/local/infra.state.1.backup"]);
    assert_eq!(refused.code, 1);
    insta::assert_snapshot!(refused.err, @r"
    error: it is older than the state that is there (serial 1, not 2 or more)
      --> ./.infra/local/infra.state
      = hint: look with `--dry-run --force` what would change; `--force` puts it in place all the same
    ");
    let back = project.run(&["state", "push", "--force", ".infra/local/infra.state.1.backup"]).expect(0);
    insta::assert_snapshot!(plain(&project, &back), @r"
    ↪ vpc.net → vpc.main (<vpc.main>)
    State 3 is saved. The one before is kept in ./.infra/local/infra.state.2.backup; `infra state push --force FILE` puts a copy back.
    ");
    project.write("main.infra", SOURCE);
    project.expect_no_changes(&[]);
}

#[test]
fn what_is_forgotten_goes_on_existing() {
    let project =
        applied(&SOURCE.replace("ingress = [", "lifecycle { prevent_destroy = true }\n  ingress = ["));
    let ids = project.run(&["state", "list"]).expect(0);
    let refused = project.run(&["state", "rm", "subnet.public", "security_group.web"]);
    assert_eq!(refused.code, 1);
    insta::assert_snapshot!(refused.err, @r"
    error: security_group.web is protected, and so is not forgotten
      --> ./.infra/local/infra.state
      = hint: `--force` forgets it all the same, and `prevent_destroy = false` lifts the protection
    ");
    let told = plain(&project, &project.run(&["state", "rm", "--dry-run", "subnet.public"]).expect(0));
    let forgotten = project.run(&["state", "rm", "--force", "subnet.public", "security_group.web"]).expect(0);
    assert!(forgotten.contains("infra.state.1.backup"), "{forgotten}");
    insta::assert_snapshot!(told, @r#"
    ✗ subnet.public["a"] (<subnet.public["a"]>)  forgotten
    ✗ subnet.public["b"] (<subnet.public["b"]>)  forgotten
    Nothing was written: this was a dry run.
    What is forgotten goes on existing in AWS. Where its block stays, the next plan makes another, unless an `import` block names it.
    "#);
    let left = project.run(&["state", "list"]).expect(0);
    assert!(left.starts_with("vpc.main") && left.lines().count() == 1, "{left}");
    let imports = ids.lines().filter_map(|line| line.split_once("  ")).filter(|(to, _)| *to != "vpc.main");
    let imports: String =
        imports.map(|(to, id)| format!("import {{\n  to = {to}\n  id = \"{id}\"\n}}\n")).collect();
    project.write("main.infra", &(SOURCE.to_owned() + &imports));
    assert!(project.apply(&[]).contains("3 imported"));
    let unknown = project.run(&["state", "rm", "elb.web"]);
    assert_eq!(unknown.code, 1);
    assert!(unknown.err.contains("elb.web is not in the state"), "{}", unknown.err);
}

#[test]
fn what_is_pulled_can_be_pushed_and_nothing_else() {
    let project = applied(SOURCE);
    let printed = project.run(&["state", "pull"]).expect(0);
    assert_eq!(printed, project.read(STATE));
    let told = project.run(&["state", "pull", "copy"]).expect(0);
    assert_eq!(told, "State 1 of shop is in copy.\n");
    let same = project.run(&["state", "push", "copy"]).expect(0);
    assert_eq!(same, "Nothing was written: nothing changes.\n");
    for (what, expected) in [
        ("", "the state is empty"),
        ("{}", "this is not a state file"),
        (&printed[..printed.len() / 2], "the state is damaged"),
    ] {
        project.write("bad", what);
        let refused = project.run(&["state", "push", "--force", "bad"]);
        assert_eq!(refused.code, 1);
        assert!(refused.err.contains(expected), "{}", refused.err);
    }
    assert_eq!(project.read(STATE), printed);
    // A damaged one gives way only to force, and is kept.
    project.write(STATE, "{");
    assert_eq!(project.run(&["state", "push", "copy"]).code, 1);
    let forced = project.run(&["state", "push", "--force", "copy"]).expect(0);
    assert!(forced.contains("infra.state.damaged-"), "{forced}");
    project.expect_no_changes(&[]);
}

#[test]
fn an_unfinished_apply_is_finished_first() {
    let project = applied(SOURCE);
    project.write("main.infra", &(SOURCE.to_owned() + "security_group \"more\" { vpc_id = vpc.main }\n"));
    let credentials_expire = "ec2:CreateSecurityGroup=RequestExpired".parse::<Fault>().expect("a fault");
    in_cloud(&project, |cloud, now| cloud.inject(now, credentials_expire));
    assert_eq!(project.run(&["apply", "--yes"]).code, 1);
    let before = project.read(STATE);
    for arguments in
        [["mv", "vpc.main", "vpc.net"], ["rm", "vpc.main", "--force"], ["push", "copy", "--force"]]
    {
        project.write("copy", &before);
        let refused = project.run(&[&["state"], &arguments[..]].concat());
        assert_eq!(refused.code, 1);
        insta::allow_duplicates! {
            insta::assert_snapshot!(refused.err, @r"
            error: an apply is unfinished, and the state is not yet what that makes of it
              --> ./.infra/local/infra.state
              = hint: `infra apply` finishes it; then run this again
            ");
        }
    }
    let rebuild = project.run(&["state", "rebuild", "--force"]);
    assert!(rebuild.err.contains("an apply is unfinished"), "{}", rebuild.err);
    assert_eq!(project.read(STATE), before);
    let _ = project.apply(&[]);
    let _ = project.run(&["state", "mv", "vpc.main", "vpc.net"]).expect(0);
}

#[test]
fn a_plan_suggests_the_block_that_was_forgotten() {
    let project = applied(SOURCE);
    let renamed = SOURCE
        .replace("vpc \"main\"", "vpc \"net\"")
        .replace("vpc.main", "vpc.net")
        .replace("subnet \"public\"", "subnet \"outer\"");
    project.write("main.infra", &renamed);
    let plan = project.run(&["plan"]).expect(0);
    let start = plan.find("! destroyed").expect("a suggestion");
    let end = plan[start..].find("\n}\n\n").expect("the last block") + start + 2;
    insta::assert_snapshot!(&plan[start..end], @r"
    ! destroyed under one address and created under another, what seems to be the same. If it only has another address now, write:

    moved {
      from = subnet.public
      to   = subnet.outer
    }
    moved {
      from = vpc.main
      to   = vpc.net
    }
    ");
    let blocks: String = plan[start..end].lines().skip(2).map(|line| format!("{line}\n")).collect();
    project.write("main.infra", &(renamed.clone() + &blocks));
    let plan = project.run(&["plan", "--detailed-exitcode"]).expect(2);
    assert!(plan.contains("3 moved, 0 destroyed"), "{plan}");
    let _ = project.apply(&[]);
    project.write("main.infra", &renamed);
    project.expect_no_changes(&[]);
}

#[test]
fn a_module_that_was_renamed_is_one_block() {
    let project = TestProject::new(Cloud::Embedded);
    let (head, rest) = SOURCE.split_once("\n\n").expect("a head");
    project.write("net/main.infra", rest);
    let call = |name: &str| format!("{head}\nmodule \"{name}\" {{ source = \"./net\" }}\n");
    project.write("main.infra", &call("net"));
    let _ = project.apply(&[]);
    project.write("main.infra", &call("network"));
    let plan = project.run(&["plan"]).expect(0);
    let block = "moved {\n  from = module.net\n  to   = module.network\n}\n";
    assert!(plan.contains(block) && plan.matches("moved {").count() == 1, "{plan}");
    project.write("main.infra", &(call("network") + block));
    assert!(project.apply(&[]).contains("4 moved"));
    project.expect_no_changes(&[]);
}

#[test]
fn what_there_can_be_only_one_of_is_not_planned() {
    let elb = |label: &str, port: u16| {
        let listener =
            format!("listener = [{{ lb_port = {port}, lb_protocol = \"http\", instance_port = 80 }}]");
        let rest = "availability_zones = [\"us-east-1a\"]\n  health_check = { target = \"HTTP:80/\" }";
        let project = "project \"shop\" { region = \"us-east-1\" }";
        format!("{project}\nelb \"{label}\" {{\n  name = \"shop\"\n  {listener}\n  {rest}\n}}\n")
    };
    let project = applied(&elb("web", 80));
    project.write("main.infra", &elb("site", 81));
    let refused = project.run(&["plan"]);
    assert_eq!(refused.code, 1);
    insta::assert_snapshot!(refused.err, @r"
    error: `shop` would be destroyed as `elb.web` and made as `elb.site`, and there can be only one
      --> main.infra:2, elb.site
      = hint: say that it has moved:

    moved {
      from = elb.web
      to   = elb.site
    }
    ");
    let (_, block) = refused.err.split_once("moved:\n\n").expect("a block");
    project.write("main.infra", &(elb("site", 81) + block));
    let out = project.apply(&[]);
    assert!(out.contains("moved elb.web → elb.site") && out.contains("0 destroyed"), "{out}");
}

/// What happens in AWS without us.
fn in_cloud<T>(project: &TestProject, happens: impl FnOnce(&LocalAws, Time) -> T) {
    let cloud = LocalAws::restore(&project.read(".infra/local/cloud.json")).expect("a cloud");
    let now = cloud.now().expect("it was used");
    happens(&cloud, now);
    project.write(".infra/local/cloud.json", &cloud.snapshot());
}

/// What somebody else does in AWS.
fn meddle(project: &TestProject, change: impl FnOnce(&mut Model)) {
    in_cloud(project, |cloud, now| cloud.with_model("123456789012", "us-east-1", now, change));
}

#[test]
fn drift_is_told_apart_from_what_is_wanted() {
    let project = applied(SOURCE);
    assert_eq!(project.run(&["drift"]).expect(0), "No drift. All 4 objects are as last applied.\n");
    // What the configuration wants by now is not drift.
    project.write("main.infra", &SOURCE.replace("0.0.0.0/0", "10.0.0.0/8"));
    let _ = project.run(&["drift"]).expect(0);
    meddle(&project, |model| {
        for group in model.ec2.groups.values_mut().filter(|group| group.name.starts_with("shop-")) {
            group.rules.clear();
        }
        let subnet = model.ec2.subnets.values().find(|subnet| subnet.cidr.to_string() == "10.0.2.0/24");
        let id = subnet.expect("a subnet").id.clone();
        model.ec2.subnets.remove(&id);
    });
    let drift = project.run(&["drift"]).expect(4);
    insta::assert_snapshot!(plain(&project, &drift), @r#"
    Drift in shop in us-east-1 (account 123456789012): 1 changed, 1 gone; 2 as last applied

    ~ security_group.web  changed outside  <security_group.web>
        ingress:
          - { cidr_blocks = ["0.0.0.0/0"], from_port = 80, protocol = "tcp", self = false }
    ✗ subnet.public["b"]  gone from AWS  <subnet.public["b"]>

    `infra plan` shows what an apply would do about it.
    "#);
    let json: Json = serde_json::from_str(&project.run(&["drift", "--json"]).expect(4)).expect("JSON");
    assert_eq!(json["drift"][0]["what"], "changed");
    assert_eq!(json["drift"][1]["what"], "gone");
    let _ = project.apply(&[]);
    let _ = project.run(&["drift"]).expect(0);
}

#[test]
fn what_is_protected_stays_until_a_change_of_its_own() {
    let project = TestProject::new(Cloud::Embedded);
    let (head, rest) = SOURCE.split_once("\n\n").expect("a head");
    let protected = "lifecycle { prevent_destroy = true }\n";
    project.write(
        "net/main.infra",
        &rest.replace("vpc_id     = vpc.main\n", &format!("vpc_id = vpc.main\n  {protected}")),
    );
    let call = format!("{head}\nmodule \"net\" {{ source = \"./net\" }}\n");
    project.write("main.infra", &call);
    let _ = project.apply(&[]);
    let refused = |why: &str| {
        for arguments in [&["plan"][..], &["destroy", "--yes"], &["state", "rm", "module.net"]] {
            let refused = project.run(arguments);
            assert_eq!(refused.code, 1, "{why}: {}", refused.out);
            assert!(refused.err.contains("protected"), "{why}: {}", refused.err);
        }
    };
    project.write("main.infra", head);
    refused("the call of the module is gone");
    project.write(
        "main.infra",
        &(head.to_owned() + "\nremoved {\n  from = module.net\n  lifecycle { destroy = true }\n}\n"),
    );
    refused("it is to be destroyed");
    project.write("main.infra", &call);
    let module = project.read("net/main.infra");
    project.write("net/main.infra", &module.replace(", b = \"10.0.2.0/24\"", ""));
    refused("a key is gone");
    project.write("net/main.infra", &module.replace("10.0.2.0/24", "10.0.3.0/24"));
    refused("it would be made anew");
    project.write("net/main.infra", &module.replace(protected, "").replace("10.0.2.0/24", "10.0.3.0/24"));
    refused("the protection would be lifted on the way");
    project.write("net/main.infra", &module.replace(protected, ""));
    let plan = project.run(&["plan", "--detailed-exitcode"]).expect(2);
    insta::assert_snapshot!(plan, @r#"
    Plan for shop in us-east-1 (account 123456789012): 2 no longer protected, 0 destroyed; 4 unchanged

    ! module.net.subnet.public["a"]  no longer protected: it may be destroyed from now on
    ! module.net.subnet.public["b"]  no longer protected: it may be destroyed from now on
    2 no longer protected, 0 destroyed; 4 unchanged
    "#);
    let _ = project.apply(&[]);
    project.expect_no_changes(&[]);
    project.destroy();
}
