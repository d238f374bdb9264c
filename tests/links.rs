//! Links against what MkDocs 1.6.1 made of them: the cases of `links.json`, where it is at hand.

use opsbook::diag::{Code, Diagnostics};
use opsbook::markdown::{Link, LinkKind, PageFacts};
use opsbook::site::{self, AbsoluteLinks, NoEvents, Site, SiteOptions};
use opsbook::text::{SitePath, Source, Span, Spanned};
use std::collections::BTreeMap;
use std::sync::Arc;

type World = BTreeMap<SitePath, Arc<Source>>;

fn docs(uri: &str) -> SitePath {
    SitePath::new("docs").join(uri)
}

fn facts(uri: &str, anchors: &[&str], links: &[(&str, LinkKind)]) -> PageFacts {
    let path = docs(uri);
    PageFacts {
        path,
        meta: None,
        heading_title: None,
        has_h1: false,
        anchors: anchors.iter().map(|anchor| ((*anchor).to_owned(), Span::at_start(path))).collect(),
        links: links
            .iter()
            .map(|(target, kind)| Link {
                target: Spanned::new((*target).to_owned(), Span::new(path, 1..2)),
                kind: *kind,
            })
            .collect(),
        steps: BTreeMap::new(),
    }
}

fn options() -> SiteOptions {
    SiteOptions::new(SitePath::new("docs"), Span::at_start(SitePath::new("mkdocs.yml")))
}

fn link(files: &[&str], pages: &[PageFacts], options: &SiteOptions) -> (Site, Diagnostics) {
    let found: Vec<SitePath> = files.iter().map(|uri| docs(uri)).collect();
    let (files, mut diagnostics) = site::collect_files(&found, &[], options, &World::new(), &NoEvents);
    let pages: Vec<&PageFacts> = pages.iter().collect();
    let (site, found) = site::link(&files, &pages, options, &World::new(), &NoEvents);
    diagnostics.append(found);
    (site, diagnostics)
}

/// The rule that a message of MkDocs comes from.
fn code_of(message: &str) -> Code {
    let known = [
        ("is not found among documentation files", Code::LinkNotFound),
        ("contains an absolute link", Code::LinkAbsolute),
        ("contains an unrecognized relative link", Code::LinkUnrecognized),
        ("no such anchor on this page", Code::AnchorNotFound),
        ("does not contain an anchor", Code::AnchorNotFound),
    ];
    let found = known.iter().find(|(text, _)| message.contains(text));
    found.unwrap_or_else(|| panic!("a message that this test does not know: {message}")).1
}

#[test]
fn links_become_what_mkdocs_makes_of_them() {
    let path = "../shared/conformance/links.json";
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: {path} is not here");
        return;
    };
    let data: serde_json::Value = serde_json::from_str(&text).unwrap();
    let files: Vec<&str> = data["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap()).collect();
    let mut wrong = Vec::new();
    for case in data["cases"].as_array().unwrap() {
        let (src, written) = (case["src"].as_str().unwrap(), case["link"].as_str().unwrap());
        let target = written.trim_start_matches('<').trim_end_matches('>');
        let mut options = options();
        options.use_directory_urls = case["use_directory_urls"].as_bool().unwrap();
        if case["absolute_links"] == "relative_to_docs" {
            options.validation.links_absolute_links = AbsoluteLinks::RelativeToDocs;
        }
        let mut files = files.clone();
        files.push(src);
        let mut pages = vec![facts("index.md", &["top"], &[]), facts("guide/deploy.md", &["rollback"], &[])];
        pages.retain(|page| page.path != docs(src));
        pages.push(facts(src, &[], &[(target, LinkKind::Anchor)]));
        let (site, diagnostics) = link(&files, &pages, &options);

        let html = case["html"].as_str().unwrap();
        let want = html.split('"').nth(1).unwrap().replace("&amp;", "&");
        let got = site.resolve_link(docs(src), target).unwrap_or_else(|| target.to_owned());
        if got != want && !html.contains("&#") {
            wrong.push(format!("{src} → {written} ({case}): {got}, not {want}"));
        }
        let log: Vec<&str> = case["log"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        let log: Vec<&str> = log.into_iter().filter(|line| line.contains("Doc file")).collect();
        let want: Vec<Code> = log.iter().map(|line| code_of(line)).collect();
        let said: Vec<_> = diagnostics.iter().filter(|d| d.span.is_some_and(|span| span.file == docs(src))).collect();
        let got: Vec<Code> = said.iter().map(|diagnostic| diagnostic.code).collect();
        if got != want {
            wrong.push(format!("{src} → {written}: {got:?}, not {log:?}"));
            continue;
        }
        for (line, diagnostic) in log.iter().zip(said) {
            let Some(guess) = line.split("Did you mean '").nth(1) else { continue };
            let guess = guess.trim_end_matches("'?");
            if diagnostic.help.as_deref() != Some(&format!("did you mean `{guess}`?")) {
                wrong.push(format!("{src} → {written}: {:?}, not {guess}", diagnostic.help));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} differ:\n{}",
        wrong.len(),
        data["cases"].as_array().unwrap().len(),
        wrong.join("\n")
    );
}
