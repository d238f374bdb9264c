//! The table of the manual's architecture page against the paths that the rooms really use.
//!
//! Guard 2 of 4. The page holds two tables: which room may use which (`| room | may use |`), and which
//! room or file owns which outside library (`| library | owner |`). A path in the sources that the
//! tables do not allow fails here with its file and line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const PAGE: &str = "content/contributing/architecture.md";

/// The rows of the Markdown table whose first header cell is `first`, as cells of words in backticks.
fn table(page: &str, first: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut rows = BTreeMap::new();
    let mut inside = false;
    for line in page.lines() {
        let Some(row) = line.trim().strip_prefix('|') else {
            inside = false;
            continue;
        };
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        if cells[0] == first {
            inside = true;
        } else if inside && !cells[0].starts_with("--") {
            let words =
                |cell: &str| -> BTreeSet<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
            for name in words(cells[0]) {
                rows.insert(name, words(cells[1]));
            }
        }
    }
    assert!(!rows.is_empty(), "{PAGE} has no table that begins with `{first}`");
    rows
}

pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The first names behind `crate::`, in `crate::a::b` and in `crate::{a::b, c}`.
fn names_behind_crate(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut name_may_begin = true;
            for (offset, letter) in group.char_indices() {
                match letter {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => name_may_begin = true,
                    _ if depth == 0 && name_may_begin && (letter.is_alphanumeric() || letter == '_') => {
                        found.push((at, word(&group[offset..])));
                        name_may_begin = false;
                    }
                    _ => {}
                }
            }
        } else {
            found.push((at, word(rest)));
        }
    }
    found
}

