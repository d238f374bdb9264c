//! Plugins, written natively: each file is one plugin of the same name, and `PLUGINS` has a row for it.
//!
//! A plugin listens to events that have MkDocs' names; they run in the order of the configuration, by
//! priority first. In: a [`Config`] whose `plugins` nobody has judged. Out: [`Plugins`], which the
//! stages of a build call by event and never by name. `missing.rs` is the table of the plugins that
//! opsbook does not have, with what is missing without each.
//!
//! [`Config`]: crate::config::Config

mod awesome_nav;
mod awesome_pages;
mod event;
mod exclude;
mod gh_admonitions;
mod git_revision_date_localized;
mod glightbox;
mod history;
mod include_markdown;
mod literate_nav;
mod llmstxt;
mod macros;
mod meta;
mod minify;
mod missing;
mod monorepo;
mod offline;
mod open_in_new_tab;
mod redirects;
mod same_dir;
mod search;
mod section_index;
mod settings;
mod table_reader;
mod tags;
mod techdocs_core;

pub(crate) use event::{Content, ContentContext, ExtraHeading, Finished, PageContext};
pub use history::{History, HistoryRules, PageTimes};
pub use missing::{Fate, Keeper, MISSING, fate_of, is_of_material, keeper_of};

use crate::config::{Config, Plugin as Entry};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::markdown::preprocess::{Context, Preprocess};
use crate::site::{self, PageRoute, Site};
use crate::text::{Chunk, Digest, SitePath, World, yaml};
use event::{Changing, Event, Plugin, Reading};
use settings::PluginSettings;

/// One row of the table.
struct Row {
    name: &'static str,
    /// What is different from the real plugin, for a survey; `None` for what is the same.
    differs: Option<&'static str>,
    /// Whether the folder of the pages may hold the configuration and the site.
    may_nest: bool,
    /// What it changes in the configuration before anything is made of it.
    on_config: Option<OnConfig>,
    /// The events that it listens to, with its priority: the highest comes first, of equal ones the one
    /// that the configuration names first.
    events: &'static [(Event, i32)],
    read: Read,
}

type OnConfig = fn(&mut Config, &mut Changing<'_>);
type Read = fn(&mut Reading<'_>) -> Option<Box<dyn Plugin>>;

const fn row(name: &'static str, events: &'static [(Event, i32)], read: Read) -> Row {
    Row { name, differs: None, may_nest: false, on_config: None, events, read }
}

/// The plugins that opsbook has, by name.
static PLUGINS: &[Row] = &[
    row("awesome-nav", &[(Event::Nav, 20)], awesome_nav::read),
    row("awesome-pages", &[(Event::Nav, 10)], awesome_pages::read),
    row("exclude", &[(Event::Files, 0)], exclude::read),
    row("gh-admonitions", &[(Event::PageMarkdown, 0)], gh_admonitions::read),
    row(
        "git-revision-date-localized",
        &[(Event::Env, 0), (Event::PageContext, 0), (Event::PageContent, 20)],
        git_revision_date_localized::read,
    ),
    row("glightbox", &[(Event::PageContent, -10)], glightbox::read),
    row("include-markdown", &[(Event::PageMarkdown, 100)], include_markdown::read),
    row("literate-nav", &[(Event::Nav, 30)], literate_nav::read),
    Row { differs: Some(llmstxt::DIFFERS), ..row("llmstxt", &[(Event::PostBuild, 0)], llmstxt::read) },
    Row { differs: Some(macros::DIFFERS), ..row("macros", &[(Event::PageMarkdown, 0)], macros::read) },
    row("meta", &[(Event::Files, 0), (Event::PageMeta, 50)], meta::read),
    row("minify", &[(Event::PostPage, 0), (Event::PostTemplate, 0)], minify::read),
    Row {
        on_config: Some(monorepo::on_config),
        ..row("monorepo", &[(Event::Files, 50), (Event::Env, 0)], monorepo::read)
    },
    Row { on_config: Some(offline::on_config), ..row("offline", &[(Event::PostBuild, 0)], offline::read) },
    Row {
        on_config: Some(open_in_new_tab::on_config),
        ..row("open-in-new-tab", &[(Event::PostBuild, 0)], open_in_new_tab::read)
    },
    row("redirects", &[(Event::Env, 0)], redirects::read),
    Row { may_nest: true, ..row("same-dir", &[(Event::Files, -10)], same_dir::read) },
    row("search", &[], search::read),
    row("section-index", &[(Event::Nav, -100)], section_index::read),
    Row {
        differs: Some(table_reader::DIFFERS),
        ..row("table-reader", &[(Event::PageMarkdown, 10)], table_reader::read)
    },
    row("tags", &[(Event::Env, -10), (Event::PageContent, 10)], tags::read),
    Row {
        differs: Some(techdocs_core::DIFFERS),
        on_config: Some(techdocs_core::on_config),
        ..row("techdocs-core", &[(Event::PostBuild, 0)], techdocs_core::read)
    },
];

/// Returns the names of the plugins that opsbook has, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    PLUGINS.iter().map(|row| row.name)
}

fn row_of(name: &str) -> Option<&'static Row> {
    PLUGINS.iter().find(|row| row.name == name)
}

