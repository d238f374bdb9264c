//! When a change may begin: hours and days of an environment, in its time zone.
//!
//! Knows no clock: it is asked about a time. The time zones are those of the binary, so that every
//! machine gives the same answer.

use super::model::{Changes, Day, Window};
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp, Zoned};
use std::sync::LazyLock;

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// How many days ahead the next time is looked for.
const AHEAD: i64 = 400;

/// Why a change may not begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Why, as a sentence without a full stop.
    pub why: String,
    /// From when it may, in UTC; `None` where that is more than a year away.
    pub until: Option<String>,
}

/// Returns a time zone by its name.
pub(super) fn zone(name: &str) -> Option<TimeZone> {
    if name == "UTC" { Some(TimeZone::UTC) } else { ZONES.get(name).ok() }
}

/// Returns a time that says how far it is from UTC, such as `2026-12-01T22:00+01:00`, as one in UTC.
pub(super) fn in_utc(text: &str) -> Option<String> {
    text.trim().parse().ok().map(written)
}

fn written(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Says why no change may begin in an environment at a time such as `2026-05-04T12:00:00.123Z`; `None`
/// where it may. What cannot be read is closed.
pub fn closed(environment: &str, changes: &Changes, at: &str) -> Option<Closed> {
    let Some((now, zone)) = at.parse::<Timestamp>().ok().zip(zone(&changes.zone)) else {
        let why = format!("the time `{at}` or the zone `{}` of `{environment}` cannot be read", changes.zone);
        return Some(Closed { why, until: None });
    };
    let here = now.to_zoned(zone.clone());
    let frozen = changes.freezes.iter().find(|freeze| freeze.has(here.date()));
    let why = match frozen {
        Some(freeze) => {
            let reason = freeze.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            format!("`{environment}` is frozen from {} to {}{reason}", freeze.from, freeze.to)
        }
        None if is_open(changes, &here) => return None,
        None => {
            let windows: Vec<String> = changes.windows.iter().map(Window::to_string).collect();
            format!("changes in `{environment}` begin only {} ({})", windows.join(", or "), changes.zone)
        }
    };
    Some(Closed { why, until: next_opening(changes, &here, &zone).map(written) })
}

impl super::model::Freeze {
    fn has(&self, day: Date) -> bool {
        let day = day.to_string();
        self.from <= day && day <= self.to
    }
}

impl std::fmt::Display for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let days: Vec<&str> = self.days.iter().map(|day| day.word()).collect();
        let days = if days.is_empty() { "daily".to_owned() } else { days.join(", ") };
        write!(f, "{days} {} to {}", self.from, self.to)
    }
}

impl Day {
    fn word(self) -> &'static str {
        ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][self as usize]
    }

    fn of(weekday: Weekday) -> usize {
        usize::try_from(weekday.to_monday_zero_offset()).unwrap_or_default()
    }
}

fn clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// Tells whether a window or none at all is open, and no freeze.
fn is_open(changes: &Changes, here: &Zoned) -> bool {
    let opens = |window: &Window, day: Date| {
        window.days.is_empty() || window.days.iter().any(|on| *on as usize == Day::of(day.weekday()))
    };
    let in_window = |window: &Window| {
        let Some((from, to)) = clock(&window.from).zip(clock(&window.to)) else { return false };
        let (day, time) = (here.date(), here.time());
        if from < to {
            return opens(window, day) && from <= time && time < to;
        }
        // It closes on the day after the one that it is named for.
        let before = day.yesterday().is_ok_and(|before| opens(window, before));
        opens(window, day) && from <= time || before && time < to
    };
    let frozen = changes.freezes.iter().any(|freeze| freeze.has(here.date()));
    !frozen && (changes.windows.is_empty() || changes.windows.iter().any(in_window))
}

