//! What each configuration becomes, and what is said about it.

use super::*;
use crate::diag::Diagnostics;
use crate::text::{SitePath, Source};
use std::collections::BTreeMap;
use std::sync::Arc;

type Files = BTreeMap<SitePath, Arc<Source>>;

fn world(files: &[(&str, &str)]) -> Files {
    let page = ("docs/index.md", "# Home\n");
    files
        .iter()
        .chain([&page])
        .map(|(path, text)| (SitePath::new(path), Arc::new(Source::new(SitePath::new(path), *text))))
        .collect()
}

fn variables(name: &str) -> Option<String> {
    match name {
        "NAME" => Some("From the environment".to_owned()),
        "TRUTH" => Some("yes".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    }
}

fn load_in(files: &Files, path: &str) -> Loaded {
    load(SitePath::new(path), files, &variables, &Overrides::default())
}

fn mkdocs(text: &str) -> Loaded {
    load_in(&world(&[("mkdocs.yml", text)]), "mkdocs.yml")
}

fn book(text: &str) -> Loaded {
    load_in(&world(&[("book.toml", text), ("src/index.md", "# Home")]), "book.toml")
}

fn good(loaded: Loaded) -> Config {
    assert_eq!(listed(&loaded.diagnostics), "");
    loaded.config.expect("there are no errors")
}

/// `code start..end message`, one line each.
fn listed(diagnostics: &Diagnostics) -> String {
    let lines: Vec<_> = diagnostics
        .iter()
        .map(|diagnostic| {
            let place = diagnostic.span.map_or("-".to_owned(), |span| format!("{:?}", span.range()));
            format!("{} {place} {}", diagnostic.code, diagnostic.message)
        })
        .collect();
    lines.join("\n")
}

#[test]
fn the_smallest_configurations_have_mkdocs_and_mdbook_defaults() {
    let config = good(mkdocs("site_name: X\n"));
    assert_eq!((config.docs_dir.as_str(), config.site_dir.as_str()), ("docs", "site"));
    assert!(config.use_directory_urls && config.strict == Strict::No && config.nav.is_none());
    assert_eq!(config.plugins.len(), 1);
    assert_eq!(config.search, Some(Search { form: SearchForm::Mkdocs, ..Search::default() }));
    assert_eq!(config.markdown.dialect, Dialect::MkDocs);
    assert_eq!(config.theme.font, Some(Font { text: "Roboto".to_owned(), code: "Roboto Mono".to_owned() }));
    let config = good(book("[book]\ntitle = \"X\"\n"));
    assert_eq!((config.docs_dir.as_str(), config.site_dir.as_str()), ("src", "book"));
    assert_eq!(config.markdown.dialect, Dialect::CommonMark);
    assert_eq!(config.plugins[0].name.value, "search");
}

#[test]
fn listing_a_plugin_drops_search_and_disabled_ones_are_gone() {
    let config =
        good(mkdocs("site_name: X\nplugins:\n- tags\n- material/meta\n- offline: {enabled: !ENV [UNSET, false]}\n"));
    let names: Vec<_> = config.plugins.iter().map(|plugin| plugin.name.value.as_str()).collect();
    assert_eq!(names, ["tags", "meta"]);
    assert_eq!(config.search, None);
    assert!(good(mkdocs("site_name: X\nplugins: []\n")).search.is_none());
    let config = good(mkdocs(
        "site_name: X\ntheme: material\nplugins: {search: {lang: [en, de], fields: {title: {boost: 5}}}}\n",
    ));
    let search = config.search.expect("it is listed");
    assert_eq!((search.lang.len(), search.boost.title, search.boost.tags), (2, 5.0, 1e6));
}

#[test]
fn the_theme_decides_whose_search_it_is() {
    let search = |yaml: &str| good(mkdocs(yaml)).search.expect("search is on");
    assert_eq!(search("site_name: X\ntheme: {name: material}\n").form, SearchForm::Material);
    assert_eq!(search("site_name: X\n").form, SearchForm::Mkdocs);
    let own = search("site_name: X\nplugins: {search: {indexing: titles, min_search_length: 2}}\n");
    assert_eq!((own.form, own.indexing, own.min_search_length), (SearchForm::Mkdocs, Some("titles"), Some(2)));
}

#[test]
fn every_mistake_has_its_place() {
    let cases = [
        ("docs_dri: x\nsite_name: a\n", "OB102 0..8 unknown key `docs_dri`"),
        (
            "site_name: a\ntheme: {name: material}\nplugins: {search: {jieba_dict: x}}\n",
            "OB113 56..66 `search.jieba_dict` has no effect",
        ),
        (
            "site_name: a\ntheme: {name: material}\nplugins: {search: {indexing: full}}\n",
            "OB112 56..64 `search.indexing` has no effect",
        ),
        (
            "site_name: a\nplugins: {search: {prebuild_index: true}}\n",
            "OB113 32..46 `search.prebuild_index` has no effect",
        ),
        ("site_name: 12\n", "OB103 11..13 `site_name` takes text, not a number"),
        ("nav: []\n", "OB105 0..0 `site_name` is not given"),
        (
            "site_name: a\nsite_url: example.org\n",
            "OB103 23..34 `site_url` is not an address with a scheme and a host: `example.org`",
        ),
        ("site_name: a\nnav:\n- A: 3\n", "OB103 20..24 the navigation entry `A` holds a number, not a path or a list"),
        ("site_name: a\nnav: {a: b}\n", "OB103 19..23 `nav` takes a list, not a mapping"),
        ("site_name: a\nnav:\n- A: {b: c.md}\n", "OB103 24..31 `A` holds a mapping, not a list"),
        ("site_name: a\nnav:\n- a: b.md\n  c: d.md\n", "OB103 20..37 a navigation entry has one title, not 2"),
        ("site_name: a\nsite_dir: .\n", "OB111 23..24 the pages (`docs`) lie within the site's folder (``)"),
        ("site_name: a\ndocs_dir: nope\n", "OB111 23..27 the folder of the pages `nope` does not exist"),
        (
            "site_name: a\ndocs_dir: docs/index.md\n",
            "OB111 23..36 the folder of the pages `docs/index.md` is not a folder",
        ),
        ("site_name: a\npages: [a]\n", "OB112 13..18 MkDocs has given up `pages`"),
        ("site_name: a\nhooks: [h.py]\n", "OB108 21..25 the hook `h.py` is not run"),
        ("site_name: a\nplugins: [{tags: 3}]\n", "OB103 30..31 `tags` takes a mapping of options, not a number"),
        ("site_name: a\ntheme: {logo: x}\n", "OB105 21..28 `theme` has no `name`"),
        (
            "site_name: a\ntheme: gitbook\n",
            "OB115 20..27 opsbook has no theme `gitbook`; pages are shown by its default theme",
        ),
        ("site_name: a\ndev_addr: here\n", "OB103 23..27 `dev_addr` is not an address and a port: `here`"),
        ("site_name: a\nedit_uri_template: '{x}'\n", "OB103 32..37 `{x}` is neither `{path}` nor `{path_noext}`"),
        ("site_name: a\nexclude_docs: [a]\n", "OB103 28..29 `exclude_docs` takes text of several lines, not a list"),
        ("site_name: a\nvalidation: {anchors: loud}\n", "OB103 35..39 `validation.anchors` does not take `loud`"),
        ("site_name: a\nsite_name: b\n", "OB104 13..22 the key `site_name` is given twice"),
        ("site_name: a\nwatch: [nope]\n", "OB111 21..25 `nope` in `watch` does not exist"),
        ("site_name: a\nextra: [a]\n", "OB103 21..22 `extra` takes a mapping, not a list"),
        ("site_name: a\nextra: {x: !foo 3}\n", "OB103 24..30 unknown tag `!foo`"),
        (
            "site_name: a\nextra_javascript: [{defer: true}]\n",
            "OB105 33..44 an entry of `extra_javascript` has no `path`",
        ),
        ("- a\n", "OB103 2..3 `mkdocs.yml` holds a list, not a mapping of keys"),
        (
            "a: [\n",
            "OB101 5..5 `mkdocs.yml` is not valid YAML: while parsing a node, did not find expected node content",
        ),
        (
            "site_name: a\nmarkdown_extensions:\n- x: {f: !!python/name:os.system }\n",
            "OB107 43..66 the Python object `os.system` has no counterpart in opsbook",
        ),
    ];
    let found: Vec<_> = cases.iter().map(|(text, _)| (*text, listed(&mkdocs(text).diagnostics))).collect();
    let wrong: Vec<_> =
        found.iter().zip(cases).filter(|(found, case)| found.1 != case.1).map(|(found, _)| found).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn environment_variables_stand_in_as_pyyaml_env_tag_has_them() {
    let config = good(mkdocs(
        "site_name: !ENV NAME\nstrict: !ENV [UNSET, TRUTH, false]\nextra: {a: !ENV [UNSET, [1, 2]], b: !ENV UNSET, c: !ENV [EMPTY, x]}\n",
    ));
    assert_eq!(config.site.name.value, "From the environment");
    assert_eq!(config.strict, Strict::AsMkDocs);
    assert_eq!(config.extra.get("a").and_then(|node| node.as_seq()).map(<[_]>::len), Some(2));
    assert!(config.extra.get("b").is_some_and(|node| node.is_null()));
    assert!(config.extra.get("c").is_some_and(|node| node.is_null()));
}

#[test]
fn inheritance_merges_mappings_and_replaces_lists() {
    let files = world(&[
        ("mkdocs.yml", "INHERIT: ../base.yml\ntheme: {features: [b]}\nextra: {k: {x: 1}}\n"),
        ("../base.yml", "INHERIT: more/top.yml\nsite_name: Base\ntheme: {name: material, features: [a, c]}\n"),
        ("../more/top.yml", "site_name: Top\nsite_author: Ana\nextra: {k: {y: 2}}\n"),
    ]);
    let loaded = load_in(&files, "mkdocs.yml");
    assert_eq!(loaded.reads.len(), 3);
    let config = good(loaded);
    assert_eq!(config.site.name.value, "Base");
    assert_eq!(config.site.author.map(|author| author.value).as_deref(), Some("Ana"));
    assert_eq!(config.theme.features.len(), 1);
    let merged = config.extra.get("k").expect("it is there");
    assert!(merged.get("x").is_some() && merged.get("y").is_some());
}

#[test]
fn inheritance_may_come_from_the_environment() {
    let files = world(&[("mkdocs.yml", "INHERIT: !ENV [NO_SUCH_NAME, base.yml]\n"), ("base.yml", "site_name: Base\n")]);
    assert_eq!(good(load_in(&files, "mkdocs.yml")).site.name.value, "Base");
}

#[test]
fn a_cycle_of_inheritance_is_named_and_a_missing_file_has_a_place() {
    let files = world(&[("mkdocs.yml", "INHERIT: b.yml\n"), ("b.yml", "site_name: b\nINHERIT: mkdocs.yml\n")]);
    let loaded = load_in(&files, "mkdocs.yml");
    assert_eq!(listed(&loaded.diagnostics), "OB106 22..32 `mkdocs.yml` inherits itself");
    let notes: Vec<_> = loaded.diagnostics.iter().flat_map(|diagnostic| diagnostic.notes.clone()).collect();
    assert_eq!(notes, ["the chain is `mkdocs.yml` → `b.yml` → `mkdocs.yml`"]);
    let loaded = mkdocs("INHERIT: nope.yml\n");
    assert_eq!(listed(&loaded.diagnostics), "OB106 9..17 the inherited configuration `nope.yml` does not exist");
    assert_eq!(loaded.reads[1], (SitePath::new("nope.yml"), None));
}

#[test]
fn names_and_edit_links_follow_the_host() {
    let repo = |text: &str| good(mkdocs(&format!("site_name: x\n{text}\n"))).repo;
    let github = repo("repo_url: https://github.com/a/b");
    assert_eq!((github.name.as_deref(), github.edit_uri.as_deref()), (Some("GitHub"), Some("edit/master/docs/")));
    let own = repo("repo_url: https://git-lab.example.org/a/b\nedit_uri: blob/main/docs");
    assert_eq!((own.name.as_deref(), own.edit_uri.as_deref()), (Some("Git-Lab"), Some("blob/main/docs/")));
    assert_eq!(repo("repo_url: https://bitbucket.org/a/b").edit_uri.as_deref(), Some("src/default/docs/"));
    assert_eq!(repo("repo_url: https://github.com/a/b\nedit_uri: ''").edit_uri.as_deref(), Some(""));
    assert_eq!(
        good(mkdocs("site_name: x\nsite_url: https://e.org/a?b")).site.url.map(|url| url.value).as_deref(),
        Some("https://e.org/a/?b")
    );
}

#[test]
fn python_names_are_mapped_and_relative_paths_resolved() {
    let config = good(mkdocs(
        "site_name: x\nmarkdown_extensions:\n- pymdownx.emoji:\n    emoji_index: !!python/name:materialx.emoji.twemoji\n- toc:\n    \
         slugify: !!python/object/apply:pymdownx.slugs.slugify {kwds: {case: lower}}\n- pymdownx.snippets:\n    \
         base_path: [!relative , !relative $docs_dir/inc, !relative $config_dir]\n- toc\n- toc: {permalink: true}\n",
    ));
    let extensions = &config.markdown.extensions;
    let names: Vec<_> = extensions.iter().map(|extension| extension.name.value.as_str()).collect();
    assert_eq!(names, ["pymdownx.emoji", "toc", "pymdownx.snippets"]);
    let option = |at: usize, key: &str| extensions[at].options.as_ref().and_then(|options| options.get(key)).cloned();
    let index = option(0, "emoji_index").expect("it is there");
    assert_eq!(index.tag.as_deref(), Some("tag:yaml.org,2002:python/name:material.extensions.emoji.twemoji"));
    assert_eq!(index.as_str(), Some("material.extensions.emoji.twemoji"));
    assert!(option(1, "slugify").is_none() && option(1, "permalink").is_some());
    let paths = option(2, "base_path").expect("it is there");
    let paths: Vec<_> = paths
        .as_seq()
        .expect("a list")
        .iter()
        .map(|path| (path.tag.clone(), path.as_str().expect("text").to_owned()))
        .collect();
    assert_eq!(
        paths,
        [(Some("!relative".to_owned()), String::new()), (None, "docs/inc".to_owned()), (None, String::new())]
    );
}

#[test]
fn validation_levels_propagate() {
    let levels = good(mkdocs("site_name: x\nvalidation: {absolute_links: relative_to_docs, anchors: warn, nav: {not_found: ignore, absolute_links: info}}\n")).validation;
    assert_eq!(levels.links_absolute_links, AbsoluteLinks::RelativeToDocs);
    assert_eq!(levels.nav_absolute_links, AbsoluteLinks::Keep(Level::Info));
    assert_eq!(
        (levels.nav_not_found, levels.links_not_found, levels.links_anchors),
        (Level::Ignore, Level::Warn, Level::Warn)
    );
}

#[test]
fn patterns_know_their_lines() {
    let text = "site_name: ü\nexclude_docs: |\n  # no\n  a*.md\n\n  !b.md  \n";
    let config = good(mkdocs(text));
    let found: Vec<_> = config.exclude_docs.iter().map(|line| (&line.value[..], &text[line.span.range()])).collect();
    assert_eq!(found, [("a*.md", "a*.md"), ("!b.md  ", "!b.md")]);
}

#[test]
fn a_book_says_the_same_in_its_own_words() {
    let config = good(book(
        r#"
[book]
title = "Operations"
authors = ["Ana", "Bo"]
language = "de"

[build]
build-dir = "site"
strict = true

[site]
url = "https://e.org/ops"
repository = "https://github.com/a/b"
directory-urls = false
extra-javascript = ["a.mjs", { path = "b.js", defer = true }]

[nav]
items = ["index.md", { "Guide" = ["a.md", { "Deep" = "b.md" }] }]

[markdown]
dialect = "mkdocs"
[markdown.extensions]
toc = { permalink = true }
admonition = true
abbr = false

[theme]
palette = { primary = "teal" }
mine = { env = "NAME", default = "x" }

[plugins]
tags = true

[check.links]
anchors = "warn"
[check.levels]
OB307 = "ignore"

[runbook]
roles = { operator = ["@ana", "@bo"] }
policy = { min-soak = "1h 30m", levels = { RB002 = "warn" } }

[security]
env = ["NAME"]
secret-commands = [["pass", "show"]]
"#,
    ));
    assert_eq!(config.site.author.map(|author| author.value).as_deref(), Some("Ana, Bo"));
    assert_eq!((config.site_dir.as_str(), config.strict, config.use_directory_urls), ("site", Strict::Full, false));
    assert_eq!(config.theme.language.value, "de");
    assert_eq!(config.theme.keys.get("mine").and_then(|node| node.as_str()), Some("From the environment"));
    assert_eq!(config.extra_javascript[0].kind, "module");
    assert!(config.extra_javascript[1].defer);
    let names: Vec<_> = config.markdown.extensions.iter().map(|extension| extension.name.value.as_str()).collect();
    assert_eq!(names, ["toc", "admonition"]);
    let nav = config.nav.expect("it is there");
    assert_eq!(nav.len(), 2);
    assert!(matches!(&nav[1].target, NavTarget::Section(items) if items.len() == 2));
    assert_eq!(config.validation.links_anchors, Level::Warn);
    assert_eq!(config.check.levels["OB307"].value, None);
    assert_eq!(config.runbook.policy.min_soak.map(|text| text.value).as_deref(), Some("1h 30m"));
    assert_eq!(config.security.secret_commands, [["pass", "show"]]);
    assert_eq!(config.plugins.len(), 2);
}

#[test]
fn a_book_s_mistakes_have_their_places() {
    let cases = [
        ("[book]\ntitle = \"a\"\ntilte = 1\n", "OB102 19..24 unknown key `book.tilte`"),
        ("[book]\n", "OB105 1..5 `book.title` is not given"),
        ("[book]\ntitle = \"a\"\ntitle = \"b\"\n", "OB104 19..24 the key `title` is given twice"),
        (
            "[book]\ntitle = \"a\"\n[output.html]\nx = 1\n",
            "OB113 20..26 `[output]` is a table of mdBook that has no effect in opsbook",
        ),
        (
            "[book]\ntitle = { env = \"NAME\" }\n",
            "OB110 23..29 the environment variable `NAME` may not be read\nOB105 1..5 `book.title` is not given",
        ),
        (
            "[book]\ntitle = \"a\"\n[runbook.policy]\nmin-soak = \"soon\"\n",
            "OB103 47..53 `runbook.policy.min-soak` is not a duration: `soon`",
        ),
        (
            "[book]\ntitle = \"a\"\n[check.levels]\nOB999 = \"warn\"\n",
            "OB102 34..39 unknown code `OB999` in `check.levels`",
        ),
        (
            "[book]\ntitle = \"a\"\n[markdown]\ndialect = \"mkdoc\"\n",
            "OB103 40..47 `markdown.dialect` does not take `mkdoc`",
        ),
        (
            "title = \n",
            "OB101 8..8 `book.toml` is not valid TOML: string values must be quoted, expected literal string",
        ),
    ];
    for (text, expected) in cases {
        let mut lines: Vec<_> = expected.lines().collect();
        lines.sort();
        let found = listed(&book(text).diagnostics);
        let mut found: Vec<_> = found.lines().collect();
        found.sort();
        assert_eq!(found, lines, "{text}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_said_so() {
    let loaded = load_in(&world(&[]), "mkdocs.yml");
    assert_eq!(listed(&loaded.diagnostics), "OB114 - the configuration `mkdocs.yml` does not exist");
    assert!(loaded.config.is_none());
}

#[test]
fn flags_come_before_the_file() {
    let files = world(&[("mkdocs.yml", "site_name: a\nstrict: true\nsite_dir: docs/x\n")]);
    let overrides = Overrides {
        site_dir: Some(SitePath::new("out")),
        strict: Some(false),
        use_directory_urls: Some(false),
        theme: Some("material".to_owned()),
        dev_addr: Some("0.0.0.0:80".to_owned()),
    };
    let config = good(load(SitePath::new("mkdocs.yml"), &files, &variables, &overrides));
    assert_eq!((config.site_dir.as_str(), config.strict, config.use_directory_urls), ("out", Strict::No, false));
    assert_eq!(config.theme.name.map(|name| name.value).as_deref(), Some("material"));
    assert_eq!(config.dev_addr.value, "0.0.0.0:80");
}
