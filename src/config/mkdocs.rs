//! `mkdocs.yml` to configuration: MkDocs 1.6.1's keys, defaults and rules.

use super::keys;
use super::model::*;
use super::parts::{self, set};
use super::special;
use super::table::{Table, wrong_kind};
use crate::diag::{Code, Diagnostic, Diagnostics, Severity};
use crate::text::{SitePath, Span, Spanned, World, yaml};
use yaml::{Kind, Node};

/// Reads a merged tree whose environment variables are in place. `None` where a fault leaves nothing to build with.
pub(super) fn config(
    path: SitePath,
    mut root: Node,
    world: &dyn World,
    overrides: &Overrides,
    out: &mut Diagnostics,
) -> Option<Config> {
    let start = Span::at_start(path);
    let docs_dir = root.get("docs_dir").and_then(Node::as_str).map_or(SitePath::new("docs"), SitePath::new);
    special::resolve_names(&mut root, docs_dir, out);
    let table = Table::open(Some(&root), "", keys::MKDOCS, out);
    table.report_unknown(out);
    report_gone(&table, out);

    let site_name = site_name(&table, start, out);
    let docs = table.text("docs_dir", out).unwrap_or_else(|| Spanned::new("docs".to_owned(), start));
    let site = match overrides.site_dir {
        Some(dir) => Spanned::new(dir.as_str().to_owned(), start),
        None => table.text("site_dir", out).unwrap_or_else(|| Spanned::new("site".to_owned(), start)),
    };
    let plugins = match table.get("plugins") {
        Some(node) => parts::plugins(node, false, out),
        None => vec![Plugin { name: Spanned::new("search".to_owned(), start), options: None }],
    };
    let folders_fit = parts::check_folders(&docs, &site, world, out);
    let theme = lenient(out, |out| theme(table.get("theme"), start, world, overrides, out));
    let is_material =
        theme.name.as_ref().is_some_and(|name| ["material", "materialx", "default"].contains(&name.value.as_str()));
    let read_search = if is_material { parts::search_of_plugin } else { parts::search_of_mkdocs_plugin };
    let search = plugins.iter().find(|plugin| plugin.name.value == "search");
    let search = search.map(|plugin| read_search(plugin.options.as_ref(), out));

    let extra = extra(&table, start, out);
    let own = Table::open(extra.get("opsbook"), "extra.opsbook.", keys::MKDOCS_OPSBOOK, out);
    own.report_unknown(out);
    let mut validation = validation(&table, out);
    let check = parts::check(own.get("check"), "extra.opsbook.check.", &mut validation, out);
    let runbook = parts::runbook(own.get("runbook"), "extra.opsbook.runbook.", world, out);
    let security = parts::security(own.get("security"), "extra.opsbook.security.", out);

    let dev_addr = match &overrides.dev_addr {
        Some(addr) => Spanned::new(addr.clone(), start),
        None => table.text("dev_addr", out).unwrap_or_else(|| Spanned::new("127.0.0.1:8000".to_owned(), start)),
    };
    parts::check_dev_addr("dev_addr", &dev_addr, out);

    let config = Config {
        file: path,
        written: root.clone(),
        site: Site {
            name: site_name.unwrap_or_else(|| Spanned::new(String::new(), start)),
            url: table.text("site_url", out).and_then(|url| parts::url("site_url", url, true, out)),
            description: table.text("site_description", out),
            author: table.text("site_author", out),
            copyright: table.text("copyright", out),
        },
        docs_dir: SitePath::new(&docs.value),
        site_dir: SitePath::new(&site.value),
        folders: Vec::new(),
        nesting: parts::nesting(&docs, &site),
        is_offline: false,
        use_directory_urls: overrides
            .use_directory_urls
            .or_else(|| table.flag("use_directory_urls", out))
            .unwrap_or(true),
        nav: table.get("nav").and_then(|node| parts::nav("nav", node, out)),
        exclude_docs: patterns(&table, "exclude_docs", world, out),
        draft_docs: patterns(&table, "draft_docs", world, out),
        not_in_nav: patterns(&table, "not_in_nav", world, out),
        theme,
        extra_css: table.texts("extra_css", out),
        extra_javascript: table
            .get("extra_javascript")
            .map(|node| parts::scripts("extra_javascript", node, out))
            .unwrap_or_default(),
        extra_templates: table.texts("extra_templates", out),
        markdown: Markdown {
            dialect: Dialect::MkDocs,
            extensions: table
                .get("markdown_extensions")
                .map(|node| parts::extensions(node, false, out))
                .unwrap_or_default(),
        },
        plugins,
        watch: parts::existing("watch", table.texts("watch", out), world, out),
        strict: Strict::of(overrides.strict, table.flag("strict", out), Strict::AsMkDocs),
        dev_addr,
        repo: repo(&table, out),
        validation,
        search,
        check,
        runbook,
        security,
        extra,
    };
    (folders_fit && !out.has_errors()).then_some(config)
}

