//! `tags`: the tags of pages, and listings of the pages that have them (Material's plugin, 9.8).
//!
//! A page with `<!-- material/tags -->` gets a listing there; the comment may hold a configuration:
//! `{ include: [a], exclude: [b], scope: true, toc: false }`, or the name of one in `listings_map`.
//! Each tag of a page leads to the listing that lies nearest. This file decides which tags and pages
//! a listing has; `listing.rs` writes it.

mod listing;

use super::event::{Content, ContentContext, Plugin, Reading};
use super::history::History;
use super::settings::{PluginSettings, Settings, idle_option};
use crate::diag::{Code, Diagnostic, Diagnostics, nearest};
use crate::markdown::slug::{Case, Form, Slugify};
use crate::site::{Env, Listing, PageRoute, Site, SiteOptions, TagRef, Tree};
use crate::text::glob::Pattern;
use crate::text::{Chunk, SitePath, Source, Span, World, quoted_ascii, yaml};
use std::collections::{BTreeMap, BTreeSet};

/// What the plugin's options say.
struct Options {
    slugify: Slugify,
    slug_separator: String,
    slug_format: String,
    hierarchy: Option<String>,
    fold_case: bool,
    reverse: bool,
    property: String,
    allowed: BTreeSet<String>,
    by_url: bool,
    pages_reverse: bool,
    listings_fold_case: bool,
    listings_reverse: bool,
    shadow: bool,
    shadow_tags: BTreeSet<String>,
    shadow_prefix: String,
    shadow_suffix: String,
}

/// A page's tag: its path from the root, and whether each part is hidden.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Tag {
    name: String,
    hidden: bool,
}

/// The filter of a listing.
#[derive(Clone, Debug, Default)]
struct Filter {
    scope: bool,
    shadow: bool,
    toc: bool,
    include: BTreeSet<String>,
    /// The same in the order given, for the pages of `tags_extra_files`.
    include_as_written: Vec<String>,
    exclude: BTreeSet<String>,
}

/// The pages that the plugin looks at (`filters`): patterns as Python's `fnmatch` has them.
struct FileFilter {
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
}

impl FileFilter {
    fn read(settings: &mut Settings<'_>) -> FileFilter {
        let mut lists: [Vec<Pattern>; 2] = [Vec::new(), Vec::new()];
        let Some(node) = settings.node("filters") else { return FileFilter::of(lists) };
        if node.as_map().is_none() {
            settings.wrong("filters", node, "a mapping with `include` and `exclude`");
        }
        for (key, value) in node.as_map().unwrap_or_default() {
            let list = match key.as_str() {
                Some("include") => &mut lists[0],
                Some("exclude") => &mut lists[1],
                _ => {
                    settings.wrong("filters", key, "a mapping with `include` and `exclude` only");
                    continue;
                }
            };
            match value.as_seq() {
                Some(items) => list.extend(items.iter().filter_map(yaml::Node::as_str).map(Pattern::fnmatch)),
                None => settings.wrong("filters", value, "a mapping of lists"),
            }
        }
        FileFilter::of(lists)
    }

    fn of([include, exclude]: [Vec<Pattern>; 2]) -> FileFilter {
        FileFilter { include, exclude }
    }

    fn keeps(&self, uri: &str) -> bool {
        let hits = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(uri));
        (self.include.is_empty() || hits(&self.include)) && !hits(&self.exclude)
    }
}

const LAYOUT: &str = "listings have one layout, that of `fragments/tags/default`";

