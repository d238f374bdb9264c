//! Python, as Pygments' `PythonLexer` cuts it.

use super::Tokens;
use super::scan::{
    at_line_start, blank, byte, char_at, is_word, line_end, next_char, run, run_bytes, space, word, words,
};

words!(
    KEYWORDS,
    "as assert async await break continue del elif else except finally for global if lambda nonlocal pass raise \
     return try while with yield"
);
words!(
    /// The keywords inside the braces of an f-string.
    EXPRESSION_KEYWORDS, "await else for if lambda yield");
words!(
    /// What behind `match` or `case` says that it is a name.
    ALL_KEYWORDS, "and as assert async await break class continue def del elif else except finally for from global if import in \
     is lambda nonlocal not or pass raise return try while with yield");
words!(
    BUILTINS,
    "__import__ abs aiter all any bin bool breakpoint bytearray bytes callable chr classmethod compile complex \
     delattr dict dir divmod enumerate eval filter float format frozendict frozenset getattr globals hasattr hash \
     hex id input int isinstance issubclass iter len list locals map max memoryview min next object oct open ord \
     pow print property range repr reversed round sentinel set setattr slice sorted staticmethod str sum super \
     tuple type vars zip"
);
words!(
    EXCEPTIONS,
    "ArithmeticError AssertionError AttributeError BaseException BlockingIOError BrokenPipeError BufferError \
     BytesWarning ChildProcessError ConnectionAbortedError ConnectionError ConnectionRefusedError \
     ConnectionResetError DeprecationWarning EOFError EncodingWarning EnvironmentError Exception FileExistsError \
     FileNotFoundError FutureWarning GeneratorExit IOError ImportError ImportWarning IndentationError IndexError \
     InterruptedError IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError ModuleNotFoundError \
     NameError NotADirectoryError NotImplementedError OSError OverflowError PendingDeprecationWarning \
     PermissionError ProcessLookupError RecursionError ReferenceError ResourceWarning RuntimeError RuntimeWarning \
     StopAsyncIteration StopIteration SyntaxError SyntaxWarning SystemError SystemExit TabError TimeoutError \
     TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError \
     UnicodeWarning UserWarning VMSError ValueError Warning WindowsError ZeroDivisionError"
);
words!(
    MAGIC_FUNCTIONS,
    "__abs__ __add__ __aenter__ __aexit__ __aiter__ __and__ __anext__ __await__ __bool__ __bytes__ __call__ \
     __complex__ __contains__ __del__ __delattr__ __delete__ __delitem__ __dir__ __divmod__ __enter__ __eq__ \
     __exit__ __float__ __floordiv__ __format__ __ge__ __get__ __getattr__ __getattribute__ __getitem__ __gt__ \
     __hash__ __iadd__ __iand__ __ifloordiv__ __ilshift__ __imatmul__ __imod__ __imul__ __index__ __init__ \
     __instancecheck__ __int__ __invert__ __ior__ __ipow__ __irshift__ __isub__ __iter__ __itruediv__ __ixor__ \
     __le__ __len__ __length_hint__ __lshift__ __lt__ __matmul__ __missing__ __mod__ __mul__ __ne__ __neg__ \
     __new__ __next__ __or__ __pos__ __pow__ __prepare__ __radd__ __rand__ __rdivmod__ __repr__ __reversed__ \
     __rfloordiv__ __rlshift__ __rmatmul__ __rmod__ __rmul__ __ror__ __round__ __rpow__ __rrshift__ __rshift__ \
     __rsub__ __rtruediv__ __rxor__ __set__ __setattr__ __setitem__ __str__ __sub__ __subclasscheck__ __truediv__ \
     __xor__"
);
words!(
    MAGIC_VARIABLES,
    "__annotations__ __bases__ __class__ __closure__ __code__ __defaults__ __dict__ __doc__ __file__ __func__ \
     __globals__ __kwdefaults__ __module__ __mro__ __name__ __objclass__ __qualname__ __self__ __slots__ \
     __weakref__"
);

/// How far the `]` of a replacement field is looked for: a bound on time.
const LONGEST_FIELD_BYTES: usize = 1_000;

/// Colours Python.
pub(super) fn lex(text: &str, tokens: &mut Tokens) {
    let mut lexer = Python { text, tokens, at: 0, states: vec![State::Root], no_long: [false; 2], blank: (0, 0) };
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
    FunctionName,
    ClassName,
    Import,
    FromImport,
    Soft,
    Field,
    FieldInner,
    String(Quoted),
}

