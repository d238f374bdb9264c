//! Tests of fences: which lines are code, where they stand, and what is said of the others.

use crate::diag::{Code, Diagnostics};
use crate::markdown::dialect::{Dialect, ExtensionUse};
use crate::markdown::engine::page::Page;
use crate::markdown::tree::{CodeBlock, CodeStyle, Node};
use crate::text::{Chunk, SitePath, Source, Spanned, World, yaml};
use std::collections::BTreeMap;
use std::sync::Arc;

fn dialect(extensions: &str) -> Dialect {
    let config = Source::new(SitePath::new("mkdocs.yml"), extensions);
    let root = yaml::parse(&Chunk::of(&config)).expect("the test's YAML").root;
    let entries = root.as_map().unwrap_or_default().iter();
    let uses: Vec<ExtensionUse> = entries
        .map(|(name, options)| ExtensionUse {
            name: Spanned::new(name.scalar_text().expect("a name"), name.span),
            options: Some(options.clone()),
        })
        .collect();
    let (dialect, diagnostics) = Dialect::mkdocs(&uses);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    dialect
}

/// Lifts the fences of a page: the text that is left, the blocks, and what was said.
fn lifted(extensions: &str, text: &str) -> (String, Vec<CodeBlock>, Diagnostics) {
    let source = Source::new(SitePath::new("a.md"), text);
    let world: BTreeMap<SitePath, Arc<Source>> = BTreeMap::new();
    let dialect = dialect(extensions);
    let mut page = Page::new(&source, &dialect.surroundings, &world as &dyn World);
    let lift = dialect.rules.preprocessors.named("fenced_code_block").expect("fences are on");
    let left = lift(Chunk::of(&source), &mut page).text().to_owned();
    let blocks = (0..).map_while(|number| page.stash.get(number)).map(|node| match node {
        Node::Code(block) => (**block).clone(),
        other => panic!("not a code block: {other:?}"),
    });
    (left, blocks.collect(), page.diagnostics)
}

#[test]
fn a_fence_in_a_list_keeps_the_places_of_its_lines() {
    let text = "- item\n\n    ```sh title=\"t\"\n    one\n      two\n    ```\n";
    let (left, blocks, said) = lifted("pymdownx.superfences:\n", text);
    assert_eq!(left, "- item\n\n    \u{2}0\u{3}\n");
    assert_eq!(blocks[0].code.text(), "one\n  two");
    assert_eq!(&text[blocks[0].code.span(4..9).range()], "  two");
    let language = blocks[0].language.as_ref().expect("it has one");
    assert_eq!((language.value.as_str(), &text[language.span.range()]), ("sh", "sh"));
    let CodeStyle::Highlighted(style) = &blocks[0].style else { panic!("it is highlighted") };
    assert_eq!(style.title.as_deref(), Some("t"));
    assert!(said.is_empty());
}

#[test]
fn a_header_that_mkdocs_destroys_is_reported_with_a_fix() {
    let text = "```bash id=drain\nls\n```\n";
    let (left, blocks, said) = lifted("pymdownx.superfences:\n", text);
    assert!(blocks.is_empty() && left == text);
    let first = said.iter().next().expect("a finding");
    assert_eq!(first.code, Code::FenceHeader);
    assert_eq!(&text[first.span.expect("it has a place").range()], "bash id=drain");
    assert_eq!(first.fix[0].text, " { .bash #drain }");
    // The fixed page is a code block.
    let fixed = text.replace("bash id=drain", " { .bash #drain }");
    assert_eq!(lifted("pymdownx.superfences:\n", &fixed).1.len(), 1);
}

#[test]
fn relaxed_headers_drop_what_they_cannot_read() {
    let (_, blocks, said) = lifted("pymdownx.superfences: {relaxed_headers: true}", "```bash a b\nls\n```\n");
    assert_eq!(blocks[0].language.as_ref().map(|language| language.value.as_str()), Some("bash"));
    assert!(said.is_empty());
}

#[test]
fn a_torn_fence_is_reported_once_at_its_first_line() {
    let (_, blocks, said) = lifted("pymdownx.superfences:\n", "    ```\n    a\nb\n    ```\n");
    assert!(blocks.is_empty());
    let found: Vec<_> = said.iter().map(|finding| (finding.code, finding.labels.len())).collect();
    assert_eq!(found, [(Code::FenceUnclosed, 1)]);
}