const KNOWN: &[&str] = &[
    "filters",
    "tags",
    "tags_slugify",
    "tags_slugify_separator",
    "tags_slugify_format",
    "tags_hierarchy",
    "tags_hierarchy_separator",
    "tags_sort_by",
    "tags_sort_reverse",
    "tags_name_property",
    "tags_name_variable",
    "tags_allowed",
    "listings",
    "listings_map",
    "listings_sort_by",
    "listings_sort_reverse",
    "listings_tags_sort_by",
    "listings_tags_sort_reverse",
    "listings_directive",
    "listings_layout",
    "listings_toc",
    "shadow",
    "shadow_on_serve",
    "shadow_tags",
    "shadow_tags_prefix",
    "shadow_tags_suffix",
    "export",
    "export_file",
    "export_only",
    "tags_compare",
    "tags_compare_reverse",
    "tags_pages_compare",
    "tags_pages_compare_reverse",
    "tags_file",
    "tags_extra_files",
];

/// The plugin's options, as written, and the kinds of tags that have an icon (`extra.tags`).
#[derive(Debug)]
struct Tags {
    settings: PluginSettings,
    kinds: Option<yaml::Node>,
}

pub(super) fn read(reading: &mut Reading<'_>) -> Option<Box<dyn Plugin>> {
    let kinds = reading.config.extra.get("tags").cloned();
    let kinds = kinds.filter(|kinds| kinds.as_map().is_some_and(|entries| !entries.is_empty()));
    Some(Box::new(Tags { settings: reading.plugin.clone(), kinds }))
}

impl Plugin for Tags {
    fn on_env(&self, env: &mut Env<'_>, _: &History) {
        let export = apply(&self.settings, env.site, env.options, env.world, env.diagnostics);
        env.site.generated.extend(export);
    }

    fn on_page_content(&self, content: &mut Content, page: &ContentContext<'_>) {
        let (html, headings) = listing::fill(&content.html, page.site, page.route.path, self.kinds.as_ref());
        content.html = html;
        content.headings.extend(headings);
    }

    fn content_key(&self, site: &Site, page: SitePath) -> String {
        listing::key(site, page, self.kinds.as_ref())
    }
}

