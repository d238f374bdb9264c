//! Plugin `macros`: variables, filters, loops, inclusions and macros in pages, as mkdocs-macros-plugin
//! 1.5.0 has them through Jinja2.
//!
//! An evaluator of our own, for three reasons: text outside of tags keeps its place to the byte; what
//! is not defined stays in the page; and pages are written with Jinja2's positional arguments and
//! Python's methods. Python modules are refused. Steps, depth and size are bounded.

mod eval;
mod expr;
mod percent;
mod run;
mod template;
mod value;

use super::event::{Plugin, Reading};
use crate::config::Config;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::markdown::preprocess::Context;
use crate::text::glob::GitIgnore;
use crate::text::{Chunk, ReadError, SitePath, Span, Spanned, World, url_quoted, yaml};
use run::Run;
use std::collections::BTreeMap;
use value::Value;
use yaml::Node;

/// What the plugin may be told.
const OPTIONS: &[&str] = &[
    "force_render_paths",
    "include_dir",
    "include_yaml",
    "j2_block_end_string",
    "j2_block_start_string",
    "j2_comment_end_string",
    "j2_comment_start_string",
    "j2_extensions",
    "j2_variable_end_string",
    "j2_variable_start_string",
    "module_name",
    "modules",
    "on_error_fail",
    "on_undefined",
    "render_by_default",
    "verbose",
];

/// What becomes of a name that is not defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WhenUndefined {
    Keep,
    Silent,
    Strict,
}

/// The marks around tags.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Marks {
    variable_start: String,
    variable_end: String,
    block_start: String,
    block_end: String,
    comment_start: String,
    comment_end: String,
}

/// The plugin's options, read once.
#[derive(Clone, Debug, PartialEq)]
struct Options {
    marks: Marks,
    on_undefined: WhenUndefined,
    is_lax: bool,
    render_by_default: bool,
    force_render_paths: GitIgnore,
    docs_dir: SitePath,
    include_dir: SitePath,
    /// Files of variables, each with the name that its content goes under.
    include_yaml: Vec<(Option<String>, Spanned<SitePath>)>,
    /// The project's own variables: `extra` and its keys, `config`.
    variables: Vec<(String, Node)>,
}

/// What a survey says of it.
pub(super) const DIFFERS: &str = "variables, filters, loops and includes work; nothing of Python is run";

pub(super) fn read(reading: &mut Reading<'_>) -> Option<Box<dyn Plugin>> {
    reading.settings(OPTIONS);
    let Reading { plugin, config, world, diagnostics } = reading;
    report_main_module(&plugin.name, *world, diagnostics);
    let variables = page_variables(config);
    Some(Box::new(Options::read(&plugin.settings, config.docs_dir, &variables, diagnostics)))
}

impl Plugin for Options {
    fn on_page_markdown(&self, text: Chunk, meta: Option<&Node>, page: &mut Context<'_>) -> Chunk {
        apply(text, self, meta, page)
    }
}

impl Options {
    fn has_folder_urls(&self) -> bool {
        let config = self.variables.iter().find(|(name, _)| name == "config");
        let given = config.and_then(|(_, config)| config.get("use_directory_urls")?.as_bool());
        given.unwrap_or(true)
    }

    /// Reads the options. `variables` are those of the project.
    fn read(settings: &Node, docs_dir: SitePath, variables: &[(String, Node)], out: &mut Diagnostics) -> Options {
        let text = |key: &str| settings.get(key).and_then(Node::as_str).filter(|text| !text.is_empty());
        for key in ["module_name", "modules"] {
            let Some(value) = settings.get(key) else { continue };
            let is_empty = value.is_null() || value.as_seq().is_some_and(<[Node]>::is_empty);
            if !is_empty {
                let message = format!("Python modules of macros (`{key}`) are not run");
                let note = "opsbook executes no Python: calls of their functions stay in the page as text";
                out.push(Diagnostic::new(Code::MacroPython, value.span, message).note(note));
            }
        }
        let (mut on_undefined, mut is_lax) = (WhenUndefined::Keep, false);
        if let Some(value) = settings.get("on_undefined").filter(|value| !value.is_null()) {
            match value.as_str() {
                Some("keep") => {}
                Some("silent") => on_undefined = WhenUndefined::Silent,
                Some("lax") => (on_undefined, is_lax) = (WhenUndefined::Silent, true),
                Some("strict") => on_undefined = WhenUndefined::Strict,
                _ => {
                    let message = "`on_undefined` takes `keep`, `silent`, `lax` or `strict`";
                    out.push(Diagnostic::new(Code::PluginBadOption, value.span, message));
                }
            }
        }
        let mark = |key: &str, default: &str| text(key).unwrap_or(default).to_owned();
        Options {
            marks: Marks {
                variable_start: mark("j2_variable_start_string", "{{"),
                variable_end: mark("j2_variable_end_string", "}}"),
                block_start: mark("j2_block_start_string", "{%"),
                block_end: mark("j2_block_end_string", "%}"),
                comment_start: mark("j2_comment_start_string", "{#"),
                comment_end: mark("j2_comment_end_string", "#}"),
            },
            on_undefined,
            is_lax,
            render_by_default: settings.get("render_by_default").and_then(Node::as_bool).unwrap_or(true),
            force_render_paths: GitIgnore::parse(text("force_render_paths").unwrap_or_default()),
            docs_dir,
            include_dir: text("include_dir").map_or(docs_dir, SitePath::new),
            include_yaml: settings.get("include_yaml").map(included).unwrap_or_default(),
            variables: variables.to_vec(),
        }
    }
}

