//! The time: how long something took, and when a build happens.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Measures from its making on.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    pub fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    /// Returns the time since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Returns the time that a build shows, in seconds since 1970: the one that
/// `SOURCE_DATE_EPOCH` names where it is set (<https://reproducible-builds.org/specs/source-date-epoch/>),
/// the clock's otherwise.
pub fn build_time() -> i64 {
    let named = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.trim().parse().ok());
    named.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64))
}

/// Waits.
pub fn pause(time: Duration) {
    std::thread::sleep(time);
}
