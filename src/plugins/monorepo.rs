//! `monorepo`: the documentation of other projects of a repository, in one site
//! (mkdocs-monorepo-plugin 1.1).
//!
//! An entry of `nav` such as `API: '!include ./api/mkdocs.yml'` stands for that project's navigation, and
//! its pages stand below the project's name. Nothing is copied: the files are read where they lie.

use super::event::{Changing, Plugin, Reading};
use super::history::History;
use crate::config::{Config, Folder, NavItem, NavTarget, nav_of};
use crate::diag::{Code, Diagnostic, Diagnostics, Severity};
use crate::markdown::slug::Slugify;
use crate::site::{Env, FoundFile, FoundFiles, SiteOptions, edit_urls, title_from_name, url};
use crate::text::glob::Pattern;
use crate::text::{Chunk, SitePath, Span, Spanned, World, yaml};
use std::collections::BTreeSet;

const INCLUDE: &str = "!include ";
const WILDCARD: &str = "*include ";

/// How deep sections and folders are followed.
const MAX_DEPTH: usize = 32;

#[derive(Debug)]
struct Monorepo {
    folders: Vec<Folder>,
    docs_dir: SitePath,
}

pub(super) fn on_config(config: &mut Config, changing: &mut Changing<'_>) {
    let Some(mut nav) = config.nav.take() else { return };
    let above = config.file.parent();
    let mut includer =
        Includer { above, world: changing.world, diagnostics: changing.diagnostics, folders: Vec::new() };
    includer.resolve(&mut nav, 0);
    let folders = includer.folders;
    let mut names = BTreeSet::new();
    for folder in &folders {
        if !names.insert(folder.name.clone()) {
            let message = format!("two projects of the navigation are called `{}`", folder.name);
            let diagnostic = Diagnostic::new(Code::PluginBadOption, folder.place, message).severity(Severity::Error);
            changing.diagnostics.push(diagnostic.help("give one of them another `site_name`"));
        }
        config.watch.push(Spanned::new(folder.path, folder.place));
        config.watch.push(Spanned::new(folder.file, folder.place));
    }
    config.folders.extend(folders);
    config.nav = Some(nav);
}

pub(super) fn read(reading: &mut Reading<'_>) -> Option<Box<dyn Plugin>> {
    reading.settings(&[]);
    let config = reading.config;
    Some(Box::new(Monorepo { folders: config.folders.clone(), docs_dir: config.docs_dir }))
}

impl Plugin for Monorepo {
    fn on_files(&self, files: &mut FoundFiles<'_>) {
        let mut known: BTreeSet<String> = files.files.iter().map(|file| file.uri.clone()).collect();
        for folder in &self.folders {
            for path in files.world.list(folder.path) {
                let Some(below) = path.below(folder.path) else { continue };
                let uri = format!("{}/{below}", folder.name);
                // A file of the project itself stands, where both are there.
                if known.insert(uri.clone()) {
                    files.files.push(FoundFile { path, uri, is_excluded: false });
                }
            }
        }
    }

    fn on_env(&self, env: &mut Env<'_>, _: &History) {
        for route in env.site.pages.values_mut() {
            let folder = self.folders.iter().find(|folder| route.path.below(folder.path).is_some());
            let Some((folder, below)) = folder.and_then(|folder| Some((folder, route.path.below(folder.path)?))) else {
                continue;
            };
            let moved = |uri: &String| uri.replace(self.docs_dir.as_str(), folder.path.as_str());
            let own = env.options.edit_uri.as_ref().map(moved);
            let with_slash = |mut uri: String| {
                if !uri.is_empty() && !uri.ends_with('/') {
                    uri.push('/');
                }
                uri
            };
            let options = SiteOptions {
                repo_url: folder.repo_url.clone().or_else(|| env.options.repo_url.clone()),
                edit_uri: folder.edit_uri.clone().or(own).map(with_slash),
                edit_uri_template: None,
                ..env.options.clone()
            };
            (route.edit_url, route.view_url) = edit_urls(below, &options);
        }
    }
}

struct Includer<'a> {
    above: SitePath,
    world: &'a dyn World,
    diagnostics: &'a mut Diagnostics,
    folders: Vec<Folder>,
}

