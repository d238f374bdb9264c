//! Code spans, escapes, line breaks, raw HTML and character references.

use super::arena::{El, ElId, Kind, Txt};
use super::chars::{is_space, strip};
use super::escaped;
use super::run::{Engine, Hit, Pass, Taken};
use crate::markdown::extensions::inlinehilite;
use crate::markdown::tree::{Node, Raw};
use crate::text::Chunk;
use std::collections::BTreeMap;

/// The runs of backticks of a text, so that each opening finds its closing run at once.
pub(crate) struct Ticks {
    /// Start and length of each run, in order.
    runs: Vec<(usize, usize)>,
    /// By length, the indices of runs of that length.
    by_length: BTreeMap<usize, Vec<usize>>,
    /// For each run the index of the first longest run from it on.
    longest: Vec<usize>,
}

impl Ticks {
    fn of(text: &str) -> Ticks {
        let bytes = text.as_bytes();
        let mut runs = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at] == b'`' {
                let end = super::delimiter::run_end(bytes, at);
                runs.push((at, end - at));
                at = end;
            } else {
                at += 1;
            }
        }
        let mut by_length: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, (_, length)) in runs.iter().enumerate() {
            by_length.entry(*length).or_default().push(index);
        }
        let mut longest: Vec<usize> = (0..runs.len()).collect();
        for index in (0..runs.len().saturating_sub(1)).rev() {
            if runs[longest[index + 1]].1 > runs[index].1 {
                longest[index] = longest[index + 1];
            }
        }
        Ticks { runs, by_length, longest }
    }

    /// Finds the code span that opens at `at`: where its code begins and ends. `Err` is the byte to go
    /// on at (`BacktickInlineProcessor.find_code_spans`).
    fn code_span(&self, at: usize, bytes: &[u8]) -> Result<(usize, usize), usize> {
        let start = super::delimiter::run_end(bytes, at);
        let ticks = start - at;
        let next = self.runs.partition_point(|run| run.0 < start);
        if let Some(same) = self.by_length.get(&ticks) {
            let index = same.partition_point(|index| *index < next);
            if let Some(run) = same.get(index) {
                return Ok((start, self.runs[*run].0));
            }
        }
        // No run of the same length: the longest shorter one closes, and what the opening has more
        // belongs to the code.
        let Some(&longest) = self.longest.get(next) else { return Err(start) };
        let (close, length) = self.runs[longest];
        if length < ticks { Ok((start - (ticks - length), close)) } else { Err(start) }
    }
}

/// `` `code` ``, and backslashes in pairs before a backtick.
pub(crate) fn backtick(engine: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize) -> Hit {
    let bytes = pass.text.as_bytes();
    if bytes[at] == b'\\' {
        return escaped_backslashes(pass, at, |next| next == Some('`'));
    }
    if pass.before(at) == Some('\\') {
        return Hit::No;
    }
    let text = pass.text;
    let ticks = pass.ticks.get_or_insert_with(|| Ticks::of(text));
    match ticks.code_span(at, bytes) {
        Err(end) => Hit::Skip(end),
        Ok((start, close)) => {
            let end = close + (start - at);
            let mut el = El::new("code", pass.span(at..end));
            let code = &pass.text[start..close];
            if code.contains(super::STX) {
                // What was hidden before (raw HTML, changes) comes back as it was.
                let from = start + span_of(code, is_space);
                el.text = Some(Txt::atomic(pass.chunk.slice(from..from + strip(code).len())));
                return Hit::Take(end, Taken::el(el));
            }
            if let Some(options) = &engine.page.dialect.inlinehilite {
                let el = inlinehilite::element(options, engine, pass, at..end, start..close);
                return Hit::Take(end, Taken::el(el));
            }
            el.kind = Kind::Code { code: strip(code).to_owned(), highlight: None };
            Hit::Take(end, Taken::el(el))
        }
    }
}

/// An even run of backslashes before what `closes` accepts: half as many, escaped. Nothing of the run
/// can begin anything else.
pub(crate) fn escaped_backslashes(pass: &Pass<'_>, at: usize, closes: impl Fn(Option<char>) -> bool) -> Hit {
    let end = super::delimiter::run_end(pass.text.as_bytes(), at);
    let length = end - at;
    if pass.before(at) == Some('\\') || length % 2 == 1 || !closes(pass.after(end)) {
        return Hit::Skip(end);
    }
    let mut chunk = Chunk::default();
    for pair in 0..length / 2 {
        chunk.push_synthetic(&escaped('\\'), pass.span(at + 2 * pair..at + 2 * pair + 2));
    }
    Hit::Take(end, Taken::Text(chunk))
}

/// `\` and a character that may be escaped.
pub(crate) fn escape(escapable: &[char], pass: &Pass<'_>, at: usize) -> Hit {
    let Some(c) = pass.after(at + 1) else { return Hit::No };
    let end = at + 1 + c.len_utf8();
    if !escapable.contains(&c) {
        return Hit::Skip(end);
    }
    Hit::Take(end, Taken::Text(Chunk::synthetic(&escaped(c), pass.span(at..end))))
}

/// Two spaces at the end of a line.
pub(crate) fn line_break(pass: &Pass<'_>, at: usize) -> Hit {
    if !pass.text[at..].starts_with("  \n") {
        return Hit::No;
    }
    Hit::Take(at + 3, Taken::el(El::new("br", pass.span(at..at + 3))))
}

/// A tag, a comment, a processing instruction or a CDATA section.
pub(crate) fn html(engine: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize) -> Hit {
    let Some(end) = html_end(pass, at) else { return Hit::No };
    let strict = engine.page.dialect.smarty.as_ref().is_some_and(|options| options.smart_angled_quotes);
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

/// Writes an element out inside raw HTML, as Python's serializer does.
pub(crate) fn write_html(engine: &Engine<'_, '_>, id: ElId, out: &mut String) {
    let el = &engine.els[id];
    out.push('<');
    out.push_str(&el.tag);
    for (name, value) in el.attrs.iter() {
        out.push_str(&format!(" {name}=\"{}\"", escape_text(&engine.attribute(value)).replace('"', "&quot;")));
    }
    if matches!(el.tag.as_ref(), "img" | "br") {
        out.push_str(" />");
        return;
    }
    out.push('>');
    if let Kind::Code { code, .. } = &el.kind {
        out.push_str(&escape_text(&code.replace('&', "&amp;")));
    }
    if let Some(text) = &el.text {
        out.push_str(&escape_text(&engine.raw(text.chunk.text())));
    }
    for child in &el.children {
        write_html(engine, *child, out);
        if let Some(tail) = &engine.els[*child].tail {
            out.push_str(&escape_text(&engine.raw(tail.chunk.text())));
        }
    }
    out.push_str(&format!("</{}>", el.tag));
}

fn escape_text(text: &str) -> String {
    text.replace('<', "&lt;").replace('>', "&gt;")
}
