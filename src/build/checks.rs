//! What a whole site says that nobody will see: files of the configuration that are not there, links in raw
//! HTML that lead nowhere, images that no page shows, languages that nobody knows.
//!
//! Looks at what was built, so a file that a plugin or the theme brings is there. MkDocs says nothing of any
//! of it.

use super::cache::Cache;
use super::outputs::{OutPath, Outputs};
use super::project::Project;
use crate::diag::{Code, Diagnostic, Diagnostics, nearest};
use crate::markdown::{Document, LinkKind, Node, walk};
use crate::render::knows_language;
use crate::site::{self, PageRoute, Site};
use crate::text::{SitePath, Span, Spanned, World};
use std::collections::{BTreeMap, BTreeSet};

/// Reports code blocks whose language has no colours anywhere.
pub(super) fn languages(document: &Document) -> Diagnostics {
    let mut found = Diagnostics::new();
    walk(&document.body, &mut |node| {
        let Node::Code(code) = node else { return };
        let is_coloured = matches!(code.style, crate::markdown::CodeStyle::Highlighted(_));
        let Some(language) = code.language.as_ref().filter(|_| is_coloured) else { return };
        if knows_language(&language.value) {
            return;
        }
        let message = format!("the language `{}` is not known", language.value);
        found.push(
            Diagnostic::new(Code::CodeLanguageUnknown, language.span, message)
                .note("the code is shown without colours")
                .help("write one that Pygments knows, or `text`"),
        );
    });
    found
}

/// Looks at a site and all its files. `said` is what has been said about it.
pub(super) fn check(
    project: &Project,
    site: &Site,
    cache: &Cache,
    outputs: &Outputs,
    world: &dyn World,
    said: &Diagnostics,
) -> Diagnostics {
    let mut found = Diagnostics::new();
    named_files(project, outputs, &mut found);
    let rewritten: BTreeSet<Option<Span>> =
        said.iter().filter(|said| said.code == Code::RawLinkNotRewritten).map(|said| said.span).collect();
    let by_file: BTreeMap<&str, SitePath> =
        site.pages.iter().map(|(path, route)| (route.out_path.as_str(), *path)).collect();
    for (path, kept) in &cache.parsed {
        let Some(route) = site.pages.get(path) else { continue };
        for link in &kept.value.parsed.facts.links {
            if link.kind == LinkKind::Raw && !rewritten.contains(&Some(link.target.span)) {
                found.extend(raw_link(&link.target, route, &by_file, cache, outputs));
            }
        }
    }
    // Few projects use each of their images: who wants to know says so.
    if let Some(Some(_)) = project.levels().get(Code::ImageUnused.id()) {
        unused_images(project, site, cache, world, &mut found);
    }
    found
}

/// Files that the configuration names for every page.
fn named_files(project: &Project, outputs: &Outputs, found: &mut Diagnostics) {
    let config = &project.config;
    let scripts = config.extra_javascript.iter().map(|script| ("extra_javascript", &script.path));
    let styles = config.extra_css.iter().map(|path| ("extra_css", path));
    let theme = [("logo", &config.theme.logo), ("favicon", &config.theme.favicon)];
    let theme = theme.into_iter().filter_map(|(name, path)| Some((name, path.as_ref()?)));
    for (name, path) in scripts.chain(styles).chain(theme) {
        let written = path.value.split(['?', '#']).next().unwrap_or_default();
        let target = normal(written.trim_start_matches("./"));
        let is_elsewhere = written.contains("://") || written.starts_with("//") || written.starts_with("data:");
        if written.is_empty() || is_elsewhere || target.as_ref().is_some_and(|target| has(outputs, target)) {
            continue;
        }
        let message = format!("`{name}` names `{written}`, which is not part of the site");
        let mut diagnostic = Diagnostic::new(Code::AssetMissing, path.span, message)
            .note(format!("it is looked for in `{}`", project.docs_dir));
        if let Some(near) = nearest(written, outputs.files.keys().map(OutPath::as_str)) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
        }
        found.push(diagnostic);
    }
}

