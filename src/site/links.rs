//! Links between pages: what a destination becomes, and what there is to say about it.
//!
//! Follows MkDocs 1.6 (`_RelativePathTreeprocessor` in `structure/pages.py`). A link names a source
//! file, relative to the file that holds it; it becomes a URL relative to the page.

use super::files::{FileKind, FileRoute, Files};
use super::options::{AbsoluteLinks, SiteOptions};
use super::url;
use crate::diag::{Code, Diagnostic, Diagnostics, Severity, nearest};
use crate::markdown::{Link, LinkKind, PageFacts};
use crate::text::SitePath;
use std::collections::{BTreeMap, BTreeSet};

/// What a destination turned out to be.
enum Target<'a> {
    /// An address outside the site, or nothing but a query: left alone without a word.
    Elsewhere,
    /// An anchor of the page itself.
    Own(&'a str),
    /// Begins with `/`, and that does not mean the folder of the pages.
    Absolute,
    /// Names no file: `deploy`, `deploy/`, `./`.
    Unrecognized,
    /// Names a file that is not there; the path looked for.
    Missing(String),
    /// A file, with the anchor in it.
    File(&'a FileRoute, &'a str),
}

/// Returns what a destination becomes; `None` where it stays as written.
pub(super) fn resolve(files: &Files, absolute: AbsoluteLinks, page: SitePath, target: &str) -> Option<String> {
    let from = files.by_path(page)?;
    let Target::File(file, _) = find(files, absolute, from, target) else { return None };
    let parts = url::split(target);
    let resolved = url::unsplit(&url::relative(&file.url, &from.url), parts.query, parts.fragment);
    (resolved != target).then_some(resolved)
}

fn find<'a>(files: &'a Files, absolute: AbsoluteLinks, from: &FileRoute, target: &'a str) -> Target<'a> {
    let parts = url::split(target);
    let rooted = target.starts_with(['/', '\\']);
    if !parts.scheme.is_empty() || !parts.netloc.is_empty() {
        return Target::Elsewhere;
    }
    if rooted && absolute != AbsoluteLinks::RelativeToDocs {
        return Target::Absolute;
    }
    if !rooted && parts.path.is_empty() {
        return if parts.fragment.is_empty() { Target::Elsewhere } else { Target::Own(parts.fragment) };
    }
    let path = url::unquote(parts.path);
    let uri = target_uri(&from.uri, &path);
    match files.by_uri(&uri) {
        Some(file) => Target::File(file, parts.fragment),
        None if !rooted && url::splitext(&path).1.is_empty() => Target::Unrecognized,
        None => Target::Missing(uri),
    }
}

/// The path that a link names, from the root of the pages.
fn target_uri(from: &str, path: &str) -> String {
    url::normpath(url::join(url::dirname(from), path).trim_start_matches('/'))
}

/// What the files and the pages say about links, gathered for all pages.
pub(super) struct Checker<'a> {
    pub(super) files: &'a Files,
    pub(super) options: &'a SiteOptions,
    pub(super) facts: &'a BTreeMap<SitePath, &'a PageFacts>,
    /// Anchors that plugins add to pages.
    pub(super) extra_anchors: &'a BTreeMap<SitePath, BTreeSet<String>>,
}

/// What the links of one page come to.
#[derive(Default)]
pub(super) struct PageLinks {
    /// Destinations as written, and what they become.
    pub(super) resolved: BTreeMap<String, String>,
    /// The pages that are linked to.
    pub(super) to: BTreeSet<SitePath>,
}