/// Which escapes a string has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escapes {
    None,
    Bytes,
    Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Quoted {
    quote: u8,
    long: bool,
    formatted: bool,
    escapes: Escapes,
}

impl Quoted {
    fn class(self) -> &'static str {
        if self.quote == b'"' { "s2" } else { "s1" }
    }

    fn end(self) -> &'static str {
        match (self.quote, self.long) {
            (b'"', true) => "\"\"\"",
            (b'"', false) => "\"",
            (_, true) => "'''",
            (_, false) => "'",
        }
    }
}

struct Python<'a, 't> {
    text: &'a str,
    tokens: &'t mut Tokens,
    at: usize,
    states: Vec<State>,
    /// Whether no long string closes any more, by its quote.
    no_long: [bool; 2],
    /// A stretch of white space: from where it was looked at, and its end.
    blank: (usize, usize),
}

impl Python<'_, '_> {
    fn take(&mut self, end: usize, class: &'static str) -> bool {
        let any = end > self.at;
        self.tokens.upto(end, class);
        self.at = self.at.max(end);
        any
    }

    fn pop(&mut self) -> bool {
        if self.states.len() > 1 {
            self.states.pop();
        }
        true
    }

    fn pop_with(&mut self, end: usize, class: &'static str) -> bool {
        self.pop();
        self.take(end, class)
    }

    fn byte(&self) -> u8 {
        byte(self.text, self.at)
    }

    fn step(&mut self) -> bool {
        match self.states.last().copied().unwrap_or(State::Root) {
            State::Root => self.root(),
            State::FunctionName => {
                let end = name(self.text, self.at);
                if MAGIC_FUNCTIONS.has(&self.text[self.at..word(self.text, self.at)]) {
                    return self.take(end, "fm");
                }
                self.pop_with(end, "nf");
                true
            }
            State::ClassName => {
                let end = name(self.text, self.at);
                end > self.at && self.pop_with(end, "nc")
            }
            State::Import => self.import(),
            State::FromImport => self.import_from(),
            State::Soft => self.soft(),
            State::Field => self.field(),
            State::FieldInner => match self.byte() {
                b'{' | b'(' | b'[' => {
                    self.states.push(State::FieldInner);
                    self.take(self.at + 1, "p")
                }
                b'}' | b')' | b']' => self.pop_with(self.at + 1, "p"),
                _ => self.take(space(self.text, self.at), "w") || self.expression(),
            },
            State::String(quoted) => self.string(quoted),
        }
    }

    fn root(&mut self) -> bool {
        let text = self.text;
        let first = self.byte();
        if first == b'\n' {
            return self.take(self.at + 1, "w");
        }
        let line_start = at_line_start(text, self.at);
        if line_start && self.docstring() {
            return true;
        }
        match first {
            b'#' => {
                let end = line_end(text, self.at);
                let hashbang = self.at == 0 && text.starts_with("#!") && end > 2;
                return self.take(end, if hashbang { "ch" } else { "c1" });
            }
            b'\\' => {
                let n_bytes = if byte(text, self.at + 1) == b'\n' { 2 } else { 1 };
                return self.take(self.at + n_bytes, "");
            }
            _ => {}
        }
        if line_start && self.soft_keyword() {
            return true;
        }
        let end = word(text, self.at);
        let found = &text[self.at..end];
        if found.is_empty() {
            return self.expression();
        }
        if KEYWORDS.has(found) {
            let from = found == "yield" && text[end..].starts_with(" from") && !word_goes_on(text, end + 5);
            return self.take(if from { end + 5 } else { end }, "k");
        }
        if matches!(found, "True" | "False" | "None") {
            return self.take(end, "kc");
        }
        if let Some((_, class, state)) = [
            ("def", "k", State::FunctionName),
            ("class", "k", State::ClassName),
            ("from", "kn", State::FromImport),
            ("import", "kn", State::Import),
        ]
        .into_iter()
        .find(|(keyword, ..)| *keyword == found)
        {
            let after = continued_space(text, end);
            if after > end {
                self.take(end, class);
                self.take(after, "w");
                self.states.push(state);
                return true;
            }
        }
        if line_start && found == "lazy" && self.lazy(end) {
            return true;
        }
        self.expression()
    }

