//! `techdocs-core`: what Backstage's TechDocs puts under every project (mkdocs-techdocs-core 1.7).
//!
//! A fixed set of Markdown extensions and plugins, the theme Material with two features, and
//! `techdocs_metadata.json`, which Backstage reads. Options that a project gives to an extension lie over
//! those of the set. Graphviz and PlantUML, which need programs of their own, are not part of it.

use super::event::{Changing, Finished, Plugin, Reading};
use crate::config::{Config, Extension, Plugin as Entry, Search, SearchForm};
use crate::text::{Chunk, Span, Spanned, yaml};
use yaml::{Kind, Node, Style};

/// What a survey says of it.
pub(super) const DIFFERS: &str = "its extensions and plugins are on; Graphviz and PlantUML blocks stay code";

/// The extensions that both sets have, in their order, with the options that TechDocs gives them.
const BEFORE: &str = "toc: {permalink: true}\n";
const BLOCKS: &str = "\
pymdownx.blocks.admonition:
  types: [new, settings, note, abstract, info, tip, success, question, warning, failure, danger, bug, example, quote]
pymdownx.blocks.details:
  types:
  - {name: details-new, class: new}
  - {name: details-settings, class: settings}
  - {name: details-note, class: note}
  - {name: details-abstract, class: abstract}
  - {name: details-info, class: info}
  - {name: details-tip, class: tip}
  - {name: details-success, class: success}
  - {name: details-question, class: question}
  - {name: details-warning, class: warning}
  - {name: details-failure, class: failure}
  - {name: details-danger, class: danger}
  - {name: details-bug, class: bug}
  - {name: details-example, class: example}
  - {name: details-quote, class: quote}
pymdownx.blocks.tab: {alternate_style: true}
";
const CLASSIC: &str = "admonition:\npymdownx.details:\npymdownx.tabbed: {alternate_style: true}\n";
const AFTER: &str = "\
pymdownx.caret:
pymdownx.critic:
pymdownx.emoji: {emoji_generator: !!python/name:pymdownx.emoji.to_svg }
pymdownx.inlinehilite:
pymdownx.magiclink:
pymdownx.mark:
pymdownx.smartsymbols:
pymdownx.snippets: {restrict_base_path: true}
pymdownx.highlight: {linenums: true, pygments_lang_class: true}
pymdownx.extra: {pymdownx.betterem: {smart_enable: all}}
pymdownx.tasklist: {custom_checkbox: true}
pymdownx.tilde:
mdx_truly_sane_lists:
";

/// The extensions that `pymdownx.extra` stands for.
const IN_EXTRA: &[&str] = &[
    "pymdownx.betterem",
    "pymdownx.superfences",
    "footnotes",
    "attr_list",
    "def_list",
    "tables",
    "abbr",
    "md_in_html",
];

const FEATURES: [&str; 2] = ["navigation.footer", "content.action.edit"];

#[derive(Debug)]
struct TechDocs {
    metadata: String,
}

pub(super) fn on_config(config: &mut Config, changing: &mut Changing<'_>) {
    let plugin = changing.plugin;
    let span = plugin.name.span;
    let flag = |key: &str| plugin.settings.get(key).and_then(Node::as_bool) == Some(true);
    let kinds = if flag("use_pymdownx_blocks") { BLOCKS } else { CLASSIC };
    extensions(&format!("{BEFORE}{kinds}{AFTER}"), span, &mut config.markdown.extensions);

    let form = if flag("use_material_search") { SearchForm::Material } else { SearchForm::Mkdocs };
    config.search = Some(Search { form, ..Search::default() });
    for name in ["search", "monorepo", "gh-admonitions"] {
        match config.plugins.iter_mut().find(|entry| entry.name.value == name) {
            Some(entry) => entry.options = None,
            None => config.plugins.push(Entry { name: Spanned::new(name.to_owned(), span), options: None }),
        }
    }

    config.theme.palette.clear();
    config.theme.features.extend(FEATURES.map(|feature| Spanned::new(feature.to_owned(), span)));
    let text = |text: &str| Node::new(Kind::String(text.to_owned(), Style::Quoted), span);
    let features = config.theme.features.iter().map(|feature| text(&feature.value)).collect();
    set(&mut config.theme.keys, "features", Node::new(Kind::Seq(features), span));
    set(&mut config.theme.keys, "palette", Node::new(Kind::Map(Vec::new()), span));
}

/// Puts the set into the list of extensions; what the project says of one of them lies over it.
fn extensions(set_of: &str, span: Span, list: &mut Vec<Extension>) {
    let Ok(parsed) = yaml::parse(&Chunk::synthetic(set_of, span)) else { return };
    for (name, options) in parsed.root.as_map().unwrap_or_default() {
        let Some(name) = name.as_str() else { continue };
        let mut options = options.clone();
        if name == "pymdownx.extra" {
            // Options of its members are taken from wherever the project gives them.
            for member in list.iter().filter(|given| IN_EXTRA.contains(&given.name.value.as_str())) {
                let is_ours = options.get(&member.name.value).is_some();
                if let Some(given) = member.options.as_ref().filter(|_| !is_ours) {
                    set(&mut options, &member.name.value, given.clone());
                }
            }
        }
        match list.iter_mut().find(|given| given.name.value == name) {
            Some(given) => {
                let theirs = given.options.take();
                for (key, value) in theirs.as_ref().and_then(Node::as_map).unwrap_or_default() {
                    if let Some(key) = key.as_str() {
                        set(&mut options, key, value.clone());
                    }
                }
                given.options = Some(options).filter(|options| options.as_map().is_some());
            }
            None => list.push(Extension {
                name: Spanned::new(name.to_owned(), span),
                options: Some(options).filter(|options| options.as_map().is_some()),
            }),
        }
    }
}

/// Sets a key of a mapping; null counts as an empty one.
fn set(map: &mut Node, key: &str, value: Node) {
    if map.is_null() {
        map.kind = Kind::Map(Vec::new());
    }
    let Kind::Map(entries) = &mut map.kind else { return };
    match entries.iter_mut().find(|(known, _)| known.as_str() == Some(key)) {
        Some((_, slot)) => *slot = value,
        None => entries.push((Node::new(Kind::String(key.to_owned(), Style::Quoted), value.span), value)),
    }
}

pub(super) fn read(reading: &mut Reading<'_>) -> Option<Box<dyn Plugin>> {
    let mut settings = reading.settings(&["use_material_search", "use_pymdownx_blocks"]).refusing();
    settings.flag("use_material_search", false);
    settings.flag("use_pymdownx_blocks", false);
    let site = &reading.config.site;
    let description = site.description.as_ref().map_or("None", |text| text.value.as_str());
    let metadata =
        format!("{{\"site_description\": {}, \"site_name\": {}}}", json(description), json(&site.name.value));
    Some(Box::new(TechDocs { metadata }))
}

/// A text as Jinja's `tojson` writes it: ASCII only, and safe in HTML.
fn json(text: &str) -> String {
    let mut out = String::from("\"");
    for ch in text.chars() {
        match ch {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' if !"<>&'".contains(ch) => out.push(ch),
            ch => out.extend(ch.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}"))),
        }
    }
    out.push('"');
    out
}

impl Plugin for TechDocs {
    fn on_post_build(&self, finished: &mut Finished<'_>) {
        finished.files.insert("techdocs_metadata.json".to_owned(), self.metadata.clone().into_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_are_written_as_jinja_writes_them() {
        assert_eq!(json("T & \"x\" <é> it's"), "\"T \\u0026 \\\"x\\\" \\u003c\\u00e9\\u003e it\\u0027s\"");
    }
}
