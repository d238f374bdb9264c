//! What stands behind the marks of a run, written out: in attributes as text, in raw HTML as HTML.
//!
//! Source of the rule: `InlineProcessor.unescape` and `backslash_unescape` of Python-Markdown.

use super::arena::{ElId, Kind};
use super::run::{Engine, Stashed};
use crate::markdown::engine::mark::{Mark, STX, unescape};
use crate::markdown::tree::Node;

impl Engine<'_, '_> {
    /// Resolves inline marks in the text of an attribute: elements say their text.
    pub(crate) fn attribute(&self, text: &str) -> String {
        self.resolve(text, false)
    }

    /// Resolves inline marks in raw HTML: elements are written out, escapes get their
    /// backslash back.
    pub(crate) fn raw(&self, text: &str) -> String {
        unescape(&self.resolve(text, true))
    }

    fn resolve(&self, text: &str, as_html: bool) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(STX) {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let mark = Mark::at(rest);
            if let Some((Mark::Inline(id), length)) = mark
                && let Some(stashed) = self.stash.get(id)
            {
                match stashed {
                    Stashed::Text(text) => {
                        if as_html {
                            out.push('\\');
                        }
                        out.push_str(&self.resolve(text.text(), as_html));
                    }
                    Stashed::Element(id) if as_html => write_html(self, *id, &mut out),
                    Stashed::Element(id) => self.inner_text(*id, &mut out),
                }
                rest = &rest[length..];
            } else if let Some((Mark::Node(number), length)) = mark
                && let Some(Node::Raw(raw)) = self.page.stash.get(number)
            {
                out.push_str(&raw.html);
                rest = &rest[length..];
            } else {
                out.push(STX);
                rest = &rest[1..];
            }
        }
        out.push_str(rest);
        out
    }

    /// Collects an element's text, as `itertext` does.
    pub(crate) fn inner_text(&self, id: ElId, out: &mut String) {
        let el = &self.els[id];
        if let Kind::Code { code, .. } = &el.kind {
            out.push_str(code);
        }
        if let Some(text) = &el.text {
            out.push_str(&self.resolve(text.chunk.text(), false));
        }
        for child in &el.children {
            self.inner_text(*child, out);
            if let Some(tail) = &self.els[*child].tail {
                out.push_str(&self.resolve(tail.chunk.text(), false));
            }
        }
    }
}
/// Writes an element out inside raw HTML, as Python's serializer does.
fn write_html(engine: &Engine<'_, '_>, id: ElId, out: &mut String) {
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
