//! Pages and what Python-Markdown makes of them, and laws that hold for any page.
//!
//! The cases in `cases/markdown` were produced by Python-Markdown 3.11.3 and pymdown-extensions
//! 13.1. A case is a fence of seven backticks: `example` and the extensions, the page, a line with
//! a dot, the HTML. The heading above it is its name.

use opsbook::markdown::{Dialect, ExtensionUse, Node, parse, walk};
use opsbook::render::html::render_html;
use opsbook::text::{Chunk, SitePath, Source, Span, Spanned, yaml};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

const FENCE: &str = "```````";

struct Case {
    name: String,
    extensions: String,
    page: String,
    html: String,
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut name = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix("## ") {
            name = heading.to_owned();
        }
        let Some(extensions) = line.strip_prefix(FENCE).and_then(|info| info.strip_prefix("example")) else { continue };
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != FENCE).collect();
        let dot = body.iter().position(|line| *line == ".").expect("a case has a line with a dot");
        cases.push(Case {
            name: name.clone(),
            extensions: extensions.trim().to_owned(),
            page: body[..dot].join("\n"),
            html: body[dot + 1..].join("\n"),
        });
    }
    cases
}

fn dialect(extensions: &str) -> Dialect {
    let source = Source::new(SitePath::new("mkdocs.yml"), extensions);
    let root = yaml::parse(&Chunk::of(&source)).expect("extensions are a list in YAML").root;
    let at = |name: &str| Spanned::new(name.to_owned(), source.span());
    let uses: Vec<ExtensionUse> = root
        .as_seq()
        .unwrap_or_default()
        .iter()
        .map(|item| match item.as_map().and_then(|entries| entries.first()) {
            Some((name, options)) => {
                ExtensionUse { name: at(name.as_str().unwrap_or_default()), options: Some(options.clone()) }
            }
            None => ExtensionUse { name: at(item.as_str().unwrap_or_default()), options: None },
        })
        .collect();
    let (dialect, diagnostics) = Dialect::mkdocs(&uses);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    dialect
}

fn html_of(page: &str, dialect: &Dialect) -> String {
    let source = Source::new(SitePath::new("page.md"), page);
    let parsed = parse(&source, dialect, &BTreeMap::new());
    render_html(&parsed.document.body, &|_| None)
}

#[test]
fn pages_become_what_python_markdown_makes_of_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/markdown");
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("the cases are there").flatten().collect();
    files.sort_by_key(std::fs::DirEntry::path);
    let mut n_cases = 0;
    let mut wrong = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file.path()).expect("a case file is text");
        for case in cases(&text) {
            n_cases += 1;
            let got = html_of(&case.page, &dialect(&case.extensions));
            if got != case.html {
                wrong.push(format!("{}\n--- expected\n{}\n--- got\n{got}\n", case.name, case.html));
            }
        }
    }
    assert!(n_cases > 60, "only {n_cases} cases were found");
    assert!(wrong.is_empty(), "{} of {n_cases} cases:\n{}", wrong.len(), wrong.join("\n"));
}

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
    assert!(!html_of(&brackets, &dialect("[]")).is_empty());
}