    /// `lazy import` and `lazy from`.
    fn lazy(&mut self, end: usize) -> bool {
        let text = self.text;
        let start = continued_space(text, end);
        let second = word(text, start);
        let state = match &text[start..second] {
            "from" => State::FromImport,
            "import" => State::Import,
            _ => return false,
        };
        let after = continued_space(text, second);
        if start == end || after == second {
            return false;
        }
        self.take(end, "kn");
        self.take(start, "w");
        self.take(second, "kn");
        self.take(after, "w");
        self.states.push(state);
        true
    }

    /// A long string that begins a line.
    fn docstring(&mut self) -> bool {
        let text = self.text;
        if self.at < self.blank.0 || self.at >= self.blank.1 {
            self.blank = (self.at, space(text, self.at));
        }
        let start = self.blank.1.max(self.at);
        let prefix = run_bytes(text, start, |byte| matches!(byte, b'r' | b'R' | b'u' | b'U' | b'b' | b'B'));
        if prefix - start > 2 {
            return false;
        }
        let (idx, mark) = match byte(text, prefix) {
            b'"' => (0, "\"\"\""),
            b'\'' => (1, "'''"),
            _ => return false,
        };
        if !text[prefix..].starts_with(mark) || self.no_long[idx] {
            return false;
        }
        let Some(end) = text[prefix + 3..].find(mark) else {
            self.no_long[idx] = true;
            return false;
        };
        self.take(start, "w");
        self.take(prefix, "sa");
        self.take(prefix + end + 6, "sd")
    }

    /// `match` and `case` where they are no names.
    fn soft_keyword(&mut self) -> bool {
        let text = self.text;
        let start = blank(text, self.at);
        let end = word(text, start);
        if !matches!(&text[start..end], "match" | "case") {
            return false;
        }
        let next = blank(text, end);
        let follows = word(text, next);
        if b":,;=^&|@~)]}".contains(&byte(text, next)) && next < text.len() || ALL_KEYWORDS.has(&text[next..follows]) {
            return false;
        }
        self.take(start, "");
        self.take(end, "k");
        self.states.push(State::Soft);
        true
    }

    /// `_` behind `case`.
    fn soft(&mut self) -> bool {
        let text = self.text;
        let start = space(text, self.at);
        let under = run(text, start, |ch| !matches!(ch, '\n' | '_'));
        if start > self.at && byte(text, under) == b'_' && !word_goes_on(text, under + 1) {
            self.take(start, "w");
            let mut inner = Tokens::default();
            lex(&text[start..under], &mut inner);
            for (end, class) in inner.runs() {
                self.take(start + end, class);
            }
            return self.take(under + 1, "k");
        }
        self.pop()
    }

    fn import(&mut self) -> bool {
        let text = self.text;
        let start = space(text, self.at);
        let keyword = text[start..].starts_with("as");
        let after = space(text, (start + 2).min(text.len()));
        if start > self.at && keyword && after > start + 2 {
            self.take(start, "w");
            self.take(start + 2, "k");
            return self.take(after, "w");
        }
        if self.byte() == b'.' {
            return self.take(self.at + 1, "nn");
        }
        let end = name(text, self.at);
        if end > self.at {
            return self.take(end, "nn");
        }
        if byte(text, start) == b',' {
            self.take(start, "w");
            self.take(start + 1, "o");
            self.take(space(text, self.at), "w");
            return true;
        }
        self.pop()
    }

    fn import_from(&mut self) -> bool {
        let text = self.text;
        let start = space(text, self.at);
        let end = word(text, start);
        if start > self.at && &text[start..end] == "import" {
            self.take(start, "w");
            return self.pop_with(end, "kn");
        }
        if self.byte() == b'.' {
            return self.take(self.at + 1, "nn");
        }
        let end = name(text, self.at);
        if &text[self.at..end] == "None" {
            return self.pop_with(end, "kc");
        }
        if end > self.at {
            return self.take(end, "nn");
        }
        self.pop()
    }

