//! `awesome-pages`: order, titles and visibility from a `.pages` file in each folder
//! (mkdocs-awesome-pages-plugin 2.10).
//!
//! The file's keys: `title`, `hide`, `nav` (with `...` for the rest), `arrange`, `order`,
//! `sort_type`, `order_by`, `ignore_case`, `collapse`, `collapse_single_pages`. `nav` of the
//! configuration may hold `...` too.

use super::event::{Plugin, Reading};
use super::settings::{PluginSettings, Settings};
use crate::diag::{Code, Diagnostic, Diagnostics, nearest};
use crate::site::files::Files;
use crate::site::nav::{self, Item, MAX_DEPTH, Section};
use crate::site::url;
use crate::site::{Nav, NavEntry, SiteOptions};
use crate::text::glob::Pattern;
use crate::text::{Chunk, NaturalKey, SitePath, Spanned, World, yaml};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};

/// Asks for the title that a page will have before the navigation says anything.
type TitleOf<'a> = &'a dyn Fn(SitePath) -> String;

/// What the plugin's options or a `.pages` file say about order.
#[derive(Clone, Debug, Default)]
struct Order {
    descending: Option<bool>,
    natural: bool,
    by_title: Option<bool>,
    ignore_case: bool,
}

/// A `.pages` file.
#[derive(Clone, Debug, Default)]
struct Meta {
    /// The file's path from the folder of the pages; `None` where the pages lie in several folders.
    uri: Option<String>,
    title: Option<Spanned<String>>,
    nav: Option<Vec<Line>>,
    collapse: Option<bool>,
    collapse_single_pages: Option<bool>,
    hide: Option<Spanned<bool>>,
    order: Order,
}

/// A line of `nav` in a `.pages` file.
#[derive(Clone, Debug)]
enum Line {
    Rest(Rest),
    Name { title: Option<String>, name: Spanned<String> },
    Group { title: Spanned<String>, lines: Vec<Line> },
}

/// `...`: what no other line names.
#[derive(Clone, Debug)]
struct Rest {
    text: String,
    flat: bool,
    filter: Filter,
}

#[derive(Clone, Debug)]
enum Filter {
    All,
    Glob(Pattern),
    Regex(Regex),
}

impl Rest {
    /// Reads `...`, `... | flat`, `... | glob=*.md`, `... | regex=^a`, `... | *.md`.
    fn read(text: &Spanned<String>, diagnostics: &mut Diagnostics) -> Option<Rest> {
        let mut rest = text.value.strip_prefix("...")?.trim_start();
        let mut flat = false;
        if let Some(after) = rest.strip_prefix('|').map(str::trim_start)
            && let Some(after) = after.strip_prefix("flat")
        {
            flat = true;
            rest = after.trim_start();
        }
        let filter = match rest.strip_prefix('|').map(str::trim_start) {
            None => Filter::All,
            Some(pattern) => match pattern.strip_prefix("regex=") {
                Some(pattern) => match Regex::new(pattern) {
                    Ok(regex) => Filter::Regex(regex),
                    Err(_) => {
                        diagnostics.push(Diagnostic::new(
                            Code::PluginBadOption,
                            text.span,
                            format!("`{pattern}` is not a regular expression that opsbook can read"),
                        ));
                        Filter::Glob(Pattern::path_glob("/"))
                    }
                },
                None => Filter::Glob(Pattern::path_glob(pattern.strip_prefix("glob=").unwrap_or(pattern))),
            },
        };
        Some(Rest { text: text.value.clone(), flat, filter })
    }

    fn matches(&self, path: &str) -> bool {
        match &self.filter {
            Filter::All => true,
            Filter::Glob(pattern) => pattern.matches(path),
            Filter::Regex(regex) => regex.is_match(path),
        }
    }
}

/// Which of several `...` takes an item: those with a pattern first, in order; then the plain one.
fn taker(rests: &[Rest], path: &str) -> Option<usize> {
    let plain = |rest: &Rest| matches!(rest.filter, Filter::All);
    let patterned = rests.iter().position(|rest| !plain(rest) && rest.matches(path));
    patterned.or_else(|| rests.iter().rposition(plain))
}

/// Everything one run of the plugin needs.
struct Run<'a> {
    files: &'a Files,
    options: &'a SiteOptions,
    world: &'a dyn World,
    title_of: TitleOf<'a>,
    file_name: String,
    strict: bool,
    order: Order,
    titles: BTreeMap<SitePath, Option<String>>,
    diagnostics: &'a mut Diagnostics,
}