/// Gives the pages of a site their tags and listings; returns `tags.json` with its path, where the
/// plugin exports one.
fn apply(
    plugin: &PluginSettings,
    site: &mut Site,
    options: &SiteOptions,
    world: &dyn World,
    diagnostics: &mut Diagnostics,
) -> Option<(String, Vec<u8>)> {
    let mut settings = Settings::open(plugin, KNOWN, diagnostics);
    let own = Options::read(&mut settings, options.preview);
    let export_only = settings.flag("export_only", false);
    let show_tags = settings.flag("tags", true) && !export_only;
    let show_listings = settings.flag("listings", true) && !export_only;
    let export = settings.flag("export", true);
    let export_file = settings.text("export_file").map_or("tags.json".to_owned(), |name| name.value);
    let directive = settings.text("listings_directive").map_or("material/tags".to_owned(), |name| name.value);
    let default = Filter { toc: settings.flag("listings_toc", true), shadow: own.shadow, ..Filter::default() };
    let mut whole_pages: BTreeMap<String, Filter> = BTreeMap::new();
    if let Some(file) = settings.text("tags_file") {
        whole_pages.insert(file.value, default.clone());
    }
    if let Some(extra) = settings.node("tags_extra_files").and_then(yaml::Node::as_map) {
        for (file, tags) in extra {
            let tags = tags.as_seq().unwrap_or_default().iter().filter_map(yaml::Node::scalar_text);
            let include_as_written: Vec<String> = tags.collect();
            let include = include_as_written.iter().cloned().collect();
            let filter = Filter { include, include_as_written, ..default.clone() };
            whole_pages.extend(file.scalar_text().map(|file| (file, filter)));
        }
    }
    let map = settings.node("listings_map").cloned();
    settings.idle("tags_name_variable", "tags", "templates have a page's tags under the name `tags`");
    settings.idle("listings_layout", "default", LAYOUT);
    let filter = FileFilter::read(&mut settings);

    let mut mappings: Vec<(SitePath, Vec<Tag>)> = Vec::new();
    let order: Vec<SitePath> =
        site.order.iter().filter(|path| filter.keeps(&site.pages[*path].src_uri)).copied().collect();
    for path in &order {
        let tags = own.tags_of(&site.pages[path], diagnostics);
        if !tags.is_empty() {
            mappings.push((*path, tags));
        }
    }
    let mut found: Vec<(SitePath, Filter, Listing)> = Vec::new();
    for path in order {
        let Ok(source) = world.source(path) else { continue };
        let mut directives = directives(source.text(), &directive);
        let whole = whole_pages.get(&site.pages[&path].src_uri);
        // Such a page has the listing at its end, unless it asks for the same one itself.
        let asks = whole.is_some_and(|filter| {
            let tags: Vec<&str> = filter.include_as_written.iter().map(String::as_str).collect();
            let wanted = if tags.is_empty() { String::new() } else { format!("{{ include: [{}] }}", tags.join(", ")) };
            directives.iter().any(|(text, ..)| text.contains(&wanted))
        });
        if whole.is_some() && !asks {
            directives.push((String::new(), 0..0, 0..0));
        }
        for (text, _, arguments) in directives {
            let filter = match whole {
                Some(filter) if text.is_empty() => filter.clone(),
                _ => default.configured(&source, arguments, map.as_ref(), diagnostics),
            };
            let mut listing = Listing { directive: text, toc: filter.toc, trees: Vec::new() };
            for (page, tags) in &mappings {
                for tag in filter.featured(site, path, *page, tags, &own) {
                    if filter.shadow || !tag.hidden {
                        own.insert(&mut listing.trees, tag, *page);
                    }
                }
            }
            own.sort_trees(&mut listing.trees, site);
            found.push((path, filter, listing));
        }
    }

    for (page, tags) in mappings.iter().filter(|_| show_tags) {
        let refs = tags.iter().map(|tag| {
            let mut near: Vec<(usize, &(SitePath, Filter, Listing))> = found
                .iter()
                .filter(|(on, filter, _)| filter.featured(site, *on, *page, tags, &own).contains(&tag))
                .map(|listing| (closeness(&site.pages[page].url, &site.pages[&listing.0].url), listing))
                .collect();
            near.sort_by_key(|(close, (on, ..))| (std::cmp::Reverse(*close), *on));
            let url = near.first().map(|(_, (on, ..))| format!("{}#{}", site.pages[on].url, own.slug(&tag.name)));
            TagRef { name: tag.name.clone(), hidden: tag.hidden, url: url.filter(|_| show_listings) }
        });
        let refs: Vec<TagRef> = refs.collect();
        if let Some(route) = site.pages.get_mut(page) {
            route.tags = refs;
        }
    }
    for (page, _, mut listing) in found {
        if !show_listings {
            listing.trees.clear();
        }
        site.listings.entry(page).or_default().push(listing);
    }
    export.then(|| (export_file, json(site, &mappings).into_bytes()))
}

