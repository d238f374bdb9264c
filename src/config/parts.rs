//! The parts of a configuration that both kinds of file write alike: navigation, extensions and
//! plugins, scripts, the theme, the repository, and opsbook's own tables.

use super::keys::{self, CODE_LEVELS};
use super::model::*;
use super::table::{Table, severity_of, text_of, texts_of, word_of, wrong_kind};
use crate::diag::{Code, Diagnostic, Diagnostics, Severity};
use crate::text::{SitePath, Span, Spanned, World, yaml};
use std::collections::BTreeMap;
use yaml::{Kind, Node};

/// Tells whether a folder is there: the world knows of it, or of a file in it.
pub(super) fn folder_exists(path: SitePath, world: &dyn World) -> bool {
    matches!(world.source(path), Err(crate::text::ReadError::IsFolder)) || !world.list(path).is_empty()
}

/// Tells whether a file or folder is there.
pub(super) fn exists(path: SitePath, world: &dyn World) -> bool {
    !matches!(world.source(path), Err(crate::text::ReadError::NotFound)) || !world.list(path).is_empty()
}

// ── Navigation ──────────────────────────────────────────────────────────────

/// Reads navigation entries; an empty list counts as none. Follows MkDocs' `config_options.Nav`.
pub(super) fn nav(name: &str, node: &Node, out: &mut Diagnostics) -> Option<Vec<NavItem>> {
    let Some(items) = node.as_seq() else {
        out.push(wrong_kind(name, "a list", node));
        return None;
    };
    if items.is_empty() {
        return None;
    }
    Some(items.iter().filter_map(|item| nav_item(item, out)).collect())
}

/// Reads the navigation of another configuration.
pub(crate) fn nav_of(node: &Node, out: &mut Diagnostics) -> Option<Vec<NavItem>> {
    nav("nav", node, out)
}

fn nav_item(node: &Node, out: &mut Diagnostics) -> Option<NavItem> {
    match &node.kind {
        Kind::String(..) => {
            let path = node.spanned_str()?;
            Some(NavItem { title: None, target: NavTarget::Path(path), span: node.span })
        }
        Kind::Map(entries) if entries.len() == 1 => titled(&entries[0].0, &entries[0].1, out),
        Kind::Map(entries) => {
            let message = format!("a navigation entry has one title, not {}", entries.len());
            let mut diagnostic = Diagnostic::new(Code::ConfigBadValue, node.span, message);
            if !entries.is_empty() {
                diagnostic = diagnostic.help("begin each entry with `- `, and indent what belongs to it further");
            }
            out.push(diagnostic);
            None
        }
        _ => {
            let message = format!("a navigation entry is a path or a title with a path, not {}", node.kind_name());
            out.push(Diagnostic::new(Code::ConfigBadValue, node.span, message));
            None
        }
    }
}

fn titled(title: &Node, value: &Node, out: &mut Diagnostics) -> Option<NavItem> {
    let Some(text) = title.scalar_text() else {
        let message = format!("the title of a navigation entry is text, not {}", title.kind_name());
        out.push(Diagnostic::new(Code::ConfigBadValue, title.span, message));
        return None;
    };
    let target = match &value.kind {
        Kind::String(..) => NavTarget::Path(value.spanned_str()?),
        Kind::Seq(items) => NavTarget::Section(items.iter().filter_map(|item| nav_item(item, out)).collect()),
        Kind::Map(entries) if !entries.is_empty() => {
            out.push(
                Diagnostic::new(Code::ConfigBadValue, value.span, format!("`{text}` holds a mapping, not a list"))
                    .severity(crate::diag::Severity::Warning)
                    .note("MkDocs takes it as a list all the same, and so does opsbook")
                    .help("begin each entry with `- `"),
            );
            NavTarget::Section(entries.iter().filter_map(|(title, value)| titled(title, value, out)).collect())
        }
        _ => {
            let message = format!("the navigation entry `{text}` holds {}, not a path or a list", value.kind_name());
            out.push(Diagnostic::new(Code::ConfigBadValue, value.span.to(title.span), message));
            return None;
        }
    };
    let span = if title.span.file == value.span.file { title.span.to(value.span) } else { title.span };
    Some(NavItem { title: Some(Spanned::new(text, title.span)), target, span })
}

