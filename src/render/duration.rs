//! Durations as people say them.

use std::time::Duration;

/// `340ms`, `12s`, `2m 05s`, `1h 02m`.
pub fn duration(of: Duration) -> String {
    let seconds = of.as_secs();
    match seconds {
        0 => format!("{}ms", of.as_millis()),
        1..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_units_are_enough() {
        let of = |seconds| duration(Duration::from_secs(seconds));
        assert_eq!([of(12), of(125), of(3720)], ["12s", "2m 05s", "1h 02m"]);
        assert_eq!(duration(Duration::from_millis(340)), "340ms");
    }
}
