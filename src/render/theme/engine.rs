//! The template engine: the theme's and the project's templates, filters, and errors with a place.
//!
//! The only file that knows how Tera reports; what it reports becomes a diagnostic in the project's
//! own file, with the words of Tera for constructs that only Jinja has.

use super::icon::Icons;
use super::jinja::{Translated, translate};
use super::{assets, icon};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::text::{Source, Span};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::Arc;
use tera::{Context, ErrorKind, Kwargs, State, Tera, TeraResult, Value};

/// All templates, parsed.
#[derive(Clone, Debug)]
pub(super) struct Engine {
    tera: TeraBox,
    overrides: Overrides,
}

/// The project's templates, each with what Tera reads of it.
type Overrides = BTreeMap<String, (Arc<Source>, Arc<Translated>)>;

/// Tera, which has no `Debug` of its own.
#[derive(Clone)]
struct TeraBox(Tera);

impl std::fmt::Debug for TeraBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tera")
    }
}

impl Engine {
    /// Parses the embedded templates and the project's. Those of the project that fail are
    /// reported and left out.
    pub(super) fn new(overrides: &BTreeMap<String, Arc<Source>>) -> (Engine, Diagnostics) {
        let mut diagnostics = Diagnostics::new();
        let mut tera = Tera::default();
        let icons = Icons::of(overrides);
        register(&mut tera, &icons);
        let templates = assets::embedded().keys().filter(|path| path.ends_with(".html"));
        let own: Vec<(&str, &str)> =
            templates.filter_map(|path| Some((path.as_str(), assets::embedded_text(path)?))).collect();
        if let Err(error) = tera.add_raw_templates(own) {
            unreachable!("the theme's own templates parse, as tests show: {error}");
        }

        let mut good = Overrides::new();
        let exists = |name: &str| overrides.contains_key(name) || assets::embedded().contains_key(name);
        for (name, source) in overrides.iter().filter(|(name, _)| name.ends_with(".html")) {
            let translated = translate(source.text(), &exists);
            let verbatim = Translated::verbatim(source.text());
            match (syntax_error(name, source, &translated), syntax_error(name, source, &verbatim)) {
                (None, _) => {
                    good.insert(name.clone(), (Arc::clone(source), Arc::new(translated)));
                }
                (Some(_), None) => {
                    good.insert(name.clone(), (Arc::clone(source), Arc::new(verbatim)));
                }
                (Some(diagnostic), Some(_)) => diagnostics.push(diagnostic),
            }
        }
        // References among the project's files are checked when all of them are there; each round
        // leaves out at least one template that cannot stand, so this ends.
        while !good.is_empty() {
            let mut with = tera.clone();
            add_icons(&mut with, &good, &icons);
            let Err(error) =
                with.add_raw_templates(good.iter().map(|(name, (_, tera))| (name.as_str(), tera.text.as_str())))
            else {
                tera = with;
                break;
            };
            let found = reference_errors(&error, &good);
            let before = good.len();
            for (name, diagnostic) in found {
                diagnostics.push(diagnostic);
                good.remove(&name);
            }
            if good.len() == before {
                diagnostics.push(Diagnostic::placeless(Code::TemplateSyntax, plain_message(&error)));
                good.clear();
            }
        }
        (Engine { tera: TeraBox(tera), overrides: good }, diagnostics)
    }

    /// Returns a copy in which all templates see some values.
    pub(super) fn with_globals(&self, globals: Context) -> Engine {
        let mut engine = self.clone();
        *engine.tera.0.global_context() = globals;
        engine
    }

    /// Tells whether there is such a template.
    pub(super) fn has(&self, name: &str) -> bool {
        self.tera.0.contains_template(name)
    }

    /// Renders a template.
    pub(super) fn render(&self, name: &str, context: &Context) -> Result<String, Box<Diagnostic>> {
        self.tera.0.render(name, context).map_err(|error| Box::new(self.render_error(name, &error)))
    }

