//! `book.toml` to configuration.

use super::Environment;
use super::keys;
use super::model::*;
use super::parts::{self, set};
use super::table::Table;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::text::{SitePath, Span, Spanned, World, yaml};
use yaml::{Kind, Node};

/// Tables of mdBook for which opsbook has no use.
const MDBOOK_TABLES: &[&str] = &["output", "preprocessor", "rust"];

/// Reads a tree. `None` where a fault leaves nothing to build with.
pub(super) fn config(
    path: SitePath,
    root: &Node,
    world: &dyn World,
    env: Environment<'_>,
    overrides: &Overrides,
    out: &mut Diagnostics,
) -> Option<Config> {
    let start = Span::at_start(path);
    let security = parts::security(root.get("security"), "security.", out);
    let mut root = root.clone();
    resolve_env(&mut root, &security, env, out);
    take_mdbook_tables(&mut root, out);
    let top = Table::open(Some(&root), "", keys::BOOK, out);
    top.report_unknown(out);
    let table = |name: &'static str, prefix: &'static str, keys, out: &mut Diagnostics| {
        let table = Table::open(top.get(name), prefix, keys, out);
        table.report_unknown(out);
        table
    };
    let book = table("book", "book.", keys::BOOK_BOOK, out);
    let build = table("build", "build.", keys::BOOK_BUILD, out);
    let site = table("site", "site.", keys::BOOK_SITE, out);
    let nav = table("nav", "nav.", keys::BOOK_NAV, out);
    let markdown = table("markdown", "markdown.", keys::BOOK_MARKDOWN, out);
    let serve = table("serve", "serve.", keys::BOOK_SERVE, out);

    if book.get("title").is_none() {
        let span = top.key_span("book").unwrap_or(start);
        out.push(
            Diagnostic::new(Code::ConfigMissing, span, "`book.title` is not given")
                .help("add `title = \"My book\"` below `[book]`"),
        );
    }
    let docs = book.text("src", out).unwrap_or_else(|| Spanned::new("src".to_owned(), start));
    let site_dir = match overrides.site_dir {
        Some(dir) => Spanned::new(dir.as_str().to_owned(), start),
        None => build.text("build-dir", out).unwrap_or_else(|| Spanned::new("book".to_owned(), start)),
    };
    let plugins = plugins(&top, start, out);
    let folders_fit = parts::check_folders(&docs, &site_dir, world, out);
    let dev_addr = match &overrides.dev_addr {
        Some(addr) => Spanned::new(addr.clone(), start),
        None => serve.text("address", out).unwrap_or_else(|| Spanned::new("127.0.0.1:8000".to_owned(), start)),
    };
    parts::check_dev_addr("serve.address", &dev_addr, out);
    let authors = book.texts("authors", out);
    let mut validation = Validation::default();
    let check = parts::check(top.get("check"), "check.", &mut validation, out);
    let dialect = match markdown.word("dialect", out).map(|word| word.value) {
        Some("mkdocs") => Dialect::MkDocs,
        _ => Dialect::CommonMark,
    };
    let language = book.text("language", out).unwrap_or_else(|| Spanned::new("en".to_owned(), start));

    let config = Config {
        file: path,
        written: Node::new(Kind::Map(Vec::new()), Span::at_start(path)),
        site: Site {
            name: book.text("title", out).unwrap_or_else(|| Spanned::new(String::new(), start)),
            url: site.text("url", out).and_then(|url| parts::url("site.url", url, true, out)),
            description: book.text("description", out),
            author: authors.first().map(|first| {
                let names: Vec<_> = authors.iter().map(|author| author.value.as_str()).collect();
                Spanned::new(names.join(", "), first.span)
            }),
            copyright: site.text("copyright", out),
        },
        docs_dir: SitePath::new(&docs.value),
        site_dir: SitePath::new(&site_dir.value),
        folders: Vec::new(),
        nesting: parts::nesting(&docs, &site_dir),
        is_offline: false,
        use_directory_urls: overrides.use_directory_urls.or_else(|| site.flag("directory-urls", out)).unwrap_or(true),
        nav: nav.get("items").and_then(|node| parts::nav("nav.items", node, out)),
        exclude_docs: site.texts("exclude", out),
        draft_docs: site.texts("drafts", out),
        not_in_nav: nav.texts("not-in-nav", out),
        theme: theme(&top, language, world, overrides, start, out),
        extra_css: site.texts("extra-css", out),
        extra_javascript: site
            .get("extra-javascript")
            .map(|node| parts::scripts("site.extra-javascript", node, out))
            .unwrap_or_default(),
        extra_templates: site.texts("extra-templates", out),
        markdown: Markdown {
            dialect,
            extensions: markdown.get("extensions").map(|node| parts::extensions(node, true, out)).unwrap_or_default(),
        },
        plugins,
        watch: parts::existing("build.extra-watch-dirs", build.texts("extra-watch-dirs", out), world, out),
        strict: Strict::of(overrides.strict, build.flag("strict", out), Strict::Full),
        dev_addr,
        repo: repo(&site, out),
        validation,
        search: search(&top, out),
        check,
        runbook: parts::runbook(top.get("runbook"), "runbook.", world, out),
        security,
        extra: match top.get("extra") {
            Some(node) if node.as_map().is_some() => node.clone(),
            Some(node) => {
                out.push(super::table::wrong_kind("extra", "a table", node));
                Node::new(Kind::Map(Vec::new()), start)
            }
            None => Node::new(Kind::Map(Vec::new()), start),
        },
    };
    (folders_fit && !out.has_errors()).then_some(config)
}