/// What pages may name: `config` with MkDocs' names, `extra`, and
/// each key of `extra` by itself.
fn page_variables(config: &Config) -> Vec<(String, Node)> {
    let start = Span::at_start(config.file);
    let node = |kind| Node::new(kind, start);
    let text = |text: &str| node(yaml::Kind::String(text.to_owned(), yaml::Style::Quoted));
    let given = |value: Option<&str>| value.map_or_else(|| node(yaml::Kind::Null), text);
    let spanned = |value: &Option<Spanned<String>>| given(value.as_ref().map(|value| value.value.as_str()));
    let entries = [
        ("site_name", text(&config.site.name.value)),
        ("site_url", spanned(&config.site.url)),
        ("site_description", spanned(&config.site.description)),
        ("site_author", spanned(&config.site.author)),
        ("copyright", spanned(&config.site.copyright)),
        ("docs_dir", text(config.docs_dir.as_str())),
        ("site_dir", text(config.site_dir.as_str())),
        ("use_directory_urls", node(yaml::Kind::Bool(config.use_directory_urls))),
        ("repo_url", spanned(&config.repo.url)),
        ("repo_name", given(config.repo.name.as_deref())),
        ("edit_uri", given(config.repo.edit_uri.as_deref())),
        ("extra", config.extra.clone()),
        ("theme", config.theme.keys.clone()),
    ];
    let mut entries: Vec<(Node, Node)> = entries.map(|(name, value)| (text(name), value)).into();
    // Keys that MkDocs knows and no room here needs, and those that it does not know.
    for (key, value) in config.written.as_map().unwrap_or_default() {
        if entries.iter().all(|(known, _)| known.as_str() != key.as_str()) {
            entries.push((key.clone(), value.clone()));
        }
    }
    let mut variables =
        vec![("config".to_owned(), node(yaml::Kind::Map(entries))), ("extra".to_owned(), config.extra.clone())];
    for (key, value) in config.extra.as_map().unwrap_or_default() {
        if let Some(name) = key.as_str().filter(|name| !matches!(*name, "config" | "extra")) {
            variables.push((name.to_owned(), value.clone()));
        }
    }
    variables
}

/// `include_yaml`: paths, or one-key mappings from a name to a path.
fn included(node: &Node) -> Vec<(Option<String>, Spanned<SitePath>)> {
    let entry = |item: &Node| match item.as_map() {
        Some([(key, path)]) => Some((key.scalar_text(), path.spanned_str()?.map(|path| SitePath::new(&path)))),
        _ => Some((None, item.spanned_str()?.map(|path| SitePath::new(&path)))),
    };
    node.as_seq().unwrap_or_default().iter().filter_map(entry).collect()
}

/// Carries out the tags of a page. `meta` is its front matter.
fn apply(text: Chunk, options: &Options, meta: Option<&Node>, context: &mut Context<'_>) -> Chunk {
    let asked = meta.and_then(|meta| meta.get("render_macros")).and_then(Node::as_bool);
    let renders = match asked {
        Some(asked) => asked,
        None => options.render_by_default || is_forced(options, context.page),
    };
    let marks = [&options.marks.variable_start, &options.marks.block_start, &options.marks.comment_start];
    if !renders || !marks.iter().any(|mark| text.text().contains(mark.as_str())) {
        return text;
    }
    let mut globals: BTreeMap<String, Value> = BTreeMap::new();
    let is_project_own = |name: &str| matches!(name, "extra" | "config");
    for (name, node) in options.variables.iter().filter(|(name, _)| is_project_own(name)) {
        globals.insert(name.clone(), Value::of(node));
    }
    for (name, path) in &options.include_yaml {
        include_variables(name.as_deref(), path, &mut globals, context);
    }
    for (name, node) in options.variables.iter().filter(|(name, _)| !is_project_own(name)) {
        globals.insert(name.clone(), Value::of(node));
    }
    globals.insert("page".to_owned(), page_value(options, meta, context.page));
    globals.entry("environment".to_owned()).or_insert_with(environment);
    for (key, value) in meta.and_then(Node::as_map).unwrap_or_default() {
        if let Some(name) = key.as_str() {
            globals.insert(name.to_owned(), Value::of(value));
        }
    }
    let mut run = Run::new(options, globals, context);
    let template = run.template(text);
    run.run(&template)
}