    /// Renders a text of the project that is no part of the theme; it can neither extend nor have
    /// blocks.
    pub(super) fn render_text(&self, source: &Source, context: &Context) -> Result<String, Box<Diagnostic>> {
        let rendered = self.tera.0.render_str(source.text(), context, true);
        rendered.map_err(|error| {
            Box::new(match error.kind() {
                ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
                    let span = Span::new(source.path(), report.span().range.clone());
                    help(Diagnostic::new(Code::TemplateRender, span, lower_first(report.message())), source)
                }
                _ => Diagnostic::new(Code::TemplateRender, Span::at_start(source.path()), plain_message(&error)),
            })
        })
    }

    fn render_error(&self, name: &str, error: &tera::Error) -> Diagnostic {
        let ErrorKind::RenderingError(report) = error.kind() else {
            let message = format!("template `{name}` cannot be rendered: {}", plain_message(error));
            return Diagnostic::placeless(Code::TemplateRender, message);
        };
        match self.overrides.get(report.filename()) {
            Some((source, translated)) => {
                let span = place(source, translated, report.span());
                let diagnostic = Diagnostic::new(Code::TemplateRender, span, lower_first(report.message()));
                let empty = report.message().contains("undefined") || report.message().contains("not defined");
                if empty {
                    diagnostic
                        .note("MkDocs prints nothing where a value is missing; opsbook says so")
                        .help("write `value or \"\"`, test it with `{% if value %}`, or reach through it with `?.`")
                } else {
                    help(diagnostic, source)
                }
            }
            None => {
                let line = report.span().start_line;
                let message = format!(
                    "the theme's `{}` cannot be rendered, line {line}: {}",
                    report.filename(),
                    lower_first(report.message())
                );
                Diagnostic::placeless(Code::TemplateRender, message)
                    .note("a setting under `theme` or `extra` probably has another shape than the theme expects")
            }
        }
    }
}

/// Parses one template alone; only mistakes of syntax count.
fn syntax_error(name: &str, source: &Source, translated: &Translated) -> Option<Diagnostic> {
    let error = Tera::default().add_raw_template(name, &translated.text).err()?;
    let ErrorKind::SyntaxError(report) = error.kind() else { return None };
    let span = place(source, translated, report.span());
    Some(help(Diagnostic::new(Code::TemplateSyntax, span, lower_first(report.message())), source))
}

/// The place in the project's file of a place in what Tera read of it.
fn place(source: &Source, translated: &Translated, span: &tera::Span) -> Span {
    let range = translated.source_range(&span.range);
    Span::new(source.path(), range.start.min(source.text().len())..range.end.min(source.text().len()))
}

/// Finds the places in the words of Tera where templates name what does not exist.
fn reference_errors(error: &tera::Error, good: &Overrides) -> Vec<(String, Diagnostic)> {
    let mut found = Vec::new();
    match error.kind() {
        ErrorKind::MissingParent { current, parent } => {
            if let Some((source, _)) = good.get(current) {
                let at = source.text().find(parent.as_str()).unwrap_or(0);
                let span = Span::new(source.path(), at..at + parent.len());
                let message = format!("template `{parent}` does not exist");
                let diagnostic = Diagnostic::new(Code::TemplateSyntax, span, message);
                found.push((current.clone(), diagnostic.help("the theme's own ones are `base.html` and `main.html`")));
            }
        }
        ErrorKind::CircularExtend { tpl, .. } | ErrorKind::CircularInclude { tpl, .. } => {
            if let Some((source, _)) = good.get(tpl) {
                let message = format!("template `{tpl}` includes or extends itself");
                let span = Span::at_start(source.path());
                found.push((tpl.clone(), Diagnostic::new(Code::TemplateSyntax, span, message)));
            }
        }
        _ => {
            for (message, name, line, col) in reports(&error.to_string()) {
                if let Some((source, translated)) = good.get(&name) {
                    let lines = crate::text::LineIndex::new(&translated.text);
                    let start = lines.line_start(line).unwrap_or(0);
                    let rest = &translated.text[start..];
                    let offset = rest.char_indices().nth(col - 1).map_or(0, |(at, _)| at);
                    let width = rest[offset..].find(|ch: char| !(ch.is_alphanumeric() || "_\"'./".contains(ch)));
                    let range = translated.source_range(&(start + offset..start + offset + width.unwrap_or(1).max(1)));
                    let span = Span::new(source.path(), range.start..range.end.min(source.text().len()));
                    let diagnostic = Diagnostic::new(Code::TemplateSyntax, span, lower_first(&message));
                    found.push((name, help(diagnostic, source)));
                }
            }
        }
    }
    found
}

