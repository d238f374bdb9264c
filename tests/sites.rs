//! Small whole sites against what MkDocs and its plugins made of them: `tests/cases/sites`.
//!
//! `record.py` there writes the expectations with the real programs; `versions.txt` names these.

use crate::routes::{Project, bare_facts};
use opsbook::markdown::PageFacts;
use opsbook::site::{NavItem, NavKind, Site};
use opsbook::text::{Chunk, SitePath, Source, Span, Spanned, yaml};
use serde_json::{Value, json};
use std::path::Path;

/// Facts of a page of these cases: front matter, and a first line that may be a heading.
fn facts(project: &Project, path: SitePath) -> PageFacts {
    let mut facts = bare_facts(path);
    let source = &project.world[&path];
    let mut body = source.text();
    if let Some((meta, rest)) = body.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")) {
        let meta = Source::new(path, meta);
        facts.meta = Some(yaml::parse(&Chunk::of(&meta)).unwrap().root);
        body = rest.trim_start();
    }
    let heading = body.lines().next().and_then(|line| line.strip_prefix("# "));
    facts.heading_title = heading.map(|heading| Spanned::new(heading.to_owned(), Span::at_start(path)));
    facts
}

fn flat(items: &[NavItem], depth: usize, out: &mut Vec<Value>) {
    for item in items {
        let kind = match item.kind {
            NavKind::Section => "section",
            NavKind::Page => "page",
            NavKind::Link => "link",
        };
        out.push(json!([depth, kind, item.title, item.url]));
        flat(&item.children, depth + 1, out);
    }
}

fn linked(folder: &Path) -> (Site, Vec<String>) {
    let project = Project::read(folder);
    let (site, diagnostics) = project.linked(&facts);
    (site, diagnostics.iter().map(|diagnostic| format!("{} {}", diagnostic.code, diagnostic.message)).collect())
}

#[test]
fn small_sites_are_linked_as_mkdocs_links_them() {
    let mut wrong = Vec::new();
    let mut n_cases = 0;
    let mut folders: Vec<_> =
        std::fs::read_dir("tests/cases/sites").unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    for folder in folders.iter().filter(|folder| folder.join("expected.json").exists()) {
        n_cases += 1;
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let want: Value =
            serde_json::from_str(&std::fs::read_to_string(folder.join("expected.json")).unwrap()).unwrap();
        let (site, diagnostics) = linked(folder);
        let mut nav = Vec::new();
        flat(&site.nav, 0, &mut nav);
        if json!(nav) != want["nav"] {
            let lines =
                |nav: &Value| nav.as_array().unwrap().iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
            wrong.push(format!("{name}: nav\n{}\nnot\n{}", lines(&json!(nav)), lines(&want["nav"])));
        }
        let uri = |path: Option<SitePath>| path.map(|path| site.pages[&path].src_uri.clone());
        for route in site.pages.values() {
            let page = &want["pages"][&route.src_uri];
            let parents: Vec<_> = site.ancestors(route.path).into_iter().map(|item| item.title.clone()).collect();
            let got = json!({
                "url": route.url, "title": route.title, "prev": uri(route.previous), "next": uri(route.next),
                "home": route.is_homepage, "parents": parents,
            });
            // The first URL of two listings that are equally near depends on the run; `record.py` kept one.
            let tags: Vec<Value> = route.tags.iter().map(|tag| json!([tag.name, tag.url])).collect();
            if page.get("tags").is_some_and(|want| *want != json!(tags)) {
                wrong.push(format!("{name}: {}: tags are {}, not {}", route.src_uri, json!(tags), page["tags"]));
            }
            // The plugins leave a page that lost its section with the ancestors that it had before.
            let in_section = site.pages[&route.path].position.as_ref().is_some_and(|position| position.len() > 1);
            for (key, value) in got.as_object().unwrap().iter().filter(|(key, _)| in_section || *key != "parents") {
                if page[key] != *value {
                    wrong.push(format!("{name}: {}: {key} is {value}, not {}", route.src_uri, page[key]));
                }
            }
        }
        if site.pages.len() != want["pages"].as_object().unwrap().len() {
            wrong.push(format!("{name}: {} pages", site.pages.len()));
        }
        for (path, text) in want["files"].as_object().unwrap() {
            let got = site.generated.get(path).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
            if got.as_deref() != text.as_str() {
                wrong.push(format!("{name}: {path}\n{got:?}\nnot\n{text}"));
            }
        }
        let expected = folder.join("diagnostics.txt");
        let said = diagnostics.join("\n");
        if std::env::var_os("UPDATE_EXPECTED").is_some() && !said.is_empty() {
            std::fs::write(&expected, format!("{said}\n")).unwrap();
        }
        let known = std::fs::read_to_string(&expected).unwrap_or_default();
        if known.trim_end() != said {
            wrong.push(format!("{name}: says\n{said}\nnot\n{known}"));
        }
    }
    assert!(n_cases > 0);
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
