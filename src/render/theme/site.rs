//! Pages of one site: what they share is prepared once, each is rendered alone.

use super::Theme;
use super::engine::{Engine, Failure, Rendered};
use super::jinja::{Moment, python_text};
use super::nav::Nav;
use super::objects::{Seen, Tree, entry_id, toc_value, value_of};
use super::options::{self, Options};
use super::view::{NavItem, PageView, SiteView};
use super::{assets, engine, icon, language};
use crate::diag::{Code, Diagnostic, Diagnostics, Severity};
use crate::text::{Digest, Source, Span};
use minijinja::value::{Enumerator, Object, Serde};
use minijinja::{Error, ErrorKind, State, Value, context};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, RwLock};

/// The version of MkDocs that templates are told.
const MKDOCS_VERSION: &str = "1.6.1";

/// A theme with a site in it. Rendering is pure: any number of pages may be rendered at once, in
/// any order.
#[derive(Debug)]
pub struct SiteTheme {
    engine: Engine,
    /// Engines without templates of the project that failed somewhere, by what they are without.
    without: RwLock<BTreeMap<BTreeSet<String>, Arc<Engine>>>,
    nav: Arc<Nav>,
    tree: Arc<Tree>,
    options: Options,
    shared: Shared,
    digest: Digest,
    diagnostics: Diagnostics,
    /// The template of the statistics service that the site names, where there is one.
    analytics: Option<String>,
}

/// What the templates of one page after the other are told.
#[derive(Debug)]
struct Shared {
    site_url: Option<String>,
    css: Vec<String>,
    scripts: Vec<String>,
}

/// A whole page, rendered.
#[derive(Debug)]
pub struct Made {
    /// Its bytes.
    pub html: String,
    /// What is wrong with templates of the project: others stood in for them.
    pub problems: Vec<Diagnostic>,
}

impl SiteTheme {
    pub(super) fn new(theme: &Theme, site: SiteView) -> SiteTheme {
        let site_json = serde_json::to_vec(&site).unwrap_or_default();
        let nav_json = serde_json::to_vec(&site.nav).unwrap_or_default();
        let mut parts = vec![theme.digest.as_bytes().to_vec(), site_json, nav_json];
        if theme.engine.has_overrides() {
            // The project's own templates may ask for anything of any page.
            parts.push(format!("{:?}", site.pages).into_bytes());
            parts.push(site.config.to_string().into_bytes());
            parts.push(site.written.as_ref().map(|node| node.canonical()).unwrap_or_default().into_bytes());
            parts.push(site.time.to_string().into_bytes());
        }
        let digest = Digest::of_parts(parts.iter().map(Vec::as_slice));
        let icons = icon::Icons::of(&theme.overrides);
        let mut diagnostics = unknown_icons(&site, &icons);
        let provider = site.extra.pointer("/analytics/provider").and_then(Json::as_str);
        let mut analytics = provider.map(|name| format!("partials/integrations/analytics/{name}.html"));
        if let Some(name) = analytics.take_if(|name| !theme.engine.has(name)) {
            let message = format!("`extra.analytics.provider` asks for the template `{name}`, which does not exist");
            let diagnostic = Diagnostic::placeless(Code::TemplateUnknown, message).severity(Severity::Warning);
            diagnostics
                .push(diagnostic.help("the theme has `google`; for others put that file into `theme.custom_dir`"));
        }
        let (options, mut look) = options::complete(&site.theme, &icons);
        look["plugins"] = json!(site.plugins);
        let mut words = language::words(&options.language, &theme.overrides);
        if let Some(direction) = &options.direction {
            words.insert("direction".to_string(), direction.clone());
        }
        if let Some(title) = &site.toc_title {
            words.insert("toc".to_string(), title.clone());
        }
        let nav = Arc::new(Nav::new(site.nav.clone(), &options));
        // What the script of a runbook's page says.
        let live = words.iter().filter_map(|(key, word)| Some((key.strip_prefix("runbook.live.")?, word)));
        let live_words = Value::from(Serde(&live.collect::<BTreeMap<_, _>>()));
        let words = Value::from_object(Words(words));
        let globals = vec![
            // Writers' templates import Material's `lang` under that name, and then include a part of the
            // theme, which therefore has a name of its own for it.
            ("lang", words.clone()),
            ("ob_lang", words),
            ("live_words", live_words),
            ("features", Value::from(Serde(&look["features"]))),
            ("assets", Value::from(Serde(assets::paths(&theme.overrides)))),
            ("opsbook_version", Value::from(env!("CARGO_PKG_VERSION"))),
            ("mkdocs_version", Value::from(MKDOCS_VERSION)),
            ("build_date_utc", Value::from_object(Moment::from_seconds(site.time))),
            ("font_style", Value::from(options::font_style(&look))),
            ("has_search", Value::from(has_search(&site))),
            ("look", Value::from(Serde(&look))),
            ("config", config_value(&site)),
            ("overridden", theme.overrides.keys().map(|name| Value::from(name.as_str())).collect()),
            (
                "nav_entry",
                entry_function(&nav, |nav, state, id| {
                    let (base, url, toc) = place_of(state);
                    nav.render_entry(&|name, context| render_in(state, name, context), (&base, &url, &toc), id)
                }),
            ),
            (
                "tab_entry",
                entry_function(&nav, |nav, state, id| {
                    let (base, url, _) = place_of(state);
                    nav.render_tab(&|name, context| render_in(state, name, context), &base, &url, id)
                }),
            ),
            (
                "path_entry",
                entry_function(&nav, |nav, state, id| {
                    let item = nav.step_of(id);
                    render_in(
                        state,
                        "partials/path-entry.html",
                        context! { item => item, tidy_base => place_of(state).0 },
                    )
                }),
            ),
        ];
        let shared = Shared {
            site_url: site.site_url.clone(),
            css: site.extra_css.clone(),
            scripts: site.extra_javascript.iter().map(|script| script.path.clone()).collect(),
        };
        let tree = Arc::new(Tree::new(site.pages, Arc::clone(&nav), site.nav.homepage, site.folders));
        SiteTheme {
            engine: theme.engine.with_globals(globals),
            without: RwLock::default(),
            nav,
            tree,
            options,
            shared,
            digest,
            diagnostics,
            analytics,
        }
    }

