use infra_lang::desired::{Entry, Lifecycle};
use infra_lang::name::AttributeName;
use infra_lang::residual::Reference;
use infra_lang::span::{FileId, Span};

use super::*;
use crate::ami::SCHEMA;

fn map(pairs: &[(&str, Value)]) -> Value {
    Value::Map(pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

fn text(text: &str) -> Value {
    Value::string(text)
}

fn secret(text: &str) -> Value {
    Value::Sensitive(Box::new(Value::string(text)))
}

fn entry(digest: &str) -> Entry {
    Entry { digest: digest.to_owned(), executable: false, link: false, size: 1 }
}

fn tree(entries: &[(&str, &str)]) -> Content {
    let digest = hex::encode(Sha256::digest(format!("{entries:?}")));
    let entries = entries.iter().map(|(path, digest)| ((*path).to_owned(), entry(digest))).collect();
    Content { digest, entries }
}

/// A layer with a tree, a script and a secret.
fn example() -> DesiredObject {
    let env = map(&[("NODE_VERSION", text("0.10")), ("NPM_TOKEN", secret("hunter2"))]);
    let steps = Value::List(vec![
        map(&[("step", text("file")), ("source", text("deploy/app")), ("destination", text("/srv/app"))]),
        map(&[
            ("step", text("shell")),
            ("script", text("deploy/primal")),
            ("env", env),
            ("sudo", Value::Bool(false)),
            ("timeout", Value::seconds(60)),
        ]),
        map(&[("step", text("test")), ("shell", Value::List(vec![map(&[("inline", text("true"))])]))]),
    ]);
    let attributes = [
        ("base", text("ami-22de994a")),
        ("name", text("ponyfoo-primal")),
        ("ssh_user", text("admin")),
        ("triggers", map(&[("commit", text("c0ffee"))])),
        ("keep", Value::int(3)),
        ("steps", steps),
    ];
    object(&attributes)
}

fn object(attributes: &[(&str, Value)]) -> DesiredObject {
    let attributes = attributes
        .iter()
        .map(|(name, value)| (AttributeName::new(name), Residual::Known(value.clone())))
        .collect();
    let span = Span::new(FileId(0), 0, 0);
    DesiredObject {
        address: Address::managed("ami", "primal"),
        attributes,
        contents: BTreeMap::from([
            ("deploy/app".to_owned(), tree(&[("cluster.js", "aa"), ("lib/x.js", "bb")])),
            ("deploy/primal".to_owned(), tree(&[("", "cc")])),
        ]),
        depends_on: Default::default(),
        lifecycle: Lifecycle::default(),
        conditions: Vec::new(),
        timeouts: BTreeMap::new(),
        span,
        attribute_spans: BTreeMap::new(),
    }
}

fn of(object: &DesiredObject) -> Identity {
    identity(&SCHEMA, object, &|_| None).expect("all is known")
}

fn with(change: impl FnOnce(&mut DesiredObject)) -> Identity {
    let mut object = example();
    change(&mut object);
    of(&object)
}

fn set(object: &mut DesiredObject, name: &str, value: Value) {
    object.attributes.insert(AttributeName::new(name), Residual::Known(value));
}

/// Changes an argument of the step at `at`.
fn argument(object: &mut DesiredObject, at: usize, name: &str, value: Value) {
    let Some(Residual::Known(Value::List(steps))) = object.attributes.get_mut(STEPS) else { panic!("steps") };
    let Value::Map(arguments) = &mut steps[at] else { panic!("a step") };
    arguments.insert(name.to_owned(), value);
}

#[test]
fn the_inputs_are_what_people_would_name() {
    let shown: Vec<String> =
        of(&example()).inputs.into_iter().map(|(name, value)| format!("{name} = {value}")).collect();
    insta::assert_snapshot!(shown.join("\n").replace(&tree(&[("", "cc")]).digest, "CONTENT"), @r#"
    base = ami-22de994a
    file[0].destination = "/srv/app"
    file[0].source: cluster.js = aa
    file[0].source: lib/x.js = bb
    shell[0].env.NODE_VERSION = "0.10"
    shell[0].env.NPM_TOKEN = (sensitive)
    shell[0].script = CONTENT
    ssh_user = "admin"
    steps = file shell
    triggers.commit = "c0ffee"
    "#);
}

/// Changes whenever images are no longer taken for equal to those built before: raise `VERSION` knowingly.
#[test]
fn the_digest_is_the_same_for_ever() {
    insta::assert_snapshot!(of(&example()).digest, @"c812f7f388f508665c622db4e444375f54088bc64fa0eccd9dcbf7a84e07aae5");
}

#[test]
fn every_input_counts_and_is_named() {
    let before = of(&example());
    let cases: [(&str, Identity); 9] = [
        ("base", with(|object| set(object, "base", text("ami-1")))),
        ("architecture", with(|object| set(object, "architecture", text("arm64")))),
        ("ssh_user", with(|object| set(object, "ssh_user", text("ubuntu")))),
        ("revision", with(|object| set(object, "revision", text("2")))),
        ("triggers.commit", with(|object| set(object, "triggers", map(&[("commit", text("1"))])))),
        (
            "root_block_device.volume_size",
            with(|object| set(object, "root_block_device", map(&[("volume_size", Value::int(20))]))),
        ),
        ("shell[0].sudo", with(|object| argument(object, 1, "sudo", Value::Bool(true)))),
        ("file[0].destination", with(|object| argument(object, 0, "destination", text("/srv/")))),
        (
            "file[0].source: cluster.js",
            with(|object| {
                object
                    .contents
                    .insert("deploy/app".into(), tree(&[("cluster.js", "a2"), ("lib/x.js", "bb")]));
            }),
        ),
    ];
    for (name, after) in cases {
        assert_ne!(before.digest, after.digest, "{name}");
        assert_ne!(before.inputs.get(name), after.inputs.get(name), "{name} is not told");
    }
}

#[test]
fn what_leaves_no_trace_does_not_count() {
    let before = of(&example()).digest;
    let cases: [(&str, Identity); 9] = [
        ("name", with(|object| set(object, "name", text("other")))),
        ("tags", with(|object| set(object, "tags", map(&[("app", text("x"))])))),
        ("keep", with(|object| set(object, "keep", Value::int(9)))),
        ("builder", with(|object| set(object, "builder", map(&[("instance_type", text("m3.large"))])))),
        (
            "launch_permissions",
            with(|object| set(object, "launch_permissions", Value::List(vec![text("1")]))),
        ),
        ("timeout", with(|object| argument(object, 1, "timeout", Value::seconds(90)))),
        ("retries", with(|object| argument(object, 1, "retries", Value::int(2)))),
        ("an absent argument", with(|object| argument(object, 1, "workdir", Value::Null))),
        ("test", with(|object| argument(object, 2, "shell", Value::List(Vec::new())))),
    ];
    for (name, after) in cases {
        assert_eq!(before, after.digest, "{name}");
    }
}

#[test]
fn the_order_of_steps_counts() {
    let swapped = with(|object| {
        let Some(Residual::Known(Value::List(steps))) = object.attributes.get_mut(STEPS) else {
            panic!("steps")
        };
        steps.swap(0, 1);
    });
    assert_ne!(of(&example()).digest, swapped.digest);
    assert_eq!(swapped.inputs.get("steps").map(String::as_str), Some("shell file"));
}

#[test]
fn a_step_that_does_not_run_is_as_if_it_were_not_there() {
    let without = with(|object| {
        let Some(Residual::Known(Value::List(steps))) = object.attributes.get_mut(STEPS) else {
            panic!("steps")
        };
        steps.remove(0);
    });
    assert_eq!(with(|object| argument(object, 0, "when", Value::Bool(false))).digest, without.digest);
}

#[test]
fn the_sources_name_counts_only_where_it_ends_up_on_the_machine() {
    let named = |source: &str, destination: &str| {
        with(|object| {
            object.contents.insert(source.to_owned(), tree(&[("cluster.js", "aa")]));
            argument(object, 0, "source", text(source));
            argument(object, 0, "destination", text(destination));
        })
        .digest
    };
    assert_eq!(named("a/app", "/srv/app"), named("b/app2", "/srv/app"));
    assert_eq!(named("a/app", "/srv/"), named("b/app", "/srv/"));
    assert_ne!(named("a/app", "/srv/"), named("a/app2", "/srv/"));
}

#[test]
fn a_rendered_template_counts_by_its_text() {
    let rendered = |vars: &str, text_of: &str| {
        with(|object| {
            let step = map(&[
                ("step", text("template")),
                ("source", text("deploy/primal")),
                ("destination", text("/etc/x")),
                ("vars", map(&[("a", text(vars))])),
                ("rendered", text(text_of)),
            ]);
            set(object, STEPS, Value::List(vec![step]));
        })
        .digest
    };
    assert_eq!(rendered("1", "same"), rendered("2", "same"));
    assert_ne!(rendered("1", "one"), rendered("1", "two"));
}

#[test]
fn a_layer_is_known_by_its_bases_digest_and_has_its_user() {
    let primal = Address::managed("ami", "primal");
    let mut layer = object(&[]);
    let base = Reference { object: primal.clone(), attribute: AttributeName::new("id") };
    layer.attributes.insert(AttributeName::new("base"), Residual::Attribute(base));
    let on = |parent: &Identity| {
        identity(&SCHEMA, &layer, &|address| (*address == primal).then(|| parent.clone()))
    };
    let first = on(&of(&example())).expect("the base is known");
    assert_eq!(first.inputs.get("base"), Some(&of(&example()).digest));
    assert_eq!(first.inputs.get("ssh_user").map(String::as_str), Some("\"admin\""));
    let rebuilt = on(&with(|object| set(object, "revision", text("2")))).expect("the base is known");
    assert_ne!(first.digest, rebuilt.digest, "a new base is a new layer");
    assert_eq!(identity(&SCHEMA, &layer, &|_| None), None);
}

#[test]
fn large_trees_are_one_input() {
    let names: Vec<String> = (0..=NAMED_FILES).map(|n| format!("f{n}")).collect();
    let entries: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "aa")).collect();
    let large = with(|object| {
        object.contents.insert("deploy/app".into(), tree(&entries));
    });
    assert_eq!(large.inputs.get("file[0].source"), Some(&tree(&entries).digest));
    assert!(large.inputs.len() < 20);
}

proptest::proptest! {
    #[test]
    fn no_secret_changes_anything(one in "[ -~]{1,40}", other in "[ -~]{1,40}") {
        let with_secret = |value: &str| {
            let env = map(&[("NPM_TOKEN", secret(value))]);
            with(|object| argument(object, 1, "env", env))
        };
        proptest::prop_assert_eq!(with_secret(&one), with_secret(&other));
    }

    #[test]
    fn different_texts_make_different_images(one in "\\PC{0,100}", other in "\\PC{0,100}") {
        let revised = |value: &str| with(|object| set(object, "revision", text(value)));
        proptest::prop_assert_eq!(one == other, revised(&one).digest == revised(&other).digest);
    }
}
