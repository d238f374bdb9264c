//! `meta`: front matter for whole folders (Material's plugin, 9.8).
//!
//! A file `.meta.yml` holds for all pages in its folder and below it. Mappings are merged, lists are
//! joined, of two other values the inner one counts, and the page's own front matter counts last.

use super::event::{Plugin, Reading};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::site::{FoundFiles, Metas, url};
use crate::text::{Chunk, SitePath, World, yaml};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug)]
struct Meta {
    /// The name of the files, which are themselves no part of the site.
    file: String,
}

pub(super) fn read(reading: &mut Reading<'_>) -> Option<Box<dyn Plugin>> {
    let mut settings = reading.settings(&["meta_file"]);
    Some(Box::new(Meta { file: settings.text("meta_file").map_or(".meta.yml".to_owned(), |name| name.value) }))
}

impl Plugin for Meta {
    fn on_files(&self, files: &mut FoundFiles<'_>) {
        for file in &mut files.files {
            file.is_excluded |= file.uri.rsplit('/').next() == Some(&self.file);
        }
    }

    fn on_page_meta(&self, metas: &mut Metas<'_>) {
        metas.metas = with_folders(&self.file, metas);
    }
}

/// Returns the front matter of every page that has any, with what the folders add.
fn with_folders(name: &str, metas: &mut Metas<'_>) -> BTreeMap<SitePath, yaml::Node> {
    let Metas { facts, options, world, .. } = *metas;
    let diagnostics = &mut *metas.diagnostics;
    let mut known: BTreeMap<String, Option<yaml::Node>> = BTreeMap::new();
    let mut out = BTreeMap::new();
    let paths = facts.keys().filter_map(|path| path.below(options.docs_dir));
    let folders: BTreeSet<&str> =
        paths.flat_map(|uri| uri.match_indices('/').map(|(at, _)| &uri[..at]).chain([""])).collect();
    for path in facts.keys() {
        let uri = path.below(options.docs_dir).unwrap_or_default();
        // The plugin compares the beginnings of paths: what `a/` says holds for `ab.md` too.
        let folders = folders.iter().filter(|folder| uri.starts_with(**folder));
        let mut meta: Option<yaml::Node> = None;
        for folder in folders {
            let node = known
                .entry((*folder).to_owned())
                .or_insert_with(|| read_file(options.docs_dir.join(&url::join(folder, name)), world, diagnostics));
            if let Some(node) = node {
                meta = Some(match meta {
                    Some(outer) => merged(outer, node, diagnostics, 0),
                    None => node.clone(),
                });
            }
        }
        let meta = match (meta, metas.metas.get(path).cloned()) {
            (Some(folders), Some(own)) => Some(merged(folders, &own, diagnostics, 0)),
            (folders, own) => own.or(folders),
        };
        if let Some(meta) = meta {
            out.insert(*path, meta);
        }
    }
    out
}

fn read_file(path: SitePath, world: &dyn World, diagnostics: &mut Diagnostics) -> Option<yaml::Node> {
    let source = world.source(path).ok()?;
    match yaml::parse(&Chunk::of(&source)) {
        Ok(parsed) if parsed.root.as_map().is_some() => Some(parsed.root),
        Ok(parsed) if parsed.root.is_null() => None,
        Ok(parsed) => {
            let message = format!("this file must be a mapping, not {}", parsed.root.kind_name());
            diagnostics.push(Diagnostic::new(Code::PagesFile, parsed.root.span, message));
            None
        }
        Err(error) => {
            diagnostics.push(Diagnostic::new(Code::ConfigSyntax, error.span, error.message));
            None
        }
    }
}

/// Merges an inner value into an outer one.
fn merged(outer: yaml::Node, inner: &yaml::Node, diagnostics: &mut Diagnostics, depth: usize) -> yaml::Node {
    use yaml::Kind;
    let kind = match (outer.kind, &inner.kind) {
        (Kind::Map(mut entries), Kind::Map(added)) if depth < 64 => {
            for (key, value) in added {
                let place = entries.iter().position(|(known, _)| known.scalar_text() == key.scalar_text());
                match place {
                    Some(at) => {
                        let old = entries[at].1.clone();
                        entries[at].1 = merged(old, value, diagnostics, depth + 1);
                    }
                    None => entries.push((key.clone(), value.clone())),
                }
            }
            Kind::Map(entries)
        }
        (Kind::Seq(mut items), Kind::Seq(added)) => {
            items.extend(added.iter().cloned());
            Kind::Seq(items)
        }
        (Kind::Map(_) | Kind::Seq(_), other) if !matches!(other, Kind::Null) => {
            diagnostics.push(
                Diagnostic::new(Code::PagesFile, inner.span, format!("{} cannot be merged here", inner.kind_name()))
                    .label(outer.span, "a folder's `.meta.yml` gives another kind of value")
                    .note("mappings are merged with mappings and lists with lists; the inner value is used"),
            );
            other.clone()
        }
        (_, other) => other.clone(),
    };
    yaml::Node { kind, ..inner.clone() }
}
