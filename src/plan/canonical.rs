//! JSON with one spelling: RFC 8785 (JSON Canonicalization Scheme) for digests, and a readable form
//! with the same order of keys for files.
//!
//! Knows JSON values; does not know plans.

use crate::text::Digest;
use serde_json::Value;

/// Returns the canonical text of a value as RFC 8785 has it: no spaces, keys sorted by their UTF-16
/// code units, strings escaped as little as JSON allows, numbers as ECMAScript prints them.
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write_value(value, &mut out, None);
    out
}

/// Returns `sha256:` and the digest of the canonical text.
pub fn canonical_digest(value: &Value) -> String {
    format!("sha256:{}", Digest::of(canonical(value).as_bytes()))
}

/// Returns the value indented by two spaces with the keys in canonical order and a last newline.
pub fn pretty(value: &Value) -> String {
    let mut out = String::new();
    write_value(value, &mut out, Some(0));
    out.push('\n');
    out
}

fn write_value(value: &Value, out: &mut String, depth: Option<usize>) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => write_number(number, out),
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                separate(out, at > 0, depth);
                write_value(item, out, depth.map(|depth| depth + 1));
            }
            close(out, ']', !items.is_empty(), depth);
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (at, (key, item)) in entries.into_iter().enumerate() {
                separate(out, at > 0, depth);
                write_string(key, out);
                out.push_str(if depth.is_some() { ": " } else { ":" });
                write_value(item, out, depth.map(|depth| depth + 1));
            }
            close(out, '}', !map.is_empty(), depth);
        }
    }
}

fn separate(out: &mut String, comma: bool, depth: Option<usize>) {
    if comma {
        out.push(',');
    }
    if let Some(depth) = depth {
        new_line(out, depth + 1);
    }
}

fn close(out: &mut String, bracket: char, filled: bool, depth: Option<usize>) {
    if let (true, Some(depth)) = (filled, depth) {
        new_line(out, depth);
    }
    out.push(bracket);
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    (0..depth).for_each(|_| out.push_str("  "));
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for ch in text.chars() {
        match ch {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            ch if (ch as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", ch as u32)),
            ch => out.push(ch),
        }
    }
    out.push('"');
}

fn write_number(number: &serde_json::Number, out: &mut String) {
    // RFC 8785, 3.2.2.3: integers that a double holds exactly print as they are.
    const LIMIT: u64 = 1 << 53;
    if let Some(whole) = number.as_i64()
        && whole.unsigned_abs() <= LIMIT
    {
        out.push_str(&whole.to_string());
        return;
    }
    out.push_str(&ecmascript(number.as_f64().unwrap_or(0.0)));
}

/// ECMA-262, `Number::toString`, radix 10.
fn ecmascript(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{:e}", number.abs());
    let (mantissa, exponent) = scientific.split_once('e').expect("`{:e}` always writes an exponent");
    let exponent: i32 = exponent.parse().expect("`{:e}` writes a whole exponent");
    let digits: String = mantissa.chars().filter(|ch| *ch != '.').collect();
    let n_digits = digits.len() as i32;
    let point = exponent + 1;
    let body = if n_digits <= point && point <= 21 {
        format!("{digits}{}", "0".repeat((point - n_digits) as usize))
    } else if 0 < point && point <= 21 {
        format!("{}.{}", &digits[..point as usize], &digits[point as usize..])
    } else if -6 < point && point <= 0 {
        format!("0.{}{digits}", "0".repeat(-point as usize))
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        let rest = if n_digits > 1 { format!(".{}", &digits[1..]) } else { String::new() };
        format!("{}{rest}e{sign}{}", &digits[..1], exponent.abs())
    };
    if number < 0.0 { format!("-{body}") } else { body }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_examples_of_rfc_8785_come_out_as_printed() {
        let value: Value = serde_json::from_str(
            r#"{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
                "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"#,
        )
        .expect("the example is JSON");
        assert_eq!(
            canonical(&value),
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\
             \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"
        );
        let keys = json!({"\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7});
        assert_eq!(
            canonical(&keys),
            "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}"
        );
    }

    #[test]
    fn the_journal_vector_of_the_format_holds() {
        let record = json!({
            "ts": "2026-05-04T12:00:00Z", "by": "ana", "run": "r1", "seq": 0, "type": "run.started",
            "plan": format!("sha256:{}", "a".repeat(64)), "prev": "0".repeat(64),
        });
        assert_eq!(
            canonical_digest(&record),
            "sha256:63a2b70b82cc9a406ca374b993466c2871e3edc00b7cb961c14f86835c628191"
        );
    }

    #[test]
    fn the_readable_form_has_the_same_order() {
        assert_eq!(
            pretty(&json!({"b": [], "a": [1, {"c": null}]})),
            "{\n  \"a\": [\n    1,\n    {\n      \"c\": null\n    }\n  ],\n  \"b\": []\n}\n"
        );
    }
}
