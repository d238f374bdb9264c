//! `awesome-nav`: the navigation from a `.nav.yml` file in each folder (mkdocs-awesome-nav 3.3).
//!
//! The file's keys: `title`, `hide`, `nav`, `sort`, `ignore`, `flatten_single_child_sections`,
//! `preserve_directory_names`, `use_index_title`, `append_unmatched`; all but the first three hold
//! for the folders below too. Pages that are named come first to their places, then folders, the
//! deepest first, then patterns take what is left.

use super::event::{Plugin, Reading};
use super::settings::{PluginSettings, Settings};
use crate::diag::{Code, Diagnostic, Diagnostics, nearest};
use crate::site::files::{FileKind, Files, Inclusion, title_from_name};
use crate::site::nav::MAX_DEPTH;
use crate::site::url;
use crate::site::{Nav, NavEntry};
use crate::text::glob::Pattern;
use crate::text::{Chunk, NaturalKey, SitePath, Span, Spanned, World, yaml};
use std::collections::{BTreeMap, BTreeSet};

/// What holds for a folder: its own file's values, or else those from above.
#[derive(Clone, Debug)]
struct Config {
    title: Option<String>,
    hide: bool,
    nav: Vec<Line>,
    flatten: bool,
    keep_names: bool,
    index_title: bool,
    append: bool,
    sort: Sort,
    ignore: Vec<Glob>,
}

#[derive(Clone, Copy, Debug)]
struct Sort {
    by: By,
    descending: bool,
    natural: bool,
    /// Sections first, last (the default), or among the pages.
    sections: Place,
    ignore_case: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Path,
    FileName,
    Title,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    First,
    Last,
    Mixed,
}

/// A line of `nav`.
#[derive(Clone, Debug)]
enum Line {
    Name(Spanned<String>),
    Titled(Spanned<String>, Spanned<String>),
    Group(Spanned<String>, Vec<Line>),
    Pattern { glob: Spanned<String>, options: Option<yaml::Node>, silent: bool },
}

/// A place in the navigation that is filled in its turn.
#[derive(Clone, Debug)]
enum Slot {
    Page { uri: String, title: Option<Spanned<String>>, span: Span },
    Link { title: Spanned<String>, url: Spanned<String> },
    Section(Group),
    Folder { folder: String, title: Option<String>, config: Box<Config>, span: Span },
    Pattern { glob: String, folder: String, config: Box<Config>, silent: bool, span: Span },
    Many(Vec<Slot>),
}

#[derive(Clone, Debug)]
struct Group {
    title: String,
    path: String,
    span: Span,
    children: Vec<Slot>,
}

/// A glob with `@(a|b)` written out, and what `!(a|b)` takes away.
#[derive(Clone, Debug)]
struct Glob {
    any: Vec<Pattern>,
    but: Vec<Pattern>,
    only_folders: bool,
}

struct Run<'a> {
    files: &'a Files,
    docs: SitePath,
    world: &'a dyn World,
    metas: &'a BTreeMap<SitePath, yaml::Node>,
    file_name: String,
    quiet: bool,
    folders: BTreeSet<String>,
    /// Pages, and folders with a `/` at the end, that nothing has named yet.
    unvisited: BTreeSet<String>,
    diagnostics: &'a mut Diagnostics,
}

/// The plugin's options, as written.
#[derive(Debug)]
struct AwesomeNav(PluginSettings);

pub(super) fn read(reading: &mut Reading<'_>) -> Option<Box<dyn Plugin>> {
    Some(Box::new(AwesomeNav(reading.plugin.clone())))
}

impl Plugin for AwesomeNav {
    fn on_nav(&self, nav: &mut Nav<'_>) {
        nav.entries = Some(entries(&self.0, nav));
    }
}

