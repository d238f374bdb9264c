//! What a page says that its reader will not see as it was meant: references and footnotes without a
//! definition, links without text, headings that skip a level.
//!
//! Looks at the finished tree, so it holds for both dialects, and changes nothing. MkDocs says nothing of
//! any of it.

use super::facts::PageFacts;
use super::tree::{Document, Element, Node, Text, walk};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::text::{Source, Span};
use regex::Regex;
use std::sync::LazyLock;

/// A reference that became nothing: `[text][name]`, `[text][]`, `![text][name]`, `[^name]`. Behind a word it
/// is an index, as in `list[0][1]`.
static LEFT_OVER: LazyLock<Regex> = LazyLock::new(|| {
    let reference = r"\[(?P<text>[^\[\]\n]*[^\W\d][^\[\]\n]*)\]\[(?P<name>[^\[\]\n]*)\]";
    let footnote = r"\[\^(?P<note>[\w][\w.-]*)\]";
    Regex::new(&format!("{reference}|{footnote}")).expect("a fixed expression")
});

/// Looks at a page's tree.
pub(super) fn check(document: &Document, facts: &PageFacts, source: &Source) -> Diagnostics {
    let mut found = Diagnostics::new();
    let mut level = None;
    walk(&document.body, &mut |node| match node {
        Node::Text(text) => references(text, source, &mut found),
        Node::Element(element) => {
            link(element, &mut found);
            heading(element, &mut level, &mut found);
        }
        _ => {}
    });
    footnotes(facts, &mut found);
    found
}

fn references(text: &Text, source: &Source, found: &mut Diagnostics) {
    if !text.text.contains('[') {
        return;
    }
    for captures in LEFT_OVER.captures_iter(&text.text) {
        let whole = captures.get(0).expect("a match has a whole");
        let before = text.text[..whole.start()].trim_end_matches('!').chars().next_back();
        let note = captures.name("note");
        let is_index =
            before.is_some_and(|before| before.is_alphanumeric() || matches!(before, '_' | ']' | ')' | '\\'));
        if is_index && note.is_none() {
            continue;
        }
        // Where the text is a copy of the source, the place is exact.
        let start = text.span.range().start;
        let span = match source.slice(text.span) {
            Some(written) if written == text.text => {
                Span::new(text.span.file, start + whole.start()..start + whole.end())
            }
            _ => text.span,
        };
        if let Some(note) = note {
            let note = note.as_str();
            found.push(
                Diagnostic::new(Code::FootnoteUndefined, span, format!("the footnote `{note}` is not defined"))
                    .note("the mark stays in the page as it is written")
                    .help(format!(
                        "define it with `[^{note}]: …` on a line of its own, with the extension `footnotes`"
                    )),
            );
            continue;
        }
        let name = match &captures["name"] {
            "" => captures["text"].to_owned(),
            name => name.to_owned(),
        };
        found.push(
            Diagnostic::new(Code::ReferenceUndefined, span, format!("the reference `{name}` is not defined"))
                .note("the brackets stay in the page as they are written")
                .help(format!("define it with `[{name}]: ADDRESS` on a line of its own")),
        );
    }
}

fn link(element: &Element, found: &mut Diagnostics) {
    // What has no place of its own was made by the parser, such as permalinks.
    let Some(span) = element.target_span.filter(|_| element.is(&["a"])) else { return };
    let is_named = ["aria-label", "title", "id"].iter().any(|name| element.attrs.get(name).is_some());
    if is_named || element.children.iter().any(says_something) {
        return;
    }
    let target = element.attrs.get("href").unwrap_or_default();
    found.push(
        Diagnostic::new(Code::LinkEmpty, span, format!("the link to `{target}` has no text"))
            .note("nobody sees it, and a screen reader reads the address")
            .help("write its text between the brackets"),
    );
}

fn says_something(node: &Node) -> bool {
    match node {
        Node::Text(text) => !text.text.trim().is_empty(),
        Node::Element(element) => element.is(&["img", "svg", "input"]) || element.children.iter().any(says_something),
        Node::Raw(raw) => !raw.html.trim().is_empty(),
        Node::Code(_) | Node::CodeSpan(_) | Node::Icon(_) => true,
    }
}

