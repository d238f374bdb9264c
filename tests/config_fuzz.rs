//! Configuration and YAML from anywhere: never a panic, every place inside its file, time that stays linear.

use opsbook::config::{self, Overrides};
use opsbook::text::{Chunk, SitePath, Source, yaml};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Text from the pieces that YAML, TOML and our keys are made of.
fn soup() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "site_name",
        "nav",
        "theme",
        "plugins",
        "markdown_extensions",
        "extra",
        "INHERIT",
        "[book]",
        "title",
        "[",
        "]",
        "{",
        "}",
        ":",
        ": ",
        "- ",
        "\n",
        "\n  ",
        "\n    ",
        "\t",
        "#",
        " ",
        "\"",
        "'",
        "|",
        ">",
        "&a ",
        "*a",
        "<<: ",
        "!ENV ",
        "!!python/name:",
        "!relative ",
        "---",
        "...",
        "=",
        ",",
        "? ",
        "%",
        "\\",
        "ä",
        "\u{1f600}",
        "\u{feff}",
        "\r\n",
        "~",
        "null",
        "1",
        "0x",
        ".inf",
        "true",
        "toc",
        "search",
        "[[a]]",
        "\u{85}",
        "\u{2028}",
        "\0",
    ]);
    prop::collection::vec(pieces, 0..60).prop_map(|pieces| pieces.concat())
}

fn load(name: &str, text: &str) -> config::Loaded {
    let path = SitePath::new(name);
    let world: BTreeMap<_, _> =
        [(path, text), (SitePath::new("docs/index.md"), "# x"), (SitePath::new("src/a.md"), "")]
            .into_iter()
            .map(|(path, text)| (path, Arc::new(Source::new(path, text))))
            .collect();
    config::load(path, &world, &|_| Some("[1".to_owned()), &Overrides::default())
}

fn places_are_inside(loaded: &config::Loaded, text: &str) {
    for diagnostic in &loaded.diagnostics {
        let spans = diagnostic.span.into_iter().chain(diagnostic.labels.iter().map(|label| label.span));
        for range in spans.map(|span| span.range()) {
            assert!(text.get(range.clone()).is_some(), "{range:?} of {text:?}: {diagnostic:?}");
        }
    }
    assert!(loaded.config.is_some() || !loaded.diagnostics.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn yaml_never_panics_and_its_places_lie_inside(text in soup()) {
        let source = Source::new(SitePath::new("a.yml"), text.clone());
        match yaml::parse(&Chunk::of(&source)) {
            Ok(parsed) => prop_assert!(text.get(parsed.root.span.range()).is_some(), "{:?}", parsed.root.span),
            Err(error) => prop_assert!(text.get(error.span.range()).is_some(), "{:?}", error),
        }
    }

    #[test]
    fn configurations_never_panic_and_point_inside_the_file(text in soup()) {
        places_are_inside(&load("mkdocs.yml", &text), &text);
        places_are_inside(&load("book.toml", &text), &text);
    }
}

#[test]
fn large_and_deep_configurations_end() {
    let nav: String = (0..50_000).map(|at| format!("- Title {at}: page{at}.md\n")).collect();
    let loaded = load("mkdocs.yml", &format!("site_name: x\nnav:\n{nav}"));
    assert_eq!(loaded.config.and_then(|config| config.nav).map(|nav| nav.len()), Some(50_000));
    let unknown: String = (0..20_000).map(|at| format!("key{at}: 1\n")).collect();
    assert_eq!(load("mkdocs.yml", &unknown).diagnostics.len(), 20_001);
    for tower in ["[".repeat(100_000), "a = [".to_owned() + &"[".repeat(100_000), "a.".repeat(100_000) + "b = 1"] {
        assert!(load("mkdocs.yml", &tower).config.is_none());
        assert!(load("book.toml", &tower).config.is_none());
    }
}
