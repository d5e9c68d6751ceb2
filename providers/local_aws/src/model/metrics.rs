//! Metrics: what was measured, and when.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Time;

/// One minute, the resolution of metrics that do not ask for another.
pub const MINUTE: Duration = Duration::from_secs(60);

/// What a metric is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Metric {
    /// For instance `AWS/EC2`.
    pub namespace: String,
    /// For instance `CPUUtilization`.
    pub name: String,
    /// By name. Two sets of dimensions are two metrics.
    pub dimensions: BTreeMap<String, String>,
}

impl Metric {
    /// The metric of that name with these dimensions.
    pub fn new(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Self {
        let dimensions = dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self { namespace: namespace.to_owned(), name: name.to_owned(), dimensions: dimensions.collect() }
    }
}

/// What was measured in some time, summed up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// How many measurements.
    pub count: f64,
    /// Their sum.
    pub sum: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// Each value and how often it was measured. Empty if the values themselves were not sent, so that there are no
    /// percentiles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<(f64, f64)>,
}

impl Sample {
    /// The sum of measurements given as values and how often each was measured; `None` without any.
    pub fn of(mut values: Vec<(f64, f64)>) -> Option<Self> {
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        values.dedup_by(|later, first| {
            let same = later.0 == first.0;
            first.1 += if same { later.1 } else { 0.0 };
            same
        });
        let least = |a: f64, b: f64| a.min(b);
        let greatest = |a: f64, b: f64| a.max(b);
        Some(Self {
            count: values.iter().map(|(_, count)| count).sum(),
            sum: values.iter().map(|(value, count)| value * count).sum(),
            min: values.iter().map(|(value, _)| *value).reduce(least)?,
            max: values.iter().map(|(value, _)| *value).reduce(greatest)?,
            values,
        })
    }

    /// One measurement.
    pub fn one(value: f64) -> Self {
        Self { count: 1.0, sum: value, min: value, max: value, values: vec![(value, 1.0)] }
    }

    /// Both together.
    pub fn and(mut self, other: &Self) -> Self {
        // Percentiles need every value.
        let whole = !self.values.is_empty() && !other.values.is_empty();
        self.values = if whole { [self.values, other.values.clone()].concat() } else { Vec::new() };
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self
    }
}

/// What was measured in a minute, or in a second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// When the minute or second began.
    pub at: Time,
    /// In how many further minutes the very same was measured: a steady gauge takes no room.
    #[serde(default)]
    pub repeats: u64,
    /// For instance `Percent`.
    pub unit: Option<String>,
    /// The measurements.
    pub sample: Sample,
}

impl Point {
    fn last(&self) -> Time {
        self.at + MINUTE * u32::try_from(self.repeats).unwrap_or(u32::MAX)
    }

    /// In how many of its minutes the point lies in `from..to`, and the first such minute.
    fn within(&self, from: Time, to: Time) -> impl Iterator<Item = Time> {
        let skipped = from.0.saturating_sub(self.at.0).div_ceil(MINUTE.as_millis() as u64);
        let minutes =
            (skipped..=self.repeats).map(|n| self.at + MINUTE * u32::try_from(n).unwrap_or(u32::MAX));
        minutes.take_while(move |minute| *minute < to)
    }
}

/// All that is known of a metric, the oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Of what.
    pub metric: Metric,
    /// In the order of their times.
    pub points: VecDeque<Point>,
}

impl Series {
    /// The measurements of `from..to`, each with the minute or second it belongs to.
    pub fn between(&self, from: Time, to: Time) -> impl Iterator<Item = (Time, &Point)> {
        let points = self.points.iter().filter(move |point| point.at < to && point.last() >= from);
        points.flat_map(move |point| point.within(from, to).map(move |minute| (minute, point)))
    }

    /// The measurements of `from..to` in one; only those in `unit`, if one is given. `None` if there are none.
    pub fn total(&self, from: Time, to: Time, unit: Option<&str>) -> Option<Sample> {
        let fits = |(_, point): &(Time, &Point)| unit.is_none_or(|unit| point.unit.as_deref() == Some(unit));
        let mut samples = self.between(from, to).filter(fits).map(|(_, point)| &point.sample);
        let first = samples.next()?.clone();
        Some(samples.fold(first, Sample::and))
    }
}

