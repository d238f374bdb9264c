//! Go, as Pygments' `GoLexer` cuts it.

use super::Tokens;
use super::scan::{byte, char_at, digits, line_end, next_char, run_bytes, space, word, words};

words!(DECLARATIONS, "const func interface struct type var");
words!(KEYWORDS, "break case continue default defer else fallthrough for go goto if range return select switch");
words!(CONSTANTS, "false iota nil true");
words!(
    FUNCTIONS,
    "append cap clear close complex copy delete imag len make max min new panic print println real recover"
);
words!(
    TYPES,
    "any bool byte chan comparable complex128 complex64 error float32 float64 int int16 int32 int64 int8 map rune \
     string uint uint16 uint32 uint64 uint8 uintptr"
);
/// The longest come first.
const OPERATORS: &[&str] = &[
    "<<=", ">>=", "<<", ">>", "<=", ">=", "&^=", "&^", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "&&", "||",
    "<-", "++", "--", "==", "!=", ":=", "+", "-", "*", "/", "%", "&", "!", "=", "<", ">", "|", "^",
];

/// Colours Go.
pub(super) fn lex(text: &str, tokens: &mut Tokens) {
    let mut at = 0;
    // Openings that nothing closes, by kind: looked for once.
    let mut unclosed = [false; 3];
    while at < text.len() {
        let (end, class) = token(text, at, &mut unclosed);
        tokens.upto(end, class);
        at = end;
    }
}

fn token(text: &str, at: usize, unclosed: &mut [bool; 3]) -> (usize, &'static str) {
    let error = (next_char(text, at), "err");
    let Some(first) = char_at(text, at) else { return error };
    match first {
        ch if ch.is_whitespace() => (space(text, at), "w"),
        '\\' if byte(text, at + 1) == b'\n' => (at + 1, ""),
        '/' if byte(text, at + 1) == b'/' => (line_end(text, at), "c1"),
        '/' if byte(text, at + 1) == b'*' && !unclosed[0] => match text[at + 2..].find("*/") {
            Some(end) => (at + end + 4, "cm"),
            None => {
                unclosed[0] = true;
                (at + 1, "o")
            }
        },
        '0'..='9' => number(text, at),
        '.' if byte(text, at + 1).is_ascii_digit() => {
            let end = exponent(text, digits(text, at + 1), true);
            (end, "mf")
        }
        '\'' => match character(text, at) {
            Some(end) => (end, "sc"),
            None => error,
        },
        '`' if !unclosed[1] => match text[at + 1..].find('`') {
            Some(end) => (at + end + 2, "s"),
            None => {
                unclosed[1] = true;
                error
            }
        },
        '"' if !unclosed[2] => match string(text, at) {
            Some(end) => (end, "s"),
            None => {
                unclosed[2] = true;
                error
            }
        },
        '(' | ')' | '[' | ']' | '{' | '}' | ',' | ';' | '~' => (at + 1, "p"),
        '.' => (at + if text[at..].starts_with("...") { 3 } else { 1 }, "p"),
        ch if ch == '_' || ch.is_alphabetic() => name(text, at),
        _ => match OPERATORS.iter().find(|operator| text[at..].starts_with(**operator)) {
            Some(operator) => (at + operator.len(), "o"),
            None if first == ':' => (at + 1, "p"),
            None => error,
        },
    }
}

fn name(text: &str, at: usize) -> (usize, &'static str) {
    let end = word(text, at);
    let name = &text[at..end];
    let class = match name {
        "import" | "package" => "kn",
        _ if DECLARATIONS.has(name) => "kd",
        _ if KEYWORDS.has(name) => "k",
        _ if CONSTANTS.has(name) => "kc",
        _ if byte(text, end) == b'(' && FUNCTIONS.has(name) => "nb",
        _ if TYPES.has(name) => "kt",
        _ => "nx",
    };
    (end, class)
}

/// `[eE][+-]?\d+` at a position, or nothing; the sign may have to be there.
fn exponent(text: &str, at: usize, sign_is_optional: bool) -> usize {
    if !matches!(byte(text, at), b'e' | b'E') {
        return at;
    }
    let sign = usize::from(matches!(byte(text, at + 1), b'+' | b'-'));
    if sign == 0 && !sign_is_optional {
        return at;
    }
    let from = (at + 1 + sign).min(text.len());
    let end = digits(text, from);
    if end > from { end } else { at }
}

fn number(text: &str, at: usize) -> (usize, &'static str) {
    let whole = digits(text, at);
    if byte(text, whole) == b'i' {
        return (whole + 1, "m");
    }
    if byte(text, whole) == b'.' {
        let fraction = digits(text, whole + 1);
        for end in [exponent(text, fraction, false), fraction] {
            if byte(text, end) == b'i' {
                return (end + 1, "m");
            }
        }
        // Of a float, the exponent counts only where the fraction has a digit.
        let end = if fraction > whole + 1 { exponent(text, fraction, true) } else { fraction };
        return (end, "mf");
    }
    let signed = exponent(text, whole, false);
    if signed > whole && byte(text, signed) == b'i' {
        return (signed + 1, "m");
    }
    let end = exponent(text, whole, true);
    if end > whole {
        return (end, "mf");
    }
    if byte(text, at) == b'0' {
        let mark = byte(text, at + 1);
        let grouped = |from: usize, fits: fn(u8) -> bool| grouped_digits(text, from, fits);
        if matches!(mark, b'b' | b'B') {
            let end = grouped(at + 2, |byte| matches!(byte, b'0' | b'1'));
            if end > at + 2 {
                return (end, "mb");
            }
        }
        let octal = at + if matches!(mark, b'o' | b'O') { 2 } else { 1 };
        let end = grouped(octal, |byte| matches!(byte, b'0'..=b'7'));
        if end > octal {
            return (end, "mo");
        }
        if matches!(mark, b'x' | b'X') {
            let end = grouped(at + 2, |byte| byte.is_ascii_hexdigit());
            if end > at + 2 {
                return (end, "mh");
            }
        }
        return (at + 1, "mi");
    }
    (grouped_digits(text, at, |byte| byte.is_ascii_digit()), "mi")
}

/// `(_?[digits])+`.
fn grouped_digits(text: &str, from: usize, fits: fn(u8) -> bool) -> usize {
    let mut end = from;
    loop {
        let digit = end + usize::from(byte(text, end) == b'_');
        if digit >= text.len() || !fits(byte(text, digit)) {
            return end;
        }
        end = run_bytes(text, digit, fits);
    }
}

/// A character in quotes.
fn character(text: &str, at: usize) -> Option<usize> {
    let inside = char_at(text, at + 1)?;
    let end = if inside == '\\' {
        let hex = |n: usize| {
            let end = run_bytes(text, at + 3, |byte| byte.is_ascii_hexdigit());
            (end >= at + 3 + n).then_some(at + 3 + n)
        };
        match byte(text, at + 2) {
            b'\'' | b'"' | b'\\' | b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' => at + 3,
            b'x' => hex(2)?,
            b'u' => hex(4)?,
            b'U' => hex(8)?,
            b'0'..=b'7' => run_bytes(text, at + 2, |byte| matches!(byte, b'0'..=b'7')).min(at + 5),
            _ => return None,
        }
    } else {
        at + 1 + inside.len_utf8()
    };
    (byte(text, end) == b'\'').then_some(end + 1)
}

fn string(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut end = at + 1;
    while end < bytes.len() {
        match bytes[end] {
            b'"' => return Some(end + 1),
            b'\\' => end += 2,
            _ => end += 1,
        }
    }
    None
}