/// Parts a text into gitignore lines, each at its place in its file.
pub(super) fn pattern_lines(text: &Spanned<String>, source: Option<&str>) -> Vec<Spanned<String>> {
    let mut at = text.span.start as usize;
    let end = text.span.end as usize;
    let mut lines = Vec::new();
    for line in text.value.lines() {
        let pattern = line.trim_end();
        let wanted = pattern.trim_start();
        let found = source.and_then(|source| Some(at + source.get(at..end)?.find(wanted)?));
        let span = match found {
            Some(start) => {
                at = start + wanted.len();
                Span::new(text.span.file, start..at)
            }
            None => text.span,
        };
        if !wanted.is_empty() && !wanted.starts_with('#') {
            lines.push(Spanned::new(line.to_owned(), span));
        }
    }
    lines
}

// ── Extensions and plugins ──────────────────────────────────────────────────

/// One name of a list or mapping of things in use.
pub(super) struct Use {
    pub(super) name: Spanned<String>,
    pub(super) options: Option<Node>,
}

/// Reads `[a, {b: {…}}]` or `{a: null, b: {…}}`. With `flags`, `true` stands for no options and
/// `false` leaves the name out, as `book.toml` writes it.
pub(super) fn uses(what: &str, node: &Node, flags: bool, out: &mut Diagnostics) -> Vec<Use> {
    let mut found = Vec::new();
    match &node.kind {
        Kind::Map(entries) => {
            for (key, value) in entries {
                found.extend(one_use(what, key, Some(value), flags, out));
            }
        }
        Kind::Seq(items) => {
            for item in items {
                match &item.kind {
                    Kind::Map(entries) if entries.len() == 1 => {
                        found.extend(one_use(what, &entries[0].0, Some(&entries[0].1), flags, out));
                    }
                    Kind::Map(entries) => {
                        let message = format!("an entry of `{what}` has one name, not {}", entries.len());
                        let help = "indent the options of an entry by four more than its name";
                        out.push(Diagnostic::new(Code::ConfigBadValue, item.span, message).help(help));
                    }
                    _ => found.extend(one_use(what, item, None, flags, out)),
                }
            }
        }
        _ => out.push(wrong_kind(what, "a list or a mapping", node)),
    }
    found
}

fn one_use(what: &str, key: &Node, value: Option<&Node>, flags: bool, out: &mut Diagnostics) -> Option<Use> {
    let name = text_of(&format!("{what} entry"), key, out)?;
    let options = match value.map(|value| (&value.kind, value)) {
        None | Some((Kind::Null, _)) => None,
        Some((Kind::Bool(true), _)) if flags => None,
        Some((Kind::Bool(false), _)) if flags => return None,
        Some((Kind::Map(entries), _)) if entries.is_empty() => None,
        Some((Kind::Map(_), value)) => Some(value.clone()),
        Some((_, value)) => {
            // Python-Markdown's falsy options (`toc: []`, `toc: false`) count as none.
            let falsy = value.as_bool() == Some(false)
                || value.as_str() == Some("")
                || value.as_int() == Some(0)
                || value.as_seq().is_some_and(<[Node]>::is_empty);
            if !falsy {
                out.push(wrong_kind(&name.value, "a mapping of options", value));
                return None;
            }
            None
        }
    };
    Some(Use { name, options })
}

/// Reads Markdown extensions: a name given twice keeps its first place and its last options.
pub(super) fn extensions(node: &Node, flags: bool, out: &mut Diagnostics) -> Vec<Extension> {
    let mut listed: Vec<Extension> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for Use { name, options } in uses("markdown_extensions", node, flags, out) {
        match places.get(&name.value) {
            Some(at) => {
                if options.is_some() {
                    listed[*at] = Extension { name, options };
                }
            }
            None => {
                places.insert(name.value.clone(), listed.len());
                listed.push(Extension { name, options });
            }
        }
    }
    listed
}

