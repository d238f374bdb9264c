//! A JSON value as YAML in block style.

use crate::plan::canonical;
use serde_json::Value;

/// Returns a value as YAML: keys sorted, texts of several lines as `|` blocks, other texts quoted.
pub fn yaml(value: &Value) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out.trim_start().to_owned()
}

fn write(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            for (key, item) in entries {
                new_line(out, depth);
                out.push_str(&format!("{}:", word(key)));
                write_after(item, depth, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                new_line(out, depth);
                out.push('-');
                let inner = item.is_object() || item.is_array();
                if inner && !is_empty(item) {
                    let mut text = String::new();
                    write(item, depth + 1, &mut text);
                    out.push(' ');
                    out.push_str(text.trim_start());
                } else {
                    write_after(item, depth, out);
                }
            }
        }
        other => write_after(other, depth, out),
    }
}

fn write_after(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Object(_) | Value::Array(_) if !is_empty(value) => write(value, depth + 1, out),
        Value::String(text) if is_block(text) => {
            out.push_str(" |-");
            for line in text.split('\n') {
                out.push('\n');
                if !line.is_empty() {
                    out.push_str(&"  ".repeat(depth + 1));
                    out.push_str(line);
                }
            }
        }
        other => {
            out.push(' ');
            out.push_str(&canonical(other));
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// A `|` block cannot begin with a space, hold control characters, or end in a newline.
fn is_block(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\n', '\t'])
        && !text.ends_with('\n')
        && !text.chars().any(|ch| ch.is_control() && ch != '\n' && ch != '\t')
}

fn word(key: &str) -> String {
    let plain = !key.is_empty()
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !key.as_bytes()[0].is_ascii_digit()
        && !["y", "n", "yes", "no", "on", "off", "true", "false", "null"].contains(&key.to_ascii_lowercase().as_str());
    if plain { key.to_owned() } else { canonical(&Value::from(key)) }
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.push_str(&"  ".repeat(depth));
}

#[cfg(test)]
mod tests {
    use super::yaml;
    use serde_json::json;

    #[test]
    fn values_are_written_in_block_style() {
        let value = json!({"a": [{"x": 1, "y": "p\n\n q"}, [], "s"], "on": {}, "b": null});
        assert_eq!(
            yaml(&value),
            "a:\n  - x: 1\n    \"y\": |-\n      p\n\n       q\n  - []\n  - \"s\"\nb: null\n\"on\": {}\n"
        );
    }
}