/// The rows of the plugins that a configuration names, with their entries.
fn listed(config: &Config) -> impl Iterator<Item = (&'static Row, &Entry)> {
    config.plugins.iter().filter_map(|entry| Some((row_of(&entry.name.value)?, entry)))
}

/// Reports plugins that opsbook does not have, and those that are listed twice.
pub fn judge(config: &Config, out: &mut Diagnostics) {
    for (at, Entry { name, .. }) in config.plugins.iter().enumerate() {
        let before = config.plugins[..at].iter().find(|other| other.name.value == name.value);
        if let Some(first) = before.filter(|_| row_of(&name.value).is_some()) {
            let message = format!("the plugin `{}` is listed twice", name.value);
            out.push(
                Diagnostic::new(Code::ConfigDuplicateKey, name.span, message)
                    .label(first.name.span, "first listed here"),
            );
        }
        missing::report(name, out);
    }
}

/// Lets plugins change the configuration before anything is made of it.
pub fn on_config(config: &mut Config, world: &dyn World, diagnostics: &mut Diagnostics) {
    // A plugin may add others, which are asked in their turn.
    let mut at = 0;
    while let Some(entry) = config.plugins.get(at) {
        let plugin = PluginSettings::of(entry);
        if let Some(change) = row_of(&plugin.name.value).and_then(|row| row.on_config) {
            change(config, &mut Changing { plugin: &plugin, world, diagnostics });
        }
        at += 1;
    }
}

/// Tells whether the folder of the pages may hold the configuration and the site.
pub fn may_nest(config: &Config) -> bool {
    listed(config).any(|(row, _)| row.may_nest)
}

/// The plugins in use, with their options.
#[derive(Debug)]
pub struct Plugins {
    active: Vec<Active>,
    digest: Digest,
    text_digest: Digest,
}

#[derive(Debug)]
struct Active {
    events: &'static [(Event, i32)],
    plugin: Box<dyn Plugin>,
}

impl Plugins {
    /// Reads the options of the plugins in use.
    ///
    /// Reports unknown options (`OB440`) and values that an option cannot have (`OB441`).
    pub fn read(config: &Config, world: &dyn World, diagnostics: &mut Diagnostics) -> Plugins {
        let mut active = Vec::new();
        for (at, (row, entry)) in listed(config).enumerate() {
            // Of a plugin that is listed twice the first entry counts.
            if listed(config).take(at).any(|(before, _)| before.name == row.name) {
                continue;
            }
            let plugin = PluginSettings::of(entry);
            let read = (row.read)(&mut Reading { plugin: &plugin, config, world, diagnostics });
            active.extend(read.map(|plugin| Active { events: row.events, plugin }));
        }
        let digest = |of: &dyn Fn(&Active) -> bool| {
            let texts: Vec<String> = active.iter().filter(|active| of(active)).map(|it| format!("{it:?}")).collect();
            Digest::of_parts(texts.iter().map(String::as_bytes))
        };
        let is_about_text = |active: &Active| active.events.iter().any(|(event, _)| *event == Event::PageMarkdown);
        Plugins { digest: digest(&|_| true), text_digest: digest(&is_about_text), active }
    }