    /// The inside of `{}` in an f-string.
    fn field(&mut self) -> bool {
        let text = self.text;
        if matches!(self.byte(), b'{' | b'(' | b'[') {
            self.states.push(State::FieldInner);
            return self.take(self.at + 1, "p");
        }
        let equals = if self.byte() == b'=' { space(text, self.at + 1) } else { self.at };
        for start in [equals, self.at] {
            let conversion = byte(text, start) == b'!' && matches!(byte(text, start + 1), b's' | b'r' | b'a' | b'f');
            let end = start + if conversion { 2 } else { 0 };
            if matches!(byte(text, end), b'}' | b':') {
                return self.pop_with(end + 1, "si");
            }
        }
        self.take(space(text, self.at), "w") || self.expression()
    }

    fn expression(&mut self) -> bool {
        let text = self.text;
        if let Some((quoted, affix)) = opening(text, self.at) {
            self.take(affix, "sa");
            self.take(affix + quoted.end().len(), quoted.class());
            self.states.push(State::String(quoted));
            return true;
        }
        let Some(first) = char_at(text, self.at) else { return false };
        if first.is_whitespace() && first != '\n' {
            return self.take(run(text, self.at, |ch| ch.is_whitespace() && ch != '\n'), "");
        }
        if let Some((end, class)) = number(text, self.at) {
            return self.take(end, class);
        }
        if ["!=", "==", "<<", ">>", ":="].iter().any(|operator| text[self.at..].starts_with(operator)) {
            return self.take(self.at + 2, "o");
        }
        match first {
            '-' | '~' | '+' | '/' | '*' | '%' | '=' | '<' | '>' | '&' | '^' | '|' | '.' => self.take(self.at + 1, "o"),
            ']' | '{' | '}' | ':' | '(' | ')' | ',' | ';' | '[' => self.take(self.at + 1, "p"),
            '@' => {
                let end = name(text, self.at + 1);
                self.take(end, if end > self.at + 1 { "nd" } else { "o" })
            }
            _ => self.word(),
        }
    }

    fn word(&mut self) -> bool {
        let text = self.text;
        let end = word(text, self.at);
        let found = &text[self.at..end];
        let member = self.at > 0 && byte(text, self.at - 1) == b'.';
        let class = match found {
            "in" | "is" | "and" | "or" | "not" => "ow",
            "async" if text[end..].starts_with(" for") && !word_goes_on(text, end + 4) => {
                return self.take(end + 4, "k");
            }
            "yield" if text[end..].starts_with(" from") && !word_goes_on(text, end + 5) => {
                return self.take(end + 5, "k");
            }
            _ if EXPRESSION_KEYWORDS.has(found) => "k",
            "True" | "False" | "None" => "kc",
            _ if !member && BUILTINS.has(found) => "nb",
            "self" | "Ellipsis" | "NotImplemented" | "cls" if !member => "bp",
            _ if !member && EXCEPTIONS.has(found) => "ne",
            _ if MAGIC_FUNCTIONS.has(found) => "fm",
            _ if MAGIC_VARIABLES.has(found) => "vm",
            _ => return self.take(name(text, self.at), "n"),
        };
        self.take(end, class)
    }

    fn string(&mut self, quoted: Quoted) -> bool {
        let text = self.text;
        let rest = &text[self.at..];
        let first = self.byte();
        if quoted.formatted && (rest.starts_with("{{") || rest.starts_with("}}")) {
            return self.take(self.at + 2, "se");
        }
        if first == b'\\'
            && let Some(end) = escape(text, self.at, quoted.escapes)
        {
            return self.take(end, "se");
        }
        if rest.starts_with(quoted.end()) {
            return self.pop_with(self.at + quoted.end().len(), quoted.class());
        }
        if first == b'\\' && !quoted.long {
            let next = byte(text, self.at + 1);
            if next == b'\\' || next == quoted.quote || next == b'\n' {
                return self.take(self.at + 2, "se");
            }
        }
        if quoted.formatted {
            match first {
                b'}' => return self.take(self.at + 1, "si"),
                b'{' => {
                    self.states.push(State::Field);
                    return self.take(self.at + 1, "si");
                }
                _ => {}
            }
        } else {
            let replaced = match first {
                b'%' => percent(text, self.at),
                b'{' => replacement(text, self.at),
                _ => None,
            };
            if let Some(end) = replaced {
                return self.take(end, "si");
            }
            if matches!(first, b'%' | b'{') {
                let n_bytes = if rest.starts_with("{{") { 2 } else { 1 };
                return self.take(self.at + n_bytes, quoted.class());
            }
        }
        match first {
            b'\n' => quoted.long && self.take(self.at + 1, quoted.class()),
            b'\\' | b'"' | b'\'' => self.take(self.at + 1, quoted.class()),
            _ => {
                let stops = |ch| match ch {
                    '\\' | '\'' | '"' | '{' | '\n' => true,
                    '%' => !quoted.formatted,
                    '}' => quoted.formatted,
                    _ => false,
                };
                self.take(run(text, self.at, |ch| !stops(ch)), quoted.class())
            }
        }
    }
}

