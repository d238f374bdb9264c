//! The laws of a build: what was remembered, the number of threads and the time of day cannot be seen
//! in the result.

use opsbook::build::{self, Built, Cache, Overrides, Project, Purpose};
use opsbook::diag::Diagnostics;
use opsbook::text::{SitePath, Source, World as _};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

type Files = BTreeMap<SitePath, Arc<Source>>;

fn put(files: &mut Files, path: &str, text: &str) {
    let path = SitePath::new(path);
    files.insert(path, Arc::new(Source::new(path, text)));
}

/// Builds with what an earlier build left.
fn build(files: &Files, before: &Cache) -> (Option<Project>, Diagnostics, Option<Built>) {
    let purpose = Purpose { preview: false, address: None, time: 1_700_000_000 };
    let (project, diagnostics) =
        build::load(files, SitePath::new("mkdocs.yml"), &BTreeMap::new(), &Overrides::default(), purpose);
    let Some(project) = project else { return (None, diagnostics, None) };
    let found = files.list(project.docs_dir);
    let built = build::build(&project, files, &found, before, &|_, _| {});
    (Some(project), diagnostics, Some(built))
}

/// The files in which two sites differ.
fn differences<'a>(one: &'a Built, other: &'a Built) -> Vec<&'a str> {
    let (one, other) = (&one.outputs.files, &other.outputs.files);
    let all: std::collections::BTreeSet<_> = one.keys().chain(other.keys()).collect();
    all.into_iter().filter(|path| one.get(*path) != other.get(*path)).map(|path| path.as_str()).collect()
}

const PAGES: [&str; 7] = [
    "docs/index.md",
    "docs/a.md",
    "docs/b/index.md",
    "docs/b/c.md",
    "docs/b/README.md",
    "docs/inc/part.md",
    "docs/.hidden.md",
];

/// Texts whose meaning depends on other files in every way there is.
const TEXTS: [&str; 12] = [
    "",
    "# Title\n\ntext\n",
    "# Other title\n\ntext\n",
    "---\ntitle: From the meta\ntags: [x]\n---\n\n# Heading\n\n## Part\n",
    "# Links\n\n[a](a.md) [c](b/c.md#part) [gone](gone.md) [up](../index.md)\n",
    "# Links\n\n[index](index.md) ![image](image.png) [b](b/)\n",
    "# Includes\n\n--8<-- \"docs/inc/part.md\"\n",
    "--8<-- \"docs/a.md\"\n\n--8<-- \"docs/none.md\"\n",
    "# Code\n\n```sh\nls -l  # comment\n```\n",
    "!!! note\n    body\n\n*[HTML]: Text\n\nHTML[^1]\n\n[^1]: note\n",
    "---\nsearch:\n  exclude: true\ntemplate: special.html\n---\n# Template\n",
    "---\nbroken: [\n---\n# Broken front matter\n",
];

const CONFIGS: [&str; 4] = [
    "site_name: One\nmarkdown_extensions: [admonition, footnotes, abbr, pymdownx.snippets]\n",
    "site_name: Two\nsite_url: https://example.org/x/\nmarkdown_extensions: [admonition, pymdownx.snippets, toc: {permalink: true}]\n",
    "site_name: One\nnav: [index.md, Sub: [a.md, b/c.md], gone.md]\nuse_directory_urls: false\n",
    "site_name: One\ntheme: {name: material, custom_dir: overrides, features: [navigation.tabs]}\nplugins: [search, awesome-pages]\n",
];

const OVERRIDES: [&str; 3] = [
    "{% extends \"base.html\" %}{% block content %}special {{ super() }}{% endblock %}",
    "{% extends \"base.html\" %}",
    "{% broken",
];

#[derive(Clone, Debug)]
enum Edit {
    Page(usize, usize),
    Remove(usize),
    Config(usize),
    Override(usize),
    RemoveOverride,
    Asset(bool),
    Pages(bool),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        8 => (0..PAGES.len(), 0..TEXTS.len()).prop_map(|(page, text)| Edit::Page(page, text)),
        2 => (0..PAGES.len()).prop_map(Edit::Remove),
        1 => (0..CONFIGS.len()).prop_map(Edit::Config),
        1 => (0..OVERRIDES.len()).prop_map(Edit::Override),
        1 => Just(Edit::RemoveOverride),
        1 => any::<bool>().prop_map(Edit::Asset),
        1 => any::<bool>().prop_map(Edit::Pages),
    ]
}