/// Reads plugins: those with `enabled: false` are left out. Which there are, somebody else knows.
pub(super) fn plugins(node: &Node, flags: bool, out: &mut Diagnostics) -> Vec<Plugin> {
    let mut listed: Vec<Plugin> = Vec::new();
    for Use { name, options } in uses("plugins", node, flags, out) {
        // MkDocs looks a name up below the theme's first; a leading `/` skips that.
        let short = name.value.strip_prefix("material/").or_else(|| name.value.strip_prefix('/'));
        let name = Spanned::new(short.unwrap_or(&name.value).to_owned(), name.span);
        if let Some(enabled) = options.as_ref().and_then(|options| options.get("enabled")) {
            match enabled.as_bool() {
                Some(false) => continue,
                Some(true) => {}
                None if enabled.is_null() => {}
                None => out.push(wrong_kind(&format!("{}.enabled", name.value), "true or false", enabled)),
            }
        }
        listed.push(Plugin { name, options });
    }
    listed
}

/// Reads the options of Material's plugin `search`.
pub(super) fn search_of_plugin(options: Option<&Node>, out: &mut Diagnostics) -> Search {
    let table = Table::open(options, "search.", keys::SEARCH_PLUGIN, out);
    let mut boost = SearchBoost::default();
    for (field, options) in table.entries("fields", out) {
        let prefix = format!("search.fields.{}.", field.value);
        let number = Table::open(Some(options), &prefix, keys::SEARCH_PLUGIN_FIELD, out).number("boost", out);
        let slot = match field.value.as_str() {
            "title" => &mut boost.title,
            "text" => &mut boost.text,
            "tags" => &mut boost.tags,
            _ => continue,
        };
        *slot = number.unwrap_or(1.0);
    }
    table.report_unknown(out);
    for key in ["jieba_dict", "jieba_dict_user"] {
        report_idle(&table, key, Code::ConfigNoEffect, "opsbook does not cut Chinese text into words", out);
    }
    for key in ["indexing", "prebuild_index", "min_search_length"] {
        report_idle(&table, key, Code::ConfigDeprecated, "Material has given it up", out);
    }
    Search {
        lang: values(table.text_or_texts("lang", out)),
        separator: table.text("separator", out).map(|text| text.value),
        pipeline: table.get("pipeline").map(|_| values(table.texts("pipeline", out))),
        boost,
        ..Search::default()
    }
}

/// Reads the options of MkDocs' own plugin `search`, which themes other than Material's have.
pub(super) fn search_of_mkdocs_plugin(options: Option<&Node>, out: &mut Diagnostics) -> Search {
    let table = Table::open(options, "search.", keys::SEARCH_PLUGIN_MKDOCS, out);
    table.report_unknown(out);
    if table.get("prebuild_index").is_some_and(|value| value.as_bool() != Some(false)) {
        report_idle(
            &table,
            "prebuild_index",
            Code::ConfigNoEffect,
            "the search box makes its index when it is opened",
            out,
        );
    }
    Search {
        form: SearchForm::Mkdocs,
        lang: values(table.text_or_texts("lang", out)),
        separator: table.text("separator", out).map(|text| text.value),
        indexing: table.word("indexing", out).map(|word| word.value),
        min_search_length: table.number("min_search_length", out).map(|number| number as i64),
        ..Search::default()
    }
}

fn report_idle(table: &Table<'_>, key: &str, code: Code, why: &str, out: &mut Diagnostics) {
    if let (Some(_), Some(span)) = (table.get(key), table.key_span(key)) {
        out.push(Diagnostic::new(code, span, format!("`search.{key}` has no effect")).note(why));
    }
}

/// Drops the places of texts.
pub(super) fn values(texts: Vec<Spanned<String>>) -> Vec<String> {
    texts.into_iter().map(|text| text.value).collect()
}

