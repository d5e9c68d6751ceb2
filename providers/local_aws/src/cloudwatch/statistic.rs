//! One figure out of many measurements.

use crate::model::metrics::Sample;

/// How measurements become one figure (CloudWatch, "statistics definitions").
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// How many there are.
    SampleCount,
    /// Their mean.
    Average,
    /// Their sum.
    Sum,
    /// The least.
    Minimum,
    /// The greatest.
    Maximum,
    /// The value that so many percent do not exceed.
    Percentile(f64),
}

impl Statistic {
    /// Reads `Average`, `p99.9` and the like; `None` for trimmed means and other words that are not modelled.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "SampleCount" => Some(Self::SampleCount),
            "Average" => Some(Self::Average),
            "Sum" => Some(Self::Sum),
            "Minimum" => Some(Self::Minimum),
            "Maximum" => Some(Self::Maximum),
            _ => {
                let percent = word.strip_prefix('p').and_then(|rest| rest.parse::<f64>().ok());
                percent.filter(|percent| (0.0..=100.0).contains(percent)).map(Self::Percentile)
            }
        }
    }

    /// The figure; `None` for a percentile of which the values were not sent.
    pub fn of(self, sample: &Sample) -> Option<f64> {
        match self {
            Self::SampleCount => Some(sample.count),
            Self::Average => (sample.count > 0.0).then(|| sample.sum / sample.count),
            Self::Sum => Some(sample.sum),
            Self::Minimum => Some(sample.min),
            Self::Maximum => Some(sample.max),
            Self::Percentile(_) if sample.min == sample.max => Some(sample.min),
            Self::Percentile(percent) => percentile(&sample.values, percent),
        }
    }
}

/// By nearest rank.
fn percentile(values: &[(f64, f64)], percent: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let rank = sorted.iter().map(|(_, count)| count).sum::<f64>() * percent / 100.0;
    let reached = sorted.iter().scan(0.0, |below, (value, count)| {
        *below += count;
        Some((*below, *value))
    });
    reached.filter(|(below, _)| *below >= rank).map(|(_, value)| value).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_of_one_to_ten() {
        let sample = Sample::of((1..=10).map(|value| (f64::from(value), 2.0)).collect()).expect("ten values");
        let words =
            ["SampleCount", "Average", "Sum", "Minimum", "Maximum", "p50", "p90", "p99.9", "p0", "tm99"];
        let figures = words.map(|word| Statistic::parse(word).and_then(|statistic| statistic.of(&sample)));
        let wanted = [20.0, 5.5, 110.0, 1.0, 10.0, 5.0, 9.0, 10.0, 1.0];
        assert_eq!(figures[..9], wanted.map(Some));
        assert_eq!(figures[9], None);
    }

    #[test]
    fn percentiles_need_the_values() {
        let known = Sample { values: Vec::new(), ..Sample::one(3.0) };
        assert_eq!(Statistic::Percentile(50.0).of(&known), Some(3.0));
        assert_eq!(Statistic::Percentile(50.0).of(&known.and(&Sample::one(4.0))), None);
    }
}
