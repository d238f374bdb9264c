//! Text in JSON, where the bytes must be those of Python's `json` module.

/// Quotes as `json.dumps` does by default: all but printable ASCII is escaped, in UTF-16 units.
pub fn quoted_ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for ch in text.chars() {
        match ch {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            ' '..='~' => out.push(ch),
            _ => {
                for unit in ch.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
    out
}

/// Escapes what HTML would read, in a JSON document: no value changes (Jinja's `tojson`).
pub fn safe_in_html(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026").replace('\'', "\\u0027")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_printable_ascii_is_escaped() {
        assert_eq!(quoted_ascii("a\"\\\n\t\u{8}\u{c}\u{7f}é😀"), r#""a\"\\\n\t\b\f\u007f\u00e9\ud83d\ude00""#);
    }
}
