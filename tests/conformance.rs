//! A small site of this project's own that uses every extension, against what MkDocs makes of it.
//!
//! `conformance/record.py` writes the expectations with the real programs, whose versions stand in
//! `conformance/versions.txt`. The bare theme of the site shows titles, tables of contents and contents,
//! and nothing else.

use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance");

/// How many lines of a page may differ, and why.
const FLOORS: &[(&str, usize, &str)] = &[];

/// The lines of a page, characters instead of references and without what is empty.
fn lines(page: &str) -> Vec<String> {
    let text = html_escape::decode_html_entities(page);
    text.lines().map(str::trim_end).filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

/// The lines that the one has and the other has not, in order.
fn differences(want: &[String], got: &[String]) -> Vec<String> {
    let begin = want.iter().zip(got).take_while(|(want, got)| want == got).count();
    let (want, got) = (&want[begin..], &got[begin..]);
    let end = want.iter().rev().zip(got.iter().rev()).take_while(|(want, got)| want == got).count();
    let (want, got) = (&want[..want.len() - end], &got[..got.len() - end]);
    let only = |these: &[String], those: &[String], mark: &str| -> Vec<String> {
        these.iter().filter(|line| !those.contains(line)).map(|line| format!("{mark} {line}")).collect()
    };
    [only(want, got, "-"), only(got, want, "+")].concat()
}

#[test]
fn the_own_corpus_is_what_mkdocs_makes_of_it() {
    let mut wrong = Vec::new();
    let mut n_pages = 0;
    for project in ["mkdocs", "plain"] {
        let site = tempfile::tempdir().expect("a temporary folder can be made");
        let mut command = Command::new(env!("CARGO_BIN_EXE_opsbook"));
        command.args(["build", "-q", "-f"]).arg(format!("{FOLDER}/{project}.yml")).arg("-d").arg(site.path());
        let built = command.output().expect("opsbook starts");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let expected = Path::new(FOLDER).join("expected").join(project);
        for page in files(&expected).into_iter().filter(|page| page.extension().is_some_and(|end| end == "html")) {
            n_pages += 1;
            let name = page.strip_prefix(&expected).expect("it was found there");
            let want = lines(&fs::read_to_string(&page).expect("it can be read"));
            let got = fs::read_to_string(site.path().join(name)).unwrap_or_default();
            let differences = differences(&want, &lines(&got));
            let shown = format!("{project}/{}", name.to_string_lossy().replace('\\', "/"));
            let floor = FLOORS.iter().find(|(page, ..)| *page == shown).map_or(0, |(_, n, _)| *n);
            if differences.len() > floor {
                wrong.push(format!("{shown}: {} lines\n{}", differences.len(), differences.join("\n")));
            }
        }
        let text = fs::read_to_string(site.path().join("search/search_index.json")).expect("there is an index");
        let index: Value = serde_json::from_str(&text).expect("the index is JSON");
        let entries = index["docs"].as_array().expect("a list of entries").iter();
        let got: Vec<Value> = entries.map(|entry| json!([entry["location"], entry["title"], entry["text"]])).collect();
        let want = fs::read_to_string(expected.join("search.json")).expect("it can be read");
        let want: Vec<Value> = serde_json::from_str(&want).expect("it is JSON");
        for at in 0..want.len().max(got.len()) {
            if want.get(at) != got.get(at) {
                wrong.push(format!(
                    "{project}: entry {at} of the search index: {:?}\nnot {:?}",
                    got.get(at),
                    want.get(at)
                ));
            }
        }
    }
    assert_eq!(n_pages, 20);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