impl Options {
    fn read(settings: &mut Settings<'_>, preview: bool) -> Options {
        let mut text = |key: &str, default: &str| settings.text(key).map_or(default.to_owned(), |text| text.value);
        let slug_separator = text("tags_slugify_separator", "-");
        let slug_format = text("tags_slugify_format", "tag:{slug}");
        let separator = text("tags_hierarchy_separator", "/");
        let property = text("tags_name_property", "tags");
        let shadow_prefix = text("shadow_tags_prefix", "");
        let shadow_suffix = text("shadow_tags_suffix", "");
        let set = |names: Vec<crate::text::Spanned<String>>| names.into_iter().map(|name| name.value).collect();
        // Functions are named by `!!python/name:`; the last word of the name tells them apart.
        let function = |settings: &Settings<'_>, keys: [&str; 2]| {
            let node = keys.iter().find_map(|key| settings.node(key));
            let name = node.and_then(|node| node.tag.clone().or_else(|| node.scalar_text()));
            name.map(|name| name.rsplit(['.', ':']).next().unwrap_or_default().to_owned()).unwrap_or_default()
        };
        let folds = |name: String| name == "tag_name_casefold";
        let known = ["", "tag_name", "tag_name_casefold", "item_title", "item_url"];
        for key in ["tags_sort_by", "listings_sort_by", "listings_tags_sort_by", "tags_compare", "tags_pages_compare"] {
            let name = function(settings, [key, key]);
            if let (Some(node), false) = (settings.node(key), known.contains(&name.as_str())) {
                let note = "opsbook sorts by `tag_name`, `tag_name_casefold`, `item_title` and `item_url`";
                settings.report(idle_option("tags", key, node.span).note(note));
            }
        }
        if let Some(node) = settings.node("tags_slugify").filter(|node| Slugify::of_node(node).is_none()) {
            let note = "opsbook has the functions of `pymdownx.slugs`; ids are in lower case with dashes";
            settings.report(idle_option("tags", "tags_slugify", node.span).note(note));
        }
        let default_slugify = Slugify::Pymdownx { case: Case::Lower, percent_encode: false, normalize: Form::Nfc };
        Options {
            slugify: settings.node("tags_slugify").and_then(Slugify::of_node).unwrap_or(default_slugify),
            slug_separator,
            slug_format,
            hierarchy: settings.flag("tags_hierarchy", false).then_some(separator),
            fold_case: folds(function(settings, ["tags_sort_by", "tags_compare"])),
            reverse: settings.flag("tags_sort_reverse", false) || settings.flag("tags_compare_reverse", false),
            property,
            allowed: set(settings.texts("tags_allowed")),
            by_url: function(settings, ["listings_sort_by", "tags_pages_compare"]) == "item_url",
            pages_reverse: settings.flag("listings_sort_reverse", false)
                || settings.flag("tags_pages_compare_reverse", false),
            listings_fold_case: folds(function(settings, ["listings_tags_sort_by", "listings_tags_sort_by"])),
            listings_reverse: settings.flag("listings_tags_sort_reverse", false),
            shadow: settings.flag("shadow", false) || (preview && settings.flag("shadow_on_serve", true)),
            shadow_tags: set(settings.texts("shadow_tags")),
            shadow_prefix,
            shadow_suffix,
        }
    }

    /// The tags of a page, sorted, each once.
    fn tags_of(&self, route: &PageRoute, diagnostics: &mut Diagnostics) -> Vec<Tag> {
        let Some(node) = route.meta.as_ref().and_then(|meta| meta.get(&self.property)) else { return Vec::new() };
        let Some(items) = node.as_seq() else {
            if !node.is_null() {
                let message = format!("`{}` must be a list, not {}", self.property, node.kind_name());
                diagnostics.push(Diagnostic::new(Code::TagsInvalid, node.span, message));
            }
            return Vec::new();
        };
        let mut tags: BTreeMap<String, Tag> = BTreeMap::new();
        for item in items.iter().filter(|item| !item.is_null()) {
            let Some(name) = item.scalar_text() else {
                let message = format!("a tag must be text, not {}", item.kind_name());
                diagnostics.push(Diagnostic::new(Code::TagsInvalid, item.span, message));
                continue;
            };
            if !self.allowed.is_empty() && !self.allowed.contains(&name) {
                let mut diagnostic =
                    Diagnostic::new(Code::TagsInvalid, item.span, format!("tag `{name}` is not in `tags_allowed`"));
                if let Some(near) = nearest(&name, self.allowed.iter().map(String::as_str)) {
                    diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
                }
                diagnostics.push(diagnostic);
            }
            let hidden = self.parents(&name).iter().any(|part| self.is_shadow(part));
            tags.insert(name.clone(), Tag { name, hidden });
        }
        let mut tags: Vec<Tag> = tags.into_values().collect();
        if self.fold_case {
            tags.sort_by_key(|tag| tag.name.to_lowercase());
        }
        if self.reverse {
            tags.reverse();
        }
        tags
    }

    /// A tag and those above it, the outermost first.
    fn parents(&self, name: &str) -> Vec<String> {
        let Some(separator) = self.hierarchy.as_deref().filter(|separator| !separator.is_empty()) else {
            return vec![name.to_owned()];
        };
        let mut out: Vec<String> = name.match_indices(separator).map(|(at, _)| name[..at].to_owned()).collect();
        out.push(name.to_owned());
        out
    }

    fn is_shadow(&self, name: &str) -> bool {
        let last = match self.hierarchy.as_deref() {
            Some(separator) => name.rsplit(separator).next().unwrap_or(name),
            None => name,
        };
        self.shadow_tags.contains(name)
            || (!self.shadow_prefix.is_empty() && last.starts_with(&self.shadow_prefix))
            || (!self.shadow_suffix.is_empty() && last.ends_with(&self.shadow_suffix))
    }

    fn slug(&self, name: &str) -> String {
        let separator = self.hierarchy.as_deref();
        let parts: Vec<&str> = match separator {
            Some(separator) if !separator.is_empty() => name.split(separator).collect(),
            _ => vec![name],
        };
        let slugs: Vec<String> = parts.iter().map(|part| self.slugify.slug(part, &self.slug_separator)).collect();
        self.slug_format.replace("{slug}", &slugs.join(separator.unwrap_or("/")))
    }

    fn insert(&self, trees: &mut Vec<Tree>, tag: &Tag, page: SitePath) {
        let mut level = trees;
        for name in self.parents(&tag.name) {
            let index = level.iter().position(|tree| tree.name == name).unwrap_or_else(|| {
                level.push(Tree {
                    slug: self.slug(&name),
                    hidden: self.parents(&name).iter().any(|part| self.is_shadow(part)),
                    name: name.clone(),
                    pages: Vec::new(),
                    children: Vec::new(),
                });
                level.len() - 1
            });
            if name == tag.name {
                level[index].pages.push(page);
                return;
            }
            level = &mut level[index].children;
        }
    }

    fn sort_trees(&self, trees: &mut [Tree], site: &Site) {
        trees.sort_by_cached_key(
            |tree| {
                if self.listings_fold_case { tree.name.to_lowercase() } else { tree.name.clone() }
            },
        );
        if self.listings_reverse {
            trees.reverse();
        }
        for tree in trees {
            tree.pages.sort_by_cached_key(|page| {
                let route = &site.pages[page];
                if self.by_url { route.url.clone() } else { route.title.clone() }
            });
            if self.pages_reverse {
                tree.pages.reverse();
            }
            self.sort_trees(&mut tree.children, site);
        }
    }
}

