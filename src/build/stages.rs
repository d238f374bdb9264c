//! The stages: parse → link → render → collect.
//!
//! Each is a function of values. Pages are independent of each other within a stage and go through
//! it on all processors; between stages everything is in the order of paths, so neither the number
//! of threads nor what was cached can be seen in the result.

use super::cache::{Body, BodyKey, Cache, Kept, Page, PageKey, ParseKey, ReadPage, reads_hold};
use super::checklists::{self, Users};
use super::checks;
use super::found;
use super::live;
use super::outputs::{Content, OutPath, Outputs};
use super::problems::{kept_back, unreadable_page};
use super::project::Project;
use super::views;
use crate::diag::{Code, Diagnostic, Diagnostics, Severity};
use crate::markdown::{self, Parsed};
use crate::plan::Packages;
use crate::plugins::{ContentContext, Finished};
use crate::render::html::render_html;
use crate::render::theme::view::PageView;
use crate::render::theme::{SiteTheme, Theme};
use crate::render::{search, sitemap};
use crate::runbook;
use crate::site::{self, Files, PageRoute, Site};
use crate::text::{Digest, ReadError, SitePath, World};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a build yields.
#[derive(Clone, Debug)]
pub struct Built {
    /// Every file of the site.
    pub outputs: Outputs,
    /// All there is to say, sorted.
    pub diagnostics: Diagnostics,
    /// How many pages there are.
    pub n_pages: usize,
    /// How many of them were parsed, and not found in the cache.
    pub n_parsed: usize,
    /// How many of them were rendered, and not found in the cache.
    pub n_rendered: usize,
    /// What the next build may begin with.
    pub cache: Cache,
}

