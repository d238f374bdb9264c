//! The search index and the routes against what MkDocs made of real projects, where they are at hand.

use opsbook::render::search::SearchPage;
use opsbook::render::search::material::{self, Entry};
use opsbook::text::{Chunk, SitePath, Source, yaml};
use serde_json::Value;
use std::io::Read as _;
use std::path::{Path, PathBuf};

const SHARED: &str = "../shared/conformance";

/// The recorded projects: name and record.
pub(crate) fn records() -> Vec<(PathBuf, Value)> {
    let mut found = Vec::new();
    for kind in ["corpora", "dialect"] {
        let Ok(folders) = std::fs::read_dir(Path::new(SHARED).join(kind)) else { continue };
        for folder in folders {
            let folder = folder.unwrap().path();
            let Ok(bytes) = std::fs::read(folder.join("expected.json.gz")) else { continue };
            let mut text = String::new();
            flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
            found.push((folder, serde_json::from_str(&text).unwrap()));
        }
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    if found.is_empty() {
        println!("skipped: {SHARED} is not here");
    }
    found
}

fn shown(entry: &Entry) -> Value {
    serde_json::json!({"location": entry.location, "title": entry.title, "text": entry.text})
}

#[test]
fn recorded_content_yields_the_recorded_entries() {
    let mut wrong = Vec::new();
    let mut total = 0;
    for (folder, record) in records() {
        let mut got = std::collections::BTreeMap::new();
        for (url, page) in record["pages"].as_object().unwrap() {
            let content = page["content"].as_str().unwrap();
            let title = page["title"].as_str().unwrap_or_default();
            for entry in material::entries(content, SearchPage { url, title, meta: None, toc: &[] }) {
                got.insert(entry.location.clone(), shown(&entry));
            }
        }
        for want in record["search"].as_array().unwrap() {
            total += 1;
            let location = want["location"].as_str().unwrap();
            let mut plain = serde_json::json!({"location": location, "title": want["title"], "text": want["text"]});
            // The record names the keys of the front matter, not their values.
            let keys = &record["pages"][location]["meta_keys"];
            if keys.as_array().is_some_and(|keys| keys.contains(&"title".into())) {
                plain["title"] = got.get(location).map_or(Value::Null, |got| got["title"].clone());
            }
            if got.get(location) != Some(&plain) {
                wrong.push(format!("{}: {location}\n  want {plain}\n  got  {:?}", folder.display(), got.get(location)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {total} differ:\n{}", wrong.len(), wrong[..wrong.len().min(10)].join("\n"));
}

#[test]
fn front_matter_decides_about_exclusion_tags_and_boost() {
    let source = Source::new(SitePath::new("p.md"), "tags: [a, 1, null]\nsearch: {boost: 2}\n---");
    let meta = yaml::parse(&Chunk::lifted(&source, 0..source.text().len() - 4)).unwrap().root;
    let page = SearchPage { url: "p/", title: "P", meta: Some(&meta), toc: &[] };
    let found = material::entries("<p>x</p>", page);
    assert_eq!(found[0].tags.as_deref(), Some(["a".to_owned(), "1".to_owned()].as_slice()));
    assert_eq!(found[0].boost, Some(2.into()));
    let source = Source::new(SitePath::new("p.md"), "search: {exclude: true}\n");
    let meta = yaml::parse(&Chunk::of(&source)).unwrap().root;
    assert_eq!(material::entries("<p>x</p>", SearchPage { meta: Some(&meta), ..page }), []);
}
