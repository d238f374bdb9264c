//! Which file uses which, and the groups of files that use each other.
//!
//! Two files that use each other cannot be read one after the other. The groups that there are stand in
//! [`KNOWN`], each with its reason; a new one fails here with the paths that close it. What a file takes from
//! the file above its folder does not count: that is the folder's own vocabulary.

use crate::layers::{sources, without_comments};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The groups of files that use each other, and why.
const KNOWN: &[(&[&str], &str)] = &[
    (&["diag/code.rs", "diag/diagnostic.rs"], "a code has a severity, and a diagnostic has a code"),
    (
        &["plugins/macros/eval.rs", "plugins/macros/run.rs"],
        "an expression calls macros, and what a macro runs has expressions",
    ),
];

/// Rooms whose own groups are not cut yet; a group that leaves its room counts there too.
const NOT_YET: &[&str] = &["cli", "config", "plan", "render", "shell", "site"];

/// A path such as `crate::a::b`, as its words.
type Words = Vec<String>;

/// The sources, as far as paths lead through them.
#[derive(Default)]
struct Crate {
    /// Files by their module.
    files: BTreeMap<Words, String>,
    /// What modules hand on: the module and the name, and the path that it stands for.
    exports: BTreeMap<(Words, String), Words>,
}

/// The module of a file: `a/b/mod.rs` and `a/b.rs` are `[a, b]`.
fn module_of(file: &str) -> Words {
    let path = file.trim_end_matches(".rs").trim_end_matches("/mod");
    if matches!(path, "lib" | "main") { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
}

/// The code of a file without comments, strings and its tests.
fn code_of(text: &str) -> String {
    let code = without_comments(text);
    let mut rest = &code[..code.find("#[cfg(test)]\nmod tests {").unwrap_or(code.len())];
    let mut out = String::new();
    while let Some(at) = rest.find(['"', '\'']) {
        let (before, quoted) = rest.split_at(at);
        out.push_str(before);
        let hashes = before.len() - before.trim_end_matches('#').len();
        let raw = before[..before.len() - hashes].ends_with('r');
        let length = if raw {
            let end = format!("\"{}", "#".repeat(hashes));
            quoted[1..].find(&end).map(|close| close + 1 + end.len())
        } else if quoted.starts_with('"') {
            string_len(quoted)
        } else {
            // A character, perhaps a quote; a lifetime has no second quote close by.
            let inner = quoted[1..].chars().next().map_or(0, char::len_utf8);
            let escape = quoted[1..].starts_with('\\').then(|| quoted[3..].find('\'').map(|close| close + 4)).flatten();
            escape.or_else(|| quoted[1 + inner..].starts_with('\'').then_some(inner + 2)).or(Some(1))
        };
        rest = &quoted[length.unwrap_or(quoted.len())..];
    }
    out + rest
}

/// Measures the string that a text begins with.
fn string_len(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            '"' if !escaped => return Some(at + 1),
            _ => escaped = letter == '\\' && !escaped,
        }
    }
    None
}

/// Takes `a::{b, c::{d}}` apart into whole paths; `x as y` is `x` with the name `y`.
fn expand(tree: &str, before: &[String], out: &mut Vec<(Words, String)>) {
    let tree = tree.trim();
    if let Some(open) = tree.find('{') {
        let mut words = before.to_vec();
        words.extend(tree[..open].split("::").map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned));
        let close = tree.rfind('}').unwrap_or(tree.len());
        let inner = &tree[open + 1..close];
        let (mut depth, mut start) = (0, 0);
        for (at, letter) in inner.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    expand(&inner[start..at], &words, out);
                    start = at + 1;
                }
                _ => {}
            }
        }
        expand(&inner[start..], &words, out);
        return;
    }
    if tree.is_empty() {
        return;
    }
    let (path, name) = tree.split_once(" as ").unwrap_or((tree, ""));
    let mut words = before.to_vec();
    words.extend(path.split("::").map(|word| word.trim().to_owned()));
    if words.last().is_some_and(|last| last == "self") {
        words.pop();
    }
    let name = if name.is_empty() { words.last().cloned().unwrap_or_default() } else { name.trim().to_owned() };
    out.push((words, name));
}

