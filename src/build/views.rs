//! Views for the theme: what its templates may know of the site and of a page.

use super::json::json_of;
use super::project::Project;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::markdown::{Parsed, TocEntry};
use crate::plugins::ExtraHeading;
use crate::render::theme::view::{NavItem, NavKind, NavView, PageFacts, PageRef, PageView, SiteView, TagView, TocView};
use crate::render::theme::{Override, Theme};
use crate::site::{self, PageRoute, Site};
use crate::text::{ReadError, SitePath, Span, World, yaml};
use serde_json::Value;

/// The theme with the project's own files, and what is wrong with them.
pub(super) fn theme(project: &Project, world: &dyn World) -> (Theme, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let mut overrides = Vec::new();
    let files = custom_files(project, world).into_iter();
    let files = files.filter(|(_, name)| name.ends_with(".html") || is_published(name));
    for (path, name) in files.chain(icon_files(project, world)) {
        match world.source(path) {
            Ok(source) => overrides.push(Override { name: name.to_owned(), source }),
            // Images and fonts go out as they are.
            Err(ReadError::NotUtf8 { .. }) if !name.ends_with(".html") => {}
            Err(ReadError::Outside(why)) => {
                diagnostics.push(Diagnostic::outside(Span::at_start(path), path.as_str(), &why));
            }
            Err(error) => {
                let message = format!("the theme's file `{path}` cannot be read: {}", error.reason());
                diagnostics.push(Diagnostic::new(Code::FileUnreadable, Span::at_start(path), message));
            }
        }
    }
    let (theme, findings) = Theme::new(&overrides);
    diagnostics.append(findings);
    (theme, diagnostics)
}

/// The files of the project's own theme folder, each with its name in the theme.
pub(super) fn custom_files(project: &Project, world: &dyn World) -> Vec<(SitePath, &'static str)> {
    let Some(folder) = project.custom_dir else { return Vec::new() };
    let hidden = |name: &str| name.split('/').any(|part| part.starts_with('.'));
    let files = world.list(folder).into_iter().filter_map(|path| Some((path, path.below(folder)?)));
    files.filter(|(_, name)| !hidden(name)).collect()
}

/// Tells whether a file of a theme goes into the site when it is no template: MkDocs 1.6.1,
/// `Files.add_files_from_theme`, which matches names in lower case.
pub(super) fn is_published(name: &str) -> bool {
    let name = name.to_lowercase();
    let ends = [".py", ".pyc", ".html", ".md", ".markdown", ".mdown", ".mkdn", ".mkd"];
    !ends.iter().any(|end| name.ends_with(end))
        && !name.contains("readme")
        && !name.starts_with("locales/")
        && name != "mkdocs_theme.yml"
}

/// The icons of the project's own theme folder, `.icons/**.svg`, each with its name in the theme.
fn icon_files(project: &Project, world: &dyn World) -> Vec<(SitePath, &'static str)> {
    let Some(folder) = project.custom_dir else { return Vec::new() };
    let files = world.list(folder.join(".icons")).into_iter();
    let files = files.filter_map(|path| Some((path, path.below(folder)?)));
    files.filter(|(_, name)| name.ends_with(".svg")).collect()
}

/// The site as every page sees it.
pub(super) fn site(project: &Project, site: &Site) -> SiteView {
    let homepage = site.homepage.and_then(|path| site.pages.get(&path)).map(|route| route.url.clone());
    SiteView {
        nav: NavView { items: nav_items(&site.nav, site, project.config.extra.get("status")), homepage },
        pages: site.order.iter().filter_map(|path| Some(page_facts(site, site.pages.get(path)?))).collect(),
        ..project.view.clone()
    }
}

fn page_facts(site: &Site, route: &PageRoute) -> PageFacts {
    let url = |path: Option<SitePath>| Some(site.pages.get(&path?)?.url.clone());
    let given = |title: &String| !title.is_empty();
    PageFacts {
        title: Some(route.title.clone()).filter(given),
        plain_title: Some(text_of_html(&route.title)).filter(given),
        url: route.url.clone(),
        abs_url: route.abs_url.clone(),
        canonical_url: route.canonical_url.clone(),
        edit_url: route.edit_url.clone(),
        src_uri: route.src_uri.clone(),
        out_path: route.out_path.clone(),
        meta: route.meta.as_ref().map_or(Value::Null, json_of),
        front_matter: route.meta.clone(),
        is_homepage: route.is_homepage,
        is_index: route.is_index,
        previous: url(route.previous),
        next: url(route.next),
    }
}

/// `statuses` is what each status of a page means in words.
fn nav_items(items: &[site::NavItem], site: &Site, statuses: Option<&yaml::Node>) -> Vec<NavItem> {
    items.iter().map(|item| nav_item(item, site, statuses)).collect()
}

