//! A configuration as each room wants it: the only place that turns `Config` into options.

use super::hidden::{Asked, Hidden};
use super::json::json_of;
use crate::config::{self, Config};
use crate::diag::{Code, Diagnostic, Diagnostics, Severity};
use crate::markdown::{Dialect, ExtensionUse, Surroundings};
use crate::plan::{duration_s, lint};
use crate::plugins::{self, PageContext, Plugins};
use crate::render::search::{self, SearchOptions, material, mkdocs};
use crate::render::theme::check_names;
use crate::render::theme::view::{ScriptView, SiteView};
use crate::runbook::Duration;
use crate::site;
use crate::text::{Digest, SitePath, Span, Spanned, World};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use crate::config::{Overrides, Strict};
pub use crate::plugins::{History, HistoryRules, PageTimes};

/// What a build of this moment is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Purpose {
    /// Whether this is a preview, which shows drafts.
    pub preview: bool,
    /// The address that a preview stands at, in place of the site's own.
    pub address: Option<String>,
    /// The time of the build in seconds since 1970, for dates in the sitemap.
    pub time: i64,
}

/// A project: what to build, as options of every room.
#[derive(Clone, Debug)]
pub struct Project {
    /// The folder of the pages.
    pub docs_dir: SitePath,
    /// The folder that the site is written to.
    pub site_dir: SitePath,
    /// Whether warnings fail the build.
    pub strict: Strict,
    /// The address of a preview.
    pub dev_addr: Spanned<String>,
    /// What a preview watches besides pages, theme and configuration.
    pub watch: Vec<SitePath>,
    /// The files that the configuration came from.
    pub config_files: Vec<SitePath>,
    /// The folder whose files stand before the theme's own.
    pub custom_dir: Option<SitePath>,
    /// When each page was committed first and last; for who asks Git to fill in where
    /// [`Project::wanted_history`] says so.
    pub history: History,
    pub(super) plugins: Arc<Plugins>,
    pub(super) config: Config,
    pub(super) dialect: Dialect,
    pub(super) dialect_digest: Digest,
    pub(super) site: site::SiteOptions,
    pub(super) view: SiteView,
    pub(super) search: Option<SearchOptions>,
    pub(super) purpose: Purpose,
    /// What no message shows.
    pub(super) hidden: Hidden,
    /// What the configuration has to say; part of every build's diagnostics.
    pub(super) diagnostics: Diagnostics,
}

impl Project {
    /// Tells whether the site's folder may lie among the pages.
    pub fn may_nest(&self) -> bool {
        plugins::may_nest(&self.config)
    }

    /// Returns which commits count for what pages show of their history; `None` where they show none.
    pub fn wanted_history(&self) -> Option<&HistoryRules> {
        self.plugins.wanted_history()
    }

    /// Lets plugins add to what templates see of a page's front matter.
    pub(super) fn on_page_context(&self, page: SitePath, meta: &mut serde_json::Value) {
        let uri = page.below(self.docs_dir).unwrap_or(page.as_str());
        let build_time = self.purpose.time;
        self.plugins.on_page_context(meta, &PageContext { page, uri, history: &self.history, build_time });
    }

    /// Returns the remote and the branch that the site is published on.
    pub fn remote(&self) -> (&str, &str) {
        (&self.config.repo.remote_name, &self.config.repo.remote_branch)
    }

    /// Returns the path that a preview stands at, decoded and with a `/` at both ends: that of the site's
    /// own address, as MkDocs has it.
    pub fn mount(&self) -> String {
        let url = self.config.site.url.as_ref().map_or("", |url| url.value.as_str());
        let after_host =
            url.split_once("://").map_or("", |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
        let path = crate::site::unquote(after_host.split(['?', '#']).next().unwrap_or_default());
        let path = path.trim_matches('/');
        if path.is_empty() { "/".to_owned() } else { format!("/{path}/") }
    }
}

/// What a configuration says about runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunRules {
    /// Who has which role.
    pub roles: BTreeMap<String, BTreeSet<String>>,
    /// The names among the signers of accounts of machines.
    pub accounts: BTreeMap<String, String>,
    /// The file of keys that may sign decisions.
    pub allowed_signers: Option<SitePath>,
    /// The folder of runs.
    pub runs: Option<SitePath>,
    /// How old a proof of an earlier environment may be, in seconds.
    pub max_age_s: Option<u64>,
    /// Whether processes that a step left running are ended with it.
    pub end_leftovers: bool,
    /// Whether runs of tier 1 or more may begin with uncommitted changes.
    pub allow_dirty_tree: bool,
    /// Whether they may perform a plan that is not made of a commit here.
    pub allow_unverified_plan: bool,
    /// Commands that may supply secrets.
    pub secret_commands: Vec<Vec<String>>,
}

