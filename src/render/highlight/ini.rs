//! Settings by key: INI and systemd files, and Java's properties, as Pygments cuts them.

use super::Tokens;
use super::scan::{at_line_start, blank, byte, line_end, next_char, run, space};

/// Colours an INI file (`IniLexer`).
pub(super) fn lex_ini(text: &str, tokens: &mut Tokens) {
    let mut at = 0;
    let mut line = 0;
    while at < text.len() {
        let end = space(text, at);
        if end > at {
            tokens.upto(end, "w");
            at = end;
            continue;
        }
        if at >= line {
            line = line_end(text, at);
        }
        if matches!(byte(text, at), b';' | b'#') {
            tokens.upto(line, "c1");
            at = line;
            continue;
        }
        at = header(text, at, line, tokens).unwrap_or_else(|| setting(text, at, line, tokens));
    }
}

/// `[section]` and nothing behind it.
fn header(text: &str, at: usize, line: usize, tokens: &mut Tokens) -> Option<usize> {
    if byte(text, at) != b'[' {
        return None;
    }
    let close = text[at..line].trim_end_matches([' ', '\t']);
    close.ends_with(']').then_some(())?;
    tokens.upto(at + close.len(), "k");
    tokens.upto(line, "w");
    Some(line)
}

/// `key = value`; a key alone is one too.
fn setting(text: &str, at: usize, line: usize, tokens: &mut Tokens) -> usize {
    // A sign whose value is quoted counts before the first sign of all.
    let signs = || text[at..line].char_indices().filter(|(_, ch)| matches!(ch, '=' | ':')).map(|(sign, _)| at + sign);
    let value = |sign: usize| blank(text, sign + 1);
    let quoted = signs().find(|sign| matches!(byte(text, value(*sign)), b'"' | b'\''));
    let Some(sign) = quoted.or_else(|| signs().next()) else {
        tokens.upto(line, "na");
        return line;
    };
    let name = text[at..sign].trim_end_matches([' ', '\t']).len();
    if quoted.is_some() {
        key(at + name, sign, value(sign), tokens);
        tokens.upto(value(sign) + 1, "s");
        return quoted_value(text, value(sign) + 1, tokens);
    }
    if let Some((sign, slash)) = continuation(text, signs()) {
        let name = text[at..sign].trim_end_matches([' ', '\t']).len();
        key(at + name, sign, value(sign), tokens);
        tokens.upto(slash, "s");
        tokens.upto(slash + 1, "");
        let end = space(text, slash + 1);
        tokens.upto(end, "w");
        return continued_value(text, end, tokens);
    }
    key(at + name, sign, value(sign), tokens);
    let stop = |ch: char| matches!(ch, ';' | '#' | '\n');
    let whole = run(text, value(sign), |ch| !stop(ch));
    let kept = value(sign) + text[value(sign)..whole].trim_end_matches(' ').len();
    tokens.upto(kept, "s");
    // Behind the value a comment, or spaces that begin a line of their own.
    kept
}

/// The first sign whose value continues on the next line, with the backslash that says so: the last
/// one before a comment that white space follows.
fn continuation(text: &str, signs: impl Iterator<Item = usize>) -> Option<(usize, usize)> {
    let mut searched = 0;
    for sign in signs {
        let value = blank(text, sign + 1);
        if value < searched {
            continue;
        }
        searched = run(text, value, |ch| !matches!(ch, ';' | '#' | '\n'));
        let slashes = text[value..searched].rmatch_indices('\\').map(|(slash, _)| value + slash);
        let mut fitting = slashes.filter(|slash| text[slash + 1..].starts_with(char::is_whitespace));
        if let Some(slash) = fitting.next() {
            return Some((sign, slash));
        }
    }
    None
}

fn key(name_end: usize, sign: usize, value: usize, tokens: &mut Tokens) {
    tokens.upto(name_end, "na");
    tokens.upto(sign, "w");
    tokens.upto(sign + 1, "o");
    tokens.upto(value, "w");
}

/// Behind an opening quote. Without a closing one on the line, what stands before a comment is an
/// error.
fn quoted_value(text: &str, at: usize, tokens: &mut Tokens) -> usize {
    let end = run(text, at, |ch| !matches!(ch, '"' | '\'' | '\n'));
    if matches!(byte(text, end), b'"' | b'\'') {
        tokens.upto(end + 1, "s");
        let blank = space(text, end + 1);
        tokens.upto(blank, "w");
        return blank;
    }
    let comment = run(text, at, |ch| !matches!(ch, ';' | '#' | '\n'));
    tokens.upto(comment, "err");
    tokens.upto(end, "c1");
    end
}

/// Lines behind a backslash, up to one that does not end in one.
fn continued_value(text: &str, at: usize, tokens: &mut Tokens) -> usize {
    let mut at = at;
    loop {
        let start = space(text, at);
        tokens.upto(start, "w");
        if start >= text.len() {
            return start;
        }
        let line = line_end(text, start);
        let Some(slash) = text[start..line].rfind('\\').map(|slash| start + slash) else {
            tokens.upto(line, "s");
            return line;
        };
        tokens.upto(slash, "s");
        tokens.upto(slash + 1, "");
        at = blank(text, slash + 1);
        tokens.upto(at, "w");
    }
}

/// Colours a properties file (`PropertiesLexer`).
pub(super) fn lex_properties(text: &str, tokens: &mut Tokens) {
    #[derive(PartialEq)]
    enum State {
        Root,
        Key,
        Value,
    }
    let inner_space = |at| run(text, at, |ch| ch.is_whitespace() && ch != '\n');
    let mut state = State::Root;
    let mut at = 0;
    while at < text.len() {
        let first = byte(text, at);
        if state == State::Root {
            if matches!(first, b'!' | b'#') || text[at..].starts_with("//") {
                at = line_end(text, at);
                tokens.upto(at, "c1");
            } else if first == b'\n' {
                at += 1;
                tokens.upto(at, "w");
            } else if at_line_start(text, at) && inner_space(at) > at {
                at = inner_space(at);
                tokens.upto(at, "w");
            } else {
                state = State::Key;
            }
            continue;
        }
        if first == b'\n' {
            at += 1;
            tokens.upto(at, "w");
            state = State::Root;
            continue;
        }
        if first == b'\\' {
            if byte(text, at + 1) == b'\n' {
                tokens.upto(at + 2, "se");
                at = inner_space(at + 2);
                tokens.upto(at, "w");
            } else if at + 1 < text.len() {
                at = next_char(text, at + 1);
                tokens.upto(at, "se");
            } else {
                at += 1;
                tokens.upto(at, "err");
            }
            continue;
        }
        if state == State::Value {
            at = run(text, at, |ch| !matches!(ch, '\\' | '\n'));
            tokens.upto(at, "s");
            continue;
        }
        let name = run(text, at, |ch| !ch.is_whitespace() && !matches!(ch, '\\' | ':' | '='));
        if name > at {
            at = name;
            tokens.upto(at, "na");
            continue;
        }
        let sign = inner_space(at);
        tokens.upto(sign, "w");
        at = sign;
        if matches!(byte(text, sign), b':' | b'=') {
            tokens.upto(sign + 1, "o");
            at = inner_space(sign + 1);
            tokens.upto(at, "w");
        }
        state = State::Value;
    }
}