/// Splits Tera's joined reports: message, template, line and column from 1.
fn reports(text: &str) -> Vec<(String, String, usize, usize)> {
    let mut found = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(message) = line.strip_prefix("error: ") else { continue };
        let place = lines.peek().and_then(|next| next.trim_start().strip_prefix("--> ")).and_then(|place| {
            let mut parts = place.rsplitn(3, ':');
            let (col, line, name) = (parts.next()?, parts.next()?, parts.next()?);
            Some((name.to_string(), line.parse().ok()?, col.parse().ok().filter(|col| *col > 0)?))
        });
        if let Some((name, line, col)) = place {
            found.push((message.to_string(), name, line, col));
        }
    }
    found
}

/// Constructs of Jinja that Tera has other words for: what stands in the line, and what to write.
const JINJA: [(&str, &str); 9] = [
    ("{% macro", "write `{% component name(arg) %}…{% endcomponent %}` and call it as `{{ <name arg={value} /> }}`"),
    ("{% import", "components are known in all templates: leave the import out and write the macro as a component"),
    ("{% from", "components are known in all templates: leave the import out and write the macro as a component"),
    ("namespace(", "write `{% set_global name = value %}` to set a value from inside a loop"),
    ("{% do ", "Tera has no statements besides `set`: compute the value in an expression"),
    ("{% with", "write `{% set name = value %}`"),
    ("{% call", "write `{% <name> %}…{% </name> %}` to give a component a body"),
    (".format(", "join texts with `~`"),
    ("self.", "blocks cannot be asked for their content: test the value that the block shows"),
];

/// Adds what to write instead, where the line has a construct that only Jinja has.
fn help(diagnostic: Diagnostic, source: &Source) -> Diagnostic {
    let Some(span) = diagnostic.span else { return diagnostic };
    let lines = source.lines();
    let first = lines.line(span.start as usize);
    let start = lines.line_start(first).unwrap_or(0);
    let end = lines.line_start(first + 1).unwrap_or(source.text().len());
    let line = source.text().get(start..end).unwrap_or_default().replace("{%-", "{%");
    let diagnostic = diagnostic.note("templates of opsbook are Tera templates; MkDocs' are Jinja templates");
    if let Some((_, instead)) = JINJA.iter().find(|(jinja, _)| line.contains(jinja)) {
        return diagnostic.help(*instead);
    }
    let positional = ["| default(", "|default(", "| d(", "|d(", "| replace(", "| join(", "| truncate("];
    if positional.iter().any(|filter| line.contains(filter)) {
        return diagnostic.help("arguments have names: `default(value=…)`, `replace(from=…, to=…)`, `join(sep=…)`");
    }
    if line.contains("{% include") && (line.contains('~') || line.contains(".icons/")) {
        return diagnostic.help("write `{{ icon(name=\"material/…\") }}`: an include names its file in one literal");
    }
    if line.contains(" if ") && line.contains("{{") && !line.contains(" else ") {
        return diagnostic.help("an inline `if` has an `else`: `{{ a if b else \"\" }}`");
    }
    diagnostic.help("the manual's page on overriding the theme lists what differs between the two")
}

fn plain_message(error: &tera::Error) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    lower_first(first.strip_prefix("error: ").unwrap_or(first))
}

fn lower_first(message: &str) -> String {
    let message = message.trim_end_matches('.');
    let mut chars = message.chars();
    let second_is_upper = message.chars().nth(1).is_some_and(char::is_uppercase);
    match chars.next() {
        Some(first) if !second_is_upper => first.to_lowercase().chain(chars).collect(),
        _ => message.to_string(),
    }
}

/// Adds the icons that templates of the project include as files, as they do with Material.
fn add_icons(tera: &mut Tera, templates: &Overrides, icons: &Icons) {
    for (source, _) in templates.values() {
        for part in source.text().split(".icons/").skip(1) {
            let Some(name) = part.split_once(".svg").map(|(name, _)| name) else { continue };
            let path = format!(".icons/{name}.svg");
            if name.len() < 100
                && !tera.contains_template(&path)
                && let Some(svg) = icons.svg(name)
            {
                // An icon is plain text to Tera; one that is not is reported as a missing include.
                let _ = tera.add_raw_template(&path, &svg);
            }
        }
    }
}

