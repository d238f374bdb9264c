//! Properties that hold for any page: no panic, places inside of their files, bounded depth.

use crate::cases::{dialect, html_of};
use opsbook::markdown::{Node, parse, walk};
use opsbook::render::html::render_html;
use opsbook::text::{SitePath, Source, Span};
use proptest::prelude::*;
use std::collections::BTreeMap;

const ALL: &str = "[admonition, pymdownx.details, {pymdownx.tabbed: {alternate_style: true}}, pymdownx.tasklist, footnotes, \
                   def_list, abbr, attr_list, md_in_html, pymdownx.superfences, {toc: {permalink: true}}, \
                   pymdownx.blocks.details, pymdownx.blocks.html, pymdownx.quotes]";

const TOKENS: &[&str] = &[
    "- a",
    "1. b",
    "# h",
    "text é",
    "> q",
    "```",
    "~~~ sh",
    "---",
    "===",
    "| a | b |",
    "|--|--|",
    "[r]: u \"t\"",
    "[x][r]",
    "<div markdown>",
    "</div>",
    "<p",
    "<!--",
    "-->",
    "`c`",
    "**s**",
    "\\#",
    "&amp;",
    "&#",
    "!!! note \"T\"",
    "??? tip",
    "=== \"A\"",
    "[^1]: n",
    "x[^1]",
    "T",
    ":   d",
    "*[A]: b",
    "- [x] t",
    "{: #i .c }",
    "[TOC]",
    "/// details | D",
    "///",
    "/// html | div.a",
    "\t",
    "    ",
    "  ",
    "> ",
    "\n",
    "\n\n",
    "\u{2}0\u{3}",
    "\r\n",
    "<script>",
    "--8<-- \"x\"",
    "",
];

fn soup() -> impl Strategy<Value = String> {
    let token = prop::sample::select(TOKENS);
    let end = prop::sample::select(&["\n", "\n\n", " ", ""][..]);
    prop::collection::vec((token, end), 0..24).prop_map(|parts| parts.into_iter().flat_map(|(a, b)| [a, b]).collect())
}

fn inside(span: Span, source: &Source) -> bool {
    span.file != source.path() || source.slice(span).is_some()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_page_panics_and_every_span_lies_inside_its_file(page in soup()) {
        let source = Source::new(SitePath::new("page.md"), page);
        let parsed = parse(&source, &dialect(ALL), &BTreeMap::new());
        render_html(&parsed.document.body, &|_| None);
        let mut outside = Vec::new();
        walk(&parsed.document.body, &mut |node| {
            let target = node.as_element().and_then(|element| element.target_span);
            for span in [Some(node.span()), target].into_iter().flatten() {
                if !inside(span, &source) {
                    outside.push(span);
                }
            }
            if let Node::Code(code) = node
                && let Some(span) = code.code.whole_span().filter(|span| !inside(*span, &source))
            {
                outside.push(span);
            }
        });
        for diagnostic in &parsed.diagnostics {
            outside.extend(diagnostic.span.filter(|span| !inside(*span, &source)));
            outside.extend(diagnostic.fix.iter().map(|edit| edit.span).filter(|span| !inside(*span, &source)));
        }
        prop_assert!(outside.is_empty(), "{outside:?}");
    }
}

#[test]
fn text_knows_its_place_through_nested_blocks() {
    let source = Source::new(SitePath::new("page.md"), "> - a\n>\n>     !!! note\n>         *deep* text\n");
    let parsed = parse(&source, &dialect("[admonition]"), &BTreeMap::new());
    let mut found = None;
    walk(&parsed.document.body, &mut |node| {
        if let Node::Text(text) = node
            && text.text == "deep"
        {
            found = source.slice(text.span);
        }
    });
    assert_eq!(found, Some("deep"));
}

#[test]
fn ten_thousand_levels_end_with_one_diagnostic() {
    let quotes = format!("{}x\n", "> ".repeat(10_000));
    let lists = format!("{}x\n", "- ".repeat(10_000));
    let boxes: String = (0..300).map(|level| format!("{}!!! note\n", "    ".repeat(level))).collect();
    for page in [quotes, lists, boxes] {
        let source = Source::new(SitePath::new("page.md"), page);
        let parsed = parse(&source, &dialect("[admonition]"), &BTreeMap::new());
        let codes: Vec<_> = parsed.diagnostics.iter().map(|found| found.code.id()).collect();
        assert_eq!(codes, ["OB201"]);
    }
    let brackets = "[".repeat(10_000) + "](" + &"<div>".repeat(5_000);
    assert!(!html_of(&brackets, &dialect("[]"), &BTreeMap::new()).is_empty());
}