/// Makes what stands for `nav` of the configuration.
fn entries(plugin: &PluginSettings, nav: &mut Nav<'_>) -> Vec<NavEntry> {
    let Nav { files, options, world, metas, .. } = *nav;
    let diagnostics = &mut *nav.diagnostics;
    let mut settings = Settings::open(plugin, &["filename", "logs"], diagnostics);
    let file_name = settings.text("filename").map_or(".nav.yml".to_owned(), |name| name.value);
    let logs = settings.node("logs");
    let quiet = logs.and_then(|logs| logs.get("no_matches")).and_then(yaml::Node::as_str) == Some("info");
    let mut folders = BTreeSet::new();
    let mut unvisited = BTreeSet::new();
    for file in files.iter().filter(|file| file.kind == FileKind::Page && file.inclusion == Inclusion::Included) {
        unvisited.insert(file.uri.clone());
        let mut folder = url::dirname(&file.uri);
        while !folder.is_empty() && folders.insert(folder.to_owned()) {
            unvisited.insert(format!("{folder}/"));
            folder = url::dirname(folder);
        }
    }
    let docs = options.docs_dir;
    let mut run = Run { files, docs, world, metas, file_name, quiet, folders, unvisited, diagnostics };
    let config = run.config("", None);
    let children = run.section("", &config, options.nav_span, 0);
    run.entries(&children)
}