fn heading(element: &Element, level: &mut Option<u8>, found: &mut Diagnostics) {
    let tag = element.tag.as_bytes();
    let &[b'h', digit @ b'1'..=b'6'] = tag else { return };
    let this = digit - b'0';
    if let Some(before) = *level
        && this > before + 1
    {
        found.push(
            Diagnostic::new(Code::HeadingSkipped, element.span, format!("heading level {this} follows level {before}"))
                .note("who reads by headings looks for the level between")
                .help(format!("write it with {} `#`", before + 1)),
        );
    }
    *level = Some(this);
}

/// A footnote has the anchor `fn:name`, and each mark that leads to it `fnref:name`.
fn footnotes(facts: &PageFacts, found: &mut Diagnostics) {
    for (id, span) in &facts.anchors {
        let Some(name) = id.strip_prefix("fn:") else { continue };
        if !facts.anchors.contains_key(&format!("fnref:{name}")) {
            found.push(
                Diagnostic::new(Code::FootnoteUnused, *span, format!("nothing refers to the footnote `{name}`"))
                    .help(format!("write `[^{name}]` where it belongs, or remove it")),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::markdown::{Dialect, ExtensionUse, parse};
    use crate::text::{SitePath, Source, Span, Spanned};
    use std::collections::BTreeMap;

    /// The codes of what is said about a page, each with the text of its place.
    fn found(text: &str) -> Vec<String> {
        let nowhere = Span::at_start(SitePath::new("mkdocs.yml"));
        let uses = ["footnotes", "attr_list", "tables"]
            .map(|name| ExtensionUse { name: Spanned::new(name.to_owned(), nowhere), options: None });
        let source = Source::new(SitePath::new("a.md"), text);
        let parsed = parse(&source, &Dialect::mkdocs(&uses).0, &BTreeMap::new());
        let say = |found: &crate::diag::Diagnostic| {
            let place = found.span.and_then(|span| source.slice(span)).unwrap_or_default();
            format!("{} {place}", found.code)
        };
        parsed.diagnostics.iter().map(say).collect()
    }

    #[test]
    fn references_that_became_nothing_are_reported() {
        assert_eq!(found("see [the guide][guide] and ![pic][p]"), ["OB209 [the guide][guide]", "OB209 [pic][p]"]);
        assert_eq!(found("see [guide][]"), ["OB209 [guide][]"]);
        assert_eq!(found("see [the guide][guide]\n\n[guide]: a.md"), [""; 0]);
        assert_eq!(found("see `[a][b]`, list[a][b], f(x)[a][b], m[0][1] and \\[a][b]"), [""; 0]);
    }

    #[test]
    fn footnotes_have_a_definition_and_a_mark() {
        assert_eq!(found("a[^1] b[^gone]\n\n[^1]: one"), ["OB210 [^gone]"]);
        assert_eq!(found("a[^1]\n\n[^1]: one\n[^2]: two").len(), 1);
        assert!(found("a[^1]\n\n[^1]: one\n[^2]: two")[0].starts_with("OB211"));
        assert_eq!(found("not `[^a]`, nor [^0-9+]"), [""; 0]);
    }

    #[test]
    fn links_have_a_text() {
        assert_eq!(found("[](a.md) and [ ](b.md)"), ["OB212 a.md", "OB212 b.md"]);
        assert_eq!(found("[x](a.md) [![x](a.png)](b.md) [`x`](c.md) [](d.md){ aria-label=x }"), [""; 0]);
    }

    #[test]
    fn headings_skip_no_level() {
        assert_eq!(found("# a\n\n## b\n\n#### c\n\n## d\n\n### e"), ["OB213 #### c"]);
        assert_eq!(found("### a\n\n# b"), [""; 0]);
    }

    #[test]
    fn rows_have_as_many_cells_as_the_table() {
        let table = |row: &str| format!("| a | b |\n|---|---|\n{row}\n");
        assert_eq!(found(&table("| 1 | 2 |")), [""; 0]);
        assert_eq!(found(&table("| 1 | 2 | 3 |")), ["OB214 | 1 | 2 | 3 |"]);
        assert_eq!(found(&table("| 1 |")), ["OB214 | 1 |"]);
    }

    #[test]
    fn an_id_in_raw_html_is_one_too() {
        assert_eq!(found("# one\n\n<div id=\"one\"></div>"), ["OB208 one"]);
        assert_eq!(found("<div id=\"x\"></div>\n\n<p id=\"x\"></p>"), ["OB208 x"]);
    }
}