/// Reads a file of variables and lays it over those that are there, mapping by mapping.
fn include_variables(
    name: Option<&str>,
    path: &Spanned<SitePath>,
    globals: &mut BTreeMap<String, Value>,
    context: &mut Context<'_>,
) {
    let source = match context.source(path.value) {
        Ok(source) => source,
        Err(error) => {
            let message = format!("the file of variables `{}` cannot be read: {}", path.value, error.reason());
            context.diagnostics.push(match &error {
                ReadError::Outside(why) => Diagnostic::outside(path.span, path.value.as_str(), why),
                _ => Diagnostic::new(Code::IncludeNotFound, path.span, message),
            });
            return;
        }
    };
    let root = match yaml::parse(&Chunk::of(&source)) {
        Ok(parsed) => Value::of(&parsed.root),
        Err(error) => {
            let message = format!("`{}` is not valid YAML: {}", path.value, error.message);
            context.diagnostics.push(Diagnostic::new(Code::ConfigSyntax, error.span, message));
            return;
        }
    };
    let root = match name {
        Some(name) => Value::map(vec![(Value::text(name), root)]),
        None => root,
    };
    let Value::Map(entries) = &root else { return };
    for (key, value) in entries.iter() {
        let name = key.show();
        let merged = match globals.get(&name) {
            Some(before) => laid_over(before, value),
            None => value.clone(),
        };
        globals.insert(name, merged);
    }
}

fn laid_over(below: &Value, above: &Value) -> Value {
    let (Value::Map(below), Value::Map(entries)) = (below, above) else { return above.clone() };
    let mut merged = below.to_vec();
    for (key, value) in entries.iter() {
        match merged.iter_mut().find(|(known, _)| known.equals(key)) {
            Some((_, slot)) => *slot = laid_over(slot, value),
            None => merged.push((key.clone(), value.clone())),
        }
    }
    Value::map(merged)
}

/// The versions that this program follows. What the machine is, no page tells: a site is the same wherever it is built.
fn environment() -> Value {
    let versions = [("mkdocs_version", "1.6.1"), ("macros_plugin_version", "1.5.0"), ("jinja2_version", "3.1.6")];
    Value::map(versions.into_iter().map(|(name, version)| (Value::text(name), Value::text(version))).collect())
}

/// What is known of the page before it is parsed.
fn page_value(options: &Options, meta: Option<&Node>, page: SitePath) -> Value {
    let path = page.below(options.docs_dir).unwrap_or(page.as_str());
    let text = |name: &str, value: &str| (Value::text(name), Value::text(value));
    let flag = |name: &str, is: bool| (Value::text(name), Value::Bool(is));
    let is_index = matches!(page.stem(), "index" | "README");
    let (url, out) = address(path, is_index, options.has_folder_urls());
    let file = Value::map(vec![
        text("src_path", path),
        text("src_uri", path),
        text("name", if is_index { "index" } else { page.stem() }),
        text("url", &url),
        text("dest_path", &out),
        text("dest_uri", &out),
    ]);
    let meta_value = meta.map_or_else(|| Value::map(Vec::new()), Value::of);
    let mut entries = vec![
        (Value::text("meta"), meta_value.clone()),
        (Value::text("file"), file),
        text("url", &url),
        flag("is_index", is_index),
        flag("is_homepage", is_index && !path.contains('/')),
        flag("is_page", true),
        flag("is_section", false),
    ];
    if let Some(title) = meta_value.get(&Value::text("title")) {
        entries.push((Value::text("title"), title));
    }
    Value::map(entries)
}

/// The URL of a page and its file in the site, as MkDocs makes them of its path.
fn address(path: &str, is_index: bool, has_folder_urls: bool) -> (String, String) {
    let folder = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let out = match (is_index, has_folder_urls) {
        (true, _) => format!("{folder}index.html"),
        (false, true) => format!("{stem}/index.html"),
        (false, false) => format!("{stem}.html"),
    };
    let url = if has_folder_urls { out.trim_end_matches("index.html") } else { &out };
    (url_quoted(url, b"/"), out)
}

/// Whether `force_render_paths`, lines in gitignore's form below the folder of the pages, names a page.
fn is_forced(options: &Options, page: SitePath) -> bool {
    options.force_render_paths.matches(page.below(options.docs_dir).unwrap_or(page.as_str()))
}

/// Reports Python modules that the plugin would load without being told: `main.py`, `main/`.
fn report_main_module(name: &Spanned<String>, world: &dyn World, out: &mut Diagnostics) {
    let found = ["main.py", "main/__init__.py"].into_iter().find(|path| world.source(SitePath::new(path)).is_ok());
    if let Some(path) = found {
        let message = format!("the Python module `{path}` of the plugin `macros` is not run");
        let note = "opsbook executes no Python: calls of its functions stay in the page as text";
        let span: Span = name.span;
        out.push(Diagnostic::new(Code::MacroPython, span, message).note(note));
    }
}

#[cfg(test)]
mod tests;
