//! Templates of projects are written for Jinja. What differs from Tera in words only is put into
//! Tera's words before it is parsed, and every place keeps its offset in the file.
//!
//! Covered: missing values print nothing and end no chain (`page.meta.x`), arguments by position of
//! the usual filters, the usual methods of Python's strings and mappings, `lang.t(…)`, tests,
//! inline `if` without `else`, includes of icons by name and with `ignore missing`. A Tera template
//! comes out with the same meaning. What is not covered is left as it is, for Tera to report.

use std::borrow::Cow;
use std::ops::Range;

/// A template in Tera's words.
#[derive(Debug)]
pub(super) struct Translated {
    pub(super) text: String,
    /// Where pieces begin, in the new text and in the file, in order.
    pieces: Vec<(usize, usize)>,
}

impl Translated {
    /// Takes a template as it is.
    pub(super) fn verbatim(text: &str) -> Translated {
        Translated { text: text.to_string(), pieces: vec![(0, 0)] }
    }

    /// Returns the place in the file of a stretch of the new text.
    pub(super) fn source_range(&self, range: &std::ops::Range<usize>) -> std::ops::Range<usize> {
        let start = self.source_offset(range.start);
        let last = range.end.saturating_sub(1).max(range.start);
        start..(self.source_offset(last) + 1).max(start)
    }

    /// Returns the offset in the file of what stands at an offset of the new text.
    pub(super) fn source_offset(&self, offset: usize) -> usize {
        let after = self.pieces.partition_point(|(new, _)| *new <= offset);
        let Some((new, old)) = after.checked_sub(1).map(|at| self.pieces[at]) else { return offset };
        let end = self.pieces.get(after).map_or(usize::MAX, |(_, old)| *old);
        (old + (offset - new)).min(end.max(old))
    }

    fn push(&mut self, text: &str, at: usize) {
        self.pieces.push((self.text.len(), at));
        self.text.push_str(text);
    }

    fn push_all(&mut self, tokens: &[Token<'_>]) {
        for token in tokens {
            self.push(&token.text, token.at);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Space,
    Word,
    Literal,
    Mark,
}

#[derive(Clone, Debug)]
struct Token<'t> {
    text: Cow<'t, str>,
    at: usize,
    kind: Kind,
}

impl Token<'_> {
    fn is(&self, text: &str) -> bool {
        self.text == text && self.kind != Kind::Literal
    }
}

/// Translates a template; `exists` tells which templates there are.
pub(super) fn translate(text: &str, exists: &dyn Fn(&str) -> bool) -> Translated {
    let mut out = Translated { text: String::with_capacity(text.len() + text.len() / 8), pieces: Vec::new() };
    let mut outside = Outside::of(text);
    let mut at = 0;
    while let Some(open) = next_tag(text, at) {
        let end = tag_end(text, open);
        let tag = &text[open..end];
        let before = outside.as_ref().is_none_or(Outside::is_in_block);
        if before {
            out.push(&text[at..open], at);
        }
        if outside.as_mut().is_some_and(|outside| !outside.keeps(tag, open..end)) {
            // Jinja renders nothing of a child template but its blocks.
        } else if !tag.starts_with("{#") && tag.len() >= 4 && tag.ends_with('}') {
            let (from, to) = (open + 2, end - 2);
            let (from, to) = (from + sign(&text[from..to], true), to - sign(&text[from..to], false));
            let tokens = tokenize(&text[from..to.max(from)], from);
            if tag.starts_with("{{") {
                out.push(&text[open..from], open);
                out.push_all(&printed(tokens));
                out.push(&text[to..end], to);
            } else {
                statement(&mut out, text, (open, from, to, end), tokens, exists);
            }
        } else {
            out.push(tag, open);
        }
        if let Some(outside) = &outside
            && outside.depth == 1
            && is_statement(tag, "block")
        {
            for set in &outside.sets {
                let (from, to) = (set.start + 2, set.end - 2);
                let (from, to) = (from + sign(&text[from..to], true), to - sign(&text[from..to], false));
                let tokens = tokenize(&text[from..to.max(from)], from);
                statement(&mut out, text, (set.start, from, to, set.end), tokens, exists);
            }
        }
        at = end;
        if is_statement(tag, "raw") {
            let close = text[at..].find("endraw").map_or(text.len(), |found| at + found);
            if before {
                out.push(&text[at..close], at);
            }
            at = close;
        }
    }
    if outside.as_ref().is_none_or(Outside::is_in_block) {
        out.push(&text[at..], at);
    }
    out
}

/// What stands outside the blocks of a template that extends another: Jinja prints none of it, and
/// what is set there is known in the blocks. Tera allows nothing there.
#[derive(Default)]
struct Outside {
    /// How many blocks are open.
    depth: usize,
    /// The statements outside that set a value, so far.
    sets: Vec<Range<usize>>,
    /// Whether the body of a macro or of a value is being left out.
    is_skipping: bool,
}

impl Outside {
    /// `None` where the template extends no other.
    fn of(text: &str) -> Option<Outside> {
        let mut at = 0;
        while let Some(open) = next_tag(text, at) {
            at = tag_end(text, open);
            if !text[open..].starts_with("{#") {
                return is_statement(&text[open..at], "extends").then(Outside::default);
            }
        }
        None
    }

