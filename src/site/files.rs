//! The files below the folder of the pages: their order, what each becomes, and which are left out.
//!
//! Follows MkDocs 1.6 (`structure/files.py`).

use super::events::{Events, FoundFile, FoundFiles};
use super::options::SiteOptions;
use super::url;
use crate::diag::{Code, Diagnostic, Diagnostics, Severity};
use crate::markdown::slug::composed;
use crate::text::glob::GitIgnore;
use crate::text::{SitePath, Span, World};
use std::collections::BTreeMap;

/// Every file that a link may name, in MkDocs' order: folder by folder, `index` first.
#[derive(Clone, Debug, Default)]
pub struct Files {
    routes: Vec<FileRoute>,
    by_uri: BTreeMap<String, usize>,
    /// Paths with letters beyond ASCII, composed.
    by_composed: BTreeMap<String, usize>,
    by_path: BTreeMap<SitePath, usize>,
}

/// What becomes of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRoute {
    /// The file.
    pub path: SitePath,
    /// The path relative to the folder of the pages.
    pub uri: String,
    /// What it is.
    pub kind: FileKind,
    /// Whether it is part of the site.
    pub inclusion: Inclusion,
    /// Where it goes: a path in the finished site.
    pub out_path: String,
    /// Its URL relative to the site, quoted; `./` for the root.
    pub url: String,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A Markdown file, which becomes a page.
    Page,
    /// Anything else, which goes out as it is.
    Asset,
    /// A file that the theme brings, named so that links to it are known.
    Theme,
}

/// Whether a file is part of the site; from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Inclusion {
    /// Left out (`exclude_docs`).
    Excluded,
    /// Only shown in a preview (`draft_docs`).
    Draft,
    /// Part of the site, and nobody misses it in the navigation (`not_in_nav`).
    NotInNav,
    /// Part of the site.
    Included,
}

impl Inclusion {
    /// Tells whether a finished site has the file.
    pub fn is_included(self) -> bool {
        self > Inclusion::Draft
    }

    /// Tells whether a build has the file; a preview has drafts too.
    pub fn is_built(self, preview: bool) -> bool {
        self.is_included() || (preview && self == Inclusion::Draft)
    }
}

impl FileRoute {
    /// Returns the file's name without its extension; `README` counts as `index`.
    pub fn name(&self) -> &str {
        name_of(&self.uri)
    }

    /// Returns the page's URL as templates see it: empty for the root.
    pub fn page_url(&self) -> &str {
        if matches!(self.url.as_str(), "." | "./") { "" } else { &self.url }
    }
}

impl Files {
    /// Borrows all files in order.
    pub fn iter(&self) -> std::slice::Iter<'_, FileRoute> {
        self.routes.iter()
    }

    /// Returns the file at a path relative to the folder of the pages: the one that is written so, else one whose
    /// name looks the same and has its letters and marks in another form.
    pub fn by_uri(&self, uri: &str) -> Option<&FileRoute> {
        let same_look = || if uri.is_ascii() { None } else { self.by_composed.get(&composed(uri)) };
        self.by_uri.get(uri).or_else(same_look).map(|index| &self.routes[*index])
    }

    /// Returns the file at a path of the project.
    pub fn by_path(&self, path: SitePath) -> Option<&FileRoute> {
        self.by_path.get(&path).map(|index| &self.routes[*index])
    }

    /// Returns the pages to parse: those that are built, and those the navigation may still name.
    pub fn pages(&self, preview: bool) -> impl Iterator<Item = &FileRoute> {
        self.iter().filter(move |file| file.kind == FileKind::Page && file.inclusion.is_built(preview))
    }

    fn new(routes: Vec<FileRoute>) -> Files {
        let marked = routes.iter().enumerate().filter(|(_, file)| !file.uri.is_ascii());
        let by_composed = marked.map(|(index, file)| (composed(&file.uri), index)).collect();
        let by_uri = routes.iter().enumerate().map(|(index, file)| (file.uri.clone(), index)).collect();
        let by_path = routes.iter().enumerate().map(|(index, file)| (file.path, index)).collect();
        Files { routes, by_uri, by_composed, by_path }
    }
}

