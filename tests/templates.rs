//! Templates of projects: constructs of Jinja and MkDocs' variables, compared with what MkDocs makes of them.

use crate::plugins::{build, page};
use std::fs;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/templates");

/// What is meant to differ, and why.
const DEVIATIONS: [(&str, &str); 2] = [
    ("{{ config.markdown_extensions }}", "Material's plugin `tags` adds `attr_list` to the list"),
    (
        "{{ page.content | length > 50 }} {{ \"<h1\" in page.content }} {{ page.markdown[:20] }}",
        "the text of a page is not kept: its blocks are",
    ),
];

/// Pictures are those of the edition of the icons that each program carries.
fn without_pictures(html: &str) -> String {
    let mut out = String::new();
    for (number, part) in html.split("<svg").enumerate() {
        out.push_str(if number == 0 { part } else { part.split_once("</svg>").map_or(part, |(_, rest)| rest) });
    }
    out
}

/// Each construct, and what MkDocs makes of it; `tests/cases/templates.py` asks MkDocs.
fn constructs() -> Vec<(String, Option<String>)> {
    serde_json::from_str(include_str!("cases/templates.json")).expect("the list is JSON")
}

/// The files of the small project, as paths and texts.
fn project() -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![std::path::PathBuf::from(FOLDER)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the project is there").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(FOLDER).expect("it is below").to_string_lossy().replace('\\', "/");
                files.push((name, fs::read_to_string(&path).expect("it is text")));
            }
        }
    }
    files.sort_by_key(|(name, _)| (name != "mkdocs.yml", name.clone()));
    files
}

/// Builds a project of these files and more.
fn built(more: &[(String, String)]) -> opsbook::build::Built {
    let mut files = project();
    files.extend_from_slice(more);
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    build(&files)
}

#[test]
fn constructs_give_what_mkdocs_gives() {
    let constructs = constructs();
    assert!(constructs.len() >= 150);
    let mut files = Vec::new();
    let mut main = String::from("{% if page.file.src_uri == 'guide/deploy.md' %}");
    for (number, (text, _)) in constructs.iter().enumerate() {
        files.push((format!("overrides/case-{number}.html"), text.clone()));
        main.push_str(&format!("[[{number}]]{{% include 'case-{number}.html' ignore missing %}}[[end]]"));
    }
    files.push(("overrides/main.html".to_owned(), main + "{% endif %}"));
    let built = built(&files);
    let html = page(&built, "guide/deploy/index.html");
    let mut wrong = Vec::new();
    for (number, (text, right)) in constructs.iter().enumerate() {
        let Some(right) = right else { continue };
        // Paths are those of the project's folder, wherever it lies.
        let right = right.replace("ROOT/", "");
        let got = html.split(&format!("[[{number}]]")).nth(1).and_then(|rest| rest.split("[[end]]").next());
        if got.map(without_pictures) != Some(without_pictures(&right))
            && DEVIATIONS.iter().all(|(known, _)| known != text)
        {
            let name = format!("overrides/case-{number}.html");
            let found =
                built.diagnostics.iter().find(|found| found.span.is_some_and(|span| span.file.as_str() == name));
            let said = found.map(|found| found.message.clone()).unwrap_or_default();
            wrong.push(format!("{text}\n   got   {got:?} {said}\n   right {right:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), constructs.len(), wrong.join("\n"));
}