impl Filter {
    /// Reads what a directive says behind its name.
    fn configured(
        &self,
        source: &Source,
        arguments: std::ops::Range<usize>,
        map: Option<&yaml::Node>,
        diagnostics: &mut Diagnostics,
    ) -> Filter {
        let mut out = self.clone();
        let span = Span::new(source.path(), arguments.clone());
        if source.text()[arguments.clone()].trim().is_empty() {
            return out;
        }
        let node = match yaml::parse(&Chunk::lifted(source, arguments)) {
            Ok(parsed) => parsed.root,
            Err(error) => {
                diagnostics.push(Diagnostic::new(Code::TagsInvalid, error.span, error.message));
                return out;
            }
        };
        let node = match node.as_str() {
            Some(name) => match map.and_then(|map| map.get(name)) {
                Some(known) => known.clone(),
                None => {
                    let message = format!("there is no listing configuration `{name}`");
                    let known = map.and_then(yaml::Node::as_map).unwrap_or_default();
                    let mut diagnostic = Diagnostic::new(Code::TagsInvalid, span, message)
                        .note("configurations are named in the plugin's option `listings_map`");
                    if let Some(near) = nearest(name, known.iter().filter_map(|(key, _)| key.as_str())) {
                        diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
                    }
                    diagnostics.push(diagnostic);
                    return out;
                }
            },
            None => node,
        };
        let set = |key: &str| -> BTreeSet<String> {
            let items = node.get(key).and_then(yaml::Node::as_seq).unwrap_or_default();
            items.iter().filter_map(yaml::Node::scalar_text).collect()
        };
        let flag = |key: &str, default: bool| node.get(key).and_then(yaml::Node::as_bool).unwrap_or(default);
        (out.include, out.exclude) = (set("include"), set("exclude"));
        (out.scope, out.toc, out.shadow) = (flag("scope", false), flag("toc", self.toc), flag("shadow", self.shadow));
        let known = ["scope", "shadow", "layout", "toc", "include", "exclude"];
        if let Some(layout) = node.get("layout").filter(|layout| layout.as_str() != Some("default")) {
            diagnostics.push(idle_option("tags", "layout", layout.span).note(LAYOUT));
        }
        for (key, _) in node.as_map().unwrap_or_default() {
            let Some(name) = key.as_str().filter(|name| !known.contains(name)) else { continue };
            let mut diagnostic =
                Diagnostic::new(Code::TagsInvalid, key.span, format!("a listing has no option `{name}`"));
            if let Some(near) = nearest(name, known) {
                diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
            }
            diagnostics.push(diagnostic);
        }
        out
    }