/// Decides what becomes of the files found below the folder of the pages. `theme_files` are paths
/// relative to the site that the theme will write; a file of the project takes precedence.
///
/// Reports `OB310` for an `index` beside a `README`, `OB311` for two files with one destination and
/// `OB312` for two whose destinations differ in case only.
pub fn collect_files(
    found: &[SitePath],
    theme_files: &[String],
    options: &SiteOptions,
    world: &dyn World,
    events: &dyn Events,
) -> (Files, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let listed = found.iter().filter_map(|path| {
        Some(FoundFile { path: *path, uri: path.below(options.docs_dir)?.to_owned(), is_excluded: false })
    });
    let mut found = FoundFiles { files: listed.collect(), world, options, diagnostics: &mut diagnostics };
    events.on_files(&mut found);
    let mut listed = found.files;
    listed.sort_by(|a, b| walk_key(&a.uri).cmp(&walk_key(&b.uri)));
    listed.dedup();

    let rules = Rules::new(options);
    let inclusion = |file: &FoundFile| {
        if file.is_excluded { Inclusion::Excluded } else { rules.inclusion(&file.uri) }
    };
    let mut routes: Vec<FileRoute> =
        listed.iter().map(|file| FileRoute::new(file.path, &file.uri, options, inclusion(file))).collect();
    drop_conflicts(&mut routes, &mut diagnostics);

    let known: std::collections::BTreeSet<&str> = routes.iter().map(|file| file.uri.as_str()).collect();
    let theme: Vec<FileRoute> = theme_files
        .iter()
        .filter(|uri| !known.contains(uri.as_str()))
        .map(|uri| FileRoute {
            path: options.docs_dir.join(uri),
            uri: uri.clone(),
            kind: FileKind::Theme,
            inclusion: Inclusion::Included,
            out_path: uri.clone(),
            url: url::quote(uri),
        })
        .collect();
    report_collisions(&routes, options.preview, &mut diagnostics);
    routes.extend(theme);
    (Files::new(routes), diagnostics)
}

/// Tells whether MkDocs takes a file for a page: `.md` and its four longer names.
pub fn is_page(path: &str) -> bool {
    [".markdown", ".mdown", ".mkdn", ".mkd", ".md"].iter().any(|end| path.ends_with(end))
}

/// Makes a title from a folder's or a file's name: dashes become spaces, and what is all in lower
/// case gets a capital.
pub(crate) fn title_from_name(name: &str) -> String {
    let title = name.replace(['-', '_'], " ");
    if title.to_lowercase() != title {
        return title;
    }
    let mut chars = title.chars();
    match chars.next() {
        Some(first) => {
            let mut upper = first.to_uppercase();
            let capital: String = upper.next().into_iter().chain(upper.flat_map(char::to_lowercase)).collect();
            format!("{capital}{}", chars.as_str())
        }
        None => title,
    }
}

/// The order in which MkDocs sorts the pages of a navigation made from folders: a folder's own
/// pages, `index` first, before its sub-folders.
pub(crate) fn nav_key(uri: &str) -> (Vec<&str>, bool, &str) {
    let (folder, name) = uri.rsplit_once('/').unwrap_or(("", uri));
    let parts = folder.split('/').filter(|part| !part.is_empty()).collect();
    (parts, name_of(uri) != "index", name)
}

fn name_of(uri: &str) -> &str {
    let name = uri.rsplit('/').next().unwrap_or(uri);
    match url::splitext(name).0 {
        "README" => "index",
        stem => stem,
    }
}

/// The order of `os.walk`: a folder's files, `index` and `README` first, then its sub-folders, each
/// by code point.
fn walk_key(uri: &str) -> Vec<(u8, &str)> {
    let parts: Vec<&str> = uri.split('/').collect();
    let last = parts.len() - 1;
    let rank = |index: usize, part: &str| match (index == last, name_of(part)) {
        (true, "index") => 0,
        (true, _) => 1,
        (false, _) => 2,
    };
    parts.iter().enumerate().map(|(index, part)| (rank(index, part), *part)).collect()
}

impl FileRoute {
    /// Returns where a file would be written, whether it is there or not.
    pub(crate) fn out_path_of(uri: &str, use_directory_urls: bool) -> String {
        if !is_page(uri) {
            return uri.to_owned();
        }
        let name = name_of(uri);
        let folder_url = use_directory_urls && name != "index";
        let file = if folder_url { format!("{name}/index.html") } else { format!("{name}.html") };
        url::join(url::dirname(uri), &file)
    }