    fn is_in_block(&self) -> bool {
        self.depth > 0
    }

    /// Goes past a tag; `false` where it is left out.
    fn keeps(&mut self, tag: &str, place: Range<usize>) -> bool {
        let is = |word: &str| is_statement(tag, word);
        if self.is_skipping {
            self.is_skipping = !(is("endmacro") || is("endset") || is("endcall"));
            return false;
        }
        if is("block") || is("component") {
            self.depth += 1;
            return true;
        }
        if is("endblock") || is("endcomponent") {
            self.depth = self.depth.saturating_sub(1);
            return true;
        }
        if self.depth > 0 || is("extends") || tag.starts_with("{#") {
            return true;
        }
        if is("set") && tag.ends_with('}') {
            if tag.contains('=') {
                self.sets.push(place);
            } else {
                self.is_skipping = true;
            }
        }
        self.is_skipping |= is("macro") || is("call");
        false
    }
}

fn next_tag(text: &str, from: usize) -> Option<usize> {
    let found = text[from..].match_indices('{').find(|(at, _)| text[from + at + 1..].starts_with(['{', '%', '#']));
    found.map(|(at, _)| from + at)
}

/// The end of the tag that begins at `open`: past its closing braces, strings left alone.
fn tag_end(text: &str, open: usize) -> usize {
    let close = match text.as_bytes()[open + 1] {
        b'{' => "}}",
        b'%' => "%}",
        _ => return text[open..].find("#}").map_or(text.len(), |at| open + at + 2),
    };
    let (mut quote, mut depth) = (None, 0usize);
    for (at, ch) in text[open + 2..].char_indices() {
        match (quote, ch) {
            (Some(open), ch) if ch == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(ch),
            (None, '{') => depth += 1,
            (None, '}') if depth > 0 => depth -= 1,
            _ if text[open + 2 + at..].starts_with(close) => return open + 2 + at + 2,
            _ => {}
        }
    }
    text.len()
}

/// The width of a `-` or `+` at the beginning or the end of a tag's content.
fn sign(content: &str, at_start: bool) -> usize {
    let found =
        if at_start { content.starts_with(['-', '+']) } else { content.len() > 1 && content.ends_with(['-', '+']) };
    usize::from(found)
}

fn is_statement(tag: &str, word: &str) -> bool {
    tag.starts_with("{%") && tag[2..].trim_start_matches('-').trim_start().starts_with(word)
}

fn tokenize(text: &str, base: usize) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let run = |keep: fn(char) -> bool| rest.find(|ch| !keep(ch)).unwrap_or(rest.len());
        let (kind, width) = match first {
            '"' | '\'' | '`' => (Kind::Literal, rest[1..].find(first).map_or(rest.len(), |end| end + 2)),
            ch if ch.is_whitespace() => (Kind::Space, run(char::is_whitespace)),
            ch if ch.is_ascii_digit() => (Kind::Literal, run(|ch| ch.is_ascii_digit() || ch == '.' || ch == '_')),
            ch if ch.is_alphabetic() || ch == '_' => (Kind::Word, run(|ch| ch.is_alphanumeric() || ch == '_')),
            ch => (Kind::Mark, ch.len_utf8()),
        };
        tokens.push(Token { text: Cow::Borrowed(&rest[..width]), at: base + at, kind });
        at += width;
    }
    tokens
}

