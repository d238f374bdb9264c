//! How Python's `html.parser` finds the ends of tags, with the changes that Python-Markdown makes.
//!
//! Source of the rules: `Lib/html/parser.py` of Python 3.11, and `markdown/htmlparser.py` of
//! Python-Markdown 3.11, which takes backticks out of names and needs `;` after entities.

use crate::markdown::entities::unescape;
use std::collections::BTreeSet;

/// A start tag that was read.
pub(super) struct StartTag {
    /// Where it ends.
    pub(super) end: usize,
    /// Its name in lower case; `None` where this is no tag after all but text up to `end`.
    pub(super) tag: Option<String>,
    /// Attributes, values unescaped; `None` without a value.
    pub(super) attrs: Vec<(String, Option<String>)>,
    /// Whether it ends in `/>`.
    pub(super) empty: bool,
}

/// What is known of a text after tags without an end were looked at, so that the next one need not
/// look again: without it, a page of `<a b="` costs the square of its length.
#[derive(Default)]
pub(super) struct DeadEnds {
    /// Between these two no name ends, and one ends at the second, or the text does.
    name: std::ops::Range<usize>,
    /// The same of values without quotes.
    bare: std::ops::Range<usize>,
    /// Places between attributes from which no end is reached.
    gaps: BTreeSet<usize>,
}

