//! YAML as emitters write it: mappings in the order given, scripts as literal blocks.
//!
//! The writer follows YAML 1.2; readers of YAML 1.1 (PyYAML, and with it hera) take `yes`, `12:30`
//! and `2026-05-04` for other things than texts, so those are quoted here.

use serde_yaml::{Mapping, Value};

/// Stands before a text that is to be quoted, until the writer is done.
const QUOTED: &str = "opsbook-quoted-3b1f9d:";

/// A mapping in the order given.
pub(super) fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Value)>) -> Value {
    let entries = entries.into_iter().map(|(key, value)| (Value::String(key.into()), value));
    Value::Mapping(entries.collect::<Mapping>())
}

/// A sequence.
pub(super) fn list(items: impl IntoIterator<Item = Value>) -> Value {
    Value::Sequence(items.into_iter().collect())
}

/// A text.
pub(super) fn text(text: impl Into<String>) -> Value {
    let text = text.into();
    Value::String(if is_taken_for_another(&text) { format!("{QUOTED}{text}") } else { text })
}

/// Writes a value behind comment lines.
pub(super) fn write(comments: &[String], value: &Value) -> String {
    let head: String = comments.iter().map(|line| format!("# {line}\n")).collect();
    let body = serde_yaml::to_string(value).expect("texts, numbers, sequences and mappings can be written");
    let mut out = head;
    for line in body.lines() {
        match line.split_once(QUOTED) {
            // What was marked is one word at the end of its line, without a quote in it.
            Some((before, word)) => out.push_str(&format!("{before}'{word}'\n")),
            None => out.push_str(&format!("{line}\n")),
        }
    }
    out
}

/// Tells whether YAML 1.1 takes a plain word for a truth value, a number, a time or a date.
fn is_taken_for_another(text: &str) -> bool {
    let words = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let number = |text: &str| {
        let plain = |ch: char| ch.is_ascii_alphanumeric() || "_:.+-".contains(ch);
        text.starts_with(|ch: char| ch.is_ascii_digit() || "+-.".contains(ch))
            && text.contains(|ch: char| ch.is_ascii_digit())
            && text.chars().all(plain)
    };
    words.contains(&text.to_ascii_lowercase().as_str()) || number(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_yaml_1_1_are_quoted() {
        let value =
            map([("a", text("yes")), ("b", text("12:30")), ("c", text("yes, all")), ("d", list([text("2026-05-04")]))]);
        assert_eq!(write(&[], &value), "a: 'yes'\nb: '12:30'\nc: yes, all\nd:\n- '2026-05-04'\n");
    }

    #[test]
    fn scripts_are_literal_blocks() {
        assert_eq!(write(&["x".into()], &map([("run", text("a\nb: yes\n"))])), "# x\nrun: |\n  a\n  b: yes\n");
    }
}