/// Reads what MkDocs hands to templates without a look at it: values of the wrong kind are warnings.
fn lenient<T>(out: &mut Diagnostics, read: impl FnOnce(&mut Diagnostics) -> T) -> T {
    let mut found = Diagnostics::new();
    let value = read(&mut found);
    for diagnostic in found.iter_mut().filter(|diagnostic| diagnostic.code == Code::ConfigBadValue) {
        diagnostic.severity = Severity::Warning;
    }
    out.append(found);
    value
}

fn site_name(table: &Table<'_>, start: Span, out: &mut Diagnostics) -> Option<Spanned<String>> {
    if table.get("site_name").is_none() {
        let span = table.key_span("site_name").unwrap_or(start);
        out.push(
            Diagnostic::new(Code::ConfigMissing, span, "`site_name` is not given")
                .help("add a line such as `site_name: My project`"),
        );
    }
    table.text("site_name", out)
}

/// Keys that MkDocs has given up, and hooks.
fn report_gone(table: &Table<'_>, out: &mut Diagnostics) {
    if table.get("pages").is_some()
        && let Some(span) = table.key_span("pages")
    {
        out.push(
            Diagnostic::new(Code::ConfigDeprecated, span, "MkDocs has given up `pages`")
                .severity(Severity::Error)
                .help("call it `nav`")
                .fix(span, "nav"),
        );
    }
    if table.get("google_analytics").is_some()
        && let Some(span) = table.key_span("google_analytics")
    {
        let help = "Material reads `extra.analytics`";
        out.push(
            Diagnostic::new(Code::ConfigDeprecated, span, "MkDocs has given up `google_analytics`; it has no effect")
                .help(help),
        );
    }
    for hook in table.texts("hooks", out) {
        out.push(
            Diagnostic::new(Code::ConfigHook, hook.span, format!("the hook `{}` is not run", hook.value))
                .note("opsbook executes no Python; what the hook does to pages is missing"),
        );
    }
}

/// `extra`, a mapping in any case.
fn extra(table: &Table<'_>, start: Span, out: &mut Diagnostics) -> Node {
    match table.get("extra") {
        Some(node) if node.as_map().is_some() => node.clone(),
        Some(node) => {
            out.push(wrong_kind("extra", "a mapping", node));
            Node::new(Kind::Map(Vec::new()), start)
        }
        None => Node::new(Kind::Map(Vec::new()), start),
    }
}

fn patterns(table: &Table<'_>, key: &str, world: &dyn World, out: &mut Diagnostics) -> Vec<Spanned<String>> {
    let Some(node) = table.get(key) else { return Vec::new() };
    let Some(text) = node.spanned_str() else {
        let mut diagnostic = wrong_kind(key, "text of several lines", node);
        if node.as_seq().is_some() {
            diagnostic = diagnostic.help(format!("write `{key}: |` and one pattern on each line below it"));
        }
        out.push(diagnostic);
        return Vec::new();
    };
    let source = world.source(text.span.file).ok();
    parts::pattern_lines(&text, source.as_ref().map(|source| source.text()))
}