// ── Scripts ─────────────────────────────────────────────────────────────────

/// Reads `extra_javascript`.
pub(super) fn scripts(name: &str, node: &Node, out: &mut Diagnostics) -> Vec<Script> {
    let Some(items) = node.as_seq() else {
        out.push(wrong_kind(name, "a list", node));
        return Vec::new();
    };
    items.iter().filter_map(|item| script(name, item, out)).collect()
}

fn script(name: &str, node: &Node, out: &mut Diagnostics) -> Option<Script> {
    if let Some(path) = node.spanned_str() {
        let kind = if path.value.ends_with(".mjs") { "module" } else { "" };
        return Some(Script { path, kind: kind.to_owned(), defer: false, is_async: false });
    }
    if node.as_map().is_none() {
        out.push(wrong_kind(name, "paths or mappings with a `path`", node));
        return None;
    }
    let prefix = format!("{name}.");
    let table = Table::open(Some(node), &prefix, keys::SCRIPT, out);
    table.report_unknown(out);
    let Some(path) = table.text("path", out) else {
        if table.get("path").is_none() {
            let message = format!("an entry of `{name}` has no `path`");
            out.push(Diagnostic::new(Code::ConfigMissing, node.span, message));
        }
        return None;
    };
    Some(Script {
        path,
        kind: table.text("type", out).map(|text| text.value).unwrap_or_default(),
        defer: table.flag("defer", out).unwrap_or(false),
        is_async: table.flag("async", out).unwrap_or(false),
    })
}

// ── Theme ───────────────────────────────────────────────────────────────────

/// Reads one colour scheme or a list of them.
pub(super) fn palette(node: Option<&Node>, out: &mut Diagnostics) -> Vec<Palette> {
    let Some(node) = node else { return Vec::new() };
    match &node.kind {
        Kind::Seq(items) => items.iter().filter_map(|item| one_palette(item, out)).collect(),
        _ => one_palette(node, out).into_iter().collect(),
    }
}

fn one_palette(node: &Node, out: &mut Diagnostics) -> Option<Palette> {
    if node.as_map().is_none() {
        out.push(wrong_kind("theme.palette", "a mapping or a list of mappings", node));
        return None;
    }
    let table = Table::open(Some(node), "theme.palette.", keys::PALETTE, out);
    table.mention_unknown(out);
    let toggle = Table::open(table.get("toggle"), "theme.palette.toggle.", keys::TOGGLE, out);
    toggle.mention_unknown(out);
    let value = |table: &Table<'_>, key: &str, out: &mut Diagnostics| table.text(key, out).map(|text| text.value);
    Some(Palette {
        media: value(&table, "media", out),
        scheme: value(&table, "scheme", out),
        primary: value(&table, "primary", out),
        accent: value(&table, "accent", out),
        toggle: value(&toggle, "icon", out).map(|icon| (icon, value(&toggle, "name", out).unwrap_or_default())),
    })
}

/// Reads the typefaces; `false` means the system's own.
pub(super) fn font(node: Option<&Node>, out: &mut Diagnostics) -> Option<Font> {
    if node.and_then(Node::as_bool) == Some(false) {
        return None;
    }
    let table = Table::open(node, "theme.font.", keys::FONT, out);
    table.mention_unknown(out);
    let name = |key, default: &str, out: &mut Diagnostics| {
        table.text(key, out).map_or_else(|| default.to_owned(), |text| text.value)
    };
    Some(Font { text: name("text", "Roboto", out), code: name("code", "Roboto Mono", out) })
}

/// Flattens icons to dotted names: `admonition.note`.
pub(super) fn icons(node: Option<&Node>, out: &mut Diagnostics) -> BTreeMap<String, Spanned<String>> {
    let mut icons = BTreeMap::new();
    if let Some(node) = node {
        if node.as_map().is_none() {
            out.push(wrong_kind("theme.icon", "a mapping", node));
        }
        flatten_icons("", node, &mut icons, out);
    }
    icons
}

