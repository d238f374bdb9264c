//! Texts as Python and its libraries write them, where the bytes must be theirs.

/// Returns Python's `repr` of a text: in single quotes, unless it holds some and no double ones.
pub fn python_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for ch in text.chars() {
        match ch {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ch if ch == quote => out.extend(['\\', ch]),
            ch if ch.is_ascii_control() => out.push_str(&format!("\\x{:02x}", u32::from(ch))),
            ch => out.push(ch),
        }
    }
    out.push(quote);
    out
}

/// Escapes for HTML as MarkupSafe does, which is Jinja's `e`.
pub fn markup_escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for ch in text.chars() {
        match ch {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            ch => out.push(ch),
        }
    }
    out
}

/// Writes all but letters, digits, `_.-~` and the bytes of `safe` as `%XX` (`urllib.parse.quote`).
pub fn url_quoted(text: &str, safe: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"_.-~".contains(&byte) || safe.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    // The expectations are those of Python 3.11 and MarkupSafe 3.

    #[test]
    fn a_text_shows_itself_in_quotes() {
        assert_eq!(python_repr("a\\b\n\t\u{1b}\u{7f}é"), r"'a\\b\n\t\x1b\x7fé'");
        assert_eq!(python_repr("it's"), "\"it's\"");
        assert_eq!(python_repr("it's \"so\""), "'it\\'s \"so\"'");
    }

    #[test]
    fn html_and_addresses_are_escaped() {
        assert_eq!(markup_escaped("<a b='c' d=\"e\">&amp;"), "&lt;a b=&#39;c&#39; d=&#34;e&#34;&gt;&amp;amp;");
        assert_eq!(url_quoted("a b/ü~?", b"/"), "a%20b/%C3%BC~%3F");
        assert_eq!(url_quoted("a/b", b""), "a%2Fb");
    }
}