impl Project {
    /// Returns what the configuration says about runs.
    pub fn run_rules(&self) -> RunRules {
        let (runbook, security) = (&self.config.runbook, &self.config.security);
        let people = |names: &Vec<Spanned<String>>| names.iter().map(|name| name.value.clone()).collect();
        RunRules {
            roles: runbook.roles.iter().map(|(role, names)| (role.clone(), people(names))).collect(),
            accounts: runbook.accounts.iter().map(|(account, name)| (account.clone(), name.value.clone())).collect(),
            allowed_signers: runbook.allowed_signers.as_ref().map(|path| path.value),
            allow_dirty_tree: runbook.policy.allow_dirty_tree,
            allow_unverified_plan: runbook.policy.allow_unverified_plan,
            runs: runbook.runs.as_ref().map(|path| path.value),
            end_leftovers: runbook.policy.end_leftovers,
            max_age_s: runbook.policy.max_age.as_ref().and_then(|age| duration_s(&age.value)),
            secret_commands: security.secret_commands.clone(),
        }
    }
}

/// How loud single codes are, by the code's name; `None` is silence.
pub type Levels = BTreeMap<String, Option<Severity>>;

impl Project {
    /// Returns the levels of `check.levels`, and those of `runbook.policy.levels` before them.
    pub fn levels(&self) -> Levels {
        let (check, policy) = (&self.config.check.levels, &self.config.runbook.policy.levels);
        check.iter().chain(policy).map(|(code, level)| (code.clone(), level.value)).collect()
    }

    /// Returns what the configuration asks of every runbook.
    pub fn lint_policy(&self) -> lint::Policy {
        let policy = &self.config.runbook.policy;
        // The configuration takes `1h 30m`, a page `1h30m`.
        let duration = |text: &Option<Spanned<String>>| Duration::parse(&text.as_ref()?.value.replace(' ', ""));
        lint::Policy {
            min_soak: duration(&policy.min_soak),
            min_watch: duration(&policy.min_watch),
            review_every: duration(&policy.review_every),
        }
    }
}

/// Reads the configuration. Without a project, the diagnostics say why.
pub fn load(
    world: &dyn World,
    file: SitePath,
    variables: &BTreeMap<String, String>,
    overrides: &Overrides,
    purpose: Purpose,
) -> (Option<Project>, Diagnostics) {
    let asked = Asked::of(variables);
    let loaded = config::load(file, world, &|name| asked.get(name), overrides);
    let hidden = asked.hidden();
    let mut diagnostics = loaded.diagnostics;
    let Some(mut config) = loaded.config else {
        hidden.hide(&mut diagnostics);
        diagnostics.sort();
        return (None, diagnostics);
    };
    let custom_dir = config.theme.custom_dir.as_ref().map_or("", |dir| dir.value.as_str());
    let hidden = hidden.except(&[config.docs_dir.as_str(), config.site_dir.as_str(), custom_dir]);
    plugins::judge(&config, &mut diagnostics);
    plugins::on_config(&mut config, world, &mut diagnostics);
    if let Some(fault) = config.nesting.as_ref().filter(|_| !plugins::may_nest(&config)) {
        diagnostics.push(fault.clone());
        hidden.hide(&mut diagnostics);
        diagnostics.sort();
        return (None, diagnostics);
    }
    let (mut dialect, findings) = dialect(&config);
    diagnostics.append(findings);
    let icons = custom_icons(&config, &dialect, world, &mut diagnostics);
    dialect.surroundings = Surroundings { offline: config.is_offline, icons };
    let plugins = Arc::new(Plugins::read(&config, world, &mut diagnostics));
    dialect.preprocess = Some(plugins.clone());
    let language = &config.theme.language.value;
    let words = config.theme.custom_dir.as_ref().map(|dir| dir.value.join(&format!("languages/{language}.txt")));
    let brings_words = words.is_some_and(|path| world.source(path).is_ok());
    diagnostics.append(check_names(&config.theme.features, &config.theme.language, brings_words));
    let site = site_options(&config, &purpose);
    hidden.hide(&mut diagnostics);
    diagnostics.sort();
    let project = Project {
        hidden,
        history: History::default(),
        plugins,
        docs_dir: config.docs_dir,
        site_dir: config.site_dir,
        strict: config.strict,
        dev_addr: config.dev_addr.clone(),
        watch: config.watch.iter().map(|path| path.value).collect(),
        config_files: loaded.reads.iter().map(|(path, _)| *path).collect(),
        custom_dir: config.theme.custom_dir.as_ref().map(|folder| folder.value),
        dialect_digest: dialect.digest(),
        dialect,
        site,
        view: site_view(&config, &purpose),
        search: config.search.as_ref().map(|search| search_options(search, &config.theme.language.value)),
        diagnostics: diagnostics.clone(),
        purpose,
        config,
    };
    (Some(project), diagnostics)
}