fn flatten_icons(prefix: &str, node: &Node, icons: &mut BTreeMap<String, Spanned<String>>, out: &mut Diagnostics) {
    for (key, value) in node.as_map().unwrap_or_default() {
        let name = format!("{prefix}{}", key.scalar_text().unwrap_or_default());
        match &value.kind {
            Kind::Map(_) => flatten_icons(&format!("{name}."), value, icons, out),
            Kind::Null => {}
            _ => {
                if let Some(icon) = text_of(&format!("theme.icon.{name}"), value, out) {
                    icons.insert(name, icon);
                }
            }
        }
    }
}

/// Checks a theme's name: `material` and MkDocs' own themes are shown by the default theme.
pub(super) fn theme_name(name: &Spanned<String>, out: &mut Diagnostics) {
    let note = "the page structure and class names are those of Material for MkDocs";
    let diagnostic = match name.value.as_str() {
        // `materialx` is a continuation of Material with the same templates.
        "material" | "default" | "materialx" => return,
        "mkdocs" | "readthedocs" => Diagnostic::new(
            Code::ConfigTheme,
            name.span,
            format!("the theme `{}` is shown as opsbook's default theme", name.value),
        ),
        other => Diagnostic::new(
            Code::ConfigTheme,
            name.span,
            format!("opsbook has no theme `{other}`; pages are shown by its default theme"),
        )
        .severity(crate::diag::Severity::Warning)
        .help("name `material` or `default`, and put what differs into `custom_dir`"),
    };
    out.push(diagnostic.note(note));
}

// ── Addresses ───────────────────────────────────────────────────────────────

/// Checks an address: it needs a scheme and a host. With `folder`, its path is made to end in `/`.
pub(super) fn url(name: &str, url: Spanned<String>, folder: bool, out: &mut Diagnostics) -> Option<Spanned<String>> {
    if url.value.is_empty() {
        return None;
    }
    let scheme_ends = url.value.find("://");
    let valid = scheme_ends.is_some_and(|at| {
        let scheme = &url.value[..at];
        let host = url.value[at + 3..].split(['/', '?', '#']).next().unwrap_or_default();
        scheme.starts_with(|ch: char| ch.is_ascii_alphabetic())
            && scheme.chars().all(|ch| ch.is_ascii_alphanumeric() || "+-.".contains(ch))
            && !host.is_empty()
    });
    if !valid {
        let message = format!("`{name}` is not an address with a scheme and a host: `{}`", url.value);
        let help = format!("write `https://{}`", url.value.trim_start_matches('/'));
        out.push(Diagnostic::new(Code::ConfigBadValue, url.span, message).help(help));
        return None;
    }
    if !folder {
        return Some(url);
    }
    Some(url.map(|url| {
        let path_ends = url.find(['?', '#']).unwrap_or(url.len());
        if url[..path_ends].ends_with('/') { url } else { format!("{}/{}", &url[..path_ends], &url[path_ends..]) }
    }))
}

/// The host of an address, in lower case.
fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default().to_lowercase()
}

/// What to call a repository by its host, as MkDocs does.
pub(super) fn repo_name(url: &str) -> String {
    match host(url).as_str() {
        "github.com" => "GitHub".to_owned(),
        "bitbucket.org" => "Bitbucket".to_owned(),
        "gitlab.com" => "GitLab".to_owned(),
        other => {
            // Python's `str.title`: each run of letters begins with a capital.
            let mut out = String::new();
            let mut inside = false;
            for ch in other.split('.').next().unwrap_or_default().chars() {
                if inside {
                    out.push(ch)
                } else {
                    out.extend(ch.to_uppercase())
                }
                inside = ch.is_alphabetic();
            }
            out
        }
    }
}

/// The edit path of the well-known hosts.
pub(super) fn edit_uri(url: &str) -> Option<&'static str> {
    match host(url).as_str() {
        "github.com" | "gitlab.com" => Some("edit/master/docs/"),
        "bitbucket.org" => Some("src/default/docs/"),
        _ => None,
    }
}

