//! Keys: `++ctrl+alt+delete++`.
//!
//! Source of the rule: `pymdownx/keys.py`.

use super::extension::Extension;
use super::key_names::{ALIASES, KEYS};
use crate::markdown::engine::inline::chars::is_word;
use crate::markdown::engine::inline::escape::escaped_backslashes;
use crate::markdown::engine::inline::{El, Engine, Hit, Pass, Taken, Txt, at_any, at_text};
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::text::{Chunk, Span};
use std::borrow::Cow;
use std::sync::Arc;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// `separator`: what stands between keys.
    pub(crate) separator: String,
    /// `strict`: `kbd` around the whole rather than `span`.
    pub(crate) strict: bool,
    /// `class`
    pub(crate) class: String,
    /// `camel_case`: whether `PgDn` stands for `pg-dn`.
    pub(crate) camel_case: bool,
    /// `key_map`: more keys, or other labels.
    pub(crate) key_map: Vec<(String, String)>,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options {
            separator: reader.string("separator", "+"),
            strict: reader.bool("strict", false),
            class: reader.string("class", "keys"),
            camel_case: reader.bool("camel_case", false),
            key_map: reader.string_map("key_map").unwrap_or_default(),
        }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        rules.escapable("+");
        let options = Arc::clone(&self);
        let custom = at_any(b"+\\", move |engine, pass, at| quoted(&options, engine, pass, at));
        rules.inline.register("keys-custom", 185.0, custom);
        rules.inline.register("keys", 70.0, at_text("++", move |engine, pass, at| plain(&self, engine, pass, at)));
    }
}

/// A key: its name for the class, its label, and its place.
struct Key {
    name: Option<String>,
    label: String,
    span: Span,
}

/// Keys of which at least one is quoted text: `++ctrl+"x"++`; they come before links.
fn quoted(options: &Options, engine: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize) -> Hit {
    if pass.text.as_bytes()[at] == b'\\' {
        return escaped_backslashes(pass, at, |next| next == Some('+'));
    }
    if pass.before(at) == Some('\\') || !pass.text[at..].starts_with("++") {
        return Hit::No;
    }
    let Some((words, end)) = words(pass, at + 2) else { return Hit::No };
    if !words.iter().any(|word| is_quote(pass.text.as_bytes()[word.start])) {
        return Hit::Skip(end);
    }
    hit(options, engine, pass, at, &words, end)
}

/// Keys by name.
fn plain(options: &Options, engine: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize) -> Hit {
    let mut words = Vec::new();
    let mut cur = at + 2;
    loop {
        let length = name_length(&pass.text[cur..]);
        if length == 0 {
            return Hit::No;
        }
        words.push(cur..cur + length);
        cur += length;
        if pass.text[cur..].starts_with("++") {
            return hit(options, engine, pass, at, &words, cur + 2);
        }
        if !pass.text[cur..].starts_with('+') {
            return Hit::No;
        }
        cur += 1;
    }
}

/// Reads names and quoted texts up to `++`.
fn words(pass: &mut Pass<'_>, from: usize) -> Option<(Vec<std::ops::Range<usize>>, usize)> {
    let mut words = Vec::new();
    let mut at = from;
    loop {
        let rest = &pass.text[at..];
        let length = match rest.chars().next()? {
            quote @ ('"' | '\'') => {
                let length = quoted_length(rest, quote)?;
                if !pass.spend(length) {
                    return None;
                }
                length
            }
            _ => Some(name_length(rest)).filter(|length| *length > 0)?,
        };
        words.push(at..at + length);
        at += length;
        let rest = &pass.text[at..];
        if rest.starts_with("++") {
            return Some((words, at + 2));
        }
        if !rest.starts_with('+') {
            return None;
        }
        at += 1;
    }
}

/// Returns the length of a quoted text with its quotes; a backslash takes the next character along.
fn quoted_length(text: &str, quote: char) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == '\\' {
            chars.next()?;
        } else if c == quote {
            return (at > 1).then_some(at + 1);
        }
    }
    None
}

fn name_length(text: &str) -> usize {
    text.find(|c: char| !(is_word(c) || c == '-')).unwrap_or(text.len())
}

fn is_quote(byte: u8) -> bool {
    byte == b'"' || byte == b'\''
}

fn hit(
    options: &Options,
    engine: &mut Engine<'_, '_>,
    pass: &Pass<'_>,
    at: usize,
    words: &[std::ops::Range<usize>],
    end: usize,
) -> Hit {
    let keys: Option<Vec<Key>> =
        words.iter().map(|word| key(options, &pass.text[word.clone()], pass.span(word.clone()))).collect();
    let Some(keys) = keys else { return Hit::Skip(end) };
    let span = pass.span(at..end);
    let mut el = El::new(if options.strict { "kbd" } else { "span" }, span).with_attr("class", options.class.clone());
    for (index, key) in keys.into_iter().enumerate() {
        if index > 0 && !options.separator.is_empty() {
            let place = Span { end: key.span.start, start: key.span.start, ..key.span };
            let mut between = El::new("span", place);
            between.text = Some(Txt::atomic(Chunk::synthetic(&options.separator, place)));
            let between = engine.add(between);
            el.children.push(between);
        }
        let mut kbd = El::new("kbd", key.span);
        if let Some(name) = key.name {
            kbd.attrs.set("class", format!("key-{name}"));
        }
        kbd.text = Some(Txt::atomic(Chunk::synthetic(&key.label, key.span)));
        let kbd = engine.add(kbd);
        el.children.push(kbd);
    }
    Hit::Take(end, Taken::el(el))
}

fn key(options: &Options, word: &str, span: Span) -> Option<Key> {
    if is_quote(word.as_bytes()[0]) {
        let inner = &word[1..word.len() - 1];
        let mut label = String::new();
        let mut chars = inner.chars();
        while let Some(c) = chars.next() {
            label.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
        }
        return Some(Key { name: None, label: label.trim().to_owned(), span });
    }
    let name = if options.camel_case { kebab(word) } else { Cow::Borrowed(word) };
    let find = |table: &[(&'static str, &'static str)], name: &str| {
        table.binary_search_by_key(&name, |entry| entry.0).ok().map(|index| table[index].1)
    };
    let canonical = find(ALIASES, &name).map_or(name, Cow::Borrowed);
    let own = options.key_map.iter().rev().find(|(known, _)| *known == canonical).map(|(_, label)| label.clone());
    let label = own.or_else(|| find(KEYS, &canonical).map(str::to_owned)).filter(|label| !label.is_empty())?;
    Some(Key { name: Some(canonical.into_owned()), label, span })
}

/// `PageUp` becomes `page-up`.
fn kebab(word: &str) -> Cow<'_, str> {
    if !word.contains(char::is_uppercase) {
        return Cow::Borrowed(word);
    }
    let mut out = String::new();
    let mut last = None;
    for c in word.chars() {
        if c.is_uppercase() {
            if last.is_some_and(|last| last != '-') {
                out.push('-');
            }
            out.extend(c.to_lowercase());
        } else {
            out.push(c);
        }
        last = Some(c);
    }
    Cow::Owned(out)
}
