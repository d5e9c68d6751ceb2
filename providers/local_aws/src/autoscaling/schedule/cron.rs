//! Cron's five fields: minute, hour, day of month, month, day of week (`crontab(5)`, which the user guide refers to).

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::model::Time;

/// The minutes in which something recurs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: Set,
    hours: Set,
    days: Set,
    months: Set,
    /// Sunday is 0.
    weekdays: Set,
    /// A day that either field names will do, unless one of them says `*`: then both must.
    either: bool,
}

/// Small numbers, as bits.
type Set = u64;

/// What a field may hold.
struct Field {
    low: u32,
    high: u32,
    names: &'static [&'static str],
}

const MINUTE: Field = Field { low: 0, high: 59, names: &[] };
const HOUR: Field = Field { low: 0, high: 23, names: &[] };
const DAY: Field = Field { low: 1, high: 31, names: &[] };
/// The first name stands for no number.
const MONTH: Field = Field {
    low: 1,
    high: 12,
    names: &["", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
};
/// Sunday is 0 and 7, so that `MON-SUN` is a range.
const WEEKDAY: Field =
    Field { low: 0, high: 7, names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"] };

/// Days to look ahead: a 29th of February comes within eight years.
const HORIZON: i32 = 8 * 366;

impl Cron {
    /// Reads an expression; `None` if it is not one, or names no day that exists.
    pub fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else { return None };
        let weekdays = WEEKDAY.read(weekday)?;
        let cron = Self {
            minutes: MINUTE.read(minute)?,
            hours: HOUR.read(hour)?,
            days: DAY.read(day)?,
            months: MONTH.read(month)?,
            weekdays: (weekdays | weekdays >> 7) & 0x7f,
            either: !day.starts_with('*') && !weekday.starts_with('*'),
        };
        cron.next(Time::default(), &TimeZone::UTC).is_some().then_some(cron)
    }

    /// The first such minute after a moment. A minute that a change of clocks skips comes as much later; one that
    /// comes twice counts once.
    pub fn next(&self, after: Time, zone: &TimeZone) -> Option<Time> {
        let now = Timestamp::from_millisecond(i64::try_from(after.0).ok()?).ok()?;
        let today = now.to_zoned(zone.clone()).date();
        let days = (0..HORIZON).map_while(|n| today.checked_add(Span::new().days(n)).ok());
        let mut minutes = days.filter(|day| self.has(*day)).flat_map(|day| self.minutes_of(day, zone));
        minutes.find(|minute| *minute > after)
    }

    fn has(&self, day: Date) -> bool {
        let in_month = has(self.days, day.day());
        let in_week = has(self.weekdays, day.weekday().to_sunday_zero_offset());
        has(self.months, day.month()) && if self.either { in_month || in_week } else { in_month && in_week }
    }

    fn minutes_of<'a>(&'a self, day: Date, zone: &'a TimeZone) -> impl Iterator<Item = Time> + 'a {
        let hours = (0..24).filter(|hour| has(self.hours, *hour));
        let times = hours
            .flat_map(|hour| (0..60).filter(|minute| has(self.minutes, *minute)).map(move |m| (hour, m)));
        times.filter_map(move |(hour, minute)| {
            let moment = day.at(hour, minute, 0, 0).to_zoned(zone.clone()).ok()?.timestamp().as_millisecond();
            u64::try_from(moment).ok().map(Time)
        })
    }
}

fn has(set: Set, number: i8) -> bool {
    u32::try_from(number).is_ok_and(|number| set >> number & 1 == 1)
}

impl Field {
    /// Reads a list of ranges.
    fn read(&self, text: &str) -> Option<Set> {
        text.split(',').try_fold(0, |set, part| Some(set | self.range(part)?))
    }

    /// `*`, `5`, `1-5`, and each of them with a step: `*/15`. `5/15` goes on from 5 to the end.
    fn range(&self, part: &str) -> Option<Set> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<usize>().ok().filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let (low, high) = match range.split_once('-') {
            _ if range == "*" => (self.low, self.high),
            Some((low, high)) => {
                self.number(low).zip(self.number(high)).map(|(low, high)| (low, self.last(low, high)))?
            }
            None => {
                let only = self.number(range)?;
                (only, if step.is_some() { self.high } else { only })
            }
        };
        let numbers = (low..=high).step_by(step.unwrap_or(1));
        (low <= high).then(|| numbers.fold(0, |set, number| set | 1 << number))
    }

    fn number(&self, text: &str) -> Option<u32> {
        let named = self.names.iter().position(|name| !name.is_empty() && name.eq_ignore_ascii_case(text));
        let number = named.and_then(|place| u32::try_from(place).ok()).or_else(|| text.parse().ok())?;
        (self.low..=self.high).contains(&number).then_some(number)
    }

    /// The end of a range: from Monday to Sunday it is the later of the two.
    fn last(&self, low: u32, high: u32) -> u32 {
        if self.names.len() == 8 && high == 0 && low > 0 { 7 } else { high }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn after(cron: &str, moment: &str, zone: &str) -> String {
        let zone = TimeZone::get(zone).expect("a zone of the database");
        let moment = Time::parse(moment).expect("a literal moment");
        let cron = Cron::parse(cron).expect("a literal expression");
        cron.next(moment, &zone).expect("it recurs").stamp().replace(":00.000Z", "Z")
    }

    /// 2026-11-21 is a Saturday.
    #[test]
    fn the_next_time_is_found() {
        for (cron, moment, wanted) in [
            ("30 8 * * *", "2026-11-21T08:29:59Z", "2026-11-21T08:30Z"),
            ("30 8 * * *", "2026-11-21T08:30:00Z", "2026-11-22T08:30Z"),
            ("*/20 * * * *", "2026-11-21T08:41:00Z", "2026-11-21T09:00Z"),
            ("5/20 * * * *", "2026-11-21T08:41:00Z", "2026-11-21T08:45Z"),
            ("0 9-17/4 * * MON-FRI", "2026-11-21T08:00:00Z", "2026-11-23T09:00Z"),
            ("0/10 * * * mon-sun", "2026-11-22T23:55:00Z", "2026-11-23T00:00Z"),
            ("0 0 1 jan,jul *", "2026-11-21T00:00:00Z", "2027-01-01T00:00Z"),
            ("0 0 29 2 *", "2026-11-21T00:00:00Z", "2028-02-29T00:00Z"),
            ("0 0 13 * 5", "2026-11-21T00:00:00Z", "2026-11-27T00:00Z"),
            ("0 0 * * 0-0", "2026-11-21T00:00:00Z", "2026-11-22T00:00Z"),
            ("0 0 * * 7", "2026-11-21T00:00:00Z", "2026-11-22T00:00Z"),
        ] {
            assert_eq!(after(cron, moment, "UTC"), wanted, "{cron} after {moment}");
        }
    }

    #[test]
    fn the_clock_is_that_of_the_zone() {
        for (cron, moment, wanted) in [
            ("30 8 * * *", "2026-07-01T00:00:00Z", "2026-07-01T06:30Z"),
            ("30 8 * * *", "2026-12-01T00:00:00Z", "2026-12-01T07:30Z"),
            ("30 2 * * *", "2026-03-29T00:00:00Z", "2026-03-29T01:30Z"),
            ("30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30Z"),
            ("30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-26T01:30Z"),
        ] {
            assert_eq!(after(cron, moment, "Europe/Berlin"), wanted, "{cron} after {moment}");
        }
    }

    #[test]
    fn what_is_no_expression_or_names_no_day_is_refused() {
        for text in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 8",
            "5-1 * * * *",
            "*/0 * * * *",
            "a * * * *",
            "* * * * MONDAY",
            "0 0 30 2 *",
            "1, * * * *",
            "@daily",
            "0 0 * , *",
        ] {
            assert_eq!(Cron::parse(text), None, "{text}");
        }
    }

    /// The text of a field, and the numbers it stands for.
    fn field(low: i8, high: i8) -> impl Strategy<Value = (String, Vec<i8>)> {
        let all: Vec<i8> = (low..=high).collect();
        let numbers = prop::collection::btree_set(low..=high, 1..4);
        let list = numbers.prop_map(|set| {
            let text: Vec<String> = set.iter().map(i8::to_string).collect();
            (text.join(","), set.into_iter().collect::<Vec<i8>>())
        });
        let range = (low..=high, low..=high, 1..5_i8).prop_map(|(a, b, step)| {
            let (first, last) = (a.min(b), a.max(b));
            let numbers = (first..=last).filter(|n| (n - first) % step == 0).collect();
            (format!("{first}-{last}/{step}"), numbers)
        });
        prop_oneof![Just(("*".to_owned(), all)), list, range]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Minute by minute comes to the same.
        #[test]
        fn the_next_time_is_the_first_minute_that_fits(
            (minute, minutes) in field(0, 59),
            (hour, hours) in field(0, 23),
            (weekday, weekdays) in field(0, 6),
            start in 1_795_244_400_u64..1_826_780_400,
        ) {
            let cron = Cron::parse(&format!("{minute} {hour} * * {weekday}")).expect("it was made to be well-formed");
            let fits = |second: &u64| {
                let moment = Timestamp::from_second(i64::try_from(*second).expect("small")).expect("in range");
                let moment = moment.to_zoned(TimeZone::UTC);
                minutes.contains(&moment.minute())
                    && hours.contains(&moment.hour())
                    && weekdays.contains(&moment.weekday().to_sunday_zero_offset())
            };
            let first = (start / 60 + 1..).map(|minute| minute * 60).find(fits).map(|second| Time(second * 1000));
            prop_assert_eq!(cron.next(Time(start * 1000), &TimeZone::UTC), first);
        }
    }
}