    fn new(path: SitePath, uri: &str, options: &SiteOptions, inclusion: Inclusion) -> FileRoute {
        let kind = if is_page(uri) { FileKind::Page } else { FileKind::Asset };
        let out = FileRoute::out_path_of(uri, options.use_directory_urls);
        let url = match out.rsplit_once('/').unwrap_or(("", &out)) {
            (folder, "index.html") if options.use_directory_urls => {
                format!("{}/", if folder.is_empty() { "." } else { folder })
            }
            _ => out.clone(),
        };
        FileRoute { path, uri: uri.to_owned(), kind, inclusion, out_path: out, url: url::quote(&url) }
    }
}

/// The three lists of patterns.
struct Rules {
    exclude: GitIgnore,
    draft: Option<GitIgnore>,
    not_in_nav: Option<GitIgnore>,
}

impl Rules {
    fn new(options: &SiteOptions) -> Rules {
        // MkDocs, files.py: hidden files and a folder `templates` at the root are never pages.
        let mut exclude = GitIgnore::parse(".*\n/templates/");
        if let Some(patterns) = &options.exclude_docs {
            exclude.extend(&patterns.value);
        }
        let read = |patterns: &Option<crate::text::Spanned<String>>| {
            patterns.as_ref().map(|patterns| GitIgnore::parse(&patterns.value))
        };
        Rules { exclude, draft: read(&options.draft_docs), not_in_nav: read(&options.not_in_nav) }
    }

    fn inclusion(&self, uri: &str) -> Inclusion {
        let hit = |rules: &Option<GitIgnore>| rules.as_ref().is_some_and(|rules| rules.matches(uri));
        if self.exclude.matches(uri) {
            Inclusion::Excluded
        } else if hit(&self.draft) {
            Inclusion::Draft
        } else if hit(&self.not_in_nav) {
            Inclusion::NotInNav
        } else {
            Inclusion::Included
        }
    }
}

/// Leaves one of two files of a folder that would be written to one place, as MkDocs does: the
/// later one (`index.md` over `README.md`), unless that is left out anyway.
fn drop_conflicts(routes: &mut Vec<FileRoute>, diagnostics: &mut Diagnostics) {
    let mut first: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let mut conflicts = Vec::new();
    for (index, file) in routes.iter().enumerate() {
        match first.entry((url::dirname(&file.uri), file.out_path.clone())) {
            std::collections::btree_map::Entry::Occupied(entry) => conflicts.push((*entry.get(), index)),
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(index);
            }
        }
    }
    let mut dropped = vec![false; routes.len()];
    for (earlier, later) in conflicts {
        let (a, b) = (&routes[earlier], &routes[later]);
        if !b.inclusion.is_included() {
            dropped[later] = true;
            continue;
        }
        if a.inclusion.is_included() && !dropped[earlier] {
            diagnostics.push(
                Diagnostic::new(
                    Code::PageConflict,
                    Span::at_start(a.path),
                    format!("`{}` is left out because `{}` has the same place in the site", a.uri, b.uri),
                )
                .label(Span::at_start(b.path), "this file is the one that is built")
                .help(format!("rename or delete one of the two, or list `{}` under `exclude_docs`", a.uri)),
            );
        }
        dropped[earlier] = true;
    }
    let mut dropped = dropped.into_iter();
    routes.retain(|_| !dropped.next().expect("there is a flag for every file"));
}