/// Raw HTML goes out as it is written: its addresses start from that of the page.
fn raw_link(
    target: &Spanned<String>,
    route: &PageRoute,
    by_file: &BTreeMap<&str, SitePath>,
    cache: &Cache,
    outputs: &Outputs,
) -> Option<Diagnostic> {
    let written = target.value.trim();
    let has_scheme = written.split_once(':').is_some_and(|(scheme, _)| !scheme.contains(['/', '?', '#']));
    // A template, an address of another server, or one that depends on where the site stands.
    if written.is_empty() || has_scheme || written.starts_with('/') || written.contains("{{") || written.contains("{%")
    {
        return None;
    }
    let (address, fragment) = written.split_once('#').unwrap_or((written, ""));
    let path = site::unquote(address.split('?').next().unwrap_or_default());
    let folder = route.url.rfind('/').map_or("", |slash| &route.url[..=slash]);
    let file = if path.is_empty() {
        route.out_path.clone()
    } else {
        // What leads out of the site may be there.
        let whole = normal(&format!("{}{path}", site::unquote(folder)))?;
        let index = if whole.is_empty() { "index.html".to_owned() } else { format!("{whole}/index.html") };
        match [&whole, &index].into_iter().find(|file| has(outputs, file)) {
            Some(file) => file.clone(),
            None => {
                let message = format!("`{written}` in raw HTML leads nowhere: there is no `{whole}` in the site");
                return Some(
                    Diagnostic::new(Code::RawLinkBroken, target.span, message)
                        .note(format!(
                            "raw HTML is not rewritten: it starts from the address of the page, `{}`",
                            shown(&route.url)
                        ))
                        .help("write it as a Markdown link or image, or the address from the page"),
                );
            }
        }
    };
    let path = by_file.get(file.as_str()).filter(|_| !fragment.is_empty())?;
    let html = std::str::from_utf8(&cache.pages.get(path)?.value.bytes).ok()?;
    let fragment = site::unquote(fragment);
    let is_there = |name: &str| {
        let forms = [format!("{name}=\"{fragment}\""), format!("{name}='{fragment}'"), format!("{name}={fragment}")];
        forms.iter().any(|form| html.contains(form.as_str()))
    };
    if fragment == "top" || is_there("id") || is_there("name") {
        return None;
    }
    let message = format!("`{written}` in raw HTML leads to no anchor: `{path}` has none of that name");
    Some(Diagnostic::new(Code::RawLinkBroken, target.span, message))
}

fn unused_images(project: &Project, site: &Site, cache: &Cache, world: &dyn World, found: &mut Diagnostics) {
    let is_image = |name: &str| {
        let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        ["png", "jpg", "jpeg", "gif", "svg", "webp", "avif"].contains(&ending.as_str())
    };
    // A file is used where its name stands: in a page, in what pages include, in a style sheet, in the configuration.
    let mut texts: Vec<String> = Vec::new();
    let pages = cache.parsed.keys().copied();
    let included = cache.parsed.values().flat_map(|kept| kept.value.parsed.reads.iter().map(|read| read.path));
    let styles = site.assets.iter().map(|(path, _)| *path).filter(|path| !is_image(path.as_str()));
    let theme = super::views::custom_files(project, world).into_iter().map(|(path, _)| path);
    let all: BTreeSet<SitePath> =
        pages.chain(included).chain(styles).chain(theme).chain(project.config_files.iter().copied()).collect();
    texts.extend(all.into_iter().filter_map(|path| Some(world.source(path).ok()?.text().to_owned())));
    for (path, target) in site.assets.iter().filter(|(path, _)| is_image(path.as_str())) {
        let name = path.file_name();
        let quoted = name.replace(' ', "%20");
        if !texts.iter().any(|text| text.contains(name) || text.contains(&quoted)) {
            let message = format!("no page shows the image `{target}`");
            found
                .push(Diagnostic::new(Code::ImageUnused, Span::at_start(*path), message).help("remove it, or show it"));
        }
    }
}

fn has(outputs: &Outputs, path: &str) -> bool {
    OutPath::new(path).is_some_and(|path| outputs.files.contains_key(&path))
}

/// A path without `.` and `..`; `None` for one that leads out of the site.
fn normal(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        match part {
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn shown(url: &str) -> &str {
    if url.is_empty() { "./" } else { url }
}
