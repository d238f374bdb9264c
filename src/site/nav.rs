//! The navigation: from what is written, or from the folders, to a tree of pages.
//!
//! Follows MkDocs 1.6 (`structure/nav.py`).

use super::files::{FileKind, FileRoute, Files, nav_key, title_from_name};
use super::options::{AbsoluteLinks, NavEntry, SiteOptions};
use super::url;
use crate::diag::{Code, Diagnostic, Diagnostics, Severity, nearest};
use crate::text::{SitePath, Span};
use std::collections::BTreeMap;

/// How deep sections may lie in each other; deeper ones are cut off.
pub(crate) const MAX_DEPTH: usize = 64;

/// A line of the navigation while plugins may still change it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item {
    /// A page.
    Page {
        /// The file.
        path: SitePath,
        /// Where it is written.
        span: Option<Span>,
    },
    /// An address, or a file that is no page.
    Link {
        /// The label.
        title: Option<String>,
        /// The address.
        url: String,
        /// Where it is written.
        span: Option<Span>,
    },
    /// A group.
    Section(Section),
}

/// A group of lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Section {
    /// The label.
    pub(crate) title: String,
    /// What it holds.
    pub(crate) children: Vec<Item>,
    /// The page that the group itself leads to.
    pub(crate) page: Option<SitePath>,
    /// Where it is written.
    pub(crate) span: Option<Span>,
    /// Whether the configuration names it.
    pub(crate) is_explicit: bool,
    /// Whether a file beside the pages made it up.
    pub(crate) is_virtual: bool,
}

/// A navigation while plugins may still change it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Draft {
    pub(crate) items: Vec<Item>,
    /// The label that the navigation gives to a page; the first one wins, also where it is none.
    pub(crate) titles: BTreeMap<SitePath, Option<String>>,
}

impl Draft {
    /// Visits the pages in order, each with its position.
    pub(crate) fn walk(&self, visit: &mut impl FnMut(SitePath, &[usize])) {
        walk(&self.items, &mut Vec::new(), visit);
    }

    /// Returns the pages in order.
    pub(crate) fn pages(&self) -> Vec<SitePath> {
        let mut pages = Vec::new();
        self.walk(&mut |path, _| pages.push(path));
        pages
    }
}

fn walk(items: &[Item], position: &mut Vec<usize>, visit: &mut impl FnMut(SitePath, &[usize])) {
    for (index, item) in items.iter().enumerate() {
        position.push(index);
        match item {
            Item::Page { path, .. } => visit(*path, position),
            Item::Link { .. } => {}
            Item::Section(section) => {
                if let Some(path) = section.page {
                    visit(path, position);
                }
                walk(&section.children, position, visit);
            }
        }
        position.pop();
    }
}

/// Makes a navigation of what is written.
pub(crate) fn read_nav(
    entries: &[NavEntry],
    files: &Files,
    options: &SiteOptions,
    diagnostics: &mut Diagnostics,
) -> Draft {
    let mut draft = Draft::default();
    let mut reader = Reader { files, options, titles: &mut draft.titles, seen: BTreeMap::new(), diagnostics };
    draft.items = reader.entries(entries, 0);
    draft
}

/// Makes a navigation of the folders.
pub(crate) fn nav_of_folders(files: &Files) -> Draft {
    let mut pages: Vec<&FileRoute> = files
        .iter()
        .filter(|file| file.kind == FileKind::Page && file.inclusion == super::files::Inclusion::Included)
        .collect();
    pages.sort_by(|a, b| nav_key(&a.uri).cmp(&nav_key(&b.uri)));
    let mut draft = Draft::default();
    for file in pages {
        let mut branch = &mut draft.items;
        for part in url::dirname(&file.uri).split('/').filter(|part| !part.is_empty()) {
            branch = section(branch, title_from_name(part));
        }
        branch.push(Item::Page { path: file.path, span: None });
        draft.titles.insert(file.path, None);
    }
    draft
}

/// Finds the section of a title, or adds it: folders that look the same are one section.
fn section(branch: &mut Vec<Item>, title: String) -> &mut Vec<Item> {
    let known = branch.iter().position(|item| matches!(item, Item::Section(section) if section.title == title));
    let index = known.unwrap_or_else(|| {
        branch.push(Item::Section(Section { title, ..Section::default() }));
        branch.len() - 1
    });
    match &mut branch[index] {
        Item::Section(section) => &mut section.children,
        Item::Page { .. } | Item::Link { .. } => unreachable!("the index is that of a section"),
    }
}

