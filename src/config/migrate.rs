//! What becomes of an MkDocs project: what is the same, mapped, ignored, or missing.
//!
//! A survey of a `mkdocs.yml`. Reports, and changes nothing.

use super::model::{Config, Overrides};
use super::{Environment, keys, load};
use crate::diag::{Code, Diagnostics, Severity};
use crate::text::{SitePath, Span, World, yaml};
use yaml::Node;

/// What becomes of a part of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It works as in MkDocs.
    Same,
    /// opsbook does it in its own way.
    Mapped,
    /// It has no effect, and the site lacks nothing without it.
    Ignored,
    /// The site lacks something without it.
    Missing,
}

/// One part of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What becomes of it.
    pub fate: Fate,
    /// What it is, such as `` plugin `tags` ``.
    pub what: String,
    /// Why, or what is different; empty for what is the same.
    pub why: String,
    /// What to do; empty where there is nothing.
    pub todo: String,
    /// Where it stands.
    pub span: Option<Span>,
}

/// All parts of a project, in the order of their fates and places.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The parts.
    pub items: Vec<Item>,
    /// What else the configuration has to say.
    pub diagnostics: Diagnostics,
}

impl Survey {
    /// Tells whether the site would be whole: nothing is missing, and the configuration has no errors.
    pub fn is_whole(&self) -> bool {
        !self.diagnostics.has_errors() && self.items.iter().all(|item| item.fate != Fate::Missing)
    }
}

/// What becomes of a plugin, why, and what to do.
pub type PluginFate = (Fate, &'static str, &'static str);

/// Surveys a project. `knows_extension` says which Markdown extensions there are, `fate_of` what becomes
/// of a plugin.
pub fn survey(
    path: SitePath,
    world: &dyn World,
    env: Environment<'_>,
    knows_extension: &dyn Fn(&str) -> bool,
    fate_of: &dyn Fn(&str) -> PluginFate,
) -> Survey {
    let loaded = load::load(path, world, env, &Overrides::default());
    let mut items = Vec::new();
    let root = load::tree(path, world, env);
    if let Some(root) = &root {
        settings(root, &mut items);
        extensions(root, knows_extension, &mut items);
        plugins(root, fate_of, &mut items);
    }
    if let Some(config) = &loaded.config {
        theme(config, &mut items);
    }
    items.extend(loaded.diagnostics.iter().filter_map(|diagnostic| {
        let (fate, todo) = match diagnostic.code {
            Code::ConfigHook => (Fate::Missing, "see whether an extension, a plugin or a template can do it"),
            Code::ConfigPythonName => (Fate::Missing, "name one of the functions that opsbook knows"),
            Code::ConfigDeprecated | Code::ConfigNoEffect => (Fate::Ignored, "remove it"),
            Code::ConfigUnknownKey if diagnostic.severity != Severity::Info => {
                (Fate::Ignored, "correct or remove it; MkDocs does not know it either")
            }
            _ => return None,
        };
        let why = diagnostic.notes.first().cloned().unwrap_or_default();
        Some(Item { fate, what: diagnostic.message.clone(), why, todo: todo.to_owned(), span: diagnostic.span })
    }));
    items.sort_by(|left, right| (left.fate, left.span, &left.what).cmp(&(right.fate, right.span, &right.what)));
    items.dedup();
    Survey { items, diagnostics: loaded.diagnostics }
}

fn item(fate: Fate, what: impl Into<String>, why: &str, todo: &str, span: Option<Span>) -> Item {
    Item { fate, what: what.into(), why: why.to_owned(), todo: todo.to_owned(), span }
}

/// Top-level keys that say something on their own.
fn settings(root: &Node, items: &mut Vec<Item>) {
    for (key, value) in root.as_map().unwrap_or_default() {
        let Some(name) = key.as_str() else { continue };
        let known = keys::MKDOCS.iter().any(|known| known.name == name);
        let told_elsewhere =
            matches!(name, "plugins" | "markdown_extensions" | "hooks" | "theme" | "pages" | "google_analytics");
        if !known || told_elsewhere {
            continue;
        }
        let what = format!("`{name}`");
        items.push(match name {
            // A build says which of them run.
            "extra_templates" if value.as_seq().is_some_and(|list| !list.is_empty()) => continue,
            _ => item(Fate::Same, what, "", "", Some(key.span)),
        });
    }
}