    /// Returns the digest of everything besides the page itself that a rendered page depends on.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Returns what there is to say about the site's settings: icons that do not exist (`OB423`).
    pub fn diagnostics(&self) -> &Diagnostics {
        &self.diagnostics
    }

    /// Renders a page.
    ///
    /// # Errors
    /// The theme's own template cannot be rendered either (`OB421`). Where it can, it stands in for one
    /// of the project's that fails, and for one that does not exist (`OB422`).
    pub fn render_page(&self, page: &PageView) -> Result<Made, Box<Diagnostic>> {
        let name = page.template.as_deref().unwrap_or("main.html");
        self.made(name, "main.html", Some(page), &base_of(&page.url))
    }

    /// Renders the page for addresses that do not exist. It may be shown at any address, so its
    /// links begin at the root of the host.
    ///
    /// # Errors
    /// As [`SiteTheme::render_page`].
    pub fn render_404(&self) -> Result<Made, Box<Diagnostic>> {
        self.made("404.html", "404.html", None, &self.root())
    }

    /// Renders a template of the theme that is no page, such as one of `static_templates`.
    ///
    /// # Errors
    /// The template asks for what is not there (`OB421`).
    pub fn render_static(&self, name: &str) -> Result<String, Box<Diagnostic>> {
        let rendered = self.render_with(&self.engine, "", name, None, &base_of(name));
        rendered.map_err(|failure| failure.diagnostic)
    }

    /// Renders a file of the documentation as a template (`extra_templates`); `url` is where it
    /// goes.
    ///
    /// # Errors
    /// As [`SiteTheme::render_static`], and a template that cannot be parsed.
    pub fn render_extra(&self, source: &Arc<Source>, url: &str) -> Result<String, Box<Diagnostic>> {
        let base = base_of(url);
        let context = self.context(None, &base);
        self.engine.render_text(source, &context)
    }

    /// Tells whether the theme has a template of that name.
    pub fn has_template(&self, name: &str) -> bool {
        self.engine.has(name)
    }

    /// Returns the path of the site on its host, with its last slash.
    fn root(&self) -> String {
        let url = self.shared.site_url.as_deref().unwrap_or_default();
        let after_host = url.split_once("://").map_or(url, |(_, rest)| rest).split_once('/');
        let path = after_host.map_or("", |(_, path)| path).trim_matches('/');
        if path.is_empty() { "/".to_owned() } else { format!("/{path}/") }
    }

