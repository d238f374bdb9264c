//! Routes and navigation against what MkDocs made of real projects, where they are at hand.

use crate::search::records;
use opsbook::config::{self, Overrides};
use opsbook::diag::Diagnostics;
use opsbook::markdown::PageFacts;
use opsbook::plugins::{History, Plugins};
use opsbook::site::{self, NavEntry, NavItem, NavKind, SiteOptions};
use opsbook::text::{Chunk, SitePath, Source, Span, Spanned, yaml};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// A project on disk, read as far as routes need it.
pub(crate) struct Project {
    pub(crate) options: SiteOptions,
    pub(crate) found: Vec<SitePath>,
    pub(crate) world: BTreeMap<SitePath, Arc<Source>>,
    pub(crate) plugins: Plugins,
}

/// The plugins of a configuration, of which nothing else is looked at.
pub(crate) fn plugins_of(root: Option<&yaml::Node>, world: &BTreeMap<SitePath, Arc<Source>>) -> Plugins {
    let path = SitePath::new("plain.yml");
    let mut files = world.clone();
    files.insert(path, Arc::new(Source::new(path, "site_name: Plugins\nplugins: []\n")));
    let docs = SitePath::new("docs/index.md");
    files.entry(docs).or_insert_with(|| Arc::new(Source::new(docs, "")));
    let mut config = config::load(path, &files, &|_| None, &Overrides::default()).config.expect("it is right");
    let plugin = |name: &yaml::Node, options: Option<&yaml::Node>| config::Plugin {
        name: name.spanned_str().unwrap(),
        options: options.filter(|options| !options.is_null()).cloned(),
    };
    let named = |node: &yaml::Node| match node.as_map() {
        Some(entries) => plugin(&entries[0].0, Some(&entries[0].1)),
        None => plugin(node, None),
    };
    config.plugins = root.and_then(yaml::Node::as_seq).unwrap_or_default().iter().map(named).collect();
    Plugins::read(&config, world, &mut Diagnostics::new())
}

impl Project {
    /// Files and site, with what there is to say.
    pub(crate) fn linked(&self, facts: &dyn Fn(&Project, SitePath) -> PageFacts) -> (site::Site, Diagnostics) {
        let history = History::default();
        let events = self.plugins.with_history(&history);
        let (files, mut diagnostics) = site::collect_files(&self.found, &[], &self.options, &self.world, &events);
        let facts: Vec<PageFacts> = files.pages(false).map(|file| facts(self, file.path)).collect();
        let facts: Vec<&PageFacts> = facts.iter().collect();
        let (site, found) = site::link(&files, &facts, &self.options, &self.world, &events);
        diagnostics.append(found);
        (site, diagnostics)
    }

    /// Reads `mkdocs.yml` and all files of `docs_dir`.
    pub(crate) fn read(folder: &Path) -> Project {
        let text = std::fs::read_to_string(folder.join("mkdocs.yml")).unwrap();
        let config = Source::new(SitePath::new("mkdocs.yml"), text);
        let root = yaml::parse(&Chunk::of(&config)).unwrap().root;
        let text_of = |key: &str| root.get(key).and_then(yaml::Node::scalar_text);
        let docs = SitePath::new(&text_of("docs_dir").unwrap_or("docs".to_owned()));
        let mut options = SiteOptions::new(docs, root.get("nav").map_or(Span::at_start(config.path()), |nav| nav.span));
        options.site_url = text_of("site_url");
        options.use_directory_urls = root.get("use_directory_urls").and_then(yaml::Node::as_bool).unwrap_or(true);
        let patterns = |key: &str| root.get(key).and_then(yaml::Node::spanned_str);
        options.exclude_docs = patterns("exclude_docs");
        options.not_in_nav = patterns("not_in_nav");
        options.nav = root.get("nav").filter(|nav| !nav.is_null()).map(entries);
        let (mut found, mut world) = (Vec::new(), BTreeMap::new());
        let mut folders = vec![folder.join(docs.as_str())];
        while let Some(next) = folders.pop() {
            for entry in std::fs::read_dir(next).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let name = SitePath::new(path.strip_prefix(folder).unwrap().to_str().unwrap());
                found.push(name);
                if let Ok(text) = std::fs::read_to_string(&path) {
                    world.insert(name, Arc::new(Source::new(name, text)));
                }
            }
        }
        let plugins = plugins_of(root.get("plugins"), &world);
        Project { options, found, world, plugins }
    }
}

fn entries(node: &yaml::Node) -> Vec<NavEntry> {
    let pair = |(key, value): &(yaml::Node, yaml::Node)| {
        let title = Spanned::new(key.scalar_text().unwrap_or_default(), key.span);
        match value.spanned_str() {
            Some(target) => NavEntry::Target { title: Some(title), target },
            None => NavEntry::Section { title, children: entries(value) },
        }
    };
    let items = node.as_seq().unwrap_or_default().iter();
    items
        .flat_map(|item| match item.as_map() {
            Some(pairs) => pairs.iter().map(pair).collect::<Vec<_>>(),
            None => vec![NavEntry::Target { title: None, target: item.spanned_str().unwrap() }],
        })
        .collect()
}

/// Facts of a page that nothing is known of.
pub(crate) fn bare_facts(path: SitePath) -> PageFacts {
    PageFacts {
        path,
        meta: None,
        heading_title: None,
        has_h1: false,
        anchors: BTreeMap::new(),
        links: Vec::new(),
        steps: BTreeMap::new(),
    }
}

fn flat(items: &[NavItem], depth: usize, out: &mut Vec<Value>) {
    for item in items {
        match item.kind {
            NavKind::Section => {
                out.push(json!([depth, "section", item.title]));
                flat(&item.children, depth + 1, out);
            }
            NavKind::Page => out.push(json!([depth, "page", item.url])),
            NavKind::Link => out.push(json!([depth, "link", item.url])),
        }
    }
}

#[test]
fn recorded_projects_have_the_recorded_routes() {
    let mut n_pages = 0;
    for (folder, record) in records() {
        let project = Project::read(&folder);
        let (site, _) = project.linked(&|_, path| bare_facts(path));
        let mut nav = Vec::new();
        flat(&site.nav, 0, &mut nav);
        assert_eq!(&json!(nav), &record["nav"], "{}", folder.display());
        let url = |path: Option<SitePath>| path.map(|path| site.pages[&path].url.clone());
        let pages = record["pages"].as_object().unwrap();
        assert_eq!(site.pages.len(), pages.len(), "{}", folder.display());
        for route in site.pages.values() {
            let want = &pages[&route.url];
            n_pages += 1;
            assert_eq!(json!(route.src_uri), want["src"]);
            assert_eq!(json!(url(route.previous)), want["prev"], "{}: {}", folder.display(), route.src_uri);
            assert_eq!(json!(url(route.next)), want["next"], "{}: {}", folder.display(), route.src_uri);
            assert_eq!(json!(route.canonical_url), want["canonical"], "{}: {}", folder.display(), route.src_uri);
        }
    }
    println!("{n_pages} pages compared");
}
