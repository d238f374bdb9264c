//! The table against Python: names, priorities and files of everything that is registered.

use super::{EXTENSIONS, Row};
use crate::markdown::dialect::{Dialect, ExtensionUse};
use crate::text::{Chunk, SitePath, Source, Spanned, yaml};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What a script recorded from Python: extension, registry, name and priority on each line.
const RECORDED: &str = include_str!("../../../tests/cases/extensions/priorities.tsv");

/// Options that let an extension register more, those of the script.
const OPTIONS: &[(&str, &str)] = &[
    ("mdx_gh_links", "{user: u, repo: r}"),
    ("pymdownx.escapeall", "{hardbreak: true}"),
    (
        "pymdownx.magiclink",
        "{repo_url_shorthand: true, social_url_shorthand: true, repo_url_shortener: true, \
         social_url_shortener: true, user: u, repo: r}",
    ),
    ("pymdownx.quotes", "{callouts: true}"),
    ("pymdownx.tabbed", "{slugify: !!python/name:markdown.extensions.toc.slugify }"),
    ("pymdownx.blocks.tab", "{slugify: !!python/name:markdown.extensions.toc.slugify }"),
    ("pymdownx.superfences", "{preserve_tabs: true}"),
    ("smarty", "{smart_angled_quotes: true}"),
];

/// What is registered in Python and not here, or the other way round, or elsewhere, and why.
const DIFFERENT: &[(&str, &str)] = &[
    ("inline", "text inside blocks is a stage of its own"),
    ("prettify", "the renderer writes line ends"),
    ("unescape", "the walk over text does so"),
    ("opsbook_lists", "what there is to say of lists is opsbook's own"),
    ("raw_html", "raw HTML comes back in a stage of its own; what was not placed is settled before"),
    ("amp_substitute", "the renderer writes ampersands"),
    ("pymdownx-pre-norm-ws", "marks are made after white space is normalised"),
    ("pymdownx-post-norm-ws", "marks are made after white space is normalised"),
    ("critic", "marks are made after white space is normalised"),
    ("critic-post", "marks are raw HTML from the start"),
    ("blocks_on_inline_end", "no block has anything to do once text is read"),
];

type Places = BTreeMap<(String, String), String>;

/// The rules of a dialect by registry and name.
fn registered(names: &[&str]) -> Places {
    let uses: Vec<ExtensionUse> = names.iter().map(|name| used(name)).collect();
    let (dialect, diagnostics) = Dialect::mkdocs(&uses);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let names = dialect.rules.names().into_iter();
    names.map(|(registry, name, priority)| ((registry.to_owned(), name.to_owned()), priority.to_string())).collect()
}

fn used(name: &str) -> ExtensionUse {
    let options = OPTIONS.iter().find(|(known, _)| *known == name).map(|(_, options)| {
        let source = Source::new(SitePath::new("mkdocs.yml"), *options);
        yaml::parse(&Chunk::of(&source)).expect("the test's YAML").root
    });
    let source = Source::new(SitePath::new("mkdocs.yml"), name);
    ExtensionUse { name: Spanned::new(name.to_owned(), source.span()), options }
}

/// What Python registers with these extensions.
fn recorded(names: &[&str]) -> Places {
    let mut places = Places::new();
    for name in ["-", "toc", "tables", "fenced_code"].iter().chain(names) {
        for line in RECORDED.lines() {
            let [extension, registry, rule, priority] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("a line has four parts: {line:?}")
            };
            let key = (registry.to_owned(), rule.to_owned());
            match priority {
                _ if extension != *name => {}
                "-" => drop(places.remove(&key)),
                _ => drop(places.insert(key, priority.to_owned())),
            }
        }
    }
    places
}

#[test]
fn rules_have_the_names_and_priorities_of_python() {
    let is_same = |name: &str| !DIFFERENT.iter().any(|(known, _)| *known == name);
    for Row { name, .. } in EXTENSIONS {
        let names: &[&str] = if *name == "pymdownx.bracketspan" { &["attr_list", name] } else { &[name] };
        let (mut ours, mut theirs) = (registered(names), recorded(names));
        for places in [&mut ours, &mut theirs] {
            places.retain(|(registry, rule), _| is_same(rule) && registry != "postprocessors");
        }
        assert_eq!(ours, theirs, "{name}");
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "it reads the sources themselves")]
fn every_row_has_one_file_that_names_its_source_and_one_file_of_cases() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = include_str!("mod.rs");
    let mut files = BTreeSet::new();
    for Row { name, source, .. } in EXTENSIONS {
        let row = table.lines().find(|line| line.contains(&format!("(\"{name}\", ")));
        let (path, _) = row.and_then(|row| row.trim().strip_prefix("row::<")?.split_once("::Options>")).expect("a row");
        let path = format!("src/markdown/extensions/{}", path.replace("::", "/"));
        let file = [format!("{path}.rs"), format!("{path}/mod.rs")].into_iter().find(|file| root.join(file).exists());
        let file = file.unwrap_or_else(|| panic!("`{name}` has no file {path}.rs"));
        let text = std::fs::read_to_string(root.join(&file)).expect("a file of the sources");
        let header: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
        let short = source.strip_prefix("markdown/extensions/").unwrap_or(source);
        assert!(header.contains(short), "the header of {file} names `{source}`");
        assert!(files.insert(file), "two rows have one file");
        let cases = format!("tests/cases/extensions/{name}.md");
        let text = std::fs::read_to_string(root.join(&cases)).unwrap_or_else(|_| panic!("`{name}` has no {cases}"));
        assert!(text.contains("```````example"), "{cases} holds a case");
    }
}