fn apply(files: &mut Files, edit: &Edit) {
    let remove_or_put = |files: &mut Files, there: bool, path: &str, text: &str| {
        if there {
            put(files, path, text);
        } else {
            files.remove(&SitePath::new(path));
        }
    };
    match edit {
        Edit::Page(page, text) => put(files, PAGES[*page], TEXTS[*text]),
        Edit::Remove(page) => {
            files.remove(&SitePath::new(PAGES[*page]));
        }
        Edit::Config(config) => put(files, "mkdocs.yml", CONFIGS[*config]),
        Edit::Override(text) => put(files, "overrides/special.html", OVERRIDES[*text]),
        Edit::RemoveOverride => {
            files.remove(&SitePath::new("overrides/special.html"));
        }
        Edit::Asset(there) => remove_or_put(files, *there, "docs/image.png", "image"),
        Edit::Pages(there) => remove_or_put(files, *there, "docs/.pages", "nav: [b, ...]\n"),
    }
}

fn project() -> Files {
    let mut files = Files::new();
    put(&mut files, "mkdocs.yml", CONFIGS[0]);
    put(&mut files, "docs/index.md", TEXTS[4]);
    put(&mut files, "docs/a.md", TEXTS[6]);
    put(&mut files, "overrides/main.html", "{% extends \"base.html\" %}");
    files
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_incremental_build_is_a_clean_build(edits in prop::collection::vec(edit(), 1..12)) {
        let mut files = project();
        let mut cache = build(&files, &Cache::default()).2.map(|built| built.cache).unwrap_or_default();
        for edit in &edits {
            apply(&mut files, edit);
            let (_, diagnostics, incremental) = build(&files, &cache);
            let (_, clean_diagnostics, clean) = build(&files, &Cache::default());
            prop_assert_eq!(diagnostics, clean_diagnostics);
            if let (Some(incremental), Some(clean)) = (incremental, clean) {
                prop_assert_eq!(&incremental.diagnostics, &clean.diagnostics, "after {:?}", edit);
                prop_assert_eq!(differences(&incremental, &clean), Vec::<&str>::new(), "after {:?}", edit);
                cache = incremental.cache;
            }
        }
    }
}

#[test]
fn one_thread_builds_what_many_build() {
    let mut files = project();
    for (page, text) in PAGES.iter().zip(TEXTS.iter().skip(3)) {
        put(&mut files, page, text);
    }
    let with = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| build(&files, &Cache::default()).2.unwrap())
    };
    let (one, many) = (with(1), with(8));
    assert_eq!(one.diagnostics, many.diagnostics);
    assert_eq!(differences(&one, &many), [""; 0]);
}

#[test]
fn an_edit_makes_only_what_depends_on_it() {
    let mut files = project();
    for page in ["docs/b/c.md", "docs/b/index.md", "docs/x.md"] {
        put(&mut files, page, "# Title\n\ntext\n");
    }
    put(&mut files, "docs/inc/part.md", "part\n");
    let first = build(&files, &Cache::default()).2.unwrap();
    assert_eq!((first.n_pages, first.n_parsed, first.n_rendered), (6, 6, 6));
    let again = build(&files, &first.cache).2.unwrap();
    assert_eq!((again.n_parsed, again.n_rendered), (0, 0), "nothing changed");
    put(&mut files, "docs/x.md", "# Title\n\nother text\n");
    let prose = build(&files, &again.cache).2.unwrap();
    assert_eq!((prose.n_parsed, prose.n_rendered), (1, 1), "prose changed");
    put(&mut files, "docs/inc/part.md", "other part\n");
    let include = build(&files, &prose.cache).2.unwrap();
    assert_eq!((include.n_parsed, include.n_rendered), (2, 2), "an included file changed, and its includer");
    put(&mut files, "docs/x.md", "# Other title\n\nother text\n");
    let title = build(&files, &include.cache).2.unwrap();
    assert_eq!((title.n_parsed, title.n_rendered), (1, 6), "the title stands in everybody's navigation");
    put(&mut files, "mkdocs.yml", &CONFIGS[0].replace("One", "Two"));
    let config = build(&files, &title.cache).2.unwrap();
    assert_eq!((config.n_parsed, config.n_rendered), (0, 6), "the site's name stands on every page");
}
