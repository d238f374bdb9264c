//! JSON with comments, as Pygments' `JsonLexer` cuts it: a string before a colon is a key.

use super::Tokens;
use super::scan::{byte, line_end, next_char, run_bytes};

/// Colours JSON.
pub(super) fn lex(text: &str, tokens: &mut Tokens) {
    // Strings, and white space and comments behind them, wait for a colon.
    let mut waiting: Vec<(usize, &'static str)> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        match byte(text, at) {
            b'"' => match string_end(text, at) {
                Some(end) => {
                    waiting.push((end, "s2"));
                    at = end;
                }
                None => {
                    flush(&mut waiting, tokens, "s2");
                    at = text.len();
                    tokens.upto(at, "err");
                }
            },
            b' ' | b'\n' | b'\r' | b'\t' => {
                at = run_bytes(text, at, |byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t'));
                waiting.push((at, "w"));
            }
            b'/' => match byte(text, at + 1) {
                b'/' => {
                    at = line_end(text, at);
                    waiting.push((at, "c1"));
                }
                b'*' => match text[at + 2..].find("*/") {
                    Some(end) => {
                        at += end + 4;
                        waiting.push((at, "cm"));
                    }
                    None => {
                        flush(&mut waiting, tokens, "s2");
                        at = text.len();
                        tokens.upto(at, "err");
                    }
                },
                _ => {
                    flush(&mut waiting, tokens, "s2");
                    at += 1;
                    tokens.upto(at, "err");
                }
            },
            b'f' | b'n' | b't' => {
                flush(&mut waiting, tokens, "s2");
                at = run_bytes(text, at, |byte| b"truefalsn".contains(&byte));
                tokens.upto(at, "kc");
            }
            b'-' | b'0'..=b'9' => {
                flush(&mut waiting, tokens, "s2");
                let end = run_bytes(text, at, |byte| matches!(byte, b'-' | b'0'..=b'9' | b'.' | b'e' | b'E' | b'+'));
                let float = text[at..end].bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E' | b'+'));
                at = end;
                tokens.upto(at, if float { "mf" } else { "mi" });
            }
            b':' => {
                flush(&mut waiting, tokens, "nt");
                at += 1;
                tokens.upto(at, "p");
            }
            b'{' | b'}' | b'[' | b']' | b',' => {
                flush(&mut waiting, tokens, "s2");
                at += 1;
                tokens.upto(at, "p");
            }
            _ => {
                flush(&mut waiting, tokens, "s2");
                at = next_char(text, at);
                tokens.upto(at, "err");
            }
        }
    }
    flush(&mut waiting, tokens, "s2");
}

/// Hands on what waited; strings get a class.
fn flush(waiting: &mut Vec<(usize, &'static str)>, tokens: &mut Tokens, string: &'static str) {
    for (end, class) in waiting.drain(..) {
        tokens.upto(end, if class == "s2" { string } else { class });
    }
}

fn string_end(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut end = at + 1;
    while end < bytes.len() {
        match bytes[end] {
            b'"' => return Some(end + 1),
            b'\\' if byte(text, end + 1) == b'u' => {
                // Up to four digits belong to the escape; another character ends it, and is taken.
                let digits = run_bytes(text, end + 2, |byte| byte.is_ascii_hexdigit()).min(end + 6);
                end = if digits == end + 6 { digits } else { digits + 1 };
            }
            b'\\' => end += 2,
            _ => end += 1,
        }
    }
    None
}