/// Builds the whole site. With the cache of an earlier build the result is the same, byte for byte
/// and diagnostic for diagnostic; it only comes sooner.
///
/// `found` are the files below the folder of the pages. `progress` hears how many pages are done
/// and how many there are; it is called from many threads.
pub fn build(
    project: &Project,
    world: &dyn World,
    found: &[SitePath],
    before: &Cache,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Built {
    let mut diagnostics = project.diagnostics.clone();
    let mut cache = Cache::default();

    let (theme, findings) = views::theme(project, world);
    diagnostics.append(findings);
    let events = project.plugins.with_history(&project.history);
    let theme_files: Vec<String> = theme.assets().into_iter().map(|asset| asset.path).collect();
    let (files, findings) = site::collect_files(found, &theme_files, &project.site, world, &events);
    diagnostics.append(findings);

    // Parse.
    let parsed = parse_pages(project, world, &files, before);
    let n_parsed = parsed.iter().filter(|(_, outcome)| matches!(outcome, Outcome::New(_))).count();
    for (path, outcome) in parsed {
        match outcome {
            Outcome::New(kept) | Outcome::Known(kept) => {
                diagnostics.extend(kept.value.diagnostics.iter().cloned());
                cache.parsed.insert(path, kept);
            }
            Outcome::Unreadable(diagnostic) => diagnostics.push(*diagnostic),
        }
    }

    // Link.
    let facts: Vec<&markdown::PageFacts> = cache.parsed.values().map(|kept| &kept.value.parsed.facts).collect();
    let (site, findings) = site::link(&files, &facts, &project.site, world, &events);
    diagnostics.append(findings);
    diagnostics.append(kept_back(project, &site));

    // Render.
    let site_theme = theme.site(views::site(project, &site));
    diagnostics.extend(site_theme.diagnostics().iter().cloned());
    let runbooks = cache.parsed.iter().filter_map(|(path, kept)| Some((*path, kept.value.runbook.as_ref()?)));
    let relations = Relations {
        users: checklists::users(runbooks),
        graphs: checklists::graphs(&cache, world),
        packages: live::packages(&cache, world),
    };
    let rendered = render_pages(project, &site, &relations, &site_theme, &cache, before, progress);
    let n_rendered = rendered.iter().filter(|(_, rendered)| rendered.new).count();
    for (path, rendered) in rendered {
        // A page that is kept may have moved inside its file: its place is of today.
        let template = || site.pages.get(&path)?.meta.as_ref()?.get("template").map(|template| template.span);
        for mut diagnostic in rendered.page.value.diagnostics.iter().cloned() {
            if diagnostic.code == Code::TemplateUnknown && diagnostic.span.is_none() {
                diagnostic.span = template();
            }
            diagnostics.push(diagnostic);
        }
        cache.bodies.insert(path, rendered.body);
        cache.pages.insert(path, rendered.page);
    }

    // Collect.
    let outputs = collect(project, &site, &theme, &site_theme, world, &cache, &mut diagnostics);
    diagnostics.append(checks::check(project, &site, &cache, &outputs, world, &diagnostics));
    project.hidden.hide(&mut diagnostics);
    diagnostics.sort();
    Built { outputs, diagnostics, n_pages: site.pages.len(), n_parsed, n_rendered, cache }
}

enum Outcome {
    New(Kept<ParseKey, ReadPage>),
    Known(Kept<ParseKey, ReadPage>),
    Unreadable(Box<Diagnostic>),
}

fn parse_pages(project: &Project, world: &dyn World, files: &Files, before: &Cache) -> BTreeMap<SitePath, Outcome> {
    let pages: Vec<SitePath> = files.pages(project.purpose.preview).map(|file| file.path).collect();
    pages.par_iter().map(|page| (*page, parse_page(project, world, *page, before))).collect()
}

fn parse_page(project: &Project, world: &dyn World, page: SitePath, before: &Cache) -> Outcome {
    let source = match world.source(page) {
        Ok(source) => source,
        Err(error) => return Outcome::Unreadable(Box::new(unreadable_page(page, &error))),
    };
    let key = ParseKey { page, source: source.digest(), dialect: project.dialect_digest };
    if let Some(value) = Kept::find(&before.parsed, page, &key)
        && reads_hold(&value.parsed.reads, world)
    {
        return Outcome::Known(Kept { key, value });
    }
    let mut parsed = markdown::parse(&source, &project.dialect, world);
    let (runbook, findings) = runbook::extract(&parsed.document, &source);
    if let Some(runbook) = &runbook {
        checklists::mark_steps(&mut parsed, runbook);
    }
    let mut diagnostics = std::mem::take(&mut parsed.diagnostics);
    diagnostics.append(findings);
    diagnostics.append(checks::languages(&parsed.document));
    Outcome::New(Kept { key, value: Arc::new(ReadPage { parsed, runbook, diagnostics }) })
}

/// What runbooks' pages show of other pages and of the whole plan.
struct Relations {
    users: Users,
    graphs: BTreeMap<SitePath, String>,
    packages: Option<Packages>,
}

struct Rendered {
    body: Kept<BodyKey, Body>,
    page: Kept<PageKey, Page>,
    new: bool,
}

fn render_pages(
    project: &Project,
    site: &Site,
    relations: &Relations,
    theme: &SiteTheme,
    cache: &Cache,
    before: &Cache,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> BTreeMap<SitePath, Rendered> {
    let n_pages = site.pages.len();
    let n_done = std::sync::atomic::AtomicUsize::new(0);
    let render = |(path, route): (&SitePath, &PageRoute)| {
        let parsed = cache.parsed.get(path)?;
        let rendered = render_page(project, site, relations, route, theme, parsed, (cache, before));
        progress(n_done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1, n_pages);
        Some((*path, rendered))
    };
    site.pages.par_iter().filter_map(render).collect()
}

fn render_page(
    project: &Project,
    site: &Site,
    relations: &Relations,
    route: &PageRoute,
    theme: &SiteTheme,
    read: &Kept<ParseKey, ReadPage>,
    (cache, before): (&Cache, &Cache),
) -> Rendered {
    let page = route.path;
    let parsed = &read.value.parsed;
    let links = |target: &str| site.resolve_link(page, target);
    let mut view = views::page(site, route, parsed);
    let runbook = read.value.runbook.as_ref();
    view.runbook = runbook.and_then(|runbook| {
        let block = |path: SitePath, id: &str| cache.parsed.get(&path)?.value.runbook.as_ref()?.block(id);
        let every = project.lint_policy().review_every;
        let live = live::data(runbook, relations.packages.as_ref(), every.as_ref(), &block)?;
        checklists::view(runbook, route, site, &relations.users, relations.graphs.get(&page), live)
    });
    project.on_page_context(page, &mut view.meta);
    let key = BodyKey {
        parse: read.key.digest(&parsed.reads),
        links: links_digest(parsed, &links),
        route: route_digest(project, &view, project.plugins.content_key(site, page)),
    };
    let body = Kept::find(&before.bodies, page, &key)
        .unwrap_or_else(|| Arc::new(render_body(project, site, route, &view, &read.value, &links)));
    let body = Kept { key, value: body };
    views::add_headings(&mut view.toc, &body.value.headings);

    let view_json = serde_json::to_vec(&view).expect("a view is text, numbers and lists");
    let key = PageKey { body: body.key, view: Digest::of(&view_json), theme: theme.digest() };
    let known = Kept::find(&before.pages, page, &key);
    let new = known.is_none();
    let value = known.unwrap_or_else(|| {
        view.content = body.value.html.clone();
        let (html, diagnostics) = match theme.render_page(&view) {
            Ok(made) => (made.html, made.problems.into_iter().collect()),
            Err(diagnostic) => (String::new(), Diagnostics::from_iter([*diagnostic])),
        };
        let html = project.plugins.on_post_page(html, route);
        Arc::new(Page { bytes: html.into_bytes().into(), diagnostics })
    });
    Rendered { body, page: Kept { key, value }, new }
}

/// Renders a page's content and what the search index holds of it.
fn render_body(
    project: &Project,
    site: &Site,
    route: &PageRoute,
    view: &PageView,
    read: &ReadPage,
    links: &dyn Fn(&str) -> Option<String>,
) -> Body {
    let parsed = &read.parsed;
    let html = render_html(&parsed.document.body, links);
    let content = project.plugins.on_page_content(html, &ContentContext { route, site, meta: &view.meta });
    let title = view.title.as_deref().unwrap_or_default();
    let page = search::SearchPage { url: &route.url, title, meta: route.meta.as_ref(), toc: &parsed.document.toc };
    let html = content.html;
    let steps = read.runbook.as_ref().map(found::steps).unwrap_or_default();
    let seen = content.is_document.then(|| format!("<html><head></head><body>{html}</body></html>"));
    let read = project.search.as_ref().map(|options| options.read(&html, seen.as_deref(), page, &steps));
    let (search, findable) = read.unwrap_or_default();
    Body { html, search, findable, headings: content.headings }
}

/// A digest of what the content takes from the route, from plugins and for the search index.
fn route_digest(project: &Project, view: &PageView, plugins: Digest) -> Digest {
    let meta = view.meta.to_string();
    let search = format!("{:?}", project.search);
    let title = view.title.as_deref().unwrap_or_default();
    Digest::of_parts([view.url.as_bytes(), title.as_bytes(), meta.as_bytes(), plugins.as_bytes(), search.as_bytes()])
}

/// A digest of what each destination on a page becomes.
fn links_digest(parsed: &Parsed, links: &dyn Fn(&str) -> Option<String>) -> Digest {
    let mut written = std::collections::BTreeSet::new();
    markdown::walk(&parsed.document.body, &mut |node| {
        let attrs = node.as_element().map(|element| &element.attrs);
        written.extend(attrs.into_iter().flat_map(|attrs| [attrs.get("href"), attrs.get("src")]).flatten());
    });
    let pairs: Vec<(&str, Option<String>)> = written.into_iter().map(|written| (written, links(written))).collect();
    let parts = pairs.iter().flat_map(|(written, becomes)| {
        let kept: &[u8] = if becomes.is_some() { b"changed" } else { b"kept" };
        [written.as_bytes(), kept, becomes.as_deref().unwrap_or_default().as_bytes()]
    });
    Digest::of_parts(parts)
}

/// Puts every file of the site together.
fn collect(
    project: &Project,
    site: &Site,
    theme: &Theme,
    site_theme: &SiteTheme,
    world: &dyn World,
    cache: &Cache,
    diagnostics: &mut Diagnostics,
) -> Outputs {
    let mut out = Collector { outputs: Outputs::default(), diagnostics };
    // From the least to the most particular: what comes later stands in the place of what came before.
    for asset in theme.assets() {
        out.bytes(&asset.path, asset.bytes.into_owned());
    }
    for (path, name) in views::custom_files(project, world) {
        if views::is_published(name) && matches!(world.source(path), Err(ReadError::NotUtf8 { .. })) {
            out.put(name, Content::CopyOf(path));
        }
    }
    for (path, target) in &site.assets {
        out.put(target, Content::CopyOf(*path));
    }
    for (path, kept) in &cache.pages {
        if let Some(route) = site.pages.get(path) {
            out.put(&route.out_path, Content::Bytes(Arc::clone(&kept.value.bytes)));
        }
    }
    for (target, bytes) in &site.generated {
        out.bytes(target, bytes.clone());
    }
    templates(project, site_theme, world, &mut out);
    sitemap(project, site, &mut out);
    let index = project.search.as_ref().map(|options| {
        let bodies = site.order.iter().filter_map(|path| cache.bodies.get(path));
        options.index(bodies.map(|kept| kept.value.search.as_str()).filter(|part| !part.is_empty()))
    });
    let search_index = index.as_deref();
    let content = |page: SitePath| Some(cache.bodies.get(&page)?.value.html.as_str());
    let files = BTreeMap::new();
    let mut finished = Finished { site, content: &content, search_index, files, diagnostics: out.diagnostics };
    project.plugins.on_post_build(&mut finished);
    for (path, bytes) in finished.files {
        out.bytes(&path, bytes);
    }
    if let Some(index) = index {
        out.bytes("search/search_index.json", index);
    }
    if let Some(options) = &project.search {
        for (path, bytes) in found::shards(options, site, cache) {
            out.bytes(&path, bytes);
        }
    }
    out.outputs
}

/// The sitemap of all pages, drafts left out, with the day of the build.
fn sitemap(project: &Project, site: &Site, out: &mut Collector<'_>) {
    let day = jiff::Timestamp::from_second(project.purpose.time).ok();
    let day = day.map(|time| time.to_zoned(jiff::tz::TimeZone::UTC).date().to_string());
    let pages = site.order.iter().filter_map(|path| site.pages.get(path)).filter(|route| !route.is_draft);
    let xml = sitemap::sitemap_xml(pages.filter_map(|route| route.canonical_url.as_deref()), day.as_deref());
    // As in MkDocs, its time is the day that stands in it: the same pages are the same bytes on that day.
    let midnight = project.purpose.time - project.purpose.time.rem_euclid(24 * 60 * 60);
    let packed = sitemap::gzip(xml.as_bytes(), u32::try_from(midnight).unwrap_or(0));
    out.bytes("sitemap.xml", xml.into_bytes());
    out.bytes("sitemap.xml.gz", packed);
}

struct Collector<'a> {
    outputs: Outputs,
    diagnostics: &'a mut Diagnostics,
}

impl Collector<'_> {
    fn bytes(&mut self, path: &str, bytes: Vec<u8>) {
        self.put(path, Content::Bytes(bytes.into()));
    }

    fn put(&mut self, path: &str, content: Content) {
        match OutPath::new(path) {
            Some(path) => {
                self.outputs.files.insert(path, content);
            }
            None => self.diagnostics.push(
                Diagnostic::placeless(Code::OutputOutside, format!("`{path}` is no path inside of the output folder"))
                    .help("rename the file, or change the setting that makes this path"),
            ),
        }
    }

    fn html(&mut self, project: &Project, path: &str, html: Result<String, Box<Diagnostic>>) {
        match html {
            // A template may be something else than a page, such as a feed.
            Ok(text) if !path.ends_with(".html") => self.bytes(path, text.into_bytes()),
            Ok(html) => self.bytes(path, project.plugins.on_post_template(html, path).into_bytes()),
            Err(diagnostic) => self.diagnostics.push(*diagnostic),
        }
    }

    /// As [`Self::html`], but what cannot be rendered is left out and no more.
    fn text(&mut self, project: &Project, path: &str, text: Result<String, Box<Diagnostic>>) {
        match text {
            Ok(text) => self.html(project, path, Ok(text)),
            Err(diagnostic) => {
                let note = "the file is left out; MkDocs, too, builds the rest of the site";
                self.diagnostics.push(diagnostic.severity(Severity::Warning).note(note));
            }
        }
    }
}

