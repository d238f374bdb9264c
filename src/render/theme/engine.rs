//! The template engine: the theme's and the project's templates, MkDocs' filters, and errors with a place.
//!
//! The only file that knows how minijinja reports; what it reports becomes a diagnostic in the project's
//! own file. A template of the project that fails loses itself only: [`Engine::without`] puts the theme's
//! own one in its place.

use super::icon::Icons;
use super::jinja::{self, python_text, rewritten};
use super::objects::script_of;
use super::view::ScriptView;
use super::{assets, icon};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::site::url as urls;
use crate::text::{LineIndex, Source, Span};
use minijinja::value::Kwargs;
use minijinja::{Environment, ErrorKind, State, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as _;
use std::sync::Arc;

/// All templates, parsed.
#[derive(Clone, Debug)]
pub(super) struct Engine {
    engine: Environment<'static>,
    /// The project's templates.
    overrides: BTreeMap<String, Arc<Source>>,
}

/// Why a template gave nothing.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    /// What to tell.
    pub(super) diagnostic: Box<Diagnostic>,
    /// The template of the project that is at fault, where it is one.
    pub(super) template: Option<String>,
}

/// What a template gives.
pub(super) type Rendered = Result<String, Failure>;

impl Engine {
    /// Parses the embedded templates and the project's. Those of the project that cannot be parsed are
    /// reported and left out.
    pub(super) fn new(files: &BTreeMap<String, Arc<Source>>) -> (Engine, Diagnostics) {
        let mut diagnostics = Diagnostics::new();
        let mut engine = jinja::environment();
        register(&mut engine, &Icons::of(files));
        for path in assets::embedded().keys().filter(|path| path.ends_with(".html")) {
            add_own(&mut engine, path);
        }
        let mut overrides = BTreeMap::new();
        let is_template = |name: &str| !name.starts_with("assets/") && !name.starts_with(icon::FOLDER);
        for (name, source) in files.iter().filter(|(name, _)| is_template(name)) {
            match engine.add_template_owned(name.clone(), rewritten(source.text()).into_owned()) {
                Ok(()) => {
                    overrides.insert(name.clone(), Arc::clone(source));
                }
                // Other files are templates where one is asked for only.
                Err(_) if !name.ends_with(".html") => {}
                Err(error) => {
                    let span = place(&error, source);
                    diagnostics.push(Diagnostic::new(Code::TemplateSyntax, span, message(&error)));
                    add_own(&mut engine, name);
                }
            }
        }
        (Engine { engine, overrides }, diagnostics)
    }

    /// Returns a copy in which the theme's own templates stand in the places of some of the project's.
    pub(super) fn without(&self, templates: &BTreeSet<String>) -> Engine {
        let mut without = self.clone();
        for name in templates {
            without.overrides.remove(name);
            without.engine.remove_template(name);
            add_own(&mut without.engine, name);
        }
        without
    }

