//! Patches, as Pygments' `DiffLexer` cuts them: by the first characters of each line.

use super::Tokens;
use super::scan::{byte, digits};

/// Colours a patch.
pub(super) fn lex(text: &str, tokens: &mut Tokens) {
    let mut start = 0;
    for whole in text.split_inclusive('\n') {
        let line = whole.strip_suffix('\n').unwrap_or(whole);
        let end = start + line.len();
        if line.starts_with(' ') {
            tokens.upto(start + 1, "w");
            tokens.upto(end, "");
        } else {
            tokens.upto(end, class(line));
        }
        start += whole.len();
        tokens.upto(start, "w");
    }
}

fn class(line: &str) -> &'static str {
    match byte(line, 0) {
        b'!' => "gs",
        b'-' if line == "---" => "gs",
        b'-' => "gd",
        b'<' if line.starts_with("< ") => "gd",
        b'+' => "gi",
        b'>' if line.starts_with("> ") => "gi",
        b'@' => "gu",
        b'=' => "gh",
        b'I' | b'i' if line[1..].starts_with("ndex") => "gh",
        b'd' if line.starts_with("diff") => "gh",
        b'0'..=b'9' if is_range(line) => "gu",
        _ => "",
    }
}

/// `1(,2)?[acd]3(,4)?` with one digit before.
fn is_range(line: &str) -> bool {
    let pair = |at: usize| {
        if byte(line, at) != b',' {
            return at;
        }
        let second = digits(line, at + 1);
        if second > at + 1 { second } else { at }
    };
    let letter = pair(1);
    if !matches!(byte(line, letter), b'a' | b'c' | b'd') {
        return false;
    }
    let second = digits(line, letter + 1);
    second > letter + 1 && pair(second) == line.len()
}
