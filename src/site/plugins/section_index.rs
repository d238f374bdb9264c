//! `section-index`: a section whose first line is a page without a title leads to that page
//! (mkdocs-section-index 0.3).

use super::Settings;
use crate::diag::Diagnostics;
use crate::site::files::Files;
use crate::site::nav::{Draft, Item};
use crate::site::options::SiteOptions;
use std::collections::VecDeque;

/// Lets sections take over their first pages, where the plugin is used.
pub(crate) fn apply(draft: &mut Draft, files: &Files, options: &SiteOptions, diagnostics: &mut Diagnostics) {
    let Some(plugin) = options.plugin("section-index") else { return };
    Settings::open(plugin, &[], diagnostics);
    let mut pending: VecDeque<&mut Vec<Item>> = VecDeque::from([&mut draft.items]);
    while let Some(items) = pending.pop_front() {
        for item in items {
            let Item::Section(section) = item else { continue };
            if let Some(Item::Page { path, .. }) = section.children.first() {
                let path = *path;
                let is_titled =
                    draft.titles.get(&path).is_some_and(|title| title.as_ref().is_some_and(|t| !t.is_empty()));
                let is_root = files.by_path(path).is_none_or(|file| file.page_url().is_empty());
                if !is_titled && !is_root && section.page.is_none() {
                    section.children.remove(0);
                    section.page = Some(path);
                    draft.titles.insert(path, Some(section.title.clone()));
                }
            }
            pending.push_back(&mut section.children);
        }
    }
}