fn made<'t>(text: impl Into<Cow<'t, str>>, at: usize) -> Token<'t> {
    Token { text: text.into(), at, kind: Kind::Mark }
}

/// What is printed: a missing value prints nothing.
fn printed(tokens: Vec<Token<'_>>) -> Vec<Token<'_>> {
    let first = tokens.iter().find(|token| token.kind != Kind::Space);
    let Some(first) = first.map(|token| (token.is("<"), token.at)) else { return tokens };
    if first.0 {
        return tokens;
    }
    let (is_super, is_plain) =
        (tokens.iter().any(|token| token.is("super")), tokens.iter().all(|token| token.kind != Kind::Word));
    let body = with_else(expression(tokens));
    if is_super || is_plain {
        return body;
    }
    let end = body.last().map_or(first.1, |token| token.at);
    let mut out = vec![made(" (", first.1)];
    out.extend(body);
    out.push(made(") | default(value=\"\") ", end));
    out
}

/// An inline `if` without `else` is nothing where it does not hold.
fn with_else(mut tokens: Vec<Token<'_>>) -> Vec<Token<'_>> {
    let mut depth = 0i32;
    let (mut has_if, mut has_else) = (false, false);
    for token in &tokens {
        match token.text.as_ref() {
            "(" | "[" | "?[" | "{" if token.kind == Kind::Mark => depth += 1,
            ")" | "]" | "}" if token.kind == Kind::Mark => depth -= 1,
            "if" if token.kind == Kind::Word && depth == 0 => has_if = true,
            "else" if token.kind == Kind::Word && depth == 0 => has_else = true,
            _ => {}
        }
    }
    if has_if && !has_else {
        let at = tokens.last().map_or(0, |token| token.at);
        tokens.push(made(" else \"\"", at));
    }
    tokens
}

fn statement(
    out: &mut Translated,
    text: &str,
    (open, from, to, end): (usize, usize, usize, usize),
    tokens: Vec<Token<'_>>,
    exists: &dyn Fn(&str) -> bool,
) {
    let Some(word_at) = tokens.iter().position(|token| token.kind == Kind::Word) else {
        out.push(&text[open..end], open);
        return;
    };
    let word = tokens[word_at].text.to_string();
    let is_word_first = tokens[..word_at].iter().all(|token| token.kind == Kind::Space);
    let split = match word.as_str() {
        "if" | "elif" => Some(word_at + 1),
        "for" => tokens.iter().position(|token| token.is("in")).map(|at| at + 1),
        "set" | "set_global" => tokens.iter().position(|token| token.is("=")).map(|at| at + 1),
        "block" => {
            let kept: Vec<Token<'_>> =
                tokens.into_iter().filter(|token| !token.is("scoped") && !token.is("required")).collect();
            out.push(&text[open..from], open);
            out.push_all(&kept);
            out.push(&text[to..end], to);
            return;
        }
        "include" => {
            if !include(out, &tokens[word_at + 1..], open, exists) {
                out.push(&text[open..end], open);
            }
            return;
        }
        _ => None,
    };
    let Some(split) = split.filter(|_| is_word_first) else {
        out.push(&text[open..end], open);
        return;
    };
    let mut head = tokens;
    let tail = head.split_off(split);
    out.push(&text[open..from], open);
    out.push_all(&head);
    let at = tail.first().map_or(to, |token| token.at);
    let may_miss = tail.iter().any(|token| token.is("."));
    let body = with_else(expression(tail));
    match word.as_str() {
        "for" if may_miss && !body.iter().any(|token| token.is("if")) => {
            out.push_all(&body);
            out.push(" | default(value=[]) ", to);
        }
        "set" | "set_global" if may_miss => {
            out.push(" (", at);
            out.push_all(&body);
            out.push(") | default(value=\"\") ", to);
        }
        _ => out.push_all(&body),
    }
    out.push(&text[to..end], to);
}

/// Writes an include in Tera's words; `false` where it already is, or cannot be.
fn include(out: &mut Translated, tokens: &[Token<'_>], open: usize, exists: &dyn Fn(&str) -> bool) -> bool {
    let words: Vec<&Token<'_>> = tokens.iter().filter(|token| token.kind != Kind::Space).collect();
    let bare = |token: &Token<'_>| token.text.trim_matches(['"', '\'']).to_string();
    if let [first, rest @ .., last] = words.as_slice()
        && bare(first) == ".icons/"
        && bare(last) == ".svg"
        && rest.len() > 2
    {
        let inner = &rest[1..rest.len() - 1];
        let inner: Vec<Token<'_>> = inner.iter().map(|token| (*token).clone()).collect();
        out.push("{{ icon(name=", open);
        out.push_all(&expression(inner));
        out.push(") }}", open);
        return true;
    }
    let [name, rest @ ..] = words.as_slice() else { return false };
    let only_options =
        rest.iter().all(|token| ["ignore", "missing", "with", "without", "context"].iter().any(|word| token.is(word)));
    if name.kind != Kind::Literal || rest.is_empty() || !only_options {
        return false;
    }
    if exists(&bare(name)) || !rest.iter().any(|token| token.is("missing")) {
        out.push("{% include ", open);
        out.push(&name.text, name.at);
        out.push(" %}", name.at);
    }
    true
}

const KEYWORDS: [&str; 12] = ["and", "or", "not", "in", "is", "if", "else", "for", "true", "false", "none", "None"];

/// Methods that are filters here, with the names of their arguments.
const METHODS: [(&str, &str, &[&str]); 11] = [
    ("split", "split", &["pat"]),
    ("replace", "replace", &["from", "to"]),
    ("lower", "lower", &[]),
    ("upper", "upper", &[]),
    ("title", "title", &[]),
    ("capitalize", "capitalize", &[]),
    ("strip", "trim", &["pat"]),
    ("lstrip", "trim_start", &["pat"]),
    ("rstrip", "trim_end", &["pat"]),
    ("keys", "keys", &[]),
    ("values", "values", &[]),
];

/// Filters that have another name here, or whose arguments have names here.
const FILTERS: [(&str, &str, &[&str]); 10] = [
    ("default", "default", &["value", "boolean"]),
    ("d", "default", &["value", "boolean"]),
    ("replace", "replace", &["from", "to"]),
    ("join", "join", &["sep"]),
    ("truncate", "truncate", &["length"]),
    ("indent", "indent", &["width"]),
    ("e", "escape", &[]),
    ("count", "length", &[]),
    ("string", "str", &[]),
    ("round", "round", &["precision"]),
];

fn expression(tokens: Vec<Token<'_>>) -> Vec<Token<'_>> {
    let mut out: Vec<Token<'_>> = Vec::with_capacity(tokens.len() + 4);
    // Where the value that a `.`, `[` or `(` belongs to begins in `out`.
    let mut operand: Option<usize> = None;
    let mut i = 0;
    while i < tokens.len() {
        let token = &tokens[i];
        let at = token.at;
        match (token.kind, token.text.as_ref()) {
            (Kind::Word, word) if KEYWORDS.contains(&word) => {
                operand = None;
                out.push(token.clone());
                i += 1;
            }
            (Kind::Word, "mapping" | "sequence") if follows_is(&out) => {
                let word = if token.is("mapping") { "map" } else { "array" };
                out.push(Token { text: Cow::Borrowed(word), ..token.clone() });
                i += 1;
            }
            (Kind::Word | Kind::Literal, _) => {
                operand = Some(out.len());
                out.push(token.clone());
                i += 1;
            }
            (Kind::Mark, "(" | "[" | "{") => {
                let close = group_end(&tokens, i);
                let mut inner = expression(tokens[i + 1..close].to_vec());
                let is_subscript = token.is("[") && operand.is_some();
                if is_subscript && let Some(filter) = place_filter(&inner, out.last()) {
                    let closing = out.pop().map_or(at, |token| token.at);
                    out.push(made(filter, at));
                    out.push(made(")", closing));
                } else {
                    if operand.is_none() {
                        operand = Some(out.len());
                    }
                    let is_loop = out.last().is_some_and(|token| token.is("loop"));
                    let has_question = out.last().is_some_and(|token| token.is("?"));
                    let opening = if is_subscript && !is_loop && !has_question { "?[" } else { token.text.as_ref() };
                    out.push(made(opening.to_string(), at));
                    out.append(&mut inner);
                    out.extend(tokens.get(close).cloned());
                }
                i = close + 1;
            }
            (Kind::Mark, ".") if operand.is_some() && tokens.get(i + 1).is_some_and(|next| next.kind == Kind::Word) => {
                let start = operand.unwrap_or_default();
                let name = &tokens[i + 1];
                if tokens.get(i + 2).is_some_and(|next| next.is("(")) {
                    let close = group_end(&tokens, i + 2);
                    let args = arguments(&tokens[i + 3..close]);
                    if method(&mut out, start, name, args) {
                        i = close + 1;
                        continue;
                    }
                }
                let is_loop = out.len() == start + 1 && out[start].is("loop");
                let has_question = out.last().is_some_and(|token| token.is("?"));
                out.push(made(if is_loop || has_question { "." } else { "?." }, at));
                out.push(name.clone());
                i += 2;
            }
            (Kind::Mark, "?") => {
                out.push(token.clone());
                i += 1;
            }
            (Kind::Mark, "|") => {
                operand = None;
                i = filter(&mut out, &tokens, i);
            }
            _ => {
                operand = None;
                out.push(token.clone());
                i += 1;
            }
        }
    }
    out
}

fn follows_is(out: &[Token<'_>]) -> bool {
    let mut before = out.iter().rev().filter(|token| token.kind != Kind::Space);
    match before.next() {
        Some(token) if token.is("not") => before.next().is_some_and(|token| token.is("is")),
        Some(token) => token.is("is"),
        None => false,
    }
}

/// The index of the mark that closes the group opened at `open`.
fn group_end(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_ref() {
            "(" | "[" | "{" if token.kind == Kind::Mark => depth += 1,
            ")" | "]" | "}" if token.kind == Kind::Mark => {
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    tokens.len().max(open + 1) - 1
}

/// Splits arguments at their commas and translates each.
fn arguments<'t>(tokens: &[Token<'t>]) -> Vec<Vec<Token<'t>>> {
    let mut args = vec![Vec::new()];
    let mut depth = 0i32;
    for token in tokens {
        match token.text.as_ref() {
            "(" | "[" | "{" if token.kind == Kind::Mark => depth += 1,
            ")" | "]" | "}" if token.kind == Kind::Mark => depth -= 1,
            "," if depth == 0 && token.kind == Kind::Mark => {
                args.push(Vec::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = args.last_mut() {
            last.push(token.clone());
        }
    }
    let is_empty = |arg: &Vec<Token<'_>>| arg.iter().all(|token| token.kind == Kind::Space);
    args.into_iter().filter(|arg| !is_empty(arg)).map(expression).collect()
}

fn is_named(arg: &[Token<'_>]) -> bool {
    let mut words = arg.iter().filter(|token| token.kind != Kind::Space);
    let is_word = words.next().is_some_and(|token| token.kind == Kind::Word);
    is_word && words.next().is_some_and(|token| token.is("=")) && !words.next().is_some_and(|token| token.is("="))
}

/// Writes arguments with their names.
fn named<'t>(out: &mut Vec<Token<'t>>, at: usize, args: Vec<Vec<Token<'t>>>, names: &[&'static str]) {
    out.push(made("(", at));
    for (n, arg) in args.into_iter().enumerate() {
        if n > 0 {
            out.push(made(", ", at));
        }
        if !is_named(&arg)
            && let Some(name) = names.get(n)
        {
            out.push(made(format!("{name}="), at));
        }
        out.extend(arg);
    }
    out.push(made(")", at));
}

/// Puts a method call into Tera's words; `false` where it has none.
fn method<'t>(out: &mut Vec<Token<'t>>, start: usize, name: &Token<'t>, args: Vec<Vec<Token<'t>>>) -> bool {
    let at = name.at;
    let word = name.text.as_ref();
    match word {
        "t" if out.len() == start + 1 && out[start].is("lang") && args.len() == 1 => {
            out.push(made("?[", at));
            out.extend(args.into_iter().flatten());
            out.push(made("]", at));
        }
        "items" if args.is_empty() => {}
        "get" if args.len() == 1 || args.len() == 2 => {
            let mut args = args.into_iter();
            out.insert(start, made("(", at));
            out.push(made("?[", at));
            out.extend(args.next().into_iter().flatten());
            out.push(made("]", at));
            if let Some(default) = args.next() {
                out.push(made(" | default(value=", at));
                out.extend(default);
                out.push(made(")", at));
            }
            out.push(made(")", at));
        }
        "startswith" | "endswith" if args.len() == 1 => {
            out.insert(start, made("(", at));
            out.push(made(if word == "startswith" { " is starting_with" } else { " is ending_with" }, at));
            named(out, at, args, &["pat"]);
            out.push(made(")", at));
        }
        _ => {
            let Some((_, filter, names)) = METHODS.iter().find(|(method, ..)| *method == word) else { return false };
            out.insert(start, made("(", at));
            out.push(made(format!(" | {filter}"), at));
            if !args.is_empty() {
                named(out, at, args, names);
            }
            out.push(made(")", at));
        }
    }
    true
}

/// A place in the result of a filter, which Tera asks for with another filter.
fn place_filter(inner: &[Token<'_>], before: Option<&Token<'_>>) -> Option<String> {
    if !before.is_some_and(|token| token.is(")")) {
        return None;
    }
    let text: String = inner.iter().map(|token| token.text.as_ref()).collect();
    match text.trim() {
        "0" => Some(" | first".to_string()),
        "-1" => Some(" | last".to_string()),
        number if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(format!(" | nth(n={number})"))
        }
        _ => None,
    }
}

/// Writes the filter whose `|` stands at `i`; returns the index behind it.
fn filter<'t>(out: &mut Vec<Token<'t>>, tokens: &[Token<'t>], i: usize) -> usize {
    let word_at = (i + 1..tokens.len()).find(|at| tokens[*at].kind != Kind::Space);
    let Some(word_at) = word_at.filter(|at| tokens[*at].kind == Kind::Word) else {
        out.push(tokens[i].clone());
        return i + 1;
    };
    let word = &tokens[word_at];
    let has_args = tokens.get(word_at + 1).is_some_and(|next| next.is("("));
    let close = if has_args { group_end(tokens, word_at + 1) } else { word_at };
    if ["list", "items"].iter().any(|dropped| word.is(dropped)) {
        return close + 1;
    }
    out.push(made("| ", tokens[i].at));
    let known = FILTERS.iter().find(|(filter, ..)| word.is(filter));
    match known {
        Some((_, name, _)) => out.push(made(*name, word.at)),
        None => out.push(word.clone()),
    }
    if has_args {
        let args = arguments(&tokens[word_at + 2..close]);
        named(out, word.at, args, known.map_or(&[], |(.., names)| names));
    }
    close + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tera(text: &str) -> String {
        translate(text, &|name| name == "partials/there.html").text
    }

    #[test]
    fn missing_values_print_nothing() {
        assert_eq!(tera("a{{ page.meta.x }}b"), "a{{ ( page?.meta?.x ) | default(value=\"\") }}b");
        assert_eq!(tera("{%- if page.meta.x['y'] -%}"), "{%- if page?.meta?.x?['y'] -%}");
        assert_eq!(tera("{{ loop.index }}{{ super() }}"), "{{ ( loop.index ) | default(value=\"\") }}{{ super() }}");
        assert_eq!(tera("{% for t in page.meta.tags %}"), "{% for t in page?.meta?.tags  | default(value=[]) %}");
        assert_eq!(tera("{% set a = page.b %}"), "{% set a = ( page?.b ) | default(value=\"\") %}");
    }

    #[test]
    fn words_of_python_become_words_of_tera() {
        let pairs = [
            ("{% if page.url.startswith('a') %}", "{% if (page?.url is starting_with(pat='a')) %}"),
            ("{% if x.split('/')[0] == 'a' %}", "{% if (x | split(pat='/') | first) == 'a' %}"),
            ("{% for k, v in m.items() %}", "{% for k, v in m  | default(value=[]) %}"),
            ("{% if lang.t('a.b') %}", "{% if lang?['a.b'] %}"),
            ("{% if m.get('a', 1) %}", "{% if (m?['a'] | default(value= 1)) %}"),
            ("{% if x | d('a', true) %}", "{% if x | default(value='a', boolean= true) %}"),
            ("{% if x|replace('a', 'b') %}", "{% if x| replace(from='a', to= 'b') %}"),
            ("{% if x is not mapping %}", "{% if x is not map %}"),
            ("{% if x | default(value=1) %}", "{% if x | default(value=1) %}"),
            ("{% if page?.a[0] %}", "{% if page?.a?[0] %}"),
            ("{% if [1.5, 2] %}", "{% if [1.5, 2] %}"),
        ];
        for (jinja, expected) in pairs {
            assert_eq!(tera(jinja), expected);
        }
    }

    #[test]
    fn includes_of_icons_and_of_what_may_be_missing() {
        assert_eq!(tera("{% include '.icons/' ~ icon ~ '.svg' %}"), "{{ icon(name=icon) }}");
        assert_eq!(tera("{% include 'partials/there.html' ignore missing %}"), "{% include 'partials/there.html' %}");
        assert_eq!(tera("a{% include 'partials/no.html' ignore missing %}b"), "ab");
        assert_eq!(tera("{% include 'partials/there.html' %}"), "{% include 'partials/there.html' %}");
    }

    #[test]
    fn comments_raw_text_and_components_stay() {
        for same in [
            "{# {{ a.b }} #}",
            "{% raw %}{{ a.b }}{% endraw %}",
            "{{ <x a={b.c} /> }}",
            "{% block x %}{% endblock %}",
            "a { b } {{",
            "{% extends \"base.html\" %}",
            "{%",
            "{{}}",
            "{{-}}",
            "{%-%}",
        ] {
            assert_eq!(tera(same), same);
        }
    }

    #[test]
    fn what_stands_outside_the_blocks_of_a_child_is_not_shown() {
        let child = "{# c #}{% extends \"base.html\" %}\n<!-- x -->{% import 'm.html' as m %}{% set a = b.c %}{% macro m() %}x{% endmacro %}\n\
                     {% if y %}{% block one %}{{ a }}{% block two %}t{% endblock %}u{% endblock %}{% endif %}{{ z }} end";
        assert_eq!(
            tera(child),
            "{# c #}{% extends \"base.html\" %}{% block one %}{% set a = ( b?.c ) | default(value=\"\") %}\
             {{ ( a ) | default(value=\"\") }}{% block two %}t{% endblock %}u{% endblock %}"
        );
    }

    #[test]
    fn an_inline_if_gets_its_else() {
        assert_eq!(tera("{{ 'a' if b }}"), "{{ ( 'a' if b  else \"\") | default(value=\"\") }}");
    }

    #[test]
    fn places_keep_their_offset_in_the_file() {
        let source = "x{{ page.meta.x }}\n{% if nope.foo() %}";
        let translated = translate(source, &|_| false);
        for needle in ["meta", "nope", "foo", "%}"] {
            let new = translated.text.find(needle).expect("it is there");
            assert_eq!(translated.source_offset(new), source.find(needle).expect("it is there"), "{needle}");
        }
        assert!(translated.source_offset(9999) >= source.len() - 1);
    }
}