impl Run<'_> {
    /// Reads a folder's file, where it has one; what it does not say comes from `above`.
    fn config(&mut self, folder: &str, above: Option<&Config>) -> Config {
        let default = [("@(index.md|README.md)", true), ("*", true)];
        let nowhere = Span::at_start(self.docs.join(&url::join(folder, &self.file_name)));
        let mut config = match above {
            Some(above) => above.clone(),
            None => Config {
                title: None,
                hide: false,
                nav: Vec::new(),
                flatten: false,
                keep_names: false,
                index_title: false,
                append: false,
                sort: Sort {
                    by: By::Path,
                    descending: false,
                    natural: true,
                    sections: Place::Last,
                    ignore_case: false,
                },
                ignore: Vec::new(),
            },
        };
        (config.title, config.hide) = (None, false);
        let pattern = |(glob, silent): (&str, bool)| Line::Pattern {
            glob: Spanned::new(glob.to_owned(), nowhere),
            options: None,
            silent,
        };
        config.nav = default.map(pattern).into();
        let Ok(source) = self.world.source(nowhere.file) else { return config };
        let root = match yaml::parse(&Chunk::of(&source)) {
            Ok(parsed) => parsed.root,
            Err(error) => {
                self.diagnostics.push(Diagnostic::new(Code::ConfigSyntax, error.span, error.message));
                return config;
            }
        };
        self.read(&root, folder, &mut config, true);
        if config.append {
            config.nav.push(pattern(("*", true)));
        }
        if folder.is_empty() {
            for key in ["title", "hide"] {
                if let Some(node) = root.get(key).filter(|node| !node.is_null()) {
                    let message = format!("`{key}` has no effect in the `{}` file of the root", self.file_name);
                    self.diagnostics.push(Diagnostic::new(Code::PagesFile, node.span, message));
                }
            }
        }
        config
    }

    /// Reads the keys of a file, or of a pattern with options.
    fn read(&mut self, root: &yaml::Node, folder: &str, config: &mut Config, is_file: bool) {
        const OWN: &[&str] = &["title", "hide", "nav", "use_index_title"];
        const SHARED: &[&str] =
            &["sort", "ignore", "flatten_single_child_sections", "preserve_directory_names", "append_unmatched"];
        if root.is_null() {
            return;
        }
        let Some(entries) = root.as_map() else {
            self.diagnostics.push(bad(root, "this file", "a mapping"));
            return;
        };
        for (key, value) in entries {
            let Some(name) = key.as_str() else { continue };
            if value.is_null() {
                continue;
            }
            match name {
                "title" if is_file => config.title = value.scalar_text().filter(|title| !title.is_empty()),
                "hide" if is_file => config.hide = self.flag(name, value).unwrap_or(false),
                "use_index_title" if is_file => {
                    config.index_title = self.flag(name, value).unwrap_or(config.index_title);
                }
                "nav" if is_file => match value.as_seq() {
                    Some(items) => config.nav = self.lines(items, 0),
                    None => self.diagnostics.push(bad(value, "`nav`", "a list")),
                },
                "flatten_single_child_sections" => config.flatten = self.flag(name, value).unwrap_or(config.flatten),
                "preserve_directory_names" => config.keep_names = self.flag(name, value).unwrap_or(config.keep_names),
                "append_unmatched" => config.append = self.flag(name, value).unwrap_or(config.append),
                "sort" => self.sort(value, &mut config.sort),
                "ignore" => {
                    let one = std::slice::from_ref(value);
                    let inherited = std::mem::take(&mut config.ignore);
                    for item in value.as_seq().unwrap_or(one) {
                        match item.as_str() {
                            Some("$inherit") => config.ignore.extend(inherited.iter().cloned()),
                            Some(pattern) => {
                                let absolute = match pattern.strip_prefix('/') {
                                    Some(rest) => url::join(folder, rest),
                                    None => url::join(folder, &format!("**/{pattern}")),
                                };
                                let glob = self.glob(&absolute, item.span);
                                config.ignore.push(glob);
                            }
                            None => self.diagnostics.push(bad(item, "`ignore`", "a pattern or a list of patterns")),
                        }
                    }
                }
                "glob" | "ignore_no_matches" if !is_file => {}
                _ => {
                    let known: Vec<&str> = if is_file { [OWN, SHARED].concat() } else { SHARED.to_vec() };
                    let message = format!("there is no key `{name}` here");
                    let mut diagnostic = Diagnostic::new(Code::PagesFile, key.span, message);
                    if let Some(near) = nearest(name, known) {
                        diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
                    }
                    self.diagnostics.push(diagnostic);
                }
            }
        }
    }

    fn flag(&mut self, name: &str, node: &yaml::Node) -> Option<bool> {
        let flag = node.as_bool();
        if flag.is_none() {
            self.diagnostics.push(bad(node, &format!("`{name}`"), "true or false"));
        }
        flag
    }

    fn sort(&mut self, node: &yaml::Node, sort: &mut Sort) {
        for (key, value) in node.as_map().unwrap_or_default() {
            match (key.as_str().unwrap_or_default(), value.as_str().unwrap_or_default(), value.as_bool()) {
                ("by", "path", _) => sort.by = By::Path,
                ("by", "filename", _) => sort.by = By::FileName,
                ("by", "title", _) => sort.by = By::Title,
                ("direction", word @ ("asc" | "desc"), _) => sort.descending = word == "desc",
                ("type", word @ ("natural" | "alphabetical"), _) => sort.natural = word == "natural",
                ("sections", "first", _) => sort.sections = Place::First,
                ("sections", "last", _) => sort.sections = Place::Last,
                ("sections", "mixed", _) => sort.sections = Place::Mixed,
                ("ignore_case", _, Some(flag)) => sort.ignore_case = flag,
                _ => self.diagnostics.push(
                    Diagnostic::new(Code::PagesFile, key.span.to(value.span), "`sort` cannot hold this")
                        .note("it has `by` (`path`, `filename`, `title`), `direction` (`asc`, `desc`), `type` (`natural`, `alphabetical`), `sections` (`first`, `last`, `mixed`) and `ignore_case`"),
                ),
            }
        }
    }

    fn lines(&mut self, items: &[yaml::Node], depth: usize) -> Vec<Line> {
        let mut out = Vec::new();
        for item in items {
            if let Some(name) = item.spanned_str().filter(|name| !name.value.is_empty()) {
                out.push(Line::Name(name));
                continue;
            }
            if let Some(glob) = item.get("glob").and_then(yaml::Node::spanned_str) {
                let silent = item.get("ignore_no_matches").and_then(yaml::Node::as_bool).unwrap_or(false);
                out.push(Line::Pattern { glob, options: Some(item.clone()), silent });
                continue;
            }
            let pair = item.as_map().filter(|pairs| pairs.len() == 1).map(|pairs| &pairs[0]);
            let title = pair.and_then(|(title, _)| title.spanned_str());
            match (title, pair.map(|(_, value)| (value.spanned_str(), value.as_seq()))) {
                (Some(title), Some((Some(name), _))) => out.push(Line::Titled(title, name)),
                (Some(title), Some((None, Some(items)))) if depth < MAX_DEPTH => {
                    let lines = self.lines(items, depth + 1);
                    out.push(Line::Group(title, lines));
                }
                _ => self.diagnostics.push(bad(
                    item,
                    "an entry",
                    "a name, a pattern, or a title with one of them or a list",
                )),
            }
        }
        out
    }

    fn section(&mut self, folder: &str, config: &Config, span: Span, depth: usize) -> Vec<Slot> {
        if depth > MAX_DEPTH {
            return Vec::new();
        }
        let mut slots: Vec<Slot> = config.nav.iter().map(|line| self.slot(line, folder, config, span)).collect();
        self.resolve(&mut slots, depth);
        slots
    }

    fn slot(&mut self, line: &Line, folder: &str, config: &Config, place: Span) -> Slot {
        match line {
            Line::Name(name) => self.named(&name.value, name.span, None, folder, config).unwrap_or(Slot::Pattern {
                glob: name.value.clone(),
                folder: folder.to_owned(),
                config: Box::new(config.clone()),
                silent: false,
                span: name.span,
            }),
            Line::Titled(title, name) => self
                .named(&name.value, name.span, Some(title), folder, config)
                .unwrap_or(Slot::Link { title: title.clone(), url: name.clone() }),
            Line::Group(title, lines) => Slot::Section(Group {
                title: title.value.clone(),
                path: folder.to_owned(),
                span: title.span,
                children: lines.iter().map(|line| self.slot(line, folder, config, place)).collect(),
            }),
            Line::Pattern { glob, options, silent } => {
                let mut local = config.clone();
                if let Some(options) = options {
                    self.read(options, folder, &mut local, false);
                }
                let span = if glob.span.file.as_str().is_empty() { place } else { glob.span };
                Slot::Pattern {
                    glob: glob.value.clone(),
                    folder: folder.to_owned(),
                    config: Box::new(local),
                    silent: *silent,
                    span,
                }
            }
        }
    }

    fn named(
        &mut self,
        name: &str,
        span: Span,
        title: Option<&Spanned<String>>,
        folder: &str,
        config: &Config,
    ) -> Option<Slot> {
        let uri = url::normpath(&url::join(folder, name));
        let is_page = |file: &&crate::site::files::FileRoute| {
            file.kind == FileKind::Page && file.inclusion == Inclusion::Included
        };
        if self.files.by_uri(&uri).filter(is_page).is_some() {
            return Some(Slot::Page { uri, title: title.cloned(), span });
        }
        self.folders.contains(&uri).then(|| {
            let own = self.config(&uri, Some(config));
            let title = title.map(|title| title.value.clone());
            Slot::Folder { folder: uri, title, config: Box::new(own), span }
        })
    }

    /// Fills slots in their turn: pages, folders from the deepest, patterns.
    fn resolve(&mut self, slots: &mut [Slot], depth: usize) {
        let mut turns: Vec<Turn> = Vec::new();
        queue(slots, &mut Vec::new(), &mut turns);
        turns.sort_by_key(|(turn, _)| *turn);
        for (_, way) in turns {
            let slot = slot_at(slots, &way);
            let filled = match std::mem::replace(slot, Slot::Many(Vec::new())) {
                Slot::Page { uri, title, span } => {
                    self.unvisited.remove(&uri);
                    Slot::Page { uri, title, span }
                }
                Slot::Folder { folder, title, config, span } => self.folder(folder, title, &config, span, depth),
                Slot::Pattern { glob, folder, config, silent, span } => {
                    self.pattern(&glob, &folder, &config, silent, span, depth)
                }
                other => other,
            };
            *slot_at(slots, &way) = filled;
        }
    }

    fn folder(&mut self, folder: String, title: Option<String>, config: &Config, span: Span, depth: usize) -> Slot {
        self.unvisited.remove(&format!("{folder}/"));
        let name = folder.rsplit('/').next().unwrap_or_default();
        let index_title = || {
            let path = self.files.by_uri(&url::join(&folder, "index.md"))?.path;
            self.metas.get(&path)?.get("title")?.scalar_text().filter(|title| !title.is_empty())
        };
        let title = title.or_else(|| config.title.clone()).unwrap_or_else(|| match config.keep_names {
            true => name.to_owned(),
            false => config.index_title.then(index_title).flatten().unwrap_or_else(|| title_from_name(name)),
        });
        let mut children = flattened(self.section(&folder, config, span, depth + 1));
        match children.len() {
            0 => Slot::Many(Vec::new()),
            1 if config.flatten && matches!(children[0], Slot::Page { .. } | Slot::Section(_)) => children.remove(0),
            _ => Slot::Section(Group { title, path: folder, span, children }),
        }
    }

    fn pattern(&mut self, glob: &str, folder: &str, config: &Config, silent: bool, span: Span, depth: usize) -> Slot {
        let absolute = url::join(folder, glob);
        let matcher = self.glob(&absolute, span);
        let hits: Vec<String> = self
            .unvisited
            .iter()
            .filter(|path| matcher.matches(path) && !config.ignore.iter().any(|ignore| ignore.matches(path)))
            .cloned()
            .collect();
        let mut slots = Vec::new();
        for hit in &hits {
            match hit.strip_suffix('/') {
                Some(folder) => {
                    let own = self.config(folder, Some(config));
                    if !own.hide {
                        let (folder, config) = (folder.to_owned(), Box::new(own));
                        slots.push(Slot::Folder { folder, title: None, config, span });
                    }
                }
                None => slots.push(Slot::Page { uri: hit.clone(), title: None, span }),
            }
        }
        if hits.is_empty() && !silent && !self.quiet {
            self.diagnostics.push(
                Diagnostic::new(Code::PagesEntryNotFound, span, format!("`{glob}` matches no page and no folder"))
                    .note("what other lines name is not matched again"),
            );
        }
        self.resolve(&mut slots, depth);
        let mut items = flattened(slots);
        self.sort_slots(&mut items, &config.sort);
        Slot::Many(items)
    }

    fn sort_slots(&self, items: &mut [Slot], sort: &Sort) {
        let path = |slot: &Slot| match slot {
            Slot::Page { uri, .. } => uri.clone(),
            Slot::Section(group) => group.path.clone(),
            _ => String::new(),
        };
        let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let keys = |slot: &Slot| {
            let path = path(slot);
            let title = match slot {
                Slot::Section(group) => group.title.clone(),
                _ => self.files.by_uri(&path).map(|file| file.path).map_or(name(&path), |file| {
                    let own = self.metas.get(&file).and_then(|meta| meta.get("title")?.scalar_text());
                    own.unwrap_or_else(|| name(&path))
                }),
            };
            match sort.by {
                By::Path => vec![path],
                By::FileName => vec![name(&path), path],
                By::Title => vec![title, name(&path), path],
            }
        };
        let key = |slot: &Slot| -> Vec<(Vec<NaturalKey>, String)> {
            let fold = |text: String| if sort.ignore_case { text.to_lowercase() } else { text };
            let natural = |text: &str| {
                if !sort.natural {
                    return Vec::new();
                }
                let parts: Vec<String> = if sort.by == By::Title { vec![text.to_owned()] } else { path_parts(text) };
                parts.iter().map(|part| NaturalKey::new(&grouped(part))).collect()
            };
            keys(slot).into_iter().map(fold).map(|text| (natural(&text), text)).collect()
        };
        if sort.descending {
            items.sort_by_cached_key(|slot| std::cmp::Reverse(key(slot)));
        } else {
            items.sort_by_cached_key(key);
        }
        let is_section = |slot: &Slot| matches!(slot, Slot::Section(_));
        match sort.sections {
            Place::Mixed => {}
            Place::Last => items.sort_by_key(is_section),
            Place::First => items.sort_by_key(|slot| !is_section(slot)),
        }
    }

    /// Reads a glob; reports what of `wcmatch`'s extended forms is not supported.
    fn glob(&mut self, pattern: &str, span: Span) -> Glob {
        if ["+(", "*("].iter().any(|mark| pattern.contains(mark)) {
            self.diagnostics.push(
                Diagnostic::new(Code::PagesFile, span, format!("opsbook cannot read the pattern `{pattern}`"))
                    .note("of the extended forms it has `@(a|b)`, `?(a|b)` and `!(a|b)`"),
            );
        }
        let only_folders = pattern.ends_with('/');
        let pattern = pattern.trim_end_matches('/');
        let (any, but) = match pattern.find("!(") {
            Some(at) => {
                let end = pattern[at..].find(')').map_or(pattern.len(), |end| at + end + 1);
                let all = format!("{}*{}", &pattern[..at], &pattern[end..]);
                let not = format!("{}@({}", &pattern[..at], &pattern[at + 2..]);
                (written_out(&all), written_out(&not))
            }
            None => (written_out(pattern), Vec::new()),
        };
        let read = |patterns: Vec<String>| patterns.iter().map(|pattern| Pattern::path_glob(pattern)).collect();
        Glob { any: read(any), but: read(but), only_folders }
    }

    fn entries(&self, slots: &[Slot]) -> Vec<NavEntry> {
        let mut out = Vec::new();
        for slot in slots {
            match slot {
                Slot::Page { uri, title, span } => out.push(NavEntry::Target {
                    title: title.clone().filter(|title| !title.value.is_empty()),
                    target: Spanned::new(uri.clone(), *span),
                }),
                Slot::Link { title, url } => {
                    out.push(NavEntry::Target { title: Some(title.clone()), target: url.clone() });
                }
                Slot::Section(group) => out.push(NavEntry::Section {
                    title: Spanned::new(group.title.clone(), group.span),
                    children: self.entries(&group.children),
                }),
                Slot::Many(slots) => out.extend(self.entries(slots)),
                Slot::Folder { .. } | Slot::Pattern { .. } => {}
            }
        }
        out
    }
}

