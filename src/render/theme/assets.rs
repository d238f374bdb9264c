//! The files of the theme: embedded, replaced by the project's, joined and named by digest.
//!
//! Stylesheets and scripts are kept in small files and go out as one each, in a fixed order, so
//! that a project can replace a single concern and a page still loads one file.

use super::icon;
use crate::text::{Digest, Source};
use include_dir::{Dir, File, include_dir};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/themes/default");

/// The parts of the stylesheet that every page loads, in the order of the cascade.
const MAIN_CSS: [&str; 9] = ["base", "layout", "nav", "typeset", "content", "code", "search", "lightbox", "print"];

/// The parts of the stylesheet for sites that choose colours.
const PALETTE_CSS: [&str; 1] = ["palette"];

/// What only the page of a runbook loads, as a stylesheet and as a script.
const RUNBOOK: [&str; 1] = ["runbook"];

/// What such a page loads when somebody uses it.
const CHECKLIST: [&str; 1] = ["checklist"];

/// The parts of the script; the first holds what the others use.
const BUNDLE_JS: [&str; 12] = [
    "base",
    "palette",
    "layout",
    "nav",
    "content",
    "code",
    "tabs",
    "annotations",
    "tooltips",
    "search",
    "lightbox",
    "instant",
];

/// The script that finds, loaded with the first search: by a worker, or by a page on a disk.
const ENGINE_JS: [&str; 1] = ["search-engine"];

/// A file that the theme adds to the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// The path in the site.
    pub path: String,
    /// The content.
    pub bytes: Cow<'static, [u8]>,
}

/// Returns every embedded file below the theme's folder with its path, sorted.
pub(super) fn embedded() -> &'static BTreeMap<String, &'static [u8]> {
    static ALL: LazyLock<BTreeMap<String, &'static [u8]>> = LazyLock::new(|| {
        let mut files = BTreeMap::new();
        let mut folders = vec![&FILES];
        while let Some(folder) = folders.pop() {
            let name = |file: &File<'static>| file.path().to_string_lossy().replace('\\', "/");
            files.extend(folder.files().map(|file| (name(file), file.contents())));
            folders.extend(folder.dirs());
        }
        files
    });
    &ALL
}

/// Returns names and contents of all embedded files, for a digest.
pub(super) fn embedded_parts() -> impl Iterator<Item = &'static [u8]> {
    embedded().iter().flat_map(|(name, bytes)| [name.as_bytes(), *bytes])
}

/// Returns an embedded text file.
pub(super) fn embedded_text(path: &str) -> Option<&'static str> {
    std::str::from_utf8(embedded().get(path)?).ok()
}

/// All templates and scripts of the theme, for tests that look for a word in them.
#[cfg(test)]
pub(super) fn embedded_texts() -> String {
    embedded().values().filter_map(|bytes| std::str::from_utf8(bytes).ok()).collect()
}

/// The paths of the files whose names carry a digest.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(super) struct AssetPaths {
    pub(super) main_css: String,
    pub(super) palette_css: String,
    pub(super) bundle_js: String,
    pub(super) runbook_css: String,
    pub(super) runbook_js: String,
    pub(super) checklist_js: String,
}

/// Returns the paths under which [`assets`] gives the stylesheets and the script.
pub(super) fn paths(overrides: &BTreeMap<String, Arc<Source>>) -> AssetPaths {
    let [main_css, palette_css, bundle_js, runbook_css, runbook_js, checklist_js, _] =
        joined(overrides).map(|asset| asset.path);
    AssetPaths { main_css, palette_css, bundle_js, runbook_css, runbook_js, checklist_js }
}

/// Returns all files that go into the site, sorted by path.
pub(super) fn assets(overrides: &BTreeMap<String, Arc<Source>>) -> Vec<Asset> {
    let mut assets = Vec::from(joined(overrides));
    for (path, bytes) in embedded() {
        if path.starts_with("assets/images/") && !overrides.contains_key(path) {
            assets.push(Asset { path: path.clone(), bytes: Cow::Borrowed(bytes) });
        }
    }
    for (path, source) in overrides {
        let is_ours_only = path.starts_with("languages/") || path == "icons.txt" || path.starts_with(icon::FOLDER);
        if !path.ends_with(".html") && !is_part(path) && !is_ours_only {
            assets.push(Asset { path: path.clone(), bytes: Cow::Owned(source.text().as_bytes().to_vec()) });
        }
    }
    assets.sort_by(|a, b| a.path.cmp(&b.path));
    assets
}