/// The plugin's options, as written.
#[derive(Debug)]
struct AwesomePages(PluginSettings);

pub(super) fn read(reading: &mut Reading<'_>) -> Option<Box<dyn Plugin>> {
    Some(Box::new(AwesomePages(reading.plugin.clone())))
}

impl Plugin for AwesomePages {
    fn on_nav(&self, nav: &mut Nav<'_>) {
        apply(&self.0, nav);
    }
}

/// Makes the navigation of the entries, which may hold `...`, and of the `.pages` files.
fn apply(plugin: &PluginSettings, nav: &mut Nav<'_>) {
    let Nav { files, options, world, title_of, .. } = *nav;
    let (written, diagnostics) = (nav.entries.as_deref(), &mut *nav.diagnostics);
    let known = ["filename", "collapse_single_pages", "strict", "order", "sort_type", "order_by", "ignore_case"];
    let mut settings = Settings::open(plugin, &known, diagnostics);
    let file_name = settings.text("filename").map_or(".pages".to_owned(), |name| name.value);
    let collapse = settings.flag("collapse_single_pages", false);
    let strict = settings.flag("strict", true);
    let order = Order {
        descending: settings.node("order").map(|_| settings.choice("order", &["asc", "desc"], "asc") == "desc"),
        natural: settings.node("sort_type").is_some()
            && settings.choice("sort_type", &["natural"], "natural") == "natural",
        by_title: settings
            .node("order_by")
            .map(|_| settings.choice("order_by", &["filename", "title"], "filename") == "title"),
        ignore_case: settings.flag("ignore_case", false),
    };

    let mut rests = Vec::new();
    if let Some(entries) = written {
        find_rests(entries, &mut rests, diagnostics, 0);
    }
    let mut draft = match written {
        Some(entries) if rests.is_empty() => nav::read_nav(entries, files, options, diagnostics),
        Some(entries) => nav::read_nav(&without_rests(entries, 0), files, options, diagnostics),
        None => nav::nav_of_folders(files),
    };
    if written.is_some() {
        mark_explicit(&mut draft.items);
    }
    let has_rests = !rests.is_empty();
    if has_rests {
        let named: BTreeSet<SitePath> = draft.titles.keys().copied().collect();
        let folders = nav::nav_of_folders(files);
        let mut blocks = rest_blocks(&folders.items, &named, &rests, files);
        for (path, title) in folders.titles {
            draft.titles.entry(path).or_insert(title);
        }
        insert_rests(&mut draft.items, &rests, &mut blocks);
    }
    // A hidden page keeps its neighbours from here.
    let before = if has_rests { nav::nav_of_folders(files).pages() } else { draft.pages() };
    let reaches_all = has_rests || written.is_none();
    let titles = std::mem::take(&mut draft.titles);
    let mut run = Run { files, options, world, title_of, file_name, strict, order, titles, diagnostics };
    let root = run.meta_of(&draft.items);
    for (key, span) in [("title", root.title.as_ref().map(|t| t.span)), ("hide", root.hide.as_ref().map(|h| h.span))] {
        if let Some(span) = span {
            run.diagnostics.push(Diagnostic::new(
                Code::PagesFile,
                span,
                format!("`{key}` has no effect in the `{}` file of the root", run.file_name),
            ));
        }
    }
    draft.items = run.children(draft.items, collapse, &root, 0);
    draft.titles = run.titles;
    (nav.reaches_all, nav.before) = (reaches_all, before);
    nav.set_draft(draft);
}

/// Sections that the configuration names stay, whatever a `.pages` file says.
fn mark_explicit(items: &mut [Item]) {
    for item in items {
        if let Item::Section(section) = item {
            section.is_explicit = true;
            mark_explicit(&mut section.children);
        }
    }
}

fn rest_of(entry: &NavEntry, diagnostics: &mut Diagnostics) -> Option<Rest> {
    match entry {
        NavEntry::Target { title: None, target } => Rest::read(target, diagnostics),
        NavEntry::Target { .. } | NavEntry::Section { .. } => None,
    }
}

fn find_rests(entries: &[NavEntry], rests: &mut Vec<Rest>, diagnostics: &mut Diagnostics, depth: usize) {
    for entry in entries {
        if let Some(rest) = rest_of(entry, diagnostics) {
            if rests.iter().any(|known| known.text == rest.text)
                && let NavEntry::Target { target, .. } = entry
            {
                diagnostics.push(duplicate_rest(target));
            } else {
                rests.push(rest);
            }
        } else if let NavEntry::Section { children, .. } = entry
            && depth < MAX_DEPTH
        {
            find_rests(children, rests, diagnostics, depth + 1);
        }
    }
}