    /// Renders a template. Where one of the project's fails on the way, the theme's own one stands in
    /// for it, and for the page's template `fallback`, where the theme has none of its name.
    fn made(&self, name: &str, fallback: &str, page: Option<&PageView>, base: &str) -> Result<Made, Box<Diagnostic>> {
        let mut problems = Vec::new();
        let mut without = BTreeSet::new();
        let mut name = name;
        if !self.engine.has(name) {
            problems.push(*unknown_template(name, page));
            name = fallback;
        }
        loop {
            let engine = self.engine_without(&without);
            let variant = without.iter().map(|name| format!("\0{name}")).collect::<String>();
            match self.render_with(&engine, &variant, name, page, base) {
                Ok(html) => {
                    let note = "a template of the theme stands in for it";
                    let told = |found: Diagnostic| found.severity(Severity::Warning).note(note);
                    return Ok(Made { html, problems: problems.into_iter().map(told).collect() });
                }
                // Each round leaves one more template out, so this ends.
                Err(Failure { diagnostic, template: Some(template) }) if without.insert(template.clone()) => {
                    problems.push(*diagnostic);
                    if template == name && !self.engine_without(&without).has(name) {
                        name = fallback;
                    }
                }
                Err(failure) => {
                    return Err(match problems.into_iter().next() {
                        Some(first) => Box::new(first),
                        None => failure.diagnostic,
                    });
                }
            }
        }
    }

    /// The engine without some templates of the project.
    fn engine_without(&self, templates: &BTreeSet<String>) -> Arc<Engine> {
        let held = "no thread panics while it holds the engines";
        if let Some(engine) = self.without.read().expect(held).get(templates) {
            return Arc::clone(engine);
        }
        let engine = Arc::new(self.engine.without(templates));
        Arc::clone(self.without.write().expect(held).entry(templates.clone()).or_insert(engine))
    }

    /// What templates see of a page.
    fn context(&self, page: Option<&PageView>, base: &str) -> Value {
        let seen = Seen::new(&self.tree, page);
        let media = |path: &String| {
            Value::from(match page {
                Some(page) => engine::relative_url(path, &page.url),
                None => engine::based_url(path, base),
            })
        };
        context! {
            base_url => base,
            page => seen.page(),
            nav => seen.nav(),
            pages => Value::from_object(Lazy(Box::new(move || seen.pages()))),
            extra_css => self.shared.css.iter().map(media).collect::<Value>(),
            extra_javascript => self.shared.scripts.iter().map(media).collect::<Value>(),
        }
    }

    fn render_with(&self, engine: &Engine, variant: &str, name: &str, page: Option<&PageView>, base: &str) -> Rendered {
        let render = |name: &str, context: Value| engine.render(name, &context);
        let nothing = PageView::default();
        let view = page.unwrap_or(&nothing);
        let context = self.context(page, base);
        let toc = super::view::TocView::listed(&view.toc);
        let context = context! {
            hide => hidden(&view.meta).into_iter().map(Value::from).collect::<Value>(),
            ancestors => Value::from(Serde(self.nav.ancestors(&view.url))),
            page_title => view.title.clone(),
            toc => toc_value(toc),
            ..context
        };
        let has_toc = !toc.is_empty();
        let toc_html = if has_toc { engine.render("partials/toc.html", &context)? } else { String::new() };
        let own_entries = engine.is_overridden("partials/nav-item.html");
        let nav_html = match own_entries {
            true => String::new(),
            false => self.nav.render(&render, base, &view.url, &toc_html, variant)?,
        };
        let tabs = self.options.has("navigation.tabs") && !engine.is_overridden("partials/tabs-item.html");
        let tabs_html = if tabs { self.nav.render_tabs(&render, base, &view.url)? } else { String::new() };
        let context = context! { toc_html => toc_html, nav_html => nav_html, tabs_html => tabs_html, ..context };
        let analytics_html = match &self.analytics {
            Some(template) => engine.render(template, &context)?,
            None => String::new(),
        };
        let content = match &view.runbook {
            Some(runbook) => self.with_runbook(engine, view, runbook, &context)?,
            None => view.content.clone(),
        };
        engine.render(name, &context! { analytics_html => analytics_html, content_html => content, ..context })
    }

    /// Puts the checklist below the page's title, and the head of its card before each block that is
    /// a step.
    fn with_runbook(
        &self,
        engine: &Engine,
        page: &PageView,
        runbook: &super::view::RunbookView,
        context: &Value,
    ) -> Rendered {
        let content = page.content.as_str();
        let title = if content.trim_start().starts_with("<h1") { content.find("</h1>") } else { None };
        let panel = engine.render("partials/runbook.html", context)?;
        let mut pieces = vec![(title.map_or(0, |at| at + "</h1>".len()), panel)];
        for step in &runbook.steps {
            let id = format!(" id=\"step-{}\"", step.id);
            if let Some(place) = content.find(&id).and_then(|at| content[..at].rfind('<')) {
                let context = context! { step => Value::from(Serde(step)), ..context.clone() };
                pieces.push((place, engine.render("partials/step.html", &context)?));
            }
        }
        pieces.sort_by_key(|(place, _)| *place);
        let mut html =
            String::with_capacity(content.len() + pieces.iter().map(|(_, piece)| piece.len()).sum::<usize>());
        let mut from = 0;
        for (place, piece) in pieces {
            html.push_str(&content[from..place]);
            html.push_str(&piece);
            from = place;
        }
        html.push_str(&content[from..]);
        Ok(html)
    }
}