    /// The tags of a page that a listing on another page shows.
    fn featured<'t>(&self, site: &Site, on: SitePath, page: SitePath, tags: &'t [Tag], own: &Options) -> Vec<&'t Tag> {
        if on == page {
            return Vec::new();
        }
        if self.scope {
            let base = on.parent();
            let in_scope = page.below(base).is_some() && site.pages.contains_key(&page);
            if !in_scope {
                return Vec::new();
            }
        }
        let hits = |set: &BTreeSet<String>, tag: &Tag| own.parents(&tag.name).iter().any(|part| set.contains(part));
        if tags.iter().any(|tag| hits(&self.exclude, tag)) {
            return Vec::new();
        }
        tags.iter().filter(|tag| self.include.is_empty() || hits(&self.include, tag)).collect()
    }
}

/// Finds the directives of a text: the comment, its range, and the range of its arguments.
fn directives(text: &str, name: &str) -> Vec<(String, std::ops::Range<usize>, std::ops::Range<usize>)> {
    let mut out = Vec::new();
    for (open, _) in text.match_indices("<!--") {
        let bare = text[open + 4..].trim_start();
        let start = text.len() - bare.len();
        if !bare.get(..name.len()).is_some_and(|word| word.eq_ignore_ascii_case(name)) {
            continue;
        }
        let Some(close) = text[start..].find("-->").map(|found| start + found) else { break };
        let arguments = start + name.len()..start + text[start..close].trim_end().len();
        let arguments = arguments.start..arguments.end.max(arguments.start);
        out.push((text[open..close + 3].to_owned(), open..close + 3, arguments));
    }
    out
}

/// How long the path is that two URLs share (`posixpath.commonpath`).
fn closeness(a: &str, b: &str) -> usize {
    let parts = |url: &str| url.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (a, b) = (parts(a), parts(b));
    let common: Vec<&String> = a.iter().zip(&b).take_while(|(a, b)| a == b).map(|(a, _)| a).collect();
    common.iter().map(|part| part.len() + 1).sum::<usize>().saturating_sub(1)
}

/// `tags.json`: every page with its tags, as Python's `json.dump` writes it.
fn json(site: &Site, mappings: &[(SitePath, Vec<Tag>)]) -> String {
    let items: Vec<String> = mappings
        .iter()
        .map(|(page, tags)| {
            let route = &site.pages[page];
            let mut names: Vec<&str> = tags.iter().map(|tag| tag.name.as_str()).collect();
            names.sort_unstable();
            let names: Vec<String> = names.into_iter().map(quoted_ascii).collect();
            format!(
                "{{\"item\": {{\"url\": {}, \"title\": {}}}, \"tags\": [{}]}}",
                quoted_ascii(&route.url),
                quoted_ascii(&route.title),
                names.join(", ")
            )
        })
        .collect();
    format!("{{\"mappings\": [{}]}}", items.join(", "))
}