/// Every metric of the region.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metrics {
    /// In the order of the metrics.
    series: Vec<Series>,
}

impl Metrics {
    /// What is known of a metric.
    pub fn get(&self, metric: &Metric) -> Option<&Series> {
        let place = self.place(metric).ok()?;
        self.series.get(place)
    }

    /// All that is known.
    pub fn iter(&self) -> impl Iterator<Item = &Series> {
        self.series.iter()
    }

    /// Adds measurements of the minute or second that begins `at`.
    pub fn record(&mut self, metric: Metric, at: Time, unit: Option<String>, sample: Sample) {
        let points = &mut self.series(metric).points;
        let place = points.partition_point(|point| point.at < at);
        match points.get_mut(place).filter(|point| point.at == at && point.unit == unit) {
            Some(point) => point.sample = sample.and(&point.sample),
            None => points.insert(place, Point { at, repeats: 0, unit, sample }),
        }
    }

    /// Adds what a gauge showed in the minute that begins `at`, the latest so far.
    pub fn hold(&mut self, metric: Metric, at: Time, unit: &str, sample: Sample) {
        let points = &mut self.series(metric).points;
        let steady = |point: &&mut Point| point.sample == sample && point.last() + MINUTE == at;
        match points.back_mut().filter(steady) {
            Some(point) => point.repeats += 1,
            None => points.push_back(Point { at, repeats: 0, unit: Some(unit.to_owned()), sample }),
        }
    }

    /// Forgets what was measured before `then`.
    pub fn forget(&mut self, then: Time) {
        for series in &mut self.series {
            while series.points.front().is_some_and(|point| point.last() < then) {
                series.points.pop_front();
            }
        }
        self.series.retain(|series| !series.points.is_empty());
    }

    fn place(&self, metric: &Metric) -> Result<usize, usize> {
        self.series.binary_search_by(|series| series.metric.cmp(metric))
    }

    fn series(&mut self, metric: Metric) -> &mut Series {
        let place = match self.place(&metric) {
            Ok(place) => place,
            Err(place) => {
                self.series.insert(place, Series { metric, points: VecDeque::new() });
                place
            }
        };
        &mut self.series[place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(n: u64) -> Time {
        Time(n * 60_000)
    }

    #[test]
    fn a_steady_gauge_is_one_point_and_many_minutes() {
        let mut metrics = Metrics::default();
        let metric = Metric::new("AWS/ELB", "HealthyHostCount", &[("LoadBalancerName", "web")]);
        for (n, value) in [(1, 2.0), (2, 2.0), (3, 2.0), (4, 1.0), (6, 1.0)] {
            metrics.hold(metric.clone(), minute(n), "Count", Sample::one(value));
        }
        let series = metrics.get(&metric).expect("it was recorded");
        assert_eq!(series.points.len(), 3, "a minute without a value ends a run");
        let minutes = |from, to| series.between(minute(from), minute(to)).map(|(at, _)| at.0 / 60_000);
        assert_eq!(minutes(0, 9).collect::<Vec<_>>(), [1, 2, 3, 4, 6]);
        assert_eq!(minutes(2, 4).collect::<Vec<_>>(), [2, 3]);
        let total = series.total(minute(2), minute(5), None).expect("three minutes");
        assert_eq!((total.count, total.sum, total.min), (3.0, 5.0, 1.0));
        metrics.forget(minute(4));
        assert_eq!(metrics.get(&metric).map(|series| series.points.len()), Some(2));
    }

    #[test]
    fn measurements_of_a_minute_add_up_whatever_their_order() {
        let mut metrics = Metrics::default();
        let metric = Metric::new("App", "Jobs", &[]);
        for (n, value) in [(2, 5.0), (1, 1.0), (2, 7.0)] {
            metrics.record(metric.clone(), minute(n), None, Sample::one(value));
        }
        let sums: Vec<f64> =
            metrics.iter().flat_map(|one| &one.points).map(|point| point.sample.sum).collect();
        assert_eq!(sums, [1.0, 12.0]);
        assert!(
            metrics.get(&metric).is_some_and(|one| one.total(minute(1), minute(3), Some("Count")).is_none())
        );
    }
}
