//! The tables of configuration keys, the published schema and the manual's reference pages say the same.

use opsbook::config::keys::{self, Key};
use std::fs;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// `OPSBOOK_UPDATE=1 cargo test schema` writes the schema anew.
#[test]
fn the_published_schema_is_that_of_the_keys() {
    let path = format!("{ROOT}/content/schemas/1/book.schema.json");
    let made = format!("{:#}\n", opsbook::config::book_schema());
    if std::env::var_os("OPSBOOK_UPDATE").is_some() {
        fs::write(&path, &made).expect("the manual can be written");
    }
    let published = fs::read_to_string(&path).expect("the manual has the schema");
    assert!(
        published == made,
        "content/schemas/1/book.schema.json differs; run with OPSBOOK_UPDATE=1 and read the difference"
    );
}

/// The first cells of the first table below a heading, without their backticks.
fn documented(page: &str, heading: &str) -> Vec<String> {
    let wanted = format!("## {heading}");
    let below = page.lines().skip_while(|line| *line != wanted).skip(1);
    let section = below.take_while(|line| !line.starts_with("## "));
    section
        .filter_map(|line| line.strip_prefix("| `"))
        .map(|line| line.split('`').next().unwrap_or_default().to_owned())
        .collect()
}

/// A page of the manual: its sections, each with the keys that its table lists.
type Page<'a> = (&'a str, &'a [(&'a str, &'a [Key])]);

#[test]
fn the_manual_names_every_key_and_no_other() {
    let pages: [Page<'_>; 2] = [
        (
            "book-toml.md",
            &[
                ("The tables", keys::BOOK),
                ("[book]", keys::BOOK_BOOK),
                ("[build]", keys::BOOK_BUILD),
                ("[site]", keys::BOOK_SITE),
                ("[nav]", keys::BOOK_NAV),
                ("[markdown]", keys::BOOK_MARKDOWN),
                ("[theme]", keys::BOOK_THEME),
                ("[search]", keys::BOOK_SEARCH),
                ("[search.boost]", keys::BOOK_SEARCH_BOOST),
                ("[serve]", keys::BOOK_SERVE),
                ("[check]", keys::CHECK),
                ("[check.nav]", keys::CHECK_NAV),
                ("[check.links]", keys::CHECK_LINKS),
                ("[runbook]", keys::RUNBOOK),
                ("[runbook.policy]", keys::POLICY),
                ("[security]", keys::SECURITY),
            ],
        ),
        (
            "mkdocs-yml.md",
            &[
                ("The keys", keys::MKDOCS),
                ("theme", keys::MKDOCS_THEME),
                ("validation", keys::MKDOCS_VALIDATION),
                ("validation.nav", keys::MKDOCS_VALIDATION_NAV),
                ("validation.links", keys::MKDOCS_VALIDATION_LINKS),
                ("extra_javascript", keys::SCRIPT),
                ("theme.palette", keys::PALETTE),
                ("theme.palette.toggle", keys::TOGGLE),
                ("theme.font", keys::FONT),
                ("plugins: search", keys::SEARCH_PLUGIN),
                ("plugins: search: fields", keys::SEARCH_PLUGIN_FIELD),
                ("extra.opsbook", keys::MKDOCS_OPSBOOK),
            ],
        ),
    ];
    for (name, sections) in pages {
        let page = fs::read_to_string(format!("{ROOT}/content/reference/{name}")).expect("the manual has the page");
        for (heading, keys) in sections {
            let known: Vec<&str> = keys.iter().map(|key| key.name).collect();
            assert_eq!(documented(&page, heading), known, "{name}, `## {heading}`");
        }
    }
}
