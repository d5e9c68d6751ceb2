//! What happened to alarms (DescribeAlarmHistory).

use crate::model::Model;
use crate::model::cloudwatch::{Alarm, Entry};
use crate::wire::{ApiError, Data, Params};

use super::page;

/// Entries of all alarms, or of one, the newest first unless the request wants it otherwise.
pub fn describe(model: &mut Model, params: &Params) -> Result<Data, ApiError> {
    let (name, kind) = (params.text("AlarmName"), params.text("HistoryItemType"));
    let (from, to) = (params.time("StartDate")?, params.time("EndDate")?);
    let alarms = model.cloudwatch.alarms.values();
    let alarms = alarms.filter(|alarm| name.is_none_or(|name| alarm.name == name));
    let all = alarms.flat_map(|alarm| alarm.history.iter().map(move |entry| (alarm, entry)));
    let fits = |(_, entry): &(&Alarm, &Entry)| {
        kind.is_none_or(|kind| entry.kind == kind)
            && from.is_none_or(|from| entry.at >= from)
            && to.is_none_or(|to| entry.at <= to)
    };
    let mut found: Vec<(&Alarm, &Entry)> = all.filter(fits).collect();
    found.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.at));
    if params.text("ScanBy") == Some("TimestampAscending") {
        found.reverse();
    }
    let size = params.int("MaxRecords")?.unwrap_or(100).clamp(1, 100);
    let (page, next) = page(found, size, params)?;
    let items = page.into_iter().map(|(alarm, entry)| item(alarm, entry)).collect();
    Ok(Data::body().with("AlarmHistoryItems", Data::List(items)).maybe("NextToken", next))
}

fn item(alarm: &Alarm, entry: &Entry) -> Data {
    Data::body()
        .with("AlarmName", Data::text(&alarm.name))
        .with("AlarmType", Data::text("MetricAlarm"))
        .with("Timestamp", Data::Time(entry.at))
        .with("HistoryItemType", Data::text(&entry.kind))
        .with("HistorySummary", Data::text(&entry.summary))
}
