//! Typed access to one table of a configuration tree, with a diagnostic for all that does not fit.

use super::keys::{Key, Takes};
use super::model::{AbsoluteLinks, Level};
use crate::diag::{Code, Diagnostic, Diagnostics, Severity, nearest};
use crate::text::{Span, Spanned, yaml};
use yaml::{Kind, Node};

/// A table whose keys are known.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    /// `None` where the table is not there: every key then has its default.
    node: Option<&'a Node>,
    /// The dotted name of the table with a final dot; empty at the top.
    prefix: &'a str,
    keys: &'static [Key],
}

impl<'a> Table<'a> {
    /// Opens a node as a table; a null is an empty one.
    pub(super) fn open(
        node: Option<&'a Node>,
        prefix: &'a str,
        keys: &'static [Key],
        out: &mut Diagnostics,
    ) -> Table<'a> {
        let node = node.filter(|node| !node.is_null());
        let usable = node.filter(|node| node.as_map().is_some());
        if let (Some(node), None) = (node, usable) {
            out.push(wrong_kind(prefix.trim_end_matches('.'), "a mapping", node));
        }
        Table { node: usable, prefix, keys }
    }

    /// Returns a value that is there and not null.
    pub(super) fn get(&self, name: &str) -> Option<&'a Node> {
        debug_assert!(self.keys.iter().any(|key| key.name == name), "`{name}` is not in the table of keys");
        self.node?.get(name).filter(|value| !value.is_null())
    }

    /// Returns the place of a key.
    pub(super) fn key_span(&self, name: &str) -> Option<Span> {
        let entries = self.node?.as_map()?;
        entries.iter().rev().find(|(key, _)| key.as_str() == Some(name)).map(|(key, _)| key.span)
    }

    /// Reports keys that are not in the table of keys.
    pub(super) fn report_unknown(&self, out: &mut Diagnostics) {
        self.report_unknown_as(Code::ConfigUnknownKey.severity(), out);
    }

    /// Mentions keys that are not in the table of keys, where MkDocs passes them over in silence: a
    /// project that is strict with MkDocs stays so with opsbook.
    pub(super) fn mention_unknown(&self, out: &mut Diagnostics) {
        self.report_unknown_as(Severity::Info, out);
    }

    fn report_unknown_as(&self, severity: Severity, out: &mut Diagnostics) {
        for (key, _) in self.node.and_then(Node::as_map).unwrap_or_default() {
            let Some(name) = key.scalar_text() else { continue };
            if self.keys.iter().any(|known| known.name == name) {
                continue;
            }
            let message = format!("unknown key `{}{name}`", self.prefix);
            let mut diagnostic = Diagnostic::new(Code::ConfigUnknownKey, key.span, message).severity(severity);
            if let Some(near) = nearest(&name, self.keys.iter().map(|known| known.name)) {
                diagnostic = diagnostic.help(format!("there is a key `{near}`")).fix(key.span, near);
            }
            out.push(diagnostic);
        }
    }

    fn name(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// Returns a text.
    pub(super) fn text(&self, key: &str, out: &mut Diagnostics) -> Option<Spanned<String>> {
        text_of(&self.name(key), self.get(key)?, out)
    }

    /// Returns a flag.
    pub(super) fn flag(&self, key: &str, out: &mut Diagnostics) -> Option<bool> {
        let node = self.get(key)?;
        if node.as_bool().is_none() {
            out.push(wrong_kind(&self.name(key), "true or false", node));
        }
        node.as_bool()
    }

    /// Returns a number.
    pub(super) fn number(&self, key: &str, out: &mut Diagnostics) -> Option<f64> {
        let node = self.get(key)?;
        match node.kind {
            Kind::Int(number) => Some(number as f64),
            Kind::Float(number) => Some(number),
            _ => {
                out.push(wrong_kind(&self.name(key), "a number", node));
                None
            }
        }
    }

    /// Returns a list of texts.
    pub(super) fn texts(&self, key: &str, out: &mut Diagnostics) -> Vec<Spanned<String>> {
        self.get(key).map(|node| texts_of(&self.name(key), node, out)).unwrap_or_default()
    }

    /// Returns one text or a list of them.
    pub(super) fn text_or_texts(&self, key: &str, out: &mut Diagnostics) -> Vec<Spanned<String>> {
        match self.get(key) {
            Some(node) if node.as_seq().is_some() => texts_of(&self.name(key), node, out),
            Some(node) => text_of(&self.name(key), node, out).into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// Returns one of the words that the key takes.
    pub(super) fn word(&self, key: &str, out: &mut Diagnostics) -> Option<Spanned<&'static str>> {
        let known = self.keys.iter().find(|known| known.name == key)?;
        let Takes::OneOf(words) = known.takes else { return None };
        word_of(&self.name(key), self.get(key)?, words, out)
    }

    /// Returns a level.
    pub(super) fn level(&self, key: &str, out: &mut Diagnostics) -> Option<Level> {
        self.word(key, out).map(|word| level_of(word.value))
    }

    /// Returns what becomes of a link that begins with `/`.
    pub(super) fn absolute_links(&self, key: &str, out: &mut Diagnostics) -> Option<AbsoluteLinks> {
        self.word(key, out).map(|word| match word.value {
            "relative_to_docs" => AbsoluteLinks::RelativeToDocs,
            level => AbsoluteLinks::Keep(level_of(level)),
        })
    }

    /// Returns the entries of a table with any names; keys that are no text are reported.
    pub(super) fn entries(&self, key: &str, out: &mut Diagnostics) -> Vec<(Spanned<String>, &'a Node)> {
        let Some(node) = self.get(key) else { return Vec::new() };
        let Some(entries) = node.as_map() else {
            out.push(wrong_kind(&self.name(key), "a mapping", node));
            return Vec::new();
        };
        entries.iter().filter_map(|(name, value)| Some((text_of(&self.name(key), name, out)?, value))).collect()
    }
}

/// The level of a word that [`Table::word`] has let through.
pub(super) fn level_of(word: &str) -> Level {
    match word {
        "warn" => Level::Warn,
        "info" => Level::Info,
        _ => Level::Ignore,
    }
}

/// How loud a code is by a word of `CODE_LEVELS`; `None` is silence.
pub(super) fn severity_of(word: &str) -> Option<Severity> {
    match word {
        "error" => Some(Severity::Error),
        "warn" | "warning" => Some(Severity::Warning),
        "info" => Some(Severity::Info),
        _ => None,
    }
}

/// Says that a value is of the wrong kind.
pub(super) fn wrong_kind(name: &str, expected: &str, node: &Node) -> Diagnostic {
    let message = format!("`{name}` takes {expected}, not {}", node.kind_name());
    let diagnostic = Diagnostic::new(Code::ConfigBadValue, node.span, message);
    match (expected, node.scalar_text()) {
        ("text", Some(text)) => diagnostic.help(format!("put it in quotes: `\"{text}\"`")),
        _ => diagnostic,
    }
}

/// Returns a node's text, or says what it is instead.
pub(super) fn text_of(name: &str, node: &Node, out: &mut Diagnostics) -> Option<Spanned<String>> {
    let text = node.spanned_str();
    if text.is_none() {
        out.push(wrong_kind(name, "text", node));
    }
    text
}

/// Returns a node's texts, or says what it is instead.
pub(super) fn texts_of(name: &str, node: &Node, out: &mut Diagnostics) -> Vec<Spanned<String>> {
    match node.as_seq() {
        Some(items) => items.iter().filter_map(|item| text_of(name, item, out)).collect(),
        None => {
            let mut diagnostic = wrong_kind(name, "a list", node);
            if let Some(text) = node.scalar_text() {
                diagnostic = diagnostic.help(format!("write it as a list: `[\"{text}\"]`"));
            }
            out.push(diagnostic);
            Vec::new()
        }
    }
}

/// Returns which of some words a node holds, or says which there are.
pub(super) fn word_of(
    name: &str,
    node: &Node,
    words: &'static [&'static str],
    out: &mut Diagnostics,
) -> Option<Spanned<&'static str>> {
    let text = node.scalar_text().unwrap_or_default();
    if let Some(word) = words.iter().find(|word| **word == text) {
        return Some(Spanned::new(*word, node.span));
    }
    let listed = words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    let message = match node.scalar_text() {
        Some(_) => format!("`{name}` does not take `{text}`"),
        None => format!("`{name}` takes one of {listed}, not {}", node.kind_name()),
    };
    let mut diagnostic = Diagnostic::new(Code::ConfigBadValue, node.span, message).note(format!("it takes {listed}"));
    if let Some(near) = nearest(&text, words.iter().copied()) {
        diagnostic = diagnostic.help(format!("write `{near}`")).fix(node.span, near);
    }
    out.push(diagnostic);
    None
}
