//! What a scalar means: YAML 1.1 as PyYAML's resolver and constructor read it.

use super::{Kind, Style};

const CORE: &str = "tag:yaml.org,2002:";

/// Resolves a plain scalar without a tag.
pub(super) fn resolve_plain(text: &str) -> Kind {
    let Some(first) = text.bytes().next() else {
        return Kind::Null;
    };
    match first {
        b'~' if text == "~" => Kind::Null,
        b'n' | b'N' if matches!(text, "null" | "Null" | "NULL") => Kind::Null,
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' => match bool_of(text) {
            Some(value) => Kind::Bool(value),
            None => string(text),
        },
        b'-' | b'+' | b'.' | b'0'..=b'9' => number_of(text).unwrap_or_else(|| string(text)),
        _ => string(text),
    }
}

/// Resolves a scalar that carries a tag: one of YAML's own kinds where the tag says so and the text
/// fits it, the raw text otherwise.
pub(super) fn resolve_tagged(tag: &str, text: &str, style: Style) -> Kind {
    let raw = || Kind::String(text.to_owned(), style);
    match tag.strip_prefix(CORE) {
        Some("null") => Kind::Null,
        Some("bool") => bool_of(text).map_or_else(raw, Kind::Bool),
        Some("int") => integer_of(text).map_or_else(raw, Kind::Int),
        Some("float") => match number_of(text) {
            Some(Kind::Int(number)) => Kind::Float(number as f64),
            Some(Kind::Float(number)) => Kind::Float(number),
            _ => raw(),
        },
        _ => raw(),
    }
}

/// Tells whether a tag is one that [`resolve_tagged`] uses up.
pub(super) fn is_core(tag: &str) -> bool {
    tag == "!"
        || tag
            .strip_prefix(CORE)
            .is_some_and(|name| matches!(name, "null" | "bool" | "int" | "float" | "str" | "seq" | "map"))
}

fn string(text: &str) -> Kind {
    Kind::String(text.to_owned(), Style::Plain)
}

fn bool_of(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// An integer or a float. One that is an integer by its form but fits no 64 bits stays text.
fn number_of(text: &str) -> Option<Kind> {
    if is_integer(text) { integer_of(text).map(Kind::Int) } else { float_of(text).map(Kind::Float) }
}

fn split_sign(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

fn all(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    text.bytes().all(|byte| byte == b'_' || allowed(byte))
}

/// PyYAML's pattern for integers: `0b…`, `0…` (octal), decimal, `0x…`, base 60; `_` anywhere but first.
fn is_integer(text: &str) -> bool {
    let (_, digits) = split_sign(text);
    if let Some(bits) = digits.strip_prefix("0b") {
        return !bits.is_empty() && all(bits, |byte| matches!(byte, b'0' | b'1'));
    }
    if let Some(hex) = digits.strip_prefix("0x") {
        return !hex.is_empty() && all(hex, |byte| byte.is_ascii_hexdigit());
    }
    if let Some(octal) = digits.strip_prefix('0') {
        return all(octal, |byte| matches!(byte, b'0'..=b'7'));
    }
    if !digits.starts_with(|ch: char| ch.is_ascii_digit()) {
        return false;
    }
    let mut parts = digits.split(':');
    parts.next().is_some_and(|first| all(first, |byte| byte.is_ascii_digit())) && parts.all(is_sixtieth)
}

/// `[0-5]?[0-9]`.
fn is_sixtieth(part: &str) -> bool {
    match part.as_bytes() {
        [one] => one.is_ascii_digit(),
        [ten, one] => (b'0'..=b'5').contains(ten) && one.is_ascii_digit(),
        _ => false,
    }
}

fn integer_of(text: &str) -> Option<i64> {
    if !is_integer(text) {
        return None;
    }
    let clean = text.replace('_', "");
    let (negative, digits) = split_sign(&clean);
    let magnitude = if digits == "0" {
        0
    } else if let Some(bits) = digits.strip_prefix("0b") {
        i128::from_str_radix(bits, 2).ok()?
    } else if let Some(hex) = digits.strip_prefix("0x") {
        i128::from_str_radix(hex, 16).ok()?
    } else if let Some(octal) = digits.strip_prefix('0') {
        i128::from_str_radix(octal, 8).ok()?
    } else {
        digits.split(':').try_fold(0i128, |sum, part| {
            let part: i128 = part.parse().ok()?;
            sum.checked_mul(60)?.checked_add(part)
        })?
    };
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

/// PyYAML's pattern for floats: a point is needed, an exponent needs its sign.
fn float_of(text: &str) -> Option<f64> {
    match text {
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
        _ => {}
    }
    let (negative, digits) = split_sign(text);
    let sign = if negative { -1.0 } else { 1.0 };
    if matches!(digits, ".inf" | ".Inf" | ".INF") {
        return Some(sign * f64::INFINITY);
    }
    let (mantissa, exponent) = match digits.find(['e', 'E']) {
        Some(at) => (&digits[..at], Some(&digits[at + 1..])),
        None => (digits, None),
    };
    if let Some(exponent) = exponent {
        let power = exponent.strip_prefix(['+', '-'])?;
        if power.is_empty() || !power.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
    }
    let (whole, fraction) = mantissa.split_once('.')?;
    if !all(fraction, |byte| byte.is_ascii_digit()) {
        return None;
    }
    if whole.is_empty() {
        // `.5` takes no sign and needs a digit first: `.` and `._5` are text.
        let bare = digits.len() == text.len() && fraction.starts_with(|ch: char| ch.is_ascii_digit());
        return bare.then(|| digits.replace('_', "").parse().ok()).flatten();
    }
    if !whole.starts_with(|ch: char| ch.is_ascii_digit()) {
        return None;
    }
    let Some((first, sixtieths)) = whole.split_once(':') else {
        return all(whole, |byte| byte.is_ascii_digit())
            .then(|| digits.replace('_', "").parse::<f64>().ok().map(|number| sign * number))
            .flatten();
    };
    if exponent.is_some() || !all(first, |byte| byte.is_ascii_digit()) || !sixtieths.split(':').all(is_sixtieth) {
        return None;
    }
    let last_at = mantissa.rfind(':')?;
    let last: f64 = mantissa[last_at + 1..].replace('_', "").parse().ok()?;
    let before: f64 = mantissa[..last_at].split(':').try_fold(0.0, |sum, part| {
        let part: f64 = part.replace('_', "").parse().ok()?;
        Some(sum * 60.0 + part)
    })?;
    Some(sign * (before * 60.0 + last))
}
