//! `section-index`: a section whose first line is a page without a title leads to that page
//! (mkdocs-section-index 0.3).

use super::event::{Plugin, Reading};
use crate::site::Nav;
use crate::site::files::Files;
use crate::site::nav::{Draft, Item};
use std::collections::VecDeque;

#[derive(Debug)]
struct SectionIndex;

pub(super) fn read(reading: &mut Reading<'_>) -> Option<Box<dyn Plugin>> {
    reading.settings(&[]);
    Some(Box::new(SectionIndex))
}

impl Plugin for SectionIndex {
    fn on_nav(&self, nav: &mut Nav<'_>) {
        let files = nav.files;
        apply(nav.draft(), files);
    }
}

/// Lets sections take over their first pages.
fn apply(draft: &mut Draft, files: &Files) {
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