/// mdBook's own tables are named as such, rather than called unknown.
fn take_mdbook_tables(root: &mut Node, out: &mut Diagnostics) {
    let Kind::Map(entries) = &mut root.kind else { return };
    entries.retain(|(key, _)| {
        let Some(name) = key.as_str().filter(|name| MDBOOK_TABLES.contains(name)) else { return true };
        let message = format!("`[{name}]` is a table of mdBook that has no effect in opsbook");
        let help = "`[theme]`, `[plugins]` and `[markdown.extensions]` say what a page looks like";
        out.push(Diagnostic::new(Code::ConfigNoEffect, key.span, message).help(help));
        false
    });
}

/// Replaces `{ env = "NAME" }` and `{ env = ["A", "B"], default = … }`, anywhere but in `[security]`, by
/// what they stand for. A name must be listed in `security.env`.
fn resolve_env(node: &mut Node, security: &Security, env: Environment<'_>, out: &mut Diagnostics) {
    match &mut node.kind {
        Kind::Seq(items) => items.iter_mut().for_each(|item| resolve_env(item, security, env, out)),
        Kind::Map(entries) => {
            let is_env = |key: &Node| key.as_str() == Some("env");
            let is_form = entries.iter().any(|(key, _)| is_env(key))
                && entries.iter().all(|(key, _)| is_env(key) || key.as_str() == Some("default"));
            if is_form {
                *node = env_value(node, security, env, out);
                return;
            }
            for (key, value) in entries {
                if key.as_str() != Some("security") {
                    resolve_env(value, security, env, out);
                }
            }
        }
        _ => {}
    }
}

fn env_value(node: &Node, security: &Security, env: Environment<'_>, out: &mut Diagnostics) -> Node {
    let Some(names) = node.get("env") else { return node.clone() };
    let names = match &names.kind {
        Kind::Seq(items) => items.as_slice(),
        _ => std::slice::from_ref(names),
    };
    for name in names {
        let Some(text) = super::table::text_of("env", name, out) else { continue };
        if !security.env.iter().any(|allowed| allowed.value == text.value) {
            let message = format!("the environment variable `{}` may not be read", text.value);
            out.push(
                Diagnostic::new(Code::ConfigEnv, text.span, message)
                    .note("a configuration reads only variables that `security.env` names")
                    .help(format!("add `\"{}\"` to `env` below `[security]`", text.value)),
            );
            continue;
        }
        if let Some(value) = env(&text.value) {
            return Node::new(yaml::resolve_scalar(&value), node.span);
        }
    }
    node.get("default").cloned().unwrap_or_else(|| Node::new(Kind::Null, node.span))
}