/// The words of a language: `lang.toc`, `lang["toc"]` and `lang.t("toc")`.
#[derive(Debug)]
struct Words(BTreeMap<String, String>);

impl Object for Words {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.get(key.as_str()?).map(|word| Value::from(word.as_str()))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.keys().map(|key| Value::from(key.as_str())).collect())
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, name: &str, args: &[Value]) -> Result<Value, Error> {
        match (name, args) {
            // A key without a word stands for itself, as with Material.
            ("t", [key]) => {
                let key = python_text(key);
                Ok(Value::from(self.0.get(&key).unwrap_or(&key).as_str()))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

/// A list that is made when somebody asks for it.
struct Lazy(Box<dyn Fn() -> Value + Send + Sync>);

impl std::fmt::Debug for Lazy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lazy")
    }
}

impl Object for Lazy {
    fn repr(self: &Arc<Self>) -> minijinja::value::ObjectRepr {
        minijinja::value::ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        (self.0)().get_item(key).ok()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values((self.0)().try_iter().into_iter().flatten().collect())
    }
}

/// `config` of templates.
fn config_value(site: &SiteView) -> Value {
    let mut json = serde_json::to_value(site).unwrap_or_default();
    if let (Some(all), Some(given)) = (json.as_object_mut(), site.config.as_object()) {
        all.extend(given.clone());
        all.insert("extra".to_owned(), if site.extra.is_object() { site.extra.clone() } else { json!({}) });
    }
    let map = value_of(&json, site.written.as_ref());
    let keys: Vec<Value> = map.try_iter().map(|keys| keys.collect()).unwrap_or_default();
    let pair = |key: Value| {
        let value = match key.as_str() {
            Some("extra_javascript") => site.extra_javascript.iter().cloned().map(Value::from_object).collect(),
            _ => map.get_item(&key).unwrap_or_default(),
        };
        (key, value)
    };
    Value::from_pairs(keys.into_iter().map(pair))
}

/// A function of templates that takes an entry of the navigation.
fn entry_function(
    nav: &Arc<Nav>,
    render: impl Fn(&Nav, &State<'_, '_>, usize) -> Rendered + Send + Sync + 'static,
) -> Value {
    let nav = Arc::clone(nav);
    Value::from_function(move |state: &State<'_, '_>, item: &Value| -> Result<String, Error> {
        let no_entry = || Error::new(ErrorKind::InvalidOperation, "this is no entry of the navigation");
        let rendered = render(&nav, state, entry_id(item).ok_or_else(no_entry)?);
        rendered.map_err(|failure| Error::new(ErrorKind::InvalidOperation, failure.diagnostic.message))
    })
}

/// The base, the URL and the table of contents of the page at hand.
fn place_of(state: &State<'_, '_>) -> (String, String, String) {
    let text = |name: &str| state.lookup(name).map(|value| python_text(&value)).unwrap_or_default();
    let url = state.lookup("page").and_then(|page| page.get_attr("url").ok());
    (text("base_url"), url.map(|url| python_text(&url)).unwrap_or_default(), text("toc_html"))
}

fn render_in(state: &State<'_, '_>, name: &str, context: Value) -> Rendered {
    let rendered = state.env().get_template(name).and_then(|template| template.render(context));
    rendered.map_err(|error| Failure {
        diagnostic: Box::new(Diagnostic::placeless(Code::TemplateRender, error.to_string())),
        template: None,
    })
}

fn unknown_template(name: &str, page: Option<&PageView>) -> Box<Diagnostic> {
    let page = page.map_or("404.html", |page| page.source_path.as_str());
    let message = format!("page `{page}` asks for the template `{name}`, which does not exist");
    let diagnostic = Diagnostic::placeless(Code::TemplateUnknown, message);
    Box::new(diagnostic.help("templates of the project stand in `theme.custom_dir` (`themes/` of a book)"))
}

/// Returns the relative path from a page to the root of the site, as MkDocs' `base_url`.
fn base_of(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let depth = path.matches('/').count();
    if depth == 0 { ".".to_string() } else { vec![".."; depth].join("/") }
}

/// Reports the icons that settings and front matter name and that do not exist.
fn unknown_icons(site: &SiteView, icons: &icon::Icons) -> Diagnostics {
    let mut named: Vec<(String, String, Option<Span>)> = Vec::new();
    let text = |value: &Json| value.as_str().map(str::to_string);
    for (role, value) in site.theme.get("icon").and_then(Json::as_object).into_iter().flatten() {
        named.extend(text(value).map(|name| (format!("theme.icon.{role}"), name, None)));
        for (kind, value) in value.as_object().into_iter().flatten() {
            named.extend(text(value).map(|name| (format!("theme.icon.{role}.{kind}"), name, None)));
        }
    }
    for palette in site.theme.get("palette").and_then(Json::as_array).into_iter().flatten() {
        named.extend(
            palette.pointer("/toggle/icon").and_then(text).map(|name| ("theme.palette".to_string(), name, None)),
        );
    }
    for (key, list) in
        [("extra.social", "/social"), ("extra.analytics.feedback.ratings", "/analytics/feedback/ratings")]
    {
        for item in site.extra.pointer(list).and_then(Json::as_array).into_iter().flatten() {
            named.extend(item.get("icon").and_then(text).map(|name| (key.to_string(), name, None)));
        }
    }
    let mut items: Vec<&NavItem> = site.nav.items.iter().collect();
    while let Some(item) = items.pop() {
        let place = || format!("the front matter of page `{}`", item.url);
        named.extend(item.icon.clone().map(|name| (place(), name, item.icon_place)));
        items.extend(&item.children);
    }
    named.sort();
    named.dedup();
    let unknown = named.into_iter().filter(|(_, name, _)| icons.svg(name).is_none());
    unknown
        .map(|(place, name, span)| {
            let place = if place.contains(' ') { place } else { format!("`{place}`") };
            let message = format!("{place} names the icon `{name}`, which does not exist");
            let diagnostic = match span {
                Some(span) => Diagnostic::new(Code::IconUnknown, span, message),
                None => Diagnostic::placeless(Code::IconUnknown, message),
            };
            match icon::nearest(&name) {
                Some(near) => diagnostic.help(format!("the nearest name is `{near}`")),
                None => diagnostic,
            }
        })
        .collect()
}

fn has_search(site: &SiteView) -> bool {
    let settings = ["search", "material/search"].iter().find_map(|name| site.plugins.get(*name));
    settings.is_some_and(|settings| settings.get("enabled").and_then(Json::as_bool).unwrap_or(true))
}

fn hidden(meta: &Json) -> Vec<&str> {
    match meta.get("hide") {
        Some(Json::Array(list)) => list.iter().filter_map(Json::as_str).collect(),
        Some(Json::String(one)) => vec![one.as_str()],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::view::*;
    use super::super::{Override, Theme};
    use super::*;
    use crate::text::SitePath;

    fn site(theme: Json) -> SiteTheme {
        let (made, diagnostics) = Theme::new(&[]);
        assert!(diagnostics.is_empty());
        let nav = NavView {
            items: vec![NavItem { title: "Start".into(), url: "a/".into(), ..NavItem::default() }],
            homepage: Some(String::new()),
        };
        made.site(SiteView {
            site_name: "A & B".into(),
            site_url: Some("https://example.org/docs/".into()),
            copyright: Some("<b>2026</b>".into()),
            repo_url: Some("https://example.org/repo".into()),
            theme,
            extra: json!({
                "social": [{"icon": "fontawesome/brands/x", "link": "https://example.org"}],
                "alternate": [{"name": "Deutsch", "link": "/de/", "lang": "de"}],
                "analytics": {"feedback": {"title": "?", "ratings": [{"icon": "x", "name": "n", "data": 1, "note": "t"}]}},
                "consent": {"title": "Cookies", "description": "d", "cookies": {"one": "One"}},
                "tags": {"x": "y"}, "version": {"provider": "mike"},
            }),
            plugins: [("search".to_string(), json!({}))].into(),
            nav,
            ..SiteView::default()
        })
    }

    fn all_features() -> Json {
        json!({
            "palette": [
                {"media": "(prefers-color-scheme)", "toggle": {"icon": "material/link", "name": "light"}},
                {"scheme": "slate", "toggle": {"icon": "material/x", "name": "dark"}},
            ],
            "features": [
                "navigation.tabs", "navigation.tabs.sticky", "navigation.path", "navigation.top", "navigation.footer",
                "navigation.instant.progress", "content.action.edit", "content.action.view", "search.share",
                "search.suggest", "announce.dismiss", "content.tabs.link", "navigation.indexes",
            ],
        })
    }

    fn page() -> PageView {
        PageView {
            title: Some("Start <here>".into()),
            url: "a/".into(),
            content: "<h1 id=\"s\">Start</h1><p>x</p><div id=\"step-deploy\" class=\"highlight\">c</div>".into(),
            toc: vec![TocView {
                id: "s".into(),
                level: 1,
                children: vec![TocView { id: "t".into(), title: "T".into(), level: 2, ..TocView::default() }],
                ..TocView::default()
            }],
            edit_url: Some("https://example.org/edit/main/a.md".into()),
            next_page: Some(PageRef { title: "N".into(), url: "n/".into() }),
            tags: vec![TagView { name: "x".into(), url: None }],
            runbook: Some(RunbookView {
                id: "r".into(),
                kind: "release".into(),
                owners: vec!["@a/b".into()],
                params: vec![ParamView { name: "p".into(), kind: "string".into(), ..ParamView::default() }],
                environments: vec![EnvironmentView { name: "staging".into(), ..EnvironmentView::default() }],
                items: vec![
                    ItemView { id: "g".into(), text: "G".into(), kind: "group".into(), ..ItemView::default() },
                    ItemView {
                        id: "g.deploy".into(),
                        text: "Deploy".into(),
                        kind: "step".into(),
                        url: Some("#step-deploy".into()),
                        closes: 1,
                        ..ItemView::default()
                    },
                ],
                steps: vec![StepView { id: "deploy".into(), impact: "write".into(), ..StepView::default() }],
                graph_svg: Some("<svg></svg>".into()),
                ..RunbookView::default()
            }),
            ..PageView::default()
        }
    }

    #[test]
    fn every_template_renders_with_everything_on_and_with_nothing() {
        let html = site(all_features()).render_page(&page()).expect("it renders").html;
        assert!(html.contains("<title>Start &lt;here&gt; - A &amp; B</title>"), "{html}");
        assert!(html.contains("<b>2026</b>") && html.contains("https://example.org/raw/main/a.md"));
        let (made, _) = Theme::new(&[]);
        let bare = made.site(SiteView::default()).render_page(&PageView::default()).expect("it renders").html;
        assert!(bare.contains("<title></title>") && bare.contains("md-typeset"));
    }

    #[test]
    fn the_card_of_a_step_stands_before_its_block() {
        let html = site(all_features()).render_page(&page()).expect("it renders").html;
        let card = html.find("data-ob-step=\"deploy\"").expect("there is a card");
        let block = html.find("<div id=\"step-deploy\"").expect("the block is there");
        assert!(card < block && html.contains("data-ob-item=\"g.deploy\"") && html.contains("<svg></svg>"));
    }

    #[test]
    fn the_page_for_unknown_addresses_links_from_the_root_of_the_host() {
        let html = site(Json::Null).render_404().expect("it renders").html;
        assert!(
            html.contains("href=\"/docs/a/\"") && html.contains("src=\"/docs/assets/javascripts/bundle."),
            "{html}"
        );
        assert!(!html.contains("href=\"../"));
    }

    #[test]
    fn a_page_can_have_a_template_of_its_own() {
        let unknown =
            PageView { template: Some("no.html".into()), source_path: "docs/a.md".into(), ..PageView::default() };
        let made = site(Json::Null).render_page(&unknown).expect("another stands in");
        assert!(made.html.contains("<article"));
        let diagnostic = &made.problems[0];
        assert_eq!(diagnostic.severity, Severity::Warning);
        assert_eq!(diagnostic.message, "page `docs/a.md` asks for the template `no.html`, which does not exist");
    }

    #[test]
    fn a_page_can_send_its_readers_elsewhere() {
        let meta = serde_json::json!({"location": "https://e.org/?a=1&b"});
        let page = PageView { template: Some("redirect.html".into()), meta, ..PageView::default() };
        let html = site(Json::Null).render_page(&page).expect("it renders").html;
        assert!(html.contains("content=\"0; url=https://e.org/?a=1&amp;b\""), "{html}");
        assert!(html.contains("location.replace(\"https://e.org/?a=1\\u0026b\" +"), "{html}");
    }

    #[test]
    fn every_block_of_material_can_be_replaced_and_extended() {
        let blocks = [
            "analytics",
            "announce",
            "config",
            "container",
            "content",
            "extrahead",
            "fonts",
            "footer",
            "header",
            "hero",
            "htmltitle",
            "libs",
            "outdated",
            "scripts",
            "site_meta",
            "site_nav",
            "styles",
            "tabs",
        ];
        for block in blocks {
            let text = format!(
                "{{% extends \"base.html\" %}}\n{{% block {block} %}}{{{{ super() }}}}<i>MARK {{{{ 'x/y.css' | url }}}}</i>{{% endblock %}}"
            );
            let source = Arc::new(Source::new(SitePath::new("overrides/main.html"), text));
            let (made, diagnostics) = Theme::new(&[Override { name: "main.html".into(), source }]);
            assert!(diagnostics.is_empty(), "{block}: {diagnostics:?}");
            let extra = json!({"version": {"provider": "mike"}});
            let html = made.site(SiteView { extra, ..SiteView::default() }).render_page(&page());
            assert!(html.expect("it renders").html.contains("<i>MARK ../x/y.css</i>"), "{block}");
        }
    }

    #[test]
    fn the_theme_as_its_own_override_renders_the_same() {
        let own: Vec<Override> = assets::embedded()
            .keys()
            .filter(|name| name.ends_with(".html") && !name.ends_with("-item.html"))
            .map(|name| {
                let text = assets::embedded_text(name).expect("it is text");
                let path = SitePath::new(&format!("themes/{name}"));
                Override { name: name.clone(), source: Arc::new(Source::new(path, text)) }
            })
            .collect();
        let (made, diagnostics) = Theme::new(&own);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let view = SiteView { theme: all_features(), site_name: "A & B".into(), ..SiteView::default() };
        let html = made.site(view.clone()).render_page(&page()).expect("it renders").html;
        assert_eq!(html, Theme::new(&[]).0.site(view).render_page(&page()).expect("it renders").html);
    }

    fn with_templates(files: &[(&str, &str)]) -> (Theme, Diagnostics) {
        let overrides: Vec<Override> = files
            .iter()
            .map(|(name, text)| {
                let source = Arc::new(Source::new(SitePath::new(&format!("overrides/{name}")), *text));
                Override { name: name.to_string(), source }
            })
            .collect();
        Theme::new(&overrides)
    }

    #[test]
    fn a_template_that_fails_loses_itself_only() {
        let files = [
            ("main.html", "{% extends \"base.html\" %}{% block extrahead %}<i>HEAD</i>{% endblock %}"),
            ("partials/footer.html", "a\n  {{ page | nofilter }}"),
            ("partials/source.html", "{{ broken"),
            ("partials/copyright.html", "<i>MINE</i>{% include 'partials/gone.html' %}"),
            ("partials/top.html", "<i>TOP</i>"),
        ];
        let (made, diagnostics) = with_templates(&files);
        let said: Vec<_> = diagnostics.iter().map(|found| found.message.as_str()).collect();
        assert_eq!(said.len(), 1, "{said:?}");
        let theme = json!({"features": ["navigation.top"]});
        let made = made.site(SiteView { theme, ..SiteView::default() }).render_page(&page()).expect("it renders");
        assert!(made.html.contains("<i>HEAD</i>") && made.html.contains("<i>TOP</i>"), "{}", made.html);
        assert!(made.html.contains("md-footer") && made.html.contains("Made with opsbook"));
        let said: Vec<_> = made.problems.iter().map(|found| (found.severity, found.message.as_str())).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said.iter().all(|(severity, _)| *severity == Severity::Warning));
        assert!(said[0].1.contains("nofilter") && said[1].1.contains("partials/gone.html"), "{said:?}");
        let span = made.problems[0].span.expect("it has a place");
        assert_eq!(&files[1].1[span.start as usize..span.end as usize], "nofilter");
    }

    #[test]
    fn a_main_template_of_its_own_needs_nothing_of_the_theme() {
        let (made, diagnostics) = with_templates(&[("main.html", "<p>{{ page.content }} {{ config.site_name }}</p>")]);
        assert!(diagnostics.is_empty());
        let site = SiteView { site_name: "A & B".into(), ..SiteView::default() };
        let html = made.site(site).render_page(&PageView { content: "<b>x</b>".into(), ..page() });
        assert_eq!(html.expect("it renders").html, "<p><b>x</b> A & B</p>");
    }

    #[test]
    fn the_theme_escapes_what_is_text() {
        let hostile = "<i>&\"'";
        let view = SiteView {
            site_name: hostile.into(),
            site_description: Some(hostile.into()),
            site_author: Some(hostile.into()),
            repo_url: Some(hostile.into()),
            repo_name: Some(hostile.into()),
            theme: all_features(),
            extra: json!({
                "social": [{"icon": "x", "link": hostile, "name": hostile}],
                "alternate": [{"name": hostile, "link": hostile, "lang": hostile}],
                "analytics": {"feedback": {"title": hostile, "ratings": [{"icon": "x", "name": hostile, "data": hostile}]}},
                "consent": {"title": hostile, "cookies": {"one": hostile}},
                "version": {"provider": hostile}, "homepage": hostile, "scope": hostile,
            }),
            plugins: [("search".to_string(), json!({}))].into(),
            nav: NavView {
                items: vec![NavItem { title: hostile.into(), url: "a/".into(), ..NavItem::default() }],
                homepage: Some(String::new()),
            },
            ..SiteView::default()
        };
        let tags = vec![TagView { name: hostile.into(), url: None }];
        let meta = json!({"description": hostile, "author": hostile, "title": hostile});
        let page = PageView { title: Some(hostile.into()), tags, meta, ..page() };
        let html = Theme::new(&[]).0.site(view).render_page(&page).expect("it renders").html;
        assert!(!html.contains("<i>&\""), "{}", &html[html.find("<i>&\"").unwrap_or(0)..]);
        assert!(!html.contains("\"<i>"), "an attribute is escaped, too");
    }

    #[test]
    fn templates_written_for_jinja_run() {
        let text = "{% extends \"base.html\" %}\n{% block content %}\n\
            {% if page and page.meta and page.meta.template %}no{% endif %}\n\
            {% set parts = page.url.split('/') %}<p>{{ parts[0] }} {{ page.meta.missing }}{{ lang.t('footer.next') }}</p>\n\
            {% for item in page.meta.nothing %}{{ item }}{% endfor %}\n\
            <a title=\"{{ lang.t('edit.link.title') }}\">{% include \".icons/material/pencil.svg\" %}</a>\n\
            {{ 'yes' if page.url.startswith('a') }}{{ page.meta.title | d(page.title, true) }}\n\
            {% include \"partials/none.html\" ignore missing %}{{ super() }}{% endblock %}";
        let source = Arc::new(Source::new(SitePath::new("overrides/main.html"), text));
        let (made, diagnostics) = Theme::new(&[Override { name: "main.html".into(), source }]);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let html = made.site(SiteView::default()).render_page(&page()).expect("it renders").html;
        assert!(html.contains("<p>a Next</p>"), "{html}");
        assert!(html.contains("<a title=\"edit.link.title\"><svg") && html.contains("yesStart &lt;here"), "{html}");
    }

    #[test]
    fn what_a_template_imports_as_lang_takes_no_words_from_the_themes_parts() {
        let header = "{% import \"partials/language.html\" as lang with context %}{{ lang.t(\"toc\") }}\
            {% include \"partials/search.html\" %}";
        let (made, diagnostics) = with_templates(&[("partials/header.html", header)]);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let html = made.site(SiteView::default()).render_page(&page()).expect("it renders").html;
        assert!(html.contains("Table of contents<div class=\"md-search\""), "{html}");
        assert!(html.contains("placeholder=\"Search\""), "{html}");
    }

    #[test]
    fn statistics_are_asked_for_only_where_the_site_names_a_service() {
        let (made, _) = Theme::new(&[]);
        let with = |extra: Json| made.site(SiteView { extra, ..SiteView::default() });
        let google = with(json!({"analytics": {"provider": "google", "property": "G-1<"}}));
        assert!(google.diagnostics().is_empty());
        let html = google.render_page(&page()).expect("it renders").html;
        assert!(html.contains("gtag(\"config\",\"G-1\\u003c\")"), "{html}");
        let other = with(json!({"analytics": {"provider": "other"}}));
        assert_eq!(other.diagnostics().count(Severity::Warning), 1);
        assert!(!other.render_page(&page()).expect("it renders").html.contains("gtag"));
    }

    #[test]
    fn icons_that_do_not_exist_are_reported_with_the_nearest_name() {
        let theme = json!({"icon": {"repo": "material/pencil-boks", "edit": "material/pencil-box", "admonition": {"note": "octicons/tag-16"}}});
        let (made, _) = Theme::new(&[]);
        let site = made.site(SiteView { theme, ..SiteView::default() });
        let found: Vec<_> = site.diagnostics().iter().collect();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].message, "`theme.icon.repo` names the icon `material/pencil-boks`, which does not exist");
        assert_eq!(found[0].help.as_deref(), Some("the nearest name is `material/pencil-box`"));
    }

    #[test]
    fn bases_lead_to_the_root() {
        assert_eq!(base_of(""), ".");
        assert_eq!(base_of("a.html"), ".");
        assert_eq!(base_of("a/b/"), "../..");
        assert_eq!(base_of("a/b.html"), "..");
    }

    #[test]
    fn no_page_asks_another_host_unless_the_user_says_so() {
        let (made, _) = Theme::new(&[]);
        let theme =
            json!({"font": {"text": "Roboto"}, "palette": {"primary": "teal"}, "features": ["navigation.tabs"]});
        let html = made.site(SiteView { theme, ..SiteView::default() }).render_page(&PageView::default());
        let html = html.expect("it renders").html.replace("http://www.w3.org/2000/svg", "");
        assert!(!html.contains("http://") && !html.contains("https://") && !html.contains("src=\"//"), "{html}");
    }
}