#[test]
fn custom_fences_refuse_options_outside_braces() {
    let custom = "attr_list:\npymdownx.superfences:\n  custom_fences: [{name: mermaid, class: mermaid}]\n";
    let (_, blocks, _) = lifted(custom, "```mermaid\na\n```\n\n```mermaid title=\"t\"\na\n```\n");
    assert_eq!(blocks[0].style, CodeStyle::Custom { class: "mermaid".to_owned(), div: false });
    assert!(matches!(&blocks[1].style, CodeStyle::Highlighted(style) if style.title.as_deref() == Some("t")));
}

#[test]
fn indented_code_gets_its_fences_back() {
    let text = "    a\n\n    ```sh\n    ls\n    ```\n";
    let source = Source::new(SitePath::new("a.md"), text);
    let world: BTreeMap<SitePath, Arc<Source>> = BTreeMap::new();
    let dialect = dialect("pymdownx.superfences:\n");
    let mut page = Page::new(&source, &dialect.surroundings, &world as &dyn World);
    let lift = dialect.rules.preprocessors.named("fenced_code_block").expect("fences are on");
    let left = lift(Chunk::of(&source), &mut page);
    let code = super::lifted::revert_fences(left, &mut page);
    assert_eq!(code.text(), text);
    assert_eq!(&text[code.span(21..23).range()], "ls");
}

#[test]
fn tabs_in_fences_stay_where_that_is_asked_for() {
    let source = Source::new(SitePath::new("a.md"), "a\tb\n\n- c\n\n\t```\n\tx\ty\n\t```\n");
    let world: BTreeMap<SitePath, Arc<Source>> = BTreeMap::new();
    let dialect = dialect("pymdownx.superfences: {preserve_tabs: true, disable_indented_code_blocks: true}");
    let parsed = crate::markdown::parse(&source, &dialect, &world);
    let mut codes = Vec::new();
    crate::markdown::walk(&parsed.document.body, &mut |node| {
        if let Node::Code(block) = node {
            codes.push(block.code.text().to_owned());
        }
    });
    assert_eq!(codes, ["x\ty"]);
}

#[test]
fn indented_text_is_no_code_where_that_is_disabled() {
    let source = Source::new(SitePath::new("a.md"), "    x\n");
    let world: BTreeMap<SitePath, Arc<Source>> = BTreeMap::new();
    let dialect = dialect("pymdownx.superfences: {disable_indented_code_blocks: true}");
    let parsed = crate::markdown::parse(&source, &dialect, &world);
    assert_eq!(crate::markdown::plain_text(&parsed.document.body).trim(), "x");
    assert!(matches!(&parsed.document.body[0], Node::Element(element) if element.tag == "p"));
}

#[test]
fn fenced_code_stands_at_the_margin_only() {
    let (left, blocks, _) = lifted("attr_list:\n", "```{ .py #x k=v }\na\n```\n\n- b\n\n    ```\n    c\n    ```\n");
    assert_eq!(left, "\n\u{2}0\u{3}\n\n\n- b\n\n    ```\n    c\n    ```\n");
    assert_eq!(blocks[0].style, CodeStyle::Plain { class: Some("language-py".to_owned()) });
    assert_eq!((blocks[0].attrs.get("id"), blocks[0].attrs.get("k")), (Some("x"), Some("v")));
}

#[test]
fn codehilite_reads_the_first_line_of_indented_code() {
    let source = Source::new(SitePath::new("a.md"), "    #!python\n    x = 1\n");
    let world: BTreeMap<SitePath, Arc<Source>> = BTreeMap::new();
    let parsed = crate::markdown::parse(&source, &dialect("codehilite:\n"), &world);
    let [Node::Code(block)] = parsed.document.body.as_slice() else { panic!("it is code") };
    assert_eq!(block.code.text(), "x = 1");
    assert_eq!(block.language.as_ref().map(|language| language.value.as_str()), Some("python"));
    assert!(matches!(&block.style, CodeStyle::Highlighted(style) if style.linenums == Some(1)));
}

#[test]
fn many_open_fences_take_linear_time() {
    let mut text = String::new();
    for idx in 0..20_000 {
        text.push_str(&format!("```x{idx} \"\n"));
    }
    assert!(lifted("{}", &text).1.is_empty());
    assert!(lifted("pymdownx.superfences:\n", &text).1.is_empty());
}
