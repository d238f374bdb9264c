//! Facts of all pages to a site.

use super::events::{Env, Events, Metas, Nav};
use super::files::{FileKind, FileRoute, Files, Inclusion, title_from_name};
use super::links::Checker;
use super::nav::{Draft, Item};
use super::options::SiteOptions;
use super::route::{NavItem, NavKind, PageRoute, Site, TitleFrom};
use super::tags::{Listing, Tree};
use super::url;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::markdown::{PageFacts, is_entity_at};
use crate::text::{SitePath, World, yaml};
use std::collections::{BTreeMap, BTreeSet};

/// Links the pages of a site: routes, titles, navigation, anchors, backlinks. `pages` are the facts
/// of the files that [`Files::pages`] names; plugins that keep their settings beside the pages read
/// them through `world`.
///
/// Reports `OB301` to `OB309`, `OB313` and what plugins have to say.
pub fn link(
    files: &Files,
    pages: &[&PageFacts],
    options: &SiteOptions,
    world: &dyn World,
    events: &dyn Events,
) -> (Site, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let facts: BTreeMap<SitePath, &PageFacts> = pages.iter().map(|page| (page.path, *page)).collect();
    let own = facts.iter().filter_map(|(path, page)| Some((*path, page.meta.clone()?)));
    let mut metas = Metas { metas: own.collect(), facts: &facts, options, world, diagnostics: &mut diagnostics };
    events.on_page_meta(&mut metas);
    let metas = metas.metas;

    let title_of = |path: SitePath| own_title(files, path, metas.get(&path), facts.get(&path).copied()).0;
    let mut nav = Nav {
        entries: options.nav.clone().filter(|entries| !entries.is_empty()),
        draft: None,
        reaches_all: false,
        before: Vec::new(),
        silent: BTreeSet::new(),
        files,
        options,
        world,
        metas: &metas,
        title_of: &title_of,
        diagnostics: &mut diagnostics,
    };
    events.on_nav(&mut nav);
    let draft = std::mem::take(nav.draft());
    let Nav { reaches_all, before, silent, .. } = nav;
    let not_in_nav = report_omitted(files, &draft, &silent, options, !reaches_all, &mut diagnostics);

    let mut site = Site {
        pages: BTreeMap::new(),
        order: files.pages(options.preview).map(|file| file.path).collect(),
        nav: Vec::new(),
        homepage: None,
        not_in_nav,
        backlinks: BTreeMap::new(),
        assets: files
            .iter()
            .filter(|file| file.kind == FileKind::Asset && file.inclusion.is_built(options.preview))
            .map(|file| (file.path, file.out_path.clone()))
            .collect(),
        generated: BTreeMap::new(),
        files: files.clone(),
        listings: BTreeMap::new(),
        use_directory_urls: options.use_directory_urls,
        absolute_links: options.validation.links_absolute_links,
    };
    for file in files.pages(options.preview) {
        site.pages.insert(file.path, route(file, options, metas.get(&file.path).cloned()));
    }
    neighbours(&mut site, before);
    place(&mut site, &draft);
    title(&mut site, &draft, &facts);
    site.nav = items(&draft.items, &site, &draft);
    events.on_env(&mut Env { site: &mut site, options, world, diagnostics: &mut diagnostics });
    check_links(&mut site, &facts, options, &mut diagnostics);
    diagnostics.sort();
    (site, diagnostics)
}

/// Everything of a route that the file alone decides.
fn route(file: &FileRoute, options: &SiteOptions, meta: Option<yaml::Node>) -> PageRoute {
    let url = file.page_url().to_owned();
    let canonical_url = options.site_url.as_deref().filter(|base| !base.is_empty()).map(|base| {
        let slash = if base.ends_with('/') { "" } else { "/" };
        url::resolve(&format!("{base}{slash}"), &url)
    });
    let (edit_url, view_url) = edit_urls(&file.uri, options);
    PageRoute {
        path: file.path,
        src_uri: file.uri.clone(),
        out_path: file.out_path.clone(),
        title: String::new(),
        title_from: TitleFrom::FileName,
        meta,
        is_homepage: false,
        is_index: file.name() == "index",
        is_draft: file.inclusion == Inclusion::Draft,
        previous: None,
        next: None,
        position: None,
        abs_url: canonical_url.as_deref().map(|url| url::split(url).path.to_owned()),
        canonical_url,
        view_url,
        edit_url,
        tags: Vec::new(),
        links: BTreeMap::new(),
        url,
    }
}