fn is_part(path: &str) -> bool {
    let in_folder = path.starts_with("assets/stylesheets/") || path.starts_with("assets/javascripts/");
    in_folder && embedded().contains_key(path)
}

fn joined(overrides: &BTreeMap<String, Arc<Source>>) -> [Asset; 7] {
    let part = |path: String| match overrides.get(&path) {
        Some(source) => source.text().to_string(),
        None => squeeze(embedded_text(&path).unwrap_or_default()),
    };
    let css = |parts: &[&str]| -> String {
        icon::inline_css(&parts.iter().map(|name| part(format!("assets/stylesheets/{name}.css"))).collect::<String>())
    };
    let scripts =
        |parts: &[&str]| -> String { parts.iter().map(|name| part(format!("assets/javascripts/{name}.js"))).collect() };
    let closed = |scripts: String| format!("(()=>{{\"use strict\";\n{scripts}}})();\n");
    let js = |parts: &[&str]| closed(scripts(parts));
    // A page on a disk and a worker load the engine beside the bundle, which therefore knows its name.
    let engine = named("assets/javascripts/workers/search", "min.js", js(&ENGINE_JS));
    let engine_name = engine.path.rsplit('/').next().unwrap_or_default();
    let bundle = format!("const engineFile=\"workers/{engine_name}\";\n{}", scripts(&BUNDLE_JS));
    [
        named("assets/stylesheets/main", "min.css", css(&MAIN_CSS)),
        named("assets/stylesheets/palette", "min.css", css(&PALETTE_CSS)),
        named("assets/javascripts/bundle", "min.js", closed(bundle)),
        named("assets/stylesheets/runbook", "min.css", css(&RUNBOOK)),
        named("assets/javascripts/runbook", "min.js", js(&RUNBOOK)),
        named("assets/javascripts/checklist", "min.js", js(&CHECKLIST)),
        engine,
    ]
}

fn named(stem: &str, extension: &str, text: String) -> Asset {
    let digest = Digest::of(text.as_bytes()).hex();
    Asset { path: format!("{stem}.{}.{extension}", &digest[..8]), bytes: Cow::Owned(text.into_bytes()) }
}

/// Drops indentation, blank lines and comments that fill whole lines. The theme's own files are
/// written so that this changes nothing else: no string runs over the end of a line.
fn squeeze(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_comment = false;
    for line in text.lines().map(str::trim) {
        if in_comment || line.starts_with("/*") {
            in_comment = !line.ends_with("*/");
        } else if !line.is_empty() && !line.starts_with("//") {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SitePath;

    #[test]
    fn every_part_is_embedded_and_every_embedded_part_is_used() {
        let css =
            MAIN_CSS.iter().chain(&PALETTE_CSS).chain(&RUNBOOK).map(|name| format!("assets/stylesheets/{name}.css"));
        let js = BUNDLE_JS.iter().chain(&RUNBOOK).chain(&CHECKLIST).chain(&ENGINE_JS);
        let js = js.map(|name| format!("assets/javascripts/{name}.js"));
        let mut used: Vec<String> = css.chain(js).collect();
        used.sort();
        let there: Vec<&String> = embedded().keys().filter(|path| is_part(path)).collect();
        assert_eq!(used.iter().collect::<Vec<_>>(), there);
    }

    #[test]
    fn a_replaced_part_changes_the_name_of_the_joined_file() {
        let path = "assets/stylesheets/print.css";
        let source = Arc::new(Source::new(SitePath::new("overrides/print.css"), "p{color:red}"));
        let overrides = BTreeMap::from([(path.to_string(), source)]);
        assert_ne!(paths(&BTreeMap::new()).main_css, paths(&overrides).main_css);
        let own = assets(&overrides);
        assert!(own.iter().all(|asset| asset.path != path));
        let main = own.iter().find(|asset| asset.path == paths(&overrides).main_css).expect("it is among them");
        assert!(main.bytes.ends_with(b"p{color:red}"));
    }

    #[test]
    fn no_file_asks_another_host() {
        for asset in assets(&BTreeMap::new()) {
            let text = String::from_utf8_lossy(&asset.bytes).replace("http://www.w3.org/", "");
            assert!(!text.contains("http://") && !text.contains("https://"), "{}", asset.path);
        }
    }
}
