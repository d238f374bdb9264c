//! `literate-nav`: the navigation as a Markdown list in `SUMMARY.md` (mkdocs-literate-nav 0.6).
//!
//! The last list of the file counts, or the first one after `<!--nav-->`. A link is a page, a link
//! that ends in `/` a folder, text with a list below it a section, text with `*` all pages and
//! folders that match and that no other line names.

use super::event::{Plugin, Reading};
use super::settings::{PluginSettings, Settings};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::markdown::{self, Dialect, Element, ExtensionUse, Node, plain_text};
use crate::site::files::{FileKind, Files, title_from_name};
use crate::site::nav::MAX_DEPTH;
use crate::site::url;
use crate::site::{Nav, NavEntry, SiteOptions};
use crate::text::glob::Pattern;
use crate::text::{SitePath, Span, Spanned, World, yaml};
use std::collections::{BTreeMap, BTreeSet};

/// The plugin's options, as written.
#[derive(Debug)]
struct LiterateNav(PluginSettings);

pub(super) fn read(reading: &mut Reading<'_>) -> Option<Box<dyn Plugin>> {
    Some(Box::new(LiterateNav(reading.plugin.clone())))
}

impl Plugin for LiterateNav {
    fn on_nav(&self, nav: &mut Nav<'_>) {
        apply(&self.0, nav);
    }
}

/// A line before its wildcards are filled in.
#[derive(Clone, Debug)]
struct Line {
    title: Option<Spanned<String>>,
    content: Content,
    span: Span,
}

#[derive(Clone, Debug)]
enum Content {
    /// A path from the folder of the pages, or an address.
    Path(String),
    /// A section.
    Lines(Vec<Line>),
    /// All that match; where nothing does, the text itself.
    Wildcard { pattern: String, fallback: Option<String> },
    /// A folder's own navigation.
    Folder { folder: String, fallback: String },
}

struct Reader<'a> {
    files: &'a Files,
    options: &'a SiteOptions,
    world: &'a dyn World,
    dialect: Dialect,
    nav_file: String,
    implicit_index: bool,
    /// Pages, then folders, in the order in which wildcards yield them.
    pages: Vec<String>,
    folders: Vec<String>,
    index_of: BTreeMap<String, String>,
    seen: BTreeSet<String>,
    nav_files: BTreeSet<SitePath>,
    diagnostics: &'a mut Diagnostics,
}

/// Puts the lists in the place of `nav` of the configuration, in which wildcards and folders are filled
/// in where the root has no list. Nobody misses the files of the lists in the navigation.
fn apply(plugin: &PluginSettings, nav: &mut Nav<'_>) {
    let Nav { files, options, world, .. } = *nav;
    let (written, diagnostics) = (nav.entries.as_deref(), &mut *nav.diagnostics);
    let known = ["nav_file", "implicit_index", "markdown_extensions", "tab_length"];
    let mut settings = Settings::open(plugin, &known, diagnostics);
    let nav_file = settings.text("nav_file").map_or("SUMMARY.md".to_owned(), |name| name.value);
    let implicit_index = settings.flag("implicit_index", false);
    let uses = extension_uses(settings.node("markdown_extensions"));
    if let Some(tab_length) = settings.node("tab_length")
        && tab_length.as_int() != Some(4)
    {
        settings.report(
            Diagnostic::new(
                Code::PluginBadOption,
                tab_length.span,
                "opsbook reads lists with a `tab_length` of 4 only",
            )
            .help("indent the list by four spaces and remove the option"),
        );
    }
    let (dialect, found) = Dialect::mkdocs(&uses);
    diagnostics.append(found);
    let mut reader = Reader {
        files,
        options,
        world,
        dialect,
        nav_file,
        implicit_index,
        pages: Vec::new(),
        folders: Vec::new(),
        index_of: BTreeMap::new(),
        seen: BTreeSet::new(),
        nav_files: BTreeSet::new(),
        diagnostics,
    };
    reader.index_files();
    let mut entries = Vec::new();
    if written.is_none() || reader.list_of(".").is_some() {
        entries = reader.folder_nav(&[".".to_owned()], options.nav_span);
    }
    if entries.is_empty() {
        let lines: Vec<Line> = written.unwrap_or_default().iter().map(|entry| reader.line_of_entry(entry, 0)).collect();
        entries = reader.fill(lines, &[".".to_owned()], 0);
    }
    nav.silent.extend(reader.nav_files);
    nav.entries = Some(entries);
}

