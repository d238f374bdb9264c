//! Terraform and HCL, as Pygments' `TerraformLexer` cuts them.

use super::Tokens;
use super::scan::{
    after_word, byte, char_at, digits, is_word, line_end, next_char, run, run_bytes, space, word, words,
};

words!(BLOCKS, "backend data module output provider provisioner resource variable");
words!(TYPES, "bool list map null number object set string tuple");
words!(
    FUNCTIONS,
    "abs abspath alltrue anytrue base64decode base64encode base64gzip base64sha256 base64sha512 basename bcrypt \
     can ceil chomp chunklist cidrhost cidrnetmask cidrsubnet cidrsubnets coalesce coalescelist compact concat \
     contains csvdecode defaults dirname distinct element file filebase64 filebase64sha256 filebase64sha512 \
     fileexists filemd5 fileset filesha1 filesha256 filesha512 flatten floor format formatdate formatlist indent \
     index join jsondecode jsonencode keys length list log lookup lower map matchkeys max md5 merge mix parseint \
     pathexpand pow range regex regexall replace reverse rsadecrypt setintersection setproduct setsubtract \
     setunion sha1 sha256 sha512 signum slice sort split strrev substr sum templatefile textdecodebase64 \
     textencodebase64 timeadd timestamp title tobool tolist tomap tonumber toset tostring transpose trim \
     trimprefix trimspace trimsuffix try upper urlencode uuid uuidv5 values yamldecode yamlencode zipmap"
);

/// No known function or kind of block has a longer name.
const LONGEST_KNOWN_BYTES: usize = 20;

/// Colours Terraform.
pub(super) fn lex(text: &str, tokens: &mut Tokens) {
    let mut lexer = Terraform { text, tokens, at: 0, cache: Word::default(), no_assignment: 0, quote: (0, None) };
    while lexer.at < text.len() {
        if !lexer.step() {
            let newline = byte(text, lexer.at) == b'\n';
            let end = next_char(text, lexer.at);
            lexer.take(end, if newline { "" } else { "err" });
        }
    }
}

/// Where the run of name characters around a position ends, and the last place in it at which a
/// dotted name may end: looked for once a run.
#[derive(Default)]
struct Word {
    end: usize,
    dotted: Option<usize>,
    first_dot: Option<usize>,
}

struct Terraform<'a, 't> {
    text: &'a str,
    tokens: &'t mut Tokens,
    at: usize,
    cache: Word,
    /// Up to here no name is assigned to.
    no_assignment: usize,
    /// A line's end, and its last quote.
    quote: (usize, Option<usize>),
}

impl Terraform<'_, '_> {
    fn take(&mut self, end: usize, class: &'static str) -> bool {
        let any = end > self.at;
        self.tokens.upto(end, class);
        self.at = self.at.max(end);
        any
    }