fn word(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

/// The code without comments: what stands behind `//` says nothing about layers. Lines stay lines.
pub(crate) fn without_comments(code: &str) -> String {
    code.lines().map(|line| if line.trim_start().starts_with("//") { "" } else { line }).collect::<Vec<_>>().join("\n")
}

/// Every breach of the tables in one file.
fn breaches(
    file: &str,
    code: &str,
    rooms: &BTreeMap<String, BTreeSet<String>>,
    owners: &BTreeMap<String, BTreeSet<String>>,
) -> Vec<String> {
    let code = without_comments(code);
    let line = |at: usize| code[..at].matches('\n').count() + 1;
    let parts: Vec<&str> = file.trim_end_matches(".rs").split('/').collect();
    let room = parts[0];
    let mut found = Vec::new();
    if file != "lib.rs" && file != "main.rs" {
        let Some(allowed) = rooms.get(room) else {
            return vec![format!("src/{file}: the table has no row for the room `{room}`")];
        };
        for (at, name) in names_behind_crate(&code) {
            if name != room && rooms.contains_key(&name) && !allowed.contains(&name) {
                found.push(format!("src/{file}:{}: `{room}` must not use `{name}`", line(at)));
            }
        }
        // `super` that climbs out of the room would be a way around the table.
        let depth = parts.len() - usize::from(parts.last() == Some(&"mod"));
        for (number, text) in code.lines().enumerate() {
            let climbs = (1..8).rev().find(|n_steps| text.contains(&"super::".repeat(*n_steps))).unwrap_or(0);
            if climbs > depth || (climbs == depth && !text.starts_with(char::is_whitespace)) {
                found.push(format!("src/{file}:{}: `super` climbs out of the room `{room}`", number + 1));
            }
        }
    }
    for (library, owners) in owners {
        let name = library.replace('-', "_");
        // A library without an owner is vocabulary of every room; the page says why.
        // A module of the same name beside the code is another thing.
        let is_module = code.lines().any(|line| line.trim_start().starts_with(&format!("mod {name};")));
        if is_module
            || owners.is_empty()
            || owners.iter().any(|owner| file == owner || file.starts_with(&format!("{owner}/")))
        {
            continue;
        }
        for (at, _) in code.match_indices(&format!("{name}::")) {
            if !code[..at].ends_with(|before: char| before.is_alphanumeric() || "_:\"`".contains(before)) {
                found.push(format!("src/{file}:{}: `{library}` belongs to {owners:?}", line(at)));
            }
        }
    }
    found
}

#[test]
fn rooms_use_only_what_the_architecture_page_allows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join(PAGE)).unwrap();
    let (rooms, owners) = (table(&page, "room"), table(&page, "library"));
    let mut found = Vec::new();
    for path in sources(&root.join("src")) {
        let file = path.strip_prefix(root.join("src")).unwrap().to_str().unwrap().replace('\\', "/");
        found.extend(breaches(&file, &fs::read_to_string(&path).unwrap(), &rooms, &owners));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The core of the dialect against its extensions: an arrow from one to the other would close a circle
/// through every rule.
#[test]
fn the_engine_names_no_extension() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/markdown/engine");
    let mut found = Vec::new();
    let files = sources(&root);
    assert!(files.len() > 30, "the engine was read");
    for path in files {
        let code = without_comments(&fs::read_to_string(&path).unwrap());
        for (number, line) in code.lines().enumerate().filter(|(_, line)| line.contains("extensions::")) {
            found.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Each plugin is one file and one row, and the rest of the program knows events only.
#[test]
fn nobody_outside_of_plugins_names_a_plugin() {
    /// Words that mean something else as well where they stand: who, what, why.
    const OTHERS: &[(&str, &str, &str)] = &[
        ("config/", "search", "the default of `plugins`, and a table of `book.toml`"),
        ("config/", "exclude", "a key of `book.toml`"),
        ("config/", "info", "a level"),
        ("diag/", "info", "a severity"),
        ("config/", "tags", "the boost of tags in the search index"),
        ("markdown/", "", "names of keys, elements and front matter"),
        ("plan/", "", "commands"),
        ("render/", "search", "a script, an icon, a word of the theme, and whether there is an index"),
        ("render/", "tags", "a key of the front matter"),
        ("render/", "meta", "an element, and a key of templates"),
        ("render/", "exclude", "a key of the front matter"),
        ("render/", "typeset", "a style sheet"),
        ("runbook/", "group", "a key of a checklist"),
        ("shell/", "rss", "the ending of a feed"),
        ("build/", "group", "a kind of entry on the page of a runbook"),
        ("build/", "tags", "a key of the front matter"),
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for name in opsbook::plugins::names() {
        let file = name.replace('-', "_");
        let found = [format!("{file}.rs"), format!("{file}/mod.rs")]
            .iter()
            .any(|path| root.join("plugins").join(path).exists());
        assert!(found, "the plugin `{name}` has no file");
    }
    let missing = opsbook::plugins::MISSING.iter().map(|(name, _)| *name);
    let names: Vec<&str> = opsbook::plugins::names().chain(missing).collect();
    let mut found = Vec::new();
    for path in sources(&root) {
        let file = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        let code = without_comments(&fs::read_to_string(&path).unwrap());
        let code = &code[..code.find("#[cfg(test)]\nmod tests {").unwrap_or(code.len())];
        if file.starts_with("plugins/") || file.ends_with("tests.rs") {
            continue;
        }
        for name in &names {
            let is_another =
                |(room, word, _): &(&str, &str, &str)| file.starts_with(room) && (word == name || word.is_empty());
            if code.contains(&format!("\"{name}\"")) && !OTHERS.iter().any(is_another) {
                found.push(format!("src/{file} names the plugin `{name}`"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_room_stands_in_the_table_and_every_library_has_an_owner() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join(PAGE)).unwrap();
    let rooms: BTreeSet<String> = table(&page, "room").into_keys().collect();
    let folders: BTreeSet<String> = fs::read_dir(root.join("src"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(rooms, folders);

    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let mut in_dependencies = false;
    let mut libraries = BTreeSet::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            in_dependencies =
                line == "[dependencies]" || line.starts_with("[target.") && line.ends_with(".dependencies]");
        } else if in_dependencies
            && let Some((name, _)) = line.split_once('=')
            && !line.starts_with('#')
        {
            libraries.insert(name.trim().to_owned());
        }
    }
    let owners = table(&page, "library");
    assert_eq!(libraries, owners.keys().cloned().collect());
    for (library, owners) in owners {
        for owner in owners {
            assert!(
                root.join("src").join(&owner).exists(),
                "`{library}` is owned by src/{owner}, which does not exist"
            );
        }
    }
}

#[test]
fn a_breach_is_caught_however_it_is_written() {
    let rooms = table("| room | may use |\n|---|---|\n| `text` | – |\n| `site` | `text` |\n| `shell` | – |", "room");
    let owners = table("| library | owner |\n|---|---|\n| `tiny_http` | `shell/serve.rs` |", "library");
    let check = |file: &str, code: &str| breaches(file, code, &rooms, &owners);
    assert_eq!(check("site/a.rs", "use crate::text::Span;\nuse super::b;\n// crate::shell is far away\n"), [""; 0]);
    assert_eq!(check("site/a.rs", "\nuse crate::shell::fs;"), ["src/site/a.rs:2: `site` must not use `shell`"]);
    assert_eq!(
        check("site/a.rs", "use crate::{text, shell::{fs, text}};"),
        ["src/site/a.rs:1: `site` must not use `shell`"]
    );
    assert_eq!(check("site/a.rs", "fn f(x: crate::shell::X) {}"), ["src/site/a.rs:1: `site` must not use `shell`"]);
    assert_eq!(check("site/mod.rs", "use super::shell;"), ["src/site/mod.rs:1: `super` climbs out of the room `site`"]);
    assert_eq!(check("other/mod.rs", ""), ["src/other/mod.rs: the table has no row for the room `other`"]);
    let foreign = check("site/a.rs", "use tiny_http::Server;");
    assert_eq!(foreign, ["src/site/a.rs:1: `tiny_http` belongs to {\"shell/serve.rs\"}"]);
    assert_eq!(check("shell/serve.rs", "use tiny_http::Server;"), [""; 0]);
}
