//! `llmstxt`: pages as Markdown, and the lists of them that language models read (mkdocs-llmstxt 0.5).
//!
//! `llms.txt` names the pages of each section with their addresses; each of them also stands as a file
//! `.md` beside its HTML, and `full_output` holds all of them. `markdown.rs` turns a page's content back
//! into Markdown.

mod markdown;

use super::event::{Finished, Plugin, Reading};
use crate::diag::{Code, Diagnostic, Severity};
use crate::site::{FileKind, FileRoute, Files, url};
use crate::text::glob::Pattern;
use crate::text::{Span, Spanned, yaml};
use std::collections::BTreeMap;
use yaml::Node;

/// What a survey says of it.
pub(super) const DIFFERS: &str = "Markdown is written anew from the pages; a `preprocess` module is not run";

#[derive(Debug)]
struct LlmsTxt {
    /// Title, description and `markdown_description`: what both files begin with.
    head: String,
    base: String,
    autoclean: bool,
    full_output: Option<String>,
    sections: Vec<(String, Vec<Input>)>,
}

/// An entry of a section: a path or a pattern, and what to say of it.
#[derive(Debug)]
struct Input {
    path: Spanned<String>,
    description: String,
}

pub(super) fn read(reading: &mut Reading<'_>) -> Option<Box<dyn Plugin>> {
    let (place, config) = (reading.plugin.name.span, reading.config);
    let known = ["autoclean", "preprocess", "base_url", "markdown_description", "full_output", "sections"];
    let mut settings = reading.settings(&known).refusing();
    let refuse =
        |span: Span, message: &str| Diagnostic::new(Code::PluginBadOption, span, message).severity(Severity::Error);
    let site_url = config.site.url.as_ref().map(|url| url.value.clone()).filter(|url| !url.is_empty());
    if site_url.is_none() {
        settings.report(
            refuse(place, "plugin `llmstxt` needs `site_url`")
                .help("set `site_url`: entries of `llms.txt` are whole addresses"),
        );
    }
    if let Some(node) = settings.node("preprocess") {
        let note = "opsbook runs no Python: the Markdown of pages is not changed";
        settings.report(super::settings::idle_option("llmstxt", "preprocess", node.span).note(note));
    }
    let mut base = settings.text("base_url").map(|base| base.value).or(site_url).unwrap_or_default();
    if !base.ends_with('/') {
        base.push('/');
    }
    let mut head = format!("# {}\n\n", config.site.name.value);
    if let Some(description) = &config.site.description {
        head += &format!("> {}\n\n", description.value);
    }
    if let Some(description) = settings.text("markdown_description") {
        head += &format!("{}\n\n", description.value);
    }
    let autoclean = settings.flag("autoclean", true);
    let full_output = settings.text("full_output").map(|path| path.value);
    let mut sections = Vec::new();
    match settings.node("sections") {
        None => settings.report(
            refuse(place, "plugin `llmstxt` needs `sections`")
                .help("name pages, or patterns such as `guide/*.md`, by section"),
        ),
        Some(node) => match node.as_map() {
            None => settings.wrong("sections", node, "a mapping from titles to lists of pages"),
            Some(entries) => {
                for (title, items) in entries {
                    let Some(items) = items.as_seq() else {
                        settings.wrong("sections", items, "a mapping from titles to lists of pages");
                        continue;
                    };
                    let mut inputs = Vec::new();
                    for item in items {
                        match input(item) {
                            Some(input) => inputs.push(input),
                            None => settings.wrong("sections", item, "lists of paths, or of paths with a description"),
                        }
                    }
                    sections.push((title.scalar_text().unwrap_or_default(), inputs));
                }
            }
        },
    }
    Some(Box::new(LlmsTxt { head, base, autoclean, full_output, sections }))
}

fn input(item: &Node) -> Option<Input> {
    if let Some(path) = item.spanned_str() {
        return Some(Input { path, description: String::new() });
    }
    let (path, description) = item.as_map()?.first()?;
    Some(Input { path: path.spanned_str()?, description: description.scalar_text().unwrap_or_default() })
}

impl Input {
    /// The files that it names, by their paths from the folder of the pages. Only `*` makes a pattern.
    fn expand(&self, files: &Files) -> Vec<String> {
        let path = &self.path.value;
        if !path.contains('*') {
            return vec![path.clone()];
        }
        let pattern = Pattern::fnmatch(path);
        let own = files.iter().filter(|file| file.kind != FileKind::Theme && file.inclusion.is_included());
        own.filter(|file| pattern.matches(&file.uri)).map(|file| file.uri.clone()).collect()
    }
}

impl Plugin for LlmsTxt {
    fn on_post_build(&self, finished: &mut Finished<'_>) {
        let mut list = self.head.clone();
        let mut full = self.head.clone();
        for (title, inputs) in &self.sections {
            // A page that two entries name stands where the first does, and has the text of the last.
            let mut entries: Vec<(String, &Input)> = Vec::new();
            let mut places: BTreeMap<String, usize> = BTreeMap::new();
            for input in inputs {
                for uri in input.expand(&finished.site.files) {
                    match places.get(&uri) {
                        Some(place) => entries[*place].1 = input,
                        None => {
                            places.insert(uri.clone(), entries.len());
                            entries.push((uri, input));
                        }
                    }
                }
            }
            list += &format!("## {title}\n\n");
            let mut contents = Vec::new();
            for (uri, input) in entries {
                let page = finished.site.files.by_uri(&uri).and_then(|file| Some((file, self.page(file, finished)?)));
                let Some((file, content)) = page else {
                    let message = format!("`{uri}` in `sections` of plugin `llmstxt` is no page of the site");
                    finished
                        .diagnostics
                        .push(Diagnostic::new(Code::PluginBadOption, input.path.span, message).note("it is left out"));
                    continue;
                };
                let route = &finished.site.pages[&file.path];
                let path = with_md(&file.out_path);
                let address = url::resolve(&self.base, &path);
                let colon = if input.description.is_empty() { "" } else { ": " };
                list += &format!("- [{}]({address}){colon}{}\n", route.title, input.description);
                finished.files.insert(path, content.clone().into_bytes());
                contents.push(content);
            }
            list.push('\n');
            full += &format!("# {title}\n\n{}", contents.join("\n"));
        }
        finished.files.insert("llms.txt".to_owned(), list.into_bytes());
        if let Some(path) = &self.full_output {
            finished.files.insert(path.clone(), full.into_bytes());
        }
    }
}

impl LlmsTxt {
    /// A page's content as Markdown, its links whole addresses.
    fn page(&self, file: &FileRoute, finished: &Finished<'_>) -> Option<String> {
        finished.site.pages.get(&file.path)?;
        let html = (finished.content)(file.path)?;
        let folder = url::resolve(&self.base, &format!("{}/", url::dirname(&file.out_path)));
        let folder = if url::dirname(&file.out_path).is_empty() { self.base.clone() } else { folder };
        let link = |href: &str| absolute(href, &folder);
        Some(markdown::of_html(html, self.autoclean, &link))
    }
}

/// The address of the Markdown beside a page.
fn with_md(out_path: &str) -> String {
    format!("{}.md", url::splitext(out_path).0)
}

fn absolute(href: &str, folder: &str) -> String {
    if href.starts_with(['/', '#']) || !url::split(href).scheme.is_empty() {
        return href.to_owned();
    }
    let whole = url::resolve(folder, href);
    if whole.ends_with('/') { format!("{whole}index.md") } else { whole }
}
