//! Text that plugins change before it is Markdown, against the real plugins' output.

use crate::routes::plugins_of;
use opsbook::diag::Diagnostics;
use opsbook::markdown::preprocess::{Context, Preprocess as _};
use opsbook::text::{Chunk, SitePath, Source, yaml};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What `include-markdown` makes of a page beside other files, and what it says.
fn included(page: &str, files: &[(&str, &str)]) -> (String, Vec<String>) {
    let mut world: BTreeMap<SitePath, Arc<Source>> = BTreeMap::new();
    for (name, text) in files.iter().chain(&[("docs/index.md", page)]) {
        world.insert(SitePath::new(name), Arc::new(Source::new(SitePath::new(name), *text)));
    }
    let plugins = yaml::parse(&Chunk::of(&Source::new(SitePath::new("mkdocs.yml"), "[include-markdown]"))).unwrap();
    let plugins = plugins_of(Some(&plugins.root), &world);
    let mut diagnostics = Diagnostics::new();
    let path = SitePath::new("docs/index.md");
    let mut context = Context { page: path, world: &world, reads: &mut Vec::new(), diagnostics: &mut diagnostics };
    let got = plugins.on_page_markdown(Chunk::of(&world[&path]), None, &mut context);
    (got.text().to_owned(), diagnostics.iter().map(|said| format!("{} {}", said.code, said.message)).collect())
}

#[test]
fn text_that_is_little_but_marks_costs_no_more_than_its_length() {
    let pieces = [
        "{%",
        "{% include",
        "{% include ",
        "{% include \"",
        "{% include \"a\" ",
        "{% include-markdown 'a' ",
        "a {% include\n",
    ];
    for piece in pieces {
        let expand = &mut |n: usize| drop(included(&piece.repeat(n), &[]));
        crate::growth::assert_linear(piece, expand, 4_000);
    }
    let missing = &mut |n: usize| drop(included(&"{% include 'none.md' %} ".repeat(n), &[]));
    crate::growth::assert_linear("files that are not there", missing, 400);
}

#[test]
fn inclusions_that_double_end_and_are_named_once() {
    let names: Vec<String> = (0..30).map(|level| format!("docs/{level}.md")).collect();
    let twice = |level: usize| format!("{{% include '{level}.md' %}}{{% include '{level}.md' %}}");
    let texts: Vec<String> = (1..=30).map(twice).collect();
    let files: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
    let (_, said) = included("{% include '0.md' %}", &files);
    let full: Vec<_> = said.iter().filter(|said| said.starts_with("OB247")).collect();
    assert_eq!(full, ["OB247 the included files of this page are larger than 16 MiB, or more than 4096"]);
}

#[test]
fn inclusions_and_alerts_become_what_the_plugins_make_of_them() {
    let cases = std::fs::read_to_string("tests/cases/include-markdown/cases.json").unwrap();
    let cases: Vec<Value> = serde_json::from_str(&cases).unwrap();
    let mut wrong = Vec::new();
    for case in &cases {
        let mut world: BTreeMap<SitePath, Arc<Source>> = BTreeMap::new();
        for (name, text) in case["files"].as_object().unwrap() {
            let path = SitePath::new(name);
            world.insert(path, Arc::new(Source::new(path, text.as_str().unwrap())));
        }
        let docs = SitePath::new("docs");
        let mut diagnostics = Diagnostics::new();
        let named = case["plugins"].as_object().unwrap().iter();
        let named: Vec<String> = named.map(|(name, settings)| format!("{{{name}: {settings}}}")).collect();
        let config = Source::new(SitePath::new("mkdocs.yml"), format!("[{}]", named.join(", ")));
        let plugins = plugins_of(Some(&yaml::parse(&Chunk::of(&config)).unwrap().root), &world);
        let page = docs.join(case["page"].as_str().unwrap());
        let text = Chunk::of(&world[&page]);
        let mut reads = Vec::new();
        let mut context = Context { page, world: &world, reads: &mut reads, diagnostics: &mut diagnostics };
        let got = plugins.on_page_markdown(text, None, &mut context);
        let want = case["expected"].as_str().unwrap();
        if got.text() != want {
            wrong.push(format!("{}\ngot  {:?}\nwant {want:?}", world[&page].text(), got.text()));
        }
        for at in (0..got.len()).filter(|at| got.text().is_char_boundary(*at)) {
            let span = got.span(at..at);
            let file = world.get(&span.file).unwrap_or_else(|| panic!("{span:?} lies in no file"));
            assert!(span.end as usize <= file.text().len());
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n\n"));
}
