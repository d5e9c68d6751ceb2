//! What a plan says about images: rules that the schema cannot tell, and the steps of a change. Pure.

use std::time::Duration;

use infra_engine::change::Change;
use infra_engine::steps::{Effect, LoweredStep};
use infra_lang::address::Mode;
use infra_lang::name::AttributeName;
use infra_lang::residual::{Attributes, Residual};
use infra_lang::schema::{STEP_KIND, STEPS};
use infra_lang::value::Value;

use super::identity::known;
use super::steps::numbered;
use crate::kind::simple;
use crate::transport::is_variable_name;

/// Steps that are written down in the language and not carried out by this version.
const NOT_YET: [&str; 2] = ["ansible", "user_data"];

/// How long a retired image may take to go, its last users included.
const REMOVAL: Duration = Duration::from_secs(600);

/// The steps of a change: a build where others have a creation. Which older images stay is the engine's to decide.
pub(super) fn lower(change: &Change, build: Duration) -> Vec<LoweredStep> {
    let limit = change.timeouts.get("create").copied().unwrap_or(build);
    let built = |step: LoweredStep| match step.effect {
        Effect::Create => LoweredStep { title: "build".to_owned(), timeout: limit, ..step },
        _ => step,
    };
    simple(change, REMOVAL).into_iter().map(built).collect()
}

/// What is wrong with attributes that are known.
pub(super) fn problems(desired: &Attributes) -> Vec<(AttributeName, String)> {
    let attribute = |name: &str| AttributeName::new(name);
    let mut found: Vec<(AttributeName, String)> = Vec::new();
    if let Some(problem) = desired.get("base").and_then(base) {
        found.push((attribute("base"), problem.to_owned()));
    }
    if desired.contains_key("refresh") {
        let text = "not supported yet; `triggers = { month = formatdate(\"YYYY-MM\", plantimestamp()) }` builds again \
                    once a month";
        found.push((attribute("refresh"), text.to_owned()));
    }
    let steps = desired.get(STEPS).and_then(known);
    if let Some(Value::List(steps)) = steps {
        found.extend(step_problems(&steps).into_iter().map(|text| (attribute(STEPS), text)));
    }
    found
}

/// The digest covers the base, so it must be known when the plan is made.
fn base(base: &Residual) -> Option<&'static str> {
    match base {
        Residual::Attribute(reference) if reference.object.mode == Mode::Managed => None,
        other if known(other).is_some() => None,
        _ => Some("must be an `ami` of this project or an id that is known when the plan is made"),
    }
}

fn step_problems(steps: &[Value]) -> Vec<String> {
    let mut counts = std::collections::BTreeMap::new();
    let mut found = Vec::new();
    for step in steps {
        let Value::Map(arguments) = step else { continue };
        let text = |name: &str| arguments.get(name).and_then(Value::as_str);
        let word = text(STEP_KIND).unwrap_or_default();
        if arguments.get("when") == Some(&Value::Bool(false)) {
            continue;
        }
        let name = numbered(&mut counts, word);
        if NOT_YET.contains(&word) {
            found.push(format!(
                "`{name}`: this version of infra does not run `{word}` steps yet; use `file` and `shell`"
            ));
        }
        if text("destination").is_some_and(|path| !path.starts_with('/')) {
            found.push(format!("`{name}`: `destination` is a path on the machine and starts with `/`"));
        }
        let sudo = arguments.get("sudo") == Some(&Value::Bool(true));
        if text("owner").is_some() && !sudo {
            found.push(format!("`{name}`: only root gives files away: add `sudo = true` to `owner`"));
        }
        if let Some(Value::Map(env)) = arguments.get("env").map(Value::revealed) {
            let wrong = env.keys().filter(|key| !is_variable_name(key));
            found.extend(
                wrong.map(|key| format!("`{name}`: `{key}` cannot be the name of an environment variable")),
            );
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use infra_engine::change::{Action, ReplaceOrder};
    use infra_engine::id::RemoteId;
    use infra_lang::address::Address;
    use infra_lang::residual::Reference;

    use super::*;
    use crate::kind::tests::change;

    fn lowered(action: Action, retires: &[&str]) -> Vec<String> {
        let mut change = change("ami", action, Some("ami-2"));
        change.retires = retires.iter().copied().map(RemoteId::from).collect();
        lower(&change, Duration::from_secs(60)).into_iter().map(|step| step.title).collect()
    }

    #[test]
    fn a_new_image_is_built_before_an_older_one_goes() {
        let replace = Action::Replace(ReplaceOrder::NewFirst);
        let titles = ["build", "delete ami-2", "delete ami-1"];
        assert_eq!(lowered(replace, &["ami-1"]), titles);
        assert_eq!(lowered(Action::Update, &[]), ["update"]);
        let mut slow = change("ami", Action::Create, None);
        let limit = |change: &Change| lower(change, Duration::from_secs(60))[0].timeout.as_secs();
        assert_eq!(limit(&slow), 60);
        slow.timeouts.insert("create".into(), Duration::from_secs(90));
        assert_eq!(limit(&slow), 90);
    }

    fn told(pairs: &[(&str, Residual)]) -> Vec<String> {
        let desired = pairs.iter().map(|(name, value)| (AttributeName::new(name), value.clone())).collect();
        problems(&desired).into_iter().map(|(name, text)| format!("{name}: {text}")).collect()
    }

    fn text(text: &str) -> Residual {
        Residual::Known(Value::string(text))
    }

    #[test]
    fn a_base_is_a_layer_or_an_id_known_now() {
        let reference =
            |object: Address| Residual::Attribute(Reference { object, attribute: AttributeName::new("id") });
        assert!(told(&[("base", text("ami-1"))]).is_empty());
        assert!(told(&[("base", reference(Address::managed("ami", "primal")))]).is_empty());
        let looked_up = Address { mode: Mode::Data, ..Address::managed("ami", "debian") };
        let found = told(&[("base", reference(looked_up))]);
        assert!(found.len() == 1 && found[0].starts_with("base: must be"), "{found:?}");
    }

    #[test]
    fn what_cannot_be_carried_out_is_refused_before_anything_runs() {
        let map = |pairs: &[(&str, Value)]| {
            Value::Map(pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
        };
        let env = Value::Map(BTreeMap::from([("A-B".to_owned(), Value::string("x"))]));
        let steps = Residual::Known(Value::List(vec![
            map(&[
                ("step", Value::string("file")),
                ("destination", Value::string("srv/app")),
                ("owner", Value::string("me")),
            ]),
            map(&[("step", Value::string("shell")), ("env", env)]),
            map(&[("step", Value::string("ansible")), ("when", Value::Bool(false))]),
            map(&[("step", Value::string("ansible"))]),
        ]));
        insta::assert_snapshot!(told(&[("base", text("ami-1")), ("refresh", text("30d")), ("steps", steps)]).join("\n"), @r#"
        refresh: not supported yet; `triggers = { month = formatdate("YYYY-MM", plantimestamp()) }` builds again once a month
        steps: `file[0]`: `destination` is a path on the machine and starts with `/`
        steps: `file[0]`: only root gives files away: add `sudo = true` to `owner`
        steps: `shell[0]`: `A-B` cannot be the name of an environment variable
        steps: `ansible[0]`: this version of infra does not run `ansible` steps yet; use `file` and `shell`
        "#);
    }
}