/// `theme`: text, or a mapping with a name. Follows MkDocs' `config_options.Theme`.
fn theme(node: Option<&Node>, start: Span, world: &dyn World, overrides: &Overrides, out: &mut Diagnostics) -> Theme {
    let table_node = node.filter(|node| node.as_str().is_none());
    let table = Table::open(table_node, "theme.", keys::MKDOCS_THEME, out);
    let name = match (&overrides.theme, node) {
        (Some(name), _) => Some(Spanned::new(name.clone(), start)),
        (None, None) => Some(Spanned::new("mkdocs".to_owned(), start)),
        (None, Some(node)) if node.as_str().is_some() => node.spanned_str(),
        (None, Some(node)) => {
            if node.as_map().is_some() && node.get("name").is_none() {
                out.push(
                    Diagnostic::new(Code::ConfigMissing, node.span, "`theme` has no `name`")
                        .help("add `name: material`, or `name: null` with a `custom_dir` for a bare theme"),
                );
            }
            table.text("name", out)
        }
    };
    // Without a `theme` there is nothing to point at, and nothing the writer asked for.
    if let (Some(name), true) = (&name, node.is_some() || overrides.theme.is_some()) {
        parts::theme_name(name, out);
    }
    let custom_dir = table.text("custom_dir", out).map(|text| text.map(|text| SitePath::new(&text)));
    if let Some(dir) = &custom_dir
        && !parts::folder_exists(dir.value, world)
    {
        let message = format!("the folder `{}` of `theme.custom_dir` does not exist", dir.value);
        out.push(
            Diagnostic::new(Code::ConfigPath, dir.span, message).note("it is looked for beside the configuration"),
        );
    }
    if name.is_none()
        && custom_dir.is_none()
        && let Some(node) = node.and_then(|node| node.get("name"))
    {
        let message = "a theme needs a `name` or a `custom_dir`";
        out.push(Diagnostic::new(Code::ConfigMissing, node.span, message));
    }
    let language = table.text("language", out).or_else(|| table.text("locale", out));
    Theme {
        name,
        custom_dir,
        language: language.unwrap_or_else(|| Spanned::new("en".to_owned(), start)),
        direction: table.word("direction", out).map(|word| word.map(str::to_owned)),
        features: table.texts("features", out),
        palette: parts::palette(table.get("palette"), out),
        font: parts::font(table.get("font"), out),
        logo: table.text("logo", out),
        favicon: table.text("favicon", out),
        icon: parts::icons(table.get("icon"), out),
        static_templates: table.texts("static_templates", out),
        keys: match table_node {
            Some(node) if node.as_map().is_some() => node.clone(),
            _ => Node::new(Kind::Map(Vec::new()), node.map_or(start, |node| node.span)),
        },
    }
}

fn repo(table: &Table<'_>, out: &mut Diagnostics) -> Repo {
    let url = table.text("repo_url", out).and_then(|url| parts::url("repo_url", url, false, out));
    let template = table.text("edit_uri_template", out).filter(|template| !template.value.is_empty());
    if let Some(template) = &template {
        parts::check_edit_template(template, out);
        if table.get("edit_uri").and_then(Node::as_str).is_some_and(|uri| !uri.is_empty())
            && let Some(span) = table.key_span("edit_uri")
        {
            out.push(
                Diagnostic::new(Code::ConfigNoEffect, span, "`edit_uri` has no effect beside `edit_uri_template`")
                    .label(template.span, "this is used"),
            );
        }
    }
    let mut repo = parts::repo(url, table.text("repo_name", out), table.text("edit_uri", out), template);
    set(&mut repo.remote_branch, table.text("remote_branch", out).map(|text| text.value));
    set(&mut repo.remote_name, table.text("remote_name", out).map(|text| text.value));
    repo
}

/// `validation`: keys given flat go to both groups, where the group does not say otherwise.
fn validation(table: &Table<'_>, out: &mut Diagnostics) -> Validation {
    let flat = Table::open(table.get("validation"), "validation.", keys::MKDOCS_VALIDATION, out);
    flat.report_unknown(out);
    let nav = Table::open(flat.get("nav"), "validation.nav.", keys::MKDOCS_VALIDATION_NAV, out);
    nav.report_unknown(out);
    let links = Table::open(flat.get("links"), "validation.links.", keys::MKDOCS_VALIDATION_LINKS, out);
    links.report_unknown(out);
    let mut levels = Validation::default();
    for table in [&flat, &nav] {
        set(&mut levels.nav_omitted_files, table.level("omitted_files", out));
        set(&mut levels.nav_not_found, table.level("not_found", out));
        set(&mut levels.nav_absolute_links, table.absolute_links("absolute_links", out));
    }
    for table in [&flat, &links] {
        set(&mut levels.links_not_found, table.level("not_found", out));
        set(&mut levels.links_absolute_links, table.absolute_links("absolute_links", out));
        set(&mut levels.links_unrecognized_links, table.level("unrecognized_links", out));
        set(&mut levels.links_anchors, table.level("anchors", out));
    }
    levels
}