/// Puts together what is said about the repository.
pub(super) fn repo(
    url: Option<Spanned<String>>,
    name: Option<Spanned<String>>,
    edit: Option<Spanned<String>>,
    template: Option<Spanned<String>>,
) -> Repo {
    let derived = |derive: &dyn Fn(&str) -> Option<String>| url.as_ref().and_then(|url| derive(&url.value));
    let name = name.map(|name| name.value).or_else(|| derived(&|url| Some(repo_name(url))));
    let edit = edit.map(|edit| edit.value).or_else(|| derived(&|url| edit_uri(url).map(str::to_owned)));
    let edit_uri = edit.map(|edit| if edit.is_empty() || edit.ends_with('/') { edit } else { format!("{edit}/") });
    Repo {
        url,
        name,
        edit_uri,
        edit_uri_template: template,
        remote_branch: "gh-pages".to_owned(),
        remote_name: "origin".to_owned(),
    }
}

/// Checks an edit template's `{path}`, `{path_noext}` and `!q`.
pub(super) fn check_edit_template(template: &Spanned<String>, out: &mut Diagnostics) {
    let mut rest = template.value.as_str();
    let mut fault = None;
    while let Some(at) = rest.find(['{', '}']) {
        let tail = &rest[at..];
        if tail.starts_with("{{") || tail.starts_with("}}") {
            rest = &tail[2..];
        } else if let Some(inner) = tail.strip_prefix('{')
            && let Some(end) = inner.find('}')
        {
            let field = &inner[..end];
            let (name, quoting) = field.split_once('!').unwrap_or((field, "q"));
            if !matches!(name, "path" | "path_noext") {
                fault = Some(format!("`{{{field}}}` is neither `{{path}}` nor `{{path_noext}}`"));
            } else if quoting != "q" {
                fault = Some(format!("`!{quoting}` is no conversion; `!q` quotes"));
            }
            rest = &inner[end + 1..];
        } else {
            fault = Some("a brace stands alone".to_owned());
            rest = &tail[1..];
        }
    }
    if let Some(fault) = fault {
        out.push(Diagnostic::new(Code::ConfigBadValue, template.span, fault).note("a brace itself is written twice"));
    }
}

/// Checks the address of `serve`: an IP address or `localhost`, and a port.
pub(super) fn check_dev_addr(name: &str, addr: &Spanned<String>, out: &mut Diagnostics) {
    let valid = addr.value.rsplit_once(':').is_some_and(|(host, port)| {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        (host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok()) && port.parse::<u16>().is_ok()
    });
    if !valid {
        let message = format!("`{name}` is not an address and a port: `{}`", addr.value);
        out.push(Diagnostic::new(Code::ConfigBadValue, addr.span, message).help("write `127.0.0.1:8000`"));
    }
}

// ── Folders ─────────────────────────────────────────────────────────────────

/// Returns what is wrong where the folder of the pages is the configuration's own, or holds the site's; a
/// plugin may allow both.
pub(super) fn nesting(docs: &Spanned<String>, site: &Spanned<String>) -> Option<Diagnostic> {
    let (docs_dir, site_dir) = (SitePath::new(&docs.value), SitePath::new(&site.value));
    let fault = |span: Span, message: String| Some(Diagnostic::new(Code::ConfigPath, span, message));
    if docs_dir.as_str().is_empty() {
        return fault(docs.span, "the folder of the pages is the configuration's own".to_owned()).map(|fault| {
            fault
                .note("the configuration, the theme and the site would be pages of it")
                .help("move the pages into a folder of their own, such as `docs`, or use the plugin `same-dir`")
        });
    }
    if site_dir.below(docs_dir).is_some() {
        let message = format!("the site's folder (`{site_dir}`) lies within the pages (`{docs_dir}`)");
        return fault(site.span, message).map(|fault| {
            fault.note("each build would take the site before it for pages").help("give the site a folder of its own")
        });
    }
    None
}

