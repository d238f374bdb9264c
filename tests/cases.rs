//! Pages and what becomes of them: the cases of the core and of every extension.
//!
//! A case is a fence of seven backticks in a file of `cases/markdown` or `cases/extensions`: the word
//! `example` and the extensions as YAML, the page, a line with a dot, the HTML. The heading above it is its
//! name. A fence `file PATH` is a file that the pages of its case file may include. The HTML is
//! Python-Markdown's (3.11.3, pymdown-extensions 13.1), but for mail addresses and symbols, which are plain
//! characters here.
//!
//! `OPSBOOK_CASE=words cargo test --test all cases` runs those whose file or name holds the words;
//! `OPSBOOK_UPDATE=1` writes what came out into the files.

use opsbook::markdown::{Dialect, ExtensionUse, Parsed, parse};
use opsbook::render::html::render_html;
use opsbook::text::{Chunk, SitePath, Source, yaml};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const FENCE: &str = "```````";

/// Files that pages may include.
type World = BTreeMap<SitePath, Arc<Source>>;

/// Reads a list of extensions, each a name or a mapping from names to options.
pub(crate) fn dialect(extensions: &str) -> Dialect {
    let source = Source::new(SitePath::new("mkdocs.yml"), extensions);
    let root = yaml::parse(&Chunk::of(&source)).expect("the extensions of a case are YAML").root;
    let mut uses = Vec::new();
    for item in root.as_seq().unwrap_or_default() {
        if let Some(name) = item.spanned_str() {
            uses.push(ExtensionUse { name, options: None });
        }
        for (name, options) in item.as_map().unwrap_or_default() {
            let name = name.spanned_str().expect("names of extensions are text");
            uses.push(ExtensionUse { name, options: Some(options.clone()) });
        }
    }
    let (dialect, diagnostics) = Dialect::mkdocs(&uses);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    dialect
}

/// Parses a page without any other file.
pub(crate) fn parsed(text: &str, dialect: &Dialect) -> (Source, Parsed) {
    let source = Source::new(SitePath::new("page.md"), text);
    let parsed = parse(&source, dialect, &World::new());
    (source, parsed)
}

/// Returns the HTML of a page.
pub(crate) fn html_of(page: &str, dialect: &Dialect, world: &World) -> String {
    let source = Source::new(SitePath::new("page.md"), page);
    render_html(&parse(&source, dialect, world).document.body, &|_| None)
}

/// A fence of a case file: its first line behind the backticks, and the lines in it.
struct Fence<'t> {
    name: &'t str,
    info: &'t str,
    body: Vec<&'t str>,
    /// The line of the first one.
    first: usize,
}

fn fences(text: &str) -> Vec<Fence<'_>> {
    let mut fences = Vec::new();
    let mut name = "";
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if let Some(heading) = line.strip_prefix("## ") {
            name = heading;
        }
        let Some(info) = line.strip_prefix(FENCE) else { continue };
        let body = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != FENCE).collect();
        fences.push(Fence { name, info, body, first: number + 1 });
    }
    fences
}

/// Runs the cases of a file; returns how many there were, what went wrong, and the file as it should be.
fn run(path: &Path, filter: &str) -> (usize, Vec<String>, String) {
    let text = std::fs::read_to_string(path).expect("a case file is text");
    let fences = fences(&text);
    let files = fences.iter().filter_map(|fence| Some((fence.info.strip_prefix("file ")?, fence.body.join("\n"))));
    let world: World = files
        .map(|(path, text)| (SitePath::new(path), Arc::new(Source::new(SitePath::new(path), text.as_str()))))
        .collect();
    let file = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let (mut n_cases, mut wrong) = (0, Vec::new());
    for case in fences.iter().rev() {
        let Some(extensions) = case.info.strip_prefix("example") else { continue };
        let name = format!("{file}: {}", case.name);
        if !name.contains(filter) {
            continue;
        }
        n_cases += 1;
        let dot = case.body.iter().position(|line| *line == ".").expect("a case has a line with a dot");
        let (page, expected) = (case.body[..dot].join("\n"), case.body[dot + 1..].join("\n"));
        let found = html_of(&page, &dialect(extensions.trim()), &world);
        if found != expected {
            wrong.push(format!("{name}\n--- expected\n{expected}\n--- found\n{found}\n"));
            let html = case.first + dot + 1..case.first + case.body.len();
            lines.splice(html, found.lines().map(str::to_owned));
        }
    }
    (n_cases, wrong, lines.join("\n") + "\n")
}

fn case_files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(folder);
    let entries = std::fs::read_dir(folder).expect("the cases are there").flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    files.sort();
    files
}

#[test]
fn pages_become_what_python_markdown_makes_of_them() {
    let filter = std::env::var("OPSBOOK_CASE").unwrap_or_default();
    let (mut n_cases, mut wrong) = (0, Vec::new());
    for path in ["markdown", "extensions"].iter().flat_map(|folder| case_files(folder)) {
        let (n, found, updated) = run(&path, &filter);
        n_cases += n;
        if !found.is_empty() && std::env::var_os("OPSBOOK_UPDATE").is_some() {
            std::fs::write(&path, updated).expect("a case file can be written");
        } else {
            wrong.extend(found);
        }
    }
    assert!(n_cases > 120 || !filter.is_empty(), "only {n_cases} cases were found");
    assert!(wrong.is_empty(), "{} of {n_cases} cases:\n{}", wrong.len(), wrong.join("\n"));
}