fn nav_item(item: &site::NavItem, site: &Site, statuses: Option<&yaml::Node>) -> NavItem {
    let route = item.page.and_then(|path| site.pages.get(&path));
    let entry = |key: &str| route.filter(|_| item.kind == site::NavKind::Page)?.meta.as_ref()?.get(key);
    let meta = |key: &str| entry(key)?.scalar_text();
    let kind = match item.kind {
        site::NavKind::Page => NavKind::Page,
        site::NavKind::Section => NavKind::Section,
        site::NavKind::Link => NavKind::Link,
    };
    let mut children = nav_items(&item.children, site, statuses);
    let mut leads_to_first = false;
    if let (NavKind::Section, Some(page)) = (kind, item.page) {
        // A section that is a page (`section-index`) leads to it, and with nothing else in it is that page.
        let index = site::NavItem { kind: site::NavKind::Page, page: Some(page), children: Vec::new(), ..item.clone() };
        let index = nav_item(&index, site, statuses);
        if children.is_empty() {
            return index;
        }
        children.insert(0, NavItem { is_index: true, ..index });
        leads_to_first = true;
    }
    NavItem {
        title: item.title.as_deref().map(text_of_html).unwrap_or_default(),
        html_title: item.title.clone(),
        kind,
        url: route.map(|route| route.url.clone()).or_else(|| item.url.clone()).unwrap_or_default(),
        is_index: route.is_some_and(|route| route.is_index),
        leads_to_first,
        icon: meta("icon"),
        icon_place: entry("icon").map(|icon| icon.span),
        subtitle: meta("subtitle"),
        status_title: meta("status").and_then(|status| statuses?.get(&status)?.scalar_text()),
        status: meta("status"),
        children,
    }
}

/// One page, with everything but its content.
pub(super) fn page(site: &Site, route: &PageRoute, parsed: &Parsed) -> PageView {
    let neighbour = |path: Option<SitePath>| {
        let route = site.pages.get(&path?)?;
        Some(PageRef { title: text_of_html(&route.title), url: route.url.clone() })
    };
    let meta = route.meta.as_ref().map_or(Value::Null, json_of);
    let template = meta.get("template").and_then(Value::as_str).map(str::to_owned);
    PageView {
        title: Some(text_of_html(&route.title)).filter(|title| !title.is_empty()),
        url: route.url.clone(),
        canonical_url: route.canonical_url.clone(),
        edit_url: route.edit_url.clone(),
        content: String::new(),
        toc: toc(&parsed.document.toc),
        previous_page: neighbour(route.previous),
        next_page: neighbour(route.next),
        is_homepage: route.is_homepage,
        tags: tags(route, &meta),
        source_path: route.path.as_str().to_owned(),
        template,
        draft: route.is_draft,
        runbook: None,
        meta,
    }
}

fn toc(entries: &[TocEntry]) -> Vec<TocView> {
    let view = |entry: &TocEntry| TocView {
        id: entry.id.clone(),
        title: entry.title.clone(),
        html: entry.html.clone(),
        level: entry.level,
        children: toc(&entry.children),
    };
    entries.iter().map(view).collect()
}

/// Adds the headings of tag listings to a table of contents, each below the heading it stands under.
pub(super) fn add_headings(toc: &mut Vec<TocView>, headings: &[ExtraHeading]) {
    for heading in headings {
        let view = TocView {
            id: heading.id.clone(),
            title: heading.name.clone(),
            html: String::new(),
            level: heading.level,
            children: Vec::new(),
        };
        let host = heading.below.as_deref().and_then(|id| find_toc(toc, id));
        match host {
            Some(host) => host.children.push(view),
            None => toc.push(view),
        }
    }
}

fn find_toc<'a>(toc: &'a mut [TocView], id: &str) -> Option<&'a mut TocView> {
    for entry in toc {
        if entry.id == id {
            return Some(entry);
        }
        if let Some(found) = find_toc(&mut entry.children, id) {
            return Some(found);
        }
    }
    None
}

fn tags(route: &PageRoute, meta: &Value) -> Vec<TagView> {
    if !route.tags.is_empty() {
        return route.tags.iter().map(|tag| TagView { name: tag.name.clone(), url: tag.url.clone() }).collect();
    }
    tags_of_meta(meta)
}

fn tags_of_meta(meta: &Value) -> Vec<TagView> {
    let tags = meta.get("tags").and_then(Value::as_array).into_iter().flatten();
    let name = |tag: &Value| tag.as_str().map(str::to_owned).or_else(|| tag.is_number().then(|| tag.to_string()));
    tags.filter_map(name).map(|name| TagView { name, url: None }).collect()
}

/// The text of a title, which is an HTML fragment: without its tags, character references resolved
/// (Jinja's `striptags`, through which Material puts titles).
pub(super) fn text_of_html(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        let Some(close) = rest[open..].find('>') else { break };
        text.push_str(&rest[..open]);
        rest = &rest[open + close + 1..];
    }
    text.push_str(rest);
    if text.contains('&') {
        text = references_resolved(&text);
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn references_resolved(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.char_indices().take(12).find(|(_, letter)| *letter == ';').map(|(end, _)| end);
        let resolved = end.and_then(|end| Some((end, reference(&rest[1..end])?)));
        match resolved {
            Some((end, letter)) => {
                out.push(letter);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out + rest
}

fn reference(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "laquo" => '«',
        "raquo" => '»',
        "copy" => '©',
        "reg" => '®',
        "trade" => '™',
        "rarr" => '→',
        "larr" => '←',
        "times" => '×',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_lose_their_markup() {
        assert_eq!(text_of_html("A &lt;b&gt; &amp;amp; <em>C</em>"), "A <b> &amp; C");
        assert_eq!(text_of_html("R&D &#65;&#x42; &nope; 1 < 2"), "R&D AB &nope; 1 < 2");
    }
}
