//! YAML, as Pygments' `YamlLexer` cuts it: block and flow collections by their indentation.

use super::Tokens;
use super::scan::{at_line_end, at_line_start, byte, char_at, is_word, line_end, next_char, run, run_bytes, spaces};

const INDICATOR: &str = "p p-Indicator";
const PLAIN: &str = "l l-Scalar l-Scalar-Plain";

/// Colours YAML.
pub(super) fn lex(text: &str, tokens: &mut Tokens) {
    let mut lexer = Yaml {
        text,
        tokens,
        at: 0,
        states: vec![State::Root],
        indents: Vec::new(),
        indent: -1,
        next_indent: 0,
        scalar_indent: None,
        key: Key::default(),
    };
    while lexer.at < text.len() {
        if lexer.step() {
            continue;
        }
        // What no rule takes is an error, and a line end begins anew.
        if byte(text, lexer.at) == b'\n' {
            lexer.states.truncate(1);
            lexer.take(lexer.at + 1, "");
        } else {
            lexer.take(next_char(text, lexer.at), "err");
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Root,
    IgnoredLine,
    YamlDirective,
    TagDirective,
    Indentation,
    BlockLine,
    FlowSequence,
    FlowMapping,
    ScalarContent,
    ScalarHeader,
    SingleQuoted,
    DoubleQuoted,
    PlainBlock,
    PlainBlockNewLine,
    PlainFlow,
}

/// The colon that ends a key, for a run of characters that may be in one: looked for once a run.
#[derive(Default)]
struct Key {
    run_end: usize,
    colon: Option<usize>,
}

struct Yaml<'a, 't> {
    text: &'a str,
    tokens: &'t mut Tokens,
    at: usize,
    states: Vec<State>,
    indents: Vec<i64>,
    indent: i64,
    next_indent: i64,
    scalar_indent: Option<usize>,
    key: Key,
}

impl Yaml<'_, '_> {
    fn take(&mut self, end: usize, class: &'static str) {
        self.tokens.upto(end, class);
        self.at = self.at.max(end);
    }

    fn pop(&mut self, n: usize) {
        for _ in 0..n {
            if self.states.len() > 1 {
                self.states.pop();
            }
        }
    }

    fn byte(&self) -> u8 {
        byte(self.text, self.at)
    }

    /// Tells whether a space or a line end stands at a position.
    fn ends_indicator(&self, at: usize) -> bool {
        byte(self.text, at) == b' ' || at_line_end(self.text, at)
    }

    /// Takes what the current state's first fitting rule takes; `false` where none fits.
    fn step(&mut self) -> bool {
        match self.states.last().copied().unwrap_or(State::Root) {
            State::Root => self.root(),
            State::IgnoredLine => self.ignored_line(),
            State::YamlDirective => self.yaml_directive(),
            State::TagDirective => self.tag_directive(),
            State::Indentation => self.indentation(),
            State::BlockLine => self.block_line(),
            State::FlowSequence => self.flow(b']'),
            State::FlowMapping => self.flow_key() || self.flow(b'}'),
            State::ScalarContent => self.scalar_content(),
            State::ScalarHeader => self.scalar_header(),
            State::SingleQuoted => self.quoted_space() || self.single_quoted(),
            State::DoubleQuoted => self.quoted_space() || self.double_quoted(),
            State::PlainBlock => self.plain_block(),
            State::PlainBlockNewLine => self.plain_block_new_line(),
            State::PlainFlow => self.plain_flow(),
        }
    }

    /// Spaces before a comment or a line end, and comments.
    fn blank_or_comment(&mut self) -> bool {
        let end = spaces(self.text, self.at);
        if end > self.at && (byte(self.text, end) == b'#' || at_line_end(self.text, end)) {
            self.take(end, "w");
            return true;
        }
        self.comment()
    }

    fn comment(&mut self) -> bool {
        if self.byte() != b'#' {
            return false;
        }
        self.take(line_end(self.text, self.at), "c1");
        true
    }

    fn newlines(&mut self) -> bool {
        let end = run_bytes(self.text, self.at, |byte| byte == b'\n');
        let any = end > self.at;
        if any {
            self.take(end, "w");
        }
        any
    }

    fn reset_indent(&mut self) {
        self.indents.clear();
        self.indent = -1;
        self.next_indent = 0;
        self.scalar_indent = None;
    }

    fn set_indent(&mut self) {
        if self.indent < self.next_indent {
            self.indents.push(self.indent);
            self.indent = self.next_indent;
        }
    }

    fn root(&mut self) -> bool {
        if self.newlines() || self.blank_or_comment() {
            return true;
        }
        if at_line_start(self.text, self.at) {
            let rest = &self.text[self.at..];
            let marks = [
                ("%YAML", "nt", State::YamlDirective),
                ("%TAG", "nt", State::TagDirective),
                ("---", "nn", State::BlockLine),
                ("...", "nn", State::BlockLine),
            ];
            for (mark, class, state) in marks {
                if rest.starts_with(mark) && self.ends_indicator(self.at + mark.len()) {
                    self.reset_indent();
                    self.take(self.at + mark.len(), class);
                    self.states.push(state);
                    return true;
                }
            }
        }
        let end = spaces(self.text, self.at);
        if char_at(self.text, end).is_none_or(char::is_whitespace) {
            return false;
        }
        self.begin_line(end);
        self.states.extend([State::BlockLine, State::Indentation]);
        true
    }

    /// The indentation of a line; columns that fit no open collection are an error.
    fn begin_line(&mut self, end: usize) {
        let n_spaces = end - self.at;
        self.next_indent = n_spaces as i64;
        let mut kept = n_spaces;
        if self.next_indent < self.indent {
            while self.next_indent < self.indent {
                self.indent = self.indents.pop().unwrap_or(-1);
            }
            if self.next_indent > self.indent {
                kept = usize::try_from(self.indent).unwrap_or(n_spaces.saturating_sub(1));
            }
        }
        self.take(self.at + kept, "w");
        self.take(end, "w w-Error");
    }

    fn ignored_line(&mut self) -> bool {
        if self.byte() == b'\n' {
            self.take(self.at + 1, "w");
            self.pop(2);
            return true;
        }
        self.blank_or_comment()
    }

    fn yaml_directive(&mut self) -> bool {
        let number = spaces(self.text, self.at);
        let whole = run_bytes(self.text, number, |byte| byte.is_ascii_digit());
        let end = run_bytes(self.text, whole + 1, |byte| byte.is_ascii_digit());
        let fits = number > self.at && whole > number && byte(self.text, whole) == b'.' && end > whole + 1;
        if fits {
            self.take(number, "w");
            self.take(end, "m");
            self.states.push(State::IgnoredLine);
        }
        fits
    }

    fn tag_directive(&mut self) -> bool {
        let handle = spaces(self.text, self.at);
        let handle_end = handle + self.text[handle..].find([' ', '\n']).unwrap_or(self.text.len() - handle);
        let prefix = spaces(self.text, handle_end);
        let prefix_end = run(self.text, prefix, is_tag_char);
        let fits = handle > self.at
            && byte(self.text, handle) == b'!'
            && byte(self.text, handle_end - 1) == b'!'
            && prefix > handle_end
            && prefix_end > prefix;
        if fits {
            self.take(handle, "w");
            self.take(handle_end, "kt");
            self.take(prefix, "w");
            self.take(prefix_end, "kt");
            self.states.push(State::IgnoredLine);
        }
        fits
    }

    fn indentation(&mut self) -> bool {
        let end = spaces(self.text, self.at);
        if at_line_end(self.text, end) {
            self.take(end, "w");
            self.pop(2);
            return true;
        }
        let indicates = matches!(byte(self.text, end), b'?' | b':' | b'-') && self.ends_indicator(end + 1);
        if indicates && end == self.at {
            self.set_indent();
            self.next_indent += 1;
            self.take(self.at + 1, INDICATOR);
            return true;
        }
        self.next_indent += (end - self.at) as i64;
        self.take(end, "w");
        if !indicates {
            self.pop(1);
        }
        true
    }

    fn block_line(&mut self) -> bool {
        let end = spaces(self.text, self.at);
        if byte(self.text, end) == b'#' || at_line_end(self.text, end) {
            self.take(end, "w");
            self.pop(1);
            return true;
        }
        if end > self.at {
            self.take(end, "w");
            return true;
        }
        if let Some(colon) = self.block_key() {
            self.take(colon, "nt");
            self.set_indent();
            self.take(colon + 1, "p");
            return true;
        }
        if self.descriptor() {
            return true;
        }
        if self.byte() == b':' && self.ends_indicator(self.at + 1) {
            self.set_indent();
            self.take(self.at + 1, INDICATOR);
            return true;
        }
        if matches!(self.byte(), b'|' | b'>') {
            self.take(self.at + 1, INDICATOR);
            self.states.extend([State::ScalarContent, State::ScalarHeader]);
            return true;
        }
        if self.flow_node() {
            return true;
        }
        let Some(ch) = char_at(self.text, self.at) else { return false };
        let starts = match ch {
            '?' | ':' | '-' => char_at(self.text, self.at + 1).is_some_and(|next| !next.is_whitespace()),
            ch => starts_plain(ch),
        };
        if starts {
            self.states.push(State::PlainBlock);
        }
        starts
    }

    /// The last colon of a run of key characters that a space or a line end follows.
    fn block_key(&mut self) -> Option<usize> {
        if self.at >= self.key.run_end || self.key.run_end == 0 {
            let in_key =
                |byte: u8| !matches!(byte, b'#' | b',' | b'?' | b'[' | b']' | b'{' | b'}' | b'"' | b'\'' | b'\n');
            let end = run_bytes(self.text, self.at, in_key);
            let bytes = self.text.as_bytes();
            let colon = (self.at..end).rev().find(|at| bytes[*at] == b':' && self.ends_indicator(at + 1));
            self.key = Key { run_end: end.max(self.at + 1), colon };
        }
        self.key.colon.filter(|colon| *colon > self.at)
    }

    /// Tags, anchors and aliases.
    fn descriptor(&mut self) -> bool {
        let at = self.at;
        let named = |from: usize| run(self.text, from, |ch| is_word(ch) || ch == '-');
        let (end, class) = match self.byte() {
            b'!' if byte(self.text, at + 1) == b'<' => {
                let end = run(self.text, at + 2, |ch| is_tag_char(ch) || ch == '#');
                if end > at + 2 && byte(self.text, end) == b'>' { (end + 1, "kt") } else { (at + 1, "kt") }
            }
            b'!' => (run(self.text, at + 1, |ch| is_tag_char(ch) || ch == '#'), "kt"),
            b'&' => (named(at + 1), "nl"),
            b'*' => (named(at + 1), "nv"),
            _ => return false,
        };
        if class != "kt" && end == at + 1 {
            return false;
        }
        self.take(end, class);
        true
    }

    fn flow_node(&mut self) -> bool {
        let (class, state) = match self.byte() {
            b'[' => (INDICATOR, State::FlowSequence),
            b'{' => (INDICATOR, State::FlowMapping),
            b'\'' => ("s", State::SingleQuoted),
            b'"' => ("s", State::DoubleQuoted),
            _ => return false,
        };
        self.take(self.at + 1, class);
        self.states.push(state);
        true
    }

    /// A key in `{}`: no colon inside.
    fn flow_key(&mut self) -> bool {
        if self.at >= self.key.run_end || self.key.run_end == 0 {
            let in_key =
                |byte: u8| !matches!(byte, b',' | b':' | b'?' | b'[' | b']' | b'{' | b'}' | b'"' | b'\'' | b'\n');
            let end = run_bytes(self.text, self.at, in_key);
            let colon = Some(end).filter(|end| byte(self.text, *end) == b':' && self.ends_indicator(end + 1));
            self.key = Key { run_end: end.max(self.at + 1), colon };
        }
        let Some(colon) = self.key.colon.filter(|colon| *colon > self.at) else { return false };
        self.take(colon, "nt");
        self.take(colon + 1, "p");
        true
    }

    fn flow(&mut self, close: u8) -> bool {
        let end = spaces(self.text, self.at);
        if end > self.at {
            self.take(end, "w");
            return true;
        }
        if self.newlines() || self.comment() {
            return true;
        }
        if matches!(self.byte(), b'?' | b':' | b',') {
            self.take(self.at + 1, INDICATOR);
            return true;
        }
        if self.descriptor() || self.flow_node() {
            return true;
        }
        if self.byte() == close {
            self.take(self.at + 1, INDICATOR);
            self.pop(1);
            return true;
        }
        let starts = char_at(self.text, self.at).is_some_and(|ch| ch == '-' || starts_plain(ch));
        if starts {
            self.states.push(State::PlainFlow);
        }
        starts
    }

    fn scalar_content(&mut self) -> bool {
        if self.byte() == b'\n' {
            self.take(self.at + 1, "w");
            return true;
        }
        if at_line_start(self.text, self.at) {
            let end = spaces(self.text, self.at);
            let n_spaces = end - self.at;
            if n_spaces > 0 && at_line_end(self.text, end) {
                let kept = self.scalar_indent.unwrap_or(n_spaces).min(n_spaces);
                self.take(self.at + kept, "w");
                self.take(end, "no");
                return true;
            }
            let least = self.scalar_indent.unwrap_or(usize::try_from(self.indent).unwrap_or(0) + 1);
            if n_spaces < least {
                self.pop(2);
                return true;
            }
            self.scalar_indent.get_or_insert(n_spaces);
            self.take(end, "w");
            return true;
        }
        let end = run(self.text, self.at, |ch| !ch.is_whitespace() || matches!(ch, ' ' | '\t'));
        let any = end > self.at;
        self.take(end, "no");
        any
    }

    fn scalar_header(&mut self) -> bool {
        let flag = |at: usize| matches!(byte(self.text, at), b'+' | b'-');
        let digit = |at: usize| matches!(byte(self.text, at), b'1'..=b'9');
        let first = self.at + usize::from(digit(self.at));
        let first = first + usize::from(flag(first));
        let second = self.at + usize::from(flag(self.at));
        let second = second + usize::from(digit(second));
        let Some(end) = [first, second].into_iter().find(|end| self.ends_indicator(*end)) else { return false };
        let number = self.text[self.at..end].bytes().find(u8::is_ascii_digit);
        self.scalar_indent = number.map(|digit| usize::try_from(self.indent).unwrap_or(0) + usize::from(digit - b'0'));
        self.take(end, INDICATOR);
        self.states.push(State::IgnoredLine);
        true
    }

    /// White space in quotes: at the ends of lines it does not count.
    fn quoted_space(&mut self) -> bool {
        let end = spaces(self.text, self.at);
        if end > self.at && (at_line_start(self.text, self.at) || at_line_end(self.text, end)) {
            self.take(end, "w");
            return true;
        }
        if self.newlines() {
            return true;
        }
        self.inner_space("nv")
    }

    fn inner_space(&mut self, class: &'static str) -> bool {
        let end = run(self.text, self.at, |ch| matches!(ch, ' ' | '\u{a0}'));
        let any = end > self.at;
        self.take(end, class);
        any
    }

    fn single_quoted(&mut self) -> bool {
        if self.byte() == b'\'' {
            let doubled = byte(self.text, self.at + 1) == b'\'';
            if doubled {
                self.take(self.at + 2, "se");
            } else {
                self.take(self.at + 1, "s");
                self.pop(1);
            }
            return true;
        }
        let end = run(self.text, self.at, |ch| !ch.is_whitespace() && ch != '\'');
        let any = end > self.at;
        self.take(end, "s");
        any
    }

    fn double_quoted(&mut self) -> bool {
        match self.byte() {
            b'"' => {
                self.take(self.at + 1, "s");
                self.pop(1);
                true
            }
            b'\\' => {
                let n_digits = match byte(self.text, self.at + 1) {
                    b'x' => 2,
                    b'u' => 4,
                    b'U' => 8,
                    simple if b"0abt\tn\nvfre \"\\N_LP".contains(&simple) => {
                        self.take(self.at + 2, "s");
                        return true;
                    }
                    _ => return false,
                };
                let end = run_bytes(self.text, self.at + 2, |byte| byte.is_ascii_hexdigit());
                let fits = end - (self.at + 2) >= n_digits;
                if fits {
                    self.take(self.at + 2 + n_digits, "se");
                }
                fits
            }
            _ => {
                let end = run(self.text, self.at, |ch| !ch.is_whitespace() && !matches!(ch, '"' | '\\'));
                let any = end > self.at;
                self.take(end, "s");
                any
            }
        }
    }

    fn plain_block(&mut self) -> bool {
        let end = spaces(self.text, self.at);
        if byte(self.text, end) == b':' && self.ends_indicator(end + 1) {
            self.take(end, "w");
            self.pop(1);
            return true;
        }
        if end > self.at && byte(self.text, end) == b'#' {
            self.take(end, "w");
            self.pop(1);
            return true;
        }
        if end > self.at && at_line_end(self.text, end) {
            self.take(end, "w");
            return true;
        }
        if self.newlines() {
            self.states.push(State::PlainBlockNewLine);
            return true;
        }
        if self.inner_space(PLAIN) {
            return true;
        }
        let mut end = self.at;
        for (offset, ch) in self.text[self.at..].char_indices() {
            let at = self.at + offset;
            let inside = if ch == ':' {
                !char_at(self.text, at + 1).is_some_and(char::is_whitespace)
            } else {
                !ch.is_whitespace()
            };
            if !inside {
                break;
            }
            end = at + ch.len_utf8();
        }
        let any = end > self.at;
        self.take(end, PLAIN);
        any
    }

    fn plain_block_new_line(&mut self) -> bool {
        let end = spaces(self.text, self.at);
        if at_line_start(self.text, self.at) && end > self.at && at_line_end(self.text, end) {
            self.take(end, "w");
            return true;
        }
        if self.newlines() {
            return true;
        }
        if !at_line_start(self.text, self.at) {
            return false;
        }
        let rest = &self.text[self.at..];
        if rest.starts_with("---") || rest.starts_with("...") {
            self.pop(3);
            return true;
        }
        if (end - self.at) as i64 <= self.indent {
            self.pop(3);
            return true;
        }
        self.take(end, "w");
        self.pop(1);
        true
    }

    fn plain_flow(&mut self) -> bool {
        let end = spaces(self.text, self.at);
        let next = byte(self.text, end);
        if matches!(next, b',' | b':' | b'?' | b'[' | b']' | b'{' | b'}') || (end > self.at && next == b'#') {
            self.take(end, "w");
            self.pop(1);
            return true;
        }
        if end > self.at && (at_line_start(self.text, self.at) || at_line_end(self.text, end)) {
            self.take(end, "w");
            return true;
        }
        if self.newlines() || self.inner_space("nv") {
            return true;
        }
        let inside = |ch: char| !ch.is_whitespace() && !matches!(ch, ',' | ':' | '?' | '[' | ']' | '{' | '}');
        let end = run(self.text, self.at, inside);
        let any = end > self.at;
        self.take(end, "nv");
        any
    }
}

/// Characters of a tag.
fn is_tag_char(ch: char) -> bool {
    is_word(ch) || ";/?:@&=+$,.!~*'()[]%-".contains(ch)
}

/// Characters that begin a plain scalar wherever they stand.
fn starts_plain(ch: char) -> bool {
    !ch.is_whitespace() && !"?:,[]{}#&*!|>'\"%@`-".contains(ch)
}