/// The declarations `use …;` of a file: whether they hand on, and their paths.
fn uses(code: &str) -> Vec<(bool, Vec<(Words, String)>)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("use ") {
        let line = &code[code[..at].rfind('\n').map_or(0, |end| end + 1)..at];
        let line = line.trim();
        let hands_on = line == "pub" || line.starts_with("pub(") && line.ends_with(')');
        if !(line.is_empty() || hands_on) {
            continue;
        }
        let tree = &code[at + 4..at + code[at..].find(';').unwrap_or(0).max(4)];
        let mut paths = Vec::new();
        expand(tree, &[], &mut paths);
        found.push((hands_on, paths));
    }
    found
}

/// Paths that stand in the code itself and begin with `crate::` or `super::`, or with a child's name.
fn inline_paths(code: &str, children: &[String]) -> Vec<Words> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = code[from..].find("::").map(|at| from + at) {
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let start = code[..at].rfind(|letter| !is_word(letter)).map_or(0, |before| before + 1);
        let end = at + code[at..].find(|letter: char| !is_word(letter) && letter != ':').unwrap_or(code.len() - at);
        from = end;
        let path = code[start..end].trim_end_matches(':');
        let words: Words = path.split("::").map(str::to_owned).collect();
        if matches!(words[0].as_str(), "crate" | "super") || children.contains(&words[0]) {
            found.push(words);
        }
    }
    found
}

impl Crate {
    /// Makes a path that a module says one from the root.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<Words> {
        let mut base = module.to_vec();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => {
                base.clear();
                rest = &path[1..];
            }
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|word| word == "super") {
                    base.pop()?;
                    rest = &rest[1..];
                }
            }
            first => {
                let mut child = module.to_vec();
                child.push(first.to_owned());
                self.files.get(&child)?;
            }
        }
        base.extend_from_slice(rest);
        Some(base)
    }

    /// Finds the file in which what a path from the root names is defined.
    fn file_of(&self, path: &[String], depth: usize) -> Option<&str> {
        let mut module: Words = Vec::new();
        for (at, word) in path.iter().enumerate() {
            let mut child = module.clone();
            child.push(word.clone());
            if self.files.contains_key(&child) {
                module = child;
                continue;
            }
            if depth < 20
                && let Some(target) = self.exports.get(&(module.clone(), word.clone()))
            {
                let mut next = target.clone();
                next.extend_from_slice(&path[at + 1..]);
                return self.file_of(&next, depth + 1);
            }
            break;
        }
        self.files.get(&module).map(String::as_str)
    }
}

/// Reads all sources: for each file the files that it uses.
fn graph(root: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let mut all = Crate::default();
    let mut codes = BTreeMap::new();
    let mut tests = BTreeSet::new();
    for path in sources(root) {
        let file = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
        let text = fs::read_to_string(&path).unwrap();
        for (at, _) in text.match_indices("#[cfg(test)]\nmod ") {
            let name: String =
                text[at + "#[cfg(test)]\nmod ".len()..].chars().take_while(|l| l.is_alphanumeric()).collect();
            let mut module = module_of(&file);
            module.push(name);
            tests.insert(module);
        }
        all.files.insert(module_of(&file), file.clone());
        codes.insert(file, code_of(&text));
    }
    for (file, code) in &codes {
        let module = module_of(file);
        for (_, paths) in uses(code).into_iter().filter(|(hands_on, _)| *hands_on) {
            for (path, name) in paths {
                if let Some(target) = all.absolute(&module, &path) {
                    all.exports.insert((module.clone(), name), target);
                }
            }
        }
    }
    let mut graph = BTreeMap::new();
    for (file, code) in &codes {
        let module = module_of(file);
        if tests.contains(&module) || file == "main.rs" {
            continue;
        }
        let children: Vec<String> = all
            .files
            .keys()
            .filter(|child| child.len() == module.len() + 1 && child.starts_with(&module))
            .filter_map(|child| child.last().cloned())
            .collect();
        let mut paths: Vec<Words> = uses(code)
            .into_iter()
            .filter(|(hands_on, _)| !hands_on)
            .flat_map(|(_, paths)| paths.into_iter().map(|(path, _)| path))
            .collect();
        let without_uses: String = code.split(';').filter(|part| !part.contains("use ")).collect::<Vec<_>>().join(";");
        paths.extend(inline_paths(&without_uses, &children));
        let used = paths.iter().filter_map(|path| {
            let path = all.absolute(&module, path)?;
            let used = all.file_of(&path, 0).filter(|used| used != file)?;
            let around = file.starts_with(&format!("{}/", used.trim_end_matches(".rs").trim_end_matches("/mod")));
            (!around).then(|| used.to_owned())
        });
        graph.insert(file.clone(), used.collect());
    }
    graph
}