    /// Returns which commits count; `None` where no plugin asks for the history of pages.
    pub fn wanted_history(&self) -> Option<&HistoryRules> {
        self.active.iter().find_map(|active| active.plugin.wanted_history())
    }

    /// The plugins that listen to an event, in their order.
    fn on(&self, event: Event) -> Vec<&dyn Plugin> {
        let priority = |active: &Active| active.events.iter().find(|(it, _)| *it == event).map(|(_, at)| *at);
        let mut found: Vec<(i32, &dyn Plugin)> =
            self.active.iter().filter_map(|active| Some((priority(active)?, &*active.plugin))).collect();
        found.sort_by_key(|(priority, _)| std::cmp::Reverse(*priority));
        found.into_iter().map(|(_, plugin)| plugin).collect()
    }

    /// `on_page_context`: what templates see of a page's front matter.
    pub(crate) fn on_page_context(&self, meta: &mut serde_json::Value, page: &PageContext<'_>) {
        for plugin in self.on(Event::PageContext) {
            plugin.on_page_context(meta, page);
        }
    }

    /// `on_page_content`: a page's content.
    pub(crate) fn on_page_content(&self, html: String, page: &ContentContext<'_>) -> Content {
        let mut content = Content { html, ..Content::default() };
        for plugin in self.on(Event::PageContent) {
            plugin.on_page_content(&mut content, page);
        }
        content
    }

    /// All that a page's content takes from plugins and, through them, from the site.
    pub(crate) fn content_key(&self, site: &Site, page: SitePath) -> Digest {
        let keys: Vec<String> =
            self.on(Event::PageContent).into_iter().map(|plugin| plugin.content_key(site, page)).collect();
        Digest::of_parts(keys.iter().map(String::as_bytes).chain([self.digest.as_bytes()]))
    }

    /// `on_post_page`: a whole page.
    pub(crate) fn on_post_page(&self, html: String, page: &PageRoute) -> String {
        self.on(Event::PostPage).into_iter().fold(html, |html, plugin| plugin.on_post_page(html, page))
    }

    /// `on_post_template`: a template that is no page.
    pub(crate) fn on_post_template(&self, html: String, name: &str) -> String {
        self.on(Event::PostTemplate).into_iter().fold(html, |html, plugin| plugin.on_post_template(html, name))
    }

    /// `on_post_build`: files beside the pages.
    pub(crate) fn on_post_build(&self, finished: &mut Finished<'_>) {
        for plugin in self.on(Event::PostBuild) {
            plugin.on_post_build(finished);
        }
    }

    /// Listens to the events of a site, with what Git knows of its pages.
    pub fn with_history<'a>(&'a self, history: &'a History) -> impl site::Events + 'a {
        Linking { plugins: self, history }
    }
}

impl Preprocess for Plugins {
    fn on_page_markdown(&self, body: Chunk, meta: Option<&yaml::Node>, context: &mut Context<'_>) -> Chunk {
        let plugins = self.on(Event::PageMarkdown).into_iter();
        plugins.fold(body, |text, plugin| plugin.on_page_markdown(text, meta, context))
    }

    fn text_digest(&self) -> Digest {
        self.text_digest
    }
}

struct Linking<'a> {
    plugins: &'a Plugins,
    history: &'a History,
}

impl site::Events for Linking<'_> {
    fn on_files(&self, files: &mut site::FoundFiles<'_>) {
        self.plugins.on(Event::Files).into_iter().for_each(|plugin| plugin.on_files(files));
    }

    fn on_page_meta(&self, metas: &mut site::Metas<'_>) {
        self.plugins.on(Event::PageMeta).into_iter().for_each(|plugin| plugin.on_page_meta(metas));
    }

    fn on_nav(&self, nav: &mut site::Nav<'_>) {
        self.plugins.on(Event::Nav).into_iter().for_each(|plugin| plugin.on_nav(nav));
    }

    fn on_env(&self, env: &mut site::Env<'_>) {
        self.plugins.on(Event::Env).into_iter().for_each(|plugin| plugin.on_env(env, self.history));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_its_plugins_listen_to_something() {
        assert!(names().is_sorted());
        let silent: Vec<_> = PLUGINS.iter().filter(|row| row.events.is_empty()).map(|row| row.name).collect();
        assert_eq!(silent, ["search"], "the configuration's reader and the stages serve it");
    }
}