/// Checks that the folder of the pages is there, and does not lie within the site's.
pub(super) fn check_folders(
    docs: &Spanned<String>,
    site: &Spanned<String>,
    world: &dyn World,
    out: &mut Diagnostics,
) -> bool {
    let (docs_dir, site_dir) = (SitePath::new(&docs.value), SitePath::new(&site.value));
    let fault = |span: Span, message: String| Diagnostic::new(Code::ConfigPath, span, message);
    let within = |inner: SitePath, outer: SitePath| inner == outer || inner.below(outer).is_some();
    if within(docs_dir, site_dir) {
        out.push(
            fault(site.span, format!("the pages (`{docs_dir}`) lie within the site's folder (`{site_dir}`)"))
                .note("a build would overwrite or remove the pages")
                .help("give the site a folder of its own"),
        );
        return false;
    }
    if !folder_exists(docs_dir, world) {
        let what = if exists(docs_dir, world) { "is not a folder" } else { "does not exist" };
        out.push(
            fault(docs.span, format!("the folder of the pages `{docs_dir}` {what}"))
                .note("it is looked for beside the configuration"),
        );
        return false;
    }
    true
}

/// Reads paths that must be there.
pub(super) fn existing(
    name: &str,
    texts: Vec<Spanned<String>>,
    world: &dyn World,
    out: &mut Diagnostics,
) -> Vec<Spanned<SitePath>> {
    let mut found = Vec::new();
    for text in texts {
        let path = text.map(|text| SitePath::new(&text));
        if exists(path.value, world) {
            found.push(path);
        } else {
            let message = format!("`{}` in `{name}` does not exist", path.value);
            out.push(Diagnostic::new(Code::ConfigPath, path.span, message));
        }
    }
    found
}

// ── opsbook's own tables ────────────────────────────────────────────────────

/// Reads `[check]`: levels of single codes, and the validation levels that it names.
pub(super) fn check(node: Option<&Node>, prefix: &str, validation: &mut Validation, out: &mut Diagnostics) -> Check {
    let table = Table::open(node, prefix, keys::CHECK, out);
    table.report_unknown(out);
    let nav_prefix = format!("{prefix}nav.");
    let nav = Table::open(table.get("nav"), &nav_prefix, keys::CHECK_NAV, out);
    nav.report_unknown(out);
    let links_prefix = format!("{prefix}links.");
    let links = Table::open(table.get("links"), &links_prefix, keys::CHECK_LINKS, out);
    links.report_unknown(out);
    set(&mut validation.nav_omitted_files, nav.level("omitted-files", out));
    set(&mut validation.nav_not_found, nav.level("not-found", out));
    set(&mut validation.nav_absolute_links, nav.absolute_links("absolute-links", out));
    set(&mut validation.links_not_found, links.level("not-found", out));
    set(&mut validation.links_absolute_links, links.absolute_links("absolute-links", out));
    set(&mut validation.links_unrecognized_links, links.level("unrecognized-links", out));
    set(&mut validation.links_anchors, links.level("anchors", out));
    Check { levels: levels(&table, &format!("{prefix}levels"), out) }
}

/// Puts a value in place where there is one.
pub(super) fn set<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}

/// Reads a table of codes and their levels.
fn levels(table: &Table<'_>, name: &str, out: &mut Diagnostics) -> BTreeMap<String, Spanned<Option<Severity>>> {
    let mut levels = BTreeMap::new();
    for (code, value) in table.entries("levels", out) {
        let Some(known) = Code::ALL.iter().find(|known| known.id().eq_ignore_ascii_case(&code.value)) else {
            let message = format!("unknown code `{}` in `{name}`", code.value);
            let mut diagnostic = Diagnostic::new(Code::ConfigUnknownKey, code.span, message);
            if let Some(near) = crate::diag::nearest(&code.value, Code::ALL.iter().map(|code| code.id())) {
                diagnostic = diagnostic.help(format!("there is a code `{near}`"));
            }
            out.push(diagnostic);
            continue;
        };
        if let Some(word) = word_of(&format!("{name}.{}", code.value), value, CODE_LEVELS, out) {
            levels.insert(known.id().to_owned(), word.map(severity_of));
        }
    }
    levels
}