impl Checker<'_> {
    /// Resolves the links of one page and reports what is wrong with them.
    pub(super) fn check_page(&self, page: &PageFacts, diagnostics: &mut Diagnostics) -> PageLinks {
        let mut out = PageLinks::default();
        let Some(from) = self.files.by_path(page.path) else { return out };
        let absolute = self.options.validation.links_absolute_links;
        for link in &page.links {
            let target = link.target.value.as_str();
            let found = find(self.files, absolute, from, target);
            if let Target::File(file, _) = &found
                && file.kind == FileKind::Page
                && file.path != from.path
            {
                out.to.insert(file.path);
            }
            if link.kind == LinkKind::Raw {
                diagnostics.extend(self.raw_link(link, &found));
                continue;
            }
            if let Some(resolved) = resolve(self.files, absolute, page.path, target) {
                out.resolved.insert(target.to_owned(), resolved);
            }
            diagnostics.extend(self.link(from, link, &found));
        }
        out
    }

    fn link(&self, from: &FileRoute, link: &Link, found: &Target<'_>) -> Option<Diagnostic> {
        let validation = &self.options.validation;
        let written = &link.target.value;
        let span = link.target.span;
        // MkDocs: what an excluded page says is never more than an information.
        let cap = |severity: Option<Severity>| {
            if from.inclusion.is_included() { severity } else { severity.map(|severity| severity.max(Severity::Info)) }
        };
        let found_nothing = |code: Code, severity: Option<Severity>, message: String| {
            let mut diagnostic = Diagnostic::new(code, span, message).severity(cap(severity)?);
            if let Some((help, to)) = self.suggest(from, written) {
                diagnostic = diagnostic.help(help);
                if let Some(to) = to {
                    diagnostic = diagnostic.fix(span, to);
                }
            }
            Some(diagnostic)
        };
        match found {
            Target::Elsewhere => None,
            Target::Own(anchor) => self.anchor(from, from, anchor, link),
            Target::Absolute => {
                let AbsoluteLinks::Report(severity) = validation.links_absolute_links else { return None };
                found_nothing(Code::LinkAbsolute, severity, format!("absolute link `{written}` is left as it is")).map(
                    |diagnostic| {
                        diagnostic.note("it leads to the root of the web server, wherever the site stands on it")
                    },
                )
            }
            Target::Unrecognized => found_nothing(
                Code::LinkUnrecognized,
                validation.links_unrecognized_links,
                format!("relative link `{written}` names no file and is left as it is"),
            ),
            Target::Missing(uri) => {
                let looked_for =
                    if uri == written.trim_start_matches('/') { String::new() } else { format!(": `{uri}`") };
                found_nothing(
                    Code::LinkNotFound,
                    validation.links_not_found,
                    format!("the target of link `{written}` is not among the documentation files{looked_for}"),
                )
            }
            Target::File(file, anchor) => {
                if !file.inclusion.is_included() {
                    let severity = validation.links_not_found.map(|severity| severity.max(Severity::Info))?;
                    if !from.inclusion.is_included() {
                        return None;
                    }
                    return Some(
                        Diagnostic::new(
                            Code::LinkToExcluded,
                            span,
                            format!("link `{written}` leads to `{}`, which is left out of the site", file.uri),
                        )
                        .severity(severity)
                        .help("remove the link, or take the file out of `exclude_docs` and `draft_docs`"),
                    );
                }
                if anchor.is_empty() { None } else { self.anchor(from, file, anchor, link) }
            }
        }
    }

    /// Checks that a page has an anchor.
    fn anchor(&self, from: &FileRoute, to: &FileRoute, anchor: &str, link: &Link) -> Option<Diagnostic> {
        let severity = self.options.validation.links_anchors?;
        let facts = self.facts.get(&to.path)?;
        let extra = self.extra_anchors.get(&to.path);
        if facts.anchors.contains_key(anchor) || extra.is_some_and(|extra| extra.contains(anchor)) {
            return None;
        }
        let written = &link.target.value;
        let message = if from.path == to.path {
            format!("there is no anchor `{anchor}` on this page")
        } else {
            format!("`{}` has no anchor `{anchor}`", to.uri)
        };
        let mut diagnostic = Diagnostic::new(Code::AnchorNotFound, link.target.span, message).severity(severity);
        if from.path == to.path && anchor.starts_with("fnref:") {
            diagnostic = diagnostic.note("this seems to be a footnote that is never referenced");
        }
        // Browsers try the decoded fragment as well; MkDocs compares the text as written.
        let decoded = url::unquote(anchor);
        let near = if facts.anchors.contains_key(&decoded) && decoded != *anchor {
            Some(decoded.as_str())
        } else {
            nearest(anchor, facts.anchors.keys().map(String::as_str))
        };
        if let Some(near) = near {
            let fixed = format!("{}#{near}", written.split_once('#').map_or("", |(before, _)| before));
            diagnostic = diagnostic.help(format!("did you mean `{fixed}`?")).fix(link.target.span, fixed);
            if let Some(place) = facts.anchors.get(near) {
                diagnostic = diagnostic.label(*place, format!("anchor `{near}` is here"));
            }
        }
        Some(diagnostic)
    }

    /// Raw HTML goes out as written: a link to a source file in it leads nowhere.
    fn raw_link(&self, link: &Link, found: &Target<'_>) -> Option<Diagnostic> {
        let Target::File(file, _) = found else { return None };
        (file.kind == FileKind::Page).then(|| {
            Diagnostic::new(
                Code::RawLinkNotRewritten,
                link.target.span,
                format!("link `{}` stands in raw HTML and is not rewritten", link.target.value),
            )
            .note(format!("the page of `{}` is at `{}`", file.uri, file.page_url()))
            .help("write it as a Markdown link, or write the page's address")
        })
    }

    /// Returns what was probably meant: MkDocs' own guesses, then the path that differs least. The
    /// second value is the destination to write, where it is sure enough for an edit.
    fn suggest(&self, from: &FileRoute, written: &str) -> Option<(String, Option<String>)> {
        let parts = url::split(written);
        let to_docs = self.options.validation.links_absolute_links == AbsoluteLinks::RelativeToDocs;
        let rooted = written.starts_with(['/', '\\']);
        let path = url::unquote(parts.path);
        let spelled = |uri: &str| {
            let path = match () {
                () if !parts.fragment.is_empty() && uri == from.uri => String::new(),
                () if rooted && to_docs => format!("/{uri}"),
                () => url::relative(uri, &from.uri),
            };
            url::unsplit(&path, parts.query, parts.fragment)
        };
        for guess in guesses(from, &path, self.options.use_directory_urls, rooted && !to_docs) {
            if self.files.by_uri(&guess).is_some() {
                let to = spelled(&guess);
                return Some((format!("did you mean `{to}`?"), Some(to)));
            }
        }
        if written.contains('@') && written.contains('.') && !written.contains('/') {
            return Some((format!("did you mean `mailto:{written}`?"), Some(format!("mailto:{written}"))));
        }
        let wanted = target_uri(&from.uri, &path);
        let known = || self.files.iter().filter(|file| file.kind != FileKind::Theme).map(|file| file.uri.as_str());
        let name = wanted.rsplit('/').next().unwrap_or_default();
        let same_name = || {
            let mut all = known().filter(|uri| uri.rsplit('/').next() == Some(name) && !name.contains("index."));
            let only = all.next()?;
            all.next().is_none().then_some(only)
        };
        let near = nearest(&wanted, known()).or_else(same_name)?;
        Some((format!("did you mean `{}`?", spelled(near)), None))
    }
}