/// Tells whether a word character stands here.
fn word_goes_on(text: &str, at: usize) -> bool {
    char_at(text, at).is_some_and(is_word)
}

/// A name: a letter or `_`, then letters and digits.
fn name(text: &str, at: usize) -> usize {
    let starts = char_at(text, at).is_some_and(|ch| ch == '_' || ch.is_alphabetic());
    if starts { word(text, at) } else { at }
}

/// `(?:\s|\\\s)+`.
fn continued_space(text: &str, at: usize) -> usize {
    let mut end = at;
    loop {
        let slash = usize::from(byte(text, end) == b'\\');
        match char_at(text, end + slash) {
            Some(ch) if ch.is_whitespace() => end += slash + ch.len_utf8(),
            _ => return end,
        }
    }
}

/// The prefix and the quotes of a string: what it is, and where the prefix ends.
fn opening(text: &str, at: usize) -> Option<(Quoted, usize)> {
    let n_letters = text.as_bytes()[at..].iter().take(3).take_while(|byte| byte.is_ascii_alphabetic()).count();
    let affix = at + n_letters;
    let quote = byte(text, affix);
    if n_letters > 2 || !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let prefix = &text[at..affix];
    let (formatted, escapes) = match prefix.to_ascii_lowercase().as_str() {
        "" | "u" => (false, Escapes::Text),
        "b" => (false, Escapes::Bytes),
        "r" | "rb" | "br" => (false, Escapes::None),
        "f" | "t" => (true, Escapes::Text),
        "rf" | "fr" | "rt" | "tr" => (true, Escapes::None),
        _ => return None,
    };
    let long = byte(text, affix + 1) == quote && byte(text, affix + 2) == quote;
    Some((Quoted { quote, long, formatted, escapes }, affix))
}

/// An escape from its backslash on.
fn escape(text: &str, at: usize, escapes: Escapes) -> Option<usize> {
    if escapes == Escapes::None {
        return None;
    }
    let hex = |n: usize| {
        let end = run_bytes(text, (at + 2).min(text.len()), |byte| byte.is_ascii_hexdigit());
        (end >= at + 2 + n).then_some(at + 2 + n)
    };
    match byte(text, at + 1) {
        b'N' if escapes == Escapes::Text && byte(text, at + 2) == b'{' => {
            text[at + 3..line_end(text, at)].find('}').map(|end| at + end + 4)
        }
        b'u' if escapes == Escapes::Text => hex(4),
        b'U' if escapes == Escapes::Text => hex(8),
        b'\\' | b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'"' | b'\'' | b'\n' => Some(at + 2),
        b'x' => hex(2),
        b'0'..=b'7' => Some(run_bytes(text, at + 1, |byte| matches!(byte, b'0'..=b'7')).min(at + 4)),
        _ => None,
    }
}

/// `%(name)-5.2f`.
fn percent(text: &str, at: usize) -> Option<usize> {
    let mut end = at + 1;
    if byte(text, end) == b'(' {
        let close = word(text, end + 1);
        if close > end + 1 && byte(text, close) == b')' {
            end = close + 1;
        }
    }
    end = run_bytes(text, end, |byte| matches!(byte, b'-' | b'#' | b'0' | b' ' | b'+'));
    let amount = |at: usize| {
        if byte(text, at) == b'*' { at + 1 } else { run_bytes(text, at, |byte| byte.is_ascii_digit()) }
    };
    end = amount(end);
    if byte(text, end) == b'.' && amount(end + 1) > end + 1 {
        end = amount(end + 1);
    }
    let kind = |at: usize| matches!(byte(text, at), b'E'..=b'G' | b'X' | b'c'..=b'g' | b'i' | b'o' | b'r' | b's' | b'a' | b'u' | b'x' | b'%');
    let sized = usize::from(matches!(byte(text, end), b'h' | b'l' | b'L'));
    if kind(end + sized) {
        return Some(end + sized + 1);
    }
    kind(end).then_some(end + 1)
}