fn dialect(config: &Config) -> (Dialect, Diagnostics) {
    match config.markdown.dialect {
        config::Dialect::CommonMark => (Dialect::commonmark(), Diagnostics::new()),
        config::Dialect::MkDocs => {
            let uses = config.markdown.extensions.iter();
            let uses: Vec<ExtensionUse> = uses
                .map(|extension| ExtensionUse { name: extension.name.clone(), options: extension.options.clone() })
                .collect();
            Dialect::mkdocs(&uses)
        }
    }
}

/// The icons that pages may name: the SVG files of the folders in `custom_icons` of `pymdownx.emoji`,
/// by their path with `-` for `/`. Of two with one name the first folder's counts (Material,
/// `extensions/emoji.py`); hidden files are none, as Python's `glob` has it.
fn custom_icons(
    config: &Config,
    dialect: &Dialect,
    world: &dyn World,
    diagnostics: &mut Diagnostics,
) -> BTreeMap<String, String> {
    let mut icons = BTreeMap::new();
    let above = config.file.parent();
    for folder in dialect.icon_folders() {
        let folder = above.join(&folder);
        let files = world.list(folder);
        if files.is_empty() {
            let extension =
                config.markdown.extensions.iter().find(|extension| extension.name.value == "pymdownx.emoji");
            let span = extension.map_or_else(|| Span::at_start(config.file), |extension| extension.name.span);
            let message = format!("the folder of icons `{folder}` is empty or does not exist");
            diagnostics.push(Diagnostic::new(Code::IconUnknown, span, message).help("correct it in `custom_icons`"));
        }
        for path in files {
            let Some(name) = path.below(folder).and_then(|name| name.strip_suffix(".svg")) else { continue };
            if name.split('/').any(|part| part.starts_with('.')) {
                continue;
            }
            if let Ok(source) = world.source(path) {
                icons.entry(name.replace('/', "-")).or_insert_with(|| source.text().to_string());
            }
        }
    }
    icons
}

fn site_options(config: &Config, purpose: &Purpose) -> site::SiteOptions {
    let nav_span = Span::at_start(config.file);
    let mut options = site::SiteOptions::new(config.docs_dir, nav_span);
    options.use_directory_urls = config.use_directory_urls;
    options.site_url = address(config, purpose);
    options.repo_url = config.repo.url.as_ref().map(|url| url.value.clone());
    options.edit_uri = config.repo.edit_uri.clone();
    options.edit_uri_template = config.repo.edit_uri_template.as_ref().map(|template| template.value.clone());
    options.nav = config.nav.as_ref().map(|items| nav_entries(items));
    if let Some(span) = config.nav.as_ref().and_then(|items| items.iter().map(|item| item.span).reduce(Span::to)) {
        options.nav_span = span;
    }
    options.exclude_docs = patterns(&config.exclude_docs);
    options.draft_docs = patterns(&config.draft_docs);
    options.not_in_nav = patterns(&config.not_in_nav);
    options.preview = purpose.preview;
    options.validation = validation(&config.validation);
    options
}

fn address(config: &Config, purpose: &Purpose) -> Option<String> {
    let own = config.site.url.as_ref().map(|url| url.value.clone()).filter(|url| !url.is_empty());
    purpose.address.clone().or(own)
}