/// MkDocs' guesses for a link that leads nowhere, in its order (`_possible_target_uris`): the path
/// as seen from the page's URL, with an `index.md` or `README.md` below it, with `.md` for `.html`.
/// Where `first` is asked for, the path itself is a guess too.
fn guesses(from: &FileRoute, path: &str, use_directory_urls: bool, first: bool) -> Vec<String> {
    let target = target_uri(&from.uri, path);
    let mut out: Vec<String> = first.then(|| target.clone()).into_iter().collect();
    if url::normpath(path) == "." {
        out.push(from.uri.clone());
        return out;
    }
    let mut tried = BTreeSet::from([target.clone()]);
    let mut prefixes = vec![target.clone(), target_uri(&from.url, path)];
    prefixes.dedup();
    let bare = url::splitext(&target).1.is_empty();
    let page = !target.ends_with('.') && !path.ends_with(".md") && (use_directory_urls || !path.ends_with('/'));
    for prefix in prefixes {
        let mut found = Vec::new();
        if use_directory_urls {
            found.push(prefix.clone());
        }
        if bare {
            found.push(url::join(&prefix, "index.md"));
            found.push(url::join(&prefix, "README.md"));
        }
        if page {
            found.push(format!("{}.md", prefix.strip_suffix(".html").unwrap_or(&prefix)));
        }
        for guess in found {
            let guess = url::normpath(&guess);
            if !guess.starts_with("../") && tried.insert(guess.clone()) {
                out.push(guess);
            }
        }
    }
    out
}