/// `{name[0].x!r:>10.2f}`.
fn replacement(text: &str, at: usize) -> Option<usize> {
    let mut end = word(text, at + 1);
    if end > at + 1 {
        loop {
            let next = match byte(text, end) {
                b'.' => word(text, end + 1),
                b'[' => {
                    let far = text.len().min(end + LONGEST_FIELD_BYTES);
                    let close = text.as_bytes()[end + 1..far.max(end + 1)].iter().position(|byte| *byte == b']');
                    close.filter(|close| *close > 0).map_or(end, |close| end + close + 2)
                }
                _ => end,
            };
            if next <= end + 1 {
                break;
            }
            end = next;
        }
    }
    if byte(text, end) == b'!' && matches!(byte(text, end + 1), b's' | b'r' | b'a') {
        end += 2;
    }
    if byte(text, end) == b'}' {
        return Some(end + 1);
    }
    if byte(text, end) != b':' {
        return None;
    }
    let start = end + 1;
    let aligns = |at: usize| matches!(byte(text, at), b'<' | b'>' | b'=' | b'^');
    let filled = next_char(text, start);
    let filled = (byte(text, start) != b'\n' && filled < text.len() && aligns(filled)).then_some(filled + 1);
    let aligned = aligns(start).then_some(start + 1);
    [filled, aligned, Some(start)].into_iter().flatten().find_map(|at| format_end(text, at))
}

/// `[-+ ]?#?0?(\d+)?,?(\.\d+)?[a type]?\}`.
fn format_end(text: &str, at: usize) -> Option<usize> {
    let number = |at: usize| run(text, at, |ch| ch.is_numeric());
    let mut end = at + usize::from(matches!(byte(text, at), b'-' | b'+' | b' '));
    end += usize::from(byte(text, end) == b'#');
    end = number(end);
    end += usize::from(byte(text, end) == b',');
    if byte(text, end) == b'.' && number(end + 1) > end + 1 {
        end = number(end + 1);
    }
    let kind = matches!(byte(text, end), b'E'..=b'G' | b'X' | b'b'..=b'g' | b'n' | b'o' | b's' | b'x' | b'%');
    end += usize::from(kind);
    (byte(text, end) == b'}').then_some(end + 1)
}

/// `\d(?:_?\d)*`.
fn grouped(text: &str, at: usize, fits: fn(u8) -> bool) -> usize {
    let mut end = at;
    while end < text.len() {
        let digit = end + usize::from(end > at && byte(text, end) == b'_');
        if digit >= text.len() || !fits(byte(text, digit)) {
            break;
        }
        end = run_bytes(text, digit, fits);
    }
    end
}

fn number(text: &str, at: usize) -> Option<(usize, &'static str)> {
    let decimal = |at: usize| grouped(text, at, |byte| byte.is_ascii_digit());
    let exponent = |at: usize| {
        if !matches!(byte(text, at), b'e' | b'E') {
            return at;
        }
        let from = at + 1 + usize::from(matches!(byte(text, at + 1), b'+' | b'-'));
        let end = decimal(from.min(text.len()));
        if end > from { end } else { at }
    };
    let whole = decimal(at);
    if byte(text, whole) == b'.' && (whole > at || byte(text, whole + 1).is_ascii_digit()) {
        return Some((exponent(decimal(whole + 1)), "mf"));
    }
    if whole == at {
        return None;
    }
    let power = exponent(whole);
    if power > whole {
        return Some((power + usize::from(byte(text, power) == b'j'), "mf"));
    }
    if byte(text, at) == b'0' {
        let based = |fits: fn(u8) -> bool| {
            let from = at + 2 + usize::from(byte(text, at + 2) == b'_');
            let end = if from < text.len() && fits(byte(text, from)) { grouped(text, from, fits) } else { 0 };
            (end > from).then_some(end)
        };
        let found = match byte(text, at + 1) {
            b'o' | b'O' => based(|byte| matches!(byte, b'0'..=b'7')).map(|end| (end, "mo")),
            b'b' | b'B' => based(|byte| matches!(byte, b'0' | b'1')).map(|end| (end, "mb")),
            b'x' | b'X' => based(|byte| byte.is_ascii_hexdigit()).map(|end| (end, "mh")),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    Some((whole, "mi"))
}