/// Where to edit and to see a page's source, by its path from the folder of the pages.
pub(crate) fn edit_urls(uri: &str, options: &SiteOptions) -> (Option<String>, Option<String>) {
    let edit = edit_url(uri, options);
    let view = edit.as_deref().map(view_url);
    (edit, view)
}

/// MkDocs, `Page._set_edit_url`.
fn edit_url(uri: &str, options: &SiteOptions) -> Option<String> {
    let non_empty = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let file = match non_empty(&options.edit_uri_template) {
        Some(template) => fill_template(&template, uri),
        None => {
            let folder = non_empty(&options.edit_uri)?;
            format!("{folder}{uri}")
        }
    };
    let repository = match non_empty(&options.repo_url) {
        Some(url) if !file.starts_with(['?', '#']) && !url.ends_with('/') => format!("{url}/"),
        Some(url) => url,
        None => String::new(),
    };
    Some(url::resolve(&repository, &file))
}

/// Fills `{path}` and `{path_noext}`; `!q` quotes the value.
fn fill_template(template: &str, uri: &str) -> String {
    let without_extension = url::splitext(uri).0;
    let mut out = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        let after = &rest[open..];
        let known = [
            ("{path}", uri.to_owned()),
            ("{path!q}", url::quote(uri)),
            ("{path_noext}", without_extension.to_owned()),
            ("{path_noext!q}", url::quote(without_extension)),
        ];
        match known.into_iter().find(|(name, _)| after.starts_with(name)) {
            Some((name, value)) => {
                out.push_str(&value);
                rest = &after[name.len()..];
            }
            None => {
                out.push('{');
                rest = &after[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// Material, `partials/actions.html`: the raw text beside the editor.
fn view_url(edit: &str) -> String {
    edit.replace(if edit.contains("/blob/") { "blob" } else { "edit" }, "raw")
}

/// Gives pages the ones before and after them; returns those of the list that are built.
fn neighbours(site: &mut Site, mut flat: Vec<SitePath>) -> Vec<SitePath> {
    flat.retain(|path| site.pages.contains_key(path));
    for (index, path) in flat.iter().enumerate() {
        let route = site.pages.get_mut(path).expect("pages that are not built were dropped above");
        route.previous = index.checked_sub(1).map(|index| flat[index]);
        route.next = flat.get(index + 1).copied();
    }
    flat
}

/// Gives pages their place in the navigation: positions, neighbours, the homepage.
fn place(site: &mut Site, draft: &Draft) {
    let mut flat: Vec<SitePath> = Vec::new();
    let mut positions: BTreeMap<SitePath, Vec<usize>> = BTreeMap::new();
    draft.walk(&mut |path, position| {
        flat.push(path);
        // A page that stands twice has the parent it was given last (MkDocs, `_add_parent_links`);
        // to stand at the top gives it none.
        match positions.get_mut(&path) {
            Some(known) if position.len() > 1 => *known = position.to_vec(),
            Some(_) => {}
            None => {
                positions.insert(path, position.to_vec());
            }
        }
    });
    let flat = neighbours(site, flat);
    for (path, route) in &mut site.pages {
        route.position = positions.get(path).cloned();
        let at_top = route.position.as_ref().is_none_or(|position| position.len() == 1);
        route.is_homepage = at_top && route.is_index && matches!(route.url.as_str(), "" | "index.html");
    }
    site.homepage = flat.iter().copied().find(|path| site.pages[path].is_homepage);
}

/// Gives pages their titles, by the first rule that yields one.
fn title(site: &mut Site, draft: &Draft, facts: &BTreeMap<SitePath, &PageFacts>) {
    for (path, route) in &mut site.pages {
        let from_nav = draft.titles.get(path).cloned().flatten();
        let (own, from) = own_title(&site.files, *path, route.meta.as_ref(), facts.get(path).copied());
        (route.title, route.title_from) = match from_nav {
            Some(title) => (title, TitleFrom::Nav),
            None if from == TitleFrom::FileName && route.is_homepage => ("Home".to_owned(), from),
            None => (own, from),
        };
    }
}

/// Returns the title that a page has where the navigation gives it none.
fn own_title(
    files: &Files,
    path: SitePath,
    meta: Option<&yaml::Node>,
    facts: Option<&PageFacts>,
) -> (String, TitleFrom) {
    if let Some(title) = meta.and_then(|meta| meta.get("title")?.scalar_text()) {
        return (title, TitleFrom::Meta);
    }
    let heading = facts.and_then(|page| page.heading_title.as_ref()).filter(|heading| !heading.value.is_empty());
    if let Some(heading) = heading {
        return (escaped(&heading.value), TitleFrom::Heading);
    }
    let name = files.by_path(path).map_or("", |file| file.name());
    (title_from_name(name), TitleFrom::FileName)
}

/// Makes the finished navigation.
fn items(items_: &[Item], site: &Site, draft: &Draft) -> Vec<NavItem> {
    items_
        .iter()
        .map(|item| match item {
            Item::Page { path, span } => match site.pages.get(path) {
                Some(route) => NavItem {
                    title: Some(route.title.clone()),
                    kind: NavKind::Page,
                    page: Some(*path),
                    url: Some(route.url.clone()),
                    children: Vec::new(),
                    span: *span,
                },
                None => NavItem {
                    title: draft.titles.get(path).cloned().flatten(),
                    kind: NavKind::Link,
                    page: None,
                    url: site.files.by_path(*path).map(|file| file.url.clone()),
                    children: Vec::new(),
                    span: *span,
                },
            },
            Item::Link { title, url, span } => NavItem {
                title: title.clone(),
                kind: NavKind::Link,
                page: None,
                url: Some(url.clone()),
                children: Vec::new(),
                span: *span,
            },
            Item::Section(section) => NavItem {
                title: Some(section.title.clone()),
                kind: NavKind::Section,
                page: section.page,
                url: section.page.and_then(|page| Some(site.pages.get(&page)?.url.clone())),
                children: items(&section.children, site, draft),
                span: section.span,
            },
        })
        .collect()
}

/// Says which pages the navigation does not reach.
fn report_omitted(
    files: &Files,
    draft: &Draft,
    silent: &BTreeSet<SitePath>,
    options: &SiteOptions,
    is_written: bool,
    diagnostics: &mut Diagnostics,
) -> Vec<SitePath> {
    let missing: Vec<&FileRoute> = files
        .iter()
        .filter(|file| file.kind == FileKind::Page && file.inclusion == Inclusion::Included)
        .filter(|file| !draft.titles.contains_key(&file.path) && !silent.contains(&file.path))
        .collect();
    if let (true, Some(severity)) = (is_written, options.validation.nav_omitted_files) {
        for file in &missing {
            diagnostics.push(
                Diagnostic::new(
                    Code::NavOmitted,
                    options.nav_span,
                    format!("page `{}` is not in the navigation", file.uri),
                )
                .severity(severity)
                .help("add it to `nav`, or list it under `not_in_nav`"),
            );
        }
    }
    missing.into_iter().map(|file| file.path).collect()
}

fn check_links(
    site: &mut Site,
    facts: &BTreeMap<SitePath, &PageFacts>,
    options: &SiteOptions,
    diagnostics: &mut Diagnostics,
) {
    let extra_anchors: BTreeMap<SitePath, BTreeSet<String>> =
        site.listings.iter().map(|(path, listings)| (*path, anchors(listings))).collect();
    let files = site.files.clone();
    let checker = Checker { files: &files, options, facts, extra_anchors: &extra_anchors };
    let mut backlinks: BTreeMap<SitePath, BTreeSet<SitePath>> = BTreeMap::new();
    for path in &site.order {
        let Some(page) = facts.get(path) else { continue };
        let links = checker.check_page(page, diagnostics);
        for to in links.to {
            backlinks.entry(to).or_default().insert(*path);
        }
        if let Some(route) = site.pages.get_mut(path) {
            route.links = links.resolved;
        }
    }
    site.backlinks = backlinks.into_iter().map(|(to, from)| (to, from.into_iter().collect())).collect();
}

/// Makes an HTML fragment of a heading's text, in which character references stand as written.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, ch) in text.char_indices() {
        match ch {
            '&' if !is_entity_at(&text[at..]) => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            _ => out.push(ch),
        }
    }
    out
}

/// The ids of the headings that listings of tags make.
fn anchors(listings: &[Listing]) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let mut pending: Vec<&Tree> = listings.iter().flat_map(|listing| &listing.trees).collect();
    while let Some(tree) = pending.pop() {
        out.insert(tree.slug.clone());
        pending.extend(&tree.children);
    }
    out
}
