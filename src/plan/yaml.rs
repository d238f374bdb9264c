//! YAML as plans and emitters write it: mappings in the order given, scripts as literal blocks.
//!
//! The writer follows YAML 1.2; readers of YAML 1.1 (PyYAML, and with it hera) take `yes`, `12:30`
//! and `2026-05-04` for other things than texts, so those are quoted here.

use serde_yaml::Mapping;

pub(super) use serde_yaml::Value;

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

/// A JSON value, its keys sorted.
pub(super) fn of_json(value: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match value {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(number), ..) => Value::from(number),
            (_, Some(number), _) => Value::from(number),
            (.., number) => Value::from(number.unwrap_or_default()),
        },
        Json::String(string) => text(string),
        Json::Array(items) => list(items.iter().map(of_json)),
        Json::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            map(entries.into_iter().map(|(key, value)| (key.as_str(), of_json(value))))
        }
    }
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
    fn what_is_written_reads_back() {
        let value = serde_json::json!({
            "a": [{"x": 1, "y": "p\n\n q\n"}, [], "s"], "on": {}, "b": null, "no": "no", "t": "1e3", "q": "it's: #x",
        });
        let read: serde_json::Value = serde_yaml::from_str(&write(&[], &of_json(&value))).expect("it is YAML");
        assert_eq!(read, value);
    }

    #[test]
    fn scripts_are_literal_blocks() {
        assert_eq!(write(&["x".into()], &map([("run", text("a\nb: yes\n"))])), "# x\nrun: |\n  a\n  b: yes\n");
    }
}