/// The groups of files of which each can be reached from each other one.
fn groups(graph: &BTreeMap<String, BTreeSet<String>>) -> Vec<Vec<String>> {
    let reach = |from: &String| {
        let mut seen: BTreeSet<&String> = BTreeSet::new();
        let mut stack: Vec<&String> = graph.get(from).into_iter().flatten().collect();
        while let Some(next) = stack.pop() {
            if seen.insert(next) {
                stack.extend(graph.get(next).into_iter().flatten());
            }
        }
        seen
    };
    let reached: BTreeMap<&String, BTreeSet<&String>> = graph.keys().map(|file| (file, reach(file))).collect();
    let mut found: BTreeSet<Vec<String>> = BTreeSet::new();
    for (file, seen) in &reached {
        if seen.contains(*file) {
            let group = seen.iter().filter(|other| reached.get(**other).is_some_and(|back| back.contains(*file)));
            found.insert(group.map(|other| (*other).clone()).collect());
        }
    }
    found.into_iter().collect()
}

#[test]
fn files_that_use_each_other_are_known() {
    let graph = graph(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(graph.len() > 300 && graph.values().map(BTreeSet::len).sum::<usize>() > 1000, "the sources were read");
    let found = groups(&graph);
    let mut wrong = Vec::new();
    for group in &found {
        let room = group[0].split('/').next().unwrap_or_default();
        let within = group.iter().all(|file| file.starts_with(&format!("{room}/")));
        if within && NOT_YET.contains(&room) {
            continue;
        }
        if !KNOWN.iter().any(|(known, _)| group.iter().all(|file| known.contains(&file.as_str()))) {
            let arrows = group.iter().flat_map(|file| {
                let within = graph[file].iter().filter(|used| group.contains(used));
                within.map(move |used| format!("  {file} uses {used}"))
            });
            wrong.push(format!("these files use each other:\n{}", arrows.collect::<Vec<_>>().join("\n")));
        }
    }
    for (known, reason) in KNOWN {
        let still = found.iter().any(|group| group.iter().any(|file| known.contains(&file.as_str())));
        if !still {
            wrong.push(format!("{known:?} do not use each other any more; take the row out ({reason})"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn a_path_leads_to_the_file_that_defines_what_it_names() {
    let file = |path: &str| (module_of(path), path.to_owned());
    let words = |path: &str| path.split("::").map(str::to_owned).collect::<Words>();
    let mut all = Crate { files: ["lib.rs", "a/mod.rs", "a/b.rs", "c.rs"].map(file).into(), ..Crate::default() };
    all.exports.insert((words("a"), "B".to_owned()), words("a::b::B"));
    let found = |from: &str, path: &str| {
        all.absolute(&module_of(from), &words(path)).and_then(|path| all.file_of(&path, 0)).map(str::to_owned)
    };
    assert_eq!(found("c.rs", "crate::a::B").as_deref(), Some("a/b.rs"));
    assert_eq!(found("a/b.rs", "super::C").as_deref(), Some("a/mod.rs"));
    assert_eq!(found("a/mod.rs", "b::f").as_deref(), Some("a/b.rs"));
    assert_eq!(found("a/b.rs", "std::fmt"), None);
    let mut paths = Vec::new();
    expand("crate::a::{self, b::{B as C, d}, e}", &[], &mut paths);
    let names: Vec<String> = paths.iter().map(|(path, name)| format!("{} {name}", path.join("::"))).collect();
    assert_eq!(names, ["crate::a a", "crate::a::b::B C", "crate::a::b::d d", "crate::a::e e"]);
    let graph = |edges: &[(&str, &str)]| {
        let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in edges {
            graph.entry((*from).to_owned()).or_default().insert((*to).to_owned());
            graph.entry((*to).to_owned()).or_default();
        }
        graph
    };
    assert_eq!(groups(&graph(&[("a", "b"), ("b", "a"), ("b", "c")])), [["a", "b"]]);
    assert!(groups(&graph(&[("a", "b"), ("b", "c")])).is_empty());
}