fn register(tera: &mut Tera, icons: &Icons) {
    tera.register_filter("url", |value: &str, _: Kwargs, state: &State| -> TeraResult<String> {
        let base: Option<String> = state.get("base_url")?;
        Ok(relative_url(value, base.as_deref().unwrap_or(".")))
    });
    tera.register_filter("tojson", |value: &Value, _: Kwargs, _: &State| -> TeraResult<Value> {
        let text = serde_json::to_string(value).map_err(|error| tera::Error::message(error.to_string()))?;
        let text = text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
        Ok(Value::safe_string(&text.replace('\'', "\\u0027")))
    });
    tera.register_filter("script_tag", |value: &Value, _: Kwargs, state: &State| -> TeraResult<Value> {
        let base: Option<String> = state.get("base_url")?;
        Ok(Value::safe_string(&script_tag(value, base.as_deref().unwrap_or("."))))
    });
    tera.register_filter("striptags", |value: &str, _: Kwargs, _: &State| -> String { strip_tags(value) });
    tera.register_filter("urlencode", |value: &str, _: Kwargs, _: &State| -> String { encode(value) });
    let own = icons.clone();
    tera.register_function("icon", move |kwargs: Kwargs, _: &State| -> TeraResult<Value> {
        let name: &str = kwargs.must_get("name")?;
        let svg = own.svg(name).or_else(|| own.svg(kwargs.get("or").ok().flatten().unwrap_or("")));
        Ok(Value::safe_string(&svg.unwrap_or_default()))
    });
    let own = icons.clone();
    tera.register_function("icon_css", move |kwargs: Kwargs, _: &State| -> TeraResult<Value> {
        let name: &str = kwargs.must_get("name")?;
        let url = own.svg(name).map_or_else(|| "none".to_string(), |svg| icon::css_url(&svg));
        Ok(Value::safe_string(&url))
    });
}

/// Makes a URL of the site relative to a page; one with a scheme, a host, a leading `/` or `#`
/// stays as it is (MkDocs, `normalize_url`).
pub(super) fn relative_url(url: &str, base: &str) -> String {
    let has_scheme = url.split_once(':').is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.chars().all(|ch| ch.is_ascii_alphanumeric() || "+-.".contains(ch))
    });
    if has_scheme || url.starts_with('/') || url.starts_with('#') {
        return url.to_string();
    }
    let url = url.strip_prefix("./").unwrap_or(url);
    match (base, if url == "." { "" } else { url }) {
        (".", "") => "./".to_string(),
        (".", url) => url.to_string(),
        (base, url) => format!("{}/{url}", base.trim_end_matches('/')),
    }
}