fn nav_entries(items: &[config::NavItem]) -> Vec<site::NavEntry> {
    let entry = |item: &config::NavItem| match &item.target {
        config::NavTarget::Path(target) => site::NavEntry::Target { title: item.title.clone(), target: target.clone() },
        config::NavTarget::Section(children) => site::NavEntry::Section {
            title: item.title.clone().unwrap_or_else(|| Spanned::new(String::new(), item.span)),
            children: nav_entries(children),
        },
    };
    items.iter().map(entry).collect()
}

/// Several lines of patterns as one text, whose place is that of the first.
fn patterns(lines: &[Spanned<String>]) -> Option<Spanned<String>> {
    let span = lines.iter().map(|line| line.span).reduce(Span::to)?;
    let text: Vec<&str> = lines.iter().map(|line| line.value.as_str()).collect();
    Some(Spanned::new(text.join("\n"), span))
}

fn level(level: config::Level) -> Option<Severity> {
    match level {
        config::Level::Warn => Some(Severity::Warning),
        config::Level::Info => Some(Severity::Info),
        config::Level::Ignore => None,
    }
}

fn validation(levels: &config::Validation) -> site::Validation {
    let absolute = |links| match links {
        config::AbsoluteLinks::Keep(loudness) => site::AbsoluteLinks::Report(level(loudness)),
        config::AbsoluteLinks::RelativeToDocs => site::AbsoluteLinks::RelativeToDocs,
    };
    site::Validation {
        nav_omitted_files: level(levels.nav_omitted_files),
        nav_not_found: level(levels.nav_not_found),
        nav_absolute_links: absolute(levels.nav_absolute_links),
        links_not_found: level(levels.links_not_found),
        links_absolute_links: absolute(levels.links_absolute_links),
        links_unrecognized_links: level(levels.links_unrecognized_links),
        links_anchors: level(levels.links_anchors),
    }
}

fn search_options(search: &config::Search, language: &str) -> SearchOptions {
    let lang = search::languages(&search.lang);
    match search.form {
        config::SearchForm::Material => {
            let own = material::Options::for_language(language);
            let fields = [("title", search.boost.title), ("text", search.boost.text), ("tags", search.boost.tags)];
            SearchOptions::Material(material::Options {
                lang: if lang.is_empty() { own.lang } else { lang },
                separator: search.separator.clone().unwrap_or(own.separator),
                pipeline: search.pipeline.clone().unwrap_or(own.pipeline),
                fields: fields.map(|(name, boost)| (name.to_owned(), boost)).into(),
            })
        }
        config::SearchForm::Mkdocs => {
            let indexing = mkdocs::Indexing::WORDS.iter().find(|(word, _)| Some(*word) == search.indexing);
            SearchOptions::Mkdocs(mkdocs::Options {
                lang: if lang.is_empty() { search::languages(&[language.to_owned()]) } else { lang },
                separator: search.separator.clone().unwrap_or_else(|| r"[\s\-]+".to_owned()),
                min_search_length: search.min_search_length.unwrap_or(3),
                indexing: indexing.map(|(_, way)| *way).unwrap_or_default(),
            })
        }
    }
}

fn site_view(config: &Config, purpose: &Purpose) -> SiteView {
    let text = |value: &Option<Spanned<String>>| value.as_ref().map(|value| value.value.clone());
    let toc = config.markdown.extensions.iter().find(|extension| extension.name.value.ends_with("toc"));
    let toc_title = toc.and_then(|toc| toc.options.as_ref()?.get("title")?.scalar_text());
    let script = |script: &config::Script| ScriptView {
        path: script.path.value.clone(),
        kind: script.kind.clone(),
        defer: script.defer,
        is_async: script.is_async,
    };
    let settings = |plugin: &config::Plugin| plugin.options.as_ref().map_or_else(|| serde_json::json!({}), json_of);
    SiteView {
        site_name: config.site.name.value.clone(),
        site_url: address(config, purpose),
        site_description: text(&config.site.description),
        site_author: text(&config.site.author),
        copyright: text(&config.site.copyright),
        repo_url: text(&config.repo.url),
        repo_name: config.repo.name.clone(),
        theme: json_of(&config.theme.keys),
        extra: json_of(&config.extra),
        extra_css: config.extra_css.iter().map(|path| path.value.clone()).collect(),
        extra_javascript: config.extra_javascript.iter().map(script).collect(),
        plugins: config.plugins.iter().map(|plugin| (plugin.name.value.clone(), settings(plugin))).collect(),
        toc_title,
        use_directory_urls: config.use_directory_urls,
        config: all_keys(config),
        written: Some(config.written.clone()),
        folders: (config.docs_dir.as_str().to_owned(), config.site_dir.as_str().to_owned()),
        time: purpose.time,
        nav: Default::default(),
        pages: Vec::new(),
    }
}

