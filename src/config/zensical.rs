//! `zensical.toml` as the tree that a `mkdocs.yml` is read into: the same keys below `[project]`, in
//! TOML's form, with the extensions that Zensical switches on where none is named.

use crate::text::{Chunk, SitePath, Source, Span, yaml};
use yaml::{Kind, Node, Style};

/// The extensions of Zensical 0.1 where the file names none.
const EXTENSIONS: &str = "\
abbr: {}
admonition: {}
attr_list: {}
def_list: {}
footnotes: {}
md_in_html: {}
toc: {permalink: true}
pymdownx.arithmatex: {generic: true}
pymdownx.betterem: {}
pymdownx.caret: {}
pymdownx.details: {}
pymdownx.emoji: {emoji_generator: material.extensions.emoji.to_svg, emoji_index: material.extensions.emoji.twemoji}
pymdownx.highlight: {anchor_linenums: true, line_spans: __span, pygments_lang_class: true}
pymdownx.inlinehilite: {}
pymdownx.keys: {}
pymdownx.magiclink: {}
pymdownx.mark: {}
pymdownx.smartsymbols: {}
pymdownx.superfences: {custom_fences: [{name: mermaid, class: mermaid}]}
pymdownx.tabbed: {alternate_style: true, combine_header_slug: true}
pymdownx.tasklist: {custom_checkbox: true}
pymdownx.tilde: {}
";

/// Tells whether a file is one of Zensical's.
pub(super) fn is_name(path: SitePath) -> bool {
    path.extension() == "toml" && path.stem() == "zensical"
}

/// Takes the project out of the file's tree, as MkDocs would write it.
pub(super) fn project(root: Node) -> Node {
    let start = Span::new(root.span.file, root.span.start as usize..root.span.start as usize);
    let mut project = root.get("project").cloned().unwrap_or(root);
    let Kind::Map(entries) = &mut project.kind else { return project };
    let text = |text: &str| Node::new(Kind::String(text.to_owned(), Style::Quoted), start);
    let find = |entries: &[(Node, Node)], name: &str| entries.iter().position(|(key, _)| key.as_str() == Some(name));
    match find(entries, "markdown_extensions") {
        Some(at) => hoist(&mut entries[at].1),
        None => entries.push((text("markdown_extensions"), extensions(start))),
    }
    match find(entries, "theme") {
        Some(at) if entries[at].1.get("name").is_none() => {
            if let Kind::Map(theme) = &mut entries[at].1.kind {
                theme.push((text("name"), text("material")));
            }
        }
        Some(_) => {}
        None => {
            let theme = Kind::Map(vec![(text("name"), text("material"))]);
            entries.push((text("theme"), Node::new(theme, start)));
        }
    }
    project
}

/// `[project.markdown_extensions.pymdownx.blocks.tab]` without quotes is three tables in each other.
fn hoist(extensions: &mut Node) {
    let Kind::Map(entries) = &mut extensions.kind else { return };
    let mut hoisted = Vec::with_capacity(entries.len());
    let mut nested: Vec<(Node, Node)> = std::mem::take(entries).into_iter().rev().collect();
    while let Some((key, value)) = nested.pop() {
        let name = key.as_str().unwrap_or_default().to_owned();
        let is_group = matches!(name.as_str(), "pymdownx" | "pymdownx.blocks" | "zensical" | "zensical.extensions");
        match value.kind {
            Kind::Map(below) if is_group => {
                let named = |(inner, options): (Node, Node)| {
                    let full = format!("{name}.{}", inner.as_str().unwrap_or_default());
                    (Node::new(Kind::String(full, Style::Quoted), inner.span), options)
                };
                nested.extend(below.into_iter().rev().map(named));
            }
            kind => hoisted.push((key, Node { kind, ..value })),
        }
    }
    *entries = hoisted;
}

fn extensions(start: Span) -> Node {
    let source = Source::new(start.file, EXTENSIONS);
    let mut node = match yaml::parse(&Chunk::of(&source)) {
        Ok(parsed) => parsed.root,
        Err(error) => unreachable!("the table of extensions is YAML: {}", error.message),
    };
    put_at(&mut node, start);
    node
}

/// Gives a tree that stands in no file a place of its own.
fn put_at(node: &mut Node, place: Span) {
    node.span = place;
    match &mut node.kind {
        Kind::Seq(items) => items.iter_mut().for_each(|item| put_at(item, place)),
        Kind::Map(entries) => entries.iter_mut().for_each(|(key, value)| {
            put_at(key, place);
            put_at(value, place);
        }),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{self, Config, Overrides};
    use crate::text::{SitePath, Source, World};
    use std::collections::BTreeMap;
    use std::sync::Arc;

    fn load(text: &str) -> Config {
        let path = SitePath::new("zensical.toml");
        let files = [(path, text), (SitePath::new("docs/index.md"), "# x")];
        let world: BTreeMap<_, _> =
            files.into_iter().map(|(path, text)| (path, Arc::new(Source::new(path, text)))).collect();
        let world: &dyn World = &world;
        let loaded = config::load(path, world, &|_| None, &Overrides::default());
        loaded.config.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics))
    }

    fn extensions(config: &Config) -> Vec<&str> {
        config.markdown.extensions.iter().map(|extension| extension.name.value.as_str()).collect()
    }

    #[test]
    fn a_project_of_zensical_is_one_of_mkdocs_in_toml() {
        let config = load("[project]\nsite_name = \"A\"\nnav = [{\"Home\" = \"index.md\"}]\n");
        assert_eq!(config.site.name.value, "A");
        assert_eq!(config.theme.name.as_ref().map(|name| name.value.as_str()), Some("material"));
        assert_eq!(config.nav.as_ref().map(Vec::len), Some(1));
        assert!(extensions(&config).contains(&"pymdownx.superfences") && extensions(&config).len() == 22);
    }

    #[test]
    fn extensions_may_be_named_without_quotes() {
        let config = load(
            "[project]\nsite_name = \"A\"\n[project.theme]\nlanguage = \"de\"\n[project.markdown_extensions.admonition]\n\
             [project.markdown_extensions.pymdownx.blocks.caption]\n[project.markdown_extensions.pymdownx.mark]\n\
             [project.markdown_extensions.\"pymdownx.tilde\"]\n[[project.theme.palette]]\nscheme = \"default\"\n",
        );
        let mut names = extensions(&config);
        names.sort_unstable();
        assert_eq!(names, ["admonition", "pymdownx.blocks.caption", "pymdownx.mark", "pymdownx.tilde"]);
        assert_eq!(config.theme.language.value, "de");
    }
}