/// Reads `[runbook]`.
pub(super) fn runbook(node: Option<&Node>, prefix: &str, world: &dyn World, out: &mut Diagnostics) -> Runbook {
    let table = Table::open(node, prefix, keys::RUNBOOK, out);
    table.report_unknown(out);
    let mut roles = BTreeMap::new();
    for (role, people) in table.entries("roles", out) {
        let people = texts_of(&format!("{prefix}roles.{}", role.value), people, out);
        roles.insert(role.value, people);
    }
    let mut accounts = BTreeMap::new();
    for (account, name) in table.entries("accounts", out) {
        if let Some(name) = text_of(&format!("{prefix}accounts.{}", account.value), name, out) {
            accounts.insert(account.value, name);
        }
    }
    let signers = table.text("allowed-signers", out).into_iter().collect();
    let policy_prefix = format!("{prefix}policy.");
    let policy = Table::open(table.get("policy"), &policy_prefix, keys::POLICY, out);
    policy.report_unknown(out);
    let duration = |key: &str, out: &mut Diagnostics| {
        let text = policy.text(key, out)?;
        if is_duration(&text.value) {
            return Some(text);
        }
        let message = format!("`{policy_prefix}{key}` is not a duration: `{}`", text.value);
        let help = "write a number and `s`, `m`, `h` or `d`, such as `90m` or `1h 30m`";
        out.push(Diagnostic::new(Code::ConfigBadValue, text.span, message).help(help));
        None
    };
    let allows = |key: &str, out: &mut Diagnostics| policy.word(key, out).is_some_and(|word| word.value == "allow");
    Runbook {
        roles,
        accounts,
        allowed_signers: existing(&format!("{prefix}allowed-signers"), signers, world, out).into_iter().next(),
        runs: table.text("runs", out).map(|text| text.map(|text| SitePath::new(&text))),
        policy: Policy {
            min_soak: duration("min-soak", out),
            min_watch: duration("min-watch", out),
            review_every: duration("review-every", out),
            max_age: duration("max-age", out),
            end_leftovers: policy.flag("end-leftovers", out).unwrap_or(false),
            allow_dirty_tree: allows("dirty-tree", out),
            allow_unverified_plan: allows("unverified-plan", out),
            levels: levels(&policy, &format!("{policy_prefix}levels"), out),
        },
    }
}

/// `90s`, `1h30m`, `2d 4h`: numbers with `s`, `m`, `h`, `d` or `w`.
fn is_duration(text: &str) -> bool {
    let mut digits = 0;
    let mut n_parts = 0;
    for ch in text.chars() {
        match ch {
            '0'..='9' => digits += 1,
            's' | 'm' | 'h' | 'd' | 'w' if digits > 0 => {
                digits = 0;
                n_parts += 1;
            }
            ' ' if digits == 0 => {}
            _ => return false,
        }
    }
    digits == 0 && n_parts > 0
}

/// Reads `[security]`.
pub(super) fn security(node: Option<&Node>, prefix: &str, out: &mut Diagnostics) -> Security {
    let table = Table::open(node, prefix, keys::SECURITY, out);
    table.report_unknown(out);
    let commands_name = format!("{prefix}secret-commands");
    let commands = match table.get("secret-commands") {
        None => Vec::new(),
        Some(node) => match node.as_seq() {
            Some(items) => items
                .iter()
                .map(|item| texts_of(&commands_name, item, out).into_iter().map(|text| text.value).collect::<Vec<_>>())
                .filter(|command| !command.is_empty())
                .collect(),
            None => {
                out.push(wrong_kind(&commands_name, "a list of commands", node));
                Vec::new()
            }
        },
    };
    Security { env: table.texts("env", out), secret_commands: commands }
}
