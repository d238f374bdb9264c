//! The manual's table of what is meant to differ from MkDocs: every row names a test, and the tests of
//! rows that nothing else shows are here.

use crate::plugins::{build, findings, page};
use std::path::Path;

/// The page of a site whose only page is this text, and what was said.
fn shown(extensions: &str, text: &str) -> (String, Vec<String>) {
    let config = format!("site_name: Deviations\nmarkdown_extensions: {extensions}\n");
    let files = [("mkdocs.yml", config.as_str()), ("docs/index.md", text)];
    let built = build(&files);
    let said = built.diagnostics.iter().map(|found| format!("{}: {}", found.code.id(), found.message)).collect();
    let html = page(&built, "index.html");
    let article = html.split_once("<article").and_then(|(_, rest)| rest.split_once("</article>"));
    (article.expect("a page has an article").0.to_owned(), said)
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The name in the last column of each row of a table.
pub(crate) fn tests_of_rows(table: &str) -> Vec<&str> {
    let rows = table.lines().filter(|line| line.starts_with("| ") && !line.ends_with("| test |"));
    rows.filter_map(|row| row.rsplit('`').nth(1)).collect()
}

/// The names that no test of the sources has.
pub(crate) fn missing_tests<'n>(names: &[&'n str]) -> Vec<&'n str> {
    let mut sources = String::new();
    let mut pending = vec![root().join("src"), root().join("tests")];
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of sources can be read") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources += &std::fs::read_to_string(path).expect("sources are text");
            }
        }
    }
    // A property's test stands in `proptest!` and takes arguments.
    let exists = |name: &str| {
        ["", "    ", "        "].iter().any(|indent| sources.contains(&format!("#[test]\n{indent}fn {name}(")))
    };
    names.iter().filter(|name| !exists(name)).copied().collect()
}

#[test]
fn every_row_names_a_test_that_exists() {
    let table = std::fs::read_to_string(root().join("content/reference/deviations.md")).expect("the page is there");
    let names = tests_of_rows(&table);
    assert!(names.len() >= 20, "{names:?}");
    let missing = missing_tests(&names);
    assert!(missing.is_empty(), "no test is called {missing:?}");
}

#[test]
fn mail_addresses_are_plain_letters() {
    let (html, _) = shown("[]", "Write to <ops@example.org>.\n");
    assert!(html.contains("<a href=\"mailto:ops@example.org\">ops@example.org</a>"), "{html}");
}

#[test]
fn symbols_are_characters() {
    let (html, _) = shown("[smarty, pymdownx.smartsymbols]", "\"Yes\" --> (c) 1/2\n");
    assert!(html.contains("“Yes” → © ½"), "{html}");
}

#[test]
fn no_text_is_lost_between_stars() {
    let (html, _) = shown("[]", "x*b**c*d e\n");
    assert!(html.contains("x<em>b**c</em>d e"), "{html}");
}

#[test]
fn the_language_of_code_is_never_guessed() {
    let (html, _) = shown("[{pymdownx.highlight: {guess_lang: true}}, pymdownx.superfences]", "```\nimport os\n```\n");
    assert!(html.contains("import os") && !html.contains("class=\"kn\""), "{html}");
}

#[test]
fn colours_are_always_classes() {
    let (html, said) =
        shown("[{pymdownx.highlight: {noclasses: true}}, pymdownx.superfences]", "```python\nimport os\n```\n");
    assert!(html.contains("class=\"kn\"") && !html.contains("style="), "{html}");
    assert!(said.iter().any(|said| said.starts_with("OB243")), "{said:?}");
}

#[test]
fn python_functions_are_reported() {
    let own = "[{toc: {slugify: !!python/name:own.slugs}}]";
    let (html, said) = shown(own, "# A b\n");
    assert!(html.contains("id=\"a-b\""), "{html}");
    assert!(said.iter().any(|said| said.contains("own.slugs")), "{said:?}");
}

#[test]
fn extensions_that_are_not_there_are_reported() {
    for name in ["pymdownx.b64", "pymdownx.striphtml", "pymdownx.pathconverter", "material.extensions.preview"] {
        let (html, said) = shown(&format!("[{name}]"), "Text\n");
        assert!(html.contains("<p>Text</p>") && said.iter().any(|said| said.contains(name)), "{name}: {said:?}");
    }
}

#[test]
fn snippets_from_the_network_are_reported() {
    let (_, said) = shown("[{pymdownx.snippets: {url_download: true}}]", "--8<-- \"https://example.org/a.md\"\n");
    assert!(said.iter().any(|said| said.starts_with("OB244")), "{said:?}");
}

#[test]
fn snippets_lie_beside_the_configuration() {
    let config = "site_name: Deviations\nmarkdown_extensions: [pymdownx.snippets]\n";
    let built =
        build(&[("mkdocs.yml", config), ("docs/index.md", "--8<-- \"shared/a.md\"\n"), ("shared/a.md", "Shared\n")]);
    assert!(page(&built, "index.html").contains("<p>Shared</p>"));
}

#[test]
fn a_mistake_in_a_macro_leaves_the_page() {
    let config = "site_name: Deviations\nplugins: [macros]\n";
    let files = [("mkdocs.yml", config), ("docs/index.md", "Before\n\n{{ nothing() }}\n\nAfter\n")];
    let built = build(&files);
    let html = page(&built, "index.html");
    assert!(html.contains("Before") && html.contains("nothing()") && html.contains("After"), "{html}");
    assert!(!findings(&built, &files, "OB449").is_empty(), "{:?}", built.diagnostics);
}

#[test]
fn no_page_asks_another_host() {
    let config = "site_name: Deviations\ntheme: {name: material, font: {text: Inter}}\n";
    let html = page(&build(&[("mkdocs.yml", config), ("docs/index.md", "# Home\n")]), "index.html");
    let asked: Vec<&str> = html.split(['"', '\'', '(']).filter(|part| part.starts_with("http")).collect();
    assert!(asked.iter().all(|address| address.contains("opsbook") || address.contains("w3.org")), "{asked:?}");
}