fn duplicate_rest(text: &Spanned<String>) -> Diagnostic {
    Diagnostic::new(Code::PagesFile, text.span, format!("`{}` stands here a second time", text.value))
        .note("only one place can take the remaining pages")
}

/// Replaces `...` by a link that no file can have, so that the place is found again.
fn without_rests(entries: &[NavEntry], depth: usize) -> Vec<NavEntry> {
    if depth == MAX_DEPTH {
        return Vec::new();
    }
    let marked = |entry: &NavEntry| match entry {
        NavEntry::Target { title: None, target } if target.value.starts_with("...") => NavEntry::Target {
            title: Some(target.clone()),
            target: Spanned::new(format!("{REST_MARK}{}", target.value), target.span),
        },
        NavEntry::Target { .. } => entry.clone(),
        NavEntry::Section { title, children } => {
            NavEntry::Section { title: title.clone(), children: without_rests(children, depth + 1) }
        }
    };
    entries.iter().map(marked).collect()
}

/// A scheme, so that the mark is taken for an address.
const REST_MARK: &str = "opsbook-rest:";

/// Shares the pages that the configuration does not name among the `...`; folders stay sections.
fn rest_blocks(items: &[Item], named: &BTreeSet<SitePath>, rests: &[Rest], files: &Files) -> Vec<Vec<Item>> {
    let mut blocks = vec![Vec::new(); rests.len()];
    for item in items {
        match item {
            Item::Page { path, .. } if !named.contains(path) => {
                let uri = files.by_path(*path).map_or("", |file| file.uri.as_str());
                if let Some(taker) = taker(rests, uri) {
                    blocks[taker].push(item.clone());
                }
            }
            Item::Page { .. } | Item::Link { .. } => {}
            Item::Section(section) => {
                let below = rest_blocks(&section.children, named, rests, files);
                for (index, children) in below.into_iter().enumerate().filter(|(_, children)| !children.is_empty()) {
                    if rests[index].flat {
                        blocks[index].extend(children);
                    } else {
                        blocks[index].push(Item::Section(Section { children, ..section.clone() }));
                    }
                }
            }
        }
    }
    blocks
}

fn insert_rests(items: &mut Vec<Item>, rests: &[Rest], blocks: &mut [Vec<Item>]) {
    let mut out = Vec::new();
    for mut item in items.drain(..) {
        match &mut item {
            Item::Link { url, .. } if url.starts_with(REST_MARK) => {
                if let Some(index) = rests.iter().position(|rest| rest.text == url[REST_MARK.len()..]) {
                    out.append(&mut blocks[index]);
                }
                continue;
            }
            Item::Section(section) => insert_rests(&mut section.children, rests, blocks),
            Item::Page { .. } | Item::Link { .. } => {}
        }
        out.push(item);
    }
    *items = out;
}