fn extension_uses(node: Option<&yaml::Node>) -> Vec<ExtensionUse> {
    let of_pair = |(name, options): &(yaml::Node, yaml::Node)| {
        Some(ExtensionUse { name: name.spanned_str()?, options: Some(options.clone()).filter(|node| !node.is_null()) })
    };
    let Some(node) = node else { return Vec::new() };
    if let Some(pairs) = node.as_map() {
        return pairs.iter().filter_map(of_pair).collect();
    }
    let items = node.as_seq().unwrap_or_default().iter();
    items
        .filter_map(|item| match item.as_map() {
            Some(pairs) => pairs.first().and_then(of_pair),
            None => Some(ExtensionUse { name: item.spanned_str()?, options: None }),
        })
        .collect()
}

impl Reader<'_> {
    fn index_files(&mut self) {
        let mut known = BTreeSet::new();
        for file in self.files.iter().filter(|file| file.kind == FileKind::Page && file.inclusion.is_included()) {
            self.pages.push(file.uri.clone());
            let mut folder = url::dirname(&file.uri);
            if file.name() == "index" {
                self.index_of.insert(folder.to_owned(), file.uri.clone());
            }
            while !folder.is_empty() {
                if known.insert(folder.to_owned()) {
                    self.folders.push(folder.to_owned());
                }
                folder = url::dirname(folder);
            }
        }
    }

    fn is_folder(&self, path: &str) -> bool {
        self.folders.iter().any(|folder| folder == path)
    }

    /// The file that holds a folder's list, where there is one.
    fn list_of(&mut self, folder: &str) -> Option<SitePath> {
        let uri = url::normpath(&url::join(folder, &self.nav_file));
        let path = self.files.by_uri(&uri)?.path;
        self.nav_files.insert(path);
        Some(path)
    }

    /// The navigation of a folder: its list, or else all it holds. The first of `roots` is the
    /// folder, the others those that led to it.
    fn folder_nav(&mut self, roots: &[String], span: Span) -> Vec<NavEntry> {
        let root = roots[0].clone();
        if roots.len() > MAX_DEPTH {
            return Vec::new();
        }
        if let Some(path) = self.list_of(&root)
            && let Ok(source) = self.world.source(path)
        {
            let parsed = markdown::parse(&source, &self.dialect, self.world);
            if let Some(list) = nav_list(&parsed.document.body) {
                let uri = path.below(self.options.docs_dir).unwrap_or_default().to_owned();
                let index = self.index_of.get(root.trim_start_matches('.')).cloned();
                if !(self.implicit_index && index.as_deref() == Some(&uri)) {
                    self.seen.insert(uri);
                }
                let first = index.filter(|_| self.implicit_index).map(|pattern| Line {
                    title: None,
                    content: Content::Wildcard { pattern, fallback: None },
                    span,
                });
                let mut lines: Vec<Line> = first.into_iter().collect();
                lines.extend(self.lines_of_list(list, &root, 0));
                return self.fill(lines, roots, 0);
            }
        }
        let all = Content::Wildcard { pattern: url::normpath(&url::join(&root, "*")), fallback: None };
        self.fill(vec![Line { title: None, content: all, span }], roots, 0)
    }

    fn lines_of_list(&mut self, list: &Element, root: &str, depth: usize) -> Vec<Line> {
        if depth == MAX_DEPTH {
            return Vec::new();
        }
        let items = list.children.iter().filter_map(Node::as_element).filter(|item| item.is(&["li"]));
        items.filter_map(|item| self.line_of_item(item, root, depth)).collect()
    }

    fn line_of_item(&mut self, item: &Element, root: &str, depth: usize) -> Option<Line> {
        let nodes = unwrapped(item);
        let mut rest = nodes.iter().copied().peekable();
        let mut text = String::new();
        while let Some(node) = rest.next_if(|node| matches!(node, Node::Text(_) | Node::CodeSpan(_) | Node::Icon(_))) {
            text.push_str(&plain_text(std::slice::from_ref(node)));
        }
        let text = text.trim();
        let mut title = (!text.is_empty()).then(|| Spanned::new(text.to_owned(), first_span(item)));
        let mut content = None;
        let mut elements = rest.filter(|node| !is_blank(node)).peekable();
        if title.is_none()
            && let Some(link) = elements.next_if(|node| node.as_element().is_some_and(|element| element.is(&["a"])))
        {
            let element = link.as_element().expect("only elements were let through");
            if let Some(href) = element.attrs.get("href").filter(|href| !href.is_empty()) {
                let span = element.target_span.unwrap_or(element.span);
                content = Some((self.string_item(root, href), span));
                title = Some(Spanned::new(plain_text(&element.children), element.span));
            }
        }
        let list = elements.next_if(|node| node.as_element().is_some_and(|element| element.is(&["ul", "ol"])));
        if let Some(list) = list.and_then(Node::as_element) {
            let mut lines = Vec::new();
            if let Some((index, span)) = content.take() {
                if let Content::Path(path) = &index {
                    self.seen.insert(path.clone());
                }
                lines.push(Line { title: None, content: index, span });
            }
            lines.extend(self.lines_of_list(list, root, depth + 1));
            content = Some((Content::Lines(lines), title.as_ref().map_or(list.span, |title| title.span)));
        }
        if let Some(more) = elements.next() {
            self.diagnostics.push(
                Diagnostic::new(Code::PagesFile, more.span(), "nothing may follow a navigation entry in its line")
                    .help("write a link, a text with a list below it, or a pattern such as `*.md`"),
            );
        }
        match (title, content) {
            (Some(title), None) if title.value.contains('*') => {
                let span = title.span;
                Some(Line { title: None, content: wildcard(root, &title.value), span })
            }
            (title @ Some(_), Some((content, span))) => Some(Line { title, content, span }),
            (title, _) => {
                let message = match &title {
                    Some(title) => format!("section `{}` has neither a link nor a list", title.value),
                    None => "a navigation entry without a title".to_owned(),
                };
                self.diagnostics.push(
                    Diagnostic::new(Code::PagesFile, title.map_or(item.span, |title| title.span), message)
                        .help("write a link, a text with a list below it, or a pattern such as `*.md`"),
                );
                None
            }
        }
    }

    /// What a link's destination names.
    fn string_item(&mut self, root: &str, link: &str) -> Content {
        let parts = url::split(link);
        if !parts.scheme.is_empty() || !parts.netloc.is_empty() {
            return Content::Path(link.to_owned());
        }
        let path = url::normpath(&url::join(root, link));
        self.seen.insert(path.clone());
        if link.ends_with('/') && self.is_folder(&path) {
            return Content::Folder { folder: path, fallback: link.to_owned() };
        }
        Content::Path(path)
    }

    /// A line of the configuration; only titled ones may name a folder.
    fn line_of_entry(&mut self, entry: &NavEntry, depth: usize) -> Line {
        match entry {
            NavEntry::Section { title, children } if depth < MAX_DEPTH => Line {
                content: Content::Lines(children.iter().map(|child| self.line_of_entry(child, depth + 1)).collect()),
                span: title.span,
                title: Some(title.clone()),
            },
            NavEntry::Section { title, .. } => {
                Line { content: Content::Lines(Vec::new()), span: title.span, title: Some(title.clone()) }
            }
            NavEntry::Target { title, target } => {
                let content = if target.value.contains('*') {
                    wildcard("", &target.value)
                } else if title.is_some() {
                    self.string_item("", &target.value)
                } else {
                    Content::Path(target.value.clone())
                };
                Line { title: title.clone(), content, span: target.span }
            }
        }
    }

    /// Fills in folders and wildcards.
    fn fill(&mut self, lines: Vec<Line>, roots: &[String], depth: usize) -> Vec<NavEntry> {
        for line in &lines {
            if let Content::Path(path) = &line.content {
                self.seen.insert(path.clone());
            }
        }
        let mut out = Vec::new();
        for Line { title, content, span } in lines {
            match (title, content) {
                (title, Content::Path(path)) => out.push(target(title, path, span)),
                (Some(title), Content::Lines(lines)) => {
                    let children = if depth < MAX_DEPTH { self.fill(lines, roots, depth + 1) } else { Vec::new() };
                    if !children.is_empty() {
                        out.push(NavEntry::Section { title, children });
                    }
                }
                (None, Content::Lines(lines)) => out.extend(self.fill(lines, roots, depth + 1)),
                (Some(title), Content::Folder { folder, fallback }) => {
                    if roots.contains(&folder) {
                        self.diagnostics.push(
                            Diagnostic::new(Code::PagesFile, span, format!("folder `{folder}` holds itself"))
                                .note("its navigation leads back to the list that this line stands in"),
                        );
                        out.push(target(Some(title), fallback, span));
                        continue;
                    }
                    let mut deeper = vec![folder];
                    deeper.extend_from_slice(roots);
                    let children = self.folder_nav(&deeper, span);
                    if !children.is_empty() {
                        out.push(NavEntry::Section { title, children });
                    }
                }
                // A link to a folder at the head of its own list stands for what it matches.
                (None, Content::Folder { folder, fallback }) => {
                    out.extend(self.matching(&folder, Some(&fallback), roots, span));
                }
                (Some(title), Content::Wildcard { pattern, fallback }) => {
                    let children = self.matching(&pattern, fallback.as_deref(), roots, span);
                    if !children.is_empty() {
                        out.push(NavEntry::Section { title, children });
                    }
                }
                (None, Content::Wildcard { pattern, fallback }) => {
                    out.extend(self.matching(&pattern, fallback.as_deref(), roots, span));
                }
            }
        }
        out
    }

    /// All pages and folders that match and that nothing named so far.
    fn matching(&mut self, pattern: &str, fallback: Option<&str>, roots: &[String], span: Span) -> Vec<NavEntry> {
        let only_folders = pattern.ends_with('/');
        let pattern = pattern.trim_end_matches('/');
        let parts: Vec<Pattern> = pattern.split('/').map(Pattern::fnmatch).collect();
        let hit = |path: &String| {
            path.split('/').count() == parts.len() && path.split('/').zip(&parts).all(|(part, glob)| glob.matches(part))
        };
        let pages: Vec<String> = self.pages.iter().filter(|path| hit(path)).cloned().collect();
        let folders: Vec<String> = self.folders.iter().filter(|path| hit(path)).cloned().collect();
        let mut out = Vec::new();
        if pages.is_empty()
            && folders.is_empty()
            && let Some(fallback) = fallback
        {
            out.push(target(None, fallback.to_owned(), span));
        }
        for page in pages {
            if !only_folders && self.seen.insert(page.clone()) {
                out.push(target(None, page, span));
            }
        }
        for folder in folders {
            if self.seen.contains(&folder) {
                continue;
            }
            let name = folder.rsplit('/').next().unwrap_or_default();
            let title = Spanned::new(title_from_name(name), span);
            let mut deeper = vec![folder.clone()];
            deeper.extend_from_slice(roots);
            let children = self.folder_nav(&deeper, span);
            if !children.is_empty() {
                out.push(NavEntry::Section { title, children });
            }
            self.seen.insert(folder);
        }
        out
    }
}