/// Every key of the configuration as MkDocs hands it to templates: as it is written, with MkDocs'
/// defaults and what it makes of single keys. Keys that MkDocs does not know stay.
fn all_keys(config: &Config) -> serde_json::Value {
    use serde_json::json;
    let mut all = json!({
        "config_file_path": config.file.as_str(),
        "site_name": config.site.name.value,
        "nav": null,
        "pages": null,
        "site_url": null,
        "site_description": null,
        "site_author": null,
        "theme": null,
        "docs_dir": "docs",
        "site_dir": "site",
        "copyright": null,
        "google_analytics": null,
        "dev_addr": config.dev_addr.value,
        "use_directory_urls": config.use_directory_urls,
        "repo_url": null,
        "repo_name": config.repo.name,
        "edit_uri": config.repo.edit_uri,
        "edit_uri_template": null,
        "extra_css": [],
        "extra_javascript": [],
        "extra_templates": [],
        "markdown_extensions": [],
        "mdx_configs": {},
        "strict": false,
        "remote_branch": config.repo.remote_branch,
        "remote_name": config.repo.remote_name,
        "extra": {},
        "plugins": {},
        "hooks": {},
        "watch": [],
    });
    let written = json_of(&config.written);
    let Some(keys) = all.as_object_mut() else { return all };
    keys.extend(written.as_object().cloned().unwrap_or_default());
    keys.insert("repo_name".to_owned(), json!(config.repo.name));
    if config.repo.edit_uri_template.is_none() {
        keys.insert("edit_uri".to_owned(), json!(config.repo.edit_uri));
    }
    // What plugins add stands behind what is written.
    let scripts = config.extra_javascript.iter().map(|script| &script.path.value).collect::<Vec<_>>();
    let styles = config.extra_css.iter().map(|path| &path.value).collect();
    for (key, paths) in [("extra_javascript", scripts), ("extra_css", styles)] {
        let known = keys.entry(key).or_insert_with(|| json!([]));
        let n_known = known.as_array().map_or(0, Vec::len);
        if let Some(list) = known.as_array_mut() {
            list.extend(paths.into_iter().skip(n_known).map(|path| json!(path)));
        }
    }
    // Python-Markdown's names, with those that MkDocs always has before them.
    let mut names: Vec<&str> = vec!["toc", "tables", "fenced_code"];
    let mut options = serde_json::Map::new();
    for extension in &config.markdown.extensions {
        let name = extension.name.value.as_str();
        if !names.contains(&name) {
            names.push(name);
        }
        if let Some(given) = &extension.options {
            options.insert(name.to_owned(), json_of(given));
        }
    }
    keys.insert("markdown_extensions".to_owned(), json!(names));
    keys.insert("mdx_configs".to_owned(), serde_json::Value::Object(options));
    let is_material = config.theme.name.as_ref().is_some_and(|name| name.value == "material");
    let plugin = |plugin: &config::Plugin| {
        let name = &plugin.name.value;
        let name = if is_material && plugins::is_of_material(name) { format!("material/{name}") } else { name.clone() };
        (name, json!({ "config": plugin.options.as_ref().map_or_else(|| json!({}), json_of) }))
    };
    keys.insert("plugins".to_owned(), config.plugins.iter().map(plugin).collect());
    keys.insert("theme".to_owned(), theme_keys(config));
    if let Some(address) = &config.site.url {
        keys.insert("site_url".to_owned(), json!(address.value));
    }
    all
}

/// `config.theme` of templates: what is written, and the defaults of Material for MkDocs.
fn theme_keys(config: &Config) -> serde_json::Value {
    use serde_json::json;
    let mut theme = json!({
        "name": config.theme.name.as_ref().map(|name| &name.value),
        "language": "en",
        "direction": null,
        "features": [],
        "font": {"text": "Roboto", "code": "Roboto Mono"},
        "icon": null,
        "favicon": "assets/images/favicon.png",
        "static_templates": ["404.html"],
        "locale": "en",
        "custom_dir": null,
    });
    if let (Some(keys), Some(written)) = (theme.as_object_mut(), json_of(&config.theme.keys).as_object()) {
        keys.extend(written.clone());
    }
    theme
}
