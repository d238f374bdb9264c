//! The manual's list of extensions and plugins is that of the program, and each has a page.
//!
//! `OPSBOOK_UPDATE=1` writes `content/reference/extensions.md` anew.

use opsbook::markdown::Dialect;
use opsbook::plugins;
use std::collections::BTreeMap;
use std::fs;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The pages about Markdown by the extensions that their front matter names: file and title.
fn pages() -> BTreeMap<String, (String, String)> {
    let mut pages = BTreeMap::new();
    for entry in fs::read_dir(format!("{ROOT}/content/writing")).expect("the folder is there").flatten() {
        let text = fs::read_to_string(entry.path()).expect("a page is text");
        let title = text.lines().find_map(|line| line.strip_prefix("# ")).expect("a page has a title");
        let Some(names) = text.lines().find_map(|line| line.strip_prefix("extensions: [")) else { continue };
        for name in names.trim_end_matches(']').split(", ").filter(|name| !name.is_empty()) {
            let page = (entry.file_name().to_string_lossy().into_owned(), title.to_owned());
            assert!(pages.insert(name.to_owned(), page).is_none(), "two pages are about `{name}`");
        }
    }
    pages
}

/// The anchors of plugins in the table of `plugins/index.md`.
fn plugin_pages() -> BTreeMap<String, String> {
    let index = fs::read_to_string(format!("{ROOT}/content/plugins/index.md")).expect("the page is there");
    let rows = index.lines().filter_map(|line| line.strip_prefix("| `"));
    let row = |line: &str| {
        let (name, rest) = line.split_once('`')?;
        let (_, target) = rest.rsplit_once("](")?;
        Some((name.to_owned(), target.split_once(')')?.0.to_owned()))
    };
    rows.filter_map(row).collect()
}

fn table() -> String {
    let pages = pages();
    let mut names: Vec<&str> = Dialect::extensions();
    names.sort_unstable();
    let mut text = String::from(
        "---\ndescription: Every Markdown extension and every plugin, from the program's own tables.\n---\n\n\
         # Extensions and plugins\n\n\
         <!-- Made by tests/extensions_page.rs; do not edit. -->\n\n\
         This page is made from the program's own tables, so it is complete.\n\n\
         ## Markdown extensions\n\n\
         Names are those of `markdown_extensions` in `mkdocs.yml` and of `[markdown.extensions]` in `book.toml`.\n\
         `extra` and `pymdownx.extra` stand for several of them, as in Python.\n\n\
         | extension | page |\n|---|---|\n",
    );
    for name in names {
        let (file, title) = pages.get(name).unwrap_or_else(|| panic!("no page of content/writing is about `{name}`"));
        text += &format!("| `{name}` | [{title}](../writing/{file}) |\n");
    }
    text += "\nAny other extension is reported at its line (OB203), and its syntax stays text.\n\n\
             ## Plugins\n\n| plugin | page |\n|---|---|\n";
    let described = plugin_pages();
    for name in plugins::names() {
        let target = described.get(name).unwrap_or_else(|| panic!("content/plugins/index.md does not list `{name}`"));
        let target = target.strip_prefix("../").map_or(format!("../plugins/{target}"), |other| format!("../{other}"));
        text += &format!("| `{name}` | [description]({target}) |\n");
    }
    text += "\n## Plugins that opsbook does not have\n\n\
             A project that lists one of these builds, with a warning (OB109).\n\
             [Migrate plugin by plugin](../how-to/migrate-plugins.md) says what to do.\n\n\
             | plugin | without it |\n|---|---|\n";
    for (name, what) in plugins::MISSING {
        text += &format!("| `{name}` | {what} |\n");
    }
    text
}

#[test]
fn the_list_of_extensions_is_that_of_the_program() {
    let path = format!("{ROOT}/content/reference/extensions.md");
    let made = table();
    if std::env::var_os("OPSBOOK_UPDATE").is_some() {
        fs::write(&path, &made).expect("the page can be written");
    }
    let published = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        published == made,
        "content/reference/extensions.md differs; run with OPSBOOK_UPDATE=1 and read the difference"
    );
}

#[test]
fn pages_are_about_extensions_that_there_are() {
    for name in pages().keys() {
        assert!(Dialect::extensions().contains(&name.as_str()), "there is no extension `{name}`");
    }
}
