//! Nginx configuration, as Pygments' `NginxConfLexer` cuts it.

use super::Tokens;
use super::scan::{byte, char_at, digits, is_word, line_end, next_char, run, run_bytes, space};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Root,
    Block,
    Statement,
}

/// Colours an Nginx configuration.
pub(super) fn lex(text: &str, tokens: &mut Tokens) {
    let mut states = vec![State::Root];
    let mut at = 0;
    while at < text.len() {
        let state = states.last().copied().unwrap_or(State::Root);
        let word = run(text, at, |ch| !ch.is_whitespace() && !matches!(ch, ';' | '#'));
        let (end, class) = match (state, byte(text, at)) {
            (State::Root, _) if included(text, at).is_some() => {
                let (blank, end) = included(text, at).unwrap_or((at, at));
                tokens.upto(at + "include".len(), "k");
                tokens.upto(blank, "w");
                (end, "n")
            }
            (State::Block, b'}') => {
                states.truncate(states.len().saturating_sub(2).max(1));
                (at + 1, "p")
            }
            (State::Root | State::Block, _) if word > at => {
                states.push(State::Statement);
                (word, if state == State::Root { "k" } else { "kn" })
            }
            (State::Statement, b'{') => {
                states.push(State::Block);
                (at + 1, "p")
            }
            (State::Statement, b';') => {
                states.pop();
                (at + 1, "p")
            }
            _ => base(text, at, tokens),
        };
        tokens.upto(end, class);
        at = end;
    }
}

/// `include path`.
fn included(text: &str, at: usize) -> Option<(usize, usize)> {
    text[at..].strip_prefix("include")?;
    let blank = space(text, at + "include".len());
    let end = run(text, blank, |ch| !ch.is_whitespace() && ch != ';');
    (blank > at + "include".len() && end > blank).then_some((blank, end))
}

fn base(text: &str, at: usize, tokens: &mut Tokens) -> (usize, &'static str) {
    let first = byte(text, at);
    let rest = &text[at..];
    if first == b'#' {
        return ((line_end(text, at) + 1).min(text.len()), "c1");
    }
    if let Some(word) = ["on", "off"].into_iter().find(|word| rest.starts_with(word)) {
        return (at + word.len(), "no");
    }
    if first == b'$' {
        let end = run(text, at + 1, |ch| !ch.is_whitespace() && !matches!(ch, ';' | '#' | '(' | ')'));
        return if end > at + 1 { (end, "nv") } else { (end, "") };
    }
    let host = run_bytes(text, at, |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'));
    if host > at && byte(text, host) == b':' && byte(text, host + 1).is_ascii_digit() {
        tokens.upto(host, "n");
        tokens.upto(host + 1, "p");
        return (digits(text, host + 1), "mi");
    }
    let kind = run_bytes(text, at, |byte| matches!(byte, b'a'..=b'z' | b'-'));
    if kind > at && byte(text, kind) == b'/' {
        let end = run_bytes(text, kind + 1, |byte| matches!(byte, b'a'..=b'z' | b'-' | b'+'));
        if end > kind + 1 {
            return (end, "s");
        }
    }
    let number = digits(text, at);
    if number > at {
        let unit = number + usize::from(matches!(byte(text, number), b'k' | b'm'));
        if !char_at(text, unit).is_some_and(is_word) {
            return (unit, "mi");
        }
    }
    if first == b'~' {
        let start = space(text, at + 1);
        let end = run(text, start, |ch| !ch.is_whitespace() && ch != '{');
        if end > start {
            tokens.upto(at + 1, "p");
            tokens.upto(start, "w");
            return (end, "sr");
        }
    }
    if matches!(first, b':' | b'=' | b'~') {
        return (at + 1, "p");
    }
    let end = run(text, at, |ch| !ch.is_whitespace() && !matches!(ch, ';' | '#' | '{' | '}' | '$'));
    if end > at {
        return (end, "s");
    }
    let blank = space(text, at);
    match first {
        _ if blank > at => (blank, "w"),
        b';' => (at + 1, ""),
        _ => (next_char(text, at), "err"),
    }
}