struct Reader<'a> {
    files: &'a Files,
    options: &'a SiteOptions,
    titles: &'a mut BTreeMap<SitePath, Option<String>>,
    /// Where pages are named first.
    seen: BTreeMap<SitePath, Span>,
    diagnostics: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn entries(&mut self, entries: &[NavEntry], depth: usize) -> Vec<Item> {
        if depth == MAX_DEPTH {
            return Vec::new();
        }
        entries
            .iter()
            .map(|entry| match entry {
                NavEntry::Section { title, children } => Item::Section(Section {
                    title: title.value.clone(),
                    children: self.entries(children, depth + 1),
                    span: Some(title.span),
                    ..Section::default()
                }),
                NavEntry::Target { title, target } => {
                    self.target(title.as_ref().map(|title| title.value.as_str()), &target.value, target.span)
                }
            })
            .collect()
    }

    fn target(&mut self, title: Option<&str>, target: &str, span: Span) -> Item {
        let to_docs = self.options.validation.nav_absolute_links == AbsoluteLinks::RelativeToDocs;
        let path = if to_docs { target.trim_start_matches('/') } else { target };
        match self.files.by_uri(&pure_path(path)) {
            Some(file) if file.kind == FileKind::Page => {
                if !file.inclusion.is_included()
                    && let Some(severity) = self.options.validation.nav_not_found
                {
                    self.diagnostics.push(
                        Diagnostic::new(
                            Code::NavExcluded,
                            span,
                            format!("navigation entry `{}` is left out of the site", file.uri),
                        )
                        .severity(severity.max(Severity::Info))
                        .help("remove the entry, or take the file out of `exclude_docs` and `draft_docs`"),
                    );
                }
                if let Some(first) = self.seen.get(&file.path) {
                    self.diagnostics.push(
                        Diagnostic::new(Code::NavDuplicate, span, format!("page `{}` is in the navigation twice", file.uri))
                            .label(*first, "first named here")
                            .note("the page itself knows one place only: that of its way up, and of the pages before and after it"),
                    );
                } else {
                    self.seen.insert(file.path, span);
                }
                self.titles.entry(file.path).or_insert_with(|| title.map(str::to_owned));
                Item::Page { path: file.path, span: Some(span) }
            }
            // MkDocs makes a page of any file that is named here; what is no Markdown is copied, so
            // a link to it is the same to a reader.
            Some(file) => Item::Link { title: title.map(str::to_owned), url: file.url.clone(), span: Some(span) },
            None => {
                self.report_link(target, span);
                Item::Link { title: title.map(str::to_owned), url: target.to_owned(), span: Some(span) }
            }
        }
    }

    fn report_link(&mut self, target: &str, span: Span) {
        let parts = url::split(target);
        if !parts.scheme.is_empty() || !parts.netloc.is_empty() {
            return;
        }
        let validation = &self.options.validation;
        let diagnostic = match validation.nav_absolute_links {
            AbsoluteLinks::Report(severity) if target.starts_with('/') => severity.map(|severity| {
                Diagnostic::new(
                    Code::NavAbsolute,
                    span,
                    format!("absolute path `{target}` in the navigation is left as it is"),
                )
                .severity(severity)
                .note("it presumably points to a resource outside the site")
            }),
            _ => validation.nav_not_found.map(|severity| {
                Diagnostic::new(
                    Code::NavNotFound,
                    span,
                    format!("navigation entry `{target}` is not among the documentation files"),
                )
                .severity(severity)
            }),
        };
        let Some(mut diagnostic) = diagnostic else { return };
        if let Some(near) = self.guess(target) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
        }
        self.diagnostics.push(diagnostic);
    }

    /// The path that was probably meant.
    fn guess(&self, target: &str) -> Option<String> {
        let bare = url::normpath(target.trim_start_matches('/'));
        let below = ["", ".md", "/index.md", "/README.md"].map(|end| format!("{bare}{end}"));
        if let Some(file) = below.iter().find_map(|guess| self.files.by_uri(guess)) {
            return Some(file.uri.clone());
        }
        let known: Vec<&str> = self.files.iter().filter(|file| file.kind == FileKind::Page).map(|f| &*f.uri).collect();
        let name = bare.rsplit('/').next().unwrap_or_default();
        let mut same = known.iter().filter(|uri| uri.rsplit('/').next() == Some(name));
        let only = match (same.next(), same.next()) {
            (Some(only), None) => Some(*only),
            _ => None,
        };
        nearest(&bare, known.iter().copied()).or(only).map(str::to_owned)
    }
}

/// `PurePath.as_posix`: `.` parts and doubled `/` vanish, `..` stays.
fn pure_path(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let joined = parts.join("/");
    if path.starts_with('/') { format!("/{joined}") } else { joined }
}