/// The names of a list of names and one-key mappings, or of a mapping.
fn names(node: Option<&Node>) -> Vec<(&str, Span, Option<&Node>)> {
    let Some(node) = node else { return Vec::new() };
    if let Some(entries) = node.as_map() {
        return entries.iter().filter_map(|(key, value)| Some((key.as_str()?, key.span, Some(value)))).collect();
    }
    let items = node.as_seq().unwrap_or_default().iter();
    items
        .filter_map(|item| match item.as_map() {
            Some([(key, value)]) => Some((key.as_str()?, key.span, Some(value))),
            Some(_) => None,
            None => Some((item.as_str()?, item.span, None)),
        })
        .collect()
}

fn extensions(root: &Node, knows_extension: &dyn Fn(&str) -> bool, items: &mut Vec<Item>) {
    for (name, span, _) in names(root.get("markdown_extensions")) {
        let what = format!("extension `{name}`");
        items.push(if knows_extension(name) {
            item(Fate::Same, what, "", "", Some(span))
        } else {
            let why = "opsbook has no such extension; its syntax stays text";
            item(Fate::Missing, what, why, "write the pages without it", Some(span))
        });
    }
}

fn plugins(root: &Node, fate_of: &dyn Fn(&str) -> PluginFate, items: &mut Vec<Item>) {
    for (name, span, options) in names(root.get("plugins")) {
        let short = name.strip_prefix("material/").unwrap_or(name);
        let what = format!("plugin `{short}`");
        let is_off = options.and_then(|options| options.get("enabled")).and_then(Node::as_bool) == Some(false);
        let (fate, why, todo) = if is_off { (Fate::Ignored, "it is switched off", "") } else { fate_of(short) };
        items.push(item(fate, what, why, todo, Some(span)));
    }
}

fn theme(config: &Config, items: &mut Vec<Item>) {
    let theme = &config.theme;
    if let Some(name) = &theme.name {
        let why = match name.value.as_str() {
            "default" => None,
            "material" => Some("pages have Material's structure and class names; scripts and styles are opsbook's own"),
            _ => Some("pages are shown by opsbook's default theme, which follows Material"),
        };
        let fate = match name.value.as_str() {
            "default" => Fate::Same,
            "material" | "mkdocs" | "readthedocs" => Fate::Mapped,
            _ => Fate::Missing,
        };
        let todo = if fate == Fate::Missing { "put what differs into `custom_dir`" } else { "" };
        items.push(item(fate, format!("theme `{}`", name.value), why.unwrap_or_default(), todo, Some(name.span)));
    }
    if config.theme.keys.get("font").is_some_and(|font| font.as_bool() != Some(false)) {
        let why = "pages name the fonts and load none from another host";
        let todo = "add the font files with `extra_css` where they matter";
        items.push(item(Fate::Mapped, "`theme.font`", why, todo, config.theme.keys.get("font").map(|node| node.span)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    fn surveyed(config: &str) -> Survey {
        let world: BTreeMap<_, _> = [("docs/index.md", "# x"), ("mkdocs.yml", config)]
            .iter()
            .map(|(path, text)| (SitePath::new(path), Arc::new(Source::new(SitePath::new(path), *text))))
            .collect();
        let fate_of = |name: &str| match name {
            "search" => (Fate::Same, "", ""),
            _ => (Fate::Missing, "it is missing", "remove it"),
        };
        survey(SitePath::new("mkdocs.yml"), &world, &|_| None, &|name| name == "toc", &fate_of)
    }

    fn lines(survey: &Survey) -> Vec<String> {
        survey.items.iter().map(|item| format!("{:?} {}", item.fate, item.what)).collect()
    }

    #[test]
    fn every_part_has_its_fate() {
        let config = "site_name: x\ntheme: {name: material}\nplugins: [search, mike, {info: {enabled: false}}]\n\
                      markdown_extensions: [toc, neoteroi.cards]\nhooks: [h.py]\nsite_nmae: y\n";
        let survey = surveyed(config);
        assert_eq!(
            lines(&survey),
            [
                "Same `site_name`",
                "Same plugin `search`",
                "Same extension `toc`",
                "Mapped theme `material`",
                "Ignored plugin `info`",
                "Ignored unknown key `site_nmae`",
                "Missing plugin `mike`",
                "Missing extension `neoteroi.cards`",
                "Missing the hook `h.py` is not run",
            ]
        );
        assert!(!survey.is_whole());
    }

    #[test]
    fn a_plain_project_is_whole() {
        let survey = surveyed("site_name: x\ntheme: material\nnav: [index.md]\n");
        assert!(survey.is_whole(), "{survey:?}");
    }

    #[test]
    fn a_broken_configuration_is_not_whole() {
        assert!(!surveyed("site_name: [\n").is_whole());
        assert!(!surveyed("nav: []\n").is_whole());
    }
}
