//! Attribute lists: the inside of `{: #id .class key=value }`.
//!
//! Owns the scanner of `markdown/extensions/attr_list.py`; where a list may stand is for callers.

use super::tree::Attrs;
use std::borrow::Cow;

/// Reads the inside of an attribute list. The second value is what could not be read, as
/// Python-Markdown's `get_attrs_and_remainder` returns it: empty, or text from a `}` on.
///
/// Classes are put together in `class`. A bare word is an attribute without a value; HTML means the
/// empty value by that, except for `checked` and its like, where Python-Markdown writes the name
/// again.
pub(crate) fn parse_attrs(text: &str) -> (Attrs, String) {
    let mut attrs = Attrs::default();
    let mut rest = text;
    while let Some(word) = next_word(rest) {
        rest = &rest[word.length..];
        match word.kind {
            WordKind::Space => {}
            WordKind::Pair(key, value) => attrs.set(xml_name(key).into_owned(), value),
            WordKind::Bare(word) => {
                if let Some(class) = word.strip_prefix('.') {
                    attrs.add_class(class);
                } else if let Some(id) = word.strip_prefix('#') {
                    attrs.set("id", id);
                } else {
                    let name = xml_name(word).into_owned();
                    let value = if is_boolean(&name) { name.clone() } else { String::new() };
                    attrs.set(name, value);
                }
            }
        }
    }
    let remainder = rest.find('}').map_or("", |at| &rest[at..]);
    (attrs, remainder.to_owned())
}

struct Word<'a> {
    length: usize,
    kind: WordKind<'a>,
}

enum WordKind<'a> {
    Space,
    Pair(&'a str, &'a str),
    Bare(&'a str),
}

/// Reads the next word: the alternatives of Python-Markdown's scanner, in its order.
fn next_word(text: &str) -> Option<Word<'_>> {
    if text.starts_with(' ') {
        return Some(Word { length: 1, kind: WordKind::Space });
    }
    let key_end = text.find([' ', '=', '}']).unwrap_or(text.len());
    if key_end == 0 {
        return None;
    }
    let key = &text[..key_end];
    if let Some(value) = text[key_end..].strip_prefix('=') {
        for quote in ['"', '\''] {
            // The first quote after the opening one ends the value; a line does too.
            if let Some(inner) = value.strip_prefix(quote)
                && let Some(length) = inner.find([quote, '\n']).filter(|at| inner[*at..].starts_with(quote))
            {
                let length_all = key_end + 1 + length + 2;
                return Some(Word { length: length_all, kind: WordKind::Pair(key, &inner[..length]) });
            }
        }
        let length = value.find([' ', '=', '}']).unwrap_or(value.len());
        if length > 0 {
            return Some(Word { length: key_end + 1 + length, kind: WordKind::Pair(key, &value[..length]) });
        }
    }
    Some(Word { length: key_end, kind: WordKind::Bare(key) })
}

/// Makes an XML name, `:` allowed: every run of other characters becomes `_`.
pub(crate) fn xml_name(key: &str) -> Cow<'_, str> {
    if key.chars().all(is_name) {
        return Cow::Borrowed(key);
    }
    let mut out = String::new();
    let mut in_bad = false;
    for c in key.chars() {
        if is_name(c) {
            out.push(c);
        } else if !in_bad {
            out.push('_');
        }
        in_bad = !is_name(c);
    }
    Cow::Owned(out)
}

fn is_name(c: char) -> bool {
    matches!(c,
        'A'..='Z' | '_' | 'a'..='z' | ':' | '-' | '.' | '0'..='9' | '\u{b7}'
        | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{300}'..='\u{37d}'
        | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{203f}'..='\u{2040}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}')
}

/// Attributes that mean yes by standing there (the serializer's `BOOLEAN_ATTRIBUTES` for XHTML, which
/// is MkDocs' output format).
fn is_boolean(name: &str) -> bool {
    let known = [
        "checked", "compact", "declare", "defer", "disabled", "ismap", "multiple", "noresize", "noshade", "nowrap",
        "readonly", "selected",
    ];
    known.contains(&name.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let (attrs, rest) = parse_attrs(text);
        let pairs: Vec<String> = attrs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}|{rest}", pairs.join(" "))
    }

    #[test]
    fn classes_add_up_and_quotes_hold_spaces() {
        assert_eq!(shown("#a .b .c title=\"x y\" k='v' z=1"), "id=a class=b c title=x y k=v z=1|");
    }

    #[test]
    fn bare_words_have_no_value_and_boolean_ones_their_name() {
        assert_eq!(shown("download checked"), "download= checked=checked|");
    }

    #[test]
    fn what_follows_a_brace_is_left_over() {
        assert_eq!(shown(".a} b }"), "class=a|} b }");
        assert_eq!(shown("=a b"), "|");
    }

    #[test]
    fn an_unclosed_quote_is_part_of_the_value() {
        assert_eq!(shown("a=\"b c"), "a=\"b c=|");
    }
}