impl Glob {
    fn matches(&self, path: &str) -> bool {
        let bare = path.trim_end_matches('/');
        (!self.only_folders || path.ends_with('/'))
            && self.any.iter().any(|pattern| pattern.matches(bare))
            && !self.but.iter().any(|pattern| pattern.matches(bare))
    }
}

/// Writes `@(a|b)` and `?(a|b)` out, the first of them first; no more than a few hundred patterns.
fn written_out(pattern: &str) -> Vec<String> {
    let mut done = Vec::new();
    let mut pending = vec![pattern.to_owned()];
    while let Some(pattern) = pending.pop() {
        let open = ["@(", "?("].iter().filter_map(|mark| pattern.find(mark)).min();
        let Some((open, close)) = open.and_then(|open| Some((open, open + pattern[open..].find(')')?))) else {
            done.push(pattern);
            continue;
        };
        if done.len() + pending.len() > 256 {
            continue;
        }
        let mut words: Vec<&str> = pattern[open + 2..close].split('|').collect();
        if pattern[open..].starts_with('?') {
            words.push("");
        }
        for word in words {
            pending.push(format!("{}{word}{}", &pattern[..open], &pattern[close + 1..]));
        }
    }
    done
}

/// When a slot is filled, and the way to it.
type Turn = ((u8, i64, usize), Vec<usize>);