impl Run<'_> {
    fn children(&mut self, mut items: Vec<Item>, collapse: bool, meta: &Meta, depth: usize) -> Vec<Item> {
        let metas = self.metas(&items);
        let mut pairs: Vec<(Item, Option<Meta>)> = items.drain(..).zip(metas).collect();
        self.sort(&mut pairs, meta);
        let pairs = match &meta.nav {
            Some(lines) => self.arrange(pairs, lines),
            None => pairs,
        };
        self.child_sections(pairs, collapse, depth)
    }

    fn child_sections(&mut self, pairs: Vec<(Item, Option<Meta>)>, collapse: bool, depth: usize) -> Vec<Item> {
        let mut out = Vec::new();
        for (item, meta) in pairs {
            match (item, meta) {
                (Item::Section(_), _) if depth == MAX_DEPTH => {}
                (Item::Section(section), Some(meta)) => out.extend(self.section(section, &meta, collapse, depth)),
                (Item::Section(mut section), None) => {
                    // A group that a `.pages` file makes; its members keep the order given there.
                    let metas = self.metas(&section.children);
                    let pairs = section.children.drain(..).zip(metas).collect();
                    section.children = self.child_sections(pairs, collapse, depth + 1);
                    out.push(Item::Section(section));
                }
                (item, _) => out.push(item),
            }
        }
        out
    }

    fn section(&mut self, mut section: Section, meta: &Meta, collapse: bool, depth: usize) -> Option<Item> {
        if meta.hide.as_ref().is_some_and(|hide| hide.value) {
            return None;
        }
        let collapse = meta.collapse_single_pages.unwrap_or(collapse);
        if let Some(title) = &meta.title {
            section.title.clone_from(&title.value);
        }
        let children = std::mem::take(&mut section.children);
        section.children = self.children(children, collapse, meta, depth + 1);
        if section.is_explicit {
            return Some(Item::Section(section));
        }
        if section.children.len() == 1 && meta.collapse.unwrap_or(collapse) {
            return section.children.pop();
        }
        (!section.children.is_empty()).then_some(Item::Section(section))
    }

    fn sort(&mut self, pairs: &mut [(Item, Option<Meta>)], meta: &Meta) {
        let order = &meta.order;
        let descending = order.descending.or(self.order.descending);
        let by_title = order.by_title.or(self.order.by_title);
        let natural = order.natural || self.order.natural;
        if pairs.len() < 2 || (descending.is_none() && by_title.is_none() && !natural) {
            return;
        }
        let ignore_case = order.ignore_case || self.order.ignore_case;
        let key = |(item, meta): &(Item, Option<Meta>)| {
            let text =
                if by_title == Some(true) { self.title(item, meta.as_ref()) } else { self.name(item, meta.as_ref()) };
            let text = if ignore_case { text.to_lowercase() } else { text };
            (natural.then(|| NaturalKey::new(&text)), text)
        };
        if descending == Some(true) {
            pairs.sort_by_cached_key(|pair| std::cmp::Reverse(key(pair)));
        } else {
            pairs.sort_by_cached_key(key);
        }
    }

    fn title(&self, item: &Item, meta: Option<&Meta>) -> String {
        match item {
            Item::Section(section) => {
                meta.and_then(|meta| meta.title.as_ref()).map_or(&section.title, |title| &title.value).clone()
            }
            Item::Page { path, .. } => {
                self.titles.get(path).cloned().flatten().unwrap_or_else(|| (self.title_of)(*path))
            }
            Item::Link { title, .. } => title.clone().unwrap_or_default(),
        }
    }

    /// The name that a `.pages` file calls an item by: that of its file or folder.
    fn name(&self, item: &Item, meta: Option<&Meta>) -> String {
        let base = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        match item {
            Item::Page { path, .. } => base(self.files.by_path(*path).map_or("", |file| &file.uri)),
            Item::Section(_) => {
                meta.and_then(|meta| meta.uri.as_deref()).map_or(String::new(), |uri| base(url::dirname(uri)))
            }
            Item::Link { .. } => String::new(),
        }
    }

    fn arrange(&mut self, pairs: Vec<(Item, Option<Meta>)>, lines: &[Line]) -> Vec<(Item, Option<Meta>)> {
        let names: Vec<String> = pairs.iter().map(|(item, meta)| self.name(item, meta.as_ref())).collect();
        let mut used = vec![false; pairs.len()];
        let mut rests = Vec::new();
        self.mark_used(lines, &names, &pairs, &mut used, &mut rests);
        let mut shares: Vec<Vec<usize>> = vec![Vec::new(); rests.len()];
        for index in (0..pairs.len()).filter(|index| !used[*index]) {
            if let Some(taker) = taker(&rests, &names[index]) {
                shares[taker].push(index);
            }
        }
        let mut arranged = Vec::new();
        place(lines, &names, &pairs, &rests, &mut shares, &mut arranged);
        arranged
    }

    fn mark_used(
        &mut self,
        lines: &[Line],
        names: &[String],
        pairs: &[(Item, Option<Meta>)],
        used: &mut [bool],
        rests: &mut Vec<Rest>,
    ) {
        for line in lines {
            match line {
                Line::Rest(rest) => rests.push(rest.clone()),
                Line::Group { lines, .. } => self.mark_used(lines, names, pairs, used, rests),
                Line::Name { title, name } => match names.iter().rposition(|known| *known == name.value) {
                    Some(index) => {
                        used[index] = true;
                        if let (Some(title), Item::Page { path, .. }) = (title, &pairs[index].0) {
                            self.titles.insert(*path, Some(title.clone()));
                        }
                    }
                    None if title.is_some() => {}
                    None => {
                        let severity =
                            if self.strict { crate::diag::Severity::Error } else { crate::diag::Severity::Warning };
                        let mut diagnostic = Diagnostic::new(
                            Code::PagesEntryNotFound,
                            name.span,
                            format!("`{}` is not in this folder", name.value),
                        )
                        .severity(severity)
                        .note("an entry names a file or a folder beside the file that it stands in");
                        if let Some(near) = nearest(&name.value, names.iter().map(String::as_str)) {
                            diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
                        }
                        self.diagnostics.push(diagnostic);
                    }
                },
            }
        }
    }

    /// The `.pages` file of each section; `None` for pages, links, and groups made by such a file.
    fn metas(&mut self, items: &[Item]) -> Vec<Option<Meta>> {
        items
            .iter()
            .map(|item| match item {
                Item::Section(section) if section.is_virtual => None,
                Item::Section(section) if section.is_explicit => Some(Meta::default()),
                Item::Section(section) => Some(self.meta_of(&section.children)),
                Item::Page { .. } | Item::Link { .. } => None,
            })
            .collect()
    }

    /// Reads the `.pages` file of the folder that all of these items lie in.
    fn meta_of(&mut self, items: &[Item]) -> Meta {
        let Some(folder) = self.folder_of(items, 0) else { return Meta::default() };
        let uri = url::join(&folder, &self.file_name);
        let path = self.options.docs_dir.join(&uri);
        let mut meta = Meta { uri: Some(uri), ..Meta::default() };
        if let Ok(source) = self.world.source(path) {
            match yaml::parse(&Chunk::of(&source)) {
                Ok(parsed) => meta.read(&parsed.root, self.diagnostics),
                Err(error) => self.diagnostics.push(Diagnostic::new(Code::ConfigSyntax, error.span, error.message)),
            }
        }
        meta
    }

    fn folder_of(&self, items: &[Item], depth: usize) -> Option<String> {
        if depth == MAX_DEPTH {
            return None;
        }
        let mut folders = items.iter().filter_map(|item| match item {
            Item::Page { path, .. } => Some(url::dirname(&self.files.by_path(*path)?.uri).to_owned()),
            Item::Section(section) if section.is_explicit || section.is_virtual => None,
            Item::Section(section) => {
                self.folder_of(&section.children, depth + 1).map(|folder| url::dirname(&folder).to_owned())
            }
            Item::Link { .. } => None,
        });
        let first = folders.next()?;
        folders.all(|folder| folder == first).then_some(first)
    }
}