impl Includer<'_> {
    fn refuse(&mut self, span: Span, message: String) {
        self.diagnostics.push(Diagnostic::new(Code::PluginBadOption, span, message).severity(Severity::Error));
    }

    /// Puts what is included in the place of the entries that ask for it.
    fn resolve(&mut self, items: &mut [NavItem], depth: usize) {
        for item in items.iter_mut().filter(|_| depth < MAX_DEPTH) {
            let included = match &item.target {
                NavTarget::Path(path) => match (path.value.strip_prefix(INCLUDE), path.value.strip_prefix(WILDCARD)) {
                    (Some(file), _) => {
                        let file = Spanned::new(file.trim().to_owned(), path.span);
                        self.project(&file).map(|(_, entries)| entries)
                    }
                    (_, Some(pattern)) => {
                        let pattern = Spanned::new(pattern.trim().to_owned(), path.span);
                        Some(self.projects(&pattern))
                    }
                    (None, None) => continue,
                },
                NavTarget::Section(_) => None,
            };
            match (&mut item.target, included) {
                (NavTarget::Section(children), _) => self.resolve(children, depth + 1),
                (target, included) => *target = NavTarget::Section(included.unwrap_or_default()),
            }
        }
    }

    /// All projects whose configurations a pattern names, each below its name.
    fn projects(&mut self, pattern: &Spanned<String>) -> Vec<NavItem> {
        let matcher = Pattern::path_glob(url::normpath(&pattern.value).as_str());
        let files = self.world.list(self.above).into_iter();
        let mut found: Vec<SitePath> =
            files.filter(|path| path.below(self.above).is_some_and(|path| matcher.matches(path))).collect();
        found.sort();
        if found.is_empty() {
            self.refuse(pattern.span, format!("no file matches `{}`", pattern.value));
        }
        let mut items = Vec::new();
        for path in found {
            let name = path.below(self.above).unwrap_or(path.as_str()).to_owned();
            if let Some((title, entries)) = self.project(&Spanned::new(name, pattern.span)) {
                let title = Some(Spanned::new(title, pattern.span));
                items.push(NavItem { title, target: NavTarget::Section(entries), span: pattern.span });
            }
        }
        items
    }

    /// Reads a project: its name and its navigation.
    fn project(&mut self, file: &Spanned<String>) -> Option<(String, Vec<NavItem>)> {
        let path = self.above.join(&file.value);
        if !matches!(path.extension(), "yml" | "yaml") {
            self.refuse(file.span, format!("`{}` is no file of YAML: `!include` names an `mkdocs.yml`", file.value));
            return None;
        }
        let source = match self.world.source(path) {
            Ok(source) => source,
            Err(error) => {
                self.refuse(file.span, format!("`{}` cannot be read: {}", file.value, error.reason()));
                return None;
            }
        };
        let root = match yaml::parse(&Chunk::of(&source)) {
            Ok(parsed) => parsed.root,
            Err(error) => {
                self.diagnostics.push(Diagnostic::new(Code::ConfigSyntax, error.span, error.message));
                return None;
            }
        };
        let Some(title) = root.get("site_name").and_then(yaml::Node::scalar_text) else {
            self.refuse(file.span, format!("`{}` gives no `site_name`, below which its pages would stand", file.value));
            return None;
        };
        let text = |key: &str| root.get(key).and_then(yaml::Node::scalar_text);
        let folder = path.parent().join(&text("docs_dir").unwrap_or("docs".to_owned()));
        let name = name_of(&title);
        let files = self.world.list(folder);
        if files.is_empty() {
            self.refuse(file.span, format!("the folder of the pages `{folder}` of `{}` does not exist", file.value));
            return None;
        }
        let mut entries = match root.get("nav").filter(|nav| !nav.is_null()) {
            Some(nav) => nav_of(nav, self.diagnostics).unwrap_or_default(),
            None => {
                let mut uris: Vec<&str> = files.iter().filter_map(|path| path.below(folder)).collect();
                uris.sort_unstable();
                nav_of_folder("", &uris, file.span, 0)
            }
        };
        self.prefix(&name, &mut entries, 0);
        let (repo_url, edit_uri) = (text("repo_url"), text("edit_uri"));
        self.folders.push(Folder { name, path: folder, file: path, place: file.span, repo_url, edit_uri });
        Some((title, entries))
    }

    /// Puts a project's name before the paths of its navigation.
    fn prefix(&mut self, name: &str, items: &mut [NavItem], depth: usize) {
        for item in items.iter_mut().filter(|_| depth < MAX_DEPTH) {
            match &mut item.target {
                NavTarget::Section(children) => self.prefix(name, children, depth + 1),
                NavTarget::Path(path) if path.value.starts_with(INCLUDE) => {
                    let message = "a project that is included cannot include others".to_owned();
                    self.refuse(path.span, message);
                }
                NavTarget::Path(path) => {
                    let parts = url::split(&path.value);
                    if parts.scheme.is_empty() && parts.netloc.is_empty() {
                        path.value = format!("{name}/{}", url::normpath(&path.value));
                    }
                }
            }
        }
    }
}

/// The path that a project's pages stand at: its name, or what is left of it as an address.
fn name_of(title: &str) -> String {
    let is_plain = |ch: char| ch.is_ascii_alphanumeric() || "_.-/".contains(ch);
    if title.chars().all(is_plain) {
        return title.trim_matches('/').to_owned();
    }
    Slugify::Ascii.slug(title, "-")
}

/// A navigation of the pages below a folder: its folders first, then its pages, each by name.
fn nav_of_folder(folder: &str, uris: &[&str], span: Span, depth: usize) -> Vec<NavItem> {
    let mut items = Vec::new();
    let mut seen = BTreeSet::new();
    let below = || uris.iter().filter_map(|uri| uri.strip_prefix(folder));
    for name in below().filter_map(|uri| Some(uri.split_once('/')?.0)) {
        if depth < MAX_DEPTH && seen.insert(name) {
            let children = nav_of_folder(&format!("{folder}{name}/"), uris, span, depth + 1);
            if !children.is_empty() {
                let title = Some(Spanned::new(title_from_name(name), span));
                items.push(NavItem { title, target: NavTarget::Section(children), span });
            }
        }
    }
    for name in below().filter(|uri| !uri.contains('/') && uri.ends_with(".md")) {
        let stem = name.trim_end_matches(".md");
        let title = Some(Spanned::new(title_from_name(stem), span));
        let target = NavTarget::Path(Spanned::new(format!("{folder}{name}"), span));
        items.push(NavItem { title, target, span });
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_paths() {
        assert_eq!(
            ["api-v1", "The Web", "a/b", "Ünder & more"].map(name_of),
            ["api-v1", "the-web", "a/b", "under-more"]
        );
    }
}
