//! Headings as HTML and as text, for ids, the table of contents and the title.
//!
//! Source of the rules: `render_inner_html`, `strip_tags` and `remove_fnrefs` of Python-Markdown's
//! `toc`, and MkDocs' `utils/rendering.py`.

use crate::markdown::entities::unescape;
use crate::markdown::tree::{Glyph, Node};
use std::fmt::Write;

/// Returns nodes as HTML without references to footnotes.
pub(crate) fn inner_html(nodes: &[Node]) -> String {
    let mut out = String::new();
    write_nodes(nodes, &mut out);
    out.trim().to_owned()
}

/// Returns the text of HTML: comments and tags removed, white space folded, entities kept.
pub(crate) fn strip_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let (before, tag) = rest.split_at(start);
        let len = tag_len(tag);
        text.push_str(before);
        text.push_str(&tag[..if len == 0 { 1 } else { 0 }]);
        rest = &tag[len.max(1)..];
    }
    text.push_str(rest);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the text of nodes as a reader sees it.
pub(crate) fn plain(nodes: &[Node]) -> String {
    unescape(&strip_tags(&inner_html(nodes)))
}

/// Measures the tag or comment at the start of a text; 0 where there is none.
fn tag_len(text: &str) -> usize {
    if let Some(comment) = text.strip_prefix("<!--") {
        return comment.find("-->").map_or(0, |end| end + 7);
    }
    let mut chars = text.char_indices().skip(1);
    let first = chars.next().map(|(_, ch)| ch);
    if !first.is_some_and(|ch| ch.is_ascii_alphabetic() || ch == '/') {
        return 0;
    }
    let mut quote = None;
    for (at, ch) in chars {
        match (quote, ch) {
            (None, '>') => return at + 1,
            (None, '"' | '\'') => quote = Some(ch),
            (Some(open), _) if open == ch => quote = None,
            _ => {}
        }
    }
    0
}

fn write_nodes(nodes: &[Node], out: &mut String) {
    for node in nodes {
        match node {
            Node::Text(text) => escape_into(&text.text, out),
            Node::Raw(raw) => out.push_str(&raw.html),
            Node::Code(code) => escape_into(code.code.text(), out),
            Node::CodeSpan(span) => {
                out.push_str("<code>");
                escape_all_into(&span.code, out);
                out.push_str("</code>");
            }
            Node::Icon(icon) => {
                if let Glyph::Emoji(emoji) = &icon.glyph {
                    out.push_str(emoji);
                }
            }
            Node::Element(element) if element.is(&["sup"]) && is_footnote_reference(element.attrs.get("id")) => {}
            Node::Element(element) => {
                write!(out, "<{}", element.tag).expect("writing to a string cannot fail");
                let mut attrs: Vec<_> = element.attrs.iter().collect();
                attrs.sort_unstable();
                for (name, value) in attrs {
                    write!(out, " {name}=\"").expect("writing to a string cannot fail");
                    escape_into(&value.replace('"', "&quot;"), out);
                    out.push('"');
                }
                if element.children.is_empty() && element.is(&["br", "img", "hr", "input"]) {
                    out.push_str(" />");
                    continue;
                }
                out.push('>');
                write_nodes(&element.children, out);
                write!(out, "</{}>", element.tag).expect("writing to a string cannot fail");
            }
        }
    }
}

fn is_footnote_reference(id: Option<&str>) -> bool {
    id.is_some_and(|id| id.starts_with("fnref"))
}

/// Escapes all of a text.
fn escape_all_into(text: &str, out: &mut String) {
    for ch in text.chars() {
        match ch {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            _ => out.push(ch),
        }
    }
}

/// Escapes a text but leaves what looks like an entity, as Python-Markdown's serializer does.
fn escape_into(text: &str, out: &mut String) {
    for (at, ch) in text.char_indices() {
        match ch {
            '&' if crate::markdown::entities::len_at(&text[at..]).is_some() => out.push('&'),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            _ => out.push(ch),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_comments_are_stripped() {
        assert_eq!(strip_tags("a <!-- > --> <b title='>'>c</b>  d &lt; e"), "a c d &lt; e");
        assert_eq!(strip_tags("1 < 2"), "1 < 2");
    }
}