/// Says what MkDocs never says: that one file overwrites another, or would on a disk that does not
/// tell upper from lower case.
fn report_collisions(routes: &[FileRoute], preview: bool, diagnostics: &mut Diagnostics) {
    let mut by_folded: BTreeMap<String, Vec<&FileRoute>> = BTreeMap::new();
    for file in routes.iter().filter(|file| file.inclusion.is_built(preview)) {
        by_folded.entry(file.out_path.to_lowercase()).or_default().push(file);
    }
    for group in by_folded.values().filter(|group| group.len() > 1) {
        for (index, file) in group.iter().enumerate().skip(1) {
            let same = group[..index].iter().rev().find(|other| other.out_path == file.out_path);
            let (other, code, message) = match same {
                Some(other) => (
                    other,
                    Code::PageSameUrl,
                    format!("`{}` and `{}` are both written to `{}`", other.uri, file.uri, file.out_path),
                ),
                None => (
                    &group[0],
                    Code::PageCaseCollision,
                    format!("`{}` and `{}` are written to paths that differ in case only", group[0].uri, file.uri),
                ),
            };
            let mut diagnostic = Diagnostic::new(code, Span::at_start(file.path), message)
                .label(Span::at_start(other.path), "the other file")
                .help("rename one of the two");
            if code == Code::PageCaseCollision {
                diagnostic = diagnostic
                    .severity(Severity::Info)
                    .note("on a disk that does not tell upper from lower case one would overwrite the other");
            } else {
                // MkDocs writes assets first, then pages in order: the last one stays.
                diagnostic = diagnostic.note("only the last of them can be seen; MkDocs overwrites the first silently");
            }
            diagnostics.push(diagnostic);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> SiteOptions {
        SiteOptions::new(SitePath::new("docs"), Span::at_start(SitePath::new("mkdocs.yml")))
    }

    fn collect(names: &[&str], options: &SiteOptions) -> (Files, Diagnostics) {
        let found: Vec<SitePath> = names.iter().map(|name| SitePath::new("docs").join(name)).collect();
        collect_files(&found, &[], options, &BTreeMap::new(), &crate::site::NoEvents)
    }

    fn uris(files: &Files) -> Vec<&str> {
        files.iter().map(|file| file.uri.as_str()).collect()
    }

    #[test]
    fn a_folders_files_come_before_its_folders_and_index_first() {
        let (files, _) =
            collect(&["b/z.md", "a.md", "index.md", "B.md", "b/README.md", "b/a.md", "10-x.md", "2.md"], &options());
        assert_eq!(uris(&files), ["index.md", "10-x.md", "2.md", "B.md", "a.md", "b/README.md", "b/a.md", "b/z.md"]);
    }

    #[test]
    fn routes_follow_the_url_style() {
        let urls = |directory: bool| {
            let options = SiteOptions { use_directory_urls: directory, ..options() };
            let (files, _) =
                collect(&["index.md", "A b/c d.md", "a.b.md", "x/README.md", "INDEX.md", "i.png"], &options);
            files.iter().map(|file| format!("{} {}", file.out_path, file.url)).collect::<Vec<_>>()
        };
        assert_eq!(
            urls(true),
            [
                "index.html ./",
                "INDEX/index.html INDEX/",
                "a.b/index.html a.b/",
                "i.png i.png",
                "A b/c d/index.html A%20b/c%20d/",
                "x/index.html x/",
            ]
        );
        assert_eq!(
            urls(false),
            [
                "index.html index.html",
                "INDEX.html INDEX.html",
                "a.b.html a.b.html",
                "i.png i.png",
                "A b/c d.html A%20b/c%20d.html",
                "x/index.html x/index.html",
            ]
        );
    }

    #[test]
    fn an_index_wins_over_a_readme_and_says_so() {
        let (files, diagnostics) = collect(&["b/README.md", "b/index.md"], &options());
        assert_eq!(uris(&files), ["b/index.md"]);
        let codes: Vec<_> = diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
        assert_eq!(codes, [Code::PageConflict]);
    }

    #[test]
    fn an_index_that_is_left_out_leaves_the_readme() {
        let mut options = options();
        let span = options.nav_span;
        options.exclude_docs = Some(crate::text::Spanned::new("b/index.md".to_owned(), span));
        let (files, diagnostics) = collect(&["b/README.md", "b/index.md"], &options);
        assert_eq!(uris(&files), ["b/README.md"]);
        assert!(diagnostics.is_empty());
    }

    #[test]
    fn hidden_files_and_templates_are_left_out() {
        let (files, _) = collect(&[".x.md", "a/.y/z.md", "templates/t.md", "a/templates/t.md"], &options());
        let out: Vec<_> = files.iter().map(|file| (file.uri.as_str(), file.inclusion.is_included())).collect();
        assert_eq!(
            out,
            [(".x.md", false), ("a/.y/z.md", false), ("a/templates/t.md", true), ("templates/t.md", false)]
        );
    }

    #[test]
    fn two_files_with_one_place_are_reported() {
        let (_, diagnostics) = collect(&["a.md", "a/index.md", "B.md", "b.md"], &options());
        let codes: Vec<_> = diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
        assert_eq!(codes, [Code::PageSameUrl, Code::PageCaseCollision]);
    }

    #[test]
    fn names_become_titles() {
        let titles = ["my-dir", "my-Dir", "API", "10_ten", "über", "ßx"].map(title_from_name);
        assert_eq!(titles, ["My dir", "my Dir", "API", "10 ten", "Über", "Ssx"]);
    }
}