/// The turns of slots: which kind, how deep, where among its neighbours; and the way to each.
fn queue(slots: &[Slot], way: &mut Vec<usize>, turns: &mut Vec<Turn>) {
    for (index, slot) in slots.iter().enumerate() {
        way.push(index);
        match slot {
            Slot::Page { .. } => turns.push(((1, 0, index), way.clone())),
            Slot::Folder { folder, .. } => {
                turns.push(((2, -(folder.split('/').count() as i64), index), way.clone()));
            }
            Slot::Pattern { .. } => turns.push(((3, 0, index), way.clone())),
            Slot::Section(group) => queue(&group.children, way, turns),
            Slot::Link { .. } | Slot::Many(_) => {}
        }
        way.pop();
    }
}

fn slot_at<'s>(slots: &'s mut [Slot], way: &[usize]) -> &'s mut Slot {
    let (first, rest) = way.split_first().expect("a way has a step");
    match (&mut slots[*first], rest) {
        (slot, []) => slot,
        (Slot::Section(group), rest) => slot_at(&mut group.children, rest),
        _ => unreachable!("a way leads through sections only"),
    }
}

/// Puts what patterns found in their place.
fn flattened(slots: Vec<Slot>) -> Vec<Slot> {
    let mut out = Vec::new();
    for slot in slots {
        match slot {
            Slot::Many(slots) => out.extend(flattened(slots)),
            Slot::Section(group) => {
                out.push(Slot::Section(Group { children: flattened(group.children), ..group }));
            }
            other => out.push(other),
        }
    }
    out
}

/// The parts that `natsort` cuts a path into: its folders, the stem, the extension.
fn path_parts(path: &str) -> Vec<String> {
    let (stem, extension) = url::splitext(path);
    let mut parts: Vec<String> = stem.split('/').map(str::to_owned).collect();
    if !extension.is_empty() {
        parts.push(extension.to_owned());
    }
    parts
}

/// `natsort`'s grouping of letters: `a` and `A` lie side by side, the capital first.
fn grouped(text: &str) -> String {
    text.chars()
        .flat_map(|ch| {
            let both = !ch.is_ascii_digit();
            ch.to_lowercase().filter(move |_| both).chain(std::iter::once(ch))
        })
        .collect()
}

fn bad(node: &yaml::Node, what: &str, wanted: &str) -> Diagnostic {
    Diagnostic::new(Code::PagesFile, node.span, format!("{what} must be {wanted}, not {}", node.kind_name()))
}