/// Reads the start tag at `start`; `None` where it has no end.
pub(super) fn start_tag(raw: &str, start: usize, dead: &mut DeadEnds) -> Option<StartTag> {
    let end = start_tag_end(raw, start, dead)?;
    let bytes = raw.as_bytes();
    let name_end = start + 1 + find_where(&raw[start + 1..end], |ch| is_name_end(ch) || ch == '\0');
    let mut at = skip_gap(bytes, name_end);
    let mut attrs = Vec::new();
    while at < end {
        let Some((name, value, next)) = attribute(raw, at, end) else { break };
        attrs.push((name.to_lowercase(), value.map(unescape)));
        at = next;
    }
    let tail = if at <= end { raw[at..end].trim() } else { "" };
    let tag = matches!(tail, ">" | "/>").then(|| raw[start + 1..name_end].to_lowercase());
    Some(StartTag { end, tag, attrs, empty: tail == "/>" })
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

fn is_name_end(ch: char) -> bool {
    matches!(ch, '\t' | '\n' | '\r' | '\x0c' | ' ' | '/' | '>')
}

/// Returns the offset of the first character that fits, or the length.
fn find_where(text: &str, fits: impl Fn(char) -> bool) -> usize {
    text.find(fits).unwrap_or(text.len())
}

/// Skips white space and slashes that do not end a tag.
fn skip_gap(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && (is_space(bytes[at]) || bytes[at] == b'/' && bytes.get(at + 1) != Some(&b'>')) {
        at += 1;
    }
    at
}

fn skip_spaces(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && is_space(bytes[at]) {
        at += 1;
    }
    at
}

/// Finds the end of a start tag as `check_for_whole_start_tag` does.
fn start_tag_end(raw: &str, start: usize, dead: &mut DeadEnds) -> Option<usize> {
    let bytes = raw.as_bytes();
    if !(dead.name.start..=dead.name.end).contains(&(start + 1)) {
        let len = find_where(&raw[start + 1..], |ch| is_name_end(ch) || matches!(ch, '\0' | '`'));
        dead.name = start + 1..start + 1 + len;
    }
    let mut at = dead.name.end;
    let mut gaps = Vec::new();
    while at < bytes.len() && (is_space(bytes[at]) || bytes[at] == b'/') {
        at += 1;
    }
    loop {
        // What follows depends on the place alone.
        if dead.gaps.contains(&at) {
            dead.gaps.extend(gaps);
            return None;
        }
        gaps.push(at);
        let before = bytes[at - 1];
        let starts = bytes.get(at).is_some_and(|byte| !matches!(byte, b'`' | b'/' | b'>') && !is_space(*byte));
        if !starts || !(matches!(before, b'\'' | b'"' | b'/') || is_space(before)) {
            break;
        }
        let first = raw[at..].chars().next().map_or(1, char::len_utf8);
        at += first;
        at += find_where(&raw[at..], |ch| ch.is_whitespace() || matches!(ch, '/' | '=' | '>'));
        let bare_end = |from: usize| {
            if !(dead.bare.start..=dead.bare.end).contains(&from) {
                let len = find_where(&raw[from..], |ch| ch.is_whitespace() || matches!(ch, '>' | '`'));
                dead.bare = from..from + len;
            }
            dead.bare.end
        };
        if let Some((_, mut value_end)) = value_range(raw, at, bare_end) {
            while bytes.get(skip_spaces(bytes, value_end)) == Some(&b',') {
                value_end = skip_spaces(bytes, value_end) + 1;
            }
            at = value_end;
        }
        at = skip_gap(bytes, at);
    }
    at = skip_spaces(bytes, at);
    let end = match bytes.get(at) {
        Some(b'>') => Some(at + 1),
        Some(b'/') if bytes.get(at + 1) == Some(&b'>') => Some(at + 2),
        None | Some(b'/' | b'=') => None,
        Some(byte) if byte.is_ascii_alphabetic() => None,
        Some(_) => Some(at),
    };
    if end.is_none() {
        dead.gaps.extend(gaps);
    }
    end
}

/// Returns the bytes of `= value` at `at`, quotes included, as start and end; `None` without `=`, or
/// where a quote is never closed. `bare_end` tells where a value without quotes ends.
fn value_range(raw: &str, at: usize, bare_end: impl FnOnce(usize) -> usize) -> Option<(usize, usize)> {
    let bytes = raw.as_bytes();
    let mut equals = skip_spaces(bytes, at);
    if bytes.get(equals) != Some(&b'=') {
        return None;
    }
    let first = equals;
    while bytes.get(equals) == Some(&b'=') {
        equals += 1;
    }
    let start = skip_spaces(bytes, equals);
    let bare = |from: usize| Some((from, bare_end(from)));
    let Some(quote @ (b'\'' | b'"')) = bytes.get(start).copied() else { return bare(start) };
    if let Some(len) = raw[start + 1..].find(char::from(quote)) {
        return Some((start, start + len + 2));
    }
    // The expression gives back what it took until a bare value fits.
    if start > equals {
        Some((start - 1, start - 1))
    } else if equals - first > 1 {
        bare(equals - 1)
    } else {
        None
    }
}

/// Reads an attribute of a tag that ends at `limit`: its name, its value, and where the next one may
/// begin. A value without quotes would go on behind a backtick that ended the tag.
fn attribute(raw: &str, at: usize, limit: usize) -> Option<(&str, Option<&str>, usize)> {
    let bytes = raw.as_bytes();
    let before = *bytes.get(at.checked_sub(1)?)?;
    if !(matches!(before, b'\'' | b'"' | b'/') || is_space(before)) {
        return None;
    }
    let first = raw[at..].chars().next().filter(|ch| !ch.is_whitespace() && !matches!(ch, '/' | '>'))?;
    let name_end = at + first.len_utf8();
    let name_end = name_end + find_where(&raw[name_end..], |ch| ch.is_whitespace() || matches!(ch, '/' | '=' | '>'));
    let name = &raw[at..name_end];
    let bare_end = |from: usize| {
        let inside = raw.get(from..limit).unwrap_or_default();
        from + find_where(inside, |ch| ch == '>' || ch.is_whitespace())
    };
    let Some((start, end)) = value_range(raw, name_end, bare_end) else {
        return Some((name, None, skip_gap(bytes, name_end)));
    };
    let value = &raw[start..end];
    let quoted = value.len() >= 2
        && (value.starts_with('"') && value.ends_with('"') || value.starts_with('\'') && value.ends_with('\''));
    let value = if quoted { &value[1..value.len() - 1] } else { value };
    Some((name, Some(value), skip_gap(bytes, end)))
}

/// A tag of raw HTML.
pub(crate) struct RawTag {
    /// The name in lower case.
    pub(crate) name: String,
    /// The attributes that have a value.
    pub(crate) attrs: Vec<RawAttr>,
}

/// An attribute of a tag of raw HTML.
pub(crate) struct RawAttr {
    /// The name in lower case.
    pub(crate) name: String,
    /// The value, character references resolved.
    pub(crate) value: String,
    /// The value's bytes as written, without quotes.
    pub(crate) value_range: std::ops::Range<usize>,
}

/// Reads the start tags of raw HTML, those in comments left out.
pub(crate) fn raw_tags(html: &str) -> Vec<RawTag> {
    let mut tags = Vec::new();
    let mut dead = DeadEnds::default();
    let mut at = 0;
    while let Some(found) = html[at..].find('<') {
        at += found;
        if html[at..].starts_with("<!--") {
            let Some(end) = html[at..].find("-->") else { break };
            at += end + 3;
            continue;
        }
        let letter = html.as_bytes().get(at + 1).is_some_and(u8::is_ascii_alphabetic);
        let Some(tag) = start_tag(html, at, &mut dead).filter(|_| letter) else {
            at += 1;
            continue;
        };
        let Some(name) = tag.tag else {
            at = tag.end.max(at + 1);
            continue;
        };
        let mut attrs = Vec::new();
        let mut next = skip_gap(html.as_bytes(), at + 1 + name.len());
        while next < tag.end
            && let Some((name, value, after)) = attribute(html, next, tag.end)
        {
            if let Some(value) = value {
                let start = value.as_ptr() as usize - html.as_ptr() as usize;
                let value_range = start..start + value.len();
                attrs.push(RawAttr { name: name.to_lowercase(), value: unescape(value), value_range });
            }
            next = after;
        }
        tags.push(RawTag { name, attrs });
        at = tag.end;
    }
    tags
}

/// Reads `&name;` at the start of a text and returns its length.
pub(super) fn entity_len(text: &str) -> Option<usize> {
    let body = text.strip_prefix('&')?;
    let end = body.find(|ch: char| !(ch.is_ascii_alphanumeric() || matches!(ch, '-' | '.')))?;
    (body.starts_with(|ch: char| ch.is_ascii_alphabetic()) && body[end..].starts_with(';')).then_some(end + 2)
}

/// Reads `&#1` or `&#x1` at the start of a text; the length without what follows the digits.
pub(super) fn char_reference_len(text: &str) -> Option<usize> {
    let body = text.strip_prefix("&#")?;
    let (skip, digits) = match body.strip_prefix(['x', 'X']) {
        Some(hex) => (3, find_where(hex, |ch| !ch.is_ascii_hexdigit())),
        None => (2, find_where(body, |ch| !ch.is_ascii_digit())),
    };
    let next = text[skip + digits..].chars().next()?;
    (digits > 0 && !next.is_ascii_hexdigit()).then_some(skip + digits)
}

/// Finds the end of a raw text element: `</script>` with spaces allowed, in any case.
pub(super) fn find_end_tag(raw: &str, from: usize, tag: &str) -> Option<usize> {
    let bytes = raw.as_bytes();
    let mut at = from;
    loop {
        at += raw[at..].find("</")?;
        let name = skip_spaces(bytes, at + 2);
        if raw.get(name..name + tag.len()).is_some_and(|found| found.eq_ignore_ascii_case(tag))
            && bytes.get(skip_spaces(bytes, name + tag.len())) == Some(&b'>')
        {
            return Some(at);
        }
        at += 2;
    }
}

/// Reads the name of an end tag that is well formed: `</name>` with spaces around the name.
pub(super) fn end_tag_name(raw: &str, start: usize) -> Option<String> {
    let bytes = raw.as_bytes();
    let name = skip_spaces(bytes, start + 2);
    if !bytes.get(name).is_some_and(u8::is_ascii_alphabetic) {
        return None;
    }
    let len = find_where(&raw[name..], |ch| !(ch.is_ascii_alphanumeric() || matches!(ch, '-' | '.' | ':' | '_')));
    let after = skip_spaces(bytes, name + len);
    (bytes.get(after) == Some(&b'>')).then(|| raw[name..name + len].to_lowercase())
}

/// Tells whether a text begins with two lines of nothing but spaces.
pub(super) fn starts_blank(text: &str) -> bool {
    let rest = text.trim_start_matches(' ').strip_prefix('\n');
    rest.is_some_and(|rest| rest.trim_start_matches(' ').starts_with('\n'))
}

/// Finds a blank line inside a text: the offset of the `\n` before it.
pub(super) fn find_blank_line(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        at += text[at..].find('\n')?;
        let rest = &text[at + 1..];
        if rest.trim_start_matches([' ', '\t']).starts_with('\n') {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_tags_are_read_as_pythons_parser_reads_them() {
        let read = |text: &str| {
            start_tag(text, 0, &mut DeadEnds::default())
                .map(|tag| (tag.end, tag.tag.clone().unwrap_or_default(), tag.empty, tag.attrs.len()))
        };
        assert_eq!(read("<a b='c>' d>x"), Some((12, "a".into(), false, 2)));
        assert_eq!(read("<br/>"), Some((5, "br".into(), true, 0)));
        assert_eq!(read("<a b=c/>"), Some((8, "a".into(), false, 1)));
        assert_eq!(read("<a b"), None);
        assert_eq!(read("<foo`>"), Some((4, String::new(), false, 0)));
        assert_eq!(read("<a b=\"c>"), None);
    }

    #[test]
    fn references_need_their_semicolon() {
        assert_eq!(entity_len("&amp;x"), Some(5));
        assert_eq!(entity_len("&amp x"), None);
        assert_eq!(char_reference_len("&#65;"), Some(4));
        assert_eq!(char_reference_len("&#x1F;"), Some(5));
        assert_eq!(char_reference_len("&#65a"), None);
    }
}