    fn take_all(&mut self, ends: &[(usize, &'static str)]) -> bool {
        for (end, class) in ends {
            self.take(*end, class);
        }
        true
    }

    fn step(&mut self) -> bool {
        let text = self.text;
        let start = space(text, self.at);
        if text[start..].starts_with("/*") {
            let end = comment_end(text, start + 2);
            return self.take(end, "cm");
        }
        if byte(text, start) == b'#' || text[start..].starts_with("//") {
            let end = line_end(text, start);
            if end < text.len() {
                return self.take(end + 1, "c1");
            }
        }
        if start > self.at {
            return self.take(start, "w");
        }
        if text[self.at..].starts_with("\\\n") {
            return self.take_all(&[(self.at + 1, ""), (self.at + 2, "w")]);
        }
        self.assignment()
            || self.quoted_key()
            || self.function()
            || self.attributes()
            || self.block()
            || self.here_document()
            || self.string()
            || self.word()
            || self.rest()
    }

    /// `name {`, `name = {`, `name =`.
    fn assignment(&mut self) -> bool {
        let text = self.text;
        if self.at < self.no_assignment {
            return false;
        }
        let end = run_bytes(text, self.at, is_name);
        if end == self.at {
            return false;
        }
        // What follows the name decides, also for a part of it.
        self.no_assignment = end;
        let sign = space(text, end);
        let n_sign = usize::from(byte(text, sign) == b'=');
        let value = space(text, sign + n_sign);
        if byte(text, value) == b'{' {
            return self.take_all(&[(end, "nb"), (sign, "w"), (sign + n_sign, "o"), (value, "w"), (value + 1, "p")]);
        }
        n_sign > 0 && self.take_all(&[(end, "na"), (sign, "w"), (sign + 1, "o"), (value, "w")])
    }

    /// `"name" =` and `"name" :`.
    fn quoted_key(&mut self) -> bool {
        let text = self.text;
        if byte(text, self.at) != b'"' {
            return false;
        }
        let full = run(text, self.at, |ch| !ch.is_whitespace());
        // The name goes on to the last quote of the run that a sign follows.
        let mut quotes = text[self.at + 1..full].rmatch_indices('"').map(|(quote, _)| self.at + 1 + quote);
        let found = quotes.find_map(|quote| {
            let sign = if quote + 1 < full { quote + 1 } else { space(text, full) };
            (quote > self.at + 1 && matches!(byte(text, sign), b'=' | b':')).then_some((quote + 1, sign))
        });
        let Some((end, sign)) = found else { return false };
        let value = space(text, sign + 1);
        self.take_all(&[(end, "s2"), (sign, "w"), (sign + 1, "o"), (value, "w")])
    }

    fn function(&mut self) -> bool {
        let bytes = &self.text.as_bytes()[self.at..];
        let in_name = |byte: &&u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let end = self.at + bytes.iter().take(LONGEST_KNOWN_BYTES).take_while(in_name).count();
        byte(self.text, end) == b'('
            && FUNCTIONS.has(&self.text[self.at..end])
            && self.take_all(&[(end, "nf"), (end + 1, "p")])
    }

    /// `[a, b]` of bare names.
    fn attributes(&mut self) -> bool {
        if byte(self.text, self.at) != b'[' {
            return false;
        }
        let inside = |ch: char| ch.is_ascii_lowercase() || matches!(ch, '_' | ',') || ch.is_whitespace();
        let end = run(self.text, self.at + 1, inside);
        end > self.at + 1
            && byte(self.text, end) == b']'
            && self.take_all(&[(self.at + 1, "p"), (end, "nb"), (end + 1, "p")])
    }

    /// `resource "type" "name" {`.
    fn block(&mut self) -> bool {
        let text = self.text;
        let bytes = &text.as_bytes()[self.at..];
        let in_name = |byte: &&u8| byte.is_ascii_lowercase();
        let keyword = self.at + bytes.iter().take(LONGEST_KNOWN_BYTES).take_while(in_name).count();
        if !BLOCKS.has(&text[self.at..keyword]) {
            return false;
        }
        let first = space(text, keyword);
        let Some(first_end) = quoted_name(text, first).filter(|_| first > keyword) else { return false };
        let second = space(text, first_end);
        let (class_end, name, name_end) = match quoted_name(text, second) {
            Some(end) => (first_end, second, end),
            None => (first, first, first_end),
        };
        let brace = space(text, name_end);
        if brace == name_end || byte(text, brace) != b'{' {
            return false;
        }
        let ends = [
            (keyword, "kr"),
            (first, "w"),
            (class_end, "nc"),
            (name, "w"),
            (name_end, "nv"),
            (brace, "w"),
            (brace + 1, "p"),
        ];
        self.take_all(&ends)
    }

    /// `<<EOF` up to a line that is `EOF`.
    fn here_document(&mut self) -> bool {
        let text = self.text;
        if !text[self.at..].starts_with("<<") {
            return false;
        }
        let mark = self.at + 2 + usize::from(byte(text, self.at + 2) == b'-');
        let start = space(text, mark);
        let line = line_end(text, start);
        if !matches!(byte(text, start), b'a'..=b'z' | b'A'..=b'Z' | b'_') || line >= text.len() {
            return false;
        }
        let name_end = word(text, start);
        let name = &text[start..name_end];
        self.take(mark, "o");
        // White space before the name is in no token there; it has to be in one here.
        self.take_all(&[(start, ""), (name_end, "dl"), (line + 1, "sh")]);
        let mut at = line + 1;
        for whole in text[at..].split_inclusive('\n') {
            if whole.trim() == name {
                return self.take_all(&[(at, "sh"), (at + whole.len(), "dl")]);
            }
            at += whole.len();
        }
        self.take(text.len(), "err");
        true
    }

    /// From a quote to the last quote of the line.
    fn string(&mut self) -> bool {
        if byte(self.text, self.at) != b'"' {
            return false;
        }
        if self.at >= self.quote.0 {
            let line = line_end(self.text, self.at);
            self.quote = (line, self.text[self.at..line].rfind('"').map(|quote| self.at + quote));
        }
        match self.quote.1 {
            Some(last) if last > self.at => self.take(last + 1, "s2"),
            _ => false,
        }
    }

    /// Constants, types and dotted names.
    fn word(&mut self) -> bool {
        let text = self.text;
        let here = char_at(text, self.at).is_some_and(is_word);
        if after_word(text, self.at) == here {
            return false;
        }
        let end = word(text, self.at);
        match &text[self.at..end] {
            "true" | "false" => return self.take(end, "no"),
            name if TYPES.has(name) => return self.take(end, "kt"),
            _ => {}
        }
        if self.at >= self.cache.end {
            let in_dotted = |byte: u8| is_name(byte) || matches!(byte, b'.' | b'[' | b']');
            let end = run_bytes(text, self.at, in_dotted);
            let dotted =
                (self.at + 1..=end).rev().find(|at| after_word(text, *at) != char_at(text, *at).is_some_and(is_word));
            let first_dot = text[self.at..end].find('.').map(|dot| self.at + dot);
            self.cache = Word { end: end.max(self.at + 1), dotted, first_dot };
        }
        if self.cache.first_dot.is_some_and(|dot| dot < self.at) {
            self.cache.first_dot = text[self.at..self.cache.end].find('.').map(|dot| self.at + dot);
        }
        let Some(end) = self.cache.dotted else { return false };
        let after = if text[self.at..].starts_with("var.") { Some(self.at + 3) } else { self.cache.first_dot };
        match after {
            Some(dot) if dot > self.at && end > dot + 1 => self.take(end, "nv"),
            _ => false,
        }
    }

    fn rest(&mut self) -> bool {
        match byte(self.text, self.at) {
            b'[' | b']' | b'(' | b')' | b'{' | b'}' | b',' | b'.' | b'?' | b':' | b'!' | b'=' => {
                self.take(self.at + 1, "p")
            }
            b'0'..=b'9' => self.take(digits(self.text, self.at), "m"),
            _ => false,
        }
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// `"name"`.
fn quoted_name(text: &str, at: usize) -> Option<usize> {
    if byte(text, at) != b'"' {
        return None;
    }
    let end = run_bytes(text, at + 1, is_name);
    (end > at + 1 && byte(text, end) == b'"').then_some(end + 1)
}

/// Behind the end of a comment, in which others may be nested.
fn comment_end(text: &str, from: usize) -> usize {
    let mut depth = 1;
    let mut at = from;
    while at < text.len() && depth > 0 {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
        } else {
            at = next_char(text, at);
        }
    }
    at
}