    /// Returns a copy in which all templates see some values.
    pub(super) fn with_globals(&self, globals: Vec<(&'static str, Value)>) -> Engine {
        let mut with = self.clone();
        for (name, value) in globals {
            with.engine.add_global(name, value);
        }
        with
    }

    /// Tells whether there is such a template.
    pub(super) fn has(&self, name: &str) -> bool {
        self.engine.get_template(name).is_ok()
    }

    /// Tells whether a template of that name is the project's.
    pub(super) fn is_overridden(&self, name: &str) -> bool {
        self.overrides.contains_key(name)
    }

    /// Tells whether the project has templates.
    pub(super) fn has_overrides(&self) -> bool {
        !self.overrides.is_empty()
    }

    /// Renders a template.
    pub(super) fn render(&self, name: &str, context: &Value) -> Rendered {
        let template = self.engine.get_template(name);
        let rendered = template.and_then(|template| template.render(context.clone()));
        rendered.map_err(|error| self.failure(name, &error))
    }

    /// Renders a text of the project that is no part of the theme.
    pub(super) fn render_text(&self, source: &Source, context: &Value) -> Result<String, Box<Diagnostic>> {
        let name = source.path().as_str();
        let text = rewritten(source.text());
        let rendered = self.engine.render_named_str(name, &text, context.clone());
        rendered.map_err(|error| match last_named(&error, |of| of == name || self.overrides.contains_key(of)) {
            Some(found) if found.name() == Some(name) => {
                Box::new(Diagnostic::new(Code::TemplateRender, place(found, source), message(found)))
            }
            _ => self.failure(name, &error).diagnostic,
        })
    }

    fn failure(&self, asked: &str, error: &minijinja::Error) -> Failure {
        if let Some(found) = last_named(error, |name| self.overrides.contains_key(name))
            && let Some((name, source)) = found.name().and_then(|name| self.overrides.get_key_value(name))
        {
            let inner = innermost(found);
            let diagnostic = Diagnostic::new(Code::TemplateRender, place(found, source), message(inner));
            let diagnostic = match inner.kind() {
                ErrorKind::UnknownFilter | ErrorKind::UnknownTest | ErrorKind::UnknownFunction => {
                    diagnostic.note("what the Python code of a plugin or a hook adds to templates is missing")
                }
                _ => diagnostic,
            };
            return Failure { diagnostic: Box::new(diagnostic), template: Some(name.clone()) };
        }
        let inner = innermost(error);
        let (of, line) = (inner.name().unwrap_or(asked), inner.line().unwrap_or(1));
        let message = format!("the theme's `{of}` cannot be rendered, line {line}: {}", message(inner));
        let diagnostic = Diagnostic::placeless(Code::TemplateRender, message)
            .note("a setting under `theme` or `extra` probably has another shape than the theme expects");
        Failure { diagnostic: Box::new(diagnostic), template: None }
    }
}

/// Adds a template of the theme, where it has one of that name.
fn add_own(engine: &mut Environment<'static>, name: &str) {
    if let Some((name, _)) = assets::embedded().get_key_value(name)
        && let Some(text) = assets::embedded_text(name)
        && let Err(error) = engine.add_template_owned(name.as_str(), rewritten(text).into_owned())
    {
        unreachable!("the theme's own templates parse, as tests show: {error}");
    }
}

/// An error and what caused it, from the outside in.
fn chain(error: &minijinja::Error) -> impl Iterator<Item = &minijinja::Error> {
    fn cause(error: &minijinja::Error) -> Option<&minijinja::Error> {
        error.source()?.downcast_ref()
    }
    std::iter::successors(Some(error), |error| cause(error))
}

fn last_named(error: &minijinja::Error, is: impl Fn(&str) -> bool) -> Option<&minijinja::Error> {
    chain(error).filter(|error| error.name().is_some_and(&is)).last()
}

fn innermost(error: &minijinja::Error) -> &minijinja::Error {
    chain(error).last().unwrap_or(error)
}

/// The place of an error in its file; the whole line where the engine read other words than stand there.
fn place(error: &minijinja::Error, source: &Source) -> Span {
    let text = source.text();
    if let (Some(range), std::borrow::Cow::Borrowed(_)) = (error.range(), rewritten(text))
        && text.get(range.clone()).is_some()
    {
        return Span::new(source.path(), range);
    }
    let lines = LineIndex::new(text);
    let start = error.line().and_then(|line| lines.line_start(line)).unwrap_or(0);
    let line = text[start..].lines().next().unwrap_or_default();
    let indent = line.len() - line.trim_start().len();
    Span::new(source.path(), start + indent..start + line.trim_end().len().max(indent))
}

/// The words of an error, in lower case without a full stop.
fn message(error: &minijinja::Error) -> String {
    let kind = error.kind().to_string();
    let text = match error.detail() {
        Some(detail) if error.kind() == ErrorKind::SyntaxError => detail.to_owned(),
        Some(detail) if detail.contains(' ') => detail.to_owned(),
        Some(detail) => format!("{kind}: {detail}"),
        None => kind,
    };
    lower_first(text.trim_end_matches('.'))
}

fn lower_first(message: &str) -> String {
    let mut chars = message.chars();
    let second_is_upper = message.chars().nth(1).is_some_and(char::is_uppercase);
    match chars.next() {
        Some(first) if !second_is_upper => first.to_lowercase().chain(chars).collect(),
        _ => message.to_string(),
    }
}

fn register(engine: &mut Environment<'static>, icons: &Icons) {
    let own = icons.clone();
    engine.set_loader(move |name| {
        let name = name.strip_prefix(icon::FOLDER).and_then(|name| name.strip_suffix(".svg"));
        Ok(name.and_then(|name| own.svg(name)))
    });
    engine.add_filter("url", |state: &State<'_, '_>, value: &Value| url_of(state, &python_text(value)));
    engine.add_filter("script_tag", |state: &State<'_, '_>, value: &Value| {
        Value::from_safe_string(script_tag(state, &script_of(value)))
    });
    // Writers' templates are told of `icon`; they may well set a value of that name, and then include a
    // part of the theme, which therefore has a name of its own for it.
    for name in ["icon", "ob_icon"] {
        let own = icons.clone();
        engine.add_function(name, move |kwargs: Kwargs| -> Result<String, minijinja::Error> {
            let name = kwargs.get::<Option<Value>>("name")?.map(|name| python_text(&name)).unwrap_or_default();
            let other: Option<&str> = kwargs.get("other")?;
            Ok(own.svg(&name).or_else(|| own.svg(other.unwrap_or(""))).unwrap_or_default())
        });
    }
}

/// MkDocs' filter `url`: relative to the page, or below the base where there is no page.
fn url_of(state: &State<'_, '_>, url: &str) -> String {
    let page = state.lookup("page").filter(|page| page.is_true()).and_then(|page| page.get_attr("url").ok());
    match page.as_ref().and_then(Value::as_str) {
        Some(page) => relative_url(url, page),
        None => {
            let text = |name: &str| state.lookup(name).map(|base| python_text(&base));
            match text("tidy_base") {
                Some(base) => tidy_url(url, &base),
                None => based_url(url, &text("base_url").unwrap_or_else(|| ".".to_owned())),
            }
        }
    }
}

/// Puts a URL of the site below the base as a page would write it: for entries of the navigation, which
/// pages of one depth share.
fn tidy_url(url: &str, base: &str) -> String {
    match (is_fixed(url), base, if url == "." { "" } else { url }) {
        (true, _, _) => url.to_owned(),
        (false, ".", "") => "./".to_owned(),
        (false, ".", url) => url.to_owned(),
        (false, base, url) => format!("{}/{url}", base.trim_end_matches('/')),
    }
}

/// Tells whether a URL leads out of the site or stays on the page.
fn is_fixed(url: &str) -> bool {
    !urls::split(url).scheme.is_empty() || url.starts_with(['/', '#'])
}

/// Makes a URL of the site relative to a page (MkDocs, `normalize_url`).
pub(super) fn relative_url(url: &str, page: &str) -> String {
    if is_fixed(url) {
        return url.to_owned();
    }
    let above = url.split('/').take_while(|part| *part == "..").count();
    "../".repeat(above) + &urls::relative(if url.is_empty() { "." } else { url }, page)
}

/// Puts a URL of the site below the base.
pub(super) fn based_url(url: &str, base: &str) -> String {
    if is_fixed(url) { url.to_owned() } else { urls::join(base, if url.is_empty() { "." } else { url }) }
}

fn script_tag(state: &State<'_, '_>, script: &ScriptView) -> String {
    let mut tag = format!("<script src=\"{}\"", escape(&url_of(state, &script.path)));
    if !script.kind.is_empty() {
        tag.push_str(&format!(" type=\"{}\"", escape(&script.kind)));
    }
    for (name, is_on) in [("defer", script.defer), ("async", script.is_async)] {
        if is_on {
            tag.push(' ');
            tag.push_str(name);
        }
    }
    tag.push_str("></script>");
    tag
}

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SitePath;

