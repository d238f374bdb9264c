//! The first line of a fence: what SuperFences and `fenced_code` read in it.
//!
//! Owns the grammars of both. Does not know which options mean something.

use std::ops::Range;

/// A key and its value with the bytes it was read from; a flag has no value, a class the key `.`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attr<'a> {
    pub(super) key: &'a str,
    pub(super) value: Option<&'a str>,
    /// The bytes of the whole word, counted in the text that was scanned.
    pub(super) range: Range<usize>,
}

/// What stands behind the fence characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header<'a> {
    /// The fence characters.
    pub(super) fence: &'a str,
    /// The language word with its bytes in the line.
    pub(super) lang: Option<(&'a str, Range<usize>)>,
    /// The rest.
    pub(super) rest: Rest<'a>,
    /// The bytes of the line from the fence to the last word.
    pub(super) range: Range<usize>,
}

/// What stands behind the language word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rest<'a> {
    /// `key="value"` words, or nothing.
    Options(Vec<(&'a str, &'a str)>),
    /// The inside of braces, and where it begins in the line.
    Braces(&'a str, usize),
    /// Words that are neither.
    Unrecognized,
}

/// Matches `RE_NESTED_FENCE_START` of SuperFences at a byte of a line.
pub(super) fn superfences(line: &str, at: usize) -> Option<Header<'_>> {
    let text = &line[at..];
    let first = text.chars().next().filter(|ch| matches!(ch, '`' | '~'))?;
    let n_fence = text.bytes().take_while(|byte| *byte == first as u8).count();
    if n_fence < 3 {
        return None;
    }
    let fence = &text[..n_fence];
    let end = line.trim_end_matches([' ', '\t']).len();
    let mut from = at + n_fence;
    let lang = language(line, from);
    if let Some((_, range)) = &lang {
        from = range.end;
    }
    let header = |lang, rest| Some(Header { fence, lang, rest, range: at..end });
    if from >= end {
        return header(lang, Rest::Options(Vec::new()));
    }
    let word = from + blanks(&line[from..]);
    if line[word..end].starts_with('{') && line[..end].ends_with('}') && word + 1 < end {
        return header(lang, Rest::Braces(&line[word + 1..end - 1], word + 1));
    }
    if are_options(&line[from..end]) {
        return header(lang, Rest::Options(options(&line[from..end])));
    }
    // Words are of anything but white space, with spaces and tabs between them.
    let odd_space = |ch: char| ch.is_whitespace() && !matches!(ch, ' ' | '\t');
    if line[from..end].contains(odd_space) {
        return None;
    }
    header(lang, Rest::Unrecognized)
}

/// `[ \t]*\.?(?P<lang>[\w#.+-]+)(?=[\t ]|$)`.
fn language(line: &str, from: usize) -> Option<(&str, Range<usize>)> {
    let word = from + blanks(&line[from..]);
    let n_word = line[word..].find([' ', '\t']).unwrap_or(line.len() - word);
    let text = &line[word..word + n_word];
    if text.is_empty() || !text.chars().all(is_language_char) {
        return None;
    }
    // The dot before the word is optional, and a word of one dot needs it.
    let skipped = usize::from(text.starts_with('.') && text.len() > 1);
    Some((&text[skipped..], word + skipped..word + n_word))
}

/// Python's `[\w#.+-]`.
pub(super) fn is_language_char(ch: char) -> bool {
    ch.is_alphanumeric() || matches!(ch, '_' | '#' | '.' | '+' | '-')
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t']).len()
}

fn key_len(text: &str) -> usize {
    if !text.starts_with(|ch: char| ch.is_ascii_alphabetic()) {
        return 0;
    }
    text.find(|ch: char| !ch.is_ascii_alphanumeric() && ch != '_').unwrap_or(text.len())
}

/// Tells whether a text is `(?:[ \t]*KEY(?:=(["']).*?\1)?(?=[\t ]|$))+`. A value may hold its own
/// quote as long as the last one is followed by a space; one pass keeps every way open.
fn are_options(text: &str) -> bool {
    let bytes = text.as_bytes();
    let ends_word = |at: usize| at == bytes.len() || matches!(bytes[at], b' ' | b'\t');
    let mut reached = vec![false; bytes.len() + 1];
    let mut in_value = [false; 2];
    reached[0] = true;
    for at in 0..=bytes.len() {
        if at > 0 && at <= bytes.len() {
            let quote = match bytes[at - 1] {
                b'"' => Some(0),
                b'\'' => Some(1),
                _ => None,
            };
            if quote.is_some_and(|quote: usize| in_value[quote]) && ends_word(at) {
                reached[at] = true;
            }
        }
        if !reached[at] || at == bytes.len() {
            continue;
        }
        let key = at + blanks(&text[at..]);
        let n_key = key_len(&text[key..]);
        if n_key == 0 {
            continue;
        }
        let end = key + n_key;
        if ends_word(end) {
            reached[end] = true;
        }
        if let Some(quote) = text[end..].strip_prefix('=').and_then(|rest| rest.chars().next()) {
            match quote {
                '"' => in_value[0] = true,
                '\'' => in_value[1] = true,
                _ => {}
            }
        }
    }
    reached[bytes.len()]
}

