//! Raw HTML and character references in a line.
//!
//! Source of the rules: `HtmlInlineProcessor` with `HTML_RE` and `ENTITY_RE` of
//! `markdown/inlinepatterns.py`.

use super::chars::is_space;
use super::run::{Engine, Hit, Pass, Taken};
use crate::markdown::tree::{Node, Raw};
use crate::text::Chunk;

/// A tag, a comment, a processing instruction or a CDATA section; `strict` where no `>` may follow.
pub(crate) fn html(engine: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize, strict: bool) -> Hit {
    let Some(end) = html_end(pass, at) else { return Hit::No };
    if strict && pass.text[end..].starts_with('>') {
        return Hit::No;
    }
    raw(engine, pass, at, end)
}

/// `&name;`
pub(crate) fn entity(engine: &mut Engine<'_, '_>, pass: &Pass<'_>, at: usize) -> Hit {
    let Some(length) = entity_length(&pass.text[at..]) else { return Hit::No };
    raw(engine, pass, at, at + length)
}

/// Returns the length of the character reference at the start of a text.
pub(crate) fn entity_length(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('&')?;
    let digits =
        |from: usize, is: fn(&u8) -> bool| from + inner.as_bytes()[from..].iter().take_while(|b| is(b)).count();
    let end = if inner.starts_with("#x") {
        let end = digits(2, u8::is_ascii_hexdigit);
        if end > 2 { end } else { return None }
    } else if inner.starts_with('#') {
        let end = digits(1, u8::is_ascii_digit);
        if end > 1 { end } else { return None }
    } else {
        let end = digits(0, u8::is_ascii_alphanumeric);
        if end > 0 { end } else { return None }
    };
    inner[end..].starts_with(';').then_some(end + 2)
}

fn raw(engine: &mut Engine<'_, '_>, pass: &Pass<'_>, at: usize, end: usize) -> Hit {
    let span = pass.span(at..end);
    let html = engine.raw(&pass.text[at..end]);
    let placeholder = engine.page.stash.put(Node::Raw(Raw { html, span, block: false }));
    Hit::Take(end, Taken::Text(Chunk::synthetic(&placeholder, span)))
}

/// Returns where the HTML that begins at `at` ends (`HTML_RE`).
fn html_end(pass: &mut Pass<'_>, at: usize) -> Option<usize> {
    let text = pass.text;
    let rest = &text[at..];
    if rest.starts_with("<!--") {
        return closed(pass, at + 4, "<!--", "-->");
    }
    if rest.starts_with("<?") {
        return closed(pass, at + 2, "<?", "?>");
    }
    if rest.starts_with("<![CDATA[") {
        return closed(pass, at + 9, "<![CDATA[", "]]>");
    }
    let bytes = text.as_bytes();
    let mut cur = at + 1;
    if bytes.get(cur) == Some(&b'/') {
        cur += 1;
    }
    if !bytes.get(cur)?.is_ascii_alphabetic() {
        return None;
    }
    cur += span_of(&text[cur..], |c| !is_space(c) && !"\"'<>@".contains(c));
    loop {
        let name = cur + span_of(&text[cur..], is_space);
        if name == cur {
            break;
        }
        let name_end = name + span_of(&text[name..], |c| !is_space(c) && !"\"'=<>".contains(c));
        if name_end == name {
            break;
        }
        cur = name_end;
        let equals = cur + span_of(&text[cur..], is_space);
        if bytes.get(equals) == Some(&b'=') {
            let value = equals + 1 + span_of(&text[equals + 1..], is_space);
            let length = match bytes.get(value) {
                Some(b'"') => pass.find("\"", value + 1).map_or(0, |end| end + 1 - value),
                Some(b'\'') => pass.find("'", value + 1).map_or(0, |end| end + 1 - value),
                _ => span_of(&text[value..], |c| !is_space(c) && !"\"'=<>".contains(c)),
            };
            if length > 0 {
                cur = value + length;
            }
        }
    }
    cur += span_of(&text[cur..], is_space);
    if bytes.get(cur) == Some(&b'/') {
        cur += 1;
    }
    (bytes.get(cur) == Some(&b'>')).then_some(cur + 1)
}

/// Finds `close` where no `open` stands before it.
fn closed(pass: &mut Pass<'_>, from: usize, open: &'static str, close: &'static str) -> Option<usize> {
    let end = pass.find(close, from)?;
    pass.find(open, from).is_none_or(|limit| end < limit).then_some(end + close.len())
}

/// Returns how many bytes at the start of a text are of a class.
pub(crate) fn span_of(text: &str, is: impl Fn(char) -> bool) -> usize {
    text.find(|c: char| !is(c)).unwrap_or(text.len())
}
