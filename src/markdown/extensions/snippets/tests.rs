//! Tests of snippets over a world in memory.

use super::*;
use crate::diag::Diagnostics;
use crate::markdown::dialect::{Dialect, ExtensionUse};
use crate::text::{Spanned, yaml};
use std::collections::BTreeMap;

type Files<'a> = &'a [(&'a str, &'a str)];

fn expanded(extensions: &str, files: Files<'_>, text: &str) -> (Chunk, Diagnostics) {
    let config = Source::new(SitePath::new("mkdocs.yml"), extensions);
    let root = yaml::parse(&Chunk::of(&config)).expect("the test's YAML").root;
    let uses: Vec<ExtensionUse> = root
        .as_map()
        .unwrap_or_default()
        .iter()
        .map(|(name, options)| ExtensionUse {
            name: Spanned::new(name.scalar_text().expect("a name"), name.span),
            options: Some(options.clone()),
        })
        .collect();
    let (dialect, diagnostics) = Dialect::mkdocs(&uses);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let world: BTreeMap<SitePath, Arc<Source>> = files
        .iter()
        .map(|(path, text)| (SitePath::new(path), Arc::new(Source::new(SitePath::new(path), *text))))
        .collect();
    let source = Source::new(SitePath::new("docs/a.md"), text);
    let mut page = Page::new(&source, &dialect.surroundings, &world);
    let rules = ["include", "snippet"].iter().filter_map(|name| dialect.rules.preprocessors.named(name));
    let out = rules.fold(Chunk::of(&source), |text, rule| rule(text, &mut page));
    (out, page.diagnostics)
}

#[test]
fn included_lines_keep_their_places_in_their_file() {
    let files = [("inc/x.md", "one\n--8<-- \"y.md\"\n"), ("inc/y.md", "two")];
    let (out, said) = expanded("pymdownx.snippets: {base_path: inc}", &files, "a\n  --8<-- \"x.md\"\nb");
    assert_eq!(out.text(), "a\n  one\n  two\n  \nb");
    let two = out.text().find("two").expect("it is included");
    assert_eq!((out.span(two..two + 3).file.as_str(), out.span(two..two + 3).range()), ("inc/y.md", 0..3));
    assert!(said.is_empty());
}

#[test]
fn missing_files_and_sections_are_reported_at_the_path() {
    let files = [("x.md", "# --8<-- [start:a]\none\n# --8<-- [end:a]\n")];
    let text = "--8<-- \"nope.md\"\n--8<-- \"x.md:b\"\n--8<-- \"x.md:a\"\n";
    let (out, said) = expanded("pymdownx.snippets: {check_paths: true}", &files, text);
    assert_eq!(out.text(), "one\n");
    let found: Vec<_> = said
        .iter()
        .map(|finding| (finding.message.as_str(), &text[finding.span.expect("a place").range()], finding.severity))
        .collect();
    assert_eq!(
        found,
        [
            ("the snippet `nope.md` does not exist", "nope.md", Severity::Error),
            ("`x.md` has no section `b`", "x.md:b", Severity::Error),
        ]
    );
}

#[test]
fn a_chain_that_comes_back_is_reported() {
    let files = [("x.md", "x\n--8<-- \"y.md\""), ("y.md", "y\n--8<-- \"x.md\"")];
    let (out, said) = expanded("pymdownx.snippets:\n", &files, "--8<-- \"x.md\"");
    assert_eq!(out.text(), "x\ny");
    let first = said.iter().next().expect("a finding");
    assert_eq!(first.code, Code::SnippetCycle);
    assert_eq!(first.notes[0], "the chain is `x.md` → `y.md` → `x.md`");
}

#[test]
fn a_folder_beside_the_base_is_not_in_it() {
    // CVE-2026-46338 of pymdown-extensions: `docs` is not above `docs_internal`.
    let files = [("docs_internal/x.md", "secret")];
    for path in ["../docs_internal/x.md", "/docs_internal/x.md", "..\\\\docs_internal\\\\x.md"] {
        let text = format!("--8<-- \"{path}\"");
        let (out, said) = expanded("pymdownx.snippets: {base_path: docs}", &files, &text);
        assert_eq!(out.text(), "", "{path}");
        assert_eq!(said.iter().next().map(|finding| finding.code), Some(Code::SnippetEscapes), "{path}");
    }
}

#[test]
fn a_doubling_chain_is_cut() {
    let names: Vec<String> = (0..40).map(|idx| format!("{idx}.md")).collect();
    let texts: Vec<String> =
        (0..40).map(|idx| format!("{0}\n--8<-- \"{1}.md\"\n--8<-- \"{1}.md\"\n", "x".repeat(5_000), idx + 1)).collect();
    let files: Vec<(&str, &str)> =
        names.iter().zip(&texts).map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let (out, said) = expanded("pymdownx.snippets:\n", &files, "--8<-- \"0.md\"");
    assert!(out.len() < 2 * LARGEST_BYTES);
    assert!(said.iter().any(|finding| finding.code == Code::IncludeTooLarge));
}

#[test]
fn markdown_include_puts_text_into_a_line() {
    let files = [("x.md", "# one\ntwo\nthree\n")];
    let config = "markdown_include.include: {headingOffset: 1}";
    let (out, said) = expanded(config, &files, "a {!x.md!} b\n{! x.md !lines=2-3 1}\n{!nope.md!}");
    assert_eq!(out.text(), "a ## one\ntwo\nthree b\ntwo\nthree\n## one\n");
    assert_eq!(said.len(), 1);
}