/// Puts items where the lines of a `.pages` file want them.
fn place(
    lines: &[Line],
    names: &[String],
    pairs: &[(Item, Option<Meta>)],
    rests: &[Rest],
    shares: &mut [Vec<usize>],
    out: &mut Vec<(Item, Option<Meta>)>,
) {
    for line in lines {
        match line {
            Line::Rest(rest) => {
                if let Some(index) = rests.iter().position(|known| known.text == rest.text) {
                    out.extend(std::mem::take(&mut shares[index]).into_iter().map(|index| pairs[index].clone()));
                }
            }
            Line::Group { title, lines } => {
                let mut members = Vec::new();
                place(lines, names, pairs, rests, shares, &mut members);
                let section = Section {
                    title: title.value.clone(),
                    children: members.into_iter().map(|(item, _)| item).collect(),
                    is_virtual: true,
                    span: Some(title.span),
                    page: None,
                    is_explicit: false,
                };
                out.push((Item::Section(section), None));
            }
            Line::Name { title, name } => match (names.iter().rposition(|known| *known == name.value), title) {
                (Some(index), title) => {
                    let mut pair = pairs[index].clone();
                    if let (Some(title), (Item::Section(section), _)) = (title, &mut pair) {
                        section.title.clone_from(title);
                    }
                    out.push(pair);
                }
                (None, Some(title)) => {
                    let (title, url) = (Some(title.clone()), name.value.clone());
                    out.push((Item::Link { title, url, span: Some(name.span) }, None));
                }
                (None, None) => {}
            },
        }
    }
}

const KEYS: &[&str] = &[
    "title",
    "arrange",
    "nav",
    "collapse",
    "collapse_single_pages",
    "hide",
    "ignore_case",
    "order",
    "sort_type",
    "order_by",
];

