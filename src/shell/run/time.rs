//! The clock of runs: RFC 3339 in UTC, to the millisecond.

use jiff::{SignedDuration, Timestamp};

/// Returns the time, such as `2026-05-04T12:00:00.123Z`.
pub fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Returns the milliseconds since 1970.
pub(super) fn now_ms() -> u64 {
    u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0)
}

/// Returns the seconds from one time to another; `None` where either is no time.
pub(super) fn seconds_between(earlier: &str, later: &str) -> Option<i64> {
    let (earlier, later): (Timestamp, Timestamp) = (earlier.parse().ok()?, later.parse().ok()?);
    Some(later.as_second() - earlier.as_second())
}

/// Returns the time so many seconds after another.
pub(super) fn after(time: &str, seconds: u64) -> Option<String> {
    let time: Timestamp = time.parse().ok()?;
    let later = time.checked_add(SignedDuration::from_secs(i64::try_from(seconds).ok()?)).ok()?;
    Some(later.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_add_and_subtract() {
        assert_eq!(seconds_between("2026-05-04T12:00:00Z", "2026-05-04T12:01:00.900Z"), Some(60));
        assert_eq!(after("2026-05-04T12:00:00.5Z", 86_400).as_deref(), Some("2026-05-05T12:00:00.500Z"));
        assert_eq!(seconds_between("soon", &now()), None);
    }
}
