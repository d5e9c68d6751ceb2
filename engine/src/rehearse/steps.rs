//! When each step ran, from the events of an apply.

use crate::event::{ApplyEvent, StepEvent};

use super::StepSpan;

/// The spans of the steps, in the order in which they began. A step that did not come to an end has none.
pub fn spans(events: &[ApplyEvent]) -> Vec<StepSpan> {
    let mut spans: Vec<StepSpan> = Vec::new();
    for event in events {
        match &event.what {
            StepEvent::Started(title) => spans.push(begun(event, title, false)),
            StepEvent::Undoing(title) => spans.push(begun(event, title, true)),
            StepEvent::Succeeded(_) | StepEvent::Undone => end(&mut spans, event, false),
            StepEvent::Failed(_) => end(&mut spans, event, true),
            StepEvent::Acted(_) | StepEvent::Waiting(_) | StepEvent::Skipped(_) => {}
        }
    }
    spans
}

fn begun(event: &ApplyEvent, title: &str, undo: bool) -> StepSpan {
    StepSpan {
        step: event.step,
        address: event.address.clone(),
        title: title.to_owned(),
        undo,
        from_ms: millis(event),
        to_ms: None,
        failed: false,
    }
}

fn end(spans: &mut [StepSpan], event: &ApplyEvent, failed: bool) {
    let open = spans.iter_mut().rev().find(|span| span.step == event.step && span.to_ms.is_none());
    if let Some(span) = open {
        span.to_ms = Some(millis(event));
        span.failed = failed;
    }
}

fn millis(event: &ApplyEvent) -> u64 {
    u64::try_from(event.at.as_millis()).unwrap_or(u64::MAX)
}