impl Meta {
    fn read(&mut self, root: &yaml::Node, diagnostics: &mut Diagnostics) {
        if root.is_null() {
            return;
        }
        let Some(entries) = root.as_map() else {
            diagnostics.push(bad(root, "this file", "a mapping"));
            return;
        };
        for (key, value) in entries {
            let Some(name) = key.as_str() else { continue };
            if value.is_null() && KEYS.contains(&name) {
                continue;
            }
            match name {
                "title" => match value.spanned_str() {
                    Some(title) => self.title = Some(title),
                    None => diagnostics.push(bad(value, "`title`", "text")),
                },
                "nav" | "arrange" => self.read_nav(name, value, diagnostics),
                "collapse" => self.collapse = flag(name, value, diagnostics),
                "collapse_single_pages" => self.collapse_single_pages = flag(name, value, diagnostics),
                "hide" => self.hide = flag(name, value, diagnostics).map(|hide| Spanned::new(hide, value.span)),
                "ignore_case" => self.order.ignore_case = flag(name, value, diagnostics).unwrap_or(false),
                "order" => self.order.descending = word(name, value, ["asc", "desc"], diagnostics),
                "sort_type" => self.order.natural = word(name, value, ["natural", "natural"], diagnostics).is_some(),
                "order_by" => self.order.by_title = word(name, value, ["filename", "title"], diagnostics),
                _ => {
                    let mut diagnostic =
                        Diagnostic::new(Code::PagesFile, key.span, format!("there is no key `{name}` here"));
                    diagnostic = match nearest(name, KEYS.iter().copied()) {
                        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                        None => diagnostic.note(format!("the keys are `{}`", KEYS.join("`, `"))),
                    };
                    diagnostics.push(diagnostic);
                }
            }
        }
    }

    fn read_nav(&mut self, name: &str, value: &yaml::Node, diagnostics: &mut Diagnostics) {
        let Some(items) = value.as_seq() else {
            diagnostics.push(bad(value, &format!("`{name}`"), "a list"));
            return;
        };
        let mut seen = BTreeSet::new();
        let mut lines = read_lines(items, &mut seen, diagnostics, 0);
        if name == "arrange" {
            if self.nav.is_some() {
                return;
            }
            if !seen.contains("...") {
                lines.push(Line::Rest(Rest { text: "...".to_owned(), flat: false, filter: Filter::All }));
            }
        }
        self.nav = Some(lines);
    }
}

fn read_lines(
    items: &[yaml::Node],
    seen: &mut BTreeSet<String>,
    diagnostics: &mut Diagnostics,
    depth: usize,
) -> Vec<Line> {
    let mut lines = Vec::new();
    for item in items {
        if let Some(name) = item.spanned_str() {
            match Rest::read(&name, diagnostics) {
                Some(rest) if seen.insert(rest.text.clone()) => lines.push(Line::Rest(rest)),
                Some(_) => diagnostics.push(duplicate_rest(&name)),
                None => lines.push(Line::Name { title: None, name }),
            }
            continue;
        }
        match item.as_map() {
            Some([(title, value)]) => match (title.spanned_str(), value.spanned_str(), value.as_seq()) {
                (Some(title), Some(name), _) => lines.push(Line::Name { title: Some(title.value), name }),
                (Some(title), None, Some(items)) if depth < MAX_DEPTH => {
                    lines.push(Line::Group { title, lines: read_lines(items, seen, diagnostics, depth + 1) });
                }
                _ => diagnostics.push(bad(item, "an entry", "a name, or a title with a name or a list")),
            },
            _ => diagnostics.push(bad(item, "an entry", "a name, or a title with a name or a list")),
        }
    }
    lines
}

fn bad(node: &yaml::Node, what: &str, wanted: &str) -> Diagnostic {
    Diagnostic::new(Code::PagesFile, node.span, format!("{what} must be {wanted}, not {}", node.kind_name()))
}

fn flag(name: &str, value: &yaml::Node, diagnostics: &mut Diagnostics) -> Option<bool> {
    let flag = value.as_bool();
    if flag.is_none() {
        diagnostics.push(bad(value, &format!("`{name}`"), "true or false"));
    }
    flag
}

/// Tells whether the second of two words is given; `None` for another one.
fn word(name: &str, value: &yaml::Node, words: [&str; 2], diagnostics: &mut Diagnostics) -> Option<bool> {
    match value.as_str() {
        Some(text) if words.contains(&text) => Some(text == words[1]),
        _ => {
            let wanted = if words[0] == words[1] {
                format!("`{}`", words[0])
            } else {
                format!("`{}` or `{}`", words[0], words[1])
            };
            diagnostics.push(bad(value, &format!("`{name}`"), &wanted));
            None
        }
    }
}