/// Every match of `RE_OPTIONS`; a key without a value is its own value.
fn options(text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let n_key = key_len(&text[at..]);
        if n_key == 0 {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
            continue;
        }
        let key = &text[at..at + n_key];
        at += n_key;
        let quoted = text[at..].strip_prefix('=').and_then(|rest| {
            let quote = rest.chars().next().filter(|ch| matches!(ch, '"' | '\''))?;
            let inner = &rest[1..];
            inner.find(quote).map(|end| &inner[..end])
        });
        match quoted {
            Some(value) => {
                found.push((key, value));
                at += value.len() + 3;
            }
            None => found.push((key, key)),
        }
    }
    found
}

/// Reads an attribute list as `get_attrs_and_remainder` of `attr_list` does. The second value says
/// whether text from a closing brace on was left over.
pub(super) fn scan_attrs(text: &str) -> (Vec<Attr<'_>>, bool) {
    let mut attrs = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with(' ') {
            at += 1;
            continue;
        }
        let rest = &text[at..];
        let n_key = rest.find([' ', '=', '}']).unwrap_or(rest.len());
        if n_key == 0 {
            break;
        }
        let key = &rest[..n_key];
        let Some(value) = rest[n_key..].strip_prefix('=') else {
            let (key, value) = match key.as_bytes()[0] {
                b'.' => (".", Some(&key[1..])),
                b'#' => ("id", Some(&key[1..])),
                _ => (key, None),
            };
            attrs.push(Attr { key, value, range: at..at + n_key });
            at += n_key;
            continue;
        };
        let quoted = ['"', '\''].into_iter().find_map(|quote| {
            let inner = value.strip_prefix(quote)?;
            let end = inner.find(quote)?;
            Some((end + 2, inner[..end].trim_matches(quote)))
        });
        let bare = value.find([' ', '=', '}']).unwrap_or(value.len());
        let (n_value, value) = match quoted {
            Some(quoted) => quoted,
            None if bare > 0 => (bare, &value[..bare]),
            None => {
                // A key whose value cannot be read is a flag, and the scan ends at the `=`.
                attrs.push(Attr { key, value: None, range: at..at + n_key });
                at += n_key;
                break;
            }
        };
        let end = at + n_key + 1 + n_value;
        attrs.push(Attr { key, value: Some(value), range: at..end });
        at = end;
    }
    (attrs, text[at..].contains('}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(line: &str) -> Rest<'_> {
        superfences(line, 0).expect("a fence").rest
    }

    #[test]
    fn headers_are_read_as_superfences_reads_them() {
        assert_eq!(rest("```sh title=\"a b\" hl_lines='1'"), Rest::Options(vec![("title", "a b"), ("hl_lines", "1")]));
        assert_eq!(rest("```sh title=\"a\"b\" c"), Rest::Options(vec![("title", "a"), ("b", "b"), ("c", "c")]));
        assert_eq!(rest("```{.sh #x} "), Rest::Braces(".sh #x", 4));
        assert_eq!(rest("```sh {.x} y"), Rest::Unrecognized);
        assert_eq!(rest("```bash:x"), Rest::Unrecognized);
        assert_eq!(rest("```sh id=drain"), Rest::Unrecognized);
        assert_eq!(superfences("``x", 0), None);
        let header = superfences("```` .c++ x", 0).expect("a fence");
        assert_eq!((header.fence, header.lang), ("````", Some(("c++", 6..9))));
        assert_eq!(superfences("```title=\"x\"", 0).and_then(|header| header.lang), None);
    }

    #[test]
    fn attribute_lists_stop_where_python_stops() {
        let keys = |text| scan_attrs(text).0.into_iter().map(|attr| (attr.key, attr.value)).collect::<Vec<_>>();
        assert_eq!(
            keys(".a #b c=d e=\"f g\" h"),
            [(".", Some("a")), ("id", Some("b")), ("c", Some("d")), ("e", Some("f g")), ("h", None)]
        );
        assert_eq!(keys("a= b"), [("a", None)]);
        assert_eq!(scan_attrs("a } b"), (vec![Attr { key: "a", value: None, range: 0..1 }], true));
    }
}