/// The pages that are templates: `404.html`, `static_templates`, `extra_templates`.
fn templates(project: &Project, theme: &SiteTheme, world: &dyn World, out: &mut Collector<'_>) {
    let missing = theme.render_404().map(|made| {
        out.diagnostics.extend(made.problems);
        made.html
    });
    out.html(project, "404.html", missing);
    for name in &project.config.theme.static_templates {
        if name.value == "404.html" || name.value == "sitemap.xml" {
            continue;
        }
        if theme.has_template(&name.value) {
            out.text(project, &name.value, theme.render_static(&name.value));
        } else {
            let message = format!("template `{}` is not found in the theme", name.value);
            let diagnostic = Diagnostic::new(Code::TemplateSkipped, name.span, message);
            out.diagnostics.push(diagnostic.help("put it into `theme.custom_dir` (`themes/` of a book)"));
        }
    }
    for name in &project.config.extra_templates {
        let path = project.docs_dir.join(&name.value);
        match world.source(path) {
            Ok(source) => out.text(project, &name.value, theme.render_extra(&source, &name.value)),
            Err(ReadError::Outside(why)) => out.diagnostics.push(Diagnostic::outside(name.span, &name.value, &why)),
            Err(_) => {
                let message = format!("template `{}` is not found in `{}`", name.value, project.docs_dir);
                out.diagnostics.push(Diagnostic::new(Code::TemplateSkipped, name.span, message));
            }
        }
    }
}
