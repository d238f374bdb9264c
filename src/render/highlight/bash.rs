//! Shell scripts, as Pygments' `BashLexer` cuts them.

use super::Tokens;
use super::scan::{
    after_word, byte, char_at, digits, is_word, line_end, next_char, run, run_bytes, space, word, words,
};

words!(KEYWORDS, "break case continue do done elif else esac fi for function if in return select then until while");

words!(
    BUILTINS,
    "alias bg bind builtin caller cd command compgen complete declare dirs disown echo enable eval exec exit \
     export false fc fg getopts hash help history jobs kill let local logout popd printf pushd pwd read readonly \
     set shift shopt source suspend test time times trap true type typeset ulimit umask unalias unset wait"
);

/// How far the end of a here-document is looked for, and how often in vain: a bound on time.
const FARTHEST_BYTES: usize = 64 * 1024;
const MOST_FAILURES: usize = 64;

/// Colours a shell script.
pub(super) fn lex(text: &str, tokens: &mut Tokens) {
    let mut lexer = Bash {
        text,
        tokens,
        at: 0,
        states: vec![State::Root],
        n_failures: 0,
        no_quote_from: usize::MAX,
        last_newline: text.rfind('\n'),
    };
    while lexer.at < text.len() {
        if !lexer.step() {
            let end = next_char(text, lexer.at);
            lexer.take(end, "err");
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Root,
    String,
    Curly,
    Paren,
    Math,
    Backticks,
}

struct Bash<'a, 't> {
    text: &'a str,
    tokens: &'t mut Tokens,
    at: usize,
    states: Vec<State>,
    n_failures: usize,
    /// From here on there is no `'` that would close one.
    no_quote_from: usize,
    last_newline: Option<usize>,
}

impl Bash<'_, '_> {
    fn take(&mut self, end: usize, class: &'static str) -> bool {
        let any = end > self.at;
        self.tokens.upto(end, class);
        self.at = self.at.max(end);
        any
    }

    fn pop(&mut self, n_bytes: usize, class: &'static str) -> bool {
        self.states.pop();
        self.take(self.at + n_bytes, class)
    }

    fn push(&mut self, n_bytes: usize, class: &'static str, state: State) -> bool {
        self.states.push(state);
        self.take(self.at + n_bytes, class)
    }

    fn starts(&self, mark: &str) -> bool {
        self.text[self.at..].starts_with(mark)
    }

    fn step(&mut self) -> bool {
        let first = byte(self.text, self.at);
        match self.states.last().copied().unwrap_or(State::Root) {
            State::Root => self.root(),
            State::String => match first {
                b'"' => self.pop(1, "s2"),
                b'$' => self.interpolation(),
                _ => self.take(self.string_text(), "s2"),
            },
            State::Curly => match first {
                b'}' => self.pop(1, "si"),
                b':' if self.starts(":-") => self.take(self.at + 2, "k"),
                b':' => self.take(self.at + 1, "p"),
                b'"' | b'\'' | b'`' | b'$' | b'\\' => self.root(),
                _ => {
                    let end = word(self.text, self.at);
                    if end > self.at {
                        return self.take(end, "nv");
                    }
                    let stops = |ch| matches!(ch, '}' | ':' | '"' | '\'' | '`' | '$' | '\\');
                    self.take(run(self.text, self.at, |ch| !stops(ch)), "p")
                }
            },
            State::Paren if first == b')' => self.pop(1, "k"),
            State::Math if self.starts("))") => self.pop(2, "k"),
            State::Math => self.math(first) || self.root(),
            State::Backticks if first == b'`' => self.pop(1, "sb"),
            State::Paren | State::Backticks => self.root(),
        }
    }

    fn math(&mut self, first: u8) -> bool {
        if let Some(mark) = ["**", "||", "<<", ">>"].into_iter().find(|mark| self.starts(mark)) {
            return self.take(self.at + mark.len(), "o");
        }
        match first {
            b'-' | b'+' | b'*' | b'/' | b'%' | b'^' | b'|' | b'&' | b'<' | b'>' => self.take(self.at + 1, "o"),
            b'0'..=b'9' => {
                let end = digits(self.text, self.at);
                if byte(self.text, end) == b'#' {
                    let number = run_bytes(self.text, end + 1, |byte| byte.is_ascii_alphanumeric());
                    if number > end + 1 || byte(self.text, end + 1) != b' ' {
                        return self.take(number, "m");
                    }
                }
                if first == b'0' && matches!(byte(self.text, self.at + 1), b'x' | b'X') {
                    let hex = run_bytes(self.text, self.at + 2, |byte| byte.is_ascii_hexdigit());
                    if hex > self.at + 2 {
                        return self.take(hex, "m");
                    }
                }
                self.take(end, "m")
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.take(word(self.text, self.at), "nv"),
            _ => false,
        }
    }

    fn root(&mut self) -> bool {
        let first = byte(self.text, self.at);
        match first {
            // A comment ends with its line; one that ends with the text is a word.
            b'#' if self.last_newline.is_some_and(|newline| newline > self.at) => {
                let end = line_end(self.text, self.at);
                let hashbang = self.at == 0 && self.starts("#!") && end > 2;
                self.take(end + 1, if hashbang { "ch" } else { "c1" })
            }
            b'\\' => {
                let end = next_char(self.text, self.at + 1);
                end <= self.text.len() && self.take(end, "se")
            }
            b'[' | b']' | b'{' | b'}' | b'(' | b')' | b'=' => self.take(self.at + 1, "o"),
            b'<' if self.starts("<<<") => self.take(self.at + 3, "o"),
            b'<' => match self.here_document() {
                Some(end) => self.take(end, "s"),
                None => self.take(self.at + 1, ""),
            },
            b'&' | b'|' if byte(self.text, self.at + 1) == first => self.take(self.at + 2, "o"),
            b'&' | b'|' | b';' => self.take(self.at + 1, "p"),
            b'`' => self.push(1, "sb", State::Backticks),
            b'$' => self.dollar(),
            b'"' => match self.whole_string(self.at) {
                Some(end) => self.take(end, "s2"),
                None => self.push(1, "s2", State::String),
            },
            b'\'' => self.single_quoted(),
            b' ' | b'\t' | b'\n' => self.take(space(self.text, self.at), "w"),
            _ => self.word(),
        }
    }

    /// Keywords, builtins, assignments, numbers and other words.
    fn word(&mut self) -> bool {
        let text = self.text;
        if char_at(text, self.at).is_some_and(char::is_whitespace) {
            return self.take(space(text, self.at), "w");
        }
        let end = word(text, self.at);
        if end > self.at && !after_word(text, self.at) {
            let name = &text[self.at..end];
            let next = char_at(text, end);
            let goes_on = next.is_some_and(|ch| matches!(ch, '#' | '$' | '?' | '!' | '*' | '@' | '-'));
            if !goes_on && KEYWORDS.has(name) {
                self.take(end, "k");
                self.take(space(text, end), "w");
                return true;
            }
            let ends_builtin = next.is_some_and(|ch| ch.is_whitespace() || matches!(ch, ')' | '`'));
            if ends_builtin && BUILTINS.has(name) {
                return self.take(end, "nb");
            }
            let sign = space(text, end);
            let n_sign = if text[sign..].starts_with("+=") { 2 } else { usize::from(byte(text, sign) == b'=') };
            if n_sign > 0 {
                self.take(end, "nv");
                self.take(sign, "w");
                return self.take(sign + n_sign, "o");
            }
        }
        let number = run(text, self.at, |ch| ch.is_ascii_digit());
        if number > self.at && !char_at(text, number).is_some_and(is_word) {
            return self.take(number, "m");
        }
        self.take(run(text, self.at, in_word), "")
    }

    fn dollar(&mut self) -> bool {
        match byte(self.text, self.at + 1) {
            b'"' => {
                if let Some(end) = self.whole_string(self.at + 1) {
                    return self.take(end, "s2");
                }
            }
            b'\'' => {
                if let Some(end) = self.escaped_single_quoted() {
                    return self.take(end, "s1");
                }
            }
            _ => {}
        }
        self.interpolation()
    }

    fn interpolation(&mut self) -> bool {
        if self.starts("$((") {
            return self.push(3, "k", State::Math);
        }
        match byte(self.text, self.at + 1) {
            b'(' => self.push(2, "k", State::Paren),
            b'{' => {
                let n_bytes = if byte(self.text, self.at + 2) == b'#' { 3 } else { 2 };
                self.push(n_bytes, "si", State::Curly)
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.take(word(self.text, self.at + 1), "nv"),
            b'0'..=b'9' => self.take(digits(self.text, self.at + 1), "nv"),
            b'#' | b'$' | b'?' | b'!' | b'*' | b'@' | b'-' => self.take(self.at + 2, "nv"),
            _ => self.take(self.at + 1, ""),
        }
    }

    /// A string without `$`, from its quote to behind the closing one.
    fn whole_string(&self, quote: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let mut at = quote + 1;
        while at < bytes.len() {
            match bytes[at] {
                b'"' => return Some(at + 1),
                b'$' => return None,
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        None
    }

    /// Text in a string up to its quote or a `$`.
    fn string_text(&self) -> usize {
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        while at < bytes.len() && !matches!(bytes[at], b'"' | b'$') {
            if bytes[at] == b'\\' {
                if at + 1 >= bytes.len() {
                    break;
                }
                at = next_char(self.text, at + 1);
            } else {
                at += 1;
            }
        }
        at
    }

    fn single_quoted(&mut self) -> bool {
        if self.at >= self.no_quote_from {
            return false;
        }
        match self.text[self.at + 1..].find('\'') {
            Some(end) => self.take(self.at + end + 2, "s1"),
            None => {
                self.no_quote_from = self.at;
                false
            }
        }
    }

    /// `$'…'` from the dollar on.
    fn escaped_single_quoted(&self) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let mut at = self.at + 2;
        while at < bytes.len() {
            match bytes[at] {
                b'\'' => return Some(at + 1),
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        None
    }

    /// `<<-?\s*'?\\?WORD … WORD`, the shortest: where the word comes again, wherever that is. Where it
    /// does not, a shorter word is tried, as a backtracking pattern does.
    fn here_document(&mut self) -> Option<usize> {
        if !self.starts("<<") || self.n_failures > MOST_FAILURES {
            return None;
        }
        let text = self.text;
        let dash = self.at + 2 + usize::from(byte(text, self.at + 2) == b'-');
        let quote = space(text, dash);
        let backslash = quote + usize::from(byte(text, quote) == b'\'');
        let start = backslash + usize::from(byte(text, backslash) == b'\\');
        let mut end = word(text, start);
        while end > start {
            let name = &text[start..end];
            let from = next_char(text, end).min(text.len());
            let mut far = text.len().min(from + FARTHEST_BYTES);
            while !text.is_char_boundary(far) {
                far -= 1;
            }
            if let Some(found) = text.get(from..far).and_then(|rest| rest.find(name)) {
                return Some(from + found + name.len());
            }
            end = start + name.char_indices().next_back().map_or(0, |(at, _)| at);
        }
        self.n_failures += 1;
        None
    }
}

/// Characters of a word that is nothing else.
fn in_word(ch: char) -> bool {
    !ch.is_whitespace() && !"=[]{}()$\"'`\\<&|;".contains(ch)
}