    fn engine(files: &[(&str, &str)]) -> (Engine, Diagnostics) {
        let file = |(name, text): &(&str, &str)| {
            (name.to_string(), Arc::new(Source::new(SitePath::new(&format!("overrides/{name}")), *text)))
        };
        Engine::new(&files.iter().map(file).collect())
    }

    /// What MkDocs' `normalize_url` gives for each.
    #[test]
    fn urls_are_relative_to_the_page() {
        let cases = [
            ("a/b/", "c/d/", "../../a/b/"),
            ("", "c/d/", "../.."),
            ("", "", "."),
            (".", "", "."),
            ("guide/more/", "guide/deploy/", "../more/"),
            ("guide/", "guide/deploy/", "../"),
            ("a.html#x:y", "", "a.html#x:y"),
            ("a/x.css", "a/b.html", "x.css"),
            ("../x", "a/", "../../x"),
        ];
        for (url, page, right) in cases {
            assert_eq!(relative_url(url, page), right, "{url} from {page}");
        }
        assert_eq!(based_url("a/x.css", "/sub/"), "/sub/a/x.css");
        assert_eq!(based_url("", "."), "./.");
        for same in ["https://a.b/c", "//a.b", "/c", "#d", "mailto:a@b.c"] {
            assert_eq!(relative_url(same, "a/b/"), same);
            assert_eq!(based_url(same, ".."), same);
        }
    }

    #[test]
    fn every_template_that_cannot_be_parsed_is_reported_and_the_others_stand() {
        let files = [
            ("main.html", "{% extends \"base.html\" %}\n{% block x %}"),
            ("partials/a.html", "a\n {{ x | }}"),
            ("partials/top.html", "fine {{ 'x/y' | url }}"),
        ];
        let (engine, diagnostics) = engine(&files);
        assert_eq!(diagnostics.iter().count(), 2, "{diagnostics:?}");
        assert!(diagnostics.iter().all(|found| found.span.is_some() && found.code == Code::TemplateSyntax));
        let rendered = engine.render("partials/top.html", &minijinja::context! { base_url => ".." });
        assert_eq!(rendered.expect("it renders"), "fine ../x/y");
        assert!(engine.has("main.html"), "the theme's own one stands for it");
    }

    #[test]
    fn a_missing_value_prints_nothing_and_what_cannot_be_has_its_place() {
        let text = "a{{ page.nothing.at.all }}b\n{{ page.title + 1 }}";
        let (engine, diagnostics) = engine(&[("partials/top.html", text)]);
        assert!(diagnostics.is_empty());
        let context = minijinja::context! { page => minijinja::context! { title => "x" } };
        let failure = engine.render("partials/top.html", &context).expect_err("a text and a number have no sum");
        assert_eq!(failure.template.as_deref(), Some("partials/top.html"));
        let span = failure.diagnostic.span.expect("it has a place");
        assert_eq!(&text[span.start as usize..span.end as usize], "page.title + 1");
    }
}
