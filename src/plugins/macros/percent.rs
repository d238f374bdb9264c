//! Python's `%` formatting, as the filter `format` uses it.

use super::value::Value;

/// The longest field that a template may ask for.
const MAX_WIDTH: usize = 10_000;

/// Fills in the conversions of a text in order: `%s`, `%r`, `%d`, `%i`, `%f`, `%x`, `%X` and `%%`, with
/// flags, width and precision.
///
/// # Errors
/// Says which conversion has no value, or cannot be carried out.
pub(super) fn format(text: &str, values: &[Value]) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut values = values.iter();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let flags = &rest[..rest.len() - rest.trim_start_matches(['-', '+', ' ', '0', '#']).len()];
        rest = &rest[flags.len()..];
        let width = digits(&mut rest).unwrap_or(0);
        let precision = rest.strip_prefix('.').map(|after| {
            rest = after;
            digits(&mut rest).unwrap_or(0)
        });
        let Some(kind) = rest.chars().next() else { return Err("`format` ends in the middle of a `%`".to_owned()) };
        rest = &rest[kind.len_utf8()..];
        if kind == '%' {
            out.push('%');
            continue;
        }
        let value = values.next().ok_or_else(|| format!("`format` has no value for `%{kind}`"))?;
        let body = conversion(kind, value, precision.map(|precision| precision.min(MAX_WIDTH)))
            .ok_or_else(|| format!("`format` cannot write `%{kind}` of this value"))?;
        pad(&mut out, &body, flags, width.min(MAX_WIDTH), kind);
    }
    if values.next().is_some() {
        return Err("`format` has more values than places".to_owned());
    }
    Ok(out + rest)
}

fn digits(rest: &mut &str) -> Option<usize> {
    let after = rest.trim_start_matches(|ch: char| ch.is_ascii_digit());
    let number = rest[..rest.len() - after.len()].parse().ok();
    *rest = after;
    number
}

fn conversion(kind: char, value: &Value, precision: Option<usize>) -> Option<String> {
    Some(match kind {
        's' => {
            let text = value.show();
            precision.map_or_else(|| text.clone(), |length| text.chars().take(length).collect())
        }
        'd' | 'i' => match value {
            Value::Float(number) => format!("{:.0}", number.trunc()),
            value => value.int()?.to_string(),
        },
        'f' => format!("{:.*}", precision.unwrap_or(6), value.number()?),
        'x' => signed(value.int()?, |number| format!("{number:x}")),
        'X' => signed(value.int()?, |number| format!("{number:X}")),
        _ => return None,
    })
}

fn signed(number: i64, write: impl Fn(u64) -> String) -> String {
    let text = write(number.unsigned_abs());
    if number < 0 { format!("-{text}") } else { text }
}

fn pad(out: &mut String, body: &str, flags: &str, width: usize, kind: char) {
    let is_number = kind != 's';
    let sign = match (is_number, body.starts_with('-')) {
        (true, false) if flags.contains('+') => "+",
        (true, false) if flags.contains(' ') => " ",
        _ => "",
    };
    let missing = width.saturating_sub(body.chars().count() + sign.len());
    if flags.contains('-') {
        out.push_str(sign);
        out.push_str(body);
        out.extend(std::iter::repeat_n(' ', missing));
    } else if is_number && flags.contains('0') {
        let (minus, number) = body.strip_prefix('-').map_or(("", body), |number| ("-", number));
        out.push_str(sign);
        out.push_str(minus);
        out.extend(std::iter::repeat_n('0', missing));
        out.push_str(number);
    } else {
        out.extend(std::iter::repeat_n(' ', missing));
        out.push_str(sign);
        out.push_str(body);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each line is what Python's `%` gives.
    #[test]
    fn fields_are_those_of_python() {
        let cases: [(&str, Value, &str); 10] = [
            ("%05d|", Value::Int(42), "00042|"),
            ("%-5d|", Value::Int(42), "42   |"),
            ("%+d", Value::Int(42), "+42"),
            ("%05d", Value::Int(-42), "-0042"),
            ("%.2f%%", Value::Float(12.345), "12.35%"),
            ("%f", Value::Int(1), "1.000000"),
            ("%10s|", Value::text("ab"), "        ab|"),
            ("%.1s", Value::text("ab"), "a"),
            ("%x %%d", Value::Int(255), "ff %d"),
            ("%d", Value::Float(3.9), "3"),
        ];
        for (text, value, expected) in cases {
            assert_eq!(format(text, &[value]).as_deref(), Ok(expected), "{text}");
        }
        for wrong in ["%s %s", "%", "%5", "%q", "x"] {
            assert!(format(wrong, &[Value::Int(1)]).is_err(), "{wrong}");
        }
        assert!(format("%999999999999d", &[Value::Int(1)]).is_ok_and(|text| text.len() <= MAX_WIDTH));
    }
}
