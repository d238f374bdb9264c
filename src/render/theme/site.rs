//! Pages of one site: what they share is prepared once, each is rendered alone.

use super::Theme;
use super::engine::Engine;
use super::nav::Nav;
use super::options::{self, Options};
use super::view::{NavItem, PageView, SiteView};
use super::{assets, icon, language};
use crate::diag::{Code, Diagnostic, Diagnostics, Severity};
use crate::text::{Digest, Source, Span};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use tera::value::Key;
use tera::{Context, Map, Value};

/// A theme with a site in it. Rendering is pure: any number of pages may be rendered at once, in
/// any order.
#[derive(Debug)]
pub struct SiteTheme {
    engine: Engine,
    /// The same without the project's templates.
    own: Engine,
    nav: Nav,
    options: Options,
    site_url: Option<String>,
    digest: Digest,
    diagnostics: Diagnostics,
    /// The template of the statistics service that the site names, where there is one.
    analytics: Option<String>,
}

/// A whole page, rendered.
#[derive(Debug)]
pub struct Made {
    /// Its bytes.
    pub html: String,
    /// What is wrong with the template that the project has for it: another stood in.
    pub problem: Option<Box<Diagnostic>>,
}

impl SiteTheme {
    pub(super) fn new(theme: &Theme, site: SiteView) -> SiteTheme {
        let site_json = serde_json::to_vec(&site).unwrap_or_default();
        let nav_json = serde_json::to_vec(&site.nav).unwrap_or_default();
        let digest = Digest::of_parts([theme.digest.as_bytes(), &site_json[..], &nav_json[..]]);
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
        let (options, theme_json) = options::complete(&site.theme, &icons);
        let mut globals = Context::new();
        let mut words = language::words(&options.language, &theme.overrides);
        if let Some(direction) = &options.direction {
            words.insert("direction".to_string(), direction.clone());
        }
        if let Some(title) = &site.toc_title {
            words.insert("toc".to_string(), title.clone());
        }
        globals.insert("lang", &words);
        globals.insert("features", &theme_json["features"]);
        globals.insert("assets", &assets::paths(&theme.overrides));
        globals.insert("opsbook_version", env!("CARGO_PKG_VERSION"));
        globals.insert_value("font_style", Value::safe_string(&options::font_style(&theme_json)));
        globals.insert("has_search", &has_search(&site));
        globals.insert_value("nav", Value::from_serializable(&json!({"homepage": {"url": homepage(&site)}})));
        let mut config = Value::from_serializable(&site).into_map().unwrap_or_default();
        let extra = if site.extra.is_object() { site.extra.clone() } else { json!({}) };
        config.insert(Key::from("theme"), Value::from_serializable(&theme_json));
        config.insert(Key::from("extra"), Value::from_serializable(&extra));
        if let Some(copyright) = &site.copyright {
            config.insert(Key::from("copyright"), Value::safe_string(copyright));
        }
        globals.insert_value("config", Value::from(config));
        SiteTheme {
            engine: theme.engine.with_globals(globals.clone()),
            own: theme.own.with_globals(globals),
            nav: Nav::new(site.nav, &options),
            options,
            site_url: site.site_url,
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
        self.made(name, "main.html", page, &base_of(&page.url))
    }

    /// Renders the page for addresses that do not exist. It may be shown at any address, so its
    /// links begin at the root of the host.
    ///
    /// # Errors
    /// As [`SiteTheme::render_page`].
    pub fn render_404(&self) -> Result<Made, Box<Diagnostic>> {
        self.made("404.html", "404.html", &PageView::default(), &self.root())
    }

    /// Renders a template of the theme that is no page, such as one of `static_templates`.
    ///
    /// # Errors
    /// The template asks for what is not there (`OB421`).
    pub fn render_static(&self, name: &str) -> Result<String, Box<Diagnostic>> {
        self.render_with(&self.engine, name, &PageView::default(), &base_of(name))
    }

    /// Renders a file of the documentation as a template (`extra_templates`); `url` is where it
    /// goes.
    ///
    /// # Errors
    /// As [`SiteTheme::render_static`], and a template that cannot be parsed.
    pub fn render_extra(&self, source: &Arc<Source>, url: &str) -> Result<String, Box<Diagnostic>> {
        let mut context = Context::new();
        context.insert("base_url", &base_of(url));
        self.engine.render_text(source, &context)
    }

    /// Tells whether the theme has a template of that name.
    pub fn has_template(&self, name: &str) -> bool {
        self.engine.has(name)
    }

    /// Returns the path of the site on its host, without a slash at its end.
    fn root(&self) -> String {
        let url = self.site_url.as_deref().unwrap_or_default();
        let after_host = url.split_once("://").map_or(url, |(_, rest)| rest).split_once('/');
        let path = after_host.map_or("", |(_, path)| path).trim_end_matches('/');
        if path.is_empty() { String::new() } else { format!("/{path}") }
    }

    /// Renders a template, or what stands in for it: `fallback`, and that of the theme's own.
    fn made(&self, name: &str, fallback: &str, page: &PageView, base: &str) -> Result<Made, Box<Diagnostic>> {
        let mut problem = None;
        for (engine, name) in [(&self.engine, name), (&self.engine, fallback), (&self.own, fallback)] {
            let rendered = if engine.has(name) {
                self.render_with(engine, name, page, base)
            } else {
                Err(unknown_template(name, page))
            };
            match (rendered, problem.take()) {
                (Ok(html), None) => return Ok(Made { html, problem: None }),
                (Ok(html), Some(found)) => {
                    let found: Diagnostic = found;
                    let found = found.severity(Severity::Warning).note("a template of the theme stands in for it");
                    return Ok(Made { html, problem: Some(Box::new(found)) });
                }
                (Err(found), first) => problem = Some(first.unwrap_or(*found)),
            }
        }
        Err(Box::new(problem.expect("each round that did not return left one")))
    }

    fn render_with(&self, engine: &Engine, name: &str, page: &PageView, base: &str) -> Result<String, Box<Diagnostic>> {
        let mut context = Context::new();
        context.insert("base_url", base);
        context.insert("hide", &hidden(&page.meta));
        context.insert("ancestors", &self.nav.ancestors(&page.url));
        context.insert_value("page", page_value(page));
        let toc = super::view::TocView::listed(&page.toc);
        context.insert("toc", toc);
        let toc_html = if toc.is_empty() { String::new() } else { engine.render("partials/toc.html", &context)? };
        context.insert_value("toc_html", Value::safe_string(&toc_html));
        let nav_html = self.nav.render(engine, base, &page.url, &toc_html)?;
        context.insert_value("nav_html", Value::safe_string(&nav_html));
        if self.options.has("navigation.tabs") {
            let tabs = self.nav.render_tabs(engine, base, &page.url)?;
            context.insert_value("tabs_html", Value::safe_string(&tabs));
        }
        if let Some(template) = &self.analytics {
            let html = engine.render(template, &context)?;
            context.insert_value("analytics_html", Value::safe_string(&html));
        }
        let content = match &page.runbook {
            Some(runbook) => self.with_runbook(engine, page, runbook, &context)?,
            None => page.content.clone(),
        };
        context.insert_value("content_html", Value::safe_string(&content));
        engine.render(name, &context)
    }

    /// Puts the checklist below the page's title, and the head of its card before each block that is
    /// a step.
    fn with_runbook(
        &self,
        engine: &Engine,
        page: &PageView,
        runbook: &super::view::RunbookView,
        context: &Context,
    ) -> Result<String, Box<Diagnostic>> {
        let content = page.content.as_str();
        let title = if content.trim_start().starts_with("<h1") { content.find("</h1>") } else { None };
        let panel = engine.render("partials/runbook.html", context)?;
        let mut pieces = vec![(title.map_or(0, |at| at + "</h1>".len()), panel)];
        for step in &runbook.steps {
            let id = format!(" id=\"step-{}\"", step.id);
            if let Some(place) = content.find(&id).and_then(|at| content[..at].rfind('<')) {
                let mut context = context.clone();
                context.insert("step", step);
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

fn unknown_template(name: &str, page: &PageView) -> Box<Diagnostic> {
    let message = format!("page `{}` asks for the template `{name}`, which does not exist", page.source_path);
    let diagnostic = Diagnostic::placeless(Code::TemplateUnknown, message);
    Box::new(diagnostic.help("templates of the project stand in `theme.custom_dir` (`themes/` of a book)"))
}

/// Returns the relative path from a page to the root of the site, as MkDocs' `base_url`.
fn base_of(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let depth = path.matches('/').count();
    if depth == 0 { ".".to_string() } else { vec![".."; depth].join("/") }
}

fn homepage(site: &SiteView) -> String {
    let extra = site.extra.get("homepage").and_then(Json::as_str).map(str::to_string);
    extra.or_else(|| site.nav.homepage.clone()).unwrap_or_default()
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

fn page_value(page: &PageView) -> Value {
    let mut map: Map = Value::from_serializable(page).into_map().unwrap_or_default();
    map.insert(Key::from("content"), Value::safe_string(&page.content));
    if !page.meta.is_object() {
        map.insert(Key::from("meta"), Value::from(Map::default()));
    }
    let has_h1 = page.content.contains("<h1");
    map.insert(Key::from("has_h1"), Value::from(has_h1));
    if let Some(svg) = page.runbook.as_ref().and_then(|runbook| runbook.graph_svg.as_deref()) {
        map.insert(Key::from("graph_svg"), Value::safe_string(svg));
    }
    Value::from(map)
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
                groups: vec![GroupView {
                    id: "g".into(),
                    title: "G".into(),
                    items: vec![ItemView {
                        id: "deploy".into(),
                        text: "Deploy".into(),
                        kind: "step".into(),
                        url: Some("#step-deploy".into()),
                        ..ItemView::default()
                    }],
                    ..GroupView::default()
                }],
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
        assert!(html.contains("<title>Start - A &amp; B</title>"), "{html}");
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
        let diagnostic = made.problem.expect("there is none");
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
            .filter(|name| name.ends_with(".html"))
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

    #[test]
    fn templates_written_for_jinja_run() {
        let text = "{% extends \"base.html\" %}\n{% block content %}\n\
            {% if page and page.meta and page.meta.template %}no{% endif %}\n\
            {% set parts = page.url.split('/') %}<p>{{ parts[0] }} {{ page.meta.missing }}{{ lang.t('footer.next') }}</p>\n\
            {% for item in page.meta.nothing %}{{ item }}{% endfor %}\n\
            <a title=\"{{ lang.t('edit.link.title') }}\">{% include \".icons/material/pencil.svg\" %}</a>\n\
            {{ 'yes' if page.url.startswith('a') }}{{ page.meta.title | d(page.title, true) | replace('<', '[') }}\n\
            {% include \"partials/none.html\" ignore missing %}{{ super() }}{% endblock %}";
        let source = Arc::new(Source::new(SitePath::new("overrides/main.html"), text));
        let (made, diagnostics) = Theme::new(&[Override { name: "main.html".into(), source }]);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let html = made.site(SiteView::default()).render_page(&page()).expect("it renders").html;
        assert!(html.contains("<p>a Next</p>"), "{html}");
        assert!(html.contains("<a title=\"\"><svg") && html.contains("yesStart [here"), "{html}");
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