/// The first time after another one at which changes may begin: a window opens, or a day on which a
/// window is open already.
fn next_opening(changes: &Changes, here: &Zoned, zone: &TimeZone) -> Option<Timestamp> {
    for ahead in 0..AHEAD {
        let day = here.date().checked_add(Span::new().days(ahead)).ok()?;
        let mut times: Vec<Time> = changes.windows.iter().filter_map(|window| clock(&window.from)).collect();
        times.push(Time::midnight());
        times.sort();
        for time in times {
            let then = day.to_datetime(time).to_zoned(zone.clone()).ok()?;
            if then > *here && is_open(changes, &then) {
                return Some(then.timestamp());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::model::Freeze;
    use super::*;

    fn changes(windows: &[(&[Day], &str, &str)], freezes: &[(&str, &str)]) -> Changes {
        let window = |(days, from, to): &(&[Day], &str, &str)| Window {
            days: days.to_vec(),
            from: (*from).into(),
            to: (*to).into(),
        };
        let freeze =
            |(from, to): &(&str, &str)| Freeze { from: (*from).into(), to: (*to).into(), reason: Some("sale".into()) };
        Changes {
            zone: "Europe/Zurich".into(),
            windows: windows.iter().map(window).collect(),
            freezes: freezes.iter().map(freeze).collect(),
        }
    }

    fn until(changes: &Changes, at: &str) -> String {
        closed("prod", changes, at).map_or("open".into(), |closed| closed.until.unwrap_or("never".into()))
    }

    #[test]
    fn hours_are_those_of_the_zone() {
        let office = changes(&[(&[Day::Mon, Day::Tue], "09:00", "16:00")], &[]);
        // 2026-11-30 is a Monday; Zurich is an hour ahead in winter, two in summer.
        assert_eq!(until(&office, "2026-11-30T07:59:59.999Z"), "2026-11-30T08:00:00Z");
        assert_eq!(until(&office, "2026-11-30T08:00:00Z"), "open");
        assert_eq!(until(&office, "2026-11-30T15:00:00Z"), "2026-12-01T08:00:00Z");
        assert_eq!(until(&office, "2026-12-01T15:00:00Z"), "2026-12-07T08:00:00Z");
        assert_eq!(until(&office, "2026-07-06T07:00:00Z"), "open");
        let said = closed("prod", &office, "2026-12-01T15:00:00Z").expect("it is closed").why;
        assert_eq!(said, "changes in `prod` begin only mon, tue 09:00 to 16:00 (Europe/Zurich)");
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        let night = changes(&[(&[Day::Fri], "22:00", "04:00")], &[]);
        assert_eq!(until(&night, "2026-12-04T20:59:00Z"), "2026-12-04T21:00:00Z");
        assert_eq!(until(&night, "2026-12-04T21:00:00Z"), "open");
        assert_eq!(until(&night, "2026-12-05T02:59:00Z"), "open");
        assert_eq!(until(&night, "2026-12-05T03:00:00Z"), "2026-12-11T21:00:00Z");
        // Another day's night is closed, its early hours too.
        assert_eq!(until(&night, "2026-12-04T01:00:00Z"), "2026-12-04T21:00:00Z");
    }

    #[test]
    fn a_freeze_counts_its_last_day() {
        let frozen = changes(&[], &[("2026-12-20", "2027-01-05")]);
        assert_eq!(until(&frozen, "2026-12-19T22:59:59Z"), "open");
        assert_eq!(until(&frozen, "2026-12-19T23:00:00Z"), "2027-01-05T23:00:00Z");
        assert_eq!(until(&frozen, "2027-01-05T23:00:00Z"), "open");
        let said = closed("prod", &frozen, "2026-12-24T12:00:00Z").expect("it is closed").why;
        assert_eq!(said, "`prod` is frozen from 2026-12-20 to 2027-01-05 (sale)");
        // A window that is open over the end of a freeze opens with the day.
        let both = changes(&[(&[], "22:00", "04:00")], &[("2026-12-20", "2026-12-20")]);
        assert_eq!(until(&both, "2026-12-20T12:00:00Z"), "2026-12-20T23:00:00Z");
        assert_eq!(until(&changes(&[], &[("2000-01-01", "2999-01-01")]), "2026-12-20T12:00:00Z"), "never");
    }

    #[test]
    fn what_cannot_be_read_is_closed() {
        let nowhere = Changes { zone: "Europe/Zürich".into(), ..changes(&[], &[]) };
        assert!(closed("prod", &nowhere, "2026-12-20T12:00:00Z").is_some());
        assert!(closed("prod", &changes(&[], &[]), "soon").is_some());
        assert_eq!(in_utc("2026-12-01T22:00+01:00").as_deref(), Some("2026-12-01T21:00:00Z"));
        assert_eq!(["2026-12-01T22:00", "soon", "2026-12-01"].map(in_utc), [None, None, None]);
    }
}
