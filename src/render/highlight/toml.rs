//! TOML, as Pygments' `TOMLLexer` cuts it.

use super::Tokens;
use super::scan::{blank, byte, digits, line_end, next_char, run, run_bytes, space};

/// Colours TOML.
pub(super) fn lex(text: &str, tokens: &mut Tokens) {
    let mut lexer = Toml { text, tokens, at: 0, states: vec![State::Root] };
    while lexer.at < text.len() {
        if lexer.step() {
            continue;
        }
        // What no rule takes is an error, and a line end begins anew.
        if byte(text, lexer.at) == b'\n' {
            lexer.states.truncate(1);
            lexer.take(lexer.at + 1, "w");
        } else {
            let end = next_char(text, lexer.at);
            lexer.take(end, "err");
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Root,
    TableKey,
    Value,
    Array,
    InlineTable,
    Basic,
    Literal,
    LongBasic,
    LongLiteral,
}

struct Toml<'a, 't> {
    text: &'a str,
    tokens: &'t mut Tokens,
    at: usize,
    states: Vec<State>,
}

impl Toml<'_, '_> {
    fn take(&mut self, end: usize, class: &'static str) -> bool {
        let any = end > self.at;
        self.tokens.upto(end, class);
        self.at = self.at.max(end);
        any
    }

    fn starts(&self, mark: &str) -> bool {
        self.text[self.at..].starts_with(mark)
    }

    fn pop(&mut self) {
        if self.states.len() > 1 {
            self.states.pop();
        }
    }

    /// Leaves this state for another.
    fn turn(&mut self, state: State) {
        self.pop();
        self.states.push(state);
    }

    fn step(&mut self) -> bool {
        let first = byte(self.text, self.at);
        match self.states.last().copied().unwrap_or(State::Root) {
            State::Root => match first {
                b'=' => self.equals("o"),
                b'[' => {
                    self.states.push(State::TableKey);
                    let n_bytes = if self.starts("[[") { 2 } else { 1 };
                    self.take(self.at + n_bytes, "k")
                }
                _ => self.space_or_comment() || self.key("n", "p"),
            },
            State::TableKey => match first {
                b']' => {
                    self.pop();
                    let n_bytes = if self.starts("]]") { 2 } else { 1 };
                    self.take(self.at + n_bytes, "k")
                }
                b' ' | b'\t' => self.take(blank(self.text, self.at), "w"),
                _ => self.key("k", "k"),
            },
            State::Value => self.value(),
            State::Array => match first {
                b',' => self.take(self.at + 1, "p"),
                b']' => {
                    self.pop();
                    self.take(self.at + 1, "p")
                }
                _ if self.space_or_comment() => true,
                _ => {
                    self.states.push(State::Value);
                    true
                }
            },
            State::InlineTable => match first {
                b'=' => self.equals("p"),
                b',' => self.take(self.at + 1, "p"),
                b'}' => {
                    self.pop();
                    self.take(self.at + 1, "p")
                }
                _ => self.space_or_comment() || self.key("n", "p"),
            },
            State::Basic => match first {
                b'"' => {
                    self.pop();
                    self.take(self.at + 1, "s2")
                }
                b'\\' => self.escape(),
                _ => self.take(run(self.text, self.at, |ch| !matches!(ch, '"' | '\\')), "s2"),
            },
            State::Literal => {
                let end = self.at + self.text[self.at..].find(['\'', '\n']).unwrap_or(self.text.len() - self.at);
                if byte(self.text, end) != b'\'' {
                    return false;
                }
                let quote = end - self.at;
                self.pop();
                self.take(self.at + quote + 1, "s1")
            }
            State::LongBasic => match first {
                b'"' if self.starts("\"\"\"") => {
                    self.pop();
                    self.take(self.at + 3, "s2")
                }
                b'"' => self.take(self.at + 1, "s2"),
                b'\\' if byte(self.text, self.at + 1) == b'\n' => {
                    self.take(self.at + 1, "se");
                    self.take(self.at + 1, "w")
                }
                b'\\' => self.escape(),
                _ => self.take(run(self.text, self.at, |ch| !matches!(ch, '"' | '\\')), "s2"),
            },
            State::LongLiteral => match first {
                b'\'' if self.starts("'''") => {
                    self.pop();
                    self.take(self.at + 3, "s1")
                }
                b'\'' => self.take(self.at + 1, "s1"),
                _ => self.take(run(self.text, self.at, |ch| ch != '\''), "s1"),
            },
        }
    }

    fn space_or_comment(&mut self) -> bool {
        if byte(self.text, self.at) == b'#' {
            return self.take(line_end(self.text, self.at), "c1");
        }
        self.take(space(self.text, self.at), "w")
    }

    fn equals(&mut self, class: &'static str) -> bool {
        self.take(self.at + 1, class);
        self.take(space(self.text, self.at), "w");
        self.states.push(State::Value);
        true
    }

    fn key(&mut self, name: &'static str, dot: &'static str) -> bool {
        match byte(self.text, self.at) {
            b'"' => {
                self.states.push(State::Basic);
                self.take(self.at + 1, "s2")
            }
            b'\'' => {
                self.states.push(State::Literal);
                self.take(self.at + 1, "s1")
            }
            b'.' => self.take(self.at + 1, dot),
            _ => {
                let end =
                    run_bytes(self.text, self.at, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
                self.take(end, name)
            }
        }
    }

    fn escape(&mut self) -> bool {
        let n_digits = match byte(self.text, self.at + 1) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            _ => 0,
        };
        let end = run_bytes(self.text, (self.at + 2).min(self.text.len()), |byte| byte.is_ascii_hexdigit());
        if n_digits > 0 && end >= self.at + 2 + n_digits {
            return self.take(self.at + 2 + n_digits, "se");
        }
        if matches!(byte(self.text, self.at + 1), 0 | b'\n') {
            return false;
        }
        self.take(next_char(self.text, self.at + 1), "se")
    }

    fn value(&mut self) -> bool {
        let at = self.at;
        let first = byte(self.text, at);
        let (mark, state) = match first {
            b'"' if self.starts("\"\"\"") => (3, State::LongBasic),
            b'"' => (1, State::Basic),
            b'\'' if self.starts("'''") => (3, State::LongLiteral),
            b'\'' => (1, State::Literal),
            b'[' => (1, State::Array),
            b'{' => (1, State::InlineTable),
            _ => (0, State::Value),
        };
        if mark > 0 {
            let class = match first {
                b'"' => "s2",
                b'\'' => "s1",
                _ => "p",
            };
            self.turn(state);
            return self.take(at + mark, class);
        }
        let Some((end, class)) = self.literal() else { return false };
        self.pop();
        self.take(end, class)
    }

    /// Dates, numbers and words.
    fn literal(&self) -> Option<(usize, &'static str)> {
        let (text, at) = (self.text, self.at);
        if let Some(end) = date(text, at).or_else(|| time(text, at)) {
            return Some((end, "ld"));
        }
        let rest = &text[at..];
        let signed = at + usize::from(matches!(byte(text, at), b'+' | b'-'));
        let number = |from: usize| {
            let some = byte(text, from).is_ascii_digit();
            some.then(|| run_bytes(text, from, |byte| byte.is_ascii_digit() || byte == b'_'))
        };
        let exponent = |from: usize| {
            matches!(byte(text, from), b'e' | b'E')
                .then(|| number(from + 1 + usize::from(matches!(byte(text, from + 1), b'+' | b'-'))))
                .flatten()
        };
        if let Some(whole) = number(signed) {
            if let Some(end) = exponent(whole) {
                return Some((end, "mf"));
            }
            if byte(text, whole) == b'.'
                && let Some(end) = number(whole + 1)
            {
                return Some((exponent(end).unwrap_or(end), "mf"));
            }
        }
        if text[signed..].starts_with("inf") || text[signed..].starts_with("nan") {
            return Some((signed + 3, "mf"));
        }
        let based = at + usize::from(byte(text, at) == b'-');
        let based = |mark: &str, fits: fn(u8) -> bool| {
            text[based..].starts_with(mark).then_some(())?;
            let end = run_bytes(text, based + 2, |byte| fits(byte) || byte == b'_');
            (end > based + 2).then_some(end)
        };
        if let Some(end) = based("0b", |byte| matches!(byte, b'0' | b'1')) {
            return Some((end, "mb"));
        }
        if let Some(end) = based("0o", |byte| matches!(byte, b'0'..=b'7')) {
            return Some((end, "mo"));
        }
        if let Some(end) = based("0x", |byte| byte.is_ascii_hexdigit()) {
            return Some((end, "mh"));
        }
        let end = run_bytes(text, signed, |byte| byte.is_ascii_digit() || byte == b'_');
        if end > signed {
            return Some((end, "mi"));
        }
        let word = ["true", "false"].into_iter().find(|word| rest.starts_with(word))?;
        Some((at + word.len(), "kc"))
    }
}

/// Matches exactly so many digits.
fn exactly(text: &str, at: usize, n_digits: usize) -> Option<usize> {
    let end = digits(text, at.min(text.len()));
    (end >= at + n_digits).then_some(at + n_digits)
}

/// Matches one byte.
fn one(text: &str, at: usize, wanted: &[u8]) -> Option<usize> {
    (at < text.len() && wanted.contains(&byte(text, at))).then_some(at + 1)
}

/// `\d\d:\d\d(:\d\d(\.\d+)?)?`.
fn time(text: &str, at: usize) -> Option<usize> {
    let minutes = exactly(text, one(text, exactly(text, at, 2)?, b":")?, 2)?;
    let Some(seconds) = one(text, minutes, b":").and_then(|at| exactly(text, at, 2)) else { return Some(minutes) };
    let fraction = one(text, seconds, b".").filter(|at| byte(text, *at).is_ascii_digit());
    Some(fraction.map_or(seconds, |at| digits(text, at)))
}

/// A date with an optional time and an optional offset.
fn date(text: &str, at: usize) -> Option<usize> {
    let year = one(text, exactly(text, at, 4)?, b"-")?;
    let month = one(text, exactly(text, year, 2)?, b"-")?;
    let day = exactly(text, month, 2)?;
    let Some(end) = one(text, day, b"Tt ").and_then(|at| time(text, at)) else { return Some(day) };
    if let Some(end) = one(text, end, b"Zz") {
        return Some(end);
    }
    let offset = one(text, end, b"+-")
        .and_then(|at| exactly(text, at, 2))
        .and_then(|at| one(text, at, b":"))
        .and_then(|at| exactly(text, at, 2));
    Some(offset.unwrap_or(end))
}
