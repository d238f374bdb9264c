//! Python's `datetime` as far as templates use it.

use jiff::civil::{Date, DateTime};
use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};
use std::fmt;
use std::sync::Arc;

/// A moment in UTC, or a day.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Moment {
    time: DateTime,
    is_day: bool,
    is_utc: bool,
}

impl Moment {
    /// The moment so many seconds after 1970.
    pub(in super::super) fn from_seconds(seconds: i64) -> Moment {
        let time = jiff::Timestamp::from_second(seconds).unwrap_or_default();
        Moment { time: time.to_zoned(jiff::tz::TimeZone::UTC).datetime(), is_day: false, is_utc: true }
    }

    fn iso(self, between: char) -> String {
        let day = self.time.date();
        if self.is_day {
            return day.to_string();
        }
        let time = self.time.strftime("%H:%M:%S");
        format!("{day}{between}{time}{}", if self.is_utc { "+00:00" } else { "" })
    }

    /// Python's `repr`.
    pub(super) fn repr(&self) -> String {
        let time = self.time;
        if self.is_day {
            return format!("datetime.date({}, {}, {})", time.year(), time.month(), time.day());
        }
        let mut parts =
            format!("{}, {}, {}, {}, {}", time.year(), time.month(), time.day(), time.hour(), time.minute());
        if time.second() != 0 {
            parts.push_str(&format!(", {}", time.second()));
        }
        let zone = if self.is_utc { ", tzinfo=datetime.timezone.utc" } else { "" };
        format!("datetime.datetime({parts}{zone})")
    }

    fn strftime(self, format: &str) -> Result<String, Error> {
        // Python's `%-d` and `%e` are those of C.
        let zone = if self.is_utc { ("+0000", "UTC") } else { ("", "") };
        let format = format.replace("%z", zone.0).replace("%Z", zone.1);
        let mut out = String::new();
        let written = fmt::Write::write_fmt(&mut out, format_args!("{}", self.time.strftime(&format)));
        written.map_err(|_| Error::new(ErrorKind::InvalidOperation, format!("`{format}` is no format of a time")))?;
        Ok(out)
    }
}

/// Reads what PyYAML takes for a day or a moment.
pub(in super::super) fn date_of(text: &str) -> Option<Moment> {
    if !text.starts_with(|ch: char| ch.is_ascii_digit()) || text.len() < 10 {
        return None;
    }
    if text.len() == 10 {
        let day: Date = text.parse().ok()?;
        return Some(Moment { time: day.to_datetime(jiff::civil::Time::midnight()), is_day: true, is_utc: false });
    }
    let is_utc = text.ends_with(['Z', 'z']) || text.ends_with("+00:00");
    let bare = text.trim_end_matches(['Z', 'z']).trim_end_matches("+00:00").trim_end().replacen(' ', "T", 1);
    let time: DateTime = bare.parse().ok()?;
    Some(Moment { time, is_day: false, is_utc })
}

impl Object for Moment {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let time = self.time;
        Some(match key.as_str()? {
            "year" => Value::from(time.year()),
            "month" => Value::from(time.month()),
            "day" => Value::from(time.day()),
            "hour" => Value::from(time.hour()),
            "minute" => Value::from(time.minute()),
            "second" => Value::from(time.second()),
            "microsecond" => Value::from(0),
            _ => return None,
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, name: &str, args: &[Value]) -> Result<Value, Error> {
        let day = self.time.date();
        Ok(match name {
            "strftime" => {
                let format = args.first().and_then(Value::as_str).unwrap_or_default();
                Value::from(self.strftime(format)?)
            }
            "isoformat" => {
                Value::from(self.iso(args.first().and_then(|sep| sep.as_str()?.chars().next()).unwrap_or('T')))
            }
            "date" => Value::from_object(Moment { is_day: true, ..**self }),
            "timestamp" => {
                let zoned = self.time.to_zoned(jiff::tz::TimeZone::UTC);
                Value::from(zoned.map_or(0, |time| time.timestamp().as_second()) as f64)
            }
            "weekday" => Value::from(day.weekday().to_monday_zero_offset()),
            "isoweekday" => Value::from(day.weekday().to_monday_one_offset()),
            _ => return Err(Error::from(ErrorKind::UnknownMethod)),
        })
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso(' '))
    }
}