fn script_tag(value: &Value, base: &str) -> String {
    let json: Json = serde_json::to_value(value).unwrap_or(Json::Null);
    let field = |name: &str| json.get(name).and_then(Json::as_str).unwrap_or_default();
    let flag = |name: &str| json.get(name).and_then(Json::as_bool).unwrap_or_default();
    let path = json.as_str().unwrap_or_else(|| field("path"));
    let kind = match field("type") {
        "" if path.ends_with(".mjs") => "module",
        given => given,
    };
    let mut tag = format!("<script src=\"{}\"", escape(&relative_url(path, base)));
    if !kind.is_empty() {
        tag.push_str(&format!(" type=\"{}\"", escape(kind)));
    }
    for (name, is_on) in [("defer", flag("defer")), ("async", flag("async"))] {
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

/// Leaves tags and comments out and makes all white space single blanks, as Jinja's filter does.
fn strip_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let closes = if rest[at..].starts_with("<!--") { rest[at..].find("-->").map(|end| end + 3) } else { None };
        let end = closes.or_else(|| rest[at..].find('>').map(|end| end + 1));
        out.push_str(&rest[..at]);
        match end {
            Some(end) => rest = &rest[at + end..],
            None => {
                out.push_str(&rest[at..]);
                rest = "";
            }
        }
    }
    out.push_str(rest);
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SitePath;

    fn engine(files: &[(&str, &str)]) -> (Engine, Diagnostics, BTreeMap<String, Arc<Source>>) {
        let overrides: BTreeMap<String, Arc<Source>> = files
            .iter()
            .map(|(name, text)| {
                (name.to_string(), Arc::new(Source::new(SitePath::new(&format!("overrides/{name}")), *text)))
            })
            .collect();
        let (engine, diagnostics) = Engine::new(&overrides);
        (engine, diagnostics, overrides)
    }

    #[test]
    fn urls_are_relative_to_the_page() {
        assert_eq!(relative_url("a/b/", "../.."), "../../a/b/");
        assert_eq!(relative_url("", "../.."), "../../");
        assert_eq!(relative_url("", "."), "./");
        assert_eq!(relative_url("a.html#x:y", "."), "a.html#x:y");
        assert_eq!(relative_url("a/x.css", "/sub"), "/sub/a/x.css");
        for same in ["https://a.b/c", "//a.b", "/c", "#d", "mailto:a@b.c"] {
            assert_eq!(relative_url(same, "../.."), same);
        }
    }

    #[test]
    fn a_template_of_the_project_replaces_the_themes() {
        let (engine, diagnostics, _) = engine(&[("partials/top.html", "{{ 'x/y' | url }}")]);
        assert!(diagnostics.is_empty());
        let mut context = Context::new();
        context.insert("base_url", "..");
        assert_eq!(engine.render("partials/top.html", &context).expect("it renders"), "../x/y");
    }

    #[test]
    fn what_only_jinja_has_is_reported_with_its_place_and_what_to_write() {
        let text = "{% extends \"base.html\" %}\n{% block footer %}\n  {{ \"%s\".format(page.url) }}\n{% endblock %}\n";
        let (_, diagnostics, files) = engine(&[("main.html", text)]);
        let found: Vec<_> = diagnostics.iter().collect();
        assert_eq!(found.len(), 1, "{found:?}");
        let span = found[0].span.expect("it has a place");
        assert_eq!(files["main.html"].line_col(span.start as usize).line, 3);
        assert_eq!(found[0].help.as_deref(), Some("join texts with `~`"));
    }

    #[test]
    fn every_template_with_a_mistake_is_reported_and_the_others_stand() {
        let files = [
            ("main.html", "{% extends \"base.html\" %}{% block nope %}{% endblock %}"),
            ("partials/a.html", "{{ x | nofilter }}"),
            ("partials/b.html", "{% include 'partials/missing.html' %}"),
            ("partials/top.html", "fine"),
        ];
        let (engine, diagnostics, _) = engine(&files);
        let messages: Vec<_> = diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "block `nope` is not defined in any parent template",
                "unknown filter `nofilter`",
                "unknown template `partials/missing.html`"
            ]
        );
        assert!(diagnostics.iter().all(|diagnostic| diagnostic.span.is_some()));
        assert_eq!(engine.render("partials/top.html", &Context::new()).expect("it renders"), "fine");
        assert!(engine.has("main.html"), "the theme's own one stands for it");
    }

    #[test]
    fn a_missing_value_prints_nothing_and_what_cannot_be_has_its_place() {
        let text = "a{{ page.nothing.at.all }}b\n{{ page.title + 1 }}";
        let (engine, diagnostics, files) = engine(&[("partials/top.html", text), ("x.html", "a{{ page.nothing.x }}b")]);
        assert!(diagnostics.is_empty());
        let mut context = Context::new();
        context.insert("page", &BTreeMap::from([("title", "x")]));
        assert_eq!(engine.render("x.html", &context).expect("it renders"), "ab");
        let diagnostic = engine.render("partials/top.html", &context).expect_err("a text and a number have no sum");
        let span = diagnostic.span.expect("it has a place");
        assert_eq!(files["partials/top.html"].line_col(span.start as usize).line, 2, "{diagnostic:?}");
    }

    #[test]
    fn scripts_and_json_are_safe_in_html() {
        let (engine, ..) = engine(&[("x.html", "{{ s | script_tag }}{{ j | tojson }}{{ t | striptags }}")]);
        let mut context = Context::new();
        context.insert("s", &serde_json::json!({"path": "a\"b.mjs", "defer": true}));
        context.insert("j", "</script>");
        context.insert("t", "a <b>b</b>\n c");
        let html = engine.render("x.html", &context).expect("it renders");
        assert_eq!(html, "<script src=\"a&quot;b.mjs\" type=\"module\" defer></script>\"\\u003c/script\\u003e\"a b c");
    }
}