fn target(title: Option<Spanned<String>>, path: String, span: Span) -> NavEntry {
    NavEntry::Target { title, target: Spanned::new(path, span) }
}

fn wildcard(root: &str, text: &str) -> Content {
    let mut pattern = url::normpath(url::join(root, text).trim_start_matches('/'));
    if text.ends_with('/') {
        pattern.push('/');
    }
    Content::Wildcard { pattern, fallback: Some(text.to_owned()) }
}

/// The list that is the navigation: the first after `<!--nav-->`, or else the last.
fn nav_list(body: &[Node]) -> Option<&Element> {
    let is_list = |node: &&Element| node.is(&["ul", "ol"]);
    let is_mark = |node: &Node| matches!(node, Node::Raw(raw) if raw.html.trim() == "<!--nav-->");
    match body.iter().rposition(is_mark) {
        Some(mark) => body[mark..].iter().filter_map(Node::as_element).find(is_list),
        None => body.iter().rev().filter_map(Node::as_element).find(is_list),
    }
}

/// The content of an item; the paragraphs of a loose list are looked through.
fn unwrapped(item: &Element) -> Vec<&Node> {
    let mut out = Vec::new();
    for node in &item.children {
        match node.as_element() {
            Some(paragraph) if paragraph.is(&["p"]) => out.extend(&paragraph.children),
            _ => out.push(node),
        }
    }
    out
}

fn first_span(item: &Element) -> Span {
    unwrapped(item).first().map_or(item.span, |node| node.span())
}

fn is_blank(node: &Node) -> bool {
    matches!(node, Node::Text(text) if text.text.trim().is_empty())
}