fn theme(
    top: &Table<'_>,
    language: Spanned<String>,
    world: &dyn World,
    overrides: &Overrides,
    start: Span,
    out: &mut Diagnostics,
) -> Theme {
    let node = top.get("theme");
    let table = Table::open(node, "theme.", keys::BOOK_THEME, out);
    let given = match &overrides.theme {
        Some(name) => Some(Spanned::new(name.clone(), start)),
        None => table.text("name", out),
    };
    let name = given.unwrap_or_else(|| Spanned::new("default".to_owned(), start));
    parts::theme_name(&name, out);
    let custom_dir = match table.text("custom-dir", out).map(|text| text.map(|text| SitePath::new(&text))) {
        Some(dir) => {
            if !parts::folder_exists(dir.value, world) {
                let message = format!("the folder `{}` of `theme.custom-dir` does not exist", dir.value);
                out.push(Diagnostic::new(Code::ConfigPath, dir.span, message));
            }
            Some(dir)
        }
        None => [SitePath::new("themes").join(&name.value), SitePath::new("themes")]
            .into_iter()
            .find(|dir| parts::folder_exists(*dir, world))
            .map(|dir| Spanned::new(dir, start)),
    };
    Theme {
        custom_dir,
        language,
        direction: table.word("direction", out).map(|word| word.map(str::to_owned)),
        features: table.texts("features", out),
        palette: parts::palette(table.get("palette"), out),
        font: parts::font(table.get("font"), out),
        logo: table.text("logo", out),
        favicon: table.text("favicon", out),
        icon: parts::icons(table.get("icon"), out),
        static_templates: table.texts("static-templates", out),
        keys: node.cloned().unwrap_or_else(|| Node::new(Kind::Map(Vec::new()), start)),
        name: Some(name),
    }
}

/// `[plugins]`, and `search` unless it is switched off.
fn plugins(top: &Table<'_>, start: Span, out: &mut Diagnostics) -> Vec<Plugin> {
    let mut plugins = top.get("plugins").map(|node| parts::plugins(node, true, out)).unwrap_or_default();
    let searches =
        Table::open(top.get("search"), "search.", keys::BOOK_SEARCH, out).flag("enabled", out) != Some(false);
    if searches && !plugins.iter().any(|plugin| plugin.name.value == "search") {
        plugins.insert(0, Plugin { name: Spanned::new("search".to_owned(), start), options: None });
    }
    plugins
}

fn search(top: &Table<'_>, out: &mut Diagnostics) -> Option<Search> {
    let table = Table::open(top.get("search"), "search.", keys::BOOK_SEARCH, out);
    table.report_unknown(out);
    if table.flag("enabled", out) == Some(false) {
        return None;
    }
    let weights = Table::open(table.get("boost"), "search.boost.", keys::BOOK_SEARCH_BOOST, out);
    weights.report_unknown(out);
    let mut boost = SearchBoost::default();
    set(&mut boost.title, weights.number("title", out));
    set(&mut boost.text, weights.number("text", out));
    set(&mut boost.tags, weights.number("tags", out));
    Some(Search {
        lang: parts::values(table.text_or_texts("lang", out)),
        separator: table.text("separator", out).map(|text| text.value),
        pipeline: table.get("pipeline").map(|_| parts::values(table.texts("pipeline", out))),
        boost,
        ..Search::default()
    })
}

fn repo(site: &Table<'_>, out: &mut Diagnostics) -> Repo {
    let url = site.text("repository", out).and_then(|url| parts::url("site.repository", url, false, out));
    let template = site.text("edit-uri-template", out).filter(|template| !template.value.is_empty());
    if let Some(template) = &template {
        parts::check_edit_template(template, out);
        if let (Some(_), Some(span)) = (site.get("edit-uri"), site.key_span("edit-uri")) {
            out.push(
                Diagnostic::new(Code::ConfigNoEffect, span, "`edit-uri` has no effect beside `edit-uri-template`")
                    .label(template.span, "this is used"),
            );
        }
    }
    let mut repo = parts::repo(url, site.text("repository-name", out), site.text("edit-uri", out), template);
    set(&mut repo.remote_branch, site.text("branch", out).map(|text| text.value));
    set(&mut repo.remote_name, site.text("remote", out).map(|text| text.value));
    repo
}
