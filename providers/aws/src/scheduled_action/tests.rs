use infra_lang::residual::Residual;
use serde_json::json;

use super::*;

fn said(json: serde_json::Value) -> String {
    let values: Values = serde_json::from_value(json).expect("attributes");
    let attributes = values.into_iter().map(|(name, value)| (name, Residual::Known(value))).collect();
    let found = problems(&attributes).into_iter().map(|(name, said)| format!("{name}: {said}"));
    found.collect::<Vec<_>>().join("\n")
}

#[test]
fn an_action_says_when_and_what() {
    insta::assert_snapshot!(said(json!({ "scheduled_action_name": "night" })), @r"
    scheduled_action_name: it changes nothing: write `min_size`, `max_size` or `desired_capacity`
    scheduled_action_name: it never runs: write `recurrence` or `start_time`
    ");
    insta::assert_snapshot!(said(json!({ "min_size": 1, "recurrence": "@daily", "end_time": "tomorrow" })), @r#"
    end_time: `tomorrow` is no time; one reads "2026-12-01T08:00:00Z"
    recurrence: a recurrence has five fields (minute, hour, day of month, month, day of week), and this has 1
    "#);
    assert_eq!(said(json!({ "max_size": 1, "start_time": "2026-12-01T08:00:00+01:00" })), "");
}

fn action(recurrence: Option<&str>, start: Option<&str>, end: Option<&str>) -> ScheduledAction {
    let text = |text: Option<&str>| text.map(str::to_owned);
    ScheduledAction {
        recurrence: text(recurrence),
        start_time: text(start),
        end_time: text(end),
        ..ScheduledAction::default()
    }
}

const DAWN: &str = "2026-12-01T06:00:00Z";
const DUSK: &str = "2026-12-01T18:00:00Z";

#[test]
fn an_action_that_has_run_for_the_last_time_is_over() {
    let noon = SystemTime::try_from(stamp::read("2026-12-01T12:00:00Z").expect("a time")).expect("in range");
    for (action, over) in [
        (action(None, Some(DAWN), None), true),
        (action(None, Some(DUSK), None), false),
        (action(Some("0 * * * *"), Some(DAWN), None), false),
        (action(Some("0 * * * *"), Some(DAWN), Some(DUSK)), false),
        (action(Some("0 * * * *"), None, Some(DAWN)), true),
    ] {
        assert_eq!(action.is_over(noon), over, "{action:?}");
    }
    assert_eq!(action(Some("0 * * * *"), Some(DAWN), None).start(noon), None);
    assert_eq!(action(None, Some(DAWN), None).start(noon), stamp::read(DAWN));
}

#[test]
fn the_next_time_of_a_recurring_action_is_no_difference() {
    let (first, later) =
        (action(Some("0 6 * * *"), Some(DAWN), None), action(Some("0 6 * * *"), Some(DUSK), None));
    assert_eq!(later.clone().started_as(&first), first);
    assert_eq!(first.clone().started_as(&later), first, "somebody has brought it forward");
    let once = action(None, Some(DUSK), None);
    assert_eq!(once.clone().started_as(&action(None, Some(DAWN), None)), once, "somebody has put it off");
}

#[test]
fn one_moment_may_be_written_in_two_ways() {
    let same = |one: &str, other: &str| {
        ScheduledActions.same(&AttributeName::new("start_time"), &Value::string(one), &Value::string(other))
    };
    assert!(same("2026-12-01T08:00:00+02:00", DAWN));
    assert!(!same(DAWN, DUSK));
}

#[test]
fn what_aws_would_keep_goes_with_the_action() {
    let prior =
        crate::kind::tests::change("scheduled_action", Action::Update, Some("g/night")).prior.expect("prior");
    let max = AttributeName::new("max_size");
    let set: Attributes = [(max.clone(), Residual::Known(Value::int(1)))].into();
    let of = |desired: &Attributes| ScheduledActions.action(std::slice::from_ref(&max), desired, &prior);
    assert_eq!(of(&set), Action::Update);
    assert_eq!(of(&Attributes::new()), Action::Replace(ReplaceOrder::OldFirst));
}
