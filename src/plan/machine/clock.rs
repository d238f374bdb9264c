//! Times of the journal as numbers. Knows no clock: it only reads what the records say.

/// Returns the milliseconds since 1970 of a time such as `2026-05-04T12:00:00.123Z`; `None` where the
/// text is no such time.
pub fn millis(time: &str) -> Option<i64> {
    let (date, clock) = time.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut clock = whole.splitn(3, ':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let in_range = (0..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    if !in_range || !fraction.chars().all(|ch| ch.is_ascii_digit()) {
        return None;
    }
    let millis = format!("{fraction:0<3}").get(..3)?.parse::<i64>().ok()?;
    // Days from civil: years begin in March, so that the leap day is the last one.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days =
        365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * month + 2) / 5 + day
            - 1
            - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60_000 + second * 1_000 + millis)
}

/// Tells whether something that was given at one time is older than a limit at another. What has no
/// readable time is.
pub fn is_older(given: &str, now: &str, limit_s: u64) -> bool {
    let age = millis(given).zip(millis(now)).map(|(given, now)| now - given);
    age.is_none_or(|age| age > i64::try_from(limit_s).unwrap_or(i64::MAX).saturating_mul(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_the_calendar_has_them() {
        assert_eq!(millis("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(millis("2000-02-29T12:00:00.5Z"), Some(951_825_600_500));
        assert_eq!(millis("2026-11-28T09:22:03.123Z"), Some(1_795_857_723_123));
        for wrong in ["", "soon", "2026-11-28", "2026-13-01T00:00:00Z", "2026-11-28T09:22:03+01:00"] {
            assert_eq!(millis(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_has_no_time_is_too_old() {
        assert!(!is_older("2026-05-04T12:00:00Z", "2026-05-04T13:00:00Z", 3_600));
        assert!(is_older("2026-05-04T12:00:00Z", "2026-05-04T13:00:00.001Z", 3_600));
        assert!(is_older("yesterday", "2026-05-04T13:00:00Z", 3_600));
    }
}
